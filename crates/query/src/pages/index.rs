//! The index: tables by category, and what all pages share.

use std::fmt::Write as _;

use catalog::{Category, Kind, Licence};

use super::columns::{OF_HISTORY, OF_STATES, type_name};
use super::described;
use super::names::category;
use crate::error::{Error, Result};
use crate::functions::FUNCTIONS;
use crate::schemas::COMMON;
use crate::session::Session;

const HEAD: &str = "\
# Tables

One page a table. They are made from the catalogue that entrace reads by (`entrace docs tables DIR` writes them), and
every statement on them is run by the tests: what stands here is what the program does. All of them run as they are on
the archive that `entrace demo` makes, which is why they name days of January 2026.

Tables are plural and named as in Graph, in snake_case; so are columns. A kind that entrace does not know becomes a table
too, with `id`, `display_name` and `properties`. Any table may be asked for at any time: `for system_time as of timestamp
'2026-01-08 00:00:00Z'` after its name, or `\"@REVISION\"` before it.
";

const NOTES: &str = "
## Words on the pages

| word | is |
|---|---|
| names it | what a person calls the object; `display_name` in tables of all kinds |
| volatile | moves by mere use: kept as last seen, never a version and never a change |
| drift | changed by machines: a version, and marked `is_drift` in [property_changes](property_changes.md) |
| read-only | Graph computes it: nobody can write it back |
| fixed | given at creation and never changed |
| set | a list whose order means nothing: another order is no change |
| secret | never stored: a mark stands in its place |

The permission on a page is the least that an application needs to read the kind in full; where any one of several will do,
all are named. `entrace auth setup` puts them together, `entrace doctor --live` says what is granted.

Types are `text`, `boolean`, `bigint`, `double`, `timestamp` (UTC), `date` and `json`: text that `->` and `->>` look into,
as in `conditions->'users'->>'includeUsers'`. A value that does not fit its column is null there and whole in `properties`.
";

/// The text of the index.
pub(super) async fn text(session: &Session) -> Result<String> {
    let mut out = String::from(HEAD);
    out += "\n## Over all kinds\n\n";
    for name in COMMON {
        let _ = writeln!(out, "- [{name}]({name}.md): {}", described(name)?.title);
    }
    out += "\n## Functions\n\n";
    for function in FUNCTIONS {
        let name = function.name;
        let _ = writeln!(
            out,
            "- [{name}({})]({name}.md): {}",
            function.arguments,
            described(name)?.title
        );
    }
    for group in Category::ALL {
        let of_group = |kind: &&&Kind| kind.category == group;
        let mut kinds: Vec<&Kind> = catalog::kinds().iter().filter(of_group).copied().collect();
        kinds.sort_by_key(|kind| kind.table);
        let _ = write!(
            out,
            "\n## {}\n\n| table | is | licence |\n|---|---|---|\n",
            category(group)
        );
        for kind in kinds {
            let _ = writeln!(
                out,
                "| [{0}]({0}.md) | {1} | {2} |",
                kind.table,
                kind.title,
                licence(kind.licence)
            );
        }
    }
    out += "\n## Columns of every table\n\n";
    out += "Tables of states have these besides their own:\n\n";
    out += &common(session, "users", &OF_STATES).await?;
    out += "\nTables of versions (`users_history`) have, instead of `_observed_at`:\n\n";
    out += &common(session, "users_history", &OF_HISTORY).await?;
    out += NOTES;
    Ok(out)
}

/// What has to be bought for a kind to have objects; nothing for most of the directory.
fn licence(licence: Licence) -> &'static str {
    match licence {
        Licence::Free => "",
        other => other.title(),
    }
}

/// Columns that a table shares with all of its sort; fails where it lacks one.
async fn common(session: &Session, table: &str, columns: &[(&str, &str)]) -> Result<String> {
    let schema = session.describe(table).await?;
    let mut out = String::from("| column | type | |\n|---|---|---|\n");
    for (name, note) in columns {
        let field = schema
            .field_with_name(name)
            .map_err(|_| Error::Internal(format!("{table} has no column {name}")))?;
        let _ = writeln!(out, "| `{name}` | {} | {note} |", type_name(field));
    }
    Ok(out)
}

//! `noise`: what changes every day without meaning anything, and hides what does.

use std::sync::Arc;

use clap::Args;
use query::SessionOptions;
use query::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Grid, Tone, count, plural};
use crate::records::{Record, records};

/// Show which properties change all the time
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace noise                    over all snapshots
  entrace noise --since -30d --top 10

A property that changed in more than half of the snapshots, and in more than 20 objects, looks like noise. What the \
catalogue calls drift already is left out of diff and log; what it calls volatile is not a change at all, and not listed \
here.")]
pub(crate) struct NoiseArgs {
    /// Only what changed after this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    since: Option<String>,
    /// How many properties, the noisiest first
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    top: u64,
}

/// Objects of one kind that must have changed in a property before it is called noise.
const MANY_OBJECTS: i64 = 20;

/// Property names without the keys of the elements they stand in, so that one line tells of all elements.
const SQL: &str = r"
select kind, regexp_replace(path, '\[[^\]]*\]', '[]', 'g') as property, count(*) as changes,
       count(distinct object_id) as objects, count(distinct snapshot_id) as snapshots,
       count(distinct date_trunc('day', changed_before)) as days, bool_or(is_drift) as is_drift
from property_changes";

/// How often one property of one kind changed.
#[derive(Debug)]
struct Property {
    kind: String,
    path: String,
    changes: i64,
    objects: i64,
    /// Snapshots that saw it change.
    snapshots: i64,
    /// Days on which it was seen changed.
    days: i64,
    mark: &'static str,
    proposal: &'static str,
}

pub(crate) fn run(app: &App, args: &NoiseArgs) -> Result<u8> {
    let source = app.source()?;
    let snapshots = source.archive().snapshots();
    let since = args
        .since
        .as_deref()
        .map(|revision| source.resolve(revision))
        .transpose()?;
    let after = |snapshot: &&store::Snapshot| {
        since
            .as_ref()
            .is_none_or(|since| snapshot.taken_at > since.taken_at)
    };
    // The first snapshot tells of no change.
    let first = usize::from(since.is_none() && !snapshots.is_empty());
    let compared =
        i64::try_from(snapshots.iter().filter(after).count() - first).unwrap_or(i64::MAX);
    let filter = since.as_ref().map_or(String::new(), |since| {
        format!(" where changed_before > timestamp '{}'", since.taken_at)
    });
    let sql = format!(
        "{SQL}{filter} group by 1, 2 order by snapshots desc, changes desc, kind, property limit {}",
        args.top
    );
    let mut session = query::Session::new(&source, SessionOptions::default())?;
    let batches = app.ask(&mut session, &sql, &[])?;
    let found: Vec<Property> = records(&batches)
        .map(|record| property(&record, compared))
        .collect();
    if app.for_people() {
        app.page(&as_text(app, &found, compared))?;
        app.next_command("log")?;
    } else {
        app.write_batch(&batch(&found, compared)?)?;
    }
    Ok(0)
}

fn property(record: &Record<'_>, compared: i64) -> Property {
    let kind = record.text("kind").unwrap_or_default();
    let path = record.text("property").unwrap_or_default();
    let (objects, snapshots) = (record.number("objects"), record.number("snapshots"));
    let mark = mark(kind, path, record.is("is_drift"));
    let is_noise = mark.is_empty() && objects > MANY_OBJECTS && snapshots * 2 > compared;
    Property {
        kind: kind.to_owned(),
        path: path.to_owned(),
        changes: record.number("changes"),
        objects,
        snapshots,
        days: record.number("days"),
        mark,
        proposal: if is_noise { "looks like noise" } else { "" },
    }
}

/// What the catalogue calls a property already.
fn mark(kind: &str, property: &str, is_drift: bool) -> &'static str {
    let top = property.split(['.', '[']).next().unwrap_or(property);
    let has = |list: &[&str]| list.contains(&property) || list.contains(&top);
    match catalog::by_name(kind) {
        Some(kind) if has(kind.volatile) => "volatile",
        _ if is_drift => "drift",
        _ => "",
    }
}

fn as_text(app: &App, found: &[Property], compared: i64) -> String {
    if found.is_empty() {
        return "No property of any object changed\n".to_owned();
    }
    let number = |number: i64| count(number.unsigned_abs());
    let mut grid = Grid::new(
        &[
            "kind",
            "property",
            ">changes",
            ">objects",
            ">snapshots",
            ">days",
            "known as",
            "proposal",
        ],
        false,
    );
    for property in found {
        grid.push(&[
            property.kind.clone(),
            property.path.clone(),
            number(property.changes),
            number(property.objects),
            number(property.snapshots),
            number(property.days),
            property.mark.to_owned(),
            property.proposal.to_owned(),
        ]);
    }
    let noisy = found
        .iter()
        .filter(|property| !property.proposal.is_empty())
        .count() as u64;
    let verdict = if noisy == 0 {
        "nothing looks like noise that is not known as such".to_owned()
    } else {
        format!(
            "{} like noise; diff and log are easier to read without",
            if noisy == 1 {
                "1 property looks".to_owned()
            } else {
                format!("{noisy} properties look")
            }
        )
    };
    let line = format!(
        "{} compared; {verdict}\n",
        plural(compared.unsigned_abs(), "snapshot")
    );
    grid.render(app.colour) + &app.colour.paint(Tone::Faint, &line)
}

fn batch(found: &[Property], compared: i64) -> Result<RecordBatch> {
    let texts = |of: fn(&Property) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(found.iter().map(of)))
    };
    let numbers = |of: fn(&Property) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(found.iter().map(of)))
    };
    let all: ArrayRef = Arc::new(Int64Array::from(vec![compared; found.len()]));
    RecordBatch::try_from_iter([
        ("kind", texts(|property| &property.kind)),
        ("property", texts(|property| &property.path)),
        ("changes", numbers(|property| property.changes)),
        ("objects", numbers(|property| property.objects)),
        ("snapshots", numbers(|property| property.snapshots)),
        ("snapshots_compared", all),
        ("days", numbers(|property| property.days)),
        ("known_as", texts(|property| property.mark)),
        ("proposal", texts(|property| property.proposal)),
    ])
    .map_err(|error| Failure::new(FAILED, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn what_the_catalogue_knows_is_said() {
        assert_eq!(mark("user", "jobTitle", false), "");
        assert_eq!(mark("device", "operatingSystemVersion", true), "drift");
        let kind = catalog::kinds()
            .iter()
            .find(|kind| !kind.volatile.is_empty());
        let kind = kind.expect("because some kind has a volatile property");
        assert_eq!(
            mark(kind.name, &format!("{}.inner", kind.volatile[0]), false),
            "volatile"
        );
    }
}

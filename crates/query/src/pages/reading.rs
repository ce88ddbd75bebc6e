//! How a kind comes into the archive: where Graph has it, who may read it, when it is read.

use std::fmt::Write as _;

use catalog::{Access, Delta, Kind, Licence, Shape};

use super::names::{category, link, living_twin};

/// The table at the head of a page.
pub(super) fn text(kind: &Kind) -> String {
    let mut out = String::from("| | |\n|---|---|\n");
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "| {name} | {value} |");
    };
    fact("Kind", &words(kind));
    fact("Category", category(kind.category));
    fact("Graph", &graph(kind));
    fact("Key", &key(kind));
    fact("Permission", &permission(kind));
    if !kind.further_permissions.is_empty() {
        fact("More with", &further(kind));
    }
    fact("Licence", licence(kind.licence));
    fact("Read", &read(kind));
    if let Some(bin) = deleted(kind) {
        fact("When deleted", &bin);
    }
    if let Some(path) = kind.export_path {
        fact("EntraExporter", &format!("`{path}`"));
    }
    out
}

fn words(kind: &Kind) -> String {
    let mut text = format!("`{}`", kind.name);
    for alias in kind.aliases {
        let _ = write!(text, ", or `{alias}`");
    }
    text
}

fn graph(kind: &Kind) -> String {
    let mut text = format!(
        "`GET /{}{}`: `{}`",
        kind.api.segment(),
        kind.path,
        kind.entity_type
    );
    if !kind.derived_types.is_empty() {
        let local = |name: &&'static str| format!("`{}`", name.rsplit('.').next().unwrap_or(name));
        let derived: Vec<String> = kind.derived_types.iter().map(local).collect();
        let _ = write!(text, ", or {}", derived.join(", "));
    }
    text
}

fn key(kind: &Kind) -> String {
    match (kind.shape, kind.parent, kind.key) {
        (Shape::Relationship(edge), ..) => {
            format!("`{}` and `{}`", edge.source_column, edge.target_column)
        }
        (_, Some(_), None) => "`_parent_id`".to_owned(),
        (_, Some(_), Some(_)) => "`_parent_id` and `id`".to_owned(),
        (_, None, Some("id")) => "`id`".to_owned(),
        (_, None, Some(property)) => format!("`id`, which is Graph's `{property}`"),
        (_, None, None) => "there is only one".to_owned(),
    }
}

fn permission(kind: &Kind) -> String {
    match kind.access() {
        Access::Application([one]) => writes(one, format!("`{one}`")),
        Access::Application(any) => {
            let each: Vec<String> = any.iter().map(|one| format!("`{one}`")).collect();
            let text = format!("any one of {}", each.join(", "));
            any.first().map_or_else(String::new, |first| writes(first, text))
        }
        Access::SignedIn(permission) => format!(
            "`{permission}`, delegated: only a signed-in administrator may read it, an application is refused"
        ),
        Access::Unknown => {
            "not documented for applications: it is tried, and a refusal is in [coverage](coverage.md)".to_owned()
        }
    }
}

/// Graph has no lesser permission for some kinds than one that may write.
fn writes(least: &str, text: String) -> String {
    if least.contains("Write") {
        text + "; Graph has no permission that only reads it"
    } else {
        text
    }
}

fn further(kind: &Kind) -> String {
    let one = |further: &catalog::FurtherPermission| {
        let shown: Vec<String> = further
            .properties
            .iter()
            .map(|property| format!("`{property}`"))
            .collect();
        let shown = if shown.is_empty() {
            "rows hidden otherwise".to_owned()
        } else {
            shown.join(", ")
        };
        format!("`{}`: {shown}", further.permission)
    };
    let all: Vec<String> = kind.further_permissions.iter().map(one).collect();
    all.join("; ")
}

fn licence(licence: Licence) -> &'static str {
    match licence {
        Licence::Free => "none but Microsoft Entra ID Free",
        other => other.title(),
    }
}

fn read(kind: &Kind) -> String {
    let mut text = way(kind);
    if kind.read_each {
        text += "; each object by its own address, because the list shows it in part";
    }
    if !kind.is_default() {
        let _ = write!(text, "; only where asked for (`--kinds +{}`)", kind.name);
    }
    text
}

fn way(kind: &Kind) -> String {
    let parent = kind.parent.map(link).unwrap_or_default();
    if kind.is_event() {
        return "as a log: what is new since the last time".to_owned();
    }
    match kind.delta {
        Some(Delta::Own { path, .. }) => {
            return format!("in full once in seven days, by its changes (`{path}`) in between");
        }
        Some(Delta::Within) => return format!("with the changes of {parent}"),
        None => {}
    }
    if kind.expand.is_some() {
        return format!("together with {parent}");
    }
    match (kind.parent, kind.shape) {
        (None, Shape::Singleton) => "in one request".to_owned(),
        (None, _) => "as a whole, every time".to_owned(),
        (Some(_), _) => {
            let when = if kind.changed_by.is_empty() {
                "once in seven days"
            } else {
                "where the directory audit log tells of a change, and all once in seven days"
            };
            let lists = match kind.shown_by {
                Some(_) => format!(", by lists of {parent} that show them"),
                None => String::new(),
            };
            format!("below each of {parent}; of more than 200, {when}{lists}")
        }
    }
}

fn deleted(kind: &Kind) -> Option<String> {
    if let Some(living) = living_twin(kind) {
        return Some(format!("this is the recycle bin of {}", link(living.name)));
    }
    let bin = kind.soft_delete?;
    let days = bin
        .days
        .map_or_else(String::new, |days| format!(" for {days} days"));
    Some(match kind.deleted_twin() {
        Some(twin) => format!("in {}{days}", link(twin.name)),
        None => format!("in Graph's recycle bin{days} (`{}`)", bin.bin),
    })
}

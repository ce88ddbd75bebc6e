//! `@odata.context`: which collection an answer is part of, and which properties were selected.

use catalog::Kind;

/// What an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    List,
    Entity,
}

/// The context of an answer about a kind below these parents.
pub(crate) fn of(
    root: &str,
    kind: &Kind,
    parents: &[String],
    selected: Option<&str>,
    holds: Holds,
) -> String {
    let mut context = format!("{root}/$metadata#");
    // Edges are shown as what they lead to.
    if kind.is_relationship() {
        context.push_str("directoryObjects");
    } else {
        context.push_str(&path_with_keys(kind, parents));
    }
    if let Some(selected) = selected {
        context.push('(');
        context.push_str(selected);
        context.push(')');
    }
    if holds == Holds::Entity {
        context.push_str("/$entity");
    }
    context
}

/// `users('x')/licenseDetails` for the template and its ids.
fn path_with_keys(kind: &Kind, parents: &[String]) -> String {
    let mut ids = parents.iter();
    let mut path = String::new();
    for part in kind.path.split('/').filter(|part| !part.is_empty()) {
        if part.starts_with('{') {
            path.push_str("('");
            path.push_str(ids.next().map_or("", String::as_str));
            path.push_str("')");
        } else {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
        }
    }
    path
}

/// `#microsoft.graph.user`, the annotation of objects in lists of mixed types.
pub(crate) fn type_annotation(kind: &Kind) -> String {
    format!("#{}", kind.entity_type)
}

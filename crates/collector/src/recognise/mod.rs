//! What kind of thing a document is.
//!
//! In this order: the kind asked for; `@odata.type`; `@odata.context`; the path inside an
//! `EntraExporter` export; the name of file or folder; the shape alone. A name is believed only
//! where the shape does not contradict it. What no catalogued kind accounts for is a kind of its own
//! if its documents say which object they are ([`generic`]); without any id it is no directory
//! object.
//!
//! One exception to the order: where context or path say that the document stands for an edge, its
//! `@odata.type` is that of the edge's target and decides nothing.

mod around;
mod generic;
mod known;
mod shape;

pub(crate) use around::{Around, ExportPlace, FilePlace, Target};
pub(crate) use generic::{generic_id, generic_name, is_reserved};
pub(crate) use known::fits;
pub(crate) use shape::is_pascal;

use catalog::Kind;
use model::Value;

use crate::edges;

/// The kind of a document; `None` where nothing says that it is a directory object.
pub(crate) fn recognise(object: Value<'_>, around: &Around<'_>) -> Option<Target> {
    if let Some(forced) = &around.file.forced {
        return Some(forced.clone());
    }
    let text = |name: &str| object.get(name).and_then(Value::text);
    let own_context = text("@odata.context");
    let context = own_context.as_deref().or(around.context);
    let context = context.and_then(catalog::by_path);
    let path = around.path_kind();
    let names = || around.named();
    let mut hints = context.into_iter().chain(path).chain(names());
    let holds = |kind: &&Kind| kind.is_relationship() && edges::holds(kind, object, around);
    if let Some(kind) = hints.find(holds) {
        return Some(Target::Catalogued(kind));
    }
    // A list of targets that does not say whose: its elements are no objects of the targets' kinds.
    let mut nearest = path.into_iter().chain(names()).take(1);
    if let Some(kind) = nearest.find(|kind| kind.is_relationship() && object.get("id").is_some()) {
        return Some(Target::Catalogued(kind));
    }
    if let Some(entity_type) = text("@odata.type") {
        let types = catalog::by_entity_type(&entity_type);
        let mut hints = context.into_iter().chain(path).chain(names());
        let hinted = hints.find(|kind| types.iter().any(|other| other.name == kind.name));
        if let Some(kind) = hinted.or_else(|| types.first().copied()) {
            return Some(Target::Catalogued(kind));
        }
    }
    let has_key = |kind: &Kind| kind.key.is_none_or(|key| object.get_folded(key).is_some());
    let plain = |kind: &&'static Kind| !kind.is_relationship();
    context
        .filter(plain)
        .filter(|kind| has_key(kind) || fits(kind, object))
        .or_else(|| path.filter(plain).filter(|kind| fits(kind, object)))
        .or_else(|| names().filter(plain).find(|kind| fits(kind, object)))
        .or_else(|| shape::by_shape(object))
        .map(Target::Catalogued)
        .or_else(|| {
            generic_id(object, around)?;
            Some(Target::Generic {
                name: generic_name(object, around),
                events: false,
            })
        })
}

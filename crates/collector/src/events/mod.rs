//! Rows of logs, whatever form they were exported in.
//!
//! One sign-in or audit row reaches people as Graph's object, as a Log Analytics row with JSON inside
//! strings, as an Azure Monitor diagnostic record, or as a Microsoft 365 unified audit record. All
//! become the Graph object, so that one table holds them; what was not Graph's form stays whole
//! beside it under `original`. Rows that are no Entra directory event are kept as they are, as a kind
//! of their own.

mod columns;
mod diagnostic;
mod draft;
mod unified;

use model::Value;

use crate::recognise::{Around, Target, generic_name};

use draft::Draft;

/// A row of a log.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) target: Target,
    /// The row in Graph's form; `None` where it stays as it was read.
    pub(crate) text: Option<String>,
    /// What may be wrong with it.
    pub(crate) doubts: Vec<String>,
    /// Its id, where it stands elsewhere than the kind's key.
    pub(crate) id: Option<String>,
}

impl Event {
    /// A row that stays as it is, under a kind of its own.
    pub(crate) fn kept(name: &str, id: Option<String>) -> Self {
        Self {
            target: Target::Generic {
                name: name.to_owned(),
                events: true,
            },
            text: None,
            doubts: Vec::new(),
            id,
        }
    }

    fn mapped(kind: &str, draft: Draft, original: Value<'_>) -> Option<Self> {
        let kind = catalog::by_name(kind)?;
        let (text, doubts) = draft.finish(original);
        Some(Self {
            target: Target::Catalogued(kind),
            text: Some(text),
            doubts,
            id: None,
        })
    }
}

/// The row a document is, if it has the form of one. Graph's own form is not among them: those
/// documents are recognised like any other.
pub(crate) fn event(object: Value<'_>, around: &Around<'_>) -> Option<Event> {
    let has = |name: &str| object.get_folded(name).is_some();
    if has("CreationTime") && has("Operation") && (has("Workload") || has("RecordType")) {
        return unified::event(object);
    }
    if has("TimeGenerated") && (has("OperationName") || has("SourceSystem") || has("Type")) {
        return Some(diagnostic::log_analytics(object));
    }
    if has("time") && has("category") && has("operationName") {
        return Some(diagnostic::diagnostic(object));
    }
    if has("Timestamp") && has("ActionType") && (has("ReportId") || has("DeviceId")) {
        // Report ids are unique only together with device and time.
        return Some(Event::kept("defender_event", None));
    }
    let log_type = around.log_type?;
    catalog::resolve(log_type).is_none().then(|| {
        let id = object.get_folded("id").and_then(Value::text);
        Event::kept(&generic_name(object, around), id.map(Into::into))
    })
}

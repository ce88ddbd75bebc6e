//! `timeline('OBJECT' [, 'FROM', 'TO' [, 'STEPS']])`: what happened to an object or was done by an actor.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use super::arrays::{self, ROWS, Type, batch_of, texts, times};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::error::{Error, Result};
use crate::functions::Call;
use crate::scope::Scope;
use crate::source::short_id;
use crate::timeline::{Entry, MAX_DEPTH, Subject, Window, timeline};

const COLUMNS: [(&str, Type); 17] = [
    ("at", Type::Time),
    ("not_before", Type::Time),
    ("entry", Type::Text),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("change_type", Type::Text),
    ("activity", Type::Text),
    ("summary", Type::Text),
    ("actor", Type::Text),
    ("actor_id", Type::Text),
    ("actor_ip", Type::Text),
    ("confidence", Type::Text),
    ("audit_id", Type::Text),
    ("correlation_id", Type::Text),
    ("snapshot_id", Type::Text),
    ("change_id", Type::Text),
];

/// The entries about one object or actor, in the order of time.
#[derive(Debug)]
pub(crate) struct TimelineTable {
    scope: Scope,
    subject: Subject,
    window: Window,
    depth: usize,
    schema: SchemaRef,
}

impl TimelineTable {
    /// `timeline('OBJECT' [, 'FROM', 'TO' [, 'STEPS']])`; an empty text in place of a time leaves that
    /// end open.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let texts: Vec<&str> = call.texts.iter().map(String::as_str).collect();
        let (object, from, to, steps) = match texts.as_slice() {
            [object] => (*object, "", "", "0"),
            [object, from, to] => (*object, *from, *to, "0"),
            [object, from, to, steps] => (*object, *from, *to, *steps),
            _ => return Err(call.misused()),
        };
        let depth = steps.parse().ok().filter(|depth| *depth <= MAX_DEPTH);
        let depth = depth.ok_or_else(|| {
            Error::invalid(format!(
                "{steps:?} is no number of steps to related objects: it can be 0 to {MAX_DEPTH}"
            ))
        })?;
        let given = |text: &'_ str| (!text.trim().is_empty()).then(|| text.to_owned());
        let (from, to) = (given(from), given(to));
        let window = Window::between(call.scope, from.as_deref(), to.as_deref())?;
        let subject = Subject::named(&call.scope.source, object)?;
        if let Ok(latest) = call.scope.latest() {
            call.scope.touch(&latest, Some("directory_audit"));
        }
        Ok(RelationTable::provider(Self {
            scope: call.scope.clone(),
            subject,
            window,
            depth,
            schema: arrays::schema(&COLUMNS),
        }))
    }

    fn column(&self, name: &str, rows: &[Entry]) -> ArrayRef {
        let text = |pick: fn(&Entry) -> Option<&str>| texts(rows.iter().map(pick));
        match name {
            "at" => times(rows.iter().map(|row| Some(row.at))),
            "not_before" => times(rows.iter().map(|row| row.not_before)),
            "entry" => text(|row| Some(row.whence.as_str())),
            "kind" => text(|row| row.kind.as_deref()),
            "object_id" => text(|row| Some(row.object_id.as_str()).filter(|id| !id.is_empty())),
            "display_name" => text(|row| row.display.as_deref()),
            "change_type" => text(|row| row.change_type),
            "activity" => text(|row| row.activity.as_deref()),
            "summary" => text(|row| Some(row.summary.as_str())),
            "actor" => text(|row| row.by.name.as_deref()),
            "actor_id" => text(|row| row.by.id.as_deref()),
            "actor_ip" => text(|row| row.by.ip.as_deref()),
            "confidence" => text(|row| row.confidence),
            "audit_id" => text(|row| row.audit_id.as_deref()),
            "correlation_id" => text(|row| row.correlation_id.as_deref()),
            "snapshot_id" => {
                let archive = &self.scope.source.archive;
                let id = |row: &Entry| Some(short_id(&archive.record_id(row.snapshot?)?));
                let ids: Vec<Option<String>> = rows.iter().map(id).collect();
                texts(ids.iter().map(Option::as_deref))
            }
            _ => text(|row| row.change_id.as_deref()),
        }
    }
}

impl Relation for TimelineTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let entries = timeline(&self.scope, &self.subject, self.window, self.depth)?;
        for chunk in entries.chunks(ROWS) {
            emit(batch_of(scan, chunk, |column, rows| {
                Ok(self.column(COLUMNS[column].0, rows))
            })?)?;
        }
        Ok(())
    }
}

//! `property_changes` and `diff_properties`: one row per changed path, old and new.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use model::Change;
use store::{Snapshot, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, bools, constant, texts, times};
use super::changes::{ChangeType, ObjectChange, object_changes, wants, wants_actor, wants_address};
use super::delta::{Comparison, Delta, deltas, with_payloads};
use super::diff::{comparable, compared, states};
use super::names::{Named, named};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::attribution::{Attribution, Attributor, Modified, actor_column};
use crate::columns::versions_of;
use crate::error::Result;
use crate::functions::Call;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 22] = [
    ("_tenant_id", Type::Text),
    ("change_id", Type::Text),
    ("changed_after", Type::Time),
    ("changed_before", Type::Time),
    ("changed_at", Type::Time),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("path", Type::Text),
    ("old_value", Type::Json),
    ("new_value", Type::Json),
    ("is_drift", Type::Bool),
    ("snapshot_id", Type::Text),
    ("actor_id", Type::Text),
    ("actor", Type::Text),
    ("actor_type", Type::Text),
    ("actor_ip", Type::Text),
    ("actor_ip_source", Type::Text),
    ("activity", Type::Text),
    ("correlation_id", Type::Text),
    ("audit_id", Type::Text),
    ("confidence", Type::Text),
];

/// Columns of `diff_properties`: no time of the change, and nobody who did it.
const DIFF_COLUMNS: [(&str, Type); 8] = [
    ("_tenant_id", Type::Text),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("path", Type::Text),
    ("old_value", Type::Json),
    ("new_value", Type::Json),
    ("is_drift", Type::Bool),
];

/// A changed property of a changed object.
#[derive(Debug, Clone)]
struct Row {
    object: ObjectChange,
    change: Change,
    is_drift: bool,
}

impl Row {
    fn modified(&self) -> Modified<'_> {
        Modified {
            object: &self.object,
            change: &self.change,
        }
    }
}

/// All changed properties up to a horizon.
#[derive(Debug)]
pub(crate) struct PropertyChangesTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl PropertyChangesTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }

    fn rows(&self, kind: &StoredKind, scan: &Scan) -> Result<Vec<Row>> {
        let only = versions_of(&self.source.archive, kind, scan.equal("object_id"))?;
        let comparison = Comparison::of(&kind.name);
        let changes = self.source.changes(kind.number, self.horizon.as_ref())?;
        let mut rows = Vec::new();
        object_changes(
            &self.source,
            kind.number,
            &changes,
            only.as_ref(),
            |_, objects| {
                let deltas: Vec<Delta> = objects.iter().map(|object| object.delta).collect();
                let objects: HashMap<Delta, ObjectChange> = objects
                    .into_iter()
                    .map(|object| (object.delta, object))
                    .collect();
                with_payloads(
                    &self.source.archive,
                    kind.number,
                    &deltas,
                    |delta, old, new| {
                        let properties = comparison.changes(old, new)?.into_iter();
                        rows.extend(properties.map(|change| Row {
                            object: objects[delta].clone(),
                            is_drift: comparison.is_drift(&change.path),
                            change,
                        }));
                        Ok(())
                    },
                )
            },
        )?;
        Ok(rows)
    }
}

impl Relation for PropertyChangesTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let wants = |name: &str| wants(scan, &COLUMNS, name);
        let attributed = wants_actor(scan, &COLUMNS);
        let mut attributor = Attributor::new(
            &self.source,
            self.horizon.as_ref(),
            wants_address(scan, &COLUMNS),
        );
        for kind in self.source.state_kinds() {
            scan.check()?;
            if !scan.allows("kind", &kind.name) {
                continue;
            }
            let rows = self.rows(&kind, scan)?;
            let names = if attributed || wants("object_id") || wants("display_name") {
                named(
                    &self.source,
                    &kind,
                    &rows.iter().map(|row| row.object.delta.telling()).collect(),
                )?
            } else {
                HashMap::new()
            };
            let context = Context {
                source: &self.source,
                kind: &kind,
                names,
            };
            for chunk in rows.chunks(ROWS) {
                let by = if attributed {
                    let parts: Vec<Modified<'_>> = chunk.iter().map(Row::modified).collect();
                    attributor.properties(&kind, &parts, &context.names)?
                } else {
                    vec![Attribution::None; chunk.len()]
                };
                emit(batch_of(scan, chunk, |column, rows| {
                    Ok(context.attributed(COLUMNS[column].0, rows, &by))
                })?)?;
            }
        }
        Ok(())
    }
}

struct Context<'a> {
    source: &'a Source,
    kind: &'a StoredKind,
    names: HashMap<u32, Named>,
}

impl Context<'_> {
    fn attributed(&self, column: &str, rows: &[Row], by: &[Attribution]) -> ArrayRef {
        if let Some(actors) = actor_column(column, by) {
            return actors;
        }
        match column {
            "change_id" => {
                let ids: Vec<String> = rows
                    .iter()
                    .map(|row| row.object.change_id(self.kind))
                    .collect();
                texts(ids.iter().map(|id| Some(id.as_str())))
            }
            "changed_after" => times(rows.iter().map(|row| row.object.after)),
            "changed_before" => times(rows.iter().map(|row| Some(row.object.before))),
            "changed_at" => times(
                rows.iter()
                    .zip(by)
                    .map(|(row, by)| Some(by.by().map_or(row.object.before, |by| by.event.time))),
            ),
            "snapshot_id" => {
                let ids: Vec<Option<String>> = rows
                    .iter()
                    .map(|row| {
                        self.source
                            .archive
                            .record_id(row.object.snapshot)
                            .map(|id| short_id(&id))
                    })
                    .collect();
                texts(ids.iter().map(Option::as_deref))
            }
            other => self.plain(other, rows),
        }
    }

    fn plain(&self, column: &str, rows: &[Row]) -> ArrayRef {
        let name = |row: &Row| self.names.get(&row.object.delta.telling());
        match column {
            "_tenant_id" => constant(self.source.archive.tenant(), rows.len()),
            "kind" => constant(&self.kind.name, rows.len()),
            "object_id" => texts(
                rows.iter()
                    .map(|row| name(row).map(|name| name.id.as_str())),
            ),
            "display_name" => texts(rows.iter().map(|row| name(row)?.display.as_deref())),
            "path" => texts(rows.iter().map(|row| Some(row.change.path.as_str()))),
            "old_value" => texts(rows.iter().map(|row| row.change.old.as_deref())),
            "new_value" => texts(rows.iter().map(|row| row.change.new.as_deref())),
            _ => bools(rows.iter().map(|row| Some(row.is_drift))),
        }
    }
}

/// Changed properties between two snapshots.
#[derive(Debug)]
pub(crate) struct PropertyDiffTable {
    source: Arc<Source>,
    from: Snapshot,
    to: Snapshot,
    only: Option<String>,
    schema: SchemaRef,
}

impl PropertyDiffTable {
    /// `diff_properties('FROM', 'TO' [, 'KIND'])`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (from, to, only) = compared(call)?;
        Ok(RelationTable::provider(Self::new(
            &call.scope.source,
            from,
            to,
            only,
        )))
    }

    fn new(source: &Arc<Source>, from: Snapshot, to: Snapshot, only: Option<String>) -> Self {
        Self {
            source: Arc::clone(source),
            from,
            to,
            only,
            schema: arrays::schema(&DIFF_COLUMNS),
        }
    }
}

impl Relation for PropertyDiffTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        for kind in comparable(
            &self.source,
            &self.from,
            &self.to,
            self.only.as_deref(),
            scan,
        )? {
            scan.check()?;
            let comparison = Comparison::of(&kind.name);
            let (opened, closed) = states(&self.source, &kind, &self.from, &self.to)?;
            let changed = deltas(&self.source.archive, kind.number, &opened, &closed)?;
            let mut rows = Vec::new();
            with_payloads(
                &self.source.archive,
                kind.number,
                &changed,
                |delta, old, new| {
                    let object = ObjectChange {
                        delta: *delta,
                        change_type: ChangeType::Modified,
                        snapshot: self.to.number,
                        previous: Some(self.from.number),
                        after: Some(self.from.taken_at),
                        before: self.to.taken_at,
                    };
                    let properties = comparison.changes(old, new)?.into_iter();
                    rows.extend(properties.map(|change| Row {
                        object: object.clone(),
                        is_drift: comparison.is_drift(&change.path),
                        change,
                    }));
                    Ok(())
                },
            )?;
            let names = named(
                &self.source,
                &kind,
                &rows.iter().map(|row| row.object.delta.telling()).collect(),
            )?;
            let context = Context {
                source: &self.source,
                kind: &kind,
                names,
            };
            for chunk in rows.chunks(ROWS) {
                emit(batch_of(scan, chunk, |column, rows| {
                    Ok(context.plain(DIFF_COLUMNS[column].0, rows))
                })?)?;
            }
        }
        Ok(())
    }
}

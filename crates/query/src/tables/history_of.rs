//! `history(object)`: every version of one object, with the lives snapshots saw of it.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use store::Snapshot;

use super::arrays::{self, Type, batch_of, bools, numbers, texts, times};
use super::changes::version_text;
use super::lives::{Life, Lives};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::error::Result;
use crate::functions::Call;
use crate::object::ObjectRef;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 12] = [
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("_version", Type::Text),
    ("ordinal", Type::Number),
    ("_first_seen", Type::Time),
    ("_not_before", Type::Time),
    ("_last_seen", Type::Time),
    ("_gone_at", Type::Time),
    ("_is_current", Type::Bool),
    ("_snapshot_id", Type::Text),
    ("properties", Type::Json),
];

/// The versions of one object, oldest life first.
#[derive(Debug)]
pub(crate) struct HistoryOfTable {
    source: Arc<Source>,
    object: ObjectRef,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl HistoryOfTable {
    /// `history('OBJECT')`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let [object] = call.texts.as_slice() else {
            return Err(call.misused());
        };
        let source = &call.scope.source;
        let object = source.object(object)?;
        let horizon = call.scope.horizon.clone();
        Ok(RelationTable::provider(Self::new(source, object, horizon)))
    }

    fn new(source: &Arc<Source>, object: ObjectRef, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            object,
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

/// One life of a version of the object, with its content.
pub(crate) struct Episode {
    pub(crate) life: Life,
    pub(crate) payload: String,
}

/// The lives of an object's versions in the order of time.
pub(crate) fn episodes(
    source: &Source,
    object: &ObjectRef,
    horizon: Option<&Snapshot>,
) -> Result<(Lives, Vec<Episode>)> {
    let changes = source.changes(object.kind, horizon)?;
    let versions = source.archive.object_versions(object.kind, &object.key)?;
    let lives = Lives::among(source, &changes, &versions.iter().copied().collect());
    let mut all = Vec::new();
    for ordinal in versions {
        let of = lives.of(ordinal);
        if of.is_empty() {
            continue;
        }
        let payload = match source.archive.version(object.kind, ordinal) {
            Err(store::Error::Erased) => String::from("{}"),
            other => other?.payload,
        };
        all.extend(of.iter().map(|life| Episode {
            life: *life,
            payload: payload.clone(),
        }));
    }
    all.sort_by_key(|episode| episode.life.opened);
    Ok((lives, all))
}

impl Relation for HistoryOfTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let (lives, rows) = episodes(&self.source, &self.object, self.horizon.as_ref())?;
        let object = &self.object;
        let versions = rows
            .iter()
            .map(|row| version_text(&self.source, object.kind, row.life.ordinal));
        let versions = versions.collect::<Result<Vec<_>>>()?;
        emit(batch_of(scan, &rows, |column, rows| {
            Ok(match COLUMNS[column].0 {
                "kind" => arrays::constant(&object.kind_name, rows.len()),
                "object_id" => arrays::constant(&object.id, rows.len()),
                "display_name" => texts(std::iter::repeat_n(object.display.as_deref(), rows.len())),
                "_version" => texts(versions.iter().map(|version| Some(version.as_str()))),
                "ordinal" => numbers(rows.iter().map(|row| row.life.ordinal)),
                "_first_seen" => times(rows.iter().map(|row| Some(lives.first_seen(&row.life)))),
                "_not_before" => times(rows.iter().map(|row| lives.not_before(&row.life))),
                "_last_seen" => times(rows.iter().map(|row| Some(lives.last_seen(&row.life)))),
                "_gone_at" => times(rows.iter().map(|row| lives.gone_at(&row.life))),
                "_is_current" => bools(rows.iter().map(|row| Some(row.life.closed.is_none()))),
                "_snapshot_id" => {
                    let id =
                        |row: &Episode| self.source.archive.record_id(lives.snapshot(&row.life));
                    let ids: Vec<Option<String>> = rows
                        .iter()
                        .map(|row| id(row).map(|id| short_id(&id)))
                        .collect();
                    texts(ids.iter().map(Option::as_deref))
                }
                _ => texts(rows.iter().map(|row| Some(row.payload.as_str()))),
            })
        })?)
    }
}

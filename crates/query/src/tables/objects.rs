//! `objects` and `links`: every object and every edge of one moment, whatever their kind.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::SchemaRef;
use roaring::RoaringBitmap;
use store::Snapshot;

use super::arrays::{self, ROWS, Type, batch_of, constant, texts};
use super::changes::version_text;
use super::names::{Named, named};
use super::object_table::whole_object;
use super::provider::{Emit, Relation, Scan};
use crate::columns::{KEY, Origin};
use crate::error::Result;
use crate::source::Source;

const COLUMNS: [(&str, Type); 6] = [
    ("_tenant_id", Type::Text),
    ("kind", Type::Text),
    ("id", Type::Text),
    ("display_name", Type::Text),
    ("properties", Type::Json),
    ("_version", Type::Text),
];
const PROPERTIES: usize = 4;

/// Every object of a snapshot.
#[derive(Debug)]
pub(crate) struct ObjectsTable {
    source: Arc<Source>,
    snapshot: Snapshot,
    schema: SchemaRef,
}

impl ObjectsTable {
    pub(crate) fn new(source: &Arc<Source>, snapshot: Snapshot) -> Self {
        Self {
            source: Arc::clone(source),
            snapshot,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

impl Relation for ObjectsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let archive = &self.source.archive;
        for kind in self.source.state_kinds() {
            scan.check()?;
            if !scan.allows("kind", &kind.name) {
                continue;
            }
            let alive = archive.alive(kind.number, &self.snapshot)?;
            let needs_names = scan.wants(2) || scan.wants(3);
            let names = if needs_names {
                named(&self.source, &kind, &alive)?
            } else {
                HashMap::new()
            };
            let matching = |ordinal: &u32| {
                scan.equal("id")
                    .is_none_or(|id| names.get(ordinal).is_some_and(|name| name.id == id))
            };
            let ordinals: Vec<u32> = alive.iter().filter(matching).collect();
            for chunk in ordinals.chunks(ROWS) {
                let mut whole: HashMap<u32, String> = HashMap::new();
                if scan.wants(PROPERTIES) {
                    let wanted: RoaringBitmap = chunk.iter().copied().collect();
                    archive.versions(kind.number, &wanted, |ordinal, _, payload| {
                        whole.insert(ordinal, whole_object(payload, "", None));
                        Ok(())
                    })?;
                }
                let name = |ordinal: &u32| names.get(ordinal);
                emit(batch_of(scan, chunk, |column, rows| {
                    Ok(match COLUMNS[column].0 {
                        "_tenant_id" => constant(archive.tenant(), rows.len()),
                        "kind" => constant(&kind.name, rows.len()),
                        "id" => texts(
                            rows.iter()
                                .map(|row| name(row).map(|name: &Named| name.id.as_str())),
                        ),
                        "display_name" => {
                            texts(rows.iter().map(|row| name(row)?.display.as_deref()))
                        }
                        "properties" => {
                            texts(rows.iter().map(|row| whole.get(row).map(String::as_str)))
                        }
                        _ => {
                            let versions = rows
                                .iter()
                                .map(|row| version_text(&self.source, kind.number, *row));
                            let versions = versions.collect::<Result<Vec<_>>>()?;
                            texts(versions.iter().map(|version| Some(version.as_str())))
                        }
                    })
                })?)?;
            }
        }
        Ok(())
    }
}

const LINK_COLUMNS: [(&str, Type); 6] = [
    ("_tenant_id", Type::Text),
    ("source_kind", Type::Text),
    ("source_id", Type::Text),
    ("relation", Type::Text),
    ("target_kind", Type::Text),
    ("target_id", Type::Text),
];

/// Every edge of a snapshot.
#[derive(Debug)]
pub(crate) struct LinksTable {
    source: Arc<Source>,
    snapshot: Snapshot,
    schema: SchemaRef,
}

impl LinksTable {
    pub(crate) fn new(source: &Arc<Source>, snapshot: Snapshot) -> Self {
        Self {
            source: Arc::clone(source),
            snapshot,
            schema: arrays::schema(&LINK_COLUMNS),
        }
    }
}

impl Relation for LinksTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let archive = &self.source.archive;
        for kind in self.source.state_kinds() {
            scan.check()?;
            let projection = self.source.columns(&kind)?;
            let (Some(relationship), Some(edge)) =
                (projection.schema.relationship(), projection.schema.kind)
            else {
                continue;
            };
            let alive = archive.alive(kind.number, &self.snapshot)?;
            if scan.projection.is_empty() {
                emit(scan.batch(Vec::new(), usize::try_from(alive.len()).unwrap_or(0))?)?;
                continue;
            }
            let target = projection
                .schema
                .columns
                .iter()
                .position(|c| c.origin == Origin::TargetKind)
                .unwrap_or(KEY);
            projection.scan(archive, &alive, &[KEY, target], None, &mut |rows| {
                let (keys, kinds) = (
                    rows.columns[0].as_string::<i32>(),
                    rows.columns[1].as_string::<i32>(),
                );
                let edges: Vec<(&str, &str, &str)> = (0..keys.len())
                    .map(|row| {
                        let (start, end) = keys
                            .value(row)
                            .split_once(model::KEY_SEPARATOR)
                            .unwrap_or(("", keys.value(row)));
                        (
                            start,
                            end,
                            if kinds.is_valid(row) {
                                kinds.value(row)
                            } else {
                                relationship.target
                            },
                        )
                    })
                    .collect();
                emit(batch_of(scan, &edges, |column, rows| {
                    Ok(match LINK_COLUMNS[column].0 {
                        "_tenant_id" => constant(archive.tenant(), rows.len()),
                        "source_kind" => constant(edge.parent.unwrap_or_default(), rows.len()),
                        "source_id" => texts(rows.iter().map(|row| Some(row.0))),
                        "relation" => constant(relationship.relation, rows.len()),
                        "target_kind" => texts(rows.iter().map(|row| Some(row.2))),
                        _ => texts(rows.iter().map(|row| Some(row.1))),
                    })
                })?)
            })?;
        }
        Ok(())
    }
}

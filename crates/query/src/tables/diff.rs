//! `diff`: the objects that differ between any two snapshots, neighbours or not.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use roaring::RoaringBitmap;
use store::{KindNumber, Snapshot, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, numbers, texts};
use super::changes::{edges_from, version_text};
use super::delta::{Comparison, Delta, deltas, with_payloads};
use super::names::{Named, named};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::error::Result;
use crate::functions::Call;
use crate::source::Source;

const COLUMNS: [(&str, Type); 9] = [
    ("_tenant_id", Type::Text),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("change_type", Type::Text),
    ("properties_changed", Type::Number),
    ("links_changed", Type::Number),
    ("from_version", Type::Text),
    ("to_version", Type::Text),
];
const PROPERTIES: usize = 5;
const LINKS: usize = 6;

/// The two states and the kind that a comparison is asked for.
pub(crate) fn compared(call: &Call<'_>) -> Result<(Snapshot, Snapshot, Option<String>)> {
    let (from, to, only) = match call.texts.as_slice() {
        [from, to] => (from, to, None),
        [from, to, kind] => (from, to, Some(call.kind(kind)?)),
        _ => return Err(call.misused()),
    };
    let scope = call.scope;
    let (from, to) = (scope.resolve(from)?, scope.resolve(to)?);
    scope.touch(&from, only.as_deref());
    scope.touch(&to, only.as_deref());
    Ok((from, to, only))
}

/// The kinds that can be compared: states that both snapshots know.
pub(crate) fn comparable(
    source: &Source,
    from: &Snapshot,
    to: &Snapshot,
    only: Option<&str>,
    scan: &Scan,
) -> Result<Vec<StoredKind>> {
    let mut kinds = Vec::new();
    for kind in source.state_kinds() {
        let wanted = only.is_none_or(|only| only == kind.name) && scan.allows("kind", &kind.name);
        if wanted
            && source.archive.statement_of(kind.number, from)?.is_some()
            && source.archive.statement_of(kind.number, to)?.is_some()
        {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// Versions alive in `to` and not in `from`, and the other way round.
pub(crate) fn states(
    source: &Source,
    kind: &StoredKind,
    from: &Snapshot,
    to: &Snapshot,
) -> Result<(RoaringBitmap, RoaringBitmap)> {
    let before = source.archive.alive(kind.number, from)?;
    let after = source.archive.alive(kind.number, to)?;
    Ok((&*after - &*before, &*before - &*after))
}

/// Names by version.
type Names = HashMap<u32, Named>;
/// Names of the edges that differ, by their kind.
type EdgeNames = HashMap<KindNumber, Arc<Names>>;

/// Objects that differ between two snapshots.
#[derive(Debug)]
pub(crate) struct DiffTable {
    source: Arc<Source>,
    from: Snapshot,
    to: Snapshot,
    only: Option<String>,
    schema: SchemaRef,
}

impl DiffTable {
    /// `diff('FROM', 'TO' [, 'KIND'])`.
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
            schema: arrays::schema(&COLUMNS),
        }
    }

    fn properties(&self, kind: &StoredKind, changed: &[Delta]) -> Result<HashMap<u32, u64>> {
        let comparison = Comparison::of(&kind.name);
        let mut counts = HashMap::new();
        with_payloads(
            &self.source.archive,
            kind.number,
            changed,
            |delta, old, new| {
                counts.insert(delta.object, comparison.changes(old, new)?.len() as u64);
                Ok(())
            },
        )?;
        Ok(counts)
    }

    /// Names of the edges of a kind that differ: asked by the kind's own rows and by the rows of the
    /// objects they start from, and read once.
    fn edge_names(&self, edge: &StoredKind, known: &mut EdgeNames) -> Result<Arc<Names>> {
        if let Some(names) = known.get(&edge.number) {
            return Ok(Arc::clone(names));
        }
        let (opened, closed) = states(&self.source, edge, &self.from, &self.to)?;
        let names = Arc::new(named(&self.source, edge, &(&opened | &closed))?);
        known.insert(edge.number, Arc::clone(&names));
        Ok(names)
    }

    /// Edges that differ, by the key of the object they start from.
    fn links(&self, kind: &StoredKind, known: &mut EdgeNames) -> Result<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        for edge in edges_from(&self.source, &kind.name) {
            for name in self.edge_names(&edge, known)?.values() {
                if let Some(start) = name.key.split(model::KEY_SEPARATOR).next() {
                    *counts.entry(start.to_owned()).or_insert(0) += 1;
                }
            }
        }
        Ok(counts)
    }
}

impl Relation for DiffTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let mut edges = EdgeNames::new();
        for kind in comparable(
            &self.source,
            &self.from,
            &self.to,
            self.only.as_deref(),
            scan,
        )? {
            scan.check()?;
            let (opened, closed) = states(&self.source, &kind, &self.from, &self.to)?;
            let changed = deltas(&self.source.archive, kind.number, &opened, &closed)?;
            let needs_names = scan.wants(2) || scan.wants(3) || scan.wants(LINKS);
            let is_edge = catalog::by_name(&kind.name).is_some_and(catalog::Kind::is_relationship);
            let names = match (needs_names, is_edge) {
                (false, _) => Arc::default(),
                (true, true) => self.edge_names(&kind, &mut edges)?,
                (true, false) => {
                    let telling = changed.iter().map(Delta::telling).collect();
                    Arc::new(named(&self.source, &kind, &telling)?)
                }
            };
            let properties = if scan.wants(PROPERTIES) {
                self.properties(&kind, &changed)?
            } else {
                HashMap::new()
            };
            let links = if scan.wants(LINKS) {
                self.links(&kind, &mut edges)?
            } else {
                HashMap::new()
            };
            let rows = DiffRows {
                source: &self.source,
                kind: &kind,
                names,
                properties,
                links,
            };
            for chunk in changed.chunks(ROWS) {
                emit(batch_of(scan, chunk, |column, deltas| {
                    rows.column(COLUMNS[column].0, deltas)
                })?)?;
            }
        }
        Ok(())
    }
}

struct DiffRows<'a> {
    source: &'a Source,
    kind: &'a StoredKind,
    names: Arc<Names>,
    properties: HashMap<u32, u64>,
    links: HashMap<String, u64>,
}

/// What became of an object between two states.
pub(crate) fn difference(delta: &Delta) -> &'static str {
    match (delta.before, delta.after) {
        (Some(_), Some(_)) => "modified",
        (Some(_), None) => "removed",
        (None, _) => "added",
    }
}

impl DiffRows<'_> {
    fn column(&self, column: &str, rows: &[Delta]) -> Result<ArrayRef> {
        let name = |delta: &Delta| self.names.get(&delta.telling());
        let versions = |pick: fn(&Delta) -> Option<u32>| -> Result<ArrayRef> {
            let version = |ordinal: u32| version_text(self.source, self.kind.number, ordinal);
            let all = rows
                .iter()
                .map(|delta| pick(delta).map(version).transpose())
                .collect::<Result<Vec<_>>>()?;
            Ok(texts(all.iter().map(Option::as_deref)))
        };
        Ok(match column {
            "_tenant_id" => constant(self.source.archive.tenant(), rows.len()),
            "kind" => constant(&self.kind.name, rows.len()),
            "object_id" => texts(
                rows.iter()
                    .map(|delta| name(delta).map(|name| name.id.as_str())),
            ),
            "display_name" => texts(rows.iter().map(|delta| name(delta)?.display.as_deref())),
            "change_type" => texts(rows.iter().map(|delta| Some(difference(delta)))),
            "properties_changed" => numbers(
                rows.iter()
                    .map(|delta| self.properties.get(&delta.object).copied().unwrap_or(0)),
            ),
            "links_changed" => numbers(rows.iter().map(|delta| {
                name(delta)
                    .and_then(|name| self.links.get(&name.key))
                    .copied()
                    .unwrap_or(0)
            })),
            "from_version" => versions(|delta| delta.before)?,
            _ => versions(|delta| delta.after)?,
        })
    }
}

//! `link_changes` and `diff_links`: edges that appeared or disappeared, with the names of both ends.

use std::sync::Arc;

use catalog::{Kind, Relationship, Shape};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use roaring::RoaringBitmap;
use store::{Snapshot, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, texts, times};
use super::changes::{ObjectChange, changes_of, wants_actor, wants_address};
use super::delta::deltas;
use super::diff::{comparable, compared, difference, states};
use super::names::{Directory, named};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::attribution::{Attribution, Attributor, actor_column};
use crate::error::Result;
use crate::functions::Call;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 23] = [
    ("_tenant_id", Type::Text),
    ("change_id", Type::Text),
    ("changed_after", Type::Time),
    ("changed_before", Type::Time),
    ("changed_at", Type::Time),
    ("source_kind", Type::Text),
    ("source_id", Type::Text),
    ("source_name", Type::Text),
    ("relation", Type::Text),
    ("target_kind", Type::Text),
    ("target_id", Type::Text),
    ("target_name", Type::Text),
    ("change_type", Type::Text),
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
/// Columns of `diff_links`: the same without times and people.
const DIFF_COLUMNS: [(&str, Type); 9] = [
    COLUMNS[0],
    COLUMNS[5],
    COLUMNS[6],
    COLUMNS[7],
    COLUMNS[8],
    COLUMNS[9],
    COLUMNS[10],
    COLUMNS[11],
    COLUMNS[12],
];

/// A kind whose objects are edges.
struct EdgeKind {
    stored: StoredKind,
    kind: &'static Kind,
    relationship: &'static Relationship,
}

impl EdgeKind {
    fn of(stored: StoredKind) -> Option<Self> {
        let kind = catalog::by_name(&stored.name)?;
        match &kind.shape {
            Shape::Relationship(relationship) => Some(Self {
                stored,
                kind,
                relationship,
            }),
            _ => None,
        }
    }
}

/// An edge that appeared or disappeared.
struct Row<'a> {
    source_id: &'a str,
    target_id: &'a str,
    source_name: Option<String>,
    target_name: Option<String>,
    target_kind: Option<String>,
    change_type: &'static str,
    /// When, where it is not between two given snapshots.
    change: Option<&'a ObjectChange>,
}

/// What a scan asks of the ends of an edge.
struct Ends<'s> {
    directory: Directory<'s>,
    wants_source: bool,
    wants_target: bool,
    source_id: Option<String>,
    target_id: Option<String>,
}

impl<'s> Ends<'s> {
    fn new(
        source: &'s Source,
        horizon: Option<&'s Snapshot>,
        scan: &Scan,
        columns: &[(&str, Type)],
    ) -> Self {
        let wants = |name: &str| {
            columns
                .iter()
                .position(|(column, _)| *column == name)
                .is_some_and(|at| scan.wants(at))
        };
        Self {
            directory: Directory::new(source, horizon),
            wants_source: wants("source_name"),
            wants_target: wants("target_name") || wants("target_kind"),
            source_id: scan.equal("source_id").map(model::fold_id),
            target_id: scan.equal("target_id").map(model::fold_id),
        }
    }

    /// The row of an edge; `None` where it is not asked for.
    fn row<'a>(&mut self, key: &'a str, change_type: &'static str) -> Result<Option<Row<'a>>> {
        let (source_id, target_id) = key.split_once(model::KEY_SEPARATOR).unwrap_or(("", key));
        let unwanted =
            |wanted: &Option<String>, id: &str| wanted.as_ref().is_some_and(|wanted| wanted != id);
        if unwanted(&self.source_id, source_id) || unwanted(&self.target_id, target_id) {
            return Ok(None);
        }
        let mut entry = |wanted: bool, id: &str| {
            if wanted {
                self.directory.entry(id).map(Option::<&_>::cloned)
            } else {
                Ok(None)
            }
        };
        let from = entry(self.wants_source, source_id)?;
        let to = entry(self.wants_target, target_id)?;
        Ok(Some(Row {
            source_id,
            target_id,
            source_name: from.and_then(|entry| entry.display),
            target_kind: to.as_ref().map(|entry| entry.kind.clone()),
            target_name: to.and_then(|entry| entry.display),
            change_type,
            change: None,
        }))
    }
}

/// One column of rows of one kind of edge.
fn column(source: &Source, edge: &EdgeKind, name: &str, rows: &[Row<'_>]) -> ArrayRef {
    let strings = |values: Vec<Option<String>>| texts(values.iter().map(Option::as_deref));
    match name {
        "_tenant_id" => constant(source.archive.tenant(), rows.len()),
        "change_id" => strings(
            rows.iter()
                .map(|row| {
                    let change = row.change?;
                    Some(change.change_id(&edge.stored))
                })
                .collect(),
        ),
        "changed_after" => times(rows.iter().map(|row| row.change?.after)),
        "changed_before" => times(rows.iter().map(|row| Some(row.change?.before))),
        "source_kind" => constant(edge.kind.parent.unwrap_or_default(), rows.len()),
        "source_id" => texts(rows.iter().map(|row| Some(row.source_id))),
        "source_name" => texts(rows.iter().map(|row| row.source_name.as_deref())),
        "relation" => constant(edge.relationship.relation, rows.len()),
        "target_kind" => texts(rows.iter().map(|row| {
            Some(
                row.target_kind
                    .as_deref()
                    .unwrap_or(edge.relationship.target),
            )
        })),
        "target_id" => texts(rows.iter().map(|row| Some(row.target_id))),
        "target_name" => texts(rows.iter().map(|row| row.target_name.as_deref())),
        "change_type" => texts(rows.iter().map(|row| Some(row.change_type))),
        _ => strings(
            rows.iter()
                .map(|row| Some(short_id(&source.archive.record_id(row.change?.snapshot)?)))
                .collect(),
        ),
    }
}

/// The same with who did it.
fn attributed_column(
    source: &Source,
    edge: &EdgeKind,
    name: &str,
    rows: &[Row<'_>],
    by: &[Attribution],
) -> ArrayRef {
    if name == "changed_at" {
        let at = |(row, by): (&Row<'_>, &Attribution)| {
            let event = by.by().map(|by| by.event.time);
            event.or(row.change.map(|change| change.before))
        };
        return times(rows.iter().zip(by).map(at));
    }
    actor_column(name, by).unwrap_or_else(|| column(source, edge, name, rows))
}

/// All edges that appeared or disappeared up to a horizon.
#[derive(Debug)]
pub(crate) struct LinkChangesTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl LinkChangesTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

impl Relation for LinkChangesTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let attributed = wants_actor(scan, &COLUMNS);
        let horizon = self.horizon.as_ref();
        let mut attributor = Attributor::new(&self.source, horizon, wants_address(scan, &COLUMNS));
        let mut ends = Ends::new(&self.source, horizon, scan, &COLUMNS);
        for edge in self
            .source
            .state_kinds()
            .into_iter()
            .filter_map(EdgeKind::of)
        {
            scan.check()?;
            let unwanted = |column: &str, value: &str| {
                scan.equal(column).is_some_and(|wanted| wanted != value)
            };
            if unwanted("relation", edge.relationship.relation)
                || unwanted("source_kind", edge.kind.parent.unwrap_or_default())
            {
                continue;
            }
            let changed = changes_of(&self.source, &edge.stored, horizon, None)?;
            let ordinals: RoaringBitmap = changed
                .iter()
                .map(|change| change.delta.telling())
                .collect();
            let names = named(&self.source, &edge.stored, &ordinals)?;
            let mut rows = Vec::new();
            for change in &changed {
                let Some(name) = names.get(&change.delta.telling()) else {
                    continue;
                };
                if let Some(mut row) = ends.row(&name.key, change.change_type.as_str())? {
                    row.change = Some(change);
                    rows.push(row);
                }
            }
            for chunk in rows.chunks(ROWS) {
                let by = if attributed {
                    let changes: Vec<&ObjectChange> =
                        chunk.iter().filter_map(|row| row.change).collect();
                    attributor.objects(&edge.stored, &changes, &names)?
                } else {
                    vec![Attribution::None; chunk.len()]
                };
                emit(batch_of(scan, chunk, |at, rows| {
                    Ok(attributed_column(
                        &self.source,
                        &edge,
                        COLUMNS[at].0,
                        rows,
                        &by,
                    ))
                })?)?;
            }
        }
        Ok(())
    }
}

/// Edges that differ between two snapshots.
#[derive(Debug)]
pub(crate) struct LinkDiffTable {
    source: Arc<Source>,
    from: Snapshot,
    to: Snapshot,
    schema: SchemaRef,
}

impl LinkDiffTable {
    /// `diff_links('FROM', 'TO')`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (from, to, None) = compared(call)? else {
            return Err(call.misused());
        };
        Ok(RelationTable::provider(Self::new(
            &call.scope.source,
            from,
            to,
        )))
    }

    fn new(source: &Arc<Source>, from: Snapshot, to: Snapshot) -> Self {
        Self {
            source: Arc::clone(source),
            from,
            to,
            schema: arrays::schema(&DIFF_COLUMNS),
        }
    }
}

impl Relation for LinkDiffTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let later = if self.from.taken_at > self.to.taken_at {
            &self.from
        } else {
            &self.to
        };
        let is_newest = self.source.archive.snapshots().last() == Some(later);
        let mut ends = Ends::new(
            &self.source,
            (!is_newest).then_some(later),
            scan,
            &DIFF_COLUMNS,
        );
        let kinds = comparable(&self.source, &self.from, &self.to, None, scan)?;
        for edge in kinds.into_iter().filter_map(EdgeKind::of) {
            scan.check()?;
            let (opened, closed) = states(&self.source, &edge.stored, &self.from, &self.to)?;
            let names = named(&self.source, &edge.stored, &(&opened | &closed))?;
            let mut changed: Vec<(&str, &'static str)> =
                deltas(&self.source.archive, edge.stored.number, &opened, &closed)?
                    .iter()
                    .filter_map(|delta| {
                        Some((names.get(&delta.telling())?.key.as_str(), difference(delta)))
                    })
                    .collect();
            changed.sort_unstable();
            let mut rows = Vec::new();
            for (key, change_type) in changed {
                rows.extend(ends.row(key, change_type)?);
            }
            for chunk in rows.chunks(ROWS) {
                emit(batch_of(scan, chunk, |at, rows| {
                    Ok(column(&self.source, &edge, DIFF_COLUMNS[at].0, rows))
                })?)?;
            }
        }
        Ok(())
    }
}

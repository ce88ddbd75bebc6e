//! Tables of objects: what a kind was at one moment, and every version it ever had.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::ColumnType;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt32Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{
    DataType, Field, Schema, SchemaRef, TimestampNanosecondType, UInt32Type,
};
use roaring::RoaringBitmap;
use store::{Snapshot, SnapshotNumber, StoredKind};

use super::arrays::{bools, constant, nanoseconds, texts, times};
use super::changes::version_text;
use super::lives::{Life, Lives};
use super::provider::{Emit, Relation, Scan};
use crate::columns::{Condition, KindSchema, Origin, RowBuilder, Rows, time_type, versions_of};
use crate::error::{Error, Result};
use crate::json;
use crate::source::{Source, short_id};

/// What a table of objects shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Moment {
    /// The state in a snapshot.
    State(Snapshot),
    /// The rows of a log, up to the time of a horizon.
    Events(Option<Snapshot>),
    /// Every version up to a horizon.
    History(Option<Snapshot>),
}

/// A kind's objects at a moment, or all versions of them.
#[derive(Debug)]
pub(crate) struct ObjectTable {
    source: Arc<Source>,
    /// `None` where the archive has nothing of the kind.
    kind: Option<StoredKind>,
    columns: Arc<KindSchema>,
    /// Columns of the projection that are shown, by position in the table.
    shown: Vec<usize>,
    extra: Vec<Extra>,
    schema: SchemaRef,
    moment: Moment,
}

/// Columns that are not in the projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    Properties,
    TenantId,
    Version,
    SnapshotId,
    ObservedAt,
    FirstSeen,
    NotBefore,
    LastSeen,
    GoneAt,
    ChangedAt,
    IsCurrent,
}

impl Extra {
    const STATE: [Extra; 5] = [
        Self::Properties,
        Self::TenantId,
        Self::Version,
        Self::SnapshotId,
        Self::ObservedAt,
    ];
    const EVENTS: [Extra; 3] = [Self::Properties, Self::TenantId, Self::Version];
    const HISTORY: [Extra; 10] = [
        Self::Properties,
        Self::TenantId,
        Self::Version,
        Self::SnapshotId,
        Self::FirstSeen,
        Self::NotBefore,
        Self::LastSeen,
        Self::GoneAt,
        Self::ChangedAt,
        Self::IsCurrent,
    ];

    fn field(self) -> Field {
        let (name, data_type) = match self {
            Self::Properties => return json::field("properties"),
            Self::TenantId => ("_tenant_id", DataType::Utf8),
            Self::Version => ("_version", DataType::Utf8),
            Self::SnapshotId => ("_snapshot_id", DataType::Utf8),
            Self::ObservedAt => ("_observed_at", time_type()),
            Self::FirstSeen => ("_first_seen", time_type()),
            Self::NotBefore => ("_not_before", time_type()),
            Self::LastSeen => ("_last_seen", time_type()),
            Self::GoneAt => ("_gone_at", time_type()),
            Self::ChangedAt => ("_changed_at", time_type()),
            Self::IsCurrent => ("_is_current", DataType::Boolean),
        };
        Field::new(name, data_type, true)
    }
}

impl ObjectTable {
    pub(crate) fn new(source: &Arc<Source>, kind: &str, moment: Moment) -> Self {
        let stored = source.archive.kind(kind);
        let columns = Arc::new(KindSchema::new(kind));
        let hidden = |origin: Origin| matches!(origin, Origin::Ordinal | Origin::Key);
        let shown: Vec<usize> = (0..columns.columns.len())
            .filter(|at| !hidden(columns.columns[*at].origin))
            .collect();
        let extra = match moment {
            Moment::State(_) => Extra::STATE.to_vec(),
            Moment::Events(_) => Extra::EVENTS.to_vec(),
            Moment::History(_) => Extra::HISTORY.to_vec(),
        };
        let fields: Vec<Field> = shown
            .iter()
            .map(|at| columns.arrow.field(*at).clone())
            .chain(extra.iter().map(|extra| extra.field()))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        Self {
            source: Arc::clone(source),
            kind: stored,
            columns,
            shown,
            extra,
            schema,
            moment,
        }
    }

    /// Columns of the table that come from the projection.
    fn typed(&self) -> usize {
        self.shown.len()
    }

    /// Whether a column's values stand in the projection. Those of volatile properties do not: there
    /// they are empty, and must not decide.
    fn is_stored(&self, column: usize) -> bool {
        let of_schema = self.shown.get(column);
        of_schema.is_some_and(|column| !self.is_volatile(*column))
    }
}

impl Relation for ObjectTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn decides(&self, column: usize) -> bool {
        self.is_stored(column)
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let Some(kind) = &self.kind else {
            return Ok(());
        };
        let archive = &self.source.archive;
        let candidates = self.candidates(kind, scan)?;
        let (statement, wanted, lives) = match &self.moment {
            Moment::State(snapshot) => {
                let Some(statement) = archive.statement_of(kind.number, snapshot)? else {
                    return Ok(());
                };
                let alive = archive.alive(kind.number, snapshot)?;
                let wanted = candidates.map_or_else(
                    || Arc::clone(&alive),
                    |candidates| Arc::new(candidates & &*alive),
                );
                (Some(statement), wanted, None)
            }
            Moment::Events(_) => {
                let all = || (0..kind.versions).collect();
                (None, Arc::new(candidates.unwrap_or_else(all)), None)
            }
            Moment::History(horizon) => {
                let changes = self.source.changes(kind.number, horizon.as_ref())?;
                let lives = match &candidates {
                    Some(candidates) => Lives::among(&self.source, &changes, candidates),
                    None => Lives::new(&self.source, &changes),
                };
                (None, Arc::new(lives.versions()), Some(lives))
            }
        };
        let reading = Reading {
            table: self,
            kind,
            scan,
            statement,
            lives,
            volatile: self.volatile(scan, statement)?,
        };
        reading.run(&wanted, emit)
    }
}

impl ObjectTable {
    /// Versions outside of which nothing is that a scan asks for: those of one object, or those that name
    /// the objects it asks for. `None` where that is not known without reading.
    fn candidates(&self, kind: &StoredKind, scan: &Scan) -> Result<Option<RoaringBitmap>> {
        let mut candidates = versions_of(&self.source.archive, kind, scan.equal("id"))?;
        for (column, text) in scan.equalities() {
            let at = self.schema.index_of(column).ok();
            if !model::is_guid(text) || !at.is_some_and(|at| self.is_named(at)) {
                continue;
            }
            if let Some(mentions) = self.source.mentions_at_hand(kind)? {
                let naming = mentions.of(text);
                candidates = Some(match candidates {
                    Some(candidates) => candidates & naming,
                    None => naming,
                });
            }
        }
        Ok(candidates)
    }

    /// Whether a column's values are ids that stand in the version itself, as text.
    fn is_named(&self, column: usize) -> bool {
        let stands = |column: usize| {
            matches!(
                self.columns.columns[column].origin,
                Origin::Id
                    | Origin::Parent
                    | Origin::Source
                    | Origin::Target
                    | Origin::Property(_, ColumnType::Text)
            )
        };
        self.is_stored(column) && stands(self.shown[column])
    }

    /// Last seen values of volatile properties, where the scan shows any of them.
    fn volatile(
        &self,
        scan: &Scan,
        statement: Option<SnapshotNumber>,
    ) -> Result<HashMap<u32, String>> {
        let (Some(kind), Some(statement)) = (&self.kind, statement) else {
            return Ok(HashMap::new());
        };
        let shows = scan.projection.iter().any(|at| match self.shown.get(*at) {
            Some(column) => self.is_volatile(*column),
            None => self.extra[*at - self.typed()] == Extra::Properties,
        });
        if shows {
            Ok(self.source.archive.volatile(kind.number, statement)?)
        } else {
            Ok(HashMap::new())
        }
    }

    fn is_volatile(&self, column: usize) -> bool {
        let volatile = self.columns.kind.map_or(&[][..], |kind| kind.volatile);
        matches!(self.columns.columns[column].origin, Origin::Property(name, _) if volatile.contains(&name))
    }
}

/// One scan of a table of objects.
struct Reading<'a> {
    table: &'a ObjectTable,
    kind: &'a StoredKind,
    scan: &'a Scan,
    statement: Option<SnapshotNumber>,
    lives: Option<Lives>,
    volatile: HashMap<u32, String>,
}

impl Reading<'_> {
    fn run(&self, wanted: &RoaringBitmap, emit: &mut Emit<'_>) -> Result<()> {
        let table = self.table;
        let typed = table.typed();
        let event_limit = self.event_limit();
        let mut shown: Vec<usize> = self.scan.projection.clone();
        shown.retain(|at| *at < typed);
        shown.sort_unstable();
        shown.dedup();
        let mut tested: Vec<usize> = self
            .scan
            .filter_columns(&|at| table.is_stored(at))
            .collect();
        tested.extend(event_limit.map(|(column, _)| column));
        tested.sort_unstable();
        tested.dedup();
        if shown.is_empty() && tested.is_empty() {
            return self.untyped(wanted, emit);
        }
        let of_schema =
            |shown: &[usize]| -> Vec<usize> { shown.iter().map(|at| table.shown[*at]).collect() };
        let condition = Condition {
            columns: of_schema(&tested),
            passes: Box::new(|columns, rows| {
                self.scan.check()?;
                let column = |at: usize| {
                    let at = tested.binary_search(&at);
                    Arc::clone(&columns[at.expect("because every column tested was read")])
                };
                self.passed(rows, column, event_limit)
            }),
        };
        let condition = (!tested.is_empty()).then_some(&condition);
        let position = |at: usize| {
            shown
                .binary_search(&at)
                .expect("because every column shown was read")
        };
        let projection = table.source.columns(self.kind)?;
        projection.scan_where(
            &table.source.archive,
            wanted,
            &of_schema(&shown),
            // The index and statistics know where the one object is.
            self.scan.equal("id"),
            condition,
            &mut |rows| {
                self.scan.check()?;
                self.emit(rows, &position, emit)
            },
        )
    }

    /// The column with an event's time and the last time that belongs to the moment asked for.
    fn event_limit(&self) -> Option<(usize, i64)> {
        let Moment::Events(Some(horizon)) = &self.table.moment else {
            return None;
        };
        let catalog::Shape::Event { time } = self.table.columns.kind?.shape else {
            return None;
        };
        let is_time = |at: &usize| matches!(self.table.columns.columns[*at].origin, Origin::Property(name, _) if name == time);
        let column = self.table.shown.iter().position(is_time)?;
        Some((column, nanoseconds(horizon.taken_at)))
    }

    /// Which of these rows pass the filters and belong to the moment; `None`: all.
    fn passed(
        &self,
        rows: usize,
        column: impl Fn(usize) -> ArrayRef,
        event_limit: Option<(usize, i64)>,
    ) -> Result<Option<BooleanArray>> {
        let stored = |at: usize| self.table.is_stored(at);
        let mut mask = self.scan.early_mask(&stored, rows, &column)?;
        if let Some((at, limit)) = event_limit {
            let times = column(at);
            let times = times.as_primitive::<TimestampNanosecondType>();
            let early = (0..rows).map(|row| {
                Some(
                    times.is_valid(row)
                        && times.value(row) <= limit
                        && mask.as_ref().is_none_or(|m| m.value(row)),
                )
            });
            mask = Some(early.collect());
        }
        Ok(mask)
    }

    /// Nothing of the projection is needed: the bitmap alone says which rows there are.
    fn untyped(&self, wanted: &RoaringBitmap, emit: &mut Emit<'_>) -> Result<()> {
        if self.scan.projection.is_empty() && self.lives.is_none() && self.event_limit().is_none() {
            let rows = usize::try_from(wanted.len())
                .map_err(|_| Error::Internal("too many rows".to_owned()))?;
            return emit(self.scan.batch(Vec::new(), rows)?);
        }
        let all: Vec<u32> = wanted.iter().collect();
        for chunk in all.chunks(8192) {
            let rows = Rows {
                ordinals: UInt32Array::from(chunk.to_vec()),
                columns: Vec::new(),
            };
            self.emit(rows, &|_| 0, emit)?;
        }
        Ok(())
    }

    fn emit(
        &self,
        rows: Rows,
        position: &impl Fn(usize) -> usize,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let lives = self
            .lives
            .as_ref()
            .map(|lives| expand(lives, &rows.ordinals));
        let rows = match &lives {
            None => rows,
            Some((repeat, _)) => repeated(&rows, repeat)?,
        };
        let lives = lives.map(|(_, lives)| lives);
        let texts = self.properties(&rows.ordinals)?;
        let arrays = self.scan.projection.iter().map(|at| {
            match self.table.extra.get(at.wrapping_sub(self.table.typed())) {
                Some(extra) => self.extra(*extra, &rows.ordinals, lives.as_deref(), &texts),
                None if self.table.is_volatile(self.table.shown[*at])
                    && !self.volatile.is_empty() =>
                {
                    self.volatile_column(self.table.shown[*at], &rows.ordinals)
                }
                None => Ok(Arc::clone(&rows.columns[position(*at)])),
            }
        });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let batch: RecordBatch = self.scan.batch(arrays, rows.ordinals.len())?;
        emit(batch)
    }

    fn extra(
        &self,
        extra: Extra,
        ordinals: &UInt32Array,
        lives: Option<&[Life]>,
        properties: &HashMap<u32, String>,
    ) -> Result<ArrayRef> {
        let source = &self.table.source;
        let rows = ordinals.len();
        let no_lives: &[Life] = &[];
        let of = || lives.unwrap_or(no_lives).iter();
        let seen = self.lives.as_ref();
        let at = |time: fn(&Lives, &Life) -> Option<jiff::Timestamp>| {
            times(of().map(|life| time(seen?, life)))
        };
        Ok(match extra {
            Extra::Properties => texts(
                ordinals
                    .values()
                    .iter()
                    .map(|ordinal| properties.get(ordinal).map(String::as_str)),
            ),
            Extra::TenantId => constant(source.archive.tenant(), rows),
            Extra::Version => {
                let ids = ordinals
                    .values()
                    .iter()
                    .map(|ordinal| version_text(&self.table.source, self.kind.number, *ordinal))
                    .collect::<Result<Vec<_>>>()?;
                Arc::new(StringArray::from(ids))
            }
            Extra::SnapshotId => match (self.statement, seen) {
                (Some(statement), _) => constant(&self.snapshot_id(statement), rows),
                (None, Some(seen)) => {
                    let ids: Vec<String> = of()
                        .map(|life| self.snapshot_id(seen.snapshot(life)))
                        .collect();
                    Arc::new(StringArray::from(ids))
                }
                (None, None) => constant("", rows),
            },
            Extra::ObservedAt => times(std::iter::repeat_n(
                self.statement.map(|s| source.taken_at(s)),
                rows,
            )),
            Extra::FirstSeen | Extra::ChangedAt => at(|lives, life| Some(lives.first_seen(life))),
            Extra::NotBefore => at(Lives::not_before),
            Extra::LastSeen => at(|lives, life| Some(lives.last_seen(life))),
            Extra::GoneAt => at(Lives::gone_at),
            Extra::IsCurrent => bools(of().map(|life| Some(life.closed.is_none()))),
        })
    }

    fn snapshot_id(&self, number: SnapshotNumber) -> String {
        let archive = &self.table.source.archive;
        archive
            .record_id(number)
            .map_or_else(String::new, |id| short_id(&id))
    }

    /// The whole objects of these versions, where the scan shows them.
    fn properties(&self, ordinals: &UInt32Array) -> Result<HashMap<u32, String>> {
        let at = self.table.typed();
        if self.table.extra.first() != Some(&Extra::Properties) || !self.scan.wants(at) {
            return Ok(HashMap::new());
        }
        let wanted: RoaringBitmap = ordinals.values().iter().copied().collect();
        let mut texts = HashMap::new();
        let is_edge = self.table.columns.relationship().is_some();
        self.table.source.archive.versions(
            self.kind.number,
            &wanted,
            |ordinal, key, payload| {
                let volatile = self.volatile.get(&ordinal).map_or("", String::as_str);
                let target =
                    is_edge.then(|| key.rsplit(model::KEY_SEPARATOR).next().unwrap_or(key));
                texts.insert(ordinal, whole_object(payload, volatile, target));
                Ok(())
            },
        )?;
        Ok(texts)
    }

    fn volatile_column(&self, column: usize, ordinals: &UInt32Array) -> Result<ArrayRef> {
        let schema = &self.table.columns;
        let mut builder = RowBuilder::new(schema, &[column]);
        for ordinal in ordinals.values() {
            builder.push(
                *ordinal,
                "",
                self.volatile.get(ordinal).map_or("{}", String::as_str),
            )?;
        }
        let one = Arc::new(
            schema
                .arrow
                .project(&[column])
                .map_err(|e| Error::Internal(e.to_string()))?,
        );
        Ok(Arc::clone(builder.finish(&one)?.column(0)))
    }
}

/// Which row each life repeats, and the lives.
fn expand(lives: &Lives, ordinals: &UInt32Array) -> (UInt32Array, Vec<Life>) {
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for (row, ordinal) in (0u32..).zip(ordinals.values()) {
        for life in lives.of(*ordinal) {
            rows.push(row);
            all.push(*life);
        }
    }
    (UInt32Array::from(rows), all)
}

fn repeated(rows: &Rows, repeat: &UInt32Array) -> Result<Rows> {
    let pick =
        |array: &dyn Array| take(array, repeat, None).map_err(|e| Error::Internal(e.to_string()));
    Ok(Rows {
        ordinals: pick(&rows.ordinals)?.as_primitive::<UInt32Type>().clone(),
        columns: rows
            .columns
            .iter()
            .map(|column| pick(column))
            .collect::<Result<_>>()?,
    })
}

/// The object as Graph returns it: the stored members with the volatile ones and, of an edge, the
/// target's id among them, sorted by name.
pub(crate) fn whole_object(payload: &str, volatile: &str, target: Option<&str>) -> String {
    if volatile.is_empty() && target.is_none() {
        return payload.to_owned();
    }
    let (mut first, mut second) = (model::Parser::new(), model::Parser::new());
    let Ok(stored) = first.parse(payload.as_bytes()) else {
        return payload.to_owned();
    };
    let beside = if volatile.is_empty() { "{}" } else { volatile };
    let Ok(beside) = second.parse(beside.as_bytes()) else {
        return payload.to_owned();
    };
    let id = target.map(|target| {
        let mut text = String::new();
        model::write_text(target, &mut text);
        text
    });
    let mut members: Vec<(String, &str)> = stored
        .root()
        .members()
        .chain(beside.root().members())
        .map(|(name, value)| (name.into_owned(), value.raw()))
        .collect();
    if let Some(id) = &id
        && members.iter().all(|(name, _)| name != "id")
    {
        members.push(("id".to_owned(), id));
    }
    members.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = String::from("{");
    for (name, value) in members {
        if out.len() > 1 {
            out.push(',');
        }
        model::write_text(&name, &mut out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatile_members_and_an_edge_s_target_take_their_places() {
        assert_eq!(whole_object(r#"{"b":1}"#, "", None), r#"{"b":1}"#);
        assert_eq!(
            whole_object(r#"{"b":1,"d":2}"#, r#"{"a":0,"c":[1]}"#, None),
            r#"{"a":0,"b":1,"c":[1],"d":2}"#
        );
        assert_eq!(
            whole_object(r##"{"@odata.type":"#x"}"##, "", Some("u1")),
            r##"{"@odata.type":"#x","id":"u1"}"##
        );
    }
}

//! `lineage('OBJECT')`: earlier and later objects that are the same thing to a person.
//!
//! What is deleted for good and made again has a new id. Its name, its sign-in name, its mail nickname
//! or its application id tell that it is the same: an object of the same kind that bears one of them
//! and was not there at the same time is an earlier or later incarnation, and an application and its
//! service principal are tied by the application id however long both live.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use store::StoredKind;

use super::arrays::{self, Type, batch_of, bools, texts, times};
use super::changes::{ChangeType, ObjectChange};
use super::names::{named, written};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::columns::{ID, KEY, KindSchema, Origin};
use crate::error::Result;
use crate::functions::Call;
use crate::object::ObjectRef;
use crate::scope::Scope;
use crate::timeline::sightings;

const COLUMNS: [(&str, Type); 9] = [
    ("relation", Type::Text),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("matched_by", Type::Text),
    ("first_seen", Type::Time),
    ("not_before", Type::Time),
    ("gone_at", Type::Time),
    ("is_current", Type::Bool),
];
/// Properties that make two objects the same to a person, besides what a kind displays.
const NAMES: [&str; 3] = ["userPrincipalName", "mailNickname", APPLICATION];
const APPLICATION: &str = "appId";
/// The kinds that one application has objects of.
const APPLICATIONS: [&str; 2] = ["application", "service_principal"];

/// The incarnations of one thing.
#[derive(Debug)]
pub(crate) struct LineageTable {
    scope: Scope,
    object: ObjectRef,
    schema: SchemaRef,
}

/// One incarnation.
struct Row {
    relation: &'static str,
    kind: String,
    id: String,
    display: Option<String>,
    matched_by: String,
    life: Life,
}

/// From when to when snapshots saw an object; it may have been gone in between.
#[derive(Debug, Clone, Copy)]
struct Life {
    first_seen: Timestamp,
    not_before: Option<Timestamp>,
    gone_at: Option<Timestamp>,
}

impl Life {
    /// The life that changes of one object tell of.
    fn of<'c>(changes: impl Iterator<Item = &'c ObjectChange>) -> Option<Self> {
        let mut life: Option<Self> = None;
        for change in changes {
            let life = life.get_or_insert(Self {
                first_seen: change.before,
                not_before: change.after,
                gone_at: None,
            });
            let is_gone = change.change_type == ChangeType::Removed;
            life.gone_at = is_gone.then_some(change.before);
        }
        life
    }

    fn is_before(&self, other: &Self) -> bool {
        self.gone_at
            .is_some_and(|gone_at| gone_at <= other.first_seen)
    }
}

/// Names an object bore, by property.
type Borne = BTreeMap<&'static str, BTreeSet<String>>;

impl LineageTable {
    /// `lineage('OBJECT')`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let [object] = call.texts.as_slice() else {
            return Err(call.misused());
        };
        let scope = call.scope.clone();
        let object = scope.source.object(object)?;
        if let Ok(latest) = scope.latest() {
            scope.touch(&latest, Some(&object.kind_name));
        }
        Ok(RelationTable::provider(Self {
            scope,
            object,
            schema: arrays::schema(&COLUMNS),
        }))
    }

    fn rows(&self) -> Result<Vec<Row>> {
        let Some(own) = self.scope.source.archive.kind(&self.object.kind_name) else {
            return Ok(Vec::new());
        };
        let borne = self.names_of(&own, &self.object.key)?;
        let Some((row, life)) = self.row(&own, &self.object.key, "self", String::new())? else {
            return Ok(Vec::new());
        };
        let mut rows = vec![row];
        for (key, matched_by) in self.bearing(&own, &borne)? {
            if key == self.object.key {
                continue;
            }
            let Some((mut row, other)) = self.row(&own, &key, "earlier", matched_by)? else {
                continue;
            };
            if life.is_before(&other) {
                row.relation = "later";
            } else if !other.is_before(&life) {
                continue;
            }
            rows.push(row);
        }
        let twins = APPLICATIONS
            .iter()
            .filter(|_| APPLICATIONS.contains(&own.name.as_str()));
        for twin in twins.filter(|twin| **twin != own.name) {
            let Some(kind) = self.scope.source.archive.kind(twin) else {
                continue;
            };
            let mut by_application = borne.clone();
            by_application.retain(|property, _| *property == APPLICATION);
            for (key, matched_by) in self.bearing(&kind, &by_application)? {
                let row = self.row(&kind, &key, "same application", matched_by)?;
                rows.extend(row.map(|(row, _)| row));
            }
        }
        rows.sort_by(|a, b| {
            (a.life.first_seen, &a.kind, &a.id).cmp(&(b.life.first_seen, &b.kind, &b.id))
        });
        Ok(rows)
    }

    /// A row and the life in it; `None` where nothing was seen of the object by then.
    fn row(
        &self,
        kind: &StoredKind,
        key: &str,
        relation: &'static str,
        matched_by: String,
    ) -> Result<Option<(Row, Life)>> {
        let source = &self.scope.source;
        let versions = source.archive.object_versions(kind.number, key)?;
        let versions: RoaringBitmap = versions.into_iter().collect();
        let seen = sightings(source, kind, &versions, self.scope.horizon.as_ref())?;
        let (Some(life), Some(last)) = (Life::of(seen.iter()), seen.last()) else {
            return Ok(None);
        };
        let names = named(
            source,
            kind,
            &std::iter::once(last.delta.telling()).collect(),
        )?;
        let name = names.into_values().next().unwrap_or_default();
        let row = Row {
            relation,
            kind: kind.name.clone(),
            id: name.id,
            display: name.display,
            matched_by,
            life,
        };
        Ok(Some((row, life)))
    }

    /// The versions of a kind that were ever seen.
    fn seen(&self, kind: &StoredKind) -> Result<RoaringBitmap> {
        let changes = self
            .scope
            .source
            .changes(kind.number, self.scope.horizon.as_ref())?;
        let mut seen = RoaringBitmap::new();
        changes.iter().for_each(|change| seen |= &change.opened);
        Ok(seen)
    }

    /// The names an object bore in any version.
    fn names_of(&self, kind: &StoredKind, key: &str) -> Result<Borne> {
        let source = &self.scope.source;
        let versions = source.archive.object_versions(kind.number, key)?;
        let versions: RoaringBitmap = versions.into_iter().collect();
        let mut borne = Borne::new();
        self.each_name(kind, &(versions & self.seen(kind)?), |_, property, name| {
            borne
                .entry(property)
                .or_default()
                .insert(name.to_lowercase());
        })?;
        Ok(borne)
    }

    /// Objects of a kind that bore any of these names, with the properties that held them.
    fn bearing(&self, kind: &StoredKind, borne: &Borne) -> Result<BTreeMap<String, String>> {
        let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
        self.each_name(kind, &self.seen(kind)?, |key, property, name| {
            let names = borne.get(property);
            if names.is_some_and(|names| names.contains(&name.to_lowercase())) {
                found.entry(key.to_owned()).or_default().insert(property);
            }
        })?;
        let joined =
            |properties: BTreeSet<&str>| properties.into_iter().collect::<Vec<_>>().join(" ");
        Ok(found
            .into_iter()
            .map(|(key, properties)| (key, joined(properties)))
            .collect())
    }

    /// Key, property and value of everything that names these versions.
    fn each_name(
        &self,
        kind: &StoredKind,
        versions: &RoaringBitmap,
        mut each: impl FnMut(&str, &'static str, &str),
    ) -> Result<()> {
        let source = &self.scope.source;
        let projection = source.columns(kind)?;
        let naming = naming_columns(&projection.schema);
        let columns: Vec<usize> = [ID, KEY]
            .into_iter()
            .chain(naming.iter().map(|(at, _)| *at))
            .collect();
        projection.scan(&source.archive, versions, &columns, None, &mut |rows| {
            for row in 0..rows.ordinals.len() {
                let key = written(&rows.columns[1], row).unwrap_or_else(|| {
                    let id = written(&rows.columns[0], row).unwrap_or_default();
                    Cow::Owned(model::fold_id(&id))
                });
                for ((_, property), column) in naming.iter().zip(&rows.columns[2..]) {
                    let name = written(column, row).filter(|name| !name.is_empty());
                    if let Some(name) = name {
                        each(&key, property, &name);
                    }
                }
            }
            Ok(())
        })
    }
}

/// Columns that name an object, with their properties: the first a kind displays, and the common ones.
fn naming_columns(schema: &KindSchema) -> Vec<(usize, &'static str)> {
    let display = schema.kind.and_then(|kind| kind.display.first().copied());
    let columns = schema.columns.iter().enumerate();
    columns
        .filter_map(|(at, column)| match column.origin {
            Origin::Property(name, _) if display == Some(name) || NAMES.contains(&name) => {
                Some((at, name))
            }
            _ => None,
        })
        .collect()
}

impl Relation for LineageTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        emit(batch_of(scan, &self.rows()?, |column, rows| {
            Ok(match COLUMNS[column].0 {
                "relation" => texts(rows.iter().map(|row| Some(row.relation))),
                "kind" => texts(rows.iter().map(|row| Some(row.kind.as_str()))),
                "object_id" => texts(rows.iter().map(|row| Some(row.id.as_str()))),
                "display_name" => texts(rows.iter().map(|row| row.display.as_deref())),
                "matched_by" => {
                    let matched = |row: &Row| !row.matched_by.is_empty();
                    texts(
                        rows.iter()
                            .map(|row| matched(row).then_some(row.matched_by.as_str())),
                    )
                }
                "first_seen" => times(rows.iter().map(|row| Some(row.life.first_seen))),
                "not_before" => times(rows.iter().map(|row| row.life.not_before)),
                "gone_at" => times(rows.iter().map(|row| row.life.gone_at)),
                _ => bools(rows.iter().map(|row| Some(row.life.gone_at.is_none()))),
            })
        })?)
    }
}

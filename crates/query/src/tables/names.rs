//! Ids and names of objects by version, for tables that list objects of many kinds.

use std::borrow::Cow;
use std::collections::HashMap;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::util::display::array_value_to_string;
use roaring::RoaringBitmap;
use store::{Snapshot, StoredKind};

use crate::columns::{ID, KEY};
use crate::error::Result;
use crate::source::Source;

/// What a person calls a version's object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// The id; of an edge both ends, joined by `/`.
    pub(crate) id: String,
    pub(crate) display: Option<String>,
    /// The object's key as the archive has it.
    pub(crate) key: String,
}

/// A value that names an object, as text: most are, but a backup is named by its time.
pub(crate) fn written(column: &ArrayRef, row: usize) -> Option<Cow<'_, str>> {
    if !column.is_valid(row) {
        return None;
    }
    match column.as_string_opt::<i32>() {
        Some(texts) => Some(texts.value(row).into()),
        None => array_value_to_string(column, row).ok().map(Cow::from),
    }
}

/// Ids and names of these versions of a kind.
pub(crate) fn named(
    source: &Source,
    kind: &StoredKind,
    ordinals: &RoaringBitmap,
) -> Result<HashMap<u32, Named>> {
    if ordinals.is_empty() {
        return Ok(HashMap::new());
    }
    let mut names = HashMap::with_capacity(usize::try_from(ordinals.len()).unwrap_or(0));
    let projection = source.columns(kind)?;
    let display = projection.schema.display();
    let is_edge = projection.schema.relationship().is_some();
    let columns: Vec<usize> = [ID, KEY]
        .into_iter()
        .chain(display.iter().copied())
        .collect();
    projection.scan(&source.archive, ordinals, &columns, None, &mut |rows| {
        let text = |column: &ArrayRef, row: usize| written(column, row).map(Cow::into_owned);
        for (row, ordinal) in rows.ordinals.values().iter().enumerate() {
            let id = text(&rows.columns[0], row).unwrap_or_default();
            let key = text(&rows.columns[1], row);
            let shown = if is_edge {
                key.as_ref()
                    .map(|key| key.replace(model::KEY_SEPARATOR, "/"))
            } else {
                None
            };
            let display = rows.columns[2..]
                .iter()
                .find_map(|column| text(column, row).filter(|t| !t.is_empty()));
            let key = key.unwrap_or_else(|| model::fold_id(&id));
            names.insert(
                *ordinal,
                Named {
                    id: shown.unwrap_or(id),
                    display,
                    key,
                },
            );
        }
        Ok(())
    })?;
    Ok(names)
}

/// Kinds that most ids belong to, the most frequent first.
const LIKELY: [&str; 8] = [
    "user",
    "group",
    "service_principal",
    "device",
    "application",
    "role_definition",
    "directory_role",
    "conditional_access_policy",
];

/// What objects of any kind are called, by id: asked one by one and remembered.
#[derive(Debug)]
pub(crate) struct Directory<'s> {
    source: &'s Source,
    horizon: Option<&'s Snapshot>,
    kinds: Vec<StoredKind>,
    known: HashMap<String, Option<Entry>>,
}

/// What somebody who sees an id wants to read instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) display: Option<String>,
}

impl<'s> Directory<'s> {
    pub(crate) fn new(source: &'s Source, horizon: Option<&'s Snapshot>) -> Self {
        // Objects that other objects point to have an id of their own, so their key is the id.
        let mut kinds = source.state_kinds();
        kinds
            .retain(|kind| catalog::by_name(&kind.name).is_none_or(|kind| !kind.is_relationship()));
        // Most ids are of few kinds, and several kinds share the id of a user.
        let rank = |kind: &StoredKind| LIKELY.iter().position(|likely| *likely == kind.name);
        kinds.sort_by_key(|kind| rank(kind).unwrap_or(LIKELY.len()));
        Self {
            source,
            horizon,
            kinds,
            known: HashMap::new(),
        }
    }

    /// The object that has this id.
    pub(crate) fn entry(&mut self, id: &str) -> Result<Option<&Entry>> {
        let key = model::fold_id(id);
        if !self.known.contains_key(&key) {
            let found = self.look_up(&key)?;
            self.known.insert(key.clone(), found);
        }
        Ok(self.known.get(&key).and_then(Option::as_ref))
    }

    /// The kind an id belongs to and all versions of its object, newest first.
    pub(crate) fn versions(&self, id: &str) -> Result<Option<(StoredKind, Vec<u32>)>> {
        let key = model::fold_id(id);
        for kind in &self.kinds {
            let versions = self.source.archive.object_versions(kind.number, &key)?;
            if !versions.is_empty() {
                return Ok(Some((kind.clone(), versions)));
            }
        }
        Ok(None)
    }

    fn look_up(&self, key: &str) -> Result<Option<Entry>> {
        for kind in &self.kinds {
            let versions = self.source.archive.object_versions(kind.number, key)?;
            let Some(newest) = versions.first() else {
                continue;
            };
            // A session that is pinned must not learn what the object was called later.
            let telling = match self.horizon {
                None => Some(*newest),
                Some(horizon) => {
                    let alive = self.source.archive.alive(kind.number, horizon)?;
                    versions
                        .iter()
                        .copied()
                        .find(|version| alive.contains(*version))
                }
            };
            let Some(telling) = telling else { continue };
            let names = named(self.source, kind, &std::iter::once(telling).collect())?;
            return Ok(names.into_values().next().map(|name| Entry {
                kind: kind.name.clone(),
                display: name.display,
            }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{StringArray, TimestampNanosecondArray};

    use super::*;

    #[test]
    fn what_names_an_object_need_not_be_text() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("Finance"), None]));
        assert_eq!(written(&texts, 0).as_deref(), Some("Finance"));
        assert_eq!(written(&texts, 1), None);
        let times = TimestampNanosecondArray::from(vec![1_767_578_400_000_000_000]);
        let times: ArrayRef = Arc::new(times.with_timezone("+00:00"));
        assert_eq!(written(&times, 0).as_deref(), Some("2026-01-05T02:00:00Z"));
    }
}

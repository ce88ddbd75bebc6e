//! Which objects are in a state, for the ids that a plan names.

use std::collections::{HashMap, HashSet};

use catalog::Kind;
use model::{KEY_SEPARATOR, ObjectKey, Parser};
use roaring::RoaringBitmap;
use store::{KindNumber, Ordinal};

use super::mention::display;
use super::request::State;
use crate::error::Result;

/// Kinds whose ids stand in one space: an id names the same object wherever it occurs.
pub(super) const DIRECTORY: [&str; 8] = [
    "user",
    "group",
    "service_principal",
    "application",
    "device",
    "org_contact",
    "administrative_unit",
    "directory_role",
];

/// Objects of a state that were asked about.
#[derive(Debug, Default)]
pub(super) struct Present(HashMap<String, (&'static Kind, Ordinal)>);

impl Present {
    /// Finds objects of these kinds by their own ids; the first kind that has one counts.
    pub(super) fn find(
        state: Option<State<'_>>,
        kinds: &[&'static Kind],
        ids: &HashSet<String>,
    ) -> Result<Self> {
        let mut found = HashMap::new();
        let Some(state) = state else {
            return Ok(Self(found));
        };
        let mut left: HashSet<&str> = ids.iter().map(String::as_str).collect();
        for kind in kinds {
            let Some(stored) = state.archive.kind(kind.name) else {
                continue;
            };
            if left.is_empty() {
                break;
            }
            let alive = state.archive.alive(stored.number, state.snapshot)?;
            // A look into the index costs about as much as reading a version.
            let is_few = left.len() as u64 <= alive.len();
            if is_few && kind.parent.is_none() {
                let mut here = Vec::new();
                for id in &left {
                    let key = ObjectKey::new(id);
                    let versions = state.archive.object_versions(stored.number, key.as_str())?;
                    let living = versions.into_iter().find(|it| alive.contains(*it));
                    here.extend(living.map(|ordinal| (*id, ordinal)));
                }
                for (id, ordinal) in here {
                    left.remove(id);
                    found.insert(id.to_owned(), (*kind, ordinal));
                }
            } else {
                state
                    .archive
                    .versions(stored.number, &alive, |ordinal, key, _| {
                        let own = key.rsplit(KEY_SEPARATOR).next().unwrap_or(key);
                        if left.remove(own) {
                            found.insert(own.to_owned(), (*kind, ordinal));
                        }
                        Ok(())
                    })?;
            }
        }
        Ok(Self(found))
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Reads what was found: id, name and content of each.
    pub(super) fn read(
        &self,
        state: Option<State<'_>>,
        mut each: impl FnMut(&'static Kind, &str, Option<String>, model::Value<'_>),
    ) -> Result<()> {
        let Some(state) = state else { return Ok(()) };
        let mut kinds: HashMap<&str, (&'static Kind, KindNumber, RoaringBitmap)> = HashMap::new();
        for (kind, ordinal) in self.0.values() {
            let Some(stored) = state.archive.kind(kind.name) else {
                continue;
            };
            kinds
                .entry(kind.name)
                .or_insert_with(|| (*kind, stored.number, RoaringBitmap::new()))
                .2
                .insert(*ordinal);
        }
        let mut parser = Parser::new();
        for (kind, number, ordinals) in kinds.into_values() {
            state.archive.versions(number, &ordinals, |_, key, text| {
                let own = key.rsplit(KEY_SEPARATOR).next().unwrap_or(key);
                if let Ok(document) = parser.parse_text(text) {
                    let root = document.root();
                    each(kind, own, display(kind, root), root);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

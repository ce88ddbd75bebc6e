//! Which object is meant: an id, or a kind and a name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use store::{KindNumber, StoredKind};

use crate::columns::{ID, KEY, KindSchema, Origin};
use crate::error::{Error, Result};
use crate::source::{Source, is_event};

/// An object of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Number of its kind.
    pub kind: KindNumber,
    /// Name of its kind.
    pub kind_name: String,
    /// Its key within the kind.
    pub key: String,
    /// Its id as exports spell it.
    pub id: String,
    /// What a person calls it, in its newest version.
    pub display: Option<String>,
}

/// Properties by which people name objects besides what a kind displays.
const NAMES: [&str; 6] = [
    "userPrincipalName",
    "mail",
    "appId",
    "deviceId",
    "mailNickname",
    "uniqueName",
];
/// Candidates listed for an ambiguous name.
const LISTED: usize = 10;

impl Source {
    /// The object somebody means: an id, or `KIND:NAME` where the name is an id, a display name, a user
    /// principal name, a mail address or an application id, in any version there ever was.
    pub fn object(&self, text: &str) -> Result<ObjectRef> {
        let (kinds, name) = self.scope(text)?;
        if kinds.is_empty() {
            return Err(Error::NotFound(format!(
                "the archive has no objects of the kind in {text:?}"
            )));
        }
        let mut found = Vec::new();
        for kind in &kinds {
            if !self
                .archive
                .object_versions(kind.number, &model::fold_id(name))?
                .is_empty()
            {
                found.push(self.described(kind, &model::fold_id(name))?);
            }
        }
        if found.is_empty() {
            for kind in &kinds {
                found.extend(self.named(kind, name)?);
            }
        }
        // Reports, risk and the recycle bin are kept under the id of the object they are about.
        let is_id = |object: &ObjectRef| object.key == model::fold_id(name);
        if found.len() > 1
            && found.iter().all(is_id)
            && let Some((kind, _)) = crate::tables::Directory::new(self, None).versions(name)?
        {
            found.sort_by_key(|object| object.kind != kind.number);
            found.truncate(1);
        }
        let current = self.current(&found)?;
        match (found.len(), current.as_slice()) {
            (0, _) => Err(Error::NotFound(format!(
                "nothing in the archive is called {text:?}: try entrace find {name:?}"
            ))),
            (1, _) => Ok(found.remove(0)),
            // A name that was used again means what bears it now.
            (_, [only]) => Ok(found.swap_remove(*only)),
            _ => {
                let list = found
                    .iter()
                    .take(LISTED)
                    .map(|object| format!("{}:{}", object.kind_name, object.id));
                Err(Error::Ambiguous {
                    name: text.to_owned(),
                    candidates: list.collect(),
                })
            }
        }
    }

    /// What the object with this id is called in its newest version, and its kind.
    pub fn name_of(&self, id: &str) -> Result<Option<(String, Option<String>)>> {
        let mut directory = crate::tables::Directory::new(self, None);
        let entry = directory.entry(id)?;
        Ok(entry.map(|entry| (entry.kind.clone(), entry.display.clone())))
    }

    /// The kinds a text speaks of, and the rest of it.
    fn scope<'t>(&self, text: &'t str) -> Result<(Vec<StoredKind>, &'t str)> {
        if let Some((kind, name)) = text.split_once(':') {
            let resolved = catalog::resolve(kind).map_or(kind, |kind| kind.name);
            if let Some(stored) = self.archive.kind(resolved) {
                return Ok((vec![stored], name));
            }
            if catalog::resolve(kind).is_some() {
                return Ok((Vec::new(), name));
            }
            // An id may hold a colon itself.
            if !model::is_guid(text)
                && kind
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c))
            {
                return Err(Error::NotFound(format!(
                    "there is no kind {kind:?}: entrace ls lists those there are"
                )));
            }
        }
        let kinds = self
            .archive
            .kinds()
            .into_iter()
            .filter(|kind| !is_event(&kind.name));
        Ok((kinds.collect(), text))
    }

    /// Which of the objects exist in the newest snapshot.
    fn current(&self, objects: &[ObjectRef]) -> Result<Vec<usize>> {
        let Some(latest) = self.archive.snapshots().last() else {
            return Ok(Vec::new());
        };
        let mut current = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            let alive = self.archive.alive(object.kind, latest)?;
            let versions = self.archive.object_versions(object.kind, &object.key)?;
            if versions.iter().any(|ordinal| alive.contains(*ordinal)) {
                current.push(at);
            }
        }
        Ok(current)
    }

    /// The object with that key, which exists.
    fn described(&self, kind: &StoredKind, key: &str) -> Result<ObjectRef> {
        let newest = self
            .archive
            .object_versions(kind.number, key)?
            .first()
            .copied()
            .unwrap_or(0);
        let names = crate::tables::named(self, kind, &std::iter::once(newest).collect())?;
        let name = names.into_values().next().unwrap_or_default();
        Ok(ObjectRef {
            kind: kind.number,
            kind_name: kind.name.clone(),
            key: key.to_owned(),
            id: if name.id.is_empty() {
                key.to_owned()
            } else {
                name.id
            },
            display: name.display,
        })
    }

    /// Objects of a kind that bear a name in any version.
    fn named(&self, kind: &StoredKind, name: &str) -> Result<Vec<ObjectRef>> {
        let projection = self.columns(kind)?;
        let columns = naming_columns(&projection.schema);
        let mut keys = BTreeSet::new();
        projection.scan(
            &self.archive,
            &(0..kind.versions).collect(),
            &columns,
            None,
            &mut |rows| {
                let text =
                    |column: usize, row: usize| crate::tables::written(&rows.columns[column], row);
                for row in 0..rows.ordinals.len() {
                    let key = text(1, row).map_or_else(
                        || model::fold_id(&text(0, row).unwrap_or_default()),
                        Cow::into_owned,
                    );
                    let bears = (0..columns.len()).any(|column| {
                        text(column, row).is_some_and(|t| t.eq_ignore_ascii_case(name))
                    });
                    let shown = key.replace(model::KEY_SEPARATOR, "/");
                    if bears || shown.eq_ignore_ascii_case(name) {
                        keys.insert(key);
                    }
                }
                Ok(())
            },
        )?;
        keys.into_iter()
            .map(|key| self.described(kind, &key))
            .collect()
    }
}

/// The id, the key, and what else may name an object.
fn naming_columns(schema: &KindSchema) -> Vec<usize> {
    let mut columns = vec![ID, KEY];
    columns.extend(schema.display());
    for (at, column) in schema.columns.iter().enumerate() {
        if matches!(column.origin, Origin::Property(name, _) if NAMES.contains(&name))
            && !columns.contains(&at)
        {
            columns.push(at);
        }
    }
    columns
}

//! Whose timeline it is, and by which ids the archive names it.

use model::{Parser, Value};
use store::{KindNumber, StoredKind};

use crate::error::{Error, Result};
use crate::mentions::Mentions;
use crate::object::ObjectRef;
use crate::source::Source;
use roaring::RoaringBitmap;

/// An object or an actor. An actor need not be an object of the archive: its id may stand in logs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Its id, and the application id by which policies and logs name an application.
    pub(crate) ids: Vec<String>,
    object: Option<(KindNumber, String)>,
}

impl Subject {
    /// What a text means: an object of the archive, or any id in GUID form.
    pub(crate) fn named(source: &Source, text: &str) -> Result<Self> {
        match source.object(text) {
            Ok(object) => Self::of_object(source, &object),
            Err(Error::NotFound(_)) if model::is_guid(text) => Ok(Self::of_id(text)),
            Err(error) => Err(error),
        }
    }

    /// Whatever has an id.
    pub(crate) fn of_id(id: &str) -> Self {
        Self {
            ids: vec![model::fold_id(id)],
            object: None,
        }
    }

    fn of_object(source: &Source, object: &ObjectRef) -> Result<Self> {
        let is_edge = object.key.contains(model::KEY_SEPARATOR);
        let mut ids = Vec::new();
        if !is_edge {
            ids.push(object.key.clone());
        }
        if matches!(
            object.kind_name.as_str(),
            "application" | "service_principal"
        ) {
            ids.extend(application_id(source, object)?);
        }
        Ok(Self {
            ids,
            object: Some((object.kind, object.key.clone())),
        })
    }

    /// Whether a key is the object's own or that of a part of it, and not of something that names it.
    pub(crate) fn owns(&self, key: &str) -> bool {
        let top = key.split(model::KEY_SEPARATOR).next().unwrap_or(key);
        self.ids.iter().any(|id| id == top)
            || self.object.as_ref().is_some_and(|(_, own)| own == key)
    }

    /// The versions of a kind that are of the subject or name it, and the other versions of the same
    /// objects: from what they came and what they became.
    pub(crate) fn versions(&self, source: &Source, kind: &StoredKind) -> Result<Concerned> {
        let archive = &source.archive;
        let mut naming = self.named_in(&*source.mentions(kind)?);
        let listed = catalog::by_name(&kind.name);
        if listed.is_some_and(catalog::Kind::is_relationship) {
            // Both ends are in the key, so in every version.
            return Ok(Concerned {
                all: naming.clone(),
                naming,
            });
        }
        let mut all = RoaringBitmap::new();
        if let Some((number, key)) = &self.object
            && *number == kind.number
        {
            all.extend(archive.object_versions(kind.number, key)?);
        }
        if listed.is_none_or(|kind| kind.parent.is_none()) {
            for id in &self.ids {
                all.extend(archive.object_versions(kind.number, id)?);
            }
        }
        naming |= &all;
        for ordinal in &naming {
            if !all.contains(ordinal) {
                match archive.version(kind.number, ordinal) {
                    Ok(version) => all.extend(archive.object_versions(kind.number, &version.key)?),
                    Err(store::Error::Erased) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(Concerned { naming, all })
    }

    /// The versions in which any of its ids stands.
    pub(crate) fn named_in(&self, mentions: &Mentions) -> RoaringBitmap {
        let mut naming = RoaringBitmap::new();
        for id in &self.ids {
            naming |= mentions.of(id);
        }
        naming
    }
}

/// Versions that have to do with a subject.
pub(crate) struct Concerned {
    /// Those that are of it or name it.
    pub(crate) naming: RoaringBitmap,
    /// Those, and the other versions of the same objects.
    pub(crate) all: RoaringBitmap,
}

/// The `appId` in the newest version of an application or service principal.
fn application_id(source: &Source, object: &ObjectRef) -> Result<Option<String>> {
    let versions = source.archive.object_versions(object.kind, &object.key)?;
    let Some(newest) = versions.first() else {
        return Ok(None);
    };
    let version = match source.archive.version(object.kind, *newest) {
        Err(store::Error::Erased) => return Ok(None),
        other => other?,
    };
    let mut parser = Parser::new();
    let Ok(document) = parser.parse_text(&version.payload) else {
        return Ok(None);
    };
    let id = document.root().get("appId").and_then(Value::text);
    Ok(id
        .filter(|id| model::is_guid(id))
        .map(|id| model::fold_id(&id)))
}

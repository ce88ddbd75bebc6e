//! What one object was in the course of time, without a statement: for who asks about one object, many times a second.

use jiff::Timestamp;

use crate::error::Result;
use crate::object::ObjectRef;
use crate::source::Source;
use crate::tables::{Lives, version_text};

/// A time in which an object had one content, as far as snapshots saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lived {
    /// The content: equal contents of an object have equal ones.
    pub version: String,
    /// First snapshot that showed it.
    pub first_seen: Timestamp,
    /// First snapshot after it that did not.
    pub gone_at: Option<Timestamp>,
    ordinal: u32,
}

impl Lived {
    /// Whether the object was so at a time.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.first_seen <= at && self.gone_at.is_none_or(|gone| gone > at)
    }
}

impl Source {
    /// The times in which an object had one content each, in the order of time: the rows of `history('OBJECT')`.
    ///
    /// # Errors
    /// What the archive reports.
    pub fn lived(&self, object: &ObjectRef) -> Result<Vec<Lived>> {
        let changes = self.changes(object.kind, None)?;
        let versions = self.archive.object_versions(object.kind, &object.key)?;
        let lives = Lives::among(self, &changes, &versions.iter().copied().collect());
        let mut all = Vec::new();
        for ordinal in versions {
            let of = lives.of(ordinal);
            if of.is_empty() {
                continue;
            }
            let version = version_text(self, object.kind, ordinal)?;
            all.extend(of.iter().map(|life| Lived {
                version: version.clone(),
                first_seen: lives.first_seen(life),
                gone_at: lives.gone_at(life),
                ordinal,
            }));
        }
        all.sort_by_key(|lived| lived.first_seen);
        Ok(all)
    }

    /// The whole object as it was in that time, as JSON; an empty one where its data was erased.
    ///
    /// # Errors
    /// What the archive reports.
    pub fn content(&self, object: &ObjectRef, lived: &Lived) -> Result<String> {
        match self.archive.version(object.kind, lived.ordinal) {
            Err(store::Error::Erased) => Ok(String::from("{}")),
            other => Ok(other?.payload),
        }
    }
}

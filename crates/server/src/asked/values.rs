//! Values of parameters: revisions, times, kinds, objects, words.

use std::sync::Arc;

use jiff::Timestamp;
use query::ObjectRef;
use store::Snapshot;

use super::Asked;
use crate::problem::{Code, Problem};

/// Longest text that can name an object, in bytes.
const MAX_NAME_BYTES: usize = 1000;

/// A parameter with a value it does not take.
pub(crate) fn invalid(name: &str, why: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("parameter {name}: {why}")).with("parameter", name)
}

impl<P> Asked<P> {
    /// A time: as it is written, else that of the snapshot a revision means.
    pub(crate) fn time(&self, name: &str, text: &str) -> Result<Timestamp, Problem> {
        if let Ok(time) = model::parse_time(text) {
            return Ok(time);
        }
        let snapshot = self
            .snapshot(text)
            .map_err(|problem| match problem.code() {
                Code::InvalidRevision => Problem::new(
                    Code::InvalidTime,
                    format!("parameter {name}: {text:?} is neither a time nor a revision"),
                )
                .with("parameter", name),
                _ => problem,
            })?;
        Ok(snapshot.taken_at)
    }

    /// The kinds a list names, by their names in the archive. A kind of the catalogue that the archive lacks has
    /// no objects; one that nobody knows is a problem.
    pub(crate) fn kinds(&self, text: Option<&str>) -> Result<Vec<String>, Problem> {
        let words = text.into_iter().flat_map(|text| text.split(','));
        words.map(|word| self.kind(word.trim())).collect()
    }

    fn kind(&self, word: &str) -> Result<String, Problem> {
        if let Some(kind) = catalog::resolve(word) {
            return Ok(kind.name.to_owned());
        }
        let stored = self.opened.archive().kind(word);
        stored.map(|kind| kind.name).ok_or_else(|| {
            Problem::new(
                Code::KindNotFound,
                format!("there is no kind {word:?}: GET /v1/schema lists them"),
            )
            .with("parameter", "kind")
        })
    }

    /// The object a text means. A name is looked for among all that anything was ever called, so not on the threads
    /// that serve connections.
    pub(crate) async fn found(&self, text: &str) -> Result<ObjectRef, Problem> {
        check_object(text)?;
        let (opened, text) = (Arc::clone(&self.opened), text.to_owned());
        self.reading(move || Ok(opened.source.object(&text)?)).await
    }

    /// Reads the archive where it may wait for files.
    pub(crate) async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let read = self.state.engine.run_blocking(read).await;
        self.doubting(read)
    }

    /// The snapshot before another; with a cursor that of its pages.
    pub(crate) fn before(&self, pin: usize, later: &Snapshot) -> Result<Snapshot, Problem> {
        if self.page.cursor.is_some() {
            return self.pinned(pin, "latest");
        }
        let snapshots = self.opened.archive().snapshots();
        let at = snapshots.iter().position(|own| own.number == later.number);
        let before = at.and_then(|at| snapshots.get(at.checked_sub(1)?));
        before.cloned().ok_or_else(|| {
            Problem::new(
                Code::RevisionNotFound,
                "there is no snapshot before that one to compare it with: name one with from",
            )
        })
    }
}

/// Refuses what can name no object.
pub(crate) fn check_object(text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() || text.len() > MAX_NAME_BYTES || text.contains('\0') {
        return Err(Problem::new(
            Code::InvalidObject,
            "this is no object: it can be an id, or KIND:NAME such as user:alice@contoso.example",
        ));
    }
    Ok(())
}

/// Whether a text names an object by its id alone, which never means another.
pub(crate) fn is_id(text: &str) -> bool {
    model::is_guid(text)
}

/// One of a few words.
pub(crate) fn word<T: Copy>(name: &str, text: &str, words: &[(&str, T)]) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, meant)| *meant).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        invalid(name, &format!("{text:?} is none of {}", words.join(", ")))
    })
}

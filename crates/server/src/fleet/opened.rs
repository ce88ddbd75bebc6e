//! An archive opened for reading, at one moment.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use query::arrow::array::RecordBatch;
use query::arrow::datatypes::SchemaRef;
use query::{Answer, Limits, Provenance, Session, SessionOptions, Source};
use store::{Archive, RecordId, Secrets, Snapshot, Storage};

use crate::problem::{Code, Problem};

/// Replaced by each commit to an archive.
const CHECKPOINT: &str = "log/checkpoint";
/// What a statement of ours may take. They are bounded by what they ask for; this is the second line.
const LIMITS: Limits = Limits {
    memory_bytes: 1 << 30,
    disk_bytes: 0,
    time: Some(Duration::from_mins(1)),
    rows: Some(2_000_000),
    bytes: Some(1 << 30),
};
/// Sessions kept for the next statements.
const KEPT_SESSIONS: usize = 16;
/// How often an archive was opened.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// What a statement of ours came to.
#[derive(Debug)]
pub(crate) struct Told {
    /// The columns of the rows.
    pub(crate) schema: SchemaRef,
    /// The rows.
    pub(crate) batches: Vec<RecordBatch>,
    /// What the answer was made from, and what it leaves out.
    pub(crate) provenance: Provenance,
}

impl Told {
    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// An archive at one moment, with what is kept for questions about it.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The archive being asked.
    pub(crate) source: Arc<Source>,
    /// The checkpoint it was opened at.
    checkpoint: Vec<u8>,
    /// Making one takes a millisecond; they remember nothing from one statement to the next.
    sessions: Mutex<Vec<(Option<RecordId>, Session)>>,
    /// Another number each time an archive is opened.
    pub(crate) generation: u64,
}

impl Opened {
    pub(super) fn new(
        storage: &Arc<dyn Storage>,
        secrets: &Secrets,
        now: Timestamp,
    ) -> store::Result<Self> {
        let checkpoint = storage.read(CHECKPOINT).unwrap_or_default();
        let archive = Archive::open(Arc::clone(storage), secrets)?;
        Ok(Self {
            source: Source::new(Arc::new(archive), now),
            checkpoint,
            sessions: Mutex::default(),
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Whether the archive has moved on, or the index had been behind the log.
    pub(super) fn is_stale(&self, storage: &dyn Storage) -> store::Result<bool> {
        let checkpoint = storage.read(CHECKPOINT)?;
        let size = size_of_log(&checkpoint);
        Ok(checkpoint != self.checkpoint
            || size.is_some_and(|size| size > self.archive().log_size()))
    }

    /// The archive.
    pub(crate) fn archive(&self) -> &Archive {
        self.source.archive()
    }

    /// The snapshot a revision means at this time.
    pub(crate) fn snapshot(&self, revision: &str, now: Timestamp) -> Result<Snapshot, Problem> {
        query::resolve(self.archive(), now, revision).map_err(|error| match error {
            query::Error::Invalid(message) => Problem::new(Code::InvalidRevision, message),
            query::Error::NotFound(message) => Problem::new(Code::RevisionNotFound, message),
            other => Problem::from(other),
        })
    }

    /// Runs a statement of ours and collects its rows, on the engine's threads. `as_of` is the snapshot that is
    /// now for it; none: everything the archive has.
    pub(crate) async fn ask(&self, sql: &str, as_of: Option<&Snapshot>) -> Result<Told, Problem> {
        let mut session = self.session(as_of)?;
        let told = told(&mut session, sql).await;
        // A session whose statement failed may still have work under way.
        if told.is_ok()
            && let Ok(mut sessions) = self.sessions.lock()
        {
            if sessions.len() >= KEPT_SESSIONS {
                sessions.remove(0);
            }
            sessions.push((as_of.map(|snapshot| snapshot.id), session));
        }
        told
    }

    fn session(&self, as_of: Option<&Snapshot>) -> Result<Session, Problem> {
        let pin = as_of.map(|snapshot| snapshot.id);
        let kept = self.sessions.lock().ok().and_then(|mut kept| {
            let at = kept.iter().position(|(own, _)| *own == pin)?;
            Some(kept.remove(at).1)
        });
        match kept {
            Some(session) => Ok(session),
            None => {
                let options = SessionOptions {
                    as_of: pin.map(|id| id.to_string()),
                    limits: LIMITS,
                };
                Ok(Session::new(&self.source, options)?)
            }
        }
    }
}

async fn told(session: &mut Session, sql: &str) -> Result<Told, Problem> {
    let mut rows = match session.run(sql, &BTreeMap::new()).await? {
        Answer::Rows(rows) => rows,
        Answer::Pinned(_) => return Err(Problem::bug("a statement of ours pinned its session")),
    };
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await? {
        batches.push(batch);
    }
    Ok(Told {
        schema: Arc::clone(&rows.schema),
        batches,
        provenance: rows.provenance()?,
    })
}

/// The size a checkpoint states: the second line of its note.
fn size_of_log(checkpoint: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(checkpoint).ok()?;
    text.lines().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_states_its_size() {
        assert_eq!(size_of_log(b"entrace/ab\n92\nAbC=\n\n"), Some(92));
        assert_eq!(size_of_log(b"entrace/ab"), None);
        assert_eq!(size_of_log(b"\xff\n1"), None);
    }
}

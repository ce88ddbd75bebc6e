//! What an import came to.

use jiff::Timestamp;
use store::{CoverageState, Finding, RecordId, SnapshotNumber, Verdict};

/// What an import came to.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// Snapshots that were made, in the order they were made.
    pub snapshots: Vec<ImportedSnapshot>,
    /// Snapshots or commits the archive had already.
    pub already: u64,
    /// Items that are not in the archive.
    pub rejected: u64,
    /// Items that are in the archive, with a doubt.
    pub doubtful: u64,
    /// The first [`ImportReport::MAX_FINDINGS`] of both.
    pub findings: Vec<Finding>,
    /// Kinds of which so much was gone at once that nothing was closed.
    pub suspected: Vec<Suspected>,
    /// Bytes read.
    pub bytes_read: u64,
    /// Files read; in a git history, file versions looked at.
    pub files: u64,
    /// Files left aside because of their names: no JSON, JSON lines or CSV.
    pub ignored: u64,
}

/// A snapshot an import made.
#[derive(Debug, Clone)]
pub struct ImportedSnapshot {
    /// Its number in the archive.
    pub number: SnapshotNumber,
    /// Its id.
    pub id: RecordId,
    /// When the tenant was in this state.
    pub taken_at: Timestamp,
    /// Id of the commit it was read from; empty where it was not.
    pub version: String,
    /// What it says of each kind.
    pub kinds: Vec<ImportedKind>,
    /// Bytes it added to the archive.
    pub bytes_added: u64,
}

/// What a snapshot says of a kind.
#[derive(Debug, Clone)]
pub struct ImportedKind {
    /// Name of the kind.
    pub kind: String,
    /// How completely it was read.
    pub state: CoverageState,
    /// Objects alive after it.
    pub alive: u64,
    /// Versions stored for the first time.
    pub new_versions: u64,
    /// Versions alive now and not before.
    pub opened: u64,
    /// Versions alive before and not now.
    pub closed: u64,
}

/// A kind of which so much was gone at once that a failed export is likelier than a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspected {
    /// Name of the kind.
    pub kind: String,
    /// Objects before.
    pub before: u64,
    /// Objects of which nothing was seen.
    pub gone: u64,
    /// When the snapshot was taken.
    pub taken_at: Timestamp,
    /// Id of its commit; empty where it has none.
    pub version: String,
}

impl ImportReport {
    /// Findings kept by name; beyond, only counted.
    pub const MAX_FINDINGS: usize = 1000;

    /// Adds a finding, counting it where there are too many to keep.
    pub(crate) fn add(&mut self, finding: &Finding) {
        match finding.verdict {
            Verdict::Rejected => self.rejected += 1,
            Verdict::Doubtful => self.doubtful += 1,
        }
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(finding.clone());
        }
    }
}

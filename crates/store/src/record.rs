//! Records: what each act did, as JSON (`docs/format.md` section 8).

use serde::{Deserialize, Serialize};

use crate::bytes::{Put, Reader, Short};
use crate::id::SnapshotNumber;

const FORMAT: &str = "entrace/record/v1";

/// What one act did. Unknown members of a newer program's records are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) format: String,
    /// `init`, `snapshot`, `events`, `tag`, `compact`, `hold-set`, `hold-release`, or one of [`PlanEvent`].
    pub act: String,
    /// Number of the log leaf.
    pub number: u64,
    /// The snapshot's number; in acts `snapshot` and `events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotNumber>,
    /// When the tenant was in the recorded state, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<jiff::Timestamp>,
    /// When the act was committed, RFC 3339.
    pub committed_at: jiff::Timestamp,
    /// Program and version that wrote it.
    pub tool: String,
    /// Packs the act added, without the one that holds the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) packs: Vec<String>,
    /// Act `compact`: every pack of the archive after it, without the one that holds the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<Vec<String>>,
    /// Where the snapshot came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What the snapshot states, by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindRecord>,
    /// Act `tag`: the tag's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Act `tag`: the snapshot it names; absent: the tag was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<SnapshotNumber>,
    /// Act `hold-set`: the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Act `hold-release`: the hold that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// What became of a restore plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanAct>,
}

/// Something that must not be removed, whatever retention says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Number of the act that set it.
    pub id: u64,
    /// What it covers.
    pub scope: HoldScope,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: String,
    /// When.
    pub set_at: jiff::Timestamp,
}

/// What a hold covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HoldScope {
    /// The whole archive.
    Archive,
    /// One snapshot.
    Snapshot {
        /// Its number.
        snapshot: SnapshotNumber,
    },
    /// Whatever was alive, or happened, in a period.
    Between {
        /// Beginning, included.
        from: jiff::Timestamp,
        /// End, included.
        to: jiff::Timestamp,
    },
    /// Every version of one object.
    Object {
        /// Its kind.
        kind: String,
        /// Its key.
        key: String,
    },
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Number of the act that set it.
    pub hold: u64,
    /// Why it ends.
    pub reason: String,
    /// Who released it.
    pub by: String,
}

/// What became of a restore plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAct {
    /// What.
    pub event: PlanEvent,
    /// The plan's id: the hash of its text.
    pub plan: String,
    /// Who did it.
    pub by: String,
    /// Hash of the paper that shows it (an approval, a journal), hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
}

/// What can become of a restore plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanEvent {
    /// It was made.
    Created,
    /// Somebody approved it.
    Approved,
    /// Somebody rejected it.
    Rejected,
    /// It was given up before it was done.
    Cancelled,
    /// Its execution began.
    Started,
    /// Its execution ended.
    Executed,
    /// Its result was compared with what was wanted.
    Verified,
}

impl PlanEvent {
    /// The act's name in the log.
    #[must_use]
    pub fn act(self) -> &'static str {
        match self {
            Self::Created => "plan-created",
            Self::Approved => "plan-approved",
            Self::Rejected => "plan-rejected",
            Self::Cancelled => "plan-cancelled",
            Self::Started => "plan-started",
            Self::Executed => "plan-executed",
            Self::Verified => "plan-verified",
        }
    }
}

impl Record {
    pub(crate) fn new(act: &str, number: u64, committed_at: jiff::Timestamp, tool: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            act: act.to_owned(),
            number,
            snapshot: None,
            taken_at: None,
            committed_at,
            tool: tool.to_owned(),
            packs: Vec::new(),
            live: None,
            source: None,
            kinds: Vec::new(),
            tag: None,
            target: None,
            hold: None,
            release: None,
            plan: None,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("because strings, numbers and lists are always JSON")
    }

    /// `None` when the text is no record this program understands.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text)
            .ok()
            .filter(|record: &Self| record.format == FORMAT)
    }
}

/// Where a snapshot came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Importer or collector (`entraexporter`, `git`, `jsonl` ...).
    #[serde(rename = "type")]
    pub kind: String,
    /// Name for people: a folder's name, a branch.
    pub name: String,
    /// Hash of everything that was read: the same again is no news.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// Id of the source's own version (a git commit).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// What a snapshot states of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KindRecord {
    /// Name of the kind.
    pub kind: String,
    /// Its number in this archive.
    pub number: u16,
    /// Ordinals of the kind; absent where `same_as` says where they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<u32>,
    /// Merkle root over them, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Versions alive.
    pub alive: u64,
    /// Hash of the set of them, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_hash: Option<String>,
    /// Snapshot whose `versions`, `root` and `alive_hash` also hold here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<SnapshotNumber>,
    /// Versions stored for the first time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub new_versions: u64,
    /// Versions alive now and not before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub opened: u64,
    /// Versions alive before and not now.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub closed: u64,
    /// How completely the kind was read.
    pub coverage: Coverage,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How completely a kind was read. Missing is never empty: an absent object of a kind that was not
/// read completely is no deletion.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The verdict.
    pub state: CoverageState,
    /// Objects read.
    pub objects: u64,
    /// Why the state is not `complete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When reading began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<jiff::Timestamp>,
    /// When reading ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<jiff::Timestamp>,
    /// Items that were rejected or are doubtful; at most [`Coverage::MAX_FINDINGS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// All items rejected.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// All items doubtful.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub doubtful: u64,
}

impl Coverage {
    /// Findings kept by name; beyond, only counted.
    pub const MAX_FINDINGS: usize = 1000;

    /// Adds a finding, counting it where there are too many to keep.
    pub fn add(&mut self, finding: Finding) {
        match finding.verdict {
            Verdict::Rejected => self.rejected += 1,
            Verdict::Doubtful => self.doubtful += 1,
        }
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// How completely a kind was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// Every object there was.
    #[default]
    Complete,
    /// Some of them; nothing was concluded from absence.
    Partial,
    /// The permission is missing.
    Forbidden,
    /// The tenant's licence does not include it.
    NotLicensed,
    /// Not asked for.
    NotSelected,
    /// Reading failed.
    Failed,
}

impl CoverageState {
    /// The word used in records and SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Forbidden => "forbidden",
            Self::NotLicensed => "not_licensed",
            Self::NotSelected => "not_selected",
            Self::Failed => "failed",
        }
    }
}

/// An item of the input that was not taken as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// File it stood in.
    pub file: String,
    /// Where in the file: a line, a byte, an element.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What was wrong with it.
    pub reason: String,
    /// What was done about it.
    pub verdict: Verdict,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not in the archive.
    Rejected,
    /// It is in the archive, with a doubt.
    Doubtful,
}

/// Content of a records frame.
pub(crate) fn encode_records<'t>(texts: impl ExactSizeIterator<Item = &'t str>) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(texts.len() as u64);
    for text in texts {
        out.varint(text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    out
}

pub(crate) fn decode_records(content: &[u8]) -> Result<Vec<&str>, Short> {
    let mut reader = Reader(content);
    let count = reader.length()?;
    let mut texts = Vec::with_capacity(count);
    for _ in 0..count {
        texts.push(std::str::from_utf8(reader.sized()?).map_err(|_| Short)?);
    }
    if reader.is_empty() {
        Ok(texts)
    } else {
        Err(Short)
    }
}

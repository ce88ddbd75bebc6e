//! Keeps object versions and snapshots for years, and can prove it.

mod archive;
mod bytes;
mod check;
mod compact;
mod compress;
mod data;
mod error;
mod frame;
mod id;
mod index;
mod keys;
mod log;
mod merkle;
mod pack;
mod record;
mod seal;
mod state;
mod storage;
mod volatile;
mod work;
mod writer;

pub use archive::{Archive, CreateOptions, Snapshot, StateChange, StoredKind, Version};
pub use check::{Affected, CheckReport, Problem, ReadData, check};
pub use compact::CompactReport;
pub use error::{Error, Result};
pub use id::{
    ArchiveId, BlobId, FrameId, KindNumber, Ordinal, PackId, RecordId, SnapshotNumber, VersionId,
};
pub use keys::{Secrets, SlotChoice};
pub use record::{
    Coverage, CoverageState, Finding, Hold, HoldScope, KindRecord, PlanAct, PlanEvent, Record,
    Release, Source, Verdict,
};
pub use storage::{
    Fault, FaultStorage, LocalStorage, LockGuard, MemoryStorage, Operation, RecordingStorage,
    Storage,
};
pub use writer::{
    Closing, Commit, KindHandle, KindOptions, Object, Put, SnapshotWriter, Summary, Tally, UnitId,
    UnitRules, Writer, WriterOptions,
};

//! What the frames say, as JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use query::{Limits, Provenance};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Secrets, Snapshot};
use zeroize::Zeroizing;

use crate::confine::Confinement;
use crate::error::{Error, Result};

/// One statement for a worker.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The statement.
    pub sql: String,
    /// Values of `$name` in it.
    pub parameters: BTreeMap<String, String>,
    /// Revision it sees as now.
    pub as_of: Option<String>,
    /// What it may take, where that is less than the pool allows. Workers never write temporary files.
    pub limits: Limits,
}

/// A request on the wire.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireRequest {
    pub(crate) sql: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) as_of: Option<String>,
    memory_bytes: usize,
    time: Option<Duration>,
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl WireRequest {
    pub(crate) fn new(request: Request) -> Self {
        let limits = request.limits;
        Self {
            sql: request.sql,
            parameters: request.parameters,
            as_of: request.as_of,
            memory_bytes: limits.memory_bytes,
            time: limits.time,
            rows: limits.rows,
            bytes: limits.bytes,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.memory_bytes,
            disk_bytes: 0,
            time: self.time,
            rows: self.rows,
            bytes: self.bytes,
        }
    }
}

/// The first message to a worker.
#[derive(Serialize)]
pub(crate) struct Opening<'o> {
    archive: &'o PathBuf,
    identities: Vec<&'o str>,
    passphrases: Vec<&'o str>,
    memory_bytes: usize,
}

impl<'o> Opening<'o> {
    pub(crate) fn new(archive: &'o PathBuf, secrets: &'o Secrets, memory_bytes: usize) -> Self {
        Self {
            archive,
            identities: secrets
                .identities
                .iter()
                .map(|text| text.as_str())
                .collect(),
            passphrases: secrets
                .passphrases
                .iter()
                .map(|text| text.as_str())
                .collect(),
            memory_bytes,
        }
    }
}

/// The same as the worker reads it.
#[derive(Deserialize)]
pub(crate) struct Opened {
    pub(crate) archive: PathBuf,
    identities: Vec<String>,
    passphrases: Vec<String>,
    /// Memory a statement may take, in bytes.
    pub(crate) memory_bytes: usize,
}

impl Opened {
    pub(crate) fn secrets(&mut self) -> Secrets {
        let protected = |texts: &mut Vec<String>| texts.drain(..).map(Zeroizing::new).collect();
        Secrets {
            identities: protected(&mut self.identities),
            passphrases: protected(&mut self.passphrases),
        }
    }
}

/// A worker is ready.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) confinement: Confinement,
}

/// A snapshot on the wire.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireSnapshot {
    number: u32,
    id: String,
    taken_at: Timestamp,
}

impl From<&Snapshot> for WireSnapshot {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            number: snapshot.number,
            id: snapshot.id.to_string(),
            taken_at: snapshot.taken_at,
        }
    }
}

impl TryFrom<WireSnapshot> for Snapshot {
    type Error = Error;

    fn try_from(wire: WireSnapshot) -> Result<Self> {
        let id = wire.id.parse();
        Ok(Self {
            number: wire.number,
            id: id.map_err(|_| Error::garbled("a snapshot's id is none"))?,
            taken_at: wire.taken_at,
        })
    }
}

/// Where the rows came from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    snapshots: Vec<WireSnapshot>,
    notes: Vec<String>,
}

impl From<&Provenance> for End {
    fn from(provenance: &Provenance) -> Self {
        Self {
            snapshots: provenance
                .snapshots
                .iter()
                .map(WireSnapshot::from)
                .collect(),
            notes: provenance.notes.clone(),
        }
    }
}

impl TryFrom<End> for Provenance {
    type Error = Error;

    fn try_from(end: End) -> Result<Self> {
        let snapshots = end.snapshots.into_iter().map(Snapshot::try_from);
        Ok(Self {
            snapshots: snapshots.collect::<Result<_>>()?,
            notes: end.notes,
        })
    }
}

/// The session is pinned to this snapshot from here on, or to none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pinned {
    pub(crate) snapshot: Option<WireSnapshot>,
}

/// A message as bytes, which are wiped: they may be keys.
pub(crate) fn bytes_of(message: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = serde_json::to_vec(message);
    let bytes = bytes.map_err(|e| Error::Start(format!("a message cannot be written: {e}")))?;
    Ok(Zeroizing::new(bytes))
}

/// A message of the other side.
pub(crate) fn parsed<T: DeserializeOwned>(payload: &[u8]) -> Result<T> {
    serde_json::from_slice(payload).map_err(|e| Error::garbled(&e.to_string()))
}

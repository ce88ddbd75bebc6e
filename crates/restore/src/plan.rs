//! The plan: what is to be done to a tenant, closed, ordered, and addressed by its content.
//!
//! A plan is a JSON file. Nothing outside it ever runs, and whoever approves it approves exactly these bytes:
//! its id is the BLAKE3 hash of the canonical text (RFC 8785 order) of everything but the id itself.
//!
//! Ids in a plan are those of the wanted state. What is made anew gets another id from the service, so a step
//! that makes an object says which ids it replaces ([`Step::makes`]), and a step that names such an object says
//! so ([`Step::uses`]): at execution each id in `uses` is exchanged, in address and body, for the one its
//! maker was given.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Value of [`Plan::format`].
pub const FORMAT: &str = "entrace/plan/v1";

/// A closed, ordered list of steps that brings chosen objects to a chosen state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// Id of the archive that holds the wanted state.
    pub archive: String,
    /// Id of the tenant the steps are for.
    pub tenant: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it, as the one who made it is known here: `name@host` or the principal of an API token.
    pub author: String,
    /// Program and version that made it.
    pub tool: String,
    /// What was asked for.
    pub wanted: Wanted,
    /// What it was compared with.
    pub against: Against,
    /// What is done, in an order in which it can be done; `steps[n].number` is `n + 1`.
    pub steps: Vec<Step>,
    /// Differences that no step removes, each with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impossible: Vec<Impossible>,
    /// References to objects that are not there and that no step makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangling: Vec<Dangling>,
    /// What belongs to the wanted state and is kept by other services (mailboxes, files, passwords): to be done by
    /// hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<String>,
    /// What it will cost.
    pub estimate: Estimate,
}

/// The state that is wanted, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Tenant whose state it is; another than [`Plan::tenant`] where a tenant is rebuilt elsewhere.
    pub tenant: String,
    /// The revision as it was asked for (`-1d`).
    pub revision: String,
    /// The snapshot that answers it.
    pub snapshot: u64,
    /// Id of the snapshot's record, hexadecimal.
    pub record: String,
    /// When the tenant was in that state.
    pub taken_at: Timestamp,
    /// The objects asked for, one line for each condition, as they were given.
    pub selection: Vec<String>,
}

/// The state the wanted one was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Against {
    /// Whether the tenant itself was read for the plan; else its last snapshot stands for it, and execution
    /// finds out what moved since.
    pub live: bool,
    /// The snapshot; none where the plan is for a tenant this archive has no snapshot of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u64>,
    /// When that state was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
}

/// One change to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Place in the plan, from 1.
    pub number: u32,
    /// Level in the order: steps of one stage do not wait for each other, and each waits for an earlier stage.
    /// From 1.
    pub stage: u32,
    /// Steps that must have been done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
    /// Kind of the object, the catalogue's word.
    pub kind: String,
    /// Its key in the wanted state, outermost part first.
    pub object: Vec<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is done.
    pub action: Action,
    /// What differs and is brought back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyChange>,
    /// The request that does it.
    pub request: Request,
    /// What must hold in the tenant at that moment; else the step stops.
    pub precondition: Precondition,
    /// What holds afterwards.
    pub expected: Expected,
    /// Ids that become others by this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makes: Vec<Made>,
    /// Ids in request, precondition and expectation that earlier steps make anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    /// How it is taken back.
    pub inverse: Inverse,
    /// Application permissions for the request, any one of which suffices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// What a reviewer must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Risk>,
}

/// What a step does. The words for it are Microsoft's where Microsoft's recovery has the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Properties get their wanted values.
    Update,
    /// The object comes back from the recycle bin, with its id.
    Restore,
    /// The object is made anew and gets another id.
    Create,
    /// What was made in a state that does nothing is switched on: the last act on a policy.
    Enable,
    /// A relationship is added.
    AddLink,
    /// A relationship is removed.
    RemoveLink,
    /// The object goes to the recycle bin.
    SoftDelete,
    /// The object is deleted for good: its kind has no recycle bin.
    Delete,
}

impl Action {
    /// What a person reads.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Update => "Update",
            Self::Restore => "Restore",
            Self::Create => "Create new",
            Self::Enable => "Enable",
            Self::AddLink => "Add link",
            Self::RemoveLink => "Remove link",
            Self::SoftDelete => "Soft delete",
            Self::Delete => "Delete",
        }
    }
}

/// A property before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyChange {
    /// Its path, Graph's names joined by `.`.
    pub path: String,
    /// Value in the state compared with; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub old: Option<Value>,
    /// Wanted value; absent where there is to be none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub new: Option<Value>,
}

/// A request to Microsoft Graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: String,
    /// Version and path below the service root, encoded: `/v1.0/groups/{id}`.
    pub target: String,
    /// JSON body, where there is one. An `@odata.id` in it is an address as in `target`; the root is put before it
    /// when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Header fields besides those of every request.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
}

/// What must hold before a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Precondition {
    /// The object is there and is what the plan was made on.
    Unchanged {
        /// BLAKE3 of the normalised object, hexadecimal ([`crate::fingerprint`]).
        hash: String,
    },
    /// The relationship, or the object an earlier step brings back, is there.
    Present,
    /// There is no such object.
    Absent,
    /// The object is in the recycle bin.
    Deleted,
}

/// What holds after a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Expected {
    /// The object is there, with these values among others.
    Present {
        /// By property at the top level.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        properties: Map<String, Value>,
    },
    /// It is not there.
    Absent,
}

/// An id that becomes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The id in the wanted state.
    pub old: String,
    /// Property of the answer that holds the new one: `id`, `appId`.
    pub property: String,
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inverse {
    /// By this request; ids in it are exchanged like those of the step.
    Request(Request),
    /// It cannot be, for this reason.
    Impossible(String),
}

/// What a reviewer must know of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// What it is about.
    pub code: RiskCode,
    /// What exactly, in one sentence.
    pub text: String,
}

/// What a risk is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskCode {
    /// A privileged role, or a permission that leads to one, is given.
    PrivilegedRole,
    /// An object the configuration protects is touched.
    Protected,
    /// Administrators could be locked out.
    LockOut,
    /// Sessions and tokens end, or applications lose access.
    TokenRevocation,
    /// The object gets a new id, and what names it outside the directory does not follow.
    NewId,
    /// A secret cannot be brought back and must be issued again.
    Secret,
}

/// A difference that no step removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impossible {
    /// Kind of the object.
    pub kind: String,
    /// Its key in the wanted state, outermost part first.
    pub object: Vec<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Properties it is about; empty: the object as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
    /// Why.
    pub reason: Reason,
    /// The reason in one sentence, with the way out where there is one.
    pub text: String,
}

/// Why something cannot be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its source of authority is on-premises.
    OnPremises,
    /// Graph never returns the value, so no snapshot has it.
    NeverReturned,
    /// Graph computes it.
    ReadOnly,
    /// It is fixed at creation.
    Immutable,
    /// Only a signed-in administrator may.
    Delegated,
    /// The tenant's licence does not include it.
    NotLicensed,
    /// Graph has no request for it.
    NoOperation,
    /// What it belongs to, or names, is not there and cannot be made.
    MissingParent,
    /// The kind was not completely read, so absence proves nothing.
    NotRead,
}

/// A reference to an object that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dangling {
    /// Kind of the object that refers.
    pub kind: String,
    /// Its key in the wanted state, outermost part first.
    pub object: Vec<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Property or end of the relationship with the reference.
    pub path: String,
    /// The id that leads nowhere.
    pub target: String,
    /// What a person called the target, where a snapshot knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_name: Option<String>,
    /// What the plan does about it.
    pub outcome: String,
}

/// What a plan will cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Requests that write.
    pub writes: u64,
    /// Requests that read, before and after each step.
    pub reads: u64,
    /// Minutes at Graph's write limits, waiting for replication not counted.
    pub minutes: f64,
}

/// `null` is a value, absence is none: a plain option would take both for `None`.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Value>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Value>, D::Error> {
        Value::deserialize(from).map(Some)
    }
}

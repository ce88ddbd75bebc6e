//! What a plan is asked for.

use catalog::Kind;
use jiff::Timestamp;
use store::{Archive, Snapshot};

/// A state of a tenant: a snapshot of an archive.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// The archive.
    pub archive: &'a Archive,
    /// One of its snapshots.
    pub snapshot: &'a Snapshot,
}

/// Everything that decides a plan: the same request makes the same plan.
#[derive(Debug, Clone)]
pub struct PlanRequest<'a> {
    /// The state to bring back.
    pub wanted: State<'a>,
    /// The revision it was asked for by, as it was given.
    pub revision: String,
    /// The state to change; `None`: an empty tenant.
    pub current: Option<State<'a>>,
    /// Whether the current state was read from the tenant for this plan.
    pub live: bool,
    /// Id of the tenant the plan is for.
    pub tenant: String,
    /// What is to be brought back.
    pub selection: Selection,
    /// How.
    pub options: PlanOptions,
    /// Who asks ([`crate::Plan::author`]).
    pub author: String,
    /// Program and version.
    pub tool: String,
    /// The time it is.
    pub now: Timestamp,
}

/// Which objects are to be brought back. Conditions add up; without any, nothing is selected.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Everything that differs.
    pub everything: bool,
    /// All objects and relationships of these kinds.
    pub kinds: Vec<&'static Kind>,
    /// Single objects.
    pub objects: Vec<Selected>,
    /// Of the objects only these: paths of properties (`conditions.users`), and names of relationships
    /// (`members`). Empty: all of each object.
    pub only: Vec<String>,
    /// The conditions as they were given, one line each ([`crate::Wanted::selection`]).
    pub described: Vec<String>,
}

/// One object that is to be brought back.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Its kind; `None`: any that has the id.
    pub kind: Option<&'static Kind>,
    /// What it is known by.
    pub by: By,
}

/// What an object is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Its id; of an edge or an object below others, all parts joined by [`model::KEY_SEPARATOR`].
    Id(String),
    /// Its name, without regard to case.
    Name(String),
}

/// How objects are brought back.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Relationships of the objects and what hangs on them are brought back too, and what they need is.
    pub links: bool,
    /// What was added since is deleted.
    pub delete_added: bool,
    /// Ids and names of objects the configuration protects.
    pub protected: Vec<String>,
    /// Domain names to exchange, old and new: for a plan into another tenant.
    pub domains: Vec<(String, String)>,
}

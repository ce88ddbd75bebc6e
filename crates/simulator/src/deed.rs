//! What can happen in a tenant: the words between the world that lives and the tenant that keeps it.
//!
//! The world only says what happens; the tenant holds the
//! state, the change log behind delta queries, the recycle bin and the audit log. A client that
//! writes over HTTP comes to the same [`Act`]s.

use catalog::Kind;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Properties of an object as Graph writes them.
pub type Properties = Map<String, Value>;

/// An object or edge that is there when the world begins.
#[derive(Debug, Clone)]
pub enum Seed {
    /// An object with its id (or whatever [`Kind::key`] names) among its properties.
    Object {
        /// Its kind.
        kind: &'static Kind,
        /// Ids of the parents in the path, outermost first; empty for kinds without a parent.
        parents: Vec<String>,
        /// All its properties.
        properties: Properties,
    },
    /// An edge of a relationship kind (`group_member`).
    Link {
        /// Kind of the edge.
        kind: &'static Kind,
        /// Id of the object it starts at.
        source: String,
        /// Id of the object it leads to.
        target: String,
    },
    /// An object that lies in the recycle bin already. Its kind is the living one (`user`); its
    /// properties hold `deletedDateTime`.
    Deleted {
        /// Kind it had when it lived.
        kind: &'static Kind,
        /// All its properties.
        properties: Properties,
    },
    /// Binary content served under a path below the object (`/agreements/x/file/data`, banner logos).
    Content {
        /// Graph path, ids filled in.
        path: String,
        /// MIME type.
        media_type: &'static str,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User {
        /// Object id.
        id: String,
        /// `userPrincipalName`.
        name: String,
        /// Where the request came from.
        address: String,
    },
    /// An application with its own permissions; the audit log gives no address for it.
    App {
        /// Object id of its service principal.
        id: String,
        /// `appId`.
        app_id: String,
        /// Display name.
        name: String,
    },
    /// The service itself.
    Service,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What.
    pub act: Act,
    /// `activityDisplayName` and `category` of the audit event, where the tenant cannot tell them from
    /// the act alone.
    pub activity: Option<(&'static str, &'static str)>,
    /// Leaves no audit event: bookkeeping, and the gaps Microsoft's log is known to have.
    pub silent: bool,
}

/// The act of a [`Deed`].
#[derive(Debug, Clone)]
pub enum Act {
    /// A new object, its id among its properties.
    Create {
        /// Its kind.
        kind: &'static Kind,
        /// Ids of the parents in the path, outermost first.
        parents: Vec<String>,
        /// All its properties.
        properties: Properties,
    },
    /// New values of some properties: top-level ones are replaced whole; null clears.
    Update {
        /// Kind of the object.
        kind: &'static Kind,
        /// Ids of the parents in the path, outermost first.
        parents: Vec<String>,
        /// Its id; empty for a singleton.
        id: String,
        /// The changed properties.
        properties: Properties,
    },
    /// Into the recycle bin where the kind has one, else gone. Edges of the object go with it.
    Delete {
        /// Kind of the object.
        kind: &'static Kind,
        /// Ids of the parents in the path, outermost first.
        parents: Vec<String>,
        /// Its id.
        id: String,
    },
    /// Out of the recycle bin, for ever.
    Purge {
        /// Kind it had when it lived.
        kind: &'static Kind,
        /// Its id.
        id: String,
    },
    /// Out of the recycle bin, back to life with its edges.
    Restore {
        /// Kind it had when it lived.
        kind: &'static Kind,
        /// Its id.
        id: String,
    },
    /// A new edge.
    Link {
        /// Kind of the edge.
        kind: &'static Kind,
        /// Id of the object it starts at.
        source: String,
        /// Id of the object it leads to.
        target: String,
    },
    /// An edge less.
    Unlink {
        /// Kind of the edge.
        kind: &'static Kind,
        /// Id of the object it starts at.
        source: String,
        /// Id of the object it leads to.
        target: String,
    },
    /// A row of a log that is no directory audit (`sign_in`, `risk_detection` ...).
    Log {
        /// An event kind.
        kind: &'static Kind,
        /// The whole row.
        properties: Properties,
    },
}

impl Act {
    /// A new edge, or an edge less.
    pub(crate) fn edge(kind: &'static Kind, source: String, target: String, there: bool) -> Self {
        if there {
            Self::Link {
                kind,
                source,
                target,
            }
        } else {
            Self::Unlink {
                kind,
                source,
                target,
            }
        }
    }
}

//! Why a tenant does not do what it is told.

/// A deed or seed that cannot be; the tenant is as it was before. Each kind says what the caller got
/// wrong, the fields name the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An object the deed is about, or its parent, is not there.
    #[error("{kind} {id} does not exist")]
    NotFound {
        /// Name of its kind.
        kind: &'static str,
        /// Its id, or that of the parent which is missing.
        id: String,
    },
    /// An edge leads from or to an object that is not there.
    #[error("{relation} edge refers to {id}, which does not exist")]
    UnknownEnd {
        /// Name of the relationship kind.
        relation: &'static str,
        /// The id nobody has.
        id: String,
    },
    /// Another living object has the value, or the edge is there already.
    #[error("another {kind} has {property} {value}")]
    Exists {
        /// Name of the kind.
        kind: &'static str,
        /// Property that must be unique.
        property: &'static str,
        /// The value both would have.
        value: String,
    },
    /// The edge to remove is not there.
    #[error("no {relation} edge from {source_id} to {target_id}")]
    NoEdge {
        /// Name of the relationship kind.
        relation: &'static str,
        /// Id of the object the edge would start at.
        source_id: String,
        /// Id of the object the edge would lead to.
        target_id: String,
    },
    /// The words do not fit together: no id among the properties, an act its kind cannot have.
    #[error("{kind}: {reason}")]
    Invalid {
        /// Name of the kind.
        kind: &'static str,
        /// What does not fit.
        reason: &'static str,
    },
}

//! What a timeline consists of.

use jiff::Timestamp;
use store::SnapshotNumber;

use crate::attribution::Attribution;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When: the time of the event, or of the first snapshot that showed the change.
    pub(crate) at: Timestamp,
    /// For what only snapshots saw: it happened after this.
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) whence: EntryType,
    pub(crate) kind: Option<String>,
    pub(crate) object_id: String,
    pub(crate) display: Option<String>,
    pub(crate) change_type: Option<&'static str>,
    pub(crate) activity: Option<String>,
    pub(crate) summary: String,
    pub(crate) by: By,
    pub(crate) confidence: Option<&'static str>,
    /// Row of the log it comes from, or that explains it.
    pub(crate) audit_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) snapshot: Option<SnapshotNumber>,
    pub(crate) change_id: Option<String>,
}

/// Who did it, as far as a log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) ip: Option<String>,
}

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryType {
    /// The object changed, or what belongs to it.
    Change,
    /// Something else that names the object changed: a relationship, an assignment, a policy.
    Link,
    /// A row of an audit log that explains no change shown here.
    Audit,
    SignIn,
    Risk,
}

impl EntryType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Link => "link",
            Self::Audit => "audit",
            Self::SignIn => "sign_in",
            Self::Risk => "risk",
        }
    }
}

impl Entry {
    /// An entry of which nothing is known yet but when it was and where it comes from.
    pub(crate) fn at(at: Timestamp, whence: EntryType) -> Self {
        Self {
            at,
            not_before: None,
            whence,
            kind: None,
            object_id: String::new(),
            display: None,
            change_type: None,
            activity: None,
            summary: String::new(),
            by: By::default(),
            confidence: None,
            audit_id: None,
            correlation_id: None,
            snapshot: None,
            change_id: None,
        }
    }

    /// Takes over what the events say of a change.
    pub(crate) fn explain(&mut self, attribution: &Attribution) {
        self.confidence = Some(attribution.confidence());
        let Some(by) = attribution.by() else {
            return;
        };
        let (event, actor) = (&by.event, &by.event.actor);
        self.at = event.time;
        self.not_before = None;
        self.activity.clone_from(&event.activity_name);
        self.by = By {
            id: actor.id.clone(),
            name: actor.name.clone(),
            ip: by.address.as_ref().map(|address| address.ip.clone()),
        };
        self.audit_id = Some(event.id.clone());
        self.correlation_id.clone_from(&event.correlation_id);
    }
}

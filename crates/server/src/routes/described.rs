//! What answers look like, for the description of the API.
//!
//! Rows come from the engine as columns; these types say which columns they have. A test compares them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A snapshot an answer was made from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SnapshotRef {
    /// Its id, 64 hexadecimal digits. The first six or more of them are a revision.
    pub(crate) snapshot_id: String,
    /// The time at which the tenant was in that state.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) taken_at: Timestamp,
}

impl From<&store::Snapshot> for SnapshotRef {
    fn from(snapshot: &store::Snapshot) -> Self {
        Self {
            snapshot_id: snapshot.id.to_string(),
            taken_at: snapshot.taken_at,
        }
    }
}

macro_rules! pages {
    ($( $(#[doc = $doc:literal])+ $name:ident of $row:ty; )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Serialize, ToSchema)]
            pub(crate) struct $name {
                /// The rows.
                items: Vec<$row>,
                /// The snapshots they were made from.
                snapshots: Vec<SnapshotRef>,
                /// What the answer leaves out: kinds that were not read, or not completely.
                notes: Vec<String>,
                /// Give it as `cursor` for the next page; null on the last.
                #[schema(required)]
                next_cursor: Option<String>,
            }
        )+
    };
}

macro_rules! rows {
    ($( $(#[doc = $doc:literal])+ $(#[serde($($serde:tt)*)])? $name:ident { $( $(#[doc = $text:literal])+ $member:ident : $of:ty, )+ } )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Serialize, ToSchema)]
            $(#[serde($($serde)*)])?
            pub(crate) struct $name {
                $( $(#[doc = $text])+ #[schema(required)] $member: $of, )+
            }
        )+
    };
}

/// A time, RFC 3339.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct Time(String);

/// Any JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = Value)]
pub(crate) struct Any(Value);

pages! {
    /// A page of snapshots.
    SnapshotPage of SnapshotRow;
    /// A page of objects.
    ObjectPage of ObjectRow;
    /// A page of an object's states.
    HistoryPage of HistoryRow;
    /// A page of a timeline.
    TimelinePage of TimelineRow;
    /// A page of relationships.
    LinkPage of LinkRow;
    /// A page of changed properties.
    PropertyPage of PropertyRow;
    /// A page of differences.
    DiffPage of DiffRow;
    /// A page of counted differences.
    DiffSummaryPage of DiffSummaryRow;
    /// A page of changes.
    ChangePage of ChangeRow;
    /// A page of audit events.
    AuditPage of AuditRow;
}

rows! {
    /// A snapshot.
    SnapshotRow {
        /// Its id, a revision.
        snapshot_id: String,
        /// Its place in the archive's log.
        number: i64,
        /// The time it shows the tenant at.
        taken_at: Time,
        /// When it was written.
        committed_at: Time,
        /// `complete` where nothing lacks that was meant to be read; otherwise `partial`.
        status: String,
        /// Kinds it says something of.
        kinds: i64,
        /// Objects there were.
        objects: i64,
        /// Contents that were not in the archive before.
        new_versions: i64,
        /// Versions that became current with it.
        opened: i64,
        /// Versions that ceased to be.
        closed: i64,
        /// `graph`, or the form of the import.
        source_type: Option<String>,
        /// Its tags, with commas between them.
        tags: Option<String>,
        /// Its id in full.
        record_id: String,
    }
    /// An object.
    ObjectRow {
        /// Its kind.
        kind: String,
        /// Its id.
        id: String,
        /// What it is called.
        display_name: Option<String>,
        /// Its content: equal contents of an object have equal ones.
        version: String,
    }
    /// A time in which an object had one content.
    HistoryRow {
        /// Kind of the object.
        kind: String,
        /// Its id.
        id: String,
        /// What it was called then.
        display_name: Option<String>,
        /// Its content.
        version: String,
        /// First snapshot that showed it.
        first_seen: Time,
        /// The snapshot before that.
        not_before: Option<Time>,
        /// Last snapshot that showed it.
        last_seen: Option<Time>,
        /// First snapshot that did not show it any more.
        gone_at: Option<Time>,
        /// Whether it is what there is now.
        is_current: bool,
        /// The first snapshot that showed it.
        snapshot_id: String,
        /// The whole object, in Graph's own names.
        properties: Any,
    }
    /// Something that happened.
    TimelineRow {
        /// Its place in the timeline, from 1.
        place: i64,
        /// When: the time of the event, or of the first snapshot that showed it.
        at: Time,
        /// The snapshot before, where only snapshots know of it.
        not_before: Option<Time>,
        /// `change`, `link`, `audit`, `sign_in` or `risk`.
        entry: String,
        /// Kind of the object it is about.
        kind: Option<String>,
        /// Its id.
        object_id: Option<String>,
        /// What it is called.
        display_name: Option<String>,
        /// `added`, `modified`, `removed` or `restored`.
        change_type: Option<String>,
        /// What the log calls it.
        activity: Option<String>,
        /// One line that says what happened.
        summary: Option<String>,
        /// Who did it.
        actor: Option<String>,
        /// That actor's id.
        actor_id: Option<String>,
        /// From where.
        actor_ip: Option<String>,
        /// How sure the actor is.
        confidence: Option<String>,
        /// The event's id.
        audit_id: Option<String>,
        /// The same for all events of one request.
        correlation_id: Option<String>,
        /// The snapshot that showed it.
        snapshot_id: Option<String>,
        /// The change's id.
        change_id: Option<String>,
    }
    /// A relationship.
    LinkRow {
        /// Graph's name of it: `members`, `owners`, `manager`.
        relation: String,
        /// Kind of the object it starts from: of a membership the group.
        source_kind: String,
        /// Its id.
        source_id: String,
        /// Kind of the object it leads to.
        target_kind: Option<String>,
        /// Its id.
        target_id: String,
    }
    /// A property that differs.
    PropertyRow {
        /// The property in Graph's own name, parts joined by `.`.
        path: String,
        /// Value in `from`; null where it was not there.
        old_value: Any,
        /// Value in `to`; null where it is not there any more.
        new_value: Any,
        /// Whether machines make such changes.
        is_drift: bool,
    }
    /// An object that differs, in the words of Microsoft's difference report.
    #[serde(rename_all = "camelCase")]
    DiffRow {
        /// Its id.
        id: String,
        /// What it is called.
        display_name: Option<String>,
        /// Its kind here.
        kind: String,
        /// `added`, `modified` or `removed`.
        change_type: String,
        /// What brings it back to `from`: `update`, `restore` or `softDelete`.
        recovery_action: String,
        /// Properties that differ.
        properties_changed: i64,
        /// Relationships that differ.
        links_changed: i64,
        /// Content in `from`.
        from_version: Option<String>,
        /// Content in `to`.
        to_version: Option<String>,
        /// Its type in Graph; null for kinds that entrace does not know.
        entity_type_name: Option<String>,
        /// The properties that differ, as they are in `to`.
        current_state: Any,
        /// The same properties as they are in `from`: what a recovery would set.
        delta_from_current: Any,
        /// Always null here; a restore plan says what cannot be brought back, and why.
        failure_message: Option<String>,
    }
    /// Differences of a kind, counted.
    #[serde(rename_all = "camelCase")]
    DiffSummaryRow {
        /// The kind.
        kind: String,
        /// `added`, `modified` or `removed`.
        change_type: String,
        /// Objects.
        objects: i64,
        /// Properties that differ in them.
        properties_changed: Option<i64>,
    }
    /// A change of an object, of one of its properties, or of a relationship.
    #[serde(rename_all = "camelCase")]
    ChangeRow {
        /// Names this change in this archive.
        change_id: String,
        /// The time of the audit event that tells of it, else that of the first snapshot that showed it.
        changed_at: Option<Time>,
        /// The last snapshot that showed it as it was before.
        changed_after: Option<Time>,
        /// The first that showed it as it is since.
        changed_before: Time,
        /// `added`, `modified`, `removed`, `restored`; of relationships `linked`, `unlinked`, `relinked`.
        change_type: String,
        /// Kind of the object.
        kind: String,
        /// Its id.
        id: String,
        /// What it is called.
        display_name: Option<String>,
        /// The property, or Graph's name of the relationship; empty: the object as a whole.
        path: String,
        /// Value before, or the object that was linked.
        old_value: Any,
        /// Value after, or the object that is linked.
        new_value: Any,
        /// Who did it: a user principal name, or the name of an application.
        actor: Option<String>,
        /// Id of who did it.
        actor_id: Option<String>,
        /// Address it was done from.
        actor_ip: Option<String>,
        /// How sure the actor is: `exact`, `window`, `ambiguous` or `none`.
        confidence: Option<String>,
        /// The audit event that tells of it.
        audit_id: Option<String>,
        /// The snapshot that showed it.
        snapshot_id: String,
        /// What takes it back: `update`, `restore` or `softDelete`.
        recovery_action: String,
        /// Its type in Graph; null for kinds that entrace does not know.
        entity_type_name: Option<String>,
    }
    /// An event of the directory audit log.
    AuditRow {
        /// Its id.
        id: String,
        /// When it happened.
        activity_date_time: Time,
        /// What happened.
        activity_display_name: Option<String>,
        /// Microsoft's category of it.
        category: Option<String>,
        /// `success`, `failure` or another word of Microsoft's.
        result: Option<String>,
        /// Why, where it failed.
        result_reason: Option<String>,
        /// The service that logged it.
        logged_by_service: Option<String>,
        /// The same for all events of one request.
        correlation_id: Option<String>,
        /// Who did it, as Graph tells it.
        initiated_by: Any,
        /// To what, as Graph tells it.
        target_resources: Any,
        /// Further details, as Graph tells them.
        additional_details: Any,
    }
}

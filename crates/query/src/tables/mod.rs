//! The tables: one relation a file.

mod arrays;
mod changes;
mod coverage;
mod delta;
mod described;
mod diff;
mod history_of;
mod link_changes;
mod lives;
mod names;
mod object_table;
mod objects;
mod property_changes;
mod provider;
mod snapshots;
mod unexplained_changes;
mod unseen_changes;

pub(crate) use arrays::{Type, texts};
pub(crate) use changes::{ChangeType, ChangesTable, ObjectChange};
pub(crate) use coverage::{CoverageTable, FindingsTable};
pub(crate) use delta::{Comparison, Delta, with_payloads};
pub(crate) use described::{ColumnsTable, TagsTable, table_name};
pub(crate) use diff::DiffTable;
pub(crate) use history_of::HistoryOfTable;
pub(crate) use link_changes::{LinkChangesTable, LinkDiffTable};
pub(crate) use lives::Lives;
pub(crate) use names::{Directory, Named, named, written};
pub(crate) use object_table::{Moment, ObjectTable, whole_object};
pub(crate) use objects::{LinksTable, ObjectsTable};
pub(crate) use property_changes::{PropertyChangesTable, PropertyDiffTable};
pub(crate) use provider::RelationTable;
pub(crate) use snapshots::SnapshotsTable;
pub(crate) use unexplained_changes::UnexplainedChangesTable;
pub(crate) use unseen_changes::UnseenChangesTable;

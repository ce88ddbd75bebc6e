//! The tables: one relation a file.

mod access_path;
mod arrays;
mod attribution;
mod changes;
mod coverage;
mod delta;
mod described;
mod diff;
mod effective_access;
mod effective_members;
mod history_of;
mod link_changes;
mod lives;
mod names;
mod object_table;
mod objects;
mod property_changes;
mod provider;
mod snapshots;

pub(crate) use access_path::AccessPathTable;
pub(crate) use arrays::nanoseconds;
pub(crate) use changes::ChangesTable;
pub(crate) use coverage::{CoverageTable, FindingsTable};
pub(crate) use described::{ColumnsTable, TagsTable, table_name};
pub(crate) use diff::DiffTable;
pub(crate) use effective_access::EffectiveAccessTable;
pub(crate) use effective_members::EffectiveMembersTable;
pub(crate) use history_of::HistoryOfTable;
pub(crate) use link_changes::{LinkChangesTable, LinkDiffTable};
pub(crate) use lives::Lives;
pub(crate) use names::{Directory, named, written};
pub(crate) use object_table::{Moment, ObjectTable, whole_object};
pub(crate) use objects::{LinksTable, ObjectsTable};
pub(crate) use property_changes::{PropertyChangesTable, PropertyDiffTable};
pub(crate) use provider::RelationTable;
pub(crate) use snapshots::SnapshotsTable;

//! Who has access to what at a time: a graph of numbers made of the edges and assignments that were
//! alive in a snapshot, and searches over it.
//!
//! What counts as access, and why, is said where it is decided:
//!
//! - `telling` names the kinds that are read, and which of them is believed when several tell the same.
//! - `reading`, `objects` and `holding` turn their rows into `facts`. Schedules count while they are in
//!   force.
//! - `graph` leaves out owners of groups that fill themselves and of managed identities, joins app
//!   registrations with their service principals, and knows which roles and permissions of Microsoft
//!   Graph let their holders take more.
//! - `search` follows all that backwards from a privilege. App roles reach direct members of a group
//!   alone, roles and memberships reach nested ones.
//!
//! Not counted: what a role allows beyond credentials of applications (resetting an administrator's
//! password, changing groups), consents and policies that forbid a step, such as a lock on an
//! application's credentials, and roles of other services than the directory.

mod asked;
mod chains;
mod facts;
mod graph;
mod holding;
mod ids;
mod naming;
mod objects;
mod privilege;
mod question;
mod reading;
mod schedule;
mod search;
mod shown;
mod telling;
#[cfg(test)]
mod tests;

pub(crate) use asked::Span;
pub(crate) use chains::{Step, shortest};
pub(crate) use graph::{Graph, Sort};
pub(crate) use ids::Node;
pub(crate) use naming::Name;
pub(crate) use privilege::Privilege;
pub(crate) use question::{Holds, Known, Question};
pub(crate) use search::{Follow, How, Search};
pub(crate) use telling::Subject;

//! Who did it: changes that snapshots saw, explained by events of the directory audit log.
//!
//! A change lies between two readings. Each event of that time that names the object, or what the object
//! refers to, is a candidate, and is judged by what it says ([`evidence`]). The strongest ones decide: if
//! one tells of this very change, and no one else's does as well, that is `exact`; if there are only such
//! that may have caused it, all of one actor, `window`; if they are of several, `ambiguous`, and nobody is
//! named. Where the log says otherwise than the version, nobody is named either: better no name than a
//! wrong one.

mod activity;
mod addresses;
mod attributor;
mod columns;
mod coverage;
mod decision;
mod event;
mod evidence;
mod log;
mod paths;
mod subject;
mod unseen;
mod values;

pub(crate) use addresses::Addresses;
pub(crate) use attributor::{Attributor, Modified, Unexplained};
pub(crate) use columns::{actor_column, is_actor_column};
pub(crate) use coverage::{LogCoverage, is_in_other_log, is_not_logged, is_property_in_other_log};
pub(crate) use decision::Attribution;
pub(crate) use unseen::{Finder, Unseen};

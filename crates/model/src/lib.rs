//! What one directory object is: its key, its times, its canonical JSON and how two of its versions
//! differ.
//!
//! No I/O, no clock, no knowledge of Entra: the rules that depend on a kind of resource come in as
//! data ([`PathTree`]), so that everything here can be tested with plain text.

mod diff;
mod json;
mod key;
mod path;
mod time;

pub use diff::{Change, DiffRules, diff, equivalent};
pub use json::{
    Canonical, Document, Elements, Fate, JsonError, JsonKind, MAX_DEPTH, Members, Parser, Value,
    canonical_text, write_canonical, write_text,
};
pub use key::{KEY_SEPARATOR, ObjectKey, fold_id, is_guid};
pub use path::{PathTree, top_property};
pub use time::{TimeError, format_time, parse_duration, parse_time};

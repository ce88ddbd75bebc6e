//! Objects: lists of them, one of them, and everything known of it.

pub(crate) mod blame;
pub(crate) mod difference;
pub(crate) mod history;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod one;
mod state;

pub(crate) use state::{differing, state_of};

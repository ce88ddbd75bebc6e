//! Documents that are no objects themselves, or not in Graph's words: pages, wrappers, bundles of
//! collections, PowerShell's casing.

mod bundle;
mod pascal;
mod unwrap;

pub(crate) use bundle::collections;
pub(crate) use pascal::camel;
pub(crate) use unwrap::{Inside, unwrap};

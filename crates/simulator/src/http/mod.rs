//! The surface: what Graph and its token authority look like from outside.
//!
//! [`Service`] takes a request that is read whole and gives an answer that is written whole; nothing
//! here waits. What faults do to an answer on the wire is the server's part.

mod address;
mod answer;
mod batch;
mod context;
mod delta;
mod expand;
mod filter;
mod get;
mod inverse;
mod jwt;
mod licence;
mod list;
mod oauth;
mod paging;
mod projection;
mod route;
mod service;
mod source;
mod surface;
mod throttle;
mod write;

pub(crate) use throttle::Throttle;
pub use throttle::{Elapsed, Limits, TenantSize};

pub(crate) use answer::Answer;
pub(crate) use route::Route;
pub(crate) use service::{Incoming, Reply, Service, lock};
pub(crate) use surface::Headers;

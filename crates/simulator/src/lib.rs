//! A Graph tenant in a process, written against Microsoft's documentation and not against our client.
//!
//! [`Tenant`] is the state machine: seeds and [`Deed`]s go in, objects, edges, changes, recycle bin and
//! audit log come of them. [`Simulator`] serves it over HTTP as Graph and its token authority do, with
//! [`Faults`] on demand and a clock that moves only when told. [`World`] is an invented company that
//! makes the seeds and deeds, day by day, with incidents to find in them.
//!
//! Where it is simpler than the real thing:
//! - Seeds and [`Tenant::apply`] do just what they are told: of a role that somebody gets, whoever tells it
//!   tells assignment, schedule, instance and membership. What is written over HTTP, and
//!   [`Tenant::carry_out`], does all of it.
//! - What PIM and entitlement management are asked for is granted at once, also where it is to begin later or
//!   a person would have to approve, and nothing ends by itself when its time is over.
//! - Deleting an object leaves what names it by id in a property (assignments, grants, policies) alone.
//! - `$search`, `/me`, entity tags and actions other than those on secrets, restoring and reading by id are
//!   refused or unknown.
//! - Signatures of client assertions are not checked, only form, times, audience and thumbprint.
//! - Rows of the audit log are there at once.

mod credentials;
mod deed;
mod faults;
mod http;
mod server;
mod tenant;
mod usage;
mod world;

pub use credentials::{AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET};
pub use deed::{Act, Actor, Deed, Properties, Seed};
pub use faults::{ExpiredDelta, Faults, RetryAfter};
pub use http::{Elapsed, Limits, TenantSize};
pub use server::{DayRule, ServerOptions, Simulator};
pub use tenant::{Applied, DELEGATED_ONLY, Refusal, Tenant, TenantOptions};
pub use usage::{RequestCount, Usage};
pub use world::{Planted, World, WorldOptions};

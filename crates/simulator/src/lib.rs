//! A Graph tenant in a process, written against Microsoft's documentation and not against our client.

mod deed;
mod tenant;

pub use deed::{Act, Actor, Deed, Properties, Seed};
pub use tenant::{Applied, Refusal, Tenant, TenantOptions};

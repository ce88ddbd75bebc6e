//! A Graph tenant in a process, written against Microsoft's documentation and not against our client.

mod deed;
mod world;

pub use deed::{Act, Actor, Deed, Properties, Seed};
pub use world::{Planted, World, WorldOptions};

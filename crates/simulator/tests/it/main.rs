//! The simulator from outside, through a plain HTTP client.

mod client;
mod delta;
mod lists;
mod objects;
mod tokens;
mod world;

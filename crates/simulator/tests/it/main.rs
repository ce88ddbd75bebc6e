//! The simulator from outside, through a plain HTTP client.

mod batches;
mod catalogue;
mod client;
mod converge;
mod days;
mod delta;
mod faults;
mod lists;
mod objects;
mod requests;
mod robust;
mod sdk;
mod shapes;
mod shared;
mod tokens;
mod world;
mod writes;

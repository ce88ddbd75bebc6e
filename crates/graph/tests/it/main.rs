//! The client against servers that misbehave.

mod batch;
mod bodies;
mod links;
mod patience;
mod quiet;
mod server;
mod sign_in;
mod writes;

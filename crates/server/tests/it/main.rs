//! The server from outside: requests in, answers out.

mod caching;
mod changes;
mod described;
mod formats;
mod health;
mod holds;
mod objects;
mod pages;
mod plans;
mod problems;
mod support;

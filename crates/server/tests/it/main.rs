//! The server from outside: requests in, answers out.

mod authorisation;
mod caching;
mod changes;
mod collecting;
mod described;
mod formats;
mod guarded;
mod guarding;
mod health;
mod holds;
mod listening;
mod objects;
mod pages;
mod plans;
mod problems;
mod secrecy;
mod support;

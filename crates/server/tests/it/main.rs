//! The server from outside: requests in, answers out.

mod authorisation;
mod guarded;
mod guarding;
mod health;
mod listening;
mod support;

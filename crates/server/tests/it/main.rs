//! The server from outside: requests in, answers out.

mod health;
mod support;

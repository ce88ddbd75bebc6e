//! Tests of the store through its public face.

mod damage;
mod fault;
mod format;
mod holds;
mod index;
mod lock;
mod model;
mod sumdb;
mod support;
mod versions;

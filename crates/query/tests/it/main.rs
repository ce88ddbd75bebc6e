//! Tests of the query engine: SQL in text files, and what text files cannot say.

mod access;
mod columns;
mod fixture;
mod hostile;
mod library;
mod pushdown;
mod slt;
mod timeline;

//! Tests of importing through the public face: every quirk of real exports by its number, bad inputs,
//! formats, and real histories replayed commit by commit.

mod bad_inputs;
mod deletions;
mod events;
mod formats;
mod git;
mod model;
mod quirks;
mod real_exports;
mod real_histories;
mod repository;
mod shared;
mod support;
mod workload;

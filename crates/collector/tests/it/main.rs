//! Tests through the public face. Importing: every quirk of real exports by its number, bad inputs,
//! formats, real histories replayed commit by commit. Collecting: archives that follow a simulated tenant.

mod bad_inputs;
mod deletions;
mod events;
mod formats;
mod git;
mod hostile;
mod living;
mod living_content;
mod living_coverage;
mod living_deltas;
mod living_ends;
mod living_faults;
mod living_hints;
mod living_hostile;
mod living_logs;
mod living_memory;
mod living_pace;
mod living_resume;
mod living_truth;
mod model;
mod quirks;
mod real_exports;
mod real_histories;
mod repository;
mod shared;
mod support;
mod workload;

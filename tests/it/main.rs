//! Tests of the program as people run it.

mod arrows;
mod bad_input;
mod crash;
mod programs;
mod shared;
mod transcripts;
mod truth;

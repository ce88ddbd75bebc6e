//! Tests of the program as people run it.

mod access;
mod arrows;
mod bad_input;
mod config;
mod crash;
mod interrupted;
mod live;
mod masks;
mod noise;
mod programs;
mod setup;
mod shared;
mod transcripts;
mod truth;

//! Tests of the program as people run it.

mod access;
mod api;
mod approvals;
mod arrows;
mod audit_logs;
mod bad_input;
#[cfg(target_os = "linux")]
mod bounded;
mod config;
mod crash;
mod documents;
mod hunting;
mod interrupted;
mod isolated;
mod killed;
mod leaves;
mod live;
mod masks;
mod noise;
mod over_http;
mod plans;
mod programs;
mod restoring;
mod serving;
mod settings_page;
mod setup;
mod shared;
mod timeline;
mod tokens;
mod transcripts;
mod truth;

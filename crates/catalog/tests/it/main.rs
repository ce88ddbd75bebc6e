//! The catalogue against itself and, where they are at hand, against the reference data it was made
//! from.

mod csdl;
mod export_paths;
mod graph_paths;
mod lookups;
mod modules;
mod reference;
mod requests;
mod rules;
mod selections;
mod shared;
mod types;
mod writing;

//! Answers on their way to a person or a program.

mod cells;
mod format;
mod grid;
mod json;
mod rows;
mod text;

pub(crate) use format::Format;
pub(crate) use grid::Grid;
pub(crate) use json::type_name;
pub(crate) use rows::{RowOptions, RowWriter, Totals};
pub(crate) use text::{Colour, ColourChoice, Tone, bytes, count, plural, short_time, truncated};

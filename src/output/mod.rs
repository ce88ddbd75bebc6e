//! Answers on their way to a person or a program.

mod cells;
mod format;
mod grid;
pub(crate) mod html;
mod rows;
mod text;

pub(crate) use format::Format;
pub(crate) use grid::Grid;
pub(crate) use query::json::type_name;
pub(crate) use rows::{RowOptions, RowWriter, Totals};
pub(crate) use text::{
    Colour, ColourChoice, Tone, bytes, count, is_hidden_control, plural, short_time, truncated,
};

//! From bytes to elements: encodings, where one JSON value ends and the next begins, CSV.

mod decode;
mod lexer;
mod piece;
mod pieces;
mod rows;
mod window;

pub(crate) use lexer::begins_as_page;
pub(crate) use piece::{Step, Where};
pub(crate) use pieces::Pieces;
pub(crate) use rows::{Row, Rows};
pub(crate) use window::MAX_ELEMENT_BYTES;

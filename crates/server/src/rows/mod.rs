//! Rows on their way out, in any format.

mod cells;
mod csv;
mod encode;

pub(crate) use cells::{append, marked, text_of};
pub(crate) use encode::{Encoder, Frame};

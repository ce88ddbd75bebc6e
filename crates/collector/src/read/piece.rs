//! One piece of a stream: where it stands, and what it is if it is no element.

use std::fmt;

use super::window::MAX_ELEMENT_BYTES;

/// Where in its file an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// It is all there is.
    Whole,
    /// On this line, from 1.
    Line(u64),
    /// It is the element of this number, from 1.
    Element(u64),
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(number) => write!(f, "line {number}"),
            Self::Element(number) => write!(f, "element {number}"),
        }
    }
}

/// What the next thing in a stream is.
#[derive(Debug)]
pub(crate) enum Step {
    /// The text of one value, by brackets; it may still not be JSON. [`super::Pieces::current`] has it.
    Element,
    /// Something that cannot be read.
    Fault(Fault),
    /// There is nothing more.
    End,
}

/// A part of a stream that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where it stands.
    pub(crate) place: Where,
    /// What is wrong.
    pub(crate) reason: String,
}

/// The fault of an element beyond the limit.
pub(super) fn too_long(place: Where) -> Fault {
    Fault {
        place,
        reason: format!("longer than {} MiB", MAX_ELEMENT_BYTES >> 20),
    }
}

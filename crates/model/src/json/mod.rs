//! JSON read in place: one pass makes a flat list of nodes that point into the text.
//!
//! `serde_json` cannot serve here: it folds duplicate keys silently, and it turns `1.0` and integers
//! beyond 2^53 into other text. An archive keeps number text and duplicate keys as they were
//! received, and canonicalises millions of objects a minute, so the text is parsed once into a reused
//! node list without allocating for each value.
//!
//! Invariants: nodes stand in document order; an object's members are a key node followed by the
//! value's subtree; `next` of a node is the index just behind its subtree.

mod canonical;
mod parse;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use canonical::{Canonical, Fate, canonical_text, write_canonical};
pub use parse::{JsonError, MAX_DEPTH, Parser};
pub use text::write_text;
pub use value::{Elements, Members, Value};

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number, kept as text.
    Number,
    /// A string.
    Text,
    /// `[...]`
    Array,
    /// `{...}`
    Object,
}

/// One value: where its text lies and where the next sibling starts.
///
/// For text, `start..end` is what stands between the quotation marks; for everything else the whole
/// text of the value.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: JsonKind,
    /// Text only: holds a backslash.
    escaped: bool,
    start: u32,
    end: u32,
    next: u32,
}

/// A parsed text. Cheap to copy: it borrows the text and the parser's nodes.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    text: &'a str,
    nodes: &'a [Node],
}

impl<'a> Document<'a> {
    /// The outermost value.
    #[must_use]
    pub fn root(self) -> Value<'a> {
        Value::new(self, 0)
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.text
    }

    #[inline]
    fn node(self, index: u32) -> Node {
        self.nodes[index as usize]
    }

    #[inline]
    fn slice(self, node: Node) -> &'a str {
        &self.text[node.start as usize..node.end as usize]
    }

    /// [`Document::slice`] as bytes: in the same order, and without asking where characters begin.
    #[inline]
    fn bytes(self, node: Node) -> &'a [u8] {
        &self.text.as_bytes()[node.start as usize..node.end as usize]
    }
}

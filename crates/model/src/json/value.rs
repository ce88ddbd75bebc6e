//! Reading a parsed document.

use std::borrow::Cow;

use super::{Document, JsonKind, text};

/// One value of a document.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    document: Document<'a>,
    index: u32,
}

impl<'a> Value<'a> {
    #[inline]
    pub(super) fn new(document: Document<'a>, index: u32) -> Self {
        Self { document, index }
    }

    /// What the value is.
    #[inline]
    #[must_use]
    pub fn kind(self) -> JsonKind {
        self.document.node(self.index).kind
    }

    /// The value's text as it stands in the document, quotation marks included.
    #[inline]
    #[must_use]
    pub fn raw(self) -> &'a str {
        let node = self.document.node(self.index);
        if node.kind == JsonKind::Text {
            &self.document.text()[node.start as usize - 1..=node.end as usize]
        } else {
            self.document.slice(node)
        }
    }

    /// The decoded text of a string; `None` for anything else.
    #[inline]
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let node = self.document.node(self.index);
        (node.kind == JsonKind::Text).then(|| text::decode(self.document.slice(node), node.escaped))
    }

    /// The boolean; `None` for anything else.
    #[inline]
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.kind() {
            JsonKind::True => Some(true),
            JsonKind::False => Some(false),
            _ => None,
        }
    }

    /// The number's text; `None` for anything else.
    #[inline]
    #[must_use]
    pub fn number(self) -> Option<&'a str> {
        (self.kind() == JsonKind::Number).then(|| self.raw())
    }

    /// Whether the value is `null`.
    #[inline]
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == JsonKind::Null
    }

    /// The members of an object in document order, duplicates included; empty for anything else.
    #[inline]
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members(self.children(JsonKind::Object))
    }

    /// The elements of an array; empty for anything else.
    #[inline]
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements(self.children(JsonKind::Array))
    }

    /// Whether the value is this text; decodes only what has to be.
    fn is_text(self, text: &str) -> bool {
        let node = self.document.node(self.index);
        if node.escaped {
            self.text().is_some_and(|own| own == text)
        } else {
            node.kind == JsonKind::Text && self.document.bytes(node) == text.as_bytes()
        }
    }

    /// The member of that name; the last one where the name occurs twice, as every JSON library reads.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        let mut members = self.members();
        let mut found = None;
        while let Some((key, value)) = members.next_raw() {
            if key.is_text(name) {
                found = Some(value);
            }
        }
        found
    }

    /// [`Value::get`] without regard to case, for exports that changed the casing of Graph's names.
    #[must_use]
    pub fn get_folded(self, name: &str) -> Option<Value<'a>> {
        self.get(name).or_else(|| {
            self.members()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .last()
                .map(|(_, v)| v)
        })
    }

    #[inline]
    pub(super) fn document(self) -> Document<'a> {
        self.document
    }

    #[inline]
    pub(super) fn index(self) -> u32 {
        self.index
    }

    #[inline]
    fn children(self, kind: JsonKind) -> Children<'a> {
        let node = self.document.node(self.index);
        let end = if node.kind == kind {
            node.next
        } else {
            self.index + 1
        };
        Children {
            document: self.document,
            at: self.index + 1,
            end,
        }
    }
}

#[derive(Debug, Clone)]
struct Children<'a> {
    document: Document<'a>,
    at: u32,
    end: u32,
}

impl<'a> Children<'a> {
    #[inline]
    fn step(&mut self) -> Option<Value<'a>> {
        (self.at < self.end).then(|| {
            let value = Value::new(self.document, self.at);
            self.at = self.document.node(self.at).next;
            value
        })
    }
}

/// Iterator over an object's members.
#[derive(Debug, Clone)]
pub struct Members<'a>(Children<'a>);

impl<'a> Members<'a> {
    /// Like `next`, with the key as a value so that the caller need not decode it.
    #[inline]
    pub(super) fn next_raw(&mut self) -> Option<(Value<'a>, Value<'a>)> {
        let Children { document, at, end } = self.0;
        if at >= end {
            return None;
        }
        // A key has nothing below it: its value is the next node.
        self.0.at = document.node(at + 1).next;
        Some((Value::new(document, at), Value::new(document, at + 1)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a look at the names of an object costs half where the decoding that nearly no name needs is out of the way"
    )]
    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.next_raw()?;
        let node = key.document.node(key.index);
        Some((text::decode(key.document.slice(node), node.escaped), value))
    }
}

/// Iterator over an array's elements.
#[derive(Debug, Clone)]
pub struct Elements<'a>(Children<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        self.0.step()
    }
}

//! Canonical JSON (the order of RFC 8785) of whatever serialises, without a tree of values in between.
//!
//! ```text
//!   {"stage":1,"kind":"user"      as it comes, each member's place noted
//!   {"kind":"user","stage":1}     at the closing brace, which nothing outside the object has seen yet
//! ```
//!
//! Numbers and escapes are written as `serde_json` does, which is as the canonical form has them for what a plan
//! holds.

use std::cell::RefCell;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// A text that grows by canonical values.
#[derive(Debug, Default)]
pub(crate) struct Canonical {
    text: RefCell<Vec<u8>>,
    members: Vec<Member>,
    sorted: Vec<u8>,
}

/// Where a member of an object that is still open stands.
#[derive(Debug, Clone, Copy)]
struct Member {
    start: usize,
    /// End of the name's closing quotation mark.
    name: usize,
    end: usize,
}

impl Canonical {
    /// Adds what is JSON already.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.get_mut().extend_from_slice(text.as_bytes());
    }

    /// Adds a value.
    pub(crate) fn value(&mut self, value: &impl Serialize) {
        let formatter = Sorting {
            text: &self.text,
            open: Vec::new(),
            members: &mut self.members,
            sorted: &mut self.sorted,
        };
        let mut serializer = Serializer::with_formatter(Growing(&self.text), formatter);
        value
            .serialize(&mut serializer)
            .expect("because a plan is made of JSON, and memory takes everything");
    }

    /// What was added, in UTF-8.
    pub(crate) fn bytes(&mut self) -> &[u8] {
        self.text.get_mut()
    }

    /// Forgets what was added.
    pub(crate) fn clear(&mut self) {
        self.text.get_mut().clear();
    }
}

/// The text as a writer; the formatter looks at it between two writes.
struct Growing<'t>(&'t RefCell<Vec<u8>>);

impl io::Write for Growing<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts the members of each object in order when it ends.
struct Sorting<'t> {
    text: &'t RefCell<Vec<u8>>,
    /// For each open object, its brace and how many members the objects around it have.
    open: Vec<(usize, usize)>,
    members: &'t mut Vec<Member>,
    sorted: &'t mut Vec<u8>,
}

impl Sorting<'_> {
    fn here(&self) -> usize {
        self.text.borrow().len()
    }

    fn last(&mut self) -> &mut Member {
        let last = self.members.last_mut();
        last.expect("because a name or value belongs to a member that began")
    }
}

impl Formatter for Sorting<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push((self.here(), self.members.len()));
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        let start = self.here();
        self.members.push(Member {
            start,
            name: start,
            end: start,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.last().name = self.here();
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.last().end = self.here();
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let (brace, first) = self.open.pop().expect("because every object began");
        let mut text = self.text.borrow_mut();
        let own = &mut self.members[first..];
        if own.len() > 1 {
            own.sort_by(|a, b| compare(&text, a, b));
            self.sorted.clear();
            for (at, member) in own.iter().enumerate() {
                if at > 0 {
                    self.sorted.push(b',');
                }
                self.sorted
                    .extend_from_slice(&text[member.start..member.end]);
            }
            text.truncate(brace + 1);
            text.extend_from_slice(self.sorted);
        }
        drop(text);
        self.members.truncate(first);
        writer.write_all(b"}")
    }
}

/// The order of two members: that of their names' bytes.
fn compare(text: &[u8], a: &Member, b: &Member) -> std::cmp::Ordering {
    let (a, b) = (&text[a.start..a.name], &text[b.start..b.name]);
    if a.contains(&b'\\') || b.contains(&b'\\') {
        let name = |quoted| -> Option<String> { serde_json::from_slice(quoted).ok() };
        return name(a).cmp(&name(b));
    }
    // Without the quotation marks: the shorter of two that begin alike is the first.
    let inner = |quoted: &[u8]| quoted.len().saturating_sub(1);
    a[1..inner(a)].cmp(&b[1..inner(b)])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn canonical(value: &Value) -> String {
        let mut canonical = Canonical::default();
        canonical.push("[");
        canonical.value(value);
        canonical.push("]");
        String::from_utf8(canonical.bytes().to_vec()).expect("because JSON is text")
    }

    #[test]
    fn it_is_what_every_version_is_kept_as() {
        let names = [
            "", "a", "a b", "a!", "é", "b\"", "b\\", "b]", "\u{7f}", "\t",
        ];
        let inner: Value = names
            .iter()
            .rev()
            .map(|&name| (name, json!(name)))
            .collect();
        let value = json!({
            "z": [1, -2.5, 1e21, 0.000_000_1, 12_345_678_901_234_567_890_u64, true, null, {}, []],
            "control": "\u{0}\u{1f}\u{7f}\u{2028}\u{1f600}\n\r\t\u{8}\u{c}/\"\\",
            "inner": inner,
            "list": [{ "b": { "d": 1, "c": 2 }, "a": {} }],
        });
        let text = value.to_string();
        let mut parser = model::Parser::new();
        let document = parser.parse_text(&text).expect("because it is JSON");
        let kept = model::canonical_text(document.root());
        assert_eq!(canonical(&value), format!("[{kept}]"));
    }

    #[test]
    fn it_can_be_used_again() {
        let mut canonical = Canonical::default();
        canonical.value(&json!({ "b": 1, "a": { "d": 2, "c": 3 } }));
        canonical.clear();
        canonical.value(&json!({ "y": 1, "x": 2 }));
        assert_eq!(canonical.bytes(), br#"{"x":2,"y":1}"#);
    }
}

//! Canonical JSON: one text for one content.
//!
//! RFC 8785 in all but two points, both because an archive must not alter what it was given: number
//! text stays as received (RFC 8785 rewrites it through a double, which loses integers beyond 2^53),
//! and a key that occurs twice stays twice, in its order. Keys are sorted by their UTF-8 bytes, that
//! is by code point; RFC 8785 sorts by UTF-16 unit, which differs only for keys above U+FFFF.

use super::{Document, JsonKind, Value, text};
use crate::PathTree;

/// What a top-level member of an object is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Goes into the canonical text.
    Keep,
    /// Goes nowhere.
    Drop,
    /// Goes into the second text, the volatile one.
    Aside,
}

/// The texts of one object, and what was noticed on the way.
#[derive(Debug, Default, Clone)]
pub struct Canonical {
    /// The canonical text.
    pub text: String,
    /// Canonical object of the members set aside; empty when there were none.
    pub aside: String,
    /// The first key that occurs twice within one object, if any.
    pub duplicate_key: Option<String>,
    /// Whether a secret was replaced.
    pub redacted: bool,
    order: Vec<(u32, u32)>,
    /// Where the sorted members of an object stood, by their number, as last seen: objects of one
    /// source have their members in the same order.
    sorted_before: Vec<Vec<u32>>,
    spare: Vec<(u32, u32)>,
}

/// Objects with more members are always sorted.
const MAX_REMEMBERED: usize = 256;

/// What stands in the place of a secret.
const REDACTED: &str = "\"[redacted]\"";

impl Canonical {
    /// Empty texts whose buffers will be reused.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the texts by those of `value`.
    ///
    /// `fate` is asked for each top-level member of an object; `secrets` names the values replaced by
    /// `"[redacted]"` unless they are null.
    pub fn write(&mut self, value: Value<'_>, secrets: &PathTree, fate: impl Fn(&str) -> Fate) {
        self.text.clear();
        self.aside.clear();
        self.duplicate_key = None;
        self.redacted = false;
        if value.kind() == JsonKind::Object {
            self.top(value, secrets, fate);
        } else {
            self.value(value, None);
        }
    }

    fn top(&mut self, object: Value<'_>, secrets: &PathTree, fate: impl Fn(&str) -> Fate) {
        let base = self.sorted_members(object);
        let mut aside = std::mem::take(&mut self.aside);
        self.text.push('{');
        for at in base..self.order.len() {
            let (key, member) = self.member(object, at);
            let name = key
                .text()
                .expect("because the parser accepts only strings as keys");
            match fate(&name) {
                Fate::Drop => {}
                Fate::Keep => {
                    self.pair(key, member, secrets.child(&name), 1);
                }
                Fate::Aside => {
                    aside.push(if aside.is_empty() { '{' } else { ',' });
                    let kept = self.text.len();
                    self.pair(key, member, secrets.child(&name), kept);
                    aside.push_str(&self.text[kept..]);
                    self.text.truncate(kept);
                }
            }
        }
        self.text.push('}');
        if !aside.is_empty() {
            aside.push('}');
        }
        self.aside = aside;
        self.order.truncate(base);
    }

    /// Writes `"key":value`, with a comma unless the text is `start` bytes long.
    fn pair(&mut self, key: Value<'_>, member: Value<'_>, secret: Option<&PathTree>, start: usize) {
        if self.text.len() > start {
            self.text.push(',');
        }
        if secret.is_none()
            && let Some(text) = verbatim(key, member)
        {
            self.text.push_str(text);
            return;
        }
        self.value(key, None);
        self.text.push(':');
        self.value(member, secret);
    }

    fn value(&mut self, value: Value<'_>, secrets: Option<&PathTree>) {
        if secrets.is_some_and(PathTree::ends_here) && !value.is_null() {
            self.redacted = true;
            self.text.push_str(REDACTED);
            return;
        }
        match value.kind() {
            JsonKind::Object => self.object(value, secrets),
            JsonKind::Array => {
                self.text.push('[');
                let start = self.text.len();
                for element in value.elements() {
                    if self.text.len() > start {
                        self.text.push(',');
                    }
                    self.value(element, secrets);
                }
                self.text.push(']');
            }
            JsonKind::Text => {
                let node = value.document().node(value.index());
                text::write_parsed(value.document().slice(node), node.escaped, &mut self.text);
            }
            _ => self.text.push_str(value.raw()),
        }
    }

    fn object(&mut self, object: Value<'_>, secrets: Option<&PathTree>) {
        let base = self.sorted_members(object);
        self.text.push('{');
        let start = self.text.len();
        for at in base..self.order.len() {
            let (key, member) = self.member(object, at);
            let below = secrets.and_then(|tree| tree.child(&key.text().unwrap_or_default()));
            self.pair(key, member, below, start);
        }
        self.text.push('}');
        self.order.truncate(base);
    }

    fn member<'a>(&self, object: Value<'a>, at: usize) -> (Value<'a>, Value<'a>) {
        let (key, value) = self.order[at];
        (
            Value::new(object.document(), key),
            Value::new(object.document(), value),
        )
    }

    /// Pushes the object's members onto `order`, sorted; returns where they start.
    fn sorted_members(&mut self, object: Value<'_>) -> usize {
        let base = self.order.len();
        let document = object.document();
        let mut members = object.members();
        let mut escaped = false;
        while let Some((key, value)) = members.next_raw() {
            escaped |= document.node(key.index()).escaped;
            self.order.push((key.index(), value.index()));
        }
        if !escaped && self.sort_as_before(base, document) {
            return base;
        }
        let name = |index: u32| document.slice(document.node(index));
        let slice = &mut self.order[base..];
        if escaped {
            let decoded = |index: u32| Value::new(document, index).text();
            slice.sort_by(|a, b| decoded(a.0).cmp(&decoded(b.0)));
            self.note_duplicates(
                base,
                |a, b| decoded(a) == decoded(b),
                |i| decoded(i).unwrap_or_default().into_owned(),
            );
        } else {
            // Ties keep document order because key nodes stand in document order.
            slice.sort_unstable_by(|a, b| name(a.0).cmp(name(b.0)).then(a.0.cmp(&b.0)));
            self.note_duplicates(base, |a, b| name(a) == name(b), |i| name(i).to_owned());
            self.remember_order(base);
        }
        base
    }

    /// Sorts the members as those of the last object with as many; whether that has sorted them, no
    /// two of one name.
    fn sort_as_before(&mut self, base: usize, document: Document<'_>) -> bool {
        let members = &mut self.order[base..];
        let Some(before) = self.sorted_before.get(members.len()) else {
            return false;
        };
        if before.len() != members.len() {
            return false;
        }
        let name = |member: (u32, u32)| document.bytes(document.node(member.0));
        let order = before.iter().map(|at| members[*at as usize]);
        self.spare.clear();
        self.spare.extend(order);
        let sorted = self
            .spare
            .windows(2)
            .all(|pair| name(pair[0]) < name(pair[1]));
        if sorted {
            members.copy_from_slice(&self.spare);
        }
        sorted
    }

    fn remember_order(&mut self, base: usize) {
        let members = &self.order[base..];
        if members.len() > MAX_REMEMBERED {
            return;
        }
        self.spare.clear();
        self.spare.extend_from_slice(members);
        // Key nodes stand in document order.
        self.spare.sort_unstable();
        if self.sorted_before.len() <= members.len() {
            self.sorted_before.resize(members.len() + 1, Vec::new());
        }
        let before = &mut self.sorted_before[members.len()];
        before.clear();
        let place = |member| self.spare.partition_point(|other| other < member);
        before.extend(
            members
                .iter()
                .map(place)
                .filter_map(|at| u32::try_from(at).ok()),
        );
    }

    fn note_duplicates(
        &mut self,
        base: usize,
        same: impl Fn(u32, u32) -> bool,
        name: impl Fn(u32) -> String,
    ) {
        if self.duplicate_key.is_none() {
            let pair = self.order[base..]
                .windows(2)
                .find(|pair| same(pair[0].0, pair[1].0));
            self.duplicate_key = pair.map(|pair| name(pair[0].0));
        }
    }
}

/// The text of a pair as it was received, where that is its canonical text: nothing to sort, to
/// unescape or to leave out.
fn verbatim<'a>(key: Value<'a>, member: Value<'a>) -> Option<&'a str> {
    let document = key.document();
    let (name, value) = (document.node(key.index()), document.node(member.index()));
    let (start, end) = match value.kind {
        JsonKind::Text => (value.start - 1, value.end + 1),
        // White space may stand even in an empty list.
        JsonKind::Array | JsonKind::Object if value.end - value.start > 2 => return None,
        _ => (value.start, value.end),
    };
    let text = &document.text()[name.start as usize - 1..end as usize];
    // Between the quotation mark and the value nothing fits but the colon.
    (!name.escaped && !value.escaped && start == name.end + 2).then_some(text)
}

/// Appends the canonical text of a value to `out`.
pub fn write_canonical(value: Value<'_>, out: &mut String) {
    let mut canonical = Canonical {
        text: std::mem::take(out),
        ..Canonical::default()
    };
    canonical.value(value, None);
    *out = canonical.text;
}

/// The canonical text of a value.
#[must_use]
pub fn canonical_text(value: Value<'_>) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

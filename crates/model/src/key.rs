//! Object keys: what identifies an object within its kind.

use std::fmt;

/// Stands between the parts of a composed key. It cannot stand inside a part.
pub const KEY_SEPARATOR: char = '\u{1f}';

/// Identifies an object within its kind: the id, or for a relationship the ids of both ends.
///
/// GUIDs are folded to lower case, because exports differ in their casing and mean the same object;
/// other ids (role assignments, grants) are case-sensitive and stay as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The key of an object with this id.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let mut key = Self(String::with_capacity(id.len()));
        key.push(id);
        key
    }

    /// The key of an object identified by several ids, outermost first.
    #[must_use]
    pub fn composed<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        // Most are two GUIDs.
        let mut key = Self(String::with_capacity(73));
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                key.0.push(KEY_SEPARATOR);
            }
            key.push(part);
        }
        key
    }

    /// A key from its stored text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The stored text: the parts joined by [`KEY_SEPARATOR`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split(KEY_SEPARATOR)
    }

    fn push(&mut self, part: &str) {
        let start = self.0.len();
        if part.contains(KEY_SEPARATOR) {
            self.0.push_str(&part.replace(KEY_SEPARATOR, "\u{fffd}"));
        } else {
            self.0.push_str(part);
        }
        if is_guid(&self.0[start..]) {
            self.0[start..].make_ascii_lowercase();
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts().enumerate() {
            if at > 0 {
                f.write_str("/")?;
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({self})")
    }
}

/// Whether the text is a GUID in its 8-4-4-4-12 form, in any case.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_bytes()) else {
        return false;
    };
    // All bytes are looked at whatever they are, so that the compiler can take many at a time; what
    // stands at the four places is no digit exactly where it is the hyphen.
    let others = bytes.iter().filter(|byte| !byte.is_ascii_hexdigit());
    others.count() == 4 && [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-')
}

/// An id as keys hold it: lower case where it is a GUID.
#[must_use]
pub fn fold_id(id: &str) -> String {
    if is_guid(id) {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_fold_and_other_ids_do_not() {
        let upper = ObjectKey::new("3F1C0E00-0000-4000-8000-00000000ABCD");
        assert_eq!(upper.as_str(), "3f1c0e00-0000-4000-8000-00000000abcd");
        assert_eq!(
            ObjectKey::new("lAPpYvVpN0KRkAEhdxReE-1").as_str(),
            "lAPpYvVpN0KRkAEhdxReE-1"
        );
    }

    #[test]
    fn composed_keys_split_back_into_their_parts() {
        let key = ObjectKey::composed(["AAAAAAAA-0000-4000-8000-000000000001", "x\u{1f}y"]);
        let parts: Vec<_> = key.parts().collect();
        assert_eq!(
            parts,
            ["aaaaaaaa-0000-4000-8000-000000000001", "x\u{fffd}y"]
        );
        assert_eq!(
            key.to_string(),
            "aaaaaaaa-0000-4000-8000-000000000001/x\u{fffd}y"
        );
    }
}

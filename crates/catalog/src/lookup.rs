//! Finding a kind by what somebody calls it.
//!
//! Every index is built once, on first use, from the static data; a lookup allocates nothing.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::families::FAMILIES;
use crate::kind::{Api, Kind};
use crate::names::snake_case;

/// Every kind, family by family; the order does not change between calls or builds.
#[must_use]
pub fn kinds() -> &'static [&'static Kind] {
    static KINDS: LazyLock<Vec<&'static Kind>> = LazyLock::new(|| {
        let families = FAMILIES.iter().copied();
        families.flatten().collect()
    });
    &KINDS
}

/// The kind of exactly that name (`conditional_access_policy`).
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Kind> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Kind>> =
        LazyLock::new(|| kinds().iter().map(|kind| (kind.name, *kind)).collect());
    INDEX.get(name).copied()
}

/// The kind of exactly that table (`conditional_access_policies`).
#[must_use]
pub fn by_table(table: &str) -> Option<&'static Kind> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Kind>> =
        LazyLock::new(|| kinds().iter().map(|kind| (kind.table, *kind)).collect());
    INDEX.get(table).copied()
}

/// The kinds whose collections hold objects of a type, `#microsoft.graph.ipNamedLocation` for
/// example; the leading `#` and the `microsoft.graph.` may be missing.
///
/// The plain collection comes first, recycle bins last; a kind whose collection is declared with
/// exactly that type precedes one which holds it as a derived type. Relationships are left out: the
/// type of an edge's target does not make it an edge.
#[must_use]
pub fn by_entity_type(entity_type: &str) -> &'static [&'static Kind] {
    static INDEX: LazyLock<HashMap<&'static str, Vec<&'static Kind>>> =
        LazyLock::new(index_entity_types);
    let unmarked = entity_type.strip_prefix('#').unwrap_or(entity_type);
    let local = unmarked.strip_prefix(NAMESPACE).unwrap_or(unmarked);
    INDEX.get(local).map_or(&[], Vec::as_slice)
}

/// Namespace of Graph's types.
pub(crate) const NAMESPACE: &str = "microsoft.graph.";

fn index_entity_types() -> HashMap<&'static str, Vec<&'static Kind>> {
    let mut index: HashMap<&str, Vec<(bool, &Kind)>> = HashMap::new();
    for kind in kinds().iter().filter(|kind| !kind.is_relationship()) {
        let declared = std::iter::once((false, kind.entity_type));
        let derived = kind.derived_types.iter().map(|name| (true, *name));
        for (is_derived, name) in declared.chain(derived) {
            let local = name.strip_prefix(NAMESPACE).unwrap_or(name);
            index.entry(local).or_default().push((is_derived, kind));
        }
    }
    let ordered = index.into_iter().map(|(local, mut found)| {
        // Stable: kinds that rank alike stay in catalogue order.
        found.sort_by_key(|(is_derived, kind)| (in_bin(kind), *is_derived, rank(kind, local)));
        (local, found.into_iter().map(|(_, kind)| kind).collect())
    });
    ordered.collect()
}

/// Whether a kind is a recycle bin.
pub(crate) fn in_bin(kind: &Kind) -> bool {
    kind.name.starts_with("deleted_")
}

/// Order of kinds that hold the same type: the one named after it, those without a parent, those in
/// v1.0.
fn rank(kind: &Kind, local_type: &str) -> (bool, bool, bool) {
    (
        kind.name != snake_case(local_type),
        kind.parent.is_some(),
        kind.api == Api::Beta,
    )
}

/// The kind that a person or a file name means: its name, table, alias or title, or Graph's name of
/// the collection (`servicePrincipals`) or type (`unifiedRoleAssignment`). Case, spaces, `-` and
/// `_` make no difference.
#[must_use]
pub fn resolve(text: &str) -> Option<&'static Kind> {
    static INDEX: LazyLock<HashMap<Box<str>, Claimant>> = LazyLock::new(index_words);
    let mut buffer = [0; MAX_WORD_BYTES];
    let word = fold(text, &mut buffer)?;
    INDEX.get(word).copied().flatten()
}

/// Whose a word is; `None` where several kinds claim it alike.
type Claimant = Option<&'static Kind>;

/// Longest folded word the index holds, with room to spare.
const MAX_WORD_BYTES: usize = 96;

/// The letters and digits of a text, small; `None` for what cannot be in the index anyway.
fn fold<'b>(text: &str, buffer: &'b mut [u8; MAX_WORD_BYTES]) -> Option<&'b str> {
    let mut length = 0;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        } else if !byte.is_ascii() {
            return None;
        }
    }
    let word = std::str::from_utf8(&buffer[..length]).ok()?;
    (!word.is_empty()).then_some(word)
}

/// What the index is built from, strongest claim first: a word belongs to the strongest claimant,
/// and to nobody where two claim it equally.
fn index_words() -> HashMap<Box<str>, Claimant> {
    let claims: [fn(&'static Kind) -> Vec<&'static str>; 6] = [
        |kind| vec![kind.name],
        |kind| vec![kind.table],
        |kind| kind.aliases.to_vec(),
        |kind| collection_word(kind).into_iter().collect(),
        |kind| vec![kind.title],
        |kind| type_word(kind).into_iter().collect(),
    ];
    let mut index = HashMap::new();
    for claim in claims {
        let mut round: HashMap<Box<str>, Claimant> = HashMap::new();
        for kind in kinds() {
            for text in claim(kind) {
                let mut buffer = [0; MAX_WORD_BYTES];
                let Some(word) = fold(text, &mut buffer) else {
                    continue;
                };
                let claimant = round.entry(word.into()).or_insert(Some(kind));
                if claimant.is_some_and(|other| other.name != kind.name) {
                    *claimant = None;
                }
            }
        }
        for (word, claimant) in round {
            index.entry(word).or_insert(claimant);
        }
    }
    index
}

/// Graph's name of the collection, unless it is a word such as `definitions` or `members` that says
/// nothing without the path before it.
fn collection_word(kind: &'static Kind) -> Option<&'static str> {
    let (before, last) = kind.path.rsplit_once('/')?;
    let telling = before.is_empty() || last.bytes().any(|byte| byte.is_ascii_uppercase());
    telling.then_some(last)
}

/// The type's own name, for the kind that stands for the type.
fn type_word(kind: &'static Kind) -> Option<&'static str> {
    let local = kind.entity_type.strip_prefix(NAMESPACE)?;
    let first = by_entity_type(local).first()?;
    (first.name == kind.name).then(|| local.rsplit('.').next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_fits_the_buffer() {
        for kind in kinds() {
            let aliases = kind.aliases.iter().copied();
            for text in aliases.chain([kind.name, kind.table, kind.title, kind.entity_type]) {
                let mut buffer = [0; MAX_WORD_BYTES];
                assert!(fold(text, &mut buffer).is_some(), "{text}");
            }
        }
    }

    #[test]
    fn folding_keeps_letters_and_digits() {
        let mut buffer = [0; MAX_WORD_BYTES];
        assert_eq!(fold("B2X user-Flow_s", &mut buffer), Some("b2xuserflows"));
        assert_eq!(fold("- _", &mut buffer), None);
        assert_eq!(fold("größe", &mut buffer), None);
        assert_eq!(fold(&"a".repeat(MAX_WORD_BYTES + 1), &mut buffer), None);
    }
}

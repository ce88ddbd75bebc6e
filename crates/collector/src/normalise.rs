//! What of a document becomes the version, in one place.
//!
//! At the top level only: annotations of the transport are dropped, volatile properties are set
//! aside. Everywhere: secrets are replaced, keys sorted, number text and duplicate keys kept. Arrays
//! are never reordered and nested annotations stay, because a version is what was received; two
//! versions that differ only in the order of a set or in annotations are held to be the same when
//! they are compared ([`Comparison::same`]).

use catalog::{Kind, is_transport};
use model::{Canonical, DiffRules, Fate, JsonError, Parser, PathTree, Value, equivalent};

use crate::secrets;

/// Raised when the same raw text would become another version: units read under other rules do not
/// pass.
pub(crate) const RULES_VERSION: u8 = 1;

/// How documents of one kind are normalised.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) sets: PathTree,
    secrets: PathTree,
    volatile: &'static [&'static str],
    is_edge: bool,
}

impl Rules {
    pub(crate) fn new(kind: Option<&'static Kind>) -> Self {
        let paths = |list: Option<&'static [&'static str]>| {
            PathTree::new(list.unwrap_or(&[]).iter().copied())
        };
        Self {
            sets: paths(kind.map(|kind| kind.sets)),
            secrets: paths(kind.map(|kind| kind.secrets)),
            volatile: kind.map_or(&[], |kind| kind.volatile),
            is_edge: kind.is_some_and(Kind::is_relationship),
        }
    }

    /// What becomes of a top-level property. Of an edge only the type of its target is its own;
    /// what else an export tells of the target is not lost, but makes no version of the edge.
    fn fate(&self, key: &str) -> Fate {
        if is_transport(key) || key == "@removed" {
            Fate::Drop
        } else if self.is_edge {
            match key {
                "@odata.type" => Fate::Keep,
                "id" => Fate::Drop,
                _ => Fate::Aside,
            }
        } else if self.volatile.contains(&key) {
            Fate::Aside
        } else {
            Fate::Keep
        }
    }
}

/// The text an archive would keep of an object of this kind that was received as `bytes`: what is compared when a
/// tenant is to be brought back to what an archive says.
///
/// # Errors
/// Where the bytes are not one JSON value.
pub fn normalised(kind: &'static Kind, bytes: &[u8]) -> Result<String, JsonError> {
    let mut parser = Parser::new();
    let document = parser.parse(bytes)?;
    let mut normaliser = Normaliser::default();
    normaliser.write(document.root(), &Rules::new(Some(kind)), &[]);
    Ok(normaliser.canonical.text)
}

/// Normalises documents one after the other, reusing its buffers.
#[derive(Debug, Default)]
pub(crate) struct Normaliser {
    /// Text, volatile text and what was noticed.
    pub(crate) canonical: Canonical,
    parser: Parser,
    old: Parser,
    new: Parser,
}

impl Normaliser {
    /// Writes the texts of an object; `without` names top-level properties that became something of
    /// their own.
    pub(crate) fn write(&mut self, object: Value<'_>, rules: &Rules, without: &[String]) {
        let fate = |key: &str| {
            if without.iter().any(|name| name == key) {
                Fate::Drop
            } else {
                rules.fate(key)
            }
        };
        let clean = secrets::redacted(object);
        let clean = clean
            .as_deref()
            .map(|text| self.parser.parse(text.as_bytes()));
        match clean {
            Some(Ok(document)) => self.canonical.write(document.root(), &rules.secrets, fate),
            _ => self.canonical.write(object, &rules.secrets, fate),
        }
    }

    /// The texts written last, and what compares them with stored ones meanwhile.
    pub(crate) fn split(&mut self) -> (&Canonical, Comparison<'_>) {
        let Self {
            canonical,
            old,
            new,
            ..
        } = self;
        (canonical, Comparison { old, new })
    }
}

/// Compares payloads.
#[derive(Debug)]
pub(crate) struct Comparison<'n> {
    old: &'n mut Parser,
    new: &'n mut Parser,
}

impl Comparison<'_> {
    /// Whether two payloads mean the same.
    pub(crate) fn same(&mut self, payload: &str, text: &str, rules: &Rules) -> bool {
        let old = self.old.parse(payload.as_bytes());
        let (Ok(old), Ok(new)) = (old, self.new.parse(text.as_bytes())) else {
            return false;
        };
        let rules = DiffRules {
            sets: &rules.sets,
            annotation: is_transport,
        };
        equivalent(old.root(), new.root(), rules)
    }
}

//! Where a text occurs: in ids, names and values, in one state or in all time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roaring::RoaringBitmap;
use serde_json::Value;
use store::{Snapshot, StoredKind};

use crate::error::{Error, Result};
use crate::source::{Source, is_event};
use crate::tables::{Lives, named, whole_object};

/// What [`Source::find`] looks through.
#[derive(Debug, Clone, Default)]
pub struct FindOptions {
    /// Only this kind; by default every kind of object, logs left out.
    pub kind: Option<String>,
    /// Only the state in this snapshot; by default every state there ever was.
    pub at: Option<Snapshot>,
    /// Most finds kept per kind; what is more is counted.
    pub limit: usize,
}

/// What was found in one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKind {
    /// Name of the kind.
    pub kind: String,
    /// The finds, by name and path.
    pub finds: Vec<Find>,
    /// Finds beyond the limit.
    pub more: u64,
}

/// A text in a property of an object, over every version in which the property had that value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// The object's id; of a relationship both ends, joined by `/`.
    pub id: String,
    /// What a person calls the object.
    pub display: Option<String>,
    /// The property, such as `conditions.users.excludeGroups`; of an element of a list, the list's.
    pub path: String,
    /// The value, as JSON where it is no text.
    pub value: String,
    /// Time of the first snapshot that showed it; `None` for rows of a log.
    pub first_seen: Option<Timestamp>,
    /// Time of the first snapshot that no longer did; `None` while it is there.
    pub gone_at: Option<Timestamp>,
}

/// The versions in which a property of an object had a value.
type Places = BTreeMap<(String, String, String), RoaringBitmap>;

impl Source {
    /// Finds a text in ids, names and values, whatever its case. Kinds without a find are left out.
    pub fn find(&self, text: &str, options: &FindOptions) -> Result<Vec<FoundKind>> {
        if text.is_empty() {
            return Err(Error::invalid("the text to find is empty"));
        }
        let mut kinds = match &options.kind {
            None => self.state_kinds(),
            Some(name) => {
                let resolved = catalog::resolve(name).map_or(name.as_str(), |kind| kind.name);
                let kind = self
                    .archive
                    .kind(resolved)
                    .ok_or_else(|| Error::NotFound(format!("the archive has no kind {name:?}")))?;
                vec![kind]
            }
        };
        let needle = Needle::new(text);
        let mut found = Vec::new();
        // Kinds are numbered as they first came, which is another order in every archive.
        kinds.sort_by_cached_key(|kind| {
            let listed = catalog::kinds().iter();
            let place = listed.clone().position(|own| own.name == kind.name);
            (place.unwrap_or(listed.len()), kind.name.clone())
        });
        for kind in &kinds {
            found.extend(self.find_in(kind, &needle, options)?);
        }
        Ok(found)
    }

    fn find_in(
        &self,
        kind: &StoredKind,
        needle: &Needle,
        options: &FindOptions,
    ) -> Result<Option<FoundKind>> {
        let is_log = is_event(&kind.name);
        let (wanted, volatile) = match &options.at {
            Some(snapshot) if !is_log => {
                let volatile = match self.archive.statement_of(kind.number, snapshot)? {
                    Some(statement) => self.archive.volatile(kind.number, statement)?,
                    None => std::collections::HashMap::new(),
                };
                let alive = self.archive.alive(kind.number, snapshot)?;
                (alive.as_ref().clone(), volatile)
            }
            _ => (
                (0..kind.versions).collect(),
                std::collections::HashMap::new(),
            ),
        };
        let mut places = Places::new();
        let mut more = 0;
        self.archive
            .versions(kind.number, &wanted, |ordinal, key, payload| {
                let beside = volatile.get(&ordinal).map_or("", String::as_str);
                if !needle.may_be_in(key) && !needle.may_be_in(payload) && !needle.may_be_in(beside)
                {
                    return Ok(());
                }
                let mut note = |path: &str, value: &str| {
                    let place = (key.to_owned(), path.to_owned(), value.to_owned());
                    if let Some(versions) = places.get_mut(&place) {
                        versions.insert(ordinal);
                    } else if places.len() < options.limit {
                        places.insert(place, std::iter::once(ordinal).collect());
                    } else {
                        more += 1;
                    }
                };
                let whole = whole_object(payload, beside, None);
                let object = serde_json::from_str::<Value>(&whole).unwrap_or_default();
                let shown = key.replace(model::KEY_SEPARATOR, "/");
                // Where the object spells its id itself, that spelling is the one to show.
                if object.get("id").is_none() && needle.is_in(&shown) {
                    note("id", &shown);
                }
                needle.walk(&object, &mut String::new(), &mut note);
                Ok(())
            })?;
        if places.is_empty() {
            return Ok(None);
        }
        let finds = self.described_finds(kind, places, is_log)?;
        Ok(Some(FoundKind {
            kind: kind.name.clone(),
            finds,
            more,
        }))
    }

    fn described_finds(
        &self,
        kind: &StoredKind,
        places: Places,
        is_log: bool,
    ) -> Result<Vec<Find>> {
        let newest: RoaringBitmap = places.values().filter_map(RoaringBitmap::max).collect();
        let names = named(self, kind, &newest)?;
        let changes = self.changes(kind.number, None)?;
        let lives = Lives::new(self, &changes);
        let mut finds: Vec<Find> = Vec::with_capacity(places.len());
        for ((key, path, value), versions) in places {
            let name = versions.max().and_then(|newest| names.get(&newest));
            let seen: Vec<_> = versions.iter().flat_map(|o| lives.of(o)).collect();
            // A log's rows were never alive in a state: they have a time of their own.
            let is_there = is_log || seen.iter().any(|life| life.closed.is_none());
            let gone_at = seen.iter().filter_map(|life| lives.gone_at(life)).max();
            finds.push(Find {
                id: name.map_or_else(|| key.replace(model::KEY_SEPARATOR, "/"), |n| n.id.clone()),
                display: name.and_then(|name| name.display.clone()),
                path,
                value,
                first_seen: seen.iter().map(|life| lives.first_seen(life)).min(),
                gone_at: if is_there { None } else { gone_at },
            });
        }
        finds.sort_by(|a, b| (&a.display, &a.id, &a.path).cmp(&(&b.display, &b.id, &b.path)));
        Ok(finds)
    }
}

/// The text that is looked for.
struct Needle {
    folded: String,
    is_ascii: bool,
    /// Whether JSON writes the text as it is, so that JSON without it cannot hold it.
    is_plain: bool,
}

impl Needle {
    fn new(text: &str) -> Self {
        let folded = text.to_lowercase();
        let is_plain = !folded
            .chars()
            .any(|c| c.is_control() || matches!(c, '"' | '\\'));
        Self {
            is_ascii: folded.is_ascii(),
            folded,
            is_plain,
        }
    }

    fn is_in(&self, text: &str) -> bool {
        if !self.is_ascii {
            return text.to_lowercase().contains(&self.folded);
        }
        let needle = self.folded.as_bytes();
        let (lower, upper) = (needle[0], needle[0].to_ascii_uppercase());
        let haystack = text.as_bytes();
        memchr::memchr2_iter(lower, upper, haystack).any(|at| {
            haystack
                .get(at..at + needle.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(needle))
        })
    }

    /// Whether JSON text can hold it; a search that is much cheaper than parsing.
    fn may_be_in(&self, json: &str) -> bool {
        !self.is_plain || self.is_in(json)
    }

    /// Notes every value under `path` that holds the text.
    fn walk(&self, value: &Value, path: &mut String, note: &mut dyn FnMut(&str, &str)) {
        match value {
            Value::Object(members) => {
                let length = path.len();
                for (name, member) in members {
                    if length > 0 {
                        path.push('.');
                    }
                    path.push_str(name);
                    self.walk(member, path, note);
                    path.truncate(length);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    self.walk(element, path, note);
                }
            }
            Value::String(text) if self.is_in(text) => note(path, text),
            Value::Number(number) if self.is_in(&number.to_string()) => {
                note(path, &number.to_string());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, json: &str) -> Vec<(String, String)> {
        let value: Value = serde_json::from_str(json).expect("because it is JSON");
        let mut all = Vec::new();
        let needle = Needle::new(text);
        if needle.may_be_in(json) {
            needle.walk(&value, &mut String::new(), &mut |path, value| {
                all.push((path.to_owned(), value.to_owned()));
            });
        }
        all
    }

    #[test]
    fn values_are_found_whatever_their_case_and_depth() {
        let json = r#"{"a":{"b":["x","Finance TEAM"]},"c":"FINANCE","n":4711,"q":"say \"hi\"","z":"Łódź"}"#;
        let one = |path: &str, value: &str| vec![(path.to_owned(), value.to_owned())];
        assert_eq!(found("finance", json).len(), 2);
        assert_eq!(found("finance team", json), one("a.b", "Finance TEAM"));
        assert_eq!(found("471", json), one("n", "4711"));
        assert_eq!(found("\"HI\"", json), one("q", "say \"hi\""));
        assert_eq!(found("ŁÓDŹ", json), one("z", "Łódź"));
        assert!(found("absent", json).is_empty());
    }
}

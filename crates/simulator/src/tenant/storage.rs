//! Where the objects lie: one slot each for ever, and per kind the slots that live and those in the bin.
//!
//! An object is kept as the JSON text Graph would write, so that a page of a list is mostly copied. Its
//! key is the lowercase ids of its parents and its own, outermost first, so that the children of one
//! parent lie together. A slot outlives its object: edges, change log and paging tokens name objects by
//! slot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use catalog::{Kind, Shape};
use jiff::Timestamp;
use model::{Parser, Value};

use super::kinds::{self, KindIndex};

/// Number of an object, in the order in which objects came to be.
pub(crate) type Slot = u32;

/// What parts the ids within a key.
const SEPARATOR: char = '\u{1}';

/// Whether an object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// In its collection.
    Live,
    /// In the recycle bin.
    Binned,
    /// Nowhere any more.
    Gone,
}

/// One object.
#[derive(Debug)]
pub(crate) struct Object {
    /// Number of its kind.
    pub(crate) kind: KindIndex,
    /// Where it is.
    pub(crate) state: State,
    /// Ids of its parents and its own.
    pub(crate) key: Arc<str>,
    /// The whole object; empty once it is gone.
    pub(crate) text: Box<str>,
}

#[derive(Debug, Default)]
struct Collection {
    live: BTreeMap<Arc<str>, Slot>,
    bin: BTreeMap<Arc<str>, Slot>,
    /// Nanoseconds since the epoch, of event kinds only.
    by_time: BTreeSet<(i64, Slot)>,
}

/// Every object of a tenant.
#[derive(Debug)]
pub(crate) struct Storage {
    objects: Vec<Object>,
    collections: Vec<Collection>,
    alternates: HashMap<Box<str>, Slot>,
}

/// The key of an object below its parents.
pub(crate) fn key_of(parents: &[String], id: &str) -> String {
    let mut key = prefix_of(parents);
    key.push_str(&id.to_ascii_lowercase());
    key
}

/// What the keys of all children of these parents begin with; empty where there are no parents.
pub(crate) fn prefix_of(parents: &[String]) -> String {
    let mut prefix = String::new();
    for parent in parents {
        prefix.push_str(&parent.to_ascii_lowercase());
        prefix.push(SEPARATOR);
    }
    prefix
}

/// The ids of the parents in a key, and the object's own.
pub(crate) fn split_key(key: &str) -> (Vec<String>, &str) {
    match key.rsplit_once(SEPARATOR) {
        Some((parents, own)) => (parents.split(SEPARATOR).map(str::to_owned).collect(), own),
        None => (Vec::new(), key),
    }
}

impl Storage {
    pub(crate) fn new() -> Self {
        let mut collections = Vec::new();
        collections.resize_with(kinds::count(), Collection::default);
        Self {
            objects: Vec::new(),
            collections,
            alternates: HashMap::new(),
        }
    }

    pub(crate) fn object(&self, slot: Slot) -> &Object {
        &self.objects[slot as usize]
    }

    pub(crate) fn find(&self, kind: &Kind, key: &str) -> Option<Slot> {
        self.collection(kind).live.get(key).copied()
    }

    pub(crate) fn find_binned(&self, kind: &Kind, key: &str) -> Option<Slot> {
        self.collection(kind).bin.get(key).copied()
    }

    /// The living object with this value of one of [`kinds::alternate_keys`].
    pub(crate) fn find_alternate(&self, kind: &Kind, property: &str, value: &str) -> Option<Slot> {
        let word = alternate_word(kind, property, value);
        self.alternates.get(word.as_str()).copied()
    }

    /// A living object of any directory kind.
    pub(crate) fn find_directory_object(&self, id: &str) -> Option<Slot> {
        let key = id.to_ascii_lowercase();
        let mut kinds = kinds::DIRECTORY_OBJECTS.iter();
        kinds.find_map(|name| self.find(kinds::named(name), &key))
    }

    /// Living objects whose key begins with a prefix, in key order, those after a key only.
    pub(crate) fn live<'a>(
        &'a self,
        kind: &Kind,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = Slot> + 'a {
        range(&self.collection(kind).live, prefix, after)
    }

    /// Objects in the bin, in key order, those after a key only.
    pub(crate) fn binned<'a>(
        &'a self,
        kind: &Kind,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = Slot> + 'a {
        range(&self.collection(kind).bin, "", after)
    }

    /// Rows of a log between two times, both included, in the order of time.
    pub(crate) fn by_time(
        &self,
        kind: &Kind,
        from: i64,
        to: i64,
    ) -> impl DoubleEndedIterator<Item = (i64, Slot)> + '_ {
        let rows = &self.collection(kind).by_time;
        // A range that ends before it begins would panic.
        let to = to.max(from);
        rows.range((from, 0)..=(to, Slot::MAX)).copied()
    }

    pub(crate) fn count_live(&self, kind: &Kind) -> usize {
        self.collection(kind).live.len()
    }

    /// Puts a new object into its collection, or into the bin.
    pub(crate) fn insert(
        &mut self,
        kind: &'static Kind,
        key: &str,
        text: &str,
        state: State,
    ) -> Slot {
        let slot = Slot::try_from(self.objects.len())
            .expect("because a tenant of four billion objects does not fit into memory");
        let key: Arc<str> = key.into();
        self.objects.push(Object {
            kind: kinds::index_of(kind),
            state: State::Gone,
            key,
            text: text.into(),
        });
        self.move_to(slot, state);
        slot
    }

    /// Replaces an object's text; the alternate keys follow.
    pub(crate) fn replace(&mut self, slot: Slot, text: &str) {
        let state = self.object(slot).state;
        self.unlist(slot);
        self.objects[slot as usize].text = text.into();
        self.list(slot, state);
    }

    /// Moves an object between its collection, the bin and nowhere.
    pub(crate) fn move_to(&mut self, slot: Slot, state: State) {
        self.unlist(slot);
        self.list(slot, state);
        if state == State::Gone {
            self.objects[slot as usize].text = Box::default();
        }
    }

    /// Shows an object in the collection of another kind too, under a key of its own there: the same
    /// thing reached by another path.
    pub(crate) fn mirror(&mut self, kind: &Kind, key: &str, slot: Slot) {
        self.collection_mut(kind).live.insert(key.into(), slot);
    }

    /// Takes back what [`Storage::mirror`] did.
    pub(crate) fn unmirror(&mut self, kind: &Kind, key: &str) {
        self.collection_mut(kind).live.remove(key);
    }

    fn unlist(&mut self, slot: Slot) {
        let object = &self.objects[slot as usize];
        let kind = kinds::kind_at(object.kind);
        let (state, key) = (object.state, Arc::clone(&object.key));
        match state {
            State::Gone => return,
            State::Binned => {
                self.collection_mut(kind).bin.remove(&key);
            }
            State::Live => {
                for word in self.alternate_words(slot) {
                    self.alternates.remove(&word);
                }
                self.collection_mut(kind).live.remove(&key);
                if let Some(time) = self.event_time(slot) {
                    self.collection_mut(kind).by_time.remove(&(time, slot));
                }
            }
        }
        self.objects[slot as usize].state = State::Gone;
    }

    fn list(&mut self, slot: Slot, state: State) {
        let object = &self.objects[slot as usize];
        let kind = kinds::kind_at(object.kind);
        let key = Arc::clone(&object.key);
        match state {
            State::Gone => {}
            State::Binned => {
                self.collection_mut(kind).bin.insert(key, slot);
            }
            State::Live => {
                self.collection_mut(kind).live.insert(key, slot);
                for word in self.alternate_words(slot) {
                    self.alternates.insert(word, slot);
                }
                if let Some(time) = self.event_time(slot) {
                    self.collection_mut(kind).by_time.insert((time, slot));
                }
            }
        }
        self.objects[slot as usize].state = state;
    }

    fn alternate_words(&self, slot: Slot) -> Vec<Box<str>> {
        let object = self.object(slot);
        let kind = kinds::kind_at(object.kind);
        let properties = kinds::alternate_keys(kind);
        if properties.is_empty() {
            return Vec::new();
        }
        let values = |root: Value<'_>| {
            let present = properties.iter().filter_map(|property| {
                let value = root.get(property)?.text()?;
                Some(alternate_word(kind, property, &value).into())
            });
            present.collect()
        };
        read(&object.text, values)
    }

    fn event_time(&self, slot: Slot) -> Option<i64> {
        let object = self.object(slot);
        let Shape::Event { time } = kinds::kind_at(object.kind).shape else {
            return None;
        };
        read(&object.text, |root| {
            let text = root.get(time)?.text()?;
            text.parse::<Timestamp>().ok().map(nanoseconds)
        })
    }

    fn collection(&self, kind: &Kind) -> &Collection {
        &self.collections[usize::from(kinds::index_of(kind))]
    }

    fn collection_mut(&mut self, kind: &Kind) -> &mut Collection {
        &mut self.collections[usize::from(kinds::index_of(kind))]
    }
}

/// A time as the logs are ordered by: nanoseconds since the epoch, the far ends cut.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// Reads a stored text, which the tenant itself wrote.
pub(crate) fn read<R>(text: &str, reader: impl FnOnce(Value<'_>) -> R) -> R {
    let mut parser = Parser::new();
    let document = parser
        .parse_text(text)
        .expect("because only serialised objects are stored");
    reader(document.root())
}

fn alternate_word(kind: &Kind, property: &str, value: &str) -> String {
    format!("{}/{property}/{}", kind.name, value.to_lowercase())
}

fn range<'a>(
    map: &'a BTreeMap<Arc<str>, Slot>,
    prefix: &'a str,
    after: Option<&'a str>,
) -> impl Iterator<Item = Slot> + 'a {
    let from = match after {
        Some(key) => Bound::Excluded(key),
        None => Bound::Included(prefix),
    };
    map.range::<str, _>((from, Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
        .map(|(_, slot)| *slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_of_one_parent_lie_together() {
        let mut storage = Storage::new();
        let kind = kinds::named("user_license_detail");
        let mut put = |parent: &str, id: &str| {
            let key = key_of(&[parent.to_owned()], id);
            storage.insert(kind, &key, &format!(r#"{{"id":"{id}"}}"#), State::Live)
        };
        let first = put("A", "1");
        put("ab", "1");
        let second = put("a", "2");
        let prefix = prefix_of(&["a".to_owned()]);
        let all: Vec<Slot> = storage.live(kind, &prefix, None).collect();
        assert_eq!(all, [first, second]);
        let after: Vec<Slot> = storage.live(kind, &prefix, Some("a\u{1}1")).collect();
        assert_eq!(after, [second]);
        assert_eq!(split_key("a\u{1}2"), (vec!["a".to_owned()], "2"));
    }

    #[test]
    fn alternate_keys_follow_an_object() {
        let mut storage = Storage::new();
        let kind = kinds::named("user");
        let text = |name: &str| format!(r#"{{"id":"u","userPrincipalName":"{name}"}}"#);
        let slot = storage.insert(kind, "u", &text("A@x"), State::Live);
        assert_eq!(
            storage.find_alternate(kind, "userPrincipalName", "a@X"),
            Some(slot)
        );
        storage.replace(slot, &text("b@x"));
        assert_eq!(
            storage.find_alternate(kind, "userPrincipalName", "a@x"),
            None
        );
        storage.move_to(slot, State::Binned);
        assert_eq!(
            storage.find_alternate(kind, "userPrincipalName", "b@x"),
            None
        );
        assert_eq!(storage.find_binned(kind, "u"), Some(slot));
        storage.move_to(slot, State::Live);
        assert_eq!(
            storage.find_alternate(kind, "userPrincipalName", "b@x"),
            Some(slot)
        );
    }
}

//! Ids that became others: an object made anew has another id than the one it had.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::is_guid;
use serde_json::{Map, Value};

/// Length of a GUID in text.
const GUID: usize = 36;
/// The same without its dashes.
const UNDASHED: usize = 32;

/// From the ids of the wanted state to those that execution made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdMap(BTreeMap<String, String>);

impl IdMap {
    /// Notes what an id became.
    pub fn insert(&mut self, old: &str, new: &str) {
        self.0.insert(folded(old), new.to_owned());
    }

    /// What an id became; `None` where it is still itself.
    #[must_use]
    pub fn get(&self, old: &str) -> Option<&str> {
        self.0.get(&folded(old)).map(String::as_str)
    }

    /// Every pair, in the order of the old ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(old, new)| (old.as_str(), new.as_str()))
    }

    /// The exchange of these ids; those that are still themselves are left out.
    #[must_use]
    pub fn exchange<'i>(&self, old: impl IntoIterator<Item = &'i str>) -> Exchange {
        let pairs = old
            .into_iter()
            .filter_map(|old| Some((folded(old), self.get(old)?.to_owned())));
        Exchange {
            pairs: pairs.collect(),
        }
    }

    /// A text with every id exchanged that became another; GUIDs wherever they stand, others as whole texts of
    /// JSON (`"id"`). For texts that may name any of many.
    #[must_use]
    pub fn whole_text(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let (mut at, mut done) = (0, 0);
        while at + GUID <= bytes.len() {
            // The first dash of a GUID decides quickly.
            let found = (bytes[at + 8] == b'-')
                .then(|| text.get(at..at + GUID))
                .flatten()
                .filter(|id| is_guid(id))
                .and_then(|id| self.get(id));
            match found {
                Some(new) => {
                    out.push_str(&text[done..at]);
                    out.push_str(new);
                    at += GUID;
                    done = at;
                }
                None => at += 1,
            }
        }
        out.push_str(&text[done..]);
        // A text has few ids of other forms, and there may be many: each of its words is looked up.
        let words = out.split('"').map(|word| self.word(word));
        words.collect::<Vec<_>>().join("\"")
    }

    /// A whole text of JSON: an id that is no GUID, or the name of an extension property, which has an `appId`
    /// in it without dashes.
    fn word<'w>(&'w self, word: &'w str) -> Cow<'w, str> {
        const EXTENSION: &str = "extension_";
        if let Some(new) = self.0.get(word).filter(|_| !is_guid(word)) {
            return new.into();
        }
        let owner = word
            .strip_prefix(EXTENSION)
            .and_then(|rest| rest.get(..UNDASHED));
        match owner.and_then(|owner| self.get(&dashed(owner))) {
            Some(new) => {
                let rest = &word[EXTENSION.len() + UNDASHED..];
                format!("{EXTENSION}{}{rest}", undashed(new)).into()
            }
            None => word.into(),
        }
    }

    /// A key with each part that became another exchanged.
    #[must_use]
    pub fn key(&self, key: &[String]) -> Vec<String> {
        let parts = key
            .iter()
            .map(|part| self.get(part).map_or_else(|| part.clone(), str::to_owned));
        parts.collect()
    }
}

impl FromIterator<(String, String)> for IdMap {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        let mut map = Self::default();
        for (old, new) in pairs {
            map.insert(&old, &new);
        }
        map
    }
}

/// Puts new ids where old ones stand.
///
/// A GUID is found anywhere in a text, in any case (`@odata.id`, scopes), and without its dashes, as names of
/// extension properties have it. Another id counts only as a whole text or a whole segment of a path.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    pairs: Vec<(String, String)>,
}

impl Exchange {
    /// Of a text.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (old, new) in &self.pairs {
            if is_guid(old) {
                text = replaced(&text, old, new);
                if is_guid(new) {
                    text = replaced(&text, &undashed(old), &undashed(new));
                }
            } else if text.contains(old.as_str()) {
                let segments = text.split('/');
                let segments: Vec<&str> = segments
                    .map(|segment| if segment == old { new } else { segment })
                    .collect();
                text = segments.join("/");
            }
        }
        text
    }

    /// Of every text and name of a value.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        if self.pairs.is_empty() {
            return value.clone();
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|value| self.value(value)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            other => other.clone(),
        }
    }

    /// Of every text and name of an object.
    #[must_use]
    pub fn members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        let members = members
            .iter()
            .map(|(name, value)| (self.text(name), self.value(value)));
        members.collect()
    }
}

fn folded(id: &str) -> String {
    if is_guid(id) {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    }
}

fn undashed(id: &str) -> String {
    id.chars().filter(|sign| *sign != '-').collect()
}

/// 32 digits as a GUID, whatever they are.
fn dashed(digits: &str) -> String {
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts = parts.map(|(from, to)| digits.get(from..to).unwrap_or_default());
    parts.join("-")
}

/// Every occurrence of `old`, in any case, as `new`. `old` is ASCII in lower case.
fn replaced(text: &str, old: &str, new: &str) -> String {
    // Lengths are those of the text: only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, found) in lower.match_indices(old) {
        out.push_str(&text[done..at]);
        out.push_str(new);
        done = at + found.len();
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: &str = "0a000000-0000-4000-8000-00000000000a";
    const NEW: &str = "1b000000-0000-4000-8000-00000000000b";

    fn exchange() -> Exchange {
        let mut ids = IdMap::default();
        ids.insert(OLD, NEW);
        ids.insert("rule-1", "rule-9");
        ids.exchange([OLD, "rule-1", "2c000000-0000-4000-8000-00000000000c"])
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let upper = OLD.to_uppercase();
        let body = json!({
            "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{upper}"),
            "directoryScopeId": format!("/administrativeUnits/{OLD}"),
            "extension_0a00000000004000800000000000000a_badge": 7,
            "conditions": {"users": {"includeGroups": [OLD, "All"]}},
            "rule": "rule-1",
            "text": "rule-11",
        });
        assert_eq!(
            exchange().value(&body),
            json!({
                "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{NEW}"),
                "directoryScopeId": format!("/administrativeUnits/{NEW}"),
                "extension_1b00000000004000800000000000000b_badge": 7,
                "conditions": {"users": {"includeGroups": [NEW, "All"]}},
                "rule": "rule-9",
                "text": "rule-11",
            })
        );
    }

    #[test]
    fn a_text_may_name_any_of_many() {
        let mut ids = IdMap::default();
        ids.insert(OLD, NEW);
        ids.insert("Ab_1", "Cd_2");
        let text = format!(
            "{{\"a\":\"/x/{}/é\",\"b\":[\"{OLD}\",\"Ab_1\",\"Ab_12\"]}}",
            OLD.to_uppercase()
        );
        let expected = format!("{{\"a\":\"/x/{NEW}/é\",\"b\":[\"{NEW}\",\"Cd_2\",\"Ab_12\"]}}");
        assert_eq!(ids.whole_text(&text), expected);
        assert_eq!(
            ids.whole_text("{\"extension_0a00000000004000800000000000000a_é\":\"extension_x\"}"),
            "{\"extension_1b00000000004000800000000000000b_é\":\"extension_x\"}"
        );
    }

    #[test]
    fn paths_and_keys_are_exchanged_part_by_part() {
        assert_eq!(
            exchange().text(&format!("/v1.0/groups/{OLD}/rules/rule-1")),
            format!("/v1.0/groups/{NEW}/rules/rule-9")
        );
        let mut ids = IdMap::default();
        ids.insert(&OLD.to_uppercase(), NEW);
        assert_eq!(
            ids.key(&[OLD.to_owned(), "x".to_owned()]),
            [NEW.to_owned(), "x".to_owned()]
        );
    }
}

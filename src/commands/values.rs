//! Values of properties as people read them, and what changed between two of them.

use std::collections::HashMap;
use std::sync::Arc;

use query::Source;
use serde_json::Value;

use crate::output::truncated;

/// Longest value printed in a line.
const WIDTH: usize = 100;

/// Names of the objects that ids in values stand for, asked once each.
pub(crate) struct Names {
    source: Arc<Source>,
    known: HashMap<String, Option<(String, Option<String>)>>,
}

impl Names {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            known: HashMap::new(),
        }
    }

    /// Kind and name of an id's object, if it is the id of one.
    fn of(&mut self, id: &str) -> Option<&(String, Option<String>)> {
        if !self.known.contains_key(id) {
            // A name is a convenience: where it cannot be read, the id is shown.
            let found = self.source.name_of(id).ok().flatten();
            self.known.insert(id.to_owned(), found);
        }
        self.known.get(id)?.as_ref()
    }

    /// A name as it is; where it is an id itself, the name of what it stands for.
    pub(crate) fn readable(&mut self, name: &str) -> String {
        match self.of(name) {
            Some((_, Some(better))) if model::is_guid(name) => better.clone(),
            _ => name.to_owned(),
        }
    }

    /// `Bob (user)` for an id; the id itself where nothing in the archive has it.
    pub(crate) fn described(&mut self, id: &str) -> String {
        match self.of(id) {
            Some((kind, Some(name))) => format!("{} ({kind})", truncated(name, WIDTH)),
            Some((kind, None)) => format!("{id} ({kind})"),
            None => id.to_owned(),
        }
    }
}

/// One line about a changed property.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Old and new value.
    Became(String, String),
    /// An element that is new.
    Gained(String),
    /// An element that is gone.
    Lost(String),
}

/// The lines that say how a value changed: elements where both are lists, else old and new.
pub(crate) fn lines(old: Option<&str>, new: Option<&str>, names: &mut Names) -> Vec<Line> {
    let parse = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (before, after) = (parse(old), parse(new));
    let list = |value: &Option<Value>| match value {
        Some(Value::Array(items)) => Some(items.clone()),
        None | Some(Value::Null) => Some(Vec::new()),
        _ => None,
    };
    let is_list = [&before, &after]
        .iter()
        .any(|value| matches!(value, Some(Value::Array(_))));
    if is_list && let (Some(before), Some(after)) = (list(&before), list(&after)) {
        let mut changed = Vec::new();
        let mut kept = before.clone();
        for item in &after {
            match kept.iter().position(|other| other == item) {
                Some(at) => drop(kept.swap_remove(at)),
                None => changed.push(Line::Gained(shown(Some(item), names))),
            }
        }
        let lost = kept.iter().map(|item| Line::Lost(shown(Some(item), names)));
        let mut all: Vec<Line> = lost.collect();
        all.append(&mut changed);
        if !all.is_empty() {
            return all;
        }
    }
    vec![Line::Became(
        shown(before.as_ref(), names),
        shown(after.as_ref(), names),
    )]
}

/// A value in a line; ids that stand for objects with the object's name.
fn shown(value: Option<&Value>, names: &mut Names) -> String {
    let Some(value) = value else {
        return "(absent)".to_owned();
    };
    if let Value::String(text) = value
        && model::is_guid(text)
        && let Some((_, Some(name))) = names.of(text)
    {
        return truncated(&format!("{name:?} ({text})"), WIDTH);
    }
    truncated(&value.to_string(), WIDTH)
}

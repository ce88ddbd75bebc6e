//! What the directory audit log says must be read again.
//!
//! Rows below users, groups and applications cost a request for each parent, and Graph has no delta
//! for them. The audit log names the objects whose rows changed.

use std::collections::{HashMap, HashSet};

use catalog::Kind;
use model::{Parser, Value};

/// The log that names what changed.
pub(super) const HINTING_LOG: &str = "directory_audit";

/// For each kind the parents whose rows changed.
#[derive(Debug, Default)]
pub(super) struct Hints {
    parents: HashMap<&'static str, HashSet<String>>,
}

impl Hints {
    /// Learns from a page of the directory audit log.
    pub(super) fn learn(&mut self, page: &[u8], kinds: &[&'static Kind]) {
        let mut parser = Parser::new();
        let Ok(document) = parser.parse(page) else {
            return;
        };
        let rows = document.root().get("value");
        for row in rows.into_iter().flat_map(Value::elements) {
            let activity = row.get("activityDisplayName").and_then(Value::text);
            let Some(activity) = activity else { continue };
            let concerned = kinds
                .iter()
                .filter(|kind| announces(kind, &activity))
                .collect::<Vec<_>>();
            if concerned.is_empty() {
                continue;
            }
            let targets = row.get_folded("targetResources");
            for target in targets.into_iter().flat_map(Value::elements) {
                let Some(id) = target.get("id").and_then(Value::text) else {
                    continue;
                };
                let of_type = target.get_folded("type").and_then(Value::text);
                for kind in &concerned {
                    if is_of(kind, of_type.as_deref()) {
                        let parents = self.parents.entry(kind.name).or_default();
                        parents.insert(id.to_ascii_lowercase());
                    }
                }
            }
        }
    }

    /// The parents whose rows of a kind changed.
    pub(super) fn of(&self, kind: &Kind) -> impl Iterator<Item = &str> {
        let parents = self.parents.get(kind.name).into_iter().flatten();
        parents.map(String::as_str)
    }
}

/// Whether an activity changes rows of a kind: its own, or the arrival of a parent.
fn announces(kind: &Kind, activity: &str) -> bool {
    let begins = |prefix: &str| {
        activity
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let Some(parent) = kind.parent.filter(|_| !kind.changed_by.is_empty()) else {
        return false;
    };
    let parent = parent.replace('_', " ");
    let arrives = |verb: &str| activity.eq_ignore_ascii_case(&format!("{verb} {parent}"));
    kind.changed_by.iter().any(|prefix| begins(prefix)) || arrives("add") || arrives("restore")
}

/// Whether a target may be a parent of rows of a kind.
fn is_of(kind: &Kind, of_type: Option<&str>) -> bool {
    let (Some(parent), Some(of_type)) = (kind.parent, of_type) else {
        return true;
    };
    let letters = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    letters(parent) == letters(of_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_rows_name_the_parents_to_read_again() {
        let owners = catalog::by_name("group_owner").expect("because the catalogue has it");
        let mut hints = Hints::default();
        let page = br#"{"value":[
            {"activityDisplayName":"Add owner to group","targetResources":[
                {"id":"AAAAAAAA-0000-4000-8000-000000000001","type":"User"},
                {"id":"BBBBBBBB-0000-4000-8000-000000000002","type":"Group"}]},
            {"activityDisplayName":"Update group","targetResources":[
                {"id":"cccccccc-0000-4000-8000-000000000003","type":"Group"}]},
            {"activityDisplayName":"Add group","targetResources":[
                {"id":"dddddddd-0000-4000-8000-000000000004","Type":"Group"}]}]}"#;
        hints.learn(page, &[owners]);
        let mut parents: Vec<_> = hints.of(owners).collect();
        parents.sort_unstable();
        assert_eq!(
            parents,
            [
                "bbbbbbbb-0000-4000-8000-000000000002",
                "dddddddd-0000-4000-8000-000000000004"
            ]
        );
    }
}

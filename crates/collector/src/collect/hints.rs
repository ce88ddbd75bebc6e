//! What the directory audit log says must be read again.
//!
//! Rows below users, groups and applications cost a request for each parent, and Graph has no delta
//! for them. The audit log names the objects whose rows changed. Where the event is a plain update of the parent, which
//! may be of anything, the properties it names say whether the rows may be meant.

use std::collections::{HashMap, HashSet};

use catalog::{Kind, audit};
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
                    if is_of(kind, of_type.as_deref()) && !is_of_itself(kind, &activity, target) {
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
    let Some(parent) = kind.parent.filter(|_| !kind.changed_by.is_empty()) else {
        return false;
    };
    let parent = parent.replace('_', " ");
    let arrives = |verb: &str| activity.eq_ignore_ascii_case(&format!("{verb} {parent}"));
    audit::announces(kind, activity) || (!kind.made_later && arrives("add")) || arrives("restore")
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

/// Whether an event is an update of properties of the parent, and of nothing that has to do with rows of the kind. An
/// event that does not say, or names what is not known, may be about them.
fn is_of_itself(kind: &Kind, activity: &str, target: Value<'_>) -> bool {
    let Some(parent) = kind.parent.and_then(catalog::by_name) else {
        return false;
    };
    if !audit::is_plain_update(parent, activity) {
        return false;
    }
    let is_its_own = |name: &str| audit::is_known(parent, name) && !audit::is_below(kind, name);
    let entries = target.get_folded("modifiedProperties").into_iter();
    let mut says = false;
    for entry in entries.flat_map(Value::elements) {
        let Some(name) = entry.get_folded("displayName").and_then(Value::text) else {
            return false;
        };
        if name == audit::INCLUDED {
            let names = entry.get_folded("newValue").and_then(Value::text);
            let names = names.unwrap_or_default();
            says |= audit::included(&names).next().is_some();
            if !audit::included(&names).all(is_its_own) {
                return false;
            }
        } else if audit::is_property(&name) {
            says = true;
            if !is_its_own(&name) {
                return false;
            }
        }
    }
    says
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

    #[test]
    fn what_is_made_later_is_not_looked_for_below_what_is_new() {
        let kinds = ["group_owner", "group_app_role_assignment"]
            .map(|name| catalog::by_name(name).expect("because the catalogue has it"));
        let after = |activity: &str| {
            let page = format!(
                r#"{{"value":[{{"activityDisplayName":"{activity}","targetResources":[
                    {{"id":"g","type":"Group"}}]}}]}}"#
            );
            let mut hints = Hints::default();
            hints.learn(page.as_bytes(), &kinds);
            kinds.map(|kind| hints.of(kind).count())
        };
        assert_eq!(after("Add group"), [1, 0]);
        assert_eq!(after("Restore group"), [1, 1]);
        assert_eq!(after("Add app role assignment to group"), [0, 1]);
    }

    #[test]
    fn an_update_of_other_properties_is_not_about_the_rows() {
        let methods = catalog::by_name("user_authentication_method");
        let licences = catalog::by_name("user_license_detail");
        let kinds = [methods, licences].map(|kind| kind.expect("because the catalogue has it"));
        let about = |properties: &str| {
            let page = format!(
                r#"{{"value":[{{"activityDisplayName":"Update user","targetResources":[
                    {{"id":"u","type":"User","modifiedProperties":[{properties}]}}]}}]}}"#
            );
            let mut hints = Hints::default();
            hints.learn(page.as_bytes(), &kinds);
            kinds.map(|kind| hints.of(kind).count())
        };
        let named = |name: &str| format!(r#"{{"displayName":"{name}","newValue":"[1]"}}"#);
        let listed = |names: &str| {
            let entry = r#"{"displayName":"Included Updated Properties","newValue":"\""#;
            format!(r#"{entry}{names}\""}}"#)
        };
        let all = |parts: &[String]| about(&parts.join(","));
        let target = named("TargetId.UserType");
        assert_eq!(
            all(&[named("Department"), listed("Department"), target]),
            [0, 0]
        );
        assert_eq!(all(&[listed("Department")]), [0, 0]);
        assert_eq!(all(&[named("StrongAuthenticationMethod")]), [1, 0]);
        assert_eq!(
            all(&[named("AssignedLicense"), named("AssignedPlan")]),
            [0, 1]
        );
        // What is not known may be anything, and so may what is not said.
        assert_eq!(all(&[named("Department"), named("Frobnication")]), [1, 1]);
        assert_eq!(
            all(&[named("Department"), listed("Department, Frobnication")]),
            [1, 1]
        );
        assert_eq!(all(&[]), [1, 1]);
        assert_eq!(all(&[listed("")]), [1, 1]);
    }
}

//! PIM for groups: a schedule and its instance are one grant, and an active one makes a member or owner.

use catalog::Kind;
use serde_json::{Value, json};

use super::{creation, end_of, scheduled};
use crate::deed::{Act, Properties};
use crate::tenant::{Slot, Tenant, key_of, named, text_property};

/// `pim_group_assignment_schedule`, `pim_group_eligibility_schedule_instance` and so on.
pub(super) fn is_grant(kind: &str) -> bool {
    kind.starts_with("pim_group_")
}

fn instance_kind(kind: &str) -> &'static str {
    if kind.starts_with("pim_group_assignment") {
        "pim_group_assignment_schedule_instance"
    } else {
        "pim_group_eligibility_schedule_instance"
    }
}

/// What identifies a grant: group, principal, and whether as a member or an owner.
fn grant(properties: &Properties) -> [(&'static str, Option<&str>); 3] {
    ["groupId", "principalId", "accessId"].map(|name| (name, text_property(properties, name)))
}

impl Tenant {
    /// Instance and edge of a new schedule.
    pub(super) fn access_granted(&self, kind: &Kind, properties: &Properties) -> Vec<Act> {
        let instances = instance_kind(kind.name);
        if kind.name == instances {
            return Vec::new();
        }
        let mut acts = Vec::new();
        if self.having(instances, &grant(properties)).is_empty() {
            let of = |name: &str| properties.get(name).cloned().unwrap_or(Value::Null);
            let mut instance = json!({
                "id": of("id"), "groupId": of("groupId"), "principalId": of("principalId"),
                "accessId": of("accessId"), "memberType": of("memberType"),
                "startDateTime": scheduled(properties, "startDateTime"),
                "endDateTime": end_of(properties),
            });
            if instances.contains("assignment") {
                instance["assignmentType"] = of("assignmentType");
                instance["assignmentScheduleId"] = of("id");
            } else {
                instance["eligibilityScheduleId"] = of("id");
            }
            acts.push(creation(instances, instance));
        }
        if instances.contains("assignment") {
            acts.extend(self.access(properties, true));
        }
        acts
    }

    /// The other forms of a grant that ends.
    pub(super) fn access_withdrawn(&self, slot: Slot) -> Vec<Act> {
        let properties = self.properties(slot);
        let instances = instance_kind(self.kind(slot).name);
        let schedules = instances.trim_end_matches("_instance");
        let forms = [schedules, instances].into_iter();
        let others = forms.flat_map(|kind| self.having(kind, &grant(&properties)));
        let others = others.filter(|other| *other != slot);
        let mut acts: Vec<Act> = others.map(|other| self.deletion(other)).collect();
        if instances.contains("assignment") {
            acts.extend(self.access(&properties, false));
        }
        acts
    }

    /// The edge that has to come or go; none where it is so already.
    fn access(&self, properties: &Properties, added: bool) -> Option<Act> {
        let kind = match text_property(properties, "accessId")? {
            "owner" => named("group_owner"),
            _ => named("group_member"),
        };
        let source = text_property(properties, "groupId")?.to_owned();
        let target = text_property(properties, "principalId")?.to_owned();
        self.storage.find(named("group"), &key_of(&[], &source))?;
        let (from, to) = self.ends(kind, &source, &target).ok()?;
        (self.edges.contains(kind, from, to) != added)
            .then(|| Act::edge(kind, source, target, added))
    }
}

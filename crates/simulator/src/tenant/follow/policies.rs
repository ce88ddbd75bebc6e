//! Conditional Access: a policy shows its authentication strength whole, as the strength is now.

use serde_json::Value;

use crate::deed::{Act, Properties};
use crate::tenant::{Slot, Tenant, key_of, named, text_property};

const POLICY: &str = "conditional_access_policy";
const STRENGTH: &str = "authentication_strength_policy";

impl Tenant {
    /// A policy that is written gets the copy of the strength it names.
    pub(super) fn strength_shown(&self, id: &str, written: &Properties) -> Option<Act> {
        let controls = written.get("grantControls")?;
        let strength = controls
            .get("authenticationStrength")?
            .get("id")?
            .as_str()?;
        let slot = self.storage.find(named(STRENGTH), &key_of(&[], strength))?;
        Some(showing(id, controls, self.properties(slot)))
    }

    /// The policies that show a strength, when it is written.
    pub(super) fn strength_changed(&self, id: &str, written: &Properties) -> Vec<Act> {
        let Some(slot) = self.storage.find(named(STRENGTH), &key_of(&[], id)) else {
            return Vec::new();
        };
        let mut strength = self.properties(slot);
        strength.extend(written.clone());
        let shown = |slot: Slot| {
            let policy = self.properties(slot);
            let controls = policy.get("grantControls")?;
            let named = controls
                .get("authenticationStrength")?
                .get("id")?
                .as_str()?;
            let is_it = named.eq_ignore_ascii_case(id);
            let own = text_property(&policy, "id")?;
            is_it.then(|| showing(own, controls, strength.clone()))
        };
        let policies = self.storage.live(named(POLICY), "", None);
        policies.filter_map(shown).collect()
    }
}

fn showing(policy: &str, controls: &Value, mut strength: Properties) -> Act {
    strength.retain(|name, _| !name.contains('@') && name != "combinationConfigurations");
    let mut controls = controls.clone();
    controls["authenticationStrength"] = Value::Object(strength);
    Act::Update {
        kind: named(POLICY),
        parents: Vec::new(),
        id: policy.to_owned(),
        properties: Properties::from_iter([("grantControls".to_owned(), controls)]),
    }
}

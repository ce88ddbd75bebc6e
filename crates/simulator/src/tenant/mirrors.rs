//! Objects that Graph shows under several paths: one grant of an app role belongs to the resource's
//! list and to the principal's, and the directory's settings have one path in v1.0 and another in beta.

use catalog::Kind;

use super::{Slot, State, Tenant, key_of, named, split_key, text_property};

/// The three lists of granted app roles.
const APP_ROLE_LISTS: [&str; 3] = [
    "app_role_assignment",
    "service_principal_app_role_assignment",
    "group_app_role_assignment",
];

/// The two lists of the directory's settings.
const SETTING_LISTS: [&str; 2] = ["group_setting", "directory_setting"];

impl Tenant {
    /// Shows a new object in the other lists it belongs to, unless they hold one of its id already.
    pub(super) fn mirror(&mut self, slot: Slot) {
        for (kind, key) in self.other_places(slot) {
            if self.storage.find(kind, &key).is_none() {
                self.storage.mirror(kind, &key, slot);
            }
        }
    }

    /// Whether an object of that id is in the list already because it was put into another list: the
    /// same grant told twice.
    pub(super) fn is_mirrored(&self, kind: &'static Kind, parents: &[String], id: &str) -> bool {
        let found = self.storage.find(kind, &key_of(parents, id));
        found.is_some_and(|slot| self.kind(slot).name != kind.name)
    }

    /// Takes an object out of the other lists, and with it what was put there under its id.
    pub(super) fn unmirror(&mut self, slot: Slot) {
        for (kind, key) in self.other_places(slot) {
            match self.storage.find(kind, &key) {
                Some(other) if other == slot => self.storage.unmirror(kind, &key),
                Some(other) => self.storage.move_to(other, State::Gone),
                None => {}
            }
        }
    }

    fn other_places(&self, slot: Slot) -> Vec<(&'static Kind, String)> {
        let kind = self.kind(slot);
        let object = self.storage.object(slot);
        if SETTING_LISTS.contains(&kind.name) {
            let others = SETTING_LISTS.iter().filter(|list| **list != kind.name);
            return others
                .map(|list| (named(list), object.key.to_string()))
                .collect();
        }
        if !APP_ROLE_LISTS.contains(&kind.name) || object.text.is_empty() {
            return Vec::new();
        }
        let properties = self.properties(slot);
        let (_, own) = split_key(&object.key);
        let place = |list: &str, parent: &str| {
            let parent = text_property(&properties, parent)?;
            let list = named(list);
            (list.name != kind.name).then(|| (list, key_of(&[parent.to_owned()], own)))
        };
        let principal_list = match text_property(&properties, "principalType") {
            Some("Group") => place(APP_ROLE_LISTS[2], "principalId"),
            Some("ServicePrincipal") => place(APP_ROLE_LISTS[1], "principalId"),
            _ => None,
        };
        let resource_list = place(APP_ROLE_LISTS[0], "resourceId");
        resource_list.into_iter().chain(principal_list).collect()
    }
}

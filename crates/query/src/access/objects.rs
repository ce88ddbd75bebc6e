//! What rows say of objects: users, groups, applications, roles.

use serde_json::Value;

use super::facts::{Told, Traits};
use super::ids::Node;
use super::privilege::{Privilege, TENANT};
use super::reading::{Reader, Row};

/// Role templates whose holders may add credentials to any application and act as it: Application
/// Administrator and Cloud Application Administrator. Global Administrators may give themselves
/// anything, and are not listed with everything there is.
const APPLICATION_ROLES: [&str; 2] = [
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "158c047a-c907-4556-b7ef-446551a6b5f7",
];
/// What a role that the tenant made itself must allow for the same.
const CREDENTIAL_ACTIONS: [&str; 4] = [
    "credentials/update",
    "owners/update",
    "allProperties/update",
    "allProperties/allTasks",
];
impl Reader {
    /// What the first two columns say, which are an id and a name.
    fn object(&mut self, row: &Row<'_>) -> Option<Told> {
        Some(Told {
            node: self.node(row, 0)?,
            ordinal: row.ordinal,
            telling: row.telling,
            display: row.boxed(1),
            ..Told::default()
        })
    }

    pub(super) fn named(&mut self, row: &Row<'_>) {
        let told = self.object(row);
        self.facts.told.extend(told);
    }

    pub(super) fn user(&mut self, row: &Row<'_>) {
        let told = self.object(row).map(|told| Told {
            user_principal_name: row.boxed(2),
            enabled: row.bool(3),
            ..told
        });
        self.facts.told.extend(told);
    }

    pub(super) fn device(&mut self, row: &Row<'_>) {
        let told = self.object(row).map(|told| Told {
            enabled: row.bool(2),
            ..told
        });
        self.facts.told.extend(told);
    }

    pub(super) fn group(&mut self, row: &Row<'_>) {
        let traits = if row.text(2).is_some_and(|rule| !rule.is_empty()) {
            Traits::Dynamic
        } else if row.bool(3) == Some(true) {
            Traits::Closed
        } else {
            Traits::None
        };
        let told = self.object(row).map(|told| Told { traits, ..told });
        self.facts.told.extend(told);
    }

    pub(super) fn service_principal(&mut self, row: &Row<'_>) {
        let Some(told) = self.object(row) else { return };
        let app = self.node(row, 4);
        let display = told.display.or_else(|| row.boxed(2));
        let traits = match row.text(5) {
            Some("ManagedIdentity") => Traits::Closed,
            _ => Traits::None,
        };
        self.facts.told.push(Told {
            display,
            enabled: row.bool(3),
            app,
            traits,
            ..told
        });
        // Most declare nothing.
        if row.text(6).is_some_and(|roles| roles.len() > "[]".len()) {
            self.app_roles(told.node, &row.json(6));
        }
        if let Some(value) = &self.value
            && !self.facts.declares_value
        {
            let scopes = row.json(7);
            let values = scopes.as_array().into_iter().flatten();
            let mut values = values.filter_map(|scope| scope["value"].as_str());
            self.facts.declares_value = values.any(|known| known.eq_ignore_ascii_case(value));
        }
    }

    /// Values of the app roles a resource declares.
    fn app_roles(&mut self, resource: Node, roles: &Value) {
        for role in roles.as_array().into_iter().flatten() {
            let (Some(id), Some(value)) = (role["id"].as_str(), role["value"].as_str()) else {
                continue;
            };
            let app_role = self.facts.ids.object(id);
            if !value.is_empty() {
                let values = &mut self.facts.app_role_values;
                values.insert((resource, app_role), value.into());
            }
        }
    }

    pub(super) fn application(&mut self, row: &Row<'_>) {
        let app = self.node(row, 2);
        let told = self.object(row).map(|told| Told { app, ..told });
        self.facts.told.extend(told);
    }

    pub(super) fn role(&mut self, row: &Row<'_>) {
        let Some(told) = self.object(row) else { return };
        let is_template = |text: Option<&str>| {
            text.is_some_and(|id| {
                APPLICATION_ROLES
                    .iter()
                    .any(|role| role.eq_ignore_ascii_case(id))
            })
        };
        let built_in = is_template(row.text(0)) || is_template(row.text(2));
        let allows =
            |over: &str| built_in || (row.bool(3) == Some(false) && allows(&row.json(4), over));
        let traits = Traits::Over {
            applications: allows("applications"),
            service_principals: allows("servicePrincipals"),
        };
        self.tenant_role(told.node);
        self.facts.told.push(Told { traits, ..told });
    }

    pub(super) fn directory_role(&mut self, row: &Row<'_>) {
        let (Some(told), Some(template)) = (self.object(row), self.node(row, 2)) else {
            return;
        };
        self.directory_roles.insert(told.node, template);
        self.tenant_role(template);
        self.facts.told.push(Told {
            node: template,
            ..told
        });
    }

    /// Every role can be asked for, whether anybody holds it or not.
    pub(super) fn tenant_role(&mut self, role: Node) -> Node {
        let scope = TENANT.into();
        self.facts.privilege(Privilege::Role { role, scope })
    }
}

/// Whether a role's permissions allow to add credentials to applications or service principals.
fn allows(permissions: &Value, over: &str) -> bool {
    let permissions = permissions.as_array().into_iter().flatten();
    let actions =
        permissions.filter_map(|permission| permission["allowedResourceActions"].as_array());
    actions.flatten().filter_map(Value::as_str).any(|action| {
        let of = action
            .strip_prefix("microsoft.directory/")
            .unwrap_or_default();
        let what = of
            .strip_prefix(over)
            .and_then(|rest| rest.strip_prefix('/'));
        what.is_some_and(|what| CREDENTIAL_ACTIONS.contains(&what))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_of_the_tenant_s_own_counts_by_what_it_allows() {
        let permissions = json!([{"allowedResourceActions": [
            "microsoft.directory/applications/credentials/update",
            "microsoft.directory/servicePrincipals/standard/read"
        ]}]);
        assert!(allows(&permissions, "applications"));
        assert!(!allows(&permissions, "servicePrincipals"));
        assert!(!allows(&json!([]), "applications"));
    }
}

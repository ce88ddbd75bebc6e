//! A small tenant that is written down by hand, one day after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use query::Source;
use store::{MemoryStorage, Storage};

use crate::fixture::{self, Stated, stated};

pub(crate) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
pub(crate) const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
pub(crate) const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";

/// Times of up to five daily snapshots.
pub(crate) const DAYS: [&str; 5] = [
    "2026-01-01T02:00:00Z",
    "2026-01-02T02:00:00Z",
    "2026-01-03T02:00:00Z",
    "2026-01-04T02:00:00Z",
    "2026-01-05T02:00:00Z",
];

/// The id of whatever has a name.
pub(crate) fn id(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("00000000-0000-4000-8000-{:012x}", hash & 0xffff_ffff_ffff)
}

/// What one day's snapshot says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Day {
    rows: Vec<(&'static str, String, String)>,
    /// Kinds read without a row, and kinds read in part.
    empty: Vec<&'static str>,
    partial: Vec<&'static str>,
}

impl Day {
    /// A day on which everything that tells of access was read.
    pub(crate) fn new() -> Self {
        let day = Self {
            empty: vec![
                "user",
                "group",
                "service_principal",
                "application",
                "role_definition",
                "group_member",
                "group_owner",
                "pim_group_eligibility_schedule_instance",
                "role_assignment",
                "role_eligibility_schedule_instance",
                "application_owner",
                "service_principal_owner",
                "app_role_assignment",
                "oauth2_permission_grant",
            ],
            ..Self::default()
        };
        day.role(GLOBAL_ADMINISTRATOR, "Global Administrator")
            .role(GLOBAL_READER, "Global Reader")
            .role(
                CLOUD_APPLICATION_ADMINISTRATOR,
                "Cloud Application Administrator",
            )
    }

    /// A day of which nothing is known.
    pub(crate) fn unread() -> Self {
        Self::default()
    }

    pub(crate) fn row(mut self, kind: &'static str, key: String, payload: &str) -> Self {
        // What is stored has its members sorted.
        let members: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(payload).expect("because it is an object");
        let sorted = serde_json::to_string(&members).expect("because it is JSON");
        self.rows.push((kind, key, sorted));
        self
    }

    /// Says that a kind was read only in part.
    pub(crate) fn partly(mut self, kind: &'static str) -> Self {
        self.partial.push(kind);
        self
    }

    fn object(self, kind: &'static str, name: &str, more: &str) -> Self {
        let id = id(name);
        let payload = format!(r#"{{"displayName":"{name}","id":"{id}"{more}}}"#);
        self.row(kind, id, &payload)
    }

    pub(crate) fn user(self, name: &str) -> Self {
        let more =
            format!(r#","accountEnabled":true,"userPrincipalName":"{name}@contoso.example""#);
        self.object("user", name, &more)
    }

    pub(crate) fn disabled_user(self, name: &str) -> Self {
        self.object("user", name, r#","accountEnabled":false"#)
    }

    pub(crate) fn group(self, name: &str) -> Self {
        self.object("group", name, "")
    }

    pub(crate) fn dynamic_group(self, name: &str) -> Self {
        self.object(
            "group",
            name,
            r#","membershipRule":"user.department -eq \"x\"""#,
        )
    }

    /// An app registration with its service principal, whose id is that of `NAME principal`.
    pub(crate) fn application(self, name: &str) -> Self {
        let app = format!(r#","appId":"{}""#, id(&format!("{name} app")));
        self.object("application", name, &app).service_principal(
            name,
            &id(&format!("{name} app")),
            "",
        )
    }

    pub(crate) fn service_principal(self, name: &str, app: &str, more: &str) -> Self {
        let id = id(&format!("{name} principal"));
        let payload = format!(
            r#"{{"accountEnabled":true,"appId":"{app}","displayName":"{name}","id":"{id}"{more}}}"#
        );
        self.row("service_principal", id, &payload)
    }

    /// Microsoft Graph with some application permissions; the id of each is that of its value.
    pub(crate) fn microsoft_graph(self, values: &[&str]) -> Self {
        let roles: Vec<String> = values
            .iter()
            .map(|value| format!(r#"{{"id":"{}","value":"{value}"}}"#, id(value)))
            .collect();
        let more = format!(r#","appRoles":[{}]"#, roles.join(","));
        let app = "00000003-0000-0000-c000-000000000000";
        self.service_principal("Microsoft Graph", app, &more)
    }

    pub(crate) fn role(self, id: &str, name: &str) -> Self {
        let payload = format!(
            r#"{{"displayName":"{name}","id":"{id}","isBuiltIn":true,"templateId":"{id}"}}"#
        );
        self.row("role_definition", id.to_owned(), &payload)
    }

    /// An edge between two ids.
    pub(crate) fn edge(self, kind: &'static str, from: &str, to: &str) -> Self {
        self.row(kind, format!("{from}\u{1f}{to}"), "{}")
    }

    pub(crate) fn member(self, group: &str, member: &str) -> Self {
        self.edge("group_member", &id(group), &id(member))
    }

    /// Says that a principal's id holds a role.
    pub(crate) fn assign(self, principal: &str, role: &str, scope: &str) -> Self {
        let key = id(&format!("{principal}{role}{scope}"));
        let payload = format!(
            r#"{{"directoryScopeId":"{scope}","id":"{key}","principalId":"{principal}","roleDefinitionId":"{role}"}}"#
        );
        self.row("role_assignment", key, &payload)
    }

    /// Says that a principal's id may activate a role, until a time or for good.
    pub(crate) fn eligible(self, principal: &str, role: &str, until: Option<&str>) -> Self {
        let key = id(&format!("{principal}{role}eligible"));
        let until = until.map_or_else(|| "null".to_owned(), |until| format!("\"{until}\""));
        let payload = format!(
            r#"{{"directoryScopeId":"/","endDateTime":{until},"id":"{key}","principalId":"{principal}","roleDefinitionId":"{role}","startDateTime":"2025-01-01T00:00:00Z"}}"#
        );
        self.row("role_eligibility_schedule_instance", key, &payload)
    }

    /// Says that a principal may enter a group, or become its owner, through PIM for groups.
    pub(crate) fn may_enter(self, group: &str, name: &str, access: &str, until: &str) -> Self {
        let key = id(&format!("{group}{name}{access}"));
        let (group, principal) = (id(group), id(name));
        let payload = format!(
            r#"{{"accessId":"{access}","endDateTime":"{until}","groupId":"{group}","id":"{key}","principalId":"{principal}","startDateTime":"2025-01-01T00:00:00Z"}}"#
        );
        let kind = "pim_group_eligibility_schedule_instance";
        self.row(kind, format!("{group}\u{1f}{key}"), &payload)
    }

    /// Grants an app role of a resource's service principal to a principal's id.
    pub(crate) fn grant(self, principal: &str, resource: &str, value: &str) -> Self {
        let resource = id(&format!("{resource} principal"));
        let key = id(&format!("{principal}{resource}{value}"));
        let payload = format!(
            r#"{{"appRoleId":"{}","id":"{key}","principalId":"{principal}","resourceId":"{resource}"}}"#,
            id(value)
        );
        self.row(
            "app_role_assignment",
            format!("{resource}\u{1f}{key}"),
            &payload,
        )
    }

    fn stated(self) -> Vec<Stated> {
        let mut kinds: Vec<Stated> = self
            .empty
            .iter()
            .map(|kind| stated(kind, Vec::new()))
            .collect();
        for (kind, key, payload) in self.rows {
            if !kinds.iter().any(|known| known.kind == kind) {
                kinds.push(stated(kind, Vec::new()));
            }
            let known = kinds.iter_mut().find(|known| known.kind == kind);
            let known = known.expect("because it was just added");
            known.objects.push((key, payload));
        }
        for kind in &mut kinds {
            kind.complete = !self.partial.contains(&kind.kind);
        }
        kinds
    }
}

fn history(days: &[Day]) -> Vec<(&'static str, Vec<Stated>)> {
    let days = days.iter().cloned().map(Day::stated);
    DAYS.into_iter().zip(days).collect()
}

/// The tenant of these days.
pub(crate) fn tenant(days: &[Day]) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let writer = fixture::fill_with(&storage, history(days), |_, _| {});
    Source::new(Arc::new(writer.into_archive()), fixture::now())
}

/// The same with every column in segments.
pub(crate) fn tenant_in_columns(days: &[Day], folder: &std::path::Path) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(store::LocalStorage::new(folder));
    let writer = fixture::fill_with(&storage, history(days), |_, _| {});
    query::refresh_columns(&writer, true).expect("because the disk works");
    Source::new(Arc::new(writer.into_archive()), fixture::now())
}

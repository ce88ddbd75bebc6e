//! Reads kinds into [`Facts`]: the only place that knows their columns.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::TimestampNanosecondType;
use jiff::Span;
use jiff::SpanRelativeTo;
use roaring::RoaringBitmap;
use serde_json::Value;

use super::facts::{Facts, Relation, Tie, Told, Traits, Window};
use super::ids::Node;
use super::privilege::{Privilege, TENANT, scope};
use super::telling::{Moment, TELLING};
use crate::columns::{ID, Rows};
use crate::error::{Error, Result};
use crate::source::Source;

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
/// Statuses of schedules that are not in force, besides those that begin with `Pending`.
const NOT_IN_FORCE: [&str; 6] = [
    "Canceled", "Denied", "Failed", "Revoked", "TimedOut", "Invalid",
];

/// Reads all that the moments tell; of delegated permissions those with one value, in lower case.
pub(crate) fn read(source: &Source, moments: &[Moment], value: Option<&str>) -> Result<Facts> {
    let mut reader = Reader {
        source,
        facts: Facts::new(),
        directory_roles: HashMap::new(),
        value,
    };
    for telling in 0..TELLING.len() {
        let mut ever = RoaringBitmap::new();
        for state in moments.iter().filter_map(|m| m.alive[telling].as_ref()) {
            ever |= &**state;
        }
        if !ever.is_empty() {
            reader.read(telling, &ever)?;
        }
    }
    let mut facts = reader.facts;
    facts.arrange();
    Ok(facts)
}

struct Reader<'s> {
    source: &'s Source,
    facts: Facts,
    /// Templates of activated roles.
    directory_roles: HashMap<Node, Node>,
    value: Option<&'s str>,
}

/// One version being read.
struct Row<'r> {
    telling: u8,
    ordinal: u32,
    row: usize,
    rows: &'r Rows,
}

impl Row<'_> {
    fn text(&self, column: usize) -> Option<&str> {
        let texts = self.rows.columns[column].as_string::<i32>();
        texts.is_valid(self.row).then(|| texts.value(self.row))
    }

    fn boxed(&self, column: usize) -> Option<Box<str>> {
        self.text(column)
            .filter(|text| !text.is_empty())
            .map(Into::into)
    }

    fn bool(&self, column: usize) -> Option<bool> {
        let bools = self.rows.columns[column].as_boolean();
        bools.is_valid(self.row).then(|| bools.value(self.row))
    }

    fn time(&self, column: usize) -> Option<i64> {
        let times = self.rows.columns[column].as_primitive::<TimestampNanosecondType>();
        times.is_valid(self.row).then(|| times.value(self.row))
    }

    fn json(&self, column: usize) -> Value {
        let text = self.text(column).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl Reader<'_> {
    fn read(&mut self, telling: usize, ever: &RoaringBitmap) -> Result<()> {
        type Take<'s> = fn(&mut Reader<'s>, &Row<'_>);
        let (columns, take): (&[&str], Take<'_>) = match TELLING[telling].kind {
            "user" => (
                &[
                    "id",
                    "display_name",
                    "user_principal_name",
                    "account_enabled",
                ],
                Self::user,
            ),
            "device" => (&["id", "display_name", "account_enabled"], Self::device),
            "contact" | "administrative_unit" => (&["id", "display_name"], Self::named),
            "group" => (
                &[
                    "id",
                    "display_name",
                    "membership_rule",
                    "on_premises_sync_enabled",
                ],
                Self::group,
            ),
            "service_principal" => (
                &[
                    "id",
                    "display_name",
                    "app_display_name",
                    "account_enabled",
                    "app_id",
                    "service_principal_type",
                    "app_roles",
                    "oauth2_permission_scopes",
                ],
                Self::service_principal,
            ),
            "application" => (&["id", "display_name", "app_id"], Self::application),
            "role_definition" => (
                &[
                    "id",
                    "display_name",
                    "template_id",
                    "is_built_in",
                    "role_permissions",
                ],
                Self::role,
            ),
            "directory_role" => (
                &["id", "display_name", "role_template_id"],
                Self::directory_role,
            ),
            "group_member" => (&["group_id", "member_id"], Self::group_member),
            "group_owner" => (&["group_id", "owner_id"], Self::owner),
            "application_owner" => (&["application_id", "owner_id"], Self::owner),
            "service_principal_owner" => (&["service_principal_id", "owner_id"], Self::owner),
            "pim_group_assignment_schedule_instance"
            | "pim_group_eligibility_schedule_instance" => (
                &[
                    "group_id",
                    "principal_id",
                    "access_id",
                    "start_date_time",
                    "end_date_time",
                ],
                Self::pim_group_instance,
            ),
            "pim_group_assignment_schedule" | "pim_group_eligibility_schedule" => (
                &[
                    "group_id",
                    "principal_id",
                    "access_id",
                    "schedule_info",
                    "status",
                ],
                Self::pim_group_schedule,
            ),
            "role_assignment" => (
                &[
                    "principal_id",
                    "role_definition_id",
                    "directory_scope_id",
                    "app_scope_id",
                ],
                Self::role_assignment,
            ),
            "role_assignment_schedule_instance" | "role_eligibility_schedule_instance" => (
                &[
                    "principal_id",
                    "role_definition_id",
                    "directory_scope_id",
                    "app_scope_id",
                    "start_date_time",
                    "end_date_time",
                ],
                Self::role_instance,
            ),
            "role_assignment_schedule" | "role_eligibility_schedule" => (
                &[
                    "principal_id",
                    "role_definition_id",
                    "directory_scope_id",
                    "app_scope_id",
                    "schedule_info",
                    "status",
                ],
                Self::role_schedule,
            ),
            "directory_role_member" => (&["directory_role_id", "member_id"], Self::role_member),
            "directory_role_scoped_member" | "administrative_unit_scoped_role_member" => (
                &["role_id", "administrative_unit_id", "role_member_info"],
                Self::scoped_member,
            ),
            "oauth2_permission_grant" => (
                &["client_id", "resource_id", "principal_id", "scope"],
                Self::consent,
            ),
            // The three kinds of app role assignments have the same columns.
            _ => (
                &["principal_id", "resource_id", "app_role_id"],
                Self::app_role_assignment,
            ),
        };
        self.scan(telling, ever, columns, take)
    }

    fn scan(
        &mut self,
        telling: usize,
        ever: &RoaringBitmap,
        columns: &[&str],
        take: fn(&mut Self, &Row<'_>),
    ) -> Result<()> {
        let source = self.source;
        let name = TELLING[telling].kind;
        let Some(stored) = source.archive.kind(name) else {
            return Ok(());
        };
        let projection = source.columns(&stored)?;
        let all = &projection.schema.columns;
        let position = |column: &&str| {
            let at = all.iter().position(|known| known.name == *column);
            at.ok_or_else(|| Error::Internal(format!("{name} has no column {column}")))
        };
        let positions = columns.iter().map(position).collect::<Result<Vec<_>>>()?;
        debug_assert!(all[ID].name == "id");
        let telling = u8::try_from(telling).expect("because there are fewer kinds");
        projection.scan(&source.archive, ever, &positions, None, &mut |rows| {
            for (row, ordinal) in rows.ordinals.values().iter().enumerate() {
                let row = Row {
                    telling,
                    ordinal: *ordinal,
                    row,
                    rows: &rows,
                };
                take(self, &row);
            }
            Ok(())
        })
    }

    fn node(&mut self, row: &Row<'_>, column: usize) -> Option<Node> {
        let id = row.text(column).filter(|id| !id.is_empty())?;
        Some(self.facts.ids.object(id))
    }

    fn told(&mut self, row: &Row<'_>, node: Node) -> Told {
        Told {
            node,
            ordinal: row.ordinal,
            telling: row.telling,
            ..Told::default()
        }
    }

    /// What an object is called.
    fn object(&mut self, row: &Row<'_>) -> Option<Told> {
        let node = self.node(row, 0)?;
        let told = self.told(row, node);
        Some(Told {
            display: row.boxed(1),
            ..told
        })
    }

    fn tie(&mut self, row: &Row<'_>, relation: Relation, from: Node, to: Node, window: Window) {
        let window = self.facts.window(window);
        self.facts.ties.push(Tie {
            from,
            to,
            ordinal: row.ordinal,
            window,
            telling: row.telling,
            relation,
        });
    }

    fn named(&mut self, row: &Row<'_>) {
        let told = self.object(row);
        self.facts.told.extend(told);
    }

    fn user(&mut self, row: &Row<'_>) {
        let told = self.object(row).map(|told| Told {
            user_principal_name: row.boxed(2),
            enabled: row.bool(3),
            ..told
        });
        self.facts.told.extend(told);
    }

    fn device(&mut self, row: &Row<'_>) {
        let told = self.object(row).map(|told| Told {
            enabled: row.bool(2),
            ..told
        });
        self.facts.told.extend(told);
    }

    fn group(&mut self, row: &Row<'_>) {
        let traits = Traits {
            dynamic: row.text(2).is_some_and(|rule| !rule.is_empty()),
            synced: row.bool(3) == Some(true),
            ..Traits::default()
        };
        let told = self.object(row).map(|told| Told { traits, ..told });
        self.facts.told.extend(told);
    }

    fn service_principal(&mut self, row: &Row<'_>) {
        let Some(told) = self.object(row) else { return };
        let app = self.node(row, 4);
        let display = told.display.or_else(|| row.boxed(2));
        let traits = Traits {
            managed_identity: row.text(5) == Some("ManagedIdentity"),
            ..Traits::default()
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
        if let Some(value) = self.value
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

    fn application(&mut self, row: &Row<'_>) {
        let app = self.node(row, 2);
        let told = self.object(row).map(|told| Told { app, ..told });
        self.facts.told.extend(told);
    }

    fn role(&mut self, row: &Row<'_>) {
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
        let traits = Traits {
            over_applications: allows("applications"),
            over_service_principals: allows("servicePrincipals"),
            ..Traits::default()
        };
        self.tenant_role(told.node);
        self.facts.told.push(Told { traits, ..told });
    }

    fn directory_role(&mut self, row: &Row<'_>) {
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
    fn tenant_role(&mut self, role: Node) -> Node {
        let scope = TENANT.into();
        self.facts.privilege(Privilege::Role { role, scope })
    }

    fn group_member(&mut self, row: &Row<'_>) {
        if let (Some(group), Some(member)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, Relation::Member, member, group, Window::ALWAYS);
        }
    }

    fn owner(&mut self, row: &Row<'_>) {
        if let (Some(owned), Some(owner)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, Relation::Owner, owner, owned, Window::ALWAYS);
        }
    }

    fn pim_group_instance(&mut self, row: &Row<'_>) {
        self.pim_group(row, window(row.time(3), row.time(4)));
    }

    fn pim_group_schedule(&mut self, row: &Row<'_>) {
        if let Some(window) = schedule(&row.json(3), row.text(4)) {
            self.pim_group(row, window);
        }
    }

    fn pim_group(&mut self, row: &Row<'_>, window: Window) {
        let eligible = TELLING[row.telling as usize].kind.contains("eligibility");
        let relation = match (row.text(2), eligible) {
            (Some("member"), false) => Relation::Member,
            (Some("member"), true) => Relation::EligibleMember,
            (Some("owner"), false) => Relation::Owner,
            (Some("owner"), true) => Relation::EligibleOwner,
            _ => return,
        };
        if let (Some(group), Some(principal)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, relation, principal, group, window);
        }
    }

    fn role_assignment(&mut self, row: &Row<'_>) {
        self.holds_role(row, Window::ALWAYS);
    }

    fn role_instance(&mut self, row: &Row<'_>) {
        self.holds_role(row, window(row.time(4), row.time(5)));
    }

    fn role_schedule(&mut self, row: &Row<'_>) {
        if let Some(window) = schedule(&row.json(4), row.text(5)) {
            self.holds_role(row, window);
        }
    }

    fn holds_role(&mut self, row: &Row<'_>, window: Window) {
        let eligible = TELLING[row.telling as usize].kind.contains("eligibility");
        let relation = if eligible {
            Relation::Eligible
        } else {
            Relation::Assigned
        };
        let (Some(principal), Some(role)) = (self.node(row, 0), self.node(row, 1)) else {
            return;
        };
        let scope = scope(row.text(2), row.text(3)).into();
        let held = self.facts.privilege(Privilege::Role { role, scope });
        self.tie(row, relation, principal, held, window);
    }

    fn role_member(&mut self, row: &Row<'_>) {
        let (Some(role), Some(member)) = (self.node(row, 0), self.node(row, 1)) else {
            return;
        };
        let template = self.directory_roles.get(&role).copied().unwrap_or(role);
        let held = self.tenant_role(template);
        self.tie(row, Relation::Assigned, member, held, Window::ALWAYS);
    }

    fn scoped_member(&mut self, row: &Row<'_>) {
        let member = row.json(2);
        let (Some(role), Some(unit), Some(member)) =
            (self.node(row, 0), row.text(1), member["id"].as_str())
        else {
            return;
        };
        let role = self.directory_roles.get(&role).copied().unwrap_or(role);
        let scope = format!("/administrativeUnits/{}", model::fold_id(unit)).into();
        let member = self.facts.ids.object(member);
        let held = self.facts.privilege(Privilege::Role { role, scope });
        self.tie(row, Relation::Assigned, member, held, Window::ALWAYS);
    }

    fn app_role_assignment(&mut self, row: &Row<'_>) {
        let (Some(principal), Some(resource), Some(app_role)) =
            (self.node(row, 0), self.node(row, 1), self.node(row, 2))
        else {
            return;
        };
        let held = self
            .facts
            .privilege(Privilege::AppRole { resource, app_role });
        self.tie(row, Relation::Granted, principal, held, Window::ALWAYS);
    }

    fn consent(&mut self, row: &Row<'_>) {
        let wanted = self.value.unwrap_or_default();
        let scopes = row.text(3).unwrap_or_default();
        let Some(value) = scopes
            .split_whitespace()
            .find(|value| value.eq_ignore_ascii_case(wanted))
        else {
            return;
        };
        let user = self.node(row, 2);
        if let (Some(client), Some(resource)) = (self.node(row, 0), self.node(row, 1)) {
            let held = self.facts.privilege(Privilege::Delegated {
                resource,
                value: value.into(),
                user,
            });
            self.tie(row, Relation::Consented, client, held, Window::ALWAYS);
        }
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

fn window(from: Option<i64>, until: Option<i64>) -> Window {
    Window {
        from: from.unwrap_or(Window::ALWAYS.from),
        until: until.unwrap_or(Window::ALWAYS.until),
    }
}

/// When a schedule is in force; `None`: never.
fn schedule(info: &Value, status: Option<&str>) -> Option<Window> {
    if status.is_some_and(|status| NOT_IN_FORCE.contains(&status) || status.starts_with("Pending"))
    {
        return None;
    }
    let time = |value: &Value| {
        let time = model::parse_time(value.as_str()?).ok()?;
        i64::try_from(time.as_nanosecond()).ok()
    };
    let from = time(&info["startDateTime"]);
    let expiration = &info["expiration"];
    let until = time(&expiration["endDateTime"]).or_else(|| {
        let span: Span = expiration["duration"].as_str()?.parse().ok()?;
        let days = SpanRelativeTo::days_are_24_hours();
        let length = i64::try_from(span.to_duration(days).ok()?.as_nanos()).ok()?;
        from?.checked_add(length)
    });
    Some(window(from, until))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn a_schedule_ends_at_its_end_or_after_its_duration() {
        let start = "1970-01-01T01:00:00Z";
        let of = |expiration: Value| {
            schedule(
                &json!({"startDateTime": start, "expiration": expiration}),
                Some("Provisioned"),
            )
        };
        let until = |until| Some(Window { from: HOUR, until });
        assert_eq!(of(json!({"type": "noExpiration"})), until(i64::MAX));
        assert_eq!(
            of(json!({"endDateTime": "1970-01-01T03:00:00Z"})),
            until(3 * HOUR)
        );
        assert_eq!(of(json!({"duration": "PT8H"})), until(9 * HOUR));
        assert_eq!(of(json!({"duration": "P2D"})), until(49 * HOUR));
    }

    #[test]
    fn a_schedule_that_was_taken_back_or_waits_is_not_in_force() {
        assert_eq!(schedule(&Value::Null, Some("Revoked")), None);
        assert_eq!(schedule(&Value::Null, Some("PendingApproval")), None);
        assert_eq!(schedule(&Value::Null, None), Some(Window::ALWAYS));
    }

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

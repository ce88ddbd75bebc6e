//! What a reviewer must know of a step.

use catalog::Kind;
use model::Value;

use super::draft::Draft;
use super::mention::texts_at;
use super::request::PlanOptions;
use crate::plan::{PropertyChange, Risk, RiskCode};

/// Template ids of the directory roles with which somebody can take over the tenant.
const PRIVILEGED_ROLES: [(&str, &str); 14] = [
    (
        "62e90394-69f5-4237-9190-012177145e10",
        "Global Administrator",
    ),
    (
        "e8611ab8-c189-46e8-94e1-60213ab1f814",
        "Privileged Role Administrator",
    ),
    (
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
        "Privileged Authentication Administrator",
    ),
    (
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
        "Application Administrator",
    ),
    (
        "158c047a-c907-4556-b7ef-446551a6b5f7",
        "Cloud Application Administrator",
    ),
    (
        "c4e39bd9-1100-46d3-8c65-fb160da0071f",
        "Authentication Administrator",
    ),
    (
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
        "Hybrid Identity Administrator",
    ),
    (
        "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
        "Conditional Access Administrator",
    ),
    (
        "194ae4cb-b126-40b2-bd5b-6091b380977d",
        "Security Administrator",
    ),
    ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
    (
        "729827e3-9c14-49f7-bb1b-9608f156bbb8",
        "Helpdesk Administrator",
    ),
    (
        "29232cdf-9323-42fd-ade2-1d097af3e4de",
        "Exchange Administrator",
    ),
    (
        "8329153b-31d0-4727-b945-745eb3bc5f31",
        "Domain Name Administrator",
    ),
    (
        "be2f45a1-457d-42af-a067-6ec1fa63bc45",
        "External Identity Provider Administrator",
    ),
];

/// Template id of the role that may do everything.
pub(super) const GLOBAL_ADMINISTRATOR: &str = PRIVILEGED_ROLES[0].0;

/// Application permissions of Microsoft Graph that lead to control of the tenant, by app role.
const PRIVILEGED_APP_ROLES: [(&str, &str); 8] = [
    (
        "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
        "RoleManagement.ReadWrite.Directory",
    ),
    (
        "06b708a9-e830-4db3-a914-8e69da51d44f",
        "AppRoleAssignment.ReadWrite.All",
    ),
    (
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
        "Application.ReadWrite.All",
    ),
    (
        "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
        "Directory.ReadWrite.All",
    ),
    ("741f803b-c850-494e-b5df-cde7c675a1ca", "User.ReadWrite.All"),
    (
        "62a82d76-70ea-41e2-9197-370581804d09",
        "Group.ReadWrite.All",
    ),
    (
        "50483e42-d915-4231-9639-7fdb7fd190e5",
        "UserAuthenticationMethod.ReadWrite.All",
    ),
    (
        "01c0a623-fc9b-48e9-b794-0756f8e8f067",
        "Policy.ReadWrite.ConditionalAccess",
    ),
];

/// Delegated permissions of the same reach.
const PRIVILEGED_SCOPES: [&str; 5] = [
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
];

fn risk(code: RiskCode, text: impl Into<String>) -> Risk {
    Risk {
        code,
        text: text.into(),
    }
}

/// Risks of giving an object its wanted values.
pub(super) fn of_update(
    kind: &Kind,
    changes: &[PropertyChange],
    wanted: Value<'_>,
    current: Value<'_>,
) -> Vec<Risk> {
    let mut risks = Vec::new();
    let becomes = |path: &str, value: serde_json::Value| {
        changes
            .iter()
            .any(|change| change.path == path && change.new.as_ref() == Some(&value))
    };
    if matches!(kind.name, "user" | "service_principal") && becomes("accountEnabled", false.into())
    {
        risks.push(risk(
            RiskCode::TokenRevocation,
            "the account is disabled: its sessions end",
        ));
    }
    if kind.name == "conditional_access_policy" {
        let state = wanted.get("state").and_then(Value::text);
        risks.extend(of_policy(wanted, state.as_deref().unwrap_or_default()));
    }
    if kind.name == "security_defaults_policy" && becomes("isEnabled", true.into()) {
        risks.push(risk(
            RiskCode::LockOut,
            "security defaults ask everybody for a second factor, break-glass accounts too",
        ));
    }
    if kind.name == "oauth2_permission_grant" {
        risks.extend(of_scopes(wanted, Some(current)));
    }
    risks
}

/// Risks of a policy in a state.
pub(super) fn of_policy(policy: Value<'_>, state: &str) -> Option<Risk> {
    if state != "enabled" {
        return None;
    }
    let has = |path: &str, word: Option<&str>| {
        let mut found = false;
        texts_at(policy, path, &mut |text| {
            found |= word.is_none_or(|word| text == word);
        });
        found
    };
    let excepts_somebody =
        has("conditions.users.excludeUsers", None) || has("conditions.users.excludeGroups", None);
    (has("conditions.users.includeUsers", Some("All")) && !excepts_somebody).then(|| {
        let does = if has("grantControls.builtInControls", Some("block")) {
            "blocks"
        } else {
            "makes demands on"
        };
        risk(
            RiskCode::LockOut,
            format!(
                "the policy {does} everybody and excepts nobody, no break-glass account either"
            ),
        )
    })
}

/// Risks of making an object.
pub(super) fn of_creation(
    kind: &Kind,
    object: Value<'_>,
    is_renumbered: bool,
    has_secrets: bool,
) -> Vec<Risk> {
    let mut risks: Vec<Risk> = of_grant(kind, object).into_iter().collect();
    if kind.name == "oauth2_permission_grant" {
        risks.extend(of_scopes(object, None));
    }
    if is_renumbered && !super::rows::is_attachment(kind) {
        let also = if kind.name == "application" {
            ", and another appId"
        } else {
            ""
        };
        risks.push(risk(
            RiskCode::NewId,
            format!(
                "it gets another id{also}: what names it outside the directory does not follow"
            ),
        ));
    }
    if has_secrets {
        let text = if kind.name == "user" {
            "it gets a random password that nobody knows: reset it, and register sign-in methods again"
        } else {
            "its secrets cannot be brought back: issue new ones"
        };
        risks.push(risk(RiskCode::Secret, text));
    }
    risks
}

/// Whether an assignment gives somebody power over the tenant.
fn of_grant(kind: &Kind, object: Value<'_>) -> Option<Risk> {
    let named = |property: &str, list: &[(&str, &'static str)]| {
        let id = object.get(property).and_then(Value::text)?;
        let found = list
            .iter()
            .find(|(known, _)| id.eq_ignore_ascii_case(known));
        found.map(|(_, name)| *name)
    };
    let role = named("roleDefinitionId", &PRIVILEGED_ROLES);
    let permission = named("appRoleId", &PRIVILEGED_APP_ROLES);
    let is_eligible = kind.name.contains("eligibility");
    let text = match (role, permission) {
        (Some(role), _) if is_eligible => format!("makes somebody eligible for {role}"),
        (Some(role), _) => format!("gives the role {role}"),
        (None, Some(permission)) => format!("gives the application permission {permission}"),
        (None, None) => return None,
    };
    Some(risk(RiskCode::PrivilegedRole, text))
}

/// Delegated permissions that are given and were not.
fn of_scopes(wanted: Value<'_>, current: Option<Value<'_>>) -> Option<Risk> {
    let scopes = |of: Value<'_>| {
        of.get("scope")
            .and_then(Value::text)
            .unwrap_or_default()
            .into_owned()
    };
    let before = current.map(scopes).unwrap_or_default();
    let after = scopes(wanted);
    let given: Vec<&str> = PRIVILEGED_SCOPES
        .into_iter()
        .filter(|scope| {
            let has = |text: &str| text.split_whitespace().any(|word| word == *scope);
            has(&after) && !has(&before)
        })
        .collect();
    (!given.is_empty()).then(|| {
        let text = format!("gives the delegated permission {}", given.join(", "));
        risk(RiskCode::PrivilegedRole, text)
    })
}

/// Risks of deleting an object.
pub(super) fn of_deletion(kind: &Kind) -> Vec<Risk> {
    match kind.name {
        "user" => vec![risk(
            RiskCode::TokenRevocation,
            "the account goes: its sessions end",
        )],
        "application" | "service_principal" => vec![risk(
            RiskCode::TokenRevocation,
            "what signs in as this application no longer can",
        )],
        _ => Vec::new(),
    }
}

/// Marks a step on an object the configuration protects.
pub(super) fn protect(options: &PlanOptions, draft: &mut Draft) {
    let is_meant = |protected: &String| {
        let named = draft
            .step
            .name
            .as_ref()
            .is_some_and(|name| name.eq_ignore_ascii_case(protected));
        named
            || draft
                .step
                .object
                .iter()
                .any(|part| part.eq_ignore_ascii_case(protected))
    };
    if let Some(protected) = options.protected.iter().find(|it| is_meant(it)) {
        draft.step.risks.push(risk(
            RiskCode::Protected,
            format!("the configuration protects {protected}"),
        ));
    }
}

/// Marks steps that take the account of somebody who may do everything.
pub(super) fn lock_out(draft: &mut Draft) {
    draft.step.risks.push(risk(
        RiskCode::LockOut,
        "the account holds the role Global Administrator",
    ));
}

//! What Microsoft calls an act: activity, category, service, operation.

use catalog::Category;

use crate::deed::{Act, Deed, Properties};
use crate::tenant::acts::Outcome;
use crate::tenant::{Tenant, text_property};

/// The words of a row that depend on what was done to which kind.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) name: String,
    pub(super) category: &'static str,
    pub(super) service: &'static str,
    /// `Add`, `Update`, `Delete`, `Assign`, `Unassign`.
    pub(super) operation: &'static str,
    /// Properties with the ids of the objects a grant joins, in the order in which the log lists
    /// them; empty for everything that is no grant.
    pub(super) ends: &'static [&'static str],
    /// The row shows the object whole, not its changed properties.
    pub(super) whole_object: bool,
}

impl Activity {
    pub(super) fn is_grant(&self) -> bool {
        !self.ends.is_empty()
    }

    /// What the row's id begins with: each service numbers its rows in its own way.
    pub(super) fn id_prefix(&self) -> &'static str {
        match self.service {
            "Core Directory" => "Directory",
            "Conditional Access" => "IPCGraph",
            "PIM" => "PIM",
            "Self-service Group Management" => "SSGM",
            _ => "Audit",
        }
    }
}

/// Words by kind: name in activities, category, service.
struct Subject(&'static str, &'static str, &'static str);

const CORE: &str = "Core Directory";

/// The subject of a kind's activities, where Microsoft has words of its own for it.
fn subject(kind: &str) -> Option<Subject> {
    Some(match kind {
        "user" => Subject("user", "UserManagement", CORE),
        "group" => Subject("group", "GroupManagement", CORE),
        "application" => Subject("application", "ApplicationManagement", CORE),
        "service_principal" => Subject("service principal", "ApplicationManagement", CORE),
        "device" => Subject("device", "Device", CORE),
        "administrative_unit" => Subject("administrative unit", "AdministrativeUnit", CORE),
        "role_definition" => Subject("role definition", "RoleManagement", CORE),
        "conditional_access_policy" => {
            Subject("conditional access policy", "Policy", "Conditional Access")
        }
        "named_location" => Subject("named location", "Policy", "Conditional Access"),
        "authentication_context" => Subject(
            "AuthenticationContextClassReference",
            "Policy",
            "Conditional Access",
        ),
        "authorization_policy" => Subject("authorization policy", "AuthorizationPolicy", CORE),
        "authentication_methods_policy" | "authentication_method_configuration" => Subject(
            "authentication methods policy",
            "ApplicationManagement",
            "Authentication Methods",
        ),
        "cross_tenant_access_partner" => Subject(
            "partner cross-tenant access setting",
            "CrossTenantAccessSettings",
            CORE,
        ),
        "cross_tenant_access_default" => Subject(
            "the company default cross-tenant access setting",
            "CrossTenantAccessSettings",
            CORE,
        ),
        "domain" => Subject("domain", "DirectoryManagement", CORE),
        "organization" => Subject("company information", "DirectoryManagement", CORE),
        "role_management_policy" | "role_management_policy_rule" => {
            Subject("role setting in PIM", "RoleManagement", "PIM")
        }
        "agreement" => Subject("Terms Of Use", "Policy", "Terms Of Use"),
        "access_package" => Subject(
            "access package",
            "EntitlementManagement",
            "Entitlement Management",
        ),
        "access_package_catalog" => Subject(
            "access package catalog",
            "EntitlementManagement",
            "Entitlement Management",
        ),
        "access_package_assignment_policy" => Subject(
            "access package assignment policy",
            "EntitlementManagement",
            "Entitlement Management",
        ),
        "access_review_definition" => Subject("access review", "Policy", "Access Reviews"),
        "lifecycle_workflow" => Subject("workflow", "WorkflowManagement", "Lifecycle Workflows"),
        _ if kind.ends_with("_policy") => Subject("policy", "Policy", CORE),
        _ => return None,
    })
}

/// The words for a deed.
pub(super) fn of(tenant: &Tenant, deed: &Deed, outcome: &Outcome) -> Activity {
    let kind = match &deed.act {
        Act::Create { kind, .. }
        | Act::Update { kind, .. }
        | Act::Delete { kind, .. }
        | Act::Purge { kind, .. }
        | Act::Restore { kind, .. }
        | Act::Link { kind, .. }
        | Act::Unlink { kind, .. }
        | Act::Log { kind, .. } => *kind,
    };
    let mut activity = match deed.act {
        Act::Link { .. } | Act::Unlink { .. } => edge(tenant, deed, outcome),
        _ => scheduled(kind.name, deed, outcome)
            .or_else(|| grant(kind.name, deed, outcome))
            .unwrap_or_else(|| plain(kind, deed, outcome)),
    };
    activity.whole_object = activity.service == "Conditional Access";
    if let Some((name, category)) = deed.activity {
        name.clone_into(&mut activity.name);
        activity.category = category;
    }
    activity
}

fn edge(tenant: &Tenant, deed: &Deed, outcome: &Outcome) -> Activity {
    let (kind, added) = match &deed.act {
        Act::Link { kind, .. } => (kind.name, true),
        Act::Unlink { kind, .. } => (kind.name, false),
        _ => unreachable!("only edges come here"),
    };
    let source = tenant.kind(outcome.slot);
    let words = subject(source.name);
    let noun = words.as_ref().map_or("directory object", |words| words.0);
    let category = words
        .as_ref()
        .map_or("DirectoryManagement", |words| words.1);
    let (verb, preposition) = if added {
        ("Add", "to")
    } else {
        ("Remove", "from")
    };
    let name = match kind {
        "directory_role_member" => format!("{verb} member {preposition} role"),
        "user_manager" if added => "Set user manager".to_owned(),
        "user_manager" => "Remove user manager".to_owned(),
        "device_registered_owner" => format!("{verb} registered owner {preposition} device"),
        "device_registered_user" => format!("{verb} registered users {preposition} device"),
        _ if kind.ends_with("_owner") => format!("{verb} owner {preposition} {noun}"),
        _ if kind.ends_with("_sponsor") => format!("{verb} sponsor {preposition} {noun}"),
        _ if kind.ends_with("_policy") => format!("{verb} policy {preposition} {noun}"),
        _ => format!("{verb} member {preposition} {noun}"),
    };
    let is_role = kind == "directory_role_member";
    Activity {
        name,
        category: if is_role { "RoleManagement" } else { category },
        service: CORE,
        operation: if added { "Assign" } else { "Unassign" },
        ends: &[],
        whole_object: false,
    }
}

/// Schedules of PIM, which has words of its own for each thing one can do with them \[memory\].
fn scheduled(kind: &str, deed: &Deed, outcome: &Outcome) -> Option<Activity> {
    let (object, end) = match kind {
        "role_assignment_schedule" => ("member", "role"),
        "role_eligibility_schedule" => ("eligible member", "role"),
        "pim_group_assignment_schedule" => ("member", "group"),
        "pim_group_eligibility_schedule" => ("eligible member", "group"),
        _ => return None,
    };
    let (of, operation) = match deed.act {
        Act::Create { .. } => (&outcome.after, "Assign"),
        Act::Update { .. } => (&outcome.after, "Update"),
        Act::Delete { .. } => (&outcome.before, "Unassign"),
        _ => return None,
    };
    let is_activated = text_property(of, "assignmentType")
        .is_some_and(|word| word.eq_ignore_ascii_case("activated"));
    let expiration = of
        .get("scheduleInfo")
        .and_then(|info| info.get("expiration"));
    let expiration = expiration.and_then(|it| it.get("type")?.as_str());
    let length = match expiration {
        Some("afterDateTime" | "afterDuration") => "timebound",
        _ => "permanent",
    };
    let name = match (operation, end) {
        ("Update", _) => format!("Update {object} in PIM"),
        ("Assign", _) if is_activated => format!("Add member to {end} completed (PIM activation)"),
        (_, _) if is_activated => format!("Remove member from {end} completed (PIM deactivate)"),
        ("Assign", "role") => format!("Add {object} to role in PIM completed ({length})"),
        (_, "role") => format!("Remove {object} from role in PIM completed ({length})"),
        ("Assign", _) if object == "member" => "Add member to group in PIM".to_owned(),
        ("Assign", _) => "Add eligible member to group".to_owned(),
        (_, _) if object == "member" => "Remove member from group in PIM".to_owned(),
        (_, _) => "Remove eligible member from group".to_owned(),
    };
    Some(Activity {
        name,
        category: if end == "role" {
            "RoleManagement"
        } else {
            "GroupManagement"
        },
        service: "PIM",
        operation,
        ends: if end == "role" {
            &["principalId", "roleDefinitionId"]
        } else {
            &["principalId", "groupId"]
        },
        whole_object: false,
    })
}

/// Roles and consents: objects in Graph, edges in the log.
fn grant(kind: &str, deed: &Deed, outcome: &Outcome) -> Option<Activity> {
    let added = match deed.act {
        Act::Create { .. } => true,
        Act::Delete { .. } => false,
        _ => return None,
    };
    let (verb, preposition) = if added {
        ("Add", "to")
    } else {
        ("Remove", "from")
    };
    let properties = if added {
        &outcome.after
    } else {
        &outcome.before
    };
    let (name, category, ends): (String, _, &[&str]) = match kind {
        "role_assignment" => (
            format!("{verb} {}member {preposition} role", scoped(properties)),
            "RoleManagement",
            &["principalId", "roleDefinitionId"],
        ),
        "app_role_assignment"
        | "service_principal_app_role_assignment"
        | "group_app_role_assignment" => (
            app_role_activity(verb, preposition, added, properties),
            "ApplicationManagement",
            &["resourceId", "principalId"],
        ),
        "oauth2_permission_grant" => (
            format!("{verb} delegated permission grant"),
            "ApplicationManagement",
            &["resourceId", "clientId"],
        ),
        _ => return None,
    };
    Some(Activity {
        name,
        category,
        service: CORE,
        operation: if added { "Assign" } else { "Unassign" },
        ends,
        whole_object: false,
    })
}

fn scoped(properties: &Properties) -> &'static str {
    match text_property(properties, "directoryScopeId") {
        None | Some("/") => "",
        Some(_) => "scoped ",
    }
}

fn app_role_activity(
    verb: &str,
    preposition: &str,
    added: bool,
    properties: &Properties,
) -> String {
    let principal = match text_property(properties, "principalType") {
        Some("User") if added => return "Add app role assignment grant to user".to_owned(),
        Some("User") => "user",
        Some("Group") => "group",
        _ => "service principal",
    };
    format!("{verb} app role assignment {preposition} {principal}")
}

/// Create, update, delete, restore and purge of a plain object.
fn plain(kind: &catalog::Kind, deed: &Deed, outcome: &Outcome) -> Activity {
    let (verb, operation) = match deed.act {
        Act::Create { .. } => ("Add", "Add"),
        Act::Delete { .. } if kind.name == "service_principal" => ("Remove", "Delete"),
        Act::Delete { .. } => ("Delete", "Delete"),
        Act::Purge { .. } => ("Hard Delete", "Delete"),
        Act::Restore { .. } => ("Restore", "Restore"),
        _ => ("Update", "Update"),
    };
    let words = subject(kind.name);
    let name = match &words {
        Some(words) => special(kind.name, deed, outcome)
            .map_or_else(|| format!("{verb} {}", words.0), str::to_owned),
        None => format!("{verb} {}", kind.title),
    };
    let (category, service) = match words {
        Some(Subject(_, category, service)) => (category, service),
        None => (category_of(kind.category), CORE),
    };
    Activity {
        name,
        category,
        service,
        operation,
        ends: &[],
        whole_object: false,
    }
}

/// Activities named after the one property that changed.
fn special(kind: &str, deed: &Deed, outcome: &Outcome) -> Option<&'static str> {
    let Act::Update { properties, .. } = &deed.act else {
        return match (&deed.act, kind) {
            (Act::Create { .. }, "domain") => Some("Add unverified domain"),
            (Act::Delete { .. }, "domain") => Some("Remove verified domain"),
            _ => None,
        };
    };
    let only = |names: &[&str]| properties.keys().all(|name| names.contains(&name.as_str()));
    let enabled = outcome.after.get("accountEnabled");
    match kind {
        "user" if only(&["accountEnabled"]) && enabled == Some(&false.into()) => {
            Some("Disable account")
        }
        "user" if only(&["accountEnabled"]) => Some("Enable account"),
        "user" if only(&["passwordProfile", "lastPasswordChangeDateTime"]) => {
            Some("Reset user password")
        }
        "user"
            if only(&[
                "assignedLicenses",
                "assignedPlans",
                "licenseAssignmentStates",
            ]) =>
        {
            Some("Change user license")
        }
        // The dash and the blank at the end are Microsoft's.
        "application" if only(&["passwordCredentials", "keyCredentials"]) => {
            Some("Update application – Certificates and secrets management ")
        }
        "service_principal" if only(&["passwordCredentials", "keyCredentials"]) => {
            Some("Add service principal credentials")
        }
        "domain" if only(&["isVerified"]) => Some("Verify domain"),
        "organization" => Some("Set Company Information"),
        _ => None,
    }
}

fn category_of(category: Category) -> &'static str {
    match category {
        Category::Applications => "ApplicationManagement",
        Category::DevicesAndSecurity | Category::Intune => "Device",
        Category::RolesAndPermissions => "RoleManagement",
        Category::Policies => "Policy",
        Category::IdentityGovernance => "EntitlementManagement",
        Category::Directory | Category::M365 | Category::Logs => "DirectoryManagement",
    }
}

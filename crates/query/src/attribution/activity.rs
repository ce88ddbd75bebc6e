//! What an activity of the audit log does, from its name.
//!
//! `activityDisplayName` is what tells activities apart: categories are used loosely, and
//! `operationType` says `Update` of memberships and credentials alike. Names as in Microsoft's list of
//! audit activities; those of services we do not know are read by their verb.

use std::collections::HashMap;
use std::sync::LazyLock;

use catalog::{Kind, Relationship};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    /// Into the recycle bin, or for ever where there is none.
    Delete,
    /// Out of the recycle bin, for ever.
    Purge,
    Restore,
    /// Two objects are joined: a membership, an assignment, a consent.
    Link,
    Unlink,
    /// Asked for, refused, looked at: nothing is different afterwards.
    Nothing,
}

/// An activity: what is done, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) operation: Operation,
    /// What it is done to, in lower case: `user`, `member to group`.
    pub(crate) noun: String,
    /// The whole name in lower case.
    pub(crate) name: String,
    about: About,
}

/// The kinds a noun is a word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Kinds(&'static [&'static str]),
    /// Every kind of policy.
    Policies,
    Unknown,
}

/// Activities whose names do not say what they do; matched from the beginning of the name.
const NAMED: [(&str, Operation, &str); 44] = [
    (
        "add service principal credentials",
        Operation::Update,
        "service principal",
    ),
    (
        "remove service principal credentials",
        Operation::Update,
        "service principal",
    ),
    (
        "update application - certificates and secrets management",
        Operation::Update,
        "application",
    ),
    ("change user license", Operation::Update, "user"),
    ("change user password", Operation::Update, "user"),
    ("change password", Operation::Update, "user"),
    ("reset user password", Operation::Update, "user"),
    ("reset password", Operation::Update, "user"),
    ("set force change user password", Operation::Update, "user"),
    ("disable account", Operation::Update, "user"),
    ("enable account", Operation::Update, "user"),
    ("disable strong authentication", Operation::Update, "user"),
    ("enable strong authentication", Operation::Update, "user"),
    ("update stsrefreshtokenvalidfrom", Operation::Update, "user"),
    ("redeem external user invite", Operation::Update, "user"),
    ("set user manager", Operation::Link, "user manager"),
    ("remove user manager", Operation::Unlink, "user manager"),
    ("invite external user", Operation::Create, "user"),
    (
        "consent to application",
        Operation::Link,
        "consent to application",
    ),
    (
        "remove consent",
        Operation::Unlink,
        "consent to application",
    ),
    (
        "revoke consent",
        Operation::Unlink,
        "consent to application",
    ),
    (
        "set company information",
        Operation::Update,
        "company information",
    ),
    (
        "set company contact information",
        Operation::Update,
        "company information",
    ),
    ("set domain authentication", Operation::Update, "domain"),
    (
        "set federation settings on domain",
        Operation::Update,
        "federation settings on domain",
    ),
    ("verify domain", Operation::Update, "verification of domain"),
    ("add unverified domain", Operation::Create, "domain"),
    ("add verified domain", Operation::Create, "domain"),
    ("remove unverified domain", Operation::Delete, "domain"),
    ("remove verified domain", Operation::Delete, "domain"),
    (
        "authentication methods policy update",
        Operation::Update,
        "authentication methods policy",
    ),
    (
        "authentication methods policy reset",
        Operation::Update,
        "authentication methods policy",
    ),
    ("user registered", Operation::Create, "security info"),
    ("admin registered", Operation::Create, "security info"),
    (
        "user deleted security info",
        Operation::Delete,
        "security info",
    ),
    (
        "admin deleted security info",
        Operation::Delete,
        "security info",
    ),
    (
        "user changed default security info",
        Operation::Update,
        "security info",
    ),
    (
        "user updated security info",
        Operation::Update,
        "security info",
    ),
    (
        "admin updated security info",
        Operation::Update,
        "security info",
    ),
    (
        "user reviewed security info",
        Operation::Nothing,
        "security info",
    ),
    ("user started", Operation::Nothing, ""),
    ("user canceled", Operation::Nothing, ""),
    ("user cancelled", Operation::Nothing, ""),
    ("validate user authentication", Operation::Nothing, ""),
];

/// Verbs at the beginning.
const VERBS: [(&str, Operation); 21] = [
    ("hard delete ", Operation::Purge),
    ("permanently delete ", Operation::Purge),
    ("restore ", Operation::Restore),
    ("add ", Operation::Create),
    ("added ", Operation::Create),
    ("create ", Operation::Create),
    ("register ", Operation::Create),
    ("delete ", Operation::Delete),
    ("deleted ", Operation::Delete),
    ("remove ", Operation::Delete),
    ("unregister ", Operation::Delete),
    ("update ", Operation::Update),
    ("updated ", Operation::Update),
    ("set ", Operation::Update),
    ("change ", Operation::Update),
    ("enable ", Operation::Update),
    ("disable ", Operation::Update),
    ("download ", Operation::Nothing),
    ("export ", Operation::Nothing),
    ("validate ", Operation::Nothing),
    ("get ", Operation::Nothing),
];

/// Beginnings of what is joined rather than made.
const JOINED: [&str; 14] = [
    "member ",
    "eligible member",
    "scoped member",
    "owner ",
    "registered owner",
    "registered users",
    "sponsor",
    "user sponsor",
    "app role assignment",
    "delegated permission grant",
    "oauth2permissiongrant",
    "role assignment ",
    "eligible role assignment",
    "policy to ",
];

/// What stands in the names of activities that only prepare others.
const ONLY_ASKED: [&str; 8] = [
    "requested",
    "request denied",
    "request approved",
    "request canceled",
    "request expired",
    "(bulk)",
    "approval",
    "triggered alert",
];

impl Activity {
    /// An activity by the log's name for it and its `operationType`, which counts where the name tells
    /// nothing.
    pub(crate) fn new(name: &str, operation_type: Option<&str>) -> Self {
        let name = name.trim().to_lowercase().replace('\u{2013}', "-");
        let (operation, noun) = understood(&name, operation_type);
        Self {
            operation,
            about: about(&noun),
            noun,
            name,
        }
    }

    /// Whether what it is done to is of a kind; `None` where the noun is not known.
    pub(crate) fn is_about(&self, kind: &Kind) -> Option<bool> {
        let living = kind.name.strip_prefix("deleted_").unwrap_or(kind.name);
        match self.about {
            About::Kinds(kinds) => Some(kinds.contains(&living)),
            About::Policies => Some(living.ends_with("_policy")),
            About::Unknown => None,
        }
    }

    /// Whether it joins the ends of such a relationship.
    pub(crate) fn joins(&self, kind: &Kind, relationship: &Relationship) -> bool {
        if !matches!(self.operation, Operation::Link | Operation::Unlink) {
            return false;
        }
        let words: &[&str] = match relationship.relation {
            "members" => &["member"],
            "owners" | "registeredOwners" => &["owner"],
            "registeredUsers" => &["registered user"],
            "sponsors" | "externalSponsors" | "internalSponsors" => &["sponsor"],
            "manager" => &["manager"],
            relation if relation.ends_with("olicies") => &["policy"],
            _ => &[],
        };
        let is_said = words.iter().any(|word| self.noun.contains(word));
        let is_other = ["eligible", "requested"]
            .iter()
            .any(|word| self.noun.contains(word));
        (is_said || self.announces(kind)) && !is_other
    }

    /// Whether it joins what a grant joins.
    pub(crate) fn grants(&self, kind: &Kind) -> bool {
        let is_eligible = self.noun.contains("eligible");
        let is_role = self.noun.contains("role")
            && (self.noun.contains("member") || self.noun.contains("role assignment"))
            && !self.noun.contains("app role");
        match kind.name {
            name if name.ends_with("app_role_assignment") => {
                self.noun.starts_with("app role assignment")
            }
            "oauth2_permission_grant" => {
                self.noun.starts_with("delegated permission grant")
                    || self.noun.starts_with("oauth2permissiongrant")
                    || self.noun.starts_with("consent to application")
            }
            name if name.starts_with("role_eligibility_schedule") => is_role && is_eligible,
            name if name.starts_with("role_assignment") || name.ends_with("_scoped_member") => {
                is_role && !is_eligible
            }
            "administrative_unit_scoped_role_member" => is_role && !is_eligible,
            _ => self.announces(kind),
        }
    }

    /// Whether it is among those after which the catalogue has the rows below a target read again.
    pub(crate) fn announces(&self, kind: &Kind) -> bool {
        catalog::audit::announces(kind, &self.name)
    }

    /// Whether it updates any property of whatever it names, so that only its list tells which.
    pub(crate) fn is_plain_update(&self) -> bool {
        self.operation == Operation::Update && self.name == format!("update {}", self.noun)
    }
}

/// The kinds a noun stands for: Microsoft's words, or a kind's title.
fn about(noun: &str) -> About {
    static TITLES: LazyLock<HashMap<String, [&'static str; 1]>> = LazyLock::new(|| {
        let titled = |kind: &&'static Kind| (kind.title.to_lowercase(), [kind.name]);
        catalog::kinds().iter().map(titled).collect()
    });
    if let Some((_, kinds)) = NOUNS.iter().find(|(known, _)| *known == noun) {
        About::Kinds(kinds)
    } else if noun == "policy" {
        About::Policies
    } else {
        TITLES
            .get(noun)
            .map_or(About::Unknown, |kind| About::Kinds(kind))
    }
}

fn understood(name: &str, operation_type: Option<&str>) -> (Operation, String) {
    let bare = name.trim_end_matches('.');
    if let Some((_, operation, noun)) = NAMED.iter().find(|(start, ..)| bare.starts_with(start)) {
        return (*operation, (*noun).to_owned());
    }
    let verb = VERBS
        .iter()
        .find_map(|(verb, operation)| Some((*operation, bare.strip_prefix(verb)?)));
    let is_only_asked = ONLY_ASKED.iter().any(|words| bare.contains(words));
    let (operation, noun) = verb.unwrap_or((by_type(operation_type), bare));
    let noun = noun.trim_start_matches("the ").trim().to_owned();
    let is_joined =
        JOINED.iter().any(|start| noun.starts_with(start)) || noun.starts_with("policy from ");
    let operation = match operation {
        _ if is_only_asked && !is_request(&noun) => Operation::Nothing,
        Operation::Create if is_joined => Operation::Link,
        Operation::Delete if is_joined => Operation::Unlink,
        other => other,
    };
    (operation, noun)
}

/// Requests of Privileged Identity Management are objects themselves.
fn is_request(noun: &str) -> bool {
    noun.contains("role") && noun.contains("requested")
}

fn by_type(operation_type: Option<&str>) -> Operation {
    match operation_type
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "add" | "create" => Operation::Create,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        "restore" => Operation::Restore,
        "assign" => Operation::Link,
        "unassign" => Operation::Unlink,
        _ => Operation::Nothing,
    }
}

/// Microsoft's words for what is changed, where they are not the kind's title.
const NOUNS: [(&str, &[&str]); 37] = [
    ("user", &["user"]),
    ("external user", &["user"]),
    ("group", &["group"]),
    ("application", &["application"]),
    ("service principal", &["service_principal"]),
    ("device", &["device"]),
    ("contact", &["org_contact"]),
    ("administrative unit", &["administrative_unit"]),
    ("role definition", &["role_definition"]),
    ("security info", &["user_authentication_method"]),
    ("conditional access policy", &["conditional_access_policy"]),
    ("named location", &["named_location"]),
    (
        "authenticationcontextclassreference",
        &["authentication_context"],
    ),
    ("authorization policy", &["authorization_policy"]),
    (
        "authentication methods policy",
        &[
            "authentication_methods_policy",
            "authentication_method_configuration",
        ],
    ),
    (
        "authentication strength policy",
        &["authentication_strength_policy"],
    ),
    (
        "partner cross-tenant access setting",
        &["cross_tenant_access_partner"],
    ),
    (
        "a partner to cross-tenant access setting",
        &["cross_tenant_access_partner"],
    ),
    (
        "partner specific cross-tenant access setting",
        &["cross_tenant_access_partner"],
    ),
    (
        "company default cross-tenant access setting",
        &["cross_tenant_access_default"],
    ),
    ("domain", &["domain"]),
    ("verification of domain", &["domain", "organization"]),
    (
        "federation settings on domain",
        &["domain", "domain_federation_configuration"],
    ),
    ("company information", &["organization"]),
    ("company settings", &["organization"]),
    ("company", &["organization"]),
    (
        "role setting in pim",
        &["role_management_policy", "role_management_policy_rule"],
    ),
    (
        "role setting",
        &["role_management_policy", "role_management_policy_rule"],
    ),
    ("terms of use", &["agreement"]),
    ("access package", &["access_package"]),
    ("access package catalog", &["access_package_catalog"]),
    (
        "access package assignment policy",
        &["access_package_assignment_policy"],
    ),
    ("access review", &["access_review_definition"]),
    ("workflow", &["lifecycle_workflow"]),
    ("group settings", &["group_setting", "directory_setting"]),
    ("directory setting", &["group_setting", "directory_setting"]),
    ("partner", &["contract"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str) -> (Operation, String) {
        let activity = Activity::new(name, Some("Update"));
        (activity.operation, activity.noun)
    }

    #[test]
    fn names_are_understood() {
        for (name, expected, noun) in [
            ("Update user", Operation::Update, "user"),
            (
                "Update service principal.",
                Operation::Update,
                "service principal",
            ),
            ("Add member to group", Operation::Link, "member to group"),
            (
                "Remove owner from application",
                Operation::Unlink,
                "owner from application",
            ),
            ("Hard Delete user", Operation::Purge, "user"),
            ("Restore Group", Operation::Restore, "group"),
            ("Add application", Operation::Create, "application"),
            (
                "Update application – Certificates and secrets management ",
                Operation::Update,
                "application",
            ),
            (
                "Add service principal credentials",
                Operation::Update,
                "service principal",
            ),
            (
                "Add app role assignment grant to user",
                Operation::Link,
                "app role assignment grant to user",
            ),
            (
                "Add member to role completed (PIM activation)",
                Operation::Link,
                "member to role completed (pim activation)",
            ),
            (
                "Consent to application",
                Operation::Link,
                "consent to application",
            ),
            (
                "Bulk download users - finished (bulk)",
                Operation::Nothing,
                "bulk download users - finished (bulk)",
            ),
            ("Validate user authentication", Operation::Nothing, ""),
            ("Disable account", Operation::Update, "user"),
        ] {
            assert_eq!(operation(name), (expected, noun.to_owned()), "{name}");
        }
        assert_eq!(
            Activity::new("Frobnicate", Some("Add")).operation,
            Operation::Create
        );
        assert_eq!(
            Activity::new("Frobnicate", None).operation,
            Operation::Nothing
        );
    }

    fn kind(name: &str) -> &'static Kind {
        catalog::by_name(name).expect("because it is listed")
    }

    #[test]
    fn a_noun_belongs_to_kinds() {
        let about = |name: &str, of: &str| Activity::new(name, None).is_about(kind(of));
        assert_eq!(about("Update user", "user"), Some(true));
        assert_eq!(about("Delete user", "deleted_user"), Some(true));
        assert_eq!(about("Update user", "group"), Some(false));
        assert_eq!(
            about("Update policy", "conditional_access_policy"),
            Some(true)
        );
        assert_eq!(about("Update policy", "user"), Some(false));
        assert_eq!(about("Update frobnicator", "user"), None);
        let title = format!("Update {}", kind("managed_device").title);
        assert_eq!(about(&title, "managed_device"), Some(true));
        assert_eq!(about(&title, "device"), Some(false));
    }

    #[test]
    fn grants_are_told_apart() {
        let grants = |name: &str, of: &str| Activity::new(name, None).grants(kind(of));
        assert!(grants("Add member to role", "role_assignment"));
        assert!(!grants("Add eligible member to role", "role_assignment"));
        assert!(grants(
            "Add eligible member to role",
            "role_eligibility_schedule"
        ));
        assert!(!grants(
            "Add app role assignment to service principal",
            "role_assignment"
        ));
        assert!(grants(
            "Add app role assignment to service principal",
            "app_role_assignment"
        ));
        assert!(grants("Consent to application", "oauth2_permission_grant"));
        assert!(!grants("Add member to group", "role_assignment"));
    }

    #[test]
    fn a_request_joins_nothing_yet() {
        let role = kind("directory_role_member");
        let catalog::Shape::Relationship(relationship) = role.shape else {
            panic!("a membership is a relationship")
        };
        let joins = |name: &str| Activity::new(name, None).joins(role, &relationship);
        assert!(joins("Add member to role"));
        assert!(joins("Add member to role completed (PIM activation)"));
        assert!(!joins("Add member to role requested (PIM activation)"));
        assert!(!joins("Add eligible member to role"));
    }

    #[test]
    fn every_noun_is_of_kinds_there_are() {
        for (_, kinds) in NOUNS {
            for name in kinds {
                assert!(catalog::by_name(name).is_some(), "{name}");
            }
        }
    }
}

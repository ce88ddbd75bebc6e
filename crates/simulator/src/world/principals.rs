//! Service principals: of the company's own applications, Microsoft's, bought ones and managed
//! identities, in that order.

use serde_json::Value;

use super::first_party::{FIRST_PARTY, GRAPH_ROLES, GRAPH_SCOPES, OWNER};
use super::record::{NULL, list, record, texts};
use super::{DAY, World, names};
use crate::deed::Properties;

/// Applications bought from others; invented like the rest.
const GALLERY: [&str; 14] = [
    "Anchorpoint Expenses",
    "Brightwake Learning",
    "Clewline Travel",
    "Driftnote Wiki",
    "Eddystone Tickets",
    "Farrow Sign",
    "Gannet Chat",
    "Hawser Contracts",
    "Inkwell Print",
    "Jetsam Backup",
    "Kittiwake Surveys",
    "Lanyard Badges",
    "Marlinspike Repos",
    "Nettle Monitoring",
];
const IDENTITIES: [&str; 10] = [
    "vm-gateway-prod",
    "aks-telemetry",
    "func-invoice-import",
    "logic-onboarding",
    "vm-build-01",
    "adf-warehouse",
    "func-tide-api",
    "aks-chart",
    "automation-nightly",
    "web-portal-prod",
];

/// Service principals besides those of the company's own applications.
pub(super) const OTHERS: u32 = 60;

/// What a service principal stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stands {
    /// One of the company's applications, by number.
    Own(u32),
    /// One of [`FIRST_PARTY`].
    Microsoft(usize),
    /// One of the bought applications.
    Gallery(usize),
    /// A managed identity.
    Identity(usize),
}

impl World {
    /// What a service principal of the start stands for.
    pub(super) fn stands_for(&self, number: u32) -> Stands {
        let Some(other) = number.checked_sub(self.sizes.applications) else {
            return Stands::Own(number);
        };
        let other = other as usize;
        if other < FIRST_PARTY.len() {
            Stands::Microsoft(other)
        } else if other < FIRST_PARTY.len() + GALLERY.len() {
            Stands::Gallery(other - FIRST_PARTY.len())
        } else {
            Stands::Identity(other - FIRST_PARTY.len() - GALLERY.len())
        }
    }

    pub(super) fn principal_id(&self, number: u32) -> String {
        match self.stands_for(number) {
            Stands::Own(application) => self.own_principal_id(application),
            _ => self.key.guid(
                "service_principal",
                u64::from(number - self.sizes.applications),
            ),
        }
    }

    /// Id of the service principal of one of the company's applications, those of later days
    /// included.
    pub(super) fn own_principal_id(&self, application: u32) -> String {
        self.key
            .guid("service_principal own", u64::from(application))
    }

    pub(super) fn principal_app_id(&self, number: u32) -> String {
        match self.stands_for(number) {
            Stands::Own(application) => self.own_app_id(application),
            Stands::Microsoft(at) => FIRST_PARTY[at].app_id.to_owned(),
            Stands::Gallery(at) => self.key.guid("gallery appId", at as u64),
            Stands::Identity(at) => self.key.guid("identity appId", at as u64),
        }
    }

    pub(super) fn principal_name(&self, number: u32) -> String {
        match self.stands_for(number) {
            Stands::Own(application) => Self::application_name(application),
            Stands::Microsoft(at) => FIRST_PARTY[at].name.to_owned(),
            Stands::Gallery(at) => GALLERY[at].to_owned(),
            Stands::Identity(at) => IDENTITIES[at].to_owned(),
        }
    }

    /// Number of the service principal of that alias: one of Microsoft's, `gallery3`, `identity0` or
    /// an own application's.
    pub(super) fn principal(&self, alias: &str) -> Option<u32> {
        let microsoft = FIRST_PARTY.iter().position(|party| party.alias == alias);
        let after = |prefix: &str| alias.strip_prefix(prefix)?.parse::<usize>().ok();
        let other = microsoft
            .or_else(|| after("gallery").map(|at| FIRST_PARTY.len() + at))
            .or_else(|| after("identity").map(|at| FIRST_PARTY.len() + GALLERY.len() + at));
        match other {
            Some(other) => Some(self.sizes.applications + u32::try_from(other).ok()?),
            None => super::applications::named(alias),
        }
    }

    /// Numbers of the service principals of bought applications.
    pub(super) fn gallery_principals(&self) -> impl Iterator<Item = u32> + use<> {
        let first = self.sizes.applications + 36;
        first..first + 14
    }

    /// All properties of a service principal of the start.
    pub(super) fn service_principal(&self, number: u32) -> Properties {
        let age = match self.stands_for(number) {
            Stands::Own(application) => self.application_age(application) - 60,
            Stands::Microsoft(_) => 2_400 * DAY,
            Stands::Gallery(at) | Stands::Identity(at) => {
                (90 + 40 * i64::try_from(at).unwrap_or(0)) * DAY
            }
        };
        match self.stands_for(number) {
            Stands::Own(application) => self.own_principal(application, age),
            stands => self.other_principal(number, stands, age),
        }
    }

    /// Service principal of one of the company's applications.
    pub(super) fn own_principal(&self, application: u32, age_seconds: i64) -> Properties {
        let app_id = self.own_app_id(application);
        let form = Form {
            id: self.own_principal_id(application),
            name: Self::application_name(application),
            owner: Some(self.tenant_id.clone()),
            kind: "Application",
            app_roles: list(self.app_roles(application)),
            scopes: Value::Array(Vec::new()),
            tags: &["WindowsAzureActiveDirectoryIntegratedApp"],
            assignment_required: application % 4 == 1,
            single_sign_on: None,
            alternative_names: Vec::new(),
            app_id,
        };
        self.principal_properties(form, age_seconds)
    }

    fn other_principal(&self, number: u32, stands: Stands, age_seconds: i64) -> Properties {
        let empty = || Value::Array(Vec::new());
        let mut form = Form {
            id: self.principal_id(number),
            app_id: self.principal_app_id(number),
            name: self.principal_name(number),
            owner: Some(OWNER.to_owned()),
            kind: "Application",
            app_roles: empty(),
            scopes: empty(),
            tags: &[],
            assignment_required: false,
            single_sign_on: None,
            alternative_names: Vec::new(),
        };
        match stands {
            Stands::Microsoft(0) => {
                form.app_roles = list(
                    GRAPH_ROLES
                        .iter()
                        .map(|(value, id)| graph_app_role(value, id)),
                );
                form.scopes = list(
                    GRAPH_SCOPES
                        .iter()
                        .map(|(value, id)| graph_permission(value, id)),
                );
            }
            Stands::Microsoft(_) | Stands::Own(_) => {}
            Stands::Gallery(at) => {
                form.owner = Some(self.key.guid("gallery tenant", at as u64));
                form.tags = &[
                    "WindowsAzureActiveDirectoryIntegratedApp",
                    "WindowsAzureActiveDirectoryGalleryApplicationNonPrimaryV1",
                ];
                form.assignment_required = true;
                form.single_sign_on = Some(if at % 3 == 0 { "saml" } else { "oidc" });
                form.app_roles = list([record! {
                    "allowedMemberTypes": texts(["User"]), "description": "User", "displayName": "User",
                    "id": self.gallery_role_id(number), "isEnabled": true,
                    "origin": "Application", "value": NULL,
                }]);
            }
            Stands::Identity(at) => {
                form.owner = Some(self.tenant_id.clone());
                form.kind = "ManagedIdentity";
                form.alternative_names = vec![
                    "isExplicit=False".to_owned(),
                    format!(
                        "/subscriptions/{}/resourcegroups/rg-{}/providers/Microsoft.Web/sites/{}",
                        self.key.guid("subscription", 0),
                        at / 3,
                        IDENTITIES[at]
                    ),
                ];
            }
        }
        self.principal_properties(form, age_seconds)
    }

    /// Id of the role by which people use a bought application.
    pub(super) fn gallery_role_id(&self, principal: u32) -> String {
        self.key.guid(
            "gallery role",
            u64::from(principal - self.sizes.applications),
        )
    }

    /// Properties of a service principal of the given form.
    pub(super) fn principal_properties(&self, form: Form, age_seconds: i64) -> Properties {
        let own = form.owner.as_deref() == Some(&self.tenant_id);
        let saml = form.single_sign_on == Some("saml");
        let host = names::fold(&form.name);
        let names = [form.app_id.clone()];
        record! {
            "id": form.id, "deletedDateTime": NULL, "accountEnabled": true,
            "alternativeNames": texts(form.alternative_names),
            "appDisplayName": &*form.name, "appDescription": NULL, "appId": form.app_id,
            "applicationTemplateId": NULL, "appOwnerOrganizationId": form.owner,
            "appRoleAssignmentRequired": form.assignment_required,
            "createdDateTime": self.written(-age_seconds), "customSecurityAttributes": NULL,
            "description": NULL, "disabledByMicrosoftStatus": NULL, "displayName": form.name,
            "homepage": own.then(|| format!("https://{host}.{}", self.domain)),
            "loginUrl": NULL, "logoutUrl": NULL, "notes": NULL,
            "notificationEmailAddresses": texts(saml.then(|| format!("it@{}", self.domain))),
            "preferredSingleSignOnMode": form.single_sign_on,
            "preferredTokenSigningKeyThumbprint": NULL, "replyUrls": Value::Array(Vec::new()),
            "samlSingleSignOnSettings": NULL, "servicePrincipalNames": texts(names),
            "servicePrincipalType": form.kind,
            "signInAudience": if own { "AzureADMyOrg" } else { "AzureADMultipleOrgs" },
            "tags": texts(form.tags.iter().copied()), "tokenEncryptionKeyId": NULL,
            "addIns": Value::Array(Vec::new()), "appRoles": form.app_roles,
            "info": record! {
                "logoUrl": NULL, "marketingUrl": NULL, "privacyStatementUrl": NULL,
                "supportUrl": NULL, "termsOfServiceUrl": NULL,
            },
            "keyCredentials": Value::Array(Vec::new()), "oauth2PermissionScopes": form.scopes,
            "passwordCredentials": Value::Array(Vec::new()),
            "resourceSpecificApplicationPermissions": Value::Array(Vec::new()),
            "verifiedPublisher": record! {
                "displayName": NULL, "verifiedPublisherId": NULL, "addedDateTime": NULL,
            },
        }
    }
}

/// What one service principal has of its own.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) id: String,
    pub(super) app_id: String,
    pub(super) name: String,
    pub(super) owner: Option<String>,
    pub(super) kind: &'static str,
    pub(super) app_roles: Value,
    pub(super) scopes: Value,
    pub(super) tags: &'static [&'static str],
    pub(super) assignment_required: bool,
    pub(super) single_sign_on: Option<&'static str>,
    pub(super) alternative_names: Vec<String>,
}

fn graph_app_role(value: &str, id: &str) -> Properties {
    record! {
        "allowedMemberTypes": texts(["Application"]), "description": format!("Application permission {value}"),
        "displayName": value, "id": id, "isEnabled": true, "origin": "Application", "value": value,
    }
}

fn graph_permission(value: &str, id: &str) -> Properties {
    record! {
        "adminConsentDescription": format!("Delegated permission {value}"),
        "adminConsentDisplayName": value, "id": id, "isEnabled": true,
        "type": if value.ends_with(".All") { "Admin" } else { "User" },
        "userConsentDescription": NULL, "userConsentDisplayName": NULL, "value": value,
    }
}

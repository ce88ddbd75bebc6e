//! The company's own app registrations.

use serde_json::Value;

use super::chance::Chance;
use super::first_party::{FIRST_PARTY, graph_role, graph_scope};
use super::record::{NULL, list, record, texts};
use super::{DAY, World, names};
use crate::deed::Properties;

/// An app registration with a part of its own.
#[derive(Debug)]
pub(super) struct NamedApplication {
    /// Name in the fixtures (`@application/hr`).
    pub(super) alias: &'static str,
    pub(super) name: &'static str,
    /// Application permissions of Microsoft Graph granted to it.
    pub(super) roles: &'static [&'static str],
    /// Delegated permissions granted for everybody.
    pub(super) scopes: &'static [&'static str],
}

macro_rules! named {
    ($($alias:literal $name:literal [$($role:literal),*] [$($scope:literal),*];)+) => {
        [$(NamedApplication {
            alias: $alias, name: $name, roles: &[$($role),*], scopes: &[$($scope),*],
        }),+]
    };
}

#[rustfmt::skip]
pub(super) const NAMED: [NamedApplication; 12] = named![
    "hr" "Crewlist HR Provisioning" ["User.ReadWrite.All", "Group.Read.All"] [];
    "chart" "Chart Portal" [] ["openid", "profile", "User.Read"];
    "payroll" "Payroll Transfer" ["User.Read.All"] ["openid", "User.Read"];
    "telemetry" "Buoy Telemetry Intake" [] ["User.Read"];
    "deploy" "Harbour Deployments" ["Application.Read.All"] [];
    "archive" "Directory Archive Reader" ["Directory.Read.All", "Policy.Read.All", "AuditLog.Read.All"] [];
    "signage" "Quay Signage" [] ["openid", "profile", "User.Read", "Calendars.Read"];
    "crm" "Chandlery CRM" ["Mail.Send"] ["openid", "profile", "User.Read", "Contacts.Read"];
    "helpdesk" "Helpdesk Bench" ["User.Read.All", "DeviceManagementManagedDevices.Read.All"] ["User.Read"];
    "reports" "Usage Reports" ["Reports.Read.All", "AuditLog.Read.All"] [];
    "guests" "Visitor Desk" ["User.Read.All", "Group.Read.All"] ["User.Read"];
    "inventory" "Workshop Inventory" [] ["openid", "profile", "User.Read", "Files.Read.All"];
];

/// How many applications have a part of their own.
pub(super) const NAMED_COUNT: u32 = 12;

const PRODUCTS: [&str; 20] = [
    "Tide",
    "Ledger",
    "Rota",
    "Manifest",
    "Calibration",
    "Warranty",
    "Berth",
    "Survey",
    "Quote",
    "Stock",
    "Archive",
    "Portal",
    "Roster",
    "Almanac",
    "Invoice",
    "Dispatch",
    "Gauge",
    "Voyage",
    "Permit",
    "Signal",
];
const ROLES: [&str; 8] = [
    "Service", "Web", "API", "Bot", "Importer", "Sync", "Mobile", "Console",
];

impl World {
    pub(super) fn application_id(&self, number: u32) -> String {
        self.key.guid("application", u64::from(number))
    }

    /// `appId` of one of the company's applications.
    pub(super) fn own_app_id(&self, number: u32) -> String {
        self.key.guid("application appId", u64::from(number))
    }

    /// How many applications there have ever been.
    pub(super) fn application_count(&self) -> u32 {
        self.sizes.applications + self.state.new_applications
    }

    pub(super) fn application_name(number: u32) -> String {
        if let Some(named) = NAMED.get(number as usize) {
            return named.name.to_owned();
        }
        let (product, role) = (
            number as usize % PRODUCTS.len(),
            number as usize / PRODUCTS.len(),
        );
        let name = format!("{} {}", PRODUCTS[product], ROLES[role % ROLES.len()]);
        match role / ROLES.len() {
            0 => name,
            round => format!("{name} {}", round + 1),
        }
    }

    /// Application and delegated permissions of Microsoft Graph an application has.
    pub(super) fn application_permissions(
        &self,
        number: u32,
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        if let Some(named) = NAMED.get(number as usize) {
            return (named.roles.to_vec(), named.scopes.to_vec());
        }
        let mut chance = self
            .key
            .chance("application permissions", u64::from(number));
        let mut roles = Vec::new();
        if chance.per_mille(300) {
            roles.push(*chance.pick(&[
                "User.Read.All",
                "Group.Read.All",
                "Mail.Send",
                "Sites.Read.All",
            ]));
        }
        let mut scopes = vec!["User.Read"];
        if chance.per_mille(400) {
            scopes.extend(["openid", "profile"]);
        }
        (roles, scopes)
    }

    /// A secret's entry, valid `days` from a moment; Graph never gives the secret again.
    pub(super) fn password_credential(
        &self,
        chance: &mut Chance,
        from_seconds: i64,
        days: i64,
    ) -> Properties {
        record! {
            "customKeyIdentifier": NULL,
            "displayName": *chance.pick(&["pipeline", "rotated by script", "2026", "vendor", "server"]),
            "endDateTime": self.written(from_seconds + days * DAY),
            "hint": chance.hex(3).to_lowercase(), "keyId": chance.guid(), "secretText": NULL,
            "startDateTime": self.written(from_seconds),
        }
    }

    fn key_credential(&self, chance: &mut Chance, name: &str, from_seconds: i64) -> Properties {
        record! {
            "customKeyIdentifier": chance.hex(40), "displayName": format!("CN={name}"),
            "endDateTime": self.written(from_seconds + 730 * DAY), "key": NULL,
            "keyId": chance.guid(), "startDateTime": self.written(from_seconds),
            "type": "AsymmetricX509Cert", "usage": "Verify",
        }
    }

    /// All properties of an application registered `age_seconds` before the start.
    pub(super) fn application(&self, number: u32, age_seconds: i64) -> Properties {
        let mut chance = self.key.chance("application", u64::from(number));
        let name = Self::application_name(number);
        let app_id = self.own_app_id(number);
        let secrets: Vec<Properties> = (0..chance.below(3))
            .map(|_| {
                let since = (-i64::from(chance.below(300)) * DAY).max(-age_seconds);
                self.password_credential(&mut chance, since, 365)
            })
            .collect();
        let certificate = chance
            .per_mille(250)
            .then(|| self.key_credential(&mut chance, &name, (-200 * DAY).max(-age_seconds)));
        let mut application = record! {
            "id": self.application_id(number), "deletedDateTime": NULL, "appId": &*app_id,
            "addIns": Value::Array(Vec::new()), "api": self.application_api(number),
            "applicationTemplateId": NULL, "appRoles": list(self.app_roles(number)),
            "certification": NULL, "createdByAppId": NULL,
            "createdDateTime": self.written(-age_seconds), "defaultRedirectUri": NULL,
            "description": NULL, "disabledByMicrosoftStatus": NULL, "displayName": &*name,
            "groupMembershipClaims": chance.per_mille(200).then_some("SecurityGroup"),
            "identifierUris": texts(chance.per_mille(400).then(|| format!("api://{app_id}"))),
            "info": record! {
                "logoUrl": NULL, "marketingUrl": NULL, "privacyStatementUrl": NULL,
                "supportUrl": NULL, "termsOfServiceUrl": NULL,
            },
            "isDeviceOnlyAuthSupported": NULL, "isFallbackPublicClient": false,
            "keyCredentials": list(certificate), "nativeAuthenticationApisEnabled": NULL,
            "notes": NULL, "optionalClaims": NULL,
            "parentalControlSettings": record! {
                "countriesBlockedForMinors": Value::Array(Vec::new()), "legalAgeGroupRule": "Allow",
            },
            "passwordCredentials": list(secrets),
        };
        application.extend(self.application_clients(number, &name));
        application
    }

    fn application_clients(&self, number: u32, name: &str) -> Properties {
        let host = names::fold(name).replace('.', "");
        let single_page = number % 5 == 1;
        let redirect = |wanted: bool| {
            texts(wanted.then(|| format!("https://{host}.{}/signin-oidc", self.domain)))
        };
        record! {
            "publicClient": record! { "redirectUris": texts((number % 7 == 3).then_some("http://localhost")) },
            "publisherDomain": &*self.domain,
            "requestSignatureVerification": NULL,
            "requiredResourceAccess": list(self.required_access(number)),
            "samlMetadataUrl": NULL, "serviceManagementReference": NULL,
            "servicePrincipalLockConfiguration": record! {
                "isEnabled": true, "allProperties": true, "credentialsWithUsageVerify": true,
                "credentialsWithUsageSign": true, "identifierUris": false, "tokenEncryptionKeyId": true,
            },
            "signInAudience": "AzureADMyOrg",
            "spa": record! { "redirectUris": redirect(single_page) },
            "tags": Value::Array(Vec::new()), "tokenEncryptionKeyId": NULL, "uniqueName": NULL,
            "verifiedPublisher": record! {
                "displayName": NULL, "verifiedPublisherId": NULL, "addedDateTime": NULL,
            },
            "web": record! {
                "homePageUrl": format!("https://{host}.{}", self.domain), "logoutUrl": NULL,
                "redirectUris": redirect(!single_page),
                "implicitGrantSettings": record! {
                    "enableAccessTokenIssuance": false, "enableIdTokenIssuance": number.is_multiple_of(9),
                },
                "redirectUriSettings": Value::Array(Vec::new()),
            },
        }
    }

    fn application_api(&self, number: u32) -> Properties {
        let scope = (number % 4 == 2).then(|| {
            record! {
                "adminConsentDescription": "Act on behalf of the signed-in user",
                "adminConsentDisplayName": "Access as user",
                "id": self.key.guid("application scope", u64::from(number)), "isEnabled": true,
                "type": "User", "userConsentDescription": NULL, "userConsentDisplayName": NULL,
                "value": "user_impersonation",
            }
        });
        record! {
            "acceptMappedClaims": NULL, "knownClientApplications": Value::Array(Vec::new()),
            "requestedAccessTokenVersion": 2, "oauth2PermissionScopes": list(scope),
            "preAuthorizedApplications": Value::Array(Vec::new()),
        }
    }

    /// Roles an application offers.
    pub(super) fn app_roles(&self, number: u32) -> Vec<Properties> {
        let offered: &[&str] = if number % 3 == 1 {
            &["Reader", "Editor"]
        } else {
            &[]
        };
        let roles = offered.iter().zip(0_u64..).map(|(role, place)| {
            record! {
                "allowedMemberTypes": texts(["User"]), "description": format!("{role} of the application"),
                "displayName": *role, "id": self.app_role_id(number, place), "isEnabled": true,
                "origin": "Application", "value": *role,
            }
        });
        roles.collect()
    }

    /// Id of a role an application offers.
    pub(super) fn app_role_id(&self, number: u32, place: u64) -> String {
        self.key.guid("appRole", u64::from(number) * 8 + place)
    }

    fn required_access(&self, number: u32) -> Option<Properties> {
        let (roles, scopes) = self.application_permissions(number);
        let roles = roles.into_iter().map(|role| (graph_role(role), "Role"));
        let scopes = scopes
            .into_iter()
            .map(|scope| (graph_scope(scope), "Scope"));
        let access: Vec<Properties> = scopes
            .chain(roles)
            .map(|(id, form)| record! { "id": id, "type": form })
            .collect();
        (!access.is_empty()).then(|| {
            record! { "resourceAppId": FIRST_PARTY[0].app_id, "resourceAccess": list(access) }
        })
    }

    /// Owners of an application.
    pub(super) fn application_owner(&self, number: u32) -> Option<u32> {
        if number % 6 == 5 {
            return None;
        }
        let mut chance = self.key.chance("application owner", u64::from(number));
        self.employee_near(chance.below(self.sizes.users))
    }

    /// How long before the start an application of the first day was registered.
    pub(super) fn application_age(&self, number: u32) -> i64 {
        let mut chance = self.key.chance("application age", u64::from(number));
        i64::from(30 + chance.below(1_400)) * DAY + i64::from(chance.below(86_400))
    }
}

/// Number of the application of that alias.
pub(super) fn named(alias: &str) -> Option<u32> {
    let at = NAMED.iter().position(|named| named.alias == alias)?;
    u32::try_from(at).ok()
}

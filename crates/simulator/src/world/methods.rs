//! How people prove who they are.

use super::company::Purpose;
use super::people::{Class, Person};
use super::record::{NULL, record, texts};
use super::{DAY, World};
use crate::deed::Properties;

/// Id every user's password has in Graph.
const PASSWORD_ID: &str = "28c10230-6103-485e-b985-444c60001490";
/// Id every user's mobile phone has in Graph.
const MOBILE_ID: &str = "3179e48a-750b-4051-897c-87b9720928f7";

impl World {
    /// Id of somebody's authenticator registration.
    pub(super) fn authenticator_id(&self, user: u32) -> String {
        self.key.guid("authenticator", u64::from(user))
    }

    /// Authentication methods of a member at the start.
    pub(super) fn authentication_methods(&self, person: &Person) -> Vec<Properties> {
        let mut chance = self.key.chance("methods", u64::from(person.number));
        let mut methods = vec![record! {
            "@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "id": PASSWORD_ID,
            "password": NULL, "createdDateTime": self.past(&mut chance, 170),
        }];
        let (authenticator, phone, key) = match person.class {
            Class::Account(account) => match account.purpose {
                Purpose::Admin => (true, false, account.alias != "adm.lindqvist"),
                Purpose::BreakGlass => (false, false, true),
                Purpose::Service => (false, false, false),
            },
            Class::Resource | Class::Guest => (false, false, false),
            _ => (
                chance.per_mille(560),
                chance.per_mille(300),
                chance.per_mille(60),
            ),
        };
        if authenticator {
            methods.push(self.authenticator(person.number, &mut chance));
        }
        if phone {
            let number = format!("+47 9{:07}", chance.below(9_999_999));
            methods.push(self.phone_method(&number, -i64::from(chance.below(600)) * DAY));
        }
        if key {
            methods.push(record! {
                "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
                "id": self.token("passkey", u64::from(person.number)),
                "displayName": "Harbour key", "createdDateTime": self.past(&mut chance, 500),
                "aaGuid": "ee882879-721c-4913-9775-3dfcce97072a", "model": "Security key",
                "attestationCertificates": texts([chance.hex(40).to_lowercase()]),
                "attestationLevel": "attested",
            });
        }
        methods
    }

    fn authenticator(&self, user: u32, chance: &mut super::chance::Chance) -> Properties {
        record! {
            "@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod",
            "id": self.authenticator_id(user), "displayName": *chance.pick(&["Tern X2", "Pomelo 12"]),
            "deviceTag": "SoftwareTokenActivated",
            "phoneAppVersion": *chance.pick(&["6.2408.5807", "6.2410.6850"]),
            "createdDateTime": self.past(chance, 600),
        }
    }

    /// A mobile phone registered at a moment.
    pub(super) fn phone_method(&self, phone: &str, seconds: i64) -> Properties {
        record! {
            "@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "id": MOBILE_ID,
            "phoneNumber": phone, "phoneType": "mobile", "smsSignInState": "notAllowedByPolicy",
            "createdDateTime": self.written(seconds),
        }
    }

    /// The report's row about somebody's methods.
    pub(super) fn registration_details(
        &self,
        person: &Person,
        methods: &[Properties],
    ) -> Properties {
        let registered = methods.iter().filter_map(|method| {
            let of = method.get("@odata.type")?.as_str()?;
            [
                ("microsoftAuthenticator", "microsoftAuthenticatorPush"),
                ("phone", "mobilePhone"),
                ("fido2", "fido2SecurityKey"),
            ]
            .iter()
            .find(|(part, _)| of.contains(part))
            .map(|(_, name)| *name)
        });
        let registered: Vec<&str> = registered.collect();
        let strong = !registered.is_empty();
        record! {
            "id": self.user_id(person.number), "userPrincipalName": self.upn(person),
            "userDisplayName": &*person.display, "userType": "member",
            "isAdmin": matches!(person.class, Class::Account(account) if account.role.is_some()),
            "isSsprRegistered": strong, "isSsprEnabled": strong, "isSsprCapable": strong,
            "isMfaRegistered": strong, "isMfaCapable": strong,
            "isPasswordlessCapable": registered.contains(&"fido2SecurityKey"),
            "methodsRegistered": texts(registered.iter().copied()),
            "isSystemPreferredAuthenticationMethodEnabled": true,
            "systemPreferredAuthenticationMethods": texts(strong.then_some("PhoneAppNotification")),
            "userPreferredMethodForSecondaryAuthentication": if strong { "push" } else { "none" },
            "lastUpdatedDateTime": self.written(-DAY / 2),
        }
    }
}

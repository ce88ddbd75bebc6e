//! Who may do what through which application: app role assignments and delegated grants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::first_party::graph_role;
use super::record::{NULL, kind, record};
use super::{DAY, World};
use crate::deed::{Properties, Seed};

/// An app role given to somebody.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) role: String,
    /// Id, name and kind (`User`, `Group`, `ServicePrincipal`) of whom it is given to.
    pub(super) principal: (String, String, &'static str),
    /// Id and name of the service principal whose role it is.
    pub(super) resource: (String, String),
    /// When, in seconds from the start.
    pub(super) at: i64,
}

impl World {
    /// An id of the form Graph gives to grants and assignments.
    pub(super) fn token(&self, kind: &str, number: u64) -> String {
        let halves = [self.key.guid(kind, number), self.key.guid(kind, !number)];
        let digest = blake3::hash(halves.concat().as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_bytes())
    }

    /// The assignment as an object; the same seen from the resource and from the principal.
    pub(super) fn given_properties(&self, given: &Given) -> Properties {
        let (principal, principal_name, form) = &given.principal;
        let (resource, resource_name) = &given.resource;
        let text = [principal, resource, &given.role]
            .map(String::as_str)
            .concat();
        record! {
            "id": URL_SAFE_NO_PAD.encode(blake3::hash(text.as_bytes()).as_bytes()),
            "deletedDateTime": NULL, "appRoleId": &*given.role, "createdDateTime": self.written(given.at),
            "principalDisplayName": &**principal_name, "principalId": &**principal,
            "principalType": *form, "resourceDisplayName": &**resource_name,
            "resourceId": &**resource,
        }
    }

    /// The assignment in every collection Graph shows it in.
    pub(super) fn given_seeds(&self, given: &Given, seeds: &mut Vec<Seed>) {
        for (name, parent) in given.places() {
            seeds.push(Seed::Object {
                kind: kind(name),
                parents: vec![parent],
                properties: self.given_properties(given),
            });
        }
    }

    /// Application permissions of one service principal of the start.
    pub(super) fn permissions_given(&self, application: u32) -> Vec<Given> {
        let graph = self
            .principal("graph")
            .expect("because Microsoft Graph is in every tenant");
        let (roles, _) = self.application_permissions(application);
        let at = -self.application_age(application) + 3_600;
        let given = roles.into_iter().map(|role| Given {
            role: graph_role(role).to_owned(),
            principal: (
                self.own_principal_id(application),
                Self::application_name(application),
                "ServicePrincipal",
            ),
            resource: (self.principal_id(graph), self.principal_name(graph)),
            at,
        });
        given.collect()
    }

    /// Who may use a bought application: a group, and some people one by one.
    pub(super) fn gallery_given(&self, principal: u32) -> Vec<Given> {
        let mut chance = self.key.chance(
            "gallery users",
            u64::from(principal - self.sizes.applications),
        );
        let resource = (self.principal_id(principal), self.principal_name(principal));
        let role = self.gallery_role_id(principal);
        let ordinary = self.sizes.groups - super::groups::FIRST_ORDINARY;
        let group = super::groups::FIRST_ORDINARY + chance.below(ordinary.min(12));
        let mut given = vec![Given {
            role: role.clone(),
            principal: (self.group_id(group), Self::group_name(group), "Group"),
            resource: resource.clone(),
            at: -80 * DAY,
        }];
        let most = (self.sizes.users / 25).clamp(3, 150);
        let deal = super::chance::Deal::new(
            &mut chance,
            self.sizes.users - super::people::FIRST_ORDINARY,
        );
        let users = (0..=chance.below(most)).map(|place| Self::dealt(&deal, place));
        given.extend(users.map(|user| {
            let person = self.person(user);
            Given {
                role: role.clone(),
                principal: (self.user_id(user), person.display, "User"),
                resource: resource.clone(),
                at: -i64::from(chance.below(80)) * DAY - 60,
            }
        }));
        given
    }

    /// Delegated permissions granted to one service principal of the start, for everybody or for one
    /// person.
    pub(super) fn grants(&self, application: u32) -> Vec<Properties> {
        let (_, scopes) = self.application_permissions(application);
        if scopes.is_empty() {
            return Vec::new();
        }
        let graph = self
            .principal("graph")
            .expect("because Microsoft Graph is in every tenant");
        let mut grants = vec![Self::grant(
            &self.own_principal_id(application),
            &self.principal_id(graph),
            None,
            &scopes.join(" "),
        )];
        let personal = (application % 4 == 3).then(|| self.application_owner(application));
        if let Some(user) = personal.flatten() {
            grants.push(Self::grant(
                &self.own_principal_id(application),
                &self.principal_id(graph),
                Some(&self.user_id(user)),
                "Files.Read.All offline_access",
            ));
        }
        grants
    }

    /// A delegated grant.
    pub(super) fn grant(
        client: &str,
        resource: &str,
        user: Option<&str>,
        scope: &str,
    ) -> Properties {
        let text = [client, resource, user.unwrap_or_default()].concat();
        record! {
            "clientId": client,
            "consentType": if user.is_some() { "Principal" } else { "AllPrincipals" },
            "id": URL_SAFE_NO_PAD.encode(blake3::hash(text.as_bytes()).as_bytes()),
            "principalId": user, "resourceId": resource, "scope": scope,
        }
    }
}

impl Given {
    /// Kinds and parents under which Graph shows the assignment.
    pub(super) fn places(&self) -> Vec<(&'static str, String)> {
        let (principal, _, form) = &self.principal;
        let mut places = vec![("app_role_assignment", self.resource.0.clone())];
        match *form {
            "ServicePrincipal" => {
                places.push(("service_principal_app_role_assignment", principal.clone()));
            }
            "Group" => places.push(("group_app_role_assignment", principal.clone())),
            _ => {}
        }
        places
    }
}

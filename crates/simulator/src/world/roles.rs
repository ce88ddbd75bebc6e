//! Directory roles: definitions, who holds them for good, who may activate them, and the settings of
//! activation.

use serde_json::Value;

use super::company::{ACCOUNTS, ROLES, role};
use super::record::{NULL, kind, list, record, texts};
use super::{DAY, World};
use crate::deed::{Properties, Seed};

/// Roles that have been activated in the tenant once and so have a `directoryRole`.
const ACTIVE_ROLES: usize = 34;

/// Applications with a role: alias and role.
const PRINCIPAL_ROLES: [(&str, &str); 2] =
    [("archive", "Global Reader"), ("hr", "User Administrator")];

/// Groups with a role.
const GROUP_ROLES: [(&str, &str); 2] = [
    ("helpdesk", "Password Administrator"),
    ("app-owners", "Application Developer"),
];

/// A standing assignment of a role: who and which.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) principal: String,
    pub(super) role: &'static str,
}

impl World {
    /// Id of the `directoryRole` of a role, which is not that of its definition.
    pub(super) fn directory_role_id(&self, role: &str) -> String {
        let at = ROLES.iter().position(|(_, id)| *id == role).unwrap_or(0);
        self.key.guid("directory_role", at as u64)
    }

    /// Id of the settings of a role's activation.
    pub(super) fn role_policy_id(&self, role: &str) -> String {
        let at = ROLES.iter().position(|(_, id)| *id == role).unwrap_or(0);
        format!(
            "DirectoryRole_{}_{}",
            self.tenant_id,
            self.key.guid("role_management_policy", at as u64)
        )
    }

    /// Who holds roles for good at the start.
    pub(super) fn role_holders(&self) -> Vec<Holder> {
        let accounts = ACCOUNTS
            .iter()
            .zip(0_u32..)
            .filter_map(|(account, number)| {
                Some(Holder {
                    principal: self.user_id(number),
                    role: role(account.role?),
                })
            });
        let principals = PRINCIPAL_ROLES.iter().filter_map(|(alias, name)| {
            let number = self.principal(alias)?;
            Some(Holder {
                principal: self.principal_id(number),
                role: role(name),
            })
        });
        let groups = GROUP_ROLES.iter().filter_map(|(alias, name)| {
            let number = super::groups::purpose(alias)?;
            Some(Holder {
                principal: self.group_id(number),
                role: role(name),
            })
        });
        accounts.chain(principals).chain(groups).collect()
    }

    /// Who may activate roles: account number and role.
    pub(super) fn eligible() -> Vec<(u32, &'static str)> {
        let accounts = ACCOUNTS.iter().zip(0_u32..);
        accounts
            .flat_map(|(account, number)| {
                account
                    .eligible
                    .iter()
                    .map(move |name| (number, role(name)))
            })
            .collect()
    }

    /// Id of a standing assignment.
    pub(super) fn role_assignment_id(principal: &str, role: &str) -> String {
        let digest = blake3::hash(format!("{principal}/{role}").as_bytes());
        let mut text = digest.to_hex().to_string();
        text.truncate(43);
        format!("{text}-1")
    }

    pub(super) fn role_assignment(&self, principal: &str, role: &str) -> Properties {
        record! {
            "id": Self::role_assignment_id(principal, role), "principalId": principal,
            "directoryScopeId": "/", "appScopeId": NULL, "roleDefinitionId": role,
            "condition": NULL, "principalOrganizationId": &*self.tenant_id,
        }
    }

    /// A schedule of a role, and its instance that is valid now; `until` in seconds from the start,
    /// for good without one.
    pub(super) fn role_schedule(&self, form: &Schedule<'_>) -> [Properties; 2] {
        let expiration = match form.until {
            Some(until) => {
                record! { "type": "afterDateTime", "endDateTime": self.written(until), "duration": NULL }
            }
            None => record! { "type": "noExpiration", "endDateTime": NULL, "duration": NULL },
        };
        let mut schedule = record! {
            "id": form.id, "principalId": form.principal, "roleDefinitionId": form.role,
            "directoryScopeId": "/", "appScopeId": NULL, "createdUsing": form.id,
            "createdDateTime": self.written(form.from), "modifiedDateTime": NULL,
            "status": "Provisioned", "memberType": "Direct",
            "scheduleInfo": record! {
                "startDateTime": self.written(form.from), "recurrence": NULL, "expiration": expiration,
            },
        };
        let mut instance = record! {
            "id": format!("{}-1", form.id), "principalId": form.principal,
            "roleDefinitionId": form.role, "directoryScopeId": "/", "appScopeId": NULL,
            "startDateTime": self.written(form.from),
            "endDateTime": form.until.map(|until| self.written(until)), "memberType": "Direct",
        };
        match form.assignment {
            Some(assignment) => {
                schedule.insert("assignmentType".to_owned(), assignment.into());
                instance.insert("assignmentType".to_owned(), assignment.into());
                instance.insert("roleAssignmentOriginId".to_owned(), form.id.into());
                instance.insert("roleAssignmentScheduleId".to_owned(), form.id.into());
            }
            None => {
                instance.insert("roleEligibilityScheduleId".to_owned(), form.id.into());
            }
        }
        [schedule, instance]
    }

    /// Everything about roles at the start, role by role.
    pub(super) fn role_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let (name, id) = ROLES[number as usize];
        let mut object = |kind_name: &str, parents: Vec<String>, properties: Properties| {
            seeds.push(Seed::Object {
                kind: kind(kind_name),
                parents,
                properties,
            });
        };
        let description = format!("Built-in role {name}");
        object(
            "role_definition",
            Vec::new(),
            record! {
                "id": id, "description": &*description, "displayName": name, "isBuiltIn": true,
                "isEnabled": true, "resourceScopes": texts(["/"]), "templateId": id, "version": "1",
                "rolePermissions": list([record! {
                    "allowedResourceActions": texts(actions_of(name)), "condition": NULL,
                }]),
                "inheritsPermissionsFrom": list([record! { "id": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b" }]),
            },
        );
        object(
            "directory_role_template",
            Vec::new(),
            record! {
                "id": id, "deletedDateTime": NULL, "description": &*description, "displayName": name,
            },
        );
        if (number as usize) >= ACTIVE_ROLES {
            return;
        }
        object(
            "directory_role",
            Vec::new(),
            record! {
                "id": self.directory_role_id(id), "deletedDateTime": NULL, "description": &*description,
                "displayName": name, "roleTemplateId": id,
            },
        );
        self.role_settings(name, id, &mut object);
    }

    fn role_settings(
        &self,
        name: &str,
        id: &str,
        object: &mut impl FnMut(&str, Vec<String>, Properties),
    ) {
        let policy = self.role_policy_id(id);
        let rules = role_rules(name);
        object(
            "role_management_policy",
            Vec::new(),
            record! {
                "id": &*policy, "displayName": "DirectoryRole", "description": "DirectoryRole",
                "isOrganizationDefault": false, "scopeId": "/", "scopeType": "DirectoryRole",
                "lastModifiedDateTime": self.written(-210 * DAY),
                "lastModifiedBy": record! { "id": NULL, "displayName": "Folake Adeyemi (admin)" },
                "rules": list(rules.clone()),
            },
        );
        for rule in &rules {
            object(
                "role_management_policy_rule",
                vec![policy.clone()],
                rule.clone(),
            );
        }
        object(
            "role_management_policy_assignment",
            Vec::new(),
            record! {
                "id": format!("{policy}_{id}"), "policyId": &*policy, "scopeId": "/",
                "scopeType": "DirectoryRole", "roleDefinitionId": id,
                "policy": record! { "id": &*policy, "displayName": "DirectoryRole", "rules": list(rules) },
            },
        );
    }

    /// Standing and eligible assignments at the start, with their schedules.
    pub(super) fn role_holder_seeds(&self, seeds: &mut Vec<Seed>) {
        let mut object = |kind_name: &str, properties: Properties| {
            seeds.push(Seed::Object {
                kind: kind(kind_name),
                parents: Vec::new(),
                properties,
            });
        };
        for holder in self.role_holders() {
            object(
                "role_assignment",
                self.role_assignment(&holder.principal, holder.role),
            );
            let id = Self::role_assignment_id(&holder.principal, holder.role);
            let [schedule, instance] = self.role_schedule(&Schedule {
                id: &id,
                principal: &holder.principal,
                role: holder.role,
                from: -400 * DAY,
                until: None,
                assignment: Some("Assigned"),
            });
            object("role_assignment_schedule", schedule);
            object("role_assignment_schedule_instance", instance);
        }
        for ((account, role), number) in Self::eligible().into_iter().zip(0..) {
            let id = self.key.guid("role_eligibility_schedule", number);
            let [schedule, instance] = self.role_schedule(&Schedule {
                id: &id,
                principal: &self.user_id(account),
                role,
                from: -300 * DAY,
                until: Some(365 * DAY),
                assignment: None,
            });
            object("role_eligibility_schedule", schedule);
            object("role_eligibility_schedule_instance", instance);
        }
    }

    /// Members of the `directoryRole`s at the start.
    pub(super) fn role_member_seeds(&self, seeds: &mut Vec<Seed>) {
        for holder in self.role_holders() {
            seeds.push(Seed::Link {
                kind: kind("directory_role_member"),
                source: self.directory_role_id(holder.role),
                target: holder.principal,
            });
        }
    }
}

/// What a schedule of a role is made from.
#[derive(Debug)]
pub(super) struct Schedule<'a> {
    pub(super) id: &'a str,
    pub(super) principal: &'a str,
    pub(super) role: &'a str,
    /// Seconds from the start.
    pub(super) from: i64,
    pub(super) until: Option<i64>,
    /// `Assigned` or `Activated`; `None` for an eligibility.
    pub(super) assignment: Option<&'static str>,
}

fn actions_of(role: &str) -> Vec<&'static str> {
    let all = "microsoft.directory/users/standard/read";
    match role {
        "Global Administrator" => vec!["microsoft.directory/allEntities/allTasks", all],
        "Conditional Access Administrator" => {
            vec![
                "microsoft.directory/conditionalAccessPolicies/allProperties/allTasks",
                all,
            ]
        }
        "Helpdesk Administrator" => vec!["microsoft.directory/users/password/update", all],
        "User Administrator" => vec![
            "microsoft.directory/users/create",
            "microsoft.directory/users/delete",
            all,
        ],
        "Application Administrator" => vec!["microsoft.directory/applications/create", all],
        _ => vec![all],
    }
}

/// Settings of a role's activation; those of the highest roles are stricter.
pub(super) fn role_rules(role: &str) -> Vec<Properties> {
    let highest = role.contains("Global Administrator") || role.starts_with("Privileged");
    vec![
        rule(
            "Expiration_Admin_Eligibility",
            "Expiration",
            "Admin",
            "Eligibility",
            record! {
                "isExpirationRequired": true, "maximumDuration": "P365D",
            },
        ),
        rule(
            "Expiration_EndUser_Assignment",
            "Expiration",
            "EndUser",
            "Assignment",
            record! {
                "isExpirationRequired": true, "maximumDuration": if highest { "PT2H" } else { "PT8H" },
            },
        ),
        rule(
            "Enablement_EndUser_Assignment",
            "Enablement",
            "EndUser",
            "Assignment",
            record! {
                "enabledRules": texts(["MultiFactorAuthentication", "Justification"]),
            },
        ),
        rule(
            "Approval_EndUser_Assignment",
            "Approval",
            "EndUser",
            "Assignment",
            record! {
                "setting": record! {
                    "isApprovalRequired": highest, "isApprovalRequiredForExtension": false,
                    "isRequestorJustificationRequired": true, "approvalMode": "SingleStage",
                    "approvalStages": Value::Array(Vec::new()),
                },
            },
        ),
        rule(
            "AuthenticationContext_EndUser_Assignment",
            "AuthenticationContext",
            "EndUser",
            "Assignment",
            record! {
                "isEnabled": highest, "claimValue": if highest { "c1" } else { "" },
            },
        ),
        rule(
            "Notification_Admin_EndUser_Assignment",
            "Notification",
            "EndUser",
            "Assignment",
            record! {
                "notificationType": "Email", "recipientType": "Admin", "notificationLevel": "All",
                "isDefaultRecipientsEnabled": true, "notificationRecipients": Value::Array(Vec::new()),
            },
        ),
    ]
}

fn rule(id: &str, form: &str, caller: &str, level: &str, of: Properties) -> Properties {
    let mut rule = record! {
        "@odata.type": format!("#microsoft.graph.unifiedRoleManagementPolicy{form}Rule"), "id": id,
        "target": record! {
            "caller": caller, "operations": texts(["All"]), "level": level,
            "inheritableSettings": Value::Array(Vec::new()),
            "enforcedSettings": Value::Array(Vec::new()),
        },
    };
    rule.extend(of);
    rule
}

//! Rows of the logs that are no directory audits: sign-ins, risks, provisioning, devices.

use serde_json::Value;

use super::company::OFFICES;
use super::life::{Day, create, log, update};
use super::people::Person;
use super::record::{NULL, list, record, texts};
use crate::deed::{Actor, Properties};

/// Most rows of people's sign-ins a day.
const MOST_ROWS: u32 = 1_200;

pub(super) fn live(day: &mut Day<'_>) {
    let users = day.world.sizes.users;
    for _ in 0..day.count(users, 30_000).min(MOST_ROWS) {
        employee_signs_in(day);
    }
    for _ in 0..day.count(users, 8_000).clamp(3, MOST_ROWS / 3) {
        client_signs_in_again(day);
    }
    for number in 0..super::applications::NAMED_COUNT {
        if number % 3 != 1 {
            program_signs_in(day, number);
        }
    }
    for _ in 0..day.count(users, 400).clamp(1, 40) {
        provisioned(day);
    }
    if day.number % 6 == 4 {
        risk(day);
    }
    if day.number % 10 == 5 {
        workload_risk(day);
        attribute_changed(day);
    }
    if day.busy > 500 && day.number % 4 == 1 {
        intune_change(day);
    }
    if day.number % 11 == 6 {
        leak_alert(day);
    }
}

/// A sign-in by a person.
#[derive(Debug)]
pub(super) struct SignIn<'a> {
    pub(super) person: &'a Person,
    pub(super) at: i64,
    pub(super) address: &'a str,
    /// City and country.
    pub(super) place: (&'a str, &'a str),
    /// Error code, 0 for success.
    pub(super) error: u32,
    /// `none`, `medium`, `high`.
    pub(super) risk: &'a str,
    /// Name in the fixtures of the application signed in to.
    pub(super) application: &'a str,
}

impl Day<'_> {
    /// The row of a person's interactive sign-in; its id, correlation and request are the same.
    pub(super) fn sign_in(&mut self, sign_in: &SignIn<'_>) -> String {
        let id = self.chance.guid();
        let person = sign_in.person;
        let application = self.world.principal(sign_in.application).unwrap_or(0);
        let mut row = record! {
            "id": &*id, "createdDateTime": self.world.written(sign_in.at),
            "userDisplayName": &*person.display, "userPrincipalName": self.world.upn(person),
            "userId": self.world.user_id(person.number),
            "appId": self.world.principal_app_id(application),
            "appDisplayName": self.world.principal_name(application),
            "ipAddress": sign_in.address, "clientAppUsed": "Browser", "correlationId": &*id,
            "conditionalAccessStatus": if sign_in.error == 0 { "success" } else { "failure" },
            "isInteractive": true, "riskDetail": "none", "riskLevelAggregated": sign_in.risk,
            "riskLevelDuringSignIn": sign_in.risk,
            "riskState": if sign_in.risk == "none" { "none" } else { "atRisk" },
            "riskEventTypes": Value::Array(Vec::new()), "riskEventTypes_v2": texts(
                (sign_in.risk != "none").then_some("unfamiliarFeatures")),
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": "00000003-0000-0000-c000-000000000000",
            "status": record! {
                "errorCode": sign_in.error,
                "failureReason": if sign_in.error == 0 { "Other." } else { "Error validating credentials." },
                "additionalDetails": NULL,
            },
        };
        row.extend(record! {
            "deviceDetail": record! {
                "deviceId": "", "displayName": "", "operatingSystem": "Windows10", "browser": "Edge 131.0.0",
                "isCompliant": false, "isManaged": false, "trustType": "",
            },
            "location": location(sign_in.place.0, sign_in.place.1),
            "appliedConditionalAccessPolicies": Value::Array(Vec::new()),
        });
        self.push(sign_in.at, &Actor::Service, log("sign_in", row), None, true);
        id
    }
}

fn location(city: &str, country: &str) -> Properties {
    record! {
        "city": city, "state": NULL, "countryOrRegion": country,
        "geoCoordinates": record! { "altitude": NULL, "latitude": NULL, "longitude": NULL },
    }
}

fn employee_signs_in(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.office_time();
    let error = if day.chance.per_mille(60) { 50_126 } else { 0 };
    let address = format!("198.51.100.{}", 60 + person.number % 60);
    let application = *day
        .chance
        .pick(&["office-home", "teams", "chart", "portal", "my-apps"]);
    day.sign_in(&SignIn {
        person: &person,
        at,
        address: &address,
        place: (person.office.city, person.office.code),
        error,
        risk: "none",
        application,
    });
}

/// A row of the beta log: sign-ins nobody sees.
fn quiet_row(day: &mut Day<'_>, at: i64, form: &str) -> Properties {
    record! {
        "id": day.chance.guid(), "createdDateTime": day.world.written(at),
        "correlationId": day.chance.guid(), "isInteractive": false,
        "signInEventTypes": texts([form]), "conditionalAccessStatus": "notApplied",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": "00000003-0000-0000-c000-000000000000",
        "resourceTenantId": &*day.world.tenant_id, "homeTenantId": &*day.world.tenant_id,
        "status": record! { "errorCode": 0, "failureReason": NULL, "additionalDetails": NULL },
        "riskState": "none", "riskDetail": "none",
        "uniqueTokenIdentifier": day.chance.hex(22),
    }
}

fn client_signs_in_again(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.any_time();
    let mut row = quiet_row(day, at, "nonInteractiveUser");
    let client = day.world.principal("outlook-mobile").unwrap_or(0);
    row.extend(record! {
        "userId": day.world.user_id(person.number), "userDisplayName": &*person.display,
        "userPrincipalName": day.world.upn(&person), "userType": "member",
        "appId": day.world.principal_app_id(client), "appDisplayName": day.world.principal_name(client),
        "ipAddress": format!("192.0.2.{}", 1 + person.number % 60),
        "location": location(person.office.city, person.office.code),
        "clientAppUsed": "Mobile Apps and Desktop clients",
    });
    day.push(at, &Actor::Service, log("sign_in_beta", row), None, true);
}

fn program_signs_in(day: &mut Day<'_>, number: u32) {
    let at = day.any_time();
    let address = format!("198.51.100.{}", 200 + number);
    day.program_sign_in(
        at,
        &day.world.own_principal_id(number),
        &day.world.own_app_id(number),
        &super::World::application_name(number),
        &address,
    );
}

impl Day<'_> {
    /// The row of a service principal's sign-in.
    pub(super) fn program_sign_in(
        &mut self,
        at: i64,
        id: &str,
        app_id: &str,
        name: &str,
        address: &str,
    ) {
        let mut row = quiet_row(self, at, "servicePrincipal");
        row.extend(record! {
            "servicePrincipalId": id, "servicePrincipalName": name, "appId": app_id,
            "appDisplayName": name, "ipAddress": address,
            "location": location(OFFICES[0].city, OFFICES[0].code),
            "servicePrincipalCredentialKeyId": self.chance.guid(), "clientCredentialType": "clientSecret",
        });
        self.push(at, &Actor::Service, log("sign_in_beta", row), None, true);
    }

    /// A detection of risk at a person's sign-in.
    pub(super) fn risk_detection(
        &mut self,
        person: &Person,
        at: i64,
        address: &str,
        form: &str,
        level: &str,
    ) {
        let row = record! {
            "id": self.chance.hex(64).to_lowercase(), "requestId": self.chance.guid(),
            "correlationId": self.chance.guid(), "riskEventType": form, "riskState": "atRisk",
            "riskLevel": level, "riskDetail": "none", "source": "IdentityProtection",
            "detectionTimingType": "realtime", "activity": "signin", "tokenIssuerType": "AzureAD",
            "ipAddress": address, "location": location("Unknown", "SC"),
            "activityDateTime": self.world.written(at), "detectedDateTime": self.world.written(at + 120),
            "lastUpdatedDateTime": self.world.written(at + 120),
            "userId": self.world.user_id(person.number), "userDisplayName": &*person.display,
            "userPrincipalName": self.world.upn(person), "additionalInfo": "[]",
        };
        self.push(
            at + 120,
            &Actor::Service,
            log("risk_detection", row),
            None,
            true,
        );
        let risky = record! {
            "id": self.world.user_id(person.number), "isDeleted": false, "isProcessing": false,
            "riskLevel": level, "riskState": "atRisk", "riskDetail": "none",
            "riskLastUpdatedDateTime": self.world.written(at + 120),
            "userDisplayName": &*person.display, "userPrincipalName": self.world.upn(person),
        };
        let act = if self.world.state.risky.insert(person.number) {
            create("risky_user", risky)
        } else {
            update("risky_user", self.world.user_id(person.number), risky)
        };
        self.tick(at + 125, act);
    }
}

fn risk(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.any_time();
    let address = format!("203.0.113.{}", 100 + day.chance.below(90));
    day.risk_detection(&person, at, &address, "unfamiliarFeatures", "low");
}

fn workload_risk(day: &mut Day<'_>) {
    let at = day.any_time();
    let number = day.chance.below(super::applications::NAMED_COUNT);
    let row = record! {
        "id": day.chance.hex(64).to_lowercase(), "requestId": NULL, "correlationId": NULL,
        "riskEventType": "suspiciousSignins", "riskState": "atRisk", "riskLevel": "low",
        "riskDetail": "none", "source": "IdentityProtection", "detectionTimingType": "offline",
        "activity": "servicePrincipal", "tokenIssuerType": "AzureAD", "ipAddress": "203.0.113.150",
        "location": location("Unknown", "SC"), "activityDateTime": day.world.written(at - 600),
        "detectedDateTime": day.world.written(at), "lastUpdatedDateTime": day.world.written(at),
        "servicePrincipalId": day.world.own_principal_id(number), "appId": day.world.own_app_id(number),
        "servicePrincipalDisplayName": super::World::application_name(number),
        "keyIds": Value::Array(Vec::new()), "additionalInfo": "[]",
    };
    day.push(
        at,
        &Actor::Service,
        log("service_principal_risk_detection", row),
        None,
        true,
    );
}

fn provisioned(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.any_time();
    let principal = day.world.principal("hr").unwrap_or(0);
    let user = day.world.user_id(person.number);
    let row = record! {
        "id": day.chance.guid(), "activityDateTime": day.world.written(at),
        "tenantId": &*day.world.tenant_id, "jobId": format!("crewlist.{}", day.world.key.guid("job", 0)),
        "cycleId": day.chance.guid(), "changeId": day.chance.guid(), "provisioningAction": "update",
        "durationInMilliseconds": 80 + day.chance.below(900),
        "servicePrincipal": record! {
            "id": day.world.principal_id(principal), "displayName": day.world.principal_name(principal),
        },
        "sourceSystem": record! { "id": NULL, "displayName": "Crewlist", "details": NULL },
        "targetSystem": record! { "id": NULL, "displayName": "Microsoft Entra ID", "details": NULL },
        "initiatedBy": record! { "id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system" },
        "sourceIdentity": record! { "id": format!("{:06}", 100_000 + person.number), "displayName": &*person.display, "identityType": "Employee" },
        "targetIdentity": record! { "id": user, "displayName": &*person.display, "identityType": "User" },
        "provisioningStatusInfo": record! { "status": "success", "errorInformation": NULL },
        "provisioningSteps": Value::Array(Vec::new()),
        "modifiedProperties": list([record! {
            "displayName": "jobTitle", "oldValue": NULL, "newValue": person.job_title(),
        }]),
    };
    day.push(
        at,
        &Actor::Service,
        log("provisioning_log", row),
        None,
        true,
    );
}

fn attribute_changed(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.office_time();
    let admin = super::life::people::number_of("adm.okafor");
    let okafor = day.world.person(admin);
    let assigned = record! {
        "Clearance": record! { "@odata.type": "#microsoft.graph.customSecurityAttributeValue", "Level": "Drawings" },
    };
    let user = day.world.user_id(person.number);
    day.tick(
        at,
        update(
            "user",
            user.clone(),
            record! { "customSecurityAttributes": assigned },
        ),
    );
    let row = record! {
        "id": format!("Directory_{}", day.chance.guid()), "activityDateTime": day.world.written(at),
        "activityDisplayName": "Update attribute values assigned to a user",
        "category": "AttributeManagement", "correlationId": day.chance.guid(),
        "loggedByService": "Core Directory", "operationType": "Update", "result": "success",
        "resultReason": "", "userAgent": NULL, "additionalDetails": Value::Array(Vec::new()),
        "initiatedBy": record! { "app": NULL, "user": record! {
            "id": day.world.user_id(admin), "displayName": &*okafor.display,
            "userPrincipalName": day.world.upn(&okafor), "ipAddress": "198.51.100.31",
        } },
        "targetResources": list([record! {
            "id": user, "displayName": &*person.display, "type": "User",
            "modifiedProperties": list([record! {
                "displayName": "Clearance.Level", "oldValue": NULL, "newValue": "\"Drawings\"",
            }]),
        }]),
    };
    day.push(
        at,
        &Actor::Service,
        log("custom_security_attribute_audit", row),
        None,
        true,
    );
}

fn intune_change(day: &mut Day<'_>) {
    let at = day.office_time();
    let admin = super::life::people::number_of("adm.tamura");
    let tamura = day.world.person(admin);
    let Some(id) = day.world.named("device_compliance_policy", "0", "id") else {
        return;
    };
    let when = day.world.written(at);
    day.tick(at, update("device_compliance_policy", id.clone(), record! {
        "description": format!("Baseline of {}", &when[..10]), "lastModifiedDateTime": &*when,
    }));
    let row = record! {
        "id": day.chance.guid(), "displayName": "Patch DeviceCompliancePolicy", "componentName": "DeviceConfiguration",
        "activity": NULL, "activityDateTime": when, "activityType": "Patch DeviceCompliancePolicy",
        "activityOperationType": "Patch", "activityResult": "Success", "correlationId": day.chance.guid(),
        "category": "DeviceConfiguration",
        "actor": record! {
            "type": "ItPro", "userId": day.world.user_id(admin), "userPrincipalName": day.world.upn(&tamura),
            "applicationDisplayName": "Microsoft Intune portal extension", "ipAddress": NULL,
            "servicePrincipalName": NULL, "userPermissions": texts(["*"]), "applicationId": NULL,
        },
        "resources": list([record! {
            "displayName": "Windows baseline", "type": "DeviceCompliancePolicy", "resourceId": id,
            "modifiedProperties": list([record! { "displayName": "Description", "oldValue": NULL, "newValue": "Baseline" }]),
        }]),
    };
    day.push(
        at,
        &Actor::Service,
        log("intune_audit_event", row),
        None,
        true,
    );
}

fn leak_alert(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.office_time();
    let alert = record! {
        "id": format!("dl{}", day.chance.guid()), "providerAlertId": day.chance.guid(),
        "title": "DLP policy (Construction drawings) matched for document", "status": "new",
        "severity": "medium", "category": "Exfiltration", "classification": NULL,
        "serviceSource": "microsoftDataLossPrevention", "detectionSource": "microsoftDataLossPrevention",
        "productName": "Microsoft Data Loss Prevention", "tenantId": &*day.world.tenant_id,
        "createdDateTime": day.world.written(at), "lastUpdateDateTime": day.world.written(at),
        "firstActivityDateTime": day.world.written(at - 900), "lastActivityDateTime": day.world.written(at - 900),
        "actorDisplayName": person.display, "description": "A drawing left the company.",
        "evidence": Value::Array(Vec::new()), "comments": Value::Array(Vec::new()),
        "mitreTechniques": Value::Array(Vec::new()), "systemTags": Value::Array(Vec::new()),
        "assignedTo": NULL, "incidentId": NULL,
    };
    day.tick(at, create("dlp_alert", alert));
}

//! The attackers settle in: a phished helpdesk administrator, a greedy application, a promoted one, a
//! way past the policies, weaker methods.

use serde_json::Value;

use super::super::World;
use super::super::applications;
use super::super::company::role;
use super::super::consent::Given;
use super::super::first_party::graph_role;
use super::super::life::people::{impostor, number_of};
use super::super::life::privileged::activate;
use super::super::life::work::give;
use super::super::life::{Day, create, create_under, edge, update};
use super::super::principals::Form;
use super::super::record::{NULL, kind, list, record};
use super::super::roles::Schedule;
use super::super::sign_ins::SignIn;
use super::{ATTACKERS, ATTACKERS_PROGRAM, Planted};
use crate::deed::{Act, Actor};

/// Name of the account the attackers make: like one of the company's programs.
const IMPOSTOR: &str = "svc.printsync";

/// A sign-in by the attackers with somebody's password.
fn break_in(day: &mut Day<'_>, at: i64, alias: &str) -> Actor {
    let number = number_of(alias);
    let person = day.world.person(number);
    for (seconds, error) in [(-340, 50_126), (-200, 50_126), (0, 0)] {
        day.sign_in(&SignIn {
            person: &person,
            at: at + seconds,
            address: ATTACKERS,
            place: ("Victoria", "SC"),
            error,
            risk: if error == 0 { "high" } else { "none" },
            application: "portal",
        });
    }
    day.risk_detection(&person, at, ATTACKERS, "anonymizedIPAddress", "high");
    day.user_actor(number, ATTACKERS)
}

fn policy(day: &Day<'_>, number: u32) -> String {
    day.world
        .fixture_key(kind("conditional_access_policy"), number)
        .expect("because the story's policies are in the fixtures")
}

/// A54: MFA of the administrators is switched off with a phished helpdesk account.
pub(super) fn phish(day: &mut Day<'_>) {
    let at = day.clock(2, 10);
    let actor = break_in(day, at - 18 * 60, "adm.lindqvist");
    let lindqvist = number_of("adm.lindqvist");
    activate(
        day,
        at - 6 * 60,
        &actor,
        lindqvist,
        role("Conditional Access Administrator"),
        7_200,
    );
    let policy = policy(day, 1);
    let disabled = record! { "state": "disabled", "modifiedDateTime": day.world.written(at) };
    day.deed(
        at,
        &actor,
        update("conditional_access_policy", policy.clone(), disabled),
    );
    let mut objects = vec![policy];
    for (alias, minutes) in [("adm.wrona", 4), ("adm.adeyemi", 5)] {
        let number = number_of(alias);
        let user = day.world.user_id(number);
        let method = Act::Delete {
            kind: kind("user_authentication_method"),
            parents: vec![user.clone()],
            id: day.world.authenticator_id(number),
        };
        day.named_deed(
            at + minutes * 60,
            &actor,
            method,
            ("Admin deleted security info", "UserManagement"),
        );
        objects.push(user);
    }
    let phone = day.world.phone_method("+248 2510077", at + 360);
    let user = day.world.user_id(number_of("adm.wrona"));
    let act = create_under("user_authentication_method", user, phone);
    day.named_deed(
        at + 360,
        &actor,
        act,
        ("Admin registered security info", "UserManagement"),
    );
    day.plant(at, Planted {
        id: "A54", title: "MFA enforcement of administrators switched off", at: day.world.moment(at), actor,
        kind: "conditional_access_policy", objects,
        change: "state: enabled -> disabled; authentication methods of two administrators removed, a phone added".to_owned(),
        sentence: "With the phished account of Petra Lindqvist somebody at 203.0.113.77 disabled CA002 and replaced the second factors of two administrators.".to_owned(),
    });
}

/// A55: an application from elsewhere gets everybody's mail and files.
pub(super) fn consent(day: &mut Day<'_>) {
    let at = day.clock(2, 31);
    let actor = break_in(day, at - 600, "adm.petrovic");
    let id = day.world.key.guid("attack principal", 0);
    let name = "Mailbox Archive Helper";
    let form = Form {
        id: id.clone(),
        app_id: day.world.key.guid("attack appId", 0),
        name: name.to_owned(),
        owner: Some(day.world.key.guid("attack tenant", 0)),
        kind: "Application",
        app_roles: Value::Array(Vec::new()),
        scopes: Value::Array(Vec::new()),
        tags: &["WindowsAzureActiveDirectoryIntegratedApp"],
        assignment_required: false,
        single_sign_on: None,
        alternative_names: Vec::new(),
    };
    let app_id = form.app_id.clone();
    day.deed(
        at,
        &actor,
        create(
            "service_principal",
            day.world.principal_properties(form, -at),
        ),
    );
    let graph = day
        .world
        .principal("graph")
        .expect("because Microsoft Graph is in every tenant");
    let resource = (
        day.world.principal_id(graph),
        day.world.principal_name(graph),
    );
    let scope = "Mail.ReadWrite Files.ReadWrite.All User.Read offline_access";
    let grant = World::grant(&id, &resource.0, None, scope);
    let mut objects = vec![id.clone()];
    objects.extend(grant.get("id").and_then(Value::as_str).map(str::to_owned));
    let consented = ("Consent to application", "ApplicationManagement");
    day.named_deed(
        at + 2,
        &actor,
        create("oauth2_permission_grant", grant),
        consented,
    );
    for role in ["Mail.ReadWrite", "Files.ReadWrite.All"] {
        let given = Given {
            role: graph_role(role).to_owned(),
            principal: (id.clone(), name.to_owned(), "ServicePrincipal"),
            resource: resource.clone(),
            at: at + 3,
        };
        objects.push(give(day, at + 3, &actor, &given));
    }
    day.program_sign_in(at + 1_900, &id, &app_id, name, ATTACKERS_PROGRAM);
    day.plant(at, Planted {
        id: "A55", title: "Malicious application with access to all mail and files", at: day.world.moment(at),
        actor, kind: "service_principal", objects,
        change: "new service principal; app roles Mail.ReadWrite, Files.ReadWrite.All; grant for AllPrincipals".to_owned(),
        sentence: "Goran Petrovic's account consented for everybody to Mailbox Archive Helper, an application of an unknown tenant.".to_owned(),
    });
}

/// The application the attackers promote.
fn deployer(day: &Day<'_>) -> (u32, String) {
    let number =
        applications::named("deploy").expect("because the story names its applications only");
    (number, day.world.own_principal_id(number))
}

/// A standing role for somebody, as Graph shows it everywhere.
pub(super) fn assign_role(
    day: &mut Day<'_>,
    at: i64,
    by: &Actor,
    principal: &str,
    role: &'static str,
) -> String {
    let id = World::role_assignment_id(principal, role);
    let added = ("Add member to role", "RoleManagement");
    day.named_deed(
        at,
        by,
        create(
            "role_assignment",
            day.world.role_assignment(principal, role),
        ),
        added,
    );
    let [schedule, instance] = day.world.role_schedule(&Schedule {
        id: &id,
        principal,
        role,
        from: at,
        until: None,
        assignment: Some("Assigned"),
    });
    for (kind, properties) in [
        ("role_assignment_schedule", schedule),
        ("role_assignment_schedule_instance", instance),
    ] {
        day.push(at, by, create(kind, properties), None, true);
    }
    let member = edge(
        "directory_role_member",
        day.world.directory_role_id(role),
        principal.to_owned(),
        true,
    );
    day.push(at, by, member, None, true);
    id
}

/// A56: a service principal gets the highest role, and the attackers a secret for it.
pub(super) fn promote(day: &mut Day<'_>) {
    let at = day.clock(2, 55);
    let petrovic = day.user_actor(number_of("adm.petrovic"), ATTACKERS);
    let (number, principal) = deployer(day);
    let mut chance = day.world.key.chance("attack secret", 0);
    let secret = day.world.password_credential(&mut chance, at - 300, 730);
    let application = day.world.application_id(number);
    let act = update(
        "application",
        application.clone(),
        record! { "passwordCredentials": list([secret]) },
    );
    let rotated = (
        "Update application – Certificates and secrets management",
        "ApplicationManagement",
    );
    day.named_deed(at - 300, &petrovic, act, rotated);
    let actor = break_in(day, at - 500, "adm.halvorsen");
    let halvorsen = number_of("adm.halvorsen");
    activate(
        day,
        at - 120,
        &actor,
        halvorsen,
        role("Privileged Role Administrator"),
        3_600,
    );
    let assignment = assign_role(day, at, &actor, &principal, role("Global Administrator"));
    day.plant(at, Planted {
        id: "A56", title: "Service principal promoted to Global Administrator", at: day.world.moment(at), actor,
        kind: "role_assignment", objects: vec![assignment, principal, application],
        change: "new role assignment of Global Administrator; passwordCredentials replaced".to_owned(),
        sentence: "Harbour Deployments got a secret only the attackers know and the role Global Administrator.".to_owned(),
    });
}

pub(super) fn deployer_actor(day: &Day<'_>) -> Actor {
    let (number, principal) = deployer(day);
    Actor::App {
        id: principal,
        app_id: day.world.own_app_id(number),
        name: World::application_name(number),
    }
}

/// A57, first: an account that looks like a program's.
pub(super) fn make_account(day: &mut Day<'_>) {
    let at = day.clock(3, 12);
    let actor = deployer_actor(day);
    let (number, principal) = deployer(day);
    day.program_sign_in(
        at - 30,
        &principal,
        &day.world.own_app_id(number),
        &World::application_name(number),
        ATTACKERS_PROGRAM,
    );
    let (number, _) = impostor(day, at, &actor, IMPOSTOR, "Print Synchronization");
    day.world.state.impostor = Some(number);
}

pub(super) fn impostor_actor(day: &Day<'_>) -> Option<(u32, Actor)> {
    let number = day.world.state.impostor?;
    let actor = Actor::User {
        id: day.world.user_id(number),
        name: format!("{IMPOSTOR}@{}", day.world.domain),
        address: ATTACKERS_PROGRAM.to_owned(),
    };
    Some((number, actor))
}

/// A57: the policies make an exception for it.
pub(super) fn carve_out(day: &mut Day<'_>) {
    let at = day.clock(3, 20);
    let Some((number, _)) = impostor_actor(day) else {
        return;
    };
    let account = day.world.user_id(number);
    let actor = day.user_actor(number_of("adm.wrona"), ATTACKERS);
    activate(
        day,
        at - 200,
        &actor,
        number_of("adm.wrona"),
        role("Conditional Access Administrator"),
        7_200,
    );
    let mut objects = vec![account.clone()];
    for (policy_number, seconds) in [(2_u32, 0), (7, 70)] {
        let fixtures = day.world.fixtures.of("conditional_access_policy");
        let mut conditions = day
            .world
            .resolved(&fixtures[policy_number as usize]["conditions"]);
        conditions["users"]["excludeUsers"] = Value::Array(vec![account.clone().into()]);
        let changed = record! { "conditions": conditions, "modifiedDateTime": day.world.written(at + seconds) };
        let id = policy(day, policy_number);
        day.deed(
            at + seconds,
            &actor,
            update("conditional_access_policy", id.clone(), changed),
        );
        objects.push(id);
    }
    day.plant(at, Planted {
        id: "A57", title: "Policies make an exception for the attackers' account", at: day.world.moment(at), actor,
        kind: "conditional_access_policy", objects,
        change: "conditions.users.excludeUsers: nobody -> svc.printsync".to_owned(),
        sentence: "CA003 and CA008 no longer apply to Print Synchronization, an account made the night before.".to_owned(),
    });
}

/// A58: text messages for everybody, passes that can be used again.
pub(super) fn lower_methods(day: &mut Day<'_>) {
    let at = day.clock(3, 44);
    let actor = day.user_actor(number_of("adm.wrona"), ATTACKERS);
    activate(
        day,
        at - 120,
        &actor,
        number_of("adm.wrona"),
        role("Authentication Policy Administrator"),
        3_600,
    );
    let changes = [
        ("Sms", record! { "state": "enabled" }),
        (
            "TemporaryAccessPass",
            record! { "isUsableOnce": false, "maximumLifetimeInMinutes": 43_200 },
        ),
    ];
    let fixtures = day.world.fixtures.of("authentication_method_configuration");
    let mut all: Vec<Value> = fixtures
        .iter()
        .map(|fixture| day.world.resolved(fixture))
        .collect();
    for ((id, changed), seconds) in changes.into_iter().zip([0, 45]) {
        for whole in all
            .iter_mut()
            .filter(|whole| whole["id"] == *id)
            .filter_map(Value::as_object_mut)
        {
            whole.extend(changed.clone());
            let of = whole.get("@odata.type").cloned().unwrap_or(NULL);
            let mut changed = changed.clone();
            changed.insert("@odata.type".to_owned(), of);
            day.deed(
                at + seconds,
                &actor,
                update(
                    "authentication_method_configuration",
                    id.to_owned(),
                    changed,
                ),
            );
        }
    }
    // The policy shows its configurations inside itself too.
    let policy = record! {
        "authenticationMethodConfigurations": Value::Array(all),
        "lastModifiedDateTime": day.world.written(at + 45),
    };
    day.push(
        at + 45,
        &actor,
        update("authentication_methods_policy", String::new(), policy),
        None,
        true,
    );
    day.plant(at, Planted {
        id: "A58", title: "Authentication methods policy lowered", at: day.world.moment(at), actor,
        kind: "authentication_method_configuration",
        objects: vec!["Sms".to_owned(), "TemporaryAccessPass".to_owned()],
        change: "Sms.state: disabled -> enabled; TemporaryAccessPass.isUsableOnce: true -> false, maximumLifetimeInMinutes: 480 -> 43200".to_owned(),
        sentence: "Text messages became a method for everybody and temporary passes usable for a month.".to_owned(),
    });
}

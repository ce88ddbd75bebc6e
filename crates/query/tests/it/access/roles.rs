//! Who has what, and how, at one moment.

use super::tenant::{
    CLOUD_APPLICATION_ADMINISTRATOR, Day, GLOBAL_ADMINISTRATOR, GLOBAL_READER, id, tenant,
    tenant_in_columns,
};
use super::{lines, refusal};

const FOR_YEARS: &str = "2030-01-01T00:00:00Z";
const OVER: &str = "2025-12-31T00:00:00Z";

fn principal(name: &str) -> String {
    id(&format!("{name} principal"))
}

/// A in B in ... six deep, with the last leading back to the first.
fn nested() -> Day {
    let groups = ["A", "B", "C", "D", "E", "F"];
    let day = groups.iter().fold(Day::new(), |day, name| day.group(name));
    let day = groups
        .windows(2)
        .fold(day, |day, pair| day.member(pair[0], pair[1]));
    day.member("F", "A")
        .user("alice")
        .user("bob")
        .member("F", "alice")
        .member("A", "bob")
        .member("C", "bob")
}

#[test]
fn nested_members_are_found_once_and_cycles_end() {
    let source = tenant(&[nested()]);
    let sql = "select member_name, via, depth, path from effective_members('A') order by depth, member_name";
    assert_eq!(
        lines(&source, sql),
        [
            "B | direct | 1 | []".to_owned(),
            "bob | direct | 1 | []".to_owned(),
            r#"C | nested | 2 | ["B"]"#.to_owned(),
            r#"D | nested | 3 | ["C","B"]"#.to_owned(),
            r#"E | nested | 4 | ["D","C","B"]"#.to_owned(),
            r#"F | nested | 5 | ["E","D","C","B"]"#.to_owned(),
            r#"alice | nested | 6 | ["F","E","D","C","B"]"#.to_owned(),
        ]
    );
    let of_a_cycle = "select count(*) from effective_members('group:F') where member_name = 'bob'";
    assert_eq!(lines(&source, of_a_cycle), ["1"]);
}

#[test]
fn members_by_rule_and_by_eligibility_are_told_apart() {
    let day = Day::new()
        .dynamic_group("Everyone")
        .group("Tier 0")
        .group("Helpers")
        .user("alice")
        .user("bob")
        .user("carol")
        .disabled_user("dave")
        .member("Everyone", "alice")
        .member("Tier 0", "dave")
        .member("Tier 0", "carol")
        .member("Helpers", "bob")
        .may_enter("Tier 0", "Helpers", "member", FOR_YEARS)
        .may_enter("Tier 0", "carol", "member", FOR_YEARS)
        .may_enter("Tier 0", "alice", "member", OVER);
    let source = tenant(&[day]);
    assert_eq!(
        lines(
            &source,
            "select member_name, via from effective_members('Everyone')"
        ),
        ["alice | dynamic"]
    );
    assert_eq!(
        lines(
            &source,
            "select member_name, member_kind, via, enabled, path from effective_members('Tier 0') order by 1, 3"
        ),
        [
            "Helpers | group | eligible | NULL | []",
            r#"bob | user | eligible | true | ["Helpers"]"#,
            "carol | user | direct | true | []",
            "carol | user | eligible | true | []",
            "dave | user | direct | false | []",
        ]
    );
}

/// Somebody for every way to be a Global Administrator.
fn ways() -> Day {
    Day::new()
        .microsoft_graph(&[
            "Mail.ReadWrite",
            "RoleManagement.ReadWrite.Directory",
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
        ])
        .user("direct")
        .user("member")
        .user("activates")
        .user("enters")
        .user("owns-group")
        .user("owns-app")
        .disabled_user("owns-principal")
        .user("cloud-admin")
        .user("nobody")
        .group("Tier 0")
        .member("Tier 0", "member")
        .may_enter("Tier 0", "enters", "member", FOR_YEARS)
        .edge("group_owner", &id("Tier 0"), &id("owns-group"))
        .application("Deployer")
        .application("Granter")
        .application("Keymaster")
        .edge("application_owner", &id("Deployer"), &id("owns-app"))
        .edge(
            "service_principal_owner",
            &principal("Deployer"),
            &id("owns-principal"),
        )
        .assign(&id("direct"), GLOBAL_ADMINISTRATOR, "/")
        .assign(&id("Tier 0"), GLOBAL_ADMINISTRATOR, "/")
        .assign(&principal("Deployer"), GLOBAL_ADMINISTRATOR, "/")
        .assign(&id("cloud-admin"), CLOUD_APPLICATION_ADMINISTRATOR, "/")
        .eligible(&id("activates"), GLOBAL_ADMINISTRATOR, None)
        .eligible(&id("nobody"), GLOBAL_ADMINISTRATOR, Some(OVER))
        .grant(
            &principal("Granter"),
            "Microsoft Graph",
            "RoleManagement.ReadWrite.Directory",
        )
        .grant(
            &principal("Keymaster"),
            "Microsoft Graph",
            "Application.ReadWrite.All",
        )
}

#[test]
fn every_way_to_a_role_is_found_and_named() {
    let sql = "select principal_name, assignment_type, how, depth, path from who_can('Global Administrator') \
               where how not in ('role_over_application', 'permission_over_application') order by how, principal_name, assignment_type";
    let wanted = [
        "Deployer | active | direct | 1 | []",
        "Tier 0 | active | direct | 1 | []",
        "activates | eligible | direct | 1 | []",
        "direct | active | direct | 1 | []",
        r#"enters | eligible | eligible_group | 2 | ["Tier 0"]"#,
        r#"member | active | group | 2 | ["Tier 0"]"#,
        r#"owns-app | active | owner | 3 | ["Deployer","Deployer"]"#,
        r#"owns-group | active | owner | 2 | ["Tier 0"]"#,
        r#"owns-principal | active | owner | 2 | ["Deployer"]"#,
        r#"Granter | active | permission_to_grant | 2 | ["RoleManagement.ReadWrite.Directory"]"#,
    ];
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    for source in [
        tenant(&[ways()]),
        tenant_in_columns(&[ways()], folder.path()),
    ] {
        let mut found = lines(&source, sql);
        // Who is over the application that may grant the role is over the role, too.
        found.retain(|line| !line.starts_with("cloud-admin") && !line.starts_with("Keymaster"));
        assert_eq!(found, wanted);
    }
}

#[test]
fn powers_over_applications_are_held_apart_from_what_is_held() {
    let source = tenant(&[ways()]);
    let over = "select principal_name, how, path from who_can('role:Global Administrator') \
                where how in ('role_over_application', 'permission_over_application') order by 1, 2";
    assert_eq!(
        lines(&source, over),
        [
            r#"Keymaster | permission_over_application | ["Application.ReadWrite.All","Deployer"]"#,
            r#"cloud-admin | permission_over_application | ["Cloud Application Administrator","Keymaster","Application.ReadWrite.All","Deployer"]"#,
            r#"cloud-admin | role_over_application | ["Cloud Application Administrator","Deployer"]"#,
        ]
    );
    let everything = "select distinct how from effective_access() order by 1";
    assert_eq!(
        lines(&source, everything),
        ["direct", "eligible_group", "group", "owner"]
    );
    let held = "select privilege_kind, privilege, scope, scope_name from effective_access() \
                where principal_name = 'Granter'";
    let graph = principal("Microsoft Graph");
    assert_eq!(
        lines(&source, held),
        [format!(
            "application_permission | RoleManagement.ReadWrite.Directory | {graph} | Microsoft Graph"
        )]
    );
}

#[test]
fn owners_count_where_they_can_do_what_owners_do() {
    let identity = r#","servicePrincipalType":"ManagedIdentity""#;
    let day = Day::new()
        .user("owner")
        .dynamic_group("By rule")
        .service_principal("Identity", &id("identity app"), identity)
        .edge("group_owner", &id("By rule"), &id("owner"))
        .edge(
            "service_principal_owner",
            &principal("Identity"),
            &id("owner"),
        )
        .assign(&id("By rule"), GLOBAL_READER, "/")
        .assign(&principal("Identity"), GLOBAL_READER, "/");
    let source = tenant(&[day]);
    let sql = "select principal_name from who_can('Global Reader') order by 1";
    assert_eq!(lines(&source, sql), ["By rule", "Identity"]);
}

#[test]
fn a_role_over_an_administrative_unit_says_so() {
    let unit = id("Branch offices");
    let scope = format!("/administrativeUnits/{unit}");
    let payload = format!(r#"{{"displayName":"Branch offices","id":"{unit}"}}"#);
    let day = Day::new()
        .row("administrative_unit", unit, &payload)
        .user("alice")
        .assign(&id("alice"), GLOBAL_READER, &scope)
        .assign(&id("alice"), CLOUD_APPLICATION_ADMINISTRATOR, &scope)
        .application("Deployer")
        .assign(&principal("Deployer"), GLOBAL_ADMINISTRATOR, "/");
    let source = tenant(&[day]);
    let sql = "select role_name, role_definition_id, scope, scope_name, how from effective_roles('alice@contoso.example') order by 1";
    // No application is in an administrative unit: the role over it gives nothing else.
    assert_eq!(
        lines(&source, sql),
        [
            format!(
                "Cloud Application Administrator | {CLOUD_APPLICATION_ADMINISTRATOR} | {scope} | Branch offices | direct"
            ),
            format!("Global Reader | {GLOBAL_READER} | {scope} | Branch offices | direct"),
        ]
    );
}

#[test]
fn a_role_over_one_application_is_over_no_other() {
    let scope = format!("/{}", id("Deployer"));
    let day = Day::new()
        .user("keeper")
        .application("Deployer")
        .application("Other")
        .assign(&id("keeper"), CLOUD_APPLICATION_ADMINISTRATOR, &scope)
        .assign(&principal("Deployer"), GLOBAL_ADMINISTRATOR, "/")
        .assign(&principal("Other"), GLOBAL_READER, "/");
    let source = tenant(&[day]);
    let sql = "select role_name, how, path from effective_roles('keeper') order by 1";
    assert_eq!(
        lines(&source, sql),
        [
            "Cloud Application Administrator | direct | []",
            r#"Global Administrator | role_over_application | ["Cloud Application Administrator","Deployer","Deployer"]"#,
        ]
    );
}

#[test]
fn permissions_reach_direct_members_of_a_group_only() {
    let roles = format!(
        r#","appRoles":[{{"id":"{}","value":"Approve"}}]"#,
        id("Approve")
    );
    let day = Day::new()
        .service_principal("Expenses", &id("expenses app"), &roles)
        .group("Approvers")
        .group("Managers")
        .user("alice")
        .user("bob")
        .member("Approvers", "alice")
        .member("Approvers", "Managers")
        .member("Managers", "bob")
        .grant(&id("Approvers"), "Expenses", "Approve");
    let source = tenant(&[day]);
    let sql =
        "select principal_name, how, privilege, scope_name from who_can('approve') order by 1";
    assert_eq!(
        lines(&source, sql),
        [
            "Approvers | direct | Approve | Expenses",
            "alice | group | Approve | Expenses"
        ]
    );
    let reaches = |user: &str| format!("select count(*) from path('{user}', 'sp:Expenses')");
    assert_eq!(lines(&source, &reaches("alice")), ["2"]);
    assert_eq!(lines(&source, &reaches("bob")), ["0"]);
    // Nobody's access to it is an application permission.
    assert_eq!(
        lines(&source, "select count(*) from effective_access()"),
        ["0"]
    );
}

#[test]
fn delegated_permissions_say_in_whose_name() {
    let graph = principal("Microsoft Graph");
    let consent = |client: &str, user: Option<&str>, scope: &str| {
        let user = user.map_or_else(|| "null".to_owned(), |user| format!("\"{}\"", id(user)));
        let key = id(&format!("{client}{user}"));
        let client = principal(client);
        let payload = format!(
            r#"{{"clientId":"{client}","consentType":"Principal","id":"{key}","principalId":{user},"resourceId":"{graph}","scope":"{scope}"}}"#
        );
        (key, payload)
    };
    let (first, second) = (
        consent("Reader", None, "User.Read Mail.ReadWrite"),
        consent("Addin", Some("alice"), " Mail.ReadWrite Mail.Send"),
    );
    let day = Day::new()
        .microsoft_graph(&["Mail.ReadWrite"])
        .user("alice")
        .application("Reader")
        .application("Addin")
        .row("oauth2_permission_grant", first.0, &first.1)
        .row("oauth2_permission_grant", second.0, &second.1)
        .grant(&principal("Reader"), "Microsoft Graph", "Mail.ReadWrite");
    let source = tenant(&[day]);
    let sql = "select principal_name, privilege_kind, on_behalf_of from who_can('Mail.ReadWrite') order by 1, 2";
    assert_eq!(
        lines(&source, sql),
        [
            "Addin | delegated_permission | alice@contoso.example",
            "Reader | application_permission | NULL",
            "Reader | delegated_permission | AllPrincipals",
        ]
    );
    let delegated = "select principal_name from who_can('delegated_permission:Mail.Send')";
    assert_eq!(lines(&source, delegated), ["Addin"]);
}

#[test]
fn chains_name_each_step() {
    let source = tenant(&[ways()]);
    let sql = "select chain, step, from_kind, from_name, relation, to_kind, to_name, needs_activation \
               from path('owns-app', 'Global Administrator') order by chain, step";
    assert_eq!(
        lines(&source, sql),
        [
            "1 | 1 | user | owns-app | owner | application | Deployer | false",
            "1 | 2 | application | Deployer | signs_in_as | service_principal | Deployer | false",
            "1 | 3 | service_principal | Deployer | assigned | role | Global Administrator | false",
        ]
    );
    let into_group = "select relation, needs_activation from path('enters', 'group:Tier 0')";
    assert_eq!(lines(&source, into_group), ["eligible_member | true"]);
    let by_permission = "select from_name, relation, to_name from path('Keymaster', 'Global Administrator') \
                         where chain = 1 order by step";
    assert_eq!(
        lines(&source, by_permission),
        [
            "Keymaster | granted | Application.ReadWrite.All",
            "Application.ReadWrite.All | adds_credentials | Deployer",
            "Deployer | assigned | Global Administrator",
        ]
    );
    assert_eq!(
        lines(
            &source,
            "select count(*) from path('nobody', 'Global Administrator')"
        ),
        ["0"]
    );
}

#[test]
fn equally_short_chains_are_all_shown() {
    let day = Day::new()
        .group("Left")
        .group("Right")
        .user("alice")
        .member("Left", "alice")
        .member("Right", "alice")
        .assign(&id("Left"), GLOBAL_READER, "/")
        .assign(&id("Right"), GLOBAL_READER, "/");
    let source = tenant(&[day]);
    let sql = "select to_name from path('alice', 'Global Reader') where step = 1 order by 1";
    assert_eq!(lines(&source, sql), ["Left", "Right"]);
}

#[test]
fn what_was_deleted_shows_as_its_id() {
    let gone = id("gone");
    let day = Day::new().assign(&gone, GLOBAL_READER, "/");
    let source = tenant(&[day]);
    let sql = "select principal_kind, principal_id, principal_name from who_can('Global Reader')";
    assert_eq!(lines(&source, sql), [format!("NULL | {gone} | NULL")]);
    let roles = format!("select role_name from effective_roles('{gone}')");
    assert_eq!(lines(&source, &roles), ["Global Reader"]);
}

#[test]
fn names_that_mean_nothing_or_too_much_are_refused() {
    let day = Day::new()
        .microsoft_graph(&["Mail.Read"])
        .group("Twins")
        .row(
            "user",
            id("other twin"),
            &format!(r#"{{"displayName":"Twins","id":"{}"}}"#, id("other twin")),
        )
        .user("alice");
    let source = tenant(&[day]);
    assert_eq!(
        refusal(&source, "select * from who_can('Nonsense')"),
        r#"no role or permission is called "Nonsense" at that time: try entrace find "Nonsense""#
    );
    assert_eq!(
        refusal(&source, "select * from effective_roles('mallory')"),
        r#"no user, group or service principal is called "mallory" at that time: try entrace find "mallory""#
    );
    assert_eq!(
        refusal(&source, "select * from effective_members('user:alice')"),
        r#""user:alice" is a user: wanted is group"#
    );
    assert_eq!(
        refusal(&source, "select * from effective_roles('Twins')"),
        format!(
            r#""Twins" is ambiguous: it could be user:{}, group:{}"#,
            id("other twin"),
            id("Twins")
        )
    );
    assert_eq!(
        refusal(&source, "select * from path('alice', 'Nonsense')"),
        r#"no group, application, role or permission is called "Nonsense" at that time: try entrace find "Nonsense""#
    );
    // It is a permission that nobody holds.
    assert_eq!(
        lines(&source, "select * from who_can('mail.read')"),
        [""; 0]
    );
}

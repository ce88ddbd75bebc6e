//! Files of an export lead to their kinds.

use catalog::{ExportMatch, by_export_path, kinds};

const USER: &str = "5c1f3f1e-9a4b-4a55-8a5e-2f2d3c4b5a69";
const GROUP: &str = "0b7c2b1a-1111-4222-8333-944455556666";

fn found(path: &str) -> Option<(&'static str, ExportMatch)> {
    let components: Vec<_> = path.split('/').collect();
    by_export_path(&components).map(|(kind, found)| (kind.name, found))
}

fn assert_object(path: &str, kind: &str, parents: [Option<usize>; 2], object: Option<usize>) {
    let wanted = ExportMatch { parents, object };
    assert_eq!(found(path), Some((kind, wanted)), "{path}");
}

#[test]
fn every_layout_of_the_reference_is_found() {
    for kind in kinds() {
        let Some(layout) = kind.export_path else {
            continue;
        };
        let path = layout
            .replace("<id>", USER)
            .replace("<Method>", "Email")
            .replace("//", "/");
        let path = path.trim_end_matches('/');
        let (name, _) = found(path).unwrap_or_else(|| panic!("{path}"));
        let same = match kind.name {
            // The exporter's PIM command writes both into one file; the file's id is the
            // schedule's.
            "role_management_policy_assignment" => "role_eligibility_schedule_instance",
            // The folder of one series is also the place of its instances.
            "access_review_instance" => "access_review_definition",
            name => name,
        };
        assert_eq!(name, same, "{path}");
    }
}

#[test]
fn objects_have_a_folder_of_their_own() {
    let none = [None, None];
    assert_object(&format!("Users/{USER}/{USER}.json"), "user", none, Some(1));
    assert_object(&format!("Users/{USER}"), "user", none, Some(1));
    assert_object("Users", "user", none, None);
    assert_object(
        &format!("users/{USER}/{}.JSON", USER.to_uppercase()),
        "user",
        none,
        Some(1),
    );
    assert_object(
        "Identity/Conditional/AccessPolicies/p/p.json",
        "conditional_access_policy",
        none,
        Some(3),
    );
    assert_object(
        "Domains/contoso.com/contoso.com.json",
        "domain",
        none,
        Some(1),
    );
}

#[test]
fn children_are_in_their_parents_folder() {
    let members = format!("Groups/{GROUP}/Members");
    assert_object(&members, "group_member", [Some(1), None], None);
    assert_object(
        &format!("{members}.json"),
        "group_member",
        [Some(1), None],
        None,
    );
    let member = format!("{members}/{USER}/{USER}.json");
    assert_object(&member, "group_member", [Some(1), None], Some(3));
    assert_object(
        "ServicePrincipals/s/Oauth2PermissionGrants/g/g.json",
        "oauth2_permission_grant",
        [Some(1), None],
        Some(3),
    );
}

#[test]
fn series_instances_and_reviewers_are_told_apart() {
    let root = "IdentityGovernance/AccessReviews";
    let none = [None, None];
    assert_object(
        &format!("{root}/d/d.json"),
        "access_review_definition",
        none,
        Some(2),
    );
    let series = [Some(2), None];
    assert_object(
        &format!("{root}/d/i/i.json"),
        "access_review_instance",
        series,
        Some(3),
    );
    // A review that happens once: its only instance has its id.
    assert_object(
        &format!("{root}/d/d/d.json"),
        "access_review_instance",
        series,
        Some(3),
    );
    let instance = [Some(3), Some(2)];
    assert_object(
        &format!("{root}/d/i/Reviewers/r/r.json"),
        "access_review_contacted_reviewer",
        instance,
        Some(5),
    );
}

#[test]
fn singletons_are_one_file_or_one_folder() {
    let none = [None, None];
    assert_object("Organization/Organization.json", "organization", none, None);
    assert_object("Organization/t/t.json", "organization", none, Some(1));
    assert_object("Admin/Teams/settings.json", "teamwork", none, None);
    assert_object(
        "Policies/AdminConsentRequestPolicy/AdminConsentRequestPolicy/AdminConsentRequestPolicy.json",
        "admin_consent_request_policy",
        none,
        Some(2),
    );
    assert_object(
        "Organization/Branding/Localizations.json",
        "organizational_branding_localization",
        none,
        None,
    );
}

#[test]
fn files_may_be_objects_without_a_folder() {
    let none = [None, None];
    assert_object(
        "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/FIDO2.json",
        "authentication_method_configuration",
        none,
        Some(3),
    );
    assert_object(
        &format!("PIM/Groups/{USER}.json"),
        "pim_group_eligibility_schedule",
        none,
        Some(2),
    );
}

#[test]
fn the_unknown_stays_unknown() {
    for path in [
        "",
        "Unknown/a/a.json",
        "OnPremisesPublishingProfiles/Provisioning.json",
        "IAM/subscriptions/s/roleAssignments/r.json",
        "PIM/Resources/a/b/c.json",
    ] {
        assert_eq!(found(path), None, "{path}");
    }
    assert_eq!(found(&format!("Users/{USER}/Unknown/x/x.json")), None);
    assert_eq!(by_export_path(&[]).map(|(kind, _)| kind.name), None);
}

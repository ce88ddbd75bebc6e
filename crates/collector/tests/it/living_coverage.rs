//! What was not read is said, with the reason, and nothing is concluded from it.

use std::collections::BTreeSet;

use collector::CollectReport;
use simulator::{DELEGATED_ONLY, Faults};
use store::CoverageState;

use crate::living::{Kept, Living, findings, incomplete, kind, request, said, untruths};

const NONE: [&str; 0] = [];

fn reason<'r>(report: &'r CollectReport, kind: &str) -> &'r str {
    said(report, kind).reason.as_deref().unwrap_or_default()
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_closed() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("conditional_access_policy,named_location,group,group_member");
    kept.collect(&living, &request);
    let before = kept.state();
    let forbid = ["conditional_access_policy", "group"];
    living.change(|tenant| {
        let forbidden = &mut tenant.options_mut().forbidden;
        forbidden.extend(forbid.map(str::to_owned));
    });
    let report = kept.collect(&living, &request);
    for name in forbid {
        let said = said(&report, name);
        assert_eq!(said.state, CoverageState::Forbidden, "{said:?}");
        assert!(said.is_lacking);
        let needed = kind(name).permissions[0];
        assert!(
            reason(&report, name).contains(needed),
            "{}",
            reason(&report, name)
        );
    }
    let members = said(&report, "group_member");
    assert_eq!(members.state, CoverageState::Failed, "{members:?}");
    assert_eq!(reason(&report, "group_member"), "groups could not be read");
    assert_eq!(
        said(&report, "named_location").state,
        CoverageState::Complete
    );
    assert_eq!(kept.state(), before);

    living.change(|tenant| tenant.options_mut().forbidden.clear());
    living.wait(24);
    let report = kept.collect(&living, &request);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn a_permission_that_is_lost_between_a_list_and_what_stands_below() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("user,user_authentication_method,application,application_owner");
    kept.collect(&living, &request);
    let before = kept.state();
    living.change(|tenant| {
        let forbidden = &mut tenant.options_mut().forbidden;
        forbidden.insert("user_authentication_method".to_owned());
    });
    let report = kept.collect(&living, &request);
    let methods = said(&report, "user_authentication_method");
    assert_eq!(methods.state, CoverageState::Forbidden, "{methods:?}");
    assert!(
        reason(&report, "user_authentication_method").contains("UserAuthenticationMethod.Read.All")
    );
    assert_eq!(kept.state(), before);
}

#[test]
fn a_missing_licence_is_named() {
    let living = Living::company_with(60, |tenant, _| {
        let unlicensed = &mut tenant.options_mut().unlicensed;
        for kind in [
            "risky_user",
            "access_review_definition",
            "sign_in",
            "role_management_policy",
        ] {
            unlicensed.insert(kind.to_owned());
        }
    });
    let mut kept = Kept::new(&living.tenant_id);
    let words = "organization,risky_user,access_review_definition,sign_in,role_management_policy";
    let report = kept.collect(&living, &request(words));
    for name in [
        "risky_user",
        "access_review_definition",
        "sign_in",
        "role_management_policy",
    ] {
        let said = said(&report, name);
        assert_eq!(said.state, CoverageState::NotLicensed, "{said:?}");
        assert!(!said.is_lacking, "what was not bought is not missed");
        let licence = kind(name).licence.title();
        assert!(
            reason(&report, name).contains(licence),
            "{}",
            reason(&report, name)
        );
    }
}

#[test]
fn what_only_a_person_may_read_is_not_asked_for() {
    let living = Living::company_with(60, |tenant, _| {
        let delegated = DELEGATED_ONLY.map(str::to_owned);
        tenant.options_mut().delegated_only.extend(delegated);
    });
    let mut kept = Kept::new(&living.tenant_id);
    let words = "organization,agreement,agreement_file,on_premises_synchronization";
    let report = kept.collect(&living, &request(words));
    for name in ["agreement", "agreement_file", "on_premises_synchronization"] {
        assert_eq!(said(&report, name).state, CoverageState::Forbidden);
        assert!(reason(&report, name).contains("signed-in administrator"));
        assert!(
            !living.simulator.requests().by_kind.contains_key(name),
            "{name} was asked for"
        );
    }
}

#[test]
fn what_was_not_asked_for_is_said_to_be_so() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    kept.collect(&living, &request("organization,device"));
    let before = kept.objects("device");
    let report = kept.collect(&living, &request("organization"));
    for kind in &report.kinds {
        let is_selected = kind.kind == "organization";
        assert_eq!(
            kind.state == CoverageState::NotSelected,
            !is_selected,
            "{kind:?}"
        );
    }
    let stated: BTreeSet<&str> = report.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    for kind in catalog::kinds() {
        assert!(stated.contains(kind.name), "{} is not stated", kind.name);
    }
    assert_eq!(kept.objects("device"), before);
}

#[test]
fn a_run_that_reaches_its_limit_is_partial_and_the_next_completes() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let whole = request("user,user_sponsor,group,group_member,group_owner,device,role_assignment");
    kept.collect(&living, &whole);
    living.live_day();
    for most in [1, 4, 9, 30, 120] {
        let before = kept.state();
        let mut short = whole.clone();
        short.max_requests = Some(most);
        short.full = true;
        let client = living.client();
        let report = kept
            .try_collect(&client, &living.runtime, &short, &())
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(!incomplete(&report).is_empty(), "{most}");
        for kind in report
            .kinds
            .iter()
            .filter(|kind| kind.state == CoverageState::Partial)
        {
            assert!(reason(&report, &kind.kind).contains("limit of"), "{kind:?}");
            assert!(kind.is_lacking, "{kind:?}");
            let now = kept.objects(&kind.kind);
            let empty = crate::support::Objects::new();
            let told: BTreeSet<&String> = now.keys().collect();
            for key in before.get(&kind.kind).unwrap_or(&empty).keys() {
                // Deltas tell what is gone, whatever they lead to.
                let is_told =
                    kind.kind == "user" || kind.kind == "group" || kind.kind.contains('_');
                assert!(
                    told.contains(key) || is_told,
                    "{} {key} was closed",
                    kind.kind
                );
            }
        }
    }
    let report = kept.collect(&living, &whole);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn a_kind_that_is_empty_all_at_once_is_not_believed() {
    let living = Living::company(120);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request("organization,managed_device");
    kept.collect(&living, &request);
    let before = kept.objects("managed_device");
    assert!(before.len() > 60, "{}", before.len());
    living.delete("managed_device", &living.ids("managed_device"));

    let report = kept.collect(&living, &request);
    let devices = said(&report, "managed_device");
    assert_eq!(devices.state, CoverageState::Partial);
    assert_eq!(
        reason(&report, "managed_device"),
        format!(
            "suspected failure: all {} objects gone at once; if they are, --accept-deletions",
            before.len()
        )
    );
    assert_eq!(devices.closed, 0);
    assert_eq!(kept.objects("managed_device"), before);

    living.wait(1);
    request.accept_deletions = true;
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, "managed_device").closed, before.len() as u64);
    assert_eq!(kept.objects("managed_device").len(), 0);
}

#[test]
fn a_large_loss_is_believed_and_remarked() {
    let living = Living::company(120);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("organization,managed_device");
    kept.collect(&living, &request);
    let mut ids = living.ids("managed_device");
    let (all, gone) = (ids.len(), ids.len() - 3);
    ids.truncate(gone);
    living.delete("managed_device", &ids);
    let report = kept.collect(&living, &request);
    let devices = said(&report, "managed_device");
    assert_eq!(
        (devices.state, devices.closed),
        (CoverageState::Complete, gone as u64)
    );
    let remark = format!("managed_device: deletions: {gone} of {all} objects gone at once");
    assert_eq!(findings(&report), [remark]);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn what_stands_below_a_kind_that_is_not_believed_stays_too() {
    // Sixty applications, of which a few have owners: too few to be suspicious by themselves.
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    for number in 0..60 {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        let mut properties = simulator::Properties::new();
        properties.insert("id".to_owned(), id.clone().into());
        properties.insert("appId".to_owned(), id.replace("4000", "4111").into());
        properties.insert("displayName".to_owned(), id.into());
        let create = simulator::Act::Create {
            kind: kind("application"),
            parents: Vec::new(),
            properties,
        };
        living.act(create, true);
    }
    let request = request("organization,application,application_owner");
    kept.collect(&living, &request);
    let before = kept.state();
    let owners = before["application_owner"].len();
    assert!((1..50).contains(&owners), "{owners}");

    living.faults(Faults::lose_delta_tokens);
    living.delete("application", &living.ids("application"));
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, "application").state, CoverageState::Partial);
    let owners = said(&report, "application_owner");
    assert_eq!(
        (owners.state, owners.closed),
        (CoverageState::Partial, 0),
        "{owners:?}"
    );
    assert_eq!(
        reason(&report, "application_owner"),
        "not all applications were read"
    );
    assert_eq!(kept.state(), before);
}

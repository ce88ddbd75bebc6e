//! An archive of a living tenant has what the tenant has: after the first snapshot, after days of
//! changes, after full reads.

use collector::CollectReport;
use store::CoverageState;

use crate::living::{Kept, Living, findings, missed_by_deltas, request, said, unlike, untruths};

/// Kinds whose changes, or whose parents' changes, Graph tells by delta functions, and edges that come
/// along; nothing that makes a full read necessary.
const TOLD: &str = "user,user_manager,group,group_member,application,service_principal,device,\
                    administrative_unit,administrative_unit_member,directory_role,\
                    directory_role_member,oauth2_permission_grant,org_contact,organization,\
                    conditional_access_policy,named_location,role_assignment,directory_audit";

/// What the delta of users does not tell: it may be as old as the last full read.
const UNTOLD: &str = "differs in [\"customSecurityAttributes\"]";
/// Days after the first snapshot on which everything is read in full again.
const FULL_READ: u32 = 7;

const NONE: [&str; 0] = [];

/// How a kind was read on each day.
fn is_read(report: &CollectReport, kind: &str) -> CoverageState {
    said(report, kind).state
}

#[test]
fn a_first_snapshot_is_what_the_tenant_is() {
    let living = Living::company(150);
    let mut kept = Kept::new(&living.tenant_id);
    let report = kept.collect(&living, &request("all"));
    assert_eq!(untruths(&living, &kept, &report), NONE);
    assert_eq!(findings(&report), NONE);
    let unread = report
        .kinds
        .iter()
        .filter(|kind| kind.state != CoverageState::Complete);
    for kind in unread {
        let reason = kind.reason.as_deref().unwrap_or_default();
        assert!(
            reason.starts_with("only a signed-in administrator"),
            "{}: {reason}",
            kind.kind
        );
    }
}

#[test]
fn every_kind_is_what_the_tenant_is_day_after_day() {
    let mut living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("all");
    kept.collect(&living, &request);
    for day in 1..=10 {
        living.live_day();
        let report = kept.collect(&living, &request);
        assert_eq!(untruths(&living, &kept, &report), NONE, "day {day}");
        assert_eq!(missed_by_deltas(&report), NONE, "day {day}");
    }
    let mut anew = Kept::new(&living.tenant_id);
    anew.collect(&living, &request);
    assert_eq!(unlike(&kept, &anew), NONE);
}

#[test]
fn deltas_alone_lead_to_what_the_tenant_is() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(TOLD);
    kept.collect(&living, &request);
    for day in 1..=10 {
        living.live_day();
        let report = kept.collect(&living, &request);
        let mut untruths = untruths(&living, &kept, &report);
        if day != FULL_READ {
            untruths.retain(|one| !one.ends_with(UNTOLD));
        }
        assert_eq!(untruths, NONE, "day {day}");
        assert_eq!(missed_by_deltas(&report), NONE, "day {day}");
        assert_eq!(is_read(&report, "group_member"), CoverageState::Complete);
    }
    let mut anew = Kept::new(&living.tenant_id);
    anew.collect(&living, &request);
    assert_eq!(unlike(&kept, &anew), NONE);
}

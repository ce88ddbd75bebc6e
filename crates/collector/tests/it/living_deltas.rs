//! Deltas that are lost, repeat themselves, leave things out or miss them.

use serde_json::json;
use simulator::{Act, ExpiredDelta, Properties};

use crate::living::{
    Kept, Living, UNIT, findings, incomplete, kind, missed_by_deltas, request, said, untruths,
};

const NONE: [&str; 0] = [];
const TOLD: &str = "user,user_manager,group,group_member,administrative_unit,\
                    administrative_unit_member,application,service_principal,device,\
                    directory_role,directory_role_member";

fn properties(value: serde_json::Value) -> Properties {
    match value {
        serde_json::Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

fn update(kind_name: &str, id: &str, value: serde_json::Value) -> Act {
    Act::Update {
        kind: kind(kind_name),
        parents: Vec::new(),
        id: id.to_owned(),
        properties: properties(value),
    }
}

#[test]
fn a_lost_link_leads_to_a_full_read_that_says_so() {
    for expired in [ExpiredDelta::Gone, ExpiredDelta::BadRequest] {
        let mut living = Living::company(80);
        let mut kept = Kept::new(&living.tenant_id);
        let request = request(TOLD);
        kept.collect(&living, &request);
        for day in 1..=3 {
            living.live_day();
            if day == 2 {
                living.faults(|faults| {
                    faults.expired_delta = expired;
                    faults.lose_delta_tokens();
                });
            }
            let report = kept.collect(&living, &request);
            assert_eq!(
                untruths(&living, &kept, &report),
                NONE,
                "{expired:?} day {day}"
            );
            let lost = findings(&report);
            let lost = lost
                .iter()
                .filter(|one| one.contains("no longer knows the last delta"));
            let kinds_with_a_delta = 7;
            assert_eq!(
                lost.count(),
                if day == 2 { kinds_with_a_delta } else { 0 },
                "{expired:?}"
            );
            assert_eq!(incomplete(&report), NONE, "{expired:?} day {day}");
        }
    }
}

#[test]
fn links_of_another_address_are_lost_and_not_followed() {
    let before = Living::company(60);
    let mut kept = Kept::new(&before.tenant_id);
    let request = request(TOLD);
    kept.collect(&before, &request);
    let asked = before.simulator.requests();
    // The same tenant behind another address: a proxy, or another name of the cloud.
    let now = Living::company(60);
    now.wait(24);
    let report = kept.collect(&now, &request);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&now, &kept, &report), NONE);
    assert!(findings(&report)[0].contains("leads away from the configured Graph"));
    assert_eq!(before.simulator.requests(), asked);
    now.wait(24);
    let report = kept.collect(&now, &request);
    assert_eq!(findings(&report), NONE);
}

#[test]
fn links_older_than_seven_days_are_lost() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request(TOLD);
    request.full_every = jiff::SignedDuration::from_hours(24 * 365);
    kept.collect(&living, &request);
    for _ in 0..9 {
        living.live_day();
    }
    let report = kept.collect(&living, &request);
    assert_eq!(untruths(&living, &kept, &report), NONE);
    assert!(findings(&report)[0].contains("no longer knows the last delta"));
}

#[test]
fn members_that_deltas_leave_out_because_they_were_deleted() {
    let mut living = Living::company(80);
    living.faults(|faults| faults.omit_deleted_members = true);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(TOLD);
    kept.collect(&living, &request);
    living.live_day();
    kept.collect(&living, &request);
    let members = kept.objects("group_member");
    let (_, member) = members
        .keys()
        .filter_map(|key| key.split_once(UNIT))
        .find(|(_, member)| living.ids("user").iter().any(|id| id == member))
        .expect("because people are in groups");
    living.act(
        Act::Delete {
            kind: kind("user"),
            parents: Vec::new(),
            id: member.to_owned(),
        },
        false,
    );
    let report = kept.collect(&living, &request);
    assert_eq!(untruths(&living, &kept, &report), NONE);
    assert!(said(&report, "group_member").closed > 0);

    // Whoever comes back is in his groups again.
    living.act(
        Act::Restore {
            kind: kind("user"),
            id: member.to_owned(),
        },
        false,
    );
    let report = kept.collect(&living, &request);
    assert_eq!(untruths(&living, &kept, &report), NONE);
    for _ in 0..4 {
        living.live_day();
        let report = kept.collect(&living, &request);
        let mut untruths = untruths(&living, &kept, &report);
        untruths.retain(|one| !one.contains("customSecurityAttributes"));
        assert_eq!(untruths, NONE);
    }
}

#[test]
fn what_deltas_repeat_changes_nothing() {
    let mut living = Living::company(80);
    living.faults(|faults| {
        faults.replay_delta = true;
        faults.delta_members_per_page = 7;
    });
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(TOLD);
    kept.collect(&living, &request);
    for day in 1..=8 {
        living.live_day();
        let report = kept.collect(&living, &request);
        let mut untruths = untruths(&living, &kept, &report);
        untruths.retain(|one| day == 7 || !one.contains("customSecurityAttributes"));
        assert_eq!(untruths, NONE, "day {day}");
        assert_eq!(missed_by_deltas(&report), NONE, "day {day}");
    }
    let before = kept.state();
    let report = kept.collect(&living, &request);
    assert_eq!(kept.state(), before);
    for kind in &report.kinds {
        assert_eq!((kind.opened, kind.closed), (0, 0), "{kind:?}");
    }
}

#[test]
fn the_next_full_read_finds_what_deltas_missed() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request(TOLD);
    kept.collect(&living, &request);
    living.live_day();
    let user = living.ids("user").swap_remove(3);
    living.act(
        update(
            "user",
            &user,
            json!({"department": "Unseen", "city": "Nowhere"}),
        ),
        true,
    );
    living.faults(|faults| faults.untold_in_delta = Some(user.clone()));
    kept.collect(&living, &request);
    living.faults(|faults| faults.untold_in_delta = None);
    assert!(
        !kept.objects("user")[&user].contains("Unseen"),
        "the fault hides it"
    );

    living.wait(1);
    request.full = true;
    let report = kept.collect(&living, &request);
    assert_eq!(
        missed_by_deltas(&report),
        [format!(
            "user: {user}: delta and full read differ in city, department; the full read is taken"
        )]
    );
    assert_eq!(untruths(&living, &kept, &report), NONE);
    assert!(kept.objects("user")[&user].contains("Unseen"));
}

#[test]
fn the_next_full_read_finds_objects_and_edges_that_deltas_missed() {
    let living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request(TOLD);
    kept.collect(&living, &request);
    let users = living.ids("user");
    let groups = living.ids("group");
    // A user who went without a word, and a group whose members changed.
    let gone = users[5].clone();
    living.act(
        Act::Delete {
            kind: kind("user"),
            parents: Vec::new(),
            id: gone.clone(),
        },
        true,
    );
    living.faults(|faults| faults.untold_in_delta = Some(gone.clone()));
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, "user").closed, 0);
    let group = groups
        .iter()
        .find(|group| {
            !kept
                .objects("group_member")
                .contains_key(&format!("{group}{UNIT}{}", users[6]))
        })
        .expect("because nobody is in all groups");
    living.act(
        Act::Link {
            kind: kind("group_member"),
            source: group.clone(),
            target: users[6].clone(),
        },
        true,
    );
    living.faults(|faults| faults.untold_in_delta = Some(group.clone()));
    kept.collect(&living, &request);
    living.faults(|faults| faults.untold_in_delta = None);

    request.full = true;
    let report = kept.collect(&living, &request);
    let missed = missed_by_deltas(&report);
    let kept_it = format!("user: {gone}: the delta kept it, the full read does not have it");
    assert!(missed.contains(&kept_it), "{missed:?}");
    let lacked = format!(
        "group_member: {group}{UNIT}{}: the delta did not have it, the full read has it",
        users[6]
    );
    assert!(missed.contains(&lacked), "{missed:?}");
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

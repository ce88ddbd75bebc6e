//! Access over time.

use std::collections::BTreeMap;

use query::{Answer, Session, SessionOptions};

use super::tenant::{DAYS, Day, GLOBAL_ADMINISTRATOR, GLOBAL_READER, id, tenant};
use super::{lines, refusal};
use crate::columns::runtime;

/// Bob is a Global Reader on days 1, 2 and 4, alice may be one until the second evening.
fn five_days() -> Vec<Day> {
    (1..=5)
        .map(|day| {
            let state = Day::new().user("alice").user("bob").eligible(
                &id("alice"),
                GLOBAL_READER,
                Some("2026-01-02T20:00:00Z"),
            );
            match day {
                1 | 2 | 4 => state.assign(&id("bob"), GLOBAL_READER, "/"),
                _ => state,
            }
        })
        .collect()
}

#[test]
fn what_closes_twice_is_two_intervals() {
    let source = tenant(&five_days());
    let sql = "select principal_name, assignment_type, _first_seen, _gone_at \
               from who_can('Global Reader', 'first..latest') order by 1, 3";
    let wanted = [
        // Her time ran out: no snapshot shows another version.
        "alice | eligible | 2026-01-01T02:00:00Z | 2026-01-03T02:00:00Z",
        "bob | active | 2026-01-01T02:00:00Z | 2026-01-03T02:00:00Z",
        "bob | active | 2026-01-04T02:00:00Z | 2026-01-05T02:00:00Z",
    ];
    assert_eq!(lines(&source, sql), wanted);
    let roles = "select _first_seen, _gone_at from effective_roles('bob', 'latest~1..latest')";
    assert_eq!(
        lines(&source, roles),
        ["2026-01-04T02:00:00Z | 2026-01-05T02:00:00Z"]
    );
    let all =
        "select count(*), count(_gone_at) from effective_access('first..2026-01-04T02:00:00Z')";
    assert_eq!(lines(&source, all), ["3 | 2"]);
}

#[test]
fn a_moment_says_nothing_of_when_it_began() {
    let source = tenant(&five_days());
    let at = |revision: &str| {
        format!(
            "select principal_name, _first_seen, _gone_at from who_can('Global Reader', '{revision}') order by 1"
        )
    };
    assert_eq!(
        lines(&source, &at(DAYS[0])),
        ["alice | NULL | NULL", "bob | NULL | NULL"]
    );
    assert_eq!(lines(&source, &at(DAYS[2])), [""; 0]);
    assert_eq!(lines(&source, &at(DAYS[3])), ["bob | NULL | NULL"]);
    assert_eq!(
        refusal(&source, &at("latest..first")),
        "latest..first ends before it begins: 2026-01-05 02:00:00Z is after 2026-01-01 02:00:00Z"
    );
}

#[test]
fn two_moments_can_be_compared() {
    let source = tenant(&five_days());
    let sql = "select n.principal_name from effective_access('2026-01-04') n \
               left join effective_access('2026-01-03T12:00Z') o \
               on o.principal_id = n.principal_id and o.privilege_id = n.privilege_id \
               where o.principal_id is null";
    // The newest snapshot at or before midnight is that of the third.
    assert_eq!(lines(&source, sql), [""; 0]);
    let later = sql.replace("'2026-01-04'", "'2026-01-04T12:00Z'");
    assert_eq!(lines(&source, &later), ["bob"]);
}

#[test]
fn memberships_and_chains_have_intervals_too() {
    let day = |member: bool| {
        let day = Day::new().user("alice").group("Tier 0").assign(
            &id("Tier 0"),
            GLOBAL_ADMINISTRATOR,
            "/",
        );
        if member {
            day.member("Tier 0", "alice")
        } else {
            day
        }
    };
    let source = tenant(&[day(false), day(true), day(true), day(false), day(true)]);
    let wanted = [
        "2026-01-02T02:00:00Z | 2026-01-04T02:00:00Z",
        "2026-01-05T02:00:00Z | NULL",
    ];
    let members = "select _first_seen, _gone_at from effective_members('Tier 0', 'first..latest')";
    assert_eq!(lines(&source, members), wanted);
    let chains = "select _first_seen, _gone_at from path('alice', 'Global Administrator', 'first..latest') where step = 1";
    assert_eq!(lines(&source, chains), wanted);
}

#[test]
fn who_is_gone_has_no_access_and_is_no_error() {
    let source = tenant(&[Day::new().user("alice").group("Old"), Day::new()]);
    assert_eq!(
        lines(&source, "select * from effective_roles('alice')"),
        [""; 0]
    );
    assert_eq!(
        lines(&source, "select * from effective_members('Old')"),
        [""; 0]
    );
}

#[test]
fn a_pinned_session_learns_nothing_of_later() {
    let mut days = five_days();
    days[4] = days[4]
        .clone()
        .user("mallory")
        .assign(&id("mallory"), GLOBAL_READER, "/");
    let source = tenant(&days);
    let options = SessionOptions {
        as_of: Some("2026-01-04T12:00Z".to_owned()),
        ..SessionOptions::default()
    };
    let mut session = Session::new(&source, options).expect("because the archive is sound");
    let mut ask = |sql: &str| {
        runtime().block_on(async {
            match session.run(sql, &BTreeMap::new()).await? {
                Answer::Rows(rows) => Ok(crate::slt::texts(&rows.collect().await?)),
                Answer::Pinned(_) => Ok(Vec::new()),
            }
        })
    };
    let names =
        ask("select principal_name from who_can('Global Reader', 'first..latest') order by 1");
    let names: query::Result<Vec<Vec<String>>> = names;
    assert_eq!(
        names.expect("because everything has a name").concat(),
        ["alice", "bob", "bob"]
    );
    let later = ask("select * from effective_roles('mallory')");
    assert!(matches!(later, Err(query::Error::NotFound(_))));
}

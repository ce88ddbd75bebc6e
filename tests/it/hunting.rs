//! The rules against the simulated company's ground truth: all that was planted is found, and little else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use simulator::{Planted, World, WorldOptions};

use crate::programs::Place;

/// Users and nights of the company that `demo` shows.
const USERS: u32 = 455;
const DAYS: u32 = 90;

/// What was planted, from a company that lives the same life.
fn planted() -> Vec<Planted> {
    let mut world = World::new(WorldOptions {
        users: USERS,
        days: DAYS,
        ..WorldOptions::default()
    });
    (0..DAYS).for_each(|_| drop(world.live_day()));
    world.truth().to_vec()
}

/// Rules that must tell of something planted, each with the objects it must name; a rule that counts
/// many objects names one of them.
fn expected(planted: &Planted) -> Vec<(&'static str, Vec<&str>)> {
    let objects: Vec<&str> = planted.objects.iter().map(String::as_str).collect();
    let all = |rule| vec![(rule, objects.clone())];
    match planted.title {
        "MFA enforcement of administrators switched off" => vec![
            ("ca-policy-disabled", objects[..1].to_vec()),
            ("privileged-method-changed", objects[1..].to_vec()),
            ("authentication-method-by-other", objects[1..].to_vec()),
        ],
        "Malicious application with access to all mail and files" => vec![
            ("foreign-application-added", objects[..1].to_vec()),
            ("delegated-permission-granted", objects[..1].to_vec()),
            ("application-permission-granted", objects[..1].to_vec()),
        ],
        "Service principal promoted to Global Administrator" => vec![
            ("standing-role-assigned", objects[1..2].to_vec()),
            ("application-credential-added", objects[2..].to_vec()),
        ],
        "Policies make an exception for the attackers' account" => vec![
            ("account-posing-as-service", objects[..1].to_vec()),
            ("ca-exclusion-added", objects[1..].to_vec()),
        ],
        "Authentication methods policy lowered" => all("authentication-methods-lowered"),
        "Accidental bulk update" | "Attributes of many users spoilt" => all("bulk-change"),
        "Policy off for forty minutes" => all("policy-saved-unchanged"),
        "Guest settings changed without an audit event" => vec![
            ("guest-settings-opened", objects.clone()),
            ("security-setting-changed-without-event", objects),
        ],
        "The attackers' account becomes Global Administrator" => {
            vec![("standing-role-assigned", objects[1..].to_vec())]
        }
        "Accounts deleted" => all("bulk-deletion"),
        "Deleted accounts purged from the recycle bin" => all("deleted-for-good"),
        other => panic!("{other}: which rule finds it?"),
    }
}

const COUNTING: [&str; 2] = ["bulk-change", "bulk-deletion"];

fn text<'f>(finding: &'f Value, name: &str) -> &'f str {
    finding[name].as_str().unwrap_or_default()
}

#[test]
fn everything_planted_is_found_and_nothing_else_is_alarming() {
    let place = Place::new();
    let demo = place.run_with(&[], &["demo", "t.entrace"]);
    assert_eq!(demo.code, Some(0), "{}", demo.stderr);
    let run = place.run(&["hunt", "-o", "jsonl", "--exit-code"]);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    let findings: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("because every line is JSON"))
        .collect();
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in &findings {
        let objects = named.entry(text(finding, "rule")).or_default();
        objects.insert(text(finding, "object_id"));
    }
    let planted = planted();
    assert!(planted.len() >= 12, "{planted:?}");
    let mut of_planted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for planted in &planted {
        for (rule, objects) in expected(planted) {
            let found = named.get(rule).cloned().unwrap_or_default();
            let is_found = |object: &&str| found.contains(object);
            if COUNTING.contains(&rule) {
                assert!(objects.iter().any(is_found), "{rule}: {}", planted.title);
            } else {
                let missing: Vec<&&str> =
                    objects.iter().filter(|object| !is_found(object)).collect();
                assert!(
                    missing.is_empty(),
                    "{rule} misses {missing:?}: {}",
                    planted.title
                );
            }
        }
    }
    // What an attacker's account did is of the attack too.
    let actors: BTreeSet<String> = planted
        .iter()
        .map(|planted| format!("{:?}", planted.actor))
        .collect();
    let objects: BTreeSet<&str> = planted
        .iter()
        .flat_map(|planted| &planted.objects)
        .map(String::as_str)
        .collect();
    let mut others = BTreeMap::new();
    for finding in &findings {
        let is_planted = objects.contains(text(finding, "object_id"))
            || (!text(finding, "actor_id").is_empty()
                && text(finding, "actor_ip").starts_with("203.0.113.7")
                && actors
                    .iter()
                    .any(|actor| actor.contains(text(finding, "actor_id"))));
        if is_planted {
            of_planted.insert((text(finding, "rule"), text(finding, "object_id")));
        } else {
            *others
                .entry((text(finding, "rule"), text(finding, "severity")))
                .or_insert(0) += 1;
        }
    }
    // Everyday work is told of as what it is: secrets that are rotated, an address of the gateway that moves.
    let alarming: Vec<_> = others
        .iter()
        .filter(|((_, severity), _)| *severity != "low")
        .collect();
    assert!(alarming.is_empty(), "{alarming:?}");
    assert!(others.values().sum::<i32>() <= 20, "{others:?}");
    assert!(of_planted.len() >= 25, "{of_planted:?}");
}

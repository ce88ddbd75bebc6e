//! Every kind that can be written: something happens to it, a plan takes that back, and the tenant is read again.
//!
//! The table of what came back is printed (`--nocapture`). What a plan calls impossible has its reason; anything
//! else that did not come back fails the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalog::{ColumnType, Kind, Shape};
use restore::planning::{Selection, State, is_bookkeeping};
use restore::verification::{KindRecovery, Recovery, recovery};
use restore::{Plan, execution::Report};
use serde_json::{Map, Value, json};
use simulator::Act;

use crate::company::Company;

/// Kinds that record what somebody asked for.
const RECORDS: [&str; 5] = [
    "access_review_history_definition",
    "audit_log_query",
    "configuration_snapshot_job",
    "role_assignment_schedule_request",
    "role_eligibility_schedule_request",
];

fn all() -> Selection {
    Selection {
        everything: true,
        described: vec!["everything".to_owned()],
        ..Selection::default()
    }
}

/// Kinds of which objects can be written at all, by an application.
fn writable() -> impl Iterator<Item = &'static Kind> {
    let kinds = catalog::kinds().iter().copied();
    kinds.filter(|kind| kind.writing.is_some() && !kind.is_event())
}

/// Properties that decide whether and by whom an object can be written at all.
const DECISIVE: [&str; 6] = [
    "groupTypes",
    "isBuiltIn",
    "mailEnabled",
    "onPremisesSyncEnabled",
    "policyType",
    "securityEnabled",
];

/// Another value for every property of an object that may be changed alone.
fn others(kind: &Kind, properties: &Map<String, Value>) -> Vec<(String, Value)> {
    let is_free = |name: &str| {
        let is_reference = kind
            .references
            .iter()
            .any(|reference| reference.path.split('.').next() == Some(name));
        let secrets = kind.secrets.iter().map(|path| path.split('.').next());
        let is_fixed = kind.read_only.contains(&name)
            || kind.immutable.contains(&name)
            || kind.volatile.contains(&name)
            || secrets.into_iter().any(|secret| secret == Some(name))
            || kind
                .writing
                .is_some_and(|it| it.fixed.contains(&name) || it.chosen.contains(&name));
        !is_reference && !is_fixed && !is_bookkeeping(kind, name) && !DECISIVE.contains(&name)
    };
    let columns = kind.columns.iter();
    let free = columns.filter(|column| is_free(column.property));
    let changed = free.filter_map(|column| {
        let new = other(properties.get(column.property)?, column.kind)?;
        Some((column.property.to_owned(), new))
    });
    changed.collect()
}

/// Another value of the same form; `None` where there is none to be thought of.
fn other(value: &Value, column: ColumnType) -> Option<Value> {
    Some(match (value, column) {
        (Value::Bool(value), _) => json!(!value),
        (Value::Number(number), _) => json!(number.as_i64()? + 1),
        (_, ColumnType::Time) => json!("2031-05-06T07:08:09Z"),
        (_, ColumnType::Date) => json!("2031-05-06"),
        (Value::String(text), _) => json!(format!("{text} (changed)")),
        (Value::Null, ColumnType::Text) => json!("changed"),
        (Value::Array(items), _) => {
            let (_, but_last) = items.split_last()?;
            json!(but_last)
        }
        (Value::Object(members), _) => {
            let mut members = members.clone();
            let changed = members.iter().find_map(|(name, value)| {
                let is_plain = !name.contains('@') && !value.is_null();
                let new = is_plain.then(|| other(value, ColumnType::Json)).flatten()?;
                Some((name.clone(), new))
            });
            members.extend([changed?]);
            Value::Object(members)
        }
        _ => return None,
    })
}

/// A number that follows from a kind: which of its properties is changed alone.
fn dealt(kind: &Kind) -> usize {
    const SEED: usize = 20_260_105;
    let letters = kind.name.bytes().map(usize::from);
    letters.fold(SEED, |sum, letter| {
        sum.wrapping_mul(31).wrapping_add(letter)
    })
}

/// The key as the tenant takes it: the parents, and the own id.
fn place(kind: &Kind, key: &[String]) -> (Vec<String>, String) {
    let parents = kind.addressing_parents().len();
    let own = if kind.shape == Shape::Singleton {
        String::new()
    } else {
        key.last().cloned().unwrap_or_default()
    };
    (key[..parents.min(key.len())].to_vec(), own)
}

fn printed(what: &str, plan: &Plan, report: &Report, recovery: &Recovery) -> String {
    let mut text = format!(
        "\n{what}: {} steps, {:?}, {} impossible, {} dangling\n{:<55} {:>7} {:>7} {:>7} {:>7}\n",
        plan.steps.len(),
        report.counts(),
        plan.impossible.len(),
        plan.dangling.len(),
        "kind",
        "wanted",
        "equal",
        "imposs.",
        "failed"
    );
    for one in &plan.impossible {
        let _ = writeln!(text, "  {} {:?}: {}", one.kind, one.object, one.text);
    }
    for kind in &recovery.kinds {
        let _ = writeln!(
            text,
            "{:<55} {:>7} {:>7} {:>7} {:>7}  {}",
            kind.kind,
            kind.wanted,
            kind.equal,
            kind.impossible,
            kind.failed,
            kind.reasons.keys().cloned().collect::<Vec<_>>().join("; ")
        );
        for example in kind.examples.iter().take(3) {
            let _ = writeln!(text, "      {example:?}");
        }
    }
    text
}

/// Plans everything back to the first snapshot, executes it, reads, compares.
fn undone(company: &mut Company, what: &str) -> Recovery {
    let now = company.collect();
    let plan = company.plan(1, now, all());
    let report = company.run(&plan);
    let after = company.collect();
    let state = |number| State {
        archive: company.archive(),
        snapshot: company.snapshot(number),
    };
    let recovery =
        recovery(state(1), state(after), &plan, &report).expect("because the archive can be read");
    eprintln!("{}", printed(what, &plan, &report, &recovery));
    for step in report.steps.iter().filter(|step| !step.outcome.is_done()) {
        eprintln!("  {step:?}");
    }
    recovery
}

/// Kinds that should have come back here.
fn unexpected(recovery: &Recovery) -> Vec<&KindRecovery> {
    let kinds = recovery.kinds.iter();
    kinds.filter(|kind| kind.failed > 0).collect()
}

fn assert_undone(recovery: &Recovery, touched: &BTreeMap<&str, usize>) {
    let failed = unexpected(recovery);
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(touched.len() > 20, "{touched:?}");
}

#[test]
fn what_was_changed_is_changed_back() {
    let mut company = Company::new(60, 30);
    company.collect();
    let mut touched = BTreeMap::new();
    for kind in writable() {
        let may_change = kind
            .writing
            .and_then(|it| it.update)
            .is_some_and(|it| it.app_only);
        // An instance says what its schedule says.
        let is_instance = kind.name.ends_with("_instance");
        if !may_change || kind.is_relationship() || is_instance {
            continue;
        }
        let objects = company.objects(kind, 1).into_iter();
        for (number, (key, text)) in objects.take(2).enumerate() {
            let properties: Map<String, Value> =
                serde_json::from_str(&text).expect("because it is JSON");
            let mut properties = others(kind, &properties);
            if properties.is_empty() {
                continue;
            }
            // The first object has all its properties changed, the second one of them.
            if number > 0 {
                properties = vec![properties.swap_remove(dealt(kind) % properties.len())];
            }
            let count = properties.len();
            let (parents, id) = place(kind, &key);
            let changed = Act::Update {
                kind,
                parents,
                id,
                properties: Map::from_iter(properties),
            };
            if company.act(changed) {
                *touched.entry(kind.name).or_default() += count;
            }
        }
    }
    let properties: usize = touched.values().sum();
    assert!(properties > 500, "{properties}: {touched:?}");
    let recovery = undone(&mut company, "changed");
    eprintln!("changed: {touched:?}");
    assert_undone(&recovery, &touched);
}

#[test]
fn what_was_deleted_comes_back() {
    let mut company = Company::new(60, 30);
    company.collect();
    let mut touched = BTreeMap::new();
    for kind in writable() {
        let may_make = kind
            .writing
            .and_then(|it| it.create)
            .is_some_and(|it| it.app_only);
        // What nobody can delete is not gone; what was asked for is forgotten after a while.
        let is_deleted = kind.writing.is_some_and(|it| it.delete.is_some());
        if !is_deleted && !RECORDS.contains(&kind.name) {
            continue;
        }
        let objects = company.objects(kind, 1);
        // The last ones: the first user, group and role carry the company.
        for (number, (key, text)) in objects.into_iter().rev().take(2).enumerate() {
            let deleted = if kind.is_relationship() {
                let (target, source) = key.split_last().expect("because an edge has two ends");
                Act::Unlink {
                    kind,
                    source: source.last().cloned().unwrap_or_default(),
                    target: target.clone(),
                }
            } else {
                let is_built_in = text.contains("\"isBuiltIn\":true")
                    || text.contains("\"policyType\":\"builtIn\"")
                    || text.contains("\"userFlowAttributeType\":\"builtIn\"")
                    || key[0].starts_with("microsoft-");
                // The same rows, at another address.
                let is_told_elsewhere = kind.name.ends_with("_app_role_assignment");
                if !may_make || is_built_in || is_told_elsewhere || kind.name == "domain" {
                    continue;
                }
                let (parents, id) = place(kind, &key);
                Act::Delete { kind, parents, id }
            };
            if company.act(deleted) {
                *touched.entry(kind.name).or_default() += 1;
                if number == 0 && kind.soft_delete.is_some() {
                    // It does not come back with its id any more.
                    company.act(Act::Purge {
                        kind,
                        id: key.last().cloned().unwrap_or_default(),
                    });
                }
            }
        }
    }
    let recovery = undone(&mut company, "deleted");
    eprintln!("deleted: {touched:?}");
    assert_undone(&recovery, &touched);
}

#[test]
fn a_month_with_six_incidents_is_undone() {
    let mut company = Company::new(150, 30);
    // The story begins on the twelfth day.
    (0..11).for_each(|_| company.live_day());
    company.collect();
    (11..30).for_each(|_| company.live_day());
    let truth = company.world.truth().to_vec();
    let recovery = undone(&mut company, "a month");
    let mut incidents: BTreeMap<&str, (usize, Vec<&restore::verification::Example>)> =
        BTreeMap::new();
    for planted in &truth {
        let (objects, failed) = incidents.entry(planted.id).or_default();
        *objects += planted.objects.len();
        let examples = recovery.kinds.iter().flat_map(|kind| &kind.examples);
        failed.extend(examples.filter(|example| {
            let mut parts = example.object.iter();
            parts.any(|part| planted.objects.contains(part))
        }));
    }
    assert!(incidents.len() >= 6, "{:?}", incidents.keys());
    for (id, (objects, failed)) in &incidents {
        eprintln!("{id}: {objects} objects, {} not as they were", failed.len());
        assert!(failed.is_empty(), "{id}: {failed:#?}");
    }
    let failed = unexpected(&recovery);
    assert!(failed.is_empty(), "{failed:#?}");
}

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

/// Kinds that do not come back here although a plan brings them back, and why. Nothing else may fail.
const NOT_HERE: &[(&str, &str)] = &[
    (
        "access_package_assignment",
        "requests of entitlement management make nothing in the simulated tenant",
    ),
    (
        "access_package_resource",
        "requests of entitlement management make nothing in the simulated tenant",
    ),
    (
        "pim_group_assignment_schedule",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "pim_group_assignment_schedule_instance",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "pim_group_eligibility_schedule",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "pim_group_eligibility_schedule_instance",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "role_assignment_schedule",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "role_assignment_schedule_instance",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "role_eligibility_schedule",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "role_eligibility_schedule_instance",
        "a request makes no schedule in the simulated tenant",
    ),
    (
        "directory_role",
        "the simulated tenant does not name a role after its template",
    ),
    (
        "directory_role_member",
        "an assignment makes nobody a member of the role in the simulated tenant",
    ),
    (
        "directory_setting",
        "it is planned as group_setting, of which the simulated tenant keeps another copy",
    ),
    (
        "federation_configuration",
        "the simulated tenant has no such path",
    ),
    (
        "organizational_branding",
        "the simulated tenant makes no branding where there is none",
    ),
    (
        "lifecycle_workflow",
        "the simulated tenant takes no tasks with a workflow",
    ),
    ("mobile_app", "the service counts its versions"),
    (
        "role_definition_cloud_pc",
        "the service counts its versions",
    ),
    (
        "role_definition_exchange",
        "the service counts its versions",
    ),
    ("role_definition_intune", "the service counts its versions"),
    (
        "custom_security_attribute_definition",
        "Microsoft's tenants do not delete it",
    ),
    (
        "custom_security_attribute_allowed_value",
        "Microsoft's tenants do not delete what it belongs to",
    ),
    (
        "application_synchronization_job",
        "the simulated tenant makes no job from a template",
    ),
    (
        "multi_tenant_organization",
        "an organization of tenants is joined, not made",
    ),
    (
        "user_flow_attribute",
        "Microsoft's tenants do not delete the built-in ones",
    ),
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

/// What another value of a property is, where somebody may change it.
fn other(kind: &Kind, properties: &Map<String, Value>) -> Option<(String, Value)> {
    let preferred = ["description", "displayName", "name"];
    let columns = kind.columns.iter().map(|column| column.property);
    let mut names: Vec<&str> = preferred.into_iter().chain(columns).collect();
    names.retain(|name| {
        let is_reference = kind
            .references
            .iter()
            .any(|reference| reference.path == *name);
        let is_fixed = kind.read_only.contains(name)
            || kind.immutable.contains(name)
            || kind.volatile.contains(name)
            || kind.secrets.contains(name)
            || kind
                .writing
                .is_some_and(|it| it.fixed.contains(name) || it.chosen.contains(name));
        !is_reference && !is_fixed && !is_bookkeeping(kind, name)
    });
    names.into_iter().find_map(|name| {
        let column = kind.columns.iter().find(|column| column.property == name)?;
        let new = match (properties.get(name)?, column.kind) {
            (Value::Bool(value), _) => json!(!value),
            (Value::String(text), ColumnType::Text) if text.contains(' ') => {
                json!(format!("{text} (changed)"))
            }
            _ => return None,
        };
        Some((name.to_owned(), new))
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
    let failed = recovery.kinds.iter().filter(|kind| kind.failed > 0);
    failed
        .filter(|kind| NOT_HERE.iter().all(|(name, _)| *name != kind.kind))
        .collect()
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
        if !may_change || kind.is_relationship() {
            continue;
        }
        for (key, text) in company.objects(kind, 1).into_iter().take(2) {
            let properties: Map<String, Value> =
                serde_json::from_str(&text).expect("because it is JSON");
            let Some((name, value)) = other(kind, &properties) else {
                continue;
            };
            let (parents, id) = place(kind, &key);
            let changed = Act::Update {
                kind,
                parents,
                id,
                properties: Map::from_iter([(name, value)]),
            };
            if company.act(changed) {
                *touched.entry(kind.name).or_default() += 1;
            }
        }
    }
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

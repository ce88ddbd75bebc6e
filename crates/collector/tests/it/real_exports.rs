//! Real exports and logs of other people, as they lie in the shared folder.

use std::collections::BTreeMap;

use collector::ImportReport;

use crate::shared::{shared, unpacked};
use crate::support::{Export, Tenant, json};

fn imported(path: &str) -> Option<(Tenant, ImportReport)> {
    let path = shared(path)?;
    let mut tenant = Tenant::new();
    let report = tenant.next_day(&path);
    Some((tenant, report))
}

fn counts(tenant: &Tenant) -> BTreeMap<String, usize> {
    let state = tenant.state();
    state
        .into_iter()
        .map(|(kind, objects)| (kind, objects.len()))
        .collect()
}

fn assert_counts(tenant: &Tenant, expected: &[(&str, usize)]) {
    let expected = expected
        .iter()
        .map(|(kind, count)| ((*kind).to_owned(), *count));
    assert_eq!(counts(tenant), expected.collect());
}

#[test]
fn a_utf_16_export() {
    let Some((tenant, report)) = imported("data/ca-j0eyv/head") else {
        return;
    };
    assert_counts(
        &tenant,
        &[
            ("conditional_access_policy", 36),
            ("group", 36),
            ("named_location", 3),
        ],
    );
    // Two stale copies, and the exporter's own table of ids.
    assert_eq!((report.doubtful, report.rejected), (2, 1));
}

#[test]
fn privileged_principals_never_mix_with_users() {
    let Some((tenant, report)) = imported("data/entraops-natehutch/head") else {
        return;
    };
    assert_counts(
        &tenant,
        &[
            ("az_billing_role_assignments", 4),
            ("entra_id", 6),
            ("entra_id_serviceprincipal", 3),
            ("entra_id_user", 3),
            ("resource_apps", 10),
            ("resource_apps_serviceprincipal", 10),
        ],
    );
    assert_eq!((report.doubtful, report.rejected), (0, 0));
}

#[test]
fn one_document_with_many_collections() {
    let Some(text) = unpacked("data/scubagear/ProviderSettingsExport.json.zst") else {
        return;
    };
    let export = Export::new(&[("ProviderSettingsExport.json", &text)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let counts = counts(&tenant);
    for (kind, count) in [
        ("conditional_access_policy", 7),
        ("authorization_policy", 1),
        ("authentication_methods_policy", 1),
        ("domain", 1),
        ("subscribed_sku", 2),
        ("privileged_users", 3),
        ("privileged_roles", 8),
        ("service_plans", 61),
        ("risky_applications", 2),
    ] {
        assert_eq!(counts.get(kind), Some(&count), "{kind} in {counts:?}");
    }
    let source = json(&text);
    for policy in source["conditional_access_policies"]
        .as_array()
        .expect("because it is a list")
    {
        let id = policy["Id"].as_str().expect("because it has one");
        let found = &tenant.parsed("conditional_access_policy")[id];
        assert_eq!(found["displayName"], policy["DisplayName"]);
        assert_eq!(
            found["conditions"]["users"]["includeUsers"],
            policy["Conditions"]["Users"]["IncludeUsers"]
        );
    }
    assert!(!counts.contains_key("application") && !counts.contains_key("service_principal"));
}

#[test]
fn every_unparsable_example_is_reported_by_itself() {
    let Some(path) = shared("data/graph-docs-v1/examples.jsonl") else {
        return;
    };
    let examples = std::fs::read_to_string(path).expect("because it exists");
    let export = Export::new(&[]);
    let mut broken = Vec::new();
    for line in examples.lines() {
        let example = json(line);
        let page = example["doc"]
            .as_str()
            .and_then(|doc| doc.rsplit('/').next())
            .unwrap_or_default();
        let name = format!("{}-{}.json", page.trim_end_matches(".md"), example["n"]);
        export.write(
            &name,
            example["text"].as_str().unwrap_or_default().as_bytes(),
        );
        if example["valid_json"] == false {
            broken.push(name);
        }
    }
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!((report.files, broken.len()), (452, 30));
    for name in &broken {
        let rejected = |finding: &&store::Finding| {
            finding.file == *name && finding.verdict == store::Verdict::Rejected
        };
        assert!(
            report.findings.iter().any(|finding| rejected(&finding)),
            "{name}"
        );
    }
    // What is sound beside them is there.
    let counts = counts(&tenant);
    assert!(counts["user"] >= 20 && counts["group"] >= 30, "{counts:?}");
}

#[test]
fn log_analytics_rows_of_an_attack() {
    let Some((tenant, report)) = imported("data/audit-otrf") else {
        return;
    };
    assert_counts(
        &tenant,
        &[
            ("defender_event", 9),
            ("directory_audit", 3),
            ("unified_audit_record", 1),
        ],
    );
    assert_eq!(report.rejected, 0);
    for audit in tenant.parsed("directory_audit").values() {
        assert!(
            audit["targetResources"].is_array() && audit["initiatedBy"].is_object(),
            "{audit}"
        );
        assert!(
            audit["activityDateTime"].is_string() && audit["original"].is_object(),
            "{audit}"
        );
    }
    assert_eq!(
        tenant.archive().snapshots().len(),
        0,
        "events are no state of a tenant"
    );
}

#[test]
fn events_in_a_forwarder_s_envelope() {
    let Some((tenant, report)) = imported("data/audit-panther") else {
        return;
    };
    assert_counts(
        &tenant,
        &[
            ("azure_activity", 199),
            ("azure_monitor_activity", 7),
            ("diagnostic_record", 6),
            ("directory_audit", 15),
            ("intune_log_record", 6),
            ("microsoft_graph_security_alert_v2", 4),
            ("sign_in", 15),
            ("sign_in_beta", 5),
            ("unified_audit_record", 3),
            ("windows_event_logs", 2),
        ],
    );
    assert_eq!(report.rejected, 0);
}

#[test]
fn unified_audit_records_in_every_form() {
    let Some((tenant, report)) = imported("data/audit-deteng") else {
        return;
    };
    assert_counts(
        &tenant,
        &[
            ("directory_audit", 27),
            ("sign_in", 64),
            ("unified_audit_record", 24),
        ],
    );
    assert_eq!((report.files, report.rejected), (39, 0));
    // One file holds four records twice, with a person's name damaged in the second.
    assert_eq!(report.doubtful, 4);
    for sign_in in tenant.parsed("sign_in").values() {
        assert!(sign_in["createdDateTime"].is_string() && sign_in["userPrincipalName"].is_string());
    }
}

#[test]
fn a_tool_s_repository_is_imported_without_its_settings() {
    let Some(path) = shared("data/entraops-natehutch/history.jsonl.zst") else {
        return;
    };
    drop(path);
    let text = unpacked("data/entraops-natehutch/history.jsonl.zst").expect("because it exists");
    let export = Export::new(&[]);
    for line in text.lines() {
        let line = json(line);
        let path = line["path"].as_str().expect("because every line has one");
        match line["text"].as_str() {
            Some(text) => export.write(path, text.as_bytes()),
            None => export.remove(path),
        }
    }
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let counts = counts(&tenant);
    assert_eq!(counts.get("entra_id_user"), Some(&3));
    assert!(!counts.contains_key("user"), "{counts:?}");
    let named = |name: &str| {
        report
            .findings
            .iter()
            .any(|finding| finding.file.ends_with(name))
    };
    assert!(
        named("package.json")
            && named("tsconfig.json")
            && named("Workbooks/EntraOps Privileged EAM - Overview.json")
    );
    assert!(
        !named("devcontainer.json"),
        "folders of tools are not looked into"
    );
}

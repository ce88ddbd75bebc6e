//! Log Analytics rows, and the diagnostic records of Azure Monitor they are made from.

use model::{JsonKind, Value};

use super::Event;
use super::columns::{Names, fill, fill_from};
use super::draft::Draft;

/// Where a Log Analytics row of the audit log holds what has another name in Graph.
const AUDIT_ROW: Names = &[
    ("activityDateTime", &["TimeGenerated"]),
    ("activityDisplayName", &["OperationName"]),
    ("operationType", &["AADOperationType"]),
    ("resultReason", &["ResultDescription"]),
];
const SIGN_IN_ROW: Names = &[
    ("createdDateTime", &["TimeGenerated"]),
    ("id", &["OriginalRequestId"]),
    ("location", &["LocationDetails"]),
];
const RISK_ROW: Names = &[("detectedDateTime", &["TimeGenerated"])];
/// Where a diagnostic record holds what its properties lack.
const AUDIT_RECORD: Names = &[
    ("activityDateTime", &["time"]),
    ("activityDisplayName", &["operationName"]),
    ("correlationId", &["correlationId"]),
    ("result", &["result", "resultType"]),
    ("resultReason", &["resultDescription"]),
];
const SIGN_IN_RECORD: Names = &[
    ("createdDateTime", &["time"]),
    ("correlationId", &["correlationId"]),
    ("ipAddress", &["callerIpAddress"]),
];
const RISK_RECORD: Names = &[
    ("detectedDateTime", &["time"]),
    ("correlationId", &["correlationId"]),
];

/// A row of a Log Analytics table.
pub(super) fn log_analytics(row: Value<'_>) -> Event {
    let has = |name: &str| row.get_folded(name).is_some();
    let found = if has("OfficeWorkload") {
        None
    } else if has("InitiatedBy") || has("ActivityDisplayName") {
        mapped("directory_audit", &[row], row, AUDIT_ROW, row)
    } else if has("RiskEventType") {
        mapped("risk_detection", &[row], row, RISK_ROW, row)
    } else if has("AppDisplayName") && (has("UserPrincipalName") || has("ServicePrincipalId")) {
        let category = text(row, "Category");
        mapped(sign_in_kind(&category), &[row], row, SIGN_IN_ROW, row)
    } else {
        None
    };
    found.unwrap_or_else(|| {
        let name = if has("OfficeWorkload") {
            "unified_audit_record"
        } else {
            "log_analytics_row"
        };
        let id = ["OfficeId", "Id", "_ItemId"]
            .iter()
            .find_map(|name| id(row, name));
        Event::kept(name, id)
    })
}

/// A diagnostic record.
pub(super) fn diagnostic(record: Value<'_>) -> Event {
    let properties = record.get_folded("properties");
    let properties = properties.filter(|properties| properties.kind() == JsonKind::Object);
    let has = |name: &str| properties.is_some_and(|inside| inside.get_folded(name).is_some());
    let category = text(record, "category");
    let sources: Vec<_> = properties.into_iter().collect();
    let found = if has("initiatedBy") || has("activityDateTime") {
        mapped("directory_audit", &sources, record, AUDIT_RECORD, record)
    } else if category.ends_with("signinlogs") {
        mapped(
            sign_in_kind(&category),
            &sources,
            record,
            SIGN_IN_RECORD,
            record,
        )
    } else if has("riskEventType") {
        mapped("risk_detection", &sources, record, RISK_RECORD, record)
    } else {
        None
    };
    found.unwrap_or_else(|| {
        let resource = text(record, "resourceId");
        let name = if has("AuditEventId") || has("IntuneAccountId") {
            "intune_log_record"
        } else if resource.starts_with("/subscriptions") || resource.starts_with("subscriptions") {
            "azure_activity"
        } else {
            "diagnostic_record"
        };
        let own = properties.and_then(|inside| id(inside, "AuditEventId").or(id(inside, "id")));
        Event::kept(name, own.or_else(|| id(record, "id")))
    })
}

fn mapped(
    kind: &str,
    sources: &[Value<'_>],
    record: Value<'_>,
    names: Names,
    original: Value<'_>,
) -> Option<Event> {
    let catalogued = catalog::by_name(kind)?;
    let mut draft = Draft::default();
    for source in sources {
        fill(&mut draft, catalogued, *source);
    }
    fill_from(&mut draft, catalogued, record, names);
    Event::mapped(kind, draft, original)
}

/// Only interactive sign-ins are in Graph's v1.0 log; the others have a log of their own.
fn sign_in_kind(category: &str) -> &'static str {
    match category {
        "" | "signinlogs" => "sign_in",
        _ => "sign_in_beta",
    }
}

/// A property in small letters; empty where there is none.
fn text(value: Value<'_>, name: &str) -> String {
    let text = value.get_folded(name).and_then(Value::text);
    text.map_or_else(String::new, |text| text.to_ascii_lowercase())
}

fn id(value: Value<'_>, name: &str) -> Option<String> {
    let id = value.get_folded(name)?.text()?;
    (!id.is_empty()).then(|| id.into_owned())
}

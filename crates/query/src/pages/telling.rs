//! Which few of a kind's columns tell most about an object.

use catalog::{Column, ColumnType, Kind};

/// Properties that are asked for first, best first.
const ASKED_FOR: [&str; 35] = [
    "state",
    "isEnabled",
    "accountEnabled",
    "status",
    "riskEventType",
    "provisioningAction",
    "activityDisplayName",
    "activity",
    "decision",
    "result",
    "userPrincipalName",
    "userType",
    "appId",
    "signInAudience",
    "servicePrincipalType",
    "assignmentType",
    "memberType",
    "consentType",
    "scope",
    "principalDisplayName",
    "resourceDisplayName",
    "appDisplayName",
    "userDisplayName",
    "operatingSystem",
    "platform",
    "riskLevel",
    "riskState",
    "severity",
    "ipAddress",
    "issuerUri",
    "isDefault",
    "definition",
    "startDateTime",
    "endDateTime",
    "createdDateTime",
];

/// Columns shown in a first look.
const MOST: usize = 5;

/// At most five columns, the object's name first.
pub(super) fn columns(kind: &'static Kind) -> Vec<&'static Column> {
    let mut all: Vec<(i64, usize, &Column)> = kind
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| (weight(kind, column), at, column))
        .filter(|(weight, ..)| *weight > 0)
        .collect();
    all.sort_by_key(|(weight, at, _)| (-weight, *at));
    all.truncate(MOST);
    all.into_iter().map(|(.., column)| column).collect()
}

fn weight(kind: &Kind, column: &Column) -> i64 {
    let property = column.property;
    if kind.secrets.contains(&property) {
        return 0;
    }
    if kind.display.first() == Some(&property) {
        return 1_000;
    }
    if let Some(at) = ASKED_FOR.iter().position(|asked| *asked == property) {
        return 500 - i64::try_from(at).unwrap_or_default();
    }
    let points = kind
        .references
        .iter()
        .any(|reference| reference.path == property);
    let base = match column.kind {
        ColumnType::Bool => 40,
        ColumnType::Text => 30,
        ColumnType::Int | ColumnType::Float => 20,
        ColumnType::Time | ColumnType::Date => 15,
        ColumnType::Json => 10,
    };
    let dull = property.starts_with("onPremises")
        || property == "deletedDateTime"
        || property == "description"
        || kind.volatile.contains(&property)
        || kind.drift.contains(&property);
    base + if points { 100 } else { 0 } - if dull { base - 1 } else { 0 }
}

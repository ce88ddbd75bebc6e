//! Rows of logs as entries: audit events, sign-ins, risk detections.

use std::borrow::Cow;
use std::fmt::Write as _;

use catalog::{Kind, Shape};
use jiff::Timestamp;
use model::{JsonKind, Value};

use super::entry::{By, Entry, EntryType};
use super::summary::{separate, shortened};

/// Longest text taken from an event into a summary, in characters.
const TEXT_CHARS: usize = 80;
/// Targets and changed properties told of in one line.
const TOLD: usize = 5;
/// The entry of an event that lists the names of all changed properties.
const INCLUDED: &str = "Included Updated Properties";

/// The logs whose rows have somebody's password or secret tried against the tenant.
pub(crate) fn is_sign_in(kind: &str) -> bool {
    matches!(kind, "sign_in" | "sign_in_beta")
}

/// Kinds that tell what the service thinks somebody is.
pub(crate) fn is_risk(kind: &str) -> bool {
    matches!(
        kind,
        "risk_detection"
            | "service_principal_risk_detection"
            | "risky_user"
            | "risky_service_principal"
    )
}

/// An event, and the ids of those it is about.
pub(crate) struct Event {
    pub(crate) entry: Entry,
    /// Ids of the objects it was done to.
    pub(crate) targets: Vec<String>,
    /// Ids of who did it.
    pub(crate) initiators: Vec<String>,
}

/// The entry of a row of a log; `None` where the row has no time, or where its ids are only named in
/// passing. `ids` are those whose timeline it is.
pub(crate) fn event(
    kind: &'static Kind,
    key: &str,
    row: Value<'_>,
    ids: &[String],
) -> Option<Event> {
    let Shape::Event { time } = kind.shape else {
        return None;
    };
    let at = time_at(row, time)?;
    let mut event = if is_sign_in(kind.name) {
        sign_in(row, at, ids)?
    } else if is_risk(kind.name) {
        risk(row, at)
    } else {
        audit(row, at, ids)
    };
    event.entry.audit_id = Some(key.to_owned());
    event.entry.correlation_id = text(row, "correlationId");
    Some(event)
}

fn at_path<'v>(value: Value<'v>, path: &str) -> Option<Value<'v>> {
    path.split('.').try_fold(value, Value::get)
}

/// The text at a path; empty text is none.
fn text(value: Value<'_>, path: &str) -> Option<String> {
    let found = at_path(value, path)?.text().map(Cow::into_owned);
    found.filter(|text| !text.is_empty())
}

/// A text as a part of a summary.
fn told(value: Value<'_>, path: &str) -> Option<String> {
    text(value, path).map(|text| shortened(&text, TEXT_CHARS))
}

fn time_at(value: Value<'_>, path: &str) -> Option<Timestamp> {
    model::parse_time(&text(value, path)?).ok()
}

/// An event of the directory audit log or of one that is laid out like it.
fn audit(row: Value<'_>, at: Timestamp, ids: &[String]) -> Event {
    let by = initiator(row);
    let (mut initiators, mut targets) = (Vec::new(), Vec::new());
    for path in [
        "initiatedBy.user.id",
        "initiatedBy.app.servicePrincipalId",
        "initiatedBy.app.appId",
    ] {
        initiators.extend(text(row, path).map(|id| model::fold_id(&id)));
    }
    let all = || {
        row.get("targetResources")
            .into_iter()
            .flat_map(Value::elements)
    };
    targets.extend(
        all()
            .filter_map(|target| text(target, "id"))
            .map(|id| model::fold_id(&id)),
    );
    // Of several targets the row is about the one whose timeline it is, or about the first.
    let subject = all()
        .find(|target| text(*target, "id").is_some_and(|id| ids.contains(&model::fold_id(&id))));
    let subject = subject.or_else(|| all().next());
    let mut entry = Entry::at(at, EntryType::Audit);
    entry.by = by;
    entry.activity = text(row, "activityDisplayName").or_else(|| text(row, "activity"));
    if let Some(target) = subject {
        entry.object_id = text(target, "id").unwrap_or_default();
        entry.display = target_name(target);
    }
    entry.summary = audit_summary(row);
    Event {
        entry,
        targets,
        initiators,
    }
}

fn initiator(row: Value<'_>) -> By {
    let one_of = |paths: &[&str]| paths.iter().find_map(|path| text(row, path));
    By {
        id: one_of(&[
            "initiatedBy.user.id",
            "initiatedBy.app.servicePrincipalId",
            "initiatedBy.app.appId",
        ]),
        name: one_of(&[
            "initiatedBy.user.userPrincipalName",
            "initiatedBy.user.displayName",
            "initiatedBy.app.displayName",
        ]),
        ip: text(row, "initiatedBy.user.ipAddress"),
    }
}

fn target_name(target: Value<'_>) -> Option<String> {
    text(target, "displayName").or_else(|| text(target, "userPrincipalName"))
}

fn audit_summary(row: Value<'_>) -> String {
    let mut line = String::new();
    if let Some(result) = text(row, "result").filter(|result| result != "success") {
        line = shortened(&result, TEXT_CHARS);
        if let Some(reason) = told(row, "resultReason") {
            line = format!("{line}: {reason}");
        }
    }
    let targets = || {
        row.get("targetResources")
            .into_iter()
            .flat_map(Value::elements)
    };
    let names: Vec<String> = targets()
        .filter_map(|target| {
            let name = target_name(target).or_else(|| text(target, "id"))?;
            let kind = text(target, "type").map_or_else(String::new, |kind| format!(" ({kind})"));
            Some(shortened(&format!("{name}{kind}"), TEXT_CHARS))
        })
        .take(TOLD)
        .collect();
    if !names.is_empty() {
        separate(&mut line);
        line.push_str(&names.join(", "));
    }
    let modified = targets().flat_map(|target| {
        target
            .get("modifiedProperties")
            .into_iter()
            .flat_map(Value::elements)
    });
    let mut told_of = 0;
    for property in modified {
        let (old, new) = (told(property, "oldValue"), told(property, "newValue"));
        // The log lists the names of what changed once more, and properties that did not.
        let Some(name) =
            told(property, "displayName").filter(|name| old != new && name != INCLUDED)
        else {
            continue;
        };
        told_of += 1;
        if told_of > TOLD {
            line.push_str("; and more");
            break;
        }
        separate(&mut line);
        let value = |value: Option<String>| value.unwrap_or_else(|| "(absent)".to_owned());
        let _ = write!(line, "{name}: {} -> {}", value(old), value(new));
    }
    line
}

/// A sign-in of somebody whose timeline it is; `None` where the row names them otherwise.
fn sign_in(row: Value<'_>, at: Timestamp, ids: &[String]) -> Option<Event> {
    let user = text(row, "userId").filter(|id| id.chars().any(|c| !matches!(c, '0' | '-')));
    let principal = text(row, "servicePrincipalId");
    let who = user.or(principal).or_else(|| text(row, "appId"))?;
    if !ids.contains(&model::fold_id(&who)) {
        return None;
    }
    let mut entry = Entry::at(at, EntryType::SignIn);
    let name = text(row, "userPrincipalName").or_else(|| text(row, "servicePrincipalName"));
    let ip = text(row, "ipAddress");
    let code = at_path(row, "status.errorCode").filter(|code| code.kind() == JsonKind::Number);
    let code = code.and_then(Value::number).filter(|code| *code != "0");
    entry.activity = Some(
        if code.is_none() {
            "Sign-in"
        } else {
            "Failed sign-in"
        }
        .to_owned(),
    );
    let mut line = told(row, "appDisplayName").unwrap_or_else(|| "an application".to_owned());
    let place: Vec<String> = ["location.city", "location.countryOrRegion"]
        .iter()
        .filter_map(|path| told(row, path))
        .collect();
    if !place.is_empty() {
        let _ = write!(line, " from {}", place.join(", "));
    }
    if let Some(code) = code {
        let reason = told(row, "status.failureReason").unwrap_or_default();
        let _ = write!(line, "; error {code} {reason}");
    }
    for (label, path) in [
        ("risk", "riskLevelDuringSignIn"),
        ("Conditional Access", "conditionalAccessStatus"),
    ] {
        let said = told(row, path)
            .filter(|said| !matches!(said.as_str(), "none" | "notApplied" | "hidden"));
        if let Some(said) = said {
            let _ = write!(line, "; {label} {said}");
        }
    }
    line.truncate(line.trim_end().len());
    entry.summary = line;
    entry.object_id.clone_from(&who);
    entry.display.clone_from(&name);
    entry.by = By {
        id: Some(who.clone()),
        name,
        ip,
    };
    Some(Event {
        entry,
        targets: Vec::new(),
        initiators: vec![model::fold_id(&who)],
    })
}

/// What Identity Protection found.
fn risk(row: Value<'_>, at: Timestamp) -> Event {
    let mut entry = Entry::at(at, EntryType::Risk);
    entry.activity = text(row, "riskEventType");
    entry.object_id = text(row, "userId")
        .or_else(|| text(row, "servicePrincipalId"))
        .unwrap_or_default();
    entry.display =
        text(row, "userDisplayName").or_else(|| text(row, "servicePrincipalDisplayName"));
    let mut line = String::new();
    for (label, path) in [
        ("risk", "riskLevel"),
        ("state", "riskState"),
        ("from", "ipAddress"),
    ] {
        if let Some(said) = told(row, path) {
            separate(&mut line);
            let _ = write!(line, "{label} {said}");
        }
    }
    entry.summary = line;
    Event {
        entry,
        targets: Vec::new(),
        initiators: Vec::new(),
    }
}

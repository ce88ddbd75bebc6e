//! Records of the Microsoft 365 unified audit log.
//!
//! Those of the workload `AzureActiveDirectory` are directory audits (record type 8) and sign-ins
//! (types 9 and 15); everything else is kept as `unified_audit_record`.

use std::borrow::Cow;

use model::{JsonKind, Value, is_guid};

use super::Event;
use super::draft::Draft;

pub(super) fn event(record: Value<'_>) -> Option<Event> {
    let text = |name: &str| record.get_folded(name).and_then(Value::text);
    let is_entra = text("Workload").is_some_and(|name| name == "AzureActiveDirectory");
    let kind = record.get_folded("RecordType");
    // The number, or in some exports the name of the enumeration's member.
    let kind = kind.map_or(Cow::Borrowed(""), |kind| {
        kind.text().unwrap_or(Cow::Borrowed(kind.raw()))
    });
    match &*kind {
        "8" | "AzureActiveDirectory" if is_entra => {
            Event::mapped("directory_audit", audit(record), record)
        }
        "9" | "15" | "AzureActiveDirectoryAccountLogon" | "AzureActiveDirectoryStsLogon"
            if is_entra =>
        {
            Event::mapped("sign_in", sign_in(record), record)
        }
        _ => {
            let id = text("Id").filter(|id| !id.is_empty());
            Some(Event::kept("unified_audit_record", id.map(Into::into)))
        }
    }
}

fn text<'a>(object: Value<'a>, name: &str) -> Option<Cow<'a, str>> {
    let text = object.get_folded(name)?.text()?;
    (!text.is_empty()).then_some(text)
}

/// The value of a `{"Name":..., "Value":...}` pair in a list.
fn pair<'a>(record: Value<'a>, list: &str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = record.get_folded(list)?.elements();
    let pair = pairs.find(|pair| text(*pair, "Name").as_deref() == Some(name))?;
    text(pair, "Value")
}

fn audit(record: Value<'_>) -> Draft {
    let mut draft = Draft::default();
    copy(&mut draft, "id", record, "Id");
    if let Some(time) = text(record, "CreationTime") {
        draft.time("activityDateTime", &time);
    }
    if let Some(operation) = text(record, "Operation") {
        // The same activity as in Graph, but for a full stop.
        draft.text(
            "activityDisplayName",
            operation.strip_suffix('.').unwrap_or(&operation),
        );
    }
    if let Some(category) = pair(record, "ExtendedProperties", "extendedAuditEventCategory") {
        let category = match &*category {
            "User" | "Group" | "Application" | "Role" | "Device" => format!("{category}Management"),
            "ServicePrincipal" => "ApplicationManagement".to_owned(),
            other => other.to_owned(),
        };
        draft.text("category", &category);
    }
    copy(&mut draft, "correlationId", record, "InterSystemsId");
    if let Some(result) = text(record, "ResultStatus") {
        draft.text("result", &result.to_ascii_lowercase());
    }
    draft.raw("initiatedBy", &initiated_by(record));
    draft.raw("targetResources", &target_resources(record));
    draft
}

/// `User_<guid>`, `ServicePrincipal_<guid>` among the ids of an actor or target: type and id.
fn typed_id<'a>(record: Value<'a>, list: &str) -> Option<(String, String)> {
    let ids = record.get_folded(list)?.elements();
    let mut ids = ids.filter_map(|entry| text(entry, "ID"));
    ids.find_map(|id: Cow<'a, str>| {
        let (kind, guid) = id.split_once('_')?;
        is_guid(guid).then(|| (kind.to_owned(), guid.to_owned()))
    })
}

/// The name among the ids of an actor or target: what is neither an id nor a type.
fn entry_name<'a>(record: Value<'a>, list: &str) -> Option<Cow<'a, str>> {
    let mut entries = record.get_folded(list)?.elements();
    // Types 1 and 5 are a display name and a user principal name.
    let is_name = |entry: &Value<'a>| {
        entry
            .get_folded("Type")
            .is_some_and(|kind| matches!(kind.raw(), "1" | "5"))
    };
    let entry = entries.find(is_name)?;
    text(entry, "ID")
}

fn initiated_by(record: Value<'_>) -> String {
    let mut actor = Draft::default();
    let typed = typed_id(record, "Actor");
    let mut outer = Draft::default();
    match typed {
        Some((kind, id)) if kind == "ServicePrincipal" => {
            actor.text("servicePrincipalId", &id);
            if let Some(name) = entry_name(record, "Actor") {
                actor.text("displayName", &name);
            }
            outer.raw("app", &actor.close());
        }
        typed => {
            if let Some((_, id)) = typed {
                actor.text("id", &id);
            }
            copy(&mut actor, "userPrincipalName", record, "UserId");
            copy(&mut actor, "ipAddress", record, "ActorIpAddress");
            copy(&mut actor, "ipAddress", record, "ClientIP");
            outer.raw("user", &actor.close());
        }
    }
    outer.close()
}

fn target_resources(record: Value<'_>) -> String {
    let mut target = Draft::default();
    let typed = typed_id(record, "Target").or_else(|| {
        let object = text(record, "ObjectId")?;
        let (kind, guid) = object.split_once('_')?;
        is_guid(guid).then(|| (kind.to_owned(), guid.to_owned()))
    });
    if let Some((kind, id)) = typed {
        target.text("id", &id);
        target.text("type", &kind);
    }
    if let Some(name) = entry_name(record, "Target") {
        let property = if name.contains('@') {
            "userPrincipalName"
        } else {
            "displayName"
        };
        target.text(property, &name);
    }
    let modified = record.get_folded("ModifiedProperties");
    let modified = modified.filter(|list| list.kind() == JsonKind::Array);
    let changes = modified
        .into_iter()
        .flat_map(Value::elements)
        .map(|change| {
            let mut draft = Draft::default();
            copy(&mut draft, "displayName", change, "Name");
            for (name, other) in [("oldValue", "OldValue"), ("newValue", "NewValue")] {
                if let Some(value) = change.get_folded(other) {
                    draft.raw(name, value.raw());
                }
            }
            draft.close()
        });
    let changes: Vec<String> = changes.collect();
    target.raw("modifiedProperties", &format!("[{}]", changes.join(",")));
    format!("[{}]", target.close())
}

fn sign_in(record: Value<'_>) -> Draft {
    let mut draft = Draft::default();
    copy(&mut draft, "id", record, "Id");
    if let Some(time) = text(record, "CreationTime") {
        draft.time("createdDateTime", &time);
    }
    copy(&mut draft, "userPrincipalName", record, "UserId");
    if let Some(id) = text(record, "UserKey").filter(|id| is_guid(id)) {
        draft.text("userId", &id);
    }
    copy(&mut draft, "ipAddress", record, "ActorIpAddress");
    copy(&mut draft, "ipAddress", record, "ClientIP");
    copy(&mut draft, "appId", record, "ApplicationId");
    copy(&mut draft, "resourceId", record, "ObjectId");
    copy(&mut draft, "correlationId", record, "InterSystemsId");
    if let Some(agent) = pair(record, "ExtendedProperties", "UserAgent") {
        draft.text("userAgent", &agent);
    }
    let mut status = Draft::default();
    let number = record.get_folded("ErrorNumber");
    let number = number.map(|number| number.text().unwrap_or(Cow::Borrowed(number.raw())));
    if let Some(code) = number.and_then(|number| number.parse::<u32>().ok()) {
        status.raw("errorCode", &code.to_string());
    }
    copy(&mut status, "failureReason", record, "LogonError");
    draft.raw("status", &status.close());
    let mut device = Draft::default();
    for (name, other) in [
        ("deviceId", "Id"),
        ("displayName", "DisplayName"),
        ("operatingSystem", "OS"),
        ("browser", "BrowserType"),
    ] {
        if let Some(value) = pair(record, "DeviceProperties", other) {
            device.text(name, &value);
        }
    }
    draft.raw("deviceDetail", &device.close());
    draft
}

fn copy(draft: &mut Draft, name: &str, source: Value<'_>, other: &str) {
    if let Some(text) = text(source, other) {
        draft.text(name, &text);
    }
}

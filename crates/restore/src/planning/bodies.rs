//! Bodies of requests that the service carries out by itself: schedules, access packages.

use serde_json::{Map, Value, json};

use super::draft::Subject;
use super::mention::texts_at;
use super::values::to_json;
use crate::error::Result;

/// Why it is asked for, where a request must say so.
const JUSTIFICATION: &str = "Brought back to a recorded state";

/// The members of a schedule that its request repeats.
const SCHEDULE: [&str; 8] = [
    "principalId",
    "roleDefinitionId",
    "directoryScopeId",
    "appScopeId",
    "groupId",
    "accessId",
    "scheduleInfo",
    "ticketInfo",
];

/// The body of the request `word` about an object with these properties.
pub(super) fn action(
    subject: Subject<'_>,
    (member, word): (&str, &str),
    object: model::Value<'_>,
) -> Result<Value> {
    let mut body = Map::new();
    body.insert(member.to_owned(), word.into());
    match subject.kind.name {
        "access_package_resource" => resource(subject, object, &mut body),
        "access_package_assignment" => assignment(subject, word, object, &mut body)?,
        _ => {
            for name in SCHEDULE {
                let removal = word == "adminRemove" && name == "scheduleInfo";
                if let Some(value) = object.get(name).filter(|it| !it.is_null() && !removal) {
                    body.insert(name.to_owned(), to_json(value)?);
                }
            }
            if word != "adminAssign"
                && let Some(id) = subject.parts().pop()
            {
                body.insert("targetScheduleId".to_owned(), id.into());
            }
            body.insert("justification".to_owned(), JUSTIFICATION.into());
        }
    }
    Ok(Value::Object(body))
}

fn first(object: model::Value<'_>, paths: &[&str]) -> Value {
    let mut found = Value::Null;
    for path in paths {
        texts_at(object, path, &mut |text| {
            if found.is_null() {
                found = text.into();
            }
        });
    }
    found
}

fn resource(subject: Subject<'_>, object: model::Value<'_>, body: &mut Map<String, Value>) {
    let catalog = subject.parts().into_iter().next().unwrap_or_default();
    body.insert("catalog".to_owned(), json!({ "id": catalog }));
    let resource = json!({
        "originId": first(object, &["originId"]),
        "originSystem": first(object, &["originSystem"]),
    });
    body.insert("resource".to_owned(), resource);
}

fn assignment(
    subject: Subject<'_>,
    word: &str,
    object: model::Value<'_>,
    body: &mut Map<String, Value>,
) -> Result<()> {
    let assignment = if word == "adminAdd" {
        json!({
            "targetId": first(object, &["target.objectId", "target.id", "targetId"]),
            "assignmentPolicyId": first(object, &["assignmentPolicy.id", "assignmentPolicyId"]),
            "accessPackageId": first(object, &["accessPackage.id", "accessPackageId"]),
        })
    } else {
        json!({ "id": subject.parts().pop() })
    };
    body.insert("assignment".to_owned(), assignment);
    let schedule = object.get("schedule").filter(|it| !it.is_null());
    if let (Some(schedule), true) = (schedule, word != "adminRemove") {
        body.insert("schedule".to_owned(), to_json(schedule)?);
    }
    Ok(())
}

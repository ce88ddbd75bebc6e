//! Relationships: added, removed.

use catalog::{Kind, Shape};
use serde_json::json;

use super::draft::{Draft, Subject};
use super::refusal::{Refusal, of_operation};
use crate::plan::{Action, Expected, Inverse, Precondition, Request};

/// The address of what an edge of this kind leads to, below the service root as every target of a plan: whoever
/// executes it knows the cloud, and a plan says the same in each.
fn reference(kind: &Kind, target: &str) -> String {
    let Shape::Relationship(relationship) = kind.shape else {
        return String::new();
    };
    let collection = match relationship.target {
        // One address for all objects of the directory.
        "directory_object" | "user" | "group" | "service_principal" | "application" | "device" => {
            "/directoryObjects"
        }
        name => catalog::by_name(name).map_or("/directoryObjects", |kind| kind.path),
    };
    format!("/v1.0{collection}/{target}")
}

fn add_request(subject: Subject<'_>, target: &str) -> Result<Request, Refusal> {
    let create = subject.kind.writing.and_then(|writing| writing.create);
    let operation = of_operation(subject.kind, create.as_ref(), "add to")?;
    let body = json!({ "@odata.id": reference(subject.kind, target) });
    subject
        .request(&operation, Some(body))
        .ok_or_else(no_address)
}

fn remove_request(subject: Subject<'_>) -> Result<Request, Refusal> {
    let delete = subject.kind.writing.and_then(|writing| writing.delete);
    let operation = of_operation(subject.kind, delete.as_ref(), "remove from")?;
    subject.request(&operation, None).ok_or_else(no_address)
}

fn no_address() -> Refusal {
    let text = "an id of it is none that an address can have".to_owned();
    (crate::plan::Reason::NoOperation, text)
}

/// The target of the edge, in the tenant the plan is for.
fn target(subject: Subject<'_>) -> String {
    subject
        .address
        .rsplit(model::KEY_SEPARATOR)
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The step that adds an edge. `before` is the key of the edge it takes the place of, where there can be only
/// one.
pub(super) fn add(subject: Subject<'_>, before: Option<&str>) -> Result<Draft, Refusal> {
    let request = add_request(subject, &target(subject))?;
    let mut draft = subject.draft(Action::AddLink, request);
    draft.step.precondition = Precondition::Absent;
    draft.names = subject.parts();
    draft.step.inverse = match before {
        Some(before) => {
            let old = Subject {
                key: before,
                address: before,
                ..subject
            };
            add_request(old, &target(old))
        }
        None => remove_request(subject),
    }
    .map_or_else(|(_, text)| Inverse::Impossible(text), Inverse::Request);
    Ok(draft)
}

/// The step that removes an edge.
pub(super) fn remove(subject: Subject<'_>) -> Result<Draft, Refusal> {
    let request = remove_request(subject)?;
    let mut draft = subject.draft(Action::RemoveLink, request);
    draft.step.precondition = Precondition::Present;
    draft.step.expected = Expected::Absent;
    draft.names = subject.parts();
    draft.step.inverse = add_request(subject, &target(subject))
        .map_or_else(|(_, text)| Inverse::Impossible(text), Inverse::Request);
    Ok(draft)
}

//! The problems that each operation can come to.

use serde_json::{Map, Value, json};

use crate::problem::{Code, MEDIA_TYPE, REFUSALS, TYPES};

/// What any request can come to before it reaches its route.
const OF_ALL: [Code; 6] = [
    Code::AddressTooLong,
    Code::Busy,
    Code::HeadersTooLarge,
    Code::RateLimited,
    Code::WrongHost,
    Code::TimedOut,
];
/// The same for those that need a sign-in.
const OF_SIGNED_IN: [Code; 7] = [
    Code::CrossSite,
    Code::Forbidden,
    Code::InvalidToken,
    Code::SignInUnavailable,
    Code::Stopping,
    Code::Unauthenticated,
    Code::Unrecorded,
];
/// The same for those that change something.
const OF_CHANGES: [Code; 6] = [
    Code::BodyTooLarge,
    Code::IdempotencyInProgress,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::OutcomeUnknown,
    Code::ReadOnly,
];

/// Adds the problems that an operation can come to. They follow from what it takes: a route that has a revision can
/// be given none.
pub(super) fn add(method: &str, path: &str, operation: &mut Value) {
    let mut codes = vec![Code::Internal];
    codes.extend(OF_ALL);
    let is_open = operation["security"].as_array().is_some_and(|list| {
        list.iter()
            .any(|one| one.as_object().is_some_and(Map::is_empty))
    });
    if path == "/readyz" {
        codes.extend([Code::NotReady, Code::Stopping]);
    }
    if path.starts_with("/problems/") {
        codes.extend([Code::UnknownRoute, Code::InvalidParameter]);
    }
    if !is_open {
        codes.extend(OF_SIGNED_IN);
        if method != "get" {
            codes.extend(OF_CHANGES);
        }
        if path.ends_with("/events") {
            codes.push(Code::TooManyStreams);
        }
        codes.extend([Code::InvalidParameter, Code::UnknownParameter]);
        codes.extend(of_parameters(operation));
    }
    if path.starts_with("/v1/objects/{id}") {
        codes.extend([
            Code::InvalidObject,
            Code::ObjectNotFound,
            Code::AmbiguousName,
        ]);
        codes.extend([Code::RevisionNotFound, Code::Erased]);
    }
    if path.contains("/library/{") {
        codes.push(Code::LibraryNotFound);
    }
    if path.contains("/stats/{") {
        codes.extend([Code::StatsNotFound, Code::RevisionNotFound]);
    }
    if path.contains("/{rev}") {
        codes.extend([
            Code::InvalidRevision,
            Code::RevisionNotFound,
            Code::AmbiguousName,
        ]);
    }
    if path == "/v1/query" {
        codes.extend([
            Code::InvalidSql,
            Code::QueryLimit,
            Code::Busy,
            Code::WorkerLost,
        ]);
    }
    if path.starts_with("/v1/holds") && method != "get" {
        codes.extend([Code::ReadOnly, Code::ArchiveBusy, Code::HoldNotFound]);
        codes.extend([Code::ObjectNotFound, Code::RevisionNotFound]);
        if method == "delete" {
            codes.extend([Code::HoldOwnRelease, Code::PreconditionFailed]);
        }
    }
    if path.starts_with("/v1/plans") {
        codes.extend([Code::PlanNotFound, Code::PlanEdited, Code::InvalidPlan]);
        if path.contains("/{id}") {
            codes.push(Code::PreconditionFailed);
        }
        // The list of approvers is read whatever is asked of a plan.
        codes.push(Code::ApproversBroken);
        if path.ends_with("/approve") || path.ends_with("/execute") {
            codes.extend(REFUSALS);
        }
    }
    if path.ends_with("/execute") || path.ends_with("/verify") {
        codes.extend([
            Code::CannotRestore,
            Code::JobRunning,
            Code::Busy,
            Code::ArchiveBusy,
        ]);
    }
    if path == "/v1/plans" && method == "post" {
        codes.extend([
            Code::ObjectNotFound,
            Code::KindNotFound,
            Code::InvalidObject,
        ]);
        codes.extend([Code::InvalidRevision, Code::RevisionNotFound]);
        codes.extend([Code::CannotCollect, Code::Busy, Code::ArchiveBusy]);
    }
    if path == "/v1/snapshots" && method == "post" {
        codes.extend([Code::CannotCollect, Code::JobRunning, Code::Busy]);
    }
    if path.starts_with("/v1/jobs/{") || path.ends_with("/{id}/events") {
        codes.push(Code::JobNotFound);
    }
    if path.ends_with("/cancel") {
        codes.push(Code::JobEnded);
    }
    if operation["requestBody"].is_object() {
        codes.extend([Code::InvalidBody, Code::InvalidJson, Code::BodyTooLarge]);
        codes.extend([Code::BodyIncomplete, Code::UnsupportedMediaType]);
    }
    document(operation, codes);
}

/// What can be wrong with the parameters that an operation has.
fn of_parameters(operation: &Value) -> Vec<Code> {
    let mut codes = Vec::new();
    let parameters = operation["parameters"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for parameter in parameters {
        let own: &[Code] = match parameter["name"].as_str().unwrap_or_default() {
            "tenant" => &[
                Code::TenantNotFound,
                Code::TenantRequired,
                Code::ArchiveBusy,
                Code::ArchiveDamaged,
                Code::ArchiveRebuilding,
                Code::ArchiveUnavailable,
                Code::QueryLimit,
            ],
            "format" => &[Code::NotAcceptable],
            "limit" => &[Code::InvalidLimit],
            "cursor" => &[
                Code::CursorElsewhere,
                Code::CursorExpired,
                Code::CursorForeign,
                Code::InvalidCursor,
            ],
            "rev" | "from" | "to" | "as_of" | "tag" => &[
                Code::InvalidRevision,
                Code::RevisionNotFound,
                Code::AmbiguousName,
            ],
            "since" | "until" | "around" => &[
                Code::InvalidTime,
                Code::InvalidRevision,
                Code::RevisionNotFound,
                Code::AmbiguousName,
            ],
            "kind" => &[Code::KindNotFound],
            "object" => &[
                Code::InvalidObject,
                Code::ObjectNotFound,
                Code::AmbiguousName,
            ],
            _ => &[],
        };
        codes.extend(own);
    }
    codes
}

fn document(operation: &mut Value, mut codes: Vec<Code>) {
    codes.sort_unstable_by_key(|code| code.word());
    codes.dedup();
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for code in codes {
        let status = code.status().as_u16().to_string();
        let response = responses.entry(status).or_insert_with(|| {
            json!({
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            })
        });
        let said = response["description"].as_str().unwrap_or_default();
        let joined = if said.is_empty() {
            String::new()
        } else {
            format!("{said}, ")
        };
        response["description"] = format!("{joined}`{}`", code.word()).into();
    }
    // Status by status, successes first.
    let mut sorted: Vec<(String, Value)> = std::mem::take(responses).into_iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    responses.extend(sorted);
}

/// The schema of all problems.
pub(super) fn schema() -> Value {
    let words: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("{TYPES}{}", code.word()))
        .collect();
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457). Problems have further members of their own; the page of each says which.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "enum": words,
                     "description": "Which problem it is: stable, for programs."},
            "title": {"type": "string", "description": "The same words each time."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong this time, and the way out."},
            "instance": {"type": "string", "description": "The address that was asked for."},
            "request_id": {"type": "string", "description": "The request's id, as in the log."},
            "hint": {"type": "string", "description": "What may have been meant."},
            "parameter": {"type": "string", "description": "The parameter that is wrong."},
            "line": {"type": "integer", "description": "The line of the statement or body, from 1."},
            "column": {"type": "integer", "description": "The character of it, from 1."},
            "candidates": {"type": "array", "items": {"type": "string"}, "description": "What could be meant."},
        },
    })
}

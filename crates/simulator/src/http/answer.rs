//! Answers and errors in Graph's shape.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::tenant::Refusal;

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// It hands out a link to the next round of a delta query.
    pub(crate) ends_round: bool,
}

/// `Content-Type` of Graph's JSON.
pub(crate) const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                               IEEE754Compatible=false;charset=utf-8";

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", JSON.to_owned())],
            body: body.into(),
            ends_round: false,
        }
    }

    pub(crate) fn value(status: u16, body: &Value) -> Self {
        Self::json(status, body.to_string())
    }

    /// 204 and the like.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            ends_round: false,
        }
    }

    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", "text/plain".to_owned())],
            body: text.into(),
            ends_round: false,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What went wrong, as Graph says it. Becomes a body only where the ids of the request are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Failure {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// An option of the query that cannot be read.
    pub(crate) fn bad_option(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn no_segment(segment: &str) -> Self {
        let message = format!("Resource not found for the segment '{segment}'.");
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are \
             not present."
        );
        Self::new(404, "Request_ResourceNotFound", message)
    }

    pub(crate) fn denied() -> Self {
        let message = "Insufficient privileges to complete the operation.";
        Self::new(403, "Authorization_RequestDenied", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "Specified HTTP method is not allowed for the request target.";
        Self::new(405, "Request_BadRequest", message)
    }

    pub(crate) fn unknown_property(name: &str, entity_type: &str) -> Self {
        let message = format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{name}' on \
             type '{entity_type}'."
        );
        Self::bad_option(message)
    }

    /// The body, with the ids a caller quotes to support.
    pub(crate) fn into_answer(self, ids: &RequestIds) -> Answer {
        let body = json!({
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": ids.date,
                    "request-id": ids.request,
                    "client-request-id": ids.client,
                },
            },
        });
        let mut answer = Answer::value(self.status, &body);
        answer.headers.extend(self.headers);
        answer
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::NotFound { id, .. } | Refusal::UnknownEnd { id, .. } => Self::not_found(id),
            Refusal::NoEdge { target_id, .. } => Self::not_found(target_id),
            Refusal::Exists { kind, property, .. } => exists(kind, property),
            Refusal::Invalid { .. } => Self::bad_request(refusal.to_string()),
        }
    }
}

/// Graph has a code of its own for some things that are there already.
fn exists(kind: &str, property: &str) -> Failure {
    match (kind, property) {
        (_, "members" | "owners" | "sponsors") => Failure::bad_request(format!(
            "One or more added object references already exist for the following modified \
             properties: '{property}'."
        )),
        ("domain" | "user" | "group" | "application" | "service_principal", _) => {
            Failure::bad_request(format!(
                "Another object with the same value for property {property} already exists."
            ))
        }
        _ => Failure::new(
            409,
            "Conflict",
            "A conflicting object with one or more of the specified property values is present \
             in the directory.",
        ),
    }
}

/// What identifies a request in errors and headers.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    pub(crate) request: String,
    pub(crate) client: String,
    /// The simulated time, as error bodies write it: without fraction and zone.
    pub(crate) date: String,
}

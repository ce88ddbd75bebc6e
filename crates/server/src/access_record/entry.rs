//! One line of the record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::principal::Role;

/// One request and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Entry {
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its name, as in the header `x-request-id` of the answer.
    pub request_id: String,
    /// Who it was from: the principal's key. Absent where nobody could be made out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What the principal is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The roles it had for this request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The tenant that was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Network address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Template of the address; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Address with its query.
    pub address: String,
    /// BLAKE3 of the statement's text, 64 hexadecimal characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_hash: Option<String>,
    /// The statement's text, at most 8192 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// Word of the problem it came to, and of the reason a token was refused for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Rows of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes of the answer's body that were sent.
    pub bytes: u64,
    /// Time until the answer had been sent, in milliseconds.
    pub duration_ms: f64,
    /// Whether the answer was sent to its end.
    pub complete: bool,
}

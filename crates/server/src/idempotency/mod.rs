//! `Idempotency-Key`: who does not know whether a request arrived sends it again, and nothing happens twice.
//!
//! ```text
//!   first time ────▶ "under way" is written ─▶ work ─▶ the answer is written
//!   same request ──▶ the answer again
//!   other body ────▶ 422        still under way ─▶ 409        the server ended in between ─▶ 409, outcome unknown
//! ```
//!
//! Keys belong to a principal, a tenant and an address, and are good for 24 hours. Answers that a second try may
//! change (429, 5xx) are not kept: then the request may be made again.

mod answers;

#[cfg(test)]
mod tests;

pub(crate) use answers::{Answers, Asked, Begun, Kept, Ticket};

use axum::http::{HeaderMap, HeaderName};

use crate::problem::{Code, Problem};

/// Header with the key.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Header that says an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// The key of a request; `None` where it has none.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), second) = (values.next(), values.next()) else {
        return Ok(None);
    };
    let fits = |key: &&str| (1..=MAX_KEY_BYTES).contains(&key.len());
    let key = value
        .to_str()
        .ok()
        .filter(fits)
        .filter(|_| second.is_none());
    key.map(Some).ok_or_else(|| {
        Problem::new(
            Code::InvalidIdempotencyKey,
            format!("Idempotency-Key is one text of 1 to {MAX_KEY_BYTES} visible ASCII characters"),
        )
    })
}

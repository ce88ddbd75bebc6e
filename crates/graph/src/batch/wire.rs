//! The JSON of a batch: the call, and its answer cut into pieces.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    error::{Error, Result},
    scan,
    transport::Raw,
};

#[derive(Serialize)]
pub(super) struct Call<'a> {
    pub requests: Vec<Entry<'a>>,
}

#[derive(Serialize)]
pub(super) struct Entry<'a> {
    pub id: String,
    pub method: &'static str,
    pub url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<&'static str, &'a str>,
}

#[derive(Deserialize)]
struct Answers<'a> {
    #[serde(borrow)]
    responses: Vec<Inner<'a>>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// One answer, cut out of a batch's.
pub(super) struct Piece {
    pub status: u16,
    pub retry_after: Option<String>,
    pub units: Option<String>,
    pub request_id: Option<String>,
    pub body: Bytes,
}

/// Cuts the answer to a batch into the answers to its requests, by number.
pub(super) fn cut(raw: &Raw, count: usize) -> Result<BTreeMap<usize, Piece>> {
    raw.expect_json()?;
    let body = raw
        .body
        .slice(raw.body.len() - scan::without_mark(&raw.body).len()..);
    // Checks depth, completeness and UTF-8 before anything is built from it.
    scan::envelope(&body)?;
    let answers: Answers<'_> = serde_json::from_slice(&body)
        .map_err(|_| Error::malformed("the answer to the batch has no usable `responses`"))?;
    let mut pieces = BTreeMap::new();
    for inner in answers.responses {
        let Some(id) = inner.id.parse::<usize>().ok().filter(|id| *id < count) else {
            return Err(Error::malformed(
                "the answer to the batch has an answer to nothing",
            ));
        };
        let header = |name: &str| {
            let headers = inner.headers.as_ref()?;
            let (_, value) = headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            Some(
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        };
        let piece = Piece {
            status: inner.status,
            retry_after: header("retry-after"),
            units: header("x-ms-resource-unit"),
            request_id: header("request-id"),
            body: inner
                .body
                .map_or_else(Bytes::new, |value| body.slice_ref(value.get().as_bytes())),
        };
        if pieces.insert(id, piece).is_some() {
            return Err(Error::malformed(
                "the answer to the batch answers a request twice",
            ));
        }
    }
    Ok(pieces)
}

//! The JSON of a batch: the call, and its answer cut into pieces.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
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
    headers: Option<Headers>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// The headers of an answer that mean something here. Names are compared without regard to case.
#[derive(Default)]
struct Headers {
    retry_after: Option<String>,
    units: Option<String>,
    request_id: Option<String>,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers by name")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut map: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut headers = Headers::default();
        while let Some(name) = map.next_key::<String>()? {
            let place = match name.to_ascii_lowercase().as_str() {
                "retry-after" => &mut headers.retry_after,
                "x-ms-resource-unit" => &mut headers.units,
                "request-id" => &mut headers.request_id,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value: serde_json::Value = map.next_value()?;
            let text = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            place.get_or_insert(text);
        }
        Ok(headers)
    }
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
    // Depth and UTF-8 of what was asked for are checked where each piece is read.
    let answers: Answers<'_> = match serde_json::from_slice(&body) {
        Ok(answers) => answers,
        Err(_) => {
            // Says what is wrong with it, and whether it may be better the next time.
            scan::envelope(&body)?;
            return Err(Error::malformed(
                "the answer to the batch has no usable `responses`",
            ));
        }
    };
    let mut pieces = BTreeMap::new();
    for inner in answers.responses {
        let Some(id) = inner.id.parse::<usize>().ok().filter(|id| *id < count) else {
            return Err(Error::malformed(
                "the answer to the batch has an answer to nothing",
            ));
        };
        let headers = inner.headers.unwrap_or_default();
        let piece = Piece {
            status: inner.status,
            retry_after: headers.retry_after,
            units: headers.units,
            request_id: headers.request_id,
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

//! Bodies of requests: JSON of a bounded size, with nothing in it that is not known.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// Largest body of a request, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// A JSON body. Types of it refuse unknown members.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let given = request.headers().get(header::CONTENT_TYPE);
        let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
        let media = given.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                format!("the body is said to be {given:?}: it must be application/json"),
            ));
        }
        let stated = request.headers().get(header::CONTENT_LENGTH);
        let stated = stated.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if stated.is_some_and(|length| length > MAX_BYTES) {
            return Err(too_large());
        }
        // One byte more tells a body that is too large from a connection that broke.
        let bytes = to_bytes(request.into_body(), MAX_BYTES).await;
        let bytes = bytes.map_err(|error| {
            let text = error.to_string();
            if text.contains("length limit") {
                return too_large();
            }
            Problem::new(
                Code::BodyIncomplete,
                "the body ended before its stated length",
            )
        })?;
        parsed(&bytes).map(Self)
    }
}

fn too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("the body has more than {MAX_BYTES} bytes"),
    )
    .with("limit", MAX_BYTES)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = match error.classify() {
            serde_json::error::Category::Data => Code::InvalidBody,
            _ => Code::InvalidJson,
        };
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        Problem::new(code, format!("the body: {text}"))
            .with("line", error.line())
            .with("column", error.column())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        name: String,
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_with_its_place() {
        let own: Own = parsed(br#"{"name":"a"}"#).expect("because it fits");
        assert_eq!(own.name, "a");
        for (body, code) in [
            (&b"{"[..], Code::InvalidJson),
            (b"", Code::InvalidJson),
            (b"\xff", Code::InvalidJson),
            (br#"{"name":1}"#, Code::InvalidBody),
            (br#"{"name":"a","other":1}"#, Code::InvalidBody),
            (b"[]", Code::InvalidBody),
        ] {
            let problem = parsed::<Own>(body).expect_err("because it is wrong");
            assert_eq!(problem.code(), code, "{}", String::from_utf8_lossy(body));
        }
        let problem = parsed::<Own>(b"{\n  name").expect_err("because it is no JSON");
        assert_eq!(problem.document(None)["line"], 2);
    }
}

//! What went wrong with a request, as `application/problem+json` (RFC 9457).
//!
//! A problem has two messages: what the asker is told, and what only the log is told ([`Problem::internal`]).

mod codes;
mod from;
mod refused;

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

pub use codes::Code;
pub(crate) use refused::REFUSALS;

/// Media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// Where problems are described: the beginning of their types, relative to the server's base.
pub(crate) const TYPES: &str = "/problems/";

/// A failed request.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    more: Box<More>,
}

/// Everything but the code: failed requests are passed through many hands.
#[derive(Debug, Clone)]
struct More {
    detail: Cow<'static, str>,
    extensions: Map<String, Value>,
    retry_after: Option<Duration>,
    internal: Option<String>,
}

impl Problem {
    /// A problem with what is wrong this time: one line that names the thing and the way out.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            more: Box::new(More {
                detail: detail.into(),
                extensions: Map::new(),
                retry_after: None,
                internal: None,
            }),
        }
    }

    /// A bug: `what` goes to the log and not to the asker.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::new(
            Code::Internal,
            "something went wrong here, not in the request",
        )
        .internal(what)
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again: `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.more.retry_after = Some(wait.max(Duration::from_secs(1)));
        self
    }

    /// Adds what only the log is told.
    #[must_use]
    pub fn internal(mut self, what: impl Into<String>) -> Self {
        self.more.internal = Some(what.into());
        self
    }

    /// Which problem it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The word for it, and the word of the reason where there is one: for records.
    pub(crate) fn word_and_reason(&self) -> String {
        let word = self.code.word();
        match self.more.extensions.get("reason").and_then(Value::as_str) {
            Some(reason) => format!("{word}/{reason}"),
            None => word.to_owned(),
        }
    }

    /// What the asker is told.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.more.detail
    }

    /// What the log is told besides.
    #[must_use]
    pub fn told_to_log(&self) -> Option<&str> {
        self.more.internal.as_deref()
    }

    /// The document; `instance` is the request it is about.
    pub(crate) fn document(&self, instance: Option<&str>) -> Value {
        let mut document = Map::new();
        let word = self.code.word();
        document.insert("type".to_owned(), format!("{TYPES}{word}").into());
        document.insert("title".to_owned(), self.code.title().into());
        document.insert("status".to_owned(), self.code.status().as_u16().into());
        document.insert("detail".to_owned(), self.more.detail.as_ref().into());
        if let Some(instance) = instance {
            document.insert("instance".to_owned(), instance.into());
        }
        document.extend(self.more.extensions.clone());
        Value::Object(document)
    }

    /// The answer; `instance` is the request it is about.
    pub(crate) fn answer(&self, instance: Option<&str>) -> Response {
        let mut response = (self.code.status(), Json(self.document(instance))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.more.retry_after {
            headers.insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        let challenge = match self.code {
            Code::Unauthenticated => Some("Bearer realm=\"entrace\""),
            Code::InvalidToken => Some("Bearer realm=\"entrace\", error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}

impl IntoResponse for Problem {
    /// The answer, with the problem itself beside it for the layers ([`crate::router`]).
    fn into_response(self) -> Response {
        let mut response = self.answer(None);
        response.extensions_mut().insert(self);
        response
    }
}

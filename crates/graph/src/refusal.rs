//! What Graph's error answers mean.
//!
//! Rules go by status and code. A message decides only where Graph leaves no code: licences, and the name of a
//! refused property.

use serde::Deserialize;

use crate::{
    error::{Error, ErrorKind},
    origin::{Origin, host_of},
    transport::Raw,
};

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Option<Inner>,
}

#[derive(Deserialize, Default)]
struct Inner {
    #[serde(default)]
    code: Option<Text>,
    #[serde(default)]
    message: Option<Text>,
    #[serde(default, rename = "innerError", alias = "innererror")]
    detail: Option<Box<InnerError>>,
}

#[derive(Deserialize, Default)]
struct InnerError {
    #[serde(default)]
    code: Option<Text>,
    #[serde(default, rename = "request-id")]
    request_id: Option<Text>,
}

/// A text, or anything else that a service put where a text belongs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Is(String),
    Other(serde::de::IgnoredAny),
}

impl Text {
    fn take(text: Option<Self>) -> Option<String> {
        match text {
            Some(Self::Is(text)) => Some(text).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

/// What one error answer says, wherever it stood: in an answer of its own or inside a batch.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    pub status: u16,
    pub code: Option<String>,
    pub inner_code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

impl Refusal {
    pub(crate) fn read(status: u16, body: &[u8], request_id: Option<&str>) -> Self {
        let inner = serde_json::from_slice::<Body>(crate::scan::without_mark(body))
            .ok()
            .and_then(|body| body.error)
            .unwrap_or_default();
        let (mut inner_code, mut inner_id) = (None, None);
        if let Some(detail) = inner.detail {
            inner_code = Text::take(detail.code);
            inner_id = Text::take(detail.request_id);
        }
        Self {
            status,
            code: Text::take(inner.code),
            inner_code,
            message: Text::take(inner.message),
            request_id: request_id.map(str::to_owned).or(inner_id),
        }
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        [&self.code, &self.inner_code]
            .into_iter()
            .flatten()
            .any(|code| codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
    }

    fn speaks_of_licences(&self) -> bool {
        self.message.as_deref().is_some_and(|message| {
            let message = message.to_ascii_lowercase();
            message.contains("license")
                || message.contains("licence")
                || message.contains("premium")
        })
    }

    fn kind(&self) -> ErrorKind {
        // A lost token comes with 400, 404 or 410; a missing licence with 400, 402 or 403.
        if self.status == 410 || self.has_code(LOST_TOKEN) {
            return ErrorKind::Gone;
        }
        if self.has_code(NO_LICENCE)
            || self.status == 402
            || (self.status == 403 && self.speaks_of_licences())
        {
            return ErrorKind::NotLicensed;
        }
        if self.has_code(&["Directory_ConcurrencyViolation"]) {
            return ErrorKind::Conflict;
        }
        match self.status {
            401 => ErrorKind::SignIn,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            408 => ErrorKind::Timeout,
            409 => ErrorKind::Conflict,
            412 => ErrorKind::PreconditionFailed,
            423 => ErrorKind::Locked,
            429 => ErrorKind::Throttled,
            300..=399 => ErrorKind::Redirect,
            501 | 400..=499 => ErrorKind::Unsupported,
            500.. => ErrorKind::Server,
            _ => ErrorKind::Malformed,
        }
    }

    pub(crate) fn error(&self) -> Error {
        let kind = self.kind();
        let error = Error::new(kind, self.message.as_deref().unwrap_or("no message"))
            .with_status(self.status)
            .with_code(self.code.as_deref().or(self.inner_code.as_deref()))
            .with_request_id(self.request_id.as_deref())
            .with_property(self.property(kind));
        match way_out(kind) {
            Some(way_out) => error.with_way_out(way_out),
            None => error,
        }
    }

    /// The property Graph names in single quotes after the word "property".
    fn property(&self, kind: ErrorKind) -> Option<&str> {
        let message = self
            .message
            .as_deref()
            .filter(|_| kind == ErrorKind::Unsupported)?;
        let at = message.find("ropert")?;
        let name = message[at..].split('\'').nth(1)?;
        let fits = !name.is_empty()
            && name.len() <= 200
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_@.-".contains(&b));
        fits.then_some(name)
    }
}

const LOST_TOKEN: &[&str] = &[
    "syncStateNotFound",
    "syncStateInvalid",
    "resyncRequired",
    "resyncChangesApplyDifferences",
    "resyncChangesUploadDifferences",
    "Directory_ExpiredPageToken",
];

const NO_LICENCE: &[&str] = &[
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "AadPremiumLicenseRequired",
];

fn way_out(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Forbidden => {
            "grant the app the permission this resource needs, with administrator consent"
        }
        ErrorKind::NotLicensed => "the tenant has no licence for this resource; it is left out",
        ErrorKind::Gone => "the delta or page token is lost; read from the beginning",
        ErrorKind::SignIn => "Graph does not take the token: check the app's state and the cloud",
        ErrorKind::Throttled => "run again later, or with fewer requests at the same time",
        _ => return None,
    })
}

/// The error of an answer with a status of 300 and more.
pub(crate) fn error(raw: &Raw, origin: &Origin) -> Error {
    if (300..400).contains(&raw.status) {
        let to = raw.location().map_or_else(|| "nowhere".to_owned(), host_of);
        return Error::new(ErrorKind::Redirect, format!("the server redirects to {to}"))
            .with_status(raw.status)
            .with_request_id(raw.request_id())
            .with_way_out("redirects are not followed; check the configured Graph address, and proxies on the way");
    }
    let error = Refusal::read(raw.status, &raw.body, raw.request_id()).error();
    if error.kind() == ErrorKind::Gone {
        let location = raw.location().and_then(|text| origin.link(text).ok());
        return error.with_location(location);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Error {
        Refusal::read(status, body.as_bytes(), None).error()
    }

    #[test]
    fn kinds_follow_status_and_code() {
        use ErrorKind as K;
        for (status, body, kind) in [
            (
                403,
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#,
                K::Forbidden,
            ),
            (
                403,
                r#"{"error":{"code":"","message":"You do not have the required permissions to access this item."}}"#,
                K::Forbidden,
            ),
            (
                403,
                r#"{"error":{"code":"Authentication_RequestFromNonPremiumTenantOrB2CTenant","message":"x"}}"#,
                K::NotLicensed,
            ),
            (
                400,
                r#"{"error":{"code":"AadPremiumLicenseRequired","message":"The tenant needs P2"}}"#,
                K::NotLicensed,
            ),
            (
                403,
                r#"{"error":{"code":"UnknownError","message":"Your tenant does not have a license for this"}}"#,
                K::NotLicensed,
            ),
            (402, "", K::NotLicensed),
            (
                410,
                r#"{"error":{"code":"SyncStateNotFound","message":"generation=149"}}"#,
                K::Gone,
            ),
            (
                400,
                r#"{"error":{"code":"BadRequest","innerError":{"code":"resyncRequired"}}}"#,
                K::Gone,
            ),
            (404, r#"{"error":{"code":"syncStateNotFound"}}"#, K::Gone),
            (
                400,
                r#"{"error":{"code":"Directory_ExpiredPageToken"}}"#,
                K::Gone,
            ),
            (
                404,
                r#"{"error":{"code":"UnknownError","message":""}}"#,
                K::NotFound,
            ),
            (
                405,
                r#"{"error":{"code":"Request_BadRequest","message":"Specified HTTP method is not allowed for the request target."}}"#,
                K::Unsupported,
            ),
            (
                501,
                r#"{"error":{"code":"NotImplemented"}}"#,
                K::Unsupported,
            ),
            (409, "{}", K::Conflict),
            (412, "[]", K::PreconditionFailed),
            (423, "{\"error\":5}", K::Locked),
            (429, "<html>", K::Throttled),
            (401, "", K::SignIn),
            (418, "", K::Unsupported),
            (503, "{\"error\":{\"code\":7,\"message\":[]}}", K::Server),
        ] {
            assert_eq!(read(status, body).kind(), kind, "{status} {body}");
        }
    }

    #[test]
    fn the_refused_property_is_read() {
        let error = read(
            400,
            r#"{"error":{"code":"BadRequest","message":"Parsing OData Select and Expand failed: Could not find a property named 'usedLicenseCount' on type 'microsoft.graph.mobileApp'."}}"#,
        );
        assert_eq!(error.property(), Some("usedLicenseCount"));
        assert_eq!(
            read(
                400,
                r#"{"error":{"message":"Invalid filter clause at 'x'"}}"#
            )
            .property(),
            None
        );
        assert_eq!(
            read(
                400,
                r#"{"error":{"message":"property named '../../x y' unknown"}}"#
            )
            .property(),
            None
        );
    }

    #[test]
    fn ids_and_messages_are_kept_in_bounds() {
        let error = read(
            400,
            &format!(
                r#"{{"error":{{"code":"a\nb","message":"{}","innerError":{{"request-id":"r1"}}}}}}"#,
                "z".repeat(5000)
            ),
        );
        assert_eq!(
            (error.code(), error.request_id()),
            (Some("a b"), Some("r1"))
        );
        assert!(error.message().chars().count() < 500);
    }
}

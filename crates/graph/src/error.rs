//! What can go wrong with Graph, by what the caller must do about it.
//!
//! One [`Error`] for the crate: a kind to branch on, and around it what Graph said, what was asked and how to go
//! on. Everything that came from outside is bounded and stripped of control characters before it is kept, and no
//! query value, secret or token ever is.

use std::{fmt, sync::Arc};

use crate::origin::Link;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Longest text of foreign origin an error keeps, in characters.
const TEXT_LIMIT: usize = 400;

/// What the caller can do about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Graph kept answering "too many requests" until tries or waiting time ran out: run again later.
    Throttled,
    /// No token: the credential, the tenant or the app registration needs a hand.
    SignIn,
    /// The token lacks a permission or role (403).
    Forbidden,
    /// The tenant lacks the licence for this resource: record it, do not fail.
    NotLicensed,
    /// There is no such object (404): it vanished since it was listed, or never was.
    NotFound,
    /// The delta or page token is lost (410 and its kin): read from the beginning, or from
    /// [`Error::location`] if Graph gave a place to start again.
    Gone,
    /// Graph does not do what was asked: an unknown property, option or method (400, 405, 501).
    Unsupported,
    /// The object exists already or is being changed by somebody else (409).
    Conflict,
    /// The object changed since the version the write was built on (412).
    PreconditionFailed,
    /// The object is locked (423).
    Locked,
    /// Graph failed (5xx) until tries or waiting time ran out.
    Server,
    /// The answer is not what Graph answers: HTML, empty, cut short, not JSON, without `value`.
    Malformed,
    /// A link leads away from the configured Graph: it is never followed.
    OffOrigin,
    /// The server answered with a redirect: it is never followed.
    Redirect,
    /// The answer is larger than the configured limit, or nested deeper than any object is.
    TooLarge,
    /// Paging does not end: a link came twice, or too many pages were empty.
    Loop,
    /// No answer in time.
    Timeout,
    /// The connection could not be made, or broke.
    Connection,
    /// The client was cancelled.
    Cancelled,
    /// The settings cannot work: nothing was sent.
    Settings,
}

/// A failed request, sign-in or setting. Cheap to clone; the text is one line naming the thing, the place and,
/// where there is one, the way out.
#[derive(Clone)]
pub struct Error(Arc<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    asked: Option<String>,
    way_out: Option<String>,
    property: Option<String>,
    location: Option<Link>,
    fleeting: bool,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl AsRef<str>) -> Self {
        Self(Arc::new(Detail {
            kind,
            status: None,
            code: None,
            message: printable(message.as_ref()),
            request_id: None,
            asked: None,
            way_out: None,
            property: None,
            location: None,
            fleeting: false,
        }))
    }

    pub(crate) fn settings(message: impl AsRef<str>) -> Self {
        Self::new(ErrorKind::Settings, message)
    }

    /// A malformed answer of the kind a broken connection leaves: worth asking again.
    pub(crate) fn cut_short(message: impl AsRef<str>) -> Self {
        Self::malformed(message).change(|detail| detail.fleeting = true)
    }

    pub(crate) fn is_fleeting(&self) -> bool {
        self.0.fleeting
    }

    pub(crate) fn malformed(message: impl AsRef<str>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// What to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Graph's error code (`Request_ResourceNotFound`), or the `AADSTS...` code of a refused sign-in.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What was said, bounded and on one line. For people: never branch on it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Microsoft's id of the request, which their support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Method and path of the request; query options by name only.
    #[must_use]
    pub fn asked(&self) -> Option<&str> {
        self.0.asked.as_deref()
    }

    /// What a person can do about it.
    #[must_use]
    pub fn way_out(&self) -> Option<&str> {
        self.0.way_out.as_deref()
    }

    /// The property Graph refused ([`ErrorKind::Unsupported`]), if it named one.
    #[must_use]
    pub fn property(&self) -> Option<&str> {
        self.0.property.as_deref()
    }

    /// Where to start again after [`ErrorKind::Gone`], if Graph gave a link of its own origin.
    #[must_use]
    pub fn location(&self) -> Option<&Link> {
        self.0.location.as_ref()
    }

    fn change(mut self, change: impl FnOnce(&mut Detail)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.change(|detail| detail.status = Some(status))
    }

    pub(crate) fn with_code(self, code: Option<&str>) -> Self {
        self.change(|detail| detail.code = code.map(printable).filter(|text| !text.is_empty()))
    }

    pub(crate) fn with_request_id(self, id: Option<&str>) -> Self {
        self.change(|detail| detail.request_id = id.map(printable).filter(|text| !text.is_empty()))
    }

    pub(crate) fn with_asked(self, asked: impl AsRef<str>) -> Self {
        self.change(|detail| detail.asked = Some(printable(asked.as_ref())))
    }

    pub(crate) fn with_way_out(self, way_out: impl Into<String>) -> Self {
        self.change(|detail| detail.way_out = Some(way_out.into()))
    }

    pub(crate) fn with_property(self, property: Option<&str>) -> Self {
        self.change(|detail| detail.property = property.map(printable))
    }

    pub(crate) fn with_location(self, location: Option<Link>) -> Self {
        self.change(|detail| detail.location = location)
    }

    /// Removes a secret that the other side may have echoed, also where the text was cut inside it.
    pub(crate) fn without(self, secret: &str) -> Self {
        self.change(|detail| {
            detail.message = scrubbed(&detail.message, secret);
            for text in [&mut detail.code, &mut detail.request_id]
                .into_iter()
                .flatten()
            {
                *text = scrubbed(text, secret);
            }
        })
    }
}

/// Shortest piece of a secret that is recognised, in bytes.
const SECRET_PIECE: usize = 8;

/// The text with every beginning of the secret that is at least [`SECRET_PIECE`] long taken out.
fn scrubbed(text: &str, secret: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let Some(beginning) = secret
        .get(..SECRET_PIECE.min(secret.len()))
        .filter(|b| !b.is_empty())
    else {
        return text.to_owned();
    };
    while let Some(at) = rest.find(beginning) {
        out.push_str(&rest[..at]);
        out.push_str("[removed]");
        let echoed = &rest[at..];
        let same = echoed
            .chars()
            .zip(secret.chars())
            .take_while(|(a, b)| a == b);
        rest = &echoed[same.map(|(c, _)| c.len_utf8()).sum()..];
    }
    out + rest
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = &*self.0;
        if let Some(asked) = &detail.asked {
            write!(f, "{asked}: ")?;
        }
        if let Some(status) = detail.status {
            write!(f, "{status} ")?;
        }
        if let Some(code) = &detail.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&detail.message)?;
        if let Some(id) = &detail.request_id {
            write!(f, " (request {id})")?;
        }
        if let Some(way_out) = &detail.way_out {
            write!(f, "; {way_out}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// Foreign text fit for one line of a terminal or log: no control or direction-changing characters, single
/// spaces, bounded length.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        {
            continue;
        }
        if length >= TEXT_LIMIT {
            out.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            length += 1;
        }
        out.push(c);
        length += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_bounded_line() {
        assert_eq!(printable("a\r\n\u{1b}[31mb\u{202e}c\u{0}"), "a [31mbc");
        assert_eq!(printable("  x  "), "x");
        assert_eq!(
            printable(&"y".repeat(10_000)).chars().count(),
            TEXT_LIMIT + 1
        );
    }

    #[test]
    fn the_text_names_thing_place_and_way_out() {
        let error = Error::new(ErrorKind::Forbidden, "insufficient privileges")
            .with_status(403)
            .with_code(Some("Authorization_RequestDenied"))
            .with_request_id(Some("93b6f17e"))
            .with_asked("GET /v1.0/users")
            .with_way_out("grant the app User.Read.All");
        assert_eq!(
            error.to_string(),
            "GET /v1.0/users: 403 Authorization_RequestDenied: insufficient privileges (request 93b6f17e); grant the app User.Read.All"
        );
    }

    #[test]
    fn an_echoed_secret_is_removed() {
        let error = Error::new(ErrorKind::SignIn, "secret hunter2hunter2 is wrong")
            .without("hunter2hunter2");
        assert_eq!(error.to_string(), "secret [removed] is wrong");
        let long = "0123456789".repeat(100);
        let cut = Error::malformed(format!("token {long}")).without(&long);
        assert_eq!(cut.to_string(), "token [removed]…");
    }
}

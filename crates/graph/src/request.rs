//! What can be asked of Graph: reads ([`Get`]) and writes ([`Write`]).

use bytes::Bytes;

use crate::{
    error::{Error, ErrorKind, Result},
    origin::{Link, has_dot_segment},
};

/// Version of Graph. Property sets differ between them, so every stored object must say which it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// `/v1.0`
    V1,
    /// `/beta`
    Beta,
}

impl Api {
    /// Path segment: `v1.0` or `beta`.
    #[must_use]
    pub fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Which of Graph's quotas a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Users, groups, applications, roles, devices and most policies: resource units in ten seconds.
    Identity,
    /// Conditional Access, named locations, risk: one request a second, for all apps of the tenant together.
    ConditionalAccess,
    /// Audit log and sign-ins: five requests in ten seconds.
    Reports,
    /// Identity providers, user flows, API connectors: 200 requests a minute.
    UserFlows,
    /// Device management: 1,000 requests in twenty seconds.
    Intune,
    /// Everything else; only paused when Graph asks for it.
    Other,
}

impl Family {
    pub(crate) const ALL: [Self; 6] = [
        Self::Identity,
        Self::ConditionalAccess,
        Self::Reports,
        Self::UserFlows,
        Self::Intune,
        Self::Other,
    ];
}

/// Where a read goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path of ours below the version, with its query: `/users?$filter=mail eq 'a@b.c'`. Blanks, quotes and other
    /// unsafe characters are encoded by the client; `%` begins an escape that is already encoded, `+` and `#`
    /// mean themselves.
    Path {
        /// Version asked.
        api: Api,
        /// Begins with a slash; no `.` or `..` segments.
        path: String,
    },
    /// A link of an answer, followed as received.
    Link(Link),
}

/// One read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Get {
    /// Where it goes.
    pub target: Target,
    /// Under which name it is metered: the kind of object.
    pub label: &'static str,
    /// The quota it counts against.
    pub family: Family,
    /// Resource units it is expected to cost; Graph's own figure replaces it when the answer is there.
    pub cost: u32,
    /// Value of the `Prefer` header.
    pub prefer: Option<String>,
    /// Value of the `Accept-Language` header, by which some resources choose one of several forms.
    pub language: Option<&'static str>,
    /// Sends `ConsistencyLevel: eventual`, which advanced queries and `$count` need (on every page again).
    pub eventual: bool,
    /// The answer must be a list, that is have `value` as an array.
    pub list: bool,
    /// Value of the `Accept` header of a download; JSON is asked for where there is none.
    pub media: Option<&'static str>,
}

impl Get {
    /// A read of a path below a version: a list, of the identity family, at a cost of one.
    #[must_use]
    pub fn path(api: Api, path: impl Into<String>, label: &'static str) -> Self {
        Self::target(
            Target::Path {
                api,
                path: path.into(),
            },
            label,
        )
    }

    /// A read that goes on from a link.
    #[must_use]
    pub fn link(link: Link, label: &'static str) -> Self {
        Self::target(Target::Link(link), label)
    }

    fn target(target: Target, label: &'static str) -> Self {
        Self {
            target,
            label,
            family: Family::Identity,
            cost: 1,
            prefer: None,
            language: None,
            eventual: false,
            list: true,
            media: None,
        }
    }

    /// The answer must be a list: without an array `value` it is malformed. The default.
    #[must_use]
    pub fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// The answer is one object.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.list = false;
        self
    }

    /// Counts against this quota.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Expected resource units.
    #[must_use]
    pub fn cost(mut self, units: u32) -> Self {
        self.cost = units;
        self
    }

    /// Sends a `Prefer` header.
    #[must_use]
    pub fn prefer(mut self, value: impl Into<String>) -> Self {
        self.prefer = Some(value.into());
        self
    }

    /// Sends an `Accept-Language` header.
    #[must_use]
    pub fn language(mut self, value: &'static str) -> Self {
        self.language = Some(value);
        self
    }

    /// Sends `ConsistencyLevel: eventual`.
    #[must_use]
    pub fn eventual(mut self) -> Self {
        self.eventual = true;
        self
    }

    /// Value of the `Accept` header instead of JSON; for downloads.
    #[must_use]
    pub fn accept(mut self, media: &'static str) -> Self {
        self.media = Some(media);
        self
    }

    /// The same read with all its settings, at another place: the next page.
    #[must_use]
    pub fn following(&self, link: Link) -> Self {
        Self {
            target: Target::Link(link),
            ..self.clone()
        }
    }
}

/// Method of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Create, or an action. Not idempotent.
    Post,
    /// Change. Not idempotent for HTTP.
    Patch,
    /// Replace.
    Put,
    /// Delete.
    Delete,
}

impl Method {
    /// Upper-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending it twice does what sending it once does.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        matches!(self, Self::Put | Self::Delete)
    }
}

/// One write. It is sent again only where Graph certainly did not carry it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What to do.
    pub method: Method,
    /// Version of Graph.
    pub api: Api,
    /// As in [`Target::Path`].
    pub path: String,
    /// JSON text, if there is a body.
    pub body: Option<Bytes>,
    /// Value of `If-Match`: the etag the change was built on.
    pub if_match: Option<String>,
    /// Value of `Prefer` (`create-if-missing`).
    pub prefer: Option<String>,
    /// Under which name it is metered.
    pub label: &'static str,
    /// The quota it counts against.
    pub family: Family,
    /// Resource units it is expected to cost.
    pub cost: u32,
}

impl Write {
    /// A write without body, of the identity family, at a cost of one.
    #[must_use]
    pub fn new(method: Method, api: Api, path: impl Into<String>, label: &'static str) -> Self {
        Self {
            method,
            api,
            path: path.into(),
            body: None,
            if_match: None,
            prefer: None,
            label,
            family: Family::Identity,
            cost: 1,
        }
    }

    /// With a body of JSON text.
    #[must_use]
    pub fn body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = Some(json.into());
        self
    }

    /// Only if the object still has this etag.
    #[must_use]
    pub fn if_match(mut self, etag: impl Into<String>) -> Self {
        self.if_match = Some(etag.into());
        self
    }

    /// Sends a `Prefer` header.
    #[must_use]
    pub fn prefer(mut self, value: impl Into<String>) -> Self {
        self.prefer = Some(value.into());
        self
    }

    /// Counts against this quota.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }
}

/// What Graph said to a write that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, 201, 202 or 204.
    pub status: u16,
    /// JSON text; empty with 204.
    pub body: Bytes,
    /// Etag of what was written, if Graph gave one.
    pub etag: Option<String>,
    /// `Location` header: the created object or the operation to watch. Text only, never followed by itself.
    pub location: Option<String>,
    /// Microsoft's id of the request.
    pub request_id: Option<String>,
}

/// `/v1.0/users?$filter=...` in the form that goes over the wire.
pub(crate) fn encoded(api: Api, path: &str) -> Result<String> {
    let bad = |why: &str| {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("cannot ask for this path: {why}"),
        ))
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return bad("it does not begin with one slash");
    }
    if path
        .bytes()
        .any(|byte| byte < b' ' || byte == 0x7f || byte == b'\\')
    {
        return bad("it has a control character or backslash");
    }
    if has_dot_segment(path.split('?').next().unwrap_or_default()) {
        return bad("it has a `.` or `..` segment");
    }
    let mut out = format!("/{}", api.segment());
    for byte in path.bytes() {
        match byte {
            b' ' | b'"' | b'#' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | b'+' | 0x80.. => {
                use std::fmt::Write as _;
                write!(out, "%{byte:02X}").expect("because a String takes all that is written");
            }
            other => out.push(char::from(other)),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_once() {
        assert_eq!(
            encoded(
                Api::V1,
                "/users?$filter=mail eq 'a+b@c.de' and x%20y&$top=5"
            )
            .expect("a path"),
            "/v1.0/users?$filter=mail%20eq%20'a%2Bb@c.de'%20and%20x%20y&$top=5"
        );
        assert_eq!(
            encoded(Api::Beta, "/users/x_y#EXT#@t.é").expect("a path"),
            "/beta/users/x_y%23EXT%23@t.%C3%A9"
        );
    }

    #[test]
    fn paths_that_climb_are_refused() {
        for path in [
            "users",
            "//evil/users",
            "/users/../x",
            "/users/%2e%2e/x",
            "/users/..%2Fx",
            "/users\\..",
            "/a\nb",
            "/a\0",
            "/.",
        ] {
            assert_eq!(
                encoded(Api::V1, path).expect_err(path).kind(),
                ErrorKind::Unsupported,
                "{path}"
            );
        }
    }
}

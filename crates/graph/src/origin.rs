//! Where requests may go: one origin, and links proved to lead there.
//!
//! A token must reach the configured Graph and nobody else. Links of answers (`@odata.nextLink`) are opaque, but a
//! forged or damaged one could carry the token away; so a [`Link`] only exists after its scheme, host and port were
//! compared with the configured origin, and requests are only ever made from an [`Origin`]'s own paths and links.

use std::{fmt, net::IpAddr, sync::Arc};

use url::{Host, Url};

use crate::{
    error::{Error, ErrorKind, Result},
    request::Api,
};

/// Longest link that is read, in bytes. Delta links carry a `$select` and a token of a few KiB.
const LINK_LIMIT_BYTES: usize = 64 * 1024;

/// Scheme, host, port and root path under which a service answers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    root: Url,
}

impl Origin {
    /// `what` names the setting in errors. https everywhere, http on this machine only.
    pub(crate) fn new(what: &str, root: &Url) -> Result<Self> {
        let fail = |why: &str| {
            Err(Error::settings(format!("{what}: {why}"))
                .with_way_out("give an address like https://graph.microsoft.com"))
        };
        if !matches!(root.scheme(), "https" | "http") {
            return fail("the address is neither https nor http");
        }
        if root.scheme() == "http" && !is_loopback(root) {
            return fail(
                "plain http is only allowed to this machine (127.0.0.0/8, ::1, localhost)",
            );
        }
        if !root.username().is_empty() || root.password().is_some() {
            return fail("the address has a user name or password in it");
        }
        if root.query().is_some() || root.fragment().is_some() {
            return fail("the address has a query or fragment");
        }
        if root.host_str().is_none_or(|host| host.ends_with('.')) {
            return fail("the address has no host, or one that ends with a dot");
        }
        let mut root = root.clone();
        let path = root.path().trim_end_matches('/').to_owned();
        root.set_path(&path);
        Ok(Self { root })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.root)
    }

    /// `https://host[:port]/root` without a slash at the end.
    pub(crate) fn text(&self) -> &str {
        self.root.as_str().trim_end_matches('/')
    }

    /// The address of a path below the root. The path must be encoded and is proved to stay below the root.
    pub(crate) fn join(&self, path: &str) -> Result<Url> {
        let refused = || {
            Error::new(
                ErrorKind::Unsupported,
                "the path leaves the resource it is meant for",
            )
        };
        if path.split(['?']).next().is_some_and(has_dot_segment) {
            return Err(refused());
        }
        let url = Url::parse(&format!("{}{path}", self.text())).map_err(|_| refused())?;
        if self.same_origin(&url) && self.below_root(&url).is_some() {
            Ok(url)
        } else {
            Err(refused())
        }
    }

    fn same_origin(&self, url: &Url) -> bool {
        url.scheme() == self.root.scheme()
            && url.host() == self.root.host()
            && url.port_or_known_default() == self.root.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// Path below the root, beginning with a slash.
    fn below_root<'a>(&self, url: &'a Url) -> Option<&'a str> {
        url.path()
            .strip_prefix(self.root.path().trim_end_matches('/'))
            .filter(|rest| rest.starts_with('/'))
    }

    /// Proves a link of an answer, or one that was stored, to lead to this origin.
    pub(crate) fn link(&self, text: &str) -> Result<Link> {
        let url = self.proven(text).ok_or_else(|| off_origin(text))?;
        let api = match self.below_root(&url) {
            Some(rest) if rest.starts_with("/v1.0/") => Api::V1,
            Some(rest) if rest.starts_with("/beta/") => Api::Beta,
            _ => return Err(off_origin(text)),
        };
        Ok(Link(Arc::new(Inner {
            text: text.to_owned(),
            url,
            api,
        })))
    }

    /// The parsed link, if nothing about its text is unlike a link that Graph writes.
    fn proven(&self, text: &str) -> Option<Url> {
        // A parser forgives blanks, backslashes and dots; each is a known way to make two readers see two hosts.
        if text.len() > LINK_LIMIT_BYTES
            || text
                .bytes()
                .any(|b| b <= b' ' || b == 0x7f || b == b'\\' || b == b'#')
        {
            return None;
        }
        let (_, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        if authority.is_empty() || !authority.is_ascii() || authority.contains(['@', '%']) {
            return None;
        }
        if has_dot_segment(rest[authority.len()..].split('?').next()?) {
            return None;
        }
        Url::parse(text).ok().filter(|url| self.same_origin(url))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Whether a path climbs: `.`, `..` and their encoded forms, also behind an encoded slash or a backslash.
pub(crate) fn has_dot_segment(path: &str) -> bool {
    let plain = path
        .replace("%2e", ".")
        .replace("%2E", ".")
        .replace("%2f", "/")
        .replace("%2F", "/")
        .replace("%5c", "/")
        .replace("%5C", "/");
    plain
        .split(['/', '\\'])
        .any(|segment| segment == "." || segment == "..")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn off_origin(text: &str) -> Error {
    Error::new(
        ErrorKind::OffOrigin,
        format!(
            "a link leads away from the configured Graph, to {}",
            host_of(text)
        ),
    )
    .with_way_out("it is not followed; if the host is yours, check the configured Graph address")
}

/// The host of a foreign address, for a message that must not repeat the rest of it.
pub(crate) fn host_of(text: &str) -> String {
    match Url::parse(text.get(..LINK_LIMIT_BYTES).unwrap_or(text)) {
        Ok(url) => url.host_str().map_or_else(
            || "no host".to_owned(),
            |host| format!("host {}", host.chars().take(255).collect::<String>()),
        ),
        Err(_) => "no host".to_owned(),
    }
}

/// A link proved to lead to the configured Graph. Kept whole, as received; cheap to clone. `Debug` hides the query,
/// which holds paging and delta tokens.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    text: String,
    url: Url,
    api: Api,
}

impl Link {
    /// The whole link as Graph gave it: what to store, and to hand to [`Client::link`](crate::Client::link) later.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Version of Graph the link belongs to.
    #[must_use]
    pub fn api(&self) -> Api {
        self.0.api
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0.url
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Link {}

impl std::hash::Hash for Link {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", shown(&self.0.url))
    }
}

/// Path of an address with its query options by name: what may be printed.
pub(crate) fn shown(url: &Url) -> String {
    let mut out = url.path().to_owned();
    for (i, pair) in url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .enumerate()
    {
        out.push(if i == 0 { '?' } else { '&' });
        out.push_str(
            pair.split('=')
                .next()
                .unwrap_or_default()
                .replace("%24", "$")
                .as_str(),
        );
    }
    out
}

#[cfg(test)]
#[path = "origin/tests.rs"]
mod tests;

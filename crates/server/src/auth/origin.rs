//! Requests that a browser was tricked into: by another site, or by a name that leads here.
//!
//! A server on this machine is within reach of every page that is open in a browser on it. Two rules keep them out,
//! besides the token that they do not have:
//!
//! - `Host` must be a name of this server. A page of `evil.example` whose name is made to point to 127.0.0.1 (DNS
//!   rebinding) still sends its own name.
//! - A request that changes something and says which page it is from (`Origin`, `Sec-Fetch-Site`) must be from this
//!   server's own.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use url::Url;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What this server is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Hosts with port, lowercase (`localhost:7878`); `None`: any, where it is not known what others call it.
    hosts: Option<Vec<String>>,
    /// Origins of its own pages.
    origins: Vec<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tricked {
    /// It is for a server of another name.
    Host,
    /// It is from a page of another site.
    Origin,
}

impl Names {
    /// Of a server that listens on a port of this machine alone, and may be known by a public address besides.
    #[must_use]
    pub fn loopback(port: u16, public: Option<&Url>) -> Self {
        let mut names = Self {
            hosts: Some(Vec::new()),
            origins: Vec::new(),
        };
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            names.add(&format!("{host}:{port}"), "http");
            names.add(&format!("{host}:{port}"), "https");
        }
        if let Some(url) = public {
            names.add_public(url);
        }
        names
    }

    /// Of a server others can reach: known by its public address, if that is said.
    #[must_use]
    pub fn reachable(public: Option<&Url>) -> Self {
        let mut names = Self {
            hosts: public.map(|_| Vec::new()),
            origins: Vec::new(),
        };
        if let Some(url) = public {
            names.add_public(url);
        }
        names
    }

    fn add_public(&mut self, url: &Url) {
        if let Some(host) = url.host_str() {
            let host = match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            };
            self.add(&host, url.scheme());
        }
    }

    fn add(&mut self, host: &str, scheme: &str) {
        let host = host.to_ascii_lowercase();
        self.origins.push(format!("{scheme}://{host}"));
        self.hosts.get_or_insert_default().push(host);
    }

    /// Looks at a request.
    ///
    /// # Errors
    /// Where a browser seems to have been tricked into it.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Tricked> {
        // HTTP/2 has the name in the address.
        let host = match uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => headers.get(HOST).and_then(|host| host.to_str().ok()),
        };
        if let Some(hosts) = &self.hosts {
            let host = host.map(str::to_ascii_lowercase).ok_or(Tricked::Host)?;
            if !hosts.contains(&host) || headers.get_all(HOST).iter().count() > 1 {
                return Err(Tricked::Host);
            }
        }
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        if !matches!(site, None | Some(b"same-origin" | b"none")) {
            return Err(Tricked::Origin);
        }
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(());
        };
        let origin = origin.to_str().map_err(|_| Tricked::Origin)?;
        let is_own = match &self.hosts {
            Some(_) => self.origins.iter().any(|own| own == origin),
            // Only the name it was called by can be compared.
            None => host.is_some_and(|host| {
                let bare = origin.split_once("://").map(|(_, bare)| bare);
                bare == Some(host)
            }),
        };
        if is_own { Ok(()) } else { Err(Tricked::Origin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(HeaderName, &str)| {
            let value = HeaderValue::from_str(value).expect("because it is a value");
            (name.clone(), value)
        };
        pairs.iter().map(pair).collect()
    }

    fn check(names: &Names, method: &Method, pairs: &[(HeaderName, &str)]) -> Result<(), Tricked> {
        names.check(method, &Uri::from_static("/v1/plans"), &headers(pairs))
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_not_ours() {
        let names = Names::loopback(7878, None);
        for good in [
            "localhost:7878",
            "127.0.0.1:7878",
            "[::1]:7878",
            "LOCALHOST:7878",
        ] {
            assert_eq!(
                check(&names, &Method::GET, &[(HOST, good)]),
                Ok(()),
                "{good}"
            );
        }
        for bad in [
            "evil.example:7878",
            "localhost",
            "localhost:80",
            "127.0.0.1:7879",
            "localhost.evil.example:7878",
            "127.0.0.1.nip.io:7878",
            "0.0.0.0:7878",
            "",
        ] {
            assert_eq!(
                check(&names, &Method::GET, &[(HOST, bad)]),
                Err(Tricked::Host),
                "{bad}"
            );
        }
        assert_eq!(check(&names, &Method::GET, &[]), Err(Tricked::Host));
        let two = [(HOST, "localhost:7878"), (HOST, "evil.example")];
        assert_eq!(check(&names, &Method::GET, &two), Err(Tricked::Host));
    }

    #[test]
    fn another_sites_page_changes_nothing() {
        let names = Names::loopback(7878, None);
        let host = (HOST, "localhost:7878");
        let post = |pairs: &[(HeaderName, &str)]| {
            check(
                &names,
                &Method::POST,
                &[std::slice::from_ref(&host), pairs].concat(),
            )
        };
        assert_eq!(post(&[]), Ok(()), "programs have no origin");
        assert_eq!(post(&[(ORIGIN, "http://localhost:7878")]), Ok(()));
        for bad in [
            "https://evil.example",
            "null",
            "http://localhost:7879",
            "http://localhost",
        ] {
            assert_eq!(post(&[(ORIGIN, bad)]), Err(Tricked::Origin), "{bad}");
        }
        assert_eq!(post(&[(FETCH_SITE, "cross-site")]), Err(Tricked::Origin));
        assert_eq!(post(&[(FETCH_SITE, "same-site")]), Err(Tricked::Origin));
        assert_eq!(post(&[(FETCH_SITE, "same-origin")]), Ok(()));
    }

    #[test]
    fn behind_a_proxy_the_public_name_counts() {
        let url = Url::parse("https://entrace.contoso.example").expect("because it is an address");
        let known = Names::reachable(Some(&url));
        assert_eq!(
            check(&known, &Method::GET, &[(HOST, "entrace.contoso.example")]),
            Ok(())
        );
        assert_eq!(
            check(&known, &Method::GET, &[(HOST, "10.0.0.1")]),
            Err(Tricked::Host)
        );
        let unknown = Names::reachable(None);
        let own = [(HOST, "box:443"), (ORIGIN, "https://box:443")];
        assert_eq!(check(&unknown, &Method::POST, &own), Ok(()));
        let other = [(HOST, "box:443"), (ORIGIN, "https://evil.example")];
        assert_eq!(check(&unknown, &Method::POST, &other), Err(Tricked::Origin));
    }
}

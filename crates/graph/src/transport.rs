//! One exchange with a server: send, read the answer within limits, follow nothing.

use std::{error::Error as _, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use reqwest::{
    RequestBuilder, Response,
    header::{
        CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
    },
    redirect,
};

use crate::{
    error::{Error, ErrorKind, Result, printable},
    held::{Body, Held, Share},
    origin::Origin,
    retry,
    settings::Limits,
};

/// Most of an error's body that is read, in bytes.
const ERROR_BODY_LIMIT_BYTES: usize = 256 * 1024;

/// Longest time to make a connection, where exchanges have a limit at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests to one origin.
#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    exchange_timeout: Option<Duration>,
    held: Arc<Held>,
}

/// An answer, read to its end.
pub(crate) struct Raw {
    pub status: u16,
    pub headers: HeaderMap,
    /// Complete for statuses below 300; at most [`ERROR_BODY_LIMIT_BYTES`] of an error.
    pub body: Bytes,
}

/// No usable answer.
pub(crate) struct Lost {
    pub error: Error,
    /// The server certainly did not see the request.
    pub unsent: bool,
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self {
            error,
            unsent: false,
        }
    }
}

impl Transport {
    /// `direct` leaves out the system's proxy: for this machine, and for link-local addresses.
    pub(crate) fn new(
        direct: bool,
        plain_only: bool,
        user_agent: &str,
        exchange_timeout: Option<Duration>,
        max_held_bytes: usize,
    ) -> Result<Self> {
        // Fails when another part of the process chose before: any choice is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .gzip(true)
            .user_agent(user_agent)
            .pool_max_idle_per_host(16);
        builder = match exchange_timeout {
            Some(limit) => builder.connect_timeout(CONNECT_TIMEOUT.min(limit)),
            // Then no timer at all is left that a runtime with a paused clock could run ahead to.
            None => builder.pool_idle_timeout(None),
        };
        if direct {
            builder = builder.no_proxy();
        }
        if plain_only {
            // Without TLS there is no need to read the system's certificates, of which a container may have none.
            let nothing = rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder = builder.tls_backend_preconfigured(nothing);
        } else {
            builder = builder.tls_version_min(reqwest::tls::Version::TLS_1_2);
        }
        let http = builder
            .build()
            .map_err(|e| Error::settings(format!("cannot prepare connections: {}", causes(&e))))?;
        Ok(Self {
            http,
            exchange_timeout,
            held: Arc::new(Held::new(max_held_bytes)),
        })
    }

    pub(crate) fn to(
        origin: &Origin,
        user_agent: &str,
        exchange_timeout: Option<Duration>,
        max_held_bytes: usize,
    ) -> Result<Self> {
        let plain = origin.text().starts_with("http://");
        Self::new(
            origin.is_loopback(),
            plain,
            user_agent,
            exchange_timeout,
            max_held_bytes,
        )
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends and reads the whole answer. An error says that there is no usable answer; an answer with an error
    /// status is not an error here.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
        limit_bytes: usize,
    ) -> std::result::Result<Raw, Lost> {
        match self.exchange_timeout {
            None => read(request, limit_bytes, &self.held).await,
            Some(limit) => {
                match tokio::time::timeout(limit, read(request, limit_bytes, &self.held)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::new(
                        ErrorKind::Timeout,
                        format!("no complete answer within {} s", limit.as_secs_f32()),
                    )
                    .into()),
                }
            }
        }
    }
}

async fn read(
    request: RequestBuilder,
    limit_bytes: usize,
    held: &Arc<Held>,
) -> std::result::Result<Raw, Lost> {
    let response = request.send().await.map_err(|e| Lost {
        error: lost(&e),
        unsent: e.is_connect(),
    })?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = if status < 300 {
        body(response, limit_bytes, held).await?
    } else {
        // What an error says is worth having, but a broken text about it is not worth another error.
        body(response, ERROR_BODY_LIMIT_BYTES, held)
            .await
            .unwrap_or_default()
    };
    Ok(Raw {
        status,
        headers,
        body,
    })
}

async fn body(response: Response, limit_bytes: usize, held: &Arc<Held>) -> Result<Bytes> {
    let too_large = || {
        Error::new(
            ErrorKind::TooLarge,
            format!("the answer is larger than {limit_bytes} bytes"),
        )
        .with_way_out("ask for smaller pages, or raise the limit")
    };
    if let Some(coding) = response.headers().get(CONTENT_ENCODING) {
        // The decoder removes the header of what it decodes; what is left was never asked for.
        return Err(Error::malformed(format!(
            "the answer is encoded as {:?}",
            coding.to_str().unwrap_or("?")
        )));
    }
    let announced = response.content_length().unwrap_or(0);
    if announced > limit_bytes as u64 {
        return Err(too_large());
    }
    let mut whole = Vec::new();
    let mut share = Share::of(held);
    let first = usize::try_from(announced).unwrap_or(0).min(1 << 20);
    share.grow_to(first)?;
    whole.reserve_exact(first);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| lost(&e))?;
        if whole.len() + chunk.len() > limit_bytes {
            return Err(too_large());
        }
        let needed = whole.len() + chunk.len();
        if needed > whole.capacity() {
            let room = (2 * whole.capacity()).min(limit_bytes).max(needed);
            share.grow_to(room)?;
            whole.reserve_exact(room - whole.len());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Bytes::from_owner(Body {
        bytes: whole,
        _share: share,
    }))
}

/// Why there is no answer. Of the address only the host is named: the rest may hold tokens.
fn lost(error: &reqwest::Error) -> Error {
    let why = causes(error);
    if error.is_decode() {
        return Error::cut_short(format!("the answer cannot be decompressed: {why}"));
    }
    let host = error
        .url()
        .and_then(|url| url.host_str())
        .unwrap_or("the server");
    let kind = if error.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Connection
    };
    if error.is_connect() {
        return Error::new(kind, format!("cannot connect to {host}: {why}"))
            .with_way_out("check the network, a proxy (HTTPS_PROXY), and firewalls on the way");
    }
    Error::new(kind, format!("the connection to {host} broke: {why}"))
}

/// The innermost cause, which names the matter without the address that outer ones repeat.
fn causes(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.source().is_none() {
        "the request could not be built".to_owned()
    } else {
        printable(&innermost.to_string())
    }
}

impl Raw {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.header(&DATE).and_then(retry::http_date)
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.named("request-id")
            .or_else(|| self.named("x-ms-request-id"))
    }

    pub(crate) fn retry_after(&self) -> Option<&str> {
        self.header(&RETRY_AFTER)
    }

    pub(crate) fn location(&self) -> Option<&str> {
        self.header(&LOCATION)
    }

    pub(crate) fn etag(&self) -> Option<String> {
        self.header(&ETAG).map(str::to_owned)
    }

    /// Media type without parameters, in lower case.
    pub(crate) fn media(&self) -> Option<String> {
        let text = self.header(&CONTENT_TYPE)?;
        Some(
            text.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
        .filter(|media| !media.is_empty())
    }

    /// Checks that the answer claims to be JSON.
    pub(crate) fn expect_json(&self) -> Result<()> {
        match self.media().as_deref() {
            Some("application/json" | "text/json") => Ok(()),
            Some(media) if media.starts_with("application/") && media.ends_with("+json") => Ok(()),
            Some(media) => Err(Error::malformed(format!("the answer is {media}, not JSON"))),
            None if self.body.is_empty() => Err(Error::cut_short("the answer is empty")),
            // Nothing is claimed: the content decides.
            None => Ok(()),
        }
    }
}

/// Shared by all that asks: the transport to one origin, and that origin.
#[derive(Clone)]
pub(crate) struct Service {
    pub origin: Arc<Origin>,
    pub transport: Transport,
}

impl Service {
    pub(crate) fn new(origin: Origin, user_agent: &str, limits: &Limits) -> Result<Self> {
        let transport = Transport::to(
            &origin,
            user_agent,
            limits.exchange_timeout,
            limits.max_held_bytes,
        )?;
        Ok(Self {
            origin: Arc::new(origin),
            transport,
        })
    }
}

//! Tokens of the machine's own identity: from the link-local address of Azure VMs, or where App Service says.

use std::net::IpAddr;

use jiff::Timestamp;
use url::{Host, Url};

use super::{ANSWER_LIMIT_BYTES, Attempt, TokenAnswer, Tokens, refusal};
use crate::{
    error::{Error, ErrorKind, Result},
    retry::{self, RetryAfter},
    secret::Secret,
    settings::{Credential, Settings},
    transport::Transport,
};

const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// Where to ask, and how.
pub(super) struct Endpoint {
    url: Url,
    header: Option<Secret>,
    client_id: Option<String>,
    transport: Transport,
}

impl Endpoint {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let Credential::ManagedIdentity { client_id } = &settings.credential else {
            return Err(Error::settings("this credential is not a managed identity"));
        };
        let given = settings.identity_endpoint.as_ref();
        let url = match given {
            Some(endpoint) => endpoint.url.clone(),
            None => Url::parse(IMDS).expect("because the address is a valid one"),
        };
        if !is_near(&url) {
            return Err(
                Error::settings("the managed identity endpoint is not on this machine")
                    .with_way_out("give an http address with a loopback or link-local host"),
            );
        }
        // Never through a proxy: it would answer with its own machine's identity, or read ours.
        let transport = Transport::new(
            true,
            true,
            &settings.user_agent,
            settings.limits.exchange_timeout,
            settings.limits.max_held_bytes,
        )?;
        Ok(Self {
            url,
            header: given.and_then(|endpoint| endpoint.header.clone()),
            client_id: client_id.clone(),
            transport,
        })
    }

    pub(super) async fn fetch(&self, tokens: &Tokens) -> Result<TokenAnswer> {
        tokens.patiently(|| self.attempt(tokens)).await
    }

    async fn attempt(&self, tokens: &Tokens) -> std::result::Result<TokenAnswer, Attempt> {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair(
                "api-version",
                if self.header.is_some() {
                    "2019-08-01"
                } else {
                    "2018-02-01"
                },
            );
            query.append_pair("resource", &tokens.resource);
            if let Some(client_id) = &self.client_id {
                query.append_pair("client_id", client_id);
            }
        }
        let mut request = self.transport.http().get(url);
        request = match &self.header {
            Some(secret) => {
                let value = tokens.read(secret).await?;
                let mut header = reqwest::header::HeaderValue::from_str(&value)
                    .map_err(|_| Error::settings(format!("{secret} is not fit for a header")))?;
                header.set_sensitive(true);
                request.header("X-IDENTITY-HEADER", header)
            }
            None => request.header("Metadata", "true"),
        };
        let asked = "managed identity";
        let raw = self
            .transport
            .exchange(request, ANSWER_LIMIT_BYTES)
            .await
            .map_err(|lost| {
                lost.error
                    .with_asked(asked)
                    .with_way_out("this credential works on Azure machines with an identity only")
            })?;
        if raw.status == 200 {
            return serde_json::from_slice(&raw.body).map_err(|_| {
                Attempt::from(
                    Error::malformed("the endpoint's answer holds no token").with_asked(asked),
                )
            });
        }
        let (error, transient) = refusal::error(&raw);
        // 404 and 410 come while the endpoint starts or is updated.
        let transient = transient || matches!(raw.status, 404 | 410);
        let retry_after = match retry::parse_retry_after(
            raw.retry_after(),
            raw.date().unwrap_or_else(Timestamp::now),
        ) {
            RetryAfter::Wait(wait) => Some(wait),
            RetryAfter::Unknown => None,
        };
        let error = if error.kind() == ErrorKind::SignIn && error.way_out().is_none() {
            error.with_way_out(
                "give the machine an identity, or the client id of one that is assigned to it",
            )
        } else {
            error
        };
        Err(Attempt {
            error: error.with_asked(asked),
            transient,
            retry_after,
        })
    }
}

fn is_near(url: &Url) -> bool {
    let near = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    };
    url.scheme() == "http" && near && url.username().is_empty() && url.password().is_none()
}

//! What a [`Client`](crate::Client) is made from.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
    origin::Origin,
    secret::Secret,
};

mod environment;

/// A Microsoft cloud. Tokens of one are worth nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cloud {
    /// Worldwide, GCC included.
    #[default]
    Global,
    /// US Government L4, GCC High.
    UsGovL4,
    /// US Government L5, `DoD`.
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// Where tokens come from.
    #[must_use]
    pub fn authority(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovL4 | Self::UsGovL5 => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    /// Where Graph is; also the audience of its tokens.
    #[must_use]
    pub fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovL4 => "https://graph.microsoft.us",
            Self::UsGovL5 => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}

impl std::str::FromStr for Cloud {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "global" => Ok(Self::Global),
            "usgov" => Ok(Self::UsGovL4),
            "dod" => Ok(Self::UsGovL5),
            "china" => Ok(Self::China),
            _ => Err(Error::settings(format!("there is no cloud {word}"))
                .with_way_out("use global, usgov, dod or china")),
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::UsGovL4 => "usgov",
            Self::UsGovL5 => "dod",
            Self::China => "china",
        })
    }
}

/// What a person must do to sign in by device code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePrompt {
    /// The code to type.
    pub user_code: String,
    /// The page to type it on.
    pub verification_uri: String,
    /// Both in a sentence, in Microsoft's words.
    pub message: String,
    /// How long the code lives.
    pub expires_in: Duration,
}

/// Shows a [`DevicePrompt`] to a person. Must not block.
pub type Prompt = Arc<dyn Fn(&DevicePrompt) + Send + Sync>;

/// Who signs in, and how.
#[derive(Clone)]
pub enum Credential {
    /// An app with a client secret.
    ClientSecret {
        /// Application (client) id.
        client_id: String,
        /// The secret's value, not its id.
        secret: Secret,
    },
    /// An app with a certificate.
    Certificate {
        /// Application (client) id.
        client_id: String,
        /// PEM text with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted).
        pem: Secret,
    },
    /// An app that trusts another identity provider, whose token lies in a file.
    Federated {
        /// Application (client) id.
        client_id: String,
        /// Read again for every token, because it rotates.
        file: PathBuf,
    },
    /// The managed identity of the Azure machine this runs on.
    ManagedIdentity {
        /// Client id of a user-assigned identity.
        client_id: Option<String>,
    },
    /// A person, who signs in on another device.
    DeviceCode {
        /// Application (client) id of an app that allows public clients.
        client_id: String,
        /// Delegated permissions to ask for (`Directory.Read.All`).
        scopes: Vec<String>,
        /// Tells the person what to do.
        prompt: Prompt,
    },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientSecret { client_id, secret } => {
                write!(f, "ClientSecret({client_id}, {secret})")
            }
            Self::Certificate { client_id, pem } => write!(f, "Certificate({client_id}, {pem})"),
            Self::Federated { client_id, file } => {
                write!(f, "Federated({client_id}, {})", file.display())
            }
            Self::ManagedIdentity { client_id } => write!(
                f,
                "ManagedIdentity({})",
                client_id.as_deref().unwrap_or("system-assigned")
            ),
            Self::DeviceCode {
                client_id, scopes, ..
            } => write!(f, "DeviceCode({client_id}, {})", scopes.join(" ")),
        }
    }
}

/// Where the managed identity of this machine is asked for tokens, if not at the link-local address of Azure VMs.
#[derive(Debug, Clone)]
pub struct IdentityEndpoint {
    /// App Service and its kin name it in `IDENTITY_ENDPOINT`. On this machine or link-local.
    pub url: Url,
    /// The value of `IDENTITY_HEADER`; without it the endpoint is asked like the one of a VM.
    pub header: Option<Secret>,
}

/// How fast to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// Within the quotas Microsoft documents. Identity starts at those of a small tenant (3,500 resource units in ten
    /// seconds) until [`Client::tell_user_count`](crate::Client::tell_user_count) says more.
    #[default]
    Microsoft,
    /// As fast as answers come; throttling answers are still obeyed. For simulated tenants.
    Unlimited,
}

/// Bounds on what one client does and takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way at the same time.
    pub concurrency: usize,
    /// Times one request is sent before its last failure is returned.
    pub max_tries: u32,
    /// Longest time one request waits between its tries, in total.
    pub max_total_wait: Duration,
    /// How long a service may answer nothing at all before requests are refused without being sent, but one a minute.
    pub max_silence: Duration,
    /// Longest pause that is taken from a `Retry-After`; a longer one is cut and logged.
    pub max_retry_after: Duration,
    /// Largest answer, after decompression.
    pub max_body_bytes: usize,
    /// Largest answer to a batch, after decompression.
    pub max_batch_bytes: usize,
    /// Largest sum of answers that are being read or kept at the same time.
    pub max_held_bytes: usize,
    /// Longest time from sending a request to the last byte of its answer; `None` waits forever.
    pub exchange_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 8,
            max_tries: 10,
            max_total_wait: Duration::from_mins(15),
            // The tries of one request take as long.
            max_silence: Duration::from_mins(3),
            max_retry_after: Duration::from_mins(10),
            max_body_bytes: 64 << 20,
            max_batch_bytes: 128 << 20,
            max_held_bytes: 160 << 20,
            exchange_timeout: Some(Duration::from_mins(3)),
        }
    }
}

/// Everything a client needs to know.
#[derive(Clone)]
pub struct Settings {
    /// Gives authority, Graph address and audience.
    pub cloud: Cloud,
    /// Another place to get tokens from.
    pub authority: Option<Url>,
    /// Another Graph.
    pub graph: Option<Url>,
    /// Tenant id (GUID) or one of its domain names. May be empty with a managed identity.
    pub tenant: String,
    /// Who signs in.
    pub credential: Credential,
    /// How fast to ask.
    pub pace: Pace,
    /// Bounds.
    pub limits: Limits,
    /// `User-Agent`; Microsoft asks integrations to name themselves.
    pub user_agent: String,
    /// Another place to ask for managed identity tokens.
    pub identity_endpoint: Option<IdentityEndpoint>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("cloud", &self.cloud)
            .field("authority", &self.authority.as_ref().map(Url::as_str))
            .field("graph", &self.graph.as_ref().map(Url::as_str))
            .field("tenant", &self.tenant)
            .field("credential", &self.credential)
            .field("pace", &self.pace)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The global cloud at Microsoft's pace, with the default limits.
    #[must_use]
    pub fn new(tenant: impl Into<String>, credential: Credential) -> Self {
        Self {
            cloud: Cloud::Global,
            authority: None,
            graph: None,
            tenant: tenant.into(),
            credential,
            pace: Pace::Microsoft,
            limits: Limits::default(),
            user_agent: concat!("entrace/", env!("CARGO_PKG_VERSION")).to_owned(),
            identity_endpoint: None,
            clock: Arc::new(SystemClock::default()),
        }
    }

    pub(crate) fn graph_origin(&self) -> Result<Origin> {
        origin("Graph address", self.graph.as_ref(), self.cloud.graph())
    }

    pub(crate) fn authority_origin(&self) -> Result<Origin> {
        origin("authority", self.authority.as_ref(), self.cloud.authority())
    }

    /// The audience of tokens: the Graph that is asked, or the cloud's own where a stand-in on this machine is.
    pub(crate) fn resource(&self) -> Result<String> {
        let origin = self.graph_origin()?;
        Ok(if origin.is_loopback() {
            self.cloud.graph().to_owned()
        } else {
            origin.text().to_owned()
        })
    }

    pub(crate) fn check(&self) -> Result<()> {
        let tenant_fits = !self.tenant.is_empty()
            && self.tenant.len() <= 253
            && self
                .tenant
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
            && !self.tenant.starts_with('.');
        // The identity of a machine belongs to one tenant, which need not be named.
        let of_machine = matches!(self.credential, Credential::ManagedIdentity { .. });
        let named_elsewhere = of_machine && self.tenant.is_empty();
        if !(tenant_fits || named_elsewhere) {
            return Err(
                Error::settings("the tenant is neither a tenant id nor a domain name")
                    .with_way_out("copy the tenant id from the overview page of Entra ID"),
            );
        }
        let personal = matches!(self.credential, Credential::DeviceCode { .. });
        if !personal
            && matches!(
                self.tenant.as_str(),
                "common" | "organizations" | "consumers"
            )
        {
            return Err(Error::settings(format!(
                "an app cannot sign in to the tenant {}",
                self.tenant
            ))
            .with_way_out("give the id of one tenant"));
        }
        if self.limits.concurrency == 0 || self.limits.max_tries == 0 {
            return Err(Error::settings("the limits allow no request at all"));
        }
        let (Credential::ClientSecret { client_id, .. }
        | Credential::Certificate { client_id, .. }
        | Credential::Federated { client_id, .. }
        | Credential::DeviceCode { client_id, .. }) = &self.credential
        else {
            return Ok(());
        };
        if client_id.trim().is_empty() {
            return Err(Error::settings("the client id is empty")
                .with_way_out("copy the application id of the app registration"));
        }
        Ok(())
    }
}

fn origin(what: &str, given: Option<&Url>, otherwise: &str) -> Result<Origin> {
    match given {
        Some(url) => Origin::new(what, url),
        None => Origin::new(
            what,
            &Url::parse(otherwise).expect("because the addresses of the clouds are valid"),
        ),
    }
}

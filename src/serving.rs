//! What a server is told about who is let in: from the configuration and the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use server::access_record::AccessOptions;
use server::auth::oidc::OidcOptions;
use server::limits::LimitOptions;
use server::{GuardOptions, TlsOptions};

use crate::app::App;
use crate::config::{Config, ServerSettings};
use crate::failure::{Failure, Result};

/// Where a server listens where nothing else is said.
pub(crate) const LISTEN: &str = "127.0.0.1:7878";
/// Scope that people delegate where nothing else is said.
const SCOPE: &str = "access_as_user";

/// Who is let in.
#[derive(Debug, Clone, Args)]
pub(crate) struct GuardArgs {
    /// Folder of the server's own, for tokens and the access record
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// PEM file with the certificate, and those that lead to its root
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve others without TLS: a proxy in front has it
    #[arg(long)]
    allow_plain_http: bool,
}

impl GuardArgs {
    /// What the server is told, for the address it is to listen on.
    pub(crate) fn options(&self, config: &Config, address: SocketAddr) -> Result<GuardOptions> {
        let settings = &config.shape.server;
        let folder = state_folder(config, self.state.clone())?;
        let mut access = AccessOptions::new(folder.join("access"));
        access.days = settings.access.days.unwrap_or(access.days);
        access.statements = settings.access.statements.unwrap_or(access.statements);
        Ok(GuardOptions {
            session: address.ip().is_loopback(),
            oidc: oidc(config)?,
            keys: None,
            access: Some(access),
            limits: limits(settings),
            public_url: public_url(settings)?,
            tls: self.tls(settings)?,
            plain_http: self.allow_plain_http || settings.allow_plain_http.unwrap_or(false),
            folder: Some(folder),
        })
    }

    fn tls(&self, settings: &ServerSettings) -> Result<Option<TlsOptions>> {
        let certificate = self
            .tls_cert
            .as_ref()
            .or(settings.tls_certificate_file.as_ref());
        let key = self.tls_key.as_ref().or(settings.tls_key_file.as_ref());
        match (certificate.cloned(), key.cloned()) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsOptions { certificate, key })),
            (certificate, _) => {
                let (there, missing) = match certificate {
                    Some(_) => ("tls_certificate_file", "tls_key_file"),
                    None => ("tls_key_file", "tls_certificate_file"),
                };
                Err(Failure::usage(format!(
                    "server.{there} needs server.{missing}"
                )))
            }
        }
    }
}

/// Where a server is to listen: as the command line says, else as the configuration does.
pub(crate) fn address(config: &Config, named: Option<&str>) -> Result<SocketAddr> {
    let settings = &config.shape.server;
    let text = named.or(settings.listen.as_deref()).unwrap_or(LISTEN);
    let local = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    let text = local.as_deref().unwrap_or(text);
    text.parse().map_err(|_| {
        Failure::usage(format!("{text:?} is no address to listen on"))
            .hint("write address and port: 127.0.0.1:7878, 0.0.0.0:443, [::]:443")
    })
}

/// The folder of a server's own: as it was named, else where the system has such folders.
pub(crate) fn state_folder(config: &Config, named: Option<PathBuf>) -> Result<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let named = named.or_else(|| config.shape.server.state.clone());
    // systemd makes one for a service that asks for it.
    let of_service = || variable("STATE_DIRECTORY");
    let of_user = || {
        let base = if cfg!(windows) {
            variable("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            variable("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            let home = || variable("HOME").map(|home| home.join(".local/state"));
            variable("XDG_STATE_HOME").or_else(home)
        };
        base.map(|base| base.join("entrace").join("server"))
    };
    named.or_else(of_service).or_else(of_user).ok_or_else(|| {
        Failure::usage("there is no folder for the server's tokens and its access record")
            .hint("name one with --state FOLDER, or as server.state in the configuration")
    })
}

fn limits(settings: &ServerSettings) -> LimitOptions {
    let mut limits = LimitOptions::default();
    if let Some(rate) = settings.requests_per_second {
        limits.principal.per_second = rate;
    }
    if let Some(at_once) = settings.requests_at_once {
        limits.principal.at_once = at_once;
    }
    // What one may ask, everybody together may.
    let (one, all) = (limits.principal, &mut limits.everybody);
    all.per_second = all.per_second.max(one.per_second);
    all.at_once = all.at_once.max(one.at_once);
    if let Some(concurrency) = settings.max_concurrency {
        limits.concurrency = concurrency.into();
    }
    if let Some(time) = settings.query_timeout {
        // A statement that uses its time to the end is to be told so by itself.
        limits.time = limits.time.max(time.0.unsigned_abs() * 3 / 2);
    }
    limits
}

fn public_url(settings: &ServerSettings) -> Result<Option<server::Url>> {
    let Some(text) = &settings.base_url else {
        return Ok(None);
    };
    let url = server::Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
    });
    url.map(Some).ok_or_else(|| {
        Failure::usage(format!("server.base_url: {text:?} is no address"))
            .hint("write it like https://entrace.contoso.example")
    })
}

/// Whose tokens of Entra are accepted.
fn oidc(config: &Config) -> Result<Option<OidcOptions>> {
    let Some(settings) = &config.shape.server.oidc else {
        return Ok(None);
    };
    let missing = |key: &str, hint: &str| {
        Failure::usage(format!("server.oidc.{key} is missing")).hint(hint.to_owned())
    };
    let issuer = settings.issuer.as_ref().ok_or_else(|| {
        missing(
            "issuer",
            "write it like https://login.microsoftonline.com/TENANT-ID/v2.0",
        )
    })?;
    let client = settings.client_id.as_ref().ok_or_else(|| {
        missing(
            "client_id",
            "copy the application (client) id of the app registration",
        )
    })?;
    if settings.roles.is_empty() {
        return Err(missing(
            "roles",
            "say what an app role stands for: roles = { \"Entrace.Reader\" = \"reader\" }",
        ));
    }
    let roles = settings.roles.iter();
    let roles = roles
        .map(|(name, words)| (name.clone(), words.0.clone()))
        .collect();
    let scope = settings.scope.as_deref().unwrap_or(SCOPE);
    let options = OidcOptions::new(issuer, client, scope, settings.clients.clone(), roles);
    options
        .map(Some)
        .map_err(|reason| Failure::usage(format!("server.oidc: {reason}")))
}

impl From<server::Error> for Failure {
    fn from(error: server::Error) -> Self {
        let message = error.to_string();
        match error {
            server::Error::Invalid(_) => Self::usage(message),
            _ => Self::new(crate::failure::FAILED, message),
        }
    }
}

impl App {
    /// The tokens of the server of this configuration.
    pub(crate) fn tokens(&self, named: Option<PathBuf>) -> Result<server::auth::token::TokenFile> {
        let folder = state_folder(self.config()?, named)?;
        Ok(server::auth::token::TokenFile::new(&folder))
    }
}

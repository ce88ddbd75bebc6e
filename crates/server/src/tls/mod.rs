//! TLS: certificate and key from files, read again when they change.
//!
//! Certificates are renewed every few weeks by programs that replace files. Connections that are open keep the old
//! one; a pair that does not fit leaves the old one in place.

mod files;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;

use crate::error::{Error, Result};
use files::Mark;

/// How often to look whether the files are others.
const LOOK: Duration = Duration::from_secs(30);

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// PEM file with the certificate and those that lead to its root.
    pub certificate: PathBuf,
    /// PEM file with its private key, which others must not be able to read.
    pub key: PathBuf,
}

/// A certificate in use.
#[derive(Debug)]
pub(crate) struct Tls {
    options: TlsOptions,
    config: RustlsConfig,
    mark: Mark,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Files that cannot be read, others can read, or that do not belong together.
    pub(crate) fn load(options: TlsOptions) -> Result<Self> {
        let mark = Mark::of(&options);
        let config = RustlsConfig::from_config(server_config(&options)?);
        Ok(Self {
            options,
            config,
            mark,
        })
    }

    /// What the listener takes; it stays up to date by itself.
    pub(crate) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Reads the files again if they are others. Says whether it did.
    pub(crate) fn renew(&mut self) -> Result<bool> {
        let mark = Mark::of(&self.options);
        if mark == self.mark {
            return Ok(false);
        }
        let renewed = server_config(&self.options)?;
        self.config.reload_from_config(renewed);
        self.mark = mark;
        Ok(true)
    }

    /// Looks after the files as long as the server runs.
    pub(crate) async fn keep_fresh(mut self) {
        let mut told = false;
        loop {
            tokio::time::sleep(LOOK).await;
            match self.renew() {
                Ok(true) => {
                    told = false;
                    let path = self.options.certificate.display();
                    tracing::info!(certificate = %path, "the certificate was read anew");
                }
                Ok(false) => told = false,
                Err(error) if !told => {
                    told = true;
                    tracing::error!(%error, "the new certificate is not used, the old one stays");
                }
                Err(_) => {}
            }
        }
    }
}

/// TLS 1.2 and 1.3 with ring; HTTP/2 and HTTP/1.1.
fn server_config(options: &TlsOptions) -> Result<Arc<ServerConfig>> {
    let chain = files::certificates(&options.certificate)?;
    let key = files::key(&options.key)?;
    let refused = |error: rustls::Error| {
        let (certificate, key) = (options.certificate.display(), options.key.display());
        Error::Invalid(format!(
            "{certificate} and {key} cannot be used together: {error}"
        ))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(refused)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;

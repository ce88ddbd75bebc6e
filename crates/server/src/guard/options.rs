//! What the layers are told to do, and what is refused before the server listens.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use crate::access_record::AccessOptions;
use crate::auth::oidc::{KeySource, OidcOptions};
use crate::auth::token::TokenFile;
use crate::error::{Error, Result};
use crate::limits::LimitOptions;
use crate::tls::TlsOptions;

/// What the layers are told to do.
#[derive(Clone, Default)]
pub struct GuardOptions {
    /// The server's state folder: tokens. Without one nobody can be signed in.
    pub folder: Option<PathBuf>,
    /// Whether whoever starts the server gets a token that is good while it runs. Only for a server that others
    /// cannot reach.
    pub session: bool,
    /// Whose tokens of Entra are accepted; none without it.
    pub oidc: Option<OidcOptions>,
    /// Where the issuer's keys are read, if not where it publishes them.
    pub keys: Option<Arc<dyn KeySource>>,
    /// How the access record is kept; not at all without it.
    pub access: Option<AccessOptions>,
    /// How much of the server one may take.
    pub limits: LimitOptions,
    /// Address that others know the server by.
    pub public_url: Option<Url>,
    /// TLS of the listener.
    pub tls: Option<TlsOptions>,
    /// Whether others may be served without TLS: something in front of the server has it.
    pub plain_http: bool,
}

impl fmt::Debug for GuardOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardOptions")
            .field("folder", &self.folder)
            .field("session", &self.session)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

impl GuardOptions {
    /// Whether a server with these options may listen on an address.
    ///
    /// # Errors
    /// Where others could reach it without TLS, or nobody could sign in.
    pub fn check(&self, address: IpAddr, now: Timestamp) -> Result<()> {
        if address.is_loopback() {
            return Ok(());
        }
        if self.tls.is_none() && !self.plain_http {
            return Err(Error::Invalid(format!(
                "{address} can be reached by others, and without TLS everything on the way can read along: name a \
                 certificate and its key (--tls-cert, --tls-key), or say that a proxy in front has one (--allow-plain-http)"
            )));
        }
        if self.session {
            return Err(Error::Invalid(format!(
                "a session's token is for this machine alone, and {address} can be reached by others"
            )));
        }
        let has_token = match &self.folder {
            Some(folder) => TokenFile::new(folder).has_active(now)?,
            None => false,
        };
        if self.oidc.is_none() && !has_token {
            return Err(Error::Invalid(format!(
                "{address} can be reached by others, and nobody could sign in: make a token (entrace token create), or \
                 configure [server.oidc]"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::oidc::forge;
    use crate::roles::Grants;

    #[test]
    fn others_are_served_only_with_tls_and_a_way_to_sign_in() -> Result<()> {
        let folder = tempfile::tempdir().expect("because there is a folder for such things");
        let now = Timestamp::UNIX_EPOCH;
        let local: [IpAddr; 3] = ["127.0.0.1", "127.9.9.9", "::1"]
            .map(|address| address.parse().expect("because it is an address"));
        let open: [IpAddr; 4] = ["0.0.0.0", "::", "192.0.2.1", "::ffff:127.0.0.1"]
            .map(|address| address.parse().expect("because it is an address"));
        let mut options = GuardOptions {
            folder: Some(folder.path().to_owned()),
            session: true,
            ..GuardOptions::default()
        };
        for address in local {
            options.check(address, now)?;
        }
        let refused = |options: &GuardOptions, word: &str| {
            for address in open {
                let refused = options
                    .check(address, now)
                    .expect_err("because others are there");
                assert!(refused.to_string().contains(word), "{refused}");
            }
        };
        refused(&options, "--allow-plain-http");
        options.plain_http = true;
        refused(&options, "session");
        options.session = false;
        refused(&options, "entrace token create");
        let with_oidc = GuardOptions {
            oidc: Some(forge::options()),
            ..options.clone()
        };
        with_oidc.check(open[0], now)?;
        let tokens = TokenFile::new(folder.path());
        tokens.create("one", Grants::everything(), None, now)?;
        options.check(open[0], now)?;
        tokens.revoke("one", now)?;
        refused(&options, "nobody could sign in");
        Ok(())
    }
}

//! Where an issuer publishes its keys: its `OpenID` configuration says so.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::StreamExt;
use serde::Deserialize;
use url::Url;

/// Longest document that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Longest time for one document.
const PATIENCE: Duration = Duration::from_secs(10);

/// A key set being read: its text, or why it could not be read.
pub type Loading<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>>;

/// Something that can read a key set.
pub trait KeySource: Send + Sync {
    /// Reads it, now.
    fn load(&self) -> Loading<'_>;
}

/// Reads over HTTPS what an issuer publishes. Redirects are not followed.
#[derive(Debug)]
pub struct HttpKeys {
    http: reqwest::Client,
    issuer: String,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl HttpKeys {
    /// For an issuer with an `https` address.
    ///
    /// # Errors
    /// Where connections cannot be prepared.
    pub fn new(issuer: &str) -> Result<Self, String> {
        // Fails when another part of the process chose before: any choice is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .timeout(PATIENCE)
            .build()
            .map_err(|error| format!("cannot prepare connections: {error}"))?;
        Ok(Self {
            http,
            issuer: issuer.to_owned(),
        })
    }

    async fn read(&self) -> Result<Vec<u8>, String> {
        let base = self.issuer.trim_end_matches('/');
        let place = format!("{base}/.well-known/openid-configuration");
        let text = self.document(&place).await?;
        let place = keys_of(&text, &self.issuer)?;
        self.document(place.as_str()).await
    }

    async fn document(&self, place: &str) -> Result<Vec<u8>, String> {
        let failed = |reason: String| format!("{place}: {reason}");
        let answer = self
            .http
            .get(place)
            .send()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?;
        if !answer.status().is_success() {
            return Err(failed(format!("status {}", answer.status().as_u16())));
        }
        let mut text = Vec::new();
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| failed(error.without_url().to_string()))?;
            if text.len() + piece.len() > MAX_BYTES {
                return Err(failed(format!("longer than {MAX_BYTES} bytes")));
            }
            text.extend_from_slice(&piece);
        }
        Ok(text)
    }
}

impl KeySource for HttpKeys {
    fn load(&self) -> Loading<'_> {
        Box::pin(self.read())
    }
}

/// Where the keys are, as a configuration says that is the issuer's own and leads to the same server.
fn keys_of(configuration: &[u8], issuer: &str) -> Result<Url, String> {
    let configuration: Configuration = serde_json::from_slice(configuration)
        .map_err(|_| "the issuer's OpenID configuration cannot be read".to_owned())?;
    if configuration.issuer != issuer {
        return Err("the OpenID configuration is that of another issuer".to_owned());
    }
    let (keys, own) = (Url::parse(&configuration.jwks_uri), Url::parse(issuer));
    match (keys, own) {
        (Ok(keys), Ok(own)) if keys.scheme() == "https" && keys.origin() == own.origin() => {
            Ok(keys)
        }
        _ => Err("the OpenID configuration leads to keys of another server".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.microsoftonline.com/7a3c/v2.0";

    #[test]
    fn keys_are_looked_for_on_the_issuers_own_server() {
        let configuration = |issuer: &str, keys: &str| {
            serde_json::json!({"issuer": issuer, "jwks_uri": keys, "more": [1]}).to_string()
        };
        let good = "https://login.microsoftonline.com/7a3c/discovery/v2.0/keys";
        let found = keys_of(configuration(ISSUER, good).as_bytes(), ISSUER);
        assert_eq!(found.map(String::from), Ok(good.to_owned()));
        for (issuer, keys) in [
            ("https://login.microsoftonline.com/other/v2.0", good),
            (ISSUER, "https://evil.example/keys"),
            (ISSUER, "http://login.microsoftonline.com/keys"),
            (ISSUER, "https://login.microsoftonline.com:444/keys"),
            (
                ISSUER,
                "https://login.microsoftonline.com@evil.example/keys",
            ),
            (ISSUER, "keys"),
        ] {
            let text = configuration(issuer, keys);
            assert!(keys_of(text.as_bytes(), ISSUER).is_err(), "{text}");
        }
        assert!(keys_of(b"<html>", ISSUER).is_err());
    }
}

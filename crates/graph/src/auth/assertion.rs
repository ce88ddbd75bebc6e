//! The signed statement by which an app with a certificate proves itself (PS256 over a JWT).

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Life of an assertion; Microsoft takes five to ten minutes.
const LIFE_SECONDS: i64 = 600;

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// Signs for `client_id` at the token endpoint `audience`. `pem` holds the certificate and its RSA key.
pub(super) fn sign(
    pem: &str,
    client_id: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Zeroizing<String>> {
    if pem.contains("ENCRYPTED") {
        return Err(Error::settings("the key of the certificate is encrypted")
            .with_way_out("remove the password: openssl pkey -in app.pem -out key.pem"));
    }
    let certificate = block(pem, &["CERTIFICATE"]).ok_or_else(|| {
        Error::settings("the PEM text holds no certificate")
            .with_way_out("put certificate and key into one file")
    })?;
    let key = block(pem, &["PRIVATE KEY", "RSA PRIVATE KEY"]).ok_or_else(|| {
        Error::settings("the PEM text holds no RSA key")
            .with_way_out("put certificate and key into one file")
    })?;
    let key = EncodingKey::from_rsa_pem(key.as_bytes())
        .map_err(|_| Error::settings("the key of the certificate is not an RSA key in PEM form"))?;
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(Sha256::digest(der(certificate)?)));
    let iat = now.as_second();
    let claims = Claims {
        aud: audience,
        iss: client_id,
        sub: client_id,
        jti: uuid::Uuid::new_v4().to_string(),
        nbf: iat,
        iat,
        exp: iat + LIFE_SECONDS,
    };
    jsonwebtoken::encode(&header, &claims, &key)
        .map(Zeroizing::new)
        .map_err(|_| Error::settings("the key of the certificate cannot sign"))
}

/// The first PEM block with one of these labels, borders included.
fn block<'a>(pem: &'a str, labels: &[&str]) -> Option<&'a str> {
    labels.iter().find_map(|label| {
        let end_mark = format!("-----END {label}-----");
        let start = pem.find(&format!("-----BEGIN {label}-----"))?;
        let end = start + pem[start..].find(&end_mark)? + end_mark.len();
        Some(&pem[start..end])
    })
}

/// The certificate's bytes, over which its thumbprint goes.
fn der(block: &str) -> Result<Vec<u8>> {
    let text: String = block
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(|line| line.chars().filter(|c| !c.is_whitespace()))
        .collect();
    STANDARD
        .decode(text)
        .map_err(|_| Error::settings("the certificate in the PEM text is damaged"))
}

//! The key set an issuer publishes (RFC 7517), as far as it can sign tokens for us.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// Most keys of a set that are looked at.
const MAX_KEYS: usize = 100;
/// Sizes of an RSA modulus that are accepted, in bytes: 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// The only public exponent that is accepted: 65537, which everybody uses.
const EXPONENT: &str = "AQAB";

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    issuer: Option<String>,
}

/// Keys by their name. What cannot be used is passed over: sets grow new members and new kinds of keys.
///
/// # Errors
/// Where the text is no key set, or has no key that can be used.
pub(super) fn read(
    text: &[u8],
    issuer: &str,
    tenant_id: &str,
) -> Result<Vec<(String, Arc<DecodingKey>)>, String> {
    let set: Set = serde_json::from_slice(text).map_err(|_| "it is no key set".to_owned())?;
    let keys: Vec<_> = set
        .keys
        .into_iter()
        .take(MAX_KEYS)
        .filter_map(|key| usable(key, issuer, tenant_id))
        .collect();
    if keys.is_empty() {
        return Err("it has no RSA key for signatures".to_owned());
    }
    Ok(keys)
}

fn usable(key: Value, issuer: &str, tenant_id: &str) -> Option<(String, Arc<DecodingKey>)> {
    let key: Key = serde_json::from_value(key).ok()?;
    let for_signatures = key.kty == "RSA"
        && key.usage.as_deref().is_none_or(|usage| usage == "sig")
        && key.alg.as_deref().is_none_or(|alg| alg == "RS256");
    // Entra says in whose name a key may sign; `{tenantid}` stands for any tenant.
    let for_us = key
        .issuer
        .is_none_or(|text| text.replace("{tenantid}", tenant_id) == issuer);
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(&key.n).ok()?;
    let strong = MODULUS_BYTES.contains(&modulus.len()) && key.e == EXPONENT;
    if !for_signatures || !for_us || !strong || key.kid.is_empty() {
        return None;
    }
    let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
    Some((key.kid, Arc::new(decoding)))
}

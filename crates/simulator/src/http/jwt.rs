//! Access tokens we hand out, and client assertions we are shown.
//!
//! An access token looks like Microsoft's: three parts, the middle one claims in JSON. Its signature is
//! a keyed hash of our own. Of an assertion only form, times and audience are checked; nobody here has
//! the certificate to check its signature with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Writes a token of these claims.
pub(crate) fn write(claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "BLAKE3", "kid": "entrace-simulator"});
    let head = URL_SAFE_NO_PAD.encode(header.to_string());
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(sign(&signed));
    format!("{signed}.{signature}")
}

/// The claims of a token that [`write`] wrote.
pub(crate) fn read(token: &str) -> Option<Map<String, Value>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if signature != sign(signed) {
        return None;
    }
    let (_, body) = signed.split_once('.')?;
    parse_part(body)
}

/// Header and claims of anybody's token.
pub(crate) fn parse(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return None;
    };
    let is_signed = !URL_SAFE_NO_PAD.decode(signature).ok()?.is_empty();
    is_signed.then(|| Some((parse_part(header)?, parse_part(claims)?)))?
}

fn parse_part(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn sign(text: &str) -> Vec<u8> {
    let key = blake3::derive_key("entrace simulator access tokens", b"");
    blake3::keyed_hash(&key, text.as_bytes())
        .as_bytes()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_changed_by_a_letter_is_none_of_ours() {
        let token = write(&json!({"tid": "t"}));
        assert_eq!(read(&token).expect("because it is ours")["tid"], "t");
        let other = token.replacen('e', "f", 1);
        assert!(read(&other).is_none());
        assert!(read("x").is_none());
        assert!(parse(&token).is_some());
        assert!(parse("a.b").is_none());
    }
}

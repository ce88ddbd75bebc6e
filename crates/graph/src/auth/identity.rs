//! Who a token stands for, as it says itself.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;

use super::Token;

/// What the payload of a token says. It is not verified, only read: Graph verifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Tenant id (`tid`).
    pub tenant: Option<String>,
    /// Client id of the app (`appid` or `azp`).
    pub client_id: Option<String>,
    /// Object id of the app's service principal or of the person (`oid`).
    pub object_id: Option<String>,
    /// The person (`upn` or `preferred_username`), with delegated tokens.
    pub user: Option<String>,
    /// Application permissions granted (`roles`). Empty: none, so that every call will be refused. `None`: the token
    /// cannot be read, so that nothing is known.
    pub roles: Option<Vec<String>>,
    /// Delegated permissions granted (`scp`). `None` as for `roles`.
    pub scopes: Option<Vec<String>>,
    /// When the token expires.
    pub expires_at: Timestamp,
}

#[derive(Deserialize, Default)]
struct Payload {
    tid: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    oid: Option<String>,
    upn: Option<String>,
    preferred_username: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: String,
}

impl Identity {
    pub(crate) fn read(token: &Token) -> Self {
        let payload = token.value.split('.').nth(1).and_then(|part| {
            let json = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
            serde_json::from_slice::<Payload>(&json).ok()
        });
        let known = payload.is_some();
        let payload = payload.unwrap_or_default();
        Self {
            tenant: payload.tid,
            client_id: payload.appid.or(payload.azp),
            object_id: payload.oid,
            user: payload.upn.or(payload.preferred_username),
            roles: known.then_some(payload.roles),
            scopes: known.then(|| payload.scp.split_whitespace().map(str::to_owned).collect()),
            expires_at: token.expires_at,
        }
    }
}

//! Claims of Microsoft Entra access tokens, version 2.0.
//!
//! Source: "Access token claims reference" of the Microsoft identity platform. Only these are looked at;
//! names and mail addresses (`upn`, `email`, `preferred_username`) can be changed and given to somebody else,
//! so they never say who somebody is.

use serde::Deserialize;
use serde_json::Value;

use super::refused::{Claim, Refused};

/// The claims as they stand in the token: a wrong type must be told from an absent claim. One that stands
/// there twice is refused by serde.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    iss: Option<Value>,
    aud: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    tid: Option<Value>,
    oid: Option<Value>,
    ver: Option<Value>,
    azp: Option<Value>,
    scp: Option<Value>,
    idtyp: Option<Value>,
    roles: Option<Value>,
    nonce: Option<Value>,
    at_hash: Option<Value>,
    c_hash: Option<Value>,
}

impl Claims {
    fn value(&self, claim: Claim) -> Option<&Value> {
        let value = match claim {
            Claim::Iss => &self.iss,
            Claim::Aud => &self.aud,
            Claim::Exp => &self.exp,
            Claim::Nbf => &self.nbf,
            Claim::Tid => &self.tid,
            Claim::Oid => &self.oid,
            Claim::Ver => &self.ver,
            Claim::Azp => &self.azp,
            Claim::Scp => &self.scp,
            Claim::Idtyp => &self.idtyp,
            Claim::Roles => &self.roles,
        };
        value.as_ref()
    }

    /// A text; `None` where the claim is absent.
    pub(super) fn text_if_any(&self, claim: Claim) -> Result<Option<&str>, Refused> {
        match self.value(claim) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::Invalid(claim)),
        }
    }

    /// A text that must be there.
    pub(super) fn text(&self, claim: Claim) -> Result<&str, Refused> {
        self.text_if_any(claim)?.ok_or(Refused::Missing(claim))
    }

    /// A time in whole seconds since 1970 that must be there.
    pub(super) fn seconds(&self, claim: Claim) -> Result<i64, Refused> {
        let value = self.value(claim).ok_or(Refused::Missing(claim))?;
        let seconds = value.as_i64().filter(|seconds| *seconds >= 0);
        seconds.ok_or(Refused::Invalid(claim))
    }

    /// Names of app roles; none where the claim is absent.
    pub(super) fn roles(&self) -> Result<Vec<&str>, Refused> {
        let Some(value) = &self.roles else {
            return Ok(Vec::new());
        };
        let names = value.as_array().and_then(|names| {
            let texts = names.iter().map(Value::as_str);
            texts.collect::<Option<Vec<&str>>>()
        });
        names.ok_or(Refused::Invalid(Claim::Roles))
    }

    /// Whether something stands there that only ID tokens have.
    pub(super) fn is_id_token(&self) -> bool {
        self.nonce.is_some() || self.at_hash.is_some() || self.c_hash.is_some()
    }
}

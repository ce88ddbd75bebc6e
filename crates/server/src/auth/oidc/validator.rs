//! From a token to who it is, or why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

use super::MAX_TOKEN_BYTES;
use super::claims::Claims;
use super::keys::Keys;
use super::refused::{Claim, Refused};
use crate::clock::Clock;
use crate::roles::{Grant, Grants};

/// How far the clocks may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// Longest name of a key, in bytes. Entra's have 27.
const MAX_KEY_ID_BYTES: usize = 128;

/// Whose tokens are accepted, for what, and what their app roles mean.
#[derive(Debug, Clone)]
pub struct OidcOptions {
    /// Issuer as it stands in the tokens: `https://login.microsoftonline.com/TENANT-ID/v2.0`.
    pub issuer: String,
    /// Tenant id, lowercase.
    pub tenant_id: String,
    /// Client id of the application this interface is registered as.
    pub audience: String,
    /// Scope that persons must have delegated; any where absent.
    pub scope: Option<String>,
    /// Client ids of the applications that may ask for tokens; any where empty.
    pub clients: Vec<String>,
    /// App roles, by their exact value, and what each grants here.
    pub roles: BTreeMap<String, Vec<Grant>>,
}

impl OidcOptions {
    /// Of an issuer of one tenant: whoever accepts those of all tenants accepts the world.
    ///
    /// # Errors
    /// Where issuer or client id are none.
    pub fn new(
        issuer: &str,
        audience: &str,
        scope: &str,
        clients: Vec<String>,
        roles: BTreeMap<String, Vec<Grant>>,
    ) -> Result<Self, String> {
        let tenant_id = tenant_of(issuer).ok_or_else(|| {
            format!(
                "{issuer:?} is no issuer of one tenant: write it like https://login.microsoftonline.com/TENANT-ID/v2.0"
            )
        })?;
        for id in clients.iter().map(String::as_str).chain([audience]) {
            if plain_id(id).is_none() {
                return Err(format!(
                    "{id:?} is no client id: copy it from the app registration"
                ));
            }
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            tenant_id,
            audience: audience.to_owned(),
            scope: Some(scope.to_owned()),
            clients,
            roles,
        })
    }
}

/// The tenant of an issuer of version 2.0 tokens.
fn tenant_of(issuer: &str) -> Option<String> {
    let url = url::Url::parse(issuer).ok()?;
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let parts: Vec<&str> = url.path_segments()?.collect();
    match parts.as_slice() {
        // Anything else in the address would not be in the tokens.
        [tenant, "v2.0"] if is_bare && url.scheme() == "https" && url.as_str() == issuer => {
            plain_id(tenant)
        }
        _ => None,
    }
}

/// An id in its usual form, lowercase; in any other form the same id would be somebody else.
fn plain_id(text: &str) -> Option<String> {
    let is_plain = text.len() == uuid::fmt::Hyphenated::LENGTH;
    let parsed = uuid::Uuid::try_parse(text).ok().filter(|_| is_plain)?;
    Some(parsed.hyphenated().to_string())
}

/// Who a token is, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Tenant id and object id, lowercase, with `/` between: the only thing that says who somebody is.
    pub key: String,
    /// Whether an application speaks for itself.
    pub is_application: bool,
    /// What the app roles grant.
    pub grants: Grants,
}

/// Judges tokens.
#[derive(Debug)]
pub struct Validator {
    options: OidcOptions,
    keys: Arc<Keys>,
    clock: Clock,
    validation: Validation,
}

/// What a header says. Where it says keys itself (`jwk`, `jku`, `x5c`, `x5u`), nobody listens.
#[derive(Deserialize)]
struct Header {
    alg: Option<Value>,
    typ: Option<Value>,
    kid: Option<Value>,
    crit: Option<Value>,
}

impl Validator {
    /// For one issuer.
    #[must_use]
    pub fn new(options: OidcOptions, keys: Arc<Keys>, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&options.issuer]);
        validation.set_audience(&[&options.audience]);
        // Whether they are there and of the right form, and the times themselves, is looked at below.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            options,
            keys,
            clock,
            validation,
        }
    }

    /// Judges a token.
    pub async fn verify(&self, token: &str) -> Result<Verified, Refused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refused::TooLarge);
        }
        let kid = key_id(token)?;
        let key = self.keys.get(&kid).await?;
        let claims = self.signed(token, &key)?;
        self.judge(&claims, self.clock.now())
    }

    /// Signature, issuer and audience.
    fn signed(&self, token: &str, key: &DecodingKey) -> Result<Claims, Refused> {
        let data = decode::<Value>(token, key, &self.validation);
        let value = match data {
            Ok(data) => Ok(data.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidIssuer => self.stranger(token, key),
                ErrorKind::InvalidAudience => Refused::Audience,
                ErrorKind::InvalidSignature => Refused::Signature,
                ErrorKind::Json(_) | ErrorKind::Utf8(_) => Refused::Claims,
                _ => Refused::Shape,
            }),
        }?;
        if !value.is_object() {
            return Err(Refused::Claims);
        }
        // From the text again: a claim that stands there twice is lost in a value.
        part(token, 1)
            .and_then(|text| serde_json::from_slice(&text).ok())
            .ok_or(Refused::Claims)
    }

    /// A token with a good signature and another issuer: often only of the wrong version.
    fn stranger(&self, token: &str, key: &DecodingKey) -> Refused {
        let mut anybody = self.validation.clone();
        anybody.iss = None;
        anybody.validate_aud = false;
        let Ok(data) = decode::<Value>(token, key, &anybody) else {
            return Refused::Issuer;
        };
        let issuer = data.claims.get("iss").and_then(Value::as_str);
        let first = format!("https://sts.windows.net/{}/", self.options.tenant_id);
        if issuer == Some(&first) {
            Refused::VersionOne
        } else {
            Refused::Issuer
        }
    }

    fn judge(&self, claims: &Claims, now: Timestamp) -> Result<Verified, Refused> {
        let options = &self.options;
        if claims.text(Claim::Iss)? != options.issuer {
            return Err(Refused::Issuer);
        }
        if claims.text(Claim::Aud)? != options.audience {
            return Err(Refused::Audience);
        }
        let (now, expiry) = (now.as_second(), claims.seconds(Claim::Exp)?);
        let begin = claims.seconds(Claim::Nbf)?;
        if now >= expiry.saturating_add(LEEWAY_SECONDS) {
            return Err(Refused::Expired);
        }
        if now < begin.saturating_sub(LEEWAY_SECONDS) {
            return Err(Refused::NotYet);
        }
        let tenant = id(claims, Claim::Tid)?;
        if tenant != options.tenant_id {
            return Err(Refused::Tenant);
        }
        match claims.text(Claim::Ver)? {
            "2.0" => {}
            "1.0" => return Err(Refused::VersionOne),
            _ => return Err(Refused::Invalid(Claim::Ver)),
        }
        let object = id(claims, Claim::Oid)?;
        let is_application = self.is_application(claims)?;
        let client = id(claims, Claim::Azp)?;
        let is_client = |allowed: &String| allowed.eq_ignore_ascii_case(&client);
        if !options.clients.is_empty() && !options.clients.iter().any(is_client) {
            return Err(Refused::Client);
        }
        Ok(Verified {
            key: format!("{tenant}/{object}"),
            is_application,
            grants: self.grants(claims)?,
        })
    }

    /// Whether an application speaks for itself; a person's token must say what was delegated.
    fn is_application(&self, claims: &Claims) -> Result<bool, Refused> {
        if claims.is_id_token() {
            return Err(Refused::IdToken);
        }
        let scopes = claims.text_if_any(Claim::Scp)?;
        match (claims.text_if_any(Claim::Idtyp)?, scopes) {
            (Some("app"), Some(_)) => Err(Refused::Both),
            (Some("app"), None) => Ok(true),
            (Some("user") | None, Some(scopes)) => match &self.options.scope {
                Some(wanted) if !scopes.split(' ').any(|scope| scope == wanted) => {
                    Err(Refused::Scope(wanted.clone()))
                }
                _ => Ok(false),
            },
            (Some("user"), None) => Err(Refused::Missing(Claim::Scp)),
            (None, None) => Err(Refused::Nobody),
            (Some(_), _) => Err(Refused::Invalid(Claim::Idtyp)),
        }
    }

    fn grants(&self, claims: &Claims) -> Result<Grants, Refused> {
        let named = claims.roles()?;
        let known = named
            .iter()
            .filter_map(|name| self.options.roles.get(*name));
        let grants: Vec<Grant> = known.flatten().cloned().collect();
        if grants.is_empty() {
            return Err(Refused::NoRole);
        }
        Ok(Grants(grants))
    }
}

/// The name of the key a token says it is signed with.
fn key_id(token: &str) -> Result<String, Refused> {
    if token.split('.').count() != 3 {
        return Err(Refused::Shape);
    }
    let parts = [0, 1, 2].map(|number| part(token, number));
    let [Some(header), Some(_), Some(signature)] = parts else {
        return Err(Refused::Shape);
    };
    let header: Header = serde_json::from_slice(&header).map_err(|_| Refused::Header)?;
    match header.alg.as_ref().and_then(Value::as_str) {
        Some("RS256") => {}
        Some(none) if none.eq_ignore_ascii_case("none") => return Err(Refused::Unsigned),
        Some("HS256" | "HS384" | "HS512") => return Err(Refused::Symmetric),
        Some(_) => return Err(Refused::Algorithm),
        None => return Err(Refused::Header),
    }
    match &header.typ {
        None => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => {}
        Some(_) => return Err(Refused::Type),
    }
    if header.crit.is_some() {
        return Err(Refused::Critical);
    }
    let kid = match header.kid {
        None => return Err(Refused::KeyIdMissing),
        Some(Value::String(kid)) => kid,
        Some(_) => return Err(Refused::KeyIdInvalid),
    };
    let fits = (1..=MAX_KEY_ID_BYTES).contains(&kid.len());
    if !fits || !kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refused::KeyIdInvalid);
    }
    if signature.is_empty() {
        return Err(Refused::Signature);
    }
    Ok(kid)
}

/// One part of a token, decoded.
fn part(token: &str, number: usize) -> Option<Vec<u8>> {
    let text = token.split('.').nth(number)?;
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// A claim that is an id, lowercase.
fn id(claims: &Claims, claim: Claim) -> Result<String, Refused> {
    plain_id(claims.text(claim)?).ok_or(Refused::Invalid(claim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::oidc::forge::{CLIENT, ISSUER, TENANT};

    #[test]
    fn an_issuer_is_that_of_one_tenant() {
        let options = |issuer: &str, client: &str| {
            OidcOptions::new(
                issuer,
                client,
                "access_as_user",
                Vec::new(),
                BTreeMap::new(),
            )
        };
        let made = options(ISSUER, CLIENT).expect("because both are fine");
        assert_eq!(made.tenant_id, TENANT);
        for bad in [
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/contoso.example/v2.0",
            &ISSUER.replace("https", "http"),
            &format!("{ISSUER}/"),
            &format!("{ISSUER}?x=1"),
            &ISSUER.replace("/v2.0", ""),
            "issuer",
        ] {
            assert!(options(bad, CLIENT).is_err(), "{bad}");
        }
        assert!(options(ISSUER, "entrace").is_err());
    }
}

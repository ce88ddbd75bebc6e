//! Tokens for tests: good ones, and any others. The keys in `data/` open nothing.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::source::{KeySource, Loading};
use super::{Keys, OidcOptions, Validator};
use crate::clock::Clock;

pub(crate) const TENANT: &str = "7a3c5e90-1111-4222-8333-444455556666";
pub(crate) const CLIENT: &str = "c11e0000-aaaa-4bbb-8ccc-ddddeeeeffff";
pub(crate) const PERSON: &str = "0b1ec700-0001-4002-8003-000400050006";
pub(crate) const OTHER_APP: &str = "0a990000-0001-4002-8003-000400050006";
pub(crate) const ISSUER: &str =
    "https://login.microsoftonline.com/7a3c5e90-1111-4222-8333-444455556666/v2.0";
/// 2026-01-05T12:00:00Z.
pub(crate) const NOW: i64 = 1_767_614_400;

/// A key that signs tokens, and the name it is published under.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) kid: &'static str,
    key: EncodingKey,
}

impl Signer {
    fn new(kid: &'static str, pem: &[u8]) -> Self {
        let key = EncodingKey::from_rsa_pem(pem).expect("because it is a key");
        Self { kid, key }
    }

    pub(crate) fn first() -> Self {
        Self::new("first", include_bytes!("data/first.pem"))
    }

    pub(crate) fn second() -> Self {
        Self::new("second", include_bytes!("data/second.pem"))
    }

    /// A key that is never published.
    pub(crate) fn stranger() -> Self {
        Self::new("first", include_bytes!("data/stranger.pem"))
    }

    pub(crate) fn weak() -> Self {
        Self::new("weak", include_bytes!("data/weak.pem"))
    }

    /// Modulus and exponent.
    pub(crate) fn components(&self) -> (String, String) {
        let jwk = Jwk::from_encoding_key(&self.key, Algorithm::RS256).expect("because it is RSA");
        match jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => (rsa.n, rsa.e),
            _ => panic!("because it is RSA"),
        }
    }

    pub(crate) fn published(&self) -> Value {
        let (n, e) = self.components();
        json!({"kty": "RSA", "use": "sig", "kid": self.kid, "n": n, "e": e,
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"})
    }

    pub(crate) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "RS256", "kid": self.kid})
    }

    /// Signs any two texts.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let message = unsigned(header, claims);
        let signature = crypto::sign(message.as_bytes(), &self.key, Algorithm::RS256);
        format!("{message}.{}", signature.expect("because it is RSA"))
    }

    /// A token with these claims and a proper header.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// Header and claims, with the dot between.
pub(crate) fn unsigned(header: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}", encode(header), encode(claims))
}

/// Claims of a person's good access token.
pub(crate) fn person() -> Value {
    json!({
        "aud": CLIENT, "iss": ISSUER, "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3600,
        "azp": OTHER_APP, "azpacr": "0", "oid": PERSON, "tid": TENANT, "ver": "2.0",
        "preferred_username": "alice@contoso.example", "scp": "access_as_user profile",
        "roles": ["Entrace.Reader", "Something.Else"], "sub": "x", "uti": "u",
    })
}

/// Claims of an application's good access token.
pub(crate) fn application() -> Value {
    let mut claims = person();
    let members = claims.as_object_mut().expect("because it is an object");
    members.remove("scp");
    members.remove("preferred_username");
    members.insert("idtyp".to_owned(), "app".into());
    members.insert("roles".to_owned(), json!(["Entrace.Operator.Contoso"]));
    claims
}

/// The person's claims with members replaced, or removed where the value is null.
pub(crate) fn with(changes: &Value) -> Value {
    changed(person(), changes)
}

/// Claims with members replaced, or removed where the value is null.
pub(crate) fn changed(mut claims: Value, changes: &Value) -> Value {
    let members = claims.as_object_mut().expect("because it is an object");
    for (name, value) in changes.as_object().expect("because it is an object") {
        members.remove(name);
        if !value.is_null() {
            members.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// An issuer that counts how often it is asked, and can be out of reach.
pub(crate) struct Issuer {
    pub(crate) asked: AtomicUsize,
    pub(crate) keys: Mutex<Option<Vec<Value>>>,
    now: AtomicI64,
}

impl Issuer {
    pub(crate) fn new(keys: Vec<Value>) -> Arc<Self> {
        Arc::new(Self {
            asked: AtomicUsize::new(0),
            keys: Mutex::new(Some(keys)),
            now: AtomicI64::new(NOW),
        })
    }

    /// Publishes other keys from now on; none: it is out of reach.
    pub(crate) fn publish(&self, keys: Option<Vec<Value>>) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        let issuer = Arc::clone(self);
        Clock::new(move || {
            Timestamp::from_second(issuer.now()).expect("because it is a time of this century")
        })
    }

    pub(crate) fn keys(self: &Arc<Self>) -> Arc<Keys> {
        let source: Arc<dyn KeySource> = Arc::clone(self) as Arc<dyn KeySource>;
        Arc::new(Keys::new(source, ISSUER, TENANT, self.clock()))
    }

    pub(crate) fn validator(self: &Arc<Self>) -> Validator {
        Validator::new(options(), self.keys(), self.clock())
    }
}

impl KeySource for Issuer {
    fn load(&self) -> Loading<'_> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // Others get their turn while the issuer is asked.
            tokio::task::yield_now().await;
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            match keys.as_ref() {
                Some(keys) => Ok(json!({ "keys": keys }).to_string().into_bytes()),
                None => Err("out of reach".to_owned()),
            }
        })
    }
}

pub(crate) fn options() -> OidcOptions {
    let grants = |words: &[&str]| {
        let parsed = words
            .iter()
            .map(|word| word.parse().expect("because it is a grant"));
        parsed.collect()
    };
    OidcOptions {
        issuer: ISSUER.to_owned(),
        tenant_id: TENANT.to_owned(),
        audience: CLIENT.to_owned(),
        scope: Some("access_as_user".to_owned()),
        clients: vec![OTHER_APP.to_uppercase()],
        roles: [
            ("Entrace.Reader", grants(&["reader"])),
            ("Entrace.Operator.Contoso", grants(&["operator@contoso"])),
        ]
        .map(|(name, grants)| (name.to_owned(), grants))
        .into(),
    }
}

//! Tokens of an app: client credentials with a secret, a certificate or a federated token.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{ANSWER_LIMIT_BYTES, Attempt, TokenAnswer, Tokens, assertion, refusal};
use crate::{
    error::{Error, Result},
    retry::{self, RetryAfter},
    secret::Secret,
    settings::Credential,
    transport::Raw,
};

pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Fields of a form; values are wiped after use.
pub(super) type Form = Vec<(&'static str, Zeroizing<String>)>;

pub(super) fn field(name: &'static str, value: &str) -> (&'static str, Zeroizing<String>) {
    (name, Zeroizing::new(value.to_owned()))
}

impl Tokens {
    /// `{authority}/{tenant}/oauth2/v2.0/{what}`
    pub(super) fn endpoint(&self, what: &str) -> String {
        format!(
            "{}/{}/oauth2/v2.0/{what}",
            self.authority.origin.text(),
            self.tenant
        )
    }

    pub(super) async fn by_app(&self) -> Result<TokenAnswer> {
        self.patiently(|| async {
            let form = self.app_form().await?;
            let raw = self.post("token", &form).await?;
            token_answer(&raw, &form)
        })
        .await
    }

    /// Built anew for each attempt: assertions are used once, and files rotate.
    async fn app_form(&self) -> Result<Form> {
        let mut form = vec![
            field("grant_type", "client_credentials"),
            field("scope", &format!("{}/.default", self.resource)),
        ];
        let assertion = match &self.credential {
            Credential::ClientSecret { client_id, secret } => {
                form.push(field("client_id", client_id));
                form.push(("client_secret", self.read(secret).await?));
                return Ok(form);
            }
            Credential::Certificate { client_id, pem } => {
                form.push(field("client_id", client_id));
                let pem = self.read(pem).await?;
                assertion::sign(&pem, client_id, &self.endpoint("token"), self.clock.wall())?
            }
            Credential::Federated { client_id, file } => {
                form.push(field("client_id", client_id));
                // These files are world-readable by convention of the platforms that write them.
                let secret = Secret::from_file(file);
                tokio::task::spawn_blocking(move || secret.read())
                    .await
                    .map_err(|_| Error::settings("reading a secret was interrupted"))??
                    .value
            }
            Credential::ManagedIdentity { .. } | Credential::DeviceCode { .. } => {
                return Err(Error::settings(
                    "this credential does not sign in as an app",
                ));
            }
        };
        form.push(field("client_assertion_type", ASSERTION_TYPE));
        form.push(("client_assertion", assertion));
        Ok(form)
    }

    pub(super) async fn read(&self, secret: &Secret) -> Result<Zeroizing<String>> {
        let secret = secret.clone();
        let read = tokio::task::spawn_blocking(move || secret.read())
            .await
            .map_err(|_| Error::settings("reading a secret was interrupted"))??;
        if let Some(note) = read.note {
            self.note(note);
        }
        Ok(read.value)
    }

    pub(super) async fn post(&self, what: &str, form: &Form) -> Result<Raw> {
        let url = self
            .authority
            .origin
            .join(&format!("/{}/oauth2/v2.0/{what}", self.tenant))?;
        let fields: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let request = self
            .authority
            .transport
            .http()
            .post(url)
            .header("client-request-id", uuid::Uuid::new_v4().to_string())
            .header("accept", "application/json")
            .form(&fields);
        self.authority
            .transport
            .exchange(request, ANSWER_LIMIT_BYTES)
            .await
            .map_err(|lost| {
                lost.error
                    .with_asked(format!("sign-in at {}", self.authority.origin.text()))
            })
    }
}

/// The token in an answer, or why there is none; nothing of the form is repeated in errors.
pub(super) fn token_answer(raw: &Raw, form: &Form) -> std::result::Result<TokenAnswer, Attempt> {
    if raw.status == 200 {
        return serde_json::from_slice(&raw.body).map_err(|_| Attempt {
            error: Error::malformed("the token endpoint's answer holds no token")
                .with_status(raw.status)
                .with_asked("sign-in"),
            transient: true,
            retry_after: None,
        });
    }
    let (error, transient) = refusal::error(raw);
    let error = form
        .iter()
        .filter(|(name, _)| SECRETS.contains(name))
        .fold(error, |error, (_, value)| error.without(value));
    let retry_after = match retry::parse_retry_after(
        raw.retry_after(),
        raw.date().unwrap_or_else(Timestamp::now),
    ) {
        RetryAfter::Wait(wait) => Some(wait),
        RetryAfter::Unknown => None,
    };
    Err(Attempt {
        error,
        transient,
        retry_after,
    })
}

const SECRETS: &[&str] = &[
    "client_secret",
    "client_assertion",
    "refresh_token",
    "device_code",
];

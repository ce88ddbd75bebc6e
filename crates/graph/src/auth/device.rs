//! A person's token: a code to type on another device, then a refresh token kept in memory.

use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Attempt, TokenAnswer, Tokens,
    app::{Form, field, token_answer},
    refusal,
};
use crate::{
    error::{Error, ErrorKind, Result, printable},
    settings::{DevicePrompt, Prompt},
};

/// Wait between polls where the endpoint names none, and the addition it asks for with `slow_down`.
const POLL_SECONDS: u64 = 5;

#[derive(Deserialize)]
struct DeviceAnswer {
    #[serde(deserialize_with = "super::wiped")]
    device_code: Zeroizing<String>,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    message: String,
    expires_in: u64,
    #[serde(default)]
    interval: Option<u64>,
}

impl Tokens {
    pub(super) async fn by_device(
        &self,
        client_id: &str,
        scopes: &[String],
        prompt: &Prompt,
        refresh: Option<Zeroizing<String>>,
    ) -> Result<TokenAnswer> {
        let scope = self.scope(scopes);
        if let Some(refresh) = refresh {
            match self.by_refresh(client_id, &scope, &refresh).await {
                Ok(mut answer) => {
                    // The old one goes on living where no new one is given.
                    answer.refresh_token.get_or_insert(refresh);
                    return Ok(answer);
                }
                Err(error) if error.kind() == ErrorKind::SignIn => {
                    tracing::warn!(error = %error, "the sign-in cannot be renewed, asking again");
                }
                Err(error) => return Err(error),
            }
        }
        let device = self.start(client_id, &scope).await?;
        prompt(&DevicePrompt {
            user_code: printable(&device.user_code),
            verification_uri: printable(&device.verification_uri),
            message: printable(&device.message),
            expires_in: Duration::from_secs(device.expires_in),
        });
        self.poll(client_id, &device).await
    }

    /// Scopes of one resource, and the wish for a refresh token.
    fn scope(&self, scopes: &[String]) -> String {
        let mut words: Vec<String> = if scopes.is_empty() {
            vec![format!("{}/.default", self.resource)]
        } else {
            scopes
                .iter()
                .map(|scope| {
                    if scope.contains("://") {
                        scope.clone()
                    } else {
                        format!("{}/{scope}", self.resource)
                    }
                })
                .collect()
        };
        words.push("offline_access".to_owned());
        words.join(" ")
    }

    async fn by_refresh(&self, client_id: &str, scope: &str, refresh: &str) -> Result<TokenAnswer> {
        let form: Form = vec![
            field("grant_type", "refresh_token"),
            field("client_id", client_id),
            field("scope", scope),
            field("refresh_token", refresh),
        ];
        self.patiently(|| async { token_answer(&self.post("token", &form).await?, &form) })
            .await
    }

    async fn start(&self, client_id: &str, scope: &str) -> Result<DeviceAnswer> {
        let form: Form = vec![field("client_id", client_id), field("scope", scope)];
        self.patiently(|| async {
            let raw = self.post("devicecode", &form).await?;
            if raw.status == 200 {
                return serde_json::from_slice(&raw.body).map_err(|_| {
                    Attempt::from(
                        Error::malformed("the answer holds no device code").with_asked("sign-in"),
                    )
                });
            }
            let (error, transient) = refusal::error(&raw);
            Err(Attempt {
                error,
                transient,
                retry_after: None,
            })
        })
        .await
    }

    async fn poll(&self, client_id: &str, device: &DeviceAnswer) -> Result<TokenAnswer> {
        let form: Form = vec![
            field("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            field("client_id", client_id),
            ("device_code", device.device_code.clone()),
        ];
        let mut interval =
            Duration::from_secs(device.interval.unwrap_or(POLL_SECONDS).clamp(1, 60));
        let end = self.clock.monotonic() + Duration::from_secs(device.expires_in.min(3600));
        while self.clock.monotonic() < end {
            self.clock.sleep(interval).await;
            self.meter.token();
            let raw = match self.post("token", &form).await {
                Ok(raw) => raw,
                // A poll that is lost is one poll less, nothing more.
                Err(error)
                    if matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            match refusal::word(&raw).as_str() {
                "authorization_pending" => {}
                "slow_down" => interval += Duration::from_secs(POLL_SECONDS),
                "expired_token" => break,
                "authorization_declined" | "access_denied" => {
                    return Err(Error::new(ErrorKind::SignIn, "the sign-in was declined")
                        .with_asked("sign-in"));
                }
                _ => match token_answer(&raw, &form) {
                    Ok(answer) => return Ok(answer),
                    Err(attempt) if attempt.transient => {
                        let asked = attempt.retry_after.unwrap_or_default();
                        interval = interval.max(asked.min(self.limits.max_retry_after));
                    }
                    Err(attempt) => return Err(attempt.error),
                },
            }
        }
        Err(
            Error::new(ErrorKind::SignIn, "nobody used the code while it was valid")
                .with_asked("sign-in")
                .with_way_out("run again and sign in sooner"),
        )
    }
}

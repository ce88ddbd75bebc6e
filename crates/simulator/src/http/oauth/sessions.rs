//! Tokens handed out, and devices that wait for somebody to sign in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::TOKEN_SECONDS;
use crate::credentials::AppCredential;
use crate::http::jwt;

/// A token handed out.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) app: Arc<AppCredential>,
    /// Set for tokens of a signed-in person.
    pub(crate) user: Option<String>,
    issued: Instant,
    requests: u32,
}

/// A device waiting for somebody to sign in.
#[derive(Debug)]
struct Device {
    app: AppCredential,
    polls: u32,
}

/// Tokens and devices.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    tokens: HashMap<String, Session>,
    devices: HashMap<String, Device>,
    count: u64,
}

/// Why a bearer token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unauthorized {
    Missing,
    Invalid,
    Expired,
}

/// What a device learns when it asks whether somebody has signed in.
#[derive(Debug)]
pub(super) enum Poll {
    SignedIn(AppCredential),
    Pending,
    Unknown,
}

impl Sessions {
    /// Opens a session and gives the id its token carries.
    pub(super) fn open(&mut self, app: &AppCredential, user: Option<&str>) -> String {
        self.count += 1;
        let id = format!("token-{}", self.count);
        let session = Session {
            app: Arc::new(app.clone()),
            user: user.map(str::to_owned),
            issued: Instant::now(),
            requests: 0,
        };
        self.tokens.insert(id.clone(), session);
        id
    }

    /// Lets a device wait and gives its code.
    pub(super) fn wait(&mut self, app: &AppCredential) -> String {
        self.count += 1;
        let code = format!("device-{}", self.count);
        let device = Device {
            app: app.clone(),
            polls: 0,
        };
        self.devices.insert(code.clone(), device);
        code
    }

    /// Asks for a device; after so many times that are told to wait, somebody has signed in.
    pub(super) fn poll(&mut self, code: &str, pending_polls: u32) -> Poll {
        let Some(device) = self.devices.get_mut(code) else {
            return Poll::Unknown;
        };
        device.polls += 1;
        if device.polls <= pending_polls {
            return Poll::Pending;
        }
        let device = self.devices.remove(code);
        device.map_or(Poll::Unknown, |device| Poll::SignedIn(device.app))
    }

    /// The session of a bearer token; each use counts.
    pub(crate) fn authorize(
        &mut self,
        header: Option<&str>,
        most_requests: Option<u32>,
    ) -> Result<Session, Unauthorized> {
        let header = header.ok_or(Unauthorized::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Unauthorized::Invalid)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Unauthorized::Missing);
        }
        let claims = jwt::read(token.trim()).ok_or(Unauthorized::Invalid)?;
        let id = claims
            .get("uti")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let session = self.tokens.get_mut(id).ok_or(Unauthorized::Invalid)?;
        session.requests += 1;
        let is_old = session.issued.elapsed() > Duration::from_secs(u64::from(TOKEN_SECONDS));
        let is_spent = most_requests.is_some_and(|most| session.requests > most);
        if is_old || is_spent {
            return Err(Unauthorized::Expired);
        }
        Ok(session.clone())
    }
}

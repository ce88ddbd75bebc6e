//! The token endpoint, and what clients ask of an authority before they use it.

mod description;
mod sessions;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::credentials::{AppCredential, Assertion};
use crate::http::address::{Query, Segment};
use crate::http::answer::Answer;
use crate::http::jwt;
use crate::tenant::{Tenant, named};

use sessions::Poll;
pub(crate) use sessions::{Session, Sessions, Unauthorized};

/// Seconds an access token lives, as Microsoft says it.
const TOKEN_SECONDS: u32 = 3599;

/// Grants this authority knows.
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the endpoint must know.
pub(crate) struct Authority<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) credentials: &'a [AppCredential],
    /// Scheme and host.
    pub(crate) origin: &'a str,
    /// Tenant id that tokens carry.
    pub(crate) token_tenant: &'a str,
    /// The time assertions are checked against; the machine's own, which is what clients go by.
    pub(crate) wall_clock: Timestamp,
    /// Polls of a device code that are told to wait.
    pub(crate) pending_polls: u32,
}

/// An answer of the token endpoint, and whether a token was issued with it.
pub(crate) struct Grant {
    pub(crate) answer: Answer,
    pub(crate) issued: bool,
}

impl Authority<'_> {
    /// Answers a path that does not lead to Graph; `None` where there is nothing.
    pub(crate) fn answer(
        &self,
        sessions: &mut Sessions,
        method: &str,
        segments: &[Segment],
        form: &str,
    ) -> Option<Grant> {
        let names: Vec<&str> = segments.iter().map(Segment::text).collect();
        let form = Query::parse(form);
        let plain = |answer| Grant {
            answer,
            issued: false,
        };
        match (method, names.as_slice()) {
            ("GET", ["common", "discovery", "instance"]) => Some(plain(self.instance())),
            ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
                Some(plain(self.configuration(tenant)))
            }
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => {
                let outcome = self.token(sessions, tenant, &form);
                Some(outcome.unwrap_or_else(|error| plain(self.refuse(&error))))
            }
            ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
                let outcome = self.device_code(sessions, tenant, &form);
                Some(plain(outcome.unwrap_or_else(|error| self.refuse(&error))))
            }
            _ => None,
        }
    }

    fn token(
        &self,
        sessions: &mut Sessions,
        tenant: &str,
        form: &Query,
    ) -> Result<Grant, OauthError> {
        self.check_tenant(tenant)?;
        let grant_type = required(form, "grant_type")?;
        match grant_type {
            "client_credentials" => {
                let app = self.app(required(form, "client_id")?)?;
                let scope = required(form, "scope")?;
                check_scope(scope)?;
                self.check_proof(app, tenant, form)?;
                Ok(self.issue(sessions, app, None))
            }
            DEVICE_CODE_GRANT => self.device_token(sessions, form),
            _ => Err(OauthError::new(
                "unsupported_grant_type",
                70_003,
                "The app requested an unsupported grant type.",
            )),
        }
    }

    fn check_tenant(&self, tenant: &str) -> Result<(), OauthError> {
        let id = &self.tenant.options().tenant_id;
        let domain = self.tenant.object(named("domain"), &[], tenant);
        if tenant.eq_ignore_ascii_case(id) || domain.is_some() {
            return Ok(());
        }
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        );
        Err(OauthError::new("invalid_request", 90_002, text))
    }

    fn app(&self, client_id: &str) -> Result<&AppCredential, OauthError> {
        let mut apps = self.credentials.iter();
        let found = apps.find(|app| app.app_id.eq_ignore_ascii_case(client_id));
        found.ok_or_else(|| {
            let text = format!(
                "Application with identifier '{client_id}' was not found in the directory '{}'.",
                self.tenant.options().organization
            );
            OauthError::new("unauthorized_client", 700_016, text)
        })
    }

    fn check_proof(
        &self,
        app: &AppCredential,
        tenant: &str,
        form: &Query,
    ) -> Result<(), OauthError> {
        if let Some(secret) = form.get("client_secret") {
            if app.secrets.iter().any(|own| own == secret) {
                return Ok(());
            }
            let text = "Invalid client secret provided. Ensure the secret being sent in the request \
                        is the client secret value, not the client secret ID.";
            return Err(OauthError::new("invalid_client", 7_000_215, text));
        }
        let Some(assertion) = form.get("client_assertion") else {
            let text = "The request body must contain the following parameter: \
                        'client_assertion' or 'client_secret'.";
            return Err(OauthError::new("invalid_client", 7_000_218, text));
        };
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            let text = "The request body must contain the following parameter: \
                        'client_assertion_type'.";
            return Err(OauthError::new("invalid_request", 900_144, text));
        }
        self.check_assertion(app, tenant, assertion)
    }

    fn check_assertion(
        &self,
        app: &AppCredential,
        tenant: &str,
        assertion: &str,
    ) -> Result<(), OauthError> {
        let malformed = || {
            let text = "Client assertion is malformed.";
            OauthError::new("invalid_client", 50_027, text)
        };
        let (header, claims) = jwt::parse(assertion).ok_or_else(malformed)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let now = self.wall_clock.as_second();
        let (Some(expires), begins) = (time("exp"), time("nbf").unwrap_or(0)) else {
            return Err(malformed());
        };
        if now > expires || now + 300 < begins {
            let text = "Client assertion is not within its valid time range.";
            return Err(OauthError::new("invalid_client", 700_024, text));
        }
        if text("iss") != app.app_id {
            let issuer = text("iss");
            if app.accepts(&Assertion::Federated(issuer, text("sub"), text("aud"))) {
                return Ok(());
            }
            let text = "No matching federated identity record found for presented assertion.";
            return Err(OauthError::new("invalid_client", 70_021, text));
        }
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.origin);
        if text("sub") != app.app_id || text("aud") != audience {
            let text = "Client assertion contains an invalid signature or audience.";
            return Err(OauthError::new("invalid_client", 700_023, text));
        }
        let print = header
            .get("x5t#S256")
            .or(header.get("x5t"))
            .and_then(Value::as_str);
        if app.accepts(&Assertion::Certificate(print.unwrap_or_default())) {
            return Ok(());
        }
        let text = "The certificate with identifier used to sign the client assertion is not \
                    registered on application.";
        Err(OauthError::new("invalid_client", 700_027, text))
    }

    fn device_code(
        &self,
        sessions: &mut Sessions,
        tenant: &str,
        form: &Query,
    ) -> Result<Answer, OauthError> {
        if !matches!(tenant, "common" | "organizations") {
            self.check_tenant(tenant)?;
        }
        let app = self.app(required(form, "client_id")?)?;
        required(form, "scope")?;
        let code = sessions.wait(app);
        let page = format!("{}/devicelogin", self.origin);
        let body = json!({
            "user_code": code.to_uppercase(),
            "device_code": code,
            "verification_uri": page,
            "expires_in": 900,
            "interval": 5,
            "message": format!("To sign in, open {page} and enter the code."),
        });
        Ok(Answer::value(200, &body))
    }

    fn device_token(&self, sessions: &mut Sessions, form: &Query) -> Result<Grant, OauthError> {
        let code = required(form, "device_code")?;
        let app = match sessions.poll(code, self.pending_polls) {
            Poll::SignedIn(app) => app,
            Poll::Unknown => {
                let text = "The device code has expired or was never issued.";
                return Err(OauthError::new("expired_token", 70_020, text));
            }
            Poll::Pending => {
                let text =
                    "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
                return Err(OauthError::new("authorization_pending", 70_016, text));
            }
        };
        let signed_in = app.user.clone();
        let user = signed_in.unwrap_or_else(|| "admin@simulated.example".to_owned());
        Ok(self.issue(sessions, &app, Some(&user)))
    }

    fn issue(&self, sessions: &mut Sessions, app: &AppCredential, user: Option<&str>) -> Grant {
        let id = sessions.open(app, user);
        let now = self.wall_clock.as_second();
        let mut claims = json!({
            "aud": "https://graph.microsoft.com",
            "iss": format!("https://sts.windows.net/{}/", self.token_tenant),
            "iat": now,
            "nbf": now,
            "exp": now + i64::from(TOKEN_SECONDS),
            "app_displayname": app.name,
            "appid": app.app_id,
            "idtyp": if user.is_some() { "user" } else { "app" },
            "oid": app.service_principal_id,
            "tid": self.token_tenant,
            "uti": id,
            "ver": "1.0",
        });
        if let Some(user) = user {
            claims["upn"] = json!(user);
            claims["scp"] = json!(app.roles.join(" "));
        } else {
            claims["roles"] = json!(app.roles);
        }
        let body = json!({
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": jwt::write(&claims),
        });
        Grant {
            answer: Answer::value(200, &body),
            issued: true,
        }
    }

    fn refuse(&self, error: &OauthError) -> Answer {
        let time = self.tenant.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let trace = "00000000-0000-4000-8000-000000000001";
        let correlation = "00000000-0000-4000-8000-000000000002";
        let body = json!({
            "error": error.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}",
                error.code, error.text
            ),
            "error_codes": [error.code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={}", self.origin, error.code),
        });
        let status = if error.error == "invalid_client" {
            401
        } else {
            400
        };
        Answer::value(status, &body)
    }
}

/// An error of the authority: OAuth's word, Microsoft's number, the text.
#[derive(Debug)]
struct OauthError {
    error: &'static str,
    code: u32,
    text: String,
}

impl OauthError {
    fn new(error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self {
            error,
            code,
            text: text.into(),
        }
    }
}

fn required<'f>(form: &'f Query, name: &str) -> Result<&'f str, OauthError> {
    form.get(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            let text = format!("The request body must contain the following parameter: '{name}'.");
            OauthError::new("invalid_request", 900_144, text)
        })
}

/// App-only scopes name one resource and all its permissions.
fn check_scope(scope: &str) -> Result<(), OauthError> {
    if scope.ends_with("/.default") && !scope.contains(' ') {
        return Ok(());
    }
    let text = format!(
        "The provided request must include a 'scope' input parameter that ends with /.default; '{scope}' is not valid."
    );
    Err(OauthError::new("invalid_scope", 1_002_012, text))
}

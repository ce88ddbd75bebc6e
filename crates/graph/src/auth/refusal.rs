//! What refused sign-ins mean, and the way out of the common ones.

use serde::Deserialize;

use crate::{
    error::{Error, ErrorKind},
    origin::host_of,
    retry,
    transport::Raw,
};

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    error_codes: Vec<u64>,
    #[serde(default)]
    trace_id: Option<String>,
}

/// OAuth's word for a refusal (`authorization_pending`), if the answer has one.
pub(super) fn word(raw: &Raw) -> String {
    serde_json::from_slice::<Body>(&raw.body)
        .unwrap_or_default()
        .error
}

/// The error of a token endpoint's answer, and whether the same request may succeed later.
pub(super) fn error(raw: &Raw) -> (Error, bool) {
    if (300..400).contains(&raw.status) {
        let to = raw.location().map_or_else(|| "nowhere".to_owned(), host_of);
        let error = Error::new(
            ErrorKind::Redirect,
            format!("the token endpoint redirects to {to}"),
        )
        .with_way_out(
            "redirects are not followed; check the configured authority, and proxies on the way",
        );
        return (error.with_status(raw.status).with_asked("sign-in"), false);
    }
    let body: Body = serde_json::from_slice(&raw.body).unwrap_or_default();
    let number = body
        .error_codes
        .first()
        .copied()
        .or_else(|| number_in(&body.error_description));
    let code = number.map(|number| format!("AADSTS{number}"));
    let transient = retry::is_transient(raw.status) || body.error == "temporarily_unavailable";
    let kind = match raw.status {
        429 => ErrorKind::Throttled,
        408 | 500.. => ErrorKind::Server,
        _ => ErrorKind::SignIn,
    };
    let said = sentence(&body.error_description);
    let message = match (said.is_empty(), body.error.is_empty()) {
        (false, _) => said,
        (true, false) => body.error.as_str(),
        (true, true) => "the token endpoint gives no reason",
    };
    let error = Error::new(kind, message)
        .with_status(raw.status)
        .with_code(code.as_deref().or(Some(body.error.as_str())))
        .with_request_id(body.trace_id.as_deref().or(raw.request_id()))
        .with_asked("sign-in");
    match number.and_then(way_out) {
        Some(way_out) => (error.with_way_out(way_out), transient),
        None => (error, transient),
    }
}

/// The description without its code in front and the ids and time behind.
fn sentence(description: &str) -> &str {
    let text = match description.split_once(": ") {
        Some((code, rest)) if code.starts_with("AADSTS") => rest,
        _ => description,
    };
    text.split("Trace ID").next().unwrap_or(text).trim()
}

fn number_in(description: &str) -> Option<u64> {
    let digits = description.split("AADSTS").nth(1)?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

fn way_out(number: u64) -> Option<&'static str> {
    Some(match number {
        7_000_215 => {
            "the client secret is wrong: give the secret's value, not its id, or make a new one for the app registration"
        }
        7_000_222 => "the client secret has expired: make a new one for the app registration",
        7_000_216 | 7_000_218 => {
            "the app wants a secret or certificate; for a person's sign-in, allow public client flows on the app registration"
        }
        7_000_112 => {
            "the app is disabled in this tenant: enable sign-in for its enterprise application"
        }
        700_016 => {
            "the tenant has no such app: check client id and tenant, and give administrator consent there"
        }
        700_027 => {
            "the certificate is not one of the app's: upload its public part to the app registration"
        }
        700_024 => "the assertion is not valid at this time: check this machine's clock",
        70_021 | 700_211 | 700_212 | 700_213 => {
            "no federated credential of the app matches the token: compare issuer, subject and audience"
        }
        90_002 | 900_021 | 900_023 => "there is no such tenant: check the tenant id and the cloud",
        90_038 | 900_382 => "the tenant is in another cloud: set the cloud",
        500_011 | 650_057 => "the tenant does not know this Graph: check the cloud",
        50_105 => {
            "the app requires assignment: assign the account to it, or turn the requirement off"
        }
        53_003 | 530_003 => {
            "Conditional Access blocks the sign-in: exclude the app or come from an allowed place"
        }
        65_001 => "consent is missing: let an administrator consent to the app's permissions",
        50_076 | 50_079 => "multi-factor authentication is required: sign in again and complete it",
        50_173 | 70_043 | 700_082 => "the sign-in has expired: sign in again",
        90_033 | 90_090 => "Microsoft's sign-in is temporarily unavailable: run again later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn common_refusals_have_a_way_out() {
        let raw = Raw {
            status: 401,
            headers: HeaderMap::new(),
            body: Bytes::from_static(
                br#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired. Trace ID: 1\r\nTimestamp: 2","error_codes":[7000222],"trace_id":"t-1"}"#,
            ),
        };
        let (error, transient) = error(&raw);
        assert!(!transient);
        assert_eq!(
            error.to_string(),
            "sign-in: 401 AADSTS7000222: The provided client secret keys are expired. (request t-1); the client secret has expired: make a new one for the app registration"
        );
    }

    #[test]
    fn the_number_is_also_found_in_the_text() {
        assert_eq!(number_in("AADSTS90002: Tenant 'x' not found."), Some(90002));
        assert_eq!(number_in("nothing"), None);
        for number in [7_000_215, 7_000_222, 700_016, 90_002, 50_105] {
            assert!(way_out(number).is_some(), "{number}");
        }
    }
}

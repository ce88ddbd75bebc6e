//! From the words of a configuration to a credential.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use graph::{Credential, DevicePrompt, Secret};

use crate::config::{AuthSettings, KeyringEntry, Kinds, Method};
use crate::failure::{Failure, Result};
use crate::permissions;

/// The credential of a configuration. `place` is where it stands there.
pub(super) fn from_config(place: &str, auth: &AuthSettings, kinds: &Kinds) -> Result<Credential> {
    let missing = |key: &str| Failure::usage(format!("{place}.{key} is missing"));
    let Some(method) = auth.method else {
        return Err(missing("method").hint(
            "ways to sign in: client_secret, certificate, federated_token_file, managed_identity, device_code",
        ));
    };
    refuse_strangers(place, auth, method)?;
    let client_id = || auth.client_id.clone().ok_or_else(|| missing("client_id"));
    Ok(match method {
        Method::ClientSecret => Credential::ClientSecret {
            client_id: client_id()?,
            secret: client_secret(place, auth)?,
        },
        Method::Certificate => Credential::Certificate {
            client_id: client_id()?,
            pem: certificate(place, auth)?,
        },
        Method::FederatedTokenFile => Credential::Federated {
            client_id: client_id()?,
            file: auth
                .token_file
                .clone()
                .ok_or_else(|| missing("token_file"))?,
        },
        Method::ManagedIdentity => Credential::ManagedIdentity {
            client_id: auth.client_id.clone(),
        },
        Method::DeviceCode => Credential::DeviceCode {
            client_id: client_id()?,
            scopes: auth
                .scopes
                .clone()
                .unwrap_or_else(|| permissions::delegated(&kinds.chosen)),
            prompt: Arc::new(ask),
        },
    })
}

/// Keys that belong to another way to sign in are mistakes.
fn refuse_strangers(place: &str, auth: &AuthSettings, method: Method) -> Result<()> {
    let keys = [
        (
            "client_secret_*",
            auth.client_secret_env.is_some()
                || auth.client_secret_file.is_some()
                || auth.client_secret_command.is_some()
                || auth.client_secret_keyring.is_some(),
            Method::ClientSecret,
        ),
        (
            "certificate_*",
            auth.certificate_env.is_some()
                || auth.certificate_file.is_some()
                || auth.certificate_command.is_some()
                || auth.certificate_keyring.is_some(),
            Method::Certificate,
        ),
        (
            "token_file",
            auth.token_file.is_some(),
            Method::FederatedTokenFile,
        ),
        ("scopes", auth.scopes.is_some(), Method::DeviceCode),
    ];
    let stranger = keys.iter().find(|(_, given, of)| *given && *of != method);
    stranger.map_or(Ok(()), |(key, _, of)| {
        Err(Failure::usage(format!(
            "{place}.{key} is for the method {}, and the method is {}",
            of.word(),
            method.word()
        )))
    })
}

fn client_secret(place: &str, auth: &AuthSettings) -> Result<Secret> {
    secret(
        place,
        "client_secret",
        auth.client_secret_env.as_deref(),
        auth.client_secret_file.as_deref(),
        auth.client_secret_command.as_deref(),
        auth.client_secret_keyring.as_ref(),
    )
}

fn certificate(place: &str, auth: &AuthSettings) -> Result<Secret> {
    secret(
        place,
        "certificate",
        auth.certificate_env.as_deref(),
        auth.certificate_file.as_deref(),
        auth.certificate_command.as_deref(),
        auth.certificate_keyring.as_ref(),
    )
}

/// The one place that was named for a secret.
fn secret(
    place: &str,
    name: &str,
    variable: Option<&str>,
    file: Option<&Path>,
    command: Option<&[String]>,
    keyring: Option<&KeyringEntry>,
) -> Result<Secret> {
    let mut named: Vec<Secret> = Vec::new();
    named.extend(variable.map(Secret::from_env));
    named.extend(file.map(Secret::from_file));
    named.extend(command.map(Secret::from_command));
    named.extend(keyring.map(|entry| Secret::from_keyring(&entry.service, &entry.user)));
    let keys = format!("{name}_env, {name}_file, {name}_command or {name}_keyring");
    match (named.pop(), named.is_empty()) {
        (Some(secret), true) => Ok(secret),
        (Some(_), false) => Err(Failure::usage(format!(
            "{place} says more than once where the {} is",
            name.replace('_', " ")
        ))
        .hint(format!("keep one of {keys}"))),
        (None, _) => Err(Failure::usage(format!(
            "{place} does not say where the {} is",
            name.replace('_', " ")
        ))
        .hint(format!("name it with {keys}"))),
    }
}

/// Tells the person at the terminal what to do to sign in.
fn ask(prompt: &DevicePrompt) {
    let _ = writeln!(
        std::io::stderr(),
        "To sign in, open {} and enter the code {}",
        prompt.verification_uri,
        prompt.user_code
    );
}

/// A credential in words, without any secret.
pub(super) fn described(credential: &Credential) -> String {
    match credential {
        Credential::ClientSecret { client_id, secret } => {
            format!("app {client_id} with a client secret ({secret})")
        }
        Credential::Certificate { client_id, pem } => {
            format!("app {client_id} with a certificate ({pem})")
        }
        Credential::Federated { client_id, file } => {
            format!("app {client_id} with the token in {}", file.display())
        }
        Credential::ManagedIdentity {
            client_id: Some(id),
        } => format!("managed identity {id}"),
        Credential::ManagedIdentity { client_id: None } => {
            "the machine's managed identity".to_owned()
        }
        Credential::DeviceCode { client_id, .. } => {
            format!("a person, through the app {client_id}")
        }
    }
}

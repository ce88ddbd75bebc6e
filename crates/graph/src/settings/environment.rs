//! Settings from environment variables, under the names other Azure tools use.

use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

use super::{Cloud, Credential, IdentityEndpoint, Settings};
use crate::{
    error::{Error, Result},
    secret::Secret,
};

impl Settings {
    /// Reads `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and then, first come first served: `AZURE_CLIENT_SECRET`,
    /// `AZURE_CLIENT_CERTIFICATE_PATH` (PEM with certificate and key), `AZURE_FEDERATED_TOKEN_FILE`; and
    /// only with `managed_identity` the identity of the machine, at `IDENTITY_ENDPOINT` where that is set.
    /// `AZURE_AUTHORITY_HOST` picks the cloud, or is an authority of its own; `ENTRACE_GRAPH_URL` is another Graph.
    ///
    /// `look_up` is the environment: `|name| std::env::var(name).ok()`. Empty counts as not set.
    pub fn from_environment(
        look_up: impl Fn(&str) -> Option<String>,
        managed_identity: bool,
    ) -> Result<Self> {
        let get = |name: &str| {
            look_up(name)
                .map(Zeroizing::new)
                .filter(|value| !value.trim().is_empty())
        };
        let text = |name: &str| get(name).map(|value| value.trim().to_owned());
        let tenant = text("AZURE_TENANT_ID");
        let client_id = text("AZURE_CLIENT_ID");
        let credential = match (tenant.as_ref(), client_id.clone()) {
            (Some(_), Some(client_id)) => app_credential(&get, client_id)?,
            _ => None,
        };
        let credential = match credential {
            Some(credential) => credential,
            None if managed_identity => Credential::ManagedIdentity { client_id },
            None => return Err(incomplete(tenant.is_some(), client_id.is_some())),
        };
        let mut settings = Self::new(tenant.unwrap_or_default(), credential);
        if let Some(host) = text("AZURE_AUTHORITY_HOST") {
            settings.set_authority(&host)?;
        }
        settings.graph = text("ENTRACE_GRAPH_URL")
            .map(|value| address("ENTRACE_GRAPH_URL", &value))
            .transpose()?;
        if let Some(endpoint) = text("IDENTITY_ENDPOINT") {
            let header = get("IDENTITY_HEADER")
                .map(|value| Secret::captured("environment variable IDENTITY_HEADER", value));
            settings.identity_endpoint = Some(IdentityEndpoint {
                url: address("IDENTITY_ENDPOINT", &endpoint)?,
                header,
            });
        }
        Ok(settings)
    }

    /// A known authority names a cloud; only an unknown one is kept as it is.
    fn set_authority(&mut self, host: &str) -> Result<()> {
        let with_scheme = if host.contains("://") {
            host.to_owned()
        } else {
            format!("https://{host}")
        };
        let url = address("AZURE_AUTHORITY_HOST", &with_scheme)?;
        let known = [Cloud::Global, Cloud::UsGovL4, Cloud::China]
            .into_iter()
            .find(|cloud| cloud.authority() == url.as_str().trim_end_matches('/'));
        match known {
            Some(cloud) => self.cloud = cloud,
            None => self.authority = Some(url),
        }
        Ok(())
    }
}

fn app_credential(
    get: &impl Fn(&str) -> Option<Zeroizing<String>>,
    client_id: String,
) -> Result<Option<Credential>> {
    if let Some(value) = get("AZURE_CLIENT_SECRET") {
        let secret = Secret::captured("environment variable AZURE_CLIENT_SECRET", value);
        return Ok(Some(Credential::ClientSecret { client_id, secret }));
    }
    if let Some(path) = get("AZURE_CLIENT_CERTIFICATE_PATH") {
        if get("AZURE_CLIENT_CERTIFICATE_PASSWORD").is_some() {
            return Err(Error::settings("certificates with a password are not read (AZURE_CLIENT_CERTIFICATE_PASSWORD is set)")
                .with_way_out("convert the file: openssl pkcs12 -in app.pfx -nodes -out app.pem"));
        }
        return Ok(Some(Credential::Certificate {
            client_id,
            pem: Secret::from_file(path.as_str()),
        }));
    }
    Ok(
        get("AZURE_FEDERATED_TOKEN_FILE").map(|path| Credential::Federated {
            client_id,
            file: PathBuf::from(path.as_str()),
        }),
    )
}

fn address(name: &str, value: &str) -> Result<Url> {
    Url::parse(value).map_err(|_| {
        Error::settings(format!("{name} is not an address"))
            .with_way_out("give one like https://graph.microsoft.com")
    })
}

fn incomplete(has_tenant: bool, has_client: bool) -> Error {
    let missing = match (has_tenant, has_client) {
        (false, _) => "AZURE_TENANT_ID is not set",
        (true, false) => "AZURE_CLIENT_ID is not set",
        (true, true) => {
            "none of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE is set"
        }
    };
    Error::settings(format!("the environment holds no credential: {missing}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&str, &str)], managed: bool) -> Result<Settings> {
        let map: BTreeMap<_, _> = pairs.iter().copied().collect();
        Settings::from_environment(
            |name| map.get(name).map(|value| (*value).to_owned()),
            managed,
        )
    }

    const BOTH: [(&str, &str); 2] = [
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_CLIENT_ID", "app"),
    ];

    fn credential(more: &[(&str, &str)], managed: bool) -> String {
        format!(
            "{:?}",
            read(&[&BOTH, more].concat(), managed)
                .expect("settings")
                .credential
        )
    }

    #[test]
    fn the_order_is_secret_certificate_federation_machine() {
        let all = [
            ("AZURE_CLIENT_SECRET", "s3cret"),
            ("AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/t"),
        ];
        assert_eq!(
            credential(&all, true),
            "ClientSecret(app, secret in environment variable AZURE_CLIENT_SECRET)"
        );
        assert_eq!(
            credential(&all[1..], true),
            "Certificate(app, secret in file /c.pem)"
        );
        assert_eq!(credential(&all[2..], true), "Federated(app, /t)");
        assert_eq!(credential(&[], true), "ManagedIdentity(app)");
        let machine = read(&[], true).expect("settings");
        assert_eq!(
            format!("{:?}", machine.credential),
            "ManagedIdentity(system-assigned)"
        );
        assert!(machine.check().is_ok());
        assert_eq!(
            credential(&[("AZURE_CLIENT_SECRET", " "), all[2]], false),
            "Federated(app, /t)"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (pairs, part) in [
            (&[][..], "AZURE_TENANT_ID"),
            (&BOTH[..1], "AZURE_CLIENT_ID"),
            (&BOTH[..], "none of AZURE_CLIENT_SECRET"),
        ] {
            let error = read(pairs, false).expect_err("incomplete");
            assert!(error.message().contains(part), "{error}");
        }
        let password = [
            ("AZURE_CLIENT_CERTIFICATE_PATH", "/c.pfx"),
            ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "p"),
        ];
        assert!(
            read(&[&BOTH[..], &password].concat(), false)
                .expect_err("no PFX")
                .to_string()
                .contains("openssl")
        );
    }

    #[test]
    fn authority_picks_the_cloud_or_stands_alone() {
        let with = |host: &str| {
            read(
                &[
                    &BOTH[..],
                    &[("AZURE_CLIENT_SECRET", "x"), ("AZURE_AUTHORITY_HOST", host)],
                ]
                .concat(),
                false,
            )
            .expect("settings")
        };
        assert_eq!(with("https://login.chinacloudapi.cn/").cloud, Cloud::China);
        assert_eq!(with("login.microsoftonline.us").cloud, Cloud::UsGovL4);
        let own = with("http://127.0.0.1:9000");
        assert_eq!(
            (own.cloud, own.authority.map(String::from)),
            (Cloud::Global, Some("http://127.0.0.1:9000/".to_owned()))
        );
    }

    #[test]
    fn settings_never_show_the_secret() {
        let settings = read(
            &[&BOTH[..], &[("AZURE_CLIENT_SECRET", "s3cret")]].concat(),
            false,
        )
        .expect("settings");
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}

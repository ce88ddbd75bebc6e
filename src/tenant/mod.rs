//! A tenant: how to reach it, what to read of it, and where its archive is.
//!
//! It comes from the configuration, or, where that names none, from the environment variables that
//! other Azure tools use.

mod credential;

use std::path::PathBuf;

use collector::CollectRequest;
use graph::{Client, Settings};

use crate::app::App;
use crate::config::{
    AuthSettings, CloudName, CollectSettings, Config, Interval, Kinds, PaceName, Schedule,
    TenantSettings,
};
use crate::failure::{Failure, NO_ARCHIVE, Result, SIGN_IN};

/// Requests of a plan that are under way at the same time.
const WRITES_AT_ONCE: usize = 16;

/// Everything needed to read one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    /// Its name in the configuration; `None` where the environment describes it.
    pub(crate) name: Option<String>,
    /// The kinds to read.
    pub(crate) kinds: Kinds,
    /// When to read everything whole.
    pub(crate) schedule: Option<Schedule>,
    /// How often to ask for changes between that.
    pub(crate) delta_every: Option<Interval>,
    /// Names for the newest snapshot a schedule made.
    pub(crate) tags: Vec<String>,
    collect: CollectSettings,
    settings: Settings,
    /// How plans sign in, and where that stands; read when a plan runs and not before.
    writing: Option<(String, AuthSettings)>,
}

impl Tenant {
    /// A client for it. Sends nothing yet.
    pub(crate) fn client(&self) -> Result<Client> {
        Ok(Client::new(self.settings.clone())?)
    }

    /// A client that may write. Its credential is another than the one that reads, and is loaded only here.
    pub(crate) fn write_client(&self) -> Result<Client> {
        let Some((place, auth)) = &self.writing else {
            return Err(Failure::new(SIGN_IN, "no credential that may write is configured").hint(
                "name one as restore.auth, or restore_auth of the tenant: an application of its own, whose \
                 permissions are those of the plan's steps",
            ));
        };
        let mut settings = self.settings.clone();
        settings.credential = credential::from_config(place, auth, &self.kinds)?;
        settings.limits.concurrency = settings.limits.concurrency.max(WRITES_AT_ONCE);
        Ok(Client::new(settings)?)
    }

    /// What to read of it, and within which limits.
    pub(crate) fn request(&self) -> CollectRequest {
        let mut request = CollectRequest::new(self.kinds.chosen.clone(), self.kinds.selection());
        let collect = &self.collect;
        request.max_requests = collect.max_requests;
        if let Some(time) = collect.kind_time {
            request.kind_time = time.0.unsigned_abs();
        }
        if let Some(every) = collect.full_every {
            request.full_every = every.0;
        }
        request.accept_deletions = collect.accept_deletions.unwrap_or(false);
        request
    }

    /// Its name in the configuration, else its id: for people.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id())
    }

    /// Tenant id or domain name it signs in to.
    pub(crate) fn id(&self) -> &str {
        &self.settings.tenant
    }

    /// Whether its Graph is on this machine: a simulated tenant, or a proxy.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.settings.graph.as_ref().and_then(|url| url.host_str());
        host.is_some_and(|host| {
            host == "localhost"
                || host
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        })
    }

    /// How it signs in, without any secret: for people.
    pub(crate) fn credential(&self) -> String {
        credential::described(&self.settings.credential)
    }
}

impl App {
    /// The tenant that was meant. `kinds` are words of the command line: they replace those of the
    /// configuration.
    pub(crate) fn tenant(&self, kinds: &[String]) -> Result<Tenant> {
        let config = self.config()?;
        let kinds = match kinds {
            [] => None,
            words => Some(Kinds::try_from(words.to_vec()).map_err(Failure::usage)?),
        };
        match chosen(config, self.globals.tenant.as_deref())? {
            Some((name, tenant)) => configured(config, name, tenant, kinds),
            None => from_environment(config, self.globals.tenant.as_deref(), kinds),
        }
    }

    /// Where the archive is: as the command line says, else as the configuration does.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.globals.archive {
            return Ok(path.clone());
        }
        let config = self.config()?;
        let tenant = chosen(config, self.globals.tenant.as_deref())?;
        let own = tenant.and_then(|(_, tenant)| tenant.archive.clone());
        own.or_else(|| config.shape.store.path.clone())
            .ok_or_else(|| {
                Failure::new(NO_ARCHIVE, "no archive is named").hint(
                    "name one with -a PATH or ENTRACE_ARCHIVE; entrace demo shows one without any",
                )
            })
    }
}

/// The tenant of the configuration that was meant; `None` where it has none at all.
pub(crate) fn chosen<'c>(
    config: &'c Config,
    meant: Option<&str>,
) -> Result<Option<(&'c str, &'c TenantSettings)>> {
    let tenants = &config.shape.tenants;
    let names = || {
        tenants
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let Some(meant) = meant else {
        let mut all = tenants.iter();
        return match (all.next(), all.next()) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "several tenants are configured, and none is named",
            )
            .hint(format!("name one with -t: {}", names()))),
            (only, _) => Ok(only.map(|(name, tenant)| (name.as_str(), tenant))),
        };
    };
    if tenants.is_empty() {
        return Ok(None);
    }
    let is_meant = |name: &str, tenant: &TenantSettings| {
        name == meant
            || tenant
                .tenant_id
                .as_deref()
                .is_some_and(|id| id.eq_ignore_ascii_case(meant))
    };
    let found = tenants.iter().find(|(name, tenant)| is_meant(name, tenant));
    match found {
        Some((name, tenant)) => Ok(Some((name, tenant))),
        None => Err(Failure::usage(format!("no tenant {meant:?} is configured"))
            .hint(format!("configured are: {}", names()))),
    }
}

/// Every tenant of a configuration is made, so that what is wrong with one is found.
pub(crate) fn check(config: &Config) -> Result<()> {
    let mut archives = std::collections::BTreeMap::new();
    for (name, tenant) in &config.shape.tenants {
        let made = configured(config, name, tenant, None)?;
        made.client()
            .map_err(|failure| Failure::usage(format!("tenants.{name}: {}", failure.message)))?;
        let path = tenant.archive.as_ref().or(config.shape.store.path.as_ref());
        if let Some(path) = path
            && let Some(other) = archives.insert(path, name)
        {
            return Err(Failure::usage(format!(
                "tenants {other} and {name} have the same archive {}: an archive holds one tenant",
                path.display()
            ))
            .hint("give each an archive of its own"));
        }
    }
    Ok(())
}

/// The tenant of a section of the configuration.
pub(crate) fn configured(
    config: &Config,
    name: &str,
    tenant: &TenantSettings,
    kinds: Option<Kinds>,
) -> Result<Tenant> {
    let place = |key: &str| format!("tenants.{name}.{key}");
    let Some(id) = &tenant.tenant_id else {
        return Err(Failure::usage(format!("{} is missing", place("tenant_id")))
            .hint("copy the tenant id from the overview page of Entra ID"));
    };
    let kinds = kinds.or_else(|| tenant.kinds.clone()).unwrap_or_default();
    let mut settings = match &tenant.auth {
        Some(auth) => Settings::new(
            id.clone(),
            credential::from_config(&place("auth"), auth, &kinds)?,
        ),
        // A tenant without a way to sign in takes the environment's.
        None => environment(Some(id)).map_err(|failure| {
            let message = format!("{} is missing, and {}", place("auth"), failure.message);
            Failure { message, ..failure }
        })?,
    };
    if let Some(cloud) = tenant.cloud {
        settings.cloud = match cloud {
            CloudName::Global => graph::Cloud::Global,
            CloudName::UsGov => graph::Cloud::UsGovL4,
            CloudName::Dod => graph::Cloud::UsGovL5,
            CloudName::China => graph::Cloud::China,
        };
    }
    let wrong = |key: &str| {
        let place = place(key);
        Failure::usage(format!("{place} is no address"))
            .hint("write it like https://graph.microsoft.com")
    };
    if let Some(url) = &tenant.graph_url {
        settings.graph = Some(url.parse().map_err(|_| wrong("graph_url"))?);
    }
    if let Some(url) = &tenant.authority {
        settings.authority = Some(url.parse().map_err(|_| wrong("authority"))?);
    }
    Ok(Tenant {
        name: Some(name.to_owned()),
        kinds,
        schedule: tenant.schedule.clone(),
        delta_every: tenant.delta_every,
        tags: tenant.tags.clone(),
        collect: config.shape.collect.clone(),
        settings: paced(settings, &config.shape.collect),
        writing: match &tenant.restore_auth {
            Some(auth) => Some((place("restore_auth"), auth.clone())),
            None => writing(config),
        },
    })
}

fn writing(config: &Config) -> Option<(String, AuthSettings)> {
    let auth = config.shape.restore.auth.clone()?;
    Some(("restore.auth".to_owned(), auth))
}

fn from_environment(config: &Config, meant: Option<&str>, kinds: Option<Kinds>) -> Result<Tenant> {
    let settings = environment(meant).map_err(|failure| {
        Failure::new(SIGN_IN, failure.message).hint("describe the tenant in a configuration file (entrace config path shows where), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH")
    })?;
    Ok(Tenant {
        name: None,
        kinds: kinds.unwrap_or_default(),
        schedule: None,
        delta_every: None,
        tags: Vec::new(),
        collect: config.shape.collect.clone(),
        settings: paced(settings, &config.shape.collect),
        writing: writing(config),
    })
}

/// Settings of the `AZURE_*` variables, for the tenant that was named.
fn environment(tenant: Option<&str>) -> Result<Settings> {
    let look_up = |name: &str| match (name, tenant) {
        ("AZURE_TENANT_ID", Some(tenant)) => Some(tenant.to_owned()),
        _ => std::env::var(name).ok(),
    };
    let managed = look_up("IDENTITY_ENDPOINT").is_some();
    Ok(Settings::from_environment(look_up, managed)?)
}

fn paced(mut settings: Settings, collect: &CollectSettings) -> Settings {
    if collect.pace == Some(PaceName::Unlimited) {
        settings.pace = graph::Pace::Unlimited;
    }
    if let Some(concurrency) = collect.max_concurrency {
        settings.limits.concurrency = concurrency.into();
    }
    settings
}

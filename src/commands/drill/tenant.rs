//! The tenants of a drill: an empty one to recover into, and an invented company to recover.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};

use catalog::{Kind, Shape};
use collector::{CollectMonitor, CollectRequest, collect};
use graph::{Client, Clock, LeapingClock, Settings};
use jiff::{SignedDuration, Timestamp};
use restore::planning::State;
use serde_json::{Map, Value};
use simulator::{
    DEFAULT_APP_ID, DEFAULT_SECRET, Faults, Limits, Seed, ServerOptions, Simulator, Tenant,
    TenantOptions, TenantSize, WorldOptions,
};
use store::{MemoryStorage, Writer};

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::simulated::{self, Serving, Simulated, everything};

/// Relationships that synchronisation keeps, where it keeps the source.
const SYNCHRONISED: [&str; 2] = ["group_member", "user_manager"];
/// Tenant that Microsoft's own applications belong to.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// A tenant with nothing in it but what every tenant has, and what comes from elsewhere: the directory on premises that is
/// synchronised with it, and applications of other tenants.
pub(super) struct Empty {
    pub(super) tenant_id: String,
    simulator: Simulator,
}

impl Empty {
    /// Serves it within Microsoft's limits, measured by this clock; `synchronised` says whether what comes from on
    /// premises is there.
    pub(super) fn start(
        app: &App,
        wanted: State<'_>,
        kinds: &[&'static Kind],
        synchronised: bool,
        clock: &Arc<LeapingClock>,
    ) -> Result<Self> {
        let tenant_id = wanted.archive.tenant().to_owned();
        let before = Before::of(wanted, kinds, synchronised)?;
        let mut options = TenantOptions::new(&tenant_id, "Drill", wanted.snapshot.taken_at);
        options.published = before.published;
        let mut tenant = Tenant::new(options);
        sow(&mut tenant, before.seeds);
        let elapsed = Arc::clone(clock);
        let options = ServerOptions {
            limits: Limits::Microsoft {
                size: size(before.users),
            },
            elapsed: Some(Arc::new(move || elapsed.monotonic())),
            credentials: vec![everything()],
            ..ServerOptions::default()
        };
        let simulator = app
            .runtime()?
            .block_on(Simulator::start(tenant, options))
            .map_err(|error| {
                Failure::new(
                    FAILED,
                    format!("the simulated tenant cannot be served: {error}"),
                )
            })?;
        Ok(Self {
            tenant_id,
            simulator,
        })
    }

    /// A client at Microsoft's pace that does not really wait.
    pub(super) fn client(&self, clock: &Arc<LeapingClock>) -> Result<Client> {
        let url = self.simulator.url();
        let look_up = |name: &str| {
            let value = match name {
                "ENTRACE_GRAPH_URL" | "AZURE_AUTHORITY_HOST" => &url,
                "AZURE_TENANT_ID" => &self.tenant_id,
                "AZURE_CLIENT_ID" => DEFAULT_APP_ID,
                "AZURE_CLIENT_SECRET" => DEFAULT_SECRET,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let mut settings = Settings::from_environment(look_up, false)?;
        settings.clock = Arc::clone(clock) as Arc<dyn Clock>;
        settings.limits.exchange_timeout = None;
        settings.limits.concurrency = 16;
        Ok(Client::new(settings)?)
    }

    /// Lets a minute pass, so that no two snapshots are of the same moment.
    pub(super) fn wait(&self) {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(now) = tenant.now().checked_add(SignedDuration::from_mins(1)) {
            tenant.set_now(now);
        }
    }
}

/// What there is before anything is brought back.
#[derive(Default)]
struct Before {
    seeds: Vec<Seed>,
    /// Applications of other tenants ([`TenantOptions::published`]).
    published: HashMap<String, Map<String, Value>>,
    /// How many users the tenant is to have.
    users: usize,
}

impl Before {
    fn of(wanted: State<'_>, kinds: &[&'static Kind], synchronised: bool) -> Result<Self> {
        let mut before = Self::default();
        let mut synced = HashSet::new();
        for kind in kinds {
            let objects = objects(wanted, kind)?;
            if kind.name == "user" {
                before.users = objects.len();
            }
            for (parents, properties) in objects {
                let is_synced = synchronised && is_synchronised(kind, &properties);
                if is_synced && let Some(id) = text(&properties, "id") {
                    synced.insert(id.to_owned());
                }
                if is_synced || is_given(kind, &parents, &properties) {
                    before.seeds.push(Seed::Object {
                        kind,
                        parents,
                        properties,
                    });
                } else if kind.name == "service_principal" {
                    let application = published(kind, &properties, wanted.archive.tenant());
                    before.published.extend(application);
                }
            }
        }
        let kept = kinds.iter();
        for kind in kept.filter(|kind| SYNCHRONISED.contains(&kind.name)) {
            let links = links(wanted, kind)?.into_iter();
            let links = links.filter(|(source, _)| synced.contains(source));
            before
                .seeds
                .extend(links.map(|(source, target)| Seed::Link {
                    kind,
                    source,
                    target,
                }));
        }
        Ok(before)
    }
}

/// The size Microsoft's limits go by.
fn size(users: usize) -> TenantSize {
    match users {
        0..50 => TenantSize::Small,
        50..=500 => TenantSize::Medium,
        _ => TenantSize::Large,
    }
}

/// Whether a new tenant has the object by itself: nobody can make it, or Microsoft did.
fn is_given(kind: &Kind, parents: &[String], properties: &Map<String, Value>) -> bool {
    if kind.is_relationship() || kind.name.starts_with("deleted_") {
        return false;
    }
    let is = |name: &str, value: &str| text(properties, name) == Some(value);
    let is_true = |name: &str| properties.get(name) == Some(&Value::Bool(true));
    let create = kind.writing.and_then(|writing| writing.create);
    create.is_none()
        || kind.shape == Shape::Singleton
        || kind.name == "domain"
        || is_true("isBuiltIn")
        || is("policyType", "builtIn")
        || is("userFlowAttributeType", "builtIn")
        || kind.name.starts_with("permission_grant_") && is_microsofts(kind, parents, properties)
        || is("appOwnerOrganizationId", MICROSOFT)
}

/// Whether an object that stands below nothing, or the one it stands below, has an id that only Microsoft gives.
fn is_microsofts(kind: &Kind, parents: &[String], properties: &Map<String, Value>) -> bool {
    let own = kind.key.and_then(|key| text(properties, key));
    let outermost = parents.first().map(String::as_str).or(own);
    outermost.is_some_and(|id| id.starts_with("microsoft-"))
}

/// Whether an object comes from the directory on premises.
fn is_synchronised(kind: &Kind, properties: &Map<String, Value>) -> bool {
    !kind.name.starts_with("deleted_")
        && properties.get("onPremisesSyncEnabled") == Some(&Value::Bool(true))
}

/// The appId of a service principal whose application is another tenant's, and what it shows of it.
fn published(
    kind: &Kind,
    properties: &Map<String, Value>,
    tenant: &str,
) -> Option<(String, Map<String, Value>)> {
    const OWN: [&str; 4] = [
        "createdDateTime",
        "deletedDateTime",
        "id",
        "passwordCredentials",
    ];
    const SHOWN: [&str; 2] = ["displayName", "servicePrincipalNames"];
    let owner = text(properties, "appOwnerOrganizationId")?;
    if owner.eq_ignore_ascii_case(tenant) {
        return None;
    }
    let is_shown = |name: &str| {
        SHOWN.contains(&name) || (kind.read_only.contains(&name) && !OWN.contains(&name))
    };
    let shown = properties.iter().filter(|(name, _)| is_shown(name));
    let shown = shown.map(|(name, value)| (name.clone(), value.clone()));
    Some((
        text(properties, "appId")?.to_ascii_lowercase(),
        shown.collect(),
    ))
}

fn text<'p>(properties: &'p Map<String, Value>, name: &str) -> Option<&'p str> {
    properties.get(name).and_then(Value::as_str)
}

/// An object, and the ids of its parents.
type Placed = (Vec<String>, Map<String, Value>);

/// The objects of a kind.
fn objects(wanted: State<'_>, kind: &Kind) -> Result<Vec<Placed>> {
    let mut objects = Vec::new();
    let parents = kind.addressing_parents().len();
    each(wanted, kind, |key, payload| {
        let ids = key.split(model::KEY_SEPARATOR).take(parents);
        if let Ok(properties) = serde_json::from_str(payload) {
            objects.push((ids.map(str::to_owned).collect(), properties));
        }
    })?;
    Ok(objects)
}

/// Ids of both ends of a relationship's edges.
fn links(wanted: State<'_>, kind: &Kind) -> Result<Vec<(String, String)>> {
    let mut links = Vec::new();
    each(wanted, kind, |key, _| {
        let ends = key.split_once(model::KEY_SEPARATOR);
        links.extend(ends.map(|(source, target)| (source.to_owned(), target.to_owned())));
    })?;
    Ok(links)
}

/// Keys and texts of everything of a kind.
fn each(wanted: State<'_>, kind: &Kind, mut take: impl FnMut(&str, &str)) -> Result<()> {
    let Some(stored) = wanted.archive.kind(kind.name) else {
        return Ok(());
    };
    let alive = wanted.archive.alive(stored.number, wanted.snapshot)?;
    wanted
        .archive
        .versions(stored.number, &alive, |_, key, payload| {
            take(key, payload);
            Ok(())
        })?;
    Ok(())
}

/// Seeds what can be seeded: what stands below something that is not there is left out.
fn sow(tenant: &mut Tenant, seeds: Vec<Seed>) {
    let mut left = seeds;
    loop {
        let count = left.len();
        // Parents may come after their children.
        left.retain(|seed| tenant.seed(seed.clone()).is_err());
        if left.is_empty() || left.len() == count {
            return;
        }
    }
}

/// An archive in memory.
pub(super) fn archive(tenant: &str) -> Result<Writer> {
    simulated::archive(Arc::new(MemoryStorage::new()), tenant)
}

/// An invented company, read into an archive in memory.
pub(super) fn company(app: &App, users: u32, monitor: &dyn CollectMonitor) -> Result<Writer> {
    let options = WorldOptions {
        users,
        start: Timestamp::from_second(App::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH),
        ..WorldOptions::default()
    };
    let serving = Serving {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        limits: Limits::None,
        faults: Faults::default(),
        forbidden: HashSet::new(),
        unlicensed: HashSet::new(),
        lived: 0,
        lives_on: false,
        truth: None,
    };
    let simulated = Simulated::start(app, options, serving)?;
    let mut writer = archive(simulated.tenant_id())?;
    let client = simulated.client()?;
    let request = CollectRequest::new(catalog::kinds().to_vec(), "all");
    let runtime = app.runtime()?.handle().clone();
    collect(&mut writer, &client, &runtime, &request, monitor)?;
    Ok(writer)
}

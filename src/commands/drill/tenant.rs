//! The tenants of a drill: an empty one to recover into, and an invented company to recover.

use std::collections::HashSet;
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

/// Tenant that Microsoft's own applications belong to.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// A tenant with nothing in it but what every tenant has.
pub(super) struct Empty {
    pub(super) tenant_id: String,
    simulator: Simulator,
}

impl Empty {
    /// Serves it within Microsoft's limits, measured by this clock.
    pub(super) fn start(
        app: &App,
        wanted: State<'_>,
        kinds: &[&'static Kind],
        clock: &Arc<LeapingClock>,
    ) -> Result<Self> {
        let tenant_id = wanted.archive.tenant().to_owned();
        let options = TenantOptions::new(&tenant_id, "Drill", wanted.snapshot.taken_at);
        let mut tenant = Tenant::new(options);
        let mut users = 0;
        let mut seeds = Vec::new();
        for kind in kinds {
            let objects = objects(wanted, kind)?;
            if kind.name == "user" {
                users = objects.len();
            }
            seeds.extend(
                objects
                    .into_iter()
                    .filter(|(_, properties)| is_given(kind, properties))
                    .map(|(parents, properties)| Seed::Object {
                        kind,
                        parents,
                        properties,
                    }),
            );
        }
        sow(&mut tenant, seeds);
        let elapsed = Arc::clone(clock);
        let options = ServerOptions {
            limits: Limits::Microsoft { size: size(users) },
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

/// The size Microsoft's limits go by.
fn size(users: usize) -> TenantSize {
    match users {
        0..50 => TenantSize::Small,
        50..=500 => TenantSize::Medium,
        _ => TenantSize::Large,
    }
}

/// Whether a new tenant has the object by itself: nobody can make it, or Microsoft did.
fn is_given(kind: &Kind, properties: &Map<String, Value>) -> bool {
    if kind.is_relationship() || kind.name.starts_with("deleted_") {
        return false;
    }
    let is = |name: &str, value: &str| properties.get(name).and_then(Value::as_str) == Some(value);
    let is_true = |name: &str| properties.get(name) == Some(&Value::Bool(true));
    let create = kind.writing.and_then(|writing| writing.create);
    create.is_none()
        || kind.shape == Shape::Singleton
        || kind.name == "domain"
        || is_true("isBuiltIn")
        || is("policyType", "builtIn")
        || is("appOwnerOrganizationId", MICROSOFT)
}

/// An object, and the ids of its parents.
type Placed = (Vec<String>, Map<String, Value>);

/// The objects of a kind.
fn objects(wanted: State<'_>, kind: &Kind) -> Result<Vec<Placed>> {
    let mut objects = Vec::new();
    let Some(stored) = wanted.archive.kind(kind.name) else {
        return Ok(objects);
    };
    let alive = wanted.archive.alive(stored.number, wanted.snapshot)?;
    let parents = kind.addressing_parents().len();
    wanted
        .archive
        .versions(stored.number, &alive, |_, key, payload| {
            let ids = key.split(model::KEY_SEPARATOR).take(parents);
            if let Ok(properties) = serde_json::from_str(payload) {
                objects.push((ids.map(str::to_owned).collect(), properties));
            }
            Ok(())
        })?;
    Ok(objects)
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

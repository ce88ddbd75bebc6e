//! A simulated tenant in this process: an invented company that lives day by day, behind a Graph of
//! its own.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use graph::{Client, Pace, Settings};
use jiff::{SignedDuration, Timestamp};
use simulator::{
    AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, DayRule, Faults, Limits, ServerOptions,
    Simulator, Tenant, TenantOptions, World, WorldOptions,
};
use store::{Archive, CreateOptions, Secrets, SlotChoice, Storage, Writer};

use crate::app::{App, TOOL};
use crate::failure::{FAILED, Failure, Result};
use crate::permissions::{needs, writes};
use crate::truth::Truth;

/// The application that executes plans in a simulated tenant, its secret, and where that stands.
const WRITER_APP_ID: &str = "c3b8e6f4-75a1-4d29-9e0b-6f42d1a8b753";
const WRITER_SECRET: &str = "simulated-secret-that-writes";
const WRITER_SECRET_IN: &str = "ENTRACE_SIMULATED_WRITE_SECRET";

/// Hours of a day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A new archive of an invented tenant, which nobody needs a key for.
pub(crate) fn archive(storage: Arc<dyn Storage>, tenant: &str) -> Result<Writer> {
    let options = CreateOptions {
        tenant: tenant.to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: TOOL.to_owned(),
        now: App::now(),
    };
    Archive::create(&storage, &options)?;
    Ok(Writer::open(
        storage,
        &Secrets::default(),
        App::writer_options(),
    )?)
}

/// A tenant being served, and the world it is made by.
pub(crate) struct Simulated {
    simulator: Simulator,
    life: Arc<Mutex<Life>>,
    tenant_id: String,
    domain: String,
}

/// A world and how far it has lived.
struct Life {
    world: World,
    start: Timestamp,
    days: u32,
    /// What the tenant refused: nothing, unless the world contradicts itself.
    refused: u64,
    truth: Option<Truth>,
    /// What kept the truth from being written.
    unwritten: Option<Failure>,
}

impl Life {
    fn live_day(&mut self, tenant: &mut Tenant) {
        for deed in self.world.live_day() {
            match tenant.apply(&deed) {
                Ok(applied) => {
                    let written = self
                        .truth
                        .as_mut()
                        .map(|truth| truth.write(&deed, &applied));
                    if let Some(Err(failure)) = written {
                        self.truth = None;
                        self.unwritten = Some(failure);
                    }
                }
                Err(_) => self.refused += 1,
            }
        }
        self.days += 1;
        let lived = DAY.checked_mul(i32::try_from(self.days).unwrap_or(i32::MAX));
        let now = lived.and_then(|lived| self.start.checked_add(lived).ok());
        if let Some(now) = now {
            tenant.set_now(now);
        }
    }
}

/// How a simulated tenant is served.
pub(crate) struct Serving {
    pub(crate) listen: SocketAddr,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    /// Names of kinds that nobody may read.
    pub(crate) forbidden: HashSet<String>,
    /// Names of kinds it has no licence for.
    pub(crate) unlicensed: HashSet<String>,
    /// Days lived before anybody reads.
    pub(crate) lived: u32,
    /// Whether another day passes for each reader that comes back.
    pub(crate) lives_on: bool,
    /// Where to write down what really happens.
    pub(crate) truth: Option<Truth>,
}

impl Simulated {
    /// Makes the world's tenant and serves it.
    pub(crate) fn start(app: &App, options: WorldOptions, serving: Serving) -> Result<Self> {
        let start = options.start;
        let name = options.tenant_name.clone();
        let mut world = World::new(options);
        let mut tenant = Tenant::new(TenantOptions {
            forbidden: serving.forbidden,
            unlicensed: serving.unlicensed,
            ..TenantOptions::new(world.tenant_id(), &name, start)
        });
        let (tenant_id, domain) = (world.tenant_id().to_owned(), world.domain().to_owned());
        for seed in world.seeds() {
            tenant.seed(seed).map_err(|refusal| {
                Failure::new(FAILED, format!("the simulated tenant: {refusal}"))
            })?;
        }
        let mut life = Life {
            world,
            start,
            days: 0,
            refused: 0,
            truth: serving.truth,
            unwritten: None,
        };
        for _ in 0..serving.lived {
            life.live_day(&mut tenant);
        }
        if let Some(failure) = life.unwritten.take() {
            return Err(failure);
        }
        let life = Arc::new(Mutex::new(life));
        let living = Arc::clone(&life);
        let day = if serving.lives_on {
            DayRule::AfterRead(Box::new(move |tenant| lock(&living).live_day(tenant)))
        } else {
            DayRule::Manual
        };
        let options = ServerOptions {
            listen: serving.listen,
            day,
            limits: serving.limits,
            faults: serving.faults,
            credentials: vec![reader(), writer()],
            ..ServerOptions::default()
        };
        let simulator = app
            .runtime()?
            .block_on(Simulator::start(tenant, options))
            .map_err(|error| {
                Failure::new(
                    FAILED,
                    format!("cannot listen at {}: {error}", serving.listen),
                )
                .hint("name another address with --listen; port 0 takes any free one")
            })?;
        Ok(Self {
            simulator,
            life,
            tenant_id,
            domain,
        })
    }

    /// Lets a day pass.
    pub(crate) fn live_day(&self) -> Result<()> {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        let mut life = lock(&self.life);
        life.live_day(&mut tenant);
        life.unwritten.take().map_or(Ok(()), Err)
    }

    /// Lets time pass in which nothing happens.
    pub(crate) fn wait(&self, time: SignedDuration) {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(now) = tenant.now().checked_add(time) {
            tenant.set_now(now);
        }
    }

    /// A client for it, as fast as it answers.
    pub(crate) fn client(&self) -> Result<Client> {
        let look_up = |name: &str| {
            let (_, value) = self.variables().into_iter().find(|(own, _)| *own == name)?;
            Some(value)
        };
        let mut settings = Settings::from_environment(look_up, false)?;
        settings.pace = Pace::Unlimited;
        Ok(Client::new(settings)?)
    }

    /// Environment variables that lead a client to it, and let restore plans write.
    pub(crate) fn variables(&self) -> [(&'static str, String); 10] {
        [
            ("ENTRACE_GRAPH_URL", self.simulator.url()),
            ("AZURE_AUTHORITY_HOST", self.simulator.url()),
            ("AZURE_TENANT_ID", self.tenant_id.clone()),
            ("AZURE_CLIENT_ID", DEFAULT_APP_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", DEFAULT_SECRET.to_owned()),
            ("ENTRACE_RESTORE__ENABLED", "true".to_owned()),
            ("ENTRACE_RESTORE__AUTH__METHOD", "client_secret".to_owned()),
            ("ENTRACE_RESTORE__AUTH__CLIENT_ID", WRITER_APP_ID.to_owned()),
            (
                "ENTRACE_RESTORE__AUTH__CLIENT_SECRET_ENV",
                WRITER_SECRET_IN.to_owned(),
            ),
            (WRITER_SECRET_IN, WRITER_SECRET.to_owned()),
        ]
    }

    pub(crate) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    /// The simulated time.
    pub(crate) fn now(&self) -> Timestamp {
        let tenant = self.simulator.tenant();
        let tenant = tenant.read().unwrap_or_else(PoisonError::into_inner);
        tenant.now()
    }
}

/// The application that reads it: with the permissions a collector should have, and no other.
fn reader() -> AppCredential {
    let needed = needs(catalog::kinds(), &[]).into_iter();
    let roles = needed.map(|need| need.permission.to_owned());
    AppCredential {
        roles: roles.filter(|role| !writes(role)).collect(),
        ..AppCredential::default()
    }
}

/// An application that may do whatever the catalogue knows.
pub(crate) fn everything() -> AppCredential {
    AppCredential {
        roles: writer().roles,
        ..AppCredential::default()
    }
}

/// The application that executes plans: what it must read it reads itself, before and after each step.
fn writer() -> AppCredential {
    let writing = catalog::kinds()
        .iter()
        .filter_map(|kind| kind.writing.as_ref());
    let needed = writing.flat_map(|writing| writing.permissions.iter().chain(writing.besides));
    let mut roles = reader().roles;
    roles.extend(needed.map(|role| (*role).to_owned()));
    roles.sort();
    roles.dedup();
    AppCredential {
        app_id: WRITER_APP_ID.to_owned(),
        service_principal_id: "91d5a7c2-3b64-4f0f-8c1e-d27a5b90e436".to_owned(),
        name: "entrace restore".to_owned(),
        secrets: vec![WRITER_SECRET.to_owned()],
        roles,
        ..AppCredential::default()
    }
}

/// A lock that a panic elsewhere does not spoil.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

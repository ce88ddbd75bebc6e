//! An invented company in a simulated tenant, and the archive that follows it.

use std::sync::{Arc, PoisonError};

use catalog::Kind;
use collector::{CollectRequest, collect};
use graph::{Client, Clock, LeapingClock, Pace, Settings};
use jiff::{SignedDuration, Timestamp};
use restore::Plan;
use restore::execution::{Options, Report, run};
use restore::planning::{PlanOptions, PlanRequest, Selection, State, plan};
use simulator::{
    Act, Actor, AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, Deed, ServerOptions, Simulator,
    Tenant, TenantOptions, World, WorldOptions,
};
use store::{
    Archive, CreateOptions, MemoryStorage, Secrets, SlotChoice, Snapshot, Storage, Writer,
    WriterOptions,
};
use tokio::runtime::Runtime;

use crate::tenant::Memory;

/// A company being served, and its archive.
pub(crate) struct Company {
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Simulator,
    pub(crate) world: World,
    pub(crate) writer: Writer,
    tenant_id: String,
    start: Timestamp,
    days: i32,
    clock: Arc<LeapingClock>,
}

impl Company {
    /// A company of so many users, whose story is laid out over so many days.
    pub(crate) fn new(users: u32, days: u32) -> Self {
        let options = WorldOptions {
            users,
            days,
            ..WorldOptions::default()
        };
        let (start, name) = (options.start, options.tenant_name.clone());
        let mut world = World::new(options);
        let tenant_id = world.tenant_id().to_owned();
        let mut tenant = Tenant::new(TenantOptions::new(&tenant_id, &name, start));
        for seed in world.seeds() {
            tenant
                .seed(seed)
                .unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        let options = ServerOptions {
            credentials: vec![everything()],
            ..ServerOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("because threads can be started");
        let simulator = runtime
            .block_on(Simulator::start(tenant, options))
            .expect("because any port will do");
        Self {
            writer: archive(&tenant_id),
            runtime,
            simulator,
            world,
            tenant_id,
            start,
            days: 0,
            clock: Arc::new(LeapingClock::starting_at(start)),
        }
    }

    pub(crate) fn archive(&self) -> &Archive {
        self.writer.archive()
    }

    pub(crate) fn snapshot(&self, number: u32) -> &Snapshot {
        let mut snapshots = self.archive().snapshots().iter();
        snapshots
            .find(|snapshot| snapshot.number == number)
            .expect("because it was taken")
    }

    fn client(&self) -> Client {
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
        let settings = Settings::from_environment(look_up, false);
        let mut settings = settings.expect("because everything is named");
        settings.pace = Pace::Unlimited;
        settings.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        settings.limits.exchange_timeout = None;
        Client::new(settings).expect("because the settings are sound")
    }

    /// Reads everything; the number of the snapshot.
    pub(crate) fn collect(&mut self) -> u32 {
        self.wait();
        let client = self.client();
        let kinds = catalog::kinds().to_vec();
        let mut request = CollectRequest::new(kinds, "all");
        request.accept_deletions = true;
        request.full = true;
        let report = collect(
            &mut self.writer,
            &client,
            self.runtime.handle(),
            &request,
            &(),
        );
        report.unwrap_or_else(|error| panic!("{error}")).number
    }

    /// Lets a day pass.
    pub(crate) fn live_day(&mut self) {
        let deeds = self.world.live_day();
        self.days += 1;
        let now = self.start + SignedDuration::from_hours(24 * i64::from(self.days));
        self.change(|tenant| {
            for deed in &deeds {
                // Somebody may be gone already of whom the story still tells.
                let _ = tenant.apply(deed);
            }
            tenant.set_now(now);
        });
    }

    fn wait(&self) {
        self.change(|tenant| {
            let now = tenant.now() + SignedDuration::from_mins(1);
            tenant.set_now(now);
        });
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut tenant)
    }

    /// Somebody does something, if the tenant lets them. Whether it did.
    pub(crate) fn act(&self, act: Act) -> bool {
        self.change(|tenant| {
            let deed = Deed {
                at: tenant.now() + SignedDuration::from_secs(1),
                by: Actor::Service,
                act,
                activity: None,
                silent: false,
            };
            tenant.carry_out(&deed).is_ok()
        })
    }

    /// Keys and texts of a kind's objects in a snapshot, sorted.
    pub(crate) fn objects(&self, kind: &Kind, number: u32) -> Vec<(Vec<String>, String)> {
        let Some(stored) = self.archive().kind(kind.name) else {
            return Vec::new();
        };
        let alive = self
            .archive()
            .alive(stored.number, self.snapshot(number))
            .expect("because the archive is sound");
        let mut objects = Vec::new();
        self.archive()
            .versions(stored.number, &alive, |_, key, text| {
                let parts = key.split(model::KEY_SEPARATOR).map(str::to_owned);
                objects.push((parts.collect(), text.to_owned()));
                Ok(())
            })
            .expect("because the archive is sound");
        objects.sort();
        objects
    }

    /// The plan that brings one snapshot back from another.
    pub(crate) fn plan(&self, wanted: u32, current: u32, selection: Selection) -> Plan {
        let state = |number| State {
            archive: self.archive(),
            snapshot: self.snapshot(number),
        };
        let request = PlanRequest {
            wanted: state(wanted),
            revision: "first".to_owned(),
            current: Some(state(current)),
            live: true,
            tenant: self.tenant_id.clone(),
            selection,
            options: PlanOptions {
                links: true,
                delete_added: true,
                ..PlanOptions::default()
            },
            author: "test".to_owned(),
            tool: "test".to_owned(),
            now: self.start,
        };
        plan(&request).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Executes a plan.
    pub(crate) fn run(&self, plan: &Plan) -> Report {
        let client = self.client();
        let options = Options {
            max_changes: 1_000_000,
            keep_going: true,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..Options::default()
        };
        let journal = Memory::default();
        self.runtime
            .block_on(run(plan, &client, &journal, &options, &()))
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

/// An application that may do everything the catalogue knows.
fn everything() -> AppCredential {
    let kinds = catalog::kinds().iter();
    let mut roles: Vec<String> = kinds
        .flat_map(|kind| {
            let further = kind.further_permissions.iter();
            let writing = kind.writing.iter();
            let written = writing.flat_map(|it| it.permissions.iter().chain(it.besides));
            let read = kind.permissions.iter();
            read.chain(written)
                .copied()
                .chain(further.map(|further| further.permission))
                .collect::<Vec<_>>()
        })
        .map(str::to_owned)
        .collect();
    roles.sort();
    roles.dedup();
    AppCredential {
        roles,
        ..AppCredential::default()
    }
}

fn archive(tenant: &str) -> Writer {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let options = CreateOptions {
        tenant: tenant.to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
    };
    Archive::create(&storage, &options).expect("because memory can be written");
    let options = WriterOptions {
        tool: "test".to_owned(),
        now: Timestamp::now,
    };
    Writer::open(storage, &Secrets::default(), options).expect("because it was just made")
}

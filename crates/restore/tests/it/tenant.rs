//! A small simulated tenant, a client of it on a clock that leaps, and journals in memory.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, PoisonError};

use catalog::Kind;
use graph::{Client, Clock, LeapingClock, Pace, Settings};
use jiff::{SignedDuration, Timestamp};
use restore::execution::{Ended, Entry, Journal, Monitor, Options, Report, run};
use restore::{Error, Plan, fingerprint};
use serde_json::{Map, Value, json};
use simulator::{
    Act, Actor, AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, Deed, Faults, Limits, Properties,
    Seed, ServerOptions, Simulator, Tenant, TenantOptions,
};
use tokio::runtime::Runtime;

pub(crate) const TENANT_ID: &str = "0f0c7b1e-6d2a-4f0e-9a55-1b2c3d4e5f60";
/// A group with users 1 and 2 in it.
pub(crate) const STAFF: u32 = 900_001;
/// A Conditional Access policy.
pub(crate) const POLICY: u32 = 700_001;

pub(crate) fn kind(name: &str) -> &'static Kind {
    catalog::by_name(name).unwrap_or_else(|| panic!("no kind {name}"))
}

/// A GUID that ends in a number.
pub(crate) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

pub(crate) fn object(value: Value) -> Properties {
    match value {
        Value::Object(properties) => properties,
        other => panic!("{other} is no object"),
    }
}

/// A served tenant.
pub(crate) struct Live {
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Simulator,
    pub(crate) clock: Arc<LeapingClock>,
}

impl Live {
    /// So many users, a group, a policy; nothing goes wrong, nothing is limited.
    pub(crate) fn contoso(users: u32) -> Self {
        Self::with(users, Limits::None, Faults::default())
    }

    pub(crate) fn with(users: u32, limits: Limits, faults: Faults) -> Self {
        let clock = Arc::new(LeapingClock::starting_at(Timestamp::UNIX_EPOCH));
        let elapsed = Arc::clone(&clock);
        let options = ServerOptions {
            limits,
            faults,
            elapsed: Some(Arc::new(move || elapsed.monotonic())),
            credentials: vec![writer()],
            ..ServerOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("because a runtime needs no more than memory");
        let simulator = runtime
            .block_on(Simulator::start(tenant(users), options))
            .expect("because any port will do");
        Self {
            runtime,
            simulator,
            clock,
        }
    }

    /// A client that waits without time passing.
    pub(crate) fn client(&self) -> Client {
        self.client_at(Pace::Unlimited)
    }

    pub(crate) fn client_at(&self, pace: Pace) -> Client {
        let url = self.simulator.url();
        let look_up = |name: &str| {
            let value = match name {
                "ENTRACE_GRAPH_URL" | "AZURE_AUTHORITY_HOST" => &url,
                "AZURE_TENANT_ID" => TENANT_ID,
                "AZURE_CLIENT_ID" => DEFAULT_APP_ID,
                "AZURE_CLIENT_SECRET" => DEFAULT_SECRET,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let settings = Settings::from_environment(look_up, false);
        let mut settings = settings.expect("because everything is named");
        settings.pace = pace;
        settings.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        settings.limits.exchange_timeout = None;
        settings.limits.concurrency = 32;
        Client::new(settings).expect("because the settings are sound")
    }

    pub(crate) fn options(&self) -> Options<'static> {
        Options {
            max_changes: 100_000,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..Options::default()
        }
    }

    /// Executes a plan with a client of its own.
    pub(crate) fn run(&self, plan: &Plan, journal: &dyn Journal) -> Result<Report, Error> {
        self.run_with(plan, journal, &self.options(), &())
    }

    pub(crate) fn run_with(
        &self,
        plan: &Plan,
        journal: &dyn Journal,
        options: &Options<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Report, Error> {
        let client = self.client();
        self.runtime
            .block_on(run(plan, &client, journal, options, monitor))
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let tenant = tenant.read().unwrap_or_else(PoisonError::into_inner);
        look(&tenant)
    }

    /// Somebody else does something.
    pub(crate) fn act(&self, act: Act) {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        let deed = Deed {
            at: tenant.now() + SignedDuration::from_mins(1),
            by: Actor::Service,
            act,
            activity: None,
            silent: false,
        };
        tenant
            .apply(&deed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    }

    pub(crate) fn change(&self, name: &str, number: u32, properties: Value) {
        self.act(Act::Update {
            kind: kind(name),
            parents: Vec::new(),
            id: id(number),
            properties: object(properties),
        });
    }

    pub(crate) fn faults(&self, change: impl FnOnce(&mut Faults)) {
        let faults = self.simulator.faults();
        change(&mut faults.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// An object as the tenant has it.
    pub(crate) fn get(&self, name: &str, own: &str) -> Option<Value> {
        self.look(|tenant| {
            let text = tenant.object(kind(name), &[], own)?;
            Some(serde_json::from_str(text).expect("because the tenant keeps JSON"))
        })
    }

    /// The objects of a kind with this display name.
    pub(crate) fn named(&self, name: &str, display: &str) -> Vec<Value> {
        self.look(|tenant| {
            let objects = tenant
                .objects(kind(name))
                .map(|text| serde_json::from_str::<Value>(text).expect("because it is JSON"));
            objects
                .filter(|object| object["displayName"] == display)
                .collect()
        })
    }

    pub(crate) fn is_linked(&self, name: &str, source: &str, target: &str) -> bool {
        self.look(|tenant| {
            let mut links = tenant.links(kind(name));
            links.any(|link| link == (source, target))
        })
    }

    /// Every living object and edge, as text: two of these differ where the tenant does.
    pub(crate) fn everything(&self) -> Vec<String> {
        self.look(|tenant| {
            let mut all = Vec::new();
            for kind in catalog::kinds() {
                let is_log = kind.is_event();
                if kind.is_relationship() {
                    let links = tenant.links(kind);
                    all.extend(links.map(|(from, to)| format!("{} {from} {to}", kind.name)));
                } else if !is_log {
                    let objects = tenant.objects(kind);
                    all.extend(objects.map(|text| format!("{} {text}", kind.name)));
                }
            }
            all.sort();
            all
        })
    }

    /// The hash of an object as the service shows it now.
    pub(crate) fn hash(&self, name: &str, own: &str) -> String {
        let kind = kind(name);
        let request = kind
            .object_request(&[], own)
            .expect("because the kind has objects");
        let client = self.client();
        let page = self
            .runtime
            .block_on(client.get(&collector::get(kind, &request)))
            .unwrap_or_else(|error| panic!("{error}"));
        let text = collector::normalised(kind, &page.body).expect("because it is JSON");
        fingerprint(kind, &text)
    }

    /// Requests that wrote, whatever came of them.
    pub(crate) fn writes(&self) -> u64 {
        let usage = self.simulator.requests();
        let counts = usage.by_template.iter();
        counts
            .filter(|(template, _)| !template.starts_with("GET "))
            .map(|(_, count)| count.requests)
            .sum()
    }
}

/// The application that writes.
fn writer() -> AppCredential {
    let roles = [
        "User.ReadWrite.All",
        "Group.ReadWrite.All",
        "Policy.ReadWrite.ConditionalAccess",
    ];
    AppCredential {
        roles: roles.map(str::to_owned).to_vec(),
        ..AppCredential::default()
    }
}

fn tenant(users: u32) -> Tenant {
    let now = "2026-03-01T08:00:00Z"
        .parse()
        .expect("because it is a time");
    let mut tenant = Tenant::new(TenantOptions::new(TENANT_ID, "Contoso", now));
    let mut put = |name: &str, properties: Value| {
        let seed = Seed::Object {
            kind: kind(name),
            parents: Vec::new(),
            properties: object(properties),
        };
        tenant
            .seed(seed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    };
    put("domain", json!({"id": "contoso.com", "isVerified": true}));
    for number in 1..=users {
        put(
            "user",
            json!({
                "id": id(number), "displayName": format!("User {number}"),
                "userPrincipalName": format!("user{number}@contoso.com"), "accountEnabled": true,
                "city": "Berlin", "department": "Sales", "createdDateTime": "2025-01-01T00:00:00Z",
            }),
        );
    }
    put(
        "group",
        json!({
            "id": id(STAFF), "displayName": "Staff", "groupTypes": [], "mailEnabled": false,
            "mailNickname": "staff", "securityEnabled": true, "description": "Everybody",
        }),
    );
    put(
        "conditional_access_policy",
        json!({
            "id": id(POLICY), "displayName": "Require MFA", "state": "disabled",
            "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": []}},
            "grantControls": null, "sessionControls": null,
            "createdDateTime": "2025-01-01T00:00:00Z", "modifiedDateTime": null,
        }),
    );
    for number in 1..=users.min(2) {
        let seed = Seed::Link {
            kind: kind("group_member"),
            source: id(STAFF),
            target: id(number),
        };
        tenant
            .seed(seed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    tenant
}

/// A journal in memory, that can die.
#[derive(Default)]
pub(crate) struct Memory {
    entries: RefCell<Vec<Entry>>,
    appended: Cell<u32>,
    dies_at: Cell<Option<(u32, Death)>>,
}

/// When a process dies that writes a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// Before the entries are durable.
    Before,
    /// After.
    After,
}

impl Memory {
    /// Dies at the n-th time something is written, from 0.
    pub(crate) fn dying(entries: Vec<Entry>, at: u32, death: Death) -> Self {
        Self {
            entries: RefCell::new(entries),
            dies_at: Cell::new(Some((at, death))),
            ..Self::default()
        }
    }

    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        Self {
            entries: RefCell::new(entries),
            ..Self::default()
        }
    }

    pub(crate) fn all(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }
}

impl Journal for Memory {
    fn append(&self, entries: &[Entry]) -> restore::Result<()> {
        let number = self.appended.get();
        self.appended.set(number + 1);
        let death = self.dies_at.get().filter(|(at, _)| *at == number);
        if death.is_none_or(|(_, death)| death == Death::After) {
            self.entries.borrow_mut().extend_from_slice(entries);
        }
        match death {
            Some(_) => Err(Error::Internal("killed".to_owned())),
            None => Ok(()),
        }
    }

    fn finish(&self, entries: &[Entry], _ended: Ended) -> restore::Result<()> {
        self.append(entries)
    }

    fn entries(&self) -> restore::Result<Vec<Entry>> {
        Ok(self.all())
    }
}

/// Properties from JSON.
pub(crate) fn map(value: Value) -> Map<String, Value> {
    object(value)
}

/// Seconds a clock shows.
pub(crate) fn seconds(clock: &LeapingClock) -> f64 {
    clock.monotonic().as_secs_f64()
}

//! A living tenant: a simulated one behind a Graph of its own, the archive that follows it, and how the
//! two are compared.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use catalog::{Kind, Shape};
use collector::{
    CollectMonitor, CollectProgress, CollectReport, CollectRequest, CollectedKind, Error, collect,
};
use graph::{Client, LeapingClock, Pace, Settings};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{
    Act, Actor, AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, Deed, Faults, Limits, ServerOptions,
    Simulator, Tenant, TenantOptions, World, WorldOptions,
};
use store::{
    Archive, CoverageState, CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage, Writer,
    WriterOptions,
};
use tokio::runtime::Runtime;

use crate::support::{Objects, json, now, objects_of};

/// Between the parts of a key.
pub(crate) const UNIT: char = '\u{1f}';

/// The catalogue's kind of that name.
pub(crate) fn kind(name: &str) -> &'static Kind {
    catalog::by_name(name).unwrap_or_else(|| panic!("there is no kind {name}"))
}

/// The kinds these words choose.
pub(crate) fn kinds(words: &str) -> Vec<&'static Kind> {
    catalog::select_kinds(&[words]).unwrap_or_else(|unknown| panic!("{unknown}"))
}

/// A tenant being served, and the world it is made by.
pub(crate) struct Living {
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Simulator,
    pub(crate) tenant_id: String,
    world: World,
    start: Timestamp,
    days: i32,
}

impl Living {
    /// An invented company with so many users.
    pub(crate) fn company(users: u32) -> Self {
        Self::company_with(users, |_, _| {})
    }

    /// The same, with something changed before it is served.
    pub(crate) fn company_with(
        users: u32,
        change: impl FnOnce(&mut Tenant, &mut ServerOptions),
    ) -> Self {
        let options = WorldOptions {
            users,
            days: 30,
            ..WorldOptions::default()
        };
        let (start, name) = (options.start, options.tenant_name.clone());
        let mut world = World::new(options);
        let mut tenant = Tenant::new(TenantOptions::new(world.tenant_id(), &name, start));
        for seed in world.seeds() {
            tenant
                .seed(seed)
                .unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        let tenant_id = world.tenant_id().to_owned();
        let mut served = ServerOptions {
            limits: Limits::None,
            credentials: vec![reader()],
            ..ServerOptions::default()
        };
        change(&mut tenant, &mut served);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("because threads can be started");
        let simulator = runtime
            .block_on(Simulator::start(tenant, served))
            .expect("because any port will do");
        Self {
            runtime,
            simulator,
            tenant_id,
            world,
            start,
            days: 0,
        }
    }

    /// Lets a day pass.
    pub(crate) fn live_day(&mut self) {
        let deeds = self.world.live_day();
        self.days += 1;
        let lived = SignedDuration::from_hours(24 * i64::from(self.days));
        let now = self.start + lived;
        self.change(|tenant| {
            for deed in &deeds {
                tenant
                    .apply(deed)
                    .unwrap_or_else(|refusal| panic!("{refusal}"));
            }
            tenant.set_now(now);
        });
    }

    /// Lets time pass in which nothing happens.
    pub(crate) fn wait(&self, hours: i64) {
        self.change(|tenant| {
            let now = tenant.now() + SignedDuration::from_hours(hours);
            tenant.set_now(now);
        });
    }

    /// Looks at the tenant.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let tenant = tenant.read().unwrap_or_else(PoisonError::into_inner);
        look(&tenant)
    }

    /// Changes the tenant.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut tenant)
    }

    /// Something happens a minute later; silent deeds leave no row in the audit log.
    pub(crate) fn act(&self, act: Act, silent: bool) {
        self.change(|tenant| {
            let deed = Deed {
                at: tenant.now() + SignedDuration::from_mins(1),
                by: Actor::Service,
                act,
                activity: None,
                silent,
            };
            tenant
                .apply(&deed)
                .unwrap_or_else(|refusal| panic!("{refusal}"));
        });
    }

    /// Deletes objects without a word in the audit log.
    pub(crate) fn delete(&self, name: &str, ids: &[String]) {
        for id in ids {
            let delete = Act::Delete {
                kind: kind(name),
                parents: Vec::new(),
                id: id.clone(),
            };
            self.act(delete, true);
        }
    }

    /// Changes what goes wrong.
    pub(crate) fn faults(&self, change: impl FnOnce(&mut Faults)) {
        let faults = self.simulator.faults();
        change(&mut faults.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A client of its own, as fast as it is answered, that waits without time passing.
    pub(crate) fn client(&self) -> Client {
        self.client_with(|_| {})
    }

    pub(crate) fn client_with(&self, change: impl FnOnce(&mut Settings)) -> Client {
        client_of(&self.simulator.url(), &self.tenant_id, change)
    }

    /// Ids of a kind's objects, in order.
    pub(crate) fn ids(&self, name: &str) -> Vec<String> {
        let kind = kind(name);
        let key = kind.key.expect("because only objects with ids are counted");
        self.look(|tenant| {
            let ids = tenant.objects(kind).map(|text| {
                let id = json(text)[key].clone();
                id.as_str().expect("because ids are text").to_owned()
            });
            ids.collect()
        })
    }
}

/// A client of a Graph at this address.
pub(crate) fn client_of(url: &str, tenant: &str, change: impl FnOnce(&mut Settings)) -> Client {
    let look_up = |name: &str| {
        let value = match name {
            "ENTRACE_GRAPH_URL" | "AZURE_AUTHORITY_HOST" => url,
            "AZURE_TENANT_ID" => tenant,
            "AZURE_CLIENT_ID" => DEFAULT_APP_ID,
            "AZURE_CLIENT_SECRET" => DEFAULT_SECRET,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let mut settings =
        Settings::from_environment(look_up, false).expect("because everything is named");
    settings.pace = Pace::Unlimited;
    settings.clock = Arc::new(LeapingClock::starting_at(Timestamp::now()));
    settings.limits.exchange_timeout = None;
    change(&mut settings);
    Client::new(settings).expect("because the settings are sound")
}

/// The application that reads: with the permissions a collector should have, and no other.
pub(crate) fn reader() -> AppCredential {
    let kinds = catalog::kinds().iter();
    let roles = kinds.flat_map(|kind| {
        let further = kind.further_permissions.iter();
        let needed = kind.permissions.first().copied().into_iter();
        needed.chain(further.map(|further| further.permission))
    });
    let roles: BTreeSet<&str> = roles.filter(|role| !role.contains("Write")).collect();
    AppCredential {
        roles: roles.into_iter().map(str::to_owned).collect(),
        ..AppCredential::default()
    }
}

/// An archive of a tenant.
pub(crate) struct Kept {
    pub(crate) storage: Arc<MemoryStorage>,
    writer: Option<Writer>,
}

impl Kept {
    pub(crate) fn new(tenant: &str) -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let shared: Arc<dyn Storage> = Arc::clone(&storage) as Arc<dyn Storage>;
        let options = CreateOptions {
            tenant: tenant.to_owned(),
            slots: vec![SlotChoice::Unprotected],
            tool: "test".to_owned(),
            now: now(),
        };
        Archive::create(&shared, &options).expect("because memory can be written");
        Self::open(storage)
    }

    /// The archive in these files.
    pub(crate) fn open(storage: Arc<MemoryStorage>) -> Self {
        let mut kept = Self {
            storage,
            writer: None,
        };
        kept.reopen();
        kept
    }

    /// A copy of all its files, as a backup would be.
    pub(crate) fn copy(&self) -> Arc<MemoryStorage> {
        Arc::new(self.storage.snapshot())
    }

    /// Opens it anew, as another process would.
    pub(crate) fn reopen(&mut self) {
        self.writer = None;
        let options = WriterOptions {
            tool: "test".to_owned(),
            now,
        };
        let shared: Arc<dyn Storage> = Arc::clone(&self.storage) as Arc<dyn Storage>;
        let writer = Writer::open(shared, &Secrets::default(), options)
            .expect("because nobody else writes it");
        self.writer = Some(writer);
    }

    pub(crate) fn archive(&self) -> &Archive {
        self.writer.as_ref().expect("because it is open").archive()
    }

    pub(crate) fn writer(&mut self) -> &mut Writer {
        self.writer.as_mut().expect("because it is open")
    }

    /// One run.
    pub(crate) fn try_collect(
        &mut self,
        client: &Client,
        runtime: &Runtime,
        request: &CollectRequest,
        monitor: &dyn CollectMonitor,
    ) -> Result<CollectReport, Error> {
        collect(self.writer(), client, runtime.handle(), request, monitor)
    }

    /// One run with a new client, that must not fail.
    pub(crate) fn collect(&mut self, living: &Living, request: &CollectRequest) -> CollectReport {
        let client = living.client();
        self.try_collect(&client, &living.runtime, request, &())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// What is alive of a kind in the newest snapshot.
    pub(crate) fn objects(&self, kind: &str) -> Objects {
        objects_of(self.archive(), kind, self.archive().snapshots().last())
    }

    /// What is alive of all kinds but logs, in the newest snapshot.
    pub(crate) fn state(&self) -> BTreeMap<String, Objects> {
        let kinds = self.archive().kinds().into_iter();
        kinds
            .filter(|stored| catalog::by_name(&stored.name).is_none_or(|kind| !kind.is_event()))
            .map(|stored| (stored.name.clone(), self.objects(&stored.name)))
            .filter(|(_, objects)| !objects.is_empty())
            .collect()
    }

    /// Rows of a log.
    pub(crate) fn rows(&self, kind: &str) -> BTreeSet<String> {
        objects_of(self.archive(), kind, None).into_keys().collect()
    }
}

/// A request for these kinds.
pub(crate) fn request(words: &str) -> CollectRequest {
    CollectRequest::new(kinds(words), words)
}

/// What a report says of a kind.
pub(crate) fn said<'r>(report: &'r CollectReport, kind: &str) -> &'r CollectedKind {
    let mut kinds = report.kinds.iter();
    kinds
        .find(|said| said.kind == kind)
        .unwrap_or_else(|| panic!("the report says nothing of {kind}"))
}

/// The kinds that were asked for and not read to the end, and why.
pub(crate) fn incomplete(report: &CollectReport) -> Vec<String> {
    let read = [CoverageState::Complete, CoverageState::NotSelected];
    let kinds = report
        .kinds
        .iter()
        .filter(|kind| !read.contains(&kind.state));
    kinds
        .map(|kind| format!("{} {:?}: {:?}", kind.kind, kind.state, kind.reason))
        .collect()
}

/// Every finding of a report, with its kind in front.
pub(crate) fn findings(report: &CollectReport) -> Vec<String> {
    let kinds = report.kinds.iter();
    kinds
        .flat_map(|kind| {
            let findings = kind.findings.iter();
            findings.map(move |one| format!("{}: {}: {}", kind.kind, one.file, one.reason))
        })
        .collect()
}

/// Asks to stop after so many calls.
pub(crate) struct StopAfter(pub(crate) Cell<u32>);

impl CollectMonitor for StopAfter {
    fn report(&self, _: &CollectProgress<'_>) {
        self.0.set(self.0.get().saturating_sub(1));
    }

    fn cancelled(&self) -> bool {
        self.0.get() == 0
    }
}

/// Where the newest state of an archive differs from the tenant, by kind; nothing where they are equal.
/// Bins and logs are not compared, nor what the report says was not read, or only where something was
/// known to have changed.
pub(crate) fn untruths(living: &Living, kept: &Kept, report: &CollectReport) -> Vec<String> {
    const COMPARED: [CoverageState; 2] = [CoverageState::Complete, CoverageState::Partial];
    let lagging = lagging(report);
    let mut found = Vec::new();
    for said in &report.kinds {
        let Some(kind) = catalog::by_name(&said.kind) else {
            continue;
        };
        let is_read = COMPARED.contains(&said.state) && !lagging.contains(kind.name);
        if !is_read || kind.is_event() || kind.name.starts_with("deleted_") {
            continue;
        }
        let archived = kept.objects(kind.name);
        living.look(|tenant| {
            if kind.is_relationship() {
                compare_edges(tenant, kind, &archived, &mut found);
            } else {
                compare_objects(tenant, kind, &archived, &mut found);
            }
        });
    }
    found
}

fn compare_edges(tenant: &Tenant, kind: &'static Kind, archived: &Objects, out: &mut Vec<String>) {
    let edges = tenant.links(kind);
    let truth: BTreeSet<String> = edges
        .map(|(source, target)| format!("{source}{UNIT}{target}"))
        .collect();
    // The tenant tells the ends of edges in lower case.
    let archived: BTreeSet<String> = archived.keys().map(|key| key.to_lowercase()).collect();
    let missing = truth.difference(&archived).map(|key| ("misses", key));
    let invented = archived.difference(&truth).map(|key| ("invented", key));
    out.extend(
        missing
            .chain(invented)
            .map(|(what, key)| format!("{}: {what} {}", kind.name, key.replace(UNIT, "/"))),
    );
}

fn compare_objects(
    tenant: &Tenant,
    kind: &'static Kind,
    archived: &Objects,
    out: &mut Vec<String>,
) {
    let name = kind.name;
    let count = tenant.reachable(kind).count();
    if count != archived.len() {
        out.push(format!("{name}: has {} of {count}", archived.len()));
    }
    for (key, text) in archived {
        let mut parts: Vec<String> = key.split(UNIT).map(str::to_owned).collect();
        let own = parts.pop().expect("because no key is empty");
        // A parent that is named in the query alone is not part of the tenant's own address.
        parts.truncate(kind.path.matches('{').count());
        let singleton = kind.shape == Shape::Singleton;
        let own = if singleton { String::new() } else { own };
        let shown = key.replace(UNIT, "/");
        match tenant.object(kind, &parts, &own) {
            None => out.push(format!("{name}: invented {shown}")),
            Some(truth) => {
                let different = differing(kind, &json(truth), &json(text));
                if !different.is_empty() {
                    out.push(format!("{name}: {shown} differs in {different:?}"));
                }
            }
        }
    }
}

/// Properties in which an archived object is not what the tenant has.
fn differing(kind: &Kind, truth: &Value, archived: &Value) -> Vec<String> {
    let select = kind.options().find(|(option, _)| *option == "$select");
    let selected: Option<BTreeSet<&str>> = select.map(|(_, names)| names.split(',').collect());
    let (mut truth, mut archived) = (truth.clone(), archived.clone());
    for path in kind.volatile.iter().chain(kind.secrets) {
        let path: Vec<&str> = path.split('.').collect();
        forget(&mut truth, &path);
        forget(&mut archived, &path);
    }
    let (mut truth, mut archived) = (members(&truth), members(&archived));
    // What stands below it, expanded or not, is compared as a kind of its own.
    let below = catalog::kinds()
        .iter()
        .filter(|other| other.parent == Some(kind.name));
    for path in below.filter_map(|other| other.path.rsplit('/').next()) {
        truth.remove(path);
        archived.remove(path);
    }
    // An object that is named by its id, expanded, is shown as it is now.
    let references: Vec<String> = truth
        .keys()
        .filter_map(|name| Some(name.strip_suffix("Id")?.to_owned()))
        .collect();
    for name in references {
        truth.remove(&name);
        archived.remove(&name);
    }
    let names: BTreeSet<&String> = truth.keys().chain(archived.keys()).collect();
    // Without a selection Graph shows what the type declares, but nothing one could navigate to.
    let declared = |name: &str| {
        let mut columns = kind.columns.iter().map(|column| column.property);
        archived.contains_key(name) || columns.any(|column| column == name)
    };
    let is_asked = |name: &str| match &selected {
        Some(names) => names.contains(name),
        None => declared(name),
    };
    names
        .into_iter()
        .filter(|name| is_asked(name) && truth.get(*name) != archived.get(*name))
        .cloned()
        .collect()
}

/// The members of an object that say something: no annotations, nothing null or empty.
fn members(object: &Value) -> BTreeMap<String, Value> {
    let members = object.as_object().into_iter().flatten();
    members
        .filter(|(name, value)| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            !name.contains("@odata.") && !value.is_null() && !empty
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Removes a property, of every element where there are several.
fn forget(value: &mut Value, path: &[&str]) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|one| forget(one, path)),
        Value::Object(members) => match path {
            [last] => {
                members.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(inside) = members.get_mut(*first) {
                    forget(inside, rest);
                }
            }
            [] => {}
        },
        _ => {}
    }
}

/// Where two archives' newest states differ.
pub(crate) fn unlike(one: &Kept, other: &Kept) -> Vec<String> {
    let (one, other) = (one.state(), other.state());
    let kinds: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let none = Objects::new();
    let mut found = Vec::new();
    for kind in kinds {
        let (left, right) = (
            one.get(kind).unwrap_or(&none),
            other.get(kind).unwrap_or(&none),
        );
        let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for key in keys {
            if left.get(key) != right.get(key) {
                let (left, right) = (left.get(key), right.get(key));
                found.push(format!(
                    "{kind} {}: {left:?} {right:?}",
                    key.replace(UNIT, "/")
                ));
            }
        }
    }
    found
}

/// What a report says of deltas that missed something.
pub(crate) fn missed_by_deltas(report: &CollectReport) -> Vec<String> {
    let mut found = findings(report);
    found.retain(|finding| finding.contains("delta") || finding.contains("full read"));
    found
}

/// Kinds that are read where something is known to have changed: they may lag.
pub(crate) fn lagging(report: &CollectReport) -> BTreeSet<&str> {
    let kinds = report.kinds.iter();
    let hinted = kinds.filter(|kind| {
        let reason = kind.reason.as_deref().unwrap_or_default();
        kind.state == CoverageState::Partial && reason.starts_with("read where something changed")
    });
    hinted.map(|kind| kind.kind.as_str()).collect()
}

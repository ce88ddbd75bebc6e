//! How much is asked, and how fast: quotas are kept before Graph has to say so, and ordinary days cost
//! next to nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalog::Kind;
use collector::CollectReport;
use futures::FutureExt;
use futures::future::BoxFuture;
use graph::{Client, Clock, Pace};
use jiff::Timestamp;
use serde_json::json;
use simulator::{Limits, Properties, RequestCount, Seed, ServerOptions, Tenant, TenantSize};

use tokio::sync::oneshot;

use crate::living::{Kept, Living, incomplete, kind, request, untruths};
use crate::support::json;

const NONE: [&str; 0] = [];

/// Changes that fit on a page of a delta.
const CHANGES_A_PAGE: u64 = 200;

fn round_trips(living: &Living) -> u64 {
    living.simulator.requests().round_trips
}

fn asked(living: &Living, template: &str) -> RequestCount {
    let requests = living.simulator.requests();
    requests
        .by_template
        .get(template)
        .copied()
        .unwrap_or_default()
}

/// Turns of the scheduler in which nothing is sent or answered before nobody is at work any more.
const IDLE_TURNS: u32 = 500;

/// A clock that leaps to the earliest moment somebody waits for, and only when nobody is at work: with
/// a clock that moves at each wait, whoever waits longest would make all others late, so that what was
/// spaced out would be sent at once.
#[derive(Clone)]
struct OrderlyClock {
    start: Timestamp,
    state: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    elapsed: Duration,
    sleepers: Vec<(Duration, oneshot::Sender<()>)>,
}

impl OrderlyClock {
    fn new() -> Self {
        Self {
            start: Timestamp::now(),
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaps to the first moment somebody waits for, and wakes whoever waits for it.
    fn leap(&self) {
        let mut state = self.state();
        let Some(first) = state.sleepers.iter().map(|(due, _)| *due).min() else {
            return;
        };
        state.elapsed = state.elapsed.max(first);
        for (due, wake) in std::mem::take(&mut state.sleepers) {
            if due <= first {
                // Who does not wait any more need not be woken.
                let _ = wake.send(());
            } else {
                state.sleepers.push((due, wake));
            }
        }
    }

    /// Leaps whenever a client waits for nothing but the clock. For a runtime with one thread, where a
    /// turn of this task is a turn of all others.
    async fn run(self, client: Client) {
        let done = || client.meter().snapshot();
        let mut before = done();
        loop {
            for _ in 0..IDLE_TURNS {
                tokio::task::yield_now().await;
            }
            let now = done();
            if now == before {
                self.leap();
            }
            before = now;
        }
    }
}

impl Clock for OrderlyClock {
    fn monotonic(&self) -> Duration {
        self.state().elapsed
    }

    fn wall(&self) -> Timestamp {
        self.start + self.monotonic()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state();
        let due = state.elapsed + wait;
        state.sleepers.push((due, wake));
        async {
            // A clock that stops wakes everybody.
            let _ = woken.await;
        }
        .boxed()
    }
}

#[test]
fn microsoft_s_limits_are_never_reached() {
    let clock = OrderlyClock::new();
    let measured = clock.clone();
    let mut living = Living::company_with(80, |_, served| {
        served.limits = Limits::Microsoft {
            size: TenantSize::Medium,
        };
        served.elapsed = Some(Arc::new(move || measured.monotonic()));
    });
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("all");
    for day in 0..2 {
        let client = living.client_with(|settings| {
            settings.pace = Pace::Microsoft;
            settings.clock = Arc::new(clock.clone());
        });
        let leaping = living.runtime.spawn(clock.clone().run(client.clone()));
        let report = kept
            .try_collect(&client, &living.runtime, &request, &())
            .unwrap_or_else(|error| panic!("{error}"));
        leaping.abort();
        // A tenant of eighty users has a quota that one of forty has not.
        assert_eq!(client.identity_quota(), Some(5000.0));
        let labels = report.meter.labels.iter();
        let throttled = labels.filter(|(_, figures)| figures.throttled > 0);
        assert_eq!(throttled.collect::<Vec<_>>(), [], "day {day}");
        assert_eq!(untruths(&living, &kept, &report), NONE, "day {day}");
        living.live_day();
    }
    let requests = living.simulator.requests();
    let throttled = requests.by_kind.values().map(|count| count.throttled);
    assert_eq!(throttled.sum::<u64>(), 0);
    assert!(
        clock.monotonic() > Duration::from_secs(10),
        "nothing was spaced out"
    );
}

/// Owners of one of many groups: more than a list of groups shows.
const OWNERS: usize = 25;

/// Many groups, so that one request a group would be seen.
fn many_groups(tenant: &mut Tenant, _: &mut ServerOptions) {
    let mut add = |seed: Seed| {
        tenant
            .seed(seed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    };
    for number in 0..320 {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        let properties = json!({
            "id": id, "displayName": format!("Project {number}"), "groupTypes": [],
            "mailEnabled": false, "mailNickname": format!("project{number}"), "securityEnabled": true,
        });
        let properties: Properties = match properties {
            serde_json::Value::Object(members) => members,
            other => panic!("{other} is no object"),
        };
        add(Seed::Object {
            kind: kind("group"),
            parents: Vec::new(),
            properties,
        });
    }
    // An expansion stops at twenty.
    let users: Vec<String> = tenant
        .objects(kind("user"))
        .map(|text| json(text)["id"].as_str().unwrap_or_default().to_owned())
        .take(OWNERS)
        .collect();
    for target in users {
        let link = Seed::Link {
            kind: kind("group_owner"),
            source: format!("00000000-0000-4000-8000-{:012}", 7),
            target,
        };
        tenant
            .seed(link)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    }
}

/// Requests, and of the report what became of the kinds.
fn day(living: &Living, kept: &mut Kept, words: &str) -> (u64, CollectReport) {
    let before = round_trips(living);
    let report = kept.collect(living, &request(words));
    (round_trips(living) - before, report)
}

/// Everything an archive of changes needs, lists that must be read whole, edges and rows below groups.
const DAILY: &str = "user,user_manager,group,group_member,group_owner,group_app_role_assignment,\
                     application,service_principal,device,directory_role,directory_role_member,\
                     administrative_unit,administrative_unit_member,oauth2_permission_grant,\
                     role_assignment,role_definition,conditional_access_policy,named_location,\
                     organization,domain,authorization_policy,directory_audit";

#[test]
fn days_without_changes_cost_two_requests_a_kind_at_most() {
    let living = Living::company_with(100, many_groups);
    let mut kept = Kept::new(&living.tenant_id);
    let (first, _) = day(&living, &mut kept, DAILY);
    let kinds = request(DAILY).kinds.len() as u64;
    living.wait(24);
    let (unchanged, report) = day(&living, &mut kept, DAILY);
    assert!(
        unchanged <= 2 * kinds,
        "{unchanged} for {kinds} kinds, {first} at first"
    );
    for kind in &report.kinds {
        assert_eq!((kind.opened, kind.closed), (0, 0), "{kind:?}");
    }
}

#[test]
fn all_kinds_of_a_small_tenant_cost_two_requests_each_at_most() {
    let living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    day(&living, &mut kept, "all");
    living.wait(24);
    let (unchanged, report) = day(&living, &mut kept, "all");
    assert_eq!(untruths(&living, &kept, &report), NONE);
    let kinds = request("all").kinds.len() as u64;
    assert!(unchanged <= 2 * kinds, "{unchanged} for {kinds} kinds");
}

#[test]
fn days_of_changes_cost_what_changed_and_never_a_request_a_group() {
    let mut living = Living::company_with(100, many_groups);
    let mut kept = Kept::new(&living.tenant_id);
    day(&living, &mut kept, DAILY);
    let kinds = request(DAILY).kinds.len() as u64;
    let each = [
        "GET /groups/{groupId}/members",
        "GET /groups/{groupId}/owners",
    ];
    let groups = living.ids("group").len() as u64;
    let first = each.map(|template| asked(&living, template).requests);
    assert!(first[0] >= groups, "all are asked for members at first");
    assert_eq!(first[1], 1, "lists of groups show all owners but of one");
    let owners = kept.objects("group_owner").into_keys();
    let of_one =
        owners.filter(|key| key.starts_with(&format!("00000000-0000-4000-8000-{:012}", 7)));
    assert_eq!(of_one.count(), OWNERS);
    for _ in 0..3 {
        let before = each.map(|template| asked(&living, template).requests);
        living.live_day();
        let (cost, report) = day(&living, &mut kept, DAILY);
        let changes: u64 = report
            .kinds
            .iter()
            .map(|kind| kind.opened + kind.closed)
            .sum();
        let audit_pages = report.meter.labels["directory_audit"].requests;
        let most = 2 * kinds + changes.div_ceil(CHANGES_A_PAGE) + audit_pages;
        assert!(cost <= most, "{cost} of {most}");
        let now = each.map(|template| asked(&living, template).requests);
        assert_eq!(now[0], before[0], "members come with the changes");
        assert!(
            now[1] - before[1] < 20,
            "owners are read where the log names a group"
        );
        assert_eq!(untruths(&living, &kept, &report), NONE);
    }
    // On the day of the full read all are asked again, in batches.
    living.wait(24 * 7);
    let (_, report) = day(&living, &mut kept, DAILY);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

/// Rows below users and devices besides: some are shown by lists of their parents, some only by one
/// parent at a time.
const BELOW: &str = "user_sponsor,user_extension,user_license_detail,user_authentication_method,\
                     device_registered_owner,device_registered_user";

/// More users than are asked one by one, each day.
const MANY_USERS: u32 = 400;

/// Requests without which a kind cannot be read in full.
fn floor(kept: &Kept, kind: &'static Kind) -> u64 {
    const USUAL_PAGE: u64 = 100;
    const ASKED_ONE_BY_ONE: u64 = 200;
    let count = |kind: &Kind| kept.objects(kind.name).len() as u64;
    let pages = |kind: &Kind, rows: u64| {
        let size = kind.page_size.map_or(USUAL_PAGE, u64::from);
        rows.div_ceil(size).max(1)
    };
    if kind.expand.is_some() {
        return 0;
    }
    let parent = kind.parent.and_then(catalog::by_name);
    match parent.filter(|_| !kind.addressing_parents().is_empty()) {
        None => pages(kind, count(kind)),
        Some(parent) if kind.shown_by.is_some() && count(parent) > ASKED_ONE_BY_ONE => {
            pages(parent, count(parent))
        }
        Some(parent) => count(parent),
    }
}

#[test]
fn a_full_read_keeps_near_the_fewest_requests_it_can_be_read_with() {
    let living = Living::company_with(MANY_USERS, many_groups);
    let mut kept = Kept::new(&living.tenant_id);
    let words = format!("{DAILY},{BELOW}");
    let (_, report) = day(&living, &mut kept, &words);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
    let kinds = request(&words).kinds;
    let floor: u64 = kinds.iter().map(|kind| floor(&kept, kind)).sum();
    let requests = report.meter.total.requests;
    assert!(
        requests * 10 <= floor * 12,
        "{requests} where {floor} are needed"
    );
}

#[test]
fn a_working_day_of_many_users_costs_what_changed_and_what_only_a_parent_tells() {
    let mut living = Living::company_with(MANY_USERS, many_groups);
    let mut kept = Kept::new(&living.tenant_id);
    day(&living, &mut kept, "all");
    let kinds = request("all").kinds.len() as u64;
    for _ in 0..2 {
        living.live_day();
        let (calls, report) = day(&living, &mut kept, "all");
        let changes: u64 = report
            .kinds
            .iter()
            .map(|kind| kind.opened + kind.closed)
            .sum();
        let labels = &report.meter.labels;
        let most = 2 * kinds
            + changes.div_ceil(CHANGES_A_PAGE)
            + labels["directory_audit"].requests
            + labels["sign_in"].requests;
        assert!(calls <= most, "{calls} of {most} calls");
        // Inside batches, what Graph shows only below one parent counts for each that the log names.
        let is_below = |name: &str| {
            catalog::by_name(name).is_some_and(|kind| {
                !kind.addressing_parents().is_empty() && kind.shown_by.is_none()
            })
        };
        let requests: u64 = labels
            .iter()
            .filter(|(name, _)| !is_below(name))
            .map(|(_, figures)| figures.requests)
            .sum();
        assert!(requests <= most, "{requests} of {most} requests");
        let is_many = |parent: &str| kept.objects(parent).len() > 200;
        for (name, figures) in labels {
            let is_shown = catalog::by_name(name)
                .is_some_and(|kind| kind.shown_by.is_some() && kind.parent.is_some_and(is_many));
            assert!(
                !is_shown || figures.requests <= 2 + changes.div_ceil(15),
                "{name}: {figures:?} for {changes} changes"
            );
        }
    }
}

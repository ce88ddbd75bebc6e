//! Microsoft's limits, as far as they are published: buckets that refill evenly, one set for each
//! family of services.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::address::Address;
use super::answer::Failure;
use super::route::Route;

/// Part of a quota from which on answers carry `x-ms-throttle-limit-percentage`.
const WARNED_FROM: f64 = 0.8;

/// Time since some fixed moment.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Which limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Every request is answered.
    None,
    /// Those of Microsoft Graph for a tenant of this size.
    Microsoft {
        /// Decides about the quota of resource units.
        size: TenantSize,
    },
}

/// Sizes Microsoft tells apart by the number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantSize {
    /// Fewer than 50 users: 3,500 resource units in 10 seconds.
    Small,
    /// 50 to 500 users: 5,000 resource units in 10 seconds.
    Medium,
    /// More than 500 users: 8,000 resource units in 10 seconds.
    Large,
}

impl TenantSize {
    fn resource_units(self) -> u32 {
        match self {
            Self::Small => 3_500,
            Self::Medium => 5_000,
            Self::Large => 8_000,
        }
    }
}

/// Services that count apart from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    /// Resource units; directory objects and most policies.
    Identity,
    IdentityWrites,
    /// One request a second for all applications together, and no Retry-After.
    ConditionalAccess,
    Reports,
    UserFlows,
    Intune,
    IntuneWrites,
}

/// A quota: so many in so many seconds.
#[derive(Debug, Clone, Copy)]
struct Quota(u32, u32);

impl Family {
    fn quota(self, size: TenantSize) -> Quota {
        match self {
            Self::Identity => Quota(size.resource_units(), 10),
            Self::IdentityWrites => Quota(3_000, 150),
            Self::ConditionalAccess => Quota(1, 1),
            Self::Reports => Quota(5, 10),
            Self::UserFlows => Quota(200, 60),
            Self::Intune => Quota(1_000, 20),
            Self::IntuneWrites => Quota(100, 20),
        }
    }

    fn tells_when(self) -> bool {
        self != Self::ConditionalAccess
    }

    /// Whether all applications share the quota.
    fn is_shared(self) -> bool {
        self == Self::ConditionalAccess
    }
}

#[derive(Debug)]
struct Bucket {
    level: f64,
    /// When it was last filled, on the clock of [`Throttle`].
    filled: Duration,
}

/// The buckets of a tenant and its applications.
pub(crate) struct Throttle {
    buckets: HashMap<(Family, String), Bucket>,
    elapsed: Elapsed,
}

impl Default for Throttle {
    fn default() -> Self {
        let start = Instant::now();
        Self::new(Arc::new(move || start.elapsed()))
    }
}

impl Throttle {
    /// Full buckets, measured by this clock.
    pub(crate) fn new(elapsed: Elapsed) -> Self {
        Self {
            buckets: HashMap::new(),
            elapsed,
        }
    }

    /// Takes what a request costs out of its buckets, or refuses it. Gives the part of the quota that is
    /// used, where it is so much that Graph warns.
    pub(crate) fn take(
        &mut self,
        limits: Limits,
        app_id: &str,
        route: &Route,
        is_write: bool,
        cost: u32,
    ) -> Result<Option<f64>, Failure> {
        let Limits::Microsoft { size } = limits else {
            return Ok(None);
        };
        let Some(family) = family_of(route) else {
            return Ok(None);
        };
        let cost = if family == Family::Identity { cost } else { 1 };
        let used = self.take_from(family, size, app_id, cost)?;
        let writes = match (family, is_write) {
            (Family::Identity, true) => self.take_from(Family::IdentityWrites, size, app_id, 1),
            (Family::Intune, true) => self.take_from(Family::IntuneWrites, size, app_id, 1),
            _ => Ok(0.0),
        }?;
        let used = used.max(writes);
        Ok((used > WARNED_FROM).then_some(used))
    }

    fn take_from(
        &mut self,
        family: Family,
        size: TenantSize,
        app_id: &str,
        cost: u32,
    ) -> Result<f64, Failure> {
        let Quota(amount, seconds) = family.quota(size);
        let now = (self.elapsed)();
        let owner = if family.is_shared() { "" } else { app_id };
        let bucket = self.buckets.entry((family, owner.to_owned()));
        let bucket = bucket.or_insert_with(|| Bucket {
            level: f64::from(amount),
            filled: now,
        });
        let rate = f64::from(amount) / f64::from(seconds);
        let elapsed = now.saturating_sub(bucket.filled);
        bucket.level = (bucket.level + elapsed.as_secs_f64() * rate).min(f64::from(amount));
        bucket.filled = now;
        let missing = f64::from(cost) - bucket.level;
        if missing <= 0.0 {
            bucket.level -= f64::from(cost);
            return Ok(1.0 - bucket.level / f64::from(amount));
        }
        let wait_seconds = (missing / rate).ceil().max(1.0);
        Err(refusal(family, wait_seconds))
    }
}

fn refusal(family: Family, wait_seconds: f64) -> Failure {
    let failure = Failure::new(429, "TooManyRequests", "Please retry again later.")
        .with("x-ms-throttle-scope", "Tenant_Application/ReadWrite")
        .with("x-ms-throttle-information", "ResourceUnitLimitExceeded");
    if family.tells_when() {
        failure.with("Retry-After", format!("{wait_seconds:.0}"))
    } else {
        failure
    }
}

fn family_of(route: &Route) -> Option<Family> {
    let path = route.kind.path;
    let families = [
        ("/identity/conditionalAccess", Family::ConditionalAccess),
        ("/identityProtection", Family::ConditionalAccess),
        ("/auditLogs", Family::Reports),
        ("/reports", Family::Reports),
        ("/identity/", Family::UserFlows),
        ("/deviceManagement", Family::Intune),
        ("/deviceAppManagement", Family::Intune),
    ];
    let found = families.iter().find(|(root, _)| path.starts_with(root));
    // Their limits lie far above what a tenant's settings and alerts need.
    let elsewhere = [
        "/admin",
        "/external",
        "/teamwork",
        "/appCatalogs",
        "/security",
    ];
    match found {
        Some((_, family)) => Some(*family),
        None if elsewhere.iter().any(|root| path.starts_with(root)) => None,
        None => Some(Family::Identity),
    }
}

/// What a request costs in resource units: a base by path, less for `$select` and small pages, more
/// for `$expand`, at least one.
pub(crate) fn cost(route: &Route, address: &Address, is_write: bool) -> u32 {
    if is_write {
        return 1;
    }
    let base: i32 = match route.kind.name {
        "user"
        | "application"
        | "oauth2_permission_grant"
        | "app_role_assignment"
        | "service_principal_app_role_assignment" => 2,
        "group_member" | "subscribed_sku" | "contract" => 3,
        _ => 1,
    };
    let transitive = route
        .rest
        .iter()
        .any(|segment| segment.text().starts_with("transitive"));
    let base = if transitive { 5 } else { base };
    let query = &address.query;
    let selected = i32::from(query.get("$select").is_some());
    let expanded = i32::from(query.get("$expand").is_some());
    let small = query.get("$top").and_then(|top| top.parse::<u32>().ok());
    let small = i32::from(small.is_some_and(|top| top < 20));
    let cost = (base - selected + expanded - small).max(1);
    u32::try_from(cost).expect("because it is at least one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(url: &str) -> (Route, Address) {
        let address = Address::parse(url).expect("because the version is known");
        let route = Route::find(&address).expect("because the path is known");
        (route, address)
    }

    #[test]
    fn costs_are_those_of_the_table() {
        for (url, expected) in [
            ("/v1.0/users", 2),
            ("/v1.0/users?$select=id", 1),
            ("/v1.0/users?$expand=manager", 3),
            ("/v1.0/groups/x/members", 3),
            ("/v1.0/groups/x/members?$select=id&$top=999", 2),
            ("/v1.0/groups/x/transitiveMembers", 5),
            ("/v1.0/groups?$top=5", 1),
        ] {
            let (route, address) = route(url);
            assert_eq!(cost(&route, &address, false), expected, "{url}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_refill_with_time() {
        let limits = Limits::Microsoft {
            size: TenantSize::Small,
        };
        let (users, _) = route("/v1.0/users");
        let mut throttle = Throttle::default();
        for _ in 0..1750 {
            throttle
                .take(limits, "app", &users, false, 2)
                .expect("because 3,500 units fit");
        }
        let refusal = throttle
            .take(limits, "app", &users, false, 2)
            .expect_err("it is empty");
        assert_eq!(refusal.status, 429);
        assert!(refusal.headers.contains(&("Retry-After", "1".to_owned())));
        throttle
            .take(limits, "other", &users, false, 2)
            .expect("because each app has its own");
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..175 {
            throttle
                .take(limits, "app", &users, false, 2)
                .expect("because 350 units came back");
        }
        assert!(throttle.take(limits, "app", &users, false, 2).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn nearly_empty_buckets_warn() {
        let limits = Limits::Microsoft {
            size: TenantSize::Small,
        };
        let (users, _) = route("/v1.0/users");
        let mut throttle = Throttle::default();
        let mut take = |cost| {
            throttle
                .take(limits, "app", &users, false, cost)
                .expect("because it fits")
        };
        assert_eq!(take(2_800), None);
        let used = take(350).expect("because nine tenths are used");
        assert!((used - 0.9).abs() < 0.001, "{used}");
    }

    #[tokio::test(start_paused = true)]
    async fn conditional_access_is_one_a_second_for_all_and_does_not_say_when() {
        let limits = Limits::Microsoft {
            size: TenantSize::Large,
        };
        let (policies, _) = route("/v1.0/identity/conditionalAccess/policies");
        let mut throttle = Throttle::default();
        throttle
            .take(limits, "one", &policies, false, 1)
            .expect("because it is the first");
        let refusal = throttle
            .take(limits, "two", &policies, false, 1)
            .expect_err("too soon");
        assert!(
            refusal
                .headers
                .iter()
                .all(|(name, _)| *name != "Retry-After")
        );
    }
}

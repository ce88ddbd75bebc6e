//! How much of Microsoft's quota is left for a run.

use graph::{Api, Client, Get, identity_units};

use super::live::GROUP;
use super::{Checks, Verdict};
use crate::output::{count, plural};

/// Share of a quota from which on a run will be slowed down, in percent.
const TIGHT_PERCENT: u32 = 100;

pub(super) async fn check(client: &Client, checks: &mut Checks) {
    let users = users(client).await;
    let report = client.meter().snapshot();
    let total = report.total;
    let quota = match users {
        Some(users) => format!(
            "{} resource units in 10 s for {}",
            count(identity_units(users).into()),
            plural(users, "user")
        ),
        None => "of a size that is not known".to_owned(),
    };
    let used = match report.quota_used_percent {
        Some(percent) => format!("{percent} % of it is used"),
        None => "less than 80 % of it is used".to_owned(),
    };
    let throttled = match total.throttled {
        0 => "not throttled".to_owned(),
        some => format!("{some} of {} throttled", plural(total.requests, "request")),
    };
    let is_tight = total.throttled > 0
        || report
            .quota_used_percent
            .is_some_and(|used| used >= TIGHT_PERCENT);
    let verdict = if is_tight {
        Verdict::Warning
    } else {
        Verdict::Fine
    };
    let message = format!("{throttled}; quota {quota}, {used}");
    checks.add(GROUP, "throttling", verdict, message);
    if is_tight {
        checks.hint("other programs use up the tenant's quota: let runs begin at another time");
    }
}

/// How many users there are: the quota goes by it.
async fn users(client: &Client) -> Option<u64> {
    let get = Get::path(Api::V1, "/users/$count", "doctor")
        .eventual()
        .accept("text/plain");
    let content = client.download(&get).await.ok()?;
    std::str::from_utf8(&content.body).ok()?.trim().parse().ok()
}

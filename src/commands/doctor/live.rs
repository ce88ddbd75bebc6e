//! Checks that ask the tenant: a token and a few cheap reads.

use catalog::Kind;
use graph::{Api, Client, Get};
use jiff::SignedDuration;
use serde_json::Value;
use store::Archive;

use super::history::rounded;
use super::{Checks, Verdict, licences, quota};
use crate::app::App;
use crate::commands::auth::{Standing, listed};
use crate::failure::{Failure, Result};
use crate::output::{plural, short_time};
use crate::permissions::{Need, writes};

pub(super) const GROUP: &str = "tenant";
/// Clocks further apart than that make sign-in by certificate fail.
const SKEW: SignedDuration = SignedDuration::from_mins(4);

pub(super) fn check(app: &App, archive: Option<&Archive>, checks: &mut Checks) -> Result<()> {
    let tenant = match app.tenant(&[]) {
        Ok(tenant) => tenant,
        Err(failure) => {
            checks.broken(GROUP, "sign-in", failure);
            return Ok(());
        }
    };
    let client = tenant.client()?;
    let runtime = app.runtime()?;
    let identity = match runtime.block_on(client.identity()) {
        Ok(identity) => identity,
        Err(error) => {
            checks.broken(GROUP, "sign-in", Failure::from(error));
            return Ok(());
        }
    };
    let message = format!(
        "{}, token good until {}",
        tenant.credential(),
        short_time(identity.expires_at)
    );
    checks.add(GROUP, "sign-in", Verdict::Fine, message);
    for note in client.notes() {
        checks.add(GROUP, "secret", Verdict::Warning, note);
    }
    if let (Some(found), Some(archive)) = (&identity.tenant, archive) {
        same_tenant(found, archive, checks);
    }
    permissions(&Standing::of(&identity, &tenant.kinds), checks);
    runtime.block_on(async {
        organization(&client, checks).await;
        licences::check(&client, &tenant, checks).await;
        quota::check(&client, checks).await;
    });
    clock(&client, tenant.is_local(), checks);
    Ok(())
}

fn same_tenant(found: &str, archive: &Archive, checks: &mut Checks) {
    let own = archive.tenant();
    if own.eq_ignore_ascii_case(found) {
        checks.add(
            GROUP,
            "same tenant",
            Verdict::Fine,
            "the token is for the archive's tenant",
        );
    } else if model::is_guid(own) {
        checks.add(
            GROUP,
            "same tenant",
            Verdict::Broken,
            "the token is for another tenant than the archive's",
        );
        checks.hint("name the archive of this tenant with -a, or another tenant with -t");
    } else {
        checks.add(GROUP, "same tenant", Verdict::Warning, "the archive has a name instead of a tenant id, so nothing keeps another tenant out of it");
        checks.hint("make archives of tenants with: entrace init -t TENANT-ID");
    }
}

fn permissions(standing: &Standing, checks: &mut Checks) {
    let Some(granted) = &standing.granted else {
        checks.add(
            GROUP,
            "permissions",
            Verdict::Warning,
            "the token does not say what was granted",
        );
        return;
    };
    let lost: usize = standing.missing.iter().map(|need| need.kinds.len()).sum();
    let verdict = match (standing.met.is_empty(), standing.missing.is_empty()) {
        (_, true) => Verdict::Fine,
        (true, false) => Verdict::Broken,
        (false, false) => Verdict::Warning,
    };
    let message = if standing.missing.is_empty() {
        format!(
            "{} granted, all that is needed",
            plural(granted.len() as u64, "permission")
        )
    } else {
        format!(
            "{} granted, {} missing, so {} cannot be read",
            granted.len(),
            standing.missing.len(),
            plural(lost as u64, "kind")
        )
    };
    checks.add(GROUP, "permissions", verdict, message);
    if verdict != Verdict::Fine {
        checks.hint(
            "see all with: entrace auth status; grant them with: entrace auth setup --print az",
        );
    }
    for need in standing.missing.iter().take(MISSING_SHOWN) {
        checks.add(GROUP, need.permission, Verdict::Warning, purpose(need));
    }
    let writing: Vec<&str> = standing
        .excess
        .iter()
        .map(String::as_str)
        .filter(|name| writes(name))
        .collect();
    if !writing.is_empty() {
        let message = format!("the app may change things: {}", listed(&writing, 6));
        checks.add(GROUP, "least privilege", Verdict::Warning, message);
        checks.hint(
            "no kind needs that: take it away, and whoever steals the app's key can only read",
        );
    }
}

/// Missing permissions that have a line of their own.
const MISSING_SHOWN: usize = 10;
/// Kinds named in it.
const KINDS_SHOWN: usize = 6;

/// What cannot be read without a permission.
fn purpose(need: &Need) -> String {
    let names = |kinds: &[&'static Kind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>();
    match (need.kinds.is_empty(), need.completes.is_empty()) {
        (false, _) => format!(
            "missing, needed for {}",
            listed(&names(&need.kinds), KINDS_SHOWN)
        ),
        (true, false) => format!(
            "missing, needed for hidden parts of {}",
            listed(&names(&need.completes), KINDS_SHOWN)
        ),
        (true, true) => "missing".to_owned(),
    }
}

/// Rows of a list, or why there are none.
pub(super) async fn rows(client: &Client, path: &str) -> graph::Result<Vec<Value>> {
    let page = client.get(&Get::path(Api::V1, path, "doctor")).await?;
    let mut document: Value = serde_json::from_slice(&page.body).unwrap_or_default();
    Ok(match document["value"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    })
}

async fn organization(client: &Client, checks: &mut Checks) {
    const PATH: &str = "/organization?$select=id,onPremisesSyncEnabled,onPremisesLastSyncDateTime";
    let rows = match rows(client, PATH).await {
        Ok(rows) => rows,
        Err(error) => {
            checks.add(
                GROUP,
                "source of authority",
                Verdict::Warning,
                error.to_string(),
            );
            return;
        }
    };
    let organization = rows.first();
    let is_synced =
        organization.is_some_and(|row| row["onPremisesSyncEnabled"] == Value::Bool(true));
    let message = if is_synced {
        let last = organization.and_then(|row| row["onPremisesLastSyncDateTime"].as_str());
        format!(
            "synchronised from Active Directory, last {}: much of it is decided there, not here",
            last.unwrap_or("at an unknown time")
        )
    } else {
        "in the cloud".to_owned()
    };
    checks.add(GROUP, "source of authority", Verdict::Fine, message);
}

fn clock(client: &Client, is_local: bool, checks: &mut Checks) {
    let Some(skew) = client.clock_skew() else {
        return;
    };
    let fast = if skew.is_negative() {
        "ahead of"
    } else {
        "behind"
    };
    let (verdict, message) = if skew.abs() < SignedDuration::from_secs(2) {
        (Verdict::Fine, "in step with the tenant's".to_owned())
    } else {
        let verdict = if skew.abs() > SKEW {
            Verdict::Warning
        } else {
            Verdict::Fine
        };
        (verdict, format!("{} {fast} the tenant's", rounded(skew)))
    };
    checks.add(GROUP, "clock", verdict, message);
    if verdict == Verdict::Warning {
        checks.hint(if is_local {
            "a simulated tenant lives faster than this machine: its days pass with each run"
        } else {
            "set this machine's clock: signing in with a certificate fails when it is off"
        });
    }
}

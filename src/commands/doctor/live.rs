//! Checks that ask the tenant: a token and two cheap reads.

use graph::{Api, Client, Get};
use jiff::SignedDuration;
use serde_json::Value;
use store::Archive;

use super::history::rounded;
use super::{Checks, Verdict};
use crate::app::App;
use crate::commands::auth::{Standing, listed};
use crate::failure::{Failure, Result};
use crate::output::{plural, short_time};
use crate::permissions::{Need, writes};
use crate::tenant::Tenant;

const GROUP: &str = "tenant";
/// Clocks further apart than that make sign-in by certificate fail.
const SKEW: SignedDuration = SignedDuration::from_mins(4);
/// Service plans that bring the licences kinds ask for.
const PLANS: [(&str, &str); 4] = [
    ("AAD_PREMIUM", "Microsoft Entra ID P1"),
    ("AAD_PREMIUM_P2", "Microsoft Entra ID P2"),
    ("ENTRA_IDENTITY_GOVERNANCE", "Microsoft Entra ID Governance"),
    ("INTUNE_A", "Microsoft Intune"),
];

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
        licences(&client, &tenant, checks).await;
    });
    clock(&client, checks);
    pace(&client, checks);
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
    let names = |needs: &[&Need]| needs.iter().map(|need| need.permission).collect::<Vec<_>>();
    let Some(granted) = &standing.granted else {
        checks.add(
            GROUP,
            "permissions",
            Verdict::Warning,
            "the token does not say what was granted",
        );
        return;
    };
    let kinds: usize = standing.missing.iter().map(|need| need.kinds.len()).sum();
    let missing: Vec<&Need> = standing.missing.iter().collect();
    let verdict = match (standing.met.is_empty(), missing.is_empty()) {
        (_, true) => Verdict::Fine,
        (true, false) => Verdict::Broken,
        (false, false) => Verdict::Warning,
    };
    let message = if missing.is_empty() {
        format!(
            "{} granted, all that is needed",
            plural(granted.len() as u64, "permission")
        )
    } else {
        format!(
            "{} missing ({}), so {} cannot be read",
            plural(missing.len() as u64, "permission"),
            listed(&names(&missing), 6),
            plural(kinds as u64, "kind")
        )
    };
    checks.add(GROUP, "permissions", verdict, message);
    if verdict != Verdict::Fine {
        checks.hint(
            "see all with: entrace auth status; grant them with: entrace auth setup --print az",
        );
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

/// Rows of a list, or why there are none.
async fn rows(client: &Client, path: &str) -> graph::Result<Vec<Value>> {
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

async fn licences(client: &Client, tenant: &Tenant, checks: &mut Checks) {
    const PATH: &str = "/subscribedSkus?$select=capabilityStatus,servicePlans";
    let rows = match rows(client, PATH).await {
        Ok(rows) => rows,
        Err(error) => {
            checks.add(
                GROUP,
                "licences",
                Verdict::Warning,
                format!("not readable: {error}"),
            );
            checks.hint("LicenseAssignment.Read.All or Organization.Read.All opens them");
            return;
        }
    };
    let active = rows.iter().filter(|sku| {
        sku["capabilityStatus"] != "Suspended" && sku["capabilityStatus"] != "Deleted"
    });
    let plans: Vec<String> = active
        .filter_map(|sku| sku["servicePlans"].as_array())
        .flatten()
        .filter_map(|plan| plan["servicePlanName"].as_str())
        .map(str::to_ascii_uppercase)
        .collect();
    let has = |name: &str| plans.iter().any(|plan| plan == name);
    let found: Vec<&str> = PLANS
        .iter()
        .filter(|(plan, _)| has(plan))
        .map(|(_, title)| *title)
        .collect();
    let message = if found.is_empty() {
        "Microsoft Entra ID Free".to_owned()
    } else {
        found.join(", ")
    };
    checks.add(GROUP, "licences", Verdict::Fine, message);
    let lacking = PLANS.iter().filter(|(plan, _)| !has(plan));
    let lacking = lacking.map(|(_, title)| {
        let kinds = tenant
            .kinds
            .chosen
            .iter()
            .filter(|kind| kind.licence.title() == *title);
        (title, kinds.count())
    });
    let lost: usize = lacking.map(|(_, kinds)| kinds).sum();
    // P2 brings what P1 does.
    if lost > 0 && !has("AAD_PREMIUM_P2") {
        checks.hint(format!(
            "{} answer only with licences this tenant lacks; they are recorded as not licensed",
            plural(lost as u64, "kind")
        ));
    }
}

fn clock(client: &Client, checks: &mut Checks) {
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
        checks.hint("set this machine's clock: signing in with a certificate fails when it is off");
    }
}

fn pace(client: &Client, checks: &mut Checks) {
    let total = client.meter().snapshot().total;
    let (verdict, message) = if total.throttled == 0 {
        let units = plural(total.resource_units, "resource unit");
        (
            Verdict::Fine,
            format!(
                "not throttled ({}, {units})",
                plural(total.requests, "request")
            ),
        )
    } else {
        (
            Verdict::Warning,
            format!(
                "{} of {} throttled",
                total.throttled,
                plural(total.requests, "request")
            ),
        )
    };
    checks.add(GROUP, "throttling", verdict, message);
    if verdict == Verdict::Warning {
        checks.hint("other programs use up the tenant's quota: let runs begin at another time");
    }
}

//! `auth status`: whether signing in works, and what was granted against what is needed.

use std::fmt::Write as _;

use catalog::{Access, Kind};
use clap::Args;
use graph::Identity;

use super::setup::{listed, purpose};
use crate::app::App;
use crate::config::Kinds;
use crate::failure::{Result, SIGN_IN};
use crate::output::{Grid, Tone, plural, short_time};
use crate::permissions::{Need, covers, needs, writes};
use crate::tenant::Tenant;

/// Sign in, and compare the permissions granted with those needed
#[derive(Debug, Args)]
#[command(after_help = "\
Fetches one token, for a person by device code; it is kept in memory and forgotten at the end. Exit code 4 means that \
sign-in or consent is missing.")]
pub(crate) struct StatusArgs {
    /// Kinds to read: kinds, categories, all, @default; -KIND leaves out. By default those of the configuration
    #[arg(
        short,
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    kinds: Vec<String>,
}

/// What was granted, against what is needed.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Permissions of the token; `None` where it does not tell.
    pub(crate) granted: Option<Vec<String>>,
    /// Needed and granted.
    pub(crate) met: Vec<Need>,
    /// Needed and not granted.
    pub(crate) missing: Vec<Need>,
    /// Granted, and either needed for none of the kinds or broader than what is.
    pub(crate) excess: Vec<String>,
    /// Kinds that only a person can read, where an app is signed in.
    pub(crate) only_signed_in: Vec<&'static Kind>,
}

impl Standing {
    /// `expected` are the kinds an application should be able to read, `chosen` all that are asked for.
    pub(crate) fn of(identity: &Identity, chosen: &Kinds) -> Self {
        let kinds = &chosen.expected();
        let scopes = identity.scopes.as_deref().unwrap_or_default();
        let is_person = !scopes.is_empty();
        let granted = if is_person {
            identity.scopes.clone()
        } else {
            identity.roles.clone()
        };
        let known = granted.as_deref().unwrap_or_default();
        let has = |permission: &str| known.iter().any(|own| covers(own, permission));
        let all = needs(kinds, known);
        let (met, missing): (Vec<Need>, Vec<Need>) =
            all.into_iter().partition(|need| has(need.permission));
        let only_signed_in = |kind: &&&'static Kind| matches!(kind.access(), Access::SignedIn(_));
        // What opens a kind that few tenants let an application read is no excess either.
        let useful = needs(&chosen.chosen, known);
        let is_needed = |permission: &str| {
            let any = |needs: &[Need]| needs.iter().any(|need| need.permission == permission);
            any(&met)
                || any(&useful)
                || (is_person && kinds.iter().any(|kind| kind.delegated == Some(permission)))
        };
        let excess = known
            .iter()
            .filter(|own| !is_needed(own) && !is_protocol(own))
            .cloned()
            .collect();
        let lost = |kind: &&&'static Kind| only_signed_in(kind) && !is_person;
        let only_signed_in = kinds.iter().filter(lost).copied().collect();
        Self {
            granted,
            met,
            missing,
            excess,
            only_signed_in,
        }
    }

    /// Narrower permissions that would do in place of a granted one.
    pub(crate) fn instead_of(&self, broad: &str) -> Vec<&'static str> {
        let granted = self.granted.as_deref().unwrap_or_default();
        let narrower = self.met.iter().map(|need| need.permission);
        narrower
            .filter(|narrow| covers(broad, narrow) && !granted.iter().any(|own| own == narrow))
            .collect()
    }

    /// Whether every kind that could be read can be, as far as permissions go.
    pub(crate) fn is_enough(&self) -> bool {
        self.granted.is_none() || self.missing.iter().all(|need| need.kinds.is_empty())
    }
}

/// Scopes of the sign-in itself.
fn is_protocol(scope: &str) -> bool {
    matches!(scope, "openid" | "profile" | "email" | "offline_access")
}

pub(crate) fn run(app: &App, args: &StatusArgs) -> Result<u8> {
    let tenant = app.tenant(&args.kinds)?;
    let client = tenant.client()?;
    let identity = app.runtime()?.block_on(client.identity())?;
    let standing = Standing::of(&identity, &tenant.kinds);
    client.notes().iter().for_each(|note| app.warn(note));
    if app.wants_json() {
        app.print_json(&as_json(&tenant, &identity, &standing))?;
    } else {
        app.page(&as_text(app, &tenant, &identity, &standing))?;
        let next = if standing.is_enough() {
            "snapshot"
        } else {
            "auth setup --print az"
        };
        app.next_command(next)?;
    }
    Ok(if standing.is_enough() { 0 } else { SIGN_IN })
}

fn as_text(app: &App, tenant: &Tenant, identity: &Identity, standing: &Standing) -> String {
    const MOST: usize = 3;
    let unknown = || "unknown".to_owned();
    let mut text = format!(
        "Signed in to tenant {} as {}\n",
        identity.tenant.clone().unwrap_or_else(unknown),
        match &identity.user {
            Some(user) => format!("{user}, through {}", tenant.credential()),
            None => tenant.credential(),
        }
    );
    let _ = writeln!(
        text,
        "The token is good until {}",
        short_time(identity.expires_at)
    );
    let Some(granted) = &standing.granted else {
        text.push_str("The token does not say what was granted: a snapshot will find out\n");
        return text;
    };
    let mut grid = Grid::new(&["permission", "", "opens"], false);
    for (needs, word, tone) in [
        (&standing.missing, "missing", Tone::Removed),
        (&standing.met, "granted", Tone::Added),
    ] {
        for need in needs {
            let word = app.colour.paint(tone, word);
            grid.push(&[need.permission.to_owned(), word, purpose(need, MOST)]);
        }
    }
    let _ = write!(text, "\n{}", grid.render(app.colour));
    let _ = writeln!(
        text,
        "\n{} granted, {} of {} needed missing",
        plural(granted.len() as u64, "permission"),
        standing.missing.len(),
        standing.missing.len() + standing.met.len()
    );
    for permission in &standing.excess {
        let instead = standing.instead_of(permission);
        let instead = if instead.is_empty() {
            String::new()
        } else {
            format!(", {} would do", listed(&instead, 4))
        };
        let writes = if writes(permission) {
            ", and it can change things"
        } else {
            ""
        };
        let _ = writeln!(text, "more than needed: {permission}{instead}{writes}");
    }
    if !standing.only_signed_in.is_empty() {
        let names: Vec<&str> = standing
            .only_signed_in
            .iter()
            .map(|kind| kind.name)
            .collect();
        let _ = writeln!(
            text,
            "only for a signed-in administrator: {}",
            listed(&names, 8)
        );
    }
    text
}

fn as_json(tenant: &Tenant, identity: &Identity, standing: &Standing) -> serde_json::Value {
    let needs = |needs: &[Need]| -> Vec<serde_json::Value> {
        let one = |need: &Need| {
            let names =
                |kinds: &[&'static Kind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>();
            serde_json::json!({
                "permission": need.permission,
                "kinds": names(&need.kinds),
                "hidden_parts_of": names(&need.completes),
            })
        };
        needs.iter().map(one).collect()
    };
    let excess = standing.excess.iter().map(|permission| {
        serde_json::json!({
            "permission": permission,
            "writes": writes(permission),
            "instead": standing.instead_of(permission),
        })
    });
    let excess: Vec<serde_json::Value> = excess.collect();
    serde_json::json!({
        "tenant_id": identity.tenant,
        "client_id": identity.client_id,
        "user": identity.user,
        "credential": tenant.credential(),
        "expires_at": identity.expires_at.to_string(),
        "granted": standing.granted,
        "needed_and_granted": needs(&standing.met),
        "missing": needs(&standing.missing),
        "more_than_needed": excess,
        "only_signed_in": standing.only_signed_in.iter().map(|kind| kind.name).collect::<Vec<_>>(),
        "enough": standing.is_enough(),
    })
}

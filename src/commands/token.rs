//! `token`: who may use the HTTP API, without Entra.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use server::auth::token::{Description, TokenState};
use server::roles::{Grant, Grants};

use crate::app::App;
use crate::config::Interval;
use crate::failure::{Failure, Result};
use crate::output::{Grid, plural, short_time};

/// Make, list and revoke tokens of the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace token create --name grafana --role reader --expires 90d
  entrace token create --name soc --role investigator,auditor --tenant contoso
  entrace token create --name msp --role reader@contoso --role operator@fabrikam
  entrace token list
  entrace token revoke grafana

Roles: reader, investigator, auditor, operator, restorer, approver, custodian, admin. What each may is in docs/api-roles.md. \
A token is shown once; what is kept is its hash, in the server's state folder. A server that runs takes note at once.")]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    what: What,
    /// The server's state folder, if not the one of the configuration
    #[arg(long, value_name = "FOLDER", global = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and show it, once
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may: ROLE, or ROLE@TENANT in one tenant alone; may be given several times
        #[arg(long, value_name = "ROLE", value_delimiter = ',', required = true)]
        role: Vec<Grant>,
        /// When it ends (90d, 12h), or never
        #[arg(long, value_name = "TIME", default_value = "90d")]
        expires: Expiry,
    },
    /// List the tokens there are and were
    List,
    /// Take a token back, by its name or the beginning of its id
    Revoke {
        /// Its name, or at least four characters of its id
        token: String,
    },
}

/// When a token ends.
#[derive(Debug, Clone, Copy)]
enum Expiry {
    Never,
    After(Interval),
}

impl std::str::FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "never" => Ok(Self::Never),
            _ => Ok(Self::After(text.parse()?)),
        }
    }
}

pub(crate) fn run(app: &App, args: &TokenArgs) -> Result<u8> {
    let tokens = app.tokens(args.state.clone())?;
    let now = App::now();
    match &args.what {
        What::Create {
            name,
            role,
            expires,
        } => {
            let grants = granted(app, role)?;
            let expires_at = match expires {
                Expiry::Never => None,
                Expiry::After(time) => Some(now.saturating_add(time.0).unwrap_or(Timestamp::MAX)),
            };
            let (secret, made) = tokens.create(name, grants, expires_at, now)?;
            show(app, secret.expose(), &made)?;
        }
        What::List => list(app, &tokens.list()?, now)?,
        What::Revoke { token } => {
            let revoked = tokens.revoke(token, now)?;
            app.print(&format!(
                "Token {} ({}) is revoked\n",
                revoked.name, revoked.id
            ))?;
        }
    }
    Ok(0)
}

/// The roles as they were given, narrowed to the tenant of `-t`.
fn granted(app: &App, roles: &[Grant]) -> Result<Grants> {
    let mut grants = roles.to_vec();
    if let Some(tenant) = &app.globals.tenant {
        for grant in &mut grants {
            let own = grant.tenant.get_or_insert_with(|| tenant.clone());
            if own != tenant {
                return Err(Failure::usage(format!(
                    "{grant} contradicts --tenant {tenant}: leave one of them out"
                )));
            }
        }
    }
    // A slip in a name would be a token that is good for nothing.
    let known = &app.config()?.shape.tenants;
    let named = grants.iter().filter_map(|grant| grant.tenant.as_deref());
    for name in named.filter(|_| !known.is_empty()) {
        if !known.contains_key(name) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(Failure::usage(format!("no tenant {name:?} is configured"))
                .hint(format!("configured are: {}", names.join(", "))));
        }
    }
    Ok(Grants(grants))
}

fn words(token: &Description) -> String {
    let words: Vec<String> = token.grants.0.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn show(app: &App, secret: &str, made: &Description) -> Result<()> {
    if app.wants_json() {
        return app.print_json(&json!({
            "token": secret,
            "id": made.id,
            "name": made.name,
            "grants": made.grants,
            "expires_at": made.expires_at,
        }));
    }
    let end = made.expires_at.map_or_else(
        || "never".to_owned(),
        |end| format!("at {}", short_time(end)),
    );
    // The token alone on standard output: TOKEN=$(entrace token create ...) works.
    app.print(&format!("{secret}\n"))?;
    if !app.globals.quiet {
        App::say(&format!(
            "Token {} ({}): {}; ends {end}. It is not shown again.",
            made.name,
            made.id,
            words(made)
        ));
    }
    Ok(())
}

fn list(app: &App, tokens: &[(Description, Option<Timestamp>)], now: Timestamp) -> Result<()> {
    if app.wants_json() {
        let rows: Vec<_> = tokens
            .iter()
            .map(|(token, used)| {
                json!({
                    "id": token.id,
                    "name": token.name,
                    "grants": token.grants,
                    "state": token.state(now),
                    "made_at": token.made_at,
                    "expires_at": token.expires_at,
                    "revoked_at": token.revoked_at,
                    "last_used_at": used,
                })
            })
            .collect();
        return app.print_json(&serde_json::Value::Array(rows));
    }
    if tokens.is_empty() {
        return app.print("There are no tokens\n");
    }
    let mut grid = Grid::new(&["id", "name", "may", "state", "ends", "last used"], false);
    let time = |time: Option<Timestamp>, else_text: &str| {
        time.map_or_else(|| else_text.to_owned(), short_time)
    };
    for (token, used) in tokens {
        let state = match token.state(now) {
            TokenState::Active => "active",
            TokenState::Expired => "expired",
            TokenState::Revoked => "revoked",
        };
        grid.push(&[
            token.id.to_string(),
            token.name.clone(),
            words(token),
            state.to_owned(),
            time(token.expires_at, "never"),
            time(*used, "never"),
        ]);
    }
    let count = plural(tokens.len() as u64, "token");
    app.print(&format!("{}{count}\n", grid.render(app.colour)))
}

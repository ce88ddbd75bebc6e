//! `auth setup`: the least an app must be allowed to do, and the commands that allow it. Sends nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalog::{Access, Kind, Licence};
use clap::{Args, ValueEnum};

use super::steps;
use crate::app::App;
use crate::config::Kinds;
use crate::failure::{Failure, Result};
use crate::output::{Grid, Tone, plural};
use crate::permissions::{Need, needs};
use crate::tenant;

/// Print the app registration and consent that the chosen kinds need, and no more
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace auth setup                                    the permissions, and what each is for
  entrace auth setup --print az > setup.sh              commands for the Azure CLI; read them, then: sh setup.sh
  entrace auth setup --kinds user,group --print pwsh    for Microsoft Graph PowerShell
  entrace auth setup --print portal --secret            steps to click through
  entrace auth setup --print az --federated --issuer https://token.actions.githubusercontent.com \\
                     --subject repo:contoso/entra:ref:refs/heads/main

No directory role is needed: application permissions alone open every kind an app may read. Nothing is sent to \
anybody, and nothing is changed until you run what is printed.")]
pub(crate) struct SetupArgs {
    /// Kinds to read: kinds, categories, all, @default; -KIND leaves out. By default those of the configuration
    #[arg(
        short,
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    kinds: Vec<String>,
    /// How to print it: az, pwsh, portal
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    print: Option<Way>,
    #[command(flatten)]
    proof: ProofArgs,
    /// Let administrators of other tenants consent to the same app
    #[arg(long)]
    multi_tenant: bool,
    /// Name of the app registration
    #[arg(long, value_name = "NAME", default_value = "entrace")]
    name: String,
}

/// How the app is to prove who it is.
#[derive(Debug, Args)]
struct ProofArgs {
    /// Sign in with a certificate made on this machine (the default)
    #[arg(long, group = "proof")]
    certificate: bool,
    /// Sign in with a client secret
    #[arg(long, group = "proof")]
    secret: bool,
    /// Sign in with the token of another identity provider
    #[arg(long, group = "proof", requires_all = ["issuer", "subject"])]
    federated: bool,
    /// Issuer of the other identity provider's tokens
    #[arg(long, value_name = "URL", requires = "federated")]
    issuer: Option<String>,
    /// Subject of the other identity provider's tokens
    #[arg(long, value_name = "SUBJECT", requires = "federated")]
    subject: Option<String>,
}

/// Tools and places where an app can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// A shell script for the Azure CLI
    Az,
    /// A script for Microsoft Graph PowerShell
    Pwsh,
    /// Steps in the admin centre
    Portal,
}

/// How the app proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    Certificate,
    Secret,
    Federated { issuer: String, subject: String },
}

/// All that the steps say.
#[derive(Debug)]
pub(super) struct Plan {
    /// Name of the app registration.
    pub(super) name: String,
    /// Name of the tenant in the configuration.
    pub(super) tenant: String,
    pub(super) proof: Proof,
    pub(super) multi_tenant: bool,
    pub(super) kinds: Kinds,
    pub(super) needs: Vec<Need>,
}

impl Plan {
    /// Kinds an app can never read, with the permission a person needs.
    pub(super) fn only_signed_in(&self) -> impl Iterator<Item = (&'static Kind, &'static str)> {
        self.kinds
            .chosen
            .iter()
            .filter_map(|kind| match kind.access() {
                Access::SignedIn(permission) => Some((*kind, permission)),
                _ => None,
            })
    }

    /// Kinds of which nobody says who may read them.
    fn undocumented(&self) -> impl Iterator<Item = &'static Kind> {
        let all = self.kinds.chosen.iter().copied();
        all.filter(|kind| kind.access() == Access::Unknown)
    }

    /// Kinds that answer only in tenants with a licence, by licence.
    pub(super) fn licences(&self) -> BTreeMap<Licence, Vec<&'static str>> {
        let mut licences: BTreeMap<Licence, Vec<&str>> = BTreeMap::new();
        for kind in self
            .kinds
            .chosen
            .iter()
            .filter(|kind| kind.licence != Licence::Free)
        {
            licences.entry(kind.licence).or_default().push(kind.name);
        }
        licences
    }
}

pub(crate) fn run(app: &App, args: &SetupArgs) -> Result<u8> {
    let plan = plan(app, args)?;
    if app.wants_json() {
        app.print_json(&as_json(&plan))?;
        return Ok(0);
    }
    match args.print {
        Some(Way::Az) => app.print(&steps::az(&plan))?,
        Some(Way::Pwsh) => app.print(&steps::pwsh(&plan))?,
        Some(Way::Portal) => app.page(&steps::portal(&plan))?,
        None => {
            app.page(&overview(app, &plan))?;
            app.next_command("auth setup --print az > setup.sh")?;
        }
    }
    Ok(0)
}

fn plan(app: &App, args: &SetupArgs) -> Result<Plan> {
    let config = app.config()?;
    let configured = tenant::chosen(config, app.globals.tenant.as_deref());
    // A tenant that is only now set up may be named without being configured.
    let configured = if args.kinds.is_empty() {
        configured?
    } else {
        configured.ok().flatten()
    };
    let kinds = match (args.kinds.as_slice(), &configured) {
        ([], Some((_, tenant))) => match &tenant.kinds {
            Some(kinds) => kinds.clone(),
            None => Kinds::try_from(Vec::new()).map_err(Failure::usage)?,
        },
        (words, _) => Kinds::try_from(words.to_vec()).map_err(Failure::usage)?,
    };
    if args.name.is_empty()
        || !args
            .name
            .chars()
            .all(|c| c.is_alphanumeric() || " -_.".contains(c))
    {
        return Err(Failure::usage(format!(
            "{:?} cannot name an app: use letters, digits, spaces, - and _",
            args.name
        )));
    }
    let quotable = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_graphic() && !"'\"`$\\".contains(c))
    };
    let proof = match (&args.proof.issuer, &args.proof.subject) {
        (Some(issuer), Some(subject)) if args.proof.federated => {
            if !issuer.starts_with("https://") || !quotable(issuer) || !quotable(subject) {
                return Err(Failure::usage(
                    "the issuer is an https address, and neither it nor the subject has spaces or quotation marks",
                ));
            }
            Proof::Federated {
                issuer: issuer.clone(),
                subject: subject.clone(),
            }
        }
        _ if args.proof.secret => Proof::Secret,
        _ => Proof::Certificate,
    };
    let named = configured.map(|(name, _)| name.to_owned());
    Ok(Plan {
        name: args.name.clone(),
        tenant: named
            .or_else(|| app.globals.tenant.clone())
            .unwrap_or_else(|| "contoso".to_owned()),
        proof,
        multi_tenant: args.multi_tenant,
        needs: needs(&kinds.chosen, &[]),
        kinds,
    })
}

/// Names of kinds in one line; the rest of a long list is counted.
pub(crate) fn listed(kinds: &[&str], most: usize) -> String {
    let shown = kinds
        .iter()
        .take(most)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match kinds.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What a permission is for, in words.
pub(super) fn purpose(need: &Need, most: usize) -> String {
    let names = |kinds: &[&'static Kind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>();
    let own = listed(&names(&need.kinds), most);
    match (need.kinds.is_empty(), need.completes.is_empty()) {
        (_, true) => own,
        (true, false) => format!("hidden parts of {}", listed(&names(&need.completes), most)),
        (false, false) => format!(
            "{own}; hidden parts of {}",
            listed(&names(&need.completes), most)
        ),
    }
}

fn overview(app: &App, plan: &Plan) -> String {
    const MOST: usize = 3;
    let mut grid = Grid::new(&["application permission", "opens"], false);
    for need in &plan.needs {
        grid.push(&[need.permission.to_owned(), purpose(need, MOST)]);
    }
    let mut text = grid.render(app.colour);
    let writing = plan.needs.iter().filter(|need| need.writes()).count() as u64;
    let _ = writeln!(
        text,
        "\n{} of Microsoft Graph open {}; {}. No directory role is needed.",
        plural(plan.needs.len() as u64, "permission"),
        plural(
            plan.needs.iter().map(|need| need.kinds.len() as u64).sum(),
            "kind"
        ),
        if writing == 0 {
            "none of them can change anything".to_owned()
        } else {
            format!("{writing} can also change things, because nothing less opens their kinds")
        }
    );
    let mut grid = Grid::new(
        &[
            "only for a signed-in administrator",
            "with the delegated permission",
        ],
        false,
    );
    for (kind, permission) in plan.only_signed_in() {
        grid.push(&[kind.name.to_owned(), permission.to_owned()]);
    }
    if grid.len() > 0 {
        let _ = write!(text, "\n{}", grid.render(app.colour));
    }
    let undocumented: Vec<&str> = plan.undocumented().map(|kind| kind.name).collect();
    if !undocumented.is_empty() {
        let _ = writeln!(
            text,
            "\nNobody documents who may read: {}",
            listed(&undocumented, 12)
        );
    }
    let mut grid = Grid::new(&["answers only with", "kinds"], false);
    for (licence, kinds) in plan.licences() {
        grid.push(&[licence.title().to_owned(), listed(&kinds, MOST)]);
    }
    if grid.len() > 0 {
        let _ = write!(text, "\n{}", grid.render(app.colour));
        let faint = "A tenant without such a licence loses nothing: its kinds are recorded as not licensed.";
        let _ = writeln!(text, "{}", app.colour.paint(Tone::Faint, faint));
    }
    text
}

fn as_json(plan: &Plan) -> serde_json::Value {
    let names = |kinds: &[&'static Kind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>();
    let needs = plan.needs.iter().map(|need| {
        serde_json::json!({
            "permission": need.permission,
            "writes": need.writes(),
            "kinds": names(&need.kinds),
            "hidden_parts_of": names(&need.completes),
        })
    });
    let signed_in = plan
        .only_signed_in()
        .map(|(kind, permission)| serde_json::json!({"kind": kind.name, "permission": permission}));
    let licences = plan
        .licences()
        .into_iter()
        .map(|(licence, kinds)| serde_json::json!({"licence": licence.title(), "kinds": kinds}));
    serde_json::json!({
        "selection": plan.kinds.selection(),
        "application_permissions": needs.collect::<Vec<_>>(),
        "directory_roles": [],
        "only_signed_in": signed_in.collect::<Vec<_>>(),
        "undocumented": plan.undocumented().map(|kind| kind.name).collect::<Vec<_>>(),
        "licences": licences.collect::<Vec<_>>(),
    })
}

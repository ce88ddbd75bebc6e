//! `diff`: what differs between two states.

mod patch;
mod report;

use clap::{Args, ValueEnum};
use query::{Session, SessionOptions};
use store::Snapshot;

use crate::app::App;
use crate::failure::{FINDINGS, Failure, Result};
use crate::words::quoted;

/// Show what differs between two states
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  entrace diff                              the last two snapshots
  entrace diff --from -7d                   the last week
  entrace diff first..latest --kind ca      Conditional Access policies over all time
  entrace diff --from tag:before --to tag:after --object group:Finance
  entrace diff --format patch --from -1d    RFC 6902 JSON Patch, one object a line

With -o jsonl, csv ... one row an object: change_type added, modified, removed.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct DiffArgs {
    /// The earlier state, or a range FROM..TO
    #[arg(value_name = "REV", allow_hyphen_values = true, conflicts_with_all = ["from", "to"])]
    first: Option<String>,
    /// The later state
    #[arg(value_name = "REV", allow_hyphen_values = true)]
    second: Option<String>,
    /// The earlier state; by default the one before the later
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    from: Option<String>,
    /// The later state; by default the newest
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    to: Option<String>,
    /// Only this kind; may be given several times
    #[arg(short, long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only this object
    #[arg(long, value_name = "OBJ")]
    object: Option<String>,
    /// Only changed attributes
    #[arg(long)]
    attributes: bool,
    /// Only changed links
    #[arg(long, conflicts_with = "attributes")]
    links: bool,
    /// Leave out what machines change by themselves, and count it
    #[arg(long)]
    ignore_noise: bool,
    /// Form of the differences: report, patch
    #[arg(
        long,
        value_name = "FORM",
        default_value = "report",
        hide_default_value = true,
        hide_possible_values = true
    )]
    format: Form,
    /// Name every object, however many there are
    #[arg(long)]
    all: bool,
    /// Exit with this code when there are differences
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "5")]
    exit_code: Option<u8>,
}

impl DiffArgs {
    /// Everything of a kind that changed since a revision.
    pub(crate) fn of_kind(revision: &str, kind: &str) -> Self {
        Self {
            from: Some(revision.to_owned()),
            kind: vec![kind.to_owned()],
            ..Self::default()
        }
    }
}

/// Form of the differences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Report,
    /// JSON Patch
    Patch,
}

/// What is compared.
struct Comparison {
    from: Snapshot,
    to: Snapshot,
    kinds: Vec<String>,
    /// Kind and id of the only object asked for.
    object: Option<(String, String)>,
    attributes: bool,
    links: bool,
    ignore_noise: bool,
}

impl Comparison {
    /// The arguments of the SQL functions: both snapshots by id.
    fn arguments(&self) -> String {
        format!("'{}', '{}'", self.from.id, self.to.id)
    }

    /// The condition on rows of objects.
    fn condition(&self) -> String {
        let one = |(kind, id): &(String, String)| {
            format!(
                "kind = '{}' and object_id = '{}'",
                sql_text(kind),
                sql_text(id)
            )
        };
        self.conditions(self.object.as_ref().map(one), "kind")
    }

    /// The condition on rows of links: either end may be the object asked for.
    fn link_condition(&self) -> String {
        let one = |(_, id): &(String, String)| {
            let id = sql_text(&model::fold_id(id));
            format!("(source_id = '{id}' or target_id = '{id}')")
        };
        self.conditions(self.object.as_ref().map(one), "source_kind")
    }

    fn conditions(&self, object: Option<String>, kind: &str) -> String {
        let mut conditions = vec!["true".to_owned()];
        conditions.extend(object);
        if !self.kinds.is_empty() {
            let kinds: Vec<String> = self
                .kinds
                .iter()
                .map(|kind| format!("'{}'", sql_text(kind)))
                .collect();
            conditions.push(format!("{kind} in ({})", kinds.join(", ")));
        }
        conditions.join(" and ")
    }
}

/// Text inside a SQL literal.
pub(crate) fn sql_text(text: &str) -> String {
    text.replace('\'', "''")
}

pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<u8> {
    let source = app.source()?;
    let (from, to) = revisions(args);
    let to = source.resolve(to.as_deref().unwrap_or("latest"))?;
    let from = match from {
        Some(from) => source.resolve(&from)?,
        None => before(source.archive().snapshots(), &to)
            .ok_or_else(|| {
                Failure::usage("there is only one snapshot: nothing to compare it with")
                    .hint("import another, or name what to compare with --from and --to")
            })?
            .clone(),
    };
    let mut kinds = Vec::new();
    for word in &args.kind {
        let name = catalog::resolve(word).map_or(word.as_str(), |kind| kind.name);
        if source.archive().kind(name).is_none() {
            return Err(Failure::usage(format!("the archive has no kind {word:?}"))
                .hint(format!("see those there are with: {} ls", app.invocation())));
        }
        kinds.push(name.to_owned());
    }
    let object = args
        .object
        .as_deref()
        .map(|text| source.object(text))
        .transpose()?;
    let comparison = Comparison {
        from,
        to,
        kinds,
        object: object.map(|object| (object.kind_name, object.id)),
        attributes: !args.links,
        links: !args.attributes,
        ignore_noise: args.ignore_noise,
    };
    let mut session = Session::new(&source, SessionOptions::default())?;
    let differences = if args.format == Form::Patch {
        patch::print(app, &mut session, &comparison)?
    } else if app.for_people() {
        report::print(app, &source, &mut session, &comparison, args.all)?
    } else {
        let sql = format!(
            "select * from diff({}) where {} order by kind, display_name, object_id",
            comparison.arguments(),
            comparison.condition()
        );
        app.answer(&mut session, &sql, &[])?.rows
    };
    Ok(match args.exit_code {
        Some(code) if differences > 0 => {
            if code == 0 {
                FINDINGS
            } else {
                code
            }
        }
        _ => 0,
    })
}

/// From and to as they were named.
fn revisions(args: &DiffArgs) -> (Option<String>, Option<String>) {
    match (&args.first, &args.second) {
        (None, _) => (args.from.clone(), args.to.clone()),
        (Some(range), None) => match range.split_once("..") {
            Some((from, to)) => {
                let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                (named(from), named(to))
            }
            None => (Some(range.clone()), None),
        },
        (from, to) => (from.clone(), to.clone()),
    }
}

fn before<'s>(snapshots: &'s [Snapshot], to: &Snapshot) -> Option<&'s Snapshot> {
    let at = snapshots
        .iter()
        .position(|snapshot| snapshot.number == to.number)?;
    snapshots.get(at.checked_sub(1)?)
}

/// The command that shows one object of a comparison.
fn log_command(kind: &str, id: &str) -> String {
    format!("log {}", quoted(&format!("{kind}:{id}")))
}

//! `plan create`: what differs from a past state, as a plan that brings it back.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use catalog::Kind;
use clap::Args;
use query::{Session, SessionOptions, Source};
use restore::planning::{By, PlanOptions, PlanRequest, Selected, Selection, State, plan, to_read};
use restore::{Book, Plan};
use store::{Archive, LocalStorage, PlanEvent, Snapshot, Storage};

use super::summary;
use crate::app::{App, TOOL};
use crate::commands::snapshot;
use crate::failure::{Failure, PARTIAL, Result, SIGN_IN};
use crate::plans::{self, PlanLog};
use crate::progress::{Watcher, stopper};
use crate::records::records;

/// Make a plan that brings objects back to a past state
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace plan create --from -1d ca:\"CA001: Require MFA\"
  entrace plan create --from 2026-10-01 group:Finance --with-links
  entrace plan create --from -7d user:alice@contoso.example --only department
  entrace plan create --from tag:before --kinds conditional_access_policy,named_location --delete-added
  entrace plan create --from -1d --kinds user --where \"department = 'Finance'\"
  entrace plan create --from -1d --all --offline --out p.json
  entrace plan create --from latest --all --into ../other --map-domain contoso.example=fabrikam.example

The tenant is read first, as far as the plan depends on it; --offline takes its last snapshot instead. Without --out the \
plan is kept in the archive. Nothing is changed in the tenant before the plan is approved and run.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct CreateArgs {
    /// The state to bring back
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    from: String,
    /// Objects: an id, or KIND:NAME
    #[arg(value_name = "OBJ")]
    objects: Vec<String>,
    /// Everything of these kinds; with --where only what it says
    #[arg(long, value_name = "KINDS", allow_hyphen_values = true)]
    kinds: Vec<String>,
    /// Everything that differs
    #[arg(long, conflicts_with_all = ["objects", "kinds"])]
    all: bool,
    /// Only this property, or relationship, of each object; may be given several times
    #[arg(long, value_name = "PATH")]
    only: Vec<String>,
    /// Only objects of --kinds for which this SQL condition held in the wanted state, or holds now
    #[arg(long, value_name = "SQL", requires = "kinds")]
    r#where: Option<String>,
    /// Relationships too, added ones removed, and missing objects they lead to
    #[arg(long)]
    with_links: bool,
    /// Delete what was added since
    #[arg(long)]
    delete_added: bool,
    /// Compare with the last snapshot instead of reading the tenant
    #[arg(long)]
    offline: bool,
    /// Plan for the tenant of another archive, against its last snapshot
    #[arg(long, value_name = "ARCHIVE", conflicts_with = "offline")]
    into: Option<PathBuf>,
    /// A domain name to exchange on the way into another tenant; may be given several times
    #[arg(long, value_name = "OLD=NEW", requires = "into", value_parser = domains)]
    map_domain: Vec<(String, String)>,
    /// Write the plan to a file instead of the archive
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn domains(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_lowercase(), new.to_lowercase()))
        }
        _ => Err("write it like contoso.example=fabrikam.example".to_owned()),
    }
}

pub(crate) fn run(app: &App, args: &CreateArgs) -> Result<u8> {
    if args.objects.is_empty() && args.kinds.is_empty() && !args.all {
        return Err(Failure::usage("nothing is selected").hint(
            "name objects such as group:Finance, kinds with --kinds, or take everything with --all",
        ));
    }
    // Resolved before the tenant is read: -1d and latest mean the states there are now.
    let source = app.source()?;
    let wanted = source.resolve(&args.from)?;
    let selection = selection(app, &source, args, &wanted)?;
    let is_live = !args.offline && args.into.is_none();
    if is_live {
        read_tenant(app, &source, args, &selection)?;
    }
    let archive = app.shared_archive()?;
    let other = args
        .into
        .as_ref()
        .map(|path| other(app, path))
        .transpose()?;
    let (current_archive, tenant) = match &other {
        Some(other) => (other, other.tenant()),
        None => (&*archive, archive.tenant()),
    };
    let state = |archive, snapshot| State { archive, snapshot };
    let request = PlanRequest {
        wanted: state(&archive, &wanted),
        revision: args.from.clone(),
        current: current_archive
            .snapshots()
            .last()
            .map(|snapshot| state(current_archive, snapshot)),
        live: is_live,
        tenant: tenant.to_owned(),
        selection,
        options: PlanOptions {
            links: args.with_links,
            delete_added: args.delete_added,
            protected: plans::protected(&app.config()?.shape.restore, &archive)?
                .into_iter()
                .collect(),
            domains: args.map_domain.clone(),
        },
        author: plans::account(None),
        tool: TOOL.to_owned(),
        now: App::now(),
    };
    let plan = plan(&request)?;
    if plan.steps.is_empty() {
        summary::print(app, &plan, None, None)?;
        let is_equal = plan.impossible.is_empty() && plan.dangling.is_empty();
        return Ok(if is_equal { 0 } else { PARTIAL });
    }
    let id = keep(app, &archive, &plan, args.out.as_ref())?;
    summary::print(app, &plan, Some(&id), args.out.as_deref())?;
    Ok(0)
}

/// Writes the plan where it belongs; its id.
fn keep(app: &App, archive: &Archive, plan: &Plan, out: Option<&PathBuf>) -> Result<String> {
    if let Some(path) = out {
        let failed = |error| Failure::io(path, &error);
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        let id = plan.write_file(&mut file).map_err(failed)?;
        file.flush().map_err(failed)?;
        return Ok(id);
    }
    let id = Book::new(archive).put(plan)?;
    let mut log = PlanLog::new(&id);
    log.push(PlanEvent::Created, &plan.author, Some(id.clone()));
    log.write(app)?;
    Ok(id)
}

fn other(app: &App, path: &std::path::Path) -> Result<Archive> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(path));
    Ok(Archive::open(storage, &app.keys()?.secrets()?)?)
}

fn selection(
    app: &App,
    source: &Arc<Source>,
    args: &CreateArgs,
    wanted: &Snapshot,
) -> Result<Selection> {
    let mut selection = Selection {
        everything: args.all,
        only: args.only.clone(),
        ..Selection::default()
    };
    let mut describe = |line: String| selection.described.push(line);
    if args.all {
        describe("everything".to_owned());
    }
    for word in &args.objects {
        describe(word.clone());
    }
    for (name, values) in [("kinds", &args.kinds), ("only", &args.only)] {
        for value in values {
            describe(format!("{name} {value}"));
        }
    }
    if let Some(condition) = &args.r#where {
        describe(format!("where {condition}"));
    }
    for (is_so, line) in [
        (args.with_links, "with links"),
        (args.delete_added, "what was added since is deleted"),
    ] {
        if is_so {
            describe(line.to_owned());
        }
    }
    for word in &args.objects {
        let object = source.object(word)?;
        selection.objects.push(Selected {
            kind: catalog::by_name(&object.kind_name),
            by: By::Id(object.key),
        });
    }
    let kinds = if args.kinds.is_empty() {
        Vec::new()
    } else {
        let words: Vec<&str> = args.kinds.iter().map(String::as_str).collect();
        catalog::select_kinds(&words).map_err(|unknown| Failure::usage(unknown.to_string()))?
    };
    match &args.r#where {
        Some(condition) => {
            for kind in kinds {
                let found = matching(app, source, kind, condition, wanted)?;
                selection.objects.extend(found);
            }
        }
        None => selection.kinds = kinds,
    }
    Ok(selection)
}

/// The objects of a kind for which a condition held in the wanted state, or holds in the last.
fn matching(
    app: &App,
    source: &Arc<Source>,
    kind: &'static Kind,
    condition: &str,
    wanted: &Snapshot,
) -> Result<Vec<Selected>> {
    if source.archive().kind(kind.name).is_none() {
        return Ok(Vec::new());
    }
    if kind.is_relationship() || kind.is_event() {
        return Err(Failure::usage(format!(
            "--where chooses objects by their properties, and {} has none",
            kind.table
        )));
    }
    let mut session = Session::new(source, SessionOptions::default())?;
    let mut ids = std::collections::BTreeSet::new();
    for schema in [format!("\"@{}\".", wanted.id), String::new()] {
        // The line break ends a comment that the condition may end with.
        let sql = format!(
            "select id from {schema}{} where ({condition}\n)",
            kind.table
        );
        let batches = app.ask(&mut session, &sql, &[])?;
        ids.extend(records(&batches).filter_map(|row| row.text("id").map(str::to_owned)));
    }
    let selected = ids.into_iter().map(|id| Selected {
        kind: Some(kind),
        by: By::Id(id),
    });
    Ok(selected.collect())
}

/// Reads what the plan depends on from the tenant, as a snapshot.
fn read_tenant(app: &App, source: &Source, args: &CreateArgs, selection: &Selection) -> Result<()> {
    let kinds = to_read(source.archive(), selection, args.with_links)?.unwrap_or_default();
    let words: Vec<String> = kinds.iter().map(|kind| kind.name.to_owned()).collect();
    let without = |failure: Failure| {
        if failure.code == SIGN_IN && failure.hint.is_some() {
            let hint = failure.hint.clone().unwrap_or_default();
            return failure.hint(format!(
                "{hint}; or plan against the last snapshot with --offline"
            ));
        }
        failure
    };
    let tenant = app.tenant(&words).map_err(without)?;
    let mut request = tenant.request();
    request.kinds.retain(|kind| !kind.is_event());
    let client = tenant.client()?;
    let stop = stopper(app)?;
    let watcher = Watcher::new(app.progress_style(), Arc::clone(&stop));
    let report = snapshot::run_once(app, &client, &request, &[], &watcher);
    watcher.end();
    for kind in report.map_err(without)?.kinds {
        if kind.is_lacking {
            app.warn(&format!(
                "{} could not be read completely: what of it differs may not be planned",
                kind.kind
            ));
        }
    }
    Ok(())
}

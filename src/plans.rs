//! What the commands about restore plans have in common: which plan is meant, who asks, what the configuration wants.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use query::Source;
use restore::approval::{Approvers, Policy};
use restore::{Book, MAX_FILE, Plan};
use serde_json::Value;
use store::{Archive, PlanAct, PlanEvent};

use crate::app::App;
use crate::config::RestoreSettings;
use crate::failure::{Failure, LOCKED, Result};
use crate::output::Format;

/// A plan somebody named.
pub(crate) struct Named {
    /// Its id.
    pub(crate) id: String,
    pub(crate) plan: Plan,
    /// How it is named in the next command: as it was in this.
    pub(crate) word: String,
}

/// The plan that a file holds, or that an id of the archive's book begins with.
pub(crate) fn named(archive: &Archive, word: &str) -> Result<Named> {
    let path = Path::new(word);
    let (id, plan) = if path.is_file() {
        let plan = read(path)?;
        (plan.id(), plan)
    } else if looks_like_a_file(word) {
        return Err(Failure::usage(format!("{word}: there is no such file"))
            .hint("make a plan with plan create, see those of the archive with plan list"));
    } else {
        let book = Book::new(archive);
        let id = book.find(word)?;
        let plan = book.get(&id)?;
        (id, plan)
    };
    let word = crate::words::quoted(word);
    Ok(Named { id, plan, word })
}

fn read(path: &Path) -> Result<Plan> {
    let size = std::fs::metadata(path)
        .map_err(|e| Failure::io(path, &e))?
        .len();
    if size > MAX_FILE as u64 {
        let name = path.display();
        return Err(Failure::usage(format!("{name}: too long for a plan")));
    }
    let bytes = std::fs::read(path).map_err(|e| Failure::io(path, &e))?;
    Ok(Plan::from_file(&path.display().to_string(), &bytes)?)
}

/// The text of a file that cannot be long: a statement, a signature.
pub(crate) fn small(path: &Path) -> Result<String> {
    const MAX_BYTES: u64 = 64 << 10;
    let size = std::fs::metadata(path)
        .map_err(|e| Failure::io(path, &e))?
        .len();
    if size > MAX_BYTES {
        let name = path.display();
        return Err(Failure::usage(format!(
            "{name}: too long, {MAX_BYTES} bytes at most"
        )));
    }
    std::fs::read_to_string(path).map_err(|e| Failure::io(path, &e))
}

/// Whether a word was meant as a path and not as the beginning of an id.
fn looks_like_a_file(word: &str) -> bool {
    word.contains(['/', '\\', '.']) || !word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Who acts: what was given with an option, else `user@host`.
pub(crate) fn account(given: Option<&str>) -> String {
    match given {
        Some(given) => given.to_owned(),
        None => format!("{}@{}", user(), host()),
    }
}

/// The name of whoever runs this: the system's word before that of a variable, which anybody can set.
fn user() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let variables = ["USER", "LOGNAME", "USERNAME"];
    system_user()
        .or_else(|| variables.into_iter().find_map(variable))
        .unwrap_or_else(|| "somebody".to_owned())
}

#[cfg(unix)]
fn system_user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = accounts.lines().map(|line| line.split(':'));
    fields.find_map(|mut line| {
        let name = line.next()?;
        (line.nth(1) == Some(id.as_str())).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn system_user() -> Option<String> {
    None
}

fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = named.or_else(|| std::env::var("COMPUTERNAME").ok());
    let named = named.map(|name| name.trim().to_owned());
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// What the configuration asks for before a plan runs. A protected object that the archive does not know is an
/// error: a word that protects nothing would not be noticed.
pub(crate) fn policy(app: &App, archive: &Arc<Archive>) -> Result<Policy> {
    let settings = &app.config()?.shape.restore;
    let standard = Policy::default();
    let interval = |given: &Option<crate::config::Interval>| given.as_ref().map(|i| i.0);
    Ok(Policy {
        enabled: settings.enabled.unwrap_or(standard.enabled),
        require_second_person: settings
            .require_second_person
            .unwrap_or(standard.require_second_person),
        approvals: settings.approvals.unwrap_or(standard.approvals),
        approvals_for_risk: settings
            .approvals_for_risk
            .unwrap_or(standard.approvals_for_risk),
        max_changes: settings.max_changes.unwrap_or(standard.max_changes),
        protected: protected(settings, archive)?,
        longest_approval: interval(&settings.longest_approval).unwrap_or(standard.longest_approval),
        oldest_plan: interval(&settings.oldest_plan).unwrap_or(standard.oldest_plan),
    })
}

/// Ids of the objects the configuration protects, in lower case.
pub(crate) fn protected(
    settings: &RestoreSettings,
    archive: &Arc<Archive>,
) -> Result<BTreeSet<String>> {
    if settings.protected.is_empty() {
        return Ok(BTreeSet::new());
    }
    let source = Source::new(Arc::clone(archive), App::now());
    let mut ids = BTreeSet::new();
    for word in &settings.protected {
        if model::is_guid(word) {
            ids.insert(word.to_lowercase());
            continue;
        }
        let object = source.object(word).map_err(|error| {
            Failure::usage(format!("restore.protected: {error}"))
                .hint("name objects the archive knows as KIND:NAME, or any by its id")
        })?;
        ids.insert(object.id.to_lowercase());
    }
    Ok(ids)
}

/// Everybody who may approve: of the file the configuration names, else of the archive's own list.
pub(crate) fn approvers(app: &App, archive: &Archive) -> Result<Approvers> {
    match &app.config()?.shape.restore.approvers_file {
        Some(path) => Ok(Approvers::from_file(path)?),
        None => Ok(Approvers::of(archive)?),
    }
}

/// What the archive's log is to say about a plan.
///
/// Papers can be deleted by whoever can delete files; what stands in the log cannot be without that showing.
pub(crate) struct PlanLog {
    plan: String,
    acts: Vec<PlanAct>,
}

impl PlanLog {
    pub(crate) fn new(plan: &str) -> Self {
        Self {
            plan: plan.to_owned(),
            acts: Vec::new(),
        }
    }

    /// `paper` is the hash of what shows it.
    pub(crate) fn push(&mut self, event: PlanEvent, by: &str, paper: Option<String>) {
        self.acts.push(PlanAct {
            event,
            plan: self.plan.clone(),
            by: by.to_owned(),
            paper,
        });
    }

    /// Writes it. While another process writes to the archive, what people decide is not held up by that: the papers
    /// are there, and the log says nothing.
    pub(crate) fn write(self, app: &App) -> Result<()> {
        let mut writer = match app.writer() {
            Ok(writer) => writer,
            Err(failure) if failure.code == LOCKED => {
                app.warn(&format!(
                    "{}; it is done, and the archive's log does not have it",
                    failure.message
                ));
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        for act in self.acts {
            writer.record_plan(act)?;
        }
        Ok(())
    }
}

/// Refuses formats that a command without a table of its own cannot give.
pub(crate) fn json_only(app: &App, command: &str) -> Result<()> {
    if app.wants_json() {
        return Ok(());
    }
    let name = app.format().name();
    Err(Failure::usage(format!(
        "{command} answers for people or as JSON, not as {name}: leave out -o, or use -o json or jsonl"
    )))
}

/// Prints rows as one JSON list, or one a line.
pub(crate) fn print_rows(app: &App, rows: Vec<Value>) -> Result<()> {
    if app.format() == Format::Jsonl {
        for row in rows {
            app.print_json(&row)?;
        }
        return Ok(());
    }
    app.print_json(&Value::Array(rows))
}

//! What the commands about restore plans have in common: which plan is meant, who asks, what the configuration wants.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use query::Source;
use restore::approval::{Approvers, Policy};
use restore::{Book, MAX_FILE, Plan};
use store::Archive;

use crate::app::App;
use crate::config::RestoreSettings;
use crate::failure::{Failure, Result};

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

//! How statements of strangers would be confined on this machine.

use worker::{Pool, PoolOptions};

use super::{Checks, Verdict};
use crate::app::App;
use crate::commands::sql::WORKER;
use crate::failure::{Failure, Result};

const GROUP: &str = "machine";

/// Starts a worker, which says what it could take from itself.
pub(super) fn check(app: &App, checks: &mut Checks) {
    match absent(app) {
        Ok(absent) if absent.is_empty() => checks.add(
            GROUP,
            "statements of strangers",
            Verdict::Fine,
            "in a process that opens nothing but the archive, reaches nothing and is limited in memory and time",
        ),
        Ok(absent) => {
            // Where a system never has them, that is no news every night.
            let verdict = if cfg!(target_os = "linux") {
                Verdict::Warning
            } else {
                Verdict::Fine
            };
            let message = format!(
                "in a process that is killed at its deadline; not on this machine: {}",
                absent.join(", ")
            );
            checks.add(GROUP, "statements of strangers", verdict, message);
            checks.hint("entrace serve and sql --isolated: let only people you trust ask; Linux 5.13 or newer has all of it");
        }
        Err(failure) => {
            checks.add(
                GROUP,
                "statements of strangers",
                Verdict::Warning,
                format!("no worker can be started: {}", failure.message),
            );
            checks.hint("entrace serve answers no statements here, and sql --isolated none at all");
        }
    }
}

fn absent(app: &App) -> Result<Vec<&'static str>> {
    let archive = std::path::absolute(app.path()?);
    let archive = archive.map_err(|e| Failure::usage(format!("the archive's path: {e}")))?;
    let mut options = PoolOptions::new(archive, app.opening_secrets()?, vec![WORKER.into()])?;
    options.workers = 1;
    let pool = app.runtime()?.block_on(Pool::start(options))?;
    Ok(pool.confinement().absent())
}

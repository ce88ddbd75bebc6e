//! Statements in a process of their own, as a server runs those of strangers.

use std::io::Write;

use query::Limits;
use worker::{Answer, Pool, PoolOptions, Request};

use super::{Settings, SqlArgs, timed};
use crate::answers::{Batches, Parameters};
use crate::app::App;
use crate::failure::{Failure, INTERRUPTED, Result};
use crate::output::{RowOptions, Totals};

/// Subcommand that makes this program a worker.
pub(crate) const WORKER: &str = "query-worker";

/// Runs statements one after another in a worker.
pub(super) fn run(
    app: &App,
    args: &SqlArgs,
    limits: Limits,
    statements: &[String],
    parameters: &Parameters,
    settings: &mut Settings,
) -> Result<u8> {
    let archive = std::path::absolute(app.path()?);
    let archive = archive.map_err(|e| Failure::usage(format!("the archive's path: {e}")))?;
    let mut options = PoolOptions::new(archive, app.opening_secrets()?, vec![WORKER.into()])?;
    options.workers = 1;
    options.limits = limits;
    app.runtime()?.block_on(async {
        let pool = Pool::start(options).await?;
        let absent = pool.confinement().absent();
        if !absent.is_empty() {
            app.note(&format!("not on this machine: {}", absent.join(", ")));
        }
        let mut isolated = Isolated {
            app,
            pool,
            as_of: args.as_of.clone(),
            limits,
        };
        for statement in statements {
            tokio::select! {
                answered = isolated.ask(statement, parameters, settings) => answered?,
                _ = tokio::signal::ctrl_c() => return Err(Failure::new(INTERRUPTED, "interrupted")),
            }
        }
        Ok(0)
    })
}

struct Isolated<'a> {
    app: &'a App,
    pool: Pool,
    /// What the session is pinned to: workers remember nothing.
    as_of: Option<String>,
    limits: Limits,
}

impl Isolated<'_> {
    async fn ask(
        &mut self,
        statement: &str,
        parameters: &Parameters,
        settings: &mut Settings,
    ) -> Result<()> {
        let started = std::time::Instant::now();
        let (options, out) = settings.target(self.app)?;
        self.answer(statement, parameters, options, out).await?;
        timed(settings, started);
        Ok(())
    }

    async fn answer(
        &mut self,
        statement: &str,
        parameters: &Parameters,
        options: RowOptions,
        out: Box<dyn Write + Send>,
    ) -> Result<Totals> {
        options.check()?;
        let request = Request {
            sql: statement.to_owned(),
            parameters: parameters.clone(),
            as_of: self.as_of.clone(),
            limits: self.limits,
        };
        match self.pool.run(request).await? {
            Answer::Rows(rows) => {
                self.app
                    .write_rows(Batches::Apart(rows), options, out)
                    .await
            }
            Answer::Pinned(snapshot) => {
                App::say_pinned(snapshot.as_ref());
                self.as_of = snapshot.map(|snapshot| snapshot.id.to_string());
                Ok(Totals::default())
            }
        }
    }
}

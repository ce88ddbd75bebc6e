//! Asking questions: one session, one statement at a time.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::SchemaProvider;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, GreedyMemoryPool, MemoryPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder, SessionStateDefaults, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{Expr, Set, Statement};
use futures::{FutureExt, StreamExt};
use store::Snapshot;
use tokio::time::Instant;

use crate::allowed::{self, check_functions};
use crate::error::{Error, Result, panicked};
use crate::functions;
use crate::parameters::bind;
use crate::plain::{plain_batch, plain_schema};
use crate::scalars;
use crate::schemas::{CATALOG, Catalog, SCHEMA, Schema};
use crate::scope::{Provenance, Scope};
use crate::size::check_size;
use crate::source::Source;
use crate::stack::Deep;
use crate::statement::{check_statement, parse};
use crate::time_travel::resolve_versions;

/// The one setting a session has.
const AS_OF: &str = "entrace.as_of";
/// Batches of an answer on their way to whoever asked.
const WAITING_BATCHES: usize = 2;

/// What a session may use, and what it is pinned to.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Revision that the session sees as now.
    pub as_of: Option<String>,
    /// What one statement may take.
    pub limits: Limits,
}

/// What one statement may take; a statement that takes more fails and says which limit it met.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory that sorts, joins and aggregates take together, in bytes.
    pub memory_bytes: usize,
    /// Temporary files that sorts, joins and aggregates write where memory is short, in bytes; 0: they
    /// write none and fail instead. What is written is not encrypted.
    pub disk_bytes: u64,
    /// Time from the start of the statement to the last row.
    pub time: Option<Duration>,
    /// Rows of the answer.
    pub rows: Option<u64>,
    /// Size of the answer in memory, in bytes.
    pub bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            disk_bytes: 16 << 30,
            time: None,
            rows: None,
            bytes: None,
        }
    }
}

/// A session: an archive, the moment it is seen at, and an engine over it.
pub struct Session {
    scope: Scope,
    context: SessionContext,
    options: SessionOptions,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({:?})", self.options)
    }
}

/// What a statement came to.
pub enum Answer {
    /// Rows, as they are found.
    Rows(Rows),
    /// The session is pinned to another moment now; `None`: to none.
    Pinned(Option<Snapshot>),
}

/// The rows of an answer.
pub struct Rows {
    /// Their columns.
    pub schema: SchemaRef,
    stream: SendableRecordBatchStream,
    scope: Scope,
    limits: Limits,
    deadline: Option<Instant>,
    row_count: u64,
    byte_count: u64,
}

impl Rows {
    /// The next rows; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        guarded(self.taken()).await
    }

    async fn taken(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = within(self.deadline, &self.limits, self.stream.next()).await? else {
            return Ok(None);
        };
        let batch = plain_batch(batch?, &self.schema)?;
        self.row_count += batch.num_rows() as u64;
        self.byte_count += batch.get_array_memory_size() as u64;
        if let Some(limit) = self.limits.rows.filter(|limit| self.row_count > *limit) {
            return Err(Error::Limit(format!(
                "the answer has more than {limit} rows, the limit: ask for less or raise it"
            )));
        }
        if let Some(limit) = self.limits.bytes.filter(|limit| self.byte_count > *limit) {
            return Err(Error::Limit(format!(
                "the answer takes more than {limit} bytes, the limit: ask for less or raise it"
            )));
        }
        Ok(Some(batch))
    }

    /// All rows at once.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The states the answer was made from.
    pub fn provenance(&self) -> Result<Provenance> {
        self.scope.provenance()
    }
}

/// Lets the engine work on a stack that is large enough; its panics become errors, and the session goes on.
async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let caught = Deep::new(AssertUnwindSafe(work).catch_unwind()).await;
    caught.unwrap_or_else(|payload| Err(panicked(&*payload)))
}

/// Lets a stream be worked on in a task of its own: an operator that computes for long without a row would
/// else keep whoever waits for it from noticing that the time is up.
fn apart(mut stream: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let mut builder = RecordBatchReceiverStream::builder(stream.schema(), WAITING_BATCHES);
    let sender = builder.tx();
    builder.spawn(Deep::new(async move {
        while let Some(batch) = stream.next().await {
            if sender.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    }));
    builder.build()
}

/// Waits for a step of a statement, but not past its deadline.
async fn within<T>(
    deadline: Option<Instant>,
    limits: &Limits,
    step: impl Future<Output = T>,
) -> Result<T> {
    let Some(deadline) = deadline else {
        return Ok(step.await);
    };
    tokio::time::timeout_at(deadline, step).await.map_err(|_| {
        let seconds = limits.time.unwrap_or_default().as_secs_f64();
        Error::Limit(format!(
            "the statement took longer than {seconds} s, the limit: ask for less or raise it"
        ))
    })
}

impl Session {
    /// Begins a session over an archive.
    pub fn new(source: &Arc<Source>, options: SessionOptions) -> Result<Self> {
        let horizon = options
            .as_of
            .as_ref()
            .map(|revision| source.resolve(revision))
            .transpose()?;
        let scope = Scope::new(Arc::clone(source), horizon);
        let context = context(&scope, &options)?;
        Ok(Self {
            scope,
            context,
            options,
        })
    }

    /// The moment the session is pinned to.
    #[must_use]
    pub fn as_of(&self) -> Option<&Snapshot> {
        self.scope.horizon.as_ref()
    }

    /// What it may see.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Names of all tables, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        Schema::of(&self.scope).table_names()
    }

    /// Columns of a table with their types.
    pub async fn describe(&self, table: &str) -> Result<SchemaRef> {
        let provider = Schema::of(&self.scope).table(table).await?;
        let provider = provider
            .ok_or_else(|| Error::NotFound(format!("{table} is a function, not a table")))?;
        Ok(provider.schema())
    }

    /// Runs one statement; `parameters` are the values of `$name` in it.
    pub async fn run(
        &mut self,
        sql: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Answer> {
        guarded(self.answer(sql, parameters)).await
    }

    async fn answer(&mut self, sql: &str, parameters: &BTreeMap<String, String>) -> Result<Answer> {
        let limits = self.options.limits;
        let deadline = limits.time.map(|time| Instant::now() + time);
        let mut statement = parse(sql)?;
        if self.setting(&statement)? {
            return Ok(Answer::Pinned(self.scope.horizon.clone()));
        }
        check_statement(&statement)?;
        check_size(&statement)?;
        bind(&mut statement, parameters)?;
        self.scope.forget_touched();
        let state = self.context.state();
        resolve_versions(&mut statement, &self.scope, &state)?;
        check_functions(&statement, &state)?;
        let plan = state
            .statement_to_plan(EngineStatement::Statement(Box::new(statement)))
            .await?;
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        read_only.verify_plan(&plan).map_err(|_| {
            Error::invalid(
                "an archive is asked with SELECT and changed by import: this statement would write",
            )
        })?;
        let schema = plain_schema(plan.schema().inner());
        let plan = within(deadline, &limits, state.create_physical_plan(&plan)).await??;
        let stream = apart(execute_stream(plan, Arc::new(task(&state)))?);
        Ok(Answer::Rows(Rows {
            schema,
            stream,
            scope: self.scope.clone(),
            limits,
            deadline,
            row_count: 0,
            byte_count: 0,
        }))
    }

    /// `SET entrace.as_of = 'REVISION'`: the session is seen from there on as it was then.
    fn setting(&mut self, statement: &Statement) -> Result<bool> {
        let Statement::Set(Set::SingleAssignment {
            variable, values, ..
        }) = statement
        else {
            return Ok(false);
        };
        if variable.to_string() != AS_OF {
            return Err(Error::invalid(format!(
                "there is no setting {variable}: the only one is {AS_OF}"
            )));
        }
        let [value] = values.as_slice() else {
            return Err(Error::invalid(format!("usage: SET {AS_OF} = 'REVISION'")));
        };
        let text = match value {
            Expr::Value(value) => value.value.clone().into_string(),
            Expr::Identifier(identifier) => Some(identifier.value.clone()),
            _ => None,
        };
        let text =
            text.ok_or_else(|| Error::invalid(format!("usage: SET {AS_OF} = 'REVISION'")))?;
        let unpin = text.is_empty()
            || text.eq_ignore_ascii_case("latest")
            || text.eq_ignore_ascii_case("default");
        self.pin((!unpin).then_some(text.as_str()))?;
        Ok(true)
    }

    /// Pins the session to a revision, or to none.
    pub fn pin(&mut self, revision: Option<&str>) -> Result<()> {
        let source = Arc::clone(&self.scope.source);
        let options = SessionOptions {
            as_of: revision.map(str::to_owned),
            ..self.options.clone()
        };
        *self = Self::new(&source, options)?;
        Ok(())
    }
}

fn context(scope: &Scope, options: &SessionOptions) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false);
    let settings = config.options_mut();
    settings.sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
    // Text is one type everywhere: what is cast to it is no other than what a table holds.
    settings.sql_parser.map_string_types_to_utf8view = false;
    settings.execution.time_zone = Some("+00:00".to_owned());
    // A scan is one stream: to deal its rows out to several tasks costs more than most answers do. What
    // is grouped or joined by a key is dealt out by that.
    settings.optimizer.enable_round_robin_repartition = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(&options.limits)?)
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(allowed::scalars())
        .with_aggregate_functions(allowed::aggregates())
        .with_window_functions(allowed::windows())
        .build();
    let mut context = SessionContext::new_with_state(state);
    datafusion_functions_json::register_all(&mut context)?;
    context.register_catalog(
        CATALOG,
        Arc::new(Catalog {
            scope: scope.clone(),
        }),
    );
    functions::register(&context, scope);
    scalars::register(&context, scope);
    Ok(context)
}

/// What a plan needs where it runs. Functions are part of the plan; the engine's own way copies all it
/// knows by name, twice for each statement.
fn task(state: &SessionState) -> TaskContext {
    TaskContext::new(
        None,
        state.session_id().to_owned(),
        state.config().clone(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        Arc::clone(state.runtime_env()),
    )
}

/// Memory and temporary files of a session. It knows no place to read from: what tables show comes from the
/// archive, past the engine's own storages.
fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>> {
    let disk = DiskManagerBuilder::default();
    // A share for each that could spill is wasted where none can.
    let (pool, disk): (Arc<dyn MemoryPool>, _) = if limits.disk_bytes == 0 {
        let pool = GreedyMemoryPool::new(limits.memory_bytes);
        (Arc::new(pool), disk.with_mode(DiskManagerMode::Disabled))
    } else {
        let pool = FairSpillPool::new(limits.memory_bytes);
        (
            Arc::new(pool),
            disk.with_max_temp_directory_size(limits.disk_bytes),
        )
    };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(disk)
        .build_arc()?;
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    Ok(runtime)
}

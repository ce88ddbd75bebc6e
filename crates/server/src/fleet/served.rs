//! One tenant: its archive, opened anew when somebody committed to it, and its workers.
//!
//! Whoever asks gets the archive as it was opened last; at most every [`LOOK`] somebody looks whether there is a
//! newer one. An archive that cannot be opened anew is shown as it was: a writer that died takes no reader
//! along.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use store::{LocalStorage, Storage};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use worker::{Pool, PoolOptions};

use super::opened::Opened;
use crate::engine::Engine;
use crate::options::{QueryOptions, ServerOptions, TenantOptions};
use crate::problem::Problem;

/// How often to look whether an archive has moved on.
const LOOK: Duration = Duration::from_millis(200);

/// A tenant that is served.
#[derive(Debug)]
pub(crate) struct Served {
    /// Its name in the API.
    pub(crate) name: String,
    options: TenantOptions,
    query: QueryOptions,
    storage: Arc<dyn Storage>,
    now: fn() -> Timestamp,
    state: Mutex<State>,
    /// Held by who looks, so that one does.
    looking: AsyncMutex<()>,
    pool: OnceCell<Pool>,
}

#[derive(Debug, Default)]
struct State {
    opened: Option<Arc<Opened>>,
    looked: Option<Instant>,
    /// Why it could not be opened when somebody last looked.
    trouble: Option<Problem>,
}

impl Served {
    pub(super) fn new(options: TenantOptions, server: &ServerOptions) -> Self {
        Self {
            name: options.name.clone(),
            storage: Arc::new(LocalStorage::new(&options.archive)),
            options,
            query: server.query.clone(),
            now: server.now,
            state: Mutex::default(),
            looking: AsyncMutex::default(),
            pool: OnceCell::new(),
        }
    }

    /// The archive as it is now, or as it was when it could last be opened.
    pub(crate) async fn opened(self: &Arc<Self>, engine: &Engine) -> Result<Arc<Opened>, Problem> {
        if let Some(opened) = self.fresh() {
            return Ok(opened);
        }
        let at_hand = self.at_hand();
        let guard = match (&at_hand, self.looking.try_lock()) {
            (_, Ok(guard)) => guard,
            // Somebody looks already, and there is something to show.
            (Some(opened), Err(_)) => return Ok(Arc::clone(opened)),
            (None, Err(_)) => {
                let guard = self.looking.lock().await;
                if let Some(opened) = self.fresh() {
                    return Ok(opened);
                }
                guard
            }
        };
        let served = Arc::clone(self);
        let looked = engine.run_blocking(move || served.look()).await;
        drop(guard);
        match (looked, at_hand) {
            (Ok(opened), _) | (Err(_), Some(opened)) => Ok(opened),
            (Err(problem), None) => Err(problem),
        }
    }

    /// The same for who is on a thread that may wait.
    pub(crate) fn opened_here(&self) -> Result<Arc<Opened>, Problem> {
        let look = || {
            let looked = self.look();
            looked.or_else(|problem| self.at_hand().ok_or(problem))
        };
        self.fresh().map_or_else(look, Ok)
    }

    /// Why the archive could not be opened when somebody last looked.
    pub(crate) fn trouble(&self) -> Option<Problem> {
        self.lock().trouble.clone()
    }

    /// The next who asks looks whether there is a newer one: something it needed is gone.
    pub(crate) fn doubt(&self) {
        self.lock().looked = None;
    }

    /// Where the archive is.
    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// How the tenant was told to be served.
    pub(crate) fn options(&self) -> &TenantOptions {
        &self.options
    }

    /// Workers for strangers' statements; started when the first statement comes.
    pub(crate) async fn pool(&self) -> Result<&Pool, Problem> {
        let start = || async {
            let archive = std::path::absolute(&self.options.archive)
                .map_err(|error| worker::Error::Start(error.to_string()))?;
            let arguments = self.query.arguments.clone();
            let mut options = PoolOptions::new(archive, self.options.secrets.clone(), arguments)?;
            if let Some(program) = &self.query.program {
                options.program.clone_from(program);
            }
            options.workers = self.query.workers;
            options.waiting = self.query.waiting;
            options.limits = self.query.limits;
            Pool::start(options).await
        };
        self.pool
            .get_or_try_init(start)
            .await
            .map_err(|error| Problem::of_statement(&error))
    }

    /// The workers, where some were started.
    pub(crate) fn pool_at_hand(&self) -> Option<&Pool> {
        self.pool.get()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // What is in it is whole after each statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_hand(&self) -> Option<Arc<Opened>> {
        self.lock().opened.clone()
    }

    fn fresh(&self) -> Option<Arc<Opened>> {
        let state = self.lock();
        let is_fresh = state.looked.is_some_and(|at| at.elapsed() < LOOK);
        state.opened.clone().filter(|_| is_fresh)
    }

    /// Opens the archive where it has moved on. Blocks.
    fn look(&self) -> Result<Arc<Opened>, Problem> {
        let renewed = self.renewed();
        let mut state = self.lock();
        state.looked = Some(Instant::now());
        match renewed {
            Ok(opened) => {
                // An index that was read beside a writer may be older than what was shown already.
                let opened = match &state.opened {
                    Some(shown)
                        if shown.archive().id() == opened.archive().id()
                            && shown.archive().log_size() > opened.archive().log_size() =>
                    {
                        Arc::clone(shown)
                    }
                    _ => opened,
                };
                state.trouble = None;
                state.opened = Some(Arc::clone(&opened));
                Ok(opened)
            }
            Err(error) => {
                tracing::warn!(tenant = %self.name, %error, "the archive cannot be opened");
                let problem = Problem::from(error);
                state.trouble = Some(problem.clone());
                Err(problem)
            }
        }
    }

    fn renewed(&self) -> store::Result<Arc<Opened>> {
        if let Some(opened) = self.at_hand()
            && !opened.is_stale(&*self.storage)?
        {
            return Ok(opened);
        }
        let opened = Opened::new(&self.storage, &self.options.secrets, (self.now)())?;
        Ok(Arc::new(opened))
    }
}

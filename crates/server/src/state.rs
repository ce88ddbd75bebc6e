//! What all requests share.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::fleet::Fleet;
use crate::guard::Guard;
use crate::options::ServerOptions;
use crate::remembered::Remembered;

/// What all requests share. Clones are the same.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Shared>);

/// The parts of it. Each belongs to the module of its type.
#[derive(Debug)]
pub struct Shared {
    pub(crate) options: ServerOptions,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) guard: Guard,
    pub(crate) engine: Engine,
    pub(crate) remembered: Remembered,
    /// Whether the server is being stopped: what streams without an end watches it.
    stopping: watch::Sender<bool>,
}

impl AppState {
    /// Makes everything that requests need; opens no archive yet.
    ///
    /// # Errors
    /// Options that contradict each other, or threads that cannot be started.
    pub fn new(options: ServerOptions) -> Result<Self> {
        let fleet = Arc::new(Fleet::new(&options)?);
        Ok(Self(Arc::new(Shared {
            guard: Guard::new(&options.guard, &fleet, Clock::new(options.now))?,
            fleet,
            engine: Engine::start()?,
            remembered: Remembered::new(options.cache_bytes),
            stopping: watch::Sender::new(false),
            options,
        })))
    }

    /// Ends what streams without an end.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Turns true when the server is being stopped.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

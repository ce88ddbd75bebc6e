//! What all requests share.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
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
        check_base(&options.base_path)?;
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

/// A base path is empty, or `/` and words.
fn check_base(path: &str) -> Result<()> {
    let fits = |word: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        !word.is_empty() && word.chars().all(fits)
    };
    let is_path = path
        .strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(fits));
    if path.is_empty() || is_path {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "{path:?} is no base path: write it like /entrace"
    )))
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_made_of_words() {
        for path in ["", "/a", "/a/b-c_1.0"] {
            check_base(path).expect("because it is one");
        }
        for path in ["/", "a", "/a/", "//a", "/{a}", "/a b", "/*"] {
            check_base(path).expect_err("because it is none");
        }
    }
}

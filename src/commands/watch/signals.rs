//! Wishes to stop: Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use collector::CollectMonitor;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::app::App;
use crate::failure::{FAILED, Failure, INTERRUPTED, Result};

/// Longest time that is slept at once: a machine that was suspended or whose clock was set is noticed.
const NAP: Duration = Duration::from_secs(30);

/// Set by the first signal; the second ends the program.
#[derive(Debug)]
pub(super) struct Stop {
    wished: Arc<AtomicBool>,
    told: watch::Receiver<bool>,
}

impl Stop {
    /// Listens from now on.
    pub(super) fn on_signals(app: &App) -> Result<Self> {
        let runtime = app.runtime()?;
        let (tell, told) = watch::channel(false);
        let wished = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&wished);
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new().map_err(|error| {
                Failure::new(FAILED, format!("signals cannot be heard: {error}"))
            })?
        };
        runtime.spawn(async move {
            signals.next().await;
            flag.store(true, Ordering::Relaxed);
            let _ = tell.send(true);
            signals.next().await;
            std::process::exit(i32::from(INTERRUPTED));
        });
        Ok(Self { wished, told })
    }

    /// Waits; `false` where somebody wants it to stop.
    pub(super) fn wait_until(&self, app: &App, time: Timestamp) -> Result<bool> {
        let mut told = self.told.clone();
        app.runtime()?.block_on(async {
            loop {
                let left = time.duration_since(App::now());
                if *told.borrow() || !left.is_positive() {
                    break;
                }
                let nap = left.unsigned_abs().min(NAP);
                tokio::select! {
                    () = tokio::time::sleep(nap) => {}
                    _ = told.changed() => {}
                }
            }
        });
        Ok(!self.wished.load(Ordering::Relaxed))
    }
}

impl CollectMonitor for Stop {
    fn cancelled(&self) -> bool {
        self.wished.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c()?,
            shutdown: tokio::signal::windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

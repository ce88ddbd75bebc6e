//! How far long work is: a bar for people, lines for logs, JSON lines for programs.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use collector::{CollectMonitor, CollectProgress, Monitor, Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};

use crate::app::App;
use crate::failure::{INTERRUPTED, Result};
use crate::output::{bytes, count};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressChoice {
    /// A bar on terminals, JSON lines with --json, else nothing
    Auto,
    /// A bar
    Bar,
    /// A line now and then
    Plain,
    /// JSON lines on stdout, as restic writes them
    Json,
    /// Nothing
    None,
}

/// What [`ProgressChoice`] comes to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgressStyle {
    Bar,
    Plain,
    Json,
    None,
}

impl ProgressChoice {
    /// What suits the machine or person that reads.
    fn fitting(json: bool, quiet: bool) -> ProgressStyle {
        if json {
            ProgressStyle::Json
        } else if quiet || !std::io::stderr().is_terminal() {
            ProgressStyle::None
        } else {
            ProgressStyle::Bar
        }
    }

    pub(crate) fn style(self, json: bool, quiet: bool) -> ProgressStyle {
        match self {
            Self::Bar => ProgressStyle::Bar,
            Self::Plain => ProgressStyle::Plain,
            Self::Json => ProgressStyle::Json,
            Self::None => ProgressStyle::None,
            Self::Auto => Self::fitting(json, quiet),
        }
    }
}

/// Least time between two reports.
const BAR_EVERY: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(5);
const JSON_EVERY: Duration = Duration::from_secs(1);

/// Shows the progress of an import, and carries a person's wish to stop.
pub(crate) struct Watcher {
    style: ProgressStyle,
    started: Instant,
    last: Mutex<Option<Instant>>,
    bar: Option<ProgressBar>,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    pub(crate) fn new(style: ProgressStyle, stop: Arc<AtomicBool>) -> Self {
        let bar = (style == ProgressStyle::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            if let Ok(template) = BarStyle::with_template("{elapsed:>4} [{bar:24}] {msg}") {
                bar.set_style(template.progress_chars("=> "));
            }
            bar
        });
        Self {
            style,
            started: Instant::now(),
            last: Mutex::new(None),
            bar,
            stop,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes the bar away before other text is written.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        let every = match self.style {
            ProgressStyle::None => return false,
            ProgressStyle::Bar => BAR_EVERY,
            ProgressStyle::Plain => LINE_EVERY,
            ProgressStyle::Json => JSON_EVERY,
        };
        let Ok(mut last) = self.last.lock() else {
            return false;
        };
        let due = last.is_none_or(|last| last.elapsed() >= every);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    /// Shows a state in the style that was asked for.
    pub(crate) fn show(
        &self,
        done: u64,
        total: u64,
        text: &str,
        line: impl FnOnce() -> serde_json::Value,
    ) {
        match (self.style, &self.bar) {
            (ProgressStyle::Bar, Some(bar)) => {
                bar.set_length(total.max(1));
                bar.set_position(done);
                bar.set_message(crate::output::truncated(text, 100));
            }
            (ProgressStyle::Plain, _) => {
                let _ = writeln!(std::io::stderr(), "{text}");
            }
            (ProgressStyle::Json, _) => {
                let _ = writeln!(std::io::stdout(), "{}", line());
            }
            _ => {}
        }
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Listing => "listing",
        Stage::Reading => "reading",
        Stage::Committing => "committing",
    }
}

impl Monitor for Watcher {
    fn report(&self, progress: &Progress<'_>) {
        if !self.is_due() {
            return;
        }
        let (done, total) = if progress.snapshots.1 > 1 {
            progress.snapshots
        } else {
            progress.files
        };
        let what = if progress.snapshots.1 > 1 {
            "snapshots"
        } else {
            "files"
        };
        let text = format!(
            "{} {}/{} {what}, {} objects, {}: {}",
            stage(progress.stage),
            count(done),
            count(total),
            count(progress.objects),
            bytes(progress.bytes),
            progress.name
        );
        self.show(done, total, &text, || {
            serde_json::json!({
                "message_type": "status",
                "stage": stage(progress.stage),
                "current": progress.name,
                "snapshots_done": progress.snapshots.0,
                "snapshots_total": progress.snapshots.1,
                "files_done": progress.files.0,
                "files_total": progress.files.1,
                "objects_done": progress.objects,
                "bytes_done": progress.bytes,
                "seconds_elapsed": self.elapsed().as_secs(),
            })
        });
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl CollectMonitor for Watcher {
    fn report(&self, progress: &CollectProgress<'_>) {
        if !self.is_due() {
            return;
        }
        let (done, total) = progress.kinds;
        let text = format!(
            "reading {}/{} kinds, {} objects, {} requests: {}",
            count(done),
            count(total),
            count(progress.objects),
            count(progress.requests),
            progress.kind
        );
        self.show(done, total, &text, || {
            serde_json::json!({
                "message_type": "status",
                "kind": progress.kind,
                "kinds_done": done,
                "kinds_total": total,
                "objects_done": progress.objects,
                "requests": progress.requests,
                "throttled": progress.throttled,
                "seconds_elapsed": self.elapsed().as_secs(),
            })
        });
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Set by Ctrl-C: what is at hand is dropped, what was committed before stays. A second Ctrl-C ends at once.
pub(crate) fn stopper(app: &App) -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    app.runtime()?.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
    Ok(stop)
}

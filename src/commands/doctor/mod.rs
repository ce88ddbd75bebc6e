//! `doctor`: whether everything a nightly run depends on is in order.
//!
//! Nothing it prints names a tenant, a person or a home folder, so that it can be shown to others.

mod archive;
mod configuration;
mod history;
mod licences;
mod live;
mod quota;
mod redact;
mod statements;

use std::fmt::Write as _;

use clap::Args;

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Tone, plural};

/// Check what snapshots depend on: configuration, archive, history, and with --live the tenant
#[derive(Debug, Args)]
#[command(after_help = "\
Without --live nothing is sent to anybody. Ids, names and home folders are left out of what is printed, so that it can \
be pasted into a report. Exit code 1 means that something is broken; warnings are exit code 0.")]
pub(crate) struct DoctorArgs {
    /// Sign in and ask the tenant too: permissions, licences, clocks
    #[arg(long)]
    live: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Works, but somebody should look at it.
    Warning,
    Broken,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warn",
            Self::Broken => "error",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Fine => Tone::Added,
            Self::Warning => Tone::Changed,
            Self::Broken => Tone::Removed,
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    group: &'static str,
    name: &'static str,
    verdict: Verdict,
    message: String,
    hint: Option<String>,
}

/// The checks so far.
#[derive(Debug, Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(
        &mut self,
        group: &'static str,
        name: &'static str,
        verdict: Verdict,
        message: impl Into<String>,
    ) {
        let message = message.into();
        self.0.push(Check {
            group,
            name,
            verdict,
            message,
            hint: None,
        });
    }

    /// What to do about the check that was added last.
    fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.hint = Some(hint.into());
        }
    }

    fn broken(&mut self, group: &'static str, name: &'static str, failure: Failure) {
        self.add(group, name, Verdict::Broken, failure.message);
        if let Some(hint) = failure.hint {
            self.hint(hint);
        }
    }

    fn has_broken(&self) -> bool {
        self.0.iter().any(|check| check.verdict == Verdict::Broken)
    }
}

pub(crate) fn run(app: &App, args: &DoctorArgs) -> Result<u8> {
    let mut checks = Checks::default();
    let configured = configuration::check(app, &mut checks);
    let archive = configured
        .then(|| archive::check(app, &mut checks))
        .flatten();
    if let Some(archive) = &archive {
        history::check(app, archive, &mut checks)?;
        statements::check(app, &mut checks);
    }
    if args.live && configured {
        live::check(app, archive.as_ref(), &mut checks)?;
    }
    let hidden = redact::Hidden::of(app, archive.as_ref());
    for check in &mut checks.0 {
        check.message = hidden.redacted(&check.message);
        check.hint = check.hint.as_deref().map(|hint| hidden.redacted(hint));
    }
    if app.wants_json() {
        app.print_json(&as_json(&checks))?;
    } else {
        app.print(&as_text(app, &checks))?;
    }
    Ok(if checks.has_broken() { FAILED } else { 0 })
}

fn as_text(app: &App, checks: &Checks) -> String {
    let mut text = String::new();
    let mut group = "";
    for check in &checks.0 {
        if check.group != group {
            group = check.group;
            let _ = writeln!(text, "{}", app.colour.paint(Tone::Strong, group));
        }
        let word = app.colour.paint(
            check.verdict.tone(),
            &format!("{:<5}", check.verdict.word()),
        );
        let _ = writeln!(text, "  {word}  {}: {}", check.name, check.message);
        if let Some(hint) = &check.hint {
            let _ = writeln!(text, "         {hint}");
        }
    }
    let number = |verdict| {
        let all = checks.0.iter();
        all.filter(|check| check.verdict == verdict).count() as u64
    };
    let _ = writeln!(
        text,
        "{} ok, {}, {}",
        number(Verdict::Fine),
        plural(number(Verdict::Warning), "warning"),
        plural(number(Verdict::Broken), "error")
    );
    text
}

fn as_json(checks: &Checks) -> serde_json::Value {
    let one = |check: &Check| {
        serde_json::json!({
            "group": check.group,
            "check": check.name,
            "state": check.verdict.word(),
            "message": check.message,
            "hint": check.hint,
        })
    };
    serde_json::json!({
        "message_type": "summary",
        "version": env!("CARGO_PKG_VERSION"),
        "platform": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "healthy": !checks.has_broken(),
        "checks": checks.0.iter().map(one).collect::<Vec<_>>(),
    })
}

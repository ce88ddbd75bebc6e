//! `plan reject` and `plan cancel`: a plan that is not to run.

use clap::Args;
use restore::{Act, Book};
use store::PlanEvent;

use crate::app::App;
use crate::failure::Result;
use crate::plans::{self, PlanLog};

/// Reject a plan: it will never run
#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who rejects it; by default whoever runs this, on this machine
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Cancel a plan: it does not run any more, and one that runs ends before its next step
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Why
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    /// Who cancels it; by default whoever runs this, on this machine
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(crate) fn reject(app: &App, args: &RejectArgs) -> Result<u8> {
    let by = plans::account(args.by.as_deref());
    say(app, &args.plan, &by, &args.reason, PlanEvent::Rejected)
}

pub(crate) fn cancel(app: &App, args: &CancelArgs) -> Result<u8> {
    let by = plans::account(args.by.as_deref());
    say(app, &args.plan, &by, &args.reason, PlanEvent::Cancelled)
}

fn say(app: &App, word: &str, by: &str, reason: &str, event: PlanEvent) -> Result<u8> {
    let archive = app.shared_archive()?;
    let named = plans::named(&archive, word)?;
    let book = Book::new(&archive);
    let mut log = PlanLog::new(&named.id);
    if !book.contains(&named.id)? {
        book.put(&named.plan)?;
        log.push(PlanEvent::Created, &named.plan.author, None);
    }
    let act = Act {
        by: by.to_owned(),
        at: App::now(),
        reason: reason.to_owned(),
    };
    let done = match event {
        PlanEvent::Rejected => {
            book.reject(&named.id, &act)?;
            "rejected"
        }
        _ => {
            book.cancel(&named.id, &act)?;
            "cancelled"
        }
    };
    log.push(event, by, None);
    log.write(app)?;
    if app.wants_json() {
        app.print_json(&serde_json::json!({"plan": named.id, "state": done, "by": by}))?;
    } else {
        app.print(&format!("Plan {} is {done}\n", app.short(&named.id)))?;
    }
    Ok(0)
}

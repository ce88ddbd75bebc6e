//! Executes a plan: each step once, in order, and written down before and after.
//!
//! ```text
//!   plan ─▶ checks ─▶ stage 1 ─▶ stage 2 ─▶ ... ─▶ ended
//!                       │
//!                       ├ read ─▶ as planned? ─▶ intent ─▶ request ─▶ written ─▶ seen ─▶ done
//!                       │            │                        │
//!                       │            ├ as wanted: already there └ no answer: found out by reading
//!                       │            └ neither: drifted
//!                       └ a step it waits for is not done: skipped
//! ```
//!
//! [`carry_out`] has what goes around it: approvals are judged and used up, the [`inverse()`] is made and stored, and
//! others are kept from executing it at the same time. In [`run`] the token is one of the plan's tenant and may do what the steps need,
//! nothing outside the plan is sent, and nothing is sent twice that would make two of something. An execution that
//! was killed goes on from its journal ([`Entry`]); executing a plan that is done does nothing.

mod around;
mod check;
mod engine;
mod entry;
mod find;
mod ids;
mod inverse;
mod judge;
mod live;
mod options;
mod password;
mod patience;
mod ready;
mod record;
mod report;
mod send;
mod stage;

use graph::Client;

pub use around::{CarriedOut, Keeper, Order, baseline, carry_out};
pub use entry::{Ended, Entry, Journal, Moved, StepOutcome};
pub use ids::{Exchange, IdMap};
pub use inverse::inverse;
pub use options::{Baseline, Monitor, Options, StepDone};
pub use patience::Patience;
pub use record::Record;
pub use report::{Report, StepReport};

pub(crate) use judge::{differing, unmet};
pub(crate) use live::{Live, Reader};
pub(crate) use ready::Ready;

use crate::error::Result;
use crate::plan::{Plan, Step};
use engine::Engine;

/// Checks what must hold before the first request: the plan can be executed as it is, and the token is one of its
/// tenant and may do what the steps need. Gives the name of who executes.
///
/// # Errors
/// [`crate::Error::Invalid`] and [`crate::Error::Denied`]; nothing was sent, and nothing written down.
pub async fn check(plan: &Plan, client: &Client, options: &Options<'_>) -> Result<String> {
    check::plan(plan, options)?;
    check::identity(plan, client).await
}

/// Executes a plan, or goes on where an execution of it ended or broke off.
///
/// The future stays on one thread: drive it with `block_on` on a thread of its own.
///
/// # Errors
/// [`crate::Error::Invalid`] where the plan cannot be executed as it is, [`crate::Error::Denied`] where the
/// credential may not execute it: nothing was sent then. Anything else broke it off, and what was sent is in the
/// journal. A step that fails is no error.
pub async fn run(
    plan: &Plan,
    client: &Client,
    journal: &dyn Journal,
    options: &Options<'_>,
    monitor: &dyn Monitor,
) -> Result<Report> {
    let by = check(plan, client, options).await?;
    let mut engine = Engine::new(plan, client, journal, options, monitor)?;
    engine.sender.reader.learn(&client.identity().await?);
    let began_at = engine.sender.now();
    engine.keep(&[Entry::Began {
        at: began_at,
        attempt: engine.attempt,
        by,
    }])?;
    for stage in stages(plan) {
        engine.stage(&stage).await?;
        if engine.is_stopped() {
            break;
        }
    }
    let ended = engine.end()?;
    Ok(report::executed(plan, &engine, began_at, ended))
}

/// Finds out what [`run`] would do: what each step finds, and nothing is written, neither there nor here.
///
/// A credential that only reads will do.
///
/// # Errors
/// As for [`run`].
pub async fn dry_run(
    plan: &Plan,
    client: &Client,
    journal: &dyn Journal,
    options: &Options<'_>,
    monitor: &dyn Monitor,
) -> Result<Report> {
    check::plan(plan, options)?;
    check::tenant(plan, client).await?;
    let engine = Engine::new(plan, client, journal, options, monitor)?;
    engine.sender.reader.learn(&client.identity().await?);
    report::foreseen(plan, &engine).await
}

/// The steps by stage, each stage in the order of its numbers.
fn stages(plan: &Plan) -> Vec<Vec<&Step>> {
    let mut stages = std::collections::BTreeMap::<u32, Vec<&Step>>::new();
    for step in &plan.steps {
        stages.entry(step.stage).or_default().push(step);
    }
    stages.into_values().collect()
}

//! `plan`: bring objects back to how they were, after somebody else has looked.

mod approve;
mod call_off;
mod create;
mod diff;
mod export;
mod list;
mod run;
mod show;
mod summary;
mod text;
mod verify;

use clap::{Args, Subcommand};

use crate::app::App;
use crate::failure::Result;

/// Make, review, approve and run restore plans
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Approve(approve::ApproveArgs),
    Cancel(call_off::CancelArgs),
    Create(create::CreateArgs),
    Diff(diff::DiffArgs),
    Export(export::ExportArgs),
    List(list::ListArgs),
    Reject(call_off::RejectArgs),
    Run(run::RunArgs),
    Show(show::ShowArgs),
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(app: &App, args: &PlanArgs) -> Result<u8> {
    match &args.what {
        What::Approve(args) => approve::run(app, args),
        What::Cancel(args) => call_off::cancel(app, args),
        What::Create(args) => create::run(app, args),
        What::Diff(args) => diff::run(app, args),
        What::Export(args) => export::run(app, args),
        What::List(args) => list::run(app, args),
        What::Reject(args) => call_off::reject(app, args),
        What::Run(args) => run::run(app, args),
        What::Show(args) => show::run(app, args),
        What::Verify(args) => verify::run(app, args),
    }
}

//! `auth`: what an app must be allowed to do, and what it is allowed to do.

mod setup;
mod status;
mod steps;

pub(crate) use setup::listed;
pub(crate) use status::Standing;

use clap::{Args, Subcommand};

use crate::app::App;
use crate::failure::Result;

/// Set up and check the app that reads a tenant
#[derive(Debug, Args)]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Setup(setup::SetupArgs),
    Status(status::StatusArgs),
}

pub(crate) fn run(app: &App, args: &AuthArgs) -> Result<u8> {
    match &args.what {
        What::Setup(args) => setup::run(app, args),
        What::Status(args) => status::run(app, args),
    }
}

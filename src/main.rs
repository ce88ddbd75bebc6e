//! The `entrace` program: arguments in, answers out.

mod answers;
mod app;
mod cli;
mod commands;
mod config;
mod failure;
mod library;
mod logging;
mod output;
mod pager;
mod permissions;
mod plans;
mod progress;
mod records;
mod secrets;
mod serving;
mod signing;
mod simulated;
mod tenant;
mod truth;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::app::App;
use crate::cli::{Cli, Command};

/// Stack of the thread that the program runs on. Planning a statement takes up to 32 MiB; where they are not
/// there, each of its steps maps a stack of its own.
const STACK_BYTES: usize = 128 << 20;

fn main() -> ExitCode {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    match thread.spawn(run).map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        // Memory is short: it may do on the stack there is.
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(Cli::command).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures; everything else is code 2, as for any other usage error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                failure::USAGE
            } else {
                0
            });
        }
    };
    if matches!(cli.command, Command::QueryWorker) {
        return worker::serve();
    }
    logging::begin(&cli.globals);
    let app = match App::new(cli.globals) {
        Ok(app) => app,
        Err(failure) => return failure.report(false, false),
    };
    match app.run(&cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(app.wants_json(), app.colour.on_stderr),
    }
}

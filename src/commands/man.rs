//! `man`: manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::app::App;
use crate::cli::Cli;
use crate::failure::{Failure, Result};

/// Print the manual page, or write all pages into a folder
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write one page a command into
    dir: Option<PathBuf>,
}

pub(crate) fn run(app: &App, args: &ManArgs) -> Result<u8> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command())
            .render(&mut page)
            .map_err(|e| Failure::output(&e))?;
        app.print(&String::from_utf8_lossy(&page))?;
        return Ok(0);
    };
    std::fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(|e| Failure::io(dir, &e))?;
    app.print(&format!("Wrote manual pages into {}\n", dir.display()))?;
    Ok(0)
}

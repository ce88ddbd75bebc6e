//! `plan export`: a plan for reviewers, and for tools other than this.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use restore::render::{Rendered, batches, markdown, powershell};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::plans;

/// Write a plan as Markdown, as JSON batches or as a PowerShell script
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace plan export p.json --format md > review.md
  entrace plan export 3f1c6f0e --format pwsh --out restore.ps1      then: ./restore.ps1 -WhatIf
  entrace plan export p.json --format batch --out stages            one file a stage, in a folder")]
pub(crate) struct ExportArgs {
    /// The plan: a file, or the beginning of its id
    #[arg(value_name = "PLAN")]
    plan: String,
    /// Form: md, batch, pwsh
    #[arg(long, value_name = "FORM", hide_possible_values = true)]
    format: Form,
    /// Where to write it: a file, for batches a folder; by default standard output
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For reviewers
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// For POST /$batch
    Batch,
    /// For Microsoft.Graph.Authentication
    #[value(name = "pwsh", alias = "powershell")]
    PowerShell,
}

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<u8> {
    let archive = app.archive()?;
    let plan = plans::named(&archive, &args.plan)?.plan;
    let text = match args.format {
        Form::Markdown => markdown(&plan),
        Form::PowerShell => powershell(&plan),
        Form::Batch => {
            let files = batches(&plan);
            if let Some(folder) = &args.out {
                return write_all(app, folder, &files);
            }
            files.into_iter().map(|file| file.text).collect()
        }
    };
    match &args.out {
        Some(path) => std::fs::write(path, text).map_err(|e| Failure::io(path, &e))?,
        None => app.page(&text)?,
    }
    Ok(0)
}

fn write_all(app: &App, folder: &PathBuf, files: &[Rendered]) -> Result<u8> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::io(folder, &e))?;
    for file in files {
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.text).map_err(|e| Failure::io(&path, &e))?;
        if !app.globals.quiet {
            app.print(&format!("{}\n", path.display()))?;
        }
    }
    Ok(0)
}

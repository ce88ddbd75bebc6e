//! `docs`: pages of documentation that are made from the program itself.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::plural;

/// Write documentation made from the program itself
#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One page a table of SQL, and their index, as Markdown
    Tables {
        /// Folder to write into
        dir: PathBuf,
    },
}

pub(crate) fn run(app: &App, args: &DocsArgs) -> Result<u8> {
    let What::Tables { dir } = &args.what;
    let pages = app.runtime()?.block_on(query::table_pages())?;
    std::fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
    for page in &pages {
        write(&dir.join(&page.file), &page.text)?;
    }
    let count = plural(pages.len() as u64, "page");
    app.print(&format!("Wrote {count} into {}\n", dir.display()))?;
    Ok(0)
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).map_err(|e| Failure::io(file, &e))
}

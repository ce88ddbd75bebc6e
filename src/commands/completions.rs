//! `completions`: scripts that complete commands, options, kinds and snapshots in a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::app::App;
use crate::cli::Cli;
use crate::failure::Result;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace completions bash > ~/.local/share/bash-completion/completions/entrace
  entrace completions zsh > ~/.zfunc/_entrace
  entrace completions fish > ~/.config/fish/completions/entrace.fish
  entrace completions powershell >> $PROFILE")]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish, powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "entrace", &mut script);
    app.print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

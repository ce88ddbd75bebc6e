//! What the parts of the program do, for whoever looks for a fault: on stderr, and only when asked for.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::cli::Globals;

/// Variable that says which parts tell how much, in the notation of `tracing` (`graph=debug`).
const FILTER: &str = "ENTRACE_LOG";

/// Form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

/// Begins to log: warnings with -v, each request to Graph with -vv. No secret, token or query value is ever
/// among it.
pub(crate) fn begin(globals: &Globals) {
    let level = match globals.verbose {
        0 => "off",
        1 => "warn",
        _ => "graph=debug,simulator=debug,warn",
    };
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // Only a second call could fail, and there is none.
    let _ = match globals.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

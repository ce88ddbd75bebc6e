//! `sql`: questions in SQL, one after another or in a shell.

mod complete;
mod isolated;
mod library;
mod meta;
mod shell;

pub(crate) use isolated::WORKER;

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use library::LibraryArgs;
use query::{Limits, Session, SessionOptions, Source, split_statements};

use crate::answers::Parameters;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::RowOptions;

/// Ask any past state in SQL; without a statement: a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace sql                                  a shell
  entrace sql -c \"select display_name, state from conditional_access_policies\"
  entrace sql -c \"select * from users for system_time as of '2026-10-01'\"
  entrace sql -c 'select count(*) from \"@-7d\".groups'
  entrace sql -o jsonl -c \"select * from diff('latest~1', 'latest')\"
  entrace sql --param who=alice@contoso.example -c 'select * from users where mail = $who'
  entrace sql -f questions.sql -o csv > answers.csv
  entrace sql --library                        questions by name
  entrace sql @policy-at --param name=CA001 --param at=2026-10-01
  entrace sql @policy-at --show                the SQL behind a name

Tables are named as in Graph, plural and in snake_case, with <table>_history for every version there was. Of all kinds \
together: snapshots, coverage, objects, links, changes, property_changes, link_changes, and the functions \
diff(from, to), diff_properties(from, to), diff_links(from, to), history(object). \\d in the shell lists them all.")]
pub(crate) struct SqlArgs {
    /// Statements, separated by semicolons, or @NAME of a query of the library
    #[arg(value_name = "SQL", allow_hyphen_values = true, conflicts_with_all = ["command", "file"])]
    query: Option<String>,
    /// Statements, separated by semicolons; may be given several times
    #[arg(
        short,
        long,
        value_name = "SQL",
        allow_hyphen_values = true,
        conflicts_with = "file"
    )]
    command: Vec<String>,
    /// File with statements; - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// See everything as it was at this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    as_of: Option<String>,
    /// Value of $NAME in the statements; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, String)>,
    #[command(flatten)]
    library: LibraryArgs,
    /// Say how long each statement took
    #[arg(long)]
    timing: bool,
    /// One column a line
    #[arg(short = 'x', long)]
    expanded: bool,
    /// Rows of a table that are shown, 0 for all; by default 100 on a terminal, else all
    #[arg(long, value_name = "N")]
    max_rows: Option<usize>,
    /// Longest time a statement may take, such as 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Memory a statement's sorts, joins and aggregates may take, such as 512MB
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = size)]
    memory: usize,
    /// Run the statements in a process of its own, which the system limits and which is killed at the limits, as a
    /// server does
    #[arg(long)]
    isolated: bool,
}

/// Largest file of statements read, in bytes.
const MAX_SCRIPT: u64 = 10 << 20;

pub(crate) fn run(app: &App, args: &SqlArgs) -> Result<u8> {
    if args.library.list {
        library::list(app, &app.library(&args.library.folders, &[])?)?;
        return Ok(0);
    }
    if args.library.show {
        return show(app, args);
    }
    let limits = Limits {
        memory_bytes: args.memory,
        time: args.timeout,
        ..Limits::default()
    };
    let parameters: Parameters = args.param.iter().cloned().collect();
    let mut settings = Settings {
        format: app.format(),
        expanded: args.expanded,
        timing: args.timing,
        max_rows: args.max_rows,
        to: None,
    };
    let script = match (&args.query, args.command.as_slice(), &args.file) {
        (Some(query), ..) if library::called(query).is_some() => {
            let (source, mut session) = session(app, args, limits)?;
            let mut asking = Asking {
                app,
                source: &source,
                session: &mut session,
                settings: &mut settings,
                folders: &args.library.folders,
            };
            let filled = asking.filled(query, &parameters, false)?;
            if args.isolated {
                let none = Parameters::new();
                return isolated::run(app, args, limits, &[filled], &none, &mut settings);
            }
            asking.ask(&filled)?;
            return Ok(0);
        }
        (Some(query), ..) => query.clone(),
        (None, [], None) if std::io::stdin().is_terminal() => {
            if args.isolated {
                return Err(Failure::usage(
                    "--isolated is for statements that are given: with -c, -f or on standard input",
                ));
            }
            let (source, session) = session(app, args, limits)?;
            let folders = &args.library.folders;
            return shell::run(app, &source, session, settings, parameters, folders);
        }
        (None, [], None) => read_script(std::io::stdin(), "standard input")?,
        (None, [], Some(path)) if path.as_os_str() == "-" => {
            read_script(std::io::stdin(), "standard input")?
        }
        (None, [], Some(path)) => {
            let file = std::fs::File::open(path).map_err(|e| Failure::io(path, &e))?;
            read_script(file, &path.display().to_string())?
        }
        (None, commands, _) => commands.join(";\n"),
    };
    let statements = split_statements(&script)?;
    if statements.is_empty() {
        return Err(Failure::usage("there is no statement to run"));
    }
    if args.isolated {
        return isolated::run(app, args, limits, &statements, &parameters, &mut settings);
    }
    let (_, mut session) = session(app, args, limits)?;
    for statement in &statements {
        ask(app, &mut session, statement, &parameters, &mut settings)?;
    }
    Ok(0)
}

fn session(app: &App, args: &SqlArgs, limits: Limits) -> Result<(Arc<Source>, Session)> {
    let source = app.source()?;
    let options = SessionOptions {
        as_of: args.as_of.clone(),
        limits,
    };
    let session = Session::new(&source, options)?;
    Ok((source, session))
}

/// How answers are shown; the shell changes it as it goes.
struct Settings {
    format: crate::output::Format,
    expanded: bool,
    timing: bool,
    max_rows: Option<usize>,
    /// File that answers go to instead of the screen.
    to: Option<std::fs::File>,
}

/// Runs one statement and writes its answer.
fn ask(
    app: &App,
    session: &mut Session,
    statement: &str,
    parameters: &Parameters,
    settings: &mut Settings,
) -> Result<()> {
    let started = Instant::now();
    let (options, out) = settings.target(app)?;
    app.run_statement(session, statement, parameters, options, out)?;
    timed(settings, started);
    Ok(())
}

impl Settings {
    /// How the next answer is shown, and where it goes.
    fn target(&self, app: &App) -> Result<(RowOptions, Box<dyn Write + Send>)> {
        let mut options = app.row_options(self.max_rows, self.expanded);
        options.format = self.format;
        let Some(file) = &self.to else {
            return Ok((options, Box::new(std::io::stdout())));
        };
        options.is_terminal = false;
        let file = file.try_clone().map_err(|e| Failure::output(&e))?;
        Ok((options, Box::new(file)))
    }
}

fn timed(settings: &Settings, started: Instant) {
    if settings.timing {
        App::say(&format!(
            "Time: {:.3} ms",
            started.elapsed().as_secs_f64() * 1000.0
        ));
    }
}

/// Prints the file of a query.
fn show(app: &App, args: &SqlArgs) -> Result<u8> {
    let query = args.query.as_deref().unwrap_or_default();
    let Some(called) = library::called(query) else {
        return Err(Failure::usage(
            "--show prints a query of the library: name it as @NAME",
        ));
    };
    let all = app.library(&args.library.folders, &[])?;
    app.print(&library::entry(app, &all, called?.0)?.text)?;
    Ok(0)
}

/// What it takes to ask a query by its name.
struct Asking<'a> {
    app: &'a App,
    source: &'a Source,
    session: &'a mut Session,
    settings: &'a mut Settings,
    folders: &'a [PathBuf],
}

impl Asking<'_> {
    /// Runs `@name key=value ...` with the values named beside it and those of `given`, of which
    /// `spare` are taken as far as the query has such parameters.
    fn named(&mut self, line: &str, given: &Parameters, spare: bool) -> Result<()> {
        let filled = self.filled(line, given, spare)?;
        self.ask(&filled)
    }

    fn ask(&mut self, filled: &str) -> Result<()> {
        let none = Parameters::new();
        ask(self.app, self.session, filled, &none, self.settings)
    }

    /// The statement of a query, with its values in their places.
    fn filled(&mut self, line: &str, given: &Parameters, spare: bool) -> Result<String> {
        let Some(called) = library::called(line) else {
            return Err(Failure::usage(format!("{line:?} is not @NAME")));
        };
        let (name, own) = called?;
        let all = self.app.library(self.folders, &[])?;
        let entry = library::entry(self.app, &all, name)?;
        let has = |name: &str| entry.parameters.iter().any(|known| known.name == name);
        let mut values: Parameters = given
            .iter()
            .filter(|(name, _)| !spare || has(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        values.extend(own);
        library::statement(self.app, self.session, self.source, entry, &values)
    }
}

fn read_script(input: impl Read, name: &str) -> Result<String> {
    let mut text = String::new();
    let read = input.take(MAX_SCRIPT + 1).read_to_string(&mut text);
    let read = read.map_err(|e| Failure::new(crate::failure::FAILED, format!("{name}: {e}")))?;
    if read as u64 > MAX_SCRIPT {
        return Err(Failure::usage(format!(
            "{name} is longer than {MAX_SCRIPT} bytes"
        )));
    }
    Ok(text)
}

/// Reads `NAME=VALUE`.
pub(crate) fn parameter(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let name = name.trim_start_matches('$');
    if name.is_empty() {
        return Err("the name is empty: write it as NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn duration(text: &str) -> std::result::Result<Duration, String> {
    let usage = "write it as 30s, 5m or 1h";
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| usage.to_owned())?;
    Duration::try_from(span).map_err(|_| usage.to_owned())
}

fn size(text: &str) -> std::result::Result<usize, String> {
    let usage = "write it as 512MB or 2GB";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(usage.to_owned()),
    };
    let count: usize = digits.parse().map_err(|_| usage.to_owned())?;
    count
        .checked_mul(unit)
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| "a statement needs 1MB at least".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_options_are_read_or_explained() {
        assert_eq!(size("512MB"), Ok(512 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert!(size("much").is_err() && size("").is_err() && size("12").is_err());
        assert!(size("99999999999999999999GB").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert!(duration("soon").is_err() && duration("-5m").is_err());
        assert_eq!(parameter("$a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(parameter("a").is_err() && parameter("=b").is_err());
    }
}

//! What every command has in common: the archive, sessions over it, and where answers go.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use query::arrow::array::RecordBatch;
use query::{Answer, Provenance, Rows, Session, SessionOptions, Source};
use store::{Archive, LocalStorage, Secrets, Storage, Writer, WriterOptions};
use tokio::runtime::Runtime;

use crate::cli::{Command, Globals};
use crate::commands;
use crate::failure::{FAILED, Failure, INTERRUPTED, NO_ARCHIVE, Result};
use crate::output::{Colour, Format, RowOptions, RowWriter, Tone, Totals, short_time, truncated};
use crate::pager::Pager;
use crate::progress::ProgressStyle;
use crate::secrets;

/// Rows of a table shown on a terminal unless another number is asked for.
const MAX_ROWS: usize = 100;

/// Name and version, as records carry it.
pub(crate) const TOOL: &str = concat!("entrace ", env!("CARGO_PKG_VERSION"));

/// Parameters of a statement by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// One run of the program.
pub(crate) struct App {
    pub(crate) globals: Globals,
    pub(crate) colour: Colour,
    runtime: OnceCell<Runtime>,
    /// Whether anything of the answer was written: then it cannot be begun again.
    written: Cell<bool>,
}

impl App {
    pub(crate) fn new(globals: Globals) -> Result<Self> {
        if globals.json && globals.output.is_some_and(|format| !format.is_json()) {
            return Err(Failure::usage(
                "--json and -o contradict each other: use one",
            ));
        }
        Ok(Self {
            colour: Colour::new(globals.color),
            globals,
            runtime: OnceCell::new(),
            written: Cell::new(false),
        })
    }

    /// Runs a command. An index that is absent or damaged is made anew, once.
    pub(crate) fn run(&self, command: Command) -> Result<u8> {
        match commands::run(self, &command) {
            Err(failure) if failure.is_index && !self.written.get() && command.rebuilds() => {
                self.note(&format!("{}; making it anew", failure.message));
                let secrets = self.secrets()?;
                Writer::rebuild(self.storage()?, &secrets, self.writer_options())?;
                commands::run(self, &command)
            }
            other => other,
        }
    }

    /// Format of the answer: for people, unless asked otherwise.
    pub(crate) fn format(&self) -> Format {
        match self.globals.output {
            Some(format) => format,
            None if self.globals.json => Format::Json,
            None => Format::Table,
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.format().is_json()
    }

    /// Whether the answer is text for people.
    pub(crate) fn for_people(&self) -> bool {
        self.format() == Format::Table
    }

    pub(crate) fn progress_style(&self) -> ProgressStyle {
        self.globals
            .progress
            .style(self.wants_json(), self.globals.quiet)
    }

    pub(crate) fn now() -> Timestamp {
        Timestamp::now()
    }

    /// Where the archive is.
    pub(crate) fn path(&self) -> Result<&PathBuf> {
        self.globals.archive.as_ref().ok_or_else(|| {
            Failure::new(NO_ARCHIVE, "no archive is named").hint(
                "name one with -a PATH or ENTRACE_ARCHIVE; entrace demo shows one without any",
            )
        })
    }

    pub(crate) fn storage(&self) -> Result<Arc<dyn Storage>> {
        let path = self.path()?;
        if path.as_os_str().is_empty() {
            return Err(Failure::usage("the archive's path is empty"));
        }
        if path.to_str().is_some_and(|text| text.contains("://")) {
            return Err(Failure::usage(format!(
                "{}: an archive is a folder; other storages are not supported yet",
                path.display()
            )));
        }
        Ok(Arc::new(LocalStorage::new(path)))
    }

    fn secrets(&self) -> Result<Secrets> {
        self.globals.keys.secrets()
    }

    pub(crate) fn writer_options(&self) -> WriterOptions {
        WriterOptions {
            tool: TOOL.to_owned(),
            now: Self::now,
        }
    }

    /// Opens with the keys that were named, or asks a person for a passphrase.
    fn opened<T>(
        &self,
        open: impl Fn(Arc<dyn Storage>, &Secrets) -> store::Result<T>,
    ) -> Result<T> {
        let storage = self.storage()?;
        let mut secrets = self.secrets()?;
        match open(Arc::clone(&storage), &secrets) {
            Err(store::Error::Key(_)) if secrets.passphrases.is_empty() => {
                let Some(passphrase) = secrets::ask("Passphrase of the archive: ") else {
                    return Ok(open(storage, &secrets)?);
                };
                secrets.passphrases.push(passphrase);
                Ok(open(storage, &secrets)?)
            }
            other => Ok(other?),
        }
    }

    pub(crate) fn archive(&self) -> Result<Archive> {
        self.opened(Archive::open)
    }

    /// Opens the archive for writing; no other process can then.
    pub(crate) fn writer(&self) -> Result<Writer> {
        self.opened(|storage, secrets| Writer::open(storage, secrets, self.writer_options()))
    }

    /// Makes the index anew and opens for writing.
    pub(crate) fn rebuilt(&self) -> Result<Writer> {
        self.opened(|storage, secrets| Writer::rebuild(storage, secrets, self.writer_options()))
    }

    pub(crate) fn source(&self) -> Result<Arc<Source>> {
        Ok(Source::new(Arc::new(self.archive()?), Self::now()))
    }

    pub(crate) fn session(&self) -> Result<Session> {
        Ok(Session::new(&self.source()?, SessionOptions::default())?)
    }

    pub(crate) fn runtime(&self) -> Result<&Runtime> {
        if self.runtime.get().is_none() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(|e| Failure::new(FAILED, format!("threads cannot be started: {e}")))?;
            let _ = self.runtime.set(runtime);
        }
        self.runtime
            .get()
            .ok_or_else(|| Failure::new(FAILED, "threads cannot be started"))
    }

    /// Runs a statement of our own and collects its rows.
    pub(crate) fn ask(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<RecordBatch>> {
        let parameters = named(parameters);
        self.runtime()?.block_on(async {
            match session.run(sql, &parameters).await? {
                Answer::Rows(rows) => Ok(rows.collect().await?),
                Answer::Pinned(_) => Ok(Vec::new()),
            }
        })
    }

    /// Runs a statement of our own and writes its rows in the format asked for.
    pub(crate) fn answer(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Totals> {
        self.run_statement(
            session,
            sql,
            &named(parameters),
            self.row_options(None, false),
            std::io::stdout(),
        )
    }

    /// Runs a statement and writes its rows as they come. Ctrl-C cancels it.
    pub(crate) fn run_statement(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &Parameters,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        self.runtime()?.block_on(async {
            tokio::select! {
                result = self.statement(session, sql, parameters, options, out) => result,
                _ = tokio::signal::ctrl_c() => Err(Failure::new(INTERRUPTED, "interrupted")),
            }
        })
    }

    async fn statement(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &Parameters,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        if options.format.is_binary() && options.is_terminal {
            return Err(Failure::usage(format!(
                "{} is not for terminals: redirect it to a file",
                options.format.name()
            )));
        }
        match session.run(sql, parameters).await? {
            Answer::Rows(rows) => self.write_rows(rows, options, out).await,
            Answer::Pinned(Some(snapshot)) => {
                self.say(&format!(
                    "Everything is seen as of {} from here on.",
                    short_time(snapshot.taken_at)
                ));
                Ok(Totals::default())
            }
            Answer::Pinned(None) => {
                self.say("The newest state is seen from here on.");
                Ok(Totals::default())
            }
        }
    }

    /// Writes rows of our own making in the format asked for.
    pub(crate) fn write_batch(&self, batch: &RecordBatch) -> Result<()> {
        self.written.set(true);
        let out = std::io::BufWriter::new(std::io::stdout());
        let mut writer = RowWriter::new(out, &batch.schema(), self.row_options(None, false))?;
        writer.write(batch)?;
        writer.finish(&Provenance::default()).map(drop)
    }

    pub(crate) fn row_options(&self, max_rows: Option<usize>, expanded: bool) -> RowOptions {
        let is_terminal = std::io::stdout().is_terminal();
        let default = if is_terminal { MAX_ROWS } else { usize::MAX };
        let max_rows = max_rows.map_or(default, |rows| if rows == 0 { usize::MAX } else { rows });
        RowOptions {
            format: self.format(),
            max_rows,
            expanded,
            is_terminal,
            colour: self.colour,
        }
    }

    async fn write_rows(
        &self,
        mut rows: Rows,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        // The first rows come before the first byte: what fails by then leaves no half answer.
        let mut next = rows.next().await?;
        self.written.set(true);
        let mut writer = RowWriter::new(std::io::BufWriter::new(out), &rows.schema, options)?;
        while let Some(batch) = next {
            writer.write(&batch)?;
            next = rows.next().await?;
        }
        let provenance = rows.provenance()?;
        let totals = writer.finish(&provenance)?;
        // What an answer leaves out is said whatever its format.
        provenance.notes.iter().for_each(|note| self.note(note));
        Ok(totals)
    }

    /// Writes text for people, through a pager where it is long and somebody looks.
    pub(crate) fn page(&self, text: &str) -> Result<()> {
        self.written.set(true);
        let wanted = !self.globals.no_pager && std::io::stdout().is_terminal();
        match wanted.then(|| Pager::start(text)).flatten() {
            Some(pager) => pager.show(text),
            None => self.print(text),
        }
    }

    pub(crate) fn print(&self, text: &str) -> Result<()> {
        self.written.set(true);
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Failure::output(&e))
    }

    /// Prints a JSON document.
    pub(crate) fn print_json(&self, value: &serde_json::Value) -> Result<()> {
        let text = if self.format() == Format::Jsonl {
            value.to_string()
        } else {
            format!("{value:#}")
        };
        self.print(&format!("{text}\n"))
    }

    /// Says something on stderr that is not the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.globals.quiet {
            let _ = writeln!(std::io::stderr(), "note: {text}");
        }
    }

    /// Says on stderr what was done, to somebody who asked for it.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Says something on stderr that somebody should look at.
    pub(crate) fn warn(&self, text: &str) {
        let (yellow, off) = if self.colour.on_stderr {
            ("\x1b[33m", "\x1b[0m")
        } else {
            ("", "")
        };
        let _ = writeln!(std::io::stderr(), "{yellow}warning:{off} {text}");
    }

    /// The command to go on with, as the last line of a screen.
    pub(crate) fn next_command(&self, arguments: &str) -> Result<()> {
        if !self.for_people() || self.globals.quiet {
            return Ok(());
        }
        let line = format!("Next: {} {arguments}\n", self.invocation());
        self.print(&self.colour.paint(Tone::Faint, &line))
    }

    /// How this program was called, with the archive where it was named by an option.
    pub(crate) fn invocation(&self) -> String {
        let name = std::env::args().next().unwrap_or_default();
        // A program from the path is called by its name, one from a folder as it was.
        let name = if name.contains(['/', '\\']) {
            name
        } else {
            "entrace".to_owned()
        };
        let from_environment = std::env::var_os("ENTRACE_ARCHIVE");
        match &self.globals.archive {
            Some(path) if from_environment.as_deref() != Some(path.as_os_str()) => {
                format!(
                    "{} -a {}",
                    quoted(&name),
                    quoted(&path.display().to_string())
                )
            }
            _ => quoted(&name),
        }
    }

    /// The id of an object as it is shown: the beginning of a GUID, or the id whole where it tells something.
    pub(crate) fn short_object(&self, id: &str) -> String {
        const WIDTH: usize = 60;
        if model::is_guid(id) {
            self.short(id).to_owned()
        } else if self.globals.full_ids {
            id.to_owned()
        } else {
            truncated(id, WIDTH)
        }
    }

    /// Characters of an id that are shown.
    pub(crate) fn short<'i>(&self, id: &'i str) -> &'i str {
        const SHORT: usize = 8;
        if self.globals.full_ids {
            id
        } else {
            id.get(..SHORT).unwrap_or(id)
        }
    }
}

impl Drop for App {
    /// A statement that was cancelled may still be at work: the program does not wait for it.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Text as a POSIX shell takes it for one word.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@~=+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains('\'') && !text.contains(['"', '$', '`', '\\', '!']) {
        // SQL reads better so than with every quotation mark escaped.
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn named(parameters: &[(&str, &str)]) -> Parameters {
    parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        assert_eq!(quoted("group:Finance"), "group:Finance");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("select 'x'"), "\"select 'x'\"");
        assert_eq!(quoted("it's $5"), "'it'\\''s $5'");
        assert_eq!(quoted(""), "''");
    }
}

//! The shell: statements as they are typed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use query::{Session, Source, split_statements};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::complete::Names;
use super::meta::{self, HELP, Meta};
use super::{Asking, Settings, ask, library, read_script};
use crate::answers::Parameters;
use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Format, Grid, count, plural, short_time, type_name};

/// Statements remembered from one shell to the next.
const HISTORY: usize = 1000;

pub(super) fn run(
    app: &App,
    source: &Arc<Source>,
    session: Session,
    settings: Settings,
    parameters: Parameters,
    folders: &[PathBuf],
) -> Result<u8> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor: Editor<Names, FileHistory> =
        Editor::with_history(config, history).map_err(|e| Failure::new(FAILED, e.to_string()))?;
    let mut shell = Shell {
        app,
        source,
        folders,
        session,
        settings,
        parameters,
    };
    editor.set_helper(Some(Names {
        tables: shell.columns()?,
    }));
    let file = history_file();
    if let Some(file) = &file {
        // Nothing is remembered yet the first time.
        let _ = editor.load_history(file);
    }
    shell.greet(source)?;
    loop {
        match editor.readline(&shell.prompt()) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => match shell.line(&line) {
                Ok(true) => {}
                Ok(false) => break,
                // A shell goes on after an error.
                Err(failure) => {
                    failure.report(false, app.colour.on_stderr);
                }
            },
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                return Err(Failure::new(
                    FAILED,
                    format!("reading the line failed: {error}"),
                ));
            }
        }
    }
    if let Some(file) = &file
        && let Err(error) = save(&mut editor, file)
    {
        app.note(&format!(
            "{}: the history was not saved: {error}",
            file.display()
        ));
    }
    Ok(0)
}

/// Where the history is, as the XDG specification has it; `None` where there is no home.
fn history_file() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(absolute);
    let home = || Some(std::env::home_dir()?.join(".local").join("state"));
    Some(state.or_else(home)?.join("entrace").join("sql_history"))
}

fn save(editor: &mut Editor<Names, FileHistory>, file: &std::path::Path) -> rustyline::Result<()> {
    use rustyline::history::History;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    editor.history_mut().set_max_len(HISTORY)?;
    editor.save_history(file)
}

struct Shell<'a> {
    app: &'a App,
    source: &'a Source,
    /// Folders with queries, besides those of the configuration.
    folders: &'a [PathBuf],
    session: Session,
    settings: Settings,
    parameters: Parameters,
}

impl Shell<'_> {
    fn greet(&self, source: &Source) -> Result<()> {
        let archive = source.archive();
        let snapshots = archive.snapshots();
        let range = match (snapshots.first(), snapshots.last()) {
            (Some(first), Some(last)) => format!(
                ", {} to {}",
                short_time(first.taken_at),
                short_time(last.taken_at)
            ),
            _ => String::new(),
        };
        let count = plural(snapshots.len() as u64, "snapshot");
        self.app.print(&format!(
            "{}: {count} of {}{range}\n\\d lists tables, \\? helps, \\q leaves\n",
            crate::app::TOOL,
            archive.tenant()
        ))
    }

    /// Says which moment is asked: the present is never mistaken for a past.
    fn prompt(&self) -> String {
        match self.session.as_of() {
            Some(snapshot) => format!("entrace @ {}> ", short_time(snapshot.taken_at)),
            None => "entrace> ".to_owned(),
        }
    }

    /// Columns of every table.
    fn columns(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let mut tables = BTreeMap::new();
        for table in self.session.tables() {
            let names = self
                .fields(&table)?
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            tables.insert(table, names);
        }
        Ok(tables)
    }

    fn fields(&self, table: &str) -> Result<Vec<(String, String)>> {
        let schema = self.app.runtime()?.block_on(self.session.describe(table))?;
        let fields = schema.fields().iter();
        Ok(fields
            .map(|field| (field.name().clone(), type_name(field)))
            .collect())
    }

    /// Runs a line; `false`: leave.
    fn line(&mut self, line: &str) -> Result<bool> {
        if library::called(line).is_some() {
            let mut asking = Asking {
                app: self.app,
                source: self.source,
                session: &mut self.session,
                settings: &mut self.settings,
                folders: self.folders,
            };
            asking.named(line, &self.parameters, true)?;
            return Ok(true);
        }
        if !meta::is_meta(line) {
            for statement in split_statements(line)? {
                ask(
                    self.app,
                    &mut self.session,
                    &statement,
                    &self.parameters,
                    &mut self.settings,
                )?;
            }
            return Ok(true);
        }
        let meta = meta::parse(line).map_err(Failure::usage)?;
        if meta == Meta::Quit {
            return Ok(false);
        }
        self.meta(meta)?;
        Ok(true)
    }

    fn meta(&mut self, meta: Meta) -> Result<()> {
        let app = self.app;
        match meta {
            Meta::Quit => {}
            Meta::Help => app.print(HELP)?,
            Meta::Library => library::list(app, &app.library(self.folders, &[])?)?,
            Meta::Tables(None) => self.list()?,
            Meta::Tables(Some(table)) => {
                let mut grid = Grid::new(&["column", "type"], true);
                self.fields(&table)?
                    .into_iter()
                    .for_each(|(name, of_type)| grid.push(&[name, of_type]));
                app.page(&grid.render(app.colour))?;
            }
            Meta::Expanded(wanted) => {
                self.settings.expanded = wanted.unwrap_or(!self.settings.expanded);
                App::say(&format!(
                    "One column a line is {}.",
                    on_off(self.settings.expanded)
                ));
            }
            Meta::Timing(wanted) => {
                self.settings.timing = wanted.unwrap_or(!self.settings.timing);
                App::say(&format!("Timing is {}.", on_off(self.settings.timing)));
            }
            Meta::Format(None) => App::say(&format!(
                "Answers are written as {}.",
                self.settings.format.name()
            )),
            Meta::Format(Some(name)) => {
                let format = Format::of(&name).ok_or_else(|| {
                    Failure::usage(format!("there is no format {name:?}"))
                        .hint(format!("one of: {}", Format::names()))
                })?;
                self.settings.format = format;
            }
            Meta::Output(None) => self.settings.to = None,
            Meta::Output(Some(path)) => {
                let path = PathBuf::from(path);
                self.settings.to =
                    Some(std::fs::File::create(&path).map_err(|e| Failure::io(&path, &e))?);
            }
            Meta::Read(path) => {
                let path = PathBuf::from(path);
                let file = std::fs::File::open(&path).map_err(|e| Failure::io(&path, &e))?;
                for statement in split_statements(&read_script(file, &path.display().to_string())?)?
                {
                    ask(
                        app,
                        &mut self.session,
                        &statement,
                        &self.parameters,
                        &mut self.settings,
                    )?;
                }
            }
            Meta::AsOf(revision) => self.session.pin(revision.as_deref())?,
            Meta::MaxRows(rows) => self.settings.max_rows = Some(rows),
            Meta::Parameter(name, Some(value)) => drop(self.parameters.insert(name, value)),
            Meta::Parameter(name, None) => drop(self.parameters.remove(&name)),
        }
        Ok(())
    }

    /// The tables: of all kinds together first, then those with rows, with how many objects each has.
    fn list(&mut self) -> Result<()> {
        let sql = "select kind, count(*) as objects from objects group by 1";
        let batches = self.app.ask(&mut self.session, sql, &[])?;
        let objects: BTreeMap<String, i64> = crate::records::records(&batches)
            .map(|row| {
                let kind = row.text("kind").unwrap_or_default();
                let table = catalog::by_name(kind).map_or(kind, |kind| kind.table);
                (table.to_owned(), row.number("objects"))
            })
            .collect();
        let tables = self.session.tables();
        let of_kinds: std::collections::BTreeSet<&str> =
            catalog::kinds().iter().map(|kind| kind.table).collect();
        let mut grid = Grid::new(&["table", ">objects"], true);
        let is_general = |table: &str| {
            let base = table.strip_suffix("_history").unwrap_or(table);
            !of_kinds.contains(base) && !objects.contains_key(base)
        };
        for table in tables.iter().filter(|table| is_general(table)) {
            grid.push(&[table.clone(), String::new()]);
        }
        for (table, rows) in &objects {
            grid.push(&[table.clone(), count(rows.unsigned_abs())]);
        }
        let empty = of_kinds
            .iter()
            .filter(|table| !objects.contains_key(**table))
            .count();
        let text = format!(
            "{}Each table of a kind has a {{table}}_history beside it. {} without objects are not listed.\n\
             Functions: diff(from, to), diff_properties(from, to), diff_links(from, to), history(object)\n",
            grid.render(self.app.colour),
            plural(empty as u64, "table")
        );
        self.app.page(&text)
    }
}

fn on_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

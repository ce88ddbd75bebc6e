//! The documentation says what the program does: pages of tables are as it makes them, statements run,
//! and answers are those that are shown.
//!
//! `UPDATE_DOCS=1 cargo test --workspace --locked documents` writes the pages and the answers anew, to be
//! read before they are committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use query::arrow::array::RecordBatch;
use query::{Answer, Page, Session, SessionOptions, Source};
use store::{Archive, LocalStorage, Secrets, Storage};

use crate::masks::masked;
use crate::programs::Place;
use crate::transcripts::Shell;

fn docs() -> PathBuf {
    crate::shared::package().join("docs")
}

fn updates() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("because a runtime can be made")
}

fn pages() -> Vec<Page> {
    let pages = runtime().block_on(query::table_pages());
    pages.expect("because every table is described")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("because the pages are in the repository");
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_pages_of_tables_are_those_the_program_makes() {
    let folder = docs().join("tables");
    let pages = pages();
    if updates() {
        let stale = |file: &String| pages.iter().all(|page| page.file != **file);
        for file in files(&folder).into_iter().filter(stale) {
            std::fs::remove_file(folder.join(file)).expect("because the folder is ours");
        }
        for page in &pages {
            std::fs::write(folder.join(&page.file), &page.text)
                .expect("because the folder is ours");
        }
        return;
    }
    let made: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
    assert_eq!(files(&folder), made, "UPDATE_DOCS=1 writes them anew");
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(&page.file));
        let text = text.expect("because it is listed");
        assert!(
            text == page.text,
            "docs/tables/{}: UPDATE_DOCS=1 writes it anew",
            page.file
        );
    }
}

/// A statement, and the file that shows it.
struct Shown<'p> {
    file: &'p str,
    sql: &'p str,
}

fn statements(page: &Page) -> impl Iterator<Item = Shown<'_>> {
    let blocks = page.text.split("```sql\n").skip(1);
    blocks.map(|rest| Shown {
        file: &page.file,
        sql: rest.split("\n```").next().unwrap_or_default(),
    })
}

fn source(folder: &Path) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let archive = Archive::open(storage, &Secrets::default());
    let archive = archive.expect("because the archive is sound");
    Source::new(Arc::new(archive), jiff::Timestamp::now())
}

/// Runs a statement to its end: the names of its columns, and how many rows there are.
fn run(source: &Arc<Source>, shown: &Shown<'_>) -> Result<(Vec<String>, usize), query::Error> {
    let mut session =
        Session::new(source, SessionOptions::default()).expect("because there is an archive");
    runtime().block_on(async {
        let Answer::Rows(rows) = session.run(shown.sql, &BTreeMap::new()).await? else {
            panic!("{} shows a setting", shown.file);
        };
        let names = rows
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone());
        let names = names.collect();
        let batches = rows.collect().await?;
        Ok((names, batches.iter().map(RecordBatch::num_rows).sum()))
    })
}

/// The columns a page lists.
fn listed(page: &str) -> Vec<String> {
    let columns = page.split("## Columns\n").nth(1).unwrap_or_default();
    let columns = columns.split("\n## ").next().unwrap_or_default();
    let rows = columns.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_statement_of_the_pages_of_tables_runs() {
    let place = Place::new();
    let made = place.run_with(
        &[],
        &["demo", "t.entrace", "--objects", "2000", "--days", "6"],
    );
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let source = source(&place.path("t.entrace"));
    let pages = pages();
    let statements: Vec<Shown<'_>> = pages.iter().flat_map(statements).collect();
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    let fail = |shown: &Shown<'_>, what: &str| {
        let mut all = failed.lock().expect("because no thread panics");
        all.push(format!("{}: {what}\n{}", shown.file, shown.sql));
    };
    let work = || {
        while let Some(shown) = statements.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (names, rows) = match run(&source, shown) {
                Ok(answer) => answer,
                Err(error) => {
                    fail(shown, &error.to_string());
                    continue;
                }
            };
            answered.fetch_add(usize::from(rows > 0), Ordering::Relaxed);
            // Of functions no schema can be asked for without a call.
            if shown.sql.starts_with("select * from ") {
                let page = pages.iter().find(|page| page.file == shown.file);
                let page = page.expect("because the statement is from it");
                if listed(&page.text) != names {
                    fail(shown, &format!("the columns are {names:?}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().expect("because no thread panics");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    // Most kinds have objects in the demonstration: statements over nothing would prove little.
    let answered = answered.into_inner();
    assert!(
        answered * 3 > statements.len(),
        "{answered} of {} statements have rows",
        statements.len()
    );
}

/// Runs what a document shows and writes what came of it: the lines of `console` blocks, and statements
/// of `sql` blocks, whose answer is in the `text` block after them.
fn performed(shell: &Shell, text: &str) -> String {
    let mut out = String::new();
    let mut answer: Option<String> = None;
    for (at, part) in text.split("```").enumerate() {
        if at > 0 {
            out += "```";
        }
        let (language, body) = part.split_once('\n').unwrap_or((part, ""));
        match (at % 2, language) {
            (1, "console") => {
                let made = console(shell, body);
                let _ = write!(out, "console\n{}", unless_same(body, &made));
            }
            (1, "sql") => {
                let run = shell.run(&format!("entrace sql -c {}", quoted(body.trim())));
                assert_eq!(run.code, Some(0), "{body}\n{}", run.stdout);
                answer = Some(run.stdout);
                out += part;
            }
            (1, "text") => {
                let made = answer.take().unwrap_or_else(|| body.to_owned());
                let _ = write!(out, "text\n{}", unless_same(body, &made));
            }
            _ => out += part,
        }
    }
    out
}

/// What is shown already, if it differs only in what is never the same twice.
fn unless_same<'t>(shown: &'t str, made: &'t str) -> &'t str {
    let nowhere = Path::new("/nowhere");
    if masked(shown, nowhere) == masked(made, nowhere) {
        shown
    } else {
        made
    }
}

fn console(shell: &Shell, shown: &str) -> String {
    let mut out = String::new();
    for line in shown.lines().filter(|line| line.starts_with("$ ")) {
        if !out.is_empty() {
            out.push('\n');
        }
        let run = shell.run(line.trim_start_matches("$ "));
        let _ = writeln!(out, "{line}");
        out += &run.stdout;
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[test]
fn what_the_cookbook_and_the_walk_through_show() {
    let mut shell = Shell::new();
    let made = shell.run("entrace demo demo.entrace");
    assert_eq!(made.code, Some(0), "{}", made.stdout);
    shell.set("ENTRACE_ARCHIVE", "demo.entrace");
    for name in ["cookbook.md", "walk-through.md"] {
        let file = docs().join(name);
        let shown = std::fs::read_to_string(&file).expect("because it is in the repository");
        let made = performed(&shell, &shown);
        if updates() {
            std::fs::write(&file, made).expect("because the folder is ours");
            continue;
        }
        let mut lines = shown.lines().zip(made.lines()).enumerate();
        if let Some((at, (old, new))) = lines.find(|(_, (old, new))| old != new) {
            panic!("docs/{name}:{}\n  shown:   {old}\n  printed: {new}", at + 1);
        }
        assert_eq!(shown, made, "docs/{name} ends differently");
    }
}

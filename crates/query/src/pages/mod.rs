//! A page of documentation for every table and table function, made from what the program itself goes by.
//!
//! Facts come from the catalogue, columns and their types from the tables as a session shows them, and
//! only what neither knows is written by hand (`authored/`, Markdown). So no page tells of a column that
//! is not there, and a table that nobody described is an error of [`table_pages`].

mod authored;
mod columns;
mod generic;
mod index;
mod names;
mod reading;
mod telling;

use std::fmt::Write as _;
use std::sync::Arc;

use catalog::Kind;
use jiff::Timestamp;
use store::{
    Archive, CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage, Writer, WriterOptions,
};

use self::authored::Authored;
use crate::error::{Error, Result};
use crate::functions::{FUNCTIONS, Function};
use crate::schemas::COMMON;
use crate::session::{Session, SessionOptions};
use crate::source::Source;

/// One page of the documentation of SQL tables, in Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Name of its file: the table's or function's with `.md`, or `README.md` for the index.
    pub file: String,
    /// The text, with a line feed at its end. Statements stand in blocks marked `sql`.
    pub text: String,
}

/// A question and the statement that answers it.
#[derive(Debug, Clone)]
struct Question {
    title: String,
    sql: String,
}

/// Pages of all tables and table functions, and their index, sorted by file name.
///
/// Fails with [`Error::Internal`] where a table of the program has no description, or a description
/// no table.
pub async fn table_pages() -> Result<Vec<Page>> {
    authored::all_are_of(|name| {
        catalog::by_table(name).is_some()
            || COMMON.contains(&name)
            || FUNCTIONS.iter().any(|function| function.name == name)
    })?;
    let session = Session::new(&nothing()?, SessionOptions::default())?;
    let mut pages = vec![Page {
        file: "README.md".to_owned(),
        text: index::text(&session).await?,
    }];
    for kind in catalog::kinds() {
        pages.push(page(kind.table, of_kind(kind, &session).await?));
    }
    for name in COMMON {
        pages.push(page(name, of_common(name, &session).await?));
    }
    for function in FUNCTIONS {
        pages.push(page(function.name, of_function(function)?));
    }
    pages.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(pages)
}

fn page(name: &str, text: String) -> Page {
    Page {
        file: format!("{name}.md"),
        text,
    }
}

/// An archive with nothing in it but one snapshot: its session has every table of the program.
fn nothing() -> Result<Arc<Source>> {
    let now = || Timestamp::UNIX_EPOCH;
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let options = CreateOptions {
        tenant: String::new(),
        slots: vec![SlotChoice::Unprotected],
        tool: String::new(),
        now: now(),
    };
    Archive::create(&storage, &options)?;
    let options = WriterOptions {
        tool: String::new(),
        now,
    };
    let mut writer = Writer::open(storage, &Secrets::default(), options)?;
    writer
        .begin(now(), store::Source::default())?
        .commit("nothing")?;
    Ok(Source::new(Arc::new(writer.into_archive()), now()))
}

async fn of_kind(kind: &'static Kind, session: &Session) -> Result<String> {
    let authored = authored::of(kind.table)?.unwrap_or_default();
    let mut out = format!("# {}\n\n", kind.title);
    let table = kind.table;
    if kind.is_event() {
        let _ = writeln!(
            out,
            "Table `{table}`. One row is one event; rows never change."
        );
    } else {
        let _ = writeln!(
            out,
            "Table `{table}`; every version it ever had: `{table}_history`. {}",
            names::row(kind)
        );
    }
    paragraph(&mut out, authored.text);
    out.push('\n');
    out += &reading::text(kind);
    out += "\n## Columns\n\n";
    out += &columns::of_kind(kind, &*session.describe(table).await?);
    out += &columns::beside(kind);
    out += &columns::references(kind);
    let mut asked = authored.questions;
    if asked.is_empty() {
        asked = generic::questions(kind);
    } else {
        asked.extend(generic::changes(kind));
    }
    questions(&mut out, &asked);
    Ok(out)
}

async fn of_common(name: &str, session: &Session) -> Result<String> {
    let authored = described(name)?;
    let mut out = format!("# {}\n\nTable `{name}`.\n", authored.title);
    paragraph(&mut out, authored.text);
    out += "\n## Columns\n\n";
    out += &columns::of_common(name, &authored, &*session.describe(name).await?)?;
    questions(&mut out, &authored.questions);
    Ok(out)
}

fn of_function(function: &Function) -> Result<String> {
    let authored = described(function.name)?;
    let Function {
        name, arguments, ..
    } = function;
    let mut out = format!(
        "# {}\n\nTable function: `select * from {name}({arguments})`. Arguments are texts.\n",
        authored.title
    );
    paragraph(&mut out, authored.text);
    out += "\n## Columns\n\n";
    out += &columns::of_function(name, &authored)?;
    questions(&mut out, &authored.questions);
    Ok(out)
}

/// What is written of a table that the catalogue does not know.
fn described(name: &str) -> Result<Authored> {
    let authored = authored::of(name)?;
    authored.ok_or_else(|| {
        Error::Internal(format!(
            "{name} has no page: describe it in crates/query/src/pages/authored/{name}.md and list the file in authored.rs"
        ))
    })
}

fn paragraph(out: &mut String, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(out, "\n{text}");
    }
}

fn questions(out: &mut String, questions: &[Question]) {
    *out += "\n## Questions\n";
    for Question { title, sql } in questions {
        let _ = write!(out, "\n### {title}\n\n```sql\n{sql}\n```\n");
    }
}

#[cfg(test)]
mod tests;

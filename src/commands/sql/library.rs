//! `@name`: queries of the library in place of statements.

use std::path::PathBuf;

use clap::Args;
use query::{Entry, Hunter, Library, Session};

use crate::answers::Parameters;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::library::{parameters, tables};
use crate::output::Grid;

/// What `sql` can do with the library besides asking it.
#[derive(Debug, Args)]
pub(super) struct LibraryArgs {
    /// List the queries of the library
    #[arg(long = "library", conflicts_with_all = ["query", "command", "file", "show"])]
    pub(super) list: bool,
    /// Print the SQL of @NAME instead of running it
    #[arg(long, requires = "query")]
    pub(super) show: bool,
    /// Folder with queries of your own; may be given several times
    #[arg(long = "library-dir", value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
}

/// Begins the name of a query where a statement could stand.
const MARK: char = '@';

/// The name and parameters of a line `@name key=value ...`; `None` where it is a statement.
pub(super) fn called(line: &str) -> Option<Result<(&str, Parameters)>> {
    let line = line.trim().trim_end_matches(';').trim_end();
    let rest = line.strip_prefix(MARK)?;
    let mut words = rest.split_whitespace();
    let name = words.next().unwrap_or_default();
    let own = |word: &str| {
        super::parameter(word).map_err(|usage| Failure::usage(format!("{word}: {usage}")))
    };
    Some(
        words
            .map(own)
            .collect::<Result<Parameters>>()
            .map(|own| (name, own)),
    )
}

/// The entry with a name, and a way to those there are.
pub(super) fn entry<'l>(app: &App, library: &'l Library, name: &str) -> Result<&'l Entry> {
    library.entry(name).map_err(|error| {
        let list = format!("list them with: {} sql --library", app.invocation());
        Failure::usage(error.to_string()).hint(list)
    })
}

/// The statement an entry is with these parameters; says which kinds it will not find.
pub(super) fn statement(
    app: &App,
    session: &mut Session,
    source: &query::Source,
    entry: &Entry,
    given: &Parameters,
) -> Result<String> {
    let sql = entry.statement(given, source)?;
    let unread = Hunter::new(session)?.unread(entry);
    if !unread.is_empty() {
        app.note(&format!(
            "{} needs {}, never read into this archive",
            entry.id,
            tables(&unread)
        ));
    }
    Ok(sql)
}

/// Lists the queries, and the rules, which are queries too.
pub(super) fn list(app: &App, library: &Library) -> Result<()> {
    app.warn_of_broken(library);
    let mut text = String::new();
    let mut grid = Grid::new(&["query", "answers", "parameters"], true);
    for query in library.queries() {
        grid.push(&[
            format!("{MARK}{}", query.id),
            query.title.clone(),
            parameters(query),
        ]);
    }
    text.push_str(&grid.render(app.colour));
    text.push_str("Rules are asked the same way; entrace hunt --list lists them.\n");
    app.page(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters_are_told_from_statements() {
        assert!(called("select 1").is_none());
        let (name, own) = called(" @policy-at name=CA001 at=-7d;")
            .expect("because it is a name")
            .expect("because the parameters are well formed");
        assert_eq!(name, "policy-at");
        let own: Vec<(&str, &str)> = own.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(own, [("at", "-7d"), ("name", "CA001")]);
        assert!(called("@policy-at CA001").is_some_and(|called| called.is_err()));
    }
}

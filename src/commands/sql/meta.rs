//! Commands of the shell itself: psql's with a backslash and sqlite's with a dot, for hands used to either.

/// What a line that is no SQL asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meta {
    Help,
    Quit,
    /// List tables, or describe one.
    Tables(Option<String>),
    /// Switch, or set, one column a line.
    Expanded(Option<bool>),
    Timing(Option<bool>),
    /// Format of answers; `None`: say which it is.
    Format(Option<String>),
    /// File answers go to; `None`: the screen again.
    Output(Option<String>),
    /// Run the statements of a file.
    Read(String),
    /// Pin the session to a revision; `None`: to none.
    AsOf(Option<String>),
    MaxRows(usize),
    /// List the queries of the library.
    Library,
    /// Set a parameter; without a value: forget it.
    Parameter(String, Option<String>),
}

pub(super) const HELP: &str = "\
SQL ends with a semicolon. Tab completes, the arrow keys recall, Ctrl-C cancels a statement, Ctrl-D leaves.

  \\d  .tables              list the tables
  \\d TABLE  .inspect TABLE list a table's columns
  \\library  .library       list the queries that have a name
  @NAME KEY=VALUE ...      ask one of them
  \\x  .expanded            one column a line, on and off
  \\timing  .timing         say how long statements take, on and off
  \\pset format FORMAT  .output FORMAT
                           table, json, jsonl, csv, tsv, md, parquet, arrow
  \\o FILE  .once FILE      write answers to a file; without a file: to the screen again
  \\i FILE  .read FILE      run the statements of a file
  \\asof REV  .asof REV     see everything as it was then; without a revision: now
  \\set NAME VALUE  .param NAME VALUE
                           value of $NAME in statements
  \\maxrows N  .maxrows N   rows of a table that are shown; 0 for all
  \\?  .help                this
  \\q  .quit                leave
";

/// Whether a line is for the shell rather than SQL.
pub(super) fn is_meta(line: &str) -> bool {
    line.trim_start().starts_with(['\\', '.'])
}

/// Reads such a line; the error says how it is used.
pub(super) fn parse(line: &str) -> Result<Meta, String> {
    let line = line.trim().trim_end_matches(';');
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = Some(rest.trim())
        .filter(|rest| !rest.is_empty())
        .map(str::to_owned);
    let switch = |argument: Option<String>| match argument.as_deref() {
        None => Ok(None),
        Some("on") => Ok(Some(true)),
        Some("off") => Ok(Some(false)),
        Some(other) => Err(format!("{other}: on or off")),
    };
    Ok(match name {
        "\\?" | "\\h" | "\\help" | ".help" => Meta::Help,
        "\\q" | ".quit" | ".exit" => Meta::Quit,
        "\\d" | "\\dt" | "\\d+" | ".tables" | ".inspect" | ".schema" => Meta::Tables(argument),
        "\\library" | ".library" => Meta::Library,
        "\\x" | ".expanded" => Meta::Expanded(switch(argument)?),
        "\\timing" | ".timing" => Meta::Timing(switch(argument)?),
        "\\pset" => match argument
            .as_deref()
            .and_then(|text| text.strip_prefix("format"))
        {
            Some(format) => {
                Meta::Format(Some(format.trim().to_owned()).filter(|format| !format.is_empty()))
            }
            None => return Err("usage: \\pset format FORMAT".to_owned()),
        },
        ".output" | ".mode" => Meta::Format(argument),
        "\\o" | ".once" => Meta::Output(argument),
        "\\i" | ".read" => Meta::Read(argument.ok_or_else(|| format!("usage: {name} FILE"))?),
        "\\asof" | ".asof" => Meta::AsOf(argument),
        "\\maxrows" | ".maxrows" => {
            let rows = argument.and_then(|text| text.parse().ok());
            Meta::MaxRows(rows.ok_or_else(|| format!("usage: {name} N"))?)
        }
        "\\set" | ".param" => {
            let text = argument.ok_or_else(|| format!("usage: {name} NAME VALUE"))?;
            let (name, value) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
            let value = Some(value.trim()).filter(|value| !value.is_empty());
            Meta::Parameter(
                name.trim_start_matches('$').to_owned(),
                value.map(str::to_owned),
            )
        }
        _ => return Err(format!("there is no command {name}: \\? lists them")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_understood() {
        let some = |text: &str| Some(text.to_owned());
        for (line, meta) in [
            ("\\d", Meta::Tables(None)),
            (".tables", Meta::Tables(None)),
            ("\\d users;", Meta::Tables(some("users"))),
            (".inspect users", Meta::Tables(some("users"))),
            ("\\library", Meta::Library),
            (".library", Meta::Library),
            ("\\x", Meta::Expanded(None)),
            (".timing on", Meta::Timing(Some(true))),
            ("\\pset format csv", Meta::Format(some("csv"))),
            (".output jsonl", Meta::Format(some("jsonl"))),
            ("\\o", Meta::Output(None)),
            ("\\i a b.sql", Meta::Read("a b.sql".to_owned())),
            ("\\asof 2026-10-01", Meta::AsOf(some("2026-10-01"))),
            (
                "\\set upn a@b c",
                Meta::Parameter("upn".to_owned(), some("a@b c")),
            ),
            ("\\q", Meta::Quit),
        ] {
            assert_eq!(parse(line), Ok(meta), "{line}");
        }
        for line in [
            "\\nothing",
            "\\i",
            ".maxrows many",
            ".timing maybe",
            "\\pset pager off",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

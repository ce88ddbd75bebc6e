//! Completion of names in the shell.

use std::collections::BTreeMap;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::meta;

/// Words of the language and our functions; names of tables and columns come from the session.
const WORDS: [&str; 48] = [
    "select",
    "from",
    "where",
    "group by",
    "order by",
    "having",
    "limit",
    "offset",
    "distinct",
    "join",
    "left join",
    "inner join",
    "on",
    "using",
    "with",
    "as",
    "and",
    "or",
    "not",
    "in",
    "is null",
    "is not null",
    "like",
    "ilike",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "union all",
    "except",
    "intersect",
    "exists",
    "asc",
    "desc",
    "count(",
    "min(",
    "max(",
    "for system_time as of",
    "timestamp",
    "interval",
    "json_get_str(",
    "json_contains(",
    "diff('latest~1', 'latest')",
    "diff_properties(",
    "diff_links(",
    "history('",
];

/// Knows every name that can be written.
pub(super) struct Names {
    /// Columns by table.
    pub(super) tables: BTreeMap<String, Vec<String>>,
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.candidates(line, at))
    }
}

impl Names {
    fn candidates(&self, line: &str, at: usize) -> (usize, Vec<Pair>) {
        let before = &line[..at];
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| is_part(*c))
            .last()
            .map_or(at, |(at, _)| at);
        let prefix = before[start..].to_lowercase();
        let mut found: Vec<&str> = Vec::new();
        if meta::is_meta(line) {
            found.extend(self.tables.keys().map(String::as_str));
        } else {
            // Columns of the tables that the statement names already are likelier than anything else.
            for word in line.split(|c| !is_part(c)) {
                found.extend(
                    self.tables
                        .get(word)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
            if !prefix.is_empty() {
                found.extend(self.tables.keys().map(String::as_str));
                found.extend(WORDS);
            }
        }
        let mut pairs: Vec<Pair> = Vec::new();
        for name in found {
            if name.starts_with(&prefix) && pairs.iter().all(|pair| pair.replacement != name) {
                pairs.push(Pair {
                    display: name.to_owned(),
                    replacement: name.to_owned(),
                });
            }
        }
        (start, pairs)
    }
}

impl Validator for Names {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let line = context.input().trim();
        let complete =
            line.is_empty() || meta::is_meta(line) || line.starts_with('@') || line.ends_with(';');
        Ok(if complete {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {}

impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_the_columns_of_named_tables_are_offered() {
        let tables = [
            ("users", vec!["id", "display_name"]),
            ("user_registrations", vec!["method"]),
        ];
        let names = Names {
            tables: tables
                .into_iter()
                .map(|(table, columns)| {
                    (
                        table.to_owned(),
                        columns.into_iter().map(str::to_owned).collect(),
                    )
                })
                .collect(),
        };
        let offered = |line: &str| -> Vec<String> {
            names
                .candidates(line, line.len())
                .1
                .into_iter()
                .map(|pair| pair.replacement)
                .collect()
        };
        assert_eq!(
            offered("select * from use"),
            ["user_registrations", "users"]
        );
        assert_eq!(offered("select id from users where disp"), ["display_name"]);
        assert_eq!(offered("\\d users"), ["users"]);
        assert_eq!(offered("selec"), ["select"]);
        assert!(offered("zzz").is_empty());
    }
}

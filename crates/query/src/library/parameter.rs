//! Parameters of a library file: declared with a type, given as text, put into the statement as SQL.

use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::header::unknown;
use crate::dialect::EntraceDialect;
use crate::error::{Error, Result};
use crate::source::Source;

/// What a parameter takes, and what it becomes in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// Any text: a text literal.
    Text,
    /// A whole number.
    Integer,
    /// A moment, as a date, a time or a revision: a timestamp literal.
    Time,
    /// A revision: a text literal, for version clauses and table functions.
    Revision,
    /// A length of time such as `90d` or `12h`: an interval literal.
    Interval,
}

impl ParameterType {
    const NAMES: [&str; 5] = ["text", "integer", "time", "revision", "interval"];

    /// The word for it in a header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    fn named(name: &str) -> Option<Self> {
        [
            Self::Text,
            Self::Integer,
            Self::Time,
            Self::Revision,
            Self::Interval,
        ]
        .into_iter()
        .find(|known| known.as_str() == name)
    }
}

/// A parameter as its header declares it: `NAME TYPE [= DEFAULT]: DESCRIPTION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name, without `$`.
    pub name: String,
    /// What it takes.
    pub of_type: ParameterType,
    /// What it is if it is not given; `None`: it must be given.
    pub default: Option<String>,
    /// What it is for.
    pub description: String,
}

/// How a parameter is declared.
const USAGE: &str = "a parameter is declared as NAME TYPE = DEFAULT: DESCRIPTION";

impl Parameter {
    /// Reads a declaration; the error says what is wrong with it.
    pub(super) fn declared(text: &str) -> std::result::Result<Self, String> {
        let (head, rest) = match text.split_once('=') {
            Some((head, rest)) if !head.contains(':') => (head, Some(rest.trim())),
            _ => (text.split_once(": ").ok_or(USAGE)?.0, None),
        };
        let mut words = head.split_whitespace();
        let (Some(name), Some(of_type), None) = (words.next(), words.next(), words.next()) else {
            return Err(USAGE.to_owned());
        };
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.chars().all(is_name) {
            return Err(format!(
                "{name:?} cannot name a parameter: use small letters, digits and _"
            ));
        }
        let of_type = ParameterType::named(of_type)
            .ok_or_else(|| unknown("type", of_type, &ParameterType::NAMES))?;
        let (default, description) = match rest {
            None => (None, text.split_once(": ").ok_or(USAGE)?.1),
            // A quoted default may hold anything.
            Some(rest) => {
                let (value, description) = match rest.strip_prefix('\'') {
                    Some(quoted) => quoted.split_once("':").ok_or(USAGE)?,
                    None => rest.split_once(": ").ok_or(USAGE)?,
                };
                (Some(value.to_owned()), description)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            of_type,
            default,
            description: description.trim().to_owned(),
        })
    }

    /// The SQL of a value.
    pub(super) fn literal(&self, value: &str, source: &Source) -> Result<String> {
        let value = value.trim();
        let refused = |usage: &str| {
            Error::invalid(format!(
                "{value:?} is no value of the parameter {}: {usage}",
                self.name
            ))
        };
        match self.of_type {
            ParameterType::Text => Ok(quoted(value)),
            ParameterType::Revision => {
                source.resolve(value)?;
                Ok(quoted(value))
            }
            ParameterType::Integer => {
                let number: i64 = value
                    .parse()
                    .map_err(|_| refused("it takes a whole number"))?;
                Ok(number.to_string())
            }
            ParameterType::Time => Ok(format!("TIMESTAMP '{}'", source.moment(value)?)),
            ParameterType::Interval => {
                let span = interval(value)
                    .ok_or_else(|| refused("it takes a length of time such as 90d or 12h"))?;
                Ok(format!("INTERVAL '{span}'"))
            }
        }
    }
}

/// `90d` as the engine reads it; `None` where it is no length of time.
fn interval(text: &str) -> Option<String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let count: u32 = digits.parse().ok()?;
    let unit = match text[digits.len()..].trim() {
        "m" | "minute" | "minutes" => "minutes",
        "h" | "hour" | "hours" => "hours",
        "" | "d" | "day" | "days" => "days",
        "w" | "week" | "weeks" => return Some(format!("{} days", count.checked_mul(7)?)),
        _ => return None,
    };
    Some(format!("{count} {unit}"))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The names that stand behind a `$` in a statement, in their order.
pub(super) fn used(sql: &str) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for token in tokens(sql)? {
        if let Token::Placeholder(name) = token {
            let name = name.trim_start_matches('$').to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The statement with SQL in the place of each `$name`: it runs anywhere a statement does.
pub(super) fn filled(sql: &str, value: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut text = String::with_capacity(sql.len());
    for token in tokens(sql)? {
        match token {
            Token::Placeholder(name) => text.push_str(&value(name.trim_start_matches('$'))?),
            other => text.push_str(&other.to_string()),
        }
    }
    Ok(text)
}

fn tokens(sql: &str) -> Result<Vec<Token>> {
    Tokenizer::new(&EntraceDialect, sql)
        // Escapes stay as they are written: the text is parsed again.
        .with_unescape(false)
        .tokenize()
        .map_err(|error| Error::invalid(error.to_string()))
}

//! A Graph object being put together from another form of it.

use catalog::ColumnType;
use model::{JsonKind, Parser, Value, format_time, parse_time, write_text};

/// Members written so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    out: String,
    names: Vec<String>,
    doubts: Vec<String>,
}

impl Draft {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name)
    }

    /// Adds a member with a JSON text; the first of a name stays.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        if self.has(name) {
            return;
        }
        self.out.push(if self.out.is_empty() { '{' } else { ',' });
        write_text(name, &mut self.out);
        self.out.push(':');
        self.out.push_str(value);
        self.names.push(name.to_owned());
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let mut quoted = String::with_capacity(value.len() + 2);
        write_text(value, &mut quoted);
        self.raw(name, &quoted);
    }

    /// Adds a value as the column's type asks: JSON out of its string, a time in RFC 3339. Null and
    /// empty text say nothing where another source may.
    pub(crate) fn column(&mut self, name: &str, kind: ColumnType, value: Value<'_>) {
        let text = value.text();
        if value.is_null() || text.as_deref() == Some("") || self.has(name) {
            return;
        }
        match (kind, text) {
            (ColumnType::Json, Some(text)) if text.trim_start().starts_with(['{', '[']) => {
                if Parser::new().parse(text.as_bytes()).is_ok() {
                    self.raw(name, &text);
                } else {
                    self.doubts
                        .push(format!("{name} holds text that is not JSON"));
                    self.text(name, &text);
                }
            }
            (ColumnType::Time, Some(text)) => self.time(name, &text),
            (ColumnType::Text, None) if value.kind() == JsonKind::Number => {
                self.text(name, value.raw());
            }
            (ColumnType::Int, Some(text)) => match text.parse::<i64>() {
                Ok(number) => self.raw(name, &number.to_string()),
                Err(_) => self.text(name, &text),
            },
            (ColumnType::Bool, Some(text)) if text.eq_ignore_ascii_case("true") => {
                self.raw(name, "true");
            }
            (ColumnType::Bool, Some(text)) if text.eq_ignore_ascii_case("false") => {
                self.raw(name, "false");
            }
            _ => self.raw(name, value.raw()),
        }
    }

    pub(crate) fn time(&mut self, name: &str, text: &str) {
        match parse_time(text) {
            Ok(time) => self.text(name, &format_time(time)),
            Err(error) => {
                self.doubts.push(format!("{name} is {error}"));
                self.text(name, text);
            }
        }
    }

    /// The text with the document it was made from, and what was doubtful on the way.
    pub(super) fn finish(mut self, original: Value<'_>) -> (String, Vec<String>) {
        self.raw("original", original.raw());
        self.out.push('}');
        (self.out, self.doubts)
    }

    /// The object's text, for a member of another.
    pub(super) fn close(mut self) -> String {
        if self.out.is_empty() {
            self.out.push('{');
        }
        self.out.push('}');
        self.out
    }
}

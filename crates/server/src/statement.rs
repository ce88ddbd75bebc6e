//! Statements of ours: texts in them, and the order that pages follow.

use std::fmt;

use arrow::array::RecordBatch;

use crate::problem::Problem;
use crate::rows::text_of;

/// A text inside a statement. What was asked for gets in nowhere else.
///
/// The engine's parameters are not used for it: they take a text of digits for a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t>(pub(crate) &'t str);

impl fmt::Display for Text<'_> {
    /// A literal of standard SQL: in it only the apostrophe means anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

/// A list of texts, for `in`; of no text: one that no column holds.
pub(crate) fn among<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts
        .into_iter()
        .map(|text| Text(text).to_string())
        .collect();
    if texts.is_empty() {
        "(null)".to_owned()
    } else {
        format!("({})", texts.join(", "))
    }
}

/// A column that orders rows. It is never null, and all of them together differ in each row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    column: &'static str,
    of: KeyType,
    descends: bool,
}

#[derive(Debug, Clone, Copy)]
enum KeyType {
    Text,
    Time,
    Number,
}

impl Key {
    pub(crate) const fn text(column: &'static str) -> Self {
        Self {
            column,
            of: KeyType::Text,
            descends: false,
        }
    }

    pub(crate) const fn time(column: &'static str) -> Self {
        Self {
            column,
            of: KeyType::Time,
            descends: false,
        }
    }

    pub(crate) const fn number(column: &'static str) -> Self {
        Self {
            column,
            of: KeyType::Number,
            descends: false,
        }
    }

    pub(crate) const fn descending(self) -> Self {
        Self {
            descends: true,
            ..self
        }
    }

    fn literal(self, value: &str) -> Result<String, Problem> {
        let wrong = || {
            Problem::bug(format!(
                "a cursor of ours has {value:?} for {}",
                self.column
            ))
        };
        match self.of {
            KeyType::Text => Ok(Text(value).to_string()),
            KeyType::Time => {
                let time: jiff::Timestamp = value.parse().map_err(|_| wrong())?;
                Ok(format!("timestamp '{time}'"))
            }
            KeyType::Number => {
                let number: i64 = value.parse().map_err(|_| wrong())?;
                Ok(number.to_string())
            }
        }
    }
}

/// The rows of a statement that come after those values, in the order of the keys, at most so many.
pub(crate) fn paged(
    select: &str,
    keys: &[Key],
    after: Option<&[String]>,
    limit: usize,
) -> Result<String, Problem> {
    let condition = match after {
        Some(values) if values.len() == keys.len() => beyond(keys, values)?,
        Some(_) => {
            return Err(Problem::bug(
                "a cursor of ours has another number of values",
            ));
        }
        None => "true".to_owned(),
    };
    let order: Vec<String> = keys
        .iter()
        .map(|key| {
            format!(
                "\"{}\"{}",
                key.column,
                if key.descends { " desc" } else { "" }
            )
        })
        .collect();
    Ok(format!(
        "select * from ({select}) as found where {condition} order by {} limit {limit}",
        order.join(", ")
    ))
}

/// `(a, b) > (1, 2)` in a form that filters understand: `a > 1 or (a = 1 and b > 2)`.
fn beyond(keys: &[Key], values: &[String]) -> Result<String, Problem> {
    let Some(((key, value), (keys, values))) = keys
        .split_first()
        .zip(values.split_first())
        .map(|((key, keys), (value, values))| ((key, value), (keys, values)))
    else {
        return Ok("false".to_owned());
    };
    let (column, value) = (key.column, key.literal(value)?);
    let operator = if key.descends { '<' } else { '>' };
    if keys.is_empty() {
        return Ok(format!("\"{column}\" {operator} {value}"));
    }
    let inner = beyond(keys, values)?;
    Ok(format!(
        "(\"{column}\" {operator} {value} or (\"{column}\" = {value} and {inner}))"
    ))
}

/// The values of the keys in a row.
pub(crate) fn values(
    keys: &[Key],
    batch: &RecordBatch,
    row: usize,
) -> Result<Vec<String>, Problem> {
    keys.iter()
        .map(|key| {
            text_of(batch, key.column, row)?
                .ok_or_else(|| Problem::bug(format!("{} is null, and orders rows", key.column)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_quotes() {
        assert_eq!(Text("O'Brien").to_string(), "'O''Brien'");
        assert_eq!(Text("' or 1=1 --").to_string(), "''' or 1=1 --'");
        assert_eq!(among(["a", "b'"]), "('a', 'b''')");
        assert_eq!(among([]), "(null)");
    }

    #[test]
    fn a_page_goes_on_after_the_last_row() {
        let keys = [Key::time("at").descending(), Key::text("id")];
        let after = ["2026-10-01T00:00:00Z".to_owned(), "x'".to_owned()];
        let sql = paged("select 1", &keys, Some(&after), 3).expect("because it fits");
        assert_eq!(
            sql,
            "select * from (select 1) as found where (\"at\" < timestamp '2026-10-01T00:00:00Z' or \
             (\"at\" = timestamp '2026-10-01T00:00:00Z' and \"id\" > 'x''')) \
             order by \"at\" desc, \"id\" limit 3"
        );
        assert!(paged("select 1", &keys, Some(&after[..1]), 3).is_err());
        let forged = ["now()".to_owned(), String::new()];
        assert!(paged("select 1", &keys, Some(&forged), 3).is_err());
    }
}

//! The comment a library file begins with: one `-- key: value` a line, longer values on lines indented below.
//!
//! ```sql
//! -- id: group-members-at
//! -- title: Members of a group on a day
//! -- parameters:
//! --   group text: display name of the group
//! --   at revision = latest: when
//!
//! SELECT ...
//! ```
//!
//! The first line that is no comment ends it. Keys are a closed list: a typing error must not switch
//! anything off.

use datafusion::common::utils::datafusion_strsim::levenshtein;

use super::parameter::Parameter;
use super::severity::Severity;
use crate::error::{Error, Result};

/// Keys, in the order they are documented in.
pub(super) const KEYS: [&str; 8] = [
    "id",
    "title",
    "severity",
    "description",
    "references",
    "parameters",
    "needs",
    "false_positives",
];

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) severity: Option<Severity>,
    pub(super) description: String,
    pub(super) references: Vec<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) needs: Vec<String>,
    pub(super) false_positives: Option<String>,
}

/// A value with the number of the line each of its parts stands on.
struct Field<'t> {
    key: &'t str,
    line: usize,
    parts: Vec<(usize, &'t str)>,
}

/// Where something is wrong, and what.
pub(super) fn misread(file: &str, line: usize, reason: impl std::fmt::Display) -> Error {
    Error::invalid(format!("{file}:{line}: {reason}"))
}

/// Reads the header of a file's text.
pub(super) fn parse(file: &str, text: &str) -> Result<Header> {
    let fields = fields(file, text)?;
    let field = |key: &str| fields.iter().find(|field| field.key == key);
    let required = |key: &str| {
        let value = field(key)
            .map(Field::joined)
            .filter(|text| !text.is_empty());
        value.ok_or_else(|| {
            misread(
                file,
                1,
                format!("the header has no {key}: add -- {key}: ..."),
            )
        })
    };
    let id = required("id")?;
    if !is_id(&id) {
        let line = field("id").map_or(1, |field| field.line);
        return Err(misread(
            file,
            line,
            format!(
                "{id:?} is no id: use small letters, digits and hyphens, such as ca-policy-weakened"
            ),
        ));
    }
    let severity = field("severity").map(|field| {
        let word = field.joined();
        word.parse::<Severity>()
            .map_err(|error| misread(file, field.line, error))
    });
    Ok(Header {
        id,
        title: required("title")?,
        severity: severity.transpose()?,
        description: required("description")?,
        references: references(file, field("references"))?,
        parameters: parameters(file, field("parameters"))?,
        needs: needs(file, field("needs"))?,
        false_positives: field("false_positives").map(Field::joined),
    })
}

impl Field<'_> {
    /// The value as one line.
    fn joined(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|(_, part)| *part).collect();
        parts.join(" ")
    }

    /// The value's words, where commas and line breaks tell them apart.
    fn items(&self) -> impl Iterator<Item = (usize, &str)> {
        self.parts.iter().flat_map(|(line, part)| {
            let items = part.split(',').map(str::trim);
            items
                .filter(|item| !item.is_empty())
                .map(|item| (*line, item))
        })
    }
}

fn fields<'t>(file: &str, text: &'t str) -> Result<Vec<Field<'t>>> {
    let mut fields: Vec<Field<'t>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(comment) = line.strip_prefix("--") else {
            break;
        };
        let content = comment.trim();
        if content.is_empty() {
            continue;
        }
        if comment.starts_with("  ") || comment.starts_with('\t') {
            let Some(field) = fields.last_mut() else {
                return Err(misread(
                    file,
                    number,
                    "an indented line continues a value, and there is none yet: begin with -- id: NAME",
                ));
            };
            field.parts.push((number, content));
            continue;
        }
        let Some((key, value)) = content.split_once(':') else {
            return Err(misread(
                file,
                number,
                "a line of the header is -- key: value; what continues a value is indented by two spaces or more",
            ));
        };
        let (key, value) = (key.trim_end(), value.trim());
        if !KEYS.contains(&key) {
            return Err(misread(file, number, unknown("key", key, &KEYS)));
        }
        if fields.iter().any(|field| field.key == key) {
            return Err(misread(
                file,
                number,
                format!("{key} is there twice: keep one"),
            ));
        }
        let parts = (!value.is_empty()).then_some((number, value));
        fields.push(Field {
            key,
            line: number,
            parts: parts.into_iter().collect(),
        });
    }
    if fields.is_empty() {
        return Err(misread(
            file,
            1,
            "there is no header: begin the file with -- id: NAME and -- title: WHAT IT ANSWERS",
        ));
    }
    Ok(fields)
}

/// Says that a word is not one of those known, and which it may have been.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|known| (levenshtein(word, known), known))
        .min()
        .filter(|(changes, _)| *changes <= 3.min(word.len() / 2));
    match near {
        Some((_, near)) => format!("there is no {what} {word:?}: did you mean {near}?"),
        None => format!(
            "there is no {what} {word:?}: it is one of {}",
            known.join(", ")
        ),
    }
}

fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
}

fn references(file: &str, field: Option<&Field<'_>>) -> Result<Vec<String>> {
    let Some(field) = field else {
        return Ok(Vec::new());
    };
    let read = |(line, item): (usize, &str)| {
        if item.starts_with("https://") || is_technique(item) {
            return Ok(item.to_owned());
        }
        Err(misread(
            file,
            line,
            format!(
                "{item:?} is no reference: give an https:// address or an ATT&CK technique such as T1098.003"
            ),
        ))
    };
    field.items().map(read).collect()
}

/// Whether a text is the id of an ATT&CK technique: `T1098` or `T1098.003`.
fn is_technique(text: &str) -> bool {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else {
        return false;
    };
    match number.split_once('.') {
        Some((technique, part)) => digits(technique, 4) && digits(part, 3),
        None => digits(number, 4),
    }
}

fn parameters(file: &str, field: Option<&Field<'_>>) -> Result<Vec<Parameter>> {
    let Some(field) = field else {
        return Ok(Vec::new());
    };
    let mut parameters: Vec<Parameter> = Vec::new();
    for (line, part) in &field.parts {
        let parameter = Parameter::declared(part).map_err(|reason| misread(file, *line, reason))?;
        if parameters.iter().any(|known| known.name == parameter.name) {
            return Err(misread(
                file,
                *line,
                format!("the parameter {} is there twice: keep one", parameter.name),
            ));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

/// Kinds by their catalogue names, however the file calls them.
fn needs(file: &str, field: Option<&Field<'_>>) -> Result<Vec<String>> {
    let Some(field) = field else {
        return Ok(Vec::new());
    };
    let read = |(line, item): (usize, &str)| {
        let kind = catalog::by_table(item).or_else(|| catalog::resolve(item));
        kind.map(|kind| kind.name.to_owned()).ok_or_else(|| {
            let tables: Vec<&str> = catalog::kinds().iter().map(|kind| kind.table).collect();
            let near = unknown("table of a kind", item, &tables);
            let near = near
                .split(": it is one of")
                .next()
                .unwrap_or(&near)
                .to_owned();
            misread(file, line, near)
        })
    };
    field.items().map(read).collect()
}

//! The functions a statement may use: `functions`.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::logical_expr::{Documentation, ScalarUDF};
use datafusion_functions_json::udfs;

use super::arrays::{self, Type, batch_of, texts};
use super::provider::{Emit, Relation, Scan};
use crate::error::Result;
use crate::{allowed, functions, scalars};

const COLUMNS: [(&str, Type); 4] = [
    ("name", Type::Text),
    ("kind", Type::Text),
    ("arguments", Type::Text),
    ("description", Type::Text),
];

/// Every function there is, by its main name and each other one.
#[derive(Debug)]
pub(crate) struct FunctionsTable {
    schema: SchemaRef,
}

impl FunctionsTable {
    pub(crate) fn new() -> Self {
        Self {
            schema: arrays::schema(&COLUMNS),
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    name: String,
    kind: &'static str,
    arguments: Option<String>,
    description: Option<String>,
}

/// What the JSON functions do; the crate they come from does not say it in a form that can be shown.
const JSON: [(&str, &str); 11] = [
    (
        "json_as_text",
        "the value at a path as text, as the operator ->> gives it",
    ),
    (
        "json_contains",
        "whether there is something at a path, as the operator ? says",
    ),
    ("json_from_scalar", "a value of SQL as a JSON value"),
    (
        "json_get",
        "the value at a path, as the operator -> gives it",
    ),
    (
        "json_get_array",
        "the elements of the list at a path, each as JSON text",
    ),
    ("json_get_bool", "the truth value at a path"),
    ("json_get_float", "the number at a path"),
    ("json_get_int", "the whole number at a path"),
    ("json_get_json", "the value at a path as JSON text"),
    ("json_get_str", "the text at a path"),
    (
        "json_length",
        "how many elements the list or object at a path has",
    ),
];

/// What the engine says in several paragraphs: the first sentence.
fn first_sentence(documentation: &Documentation) -> String {
    let text = documentation.description.trim();
    let paragraph = text.lines().next().unwrap_or_default();
    let end = paragraph.find(". ").unwrap_or(paragraph.len());
    paragraph[..end].trim_end_matches('.').to_owned()
}

/// What stands between the brackets of `name(...)`.
fn arguments(documentation: &Documentation) -> Option<String> {
    let example = documentation.syntax_example.trim();
    let (_, rest) = example.split_once('(')?;
    Some(rest.strip_suffix(')').unwrap_or(rest).to_owned())
}

fn of_engine<'n>(
    kind: &'static str,
    names: impl Iterator<Item = &'n str>,
    documentation: Option<&Documentation>,
) -> Vec<Row> {
    names
        .map(|name| Row {
            name: name.to_owned(),
            kind,
            arguments: documentation.and_then(arguments),
            description: documentation.map(first_sentence),
        })
        .collect()
}

fn with_aliases<'f>(name: &'f str, aliases: &'f [String]) -> impl Iterator<Item = &'f str> {
    std::iter::once(name).chain(aliases.iter().map(String::as_str))
}

fn of_json(function: &ScalarUDF) -> Row {
    let described = JSON.iter().find(|(name, _)| *name == function.name());
    Row {
        name: function.name().to_owned(),
        kind: "scalar",
        arguments: Some(match function.name() {
            "json_from_scalar" => "value".to_owned(),
            _ => "json, key_or_position, ...".to_owned(),
        }),
        description: described.map(|(_, text)| (*text).to_owned()),
    }
}

fn json() -> Vec<Row> {
    [
        udfs::json_as_text_udf(),
        udfs::json_contains_udf(),
        udfs::json_from_scalar_udf(),
        udfs::json_get_udf(),
        udfs::json_get_array_udf(),
        udfs::json_get_bool_udf(),
        udfs::json_get_float_udf(),
        udfs::json_get_int_udf(),
        udfs::json_get_json_udf(),
        udfs::json_get_str_udf(),
        udfs::json_length_udf(),
        udfs::json_object_keys_udf(),
    ]
    .iter()
    .map(|function| of_json(function))
    .collect()
}

fn rows() -> BTreeSet<Row> {
    let mut rows = BTreeSet::from_iter(json());
    for function in allowed::scalars() {
        let names = with_aliases(function.name(), function.aliases());
        rows.extend(of_engine("scalar", names, function.documentation()));
    }
    for function in allowed::aggregates() {
        let names = with_aliases(function.name(), function.aliases());
        rows.extend(of_engine("aggregate", names, function.documentation()));
    }
    for function in allowed::windows() {
        let names = with_aliases(function.name(), function.aliases());
        rows.extend(of_engine("window", names, function.documentation()));
    }
    rows.extend(scalars::SCALARS.iter().map(|scalar| Row {
        name: scalar.name.to_owned(),
        kind: "scalar",
        arguments: Some(scalar.arguments.join(", ")),
        description: Some(scalar.description.to_owned()),
    }));
    rows.extend(functions::listed().map(|(name, arguments)| Row {
        name: name.to_owned(),
        kind: "table",
        arguments: Some(arguments.to_owned()),
        description: None,
    }));
    rows
}

impl Relation for FunctionsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let rows: Vec<Row> = rows().into_iter().collect();
        emit(batch_of(scan, &rows, |column, rows| {
            Ok(match COLUMNS[column].0 {
                "name" => texts(rows.iter().map(|row| Some(row.name.as_str()))),
                "kind" => texts(rows.iter().map(|row| Some(row.kind))),
                "arguments" => texts(rows.iter().map(|row| row.arguments.as_deref())),
                _ => texts(rows.iter().map(|row| row.description.as_deref())),
            })
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_says_what_it_takes() {
        let rows = rows();
        assert!(rows.len() > 150, "{}", rows.len());
        let silent: Vec<&str> = rows
            .iter()
            .filter(|row| row.arguments.is_none())
            .map(|row| row.name.as_str())
            .collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}

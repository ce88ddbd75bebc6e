//! The tables, and the queries with names.

use std::collections::BTreeMap;

use axum::response::Response;
use query::Entry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{Common, parameters};
use crate::asked::{Asked, Named};
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};
use crate::rows::text_of;

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetLibrary {}

parameters!(GetLibrary, DOCUMENT, paged: false);

/// What can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchemaDocument {
    /// The tables, by name.
    tables: Vec<TableDocument>,
    /// The functions, by name.
    functions: Vec<FunctionDocument>,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableDocument {
    /// Its name.
    name: String,
    /// The kind it shows; null for tables about several.
    kind: Option<String>,
    /// Where Graph has the kind.
    graph_path: Option<String>,
    /// Its columns, in order.
    columns: Vec<ColumnDocument>,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnDocument {
    /// Its name.
    name: String,
    /// Its type.
    data_type: String,
    /// The property of Graph that it shows.
    graph_property: Option<String>,
}

/// A function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionDocument {
    /// Its name.
    name: String,
    /// `scalar`, `aggregate`, `window` or `table`.
    kind: String,
    /// What it takes.
    arguments: Option<String>,
    /// What it gives, where somebody said it.
    description: Option<String>,
}

/// Tables and functions
///
/// Everything that a statement can name.
#[utoipa::path(get, path = "/v1/schema", tag = "query", operation_id = "get_schema", params(Common),
    responses((status = 200, description = "Tables and functions, by name.", body = SchemaDocument)))]
pub(crate) async fn schema(asked: Asked<GetLibrary>) -> Result<Response, Problem> {
    let basis = asked.basis(&[], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let columns = "select * from columns".to_owned();
    let mut tables: BTreeMap<String, TableDocument> = BTreeMap::new();
    for batch in &asked.ask(columns, None).await?.batches {
        for row in 0..batch.num_rows() {
            let text = |column: &str| {
                Ok::<_, Problem>(text_of(batch, column, row)?.filter(|text| !text.is_empty()))
            };
            let name = text("table_name")?.unwrap_or_default();
            let table = tables.entry(name.clone()).or_insert(TableDocument {
                name,
                kind: text("kind")?,
                graph_path: text("graph_path")?,
                columns: Vec::new(),
            });
            table.columns.push(ColumnDocument {
                name: text("column_name")?.unwrap_or_default(),
                data_type: text("data_type")?.unwrap_or_default(),
                graph_property: text("graph_property")?,
            });
        }
    }
    let functions = "select name, kind, arguments, description from functions order by name, kind";
    let mut all = Vec::new();
    for batch in &asked.ask(functions.to_owned(), None).await?.batches {
        for row in 0..batch.num_rows() {
            all.push(FunctionDocument {
                name: text_of(batch, "name", row)?.unwrap_or_default(),
                kind: text_of(batch, "kind", row)?.unwrap_or_default(),
                arguments: text_of(batch, "arguments", row)?,
                description: text_of(batch, "description", row)?,
            });
        }
    }
    let document = SchemaDocument {
        tables: tables.into_values().collect(),
        functions: all,
    };
    asked.document(&document, &basis)
}

/// A query with a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryDocument {
    /// Its name.
    id: String,
    /// What it answers, or finds.
    title: String,
    /// The same at length.
    description: String,
    /// Of rules alone: how bad a finding is.
    severity: Option<String>,
    /// Addresses, and techniques of ATT&CK.
    references: Vec<String>,
    /// What may be given to it.
    parameters: Vec<ParameterDocument>,
    /// Kinds whose absence it cannot make up for.
    needs: Vec<String>,
    /// What it finds that is no harm.
    false_positives: Option<String>,
    /// The whole file, SQL and header.
    text: String,
}

/// A parameter of a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParameterDocument {
    /// Its name, `$name` in the statement.
    name: String,
    /// Its type.
    data_type: &'static str,
    /// Its value where none is given; null: one must be given.
    default: Option<String>,
    /// What it means.
    description: String,
}

/// The library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LibraryDocument {
    /// Queries and rules, by name.
    items: Vec<EntryDocument>,
}

fn described(entry: &Entry) -> EntryDocument {
    let parameters = entry.parameters.iter().map(|own| ParameterDocument {
        name: own.name.clone(),
        data_type: own.of_type.as_str(),
        default: own.default.clone(),
        description: own.description.clone(),
    });
    EntryDocument {
        id: entry.id.clone(),
        title: entry.title.clone(),
        description: entry.description.clone(),
        severity: entry.severity.map(|severity| severity.to_string()),
        references: entry.references.clone(),
        parameters: parameters.collect(),
        needs: entry.needs.clone(),
        false_positives: entry.false_positives.clone(),
        text: entry.text.clone(),
    }
}

/// List queries
///
/// Queries and rules with names, those that come with the program and the server's own.
#[utoipa::path(get, path = "/v1/library", tag = "query", operation_id = "list_library", params(Common),
    responses((status = 200, description = "Queries and rules, by name.", body = LibraryDocument)))]
pub(crate) async fn list(asked: Asked<GetLibrary>) -> Result<Response, Problem> {
    let basis = asked.basis(&[], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let library = &asked.state.options.library;
    let mut items: Vec<EntryDocument> = library
        .queries()
        .chain(library.rules())
        .map(described)
        .collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    asked.document(&LibraryDocument { items }, &basis)
}

/// One query
#[utoipa::path(get, path = "/v1/library/{name}", tag = "query", operation_id = "get_library_entry",
    params(("name" = String, Path, description = "Its name."), Common),
    responses((status = 200, description = "The query.", body = EntryDocument)))]
pub(crate) async fn get(
    Named(name): Named<String>,
    asked: Asked<GetLibrary>,
) -> Result<Response, Problem> {
    let basis = asked.basis(&[], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let entry = asked.state.options.library.entry(&name);
    let entry = entry.map_err(|error| Problem::new(Code::LibraryNotFound, error.to_string()))?;
    asked.document(&described(entry), &basis)
}

//! Tables about tables and names: `columns`, `tags`.

use std::sync::Arc;

use catalog::ColumnType;
use datafusion::arrow::datatypes::SchemaRef;

use super::arrays::{self, Type, batch_of, numbers, texts};
use super::provider::{Emit, Relation, Scan};
use crate::columns::{KindSchema, Origin};
use crate::error::Result;
use crate::source::{Source, short_id};

/// The table of a kind: the catalogue's, or the kind's own name.
pub(crate) fn table_name(kind: &str) -> &str {
    catalog::by_name(kind).map_or(kind, |kind| kind.table)
}

const COLUMNS: [(&str, Type); 6] = [
    ("table_name", Type::Text),
    ("column_name", Type::Text),
    ("data_type", Type::Text),
    ("graph_property", Type::Text),
    ("graph_path", Type::Text),
    ("kind", Type::Text),
];

/// Every column of every table of objects, and the property it shows.
#[derive(Debug)]
pub(crate) struct ColumnsTable {
    source: Arc<Source>,
    schema: SchemaRef,
}

impl ColumnsTable {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            schema: arrays::schema(&COLUMNS),
        }
    }
}

struct Described {
    table: String,
    kind: String,
    column: String,
    data_type: &'static str,
    property: Option<&'static str>,
    path: Option<&'static str>,
}

fn sql_type(origin: Origin) -> &'static str {
    match origin {
        Origin::Property(_, ColumnType::Bool) => "boolean",
        Origin::Property(_, ColumnType::Int) => "bigint",
        Origin::Property(_, ColumnType::Float) => "double",
        Origin::Property(_, ColumnType::Time) => "timestamp",
        Origin::Property(_, ColumnType::Date) => "date",
        Origin::Property(_, ColumnType::Json) => "json",
        _ => "text",
    }
}

impl Relation for ColumnsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let listed = catalog::kinds().iter().map(|kind| kind.name.to_owned());
        let own = self
            .source
            .archive
            .kinds()
            .into_iter()
            .map(|kind| kind.name);
        let unlisted = own.filter(|name| catalog::by_name(name).is_none());
        let mut rows = Vec::new();
        for name in listed.chain(unlisted) {
            let table = table_name(&name).to_owned();
            if scan
                .equal("table_name")
                .is_some_and(|wanted| wanted != table)
            {
                continue;
            }
            let schema = KindSchema::new(&name);
            let shown = schema
                .columns
                .iter()
                .filter(|c| !matches!(c.origin, Origin::Ordinal | Origin::Key));
            rows.extend(shown.map(|column| Described {
                table: table.clone(),
                kind: name.clone(),
                column: column.name.clone(),
                data_type: sql_type(column.origin),
                property: match column.origin {
                    Origin::Property(property, _) => Some(property),
                    _ => None,
                },
                path: schema.kind.map(|kind| kind.path),
            }));
        }
        for chunk in rows.chunks(arrays::ROWS) {
            emit(batch_of(scan, chunk, |column, rows| {
                Ok(match COLUMNS[column].0 {
                    "table_name" => texts(rows.iter().map(|row| Some(row.table.as_str()))),
                    "column_name" => texts(rows.iter().map(|row| Some(row.column.as_str()))),
                    "data_type" => texts(rows.iter().map(|row| Some(row.data_type))),
                    "graph_property" => texts(rows.iter().map(|row| row.property)),
                    "graph_path" => texts(rows.iter().map(|row| row.path)),
                    _ => texts(rows.iter().map(|row| Some(row.kind.as_str()))),
                })
            })?)?;
        }
        Ok(())
    }
}

const TAG_COLUMNS: [(&str, Type); 3] = [
    ("tag", Type::Text),
    ("snapshot_id", Type::Text),
    ("snapshot_number", Type::Number),
];

/// Names given to snapshots.
#[derive(Debug)]
pub(crate) struct TagsTable {
    source: Arc<Source>,
    schema: SchemaRef,
}

impl TagsTable {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            schema: arrays::schema(&TAG_COLUMNS),
        }
    }
}

impl Relation for TagsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let archive = &self.source.archive;
        emit(batch_of(scan, archive.tags(), |column, tags| {
            Ok(match TAG_COLUMNS[column].0 {
                "tag" => texts(tags.iter().map(|(tag, _)| Some(tag.as_str()))),
                "snapshot_id" => {
                    let ids: Vec<Option<String>> = tags
                        .iter()
                        .map(|(_, number)| archive.record_id(*number).map(|id| short_id(&id)))
                        .collect();
                    texts(ids.iter().map(Option::as_deref))
                }
                _ => numbers(tags.iter().map(|(_, number)| *number)),
            })
        })?)
    }
}

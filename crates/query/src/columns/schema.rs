//! The columns of a kind's table, declared once from the catalogue: a schema inferred from data would
//! change its types with the data.

use std::sync::Arc;

use catalog::{ColumnType, Kind, Relationship, Shape};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::json;

/// Where a column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The version's ordinal.
    Ordinal,
    /// The object's id.
    Id,
    /// The object's whole key, where it is not the id alone.
    Key,
    /// The id of the object whose child this is.
    Parent,
    /// The end a relationship starts from.
    Source,
    /// The end a relationship points to.
    Target,
    /// The kind of the target, as its `@odata.type` tells.
    TargetKind,
    /// A property.
    Property(&'static str, ColumnType),
    /// What names the object to a person; only where no property is known to.
    Display,
}

/// One column of a kind's projection.
#[derive(Debug, Clone)]
pub(crate) struct KindColumn {
    pub(crate) name: String,
    pub(crate) origin: Origin,
}

/// The projection of one kind.
#[derive(Debug)]
pub(crate) struct KindSchema {
    pub(crate) name: String,
    pub(crate) kind: Option<&'static Kind>,
    pub(crate) columns: Vec<KindColumn>,
    /// Columns by property name, sorted by it: canonical objects have their keys sorted too.
    pub(crate) properties: Vec<(&'static str, usize)>,
    pub(crate) arrow: SchemaRef,
}

/// Columns that repeat others in nearly every row: a key consists of the ids it leads through, and a
/// relationship's target is its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToldByOthers {
    /// The source or the parent: what a key begins with.
    pub(crate) first: usize,
    /// The target, where the kind is a relationship: what its keys end with. Other keys end with the id.
    pub(crate) target: Option<usize>,
}

/// Position of the ordinal and the id in every projection.
pub(crate) const ORDINAL: usize = 0;
pub(crate) const ID: usize = 1;
pub(crate) const KEY: usize = 2;

impl KindSchema {
    /// The projection of a kind of the catalogue, or of one nobody listed.
    pub(crate) fn new(name: &str) -> Self {
        let kind = catalog::by_name(name);
        let mut columns = vec![
            column("_ordinal", Origin::Ordinal),
            column("id", Origin::Id),
            column("_key", Origin::Key),
        ];
        if let Some(kind) = kind {
            add_known(kind, &mut columns);
        } else {
            columns.push(column("display_name", Origin::Display));
        }
        let mut properties: Vec<(&str, usize)> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            if let Origin::Property(property, _) = column.origin {
                properties.push((property, at));
            }
        }
        properties.sort_unstable();
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| match column.origin {
                Origin::Property(_, ColumnType::Json) => json::field(&column.name),
                origin => Field::new(&column.name, data_type(origin), origin != Origin::Ordinal),
            })
            .collect();
        Self {
            name: name.to_owned(),
            kind,
            columns,
            properties,
            arrow: Arc::new(Schema::new(fields)),
        }
    }

    pub(crate) fn relationship(&self) -> Option<Relationship> {
        match self.kind?.shape {
            Shape::Relationship(relationship) => Some(relationship),
            _ => None,
        }
    }

    /// Columns of which segments keep only what the others do not tell.
    pub(crate) fn told_by_others(&self) -> Option<ToldByOthers> {
        let at = |origin: Origin| self.columns.iter().position(|c| c.origin == origin);
        let (first, target) = match (at(Origin::Source), at(Origin::Parent)) {
            (Some(source), _) => (source, at(Origin::Target)),
            (None, parent) => (parent?, None),
        };
        Some(ToldByOthers { first, target })
    }

    /// Columns that may name the object, best first.
    pub(crate) fn display(&self) -> Vec<usize> {
        let by_property = |property: &&str| {
            self.columns.iter().position(
                |column| matches!(column.origin, Origin::Property(name, _) if name == *property),
            )
        };
        match self.kind {
            Some(kind) => kind.display.iter().filter_map(by_property).collect(),
            None => self
                .columns
                .iter()
                .position(|column| column.origin == Origin::Display)
                .into_iter()
                .collect(),
        }
    }

    /// Text that changes when the columns do: a projection of other columns is made anew.
    pub(crate) fn fingerprint(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("{}:{:?}", column.name, column.origin))
            .collect();
        format!("v{LAYOUT} {} {}", self.name, columns.join(","))
    }
}

/// Changes with every change of what a column holds.
const LAYOUT: u32 = 2;

fn column(name: &str, origin: Origin) -> KindColumn {
    KindColumn {
        name: name.to_owned(),
        origin,
    }
}

fn add_known(kind: &'static Kind, columns: &mut Vec<KindColumn>) {
    if let Shape::Relationship(relationship) = kind.shape {
        columns.push(column(relationship.source_column, Origin::Source));
        columns.push(column(relationship.target_column, Origin::Target));
        columns.push(column("target_kind", Origin::TargetKind));
    } else if kind.parent.is_some() {
        columns.push(column("_parent_id", Origin::Parent));
    }
    let typed = kind.columns.iter().map(|typed| KindColumn {
        name: typed.name(),
        origin: Origin::Property(typed.property, typed.kind),
    });
    columns.extend(typed);
}

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()))
}

fn data_type(origin: Origin) -> DataType {
    match origin {
        Origin::Ordinal => DataType::UInt32,
        Origin::Property(_, kind) => match kind {
            ColumnType::Text | ColumnType::Json => DataType::Utf8,
            ColumnType::Bool => DataType::Boolean,
            ColumnType::Int => DataType::Int64,
            ColumnType::Float => DataType::Float64,
            ColumnType::Time => time_type(),
            ColumnType::Date => DataType::Date32,
        },
        _ => DataType::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_without_two_columns_of_a_name() {
        for kind in catalog::kinds() {
            let schema = KindSchema::new(kind.name);
            let mut names: Vec<&str> = schema
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", kind.name);
            assert_eq!(
                (
                    schema.columns[ID].name.as_str(),
                    schema.columns[KEY].name.as_str()
                ),
                ("id", "_key")
            );
            assert!(schema.properties.is_sorted());
        }
    }
}

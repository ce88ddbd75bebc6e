//! Arrays of computed tables.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use jiff::Timestamp;

use super::provider::Scan;
use crate::columns::time_type;
use crate::error::Result;
use crate::json;

/// Rows of computed tables emitted at a time.
pub(crate) const ROWS: usize = 4096;

/// Type of a computed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Json,
    Number,
    Time,
    Bool,
}

/// A schema from names and types; every column may be null.
pub(crate) fn schema(columns: &[(&str, Type)]) -> SchemaRef {
    let field = |(name, kind): &(&str, Type)| {
        let data_type = match kind {
            Type::Json => return json::field(name),
            Type::Text => DataType::Utf8,
            Type::Number => DataType::Int64,
            Type::Time => time_type(),
            Type::Bool => DataType::Boolean,
        };
        Field::new(*name, data_type, true)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// Nanoseconds since the epoch.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(if time < Timestamp::UNIX_EPOCH {
        i64::MIN
    } else {
        i64::MAX
    })
}

pub(crate) fn texts<'t>(values: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

#[expect(clippy::cast_possible_wrap, reason = "counts are far below 2^63")]
pub(crate) fn numbers<N: Into<u64>>(values: impl Iterator<Item = N>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(
        values.map(|value| value.into() as i64),
    ))
}

pub(crate) fn bools(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

pub(crate) fn times(values: impl Iterator<Item = Option<Timestamp>>) -> ArrayRef {
    let array: TimestampNanosecondArray = values.map(|time| time.map(nanoseconds)).collect();
    Arc::new(array.with_timezone("+00:00"))
}

/// Whole seconds from one time to a later one; 0 where it is not later.
pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

/// One value for every row.
pub(crate) fn constant(text: &str, rows: usize) -> ArrayRef {
    texts(std::iter::repeat_n(Some(text), rows))
}

/// Rows as structs, turned into the projected columns one at a time.
pub(crate) fn batch_of<T>(
    scan: &Scan,
    rows: &[T],
    column: impl Fn(usize, &[T]) -> Result<ArrayRef>,
) -> Result<RecordBatch> {
    let arrays = scan
        .projection
        .iter()
        .map(|at| column(*at, rows))
        .collect::<Result<Vec<_>>>()?;
    scan.batch(arrays, rows.len())
}

//! Single values of rows, and columns of our own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampNanosecondType};

use crate::problem::Problem;
use query::json;

/// A value as a statement can say it again: text as it is, times in RFC 3339, whole numbers; `None` where it is null.
pub(crate) fn text_of(
    batch: &RecordBatch,
    column: &str,
    row: usize,
) -> Result<Option<String>, Problem> {
    let array = batch
        .column_by_name(column)
        .ok_or_else(|| Problem::bug(format!("rows of ours have no column {column}")))?;
    if array.is_null(row) {
        return Ok(None);
    }
    match array.data_type() {
        DataType::Utf8 => Ok(Some(array.as_string::<i32>().value(row).to_owned())),
        DataType::Int64 => Ok(Some(
            array.as_primitive::<Int64Type>().value(row).to_string(),
        )),
        DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, _) => {
            let ns = array.as_primitive::<TimestampNanosecondType>().value(row);
            let time = jiff::Timestamp::from_nanosecond(ns.into());
            time.map(|time| Some(time.to_string()))
                .map_err(|error| Problem::bug(error.to_string()))
        }
        other => Err(Problem::bug(format!(
            "{column} is of type {other}, which nobody expected"
        ))),
    }
}

/// Adds a column of text, or of JSON text.
pub(crate) fn append(
    batch: &RecordBatch,
    name: &str,
    values: Vec<Option<String>>,
    is_json: bool,
) -> Result<RecordBatch, Problem> {
    let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(if is_json {
        json::field(name)
    } else {
        Field::new(name, DataType::Utf8, true)
    }));
    let mut columns = batch.columns().to_vec();
    let array: ArrayRef = Arc::new(StringArray::from(values));
    columns.push(array);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| Problem::bug(error.to_string()))
}

/// Says of columns of text that they hold JSON: a statement that joins rows of several tables forgets it.
pub(crate) fn marked(batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch, Problem> {
    let fields: Vec<Arc<Field>> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| {
            if !names.contains(&field.name().as_str()) {
                return Arc::clone(field);
            }
            Arc::new(json::field(field.name()))
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), batch.columns().to_vec())
        .map_err(|error| Problem::bug(error.to_string()))
}

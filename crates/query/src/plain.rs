//! Answers in types that every reader of Arrow knows.
//!
//! The JSON operators answer with a union of all JSON types, which few formats and clients can take:
//! it leaves the engine as JSON text. Some functions make text with wide offsets, or views of it: text is
//! one type everywhere.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UnionArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::json;

/// Whether values of a type leave the engine as they are.
fn is_plain(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Union(..) | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// The schema with JSON text in place of unions, and text of one type.
pub(crate) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    if schema
        .fields()
        .iter()
        .all(|field| is_plain(field.data_type()))
    {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        plain if is_plain(plain) => Arc::clone(field),
        DataType::Union(..) => Arc::new(json::field(field.name())),
        _ => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A batch in that schema.
pub(crate) fn plain_batch(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch
        .columns()
        .iter()
        .all(|column| is_plain(column.data_type()))
    {
        return Ok(batch);
    }
    let columns = batch.columns().iter().map(|column| {
        if is_plain(column.data_type()) {
            return Ok(Arc::clone(column));
        }
        match column.as_any().downcast_ref::<UnionArray>() {
            Some(union) => Ok(json_texts(union)),
            None => cast(column, &DataType::Utf8).map_err(|e| Error::Internal(e.to_string())),
        }
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|e| Error::Internal(e.to_string()))
}

fn json_texts(union: &UnionArray) -> ArrayRef {
    let DataType::Union(fields, _) = union.data_type() else {
        return Arc::new(StringArray::new_null(union.len()));
    };
    let text = |row: usize| {
        let member = union.type_id(row);
        let child = union.child(member);
        let at = union.value_offset(row);
        if child.is_null(at) {
            return None;
        }
        let (_, field) = fields.iter().find(|(id, _)| *id == member)?;
        match (field.name().as_str(), child.data_type()) {
            // Nested JSON is text already.
            ("array" | "object", _) => Some(child.as_string::<i32>().value(at).to_owned()),
            (_, DataType::Utf8) => {
                Some(serde_json::Value::from(child.as_string::<i32>().value(at)).to_string())
            }
            (_, DataType::Boolean) => Some(child.as_boolean().value(at).to_string()),
            (_, DataType::Int64) => Some(child.as_primitive::<Int64Type>().value(at).to_string()),
            (_, DataType::Float64) => Some(
                serde_json::Value::from(child.as_primitive::<Float64Type>().value(at)).to_string(),
            ),
            _ => None,
        }
    };
    Arc::new((0..union.len()).map(text).collect::<StringArray>())
}

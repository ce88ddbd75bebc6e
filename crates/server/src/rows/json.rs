//! Rows as JSON: columns that hold JSON text are written as the JSON they hold.

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{
    Encoder, EncoderFactory, EncoderOptions, LineDelimited, NullableEncoder,
};
use arrow::json::{Writer, WriterBuilder};

/// Name of Arrow's extension type for JSON text.
pub(super) const JSON: &str = "arrow.json";
/// Where a field says its extension type.
pub(super) const EXTENSION: &str = "ARROW:extension:name";

/// Whether a column holds JSON text.
fn is_json(field: &FieldRef) -> bool {
    field
        .metadata()
        .get(EXTENSION)
        .is_some_and(|name| name == JSON)
}

/// Writes one object a line.
pub(super) fn lines(out: Vec<u8>) -> Writer<Vec<u8>, LineDelimited> {
    WriterBuilder::new()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(Embedded))
        .build(out)
}

/// Name and type of every column.
pub(crate) fn columns(schema: &SchemaRef) -> serde_json::Value {
    let column = |field: &FieldRef| {
        let data_type = if is_json(field) {
            "json".to_owned()
        } else {
            sql_type(field.data_type())
        };
        serde_json::json!({"name": field.name(), "data_type": data_type})
    };
    schema.fields().iter().map(column).collect()
}

fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".to_owned(),
        other if other.is_integer() => "bigint".to_owned(),
        other => other.to_string().to_ascii_lowercase(),
    }
}

#[derive(Debug)]
struct Embedded;

impl EncoderFactory for Embedded {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if !is_json(field) {
            return Ok(None);
        }
        let Some(texts) = array.as_string_opt::<i32>() else {
            return Ok(None);
        };
        let encoder = Box::new(Raw(texts));
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

struct Raw<'a>(&'a StringArray);

impl Encoder for Raw<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let text = self.0.value(row);
        // What claims to be JSON and is not stays readable as text.
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            out.extend_from_slice(text.as_bytes());
        } else {
            out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
        }
    }
}

//! Rows as JSON: columns that hold JSON text are written as the JSON they hold.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{
    Encoder, EncoderFactory, EncoderOptions, LineDelimited, NullableEncoder,
};
use arrow::json::{Writer, WriterBuilder};

/// Arrow's canonical extension type for JSON text, and where a field says it.
const EXTENSION: (&str, &str) = ("ARROW:extension:name", "arrow.json");

/// A column of JSON text, which may be null.
#[must_use]
pub fn field(name: &str) -> Field {
    let marks = [EXTENSION, ("ARROW:extension:metadata", "{}")];
    let marks: HashMap<_, _> = marks
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    Field::new(name, DataType::Utf8, true).with_metadata(marks)
}

/// Whether a column holds JSON text.
#[must_use]
pub fn is_json(field: &FieldRef) -> bool {
    let (key, json) = EXTENSION;
    field.metadata().get(key).is_some_and(|name| name == json)
}

/// Writes one object a line, nulls included.
pub fn lines<W: std::io::Write>(out: W) -> Writer<W, LineDelimited> {
    WriterBuilder::new()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(Embedded))
        .build(out)
}

/// Name and type of every column, as Steampipe writes them: a list of `{"name", "data_type"}`.
#[must_use]
pub fn columns(schema: &SchemaRef) -> serde_json::Value {
    let column =
        |field: &FieldRef| serde_json::json!({"name": field.name(), "data_type": type_name(field)});
    schema.fields().iter().map(column).collect()
}

/// The type of a column in SQL's words.
#[must_use]
pub fn type_name(field: &FieldRef) -> String {
    if is_json(field) {
        "json".to_owned()
    } else {
        sql_type(field.data_type())
    }
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
        Ok(Some(NullableEncoder::new(
            Box::new(Raw(texts)),
            array.nulls().cloned(),
        )))
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

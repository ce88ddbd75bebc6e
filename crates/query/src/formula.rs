//! Text that a spreadsheet would run: cells of comma-separated values that begin like a formula.
//!
//! Anybody can give themselves a name. Such a cell gets an apostrophe in front (OWASP ASVS 1.2.10), which spreadsheets
//! show as text. That is the one loss of CSV; JSON, Arrow and Parquet have none.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

/// Characters with which formulas begin, and those that spreadsheets skip before one.
const BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Rows with an apostrophe in front of every text, names of columns included, that begins like a formula, and how many
/// cells got one. Numbers stay as they are.
///
/// # Errors
/// Where text has a form that cannot be read as text.
pub fn harmless(batch: &RecordBatch) -> Result<(RecordBatch, u64), ArrowError> {
    let mut count = 0;
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    let schema = batch.schema();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let column = if is_text(column.data_type()) {
            let texts = cast(column, &DataType::Utf8)?;
            let found = texts.as_string::<i32>().iter().flatten();
            match found.filter(|text| text.starts_with(BEGINNINGS)).count() {
                0 => texts,
                found => {
                    count += found as u64;
                    prefixed(texts.as_string())
                }
            }
        } else {
            Arc::clone(column)
        };
        let name = if field.name().starts_with(BEGINNINGS) {
            format!("'{}", field.name())
        } else {
            field.name().clone()
        };
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    if columns.is_empty() {
        return Ok((batch.clone(), 0));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    Ok((batch, count))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn prefixed(texts: &StringArray) -> ArrayRef {
    let texts = texts.iter().map(|text| {
        text.map(|text| {
            if text.starts_with(BEGINNINGS) {
                format!("'{text}")
            } else {
                text.to_owned()
            }
        })
    });
    Arc::new(texts.collect::<StringArray>())
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn only_text_that_begins_like_a_formula_is_marked() {
        let texts = ["=1+1", "-2", "\tx", "plain", "a=b"];
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1, 2, 3, 4, 5]));
        let batch = RecordBatch::try_from_iter([("@name", texts), ("n", numbers)]);
        let batch = batch.expect("because both have five rows");
        let (marked, count) = harmless(&batch).expect("because it is text");
        assert_eq!(count, 3);
        let cells: Vec<&str> = marked
            .column(0)
            .as_string::<i32>()
            .iter()
            .flatten()
            .collect();
        assert_eq!(cells, ["'=1+1", "'-2", "'\tx", "plain", "a=b"]);
        assert_eq!(marked.schema().field(0).name(), "'@name");
        assert_eq!(marked.column(1), batch.column(1));
    }
}

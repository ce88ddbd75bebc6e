//! Rows as comma-separated values (RFC 4180).
//!
//! A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP ASVS 1.2.10). That is the one
//! loss; JSON, Arrow and Parquet have none.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Characters with which formulas begin, and those that spreadsheets skip before one.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The names of the columns.
pub(super) fn header(schema: &SchemaRef, out: &mut Vec<u8>) {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    line(names.map(|name| Some((name.into(), true))), out);
}

/// Appends the rows of a batch.
pub(super) fn rows(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let options = FormatOptions::default();
    let columns = batch
        .columns()
        .iter()
        .map(|column| {
            let is_text = !column.data_type().is_numeric()
                && !matches!(
                    column.data_type(),
                    DataType::Boolean | DataType::Timestamp(..)
                );
            Ok((column, ArrayFormatter::try_new(column, &options)?, is_text))
        })
        .collect::<Result<Vec<_>, ArrowError>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|(column, formatter, is_text)| {
            (!column.is_null(row)).then(|| (formatter.value(row).to_string().into(), *is_text))
        });
        line(cells, out);
    }
    Ok(())
}

/// A cell, and whether it is text.
type Cell<'c> = (std::borrow::Cow<'c, str>, bool);

fn line<'c>(cells: impl Iterator<Item = Option<Cell<'c>>>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        // Nothing is null; the empty text has quotes.
        let Some((text, is_text)) = cell else {
            continue;
        };
        let is_formula = is_text && text.starts_with(FORMULA);
        if is_formula || text.is_empty() || text.contains([',', '"', '\r', '\n']) {
            out.push(b'"');
            if is_formula {
                out.push(b'\'');
            }
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    #[test]
    fn formulas_quotes_and_nothing() {
        let texts = [
            Some("=1+1"),
            Some("a,\"b\""),
            None,
            Some(""),
            Some("two\nlines"),
            Some("é"),
        ];
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1, 2, 3, 4, 5, 6]));
        let batch = RecordBatch::try_from_iter([("a,b", texts), ("n", numbers)]);
        let batch = batch.expect("because both have six rows");
        let mut out = Vec::new();
        header(&batch.schema(), &mut out);
        rows(&batch, &mut out).expect("because text and numbers can be shown");
        assert_eq!(
            String::from_utf8(out).expect("because it is text"),
            "\"a,b\",n\r\n\"'=1+1\",-1\r\n\"a,\"\"b\"\"\",2\r\n,3\r\n\"\",4\r\n\"two\nlines\",5\r\né,6\r\n"
        );
    }
}

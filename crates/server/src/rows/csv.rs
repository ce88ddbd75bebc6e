//! Rows as comma-separated values (RFC 4180), formulas made harmless ([`query::harmless`]).

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use query::harmless;

/// The names of the columns.
pub(super) fn header(schema: &SchemaRef, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let (empty, _) = harmless(&RecordBatch::new_empty(Arc::clone(schema)))?;
    let schema = empty.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    line(names.map(|name| Some(name.into())), out);
    Ok(())
}

/// Appends the rows of a batch.
pub(super) fn rows(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let (batch, _) = harmless(batch)?;
    let options = FormatOptions::default();
    let columns = batch
        .columns()
        .iter()
        .map(|column| Ok((column, ArrayFormatter::try_new(column, &options)?)))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|(column, formatter)| {
            (!column.is_null(row)).then(|| formatter.value(row).to_string().into())
        });
        line(cells, out);
    }
    Ok(())
}

fn line<'c>(cells: impl Iterator<Item = Option<Cow<'c, str>>>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        // Nothing is null; the empty text has quotes.
        let Some(text) = cell else {
            continue;
        };
        if text.is_empty() || text.starts_with('\'') || text.contains([',', '"', '\r', '\n']) {
            out.push(b'"');
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
        header(&batch.schema(), &mut out).expect("because names are text");
        rows(&batch, &mut out).expect("because text and numbers can be shown");
        assert_eq!(
            String::from_utf8(out).expect("because it is text"),
            "\"a,b\",n\r\n\"'=1+1\",-1\r\n\"a,\"\"b\"\"\",2\r\n,3\r\n\"\",4\r\n\"two\nlines\",5\r\né,6\r\n"
        );
    }
}

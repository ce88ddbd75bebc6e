//! Rows of an answer by column name, for commands that show them in a form of their own.

use jiff::Timestamp;
use query::arrow::array::{Array, AsArray, RecordBatch};
use query::arrow::datatypes::{DataType, Int64Type, TimestampNanosecondType};

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

/// All rows of an answer, in order.
pub(crate) fn records(batches: &[RecordBatch]) -> impl Iterator<Item = Record<'_>> {
    batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| Record { batch, row }))
}

impl<'a> Record<'a> {
    fn column(&self, name: &str, data_type: &DataType) -> Option<&'a dyn Array> {
        let column = self.batch.column_by_name(name)?;
        let fits = match data_type {
            DataType::Timestamp(..) => matches!(column.data_type(), DataType::Timestamp(..)),
            other => column.data_type() == other,
        };
        debug_assert!(
            fits || column.data_type().is_null(),
            "{name} is {}",
            column.data_type()
        );
        (fits && column.is_valid(self.row)).then_some(column.as_ref())
    }

    /// Text of a column; `None` where it is null.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        Some(
            self.column(name, &DataType::Utf8)?
                .as_string::<i32>()
                .value(self.row),
        )
    }

    /// Number of a column; 0 where it is null.
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.column(name, &DataType::Int64).map_or(0, |column| {
            column.as_primitive::<Int64Type>().value(self.row)
        })
    }

    /// Time of a column; `None` where it is null.
    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        let column = self.column(
            name,
            &DataType::Timestamp(query::arrow::datatypes::TimeUnit::Nanosecond, None),
        )?;
        let nanoseconds = column
            .as_primitive::<TimestampNanosecondType>()
            .value(self.row);
        Timestamp::from_nanosecond(nanoseconds.into()).ok()
    }

    /// Truth of a column; `false` where it is null.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.column(name, &DataType::Boolean)
            .is_some_and(|column| column.as_boolean().value(self.row))
    }
}

//! One value of an answer as text.

use query::arrow::array::{Array, AsArray};
use query::arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use query::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::output::short_time;

/// A value as people read it: times to the minute, everything else as it is; `None` where it is null.
pub(crate) fn cell_text(column: &dyn Array, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).to_owned()),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let nanoseconds = column.as_primitive::<TimestampNanosecondType>().value(row);
            let time = jiff::Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
            Some(short_time(time))
        }
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(column, &options).ok()?;
            Some(formatter.value(row).to_string())
        }
    }
}

//! Columns that others tell: left out of segments, put together when they are read.
//!
//! Of half a million memberships, key and target would be two thirds of the file, and they consist of
//! ids that are there already.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use datafusion::arrow::error::ArrowError;

use super::schema::{ID, KEY, ToldByOthers};

/// Sets to null what other columns tell.
pub(super) fn fold(
    batch: &RecordBatch,
    told: ToldByOthers,
) -> std::result::Result<RecordBatch, ArrowError> {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let (ids, keys, firsts) = (text(ID), text(KEY), text(told.first));
    let lasts = text(told.target.unwrap_or(ID));
    let keys: StringArray = (0..keys.len())
        .map(|row| {
            let key = keys.is_valid(row).then(|| keys.value(row))?;
            let rest = key.strip_prefix(firsts.value(row));
            let rest = rest.and_then(|rest| rest.strip_prefix(model::KEY_SEPARATOR));
            (rest != Some(lasts.value(row))).then_some(key)
        })
        .collect();
    let mut columns = batch.columns().to_vec();
    columns[KEY] = Arc::new(keys);
    if let Some(target) = told.target {
        let targets = text(target);
        let targets: StringArray = (0..targets.len())
            .map(|row| (ids.value(row) != targets.value(row)).then(|| targets.value(row)))
            .collect();
        columns[target] = Arc::new(targets);
    }
    RecordBatch::try_new(batch.schema(), columns)
}

/// Undoes [`fold`] for some columns.
pub(super) struct Unfold<'c> {
    told: Option<ToldByOthers>,
    wanted: &'c [usize],
    /// The columns asked for and those that tell them, ascending.
    pub(super) read: Vec<usize>,
}

impl<'c> Unfold<'c> {
    /// How to get these columns; `told` is `None` where all of them are there as they are.
    pub(super) fn new(told: Option<ToldByOthers>, columns: &'c [usize]) -> Self {
        let mut read = columns.to_vec();
        if let Some(ToldByOthers { first, target }) = told {
            if columns.contains(&KEY) {
                read.extend([first, target.unwrap_or(ID)]);
            }
            if target.is_some_and(|target| read.contains(&target)) {
                read.push(ID);
            }
        }
        read.sort_unstable();
        read.dedup();
        Self {
            told,
            wanted: columns,
            read,
        }
    }

    /// The columns asked for, in their order, from those of [`Unfold::read`].
    pub(super) fn arrays(&self, read: &[ArrayRef]) -> Vec<ArrayRef> {
        let stored = |column: usize| {
            let at = self.read.binary_search(&column);
            &read[at.expect("because every column needed was read")]
        };
        let target = |told: ToldByOthers| match told.target {
            Some(target) => or_else(stored(target), stored(ID)),
            None => Arc::clone(stored(ID)),
        };
        let array = |column: usize| match self.told {
            Some(told) if column == KEY => joined(stored(KEY), stored(told.first), &target(told)),
            Some(told) if Some(column) == told.target => target(told),
            _ => Arc::clone(stored(column)),
        };
        self.wanted.iter().map(|column| array(*column)).collect()
    }
}

/// Texts, and where there is none the other column's.
fn or_else(texts: &ArrayRef, others: &ArrayRef) -> ArrayRef {
    if texts.null_count() == texts.len() {
        return Arc::clone(others);
    }
    let others = others.as_string::<i32>().iter();
    let both = texts.as_string::<i32>().iter().zip(others);
    Arc::new(
        both.map(|(text, other)| text.or(other))
            .collect::<StringArray>(),
    )
}

/// Keys, and where there is none the one that leads from `firsts` to `lasts`.
fn joined(keys: &ArrayRef, firsts: &ArrayRef, lasts: &ArrayRef) -> ArrayRef {
    let (firsts, lasts) = (firsts.as_string::<i32>(), lasts.as_string::<i32>());
    let bytes = firsts.value_data().len() + lasts.value_data().len() + firsts.len();
    let mut joined = StringBuilder::with_capacity(firsts.len(), bytes);
    let mut text = String::new();
    for (row, key) in keys.as_string::<i32>().iter().enumerate() {
        match key {
            Some(key) => joined.append_value(key),
            None if firsts.is_valid(row) && lasts.is_valid(row) => {
                text.clear();
                text.push_str(firsts.value(row));
                text.push(model::KEY_SEPARATOR);
                text.push_str(lasts.value(row));
                joined.append_value(&text);
            }
            None => joined.append_null(),
        }
    }
    Arc::new(joined.finish())
}

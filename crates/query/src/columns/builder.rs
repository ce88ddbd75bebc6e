//! From versions to Arrow arrays.

use std::cmp::Ordering;
use std::sync::Arc;

use catalog::ColumnType;
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampNanosecondBuilder, UInt32Builder,
};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use model::{JsonKind, Parser, Value};

use super::schema::{KindSchema, Origin};
use crate::error::{Error, Result};

enum Column {
    Ordinal(UInt32Builder),
    Text(StringBuilder),
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Time(TimestampNanosecondBuilder),
    Date(Date32Builder),
}

/// Collects versions of one kind into the arrays of some of its columns.
pub(crate) struct RowBuilder<'s> {
    schema: &'s KindSchema,
    /// Which column of the projection each builder is for.
    wanted: Vec<usize>,
    builders: Vec<Column>,
    /// Builder of each column, if it is wanted.
    at: Vec<Option<usize>>,
    /// Which builders got a value from the row being read.
    filled: Vec<bool>,
    parser: Parser,
    rows: usize,
    needs_payload: bool,
    target_kind: Option<usize>,
    /// The entity type that was met last, and its kind: most edges of a kind point to the same.
    last_target: (String, String),
    display: Option<usize>,
}

impl<'s> RowBuilder<'s> {
    pub(crate) fn new(schema: &'s KindSchema, wanted: &[usize]) -> Self {
        let mut at = vec![None; schema.columns.len()];
        for (builder, column) in wanted.iter().enumerate() {
            at[*column] = Some(builder);
        }
        let builders = wanted
            .iter()
            .map(|column| new_column(schema, *column))
            .collect();
        let from_key = |column: &usize| {
            matches!(
                schema.columns[*column].origin,
                Origin::Ordinal | Origin::Key | Origin::Parent | Origin::Source | Origin::Target
            )
        };
        // A column that is not wanted need not be made.
        let only = |origin: Origin| {
            let column = schema.columns.iter().position(|c| c.origin == origin);
            column.filter(|column| at[*column].is_some())
        };
        Self {
            schema,
            target_kind: only(Origin::TargetKind),
            last_target: (String::new(), String::new()),
            display: only(Origin::Display),
            wanted: wanted.to_vec(),
            filled: vec![false; wanted.len()],
            builders,
            at,
            parser: Parser::new(),
            rows: 0,
            needs_payload: !wanted.iter().all(from_key),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds one version.
    pub(crate) fn push(&mut self, ordinal: u32, key: &str, payload: &str) -> Result<()> {
        self.rows += 1;
        self.filled.fill(false);
        self.push_key(ordinal, key);
        if self.needs_payload {
            let mut parser = std::mem::take(&mut self.parser);
            let document = parser
                .parse_text(payload)
                .map_err(|e| Error::Internal(format!("a stored payload is not JSON: {e}")))?;
            self.push_payload(key, document.root());
            self.parser = parser;
        }
        for (builder, filled) in self.builders.iter_mut().zip(&self.filled) {
            if !filled {
                builder.null();
            }
        }
        Ok(())
    }

    fn set(&mut self, column: usize, text: &str) {
        if let Some(builder) = self.at[column]
            && let Column::Text(column) = &mut self.builders[builder]
        {
            column.append_value(text);
            self.filled[builder] = true;
        }
    }

    fn push_key(&mut self, ordinal: u32, key: &str) {
        let (parent, last) = key
            .rsplit_once(model::KEY_SEPARATOR)
            .map_or((None, key), |(p, l)| (Some(p), l));
        for builder in 0..self.wanted.len() {
            let column = self.wanted[builder];
            match self.schema.columns[column].origin {
                Origin::Ordinal => {
                    if let Column::Ordinal(column) = &mut self.builders[builder] {
                        column.append_value(ordinal);
                        self.filled[builder] = true;
                    }
                }
                Origin::Key if parent.is_some() => self.set(column, key),
                Origin::Parent | Origin::Source => {
                    if let Some(parent) = parent {
                        let first = parent.split(model::KEY_SEPARATOR).next().unwrap_or(parent);
                        self.set(column, first);
                    }
                }
                Origin::Target => self.set(column, last),
                _ => {}
            }
        }
    }

    fn push_payload(&mut self, key: &str, root: Value<'_>) {
        let schema = self.schema;
        let mut known = schema.properties.as_slice();
        let mut id = None;
        let mut folded_id = None;
        let mut members = root.members().peekable();
        while let Some((name, value)) = members.next() {
            match name.as_ref() {
                "id" => id = value.text(),
                "@odata.type" if self.target_kind.is_some() => self.target_kind(value),
                other if id.is_none() && other.eq_ignore_ascii_case("id") => {
                    folded_id = value.text();
                }
                _ => {}
            }
            // Both lists are sorted, so that a walk through both finds what they share.
            while let Some(((property, column), behind)) = known.split_first() {
                match (*property).cmp(name.as_ref()) {
                    Ordering::Less => known = behind,
                    Ordering::Greater => break,
                    Ordering::Equal => {
                        // Of a name that occurs twice, neighbours in canonical text, the last counts.
                        let is_last = members.peek().is_none_or(|(next, _)| *next != name);
                        if let Some(builder) = self.at[*column].filter(|_| is_last) {
                            let origin = schema.columns[*column].origin;
                            self.filled[builder] = self.builders[builder].append(value, origin);
                        }
                        break;
                    }
                }
            }
        }
        if let Some(id) = id.or(folded_id) {
            self.set(super::ID, &id);
        } else if self.at[super::ID].is_some() {
            // Without an id in the payload the key is all there is: an edge's target, a path.
            let last = key.rsplit(model::KEY_SEPARATOR).next().unwrap_or(key);
            self.set(super::ID, last);
        }
        self.display(root);
    }

    fn target_kind(&mut self, value: Value<'_>) {
        let (Some(column), Some(text)) = (self.target_kind, value.text()) else {
            return;
        };
        let mut last = std::mem::take(&mut self.last_target);
        if last.0 != text {
            let kind = catalog::by_entity_type(&text).first();
            let name = kind.map_or_else(
                || text.trim_start_matches("#microsoft.graph.").to_owned(),
                |k| k.name.to_owned(),
            );
            last = (text.into_owned(), name);
        }
        self.set(column, &last.1);
        self.last_target = last;
    }

    /// Kinds nobody listed: the first property whose name says that it is a name.
    fn display(&mut self, root: Value<'_>) {
        let Some(column) = self.display else {
            return;
        };
        let rank = |name: &str| {
            let lower = name.to_ascii_lowercase();
            match lower.as_str() {
                "displayname" => Some(0),
                _ if lower.ends_with("displayname") => Some(1),
                "name" => Some(2),
                _ if lower.ends_with("name") => Some(3),
                "value" => Some(4),
                _ => None,
            }
        };
        let named = root
            .members()
            .filter_map(|(name, value)| Some((rank(&name)?, value.text()?)));
        if let Some((_, text)) = named.min_by_key(|(rank, _)| *rank) {
            self.set(column, &text);
        }
    }

    /// The arrays so far; the builder starts anew.
    pub(crate) fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        self.rows = 0;
        let arrays = self.builders.iter_mut().map(Column::finish).collect();
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|e| Error::Internal(e.to_string()))
    }
}

fn new_column(schema: &KindSchema, column: usize) -> Column {
    match schema.arrow.field(column).data_type() {
        DataType::UInt32 => Column::Ordinal(UInt32Builder::new()),
        DataType::Boolean => Column::Bool(BooleanBuilder::new()),
        DataType::Int64 => Column::Int(Int64Builder::new()),
        DataType::Float64 => Column::Float(Float64Builder::new()),
        DataType::Date32 => Column::Date(Date32Builder::new()),
        DataType::Timestamp(..) => {
            Column::Time(TimestampNanosecondBuilder::new().with_timezone("+00:00"))
        }
        _ => Column::Text(StringBuilder::new()),
    }
}

impl Column {
    fn null(&mut self) {
        match self {
            Self::Ordinal(column) => column.append_null(),
            Self::Text(column) => column.append_null(),
            Self::Bool(column) => column.append_null(),
            Self::Int(column) => column.append_null(),
            Self::Float(column) => column.append_null(),
            Self::Time(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
        }
    }

    /// Appends a property's value; `false` where it does not fit the column's type.
    fn append(&mut self, value: Value<'_>, origin: Origin) -> bool {
        if value.is_null() {
            return false;
        }
        match self {
            Self::Ordinal(_) => return false,
            Self::Text(column) => match value.text() {
                Some(text) if !matches!(origin, Origin::Property(_, ColumnType::Json)) => {
                    column.append_value(text);
                }
                _ => column.append_value(value.raw()),
            },
            Self::Bool(column) => match (value.bool(), value.text().as_deref()) {
                (Some(bool), _) => column.append_value(bool),
                (None, Some("true" | "True")) => column.append_value(true),
                (None, Some("false" | "False")) => column.append_value(false),
                _ => return false,
            },
            Self::Int(column) => match digits(value).and_then(|text| text.parse().ok()) {
                Some(number) => column.append_value(number),
                None => return false,
            },
            Self::Float(column) => match digits(value).and_then(|text| text.parse().ok()) {
                Some(number) => column.append_value(number),
                None => return false,
            },
            Self::Time(column) => match time_ns(value) {
                Some(time) => column.append_value(time),
                None => return false,
            },
            Self::Date(column) => match time_ns(value)
                .and_then(|ns| i32::try_from(ns.div_euclid(86_400_000_000_000)).ok())
            {
                Some(days) => column.append_value(days),
                None => return false,
            },
        }
        true
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Ordinal(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
            Self::Bool(column) => Arc::new(column.finish()),
            Self::Int(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
        }
    }
}

/// A number's text, whether it stands as a number or as a string: exports differ.
fn digits(value: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    match value.kind() {
        JsonKind::Number => Some(std::borrow::Cow::Borrowed(value.raw())),
        _ => value.text(),
    }
}

/// Nanoseconds since the epoch; `None` outside the years 1678 to 2261, which Graph's "never"
/// (0001-01-01) is.
fn time_ns(value: Value<'_>) -> Option<i64> {
    let text = value.text()?;
    utc_ns(&text).or_else(|| i64::try_from(model::parse_time(&text).ok()?.as_nanosecond()).ok())
}

/// Graph's own form, `2026-01-05T02:00:00[.fraction]Z`, read without a general parser: a first import
/// reads millions of them.
fn utc_ns(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (whole, fraction) = match bytes.len() {
        20 => (&bytes[..19], &[][..]),
        22..=30 if bytes[19] == b'.' => (&bytes[..19], &bytes[20..bytes.len() - 1]),
        _ => return None,
    };
    if bytes[bytes.len() - 1] != b'Z'
        || whole[4] != b'-'
        || whole[7] != b'-'
        || whole[10] != b'T'
        || whole[13] != b':'
        || whole[16] != b':'
    {
        return None;
    }
    let number = |from: usize, to: usize| {
        whole[from..to].iter().try_fold(0i64, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1700..2262).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=28).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        // The last days of months are left to the general parser, which knows how long months are.
        return None;
    }
    let mut nanoseconds = 0;
    for at in 0..9 {
        let digit = match fraction.get(at) {
            Some(byte) => byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?,
            None => 0,
        };
        nanoseconds = nanoseconds * 10 + digit;
    }
    // Days since the epoch, Howard Hinnant's civil-from-days turned around.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
        .map(|seconds| seconds * 1_000_000_000 + nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_form_of_times_agrees_with_the_general_one() {
        for year in [1700, 1899, 1970, 2000, 2024, 2026, 2100, 2261] {
            for month in 1..=12 {
                for (day, clock) in [
                    (1, "00:00:00"),
                    (28, "23:59:59.1234567"),
                    (15, "12:30:45.000000001"),
                ] {
                    let text = format!("{year}-{month:02}-{day:02}T{clock}Z");
                    let general = model::parse_time(&text)
                        .expect("because it is a time")
                        .as_nanosecond();
                    assert_eq!(utc_ns(&text).map(i128::from), Some(general), "{text}");
                }
            }
        }
        for text in [
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-05T02:00:00",
            "2026-01-05 02:00:00Z",
            "x",
        ] {
            assert_eq!(utc_ns(text), None, "{text}");
        }
    }
}

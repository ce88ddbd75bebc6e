//! CSV, for the one form of it that holds directory data: audit exports with the record as JSON in
//! the column `AuditData`.

use std::io::Read;

use super::decode::Decoded;

/// Column with the record.
const COLUMN: &str = "AuditData";

/// The rows of a CSV file.
pub(crate) struct Rows<R> {
    reader: csv::Reader<Decoded<R>>,
    record: csv::StringRecord,
    column: Option<usize>,
    count: u64,
}

/// The next row.
pub(crate) enum Row<'a> {
    /// The record's JSON text, and the number of the row.
    Record(&'a str, u64),
    /// What is wrong with a row or with the file.
    Fault(String, u64),
}

impl<R: Read> Rows<R> {
    pub(crate) fn new(reader: R) -> std::io::Result<Self> {
        let reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(Decoded::new(reader)?);
        Ok(Self {
            reader,
            record: csv::StringRecord::new(),
            column: None,
            count: 0,
        })
    }

    /// The next row, if there is one.
    pub(crate) fn next(&mut self) -> Option<Row<'_>> {
        if self.column.is_none() {
            let headers = match self.reader.headers() {
                Ok(headers) => headers,
                Err(error) => return self.end(error.to_string()),
            };
            self.column = headers
                .iter()
                .position(|header| header.trim().eq_ignore_ascii_case(COLUMN));
            if self.column.is_none() {
                return self.end(format!(
                    "has no column {COLUMN}: only audit exports are read from CSV"
                ));
            }
        }
        let column = self.column.filter(|column| *column != usize::MAX)?;
        self.count += 1;
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(match self.record.get(column) {
                Some(text) => Row::Record(text, self.count),
                None => Row::Fault(format!("has no value in column {COLUMN}"), self.count),
            }),
            Err(error) if error.is_io_error() => self.end(error.to_string()),
            Err(error) => Some(Row::Fault(error.to_string(), self.count)),
        }
    }

    /// Bytes read so far, before decoding.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.reader.get_ref().read_bytes()
    }

    /// The last row: nothing behind it can be read.
    fn end(&mut self, reason: String) -> Option<Row<'_>> {
        if self.column == Some(usize::MAX) {
            return None;
        }
        self.column = Some(usize::MAX);
        Some(Row::Fault(reason, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let mut rows = Rows::new(text.as_bytes()).expect("because memory can be read");
        let mut found = Vec::new();
        while let Some(row) = rows.next() {
            found.push(match row {
                Row::Record(text, at) => format!("{at}: {text}"),
                Row::Fault(reason, at) => format!("{at}! {reason}"),
            });
        }
        found
    }

    #[test]
    fn records_stand_in_their_column() {
        let text = "RecordType,AuditData\r\nX,\"{\"\"Id\"\":\"\"a\nb\"\"}\"\r\nY\r\nZ,{}\r\n";
        assert_eq!(
            rows(text),
            [
                "1: {\"Id\":\"a\nb\"}",
                "2! has no value in column AuditData",
                "3: {}"
            ]
        );
    }

    #[test]
    fn other_tables_are_not_audit_exports() {
        assert_eq!(
            rows("Name,Id\r\na,b\r\n"),
            ["0! has no column AuditData: only audit exports are read from CSV"]
        );
        assert_eq!(rows("").len(), 1);
    }
}

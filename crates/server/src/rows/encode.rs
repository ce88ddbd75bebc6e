//! Batches become bytes, piece by piece.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::Writer as JsonWriter;
use arrow::json::writer::LineDelimited;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use query::json;
use serde_json::{Map, Value};

use super::csv;
use crate::format::Format;
use crate::problem::Problem;

/// Size of the rows a Parquet file holds back until it writes them, in bytes.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// What stands around the rows in a JSON document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frame {
    /// `{"items": [...], ...}`.
    Items,
    /// `{"columns": [...], "rows": [...], ...}`.
    Table,
}

/// Writes rows in a format. What it returns is to be sent in order.
pub(crate) struct Encoder {
    schema: SchemaRef,
    target: Target,
}

enum Target {
    Json {
        rows: JsonWriter<Vec<u8>, LineDelimited>,
        frame: Frame,
        begun: bool,
    },
    Ndjson(JsonWriter<Vec<u8>, LineDelimited>),
    Csv {
        begun: bool,
    },
    Arrow(StreamWriter<Vec<u8>>),
    Parquet(Box<ArrowWriter<Vec<u8>>>),
}

fn unwritable(error: &ArrowError) -> Problem {
    Problem::bug(format!("rows cannot be written: {error}"))
}

fn unwritable_parquet(error: &ParquetError) -> Problem {
    Problem::bug(format!("rows cannot be written: {error}"))
}

impl Encoder {
    pub(crate) fn new(format: Format, schema: &SchemaRef, frame: Frame) -> Result<Self, Problem> {
        let target = match format {
            Format::Json => Target::Json {
                rows: json::lines(Vec::new()),
                frame,
                begun: false,
            },
            Format::Ndjson => Target::Ndjson(json::lines(Vec::new())),
            Format::Csv => Target::Csv { begun: false },
            Format::Arrow => Target::Arrow(
                StreamWriter::try_new(Vec::new(), schema).map_err(|e| unwritable(&e))?,
            ),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties));
                Target::Parquet(Box::new(writer.map_err(|e| unwritable_parquet(&e))?))
            }
            Format::Patch | Format::Text => {
                return Err(Problem::bug(format!("{} holds no rows", format.word())));
            }
        };
        Ok(Self {
            schema: Arc::clone(schema),
            target,
        })
    }

    /// Takes rows; what is ready to be sent, which may be nothing yet.
    pub(crate) fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        match &mut self.target {
            Target::Json { rows, frame, begun } => {
                if batch.num_rows() > 0 {
                    rows.write(batch).map_err(|e| unwritable(&e))?;
                    framed(rows.get_mut(), *frame, begun, &self.schema, &mut out);
                }
            }
            Target::Ndjson(rows) => {
                rows.write(batch).map_err(|e| unwritable(&e))?;
                out = std::mem::take(rows.get_mut());
            }
            Target::Csv { begun } => {
                if !std::mem::replace(begun, true) {
                    csv::header(&self.schema, &mut out).map_err(|e| unwritable(&e))?;
                }
                csv::rows(batch, &mut out).map_err(|e| unwritable(&e))?;
            }
            Target::Arrow(writer) => {
                writer.write(batch).map_err(|e| unwritable(&e))?;
                out = std::mem::take(writer.get_mut());
            }
            Target::Parquet(writer) => {
                writer.write(batch).map_err(|e| unwritable_parquet(&e))?;
                if writer.in_progress_size() > ROW_GROUP_BYTES {
                    writer.flush().map_err(|e| unwritable_parquet(&e))?;
                }
                out = std::mem::take(writer.inner_mut());
            }
        }
        Ok(out)
    }

    /// The end; in a JSON document with these members beside the rows.
    pub(crate) fn finish(self, members: &Map<String, Value>) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        match self.target {
            Target::Json {
                frame, mut begun, ..
            } => {
                framed(&mut Vec::new(), frame, &mut begun, &self.schema, &mut out);
                out.extend_from_slice(b"\n]");
                for (name, value) in members {
                    let name = Value::from(name.as_str());
                    out.extend_from_slice(format!(",{name}:{value}").as_bytes());
                }
                out.extend_from_slice(b"}\n");
            }
            Target::Ndjson(_) => {}
            Target::Csv { begun } => {
                if !begun {
                    csv::header(&self.schema, &mut out).map_err(|e| unwritable(&e))?;
                }
            }
            Target::Arrow(mut writer) => {
                writer.finish().map_err(|e| unwritable(&e))?;
                out = std::mem::take(writer.get_mut());
            }
            Target::Parquet(writer) => {
                out = writer.into_inner().map_err(|e| unwritable_parquet(&e))?;
            }
        }
        Ok(out)
    }
}

/// Moves the lines encoded so far into the document.
fn framed(
    lines: &mut Vec<u8>,
    frame: Frame,
    begun: &mut bool,
    schema: &SchemaRef,
    out: &mut Vec<u8>,
) {
    let mut first = !*begun;
    if !std::mem::replace(begun, true) {
        match frame {
            Frame::Items => out.extend_from_slice(b"{\"items\":["),
            Frame::Table => {
                let columns = json::columns(schema);
                out.extend_from_slice(format!("{{\"columns\":{columns},\"rows\":[").as_bytes());
            }
        }
    }
    for line in std::mem::take(lines).split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        out.extend_from_slice(if std::mem::take(&mut first) {
            b"\n"
        } else {
            b",\n"
        });
        out.extend_from_slice(line);
    }
}

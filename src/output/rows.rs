//! Batches of rows in any format.

use std::fmt::Write as _;
use std::io::Write;

use arrow::csv;
use arrow::ipc::writer::StreamWriter;
use arrow::json::Writer as JsonWriter;
use arrow::json::writer::LineDelimited;
use parquet::arrow::ArrowWriter;
use query::Provenance;
use query::arrow::array::{ArrayRef, RecordBatch};
use query::arrow::compute::cast;
use query::arrow::datatypes::{DataType, SchemaRef};

use super::cells::cell_text;
use super::format::Format;
use super::grid::Grid;
use super::html;
use super::text::{Colour, Tone, plural};
use crate::failure::{FAILED, Failure, Result};
use query::json;

/// How rows are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowOptions {
    pub(crate) format: Format,
    /// Rows of a table for people; the rest is counted.
    pub(crate) max_rows: usize,
    /// One column a line instead of one row a line.
    pub(crate) expanded: bool,
    pub(crate) is_terminal: bool,
    pub(crate) colour: Colour,
}

impl RowOptions {
    /// Refuses bytes that a terminal would choke on.
    pub(crate) fn check(&self) -> Result<()> {
        if self.format.is_binary() && self.is_terminal {
            return Err(Failure::usage(format!(
                "{} is not for terminals: redirect it to a file",
                self.format.name()
            )));
        }
        Ok(())
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    /// Cells of CSV that began like formulas, and got an apostrophe in front.
    pub(crate) formulas: u64,
}

/// Writes rows as they come. Nothing is written before the first batch or the end, so that a question
/// that fails early leaves no half answer.
pub(crate) struct RowWriter<W: Write + Send> {
    options: RowOptions,
    schema: SchemaRef,
    target: Target<W>,
    totals: Totals,
}

enum Target<W: Write + Send> {
    Table {
        out: W,
        grid: Grid,
        texts: Vec<Vec<String>>,
    },
    Json {
        out: W,
        rows: JsonWriter<Vec<u8>, LineDelimited>,
        any: bool,
    },
    Jsonl(JsonWriter<W, LineDelimited>),
    Csv(csv::Writer<W>),
    Md {
        out: W,
        begun: bool,
    },
    Html {
        out: W,
        begun: bool,
    },
    Parquet(ArrowWriter<W>),
    Arrow(StreamWriter<W>),
}

fn failed(error: impl std::fmt::Display) -> Failure {
    let text = error.to_string();
    if text.to_ascii_lowercase().contains("broken pipe") {
        return Failure::new(0, "");
    }
    Failure::new(FAILED, format!("writing the answer failed: {text}"))
}

impl<W: Write + Send> RowWriter<W> {
    pub(crate) fn new(out: W, schema: &SchemaRef, options: RowOptions) -> Result<Self> {
        let target = match options.format {
            Format::Table => {
                let names: Vec<&str> = schema
                    .fields()
                    .iter()
                    .map(|field| field.name().as_str())
                    .collect();
                let mut grid = Grid::new(&names, options.is_terminal);
                for (at, field) in schema.fields().iter().enumerate() {
                    if field.data_type().is_numeric() {
                        grid.align_right(at);
                    }
                }
                Target::Table {
                    out,
                    grid,
                    texts: Vec::new(),
                }
            }
            Format::Json => Target::Json {
                out,
                rows: json::lines(Vec::new()),
                any: false,
            },
            Format::Jsonl => Target::Jsonl(json::lines(out)),
            Format::Csv | Format::Tsv => Target::Csv(
                csv::WriterBuilder::new()
                    .with_header(true)
                    .with_delimiter(if options.format == Format::Tsv {
                        b'\t'
                    } else {
                        b','
                    })
                    .build(out),
            ),
            Format::Md => Target::Md { out, begun: false },
            Format::Html => Target::Html { out, begun: false },
            Format::Parquet => {
                let properties = parquet::file::properties::WriterProperties::builder()
                    .set_compression(parquet::basic::Compression::ZSTD(
                        parquet::basic::ZstdLevel::default(),
                    ));
                let writer = ArrowWriter::try_new(
                    out,
                    std::sync::Arc::clone(schema),
                    Some(properties.build()),
                );
                Target::Parquet(writer.map_err(failed)?)
            }
            Format::Arrow => Target::Arrow(StreamWriter::try_new(out, schema).map_err(failed)?),
        };
        Ok(Self {
            options,
            schema: std::sync::Arc::clone(schema),
            target,
            totals: Totals::default(),
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let before = self.totals.rows;
        self.totals.rows += batch.num_rows() as u64;
        match &mut self.target {
            Target::Table { grid, texts, .. } => {
                for row in 0..batch.num_rows() {
                    if before + row as u64 >= self.options.max_rows as u64 {
                        break;
                    }
                    let cells: Vec<String> = batch
                        .columns()
                        .iter()
                        .map(|column| cell_text(column, row).unwrap_or_default())
                        .collect();
                    if self.options.expanded {
                        texts.push(cells);
                    } else {
                        grid.push(&cells);
                    }
                }
            }
            Target::Json { out, rows, any } => {
                if batch.num_rows() > 0 {
                    rows.write(batch).map_err(failed)?;
                    flush_rows(out, rows, &self.schema, any)?;
                }
            }
            Target::Jsonl(writer) => writer.write(batch).map_err(failed)?,
            Target::Csv(writer) => {
                let (batch, formulas) = query::harmless(&flat(batch)?).map_err(failed)?;
                self.totals.formulas += formulas;
                writer.write(&batch).map_err(failed)?;
            }
            Target::Md { out, begun } => markdown(out, begun, &self.schema, Some(batch))?,
            Target::Html { out, begun } => html_rows(out, begun, &self.schema, Some(batch))?,
            Target::Parquet(writer) => writer.write(batch).map_err(failed)?,
            Target::Arrow(writer) => writer.write(batch).map_err(failed)?,
        }
        Ok(())
    }

    /// Ends the answer; `provenance` goes with it where the format has room.
    pub(crate) fn finish(self, provenance: &Provenance) -> Result<Totals> {
        let shown = usize::try_from(self.totals.rows)
            .unwrap_or(usize::MAX)
            .min(self.options.max_rows);
        let rest = self.totals.rows - shown as u64;
        match self.target {
            Target::Table {
                mut out,
                grid,
                texts,
            } => {
                if self.options.expanded {
                    expanded(&mut out, &self.schema, &texts, self.options.colour)?;
                } else if !self.schema.fields().is_empty() {
                    out.write_all(grid.render(self.options.colour).as_bytes())
                        .map_err(failed)?;
                }
                let more = if rest == 0 {
                    String::new()
                } else {
                    format!("… {} more: --max-rows 0 shows all\n", plural(rest, "row"))
                };
                let of = match provenance.snapshots.as_slice() {
                    [only] => format!(", as of {}", super::text::short_time(only.taken_at)),
                    _ => String::new(),
                };
                let total = format!("({}{of})\n", plural(self.totals.rows, "row"));
                write!(
                    out,
                    "{more}{}",
                    self.options.colour.paint(Tone::Faint, &total)
                )
                .map_err(failed)?;
            }
            Target::Json {
                mut out,
                rows,
                mut any,
            } => {
                let mut rows = rows;
                flush_rows(&mut out, &mut rows, &self.schema, &mut any)?;
                if !any {
                    write!(
                        out,
                        "{{\"columns\":{},\"rows\":[",
                        json::columns(&self.schema)
                    )
                    .map_err(failed)?;
                }
                let snapshots: serde_json::Value = provenance
                    .snapshots
                    .iter()
                    .map(|s| serde_json::json!({"snapshot_id": s.id.to_string(), "taken_at": s.taken_at.to_string()}))
                    .collect();
                let metadata = serde_json::json!({
                    "rows": self.totals.rows, "snapshots": snapshots, "notes": provenance.notes,
                });
                writeln!(out, "\n],\"metadata\":{metadata}}}").map_err(failed)?;
            }
            Target::Jsonl(mut writer) => writer.finish().map_err(failed)?,
            Target::Csv(mut writer) => {
                if self.totals.rows == 0 {
                    // A header even where there are no rows.
                    let empty = flat(&RecordBatch::new_empty(self.schema))?;
                    let (empty, _) = query::harmless(&empty).map_err(failed)?;
                    writer.write(&empty).map_err(failed)?;
                }
            }
            Target::Md { mut out, mut begun } => {
                markdown(&mut out, &mut begun, &self.schema, None)?;
            }
            Target::Html { mut out, mut begun } => {
                html_rows(&mut out, &mut begun, &self.schema, None)?;
                let (end, page_end) = (html::TABLE_END, html::PAGE_END);
                let notes = html::notes(provenance);
                write!(out, "{end}{notes}{page_end}").map_err(failed)?;
            }
            Target::Parquet(writer) => {
                writer.close().map_err(failed)?;
            }
            Target::Arrow(mut writer) => writer.finish().map_err(failed)?,
        }
        Ok(self.totals)
    }
}

/// Moves the rows encoded so far into the document.
fn flush_rows<W: Write>(
    out: &mut W,
    rows: &mut JsonWriter<Vec<u8>, LineDelimited>,
    schema: &SchemaRef,
    any: &mut bool,
) -> Result<()> {
    let lines = std::mem::take(rows.get_mut());
    let text = String::from_utf8(lines).map_err(failed)?;
    for line in text.lines() {
        if *any {
            write!(out, ",\n{line}").map_err(failed)?;
        } else {
            write!(
                out,
                "{{\"columns\":{},\"rows\":[\n{line}",
                json::columns(schema)
            )
            .map_err(failed)?;
            *any = true;
        }
    }
    Ok(())
}

/// Columns that CSV has no form for, as text.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    if !batch
        .columns()
        .iter()
        .any(|column| column.data_type().is_nested())
    {
        return Ok(batch.clone());
    }
    let columns = batch
        .columns()
        .iter()
        .map(|column| -> Result<(ArrayRef, DataType)> {
            if !column.data_type().is_nested() {
                return Ok((std::sync::Arc::clone(column), column.data_type().clone()));
            }
            let text = cast(column, &DataType::Utf8).map_err(failed)?;
            Ok((text, DataType::Utf8))
        });
    let mut arrays = Vec::new();
    let mut fields = Vec::new();
    for (column, field) in columns.zip(batch.schema().fields()) {
        let (array, data_type) = column?;
        fields.push(field.as_ref().clone().with_data_type(data_type));
        arrays.push(array);
    }
    let schema = query::arrow::datatypes::Schema::new(fields);
    RecordBatch::try_new(std::sync::Arc::new(schema), arrays).map_err(failed)
}

fn markdown<W: Write>(
    out: &mut W,
    begun: &mut bool,
    schema: &SchemaRef,
    batch: Option<&RecordBatch>,
) -> Result<()> {
    let mut line = |cells: Vec<String>| writeln!(out, "| {} |", cells.join(" | ")).map_err(failed);
    let escape = |text: &str| {
        text.replace('\\', "\\\\")
            .replace('|', "\\|")
            .replace('\n', " ")
    };
    if !*begun {
        *begun = true;
        line(
            schema
                .fields()
                .iter()
                .map(|field| escape(field.name()))
                .collect(),
        )?;
        line(
            schema
                .fields()
                .iter()
                .map(|field| {
                    if field.data_type().is_numeric() {
                        "---:"
                    } else {
                        "---"
                    }
                    .to_owned()
                })
                .collect(),
        )?;
    }
    let Some(batch) = batch else { return Ok(()) };
    for row in 0..batch.num_rows() {
        let cell = |column: &ArrayRef| escape(&cell_text(column, row).unwrap_or_default());
        line(batch.columns().iter().map(cell).collect())?;
    }
    Ok(())
}

fn html_rows<W: Write>(
    out: &mut W,
    begun: &mut bool,
    schema: &SchemaRef,
    batch: Option<&RecordBatch>,
) -> Result<()> {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    if !*begun {
        *begun = true;
        let columns: Vec<&str> = names.collect();
        let (page, table) = (
            html::page_begin("Answer"),
            html::table_begin("Rows", &columns),
        );
        write!(out, "{page}{table}").map_err(failed)?;
    }
    let Some(batch) = batch else { return Ok(()) };
    for row in 0..batch.num_rows() {
        let mut line = String::from("<tr>");
        for column in batch.columns() {
            let class = match column.data_type() {
                data_type if data_type.is_numeric() => " class=\"number\"",
                DataType::Timestamp(..) => " class=\"time\"",
                _ => "",
            };
            let text = html::escaped(&cell_text(column, row).unwrap_or_default());
            let _ = write!(line, "<td{class}>{text}</td>");
        }
        writeln!(out, "{line}</tr>").map_err(failed)?;
    }
    Ok(())
}

/// One column a line, for rows too wide for a line.
fn expanded<W: Write>(
    out: &mut W,
    schema: &SchemaRef,
    rows: &[Vec<String>],
    colour: Colour,
) -> Result<()> {
    let width = schema
        .fields()
        .iter()
        .map(|field| field.name().chars().count())
        .max()
        .unwrap_or(0);
    for (at, row) in rows.iter().enumerate() {
        let title = format!("─── {} ", at + 1);
        writeln!(out, "{}", colour.paint(Tone::Faint, &title)).map_err(failed)?;
        for (field, cell) in schema.fields().iter().zip(row) {
            let name = format!("{:width$}", field.name());
            let cell = super::text::truncated(cell, usize::MAX);
            writeln!(out, "{}  {cell}", colour.paint(Tone::Faint, &name)).map_err(failed)?;
        }
    }
    Ok(())
}

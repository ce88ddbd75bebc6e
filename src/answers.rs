//! Statements on their way to rows, and rows on their way out.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use query::arrow::array::RecordBatch;
use query::arrow::datatypes::SchemaRef;
use query::{Answer, Provenance, Rows, Session};
use store::Snapshot;

use crate::app::App;
use crate::failure::{Failure, INTERRUPTED, Result};
use crate::output::{RowOptions, RowWriter, Totals, plural, short_time};

/// Rows of a table shown on a terminal unless another number is asked for.
const MAX_ROWS: usize = 100;

/// Parameters of a statement by name.
pub(crate) type Parameters = BTreeMap<String, String>;

impl App {
    /// Runs a statement of our own and collects its rows.
    pub(crate) fn ask(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<RecordBatch>> {
        let (batches, _) = self.ask_whence(session, sql, parameters)?;
        Ok(batches)
    }

    /// The same, with where the rows come from and what they leave out.
    pub(crate) fn ask_whence(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(Vec<RecordBatch>, Provenance)> {
        let parameters = named(parameters);
        self.runtime()?.block_on(async {
            let mut rows = match session.run(sql, &parameters).await? {
                Answer::Rows(rows) => rows,
                Answer::Pinned(_) => return Ok((Vec::new(), Provenance::default())),
            };
            let mut batches = Vec::new();
            while let Some(batch) = rows.next().await? {
                batches.push(batch);
            }
            Ok((batches, rows.provenance()?))
        })
    }

    /// Runs a statement of our own and writes its rows in the format asked for.
    pub(crate) fn answer(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Totals> {
        self.run_statement(
            session,
            sql,
            &named(parameters),
            self.row_options(None, false),
            std::io::stdout(),
        )
    }

    /// Runs a statement and writes its rows as they come. Ctrl-C cancels it.
    pub(crate) fn run_statement(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &Parameters,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        self.runtime()?.block_on(async {
            tokio::select! {
                result = self.statement(session, sql, parameters, options, out) => result,
                _ = tokio::signal::ctrl_c() => Err(Failure::new(INTERRUPTED, "interrupted")),
            }
        })
    }

    async fn statement(
        &self,
        session: &mut Session,
        sql: &str,
        parameters: &Parameters,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        options.check()?;
        match session.run(sql, parameters).await? {
            Answer::Rows(rows) => self.write_rows(Batches::Here(rows), options, out).await,
            Answer::Pinned(snapshot) => {
                Self::say_pinned(snapshot.as_ref());
                Ok(Totals::default())
            }
        }
    }

    /// Says which moment is seen after a `SET`.
    pub(crate) fn say_pinned(snapshot: Option<&Snapshot>) {
        match snapshot {
            Some(snapshot) => Self::say(&format!(
                "Everything is seen as of {} from here on.",
                short_time(snapshot.taken_at)
            )),
            None => Self::say("The newest state is seen from here on."),
        }
    }

    /// Writes rows of our own making in the format asked for.
    pub(crate) fn write_batch(&self, batch: &RecordBatch) -> Result<()> {
        self.written.set(true);
        let out = std::io::BufWriter::new(std::io::stdout());
        let mut writer = RowWriter::new(out, &batch.schema(), self.row_options(None, false))?;
        writer.write(batch)?;
        let totals = writer.finish(&Provenance::default())?;
        self.tell_of_formulas(totals);
        Ok(())
    }

    /// What CSV changed is said: the file looks as if the tenant had it so.
    fn tell_of_formulas(&self, totals: Totals) {
        if totals.formulas > 0 {
            self.note(&format!(
                "{} began like formulas and got an apostrophe in front; the other formats have them as they are",
                plural(totals.formulas, "cell")
            ));
        }
    }

    pub(crate) fn row_options(&self, max_rows: Option<usize>, expanded: bool) -> RowOptions {
        let is_terminal = std::io::stdout().is_terminal();
        let default = if is_terminal { MAX_ROWS } else { usize::MAX };
        let max_rows = max_rows.map_or(default, |rows| if rows == 0 { usize::MAX } else { rows });
        RowOptions {
            format: self.format(),
            max_rows,
            expanded,
            is_terminal,
            colour: self.colour,
        }
    }

    pub(crate) async fn write_rows(
        &self,
        mut rows: Batches,
        options: RowOptions,
        out: impl Write + Send,
    ) -> Result<Totals> {
        // The first rows come before the first byte: what fails by then leaves no half answer.
        let mut next = rows.next().await?;
        self.written.set(true);
        let mut writer = RowWriter::new(std::io::BufWriter::new(out), rows.schema(), options)?;
        while let Some(batch) = next {
            writer.write(&batch)?;
            next = rows.next().await?;
        }
        let provenance = rows.provenance()?;
        let totals = writer.finish(&provenance)?;
        // What an answer leaves out is said whatever its format.
        provenance.notes.iter().for_each(|note| self.note(note));
        self.tell_of_formulas(totals);
        Ok(totals)
    }
}

/// Rows from this process or from another.
pub(crate) enum Batches {
    Here(Rows),
    Apart(worker::Rows),
}

impl Batches {
    fn schema(&self) -> &SchemaRef {
        match self {
            Self::Here(rows) => &rows.schema,
            Self::Apart(rows) => &rows.schema,
        }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        Ok(match self {
            Self::Here(rows) => rows.next().await?,
            Self::Apart(rows) => rows.next().await?,
        })
    }

    /// The states the answer was made from, once it has ended.
    fn provenance(&self) -> Result<Provenance> {
        Ok(match self {
            Self::Here(rows) => rows.provenance()?,
            Self::Apart(rows) => rows.provenance().cloned().unwrap_or_default(),
        })
    }
}

fn named(parameters: &[(&str, &str)]) -> Parameters {
    parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

//! Answers on their way from a worker to whoever asked.

use query::Provenance;
use query::arrow::array::RecordBatch;
use query::arrow::datatypes::SchemaRef;
use store::Snapshot;
use tokio::sync::mpsc;

use crate::error::{Error, Result};

/// What a statement came to.
#[derive(Debug)]
pub enum Answer {
    /// Rows, as they come.
    Rows(Rows),
    /// `SET entrace.as_of`: whoever asked sees this snapshot from here on, or the newest. A worker remembers
    /// nothing: the next request says so itself.
    Pinned(Option<Snapshot>),
}

/// What a worker hands over.
#[derive(Debug)]
pub(crate) enum Piece {
    Batch(RecordBatch),
    End(Provenance),
}

/// The rows of an answer. Dropped before their end, the statement is ended: its worker is killed.
#[derive(Debug)]
pub struct Rows {
    /// Their columns.
    pub schema: SchemaRef,
    pieces: mpsc::Receiver<Result<Piece>>,
    provenance: Option<Provenance>,
}

impl Rows {
    pub(crate) fn new(schema: SchemaRef, pieces: mpsc::Receiver<Result<Piece>>) -> Self {
        Self {
            schema,
            pieces,
            provenance: None,
        }
    }

    /// The next rows; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if self.provenance.is_some() {
            return Ok(None);
        }
        match self.pieces.recv().await {
            Some(Ok(Piece::Batch(batch))) => Ok(Some(batch)),
            Some(Ok(Piece::End(provenance))) => {
                self.provenance = Some(provenance);
                Ok(None)
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::Lost("the pool was closed".to_owned())),
        }
    }

    /// All rows at once.
    pub async fn collect(&mut self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The states the answer was made from; `None` before its end.
    #[must_use]
    pub fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }
}

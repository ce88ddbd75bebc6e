//! The files in `tests/slt`, each run twice: over packs alone and over columns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use query::arrow::util::display::{ArrayFormatter, FormatOptions};
use query::{Answer, Session, SessionOptions, Source};
use sqllogictest::{DBOutput, DefaultColumnType};

use crate::fixture;

struct Database {
    session: Session,
    runtime: tokio::runtime::Runtime,
}

impl sqllogictest::DB for Database {
    type Error = query::Error;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, query::Error> {
        self.runtime.block_on(async {
            match self.session.run(sql, &BTreeMap::new()).await? {
                Answer::Pinned(_) => Ok(DBOutput::StatementComplete(0)),
                Answer::Rows(rows) => {
                    let types = vec![DefaultColumnType::Text; rows.schema.fields().len()];
                    Ok(DBOutput::Rows {
                        types,
                        rows: texts(&rows.collect().await?),
                    })
                }
            }
        })
    }
}

pub(crate) fn texts(batches: &[query::arrow::array::RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut all = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| {
                ArrayFormatter::try_new(column, &options).expect("because every type can be shown")
            })
            .collect();
        let cell = |column: &ArrayFormatter<'_>, row| {
            let text = column.value(row).to_string();
            if text.is_empty() {
                "(empty)".to_owned()
            } else {
                text
            }
        };
        all.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| cell(column, row)).collect()),
        );
    }
    all
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

fn run_all(source: &Arc<Source>) {
    let folder = package().join("tests/slt");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("because it is there")
        .flatten()
        .map(|f| f.path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let mut runner = sqllogictest::Runner::new(|| async {
            let session = Session::new(source, SessionOptions::default())?;
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build();
            Ok(Database {
                session,
                runtime: runtime.expect("because threads can be made"),
            })
        });
        runner
            .run_file(&file)
            .unwrap_or_else(|error| panic!("{}", error.display(false)));
    }
}

#[test]
fn from_packs() {
    run_all(&fixture::source());
}

#[test]
fn from_columns() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    run_all(&fixture::projected(folder.path()));
}

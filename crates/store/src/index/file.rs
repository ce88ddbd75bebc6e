//! The redb file behind the index.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{
    Builder, CompactionError, ConcurrencyMode, Database, ReadOnlyDatabase, ReadOnlyTable,
    ReadableDatabase, TableDefinition,
};

use super::{IndexBatch, RowKey, Table, unusable};
use crate::error::{Error, Result};
use crate::seal::Sealer;

/// Path of the index within a local archive.
pub(crate) const PATH: &str = "index.redb";
/// Memory redb may use for pages.
const CACHE_BYTES: usize = 48 << 20;

pub(super) type Definition = TableDefinition<'static, RowKey, &'static [u8]>;

pub(super) const fn definition(table: Table) -> Definition {
    TableDefinition::new(match table {
        Table::State => "state",
        Table::Packs => "packs",
        Table::Frames => "frames",
        Table::Kinds => "kinds",
        Table::Versions => "versions",
        Table::Objects => "objects",
        Table::Handles => "handles",
        Table::Alive => "alive",
        Table::Snapshots => "snapshots",
        Table::Records => "records",
        Table::Units => "units",
        Table::Tags => "tags",
        Table::Volatile => "volatile",
    })
}

/// An open index: a file, or memory where there is no place for a file.
#[derive(Debug)]
pub(crate) struct IndexFile(Handle);

enum Handle {
    Writable(Database),
    ReadOnly(ReadOnlyDatabase),
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Writable(_) => "Writable",
            Self::ReadOnly(_) => "ReadOnly",
        })
    }
}

/// The tables at one moment.
pub(crate) struct ReadTables(Vec<ReadOnlyTable<RowKey, &'static [u8]>>);

impl std::fmt::Debug for ReadTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadTables")
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    // Readers in other processes while one writes.
    builder.set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

/// Runs redb code over a file that may be damaged: redb asserts where we want an error.
fn guarded<T, E: std::fmt::Display>(
    operation: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(unusable(error.to_string())),
        Err(_) => Err(unusable("redb panicked while reading it")),
    }
}

impl IndexFile {
    /// Opens or creates the file for writing; the caller holds the writer lock.
    pub(crate) fn writable(path: &Path) -> Result<Self> {
        guarded(|| builder().create(path)).map(|database| Self(Handle::Writable(database)))
    }

    /// Opens an existing file for reading, beside a writer in another process.
    pub(crate) fn read_only(path: &Path) -> Result<Self> {
        guarded(|| builder().open_read_only(path)).map(|database| Self(Handle::ReadOnly(database)))
    }

    pub(crate) fn in_memory() -> Result<Self> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        guarded(|| builder.create_with_backend(InMemoryBackend::new()))
            .map(|database| Self(Handle::Writable(database)))
    }

    pub(crate) fn tables(&self) -> Result<ReadTables> {
        guarded(|| {
            let transaction = match &self.0 {
                Handle::Writable(database) => database.begin_read(),
                Handle::ReadOnly(database) => database.begin_read(),
            };
            let transaction = transaction.map_err(|e| e.to_string())?;
            let open = |table| {
                transaction
                    .open_table(definition(table))
                    .map_err(|e| e.to_string())
            };
            Table::ALL
                .into_iter()
                .map(open)
                .collect::<std::result::Result<Vec<_>, String>>()
                .map(ReadTables)
        })
    }

    /// Applies a batch in one durable transaction.
    pub(crate) fn apply(&self, sealer: &Sealer, batch: IndexBatch) -> Result<()> {
        self.transact(sealer, |rows| batch.write_away(rows))
    }

    /// Applies a batch that is needed afterwards.
    pub(crate) fn apply_kept(&self, sealer: &Sealer, batch: &mut IndexBatch) -> Result<()> {
        self.transact(sealer, |rows| batch.write(rows))
    }

    fn transact(
        &self,
        sealer: &Sealer,
        write: impl FnOnce(&mut super::batch::Rows<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        let Handle::Writable(database) = &self.0 else {
            return Err(Error::Internal(
                "a batch was applied to a read-only index".to_owned(),
            ));
        };
        guarded(|| {
            let mut transaction = database.begin_write().map_err(|e| e.to_string())?;
            transaction.set_quick_repair(true);
            {
                let mut tables = Vec::with_capacity(Table::ALL.len());
                for table in Table::ALL {
                    tables.push(
                        transaction
                            .open_table(definition(table))
                            .map_err(|e| e.to_string())?,
                    );
                }
                write(&mut super::batch::Rows::new(&mut tables, sealer))
                    .map_err(|e| e.to_string())?;
            }
            transaction.commit().map_err(|e| e.to_string())
        })
    }

    /// Gives pages that are no longer used back to the file system; not while somebody else reads.
    pub(crate) fn shrink(&mut self) -> Result<()> {
        let Handle::Writable(database) = &mut self.0 else {
            return Ok(());
        };
        guarded(|| match database.compact() {
            Ok(_) | Err(CompactionError::TransactionInProgress) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

impl ReadTables {
    pub(super) fn closed() -> Self {
        Self(Vec::new())
    }

    pub(super) fn get(&self, table: Table, key: RowKey) -> Result<Option<Vec<u8>>> {
        let Some(table) = self.0.get(table as usize) else {
            return Err(Error::Internal("the index is closed".to_owned()));
        };
        guarded(|| {
            Ok::<_, redb::StorageError>(
                ReadOnlyTable::get(table, key)?.map(|row| row.value().to_vec()),
            )
        })
    }
}

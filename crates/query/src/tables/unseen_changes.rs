//! `unseen_changes`: what the log tells of and no snapshot shows, because it was put back in between.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use store::Snapshot;

use super::arrays::{self, ROWS, Type, batch_of, constant, texts, times};
use super::changes::wants_address;
use super::provider::{Emit, Relation, Scan};
use crate::attribution::{Addresses, Attribution, Finder, Unseen, actor_column};
use crate::error::Result;
use crate::source::Source;

const COLUMNS: [(&str, Type); 19] = [
    ("_tenant_id", Type::Text),
    ("changed_at", Type::Time),
    ("changed_after", Type::Time),
    ("changed_before", Type::Time),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("change_type", Type::Text),
    ("path", Type::Text),
    ("old_value", Type::Json),
    ("new_value", Type::Json),
    ("actor_id", Type::Text),
    ("actor", Type::Text),
    ("actor_type", Type::Text),
    ("actor_ip", Type::Text),
    ("actor_ip_source", Type::Text),
    ("activity", Type::Text),
    ("correlation_id", Type::Text),
    ("audit_id", Type::Text),
];

/// Unseen changes up to a horizon.
#[derive(Debug)]
pub(crate) struct UnseenChangesTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl UnseenChangesTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }

    fn emit(
        &self,
        scan: &Scan,
        rows: &mut Vec<Unseen>,
        addresses: &mut Option<Addresses<'_>>,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let mut by = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let address = match addresses {
                Some(addresses) => addresses.of(&row.event)?,
                None => None,
            };
            by.push(Attribution::told_by(&row.event, address));
        }
        let tenant = self.source.archive.tenant();
        emit(batch_of(scan, rows, |at, rows| {
            let name = COLUMNS[at].0;
            Ok(actor_column(name, &by).unwrap_or_else(|| column(tenant, name, rows)))
        })?)?;
        rows.clear();
        Ok(())
    }
}

fn column(tenant: &str, name: &str, rows: &[Unseen]) -> ArrayRef {
    match name {
        "_tenant_id" => constant(tenant, rows.len()),
        "changed_at" => times(rows.iter().map(|row| Some(row.event.time))),
        "changed_after" => times(rows.iter().map(|row| Some(row.between.from))),
        "changed_before" => times(rows.iter().map(|row| Some(row.between.to))),
        "kind" => texts(rows.iter().map(|row| Some(row.kind))),
        "object_id" => texts(rows.iter().map(|row| Some(row.object_id.as_str()))),
        "display_name" => texts(rows.iter().map(|row| row.display_name.as_deref())),
        "change_type" => texts(rows.iter().map(|row| Some(row.change_type))),
        "path" => texts(rows.iter().map(|row| row.path.as_deref())),
        "old_value" => texts(rows.iter().map(|row| row.old.as_deref())),
        _ => texts(rows.iter().map(|row| row.new.as_deref())),
    }
}

impl Relation for UnseenChangesTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let horizon = self.horizon.as_ref();
        let finder = Finder::new(&self.source, horizon, scan.equal("kind"));
        let wants_address = wants_address(scan, &COLUMNS);
        let mut addresses = wants_address.then(|| Addresses::new(&self.source, horizon));
        // Of an edge the first end leads to its events as well.
        let id = scan.equal("object_id").and_then(|id| id.split('/').next());
        let mut rows = Vec::new();
        finder.each(id.filter(|id| model::is_guid(id)), |unseen| {
            rows.push(unseen);
            if rows.len() >= ROWS {
                self.emit(scan, &mut rows, &mut addresses, emit)?;
            }
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        self.emit(scan, &mut rows, &mut addresses, emit)
    }
}

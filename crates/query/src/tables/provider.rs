//! What all tables have in common: a plain synchronous scan behind the engine's asynchronous one.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::TableType;
use datafusion::error::Result as EngineResult;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr, SendableRecordBatchStream};
use datafusion::scalar::ScalarValue;
use tokio::sync::mpsc::Sender;

use crate::error::{Error, Result};

/// Batches on their way to the engine: the scan waits when this many were not taken yet.
const WAITING_BATCHES: usize = 2;

/// A table: a schema, and a scan that hands over batches.
pub(crate) trait Relation: Debug + Send + Sync {
    fn schema(&self) -> &SchemaRef;

    /// Emits the columns of `scan.projection`, in that order, of rows that pass at least what the
    /// relation can check itself; the engine checks every filter again.
    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()>;
}

/// Takes batches; an error ends the scan.
pub(crate) type Emit<'e> = dyn FnMut(RecordBatch) -> Result<()> + 'e;

/// What is wanted of a table.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) projection: Vec<usize>,
    /// The projected schema.
    pub(crate) schema: SchemaRef,
    filters: Vec<Filter>,
    /// `column = 'text'` among the filters.
    equal: BTreeMap<String, String>,
    /// Where the rows go, once the scan runs.
    audience: Option<Sender<EngineResult<RecordBatch>>>,
}

/// A filter the scan may apply early.
#[derive(Debug, Clone)]
struct Filter {
    /// Positions in the table's schema, in the order of the expression's own.
    columns: Vec<usize>,
    schema: SchemaRef,
    expression: Arc<dyn PhysicalExpr>,
}

impl Scan {
    pub(crate) fn wants(&self, column: usize) -> bool {
        self.projection.contains(&column)
    }

    /// Fails when nobody wants the rows any more. Emitting asks this too: it is for work that goes on for long
    /// without a row.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.audience {
            Some(audience) if audience.is_closed() => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }

    /// The text a column must be equal to.
    pub(crate) fn equal(&self, column: &str) -> Option<&str> {
        self.equal.get(column).map(String::as_str)
    }

    /// Columns below `limit` that filters on such columns alone need.
    pub(crate) fn filter_columns(&self, limit: usize) -> impl Iterator<Item = usize> + '_ {
        self.early_filters(limit)
            .flat_map(|filter| filter.columns.iter().copied())
    }

    fn early_filters(&self, limit: usize) -> impl Iterator<Item = &Filter> {
        self.filters
            .iter()
            .filter(move |filter| filter.columns.iter().all(|column| *column < limit))
    }

    /// Which rows pass the filters on columns below `limit`; `None`: all.
    pub(crate) fn early_mask(
        &self,
        limit: usize,
        rows: usize,
        column: impl Fn(usize) -> ArrayRef,
    ) -> Result<Option<BooleanArray>> {
        let mut mask: Option<BooleanArray> = None;
        for filter in self.early_filters(limit) {
            let arrays = filter.columns.iter().map(|at| column(*at)).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch =
                RecordBatch::try_new_with_options(Arc::clone(&filter.schema), arrays, &options)
                    .map_err(|e| Error::Internal(e.to_string()))?;
            let Ok(value) = filter.expression.evaluate(&batch) else {
                continue;
            };
            let Ok(passed) = value.into_array(rows) else {
                continue;
            };
            let Some(passed) = passed.as_boolean_opt() else {
                continue;
            };
            // A row whose filter is null does not pass either.
            let passed: BooleanArray = (0..rows)
                .map(|at| Some(passed.is_valid(at) && passed.value(at)))
                .collect();
            mask = Some(match mask {
                None => passed,
                Some(before) => datafusion::arrow::compute::and(&before, &passed)
                    .map_err(|e| Error::Internal(e.to_string()))?,
            });
        }
        Ok(mask.filter(|mask| mask.true_count() < rows))
    }

    /// A batch of the projected columns.
    pub(crate) fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|e| Error::Internal(e.to_string()))
    }
}

/// A relation as the engine knows it.
#[derive(Debug)]
pub(crate) struct RelationTable(pub(crate) Arc<dyn Relation>);

impl RelationTable {
    pub(crate) fn provider(relation: impl Relation + 'static) -> Arc<dyn TableProvider> {
        Arc::new(Self(Arc::new(relation)))
    }
}

#[async_trait]
impl TableProvider for RelationTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let table = self.0.schema();
        let projection = projection
            .cloned()
            .unwrap_or_else(|| (0..table.fields().len()).collect());
        let schema = Arc::new(table.project(&projection)?);
        let mut scan = Scan {
            projection,
            schema: Arc::clone(&schema),
            filters: Vec::new(),
            equal: BTreeMap::new(),
            audience: None,
        };
        for filter in filters {
            if let Some((column, text)) = text_equality(filter) {
                scan.equal.insert(column, text);
            }
            scan.filters.extend(early_filter(state, table, filter));
        }
        // Filters are checked again above, so that a limit may only count when there are none.
        let limit = limit.filter(|_| filters.is_empty());
        let partition = Arc::new(Partition {
            relation: Arc::clone(&self.0),
            scan,
            limit,
        });
        Ok(Arc::new(StreamingTableExec::try_new(
            schema,
            vec![partition],
            None,
            None,
            false,
            limit,
        )?))
    }
}

/// `column = 'text'`, either way round.
fn text_equality(filter: &Expr) -> Option<(String, String)> {
    let Expr::BinaryExpr(binary) = filter else {
        return None;
    };
    if binary.op != Operator::Eq {
        return None;
    }
    let ((Expr::Column(column), Expr::Literal(literal, _))
    | (Expr::Literal(literal, _), Expr::Column(column))) = (&*binary.left, &*binary.right)
    else {
        return None;
    };
    match literal {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Some((column.name.clone(), text.clone())),
        _ => None,
    }
}

fn early_filter(state: &dyn Session, table: &SchemaRef, filter: &Expr) -> Option<Filter> {
    let mut names: Vec<&Column> = filter.column_refs().into_iter().collect();
    names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let columns: Vec<usize> = names
        .iter()
        .map(|column| table.index_of(&column.name).ok())
        .collect::<Option<_>>()?;
    let fields: Vec<Field> = columns.iter().map(|at| table.field(*at).clone()).collect();
    let schema = Arc::new(Schema::new(fields));
    let qualified = filter.clone().transform_to_unqualified()?;
    let df_schema = DFSchema::try_from(Arc::clone(&schema)).ok()?;
    let expression = state.create_physical_expr(qualified, &df_schema).ok()?;
    Some(Filter {
        columns,
        schema,
        expression,
    })
}

/// Column names without the table they belong to: within one table they need none.
trait Unqualified: Sized {
    fn transform_to_unqualified(self) -> Option<Self>;
}

impl Unqualified for Expr {
    fn transform_to_unqualified(self) -> Option<Self> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        let rename = |expression: Expr| match expression {
            Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(
                column.name,
            )))),
            other => Ok(Transformed::no(other)),
        };
        self.transform(rename)
            .ok()
            .map(|transformed| transformed.data)
    }
}

/// One scan, run when the engine asks for it.
#[derive(Debug)]
struct Partition {
    relation: Arc<dyn Relation>,
    scan: Scan,
    limit: Option<usize>,
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.scan.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder =
            RecordBatchReceiverStream::builder(Arc::clone(&self.scan.schema), WAITING_BATCHES);
        let sender = builder.tx();
        let (relation, limit) = (Arc::clone(&self.relation), self.limit);
        let mut scan = self.scan.clone();
        scan.audience = Some(sender.clone());
        builder.spawn_blocking(move || {
            let mut rows = 0;
            let mut emit = |batch: RecordBatch| {
                rows += batch.num_rows();
                let closed = sender.blocking_send(Ok(batch)).is_err();
                // Nobody listens any more, or enough was said.
                if closed || limit.is_some_and(|limit| rows >= limit) {
                    Err(Error::Cancelled)
                } else {
                    Ok(())
                }
            };
            match relation.scan(&scan, &mut emit) {
                Ok(()) | Err(Error::Cancelled) => Ok(()),
                Err(error) => Err(error.into()),
            }
        });
        builder.build()
    }
}

//! What all tables have in common: a plain synchronous scan behind the engine's asynchronous one.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::TreeNode;
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

    /// Whether the scan decides every filter on columns of this sort for good, so that the engine need
    /// not check it again.
    fn decides(&self, _column: usize) -> bool {
        false
    }

    /// Emits the columns of `scan.projection`, in that order, of rows that pass at least what the
    /// relation can check itself; the engine checks every other filter again.
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
    /// Whether nobody checks it again.
    is_decided: bool,
}

impl Filter {
    /// Which rows pass. One whose filter is null does not.
    fn passed(&self, columns: Vec<ArrayRef>, rows: usize) -> EngineResult<BooleanArray> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        let value = self.expression.evaluate(&batch)?.into_array(rows)?;
        let passed = as_boolean_array(&value)?;
        Ok(match passed.nulls() {
            None => passed.clone(),
            Some(nulls) => BooleanArray::new(passed.values() & nulls.inner(), None),
        })
    }
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

    /// Whether a row with this text in a column can pass the filters on that column alone.
    pub(crate) fn allows(&self, column: &str, text: &str) -> bool {
        let fails = |filter: &Filter| {
            let fields = filter.schema.fields();
            if fields.len() != 1 || fields[0].name() != column {
                return false;
            }
            let of_it: ArrayRef = Arc::new(StringArray::from(vec![text]));
            let passed = filter.passed(vec![of_it], 1);
            passed.is_ok_and(|passed| !passed.value(0))
        };
        !self.filters.iter().any(fails)
    }

    /// The columns that must be equal to a text, with it.
    pub(crate) fn equalities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.equal
            .iter()
            .map(|(column, text)| (column.as_str(), text.as_str()))
    }

    /// The columns that filters on usable columns alone need.
    pub(crate) fn filter_columns<'s>(
        &'s self,
        usable: &'s dyn Fn(usize) -> bool,
    ) -> impl Iterator<Item = usize> + 's {
        self.early_filters(usable)
            .flat_map(|filter| filter.columns.iter().copied())
    }

    fn early_filters<'s>(
        &'s self,
        usable: &'s dyn Fn(usize) -> bool,
    ) -> impl Iterator<Item = &'s Filter> {
        self.filters
            .iter()
            .filter(move |filter| filter.columns.iter().all(|column| usable(*column)))
    }

    /// Which rows pass the filters on usable columns; `None`: all.
    pub(crate) fn early_mask(
        &self,
        usable: &dyn Fn(usize) -> bool,
        rows: usize,
        column: impl Fn(usize) -> ArrayRef,
    ) -> Result<Option<BooleanArray>> {
        let mut mask: Option<BooleanArray> = None;
        for filter in self.early_filters(usable) {
            let arrays = filter.columns.iter().map(|at| column(*at)).collect();
            let passed = match filter.passed(arrays, rows) {
                Ok(passed) => passed,
                // The engine checks it again, and says what is wrong where it matters.
                Err(_) if !filter.is_decided => continue,
                Err(error) => return Err(error.into()),
            };
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

    /// Whether the relation decides a filter for good: one of simple parts on columns it decides. A filter of no
    /// column at all, which is what is left of `null = 'x'`, is the engine's.
    fn decides(&self, filter: &Expr) -> bool {
        let table = self.0.schema();
        let is_decided = |column: &&Column| {
            let at = table.index_of(&column.name);
            at.is_ok_and(|at| self.0.decides(at))
        };
        let columns = filter.column_refs();
        is_simple(filter) && !columns.is_empty() && columns.iter().all(is_decided)
    }
}

/// Whether a filter consists of comparisons of columns and literals alone, which cannot fail: what
/// arithmetic, a function or a subquery would do is left to the engine.
fn is_simple(filter: &Expr) -> bool {
    let is_other = |part: &Expr| {
        let is_known = matches!(part, Expr::BinaryExpr(binary) if is_comparison(binary.op))
            || matches!(
                part,
                Expr::Column(_)
                    | Expr::Literal(..)
                    | Expr::Not(_)
                    | Expr::IsNull(_)
                    | Expr::IsNotNull(_)
                    | Expr::IsTrue(_)
                    | Expr::IsFalse(_)
                    | Expr::IsNotTrue(_)
                    | Expr::IsNotFalse(_)
                    | Expr::Between(_)
                    | Expr::InList(_)
                    | Expr::Like(_)
            );
        Ok(!is_known)
    };
    !filter.exists(is_other).unwrap_or(true)
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
            | Operator::And
            | Operator::Or
    )
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
        let push_down = |filter: &&Expr| {
            if self.decides(filter) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(push_down).collect())
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
            let is_decided = self.decides(filter);
            let early = early_filter(state, table, filter, is_decided);
            if is_decided && early.is_none() {
                return Err(Error::Internal(format!("{filter} cannot be checked")).into());
            }
            scan.filters.extend(early);
        }
        // Where filters are checked again above, rows that were counted may not pass.
        let limit = limit.filter(|_| filters.iter().all(|filter| self.decides(filter)));
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

fn early_filter(
    state: &dyn Session,
    table: &SchemaRef,
    filter: &Expr,
    is_decided: bool,
) -> Option<Filter> {
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
        is_decided,
    })
}

/// Column names without the table they belong to: within one table they need none.
trait Unqualified: Sized {
    fn transform_to_unqualified(self) -> Option<Self>;
}

impl Unqualified for Expr {
    fn transform_to_unqualified(self) -> Option<Self> {
        use datafusion::common::tree_node::Transformed;
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

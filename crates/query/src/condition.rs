//! A condition on the versions of a kind, written in SQL.
//!
//! It is one expression over the columns of the kind's table, of bounded size as a statement is, and it
//! reads nothing but the version it is asked about: no subquery, no aggregate, no parameter.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, TableReference};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, ExprWithAlias, Query, Value, ValueWithSpan, Visit, Visitor,
};
use roaring::RoaringBitmap;
use store::StoredKind;

use crate::columns::{KindSchema, Origin, Rows};
use crate::error::{Error, Result};
use crate::json;
use crate::size::check_size;
use crate::source::Source;
use crate::statement::parse_expression;
use crate::tables::{table_name, whole_object};

/// Name of the column with the whole object.
const PROPERTIES: &str = "properties";

/// A condition that is ready to be asked.
#[derive(Debug)]
pub(crate) struct Condition {
    /// Positions in the projection of the kind, in the order of the schema.
    columns: Vec<usize>,
    /// Whether the last column of the schema is the whole object.
    wants_properties: bool,
    schema: SchemaRef,
    predicate: Arc<dyn PhysicalExpr>,
}

impl Condition {
    /// Plans a condition on the columns of a kind's table.
    pub(crate) fn new(text: &str, kind: &str, state: &SessionState) -> Result<Self> {
        let expression = parse_expression(text)?;
        check_size(&expression)?;
        if let ControlFlow::Break(error) = expression.visit(&mut OneVersion) {
            return Err(error);
        }
        let projection = KindSchema::new(kind);
        let whole = table_schema(&projection);
        let logical = logical(expression, kind, &whole, state)?;
        let used = |name: &str| {
            logical
                .column_refs()
                .iter()
                .any(|column| column.name == name)
        };
        let hidden = |origin: Origin| matches!(origin, Origin::Ordinal | Origin::Key);
        let mut columns = Vec::new();
        for (at, column) in projection.columns.iter().enumerate() {
            if hidden(column.origin) || !used(&column.name) {
                continue;
            }
            if is_volatile(&projection, column.origin) {
                return Err(Error::invalid(format!(
                    "{} moves by mere use and is kept as last seen: there is no past to ask about",
                    column.name
                )));
            }
            columns.push(at);
        }
        let wants_properties = used(PROPERTIES);
        let mut fields: Vec<Field> = columns
            .iter()
            .map(|at| projection.arrow.field(*at).clone())
            .collect();
        fields.extend(wants_properties.then(|| json::field(PROPERTIES)));
        let schema = Arc::new(Schema::new(fields));
        let predicate = state.create_physical_expr(logical, &qualified(kind, &schema)?)?;
        let data_type = predicate.data_type(&schema)?;
        if !matches!(data_type, DataType::Boolean | DataType::Null) {
            return Err(Error::invalid(format!(
                "a condition is true or false, and {text} is {data_type}"
            )));
        }
        Ok(Self {
            columns,
            wants_properties,
            schema,
            predicate,
        })
    }

    /// Which of these versions the condition is true for; unknown is not true.
    pub(crate) fn holds_for(
        &self,
        source: &Source,
        kind: &StoredKind,
        versions: &RoaringBitmap,
    ) -> Result<RoaringBitmap> {
        let mut holding = RoaringBitmap::new();
        let projection = source.columns(kind)?;
        let archive = &source.archive;
        projection.scan(archive, versions, &self.columns, None, &mut |rows| {
            let batch = self.batch(source, kind, &rows)?;
            let value = self.predicate.evaluate(&batch)?;
            let passed = value.into_array(batch.num_rows())?;
            let Some(passed) = passed.as_boolean_opt() else {
                return Ok(());
            };
            let ordinals = rows.ordinals.values().iter().enumerate();
            holding.extend(
                ordinals
                    .filter(|(row, _)| passed.is_valid(*row) && passed.value(*row))
                    .map(|(_, ordinal)| *ordinal),
            );
            Ok(())
        })?;
        Ok(holding)
    }

    fn batch(&self, source: &Source, kind: &StoredKind, rows: &Rows) -> Result<RecordBatch> {
        let mut columns = rows.columns.clone();
        if self.wants_properties {
            let wanted = rows.ordinals.values().iter().copied().collect();
            let is_edge = catalog::by_name(&kind.name).is_some_and(catalog::Kind::is_relationship);
            let mut whole: HashMap<u32, String> = HashMap::new();
            let archive = &source.archive;
            archive.versions(kind.number, &wanted, |ordinal, key, payload| {
                let target = key.rsplit(model::KEY_SEPARATOR).next();
                let target = target.filter(|_| is_edge);
                whole.insert(ordinal, whole_object(payload, "", target));
                Ok(())
            })?;
            let texts = rows.ordinals.values().iter();
            let texts = texts.map(|ordinal| whole.get(ordinal).map(String::as_str));
            columns.push(crate::tables::texts(texts) as ArrayRef);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.ordinals.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|e| Error::Internal(e.to_string()))
    }
}

/// What a condition may be made of: nothing that looks beyond the version.
struct OneVersion;

impl Visitor for OneVersion {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        ControlFlow::Break(Error::invalid(
            "a condition is about one version and cannot have a query in it: join the answer instead",
        ))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Error> {
        match &value.value {
            Value::Placeholder(name) => ControlFlow::Break(Error::invalid(format!(
                "a condition has no parameters of its own: make the whole condition one instead of {name}"
            ))),
            _ => ControlFlow::Continue(()),
        }
    }
}

fn is_volatile(projection: &KindSchema, origin: Origin) -> bool {
    let volatile = projection.kind.map_or(&[][..], |kind| kind.volatile);
    matches!(origin, Origin::Property(name, _) if volatile.contains(&name))
}

/// The columns a condition can be about.
fn table_schema(projection: &KindSchema) -> SchemaRef {
    let shown = projection.columns.iter().enumerate();
    let shown = shown.filter(|(_, column)| !matches!(column.origin, Origin::Ordinal | Origin::Key));
    let fields = shown.map(|(at, _)| projection.arrow.field(at).clone());
    let fields: Vec<Field> = fields.chain([json::field(PROPERTIES)]).collect();
    Arc::new(Schema::new(fields))
}

fn qualified(kind: &str, schema: &SchemaRef) -> Result<DFSchema> {
    let table = TableReference::bare(table_name(kind));
    Ok(DFSchema::try_from_qualified_schema(table, schema)?)
}

/// The expression as the engine understands it, with constants like `now()` put in.
fn logical(
    expression: SqlExpr,
    kind: &str,
    columns: &SchemaRef,
    state: &SessionState,
) -> Result<Expr> {
    let schema = qualified(kind, columns)?;
    let expression = ExprWithAlias {
        expr: expression,
        alias: None,
    };
    let logical = state.create_logical_expr_from_sql_expr(expression, &schema)?;
    let beyond = |part: &Expr| {
        matches!(
            part,
            Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::Unnest(_)
        )
    };
    if logical.exists(|part| Ok(beyond(part)))? {
        return Err(Error::invalid(
            "a condition is about one version: it has no aggregates, windows or unnest",
        ));
    }
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let coerced = simplifier.coerce(logical, &schema)?;
    Ok(simplifier.simplify(coerced)?)
}

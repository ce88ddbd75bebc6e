//! Version clauses: every one is resolved or refused.
//!
//! `DataFusion` parses several of them and then drops them, which would answer a question about the past
//! with the present. So none ever reaches it: `FROM users FOR SYSTEM_TIME AS OF t` becomes a read of
//! the revision schema of the snapshot it means, `FROM "@<id>".users AS users`, and a statement that
//! still holds a version clause after that is an error.

use std::ops::ControlFlow;

use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Statement, TableAlias, TableFactor, TableVersion,
    Value, VisitMut, VisitorMut,
};
use jiff::Timestamp;
use store::Snapshot;

use crate::error::{Error, Result};
use crate::schemas::REVISION;
use crate::scope::Scope;

/// Replaces every version clause of a statement.
pub(crate) fn resolve_versions(
    statement: &mut Statement,
    scope: &Scope,
    state: &SessionState,
) -> Result<()> {
    let mut rewrite = Rewrite { scope, state };
    if let ControlFlow::Break(error) = statement.visit(&mut rewrite) {
        return Err(error);
    }
    match statement.visit(&mut Verify) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Rewrite<'a> {
    scope: &'a Scope,
    state: &'a SessionState,
}

impl VisitorMut for Rewrite<'_> {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table {
            name,
            alias,
            args,
            version,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let Some(clause) = version.take() else {
            return ControlFlow::Continue(());
        };
        let result = self.snapshot(&clause).and_then(|snapshot| {
            if args.is_some() {
                return Err(Error::invalid(format!(
                    "{name} is a function: it has no past states"
                )));
            }
            past_name(name, alias, &snapshot)
        });
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// Turns a table's name into that of its revision, and keeps the name it is used by.
fn past_name(
    name: &mut ObjectName,
    alias: &mut Option<TableAlias>,
    snapshot: &Snapshot,
) -> Result<()> {
    let parts: Vec<Ident> = name
        .0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .cloned()
        .collect();
    let Some(table) = parts.last().filter(|_| parts.len() == name.0.len()) else {
        return Err(Error::invalid(format!("{name} is no table name")));
    };
    if let Some(schema) = parts.iter().rev().nth(1)
        && schema.value.starts_with(REVISION)
    {
        return Err(Error::invalid(format!(
            "{name} names a revision and has a version clause: only one of them can be meant"
        )));
    }
    alias.get_or_insert(TableAlias {
        explicit: true,
        name: table.clone(),
        columns: Vec::new(),
        at: None,
    });
    let schema = Ident::with_quote('"', format!("{REVISION}{}", snapshot.id));
    *name = ObjectName::from(vec![schema, table.clone()]);
    Ok(())
}

impl Rewrite<'_> {
    fn snapshot(&self, clause: &TableVersion) -> Result<Snapshot> {
        match clause {
            TableVersion::ForSystemTimeAsOf(expression)
            | TableVersion::TimestampAsOf(expression) => match self.constant(expression)? {
                Constant::Time(time) => self.scope.at(time, &expression.to_string()),
                Constant::Text(text) => self.scope.resolve(&text),
            },
            TableVersion::VersionAsOf(Expr::Value(value)) => match &value.value {
                Value::Number(digits, _) => {
                    let number = digits
                        .parse()
                        .map_err(|_| Error::invalid(format!("{digits} is no snapshot number")))?;
                    self.scope.numbered(number)
                }
                other => Err(Error::invalid(format!(
                    "VERSION AS OF takes a snapshot number, not {other}"
                ))),
            },
            other => Err(Error::invalid(format!(
                "the version clause {other} is not supported: use FOR SYSTEM_TIME AS OF, VERSION AS OF or \"@REVISION\".table"
            ))),
        }
    }

    /// The value of a constant expression.
    fn constant(&self, expression: &Expr) -> Result<Constant> {
        let schema = DFSchema::empty();
        let not_constant = |reason: &str| {
            Error::invalid(format!(
                "AS OF needs a constant time or revision, and {expression} is none{reason}"
            ))
        };
        let logical = self
            .state
            .create_logical_expr(&expression.to_string(), &schema)
            .map_err(|e| not_constant(&format!(": {}", Error::from(e))))?;
        let context = SimplifyContext::builder()
            .with_schema(schema.into())
            .with_config_options(std::sync::Arc::clone(self.state.config_options()))
            .with_query_execution_start_time(
                self.state.execution_props().query_execution_start_time,
            )
            .build();
        let simplified = ExprSimplifier::new(context)
            .simplify(logical)
            .map_err(|e| not_constant(&format!(": {}", Error::from(e))))?;
        match simplified {
            datafusion::logical_expr::Expr::Literal(value, _) => {
                constant_of(&value).ok_or_else(|| not_constant(""))
            }
            _ => Err(not_constant("")),
        }
    }
}

enum Constant {
    Time(Timestamp),
    Text(String),
}

fn constant_of(value: &ScalarValue) -> Option<Constant> {
    let time = |units: Option<i64>, per_unit: i128| {
        Timestamp::from_nanosecond(i128::from(units?) * per_unit)
            .ok()
            .map(Constant::Time)
    };
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Some(Constant::Text(text.clone())),
        ScalarValue::TimestampSecond(at, _) => time(*at, 1_000_000_000),
        ScalarValue::TimestampMillisecond(at, _) => time(*at, 1_000_000),
        ScalarValue::TimestampMicrosecond(at, _) => time(*at, 1_000),
        ScalarValue::TimestampNanosecond(at, _) => time(*at, 1),
        ScalarValue::Date32(days) => time(days.map(i64::from), 86_400_000_000_000),
        _ => None,
    }
}

/// Holds the promise: after rewriting there is no version clause left.
struct Verify;

impl VisitorMut for Verify {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match factor {
            TableFactor::Table {
                version: Some(clause),
                name,
                ..
            } => ControlFlow::Break(Error::Internal(format!(
                "the version clause {clause} of {name} was not resolved"
            ))),
            _ => ControlFlow::Continue(()),
        }
    }
}

//! Version clauses: every one is resolved or refused.
//!
//! `DataFusion` parses several of them and then drops them, which would answer a question about the past
//! with the present. So none ever reaches it: `FROM users FOR SYSTEM_TIME AS OF t` becomes a read of
//! the revision schema of the snapshot it means, `FROM "@<id>".users AS users`, a period a question to
//! the history, `FROM (SELECT * FROM users_history WHERE ...) AS users`, and a statement that still holds
//! a version clause after that is an error.

use std::ops::ControlFlow;

use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    Query, Statement, TableAlias, TableFactor, TableVersion, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;
use jiff::Timestamp;
use store::Snapshot;

use crate::clauses::Period;
use crate::dialect::EntraceDialect;
use crate::error::{Error, Result};
use crate::schemas::{HISTORY, REVISION};
use crate::scope::Scope;
use crate::source::is_event;

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
        match self.replace(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl Rewrite<'_> {
    fn replace(&self, factor: &mut TableFactor) -> Result<()> {
        let TableFactor::Table {
            name,
            alias,
            version,
            ..
        } = factor
        else {
            return Ok(());
        };
        let Some(clause) = version.take() else {
            return Ok(());
        };
        let Some((period, bounds)) = period_of(&clause) else {
            return past_name(name, alias, &self.snapshot(&clause)?);
        };
        let derived = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(self.history(name, period, bounds)?),
            alias: Some(alias.take().unwrap_or_else(|| called(name))),
            sample: None,
        };
        *factor = derived;
        Ok(())
    }

    /// The question to the history that a period is.
    fn history(&self, name: &ObjectName, period: Period, bounds: &[FunctionArg]) -> Result<Query> {
        let parts = plain_parts(name)?;
        let table = parts.last().map_or("", |part| part.value.as_str());
        if let Some(kind) = catalog::by_table(table)
            && is_event(kind.name)
        {
            return Err(Error::invalid(format!(
                "rows of {table} do not change: ask for those of a period by their own time, WHERE ... BETWEEN"
            )));
        }
        let mut history = parts.clone();
        if let Some(last) = history.last_mut() {
            last.value.push_str(HISTORY);
        }
        let history = ObjectName::from(history);
        let times = bounds
            .iter()
            .map(|bound| self.bound(bound))
            .collect::<Result<Vec<Timestamp>>>()?;
        let condition = match times.as_slice() {
            [from, to] => {
                if from > to {
                    return Err(Error::invalid(format!(
                        "the period from {from} to {to} ends before it begins"
                    )));
                }
                // A period of which nothing is known at all is an error, as an instant is.
                self.scope.at(*to, &to.to_string())?;
                self.scope.begins_early(*from);
                let below = if period == Period::FromTo { "<" } else { "<=" };
                format!(
                    "WHERE _first_seen {below} TIMESTAMP '{to}' AND (_gone_at IS NULL OR _gone_at > TIMESTAMP '{from}')"
                )
            }
            _ => String::new(),
        };
        parse_query(&format!("SELECT * FROM {history} {condition}"))
    }

    fn bound(&self, bound: &FunctionArg) -> Result<Timestamp> {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) = bound else {
            return Err(Error::invalid(format!("{bound} is no time")));
        };
        Ok(match self.constant(expression)? {
            Constant::Time(time) => time,
            Constant::Text(text) => match model::parse_time(&text) {
                Ok(time) => time,
                Err(_) => self.scope.resolve(&text)?.taken_at,
            },
        })
    }
}

/// The period a clause was written over as, and its bounds.
fn period_of(clause: &TableVersion) -> Option<(Period, &[FunctionArg])> {
    let TableVersion::ForSystemTimeAsOf(Expr::Function(function)) = clause else {
        return None;
    };
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else {
        return None;
    };
    let bounds: &[FunctionArg] = match &function.args {
        FunctionArguments::List(list) => &list.args,
        _ => &[],
    };
    Some((Period::of(name)?, bounds))
}

fn parse_query(sql: &str) -> Result<Query> {
    Parser::new(&EntraceDialect)
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_query())
        .map(|query| *query)
        .map_err(|error| Error::Internal(format!("{sql}: {error}")))
}

/// The names a table's name consists of; a revision's table has no clause besides.
fn plain_parts(name: &ObjectName) -> Result<Vec<Ident>> {
    let parts: Vec<Ident> = name
        .0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .cloned()
        .collect();
    if parts.is_empty() || parts.len() != name.0.len() {
        return Err(Error::invalid(format!("{name} is no table name")));
    }
    if let Some(schema) = parts.iter().rev().nth(1)
        && schema.value.starts_with(REVISION)
    {
        return Err(Error::invalid(format!(
            "{name} names a revision and has a version clause: only one of them can be meant"
        )));
    }
    Ok(parts)
}

/// The table's own name as its alias.
fn called(name: &ObjectName) -> TableAlias {
    let last = name.0.last().and_then(ObjectNamePart::as_ident);
    TableAlias {
        explicit: true,
        name: last.cloned().unwrap_or_else(|| Ident::new("history")),
        columns: Vec::new(),
        at: None,
    }
}

/// Turns a table's name into that of its revision, and keeps the name it is used by.
fn past_name(
    name: &mut ObjectName,
    alias: &mut Option<TableAlias>,
    snapshot: &Snapshot,
) -> Result<()> {
    let table = plain_parts(name)?.pop();
    let table = table.ok_or_else(|| Error::invalid(format!("{name} is no table name")))?;
    alias.get_or_insert_with(|| called(name));
    let schema = Ident::with_quote('"', format!("{REVISION}{}", snapshot.id));
    *name = ObjectName::from(vec![schema, table]);
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
                "the version clause {other} is not supported: use FOR SYSTEM_TIME AS OF, BETWEEN, FROM .. TO or ALL, VERSION AS OF, or \"@REVISION\".table"
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

//! `generate_series` and `range` as tables, with a limit on their rows.

use std::sync::Arc;

use datafusion::catalog::{TableFunction, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result as EngineResult;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use crate::error::Error;

/// Most rows of a series: every minute of nineteen years.
const MAX_ROWS: i128 = 10_000_000;
const DAY_NANOSECONDS: i128 = 86_400_000_000_000;

/// A table function of the engine that counts.
#[derive(Debug)]
pub(crate) struct Series(pub(crate) Arc<TableFunction>);

impl TableFunctionImpl for Series {
    fn call_with_args(&self, arguments: TableFunctionArgs) -> EngineResult<Arc<dyn TableProvider>> {
        if rows(arguments.exprs()).is_some_and(|rows| rows > MAX_ROWS) {
            return Err(Error::Limit(format!(
                "{} would make more than {MAX_ROWS} rows: ask for fewer",
                self.0.name()
            ))
            .into());
        }
        self.0.function().call_with_args(arguments)
    }
}

/// How many rows the arguments come to; `None` where the engine will refuse them.
fn rows(arguments: &[Expr]) -> Option<i128> {
    let values: Option<Vec<i128>> = arguments.iter().map(value).collect();
    let (first, last, step) = match values?.as_slice() {
        [last] => (0, *last, 1),
        [first, last] => (*first, *last, 1),
        [first, last, step] => (*first, *last, *step),
        _ => return None,
    };
    (last - first).checked_div(step).map(|rows| rows + 1)
}

/// A number, a time or an interval; the shortest month counts.
fn value(argument: &Expr) -> Option<i128> {
    let Expr::Literal(value, _) = argument else {
        return None;
    };
    match value {
        ScalarValue::Int64(Some(number)) => Some(i128::from(*number)),
        ScalarValue::TimestampNanosecond(Some(at), _) => Some(i128::from(*at)),
        ScalarValue::Date32(Some(day)) => Some(i128::from(*day) * DAY_NANOSECONDS),
        ScalarValue::IntervalMonthDayNano(Some(interval)) => Some(
            (i128::from(interval.months) * 28 + i128::from(interval.days)) * DAY_NANOSECONDS
                + i128::from(interval.nanoseconds),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::lit;

    use super::*;

    #[test]
    fn rows_are_counted_before_they_are_made() {
        assert_eq!(rows(&[lit(9_i64)]), Some(10));
        assert_eq!(rows(&[lit(1_i64), lit(10_i64), lit(3_i64)]), Some(4));
        assert_eq!(rows(&[lit(10_i64), lit(1_i64), lit(-3_i64)]), Some(4));
        assert_eq!(rows(&[lit(i64::MIN), lit(i64::MAX)]), Some(1 << 64));
        assert_eq!(rows(&[lit(1_i64), lit(9_i64), lit(0_i64)]), None);
        assert_eq!(rows(&[]), None);
        let day = |day| Expr::Literal(ScalarValue::Date32(Some(day)), None);
        let step = ScalarValue::new_interval_mdn(0, 1, 0);
        assert_eq!(
            rows(&[day(0), day(30), Expr::Literal(step, None)]),
            Some(31)
        );
    }
}

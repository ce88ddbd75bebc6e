//! `$name` in a statement: given values take the place of parameters before anything is planned, so that
//! they may stand wherever a value may, in version clauses and as arguments of table functions too.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Statement, Value, ValueWithSpan, VisitMut, VisitorMut};

use crate::error::{Error, Result};

/// Puts values in the place of all parameters; one without the other is an error.
pub(crate) fn bind(statement: &mut Statement, parameters: &BTreeMap<String, String>) -> Result<()> {
    let mut binding = Binding {
        parameters,
        used: BTreeSet::new(),
    };
    if let ControlFlow::Break(error) = statement.visit(&mut binding) {
        return Err(error);
    }
    let extra = parameters.keys().find(|name| !binding.used.contains(*name));
    extra.map_or(Ok(()), |extra| {
        Err(Error::invalid(format!(
            "the statement has no parameter ${extra}"
        )))
    })
}

struct Binding<'p> {
    parameters: &'p BTreeMap<String, String>,
    used: BTreeSet<String>,
}

impl VisitorMut for Binding<'_> {
    type Break = Error;

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        let Value::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        let bare = name.trim_start_matches('$').to_owned();
        let Some(given) = self.parameters.get(&bare) else {
            return ControlFlow::Break(Error::invalid(format!(
                "the statement has a parameter {name}: give it with --param {bare}=VALUE"
            )));
        };
        value.value = literal(given);
        self.used.insert(bare);
        ControlFlow::Continue(())
    }
}

/// A whole number is a number, everything else is text.
fn literal(text: &str) -> Value {
    if text.parse::<i64>().is_ok() {
        Value::Number(text.to_owned(), false)
    } else {
        Value::SingleQuotedString(text.to_owned())
    }
}

//! Table functions: comparisons and histories, with the revisions as arguments.

use std::sync::Arc;

use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result as EngineResult;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::series::Series;
use crate::source::is_event;
use crate::tables::{
    AccessPathTable, DiffTable, EffectiveAccessTable, EffectiveMembersTable, ExposureTable,
    HistoryOfTable, LineageTable, LinkDiffTable, PropertyDiffTable, RevertsTable, TimelineTable,
};

/// A table function: its name, its arguments as the usage line shows them, and what makes its table.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static str,
    table: fn(&Call<'_>) -> Result<Arc<dyn TableProvider>>,
}

/// All table functions of ours.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "diff",
        arguments: "'FROM', 'TO' [, 'KIND']",
        table: DiffTable::function,
    },
    Function {
        name: "diff_links",
        arguments: "'FROM', 'TO'",
        table: LinkDiffTable::function,
    },
    Function {
        name: "diff_properties",
        arguments: "'FROM', 'TO' [, 'KIND']",
        table: PropertyDiffTable::function,
    },
    Function {
        name: "effective_access",
        arguments: "['REV']",
        table: EffectiveAccessTable::function,
    },
    Function {
        name: "effective_members",
        arguments: "'GROUP' [, 'REV']",
        table: EffectiveMembersTable::function,
    },
    Function {
        name: "effective_roles",
        arguments: "'PRINCIPAL' [, 'REV']",
        table: EffectiveAccessTable::roles_function,
    },
    Function {
        name: "exposure",
        arguments: "'KIND', 'CONDITION' [, 'FROM', 'TO']",
        table: ExposureTable::function,
    },
    Function {
        name: "history",
        arguments: "'OBJECT'",
        table: HistoryOfTable::function,
    },
    Function {
        name: "lineage",
        arguments: "'OBJECT'",
        table: LineageTable::function,
    },
    Function {
        name: "path",
        arguments: "'FROM', 'TO' [, 'REV']",
        table: AccessPathTable::function,
    },
    Function {
        name: "reverts",
        arguments: "['FROM', 'TO']",
        table: RevertsTable::function,
    },
    Function {
        name: "timeline",
        arguments: "'OBJECT' [, 'FROM', 'TO' [, 'STEPS']]",
        table: TimelineTable::function,
    },
    Function {
        name: "who_can",
        arguments: "'ROLE OR PERMISSION' [, 'REV']",
        table: EffectiveAccessTable::holders_function,
    },
];

/// Table functions of the engine that make numbers and nothing else.
const ENGINE_FUNCTIONS: [&str; 2] = ["generate_series", "range"];

/// Names of all table functions, with their arguments.
pub(crate) fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let ours = FUNCTIONS.iter();
    ours.map(|function| (function.name, function.arguments))
        .chain(ENGINE_FUNCTIONS.map(|name| (name, "FROM, TO [, STEP]")))
}

/// Names of all table functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    listed().map(|(name, _)| name)
}

/// Whether a name is that of a table function.
pub(crate) fn is_function(name: &str) -> bool {
    names().any(|function| function == name)
}

/// Makes the functions known to an engine, bound to what the session may see.
pub(crate) fn register(context: &SessionContext, scope: &Scope) {
    for function in FUNCTIONS {
        let bound = Bound {
            function,
            scope: scope.clone(),
        };
        context.register_udtf(function.name, Arc::new(bound));
    }
    for series in SessionStateDefaults::default_table_functions() {
        if ENGINE_FUNCTIONS.contains(&series.name()) {
            let name = series.name().to_owned();
            context.register_udtf(&name, Arc::new(Series(series)));
        }
    }
}

/// One call of a table function.
pub(crate) struct Call<'c> {
    pub(crate) scope: &'c Scope,
    /// The arguments, which are all texts.
    pub(crate) texts: Vec<String>,
    function: &'static Function,
    session: &'c dyn Session,
}

impl Call<'_> {
    /// The engine the call was planned by.
    pub(crate) fn state(&self) -> Result<&SessionState> {
        let state = self.session.as_any().downcast_ref();
        state.ok_or_else(|| Error::Internal("a function was called by another engine".to_owned()))
    }

    /// A kind whose objects have a history, by any of its names.
    pub(crate) fn state_kind(&self, text: &str) -> Result<String> {
        let kind = self.kind(text)?;
        if is_event(&kind) {
            return Err(Error::invalid(format!(
                "{kind} is a log: its rows happen once and have no history"
            )));
        }
        Ok(kind)
    }

    /// The error of a call with other arguments than the function takes.
    pub(crate) fn misused(&self) -> Error {
        let Function {
            name, arguments, ..
        } = self.function;
        Error::invalid(format!("usage: {name}({arguments}), all of them text"))
    }

    /// A kind by any of its names.
    pub(crate) fn kind(&self, text: &str) -> Result<String> {
        let name = catalog::resolve(text).map_or(text, |kind| kind.name);
        let stored = self.scope.source.archive.kind(name).is_some();
        if stored || catalog::by_name(name).is_some() {
            return Ok(name.to_owned());
        }
        Err(Error::NotFound(format!("there is no kind {text:?}")))
    }
}

/// A function with the session it belongs to.
struct Bound {
    function: &'static Function,
    scope: Scope,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.function.name)
    }
}

impl TableFunctionImpl for Bound {
    fn call_with_args(&self, arguments: TableFunctionArgs) -> EngineResult<Arc<dyn TableProvider>> {
        let texts: Option<Vec<String>> = arguments.exprs().iter().map(literal_text).collect();
        let call = Call {
            scope: &self.scope,
            texts: texts.unwrap_or_default(),
            function: self.function,
            session: arguments.session(),
        };
        if call.texts.len() != arguments.exprs().len() {
            return Err(call.misused().into());
        }
        Ok((self.function.table)(&call)?)
    }
}

fn literal_text(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Literal(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)),
            _,
        ) => Some(text.clone()),
        _ => None,
    }
}

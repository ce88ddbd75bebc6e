//! Table functions: comparisons and histories, with the revisions as arguments.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result as EngineResult;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::tables::{DiffTable, HistoryOfTable, LinkDiffTable, PropertyDiffTable, RelationTable};

/// Names of all table functions.
pub(crate) const FUNCTIONS: [&str; 6] = [
    "diff",
    "diff_properties",
    "diff_links",
    "history",
    "generate_series",
    "range",
];

/// One of our table functions, bound to what the session may see.
#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    scope: Scope,
}

impl Function {
    pub(crate) fn all(
        scope: &Scope,
    ) -> impl Iterator<Item = (&'static str, Arc<dyn TableFunctionImpl>)> + '_ {
        FUNCTIONS[..4].iter().map(|name| {
            let function: Arc<dyn TableFunctionImpl> = Arc::new(Self {
                name,
                scope: scope.clone(),
            });
            (*name, function)
        })
    }

    fn usage(&self) -> String {
        let arguments = match self.name {
            "history" => "'OBJECT'",
            "diff_links" => "'FROM', 'TO'",
            _ => "'FROM', 'TO' [, 'KIND']",
        };
        format!("usage: {}({arguments}), all of them text", self.name)
    }

    fn table(&self, arguments: &[Expr]) -> Result<Arc<dyn TableProvider>> {
        let texts = arguments
            .iter()
            .map(literal_text)
            .collect::<Option<Vec<String>>>();
        let texts = texts.ok_or_else(|| Error::invalid(self.usage()))?;
        let source = &self.scope.source;
        if self.name == "history" {
            let [object] = texts.as_slice() else {
                return Err(Error::invalid(self.usage()));
            };
            let object = source.object(object)?;
            return Ok(RelationTable::provider(HistoryOfTable::new(
                source,
                object,
                self.scope.horizon.clone(),
            )));
        }
        let (from, to, only) = match texts.as_slice() {
            [from, to] => (from, to, None),
            [from, to, kind] if self.name != "diff_links" => {
                (from, to, Some(known_kind(kind, &self.scope)?))
            }
            _ => return Err(Error::invalid(self.usage())),
        };
        let (from, to) = (self.scope.resolve(from)?, self.scope.resolve(to)?);
        self.scope.touch(&from, only.as_deref());
        self.scope.touch(&to, only.as_deref());
        Ok(match self.name {
            "diff" => RelationTable::provider(DiffTable::new(source, from, to, only)),
            "diff_properties" => {
                RelationTable::provider(PropertyDiffTable::new(source, from, to, only))
            }
            _ => RelationTable::provider(LinkDiffTable::new(source, from, to)),
        })
    }
}

/// A kind by any of its names.
fn known_kind(text: &str, scope: &Scope) -> Result<String> {
    let name = catalog::resolve(text).map_or(text, |kind| kind.name);
    let stored = scope.source.archive.kind(name).is_some();
    if stored || catalog::by_name(name).is_some() {
        return Ok(name.to_owned());
    }
    Err(Error::NotFound(format!("there is no kind {text:?}")))
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

impl TableFunctionImpl for Function {
    fn call_with_args(&self, arguments: TableFunctionArgs) -> EngineResult<Arc<dyn TableProvider>> {
        Ok(self.table(arguments.exprs())?)
    }
}

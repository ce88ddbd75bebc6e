//! The functions a statement may use: a list, not whatever the engine brings.
//!
//! Each is bounded (what it makes is limited by what it is given, or it is wrapped in [`crate::bounded`]),
//! gives the same answer when asked again (but for the clock), and neither knows the machine nor touches it.
//! A function that a later engine adds is not there until it stands here.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::utils::datafusion_strsim::levenshtein;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Statement, TableFactor, Visit, Visitor};

use crate::bounded::{bounded_aggregate, bounded_scalar};
use crate::error::{Error, Result};
use crate::functions::{is_function, names};

/// Scalar functions of the engine.
const SCALARS: &[&str] = &[
    // Any value.
    "arrow_cast",
    "arrow_typeof",
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "nvl",
    "nvl2",
    // Text.
    "ascii",
    "bit_length",
    "btrim",
    "character_length",
    "chr",
    "concat",
    "concat_ws",
    "contains",
    "decode",
    "encode",
    "ends_with",
    "find_in_set",
    "initcap",
    "left",
    "levenshtein",
    "lower",
    "lpad",
    "ltrim",
    "octet_length",
    "overlay",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "to_hex",
    "translate",
    "upper",
    // Times.
    "current_date",
    "current_time",
    "date_bin",
    "date_part",
    "date_trunc",
    "from_unixtime",
    "make_date",
    "make_time",
    "now",
    "to_char",
    "to_date",
    "to_local_time",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
    // Lists, structs and maps.
    "array_any_value",
    "array_append",
    "array_compact",
    "array_concat",
    "array_dims",
    "array_distinct",
    "array_element",
    "array_except",
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_intersect",
    "array_length",
    "array_max",
    "array_min",
    "array_ndims",
    "array_pop_back",
    "array_pop_front",
    "array_position",
    "array_positions",
    "array_prepend",
    "array_remove",
    "array_remove_all",
    "array_remove_n",
    "array_repeat",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
    "array_resize",
    "array_reverse",
    "array_slice",
    "array_sort",
    "array_to_string",
    "array_union",
    "arrays_zip",
    "cardinality",
    "empty",
    "flatten",
    "get_field",
    "make_array",
    "map",
    "map_entries",
    "map_extract",
    "map_keys",
    "map_values",
    "named_struct",
    "string_to_array",
    "struct",
    // What the JSON operators are made of.
    "union_extract",
    "union_tag",
];

/// Aggregate functions of the engine.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "first_value",
    "grouping",
    "last_value",
    "max",
    "median",
    "min",
    "nth_value",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "string_agg",
    "sum",
    "var",
    "var_pop",
];

/// Window functions of the engine.
const WINDOWS: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

/// Functions that people know from elsewhere, and what to do without them.
const REFUSED: &[(&str, &str)] = &[
    ("current_database", "there is one database, the archive"),
    (
        "current_setting",
        "the only setting is entrace.as_of: select entrace_as_of()",
    ),
    ("current_user", "an archive knows no users of its own"),
    (
        "gen_random_uuid",
        "an answer must come out the same when it is asked again",
    ),
    (
        "generate_series",
        "it is a table: select value from generate_series(1, 10)",
    ),
    (
        "input_file_name",
        "no file is read: snapshots tells where an answer comes from",
    ),
    ("pg_sleep", "nobody waits in an archive"),
    (
        "random",
        "an answer must come out the same when it is asked again",
    ),
    ("range", "it is a table: select value from range(0, 10)"),
    (
        "uuid",
        "an answer must come out the same when it is asked again",
    ),
    ("version", "entrace --version says it"),
];

fn is_listed(list: &[&str], name: &str) -> bool {
    list.contains(&name)
}

/// The scalar functions of the engine that may be used, bounded where they need to be.
pub(crate) fn scalars() -> Vec<Arc<ScalarUDF>> {
    let all = SessionStateDefaults::default_scalar_functions();
    let kept = all
        .into_iter()
        .filter(|function| is_listed(SCALARS, function.name()));
    kept.map(bounded_scalar).collect()
}

/// The aggregate functions of the engine that may be used.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    let all = SessionStateDefaults::default_aggregate_functions();
    let kept = all
        .into_iter()
        .filter(|function| is_listed(AGGREGATES, function.name()));
    kept.map(bounded_aggregate).collect()
}

/// The window functions of the engine that may be used.
pub(crate) fn windows() -> Vec<Arc<WindowUDF>> {
    let all = SessionStateDefaults::default_window_functions();
    all.into_iter()
        .filter(|function| is_listed(WINDOWS, function.name()))
        .collect()
}

/// Refuses a call of what is not there, in words of ours and before anything is planned.
pub(crate) fn check_functions(statement: &Statement, state: &SessionState) -> Result<()> {
    match statement.visit(&mut Calls { state }) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Calls<'s> {
    state: &'s SessionState,
}

impl Calls<'_> {
    fn is_known(&self, name: &str) -> bool {
        // Part of the language rather than a function.
        name == "unnest"
            || self.state.scalar_functions().contains_key(name)
            || self.state.aggregate_functions().contains_key(name)
            || self.state.window_functions().contains_key(name)
    }

    fn unknown(&self, name: &str) -> Error {
        if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return Error::invalid(format!("the function {name} is not here: {instead}"));
        }
        if is_function(name) {
            return Error::invalid(format!(
                "{name} is a table function: it stands in FROM, as in select * from {name}(...)"
            ));
        }
        let all = self.state.scalar_functions().keys();
        let all = all
            .chain(self.state.aggregate_functions().keys())
            .chain(self.state.window_functions().keys());
        not_there("function", name, all.map(String::as_str))
    }
}

fn not_there<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Error {
    let nearest = known.map(|other| (levenshtein(name, other), other)).min();
    let near = nearest.filter(|(distance, _)| *distance <= 3.min(name.len() / 2));
    let advice = near.map_or_else(String::new, |(_, near)| format!("did you mean {near}? "));
    Error::invalid(format!(
        "there is no {what} {name}: {advice}select * from functions lists them"
    ))
}

/// The name a function is looked up by; the schema it may be written with does not matter.
fn bare(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), |ident| ident.value.to_lowercase())
}

impl Visitor for Calls<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        if let Expr::Function(call) = expression {
            let name = bare(&call.name);
            if !self.is_known(&name) {
                return ControlFlow::Break(self.unknown(&name));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        if let TableFactor::Table {
            name,
            args: Some(_),
            ..
        } = factor
        {
            let name = bare(name);
            if !is_function(&name) {
                return ControlFlow::Break(not_there("table function", &name, names()));
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_listed_is_there_and_what_is_refused_is_not() {
        let scalars = SessionStateDefaults::default_scalar_functions();
        let scalars: BTreeSet<&str> = scalars.iter().map(|function| function.name()).collect();
        let aggregates = SessionStateDefaults::default_aggregate_functions();
        let aggregates: BTreeSet<&str> = aggregates.iter().map(|f| f.name()).collect();
        let windows = SessionStateDefaults::default_window_functions();
        let windows: BTreeSet<&str> = windows.iter().map(|function| function.name()).collect();
        for (listed, there) in [
            (SCALARS, &scalars),
            (AGGREGATES, &aggregates),
            (WINDOWS, &windows),
        ] {
            let absent: Vec<_> = listed
                .iter()
                .filter(|name| !there.contains(**name))
                .collect();
            assert!(
                absent.is_empty(),
                "the engine has no {absent:?} among {there:?}"
            );
        }
        for (name, _) in REFUSED {
            assert!(
                !is_listed(SCALARS, name) && !is_listed(AGGREGATES, name),
                "{name}"
            );
        }
    }
}

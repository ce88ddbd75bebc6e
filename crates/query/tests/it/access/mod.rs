//! Effective access at a time, on tenants whose answers are known by hand.

mod intervals;
mod reading;
mod roles;
mod tenant;

use std::sync::Arc;

use query::Source;

use crate::columns::ask;

/// The answer's rows, each as one line.
fn lines(source: &Arc<Source>, sql: &str) -> Vec<String> {
    let rows = ask(source, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.join(" | ")).collect()
}

/// The message of a question that is refused.
fn refusal(source: &Arc<Source>, sql: &str) -> String {
    ask(source, sql)
        .expect_err("because nothing has that name")
        .to_string()
}

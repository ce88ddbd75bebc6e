//! How big a statement may be, looked at before anything is planned.
//!
//! Parser, planner and optimizer recurse over what a statement nests, and their time grows faster than its
//! size: three kilobytes of `1+1+1...` once ended the process by overflowing its stack. So text, words, nesting
//! and tables are counted first, and what is left is planned on a stack made for it ([`crate::stack`]).
//!
//! The limits were chosen in an unoptimised build, which is the slowest and takes the most stack. There, 249
//! additions take half a second to plan and sixteen such chains a quarter of a minute; 9,900 ids in an `IN` take
//! three seconds, 30 joins eight; nothing that was found within the limits ends the process. What people write
//! is far below.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, ObjectName, Query, Select, SelectItem, SetExpr, TableFactor, Visit,
    Visitor,
};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Result};

/// Longest statement read.
pub(crate) const MAX_TEXT_BYTES: usize = 400_000;
/// Words, names and operators: what bounds the depth of the parsed statement. Literals, commas and brackets,
/// of which long lists consist, are not counted.
const MAX_WORDS: usize = 20_000;
/// Expressions within expressions, a chain of operators counting one for each.
const MAX_DEPTH: usize = 250;
/// Function calls within function calls. The engine works out the type of a call's arguments twice on every
/// level, so that each level doubles the time: 12 take a second, 20 take half a minute.
const MAX_CALL_DEPTH: usize = 12;
/// Expressions that are no literals.
const MAX_EXPRESSIONS: usize = 4_000;
/// Literals.
const MAX_LITERALS: usize = 20_000;
/// Queries within queries.
const MAX_QUERY_DEPTH: usize = 24;
/// Tables and selects, those of a `WITH` counting as often as it is used.
const MAX_TABLES: u64 = 64;
/// `*` among what is selected.
const MAX_WILDCARDS: usize = 100;

/// Counts what can nest before the parser nests it.
pub(crate) fn check_words(tokens: &[TokenWithSpan]) -> Result<()> {
    let counts = |token: &Token| {
        !matches!(
            token,
            Token::Whitespace(_)
                | Token::Comma
                | Token::LParen
                | Token::RParen
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Placeholder(_)
                | Token::EOF
        )
    };
    let words = tokens.iter().filter(|token| counts(&token.token)).count();
    if words > MAX_WORDS {
        return Err(Error::Limit(format!(
            "the statement has {words} words and operators, the limit is {MAX_WORDS}: use IN for long lists"
        )));
    }
    Ok(())
}

/// Refuses a statement that would take too much to plan.
pub(crate) fn check_size(statement: &impl Visit) -> Result<()> {
    let mut size = Size::default();
    if let ControlFlow::Break(error) = statement.visit(&mut size) {
        return Err(error);
    }
    if size.tables > MAX_TABLES {
        return Err(Error::Limit(format!(
            "the statement reads more than {MAX_TABLES} tables, those of a WITH counted as often as it is used: \
             ask in several statements"
        )));
    }
    Ok(())
}

/// A query while it is visited.
#[derive(Default)]
struct Level {
    /// Names of its `WITH` whose queries have not been visited yet, the next one last.
    coming: Vec<String>,
    /// Tables that each of its `WITH` reads.
    with: HashMap<String, u64>,
    tables: u64,
}

#[derive(Default)]
struct Size {
    depth: usize,
    calls: usize,
    expressions: usize,
    literals: usize,
    wildcards: usize,
    levels: Vec<Level>,
    tables: u64,
}

fn refused(reason: String) -> ControlFlow<Error> {
    ControlFlow::Break(Error::Limit(reason))
}

/// How many operations a chain of UNION, EXCEPT and INTERSECT has, which nest to the left.
fn set_operations(body: &SetExpr) -> u64 {
    let (mut count, mut at) = (0, body);
    while let SetExpr::SetOperation { left, .. } = at {
        count += 1;
        at = left;
    }
    count
}

/// Whether the engine makes a function call of it: functions by their names or in words, and the operators
/// that are none of arithmetic, comparison or logic.
fn is_call(expression: &Expr) -> bool {
    match expression {
        Expr::Function(_)
        | Expr::Trim { .. }
        | Expr::Substring { .. }
        | Expr::Overlay { .. }
        | Expr::Position { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Array(_)
        | Expr::CompoundFieldAccess { .. } => true,
        Expr::BinaryOp { op, .. } => matches!(
            op,
            BinaryOperator::Arrow
                | BinaryOperator::LongArrow
                | BinaryOperator::HashArrow
                | BinaryOperator::HashLongArrow
                | BinaryOperator::AtArrow
                | BinaryOperator::ArrowAt
                | BinaryOperator::Question
                | BinaryOperator::QuestionAnd
                | BinaryOperator::QuestionPipe
        ),
        _ => false,
    }
}

impl Size {
    fn add(&mut self, tables: u64) {
        if let Some(level) = self.levels.last_mut() {
            level.tables = level.tables.saturating_add(tables);
        }
    }

    /// Tables that a name stands for.
    fn named(&self, name: &ObjectName) -> u64 {
        let [part] = name.0.as_slice() else {
            return 1;
        };
        let name = part.as_ident().map(|ident| ident.value.to_lowercase());
        let known = name.and_then(|name| {
            let mut levels = self.levels.iter().rev();
            levels.find_map(|level| level.with.get(&name).copied())
        });
        known.unwrap_or(1)
    }
}

impl Visitor for Size {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        if self.levels.len() == MAX_QUERY_DEPTH {
            return refused(format!(
                "queries are nested deeper than {MAX_QUERY_DEPTH}: name parts of it in a WITH"
            ));
        }
        let names = query.with.iter().flat_map(|with| &with.cte_tables);
        let mut coming: Vec<String> = names
            .map(|part| part.alias.name.value.to_lowercase())
            .collect();
        coming.reverse();
        self.levels.push(Level {
            coming,
            ..Level::default()
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        // What is combined counts, even where it reads no table.
        let combined = set_operations(&query.body) + 1;
        let tables = self.levels.pop().map_or(0, |level| level.tables);
        let tables = tables.max(combined);
        match self.levels.last_mut() {
            // The queries of a WITH are visited before all others.
            Some(level) => match level.coming.pop() {
                Some(name) => drop(level.with.insert(name, tables)),
                None => level.tables = level.tables.saturating_add(tables),
            },
            None => self.tables = self.tables.saturating_add(tables),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        let is_wildcard = |item: &&SelectItem| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
            )
        };
        self.wildcards += select.projection.iter().filter(is_wildcard).count();
        if self.wildcards > MAX_WILDCARDS {
            return refused(format!(
                "the statement selects * more than {MAX_WILDCARDS} times"
            ));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        if let TableFactor::Table { name, .. } = factor {
            self.add(self.named(name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        self.depth += 1;
        self.calls += usize::from(is_call(expression));
        if matches!(expression, Expr::Value(_)) {
            self.literals += 1;
        } else {
            self.expressions += 1;
        }
        if self.depth > MAX_DEPTH {
            return refused(format!(
                "expressions are nested deeper than {MAX_DEPTH}: use IN for long lists"
            ));
        }
        if self.calls > MAX_CALL_DEPTH {
            return refused(format!(
                "functions are called within functions deeper than {MAX_CALL_DEPTH}: work it out in steps, each \
                 in a query of its own"
            ));
        }
        if self.expressions > MAX_EXPRESSIONS {
            return refused(format!(
                "the statement has more than {MAX_EXPRESSIONS} expressions: use IN for long lists"
            ));
        }
        if self.literals > MAX_LITERALS {
            return refused(format!("the statement has more than {MAX_LITERALS} values"));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        self.depth -= 1;
        self.calls -= usize::from(is_call(expression));
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::parse;

    fn refusal(sql: &str) -> Option<String> {
        let checked = parse(sql).and_then(|statement| check_size(&statement));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn what_people_write_is_taken() {
        let ids = vec!["'aaaaaaaa-0000-4000-8000-000000000001'"; 5_000].join(",");
        let wide = vec!["display_name"; 500].join(", ");
        let joined: Vec<String> = (0..20)
            .map(|at| format!("join groups g{at} on g{at}.id = m.id"))
            .collect();
        let joined = joined.join(" ");
        for sql in [
            format!("select * from users where id in ({ids})"),
            format!("select {wide} from users"),
            format!("select * from group_members m {joined}"),
            vec!["select id from users"; 50].join(" union all "),
            "with recursive up as (select 1 as n union all select n + 1 from up where n < 9) select * from up".to_owned(),
        ] {
            assert_eq!(refusal(&sql), None, "{sql:.80}");
        }
    }

    #[test]
    fn tables_of_a_with_count_as_often_as_it_is_used() {
        let doubled = |times: usize| {
            let parts: Vec<String> = (1..=times)
                .map(|at| format!("t{at} as (select a.id from t{0} a, t{0} b)", at - 1))
                .collect();
            format!(
                "with t0 as (select id from users), {} select * from t{times}",
                parts.join(", ")
            )
        };
        assert_eq!(refusal(&doubled(5)), None);
        let refused = refusal(&doubled(7)).expect("because there are 128 tables");
        assert!(refused.contains("more than 64 tables"), "{refused}");
        assert!(refusal(&doubled(70)).is_some());
        // The same without any table in it.
        let bare = doubled(40).replace(" from users", "");
        assert!(refusal(&bare).is_some());
        // A name of an inner query stands for that query there, and for the table elsewhere.
        let shadowed =
            "select * from users, (with users as (select 1 as id) select * from users) x";
        assert_eq!(refusal(shadowed), None);
    }

    #[test]
    fn everything_that_nests_is_limited() {
        for (sql, words) in [
            (vec!["1"; 300].join("+"), "nested deeper than 250"),
            (vec!["1"; 20_010].join("-"), "the limit is 20000"),
            (format!("1{}", " is null".repeat(300)), "nested deeper"),
            (format!("1{}", "::text".repeat(300)), "nested deeper"),
            (
                vec!["upper('a')"; 6_000].join(","),
                "more than 4000 expressions",
            ),
            (vec!["1"; 20_001].join(","), "more than 20000 values"),
            (
                format!("properties{}", "->'a'".repeat(13)),
                "deeper than 12",
            ),
            (
                format!("{}'a'{}", "upper(".repeat(13), ")".repeat(13)),
                "deeper than 12",
            ),
            (vec!["*"; 101].join(", "), "selects * more than 100 times"),
            (
                vec!["1 union select 1"; 200].join(" union select "),
                "more than 64 tables",
            ),
            (
                format!("{}1{}", "(select ".repeat(40), ")".repeat(40)),
                "nested deeper",
            ),
        ] {
            let sql = format!("select {sql}");
            let refused = refusal(&sql).unwrap_or_default();
            assert!(refused.contains(words), "{sql:.40}: {refused}");
        }
    }
}

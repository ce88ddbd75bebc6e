//! Text to one statement that may be run: parsed, a question, and of a size that can be planned.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Statement, Visit, Visitor};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::EntraceDialect;
use crate::error::{Error, Result};

/// Longest statement read.
const MAX_TEXT_BYTES: usize = 100_000;
/// Deepest nesting of expressions planned: beyond, the planner's recursion takes more stack and time
/// than any question needs.
const MAX_DEPTH: usize = 250;
/// Most expressions planned.
const MAX_EXPRESSIONS: usize = 20_000;
/// Splits a script at its semicolons, as the tokenizer sees them; parts without a statement are left out.
pub fn split_statements(script: &str) -> Result<Vec<String>> {
    let tokens = Tokenizer::new(&EntraceDialect, script)
        // Escapes stay as they are written: the parts are parsed again.
        .with_unescape(false)
        .tokenize()
        .map_err(|error| Error::invalid(error.to_string()))?;
    let parts = tokens.split(|token| *token == Token::SemiColon);
    let is_blank = |part: &&[Token]| {
        part.iter()
            .all(|t| matches!(t, Token::Whitespace(_) | Token::EOF))
    };
    Ok(parts
        .filter(|part| !is_blank(part))
        .map(|part| {
            part.iter()
                .map(Token::to_string)
                .collect::<String>()
                .trim()
                .to_owned()
        })
        .collect())
}

fn syntax(error: &ParserError) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
    Error::invalid(text.to_owned())
}

fn check_length(sql: &str) -> Result<()> {
    if sql.len() > MAX_TEXT_BYTES {
        return Err(Error::Limit(format!(
            "the statement has {} bytes, the limit is {MAX_TEXT_BYTES}",
            sql.len()
        )));
    }
    Ok(())
}

/// Exactly one expression, and nothing after it.
pub(crate) fn parse_expression(sql: &str) -> Result<Expr> {
    check_length(sql)?;
    let mut parser = Parser::new(&EntraceDialect)
        .try_with_sql(sql)
        .map_err(|error| syntax(&error))?;
    let expression = parser.parse_expr().map_err(|error| syntax(&error))?;
    parser
        .expect_token(&Token::EOF)
        .map_err(|error| syntax(&error))?;
    Ok(expression)
}

/// Exactly one statement.
pub(crate) fn parse(sql: &str) -> Result<Statement> {
    check_length(sql)?;
    let statements = Parser::new(&EntraceDialect)
        .try_with_sql(sql)
        .map_err(|error| syntax(&error))?
        .parse_statements()
        .map_err(|error| syntax(&error))?;
    let count = statements.len();
    let mut statements = statements.into_iter();
    match (statements.next(), count) {
        (Some(statement), 1) => Ok(statement),
        (None, _) => Err(Error::invalid("the statement is empty")),
        (Some(_), _) => Err(Error::invalid(format!(
            "there are {count} statements: one at a time"
        ))),
    }
}

/// Only questions: everything else is refused by its name.
pub(crate) fn check_statement(statement: &Statement) -> Result<()> {
    match statement {
        Statement::Query(_) => Ok(()),
        Statement::Explain { statement, .. } => check_statement(statement),
        other => {
            let text = other.to_string();
            let word = text
                .split_whitespace()
                .next()
                .unwrap_or("this")
                .to_ascii_uppercase();
            Err(Error::invalid(format!(
                "{word} is not possible: an archive is asked with SELECT and changed by import"
            )))
        }
    }
}

/// Counts expressions and their nesting.
#[derive(Default)]
struct Size {
    depth: usize,
    count: usize,
}

impl Visitor for Size {
    type Break = Error;

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<Error> {
        self.depth += 1;
        self.count += 1;
        if self.depth > MAX_DEPTH {
            return ControlFlow::Break(Error::Limit(format!(
                "expressions are nested deeper than {MAX_DEPTH}: use IN for long lists"
            )));
        }
        if self.count > MAX_EXPRESSIONS {
            return ControlFlow::Break(Error::Limit(format!(
                "the statement has more than {MAX_EXPRESSIONS} expressions"
            )));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// Refuses what is too large or too deep to be planned.
pub(crate) fn check_size(parsed: &impl Visit) -> Result<()> {
    match parsed.visit(&mut Size::default()) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_split_where_statements_end() {
        let script =
            "select ';' as a; -- two; here\nselect \"x;y\" from t /* ; */;\n;;\nselect 'it''s'";
        let parts = split_statements(script).expect("because it is well formed");
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], "select ';' as a");
        assert!(parts[1].ends_with("select \"x;y\" from t /* ; */"));
        assert_eq!(parts[2], "select 'it''s'");
        assert!(
            split_statements("-- nothing")
                .expect("because a comment is no error")
                .is_empty()
        );
        assert!(split_statements("select 'open").is_err());
    }
}

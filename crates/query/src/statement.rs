//! Text to one statement that may be run: parsed, and a question.

use datafusion::sql::sqlparser::ast::{Expr, Statement};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::clauses::rewrite_clauses;
use crate::dialect::EntraceDialect;
use crate::error::{Error, Result};
use crate::size::{MAX_TEXT_BYTES, check_words};

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
    if matches!(error, ParserError::RecursionLimitExceeded) {
        return Error::Limit(
            "queries and brackets are nested deeper than a statement may: name parts of it in a WITH"
                .to_owned(),
        );
    }
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

/// A parser at the beginning of a text of bounded size.
fn parser(sql: &str) -> Result<Parser<'_>> {
    check_length(sql)?;
    let tokens = Tokenizer::new(&EntraceDialect, sql)
        .tokenize_with_location()
        .map_err(|error| syntax(&error.into()))?;
    check_words(&tokens)?;
    Ok(Parser::new(&EntraceDialect).with_tokens_with_locations(rewrite_clauses(tokens)?))
}

/// Exactly one expression, and nothing after it.
pub(crate) fn parse_expression(sql: &str) -> Result<Expr> {
    let mut parser = parser(sql)?;
    let expression = parser.parse_expr().map_err(|error| syntax(&error))?;
    parser
        .expect_token(&Token::EOF)
        .map_err(|error| syntax(&error))?;
    Ok(expression)
}

/// Exactly one statement.
pub(crate) fn parse(sql: &str) -> Result<Statement> {
    let statements = parser(sql)?
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
        Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowVariable { .. }
        | Statement::ShowFunctions { .. }
        | Statement::ShowSchemas { .. }
        | Statement::ShowDatabases { .. } => Err(Error::invalid(
            "SHOW is not possible: select * from columns lists tables and their columns, select * from functions \
             the functions, and select entrace_as_of() says which moment is seen",
        )),
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

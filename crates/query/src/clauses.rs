//! Spellings of version clauses that the parser does not know.
//!
//! Each is written over, token by token, as a clause it does know: a period as an `AS OF` of a function
//! that only [`crate::time_travel`] understands. What cannot be meant is refused by its name here,
//! because the parser would only say that it expected another word.

use datafusion::sql::sqlparser::ast::Ident;
use datafusion::sql::sqlparser::dialect::{Dialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::dialect::EntraceDialect;
use crate::error::{Error, Result};

/// A part of history that a clause asks for, as the name of the function it is written as. The names
/// have a blank in them, so that nobody writes them by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    /// `ALL`
    All,
    /// `BETWEEN a AND b`: b is part of it.
    Between,
    /// `FROM a TO b`: b is not.
    FromTo,
}

impl Period {
    const NAMES: [(Self, &'static str); 3] = [
        (Self::All, "system_time all"),
        (Self::Between, "system_time between"),
        (Self::FromTo, "system_time from"),
    ];

    fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(period, _)| *period == self);
        found.map_or("", |(_, name)| name)
    }

    /// The period a function's name stands for.
    pub(crate) fn of(name: &Ident) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, text)| *text == name.value);
        found
            .filter(|_| name.quote_style.is_some())
            .map(|(period, _)| *period)
    }
}

/// Clauses of other products and other meanings of time: words after `FOR`.
const REFUSED: [&str; 6] = [
    "APPLICATION_TIME",
    "BUSINESS_TIME",
    "PORTION",
    "TIMESTAMP",
    "VALID_TIME",
    "VERSION",
];

/// Writes the clauses over.
pub(crate) fn rewrite_clauses(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut tokens: Vec<TokenWithSpan> = tokens
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect();
    let mut at = 0;
    while at < tokens.len() {
        if is(&tokens, at, "FOR") && is(&tokens, at + 1, "SYSTEM_TIME") {
            refuse_misplaced(&tokens, at)?;
            at = period(&mut tokens, at + 2)?;
            continue;
        }
        if is(&tokens, at, "FOR")
            && let Some(word) = word(&tokens, at + 1)
            && REFUSED
                .iter()
                .any(|refused| word.eq_ignore_ascii_case(refused))
        {
            return Err(unsupported(&format!("FOR {word}")));
        }
        if is(&tokens, at, "AS") && is(&tokens, at + 1, "OF") {
            as_of(&mut tokens, at)?;
        }
        at += 1;
    }
    Ok(tokens)
}

/// `VERSION AS OF 'text'` means a revision; an `AS OF` with nothing before it is refused.
fn as_of(tokens: &mut [TokenWithSpan], at: usize) -> Result<()> {
    let text = matches!(
        tokens.get(at + 2).map(|token| &token.token),
        Some(Token::SingleQuotedString(_))
    );
    let before = at.checked_sub(1);
    if before.is_some_and(|before| is(tokens, before, "VERSION")) {
        if text {
            tokens[at - 1].token = keyword("TIMESTAMP", Keyword::TIMESTAMP);
        }
        return Ok(());
    }
    let is_clause = before.is_some_and(|before| is(tokens, before, "TIMESTAMP"));
    if !is_clause && (text || is(tokens, at + 2, "TIMESTAMP")) {
        return Err(unsupported("AS OF"));
    }
    Ok(())
}

/// Writes a period over; `at` is behind `SYSTEM_TIME`. The place to go on at is returned.
fn period(tokens: &mut Vec<TokenWithSpan>, at: usize) -> Result<usize> {
    let (period, bounds) = if is(tokens, at, "AS") {
        return Ok(at + 2);
    } else if is(tokens, at, "ALL") {
        (Period::All, None)
    } else if is(tokens, at, "BETWEEN") {
        (Period::Between, Some(Keyword::AND))
    } else if is(tokens, at, "FROM") {
        (Period::FromTo, Some(Keyword::TO))
    } else {
        let word = word(tokens, at).unwrap_or_default();
        return Err(unsupported(format!("FOR SYSTEM_TIME {word}").trim()));
    };
    let span = tokens[at].span;
    let with_span = |token| TokenWithSpan { token, span };
    let mut written: Vec<TokenWithSpan> = [
        keyword("AS", Keyword::AS),
        keyword("OF", Keyword::OF),
        Token::make_word(period.name(), Some('"')),
        Token::LParen,
    ]
    .map(with_span)
    .into();
    let mut end = at + 1;
    if let Some(separator) = bounds {
        let (middle, last) = expressions(&tokens[end..], separator)?;
        written.extend_from_slice(&tokens[end..end + middle]);
        written.push(with_span(Token::Comma));
        written.extend_from_slice(&tokens[end + middle + 1..end + last]);
        end += last;
    }
    written.push(with_span(Token::RParen));
    let behind = at + written.len();
    tokens.splice(at..end, written);
    Ok(behind)
}

/// Tokens of the first of two expressions, and of both with the word between them.
fn expressions(tokens: &[TokenWithSpan], separator: Keyword) -> Result<(usize, usize)> {
    let syntax = |error: ParserError| {
        let text = error.to_string();
        Error::invalid(text.trim_start_matches("sql parser error: ").to_owned())
    };
    let mut parser = Parser::new(&EntraceDialect).with_tokens_with_locations(tokens.to_vec());
    // `AND` would otherwise belong to the first expression.
    let precedence = EntraceDialect.prec_value(Precedence::Between);
    parser.parse_subexpr(precedence).map_err(syntax)?;
    let middle = parser.index();
    parser.expect_keyword_is(separator).map_err(syntax)?;
    parser.parse_subexpr(precedence).map_err(syntax)?;
    Ok((middle, parser.index()))
}

/// `users u FOR SYSTEM_TIME ...`: the alias belongs behind the clause, and the clause behind a table.
fn refuse_misplaced(tokens: &[TokenWithSpan], clause: usize) -> Result<()> {
    let before = clause.checked_sub(1).map(|at| &tokens[at].token);
    if before == Some(&Token::RParen) {
        return Err(Error::invalid(
            "FOR SYSTEM_TIME stands behind the name of a table: what a function or a question in parentheses returns has no past states",
        ));
    }
    let Some(alias) = clause.checked_sub(1).and_then(|at| word(tokens, at)) else {
        return Ok(());
    };
    let follows_name = clause.checked_sub(2).is_some_and(|at| {
        let begins_a_table = ["FROM", "JOIN", "LATERAL", "ONLY"];
        match &tokens[at].token {
            Token::Word(_) => !begins_a_table.iter().any(|word| is(tokens, at, word)),
            Token::RParen => true,
            _ => false,
        }
    });
    if follows_name {
        return Err(Error::invalid(format!(
            "the alias {alias} stands before FOR SYSTEM_TIME: write it behind the clause, FROM users FOR SYSTEM_TIME AS OF '2026-10-01' AS {alias}"
        )));
    }
    Ok(())
}

fn unsupported(clause: &str) -> Error {
    let clause = clause.to_ascii_uppercase();
    Error::invalid(format!(
        "the clause {clause} is not supported: use FOR SYSTEM_TIME AS OF, BETWEEN, FROM .. TO or ALL, VERSION AS OF, or \"@REVISION\".table"
    ))
}

fn keyword(text: &str, keyword: Keyword) -> Token {
    Token::Word(Word {
        value: text.to_owned(),
        quote_style: None,
        keyword,
    })
}

/// The unquoted word at a place.
fn word(tokens: &[TokenWithSpan], at: usize) -> Option<&str> {
    match &tokens.get(at)?.token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

fn is(tokens: &[TokenWithSpan], at: usize, text: &str) -> bool {
    word(tokens, at).is_some_and(|word| word.eq_ignore_ascii_case(text))
}

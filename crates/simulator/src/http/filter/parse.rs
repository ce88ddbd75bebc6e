//! From the text of a `$filter` to a [`Filter`].
//!
//! Precedence: `or` binds least, then `and`, then `not`; brackets group.

use super::{Comparison, Filter, Literal, Path, TextTest};

/// Deepest nesting of brackets and lambdas read.
const MAX_DEPTH: usize = 32;

/// Reads a condition; the message says what is wrong and where.
pub(crate) fn parse(text: &str) -> Result<Filter, String> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let filter = parser.either()?;
    parser.skip_blanks();
    if parser.at < text.len() {
        return Err(parser.wrong("Syntax error"));
    }
    Ok(filter)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn either(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("The expression is nested too deep"));
        }
        let mut parts = vec![self.both()?];
        while self.word("or") {
            parts.push(self.both()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::Or(parts)
        })
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::And(parts)
        })
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.word("not") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.wrong("The expression is nested too deep"));
            }
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.mark('(') {
            let inner = self.either()?;
            self.expect(')')?;
            return Ok(inner);
        }
        let name = self.name()?;
        let test = match name.to_ascii_lowercase().as_str() {
            "startswith" => Some(TextTest::StartsWith),
            "endswith" => Some(TextTest::EndsWith),
            "contains" => Some(TextTest::Contains),
            _ => None,
        };
        match test {
            Some(test) if self.mark('(') => self.text_test(test),
            _ => self.condition(name),
        }
    }

    fn text_test(&mut self, test: TextTest) -> Result<Filter, String> {
        let first = self.name()?;
        let path = self.path(first)?;
        self.expect(',')?;
        let Literal::Text(wanted) = self.literal()? else {
            return Err(self.wrong("A text is expected"));
        };
        self.expect(')')?;
        // The old form, `startsWith(a,'b') eq true`, means the same.
        if self.word("eq") && !self.word("true") {
            return Err(self.wrong("Syntax error"));
        }
        Ok(Filter::Text(test, path, wanted))
    }

    fn condition(&mut self, first: &str) -> Result<Filter, String> {
        let mut path = self.path(first)?;
        match path.last().map(String::as_str) {
            Some("any" | "all") if self.mark('(') => {
                let is_any = path.pop().as_deref() == Some("any");
                self.lambda(path, is_any)
            }
            Some("$count") => {
                path.pop();
                let comparison = self.comparison()?;
                match self.literal()? {
                    Literal::Number(count) if count >= 0.0 => {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "the guard has the sign, and lists are short"
                        )]
                        let count = count as usize;
                        Ok(Filter::Count(path, comparison, count))
                    }
                    _ => Err(self.wrong("A number is expected")),
                }
            }
            _ if self.word("in") => self.list(path),
            _ => {
                let comparison = self.comparison()?;
                Ok(Filter::Compare(path, comparison, self.literal()?))
            }
        }
    }

    fn lambda(&mut self, path: Path, is_any: bool) -> Result<Filter, String> {
        if is_any && self.mark(')') {
            return Ok(Filter::Any(path, None));
        }
        let variable = self.name()?.to_owned();
        self.expect(':')?;
        let body = Box::new(self.either()?);
        self.expect(')')?;
        Ok(if is_any {
            Filter::Any(path, Some((variable, body)))
        } else {
            Filter::All(path, variable, body)
        })
    }

    fn list(&mut self, path: Path) -> Result<Filter, String> {
        self.expect('(')?;
        let mut literals = vec![self.literal()?];
        while self.mark(',') {
            literals.push(self.literal()?);
        }
        self.expect(')')?;
        Ok(Filter::In(path, literals))
    }

    fn path(&mut self, first: &str) -> Result<Path, String> {
        let mut path = vec![first.to_owned()];
        while self.text[self.at..].starts_with('/') {
            self.at += 1;
            path.push(self.name()?.to_owned());
        }
        Ok(path)
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        let words = [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("lt", Comparison::Less),
            ("le", Comparison::LessOrEqual),
            ("gt", Comparison::Greater),
            ("ge", Comparison::GreaterOrEqual),
        ];
        for (word, comparison) in words {
            if self.word(word) {
                return Ok(comparison);
            }
        }
        Err(self.wrong("An operator is expected"))
    }

    fn literal(&mut self) -> Result<Literal, String> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        if rest.starts_with('\'') {
            return self.quoted();
        }
        let end = rest.find([' ', ')', ',', '\t']).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(self.wrong("A value is expected"));
        }
        self.at += end;
        Ok(match word {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            _ => word
                .parse()
                .map(Literal::Time)
                .or_else(|_| word.parse().map(Literal::Number))
                .unwrap_or_else(|_| Literal::Text(word.to_owned())),
        })
    }

    fn quoted(&mut self) -> Result<Literal, String> {
        let mut text = String::new();
        let mut rest = &self.text[self.at + 1..];
        loop {
            let Some(end) = rest.find('\'') else {
                return Err(self.wrong("There is an unterminated string literal"));
            };
            text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            if !rest.starts_with('\'') {
                break;
            }
            // Two quotation marks stand for one.
            text.push('\'');
            rest = &rest[1..];
        }
        self.at = self.text.len() - rest.len();
        Ok(Literal::Text(text))
    }

    fn name(&mut self) -> Result<&'t str, String> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let end = rest
            .find(|letter: char| {
                !letter.is_alphanumeric() && !matches!(letter, '_' | '.' | '$' | '@')
            })
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong("A name is expected"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// Takes a whole word, whatever its case.
    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let Some(head) = rest.get(..word.len()) else {
            return false;
        };
        let ends = rest[word.len()..]
            .chars()
            .next()
            .is_none_or(|next| !next.is_alphanumeric() && next != '/' && next != '_');
        let found = ends && head.eq_ignore_ascii_case(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn mark(&mut self, mark: char) -> bool {
        self.skip_blanks();
        let found = self.text[self.at..].starts_with(mark);
        if found {
            self.at += mark.len_utf8();
        }
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.mark(mark) {
            Ok(())
        } else {
            Err(self.wrong(&format!("'{mark}' is expected")))
        }
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn wrong(&self, what: &str) -> String {
        format!(
            "Invalid filter clause: {what} at position {} in '{}'.",
            self.at, self.text
        )
    }
}

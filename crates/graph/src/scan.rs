//! Reads the top level of an answer without building a tree.
//!
//! One pass over the bytes checks that they are UTF-8 and one complete JSON object within limits, and notes what
//! paging needs: whether `value` is an array, how many items it has, and the two links. Nesting is a counter and a
//! bit per level, so depth costs no stack; a string costs nothing but its bytes.

use crate::error::{Error, ErrorKind, Result};

/// Deepest nesting that is read. Graph's deepest documents (access packages, settings) stay below 30.
const DEPTH_LIMIT: usize = 256;
/// Longest single string, in bytes. The largest that Graph sends are base64 logos and scripts.
const STRING_LIMIT_BYTES: usize = 32 * 1024 * 1024;

/// What an answer holds at its top level.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// Whether `value` is there, and if so whether it is an array.
    pub value_is_array: Option<bool>,
    /// Elements of `value`.
    pub items: u64,
    /// `@odata.nextLink`.
    pub next: Option<String>,
    /// `@odata.deltaLink`.
    pub delta: Option<String>,
    /// There is an `error` object: a failure after the answer had begun.
    pub failed: bool,
}

/// The bytes after a byte order mark, if there is one.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Checks `body` to be one JSON object and reads its envelope.
pub(crate) fn envelope(body: &[u8]) -> Result<Envelope> {
    let text = std::str::from_utf8(body).map_err(|e| {
        Error::malformed(format!(
            "the answer is not UTF-8 at byte {}",
            e.valid_up_to()
        ))
    })?;
    let mut scanner = Scanner {
        text: text.as_bytes(),
        at: 0,
    };
    scanner.blanks();
    match scanner.peek() {
        Some(b'{') => {}
        None => return Err(Error::cut_short("the answer is empty")),
        Some(b'<') => return Err(Error::malformed("the answer is HTML or XML, not JSON")),
        Some(_) => return Err(Error::malformed("the answer is not a JSON object")),
    }
    let envelope = scanner.top()?;
    scanner.blanks();
    if scanner.at < scanner.text.len() {
        return Err(Error::malformed(format!(
            "the answer goes on after its JSON, at byte {}",
            scanner.at
        )));
    }
    Ok(envelope)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn wrong(&self) -> Error {
        if self.at >= self.text.len() {
            Error::cut_short(format!(
                "the answer is cut short after {} bytes",
                self.text.len()
            ))
        } else {
            Error::malformed(format!("the answer is not JSON at byte {}", self.at))
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.wrong())
        }
    }

    /// The members of the outermost object.
    fn top(&mut self) -> Result<Envelope> {
        let mut envelope = Envelope::default();
        self.expect(b'{')?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(envelope);
        }
        loop {
            self.blanks();
            let key = self.key()?;
            self.blanks();
            self.expect(b':')?;
            self.blanks();
            self.member(&key, &mut envelope)?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(envelope);
                }
                _ => return Err(self.wrong()),
            }
        }
    }

    fn member(&mut self, key: &str, envelope: &mut Envelope) -> Result<()> {
        let start = self.peek();
        match key {
            "value" => {
                let items = self.value()?;
                let twice = envelope
                    .value_is_array
                    .replace(start == Some(b'['))
                    .is_some();
                envelope.items = items;
                once(key, twice)
            }
            "@odata.nextLink" => {
                let link = self.link(key)?;
                once(
                    key,
                    link.is_some() && std::mem::replace(&mut envelope.next, link).is_some(),
                )
            }
            "@odata.deltaLink" => {
                let link = self.link(key)?;
                once(
                    key,
                    link.is_some() && std::mem::replace(&mut envelope.delta, link).is_some(),
                )
            }
            "error" => {
                envelope.failed |= start == Some(b'{');
                self.value().map(drop)
            }
            _ => self.value().map(drop),
        }
    }

    fn link(&mut self, key: &str) -> Result<Option<String>> {
        match self.peek() {
            Some(b'"') => self.key().map(Some),
            Some(b'n') => self.value().map(|_| None),
            _ => Err(Error::malformed(format!(
                "{key} of the answer is not a string"
            ))),
        }
    }

    /// A decoded string.
    fn key(&mut self) -> Result<String> {
        let from = self.at;
        self.string()?;
        let raw = &self.text[from..self.at];
        serde_json::from_slice(raw)
            .map_err(|_| Error::malformed(format!("the answer is not JSON at byte {from}")))
    }

    fn string(&mut self) -> Result<()> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .iter()
                .position(|&b| b == b'"' || b == b'\\' || b < b' ')
                .unwrap_or(rest.len());
            self.at += plain;
            if self.at - from > STRING_LIMIT_BYTES {
                return Err(Error::malformed(format!(
                    "a string of the answer is longer than {} MiB",
                    STRING_LIMIT_BYTES >> 20
                )));
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Result<()> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
                        return Err(self.wrong());
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.wrong()),
        }
        Ok(())
    }

    /// Passes over one value of any depth; returns how many elements it has if it is an array.
    fn value(&mut self) -> Result<u64> {
        let mut open: Vec<u8> = Vec::new();
        let mut items = 0;
        loop {
            self.blanks();
            if open.len() == 1 && open[0] == b']' {
                items += 1;
            }
            let mut ended = true;
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    let close = if bracket == b'{' { b'}' } else { b']' };
                    self.at += 1;
                    self.blanks();
                    if self.peek() == Some(close) {
                        self.at += 1;
                    } else {
                        if open.len() >= DEPTH_LIMIT {
                            // Unlike what is cut short on its way, it would be so again.
                            return Err(Error::new(
                                ErrorKind::TooLarge,
                                format!("the answer is nested deeper than {DEPTH_LIMIT} levels"),
                            ));
                        }
                        open.push(close);
                        ended = false;
                        if close == b'}' {
                            self.name()?;
                        }
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(self.wrong()),
            }
            if ended && self.close(&mut open)? {
                return Ok(items);
            }
        }
    }

    /// After a value: closes what ends here. True when the outermost value is complete.
    fn close(&mut self, open: &mut Vec<u8>) -> Result<bool> {
        loop {
            let Some(&close) = open.last() else {
                return Ok(true);
            };
            self.blanks();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if close == b'}' {
                        self.blanks();
                        self.name()?;
                    }
                    return Ok(false);
                }
                Some(byte) if byte == close => {
                    self.at += 1;
                    open.pop();
                }
                _ => return Err(self.wrong()),
            }
        }
    }

    fn name(&mut self) -> Result<()> {
        self.string()?;
        self.blanks();
        self.expect(b':')
    }

    fn word(&mut self, word: &[u8]) -> Result<()> {
        for &byte in word {
            self.expect(byte)?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from {
            Err(self.wrong())
        } else {
            Ok(())
        }
    }
}

fn once(key: &str, twice: bool) -> Result<()> {
    if twice {
        Err(Error::malformed(format!("the answer has {key} twice")))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

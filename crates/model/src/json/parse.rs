//! The parser: RFC 8259 without leniency, a depth limit, byte offsets in errors.

use super::{Document, JsonKind, Node};

/// Deepest nesting accepted. Real exports reach 18.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What was wrong there.
    pub reason: &'static str,
}

/// Parses texts one after the other, reusing its node list.
#[derive(Debug, Default)]
pub struct Parser {
    nodes: Vec<Node>,
    open: Vec<u32>,
}

impl Parser {
    /// A parser with an empty node list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses exactly one JSON value with nothing but white space around it.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not one JSON value, nested deeper than [`MAX_DEPTH`], or longer
    /// than `u32::MAX` bytes.
    pub fn parse<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Document<'a>, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|e| JsonError {
            offset: e.valid_up_to(),
            reason: "invalid UTF-8",
        })?;
        self.parse_text(text)
    }

    /// [`Parser::parse`] of what is known to be UTF-8.
    ///
    /// # Errors
    /// Those of [`Parser::parse`].
    pub fn parse_text<'a>(&'a mut self, text: &'a str) -> Result<Document<'a>, JsonError> {
        let bytes = text.as_bytes();
        if u32::try_from(bytes.len()).is_err() {
            return Err(JsonError {
                offset: 0,
                reason: "text longer than 4 GiB",
            });
        }
        self.nodes.clear();
        self.open.clear();
        let mut scan = Scan {
            bytes,
            at: 0,
            nodes: &mut self.nodes,
            open: &mut self.open,
        };
        scan.document()?;
        Ok(Document {
            text,
            nodes: &self.nodes,
        })
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
    open: &'a mut Vec<u32>,
}

/// Bytes that end the plain run of a string: quote, backslash, control characters.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = true;
        i += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// One byte in every byte of a word.
const fn everywhere(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Bytes of a word before the first one in [`STOPS`].
fn plain_bytes(word: u64) -> usize {
    // A byte is zero where subtracting one borrows into its highest bit. Only bytes behind the first
    // hit can be taken for one by mistake, and they are not asked for.
    let below = |word: u64, limit: u8| word.wrapping_sub(everywhere(limit)) & !word;
    let quote = below(word ^ everywhere(b'"'), 1);
    let backslash = below(word ^ everywhere(b'\\'), 1);
    let stops = (quote | backslash | below(word, 0x20)) & everywhere(0x80);
    stops.trailing_zeros() as usize / 8
}

impl Scan<'_> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, JsonError> {
        Err(JsonError {
            offset: self.at,
            reason,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "parse() refuses texts beyond u32"
    )]
    fn push(&mut self, kind: JsonKind, escaped: bool, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node {
            kind,
            escaped,
            start: start as u32,
            end: end as u32,
            next,
        });
    }

    /// The state machine: `value` reads one value or opens a container, then closings follow.
    fn document(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        self.value()?;
        while let Some(&container) = self.open.last() {
            let is_object = self.nodes[container as usize].kind == JsonKind::Object;
            self.skip_space();
            let first = self.nodes.len() == container as usize + 1;
            match self.peek() {
                Some(b'}') if is_object => self.close(container),
                Some(b']') if !is_object => self.close(container),
                Some(b',') if !first => {
                    self.at += 1;
                    self.item(is_object)?;
                }
                Some(_) if first => self.item(is_object)?,
                Some(_) => {
                    return self.fail(if is_object {
                        "expected ',' or '}'"
                    } else {
                        "expected ',' or ']'"
                    });
                }
                None => return self.fail("text ends inside a value"),
            }
        }
        self.skip_space();
        if self.at < self.bytes.len() {
            self.fail("text goes on after the value")
        } else {
            Ok(())
        }
    }

    fn item(&mut self, in_object: bool) -> Result<(), JsonError> {
        self.skip_space();
        if in_object {
            if self.peek() != Some(b'"') {
                return self.fail("expected a property name");
            }
            self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return self.fail("expected ':'");
            }
            self.at += 1;
            self.skip_space();
        }
        self.value()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "parse() refuses texts beyond u32"
    )]
    fn close(&mut self, container: u32) {
        self.at += 1;
        self.open.pop();
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[container as usize];
        node.end = self.at as u32;
        node.next = next;
    }

    fn value(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.container(JsonKind::Object),
            Some(b'[') => self.container(JsonKind::Array),
            Some(b't') => self.literal(b"true", JsonKind::True),
            Some(b'f') => self.literal(b"false", JsonKind::False),
            Some(b'n') => self.literal(b"null", JsonKind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.fail("expected a value"),
            None => self.fail("text ends where a value was expected"),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "parse() refuses texts beyond u32"
    )]
    fn container(&mut self, kind: JsonKind) -> Result<(), JsonError> {
        if self.open.len() >= MAX_DEPTH {
            return self.fail("nested deeper than 128 levels");
        }
        self.open.push(self.nodes.len() as u32);
        self.push(kind, false, self.at, self.at);
        self.at += 1;
        Ok(())
    }

    fn literal(&mut self, word: &'static [u8], kind: JsonKind) -> Result<(), JsonError> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.fail("expected a value");
        }
        self.push(kind, false, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            while let Some(word) = self.bytes[self.at..].first_chunk::<8>() {
                let plain = plain_bytes(u64::from_le_bytes(*word));
                self.at += plain;
                if plain < 8 {
                    break;
                }
            }
            while let Some(b) = self.peek()
                && !STOPS[b as usize]
            {
                self.at += 1;
            }
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fail("control character inside a string"),
                None => return self.fail("text ends inside a string"),
            }
        }
        self.push(JsonKind::Text, escaped, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                    self.at += 6;
                    Ok(())
                } else {
                    self.fail("expected four hexadecimal digits after \\u")
                }
            }
            _ => self.fail("unknown escape in a string"),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            self.at = start;
            return self.fail("malformed number");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.fail("malformed number");
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fail("malformed number");
            }
        }
        self.push(JsonKind::Number, false, start, self.at);
        Ok(())
    }
}

//! Strings: decoding escapes, and the one way entrace writes a string.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Decodes what stands between the quotation marks of a parsed string.
///
/// A surrogate without its partner cannot be a character; it becomes U+FFFD here, and only here: the
/// canonical text keeps its escape.
#[inline]
pub(super) fn decode(raw: &str, escaped: bool) -> Cow<'_, str> {
    if escaped {
        Cow::Owned(unescape(raw))
    } else {
        Cow::Borrowed(raw)
    }
}

#[cold]
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for piece in Pieces(raw) {
        match piece {
            Piece::Plain(run) => out.push_str(run),
            Piece::Char(c) => out.push(c),
            Piece::Lone(_) => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

/// Writes a string with its quotation marks: RFC 8785 escapes, everything else as it is.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    write_plain(text, out);
    out.push('"');
}

/// Writes a parsed string canonically, keeping a lone surrogate as its `\udxxx` escape.
pub(super) fn write_parsed(raw: &str, escaped: bool, out: &mut String) {
    out.push('"');
    if escaped {
        for piece in Pieces(raw) {
            match piece {
                Piece::Plain(run) => out.push_str(run),
                Piece::Char(c) => write_char(c, out),
                Piece::Lone(unit) => {
                    write!(out, "\\u{unit:04x}").expect("because writing to a String cannot fail");
                }
            }
        }
    } else {
        out.push_str(raw);
    }
    out.push('"');
}

fn write_plain(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            out.push_str(&text[from..at]);
            write_char(char::from(byte), out);
            from = at + 1;
        }
    }
    out.push_str(&text[from..]);
}

fn write_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        c if c < ' ' => {
            write!(out, "\\u{:04x}", u32::from(c))
                .expect("because writing to a String cannot fail");
        }
        c => out.push(c),
    }
}

enum Piece<'a> {
    Plain(&'a str),
    Char(char),
    /// A UTF-16 surrogate without its partner.
    Lone(u16),
}

/// The runs and escapes of a string the parser has accepted.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let plain = self.0.find('\\').unwrap_or(self.0.len());
        if plain > 0 {
            let (run, rest) = self.0.split_at(plain);
            self.0 = rest;
            return Some(Piece::Plain(run));
        }
        let (piece, length) = escape(self.0);
        self.0 = &self.0[length..];
        Some(piece)
    }
}

fn escape(text: &str) -> (Piece<'_>, usize) {
    let c = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text),
        Some(&other) => char::from(other),
        None => '\\',
    };
    (Piece::Char(c), 2.min(text.len()))
}

fn unicode(text: &str) -> (Piece<'_>, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else {
        return (Piece::Char(char::REPLACEMENT_CHARACTER), text.len());
    };
    if let Some(c) = char::from_u32(u32::from(first)) {
        return (Piece::Char(c), 6);
    }
    if let Some(second) = unit(6)
        && let Some(Ok(c)) = char::decode_utf16([first, second]).next()
    {
        return (Piece::Char(c), 12);
    }
    (Piece::Lone(first), 6)
}

//! Bytes to UTF-8.
//!
//! Windows PowerShell 5 writes UTF-16LE with a byte order mark, PowerShell 7 UTF-8 without, other
//! tools UTF-8 with one, and one repository mixes all three over its life. The mark decides; without
//! one, a NUL beside the first byte tells UTF-16. Everything else passes unchanged, so that the JSON
//! parser can name the byte that is not UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

/// Bytes of UTF-16 taken at once.
const CHUNK_BYTES: usize = 32 << 10;

/// A reader that yields UTF-8 whatever it is given, without a byte order mark.
#[derive(Debug)]
pub(crate) struct Decoded<R> {
    reader: R,
    /// The first bytes, read to look for a mark, and how far they are given out.
    head: [u8; 4],
    head_at: usize,
    head_end: usize,
    utf16: Option<Box<Utf16>>,
    /// Bytes read from the reader.
    read_bytes: u64,
}

struct Utf16 {
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    text_at: usize,
    finished: bool,
    malformed: bool,
}

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Utf16")
    }
}

impl<R: Read> Decoded<R> {
    /// Reads the first bytes and settles on an encoding.
    pub(crate) fn new(mut reader: R) -> io::Result<Self> {
        let mut head = [0; 4];
        let mut length = 0;
        while length < head.len() {
            match reader.read(&mut head[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let (mark_bytes, encoding) = match head[..length] {
            [0xef, 0xbb, 0xbf, ..] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(UTF_16LE)),
            [0xfe, 0xff, ..] => (2, Some(UTF_16BE)),
            [first, 0, ..] if first != 0 => (0, Some(UTF_16LE)),
            [0, second, ..] if second != 0 => (0, Some(UTF_16BE)),
            _ => (0, None),
        };
        let utf16 = encoding.map(|encoding| {
            Box::new(Utf16 {
                decoder: encoding.new_decoder_without_bom_handling(),
                raw: head[mark_bytes..length].to_vec(),
                text: Vec::new(),
                text_at: 0,
                finished: false,
                malformed: false,
            })
        });
        let head_at = if utf16.is_some() { length } else { mark_bytes };
        Ok(Self {
            reader,
            head,
            head_at,
            head_end: length,
            utf16,
            read_bytes: length as u64,
        })
    }

    /// Whether something was no UTF-16 and was replaced.
    pub(crate) fn is_malformed(&self) -> bool {
        self.utf16.as_ref().is_some_and(|utf16| utf16.malformed)
    }

    /// Bytes read so far, before decoding.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }
}

impl Utf16 {
    /// Decodes the next chunk; half a character at the end stays in the decoder.
    fn fill(&mut self, reader: &mut impl Read) -> io::Result<u64> {
        let kept = self.raw.len();
        self.raw.resize(kept + CHUNK_BYTES, 0);
        let count = loop {
            match reader.read(&mut self.raw[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.raw.truncate(kept + count);
        self.finished = count == 0;
        // A unit of two bytes becomes at most three.
        self.text.resize(self.raw.len() * 3 + 16, 0);
        let (_, taken, written, malformed) =
            self.decoder
                .decode_to_utf8(&self.raw, &mut self.text, self.finished);
        self.malformed |= malformed;
        self.raw.drain(..taken);
        self.text.truncate(written);
        self.text_at = 0;
        Ok(count as u64)
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.head_at < self.head_end {
            let count = out.len().min(self.head_end - self.head_at);
            out[..count].copy_from_slice(&self.head[self.head_at..self.head_at + count]);
            self.head_at += count;
            return Ok(count);
        }
        let Some(utf16) = &mut self.utf16 else {
            let count = self.reader.read(out)?;
            self.read_bytes += count as u64;
            return Ok(count);
        };
        while utf16.text_at == utf16.text.len() && !utf16.finished {
            self.read_bytes += utf16.fill(&mut self.reader)?;
        }
        let rest = &utf16.text[utf16.text_at..];
        let count = out.len().min(rest.len());
        out[..count].copy_from_slice(&rest[..count]);
        utf16.text_at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut decoded = Decoded::new(bytes).expect("because memory can be read");
        decoded
            .read_to_string(&mut text)
            .expect("because the text is sound");
        assert_eq!(decoded.read_bytes(), bytes.len() as u64);
        text
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    }

    #[test]
    fn quirk_1_every_encoding_gives_the_same_text() {
        let text = "{\"name\": \"Größe 健太 😀 \u{2013}\"}\r\n".repeat(5000);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(&text, u16::to_le_bytes, true),
            utf16(&text, u16::to_be_bytes, true),
            utf16(&text, u16::to_le_bytes, false),
            utf16(&text, u16::to_be_bytes, false),
        ] {
            assert_eq!(decode(&bytes), text);
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_noticed() {
        let bytes = [0xff, 0xfe, b'a', 0, 0x00, 0xd8, b'b', 0];
        let mut text = String::new();
        let mut decoded = Decoded::new(bytes.as_slice()).expect("because memory can be read");
        decoded
            .read_to_string(&mut text)
            .expect("because what is wrong is replaced");
        assert_eq!(
            (text.as_str(), decoded.is_malformed()),
            ("a\u{fffd}b", true)
        );
    }

    #[test]
    fn short_inputs_pass() {
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"{"), "{");
        assert_eq!(decode(b"\xef\xbb\xbf"), "");
        assert_eq!(decode(b"\xff\xfe"), "");
    }
}

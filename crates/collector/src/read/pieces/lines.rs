//! Streams of which each line is a value.

use std::io::{self, Read};

use super::super::lexer::{page_start, skip_space};
use super::super::piece::{Where, too_long};
use super::super::window::MAX_ELEMENT_BYTES;
use super::{Found, Mode, PAGE_HEAD_BYTES, Pieces};

impl<R: Read> Pieces<R> {
    /// Whether each line is a value. A page or list says no at once; else the first line tells: an
    /// object that ends where its line ends, with another on the next.
    pub(super) fn decide(&mut self) -> io::Result<Mode> {
        let Some(first) = self.peek()? else {
            return Ok(Mode::Done);
        };
        self.fill(PAGE_HEAD_BYTES)?;
        if first == b'[' || page_start(self.window.bytes(), 0).is_some() {
            return Ok(Mode::Values);
        }
        let mut searched = 0;
        loop {
            let bytes = self.window.bytes();
            if let Some(found) = memchr::memchr(b'\n', &bytes[searched..]) {
                let line = bytes[..searched + found].trim_ascii_end();
                let next = &bytes[searched + found + 1..];
                let lines = if self.line_name {
                    line.len() > 1
                } else {
                    line.ends_with(b"}") && next.starts_with(b"{")
                };
                if next.is_empty() && self.window.more()? {
                    continue;
                }
                return Ok(if lines { Mode::Lines } else { Mode::Values });
            }
            searched = bytes.len();
            if self.window.is_full() || !self.window.more()? {
                return Ok(if self.line_name {
                    Mode::Lines
                } else {
                    Mode::Values
                });
            }
        }
    }

    /// The next line that is not empty.
    pub(super) fn line(&mut self) -> io::Result<Found> {
        loop {
            let mut searched = 0;
            let (end, next) = loop {
                let bytes = self.window.bytes();
                if let Some(found) = memchr::memchr(b'\n', &bytes[searched..]) {
                    break (searched + found, searched + found + 1);
                }
                searched = bytes.len();
                if self.window.is_full() {
                    return self.skip_line();
                }
                if !self.window.more()? {
                    break (searched, searched);
                }
            };
            if next == 0 {
                return Ok(Found::Nothing);
            }
            let line = &self.window.bytes()[..end];
            let start = skip_space(line, 0);
            let length = line[start..].trim_ascii_end().len();
            if line[start..start + length] == *b"{" && !self.line_name {
                // An object of several lines behind some of one line each.
                self.mode = Mode::Values;
                return self.value();
            }
            self.count += 1;
            if length == 0 {
                self.window.consume(next);
                continue;
            }
            self.pending = next;
            if length > MAX_ELEMENT_BYTES {
                return Ok(Found::Fault(too_long(Where::Line(self.count))));
            }
            return Ok(Found::Element(
                start,
                start + length,
                Where::Line(self.count),
            ));
        }
    }

    /// Passes over a line that is too long.
    fn skip_line(&mut self) -> io::Result<Found> {
        self.count += 1;
        loop {
            let bytes = self.window.bytes();
            if let Some(found) = memchr::memchr(b'\n', bytes) {
                self.window.consume(found + 1);
                break;
            }
            let length = bytes.len();
            self.window.consume(length);
            if !self.window.more()? {
                break;
            }
        }
        Ok(Found::Fault(too_long(Where::Line(self.count))))
    }
}

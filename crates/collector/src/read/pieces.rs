//! A stream cut into elements: one object a line, values one behind the other, the elements of a
//! list, the elements of a Graph page.
//!
//! Nothing is held but the element at hand, so a list of any length takes the memory of its longest
//! element. A stream that cannot be cut any further ends in a [`Fault`]; what came before it counts.

mod lines;

use std::borrow::Cow;
use std::io::{self, Read};

use model::Value;

use super::decode::Decoded;
use super::lexer::{Scan, close, page_start, skip_space, value_end};
use super::piece::{Fault, Step, Where, too_long};
use super::window::{MAX_ELEMENT_BYTES, Window};

/// Bytes looked at to tell a page from an object: contexts and links are shorter.
const PAGE_HEAD_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    Lines,
    Values,
    Done,
}

/// What encloses the next value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    List,
    Page,
}

/// What may come next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A value or the end.
    First,
    /// A value: a comma came before.
    Value,
    /// A comma or the end.
    Separator,
}

/// The pieces of one file.
#[derive(Debug)]
pub(crate) struct Pieces<R> {
    window: Window<Decoded<R>>,
    /// The name says that each line is a value.
    line_name: bool,
    mode: Mode,
    level: Level,
    expected: Expected,
    count: u64,
    pending: usize,
    current: (usize, usize, Where),
    context: Option<String>,
    listed: bool,
    /// Pages, and how many of them say that another follows.
    pages: (u64, u64),
}

/// Bounds of a piece within the window.
enum Found {
    Element(usize, usize, Where),
    Fault(Fault),
    Nothing,
}

impl<'b> Pieces<&'b [u8]> {
    /// Begins with a text that is in memory.
    pub(crate) fn of_page(body: &'b [u8]) -> io::Result<Self> {
        let window = Window::of_length(Decoded::new(body)?, body.len());
        Ok(Self::of_window(window, false))
    }
}

impl<R: Read> Pieces<R> {
    /// Begins with a stream; `line_name` where its file's name says JSON lines.
    pub(crate) fn new(reader: R, line_name: bool) -> io::Result<Self> {
        let window = Window::new(Decoded::new(reader)?);
        Ok(Self::of_window(window, line_name))
    }

    fn of_window(window: Window<Decoded<R>>, line_name: bool) -> Self {
        Self {
            window,
            line_name,
            mode: Mode::Undecided,
            level: Level::Top,
            expected: Expected::First,
            count: 0,
            pending: 0,
            current: (0, 0, Where::Whole),
            context: None,
            listed: false,
            pages: (0, 0),
        }
    }

    /// Steps to the next piece.
    pub(crate) fn advance(&mut self) -> io::Result<Step> {
        self.window.consume(std::mem::take(&mut self.pending));
        if self.mode == Mode::Undecided {
            self.mode = self.decide()?;
        }
        let found = match self.mode {
            Mode::Lines => self.line()?,
            Mode::Values => self.value()?,
            Mode::Done | Mode::Undecided => Found::Nothing,
        };
        Ok(match found {
            Found::Element(start, end, place) => {
                self.current = (start, end, place);
                Step::Element
            }
            Found::Fault(fault) => Step::Fault(fault),
            Found::Nothing => Step::End,
        })
    }

    /// The element stepped to last.
    pub(crate) fn current(&self) -> (&[u8], Where) {
        let (start, end, place) = self.current;
        (&self.window.bytes()[start..end], place)
    }

    /// `@odata.context` of the page the last element stood in.
    pub(crate) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Whether the file is a stream of lines.
    pub(crate) fn is_lines(&self) -> bool {
        self.mode == Mode::Lines
    }

    /// Whether the file holds a list, perhaps an empty one.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed
    }

    /// Whether something was no UTF-16 and was replaced.
    pub(crate) fn is_malformed(&self) -> bool {
        self.window.reader().is_malformed()
    }

    /// Pages so far, and how many of them say that another follows.
    pub(crate) fn pages(&self) -> (u64, u64) {
        self.pages
    }

    /// Bytes read so far, before decoding.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.window.reader().read_bytes()
    }

    fn value(&mut self) -> io::Result<Found> {
        loop {
            let next = self.peek()?;
            match (self.level, next) {
                (Level::Top, None) => return Ok(Found::Nothing),
                (Level::Top, Some(b'[')) => {
                    self.window.consume(1);
                    self.enter(Level::List);
                }
                (Level::Top, Some(b'{')) => {
                    self.fill(PAGE_HEAD_BYTES)?;
                    match page_start(self.window.bytes(), 0) {
                        None => return self.element(),
                        Some(start) => {
                            if let Some(fault) = self.open_page(start) {
                                return Ok(Found::Fault(fault));
                            }
                        }
                    }
                }
                (Level::Top, Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
                    return self.element();
                }
                (Level::Top, Some(_)) => return Ok(self.give_up("expected a value")),
                (_, None) => return Ok(self.give_up("text ends inside a list")),
                (_, Some(b']')) => {
                    if let Some(found) = self.leave()? {
                        return Ok(found);
                    }
                }
                (_, Some(b',')) if self.expected == Expected::Separator => {
                    self.window.consume(1);
                    self.expected = Expected::Value;
                }
                (_, Some(_)) if self.expected == Expected::Separator => {
                    return Ok(self.give_up("expected ',' or ']'"));
                }
                (_, Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
                    return self.element();
                }
                (_, Some(_)) => return Ok(self.give_up("expected a value")),
            }
        }
    }

    fn enter(&mut self, level: Level) {
        self.level = level;
        self.listed = true;
        self.expected = Expected::First;
    }

    /// Steps behind the `]` of a list, and behind the rest of its page.
    fn leave(&mut self) -> io::Result<Option<Found>> {
        let dangling = self.expected == Expected::Value;
        self.window.consume(1);
        if self.level == Level::Page {
            let end = loop {
                match close(self.window.bytes(), 0, 1) {
                    Scan::End(end) => break end,
                    Scan::More if self.window.is_full() || !self.window.more()? => {
                        return Ok(Some(self.give_up("text ends inside a page")));
                    }
                    Scan::More => {}
                }
            };
            let rest = self.window.bytes()[..end].trim_ascii_start();
            let rest = [b"{", rest.strip_prefix(b",").unwrap_or(rest)].concat();
            match model::Parser::new().parse(&rest) {
                Ok(document) => self.pages.1 += u64::from(is_followed(document.root())),
                Err(error) => return Ok(Some(self.give_up(error.reason))),
            }
            self.window.consume(end);
        }
        self.enter(Level::Top);
        if dangling {
            return Ok(Some(Found::Fault(
                self.fault("expected a value behind the last ','"),
            )));
        }
        Ok(None)
    }

    /// Steps into a page, and takes its context along.
    fn open_page(&mut self, start: usize) -> Option<Fault> {
        // The list and what follows are made an empty object, so that the parser judges the head.
        let head = [&self.window.bytes()[..start - 1], b"0}"].concat();
        match model::Parser::new().parse(&head) {
            Ok(document) => {
                let root = document.root();
                let context = root.get("@odata.context").and_then(Value::text);
                self.pages.0 += 1;
                self.pages.1 += u64::from(is_followed(root));
                self.context = context.map(Cow::into_owned);
            }
            Err(error) => {
                let Found::Fault(fault) = self.give_up(error.reason) else {
                    return None;
                };
                return Some(fault);
            }
        }
        self.window.consume(start);
        self.enter(Level::Page);
        None
    }

    fn element(&mut self) -> io::Result<Found> {
        let bracketed = matches!(self.window.bytes().first(), Some(b'{' | b'[' | b'"'));
        let end = loop {
            match value_end(self.window.bytes(), 0) {
                Scan::End(end) => break end,
                Scan::More if self.window.is_full() => {
                    self.mode = Mode::Done;
                    return Ok(Found::Fault(too_long(Where::Element(self.count + 1))));
                }
                Scan::More if self.window.more()? => {}
                Scan::More if bracketed => {
                    let reason = model::Parser::new().parse(self.window.bytes()).err();
                    let reason = reason.map_or("text ends inside a value", |error| error.reason);
                    return Ok(self.give_up(reason));
                }
                Scan::More => break self.window.bytes().len(),
            }
        };
        self.count += 1;
        self.expected = Expected::Separator;
        let alone = self.level == Level::Top && self.count == 1 && self.is_last(end)?;
        self.pending = end;
        if end > MAX_ELEMENT_BYTES {
            return Ok(Found::Fault(too_long(Where::Element(self.count))));
        }
        let place = if alone {
            Where::Whole
        } else {
            Where::Element(self.count)
        };
        Ok(Found::Element(0, end, place))
    }

    /// Whether nothing but white space follows.
    fn is_last(&mut self, end: usize) -> io::Result<bool> {
        loop {
            if skip_space(self.window.bytes(), end) < self.window.bytes().len() {
                return Ok(false);
            }
            if self.window.is_full() || !self.window.more()? {
                return Ok(self.window.is_finished());
            }
        }
    }

    /// The next byte that is no white space; all before it is given up.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let space = skip_space(self.window.bytes(), 0);
            self.window.consume(space);
            if let Some(first) = self.window.bytes().first() {
                return Ok(Some(*first));
            }
            if !self.window.more()? {
                return Ok(None);
            }
        }
    }

    /// Reads until this many bytes are at hand or there are no more.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        while self.window.bytes().len() < bytes && self.window.more()? {}
        Ok(())
    }

    fn fault(&self, reason: &str) -> Fault {
        let place = if self.count == 0 {
            Where::Whole
        } else {
            Where::Element(self.count + 1)
        };
        Fault {
            place,
            reason: format!("{reason} (from byte {})", self.window.offset()),
        }
    }

    /// Nothing behind this can be cut into values any more.
    fn give_up(&mut self, reason: &str) -> Found {
        self.mode = Mode::Done;
        Found::Fault(self.fault(reason))
    }
}

/// Whether the head or rest of a page names the next one.
fn is_followed(part: Value<'_>) -> bool {
    part.get("@odata.nextLink")
        .is_some_and(|link| !link.is_null())
}

#[cfg(test)]
mod tests;

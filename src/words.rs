//! What is said to people: answers as text, notes beside them, and commands to go on with.

use std::io::{IsTerminal, Write};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Format, Tone, truncated};
use crate::pager::Pager;

impl App {
    /// Writes text for people, through a pager where it is long and somebody looks.
    pub(crate) fn page(&self, text: &str) -> Result<()> {
        self.written.set(true);
        let wanted = !self.globals.no_pager && std::io::stdout().is_terminal();
        match wanted.then(|| Pager::start(text)).flatten() {
            Some(pager) => pager.show(text),
            None => self.print(text),
        }
    }

    pub(crate) fn print(&self, text: &str) -> Result<()> {
        self.written.set(true);
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Failure::output(&e))
    }

    /// Prints a JSON document.
    pub(crate) fn print_json(&self, value: &serde_json::Value) -> Result<()> {
        let text = if self.format() == Format::Jsonl {
            value.to_string()
        } else {
            format!("{value:#}")
        };
        self.print(&format!("{text}\n"))
    }

    /// Says something on stderr that is not the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.globals.quiet {
            let _ = writeln!(std::io::stderr(), "note: {text}");
        }
    }

    /// Says on stderr what was done, to somebody who asked for it.
    pub(crate) fn say(text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Says something on stderr that somebody should look at.
    pub(crate) fn warn(&self, text: &str) {
        let (yellow, off) = if self.colour.on_stderr {
            ("\x1b[33m", "\x1b[0m")
        } else {
            ("", "")
        };
        let _ = writeln!(std::io::stderr(), "{yellow}warning:{off} {text}");
    }

    /// The command that fills an empty archive.
    pub(crate) fn filling_command(&self) -> &'static str {
        if self.tenant(&[]).is_ok() {
            "snapshot"
        } else {
            "import PATH-TO-EXPORTS"
        }
    }

    /// The command to go on with, as the last line of a screen.
    pub(crate) fn next_command(&self, arguments: &str) -> Result<()> {
        if !self.for_people() || self.globals.quiet {
            return Ok(());
        }
        let line = format!("Next: {} {arguments}\n", self.invocation());
        self.print(&self.colour.paint(Tone::Faint, &line))
    }

    /// How this program was called, with the archive where it was named by an option.
    pub(crate) fn invocation(&self) -> String {
        let name = std::env::args().next().unwrap_or_default();
        // A program from the path is called by its name, one from a folder as it was.
        let name = if name.contains(['/', '\\']) {
            name
        } else {
            "entrace".to_owned()
        };
        let from_environment = std::env::var_os("ENTRACE_ARCHIVE");
        match &self.globals.archive {
            Some(path) if from_environment.as_deref() != Some(path.as_os_str()) => {
                format!(
                    "{} -a {}",
                    quoted(&name),
                    quoted(&path.display().to_string())
                )
            }
            _ => quoted(&name),
        }
    }

    /// The id of an object as it is shown: the beginning of a GUID, or the id whole where it tells something.
    pub(crate) fn short_object(&self, id: &str) -> String {
        const WIDTH: usize = 60;
        if model::is_guid(id) {
            self.short(id).to_owned()
        } else if self.globals.full_ids {
            id.to_owned()
        } else {
            truncated(id, WIDTH)
        }
    }

    /// Characters of an id that are shown.
    pub(crate) fn short<'i>(&self, id: &'i str) -> &'i str {
        const SHORT: usize = 8;
        if self.globals.full_ids {
            id
        } else {
            id.get(..SHORT).unwrap_or(id)
        }
    }
}

/// Text as a POSIX shell takes it for one word.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@~=+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.matches('\'').count() > text.matches('"').count()
        && !text.contains(['$', '`', '\\', '!'])
    {
        // SQL reads better so than with every quotation mark escaped.
        format!("\"{}\"", text.replace('"', "\\\""))
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        assert_eq!(quoted("group:Finance"), "group:Finance");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("select 'x'"), "\"select 'x'\"");
        assert_eq!(
            quoted("select 'x' from \"y\" where 'z'"),
            "\"select 'x' from \\\"y\\\" where 'z'\""
        );
        assert_eq!(quoted("it's $5"), "'it'\\''s $5'");
        assert_eq!(quoted(""), "''");
    }
}

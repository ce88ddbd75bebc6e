//! Long text on a terminal goes through a pager, as git does it.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::failure::{Failure, Result};

/// Lines that fit on any screen: less is printed as it is.
const SCREEN: usize = 20;

/// A pager that waits for text.
pub(crate) struct Pager(Child);

impl Pager {
    /// Starts `$PAGER` or `less`; `None` where the text is short or there is no pager.
    pub(crate) fn start(text: &str) -> Option<Self> {
        text.lines().nth(SCREEN)?;
        let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
        if pager.is_empty() || pager == "cat" {
            return None;
        }
        let child = Command::new("sh")
            .args(["-c", &pager])
            // Leave at once where all fits, keep colours, do not clear the screen.
            .env(
                "LESS",
                std::env::var("LESS").unwrap_or_else(|_| "FRSX".to_owned()),
            )
            .stdin(Stdio::piped())
            .spawn();
        child.ok().map(Self)
    }

    pub(crate) fn show(mut self, text: &str) -> Result<()> {
        if let Some(mut input) = self.0.stdin.take() {
            match input.write_all(text.as_bytes()) {
                // Whoever closes the pager early has seen enough.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    return Err(Failure::output(&error));
                }
                _ => {}
            }
        }
        self.0.wait().map(|_| ()).map_err(|e| Failure::output(&e))
    }
}

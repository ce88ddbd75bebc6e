//! The way in for whoever starts a server on the own machine, so that nothing has to be set up first.
//!
//! It is a token of the API like others, but kept in memory alone: it is shown once, in the address that is opened
//! and in a file that only its owner can read, and is good for nothing once the server has ended. A server without
//! any token would be open to every other user of the machine and to every page in a browser on it.

use std::path::{Path, PathBuf};

use super::token::TokenSecret;
use crate::error::Result;
use crate::state_folder;

/// Name of the file with the token, in the server's state folder.
const NAME: &str = "session-token";

/// One start of a server.
#[derive(Debug)]
pub struct Session {
    secret: TokenSecret,
    path: PathBuf,
}

impl Session {
    /// Makes a token and writes it to a file for its owner alone.
    pub fn begin(folder: &Path) -> Result<Self> {
        let secret = TokenSecret::new();
        state_folder::replace(folder, NAME, format!("{}\n", secret.expose()).as_bytes())?;
        Ok(Self {
            secret,
            path: folder.join(NAME),
        })
    }

    /// The token, to be shown to whoever started the server.
    #[must_use]
    pub fn token(&self) -> &str {
        self.secret.expose()
    }

    /// The file with the token.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether that token is this session's; takes the same time whichever it is.
    #[must_use]
    pub fn is(&self, secret: &TokenSecret) -> bool {
        self.secret.hash() == secret.hash()
    }
}

impl Session {
    /// Removes the file, which is of no more use. One of a server that was started later stays.
    pub(crate) fn end(&self) {
        let written = std::fs::read_to_string(&self.path);
        if written.is_ok_and(|text| text.trim_end() == self.token()) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_a_token_of_its_own_and_takes_it_along() -> Result<()> {
        let folder = tempfile::tempdir().expect("because there is a folder for such things");
        let first = Session::begin(folder.path())?;
        let text = std::fs::read_to_string(first.path()).expect("because it was written");
        let brought = TokenSecret::parse(text.trim_end()).expect("because it looks like one");
        assert!(first.is(&brought.expect("because it is one")));
        assert!(!first.is(&TokenSecret::new()));
        let second = Session::begin(folder.path())?;
        drop(first);
        assert!(second.path().exists(), "it is the second one's");
        let path = second.path().to_owned();
        drop(second);
        assert!(!path.exists());
        Ok(())
    }
}

//! Where a page ended, for whoever asks for the next one.
//!
//! A cursor says after which row to go on (the values of the columns that order the rows), in which snapshots, to
//! which question, and who was given it. It carries a keyed hash, so it can be neither made nor changed by anybody
//! else; the key comes from the archive's keys, so a cursor is good at every server of the archive and after a
//! restart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Archive;

use crate::problem::{Code, Problem};

/// What the key is derived for.
const PURPOSE: &str = "entrace 2026-11-23 cursors of the HTTP API";
/// Bytes of the keyed hash.
const TAG_BYTES: usize = 16;
/// Longest cursor that is looked at, in characters.
const MAX_CHARS: usize = 8192;
/// How long one lasts.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A cursor, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Hash of the question it continues.
    question: String,
    /// Hash of who was given it.
    holder: String,
    /// When it was made, in seconds of Unix time.
    made_at: i64,
    /// Ids of the snapshots the pages are made from.
    pub(crate) pins: Vec<String>,
    /// Values of the ordering columns in the last row.
    pub(crate) after: Vec<String>,
}

/// The question a cursor belongs to, and who asks it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Belongs<'b> {
    /// Hash of address and parameters.
    pub(crate) question: &'b blake3::Hash,
    /// What identifies who asks.
    pub(crate) holder: &'b str,
    /// The time now.
    pub(crate) now: Timestamp,
}

impl Cursor {
    pub(crate) fn new(belongs: Belongs<'_>, pins: Vec<String>, after: Vec<String>) -> Self {
        Self {
            question: short(belongs.question),
            holder: short(&blake3::hash(belongs.holder.as_bytes())),
            made_at: belongs.now.as_second(),
            pins,
            after,
        }
    }

    /// The text that is given out.
    pub(crate) fn seal(&self, archive: &Archive) -> String {
        let mut bytes = serde_json::to_vec(self).expect("because it is plain text and numbers");
        let tag = tag(archive, &bytes);
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor a text is, if it was made by this archive's servers for this question and this asker, lately.
    pub(crate) fn open(
        text: &str,
        archive: &Archive,
        belongs: Belongs<'_>,
    ) -> Result<Self, Problem> {
        let forged = || {
            Problem::new(
                Code::InvalidCursor,
                "this cursor was not made here: take it from next_cursor as it is",
            )
        };
        if text.len() > MAX_CHARS {
            return Err(forged());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| forged())?;
        let length = bytes.len().checked_sub(TAG_BYTES).ok_or_else(forged)?;
        let (content, given) = bytes.split_at(length);
        // The comparison of hashes takes the same time wherever they differ.
        let given: [u8; TAG_BYTES] = given.try_into().map_err(|_| forged())?;
        let (mut own, mut theirs) = ([0; 32], [0; 32]);
        own[..TAG_BYTES].copy_from_slice(&tag(archive, content));
        theirs[..TAG_BYTES].copy_from_slice(&given);
        if blake3::Hash::from_bytes(own) != blake3::Hash::from_bytes(theirs) {
            return Err(forged());
        }
        let cursor: Self = serde_json::from_slice(content).map_err(|_| forged())?;
        if cursor.holder != short(&blake3::hash(belongs.holder.as_bytes())) {
            return Err(Problem::new(
                Code::CursorForeign,
                "this cursor was given to somebody else: begin without one",
            ));
        }
        if cursor.question != short(belongs.question) {
            return Err(Problem::new(
                Code::CursorElsewhere,
                "this cursor continues another question: use it with the parameters it came with",
            ));
        }
        let age = belongs.now.as_second() - cursor.made_at;
        if age > LIFE.as_secs() {
            return Err(expired());
        }
        Ok(cursor)
    }
}

/// A cursor that was right once.
pub(crate) fn expired() -> Problem {
    Problem::new(
        Code::CursorExpired,
        "this cursor has expired: begin without one",
    )
}

fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..16].to_owned()
}

fn tag(archive: &Archive, content: &[u8]) -> [u8; TAG_BYTES] {
    let key = blake3::derive_key(PURPOSE, &archive.columns_key());
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&blake3::keyed_hash(&key, content).as_bytes()[..TAG_BYTES]);
    tag
}

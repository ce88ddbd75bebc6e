//! The text of a leaf.

use std::str::FromStr;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::id::{PackId, RecordId};

const FORMAT: &str = "entrace/leaf/v1";

/// One act: where its record is, and nothing about what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// `snapshot`, `events`, `tag`, `compact`, `init`.
    pub(crate) act: String,
    pub(crate) number: u64,
    pub(crate) time: Timestamp,
    pub(crate) record: RecordId,
    /// Pack that holds the record.
    pub(crate) pack: PackId,
}

impl Leaf {
    pub(crate) fn encode(&self) -> String {
        let Self {
            act,
            number,
            time,
            record,
            pack,
        } = self;
        format!("{FORMAT}\nact {act}\nnumber {number}\ntime {time}\nrecord {record}\npack {pack}\n")
    }

    pub(crate) fn decode(bytes: &[u8], number: u64, path: &str) -> Result<Self> {
        let damaged = || Error::corrupt(path, format!("leaf {number} is not a leaf"));
        let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        let mut lines = text.lines();
        let format = lines.next().unwrap_or_default();
        if format != FORMAT && format.starts_with("entrace/leaf/") {
            return Err(Error::TooNew {
                place: path.to_owned(),
                found: 2,
                supported: 1,
            });
        }
        let mut field = |name: &str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .map(str::to_owned)
        };
        let leaf = (|| {
            Some(Self {
                act: field("act")?,
                number: parse(field("number"))?,
                time: parse(field("time"))?,
                record: parse(field("record"))?,
                pack: parse(field("pack"))?,
            })
        })();
        leaf.filter(|leaf| leaf.number == number && leaf.encode() == text)
            .ok_or_else(damaged)
    }
}

fn parse<T: FromStr>(field: Option<String>) -> Option<T> {
    field?.parse().ok()
}

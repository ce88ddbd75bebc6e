//! Answers to reads.

use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    error::{Error, Result},
    origin::{Link, Origin},
    scan,
};

/// One page, or one object: the whole JSON text, checked to be one complete JSON object.
#[derive(Debug, Clone)]
pub struct Page {
    /// The whole JSON text, without a byte order mark.
    pub body: Bytes,
    /// Where the next page is. A page may be empty and still have one.
    pub next: Option<Link>,
    /// Where the next delta round begins; only on the last page of a round.
    pub delta: Option<Link>,
    /// 200, 201 or 206.
    pub status: u16,
    /// Graph's clock when it answered.
    pub date: Option<Timestamp>,
    /// Elements of `value`; 0 for a single object.
    pub items: u64,
}

impl Page {
    /// Checks an answer. With `list`, `value` must be an array.
    pub(crate) fn read(
        body: &Bytes,
        list: bool,
        origin: &Origin,
        status: u16,
        date: Option<Timestamp>,
    ) -> Result<Self> {
        let body = body.slice(body.len() - scan::without_mark(body).len()..);
        let envelope = scan::envelope(&body)?;
        match envelope.value_is_array {
            _ if envelope.failed && (list || envelope.value_is_array.is_some()) => {
                return Err(Error::cut_short(
                    "the answer began well and ends with an error",
                ));
            }
            None if list => return Err(Error::malformed("the answer has no `value`")),
            Some(false) if list => {
                return Err(Error::malformed("`value` of the answer is not an array"));
            }
            _ => {}
        }
        let link = |text: Option<String>| text.map(|text| origin.link(&text)).transpose();
        Ok(Self {
            next: link(envelope.next)?,
            delta: link(envelope.delta)?,
            body,
            status,
            date,
            items: envelope.items,
        })
    }
}

/// A binary answer.
#[derive(Debug, Clone)]
pub struct Content {
    /// The bytes, within the limit.
    pub body: Bytes,
    /// Media type as the server named it, without parameters (`image/jpeg`).
    pub media: Option<String>,
    /// Etag, if there is one.
    pub etag: Option<String>,
    /// Graph's clock when it answered.
    pub date: Option<Timestamp>,
}

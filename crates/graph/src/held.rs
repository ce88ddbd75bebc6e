//! How much memory answers take together: those that are being read, and those that are kept by whoever asked.
//!
//! Each answer has a limit of its own, large enough for any page. Answers that are all as large as that, made to
//! exhaust whoever reads them, meet this one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::error::{Error, ErrorKind, Result};

/// What all answers of a client take.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: AtomicUsize,
    most: usize,
}

impl Held {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            most,
        }
    }
}

/// What one answer takes of it, given back when the answer is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    held: Arc<Held>,
    bytes: usize,
}

impl Share {
    pub(crate) fn of(held: &Arc<Held>) -> Self {
        Self {
            held: Arc::clone(held),
            bytes: 0,
        }
    }

    /// Takes so many bytes in all; [`ErrorKind::TooLarge`] where that is more than there is. Waiting would not do:
    /// those who hold the rest may be waiting as well.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<()> {
        let more = bytes.saturating_sub(self.bytes);
        let before = self.held.bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if before.saturating_add(more) <= self.held.most {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "the answers under way are larger than {} bytes together",
                self.held.most
            ),
        )
        .with_way_out("ask for smaller pages, or for fewer at the same time"))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The bytes of an answer, with their share.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) _share: Share,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let held = Arc::new(Held::new(100));
        let mut one = Share::of(&held);
        one.grow_to(60).expect("there is room");
        let kept = Bytes::from_owner(Body {
            bytes: vec![b'a'; 60],
            _share: one,
        });
        let part = kept.slice(10..20);
        drop(kept);
        let mut other = Share::of(&held);
        other.grow_to(40).expect("there is room");
        let error = other.grow_to(41).expect_err("a part keeps the whole");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        drop((part, other));
        let mut all = Share::of(&held);
        all.grow_to(100).expect("everything was given back");
        assert_eq!(held.bytes.load(Ordering::Relaxed), 100);
    }
}

//! Ends paging that would not end by itself.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{
    error::{Error, ErrorKind, Result},
    origin::Link,
    page::Page,
};

/// Watches the pages of one list. Ask it about every page before following the page's link.
///
/// Remembers 8 bytes a page.
#[derive(Debug)]
pub struct PageGuard {
    seen: HashSet<u64>,
    pages: u64,
    empty_in_a_row: u64,
    max_empty_in_a_row: u64,
    max_pages: u64,
}

impl Default for PageGuard {
    fn default() -> Self {
        Self::new(1000, 1_000_000)
    }
}

impl PageGuard {
    /// Allows that many pages without items in a row, and that many pages in all.
    #[must_use]
    pub fn new(max_empty_in_a_row: u64, max_pages: u64) -> Self {
        Self {
            seen: HashSet::new(),
            pages: 0,
            empty_in_a_row: 0,
            max_empty_in_a_row,
            max_pages,
        }
    }

    /// Notes where paging began, so that a page that points back to it is found at once.
    pub fn started_at(&mut self, link: &Link) {
        self.seen.insert(digest(link));
    }

    /// Counts a page; [`ErrorKind::Loop`] if going on makes no sense.
    pub fn check(&mut self, page: &Page) -> Result<()> {
        self.pages += 1;
        self.empty_in_a_row = if page.items == 0 {
            self.empty_in_a_row + 1
        } else {
            0
        };
        let Some(next) = &page.next else {
            return Ok(());
        };
        if !self.seen.insert(digest(next)) {
            return Err(endless(format!(
                "page {} points to a page that was read before",
                self.pages
            )));
        }
        if self.empty_in_a_row >= self.max_empty_in_a_row {
            return Err(endless(format!(
                "{} pages in a row are empty",
                self.empty_in_a_row
            )));
        }
        if self.pages >= self.max_pages {
            return Err(endless(format!(
                "there are more than {} pages",
                self.max_pages
            )));
        }
        Ok(())
    }

    /// Pages counted.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.pages
    }
}

fn endless(why: String) -> Error {
    Error::new(ErrorKind::Loop, why).with_way_out("the list is recorded as incomplete")
}

fn digest(link: &Link) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

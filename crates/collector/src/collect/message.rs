//! What the reading side tells the writing side: pages, and what became of each kind.
//!
//! The same words are what a run writes to disk as it goes, so that going on after a crash is telling
//! them again.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::CoverageState;
use tokio::sync::oneshot;

/// One step of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Message {
    /// A page was read.
    Page(Page),
    /// A kind was looked for, and there is nothing of it.
    Empty { kind: String },
    /// What was read of these kinds does not count: they are read anew.
    Restart {
        kinds: Vec<String>,
        /// What the delta led to is to be compared with what will be read.
        compare: bool,
    },
    /// These properties of a kind cannot be read: that they are not there says nothing.
    Unread {
        kind: String,
        properties: Vec<String>,
    },
    /// These objects changed while the kind was being read in full: differences in them mean nothing.
    Touched { kind: String, ids: Vec<String> },
    /// Everything below this parent has been read: what is not there any more is gone.
    Whole { kind: String, parent: String },
    /// A remark about a kind.
    Remark {
        kind: String,
        place: String,
        reason: String,
        rejected: bool,
    },
    /// Binary content that belongs to an object.
    Content(Content),
    /// Binary content that an object names could not be read.
    NoContent {
        kind: String,
        path: String,
        reason: String,
    },
    /// A kind is finished.
    Done(Outcome),
    /// Which objects did the delta of this kind name that nobody knew?
    #[serde(skip)]
    News {
        kind: String,
        answer: Arc<Mutex<Option<oneshot::Sender<Vec<String>>>>>,
    },
}

impl Message {
    /// Whether it is kept for a run that goes on: questions are not.
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::News { .. })
    }
}

/// One page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Page {
    pub(super) kind: String,
    /// Composed ids of the parents; empty without.
    pub(super) parent: String,
    /// Whether it is an answer of a delta query.
    pub(super) delta: bool,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// The page's JSON text.
    #[serde(skip)]
    pub(super) body: Bytes,
}

/// Binary content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Content {
    /// Kind of the object it belongs to.
    pub(super) kind: String,
    /// Its Graph path.
    pub(super) path: String,
    pub(super) media_type: String,
    #[serde(skip)]
    pub(super) body: Bytes,
}

/// How a kind was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// All of it.
    Whole,
    /// Its changes, by a delta query.
    Changes,
    /// Below those parents where something is known to have changed.
    Hints,
    /// Less than was meant to be read.
    Part,
    /// Rows of a log since a time.
    Window,
    /// Not at all: what an earlier run was answered still holds.
    Recalled,
    /// Not at all.
    Unread,
}

/// What became of a kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) kind: String,
    pub(super) state: CoverageState,
    pub(super) reason: Option<String>,
    pub(super) mode: Mode,
    pub(super) read_from: Option<Timestamp>,
    pub(super) read_to: Option<Timestamp>,
    /// Where its changes can be asked for from now on.
    pub(super) delta: Option<String>,
    /// When it was last read whole, for kinds that were not this time.
    pub(super) whole_at: Option<Timestamp>,
    /// Whether asking again would be answered alike, until somebody changes something.
    #[serde(default)]
    pub(super) lasting: bool,
}

impl Message {
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Self::Page(page) => &page.body,
            Self::Content(content) => &content.body,
            _ => &[],
        }
    }

    pub(super) fn with_body(mut self, bytes: Bytes) -> Self {
        match &mut self {
            Self::Page(page) => page.body = bytes,
            Self::Content(content) => content.body = bytes,
            _ => {}
        }
        self
    }
}

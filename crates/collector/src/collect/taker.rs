//! The writing side of a run: messages into the snapshot.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::Kind;
use model::{KEY_SEPARATOR, write_text};
use roaring::RoaringBitmap;
use store::{Closing, Verdict};
use tokio::sync::oneshot;

use super::message::{Content, Message, Outcome, Page};
use crate::error::{Error, Result};
use crate::intake::{Fresh, Intake, PagePlace, Scope};
use crate::recognise::Target;

/// Kind that binary content is kept under.
pub(super) const CONTENT_KIND: &str = "binary_content";

/// A snapshot being filled from messages.
#[derive(Debug)]
pub(super) struct Taker<'w> {
    pub(super) intake: Intake<'w>,
    pub(super) kinds: BTreeMap<String, Taken>,
    /// Kinds that were read to the end and are not believed.
    pub(super) doubted: HashSet<String>,
}

/// What the messages said of a kind.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) outcome: Option<Outcome>,
    /// Parents below which everything was read, where not all are.
    pub(super) wholes: HashSet<String>,
    /// Versions that the delta led to, to be compared with what was read in full.
    pub(super) predicted: Option<RoaringBitmap>,
    /// Objects that changed during the full read.
    pub(super) touched: HashSet<String>,
    /// Whether content that an object names could not be read.
    pub(super) lacks_content: bool,
}

impl<'w> Taker<'w> {
    pub(super) fn new(intake: Intake<'w>) -> Self {
        Self {
            intake,
            kinds: BTreeMap::new(),
            doubted: HashSet::new(),
        }
    }

    /// Takes a message.
    pub(super) fn take(&mut self, message: Message) -> Result<()> {
        match message {
            Message::Page(page) => self.page(&page),
            Message::Empty { kind: name } => {
                let slot = self.intake.slot(&Target::Catalogued(kind(&name)?))?;
                self.intake.slots[slot].present = true;
                Ok(())
            }
            Message::Restart { kinds, compare } => kinds
                .iter()
                .try_for_each(|kind| self.restart(kind, compare)),
            Message::Unread {
                kind: name,
                properties,
            } => {
                let slot = self.intake.slot(&Target::Catalogued(kind(&name)?))?;
                self.intake.slots[slot].unread.extend(properties);
                Ok(())
            }
            Message::Touched { kind, ids } => {
                self.taken(&kind).touched.extend(ids);
                Ok(())
            }
            Message::Whole { kind, parent } => {
                self.taken(&kind).wholes.insert(parent);
                Ok(())
            }
            Message::Remark {
                kind,
                place,
                reason,
                rejected,
            } => self.remark(&kind, &place, reason, rejected),
            Message::Content(content) => self.content(&content),
            Message::NoContent { kind, path, reason } => {
                self.taken(&kind).lacks_content = true;
                self.remark(&kind, &path, reason, false)
            }
            Message::Done(outcome) => {
                let kind = outcome.kind.clone();
                self.taken(&kind).outcome = Some(outcome);
                Ok(())
            }
            Message::News { kind, answer } => self.news(&kind, &answer),
        }
    }

    fn taken(&mut self, kind: &str) -> &mut Taken {
        self.kinds.entry(kind.to_owned()).or_default()
    }

    fn page(&mut self, page: &Page) -> Result<()> {
        let kind = kind(&page.kind)?;
        let parents: Vec<String> = split(&page.parent);
        let path = shown_path(kind, &parents);
        let place = PagePlace::new(kind, parents, path, page.delta);
        self.intake.take_page(&place, &page.body)?;
        Ok(())
    }

    fn restart(&mut self, name: &str, compare: bool) -> Result<()> {
        let slot = self.intake.slot(&Target::Catalogued(kind(name)?))?;
        let handle = self.intake.slots[slot].handle;
        if compare {
            self.close_stale(slot, &HashSet::new())?;
            let predicted = self.intake.snapshot.alive(handle, Closing::Keep)?;
            self.taken(name).predicted = Some(predicted);
            self.intake.fresh.get_or_insert_with(Fresh::default);
        }
        self.intake.snapshot.restart(handle);
        Ok(())
    }

    fn news(
        &mut self,
        name: &str,
        answer: &Mutex<Option<oneshot::Sender<Vec<String>>>>,
    ) -> Result<()> {
        let slot = self.intake.slot(&Target::Catalogued(kind(name)?))?;
        let mut news = self.intake.news.remove(&slot).unwrap_or_default();
        news.sort_unstable();
        news.dedup();
        // What was named and then removed is no news.
        news.retain(|key| !self.intake.removed.contains_key(key));
        let answer = answer.lock().ok().and_then(|mut answer| answer.take());
        if let Some(answer) = answer {
            // Whoever asked may have given up meanwhile.
            let _ = answer.send(news);
        }
        Ok(())
    }

    fn remark(&mut self, name: &str, place: &str, reason: String, rejected: bool) -> Result<()> {
        let slot = self.intake.slot(&Target::Catalogued(kind(name)?))?;
        let verdict = if rejected {
            Verdict::Rejected
        } else {
            Verdict::Doubtful
        };
        self.intake
            .remark(Scope::Kind(slot), place, reason, verdict);
        Ok(())
    }

    /// Keeps binary content as an object of its own, so that it is stored once however often the same
    /// bytes are read, and has a history.
    fn content(&mut self, content: &Content) -> Result<()> {
        let mut text = String::from("{\"id\":");
        write_text(&content.path, &mut text);
        text.push_str(",\"kind\":");
        write_text(&content.kind, &mut text);
        text.push_str(",\"mediaType\":");
        write_text(&content.media_type, &mut text);
        let hash = blake3::hash(&content.body).to_hex();
        let size = content.body.len();
        let _ = write!(text, ",\"size\":{size},\"blake3\":\"{hash}\",\"data\":\"");
        STANDARD.encode_string(&content.body, &mut text);
        text.push_str("\"}");
        self.intake
            .take_document(&content_target(), &content.path, text.as_bytes())
    }
}

/// What binary content is kept as.
pub(super) fn content_target() -> Target {
    Target::Generic {
        name: CONTENT_KIND.to_owned(),
        events: false,
    }
}

/// The catalogue's kind of that name.
pub(super) fn kind(name: &str) -> Result<&'static Kind> {
    catalog::by_name(name).ok_or_else(|| Error::NotFound {
        what: "kind",
        name: name.to_owned(),
    })
}

/// The ids in a composed one.
pub(super) fn split(composed: &str) -> Vec<String> {
    if composed.is_empty() {
        return Vec::new();
    }
    composed.split(KEY_SEPARATOR).map(str::to_owned).collect()
}

/// A kind's path with the ids of its parents, as findings name it.
fn shown_path(kind: &Kind, parents: &[String]) -> String {
    let mut path = String::with_capacity(kind.path.len() + 36 * parents.len());
    let mut ids = parents.iter();
    let mut rest = kind.path;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(ids.next().map_or("", String::as_str));
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path.push_str(rest);
    path
}

//! Who did it: directory audit events by the object they name.
//!
//! A change lies between two snapshots; an event that names the object and falls into that window may
//! be its cause. Only what the window allows is claimed: one actor in it is `window`, several are
//! `ambiguous` and none is named.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{Parser, Value};
use roaring::RoaringBitmap;
use store::StoredKind;

use crate::error::Result;
use crate::source::Source;

/// The kind whose events name actors.
const AUDITS: &str = "directory_audit";

/// Who is behind a change, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) time: Timestamp,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// `user` or `app`.
    pub(crate) kind: &'static str,
    pub(crate) ip: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) audit_id: String,
    pub(crate) activity: Option<String>,
}

/// What the events say of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribution {
    None,
    Window(Actor),
    Ambiguous,
}

impl Attribution {
    pub(crate) fn confidence(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Window(_) => "window",
            Self::Ambiguous => "ambiguous",
        }
    }

    pub(crate) fn actor(&self) -> Option<&Actor> {
        match self {
            Self::Window(actor) => Some(actor),
            _ => None,
        }
    }
}

/// Audit events by the ids of their targets.
#[derive(Debug, Default)]
pub(crate) struct Audits {
    by_target: HashMap<String, Vec<Actor>>,
}

impl Audits {
    pub(crate) fn load(source: &Source) -> Result<Self> {
        match source.archive.kind(AUDITS) {
            Some(kind) => Self::of_events(source, &kind, &(0..kind.versions).collect()),
            None => Ok(Self::default()),
        }
    }

    /// Only the events that name any of these ids.
    pub(crate) fn naming<'i>(
        source: &Source,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Result<Self> {
        let Some(kind) = source.archive.kind(AUDITS) else {
            return Ok(Self::default());
        };
        let mentions = source.mentions(&kind)?;
        let mut events = RoaringBitmap::new();
        for id in ids {
            events |= mentions.of(id);
        }
        Self::of_events(source, &kind, &events)
    }

    fn of_events(source: &Source, kind: &StoredKind, events: &RoaringBitmap) -> Result<Self> {
        let mut audits = Self::default();
        let mut parser = Parser::new();
        source
            .archive
            .versions(kind.number, events, |_, key, payload| {
                if let Ok(document) = parser.parse(payload.as_bytes()) {
                    audits.add(key, document.root());
                }
                Ok(())
            })?;
        for events in audits.by_target.values_mut() {
            events.sort_by_key(|event| event.time);
        }
        Ok(audits)
    }

    fn add(&mut self, key: &str, event: Value<'_>) {
        let text = |value: Option<Value<'_>>| {
            value
                .and_then(Value::text)
                .map(std::borrow::Cow::into_owned)
                .filter(|t| !t.is_empty())
        };
        let Some(time) =
            text(event.get("activityDateTime")).and_then(|text| model::parse_time(&text).ok())
        else {
            return;
        };
        let initiator = event.get("initiatedBy");
        let user = initiator
            .and_then(|by| by.get("user"))
            .filter(|user| !user.is_null());
        let app = initiator
            .and_then(|by| by.get("app"))
            .filter(|app| !app.is_null());
        let actor = Actor {
            time,
            id: text(user.and_then(|u| u.get("id")))
                .or_else(|| text(app.and_then(|a| a.get("servicePrincipalId")))),
            name: text(user.and_then(|u| u.get("userPrincipalName")))
                .or_else(|| text(user.and_then(|u| u.get("displayName"))))
                .or_else(|| text(app.and_then(|a| a.get("displayName")))),
            kind: if user.is_some() { "user" } else { "app" },
            ip: text(user.and_then(|u| u.get("ipAddress"))),
            correlation_id: text(event.get("correlationId")),
            audit_id: key.to_owned(),
            activity: text(event.get("activityDisplayName")),
        };
        for target in event
            .get("targetResources")
            .into_iter()
            .flat_map(Value::elements)
        {
            if let Some(id) = text(target.get("id")) {
                self.by_target
                    .entry(model::fold_id(&id))
                    .or_default()
                    .push(actor.clone());
            }
        }
    }

    /// What happened to an object after `after` and not later than `before`.
    pub(crate) fn of(&self, key: &str, after: Option<Timestamp>, before: Timestamp) -> Attribution {
        // An edge is changed by events that name either end; the target's come first in Graph's log.
        let ends = key.rsplit(model::KEY_SEPARATOR);
        for end in ends {
            let Some(events) = self.by_target.get(end) else {
                continue;
            };
            let inside: Vec<&Actor> = events
                .iter()
                .filter(|event| {
                    after.is_none_or(|after| event.time > after) && event.time <= before
                })
                .collect();
            let Some(last) = inside.last() else { continue };
            let same = inside
                .iter()
                .all(|event| (&event.id, &event.name) == (&last.id, &last.name));
            return if same {
                Attribution::Window((*last).clone())
            } else {
                Attribution::Ambiguous
            };
        }
        Attribution::None
    }
}

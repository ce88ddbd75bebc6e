//! All changes, as they come: server-sent events.
//!
//! An event's id says where it stands: the number of the snapshot that showed it and its place among what that
//! snapshot changed. Whoever was cut off gives the last id and misses nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures::stream::unfold;
use serde::Deserialize;
use serde_json::Map;
use store::Snapshot;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::changes::{all_changes, completed};
use super::common::{Common, parameters};
use super::described::{ChangeRow, SnapshotRef};
use super::stream::stream;
use crate::asked::{Asked, text_of};
use crate::fleet::{Opened, Served};
use crate::format::{Format, ROWS};
use crate::problem::{Code, Problem};
use crate::rows::{Encoder, Frame};
use crate::state::AppState;

/// How often to look for a new snapshot.
const LOOK: Duration = Duration::from_secs(1);
/// Events that wait for the asker to take them.
const WAITING_EVENTS: usize = 64;
/// Header with the id of the last event that was received.
const LAST: &str = "last-event-id";

/// From when on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEvents {
    /// Begin after this time or revision; by default now. `Last-Event-ID` has precedence.
    since: Option<String>,
}

parameters!(ListEvents, ROWS, paged: false);

/// Where a stream stands: after so many changes of a snapshot, or after all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    snapshot: u32,
    /// `None`: all of them.
    changes: Option<usize>,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (snapshot, changes) = match text.split_once('.') {
            Some((snapshot, changes)) => (snapshot, Some(changes.parse().ok()?)),
            None => (text, None),
        };
        Some(Self {
            snapshot: snapshot.parse().ok()?,
            changes,
        })
    }
}

/// All changes, as they come
///
/// Server-sent events without an end: `change` for each change, as in `GET /v1/changes`, and `snapshot` after the
/// last one of each snapshot. Resumable: give the id of the last event received as `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/events", tag = "changes", operation_id = "events",
    params(ListEvents, Common,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received.")),
    responses((status = 200, description = "Events.", content_type = "text/event-stream", body = ChangeRow)))]
pub(crate) async fn events(
    headers: HeaderMap,
    asked: Asked<ListEvents>,
) -> Result<Response, Problem> {
    let snapshots = asked.opened.archive().snapshots();
    let newest = |own: &[Snapshot]| own.iter().map(|snapshot| snapshot.number).max();
    let place = match (text_of(&headers, LAST), &asked.own.since) {
        (Some(text), _) => Place::parse(&text).ok_or_else(|| {
            Problem::new(
                Code::InvalidParameter,
                format!("{text:?} is the id of no event: take it as it was received"),
            )
            .with("parameter", LAST)
        })?,
        (None, Some(since)) => {
            let time = asked.time("since", since)?;
            let before = snapshots.partition_point(|own| own.taken_at <= time);
            Place {
                snapshot: newest(&snapshots[..before]).unwrap_or(0),
                changes: None,
            }
        }
        (None, None) => Place {
            snapshot: newest(snapshots).unwrap_or(0),
            changes: None,
        },
    };
    let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
    let teller = Teller {
        state: asked.state.clone(),
        served: asked.served,
        sender,
    };
    asked.state.engine.spawn(teller.tell(place));
    let events = unfold(receiver, |mut receiver: mpsc::Receiver<_>| async move {
        let event = receiver.recv().await?;
        Some((event, receiver))
    });
    Ok(stream(&asked.state, events))
}

/// Tells one asker what changes.
struct Teller {
    state: AppState,
    served: Arc<Served>,
    sender: mpsc::Sender<Event>,
}

impl Teller {
    /// Until the asker goes, the server is stopped, or the archive cannot be read.
    async fn tell(self, mut place: Place) {
        let mut stopping = self.state.stopping();
        while !*stopping.borrow_and_update() {
            let Ok(opened) = self.served.opened(&self.state.engine).await else {
                return;
            };
            match self.tell_new(&opened, place).await {
                Ok(Some(now)) => place = now,
                Ok(None) => return,
                Err(problem) => {
                    tracing::warn!(
                        code = problem.code().word(),
                        "events broke off: {}",
                        problem.detail()
                    );
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stopping.changed() => {}
                () = self.sender.closed() => return,
            }
        }
    }

    /// Tells of the snapshots after a place; where it stands then, or nothing where the asker has gone.
    async fn tell_new(&self, opened: &Opened, mut place: Place) -> Result<Option<Place>, Problem> {
        let mut new: Vec<Snapshot> = opened.archive().snapshots().to_vec();
        new.sort_by_key(|snapshot| snapshot.number);
        for snapshot in new {
            let skipped = match place {
                Place {
                    snapshot: told,
                    changes,
                } if told == snapshot.number => match changes {
                    Some(changes) => changes,
                    None => continue,
                },
                Place { snapshot: told, .. } if told > snapshot.number => continue,
                _ => 0,
            };
            for (at, line) in changes(opened, &snapshot).await?.lines().enumerate() {
                if at < skipped {
                    continue;
                }
                let event = Event::default()
                    .event("change")
                    .id(format!("{}.{}", snapshot.number, at + 1))
                    .data(line);
                if self.sender.send(event).await.is_err() {
                    return Ok(None);
                }
            }
            let reference = serde_json::to_string(&SnapshotRef::from(&snapshot))
                .map_err(|error| Problem::bug(error.to_string()))?;
            let event = Event::default()
                .event("snapshot")
                .id(snapshot.number.to_string())
                .data(reference);
            if self.sender.send(event).await.is_err() {
                return Ok(None);
            }
            place = Place {
                snapshot: snapshot.number,
                changes: None,
            };
        }
        Ok(Some(place))
    }
}

/// What a snapshot showed changed, one JSON object a line, always in the same order.
async fn changes(opened: &Opened, snapshot: &Snapshot) -> Result<String, Problem> {
    let taken_at = snapshot.taken_at;
    let sql = format!(
        "{} where \"changedBefore\" = timestamp '{taken_at}' and starts_with('{}', \"snapshotId\") \
         order by kind, id, \"changeId\", path",
        all_changes(opened.archive(), "true", "true"),
        snapshot.id
    );
    let told = opened.ask(&sql, None).await?;
    let mut out = Vec::new();
    let mut encoder: Option<Encoder> = None;
    for batch in &told.batches {
        let batch = completed(batch)?;
        let encoder = match &mut encoder {
            Some(encoder) => encoder,
            none => none.insert(Encoder::new(Format::Ndjson, &batch.schema(), Frame::Items)?),
        };
        out.extend(encoder.rows(&batch)?);
    }
    if let Some(encoder) = encoder {
        out.extend(encoder.finish(&Map::new())?);
    }
    String::from_utf8(out).map_err(|error| Problem::bug(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_events_are_places() {
        let at = |snapshot, changes| Some(Place { snapshot, changes });
        assert_eq!(Place::parse("7"), at(7, None));
        assert_eq!(Place::parse("7.12"), at(7, Some(12)));
        for wrong in ["", "x", "7.", ".3", "-1", "7.1.2", "99999999999"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}

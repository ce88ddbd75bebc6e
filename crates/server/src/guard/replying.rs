//! An answer's body on its way: when it has been sent, or nobody wants it any more, the request is recorded.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};

use super::tally::Tally;
use crate::access_record::{Entry, redacted};
use crate::state::AppState;

/// Longest text of a statement that is recorded, in characters.
const MAX_STATEMENT_CHARS: usize = 8192;

/// A body that is counted.
pub(super) struct Replying {
    body: Body,
    state: AppState,
    tally: Tally,
    entry: Option<Entry>,
    begun: Instant,
    sent_bytes: u64,
    is_complete: bool,
}

impl Replying {
    pub(super) fn new(
        body: Body,
        state: AppState,
        tally: Tally,
        entry: Entry,
        begun: Instant,
    ) -> Self {
        Self {
            is_complete: body.is_end_stream(),
            body,
            state,
            tally,
            entry: Some(entry),
            begun,
            sent_bytes: 0,
        }
    }

    fn record(&mut self, mut entry: Entry) {
        let guard = &self.state.guard;
        guard.metrics.sent_bytes.inc_by(self.sent_bytes);
        let noted = self.tally.note(std::mem::take);
        if noted.is_public {
            return;
        }
        entry.rows = self.tally.counted();
        entry.bytes = self.sent_bytes;
        entry.complete = self.is_complete;
        entry.duration_ms = self.begun.elapsed().as_secs_f64() * 1e3;
        if let Some(identity) = noted.identity {
            entry.principal = Some(identity.key.clone());
            entry.name = Some(identity.name.clone());
        }
        entry.roles = noted.roles;
        entry.tenant = noted.tenant;
        entry.problem = noted.problem;
        if let Some(text) = noted.statement {
            entry.statement_hash = Some(blake3::hash(text.as_bytes()).to_hex().to_string());
            let short: String = text.chars().take(MAX_STATEMENT_CHARS).collect();
            entry.statement = Some(redacted(&short).into_owned());
        }
        tracing::info!(
            request_id = entry.request_id,
            method = entry.method,
            route = entry.route.as_deref().unwrap_or_default(),
            tenant = entry.tenant.as_deref().unwrap_or_default(),
            principal = entry.principal.as_deref().unwrap_or_default(),
            status = entry.status,
            duration_ms = entry.duration_ms,
            "answered"
        );
        if let Some(record) = &guard.record {
            record.add(entry);
        }
    }
}

impl HttpBody for Replying {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.sent_bytes += bytes as u64;
                self.is_complete = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.is_complete = true,
            _ => {}
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Replying {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.record(entry);
        }
    }
}

//! Answers: pages of rows and documents, with what caches need to know.

use std::sync::Arc;

use arrow::array::RecordBatch;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use query::Provenance;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::Snapshot;

use crate::asked::{Asked, Parameters};
use crate::cursor::{Belongs, Cursor};
use crate::fleet::{Opened, Told};
use crate::problem::Problem;
use crate::remembered::Rememberable;
use crate::rows::{Encoder, Frame};
use crate::statement::{Key, paged, values};

/// How long whoever asked may keep what never changes, in seconds: a day. Erasing must reach copies too.
const IMMUTABLE: &str = "private, max-age=86400, immutable";
/// For everything else: ask again whether it is still so.
const ASK_AGAIN: &str = "private, no-cache";

/// What an answer is made from: as long as that is the same, the answer is.
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    etag: String,
    is_fixed: bool,
}

impl Basis {
    /// The entity tag of the answer.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }
}

/// A page of a statement's rows.
pub(crate) struct Listing<'l> {
    /// The statement, without order and limit.
    pub(crate) select: String,
    /// The columns that order its rows.
    pub(crate) keys: &'l [Key],
    /// The snapshot that is now for it; none: everything the archive has.
    pub(crate) as_of: Option<Snapshot>,
    /// The snapshots that further pages are to be made from.
    pub(crate) pins: Vec<Snapshot>,
}

impl<P: Parameters> Asked<P> {
    /// A basis of states: `is_fixed` where they were named by their ids and the objects by theirs.
    pub(crate) fn basis(&self, snapshots: &[&Snapshot], is_fixed: bool) -> Basis {
        let archive = self.opened.archive();
        let ids: Vec<String> = snapshots.iter().map(|own| own.id.to_string()).collect();
        // An export that is older than a state and imported later can change what was known then.
        let known = if is_fixed {
            let newest = snapshots.iter().map(|snapshot| snapshot.taken_at).max();
            let times = archive.statements().filter_map(|own| archive.taken_at(own));
            times.filter(|time| Some(*time) <= newest).count() as u64
        } else {
            archive.log_size()
        };
        let cursor = self.page.cursor.as_ref().map(|cursor| &cursor.after);
        let inputs = json!([
            archive.id().to_string(),
            ids,
            known,
            self.question.to_hex().as_str(),
            self.page.limit,
            cursor,
            self.format.word(),
            self.principal.key,
            self.state.options.tool,
        ]);
        let hash = blake3::hash(inputs.to_string().as_bytes());
        Basis {
            etag: format!("\"{}\"", &hash.to_hex()[..32]),
            is_fixed,
        }
    }

    /// `304`, where the asker has the answer already.
    pub(crate) fn unchanged(&self, basis: &Basis) -> Option<Response> {
        self.has(basis.etag())
            .then(|| self.dressed(StatusCode::NOT_MODIFIED.into_response(), basis))
    }

    /// Whether a revision means the same snapshot for good: it is the beginning of an id.
    pub(crate) fn is_fixed(revision: Option<&str>) -> bool {
        revision.is_some_and(|text| {
            (6..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }

    /// A page of rows.
    pub(crate) async fn listed(
        &self,
        listing: Listing<'_>,
        basis: &Basis,
    ) -> Result<Response, Problem> {
        self.listed_with(listing, basis, |_, batch| Ok(batch)).await
    }

    /// A page of rows, each batch of them changed on the way.
    pub(crate) async fn listed_with(
        &self,
        listing: Listing<'_>,
        basis: &Basis,
        change: impl Fn(&Opened, RecordBatch) -> Result<RecordBatch, Problem> + Send + Sync + 'static,
    ) -> Result<Response, Problem> {
        let limit = self.page.limit;
        let after = self.page.cursor.as_ref().map(|cursor| &*cursor.after);
        let sql = paged(&listing.select, listing.keys, after, limit + 1)?;
        let told = self.ask(sql, listing.as_of.as_ref()).await?;
        let (batches, last) = cut(&told, limit)?;
        let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        self.tally.rows(rows as u64);
        let next = last
            .map(|(batch, row)| {
                let pins = listing.pins.iter().map(|own| own.id.to_string()).collect();
                let after = values(listing.keys, &batch, row)?;
                let cursor = Cursor::new(self.belongs(), pins, after);
                Ok::<_, Problem>(cursor.seal(self.opened.archive()))
            })
            .transpose()?;
        let mut members = whence(&told.provenance);
        members.insert("next_cursor".to_owned(), json!(next));
        let (format, opened) = (self.format, Arc::clone(&self.opened));
        let schema = Arc::clone(&told.schema);
        let encoded = self.state.engine.run_blocking(move || {
            let mut changed = Vec::with_capacity(batches.len());
            for batch in batches {
                changed.push(change(&opened, batch)?);
            }
            if changed.is_empty() {
                changed.push(change(&opened, RecordBatch::new_empty(schema))?);
            }
            let mut encoder = Encoder::new(format, &changed[0].schema(), Frame::Items)?;
            let mut bytes = Vec::new();
            for batch in &changed {
                bytes.extend(encoder.rows(batch)?);
            }
            bytes.extend(encoder.finish(&members)?);
            Ok(bytes)
        });
        let mut response = self.dressed(Bytes::from(encoded.await?).into_response(), basis);
        if let Some(next) = next {
            let link = format!("<{}>; rel=\"next\"", self.next_address(&next));
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        Ok(response)
    }

    /// All rows of a statement of ours.
    pub(crate) async fn ask(&self, sql: String, as_of: Option<&Snapshot>) -> Result<Told, Problem> {
        let (opened, pin) = (Arc::clone(&self.opened), as_of.cloned());
        let told = self
            .state
            .engine
            .run(async move { opened.ask(&sql, pin.as_ref()).await })
            .await;
        self.doubting(told)
    }

    /// A document.
    pub(crate) fn document(
        &self,
        document: &impl Serialize,
        basis: &Basis,
    ) -> Result<Response, Problem> {
        let bytes = serde_json::to_vec(document)
            .map_err(|error| Problem::bug(format!("an answer cannot be written: {error}")))?;
        Ok(self.dressed(Bytes::from(bytes).into_response(), basis))
    }

    /// An answer that is JSON already.
    pub(crate) fn text(&self, json: String, basis: &Basis) -> Response {
        self.dressed(Bytes::from(json).into_response(), basis)
    }

    /// An answer with what caches need to know.
    pub(crate) fn dressed(&self, mut response: Response, basis: &Basis) -> Response {
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.format.media_type()),
        );
        let is_fixed = basis.is_fixed && !self.is_relative();
        let control = if is_fixed { IMMUTABLE } else { ASK_AGAIN };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("accept, authorization, entrace-tenant"),
        );
        if let Ok(etag) = HeaderValue::from_str(basis.etag()) {
            headers.insert(header::ETAG, etag);
        }
        if !self.is_relative() && response.status() == StatusCode::OK {
            response.extensions_mut().insert(Rememberable {
                served: Arc::clone(&self.served),
                generation: self.opened.generation,
            });
        }
        response
    }

    fn belongs(&self) -> Belongs<'_> {
        Belongs {
            question: &self.question,
            holder: &self.principal.key,
            now: self.now,
        }
    }

    /// The address of the next page: this one with another cursor.
    fn next_address(&self, cursor: &str) -> String {
        let (path, given) = self.address.split_once('?').unwrap_or((&self.address, ""));
        let mut parts: Vec<&str> = given
            .split('&')
            .filter(|part| !part.is_empty() && !part.starts_with("cursor="))
            .collect();
        let own = format!("cursor={cursor}");
        parts.push(&own);
        format!("{}{path}?{}", self.state.options.base_path, parts.join("&"))
    }
}

/// The first rows, and the last of them where there are more.
#[expect(
    clippy::type_complexity,
    reason = "a batch and the place of a row in it"
)]
fn cut(
    told: &Told,
    limit: usize,
) -> Result<(Vec<RecordBatch>, Option<(RecordBatch, usize)>), Problem> {
    if told.count() <= limit {
        return Ok((told.batches.clone(), None));
    }
    let mut left = limit;
    let mut kept = Vec::new();
    for batch in &told.batches {
        let rows = batch.num_rows().min(left);
        if rows > 0 {
            kept.push(batch.slice(0, rows));
        }
        left -= rows;
    }
    let last = kept
        .last()
        .cloned()
        .ok_or_else(|| Problem::bug("a page has no rows"))?;
    let row = last.num_rows() - 1;
    Ok((kept, Some((last, row))))
}

/// Where an answer comes from, as members of its document.
pub(crate) fn whence(provenance: &Provenance) -> Map<String, Value> {
    let snapshots: Value = provenance
        .snapshots
        .iter()
        .map(|own| json!({"snapshot_id": own.id.to_string(), "taken_at": own.taken_at.to_string()}))
        .collect();
    let mut members = Map::new();
    members.insert("snapshots".to_owned(), snapshots);
    members.insert("notes".to_owned(), json!(provenance.notes));
    members
}

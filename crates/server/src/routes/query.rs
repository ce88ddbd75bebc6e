//! Statements that the asker wrote. They are run in worker processes, and their rows are streamed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};
use worker::{Answer, Request, Rows};

use super::common::{Common, parameters};
use super::described::SnapshotRef;
use crate::answer::whence;
use crate::asked::{Asked, invalid};
use crate::body::Body;
use crate::fleet::Served;
use crate::format::{Format, ROWS};
use crate::guard::Tally;
use crate::problem::{Code, Problem};
use crate::rows::{Encoder, Frame};
use crate::state::AppState;

/// Pieces of an answer that wait for the asker to take them.
const WAITING_PIECES: usize = 2;
/// Longest statement, in bytes.
const MAX_SQL_BYTES: usize = 100_000;

/// A statement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// One SQL statement that asks.
    #[schema(
        max_length = 100_000,
        example = "select id, display_name from users where display_name like $name"
    )]
    sql: String,
    /// Values of `$name` in it.
    #[serde(default)]
    #[schema(value_type = Object, additional_properties = true)]
    params: BTreeMap<String, Value>,
    /// The revision that it sees as now.
    #[serde(default)]
    #[schema(example = "-7d")]
    as_of: Option<String>,
    /// Rows at most; what is more is left out and said to be.
    #[serde(default)]
    #[schema(minimum = 1)]
    limit: Option<u64>,
}

/// Where to ask.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostQuery {}

parameters!(PostQuery, ROWS, paged: false);

/// The rows of a statement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Table {
    /// The columns, in order.
    columns: Vec<ColumnOf>,
    /// One object a row.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Value>>,
    /// About the answer.
    metadata: Metadata,
}

/// A column of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnOf {
    /// Its name.
    name: String,
    /// `text`, `bigint`, `double`, `boolean`, `timestamp`, `date`, `json`, or another of the engine's.
    data_type: String,
}

/// About an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Metadata {
    /// How many rows there are.
    rows: u64,
    /// Whether there were more.
    truncated: bool,
    /// The snapshots it was made from.
    snapshots: Vec<SnapshotRef>,
    /// What it leaves out: kinds that were not read, or not completely.
    notes: Vec<String>,
}

/// A statement, in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetQuery {
    /// One SQL statement that asks. A longer one does not fit into an address: post it.
    #[param(
        required = true,
        max_length = 4096,
        example = "select count(*) as users from users"
    )]
    sql: Option<String>,
    /// The revision that it sees as now.
    as_of: Option<String>,
    /// Rows at most; what is more is left out and said to be.
    #[param(minimum = 1, value_type = Option<u64>)]
    limit: Option<String>,
}

parameters!(GetQuery, ROWS, paged: false);

/// Ask with SQL
///
/// One statement that asks, in a process of its own with limits on time, memory, rows and bytes. The rows are
/// streamed.
#[utoipa::path(post, path = "/v1/query", tag = "query", operation_id = "query", params(Common),
    request_body = Query,
    responses((status = 200, description = "The rows.", body = Table)))]
pub(crate) async fn post(
    asked: Asked<PostQuery>,
    tally: Tally,
    Body(query): Body<Query>,
) -> Result<Response, Problem> {
    answer(&asked.state, asked.served, asked.format, tally, query).await
}

/// Ask with SQL, in an address
#[utoipa::path(get, path = "/v1/query", tag = "query", operation_id = "query_get", params(GetQuery, Common),
    responses((status = 200, description = "The rows.", body = Table)))]
pub(crate) async fn get(asked: Asked<GetQuery>, tally: Tally) -> Result<Response, Problem> {
    let own = asked.own;
    let limit = own.limit.map(|text| text.parse::<u64>().map_err(|_| ()));
    let limit = limit
        .transpose()
        .map_err(|()| invalid("limit", "it is a number of rows, 1 or more"))?;
    let query = Query {
        sql: own
            .sql
            .ok_or_else(|| invalid("sql", "it is missing: give a statement"))?,
        params: BTreeMap::new(),
        as_of: own.as_of,
        limit,
    };
    answer(&asked.state, asked.served, asked.format, tally, query).await
}

/// Runs a statement and streams its rows. Nothing is sent before the first rows are there, so what fails early is a
/// problem and not half an answer.
async fn answer(
    state: &AppState,
    served: Arc<Served>,
    format: Format,
    tally: Tally,
    query: Query,
) -> Result<Response, Problem> {
    tally.statement(&query.sql);
    if query.sql.len() > MAX_SQL_BYTES {
        return Err(Problem::new(
            Code::InvalidSql,
            format!("the statement has more than {MAX_SQL_BYTES} bytes"),
        ));
    }
    if query.limit == Some(0) {
        return Err(invalid("limit", "it is a number of rows, 1 or more"));
    }
    let limits = state.options.query.limits;
    let request = Request {
        sql: query.sql,
        parameters: texts(query.params)?,
        as_of: query.as_of,
        limits,
    };
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    let most = query.limit.unwrap_or(u64::MAX);
    let first = state
        .engine
        .run(async move {
            let pool = served.pool().await?;
            let failed = |error| Problem::of_statement(&error);
            let mut rows = match pool.run(request).await.map_err(failed)? {
                Answer::Rows(rows) => rows,
                Answer::Pinned(_) => {
                    return Err(Problem::new(
                        Code::InvalidSql,
                        "a question remembers no setting: give the revision as as_of",
                    ));
                }
            };
            let mut sent = Sent::new(format, &rows, most, tally)?;
            let first = sent.next(&mut rows).await?;
            Ok((sent, rows, first))
        })
        .await?;
    let (mut sent, mut rows, first) = first;
    state.engine.spawn(async move {
        let mut piece = first;
        loop {
            if !piece.is_empty() && sender.send(Ok(Bytes::from(piece))).await.is_err() {
                // The asker has gone: without rows to give them to, the worker is ended.
                return;
            }
            if sent.has_ended() {
                return;
            }
            piece = match sent.next(&mut rows).await {
                Ok(bytes) => bytes,
                Err(problem) => {
                    let (code, detail) = (problem.code().word(), problem.detail());
                    tracing::warn!(code, "an answer broke off: {detail}");
                    let error = std::io::Error::other(detail.to_owned());
                    drop(sender.send(Err(error)).await);
                    return;
                }
            };
        }
    });
    let pieces = stream::unfold(
        receiver,
        |mut receiver: mpsc::Receiver<std::io::Result<Bytes>>| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        },
    );
    let mut response = HttpBody::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// Rows on their way out.
struct Sent {
    encoder: Option<Encoder>,
    most: u64,
    count: u64,
    truncated: bool,
    tally: Tally,
}

impl Sent {
    fn new(format: Format, rows: &Rows, most: u64, tally: Tally) -> Result<Self, Problem> {
        Ok(Self {
            encoder: Some(Encoder::new(format, &rows.schema, Frame::Table)?),
            most,
            count: 0,
            truncated: false,
            tally,
        })
    }

    fn has_ended(&self) -> bool {
        self.encoder.is_none()
    }

    /// The next piece; the last has the end of the document.
    async fn next(&mut self, rows: &mut Rows) -> Result<Vec<u8>, Problem> {
        let Some(encoder) = &mut self.encoder else {
            return Ok(Vec::new());
        };
        if !self.truncated
            && let Some(batch) = rows
                .next()
                .await
                .map_err(|error| Problem::of_statement(&error))?
        {
            let left = usize::try_from(self.most - self.count).unwrap_or(usize::MAX);
            let batch = if batch.num_rows() > left {
                self.truncated = true;
                batch.slice(0, left)
            } else {
                batch
            };
            self.count += batch.num_rows() as u64;
            self.tally.rows(batch.num_rows() as u64);
            return encoder.rows(&batch);
        }
        let mut metadata = rows
            .provenance()
            // It was cut off before it could say where it came from.
            .map_or_else(|| whence(&query::Provenance::default()), whence);
        metadata.insert("rows".to_owned(), json!(self.count));
        metadata.insert("truncated".to_owned(), json!(self.truncated));
        let members = Map::from_iter([("metadata".to_owned(), Value::Object(metadata))]);
        match self.encoder.take() {
            Some(encoder) => encoder.finish(&members),
            None => Ok(Vec::new()),
        }
    }
}

/// Values as texts, as statements take them.
fn texts(values: BTreeMap<String, Value>) -> Result<BTreeMap<String, String>, Problem> {
    values
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Number(number) => Ok((name, number.to_string())),
            Value::Bool(truth) => Ok((name, truth.to_string())),
            _ => Err(Problem::new(
                Code::InvalidBody,
                format!("the value of ${name} is neither text, number nor truth"),
            )),
        })
        .collect()
}

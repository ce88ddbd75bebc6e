//! A Graph that answers what a test wants, and remembers what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use collector::{CollectReport, CollectRequest, Error};
use graph::{Client, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::living::{Kept, client_of};

/// The archive's tenant.
pub(crate) const TENANT: &str = "0f0c7b1e-6d2a-4f0e-9a55-1b2c3d4e5f60";

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) media: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            media: "application/json",
            body: body.to_string(),
        }
    }

    /// A page with these rows.
    pub(crate) fn rows(rows: &Value) -> Self {
        Self::json(200, &json!({ "value": rows }))
    }

    /// A page with these rows and a link to the next.
    pub(crate) fn page(rows: &Value, next: &str) -> Self {
        Self::json(200, &json!({"value": rows, "@odata.nextLink": next}))
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        let message = format!("The service says {code}.");
        Self::json(
            status,
            &json!({"error": {"code": code, "message": message}}),
        )
    }

    /// 200, whatever stands in it.
    pub(crate) fn text(media: &'static str, body: &str) -> Self {
        Self {
            status: 200,
            media,
            body: body.to_owned(),
        }
    }
}

type Answers = dyn Fn(&str) -> Reply + Send + Sync;

struct Shared {
    answers: Mutex<Arc<Answers>>,
    seen: Mutex<Vec<String>>,
    date: Mutex<String>,
}

/// The server. Ends with its runtime.
pub(crate) struct Hostile {
    pub(crate) runtime: Runtime,
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Hostile {
    /// Answers GET requests, those in batches included, by their path behind the host.
    pub(crate) fn new(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("because threads can be started");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("because any port will do");
        let address = listener.local_addr().expect("because it is bound");
        let shared = Arc::new(Shared {
            answers: Mutex::new(Arc::new(answers)),
            seen: Mutex::default(),
            date: Mutex::new("Mon, 02 Mar 2026 08:00:00 GMT".to_owned()),
        });
        let serving = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                // A client that hangs up is none of the test's business.
                tokio::spawn(async move { drop(shared.serve(stream).await) });
            }
        });
        Self {
            runtime,
            url: format!("http://{address}"),
            shared,
        }
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, answers: impl Fn(&str) -> Reply + Send + Sync + 'static) {
        *lock(&self.shared.answers) = Arc::new(answers);
    }

    /// What its `Date` headers say.
    pub(crate) fn date(&self, date: &str) {
        date.clone_into(&mut lock(&self.shared.date));
    }

    /// Paths asked for so far, those in batches included.
    pub(crate) fn seen(&self) -> Vec<String> {
        lock(&self.shared.seen).clone()
    }

    pub(crate) fn client(&self) -> Client {
        client_of(&self.url, TENANT, |settings: &mut Settings| {
            settings.limits.max_tries = 3;
        })
    }

    pub(crate) fn collect(
        &self,
        kept: &mut Kept,
        request: &CollectRequest,
    ) -> Result<CollectReport, Error> {
        kept.try_collect(&self.client(), &self.runtime, request, &())
    }

    /// A run that must not fail.
    pub(crate) fn collected(&self, kept: &mut Kept, request: &CollectRequest) -> CollectReport {
        self.collect(kept, request)
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let Some((path, body)) = read(&mut stream, &mut buffer).await? else {
                return Ok(());
            };
            let reply = if path.ends_with("/oauth2/v2.0/token") {
                let token = json!({
                    "token_type": "Bearer", "expires_in": 3600, "access_token": "opaque",
                });
                Reply::json(200, &token)
            } else if path.ends_with("/$batch") {
                self.batch(&path, &body)
            } else {
                self.one(&path)
            };
            let head = format!(
                "HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\nDate: {}\r\n\r\n",
                reply.status,
                reply.media,
                reply.body.len(),
                lock(&self.date),
            );
            // In one piece, or the second would wait for an acknowledgement of the first.
            let answer = head + &reply.body;
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    fn one(&self, path: &str) -> Reply {
        lock(&self.seen).push(path.to_owned());
        let answers = Arc::clone(&lock(&self.answers));
        answers(path)
    }

    fn batch(&self, path: &str, body: &[u8]) -> Reply {
        let version = path.trim_end_matches("/$batch");
        let call: Value = serde_json::from_slice(body).expect("because the client writes JSON");
        let requests = call["requests"].as_array().expect("because it is a batch");
        let responses = requests.iter().map(|request| {
            let url = request["url"].as_str().expect("because it has an address");
            let reply = self.one(&format!("{version}{url}"));
            let body: Value =
                serde_json::from_str(&reply.body).unwrap_or(Value::String(reply.body));
            json!({
                "id": request["id"], "status": reply.status,
                "headers": {"Content-Type": reply.media}, "body": body,
            })
        });
        Reply::json(200, &json!({ "responses": responses.collect::<Vec<_>>() }))
    }
}

/// Path and body of the next request.
async fn read(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Some((path, body)))
}

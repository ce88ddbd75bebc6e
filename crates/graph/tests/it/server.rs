//! A small HTTP server on this machine that writes exactly the bytes a test wants, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use graph::{Client, Credential, LeapingClock, Pace, Secret, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;
use zeroize::Zeroizing;

/// Client secret of all tests; must never be seen again.
pub(crate) const SECRET: &str = "s3cret-value-of-the-app";

/// A request as it came in. Header names are in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub method: String,
    /// With query.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn is_token(&self) -> bool {
        self.path.ends_with("/oauth2/v2.0/token")
    }

    /// A field of a form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Ends the connection after that many bytes of the body.
    pub cut_at: Option<usize>,
    /// Ends the connection without an answer.
    pub reset: bool,
    /// Never answers.
    pub hang: bool,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![(
                "Content-Type".into(),
                "application/json; odata.metadata=minimal".into(),
            )],
            body: body.into().into_bytes(),
            cut_at: None,
            reset: false,
            hang: false,
        }
    }

    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn bytes(media: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::ok("");
        reply.headers = vec![("Content-Type".into(), media.into())];
        reply.body = body.into();
        reply
    }

    pub(crate) fn token(value: &str, expires_in: u64) -> Self {
        Self::ok(format!(
            r#"{{"token_type":"Bearer","expires_in":{expires_in},"access_token":"{value}"}}"#
        ))
    }

    pub(crate) fn reset() -> Self {
        Self {
            reset: true,
            ..Self::ok("")
        }
    }

    pub(crate) fn hang() -> Self {
        Self {
            hang: true,
            ..Self::ok("")
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }
}

/// The running server. Ends with its test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers everything through `answer`.
    pub(crate) async fn raw(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<dyn Fn(&Seen) -> Reply + Send + Sync> = Arc::new(answer);
        let server = Self {
            address,
            log: Arc::clone(&log),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        server
    }

    /// Gives tokens `token-1`, `token-2` ... and answers the rest through `answer`.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let tokens = std::sync::atomic::AtomicUsize::new(0);
        Self::raw(move |seen| {
            if seen.is_token() {
                let n = tokens.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                return Reply::token(&format!("token-{n}"), 3600);
            }
            answer(seen)
        })
        .await
    }

    /// Answers the n-th request (from 0) that is not for a token by `answer`.
    pub(crate) async fn nth(
        answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let count = std::sync::atomic::AtomicUsize::new(0);
        Self::start(move |seen| {
            answer(
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst),
                seen,
            )
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Requests so far that were not for tokens.
    pub(crate) fn asked(&self) -> Vec<Seen> {
        self.seen()
            .into_iter()
            .filter(|seen| !seen.is_token())
            .collect()
    }

    pub(crate) fn tokens(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_token).collect()
    }

    pub(crate) fn clock() -> Arc<LeapingClock> {
        Arc::new(LeapingClock::starting_at(
            "2026-03-01T12:00:00Z".parse().expect("a moment"),
        ))
    }

    /// Settings for this server as authority and as Graph, in leaping time.
    pub(crate) fn settings(&self) -> Settings {
        let secret = Secret::literal(Zeroizing::new(SECRET.to_owned()));
        let mut settings = Settings::new(
            "contoso.example",
            Credential::ClientSecret {
                client_id: "the-app".into(),
                secret,
            },
        );
        settings.authority = Some(Url::parse(&self.url("")).expect("an address"));
        settings.graph = Some(Url::parse(&self.url("")).expect("an address"));
        settings.pace = Pace::Unlimited;
        settings.clock = Self::clock();
        settings
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.settings()).expect("settings that work")
    }

    /// A client and the clock it waits by.
    pub(crate) fn timed_client(&self) -> (Client, Arc<LeapingClock>) {
        let clock = Self::clock();
        let mut settings = self.settings();
        settings.clock = Arc::clone(&clock) as _;
        (Client::new(settings).expect("settings that work"), clock)
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<dyn Fn(&Seen) -> Reply + Send + Sync>,
) {
    let mut buffer = Vec::new();
    while let Some(seen) = read(&mut stream, &mut buffer).await {
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen.clone());
        let reply = answer(&seen);
        if reply.reset {
            return;
        }
        if reply.hang {
            std::future::pending::<()>().await;
        }
        let mut answer = format!("HTTP/1.1 {} Whatever\r\n", reply.status).into_bytes();
        let own = |name: &str| {
            reply
                .headers
                .iter()
                .any(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        for (name, value) in &reply.headers {
            answer.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if reply.status != 204 && !own("transfer-encoding") && !own("content-length") {
            answer.extend(format!("Content-Length: {}\r\n", reply.body.len()).into_bytes());
        }
        answer.extend(b"\r\n");
        answer.extend(&reply.body[..reply.cut_at.unwrap_or(reply.body.len())]);
        // In one piece: two would wait for each other's acknowledgement.
        if stream.write_all(&answer).await.is_err() || reply.cut_at.is_some() {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut seen = Seen {
        method: first.next()?.to_owned(),
        path: first.next()?.to_owned(),
        ..Seen::default()
    };
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            seen.headers
                .insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length: usize = seen.header("content-length").parse().unwrap_or(0);
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8_lossy(&buffer[end..end + length]).into_owned();
    buffer.drain(..end + length);
    Some(seen)
}

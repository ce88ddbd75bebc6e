//! `serve`: the program as a server, with statements in processes of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::programs::{PROGRAM, Place, command};

/// A server; it ends with this.
pub(crate) struct Server {
    child: Child,
    address: String,
    token: String,
    folder: PathBuf,
    /// The folder, where it is the server's own.
    place: Option<Place>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> String {
        let mut lines = self.headers.lines();
        let value = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
        value.unwrap_or_default().trim().to_owned()
    }

    pub(crate) fn problem(&self) -> String {
        let document = self.json();
        assert_eq!(document["status"], self.status);
        let kind = document["type"].as_str().expect("because it is required");
        kind.trim_start_matches("/problems/").to_owned()
    }
}

impl Server {
    /// Starts one over an archive of four users, of whom one is gone in its second snapshot.
    pub(crate) fn over_four_users(options: &[&str]) -> Self {
        let place = Place::new();
        place.init();
        let user = |at| {
            format!(r#"{{"id":"aaaaaaaa-0000-4000-8000-00000000000{at}","displayName":"U{at}"}}"#)
        };
        let users: Vec<String> = (1..=4).map(user).collect();
        let text = |users: &[String]| {
            let users = users.join(",");
            format!(
                r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[{users}]}}"#
            )
        };
        place.write("users.json", &text(&users));
        place.ok(&["import", "--taken-at", "2026-01-05T02:00:00Z", "users.json"]);
        place.write("users.json", &text(&users[..3]));
        place.ok(&["import", "--taken-at", "2026-01-06T02:00:00Z", "users.json"]);
        let (mut server, tenants) =
            Self::start(place.folder.path(), &["-a", "t.entrace"], options, &[]);
        assert_eq!(tenants, json!(["contoso"]));
        server.place = Some(place);
        server
    }

    /// Starts one in a folder, on any free port of this machine; and the tenants it serves.
    pub(crate) fn start(
        folder: &Path,
        globals: &[&str],
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> (Self, Value) {
        let mut child = command(PROGRAM, folder)
            .args(globals)
            .args(["--json", "serve", "--listen", "127.0.0.1:0"])
            .args(["--state", "state"])
            .args(options)
            // Of limits there are tests of their own.
            .env("ENTRACE_SERVER__REQUESTS_PER_SECOND", "100000")
            .env("ENTRACE_SERVER__REQUESTS_AT_ONCE", "100000")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("because the program was built");
        let out = child.stdout.take().expect("because it is a pipe");
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .expect("because it says when it listens");
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(said["message_type"], "listening");
        let url = said["url"].as_str().expect("because it is text");
        let file = said["token_file"]
            .as_str()
            .expect("because it is this machine");
        let token = std::fs::read_to_string(folder.join(file));
        let server = Self {
            child,
            address: url.trim_start_matches("http://").to_owned(),
            token: token.expect("because it was said").trim().to_owned(),
            folder: folder.to_owned(),
            place: None,
        };
        (server, said["tenants"].clone())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn place(&self) -> &Place {
        self.place.as_ref().expect("because it has its own")
    }

    fn host(&self) -> &str {
        self.address.split('/').next().unwrap_or_default()
    }

    /// Sends a request; the answer is read from the connection.
    fn send(&self, head: &str, body: &str, token: Option<&str>) -> TcpStream {
        let mut stream = TcpStream::connect(self.host()).expect("because it listens");
        let token = token.map_or_else(String::new, |token| {
            format!("authorization: Bearer {token}\r\n")
        });
        // In HTTP/1.0 an answer ends with its connection.
        let text = format!(
            "{head} HTTP/1.0\r\nhost: {}\r\n{token}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host(),
            body.len()
        );
        stream
            .write_all(text.as_bytes())
            .expect("because it listens");
        stream
    }

    fn reply(&self, head: &str, body: &str, token: Option<&str>) -> Reply {
        let mut stream = self.send(head, body, token);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("because it answers");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("because every answer has a head");
        let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = headers
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Reply {
            status: status.expect("because every answer has a status"),
            headers,
            body: bytes.split_off(end + 4),
        }
    }

    pub(crate) fn get(&self, address: &str) -> Reply {
        self.reply(&format!("GET {address}"), "", Some(&self.token))
    }

    pub(crate) fn post(&self, address: &str, body: &Value) -> Reply {
        self.reply(
            &format!("POST {address}"),
            &body.to_string(),
            Some(&self.token),
        )
    }

    /// The same for what has a certain entity tag.
    pub(crate) fn post_if(&self, address: &str, etag: &str, body: &Value) -> Reply {
        // In HTTP/1.0 a header is a line like any other of the head.
        let token = format!("{}\r\nif-match: {etag}", self.token);
        self.reply(&format!("POST {address}"), &body.to_string(), Some(&token))
    }

    /// The events of an address to the end of the stream: their names and data.
    pub(crate) fn events(&self, address: &str) -> Vec<(String, Value)> {
        let reply = self.get(address);
        let text = String::from_utf8(reply.body).expect("because events are text");
        assert_eq!(reply.status, 200, "{text}");
        let of = |block: &str, field: &str| {
            let mut lines = block.lines();
            lines
                .find_map(|line| line.strip_prefix(field).map(str::to_owned))
                .unwrap_or_default()
        };
        let blocks = text.split("\n\n").filter(|block| block.contains("data: "));
        blocks
            .map(|block| {
                let data = of(block, "data: ");
                let data =
                    serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {block}"));
                (of(block, "event: "), data)
            })
            .collect()
    }

    fn ask(&self, query: &Value) -> Reply {
        self.post("/v1/query", query)
    }

    #[cfg(unix)]
    fn stop(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let told = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(told.expect("because every Unix has it").success());
        self.child.wait().expect("because it is ours").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_on_this_machine_has_a_token_and_nothing_else_to_set_up() {
    let server = Server::over_four_users(&[]);
    let without = server.reply("GET /v1/tenants", "", None);
    assert_eq!(without.problem(), "unauthenticated");
    let tenants = server.get("/v1/tenants").json();
    assert_eq!(tenants["items"][0]["snapshots"], 2);
    assert_eq!(server.get("/readyz").json()["status"], "ready");
    let page = server.reply("GET /docs", "", None);
    assert!(page.headers.contains("text/html"));
}

#[test]
fn statements_are_answered_by_processes_of_their_own() {
    let server = Server::over_four_users(&[]);
    let sql = "select display_name from users where display_name <> $not order by 1";
    let answer = server.ask(&json!({"sql": sql, "params": {"not": "U2"}, "as_of": "first"}));
    assert_eq!(answer.status, 200, "{}", answer.json());
    let table = answer.json();
    assert_eq!(
        table["columns"],
        json!([{"name": "display_name", "data_type": "text"}])
    );
    let names = json!([{"display_name": "U1"}, {"display_name": "U3"}, {"display_name": "U4"}]);
    assert_eq!(table["rows"], names);
    assert_eq!(table["metadata"]["rows"], 3);
    assert_eq!(table["metadata"]["truncated"], false);
    assert_eq!(
        table["metadata"]["snapshots"][0]["taken_at"],
        "2026-01-05T02:00:00Z"
    );
    let count = server.get("/v1/query?sql=select%20count(*)%20as%20n%20from%20users&format=csv");
    assert_eq!(count.body, b"n\r\n3\r\n");
    let cut = server
        .ask(&json!({"sql": "select id from users", "limit": 2}))
        .json();
    assert_eq!(cut["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(cut["metadata"]["truncated"], true);
    if cfg!(target_os = "linux") {
        assert!(server.get("/readyz").json()["not_confined_by"].is_array());
    }
}

#[test]
fn refused_statements_say_where_and_why() {
    let server = Server::over_four_users(&["--memory", "128"]);
    for (sql, problem) in [
        ("select from where", "invalid-sql"),
        ("select idd from users", "invalid-sql"),
        ("select * from spaceships", "invalid-sql"),
        ("drop table users", "invalid-sql"),
        ("set entrace.as_of = 'first'", "invalid-sql"),
        ("select 1; select 2", "invalid-sql"),
        ("", "invalid-sql"),
        (
            "select * from users for system_time as of '1999-01-01'",
            "invalid-sql",
        ),
        (
            "select sum(a.value * b.value) from generate_series(1, 100000) a, generate_series(1, 100000000) b group by a.value % 1000000, b.value",
            "query-limit",
        ),
    ] {
        let answer = server.ask(&json!({"sql": sql}));
        assert_eq!(answer.problem(), problem, "{sql}: {}", answer.json());
    }
    let placed = server
        .ask(&json!({"sql": "select id,\nfrom users where"}))
        .json();
    assert_eq!(placed["line"], 2, "{placed}");
    assert!(placed["column"].is_u64(), "{placed}");
    let hinted = server
        .ask(&json!({"sql": "select dislay_name from users"}))
        .json();
    assert!(
        hinted["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("display_name")),
        "{hinted}"
    );
    let missing = server.ask(&json!({"sql": "select $x"}));
    assert_eq!(missing.problem(), "invalid-sql");
    let nested = server.ask(&json!({"sql": "select $x", "params": {"x": [1]}}));
    assert_eq!(nested.problem(), "invalid-body");
    let long = server.ask(&json!({"sql": format!("select '{}'", "x".repeat(100_001))}));
    assert_eq!(long.problem(), "invalid-sql");
}

/// Reads a stream of events up to a line.
#[cfg(unix)]
fn until(lines: &mut impl BufRead, wanted: &str) -> Vec<String> {
    let mut read = Vec::new();
    loop {
        let mut line = String::new();
        let length = lines
            .read_line(&mut line)
            .expect("because the stream goes on");
        assert!(length > 0, "the stream ended before {wanted}: {read:?}");
        read.push(line.trim_end().to_owned());
        if line.trim_end() == wanted {
            return read;
        }
    }
}

#[cfg(unix)]
#[test]
fn changes_are_told_as_they_come_and_a_stop_ends_the_stream() {
    let mut server = Server::over_four_users(&[]);
    let stream = server.send("GET /v1/events?since=first", "", Some(&server.token));
    let mut lines = BufReader::new(stream);
    let told = until(&mut lines, "event: snapshot");
    assert!(told.contains(&"event: change".to_owned()), "{told:?}");
    let removed = told
        .iter()
        .find(|line| line.starts_with("data: "))
        .expect("because one is gone");
    let removed: Value =
        serde_json::from_str(&removed["data: ".len()..]).expect("because it is JSON");
    assert_eq!(removed["changeType"], "removed");
    assert_eq!(removed["displayName"], "U4");
    until(&mut lines, "id: 2");
    // What is committed while somebody listens is told too.
    server
        .place()
        .ok(&["import", "--taken-at", "2026-01-07T02:00:00Z", "users.json"]);
    server.place().write("users.json", r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[{"id":"aaaaaaaa-0000-4000-8000-000000000001","displayName":"V1"}]}"#);
    server
        .place()
        .ok(&["import", "--taken-at", "2026-01-08T02:00:00Z", "users.json"]);
    let told = until(&mut lines, "event: change");
    assert!(!told.is_empty());
    assert_eq!(server.stop(), Some(0));
    let mut rest = String::new();
    lines
        .read_to_string(&mut rest)
        .expect("because the stream is ended well");
}

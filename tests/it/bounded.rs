//! Answers made to exhaust whoever reads them: `snapshot` goes on within bounded memory and says what it could not read.
//! trust.md, tests 26 and 27.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress};
use serde_json::{Value, json};

use crate::programs::{PROGRAM, Place, Run, command};

const TENANT: &str = "0f0c7b1e-6d2a-4f0e-9a55-1b2c3d4e5f60";
/// Kinds that are read side by side, each by lists of its own.
const KINDS: &str = "organization,user,group,device,application,service_principal,administrative_unit,\
                     org_contact,conditional_access_policy,role_assignment";
const PARTIAL: i32 = 3;

/// Writes the answer to a request for a path.
type Answer = dyn Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + Sync;

/// A Graph that answers with one thing alone, but for tokens and the organization.
fn graph(
    answer: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("because any port will do");
    let url = format!(
        "http://{}",
        listener.local_addr().expect("because it is bound")
    );
    let answer: Arc<Answer> = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that hangs up has read enough.
            std::thread::spawn(move || drop(serve(stream, &*answer)));
        }
    });
    url
}

fn serve(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(path) = asked(&mut stream, &mut buffer)? {
        if path.ends_with("/oauth2/v2.0/token") {
            let token =
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "opaque"});
            whole(&mut stream, "", token.to_string().as_bytes())?;
        } else if path.starts_with("/v1.0/organization") {
            let row = json!({"value": [{"id": TENANT, "displayName": "Contoso"}]});
            whole(&mut stream, "", row.to_string().as_bytes())?;
        } else {
            answer(&mut stream, &path)?;
        }
    }
    Ok(())
}

/// Path of the next request; its body is passed over.
fn asked(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<String>> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok());
            let next = end + 4 + length.unwrap_or(0);
            if buffer.len() >= next {
                buffer.drain(..next);
                return Ok(head.split(' ').nth(1).map(str::to_owned));
            }
        }
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(None);
        }
        buffer.extend_from_slice(&chunk[..read]);
    }
}

/// A complete answer; `headers` end with a line break each.
fn whole(stream: &mut TcpStream, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\
         Date: Mon, 02 Mar 2026 08:00:00 GMT\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

/// A snapshot of such a Graph by a process that may have so many megabytes of data: what is set aside, of which about
/// half is ever touched.
fn snapshot(url: &str, megabytes: u32) -> (Place, Run) {
    let place = Place::new();
    let made = place.run(&["init", "--unprotected", "--tenant", TENANT]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let output = command("sh", place.folder.path())
        .args([
            "-c",
            "ulimit -d \"$0\" && exec \"$@\"",
            &(u64::from(megabytes) * 1024).to_string(),
            PROGRAM,
        ])
        .args(["-a", "t.entrace", "--json", "snapshot", "--kinds", KINDS])
        .envs([
            ("ENTRACE_GRAPH_URL", url),
            ("AZURE_AUTHORITY_HOST", url),
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", "app"),
            ("AZURE_CLIENT_SECRET", "secret"),
            ("ENTRACE_COLLECT__PACE", "unlimited"),
        ])
        .output();
    (place, output.expect("because there is a shell").into())
}

/// Kinds of the newest snapshot that were asked for: what is said of each.
fn coverage(place: &Place) -> Vec<Value> {
    place.rows("select kind, status, objects, reason from coverage where status <> 'not_selected' order by kind")
}

/// Every kind but the organization fails for a reason that has these words, and nothing else happens.
fn refused(url: &str, megabytes: u32, words: &str) {
    let (place, run) = snapshot(url, megabytes);
    assert_eq!(run.code, Some(PARTIAL), "{}", run.stderr);
    let kinds = coverage(&place);
    assert!(kinds.len() >= 10, "{kinds:?}");
    for kind in kinds {
        let reason = kind["reason"].as_str().unwrap_or_default();
        match kind["kind"].as_str() {
            Some("organization") => assert_eq!(kind["status"], "complete", "{kind}"),
            _ => assert!(reason.contains(words), "{kind}"),
        }
    }
}

/// A gzip stream of ten gigabytes of letters in a JSON text, ten megabytes long.
fn bomb() -> Vec<u8> {
    const BLOCK: usize = 16 << 20;
    let mut compressed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut compress = Compress::new(Compression::best(), false);
    let add = |compress: &mut Compress, text: &[u8]| {
        let mut out = Vec::with_capacity(1 << 20);
        compress
            .compress_vec(text, &mut out, FlushCompress::Full)
            .expect("because memory takes all");
        out
    };
    compressed.extend(add(&mut compress, b"{\"value\":[{\"id\":\""));
    // After a full flush a block refers to nothing before it, so that it can stand there any number of times.
    let block = add(&mut compress, &vec![b'a'; BLOCK]);
    for _ in 0..(10_usize << 30) / BLOCK {
        compressed.extend_from_slice(&block);
    }
    compressed
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = bomb();
    assert!((8 << 20..12 << 20).contains(&bomb.len()), "{}", bomb.len());
    let url = graph(move |stream, _| whole(stream, "Content-Encoding: gzip\r\n", &bomb));
    refused(&url, 448, "larger than");
}

#[test]
fn a_text_that_does_not_end_is_not_kept() {
    let url = graph(|stream, _| {
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        )?;
        stream.write_all(b"12\r\n{\"value\":[{\"id\":\"a\r\n")?;
        let piece = vec![b'a'; 1 << 20];
        for _ in 0..500 {
            stream.write_all(b"100000\r\n")?;
            stream.write_all(&piece)?;
            stream.write_all(b"\r\n")?;
        }
        stream.write_all(b"0\r\n\r\n")
    });
    refused(&url, 448, "larger than");
}

#[test]
fn nesting_is_not_followed() {
    let deep = format!("{{\"value\":{}", "[".repeat(100_000));
    let url = graph(move |stream, _| whole(stream, "", deep.as_bytes()));
    refused(&url, 448, "nested deeper than");
}

#[test]
fn pages_without_end_are_left() {
    let url = graph(|stream, path| {
        let number = path
            .rsplit("skiptoken=")
            .next()
            .and_then(|n| n.parse().ok());
        let next = number.unwrap_or(0_u64) + 1;
        let local = stream.local_addr()?;
        let path = path.split('?').next().unwrap_or_default();
        let page = json!({"value": [], "@odata.nextLink": format!("http://{local}{path}?$skiptoken={next}")});
        whole(stream, "", page.to_string().as_bytes())
    });
    refused(&url, 448, "1000 pages in a row are empty");
}

#[test]
fn a_page_of_a_million_rows_is_read() {
    let rows: Vec<String> = (0..1_000_000)
        .map(|number| format!("{{\"id\":\"00000000-0000-4000-8000-{number:012}\"}}"))
        .collect();
    let body = format!("{{\"value\":[{}]}}", rows.join(","));
    let url = graph(move |stream, path| match path.split('?').next() {
        Some("/v1.0/devices") => whole(stream, "", body.as_bytes()),
        _ => whole(stream, "", b"{\"value\":[]}"),
    });
    let (place, run) = snapshot(&url, 640);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let kinds = coverage(&place);
    let devices = kinds.iter().find(|kind| kind["kind"] == "device");
    assert_eq!(
        devices.map(|kind| &kind["objects"]),
        Some(&json!(1_000_000))
    );
}

#[test]
fn rows_without_ids_are_kept_and_not_all_remarked() {
    let body = format!("{{\"value\":[{}{{}}]}}", "{},".repeat(99_999));
    let url = graph(move |stream, path| match path.split('?').next() {
        Some("/v1.0/devices") => whole(stream, "", body.as_bytes()),
        _ => whole(stream, "", b"{\"value\":[]}"),
    });
    let (place, run) = snapshot(&url, 640);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let sql = "select objects, doubtful from coverage where kind = 'device'";
    assert_eq!(
        place.rows(sql),
        [json!({"objects": 100_000, "doubtful": 100_000})]
    );
    let remarks = place.rows("select count(*) as n from collection_errors");
    assert_eq!(remarks, [json!({"n": 1000})]);
}

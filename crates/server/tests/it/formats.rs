//! The same rows in every format.

use std::io::Cursor;

use arrow::array::AsArray;
use arrow::ipc::reader::StreamReader;
use axum::body::Body;
use axum::http::Request;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{ALICE, BOB, served};

const OBJECTS: &str = "/v1/objects?rev=first";

#[tokio::test]
async fn rows_come_as_they_were_asked_for() {
    let served = served();
    let csv = served.get(&format!("{OBJECTS}&format=csv")).await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let text = String::from_utf8(csv.body.to_vec()).expect("because it is text");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "kind,id,display_name,version");
    assert!(lines[1].starts_with(&format!("user,{ALICE},Alice,")));
    assert!(
        lines[2].starts_with(&format!("user,{BOB},\"'=Bob\",")),
        "{text}"
    );
    assert_eq!(lines[3], "");

    let ndjson = served.get(&format!("{OBJECTS}&format=ndjson")).await;
    let lines: Vec<serde_json::Value> = ndjson
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("because each line is JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["display_name"], "=Bob");

    let arrow = served.get(&format!("{OBJECTS}&format=arrow")).await;
    let reader = StreamReader::try_new(Cursor::new(arrow.body.to_vec()), None);
    let batches: Vec<_> = reader
        .expect("because it is a stream")
        .map(|batch| batch.expect("because it is whole"))
        .collect();
    let ids = batches[0]
        .column_by_name("id")
        .expect("because it was asked for");
    assert_eq!(ids.as_string::<i32>().value(0), ALICE);

    let parquet = served.get(&format!("{OBJECTS}&format=parquet")).await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet.body);
    let reader = reader
        .expect("because it is a file")
        .build()
        .expect("because it is whole");
    let rows: usize = reader
        .map(|batch| batch.map_or(0, |batch| batch.num_rows()))
        .sum();
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn no_rows_are_an_answer_in_every_format() {
    let served = served();
    for format in ["json", "ndjson", "csv", "arrow", "parquet"] {
        let answer = served
            .get(&format!("/v1/objects?kind=group&format={format}"))
            .await;
        assert_eq!(answer.status, 200, "{format}");
        assert_eq!(answer.body.is_empty(), format == "ndjson", "{format}");
    }
}

#[tokio::test]
async fn the_header_accept_chooses() {
    let served = served();
    let ask = |accept: &str| {
        Request::get(OBJECTS)
            .header("accept", accept)
            .body(Body::empty())
            .expect("because it is a request")
    };
    let csv = served
        .send(ask("text/html, text/csv;q=0.8, */*;q=0.1"))
        .await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.header("vary").contains("accept"));
    let refused = served.send(ask("image/png")).await;
    assert_eq!(refused.problem(), "not-acceptable");
    assert_eq!(refused.json()["available"][0], "application/json");
    let document = Request::get(format!("/v1/objects/{ALICE}"))
        .header("accept", "text/csv")
        .body(Body::empty());
    let document = served
        .send(document.expect("because it is a request"))
        .await;
    assert_eq!(document.problem(), "not-acceptable");
}

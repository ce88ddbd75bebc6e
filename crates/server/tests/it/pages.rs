//! Pages and cursors.

use std::collections::BTreeSet;

use crate::support::{everyone, served, served_with, snapshot};

#[tokio::test]
async fn pages_follow_each_other_and_stay_in_their_snapshot() {
    let served = served();
    let users: Vec<(String, String)> = (0..25)
        .map(|n| {
            (
                format!("{n:08}-0000-0000-0000-000000000000"),
                format!("User {n}"),
            )
        })
        .collect();
    let users: Vec<(&str, &str, &str)> = users
        .iter()
        .map(|(id, name)| (&**id, &**name, "x"))
        .collect();
    snapshot(served.folder.path(), "2026-10-04T09:00:00Z", &users);
    let mut seen = BTreeSet::new();
    let mut address = "/v1/objects?limit=10".to_owned();
    let mut pages = 0;
    loop {
        let page = served.get(&address).await;
        let json = page.json();
        for row in json["items"].as_array().expect("because it is a list") {
            assert!(seen.insert(row["id"].to_string()), "{row} came twice");
        }
        pages += 1;
        assert_eq!(json["snapshots"][0]["taken_at"], "2026-10-04T09:00:00Z");
        let Some(cursor) = json["next_cursor"].as_str() else {
            assert_eq!(page.header("link"), "");
            break;
        };
        let link = format!("</v1/objects?limit=10&cursor={cursor}>; rel=\"next\"");
        assert_eq!(page.header("link"), link);
        address = format!("/v1/objects?limit=10&cursor={cursor}");
        // What is committed meanwhile is another state.
        if pages == 1 {
            snapshot(served.folder.path(), "2026-10-05T09:00:00Z", &[]);
        }
    }
    assert_eq!((pages, seen.len()), (3, 25));
}

#[tokio::test]
async fn every_list_can_be_read_row_by_row() {
    let served = served();
    for address in [
        "/v1/snapshots",
        "/v1/objects?rev=first",
        "/v1/objects/user:Alice/history",
        "/v1/objects/22222222-2222-2222-2222-222222222222/timeline",
        "/v1/diff?from=first",
        "/v1/diff?from=first&summary=true",
        "/v1/changes",
    ] {
        let whole = served.get(address).await.json();
        let separator = if address.contains('?') { '&' } else { '?' };
        let first = format!("{address}{separator}limit=1");
        let mut next = first.clone();
        let mut rows = Vec::new();
        loop {
            let page = served.get(&next).await.json();
            rows.extend(
                page["items"]
                    .as_array()
                    .expect("because it is a list")
                    .clone(),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{first}&cursor={cursor}"),
                None => break,
            }
        }
        assert!(!rows.is_empty(), "{address}");
        assert_eq!(whole["items"], serde_json::Value::Array(rows), "{address}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_question_and_its_holder_alone() {
    let served = served();
    let page = served.get("/v1/objects?rev=first&limit=1").await.json();
    let cursor = page["next_cursor"]
        .as_str()
        .expect("because there is more")
        .to_owned();
    let with = |cursor: &str| format!("/v1/objects?rev=first&limit=1&cursor={cursor}");
    assert_eq!(served.get(&with(&cursor)).await.status, 200);

    let elsewhere = format!("/v1/objects?rev=first&kind=user&limit=1&cursor={cursor}");
    assert_eq!(served.get(&elsewhere).await.problem(), "cursor-elsewhere");
    // Not one character can be another.
    for at in 0..cursor.len() {
        let mut forged = cursor.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("because it is text");
        assert_eq!(
            served.get(&with(&forged)).await.problem(),
            "invalid-cursor",
            "at {at}"
        );
    }
    for forged in ["x", "", "..", &cursor[1..], &format!("{cursor}A")] {
        assert_eq!(
            served.get(&with(forged)).await.problem(),
            "invalid-cursor",
            "{forged}"
        );
    }

    let folder = served.folder.path().to_owned();
    let other = served_with(|options| {
        options.tenants[0].archive.clone_from(&folder);
        let mut other = everyone();
        other.key = "somebody else".to_owned();
        options.everyone = Some(other);
    });
    assert_eq!(other.get(&with(&cursor)).await.problem(), "cursor-foreign");
    let later = served_with(|options| {
        options.tenants[0].archive.clone_from(&folder);
        options.now = || crate::support::time("2026-10-21T13:00:00Z");
    });
    assert_eq!(later.get(&with(&cursor)).await.problem(), "cursor-expired");
    // A server that was started anew has the same key.
    let again = served_with(|options| options.tenants[0].archive.clone_from(&folder));
    assert_eq!(again.get(&with(&cursor)).await.status, 200);
    let elsewhere = crate::support::served();
    assert_eq!(
        elsewhere.get(&with(&cursor)).await.problem(),
        "invalid-cursor",
        "another archive"
    );
}

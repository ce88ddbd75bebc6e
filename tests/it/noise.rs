//! `noise`: what changes all the time is told from what changes.

use std::fmt::Write as _;

use crate::programs::Place;

/// Thirty users whose department changes every day, and one who gets another title once.
fn place() -> Place {
    let place = Place::new();
    place.init();
    for day in 1..=5 {
        let mut text = String::new();
        for user in 0..30 {
            let title = if user == 0 && day > 3 {
                "Chief"
            } else {
                "Clerk"
            };
            let _ = writeln!(
                text,
                r##"{{"@odata.type":"#microsoft.graph.user","id":"11111111-1111-4111-8111-1111111111{user:02}","displayName":"User {user}","department":"{day}","jobTitle":"{title}"}}"##
            );
        }
        place.write("users.jsonl", &text);
        place.ok(&[
            "import",
            "users.jsonl",
            "--taken-at",
            &format!("2026-01-0{day}"),
        ]);
    }
    place
}

#[test]
fn a_property_that_always_changes_looks_like_noise() {
    let place = place();
    let text = place.ok(&["-o", "jsonl", "noise"]);
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("because every line is JSON"))
        .collect();
    assert_eq!(rows.len(), 2, "{text}");
    assert_eq!(rows[0]["property"], "department");
    assert_eq!(
        (
            &rows[0]["changes"],
            &rows[0]["objects"],
            &rows[0]["snapshots"],
            &rows[0]["days"]
        ),
        (&120.into(), &30.into(), &4.into(), &4.into())
    );
    assert_eq!(rows[0]["snapshots_compared"], 4);
    assert_eq!(rows[0]["proposal"], "looks like noise");
    assert_eq!(rows[1]["property"], "jobTitle");
    assert_eq!(rows[1]["proposal"], "");
    assert!(
        place
            .ok(&["noise"])
            .contains("4 snapshots compared; 1 property looks like noise")
    );
    let one = place.ok(&[
        "-o",
        "jsonl",
        "noise",
        "--since",
        "2026-01-04",
        "--top",
        "1",
    ]);
    let row: serde_json::Value = serde_json::from_str(&one).expect("because it is one line");
    assert_eq!(
        (&row["changes"], &row["snapshots_compared"]),
        (&30.into(), &1.into()),
        "{one}"
    );
    assert_eq!(place.run(&["noise", "--since", "nonsense"]).code, Some(2));
}

#[test]
fn questions_about_nothing() {
    let place = Place::new();
    place.init();
    assert!(
        place
            .ok(&["noise"])
            .contains("No property of any object changed")
    );
    assert_eq!(place.run(&["noise", "--top", "0"]).code, Some(2));
}

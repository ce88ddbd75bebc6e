//! What a plan file is, and what it is not.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::plan::{
    Action, Against, Estimate, Expected, Impossible, Inverse, Precondition, PropertyChange, Reason,
    Request, Step, Wanted,
};

fn plan() -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        archive: "00".repeat(16),
        tenant: "contoso.example".to_owned(),
        made_at: Timestamp::UNIX_EPOCH,
        author: "é\"\u{7}\u{2028}".to_owned(),
        tool: "test".to_owned(),
        wanted: Wanted {
            tenant: "contoso.example".to_owned(),
            revision: "-1d".to_owned(),
            snapshot: 1,
            record: String::new(),
            taken_at: Timestamp::UNIX_EPOCH,
            selection: vec!["user:a".to_owned()],
        },
        against: Against {
            live: false,
            snapshot: None,
            taken_at: None,
        },
        steps: vec![Step {
            number: 1,
            stage: 1,
            after: Vec::new(),
            kind: "user".to_owned(),
            object: vec!["a".to_owned()],
            name: None,
            action: Action::Update,
            properties: vec![PropertyChange {
                path: "age".to_owned(),
                old: Some(Value::Null),
                new: Some(json!({ "z": 1.50, "a": [12_345_678_901_234_567_890_u64, "\u{1f600}"] })),
            }],
            request: Request {
                method: "PATCH".to_owned(),
                target: "/v1.0/users/a".to_owned(),
                body: Some(json!({ "b": {}, "a": [] })),
                headers: Map::new(),
            },
            precondition: Precondition::Present,
            expected: Expected::Absent,
            makes: Vec::new(),
            uses: Vec::new(),
            inverse: Inverse::Impossible("no".to_owned()),
            permissions: Vec::new(),
            risks: Vec::new(),
        }],
        impossible: vec![Impossible {
            kind: "user".to_owned(),
            object: Vec::new(),
            name: None,
            properties: Vec::new(),
            reason: Reason::NotRead,
            text: String::new(),
        }],
        dangling: Vec::new(),
        outside: Vec::new(),
        estimate: Estimate {
            writes: 1,
            reads: 2,
            minutes: 0.25,
        },
    }
}

#[test]
fn the_id_is_the_hash_of_the_canonical_text_of_the_whole() {
    let plan = plan();
    let whole = serde_json::to_value(&plan).expect("because a plan is JSON");
    let mut parser = model::Parser::new();
    let text = whole.to_string();
    let document = parser.parse_text(&text).expect("because it is JSON");
    let canonical = model::canonical_text(document.root());
    let expected = blake3::hash(canonical.as_bytes()).to_hex();
    assert_eq!(plan.id(), expected.to_string());
}

#[test]
fn a_file_comes_back_as_it_was() -> Result<()> {
    let plan = plan();
    let file = plan.to_file();
    assert!(file.starts_with(&format!("{{\n  \"id\": \"{}\",\n", plan.id())));
    assert_eq!(Plan::from_file("p", file.as_bytes())?, plan);
    // Layout and order of members say nothing.
    let value: Value = serde_json::from_str(&file).expect("because it is JSON");
    assert_eq!(Plan::from_file("p", value.to_string().as_bytes())?, plan);
    Ok(())
}

#[test]
fn every_edit_is_noticed() {
    let file = plan().to_file();
    for (from, to) in [
        ("PATCH", "DELETE"),
        ("1.5", "1.50001"),
        ("\"minutes\": 0.25", "\"minutes\": 0.26"),
        ("\"body\": {", "\"headers\": {\"x\": 1}, \"body\": {"),
        ("\"old\": null,", ""),
        // A member that no plan has.
        ("\"tool\"", "\"tools\": 1, \"tool\""),
    ] {
        let edited = file.replacen(from, to, 1);
        assert_ne!(edited, file, "{from}");
        let read = Plan::from_file("p", edited.as_bytes());
        assert!(
            matches!(read, Err(Error::Edited { .. })),
            "{from}: {read:?}"
        );
    }
}

#[test]
fn what_is_no_plan_is_told() {
    let file = plan().to_file();
    for (text, reason) in [
        ("{", "EOF"),
        ("[]", "invalid type"),
        ("{}", "it has no member \"format\""),
        (
            r#"{"format":"entrace/plan/v9"}"#,
            r#"its format is "entrace/plan/v9", not "entrace/plan/v1""#,
        ),
        (r#"{"format":"entrace/plan/v1"}"#, "it has no member \"id\""),
        (
            &file.replacen("\"id\":", "\"id\": \"x\", \"id\":", 1),
            "duplicate field `id`",
        ),
    ] {
        let error = Plan::from_file("p", text.as_bytes()).expect_err("because it is no plan");
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}

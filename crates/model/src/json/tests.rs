use proptest::prelude::*;

use super::*;
use crate::PathTree;

fn parse_error(text: &[u8]) -> String {
    Parser::new()
        .parse(text)
        .map(|d| d.text().to_owned())
        .expect_err("because the text is broken")
        .to_string()
}

fn canonical(text: &str) -> String {
    let mut parser = Parser::new();
    canonical_text(
        parser
            .parse(text.as_bytes())
            .expect("because the test's text is JSON")
            .root(),
    )
}

#[test]
fn keys_are_sorted_at_every_depth_and_space_goes() {
    assert_eq!(
        canonical(" { \"b\" : [ 1 , {\"d\":1,\"c\":2} ] , \"a\" : null } "),
        r#"{"a":null,"b":[1,{"c":2,"d":1}]}"#
    );
}

#[test]
fn escapes_become_one_form() {
    assert_eq!(
        canonical(r#""\u0027\/\u00e9\t\u0001\ud83d\ude00""#),
        "\"'/\u{e9}\\t\\u0001\u{1f600}\""
    );
    assert_eq!(
        canonical(r#""\ud800x""#),
        r#""\ud800x""#,
        "a lone surrogate keeps its escape"
    );
}

#[test]
fn number_text_is_kept() {
    assert_eq!(
        canonical("[1.0,1e5,-0,9007199254740993]"),
        "[1.0,1e5,-0,9007199254740993]"
    );
}

#[test]
fn duplicate_keys_are_kept_and_named() {
    let mut parser = Parser::new();
    let document = parser
        .parse(br#"{"b":1,"s":1,"s":2,"a":0}"#)
        .expect("because it is JSON");
    let mut canonical = Canonical::new();
    canonical.write(document.root(), &PathTree::EMPTY, |_| Fate::Keep);
    assert_eq!(canonical.text, r#"{"a":0,"b":1,"s":1,"s":2}"#);
    assert_eq!(canonical.duplicate_key.as_deref(), Some("s"));
    assert_eq!(document.root().get("s").and_then(Value::number), Some("2"));
}

#[test]
fn members_are_kept_dropped_or_set_aside() {
    let text = br#"{"z":1,"@odata.etag":"W","signInActivity":{"b":1,"a":2},"a":{"secretText":"x","hint":null}}"#;
    let mut parser = Parser::new();
    let document = parser.parse(text).expect("because it is JSON");
    let mut canonical = Canonical::new();
    canonical.write(
        document.root(),
        &PathTree::new(["a.secretText", "a.hint"]),
        |key| match key {
            "@odata.etag" => Fate::Drop,
            "signInActivity" => Fate::Aside,
            _ => Fate::Keep,
        },
    );
    assert_eq!(
        canonical.text,
        r#"{"a":{"hint":null,"secretText":"[redacted]"},"z":1}"#
    );
    assert_eq!(canonical.aside, r#"{"signInActivity":{"a":2,"b":1}}"#);
    assert!(canonical.redacted);
}

#[test]
fn only_members_set_aside_leave_an_empty_object() {
    let mut parser = Parser::new();
    let document = parser
        .parse(br#"{"b":1,"a":2}"#)
        .expect("because it is JSON");
    let mut canonical = Canonical::new();
    canonical.write(document.root(), &PathTree::EMPTY, |_| Fate::Aside);
    assert_eq!(
        (canonical.text.as_str(), canonical.aside.as_str()),
        ("{}", r#"{"a":2,"b":1}"#)
    );
}

#[test]
fn broken_texts_name_the_place() {
    for (text, message) in [
        ("", "text ends where a value was expected at byte 0"),
        ("{\"a\":1,}", "expected a property name at byte 7"),
        ("[1,]", "expected a value at byte 3"),
        ("[1 2]", "expected ',' or ']' at byte 3"),
        ("{\"a\" 1}", "expected ':' at byte 5"),
        ("[1", "text ends inside a value at byte 2"),
        ("\"a", "text ends inside a string at byte 2"),
        ("\"a\nb\"", "control character inside a string at byte 2"),
        ("\"\\x\"", "unknown escape in a string at byte 1"),
        (
            "\"\\u12g4\"",
            "expected four hexadecimal digits after \\u at byte 1",
        ),
        ("01", "malformed number at byte 0"),
        ("1.", "malformed number at byte 2"),
        ("NaN", "expected a value at byte 0"),
        ("{} {}", "text goes on after the value at byte 3"),
        ("{]", "expected a property name at byte 1"),
    ] {
        assert_eq!(parse_error(text.as_bytes()), message, "{text}");
    }
    assert_eq!(parse_error(b"\"\xff\""), "invalid UTF-8 at byte 1");
    let deep = "[".repeat(MAX_DEPTH + 1);
    assert_eq!(
        parse_error(deep.as_bytes()),
        "nested deeper than 128 levels at byte 128"
    );
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((".{0,6}", inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_means_what_was_read(value in any_json()) {
        let pretty = serde_json::to_string_pretty(&value).expect("because it is JSON");
        let text = canonical(&pretty);
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&text).expect("because it is JSON"), &value);
        prop_assert_eq!(&canonical(&text), &text, "canonical text is a fixed point");
    }

    #[test]
    fn parser_and_serde_agree_on_what_is_json(text in r#"[\[\]{}:,"\\ a0-9eE.\-tfnu/\n]{0,24}"#) {
        let ours = Parser::new().parse(text.as_bytes()).is_ok();
        let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        // serde_json lets RawValue hold a lone surrogate's escape, as we do.
        prop_assert_eq!(ours, theirs, "{}", text);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Parser::new().parse(&bytes).map(|d| canonical_text(d.root()));
    }
}

#[test]
fn what_was_written_before_does_not_show() {
    let objects = [
        r#"{"b":1,"a":[],"c":{"z":1,"y":"x"}}"#,
        r#"{"b":2,"a":[ ],"c":{"z":{},"y":[1]}}"#,
        r#"{"a":1,"b":2,"c":3}"#,
        r#"{"c":1,"b" :2,"a": 3}"#,
        r#"{"c":1,"a":2,"a":3}"#,
        r#"{"c":"\u0041","\u0062":2,"a":3}"#,
        r#"{"b":{ },"a":"\"","c":null}"#,
        r#"{"z":true}"#,
        "{}",
    ];
    let mut reused = Canonical::new();
    for object in objects.iter().chain(objects.iter().rev()) {
        let mut parser = Parser::new();
        let document = parser.parse(object.as_bytes()).expect("because it is JSON");
        reused.write(document.root(), &PathTree::EMPTY, |_| Fate::Keep);
        let mut fresh = Canonical::new();
        fresh.write(document.root(), &PathTree::EMPTY, |_| Fate::Keep);
        assert_eq!(reused.text, canonical_text(document.root()));
        assert_eq!(
            (&reused.text, &reused.duplicate_key),
            (&fresh.text, &fresh.duplicate_key)
        );
    }
    assert_eq!(
        canonical(objects[1]),
        r#"{"a":[],"b":2,"c":{"y":[1],"z":{}}}"#
    );
}

#[test]
fn strings_end_at_the_first_byte_that_ends_them() {
    // Every byte at every place within and behind a word of eight.
    for length in 0..18 {
        for byte in 0..0x80_u8 {
            let mut text = vec![b'"'];
            text.resize(1 + length, b'x');
            text.push(byte);
            text.extend_from_slice(b"!!!!!!!!\"");
            let expected = match byte {
                b'"' => Some(format!(
                    "text goes on after the value at byte {}",
                    length + 2
                )),
                b'\\' => Some(format!("unknown escape in a string at byte {}", length + 1)),
                0..0x20 => Some(format!(
                    "control character inside a string at byte {}",
                    length + 1
                )),
                _ => None,
            };
            let found = Parser::new().parse(&text).err();
            assert_eq!(found.map(|error| error.to_string()), expected);
        }
    }
}

//! Every form a file of JSON takes.

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Hands out few bytes at once, so that every boundary is met.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(out.len()).min(3);
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn cut(text: &str, line_name: bool) -> Vec<String> {
    let mut pieces =
        Pieces::new(Trickle(text.as_bytes()), line_name).expect("because memory can be read");
    let mut found = Vec::new();
    loop {
        let text = match pieces.advance().expect("because memory can be read") {
            Step::End => break,
            Step::Element => {
                let (raw, place) = pieces.current();
                format!("{place}: {}", String::from_utf8_lossy(raw))
            }
            Step::Fault(fault) => format!("{}! {}", fault.place, fault.reason),
        };
        found.push(text);
    }
    found
}

#[test]
fn quirk_4_an_object_a_list_a_page_and_lines() {
    for (text, expected) in [
        ("", &[] as &[&str]),
        (" \r\n", &[]),
        ("{\"id\":1}", &[": {\"id\":1}"]),
        ("{\n \"id\": 1\n}\n", &[": {\n \"id\": 1\n}"]),
        ("[ ]", &[]),
        (
            "[{\"id\":1} , {}]",
            &["element 1: {\"id\":1}", "element 2: {}"],
        ),
        (
            "{\"@odata.context\":\"c\",\"value\":[{},{}],\"@odata.nextLink\":\"n\"}",
            &["element 1: {}", "element 2: {}"],
        ),
        (
            "{\"@odata.context\":\"c\",\"value\":[{}]}\n{\"@odata.context\":\"c\",\"value\":[{}]}",
            &["element 1: {}", "element 2: {}"],
        ),
        ("{\"value\":[{}]}", &[": {\"value\":[{}]}"]),
        (
            "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":",
            &["line 1: {\"a\":1}", "line 2: {\"b\":2}", "line 4: {\"c\":"],
        ),
        (
            "{\n\"a\":1}\n{\n\"b\":2}",
            &["element 1: {\n\"a\":1}", "element 2: {\n\"b\":2}"],
        ),
        (
            "{}{} {}",
            &["element 1: {}", "element 2: {}", "element 3: {}"],
        ),
        ("\"text\"", &[": \"text\""]),
        (
            "[null,\"a\",12]",
            &["element 1: null", "element 2: \"a\"", "element 3: 12"],
        ),
        ("12", &[": 12"]),
    ] {
        assert_eq!(cut(text, false), expected, "{text}");
    }
}

#[test]
fn names_that_say_lines_are_believed() {
    assert_eq!(cut("{\"a\":1}", true), ["line 1: {\"a\":1}"]);
    assert_eq!(
        cut("{\"a\":\n{\"b\":1}\n", true),
        ["line 1: {\"a\":", "line 2: {\"b\":1}"]
    );
    assert_eq!(cut("{\n\"a\":1}\n", true), [": {\n\"a\":1}"]);
    assert_eq!(cut("[{},\n{}]", true), ["element 1: {}", "element 2: {}"]);
}

#[test]
fn what_comes_before_a_fault_counts() {
    for (text, expected) in [
        (
            "[{},{\"a\":",
            &[
                "element 1: {}",
                "element 2! text ends where a value was expected (from byte 4)",
            ] as &[&str],
        ),
        (
            "[{},]",
            &[
                "element 1: {}",
                "element 2! expected a value behind the last ',' (from byte 5)",
            ],
        ),
        (
            "[{} {}]",
            &[
                "element 1: {}",
                "element 2! expected ',' or ']' (from byte 4)",
            ],
        ),
        (
            "[{},...]",
            &["element 1: {}", "element 2! expected a value (from byte 4)"],
        ),
        (
            "{}}",
            &["element 1: {}", "element 2! expected a value (from byte 2)"],
        ),
        ("[", &["! text ends inside a list (from byte 1)"]),
        (
            "{\"@odata.context\":\"c\",\"value\":[{}],\"x\": ...}",
            &[
                "element 1: {}",
                "element 2! expected a value (from byte 34)",
            ],
        ),
        ("\u{7b2c} \u{4e00}", &["! expected a value (from byte 0)"]),
        ("{\"a\":[1,2}", &["! expected ',' or ']' (from byte 0)"]),
    ] {
        assert_eq!(cut(text, false), expected, "{text}");
    }
}

#[test]
fn a_page_hands_on_its_context() {
    let text = "{\"@odata.context\":\"https://x/$metadata#users\",\"value\":[{}]}";
    let mut pieces = Pieces::new(text.as_bytes(), false).expect("because memory can be read");
    assert!(matches!(pieces.advance(), Ok(Step::Element)));
    assert_eq!(pieces.current(), (b"{}".as_slice(), Where::Element(1)));
    assert_eq!(pieces.context(), Some("https://x/$metadata#users"));
    assert!(pieces.is_listed());
}

#[test]
fn a_line_beyond_the_limit_is_passed_over() {
    let long = vec![b'x'; MAX_ELEMENT_BYTES + 2];
    let text = [b"{}\n".as_slice(), &long, b"\n{}\n"].concat();
    let mut pieces = Pieces::new(text.as_slice(), true).expect("because memory can be read");
    assert!(matches!(pieces.advance(), Ok(Step::Element)));
    let Ok(Step::Fault(fault)) = pieces.advance() else {
        panic!("because the line is too long");
    };
    assert_eq!(
        (fault.place, fault.reason.as_str()),
        (Where::Line(2), "longer than 64 MiB")
    );
    assert!(matches!(pieces.advance(), Ok(Step::Element)));
    assert_eq!(pieces.current(), (b"{}".as_slice(), Where::Line(3)));
}

/// Every piece, as text; panics where a stream does not end.
fn all(bytes: &[u8], line_name: bool) -> (Vec<String>, usize) {
    let mut pieces = Pieces::new(Trickle(bytes), line_name).expect("because memory can be read");
    let (mut elements, mut faults) = (Vec::new(), 0);
    for _ in 0..bytes.len() + 2 {
        match pieces.advance().expect("because memory can be read") {
            Step::End => return (elements, faults),
            Step::Element => {
                elements.push(String::from_utf8_lossy(pieces.current().0).into_owned());
            }
            Step::Fault(_) => faults += 1,
        }
    }
    panic!("more pieces than bytes");
}

fn any_object() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i32>().prop_map(Into::into),
        r#"[a"\\{}\[\],: \n]{0,8}"#.prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-c\"]{0,3}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    prop::collection::btree_map("[a-c\"]{1,3}", value, 0..5)
        .prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn any_objects_in_any_arrangement_come_out_whole(
        objects in prop::collection::vec(any_object(), 2..6),
        pretty in any::<bool>(),
    ) {
        let text = |object: &serde_json::Value| {
            let text = if pretty { serde_json::to_string_pretty(object) } else { serde_json::to_string(object) };
            text.expect("because it is JSON")
        };
        let texts: Vec<String> = objects.iter().map(text).collect();
        let context = "{\"@odata.context\":\"c\",\"value\":[";
        for (form, line_name) in [
            (texts.join("\n"), false),
            (format!("[{}]", texts.join(",\n")), true),
            (format!("{context}{}],\"@odata.count\":1}}", texts.join(" , ")), false),
        ] {
            let (found, faults) = all(form.as_bytes(), line_name);
            prop_assert_eq!(faults, 0, "{}", form);
            prop_assert_eq!(&found, &texts, "{}", form);
        }
        if !pretty {
            let (found, _) = all(texts.join("\r\n").as_bytes(), true);
            prop_assert_eq!(&found, &texts);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_run_on(
        text in r#"[\[\]{}:,"\\ a0@\n]{0,40}"#,
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        line_name in any::<bool>(),
    ) {
        all(text.as_bytes(), line_name);
        all(&bytes, line_name);
    }
}

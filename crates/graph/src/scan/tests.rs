//! What the scanner accepts and refuses, also against `serde_json`.

use super::*;

fn refused(text: &str) -> String {
    envelope(text.as_bytes())
        .expect_err(text)
        .message()
        .to_owned()
}

#[test]
fn reads_value_and_links() {
    let page = envelope(
        br#" { "@odata.context":"x", "value" : [ {"id":"1","a":[1,2,{"b":"]"}]}, [], {}, "s\"", -1.5e+3, null ] , "\u0040odata.nextLink":"https:\/\/g/v1.0/x?a=\u0026" } "#,
    )
    .expect("a page");
    assert_eq!(
        page,
        Envelope {
            value_is_array: Some(true),
            items: 6,
            next: Some("https://g/v1.0/x?a=&".to_owned()),
            delta: None,
            failed: false
        }
    );
    assert_eq!(envelope(b"{}").expect("an object"), Envelope::default());
    assert_eq!(envelope(br#"{"value":[]}"#).expect("a page").items, 0);
    let inner = envelope(
        br#"{"x":{"value":[1],"@odata.nextLink":"no"},"value":{"a":[1,2]},"@odata.nextLink":null}"#,
    )
    .expect("an object");
    assert_eq!(
        inner,
        Envelope {
            value_is_array: Some(false),
            ..Envelope::default()
        }
    );
}

#[test]
fn refuses_what_is_not_one_object() {
    for (text, part) in [
        ("", "empty"),
        ("  \n", "empty"),
        ("<html></html>", "HTML"),
        ("[]", "not a JSON object"),
        ("12", "not a JSON object"),
        ("{\"a\":1", "cut short"),
        ("{\"value\":[{\"id\":\"1\"},", "cut short"),
        ("{\"a\":\"x", "cut short"),
        ("{\"a\":tr", "cut short"),
        ("{\"a\":NaN}", "not JSON at byte 5"),
        ("{\"a\":Infinity}", "not JSON"),
        ("{\"a\":-}", "not JSON"),
        ("{\"a\":01}", "not JSON"),
        ("{\"a\":1.}", "not JSON"),
        ("{\"a\":1,}", "not JSON"),
        ("{\"a\":[1,]}", "not JSON"),
        ("{\"a\":[1}", "not JSON"),
        ("{'a':1}", "not JSON"),
        ("{\"a\":\"\\x\"}", "not JSON"),
        ("{\"a\":\"\n\"}", "not JSON"),
        ("{} {}", "goes on"),
        ("{\"value\":[],\"value\":[1]}", "value twice"),
        (
            "{\"@odata.nextLink\":\"a\",\"@odata.nextLink\":\"b\"}",
            "nextLink twice",
        ),
        ("{\"@odata.nextLink\":5}", "not a string"),
        ("{\"\\ud800\":1}", "not JSON"),
    ] {
        assert!(refused(text).contains(part), "{text}: {}", refused(text));
    }
    assert!(
        envelope(b"{\"a\":\"\xff\"}")
            .expect_err("not UTF-8")
            .message()
            .contains("UTF-8 at byte 6")
    );
}

#[test]
fn depth_costs_no_stack() {
    let deep = |n: usize| format!("{{\"value\":{}{}}}", "[".repeat(n), "]".repeat(n));
    assert!(envelope(deep(200).as_bytes()).is_ok());
    assert!(refused(&deep(100_000)).contains("deeper than 256"));
    assert!(refused(&"{\"a\":".repeat(1_000_000)).contains("deeper"));
}

#[test]
fn agrees_with_serde_json_on_damaged_pages() {
    let good = r#"{"@odata.context":"c","value":[{"id":"a\u00e9","n":-1.25e-7,"ok":true,"no":null,"deep":[[{}]]}],"@odata.deltaLink":"https://g/v1.0/d"}"#;
    for cut in 0..good.len() {
        if good.is_char_boundary(cut) {
            assert!(envelope(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
    }
    for at in 0..good.len() {
        for byte in [
            b' ', b'"', b'{', b'}', b'[', b']', b',', b':', b'0', b'\\', b'e', b'.', 0x1f,
        ] {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] = byte;
            let ours = envelope(&bytes);
            let theirs =
                serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes);
            // Ours may refuse more at the top level (a link that is no string), never less.
            assert!(
                ours.is_err() || theirs.is_ok(),
                "at {at}: {}",
                String::from_utf8_lossy(&bytes)
            );
            if theirs.is_ok() && ours.is_err() {
                let message = ours
                    .expect_err("because it is an error")
                    .message()
                    .to_owned();
                assert!(
                    message.contains("string") || message.contains("twice"),
                    "at {at}: {message}"
                );
            }
        }
    }
}

//! Random exports, day after day, against a plain model: what passes unread must come to the same as
//! what is read.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::support::{Export, Tenant, guid};

/// Files of one day: their elements as (object, content), `None` where the file cannot be read.
type Day = BTreeMap<&'static str, Option<Vec<(u32, u8)>>>;

const FILES: [&str; 4] = ["a.json", "b/c.json", "b/users.jsonl", "d.jsonl"];

fn any_day() -> impl Strategy<Value = Day> {
    let elements = prop::collection::vec((0u32..5, 0u8..3), 0..5);
    let file = prop::option::weighted(0.9, elements);
    prop::collection::btree_map(prop::sample::select(FILES.as_slice()), file, 1..4)
}

fn element((object, content): (u32, u8)) -> String {
    format!(
        "{{\"id\":\"{}\",\"displayName\":\"{content}\",\"userPrincipalName\":\"x\",\"givenName\":null}}",
        guid(object)
    )
}

fn write(export: &Export, day: &Day) {
    for path in FILES {
        let text = match day.get(path) {
            None => {
                let _ = std::fs::remove_file(export.file(path));
                continue;
            }
            Some(None) => "{\"id\": broken".to_owned(),
            Some(Some(elements)) => {
                let elements: Vec<String> = elements.iter().map(|one| element(*one)).collect();
                if path.ends_with("l") {
                    elements.iter().map(|line| format!("{line}\n")).collect()
                } else {
                    format!("[{}]", elements.join(",\n"))
                }
            }
        };
        export.write(path, text.as_bytes());
    }
}

/// What one day's files say, by the documented rules: of one id in one file the later element
/// counts, in several files all are kept, the later files' under a key with their place.
fn said(day: &Day) -> BTreeMap<String, u8> {
    let mut objects: BTreeMap<String, (&str, u8)> = BTreeMap::new();
    for (path, elements) in day {
        let is_stream = path.ends_with("l");
        for (number, (object, content)) in (1..).zip(elements.iter().flatten()) {
            let key = guid(*object);
            match objects.get(&key) {
                Some((_, other)) if other == content => {}
                Some((origin, _)) if origin != path => {
                    let word = if is_stream { "line" } else { "element" };
                    let place = match elements.as_ref().map_or(0, Vec::len) {
                        // One line is a document of its own under a name that does not say lines.
                        1 if is_stream => format!("{key}/{path}/line 1"),
                        _ => format!("{key}/{path}/{word} {number}"),
                    };
                    objects.insert(place, (path, *content));
                }
                _ => {
                    objects.insert(key, (path, *content));
                }
            }
        }
    }
    objects
        .into_iter()
        .map(|(key, (_, content))| (key, content))
        .collect()
}

fn found(tenant: &Tenant) -> BTreeMap<String, u8> {
    let users = tenant.parsed("user").into_iter();
    users
        .map(|(key, value)| {
            let content = value["displayName"]
                .as_str()
                .and_then(|text| text.parse().ok());
            (
                key.replace('\u{1f}', "/"),
                content.expect("because the test wrote it"),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_days_come_to_what_their_files_say(days in prop::collection::vec(any_day(), 1..7)) {
        let export = Export::new(&[]);
        let mut tenant = Tenant::new();
        let mut before: BTreeMap<String, u8> = BTreeMap::new();
        for day in &days {
            write(&export, day);
            tenant.next_day(export.path());
            let said = said(day);
                        // An empty file of lines is no statement, an empty list without a name says of nothing.
            let is_empty = day.get("b/users.jsonl").is_some_and(|file| file.as_ref().is_some_and(Vec::is_empty));
            let is_whole = day.values().all(Option::is_some) && !is_empty && !said.is_empty();
            let mut expected = if is_whole { BTreeMap::new() } else { before };
            expected.extend(said);
            prop_assert_eq!(&found(&tenant), &expected, "{:?}", day);
            before = expected;
        }
    }
}

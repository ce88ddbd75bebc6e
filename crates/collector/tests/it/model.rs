//! Random exports, day after day, against a plain model: what passes unread must come to the same as
//! what is read.

use std::collections::BTreeMap;

use collector::ImportRequest;
use proptest::prelude::*;

use crate::repository::Repository;
use crate::support::{Export, Objects, Tenant, day, guid, json, objects_of};

/// Files of one day: their elements as (object, content), `None` where the file cannot be read.
type Day = BTreeMap<&'static str, Option<Vec<(u32, u8)>>>;

const FILES: [&str; 4] = ["a.json", "b/c.json", "b/users.jsonl", "d.jsonl"];

fn any_day() -> impl Strategy<Value = Day> {
    let elements = prop::collection::vec((0u32..5, 0u8..3), 0..5);
    let file = prop::option::weighted(0.9, elements);
    prop::collection::btree_map(prop::sample::select(FILES.as_slice()), file, 1..4)
}

/// Days of which each changes little of the one before, so that files pass as a whole.
fn any_history() -> impl Strategy<Value = Vec<Day>> {
    let changes = prop::collection::vec((any_day(), 0usize..4), 0..6);
    (any_day(), changes).prop_map(|(first, changes)| {
        let mut days = vec![first];
        for (other, at) in changes {
            let mut next = days.last().expect("because there is a first").clone();
            let path = FILES[at];
            match other.get(path) {
                Some(file) => next.insert(path, file.clone()),
                None => next.remove(path),
            };
            days.push(next);
        }
        days
    })
}

fn element((object, content): (u32, u8)) -> String {
    format!(
        "{{\"id\":\"{}\",\"displayName\":\"{content}\",\"userPrincipalName\":\"x\",\"givenName\":null}}",
        guid(object)
    )
}

/// The text of a file; nothing where there is none that day.
fn text(day: &Day, path: &str) -> Option<String> {
    Some(match day.get(path)? {
        None => "{\"id\": broken".to_owned(),
        Some(elements) => {
            let elements: Vec<String> = elements.iter().map(|one| element(*one)).collect();
            if path.ends_with('l') {
                elements.join("\n")
            } else {
                format!("[{}]", elements.join(",\n"))
            }
        }
    })
}

fn write(export: &Export, day: &Day) {
    for path in FILES {
        match text(day, path) {
            Some(text) => export.write(path, text.as_bytes()),
            None => {
                let _ = std::fs::remove_file(export.file(path));
            }
        }
    }
}

/// What is there after a day, and before it.
fn after(before: BTreeMap<String, u8>, day: &Day) -> BTreeMap<String, u8> {
    let said = said(day);
    // An empty file of lines is no statement, an empty list without a name says of nothing.
    let is_empty = |(path, file): (&&str, &Option<Vec<_>>)| {
        path.ends_with('l') && file.as_ref().is_some_and(Vec::is_empty)
    };
    let is_empty = day.iter().any(is_empty);
    let is_whole = day.values().all(Option::is_some) && !is_empty && !said.is_empty();
    let mut expected = if is_whole { BTreeMap::new() } else { before };
    expected.extend(said);
    expected
}

/// What one day's files say, by the documented rules: of one id in one file the later element
/// counts, in several files all are kept, the later files' under a key with their place.
fn said(day: &Day) -> BTreeMap<String, u8> {
    let mut objects: BTreeMap<String, (&str, u8)> = BTreeMap::new();
    for (path, elements) in day {
        let is_stream = path.ends_with('l');
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

fn found(objects: Objects) -> BTreeMap<String, u8> {
    let content = |text: &str| {
        let value = json(text);
        value["displayName"]
            .as_str()
            .and_then(|text| text.parse().ok())
    };
    let objects = objects.into_iter();
    objects
        .map(|(key, text)| {
            (
                key.replace('\u{1f}', "/"),
                content(&text).expect("because the test wrote it"),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_days_come_to_what_their_files_say(days in prop::collection::vec(any_day(), 1..7)) {
        let export = Export::new(&[]);
        let mut tenant = Tenant::new();
        let mut expected = BTreeMap::new();
        for day in &days {
            write(&export, day);
            tenant.next_day(export.path());
            expected = after(expected, day);
            let found = found(objects_of(tenant.archive(), "user", None));
            prop_assert_eq!(&found, &expected, "{:?}", day);
        }
    }

    #[test]
    fn any_history_comes_to_what_its_commits_say(days in any_history()) {
        let mut repository = Repository::new();
        let mut there: Vec<&str> = Vec::new();
        for (number, one) in (1..).zip(&days) {
            for path in FILES {
                match text(one, path) {
                    Some(text) => repository.write(path, text.as_bytes()),
                    None if there.contains(&path) => repository.remove(path),
                    None => {}
                }
            }
            there = one.keys().copied().collect();
            repository.commit(day(number));
        }
        let mut tenant = Tenant::new();
        let request = ImportRequest {
            path: repository.path().to_owned(),
            ..ImportRequest::default()
        };
        tenant.import(&request);
        let snapshots = tenant.archive().snapshots();
        let mut expected = BTreeMap::new();
        for (number, one) in (1..).zip(&days) {
            expected = after(expected, one);
            let at = snapshots.iter().rfind(|snapshot| snapshot.taken_at <= day(number));
            let found = at.map_or_else(BTreeMap::new, |at| found(objects_of(tenant.archive(), "user", Some(at))));
            prop_assert_eq!(&found, &expected, "commit {}: {:?}", number, one);
        }
    }
}

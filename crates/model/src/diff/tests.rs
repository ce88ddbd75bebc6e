use super::*;
use crate::json::Parser;

fn annotation(key: &str) -> bool {
    key.contains("@odata.") && key != "@odata.type"
}

fn changes(old: &str, new: &str, sets: &[&str]) -> Vec<(String, Option<String>, Option<String>)> {
    let (mut left, mut right) = (Parser::new(), Parser::new());
    let old = left
        .parse(old.as_bytes())
        .expect("because the test's text is JSON")
        .root();
    let new = right
        .parse(new.as_bytes())
        .expect("because the test's text is JSON")
        .root();
    let sets = PathTree::new(sets.iter().copied());
    let rules = DiffRules {
        sets: &sets,
        annotation,
    };
    let found = diff(old, new, rules);
    assert_eq!(
        found.is_empty(),
        equivalent(old, new, rules),
        "diff and equivalent must agree"
    );
    found.into_iter().map(|c| (c.path, c.old, c.new)).collect()
}

fn one(
    path: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> Vec<(String, Option<String>, Option<String>)> {
    vec![(
        path.to_owned(),
        old.map(str::to_owned),
        new.map(str::to_owned),
    )]
}

#[test]
fn nested_leaves_are_named_by_their_path() {
    assert_eq!(
        changes(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"c":2,"b":3}}"#, &[]),
        one("a.b", Some("1"), Some("3"))
    );
    assert_eq!(
        changes(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, &[]),
        one("b", None, Some("null"))
    );
    assert_eq!(
        changes(r#"{"a":null}"#, r#"{"a":[]}"#, &[]),
        one("a", Some("null"), Some("[]"))
    );
    assert_eq!(
        changes(r#"{"a":{"b":1}}"#, r#"{"a":[1]}"#, &[]),
        one("a", Some(r#"{"b":1}"#), Some("[1]"))
    );
}

#[test]
fn equal_values_written_differently_are_equal() {
    assert!(changes(r#"{"a":"it\u0027s \/"}"#, r#"{"a":"it's /"}"#, &[]).is_empty());
}

#[test]
fn numbers_are_compared_as_text() {
    assert_eq!(
        changes(r#"{"a":1}"#, r#"{"a":1.0}"#, &[]),
        one("a", Some("1"), Some("1.0"))
    );
}

#[test]
fn annotations_do_not_count_but_the_type_does() {
    let old = r##"{"x@odata.type":"#Collection(String)","@odata.type":"a","x":[]}"##;
    assert!(changes(old, r#"{"@odata.type":"a","x":[]}"#, &[]).is_empty());
    assert_eq!(
        changes(old, r#"{"@odata.type":"b","x":[]}"#, &[]),
        one("@odata.type", Some("\"a\""), Some("\"b\""))
    );
}

#[test]
fn order_counts_in_lists_and_not_in_sets() {
    let (old, new) = (r#"{"a":["x","y"]}"#, r#"{"a":["y","x"]}"#);
    assert_eq!(
        changes(old, new, &[]),
        one("a", Some(r#"["x","y"]"#), Some(r#"["y","x"]"#))
    );
    assert!(changes(old, new, &["a"]).is_empty());
    assert_eq!(
        changes(r#"{"a":["x","x"]}"#, r#"{"a":["x"]}"#, &["a"]).len(),
        1,
        "a set keeps its multiplicity"
    );
}

#[test]
fn sets_inside_elements_are_sets() {
    let old = r#"{"r":[{"resourceAppId":"g","access":["1","2"]}]}"#;
    let new = r#"{"r":[{"resourceAppId":"g","access":["2","1"]}]}"#;
    assert!(changes(old, new, &["r", "r.access"]).is_empty());
    assert_eq!(changes(old, new, &["r"])[0].0, "r[resourceAppId=g].access");
}

#[test]
fn elements_are_matched_by_their_id() {
    let old = r#"{"c":[{"keyId":"1","end":"a"},{"keyId":"2","end":"b"}]}"#;
    let new = r#"{"c":[{"keyId":"2","end":"z"},{"keyId":"3","end":"c"}]}"#;
    let found = changes(old, new, &["c"]);
    let paths: Vec<_> = found.iter().map(|c| c.0.as_str()).collect();
    assert_eq!(paths, ["c[keyId=1]", "c[keyId=2].end", "c[keyId=3]"]);
    assert_eq!(found[2].2.as_deref(), Some(r#"{"end":"c","keyId":"3"}"#));
}

#[test]
fn reordered_elements_of_a_list_show_as_the_whole_list() {
    let old = r#"{"c":[{"id":"1"},{"id":"2"}]}"#;
    let new = r#"{"c":[{"id":"2"},{"id":"1"}]}"#;
    assert_eq!(changes(old, new, &[])[0].0, "c");
}

#[test]
fn duplicate_keys_are_two_properties() {
    let old = r#"{"s":{"a":1},"s":{"b":1}}"#;
    assert_eq!(changes(old, r#"{"s":{"b":1}}"#, &[]).len(), 3);
    assert_eq!(
        changes(old, r#"{"s":{"a":1},"s":{"b":2}}"#, &[]),
        one("s#2.b", Some("1"), Some("2"))
    );
}

//! Kinds chosen by words.

use catalog::{Category, by_name, kinds, select_kinds};

fn names(words: &[&str]) -> Vec<&'static str> {
    let chosen = select_kinds(words).unwrap_or_else(|unknown| panic!("{words:?}: {unknown}"));
    chosen.into_iter().map(|kind| kind.name).collect()
}

fn refusal(words: &[&str]) -> String {
    let refused = select_kinds(words).expect_err("because a word is unknown");
    refused.to_string()
}

#[test]
fn all_is_everything_in_catalogue_order() {
    let expected: Vec<_> = kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(names(&["all"]), expected);
    assert_eq!(names(&["@all"]), expected);
}

#[test]
fn nothing_said_means_the_default() {
    let default = names(&["@default"]);
    assert_eq!(names(&[]), default);
    assert_eq!(names(&["", " , "]), default);
    for name in [
        "user",
        "group_member",
        "conditional_access_policy",
        "directory_audit",
    ] {
        assert!(default.contains(&name), "{name}");
    }
    // Big logs, kinds that need a signed-in administrator or a permission that writes.
    for name in [
        "sign_in",
        "agreement",
        "role_assignment_schedule_request",
        "teams_app",
    ] {
        assert!(!default.contains(&name), "{name}");
    }
}

#[test]
fn a_kind_goes_by_any_of_its_words() {
    for word in ["user", "users", "u", "Users", " users "] {
        assert_eq!(names(&[word]), ["user"], "{word}");
    }
    assert_eq!(
        names(&["conditional-access-policies"]),
        ["conditional_access_policy"]
    );
    assert_eq!(names(&["ca"]), ["conditional_access_policy"]);
    assert_eq!(names(&["servicePrincipals"]), ["service_principal"]);
    // In catalogue order, each once.
    assert_eq!(names(&["groups,users", "user"]), ["user", "group"]);
}

#[test]
fn categories_hold_their_kinds() {
    for category in Category::ALL {
        let word = category.word();
        assert_eq!(word.parse(), Ok(category));
        assert_eq!(category.to_string(), word);
        let chosen = names(&[&format!("@{word}")]);
        assert!(!chosen.is_empty(), "{word}");
        for name in chosen {
            let kind = by_name(name).expect("because it was chosen");
            assert_eq!(kind.category, category, "{name}");
        }
    }
    let whole: usize = Category::ALL
        .iter()
        .map(|it| names(&[&format!("@{it}")]).len())
        .sum();
    assert_eq!(whole, kinds().len());
}

#[test]
fn a_bare_category_is_meant_unless_a_table_has_the_word() {
    assert_eq!(names(&["applications"]), ["application"]);
    assert!(names(&["@applications"]).contains(&"service_principal"));
    for category in Category::ALL {
        let word = category.word();
        if word != "applications" {
            assert_eq!(names(&[word]), names(&[&format!("@{word}")]), "{word}");
        }
    }
}

#[test]
fn signs_add_and_remove_in_order() {
    let chosen = names(&["@default", "-devices", "+sign_ins"]);
    assert!(chosen.contains(&"sign_in") && !chosen.contains(&"device"));
    assert_eq!(names(&["-devices,+sign_ins"]), chosen);
    assert!(!names(&["users", "-users"]).contains(&"user"));
    assert!(names(&["-users", "+users"]).contains(&"user"));
    assert!(names(&["all", "-intune", "mobile_apps"]).contains(&"mobile_app"));
    assert!(!names(&["all", "mobile_apps", "-intune"]).contains(&"managed_device"));
}

#[test]
fn unknown_words_are_named_with_what_is_near() {
    assert_eq!(
        refusal(&["users", "-gruops"]),
        r#""gruops" is no kind and no category: did you mean groups or group?"#
    );
    assert_eq!(
        refusal(&["xyzzy-plugh"]),
        r#""xyzzy-plugh" is no kind and no category"#
    );
    assert_eq!(
        refusal(&["@policy"]),
        r#""@policy" is no kind and no category: did you mean policies?"#
    );
    assert!(refusal(&["@users"]).starts_with(r#""@users" is"#));
    assert!("Directory".parse::<Category>().is_err());
}

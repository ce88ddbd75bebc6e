//! `timeline` as people run it: hostile names, every format, and the incidents of the demonstration.

use std::collections::BTreeMap;

use crate::programs::Place;

const ALICE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const GROUP: &str = "11111111-0000-4000-8000-000000000001";
/// Names as somebody would choose them who wants to be run, seen or believed.
const HOSTILE: &str =
    "<script>alert(1)</script>|![x](http://evil.example)\u{1b}[2J\u{202e}`'\"&amp;\n# root";

/// A user with a hostile name who joins a group with one.
fn hostile() -> Place {
    let place = Place::new();
    place.init();
    let user = serde_json::json!({
        "@odata.type": "#microsoft.graph.user", "id": ALICE, "displayName": HOSTILE,
        "userPrincipalName": "alice@contoso.example", "jobTitle": "Engineer",
    });
    let mut changed = user.clone();
    changed["jobTitle"] = HOSTILE.into();
    let group = serde_json::json!({"id": GROUP, "displayName": HOSTILE, "@odata.type": "#microsoft.graph.group"});
    let members = [
        serde_json::json!([]),
        serde_json::json!([{"@odata.type": "#microsoft.graph.user", "id": ALICE}]),
    ];
    for (day, (user, members)) in [user, changed].into_iter().zip(members).enumerate() {
        let mut group = group.clone();
        group["members"] = members;
        place.write("users.jsonl", &format!("{user}\n"));
        place.write("groups.jsonl", &format!("{group}\n"));
        let taken_at = format!("2026-01-{:02}", day + 5);
        place.ok(&[
            "import",
            "users.jsonl",
            "groups.jsonl",
            "--taken-at",
            &taken_at,
        ]);
    }
    place
}

#[test]
fn hostile_names_stay_names() {
    let place = hostile();
    let of = |format: &str| place.ok(&["timeline", "user:alice@contoso.example", "-o", format]);
    let hidden = |text: &str| text.contains(['\u{1b}', '\u{202e}']);

    let page = of("html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !hidden(&page),
        "{page}"
    );
    assert_eq!(
        tags(&page),
        tags(&place.ok(&["timeline", GROUP, "-o", "html", "--to", "2026-01-01"])),
        "no tag comes from a name"
    );
    assert!(!page.contains("http://evil.example\""), "nothing is linked");

    let ticket = of("md");
    assert!(
        !ticket.contains("<script")
            && !ticket.contains("![x]")
            && !ticket.contains("http://")
            && !hidden(&ticket),
        "{ticket}"
    );
    let rows: Vec<&str> = ticket
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    let columns = |line: &&str| line.replace("\\|", "").matches('|').count();
    assert!(
        rows.len() >= 3 && rows.iter().map(columns).all(|count| count == 8),
        "{ticket}"
    );

    let text = of("table");
    assert!(!hidden(&text) && text.contains("\\u{1b}[2J"), "{text}");
    for format in ["json", "jsonl", "csv", "tsv"] {
        assert!(of(format).contains("jobTitle"), "{format}");
    }
    // Any answer can be a page.
    let answer = place.ok(&["sql", "-o", "html", "-c", "select display_name from users"]);
    assert!(
        answer.contains("&lt;script&gt;") && !answer.contains("<script") && !hidden(&answer),
        "{answer}"
    );
}

/// The tags of a page that a row brings with it are always the same: which there are.
fn tags(page: &str) -> Vec<String> {
    let mut tags: Vec<String> = page
        .split('<')
        .skip(1)
        .map(|rest| {
            rest.split([' ', '>', '\n'])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    tags.sort();
    tags.dedup();
    let of_rows = [
        "td", "/td", "bdi", "/bdi", "span", "/span", "time", "/time", "br",
    ];
    tags.retain(|tag| !of_rows.contains(&tag.as_str()));
    tags
}

/// Every tag is closed by its own kind, in order.
#[test]
fn the_page_is_well_formed() {
    let page = hostile().ok(&["timeline", "user:alice@contoso.example", "-o", "html"]);
    let mut open: Vec<String> = Vec::new();
    for rest in page.split('<').skip(1) {
        let (tag, _) = rest.split_once('>').expect("because every tag ends");
        let name = tag.split_whitespace().next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if ["!DOCTYPE", "meta", "br"].contains(&name) => {}
            None => open.push(name.to_owned()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for must in [
        "lang=\"en\"",
        "<caption>",
        "scope=\"col\"",
        "prefers-color-scheme",
        "<h1>",
        "<title>",
    ] {
        assert!(page.contains(must), "{must}");
    }
    for must_not in ["<script", "<link", "<img", "src=", "url("] {
        assert!(!page.contains(must_not), "{must_not}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = hostile();
    for (arguments, words) in [
        (&["--around", "tomorrow"][..], "not a time"),
        (
            &["--around", "2026-01-05", "--window", "2y"],
            "not a duration",
        ),
        (
            &["--around", "2026-01-05", "--from", "first"],
            "cannot be used with",
        ),
        (&["--window", "2h"], "--around"),
        (&["--related", "9"], "9"),
        (&["--from", "latest", "--to", "first"], "swap the two"),
    ] {
        let mut all = vec!["timeline", ALICE];
        all.extend(arguments);
        let run = place.run(&all);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    let unknown = place.run(&["timeline", "user:nobody"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("nothing in the archive is called"),
        "{}",
        unknown.stderr
    );
}

/// The demonstration in short: chapters of the attack are found in their order, with who and from where.
#[test]
fn the_incidents_of_the_demonstration_are_told() {
    let place = Place::new();
    place.ok(&[
        "demo",
        "t.entrace",
        "--objects",
        "2000",
        "--days",
        "14",
        "--quiet",
    ]);
    let timeline = |object: &str| {
        let sql = format!(
            "select entry, kind, coalesce(change_type, activity) as what, summary, actor, actor_ip from timeline('{object}')"
        );
        place.rows(&sql)
    };
    let story = |object: &str| -> Vec<String> {
        let text =
            |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let line = |row: &serde_json::Value| {
            let parts = ["entry", "kind", "what", "summary", "actor", "actor_ip"]
                .map(|name| text(row, name));
            parts.join(" ")
        };
        timeline(object).iter().map(line).collect()
    };
    let in_order = |object: &str, parts: &[&[&str]]| {
        let lines = story(object);
        let mut rest = lines.iter();
        for words in parts {
            let found = rest.any(|line| words.iter().all(|word| line.contains(word)));
            assert!(
                found,
                "{words:?} is not in its place in\n{}",
                lines.join("\n")
            );
        }
    };
    let domain = place.rows(
        "select user_principal_name from users where user_principal_name like 'adm.lindqvist@%'",
    );
    let phished = domain[0]["user_principal_name"]
        .as_str()
        .expect("because the story has her");
    in_order(
        &format!("user:{phished}"),
        &[
            &["sign_in", "Failed sign-in", "203.0.113.77"],
            &["sign_in", "Sign-in", "203.0.113.77"],
            &["risk", "anonymizedIPAddress"],
            &[
                "change",
                "conditional_access_policy",
                "state: \"enabled\" -> \"disabled\"",
                phished,
                "203.0.113.77",
            ],
            &["audit", "Admin deleted security info"],
            &["audit", "Admin registered security info"],
        ],
    );
    // The attackers' account, from its making to what it destroys.
    let impostor = phished.replace("adm.lindqvist", "svc.printsync");
    in_order(
        &format!("user:{impostor}"),
        &[
            &["change", "user", "added"],
            &[
                "link",
                "conditional_access_policy",
                "conditions.users.excludeUsers: + Print Synchronization",
                "203.0.113.77",
            ],
            &["link", "directory_role_member", "Global Administrator"],
            &["user", "jobTitle", &impostor],
            &["user", "removed", &impostor],
        ],
    );
    // A policy that was off for forty minutes: no snapshot saw it, the log tells of both ways.
    let policy = "ca:CA007 Service accounts from the offices only";
    in_order(
        policy,
        &[&["Update conditional access policy", "adm.adeyemi"]],
    );

    destroyed(&place, &impostor);
}

/// What the recycle bin and the exposure say of the same attack.
fn destroyed(place: &Place, impostor: &str) {
    // Of the deleted accounts some can be restored, and some are gone for ever.
    let mut fates: BTreeMap<String, u64> = BTreeMap::new();
    let sql = format!(
        "select status, count(*) as n from recycle_bin where kind = 'user' and deleted_by = '{impostor}' group by status"
    );
    for row in place.rows(&sql) {
        let status = row["status"].as_str().unwrap_or_default().to_owned();
        fates.insert(status, row["n"].as_u64().unwrap_or_default());
    }
    assert!(fates.get("in_bin").is_some_and(|n| *n > 0), "{fates:?}");
    assert!(
        fates.get("hard_deleted").is_some_and(|n| *n > 0),
        "{fates:?}"
    );

    // The policy that was disabled is disabled still.
    let open = place.rows(
        "select display_name from exposure('ca', 'state = ''disabled''') where closed_at is null",
    );
    let open: Vec<&str> = open
        .iter()
        .filter_map(|row| row["display_name"].as_str())
        .collect();
    assert!(
        open.contains(&"CA002 Require MFA for administrators"),
        "{open:?}"
    );
}

use std::fmt::Write as _;

use super::*;

const RULE: &str = "\
-- id: policy-gone
-- title: Policy removed
-- severity: high
-- description: A policy is not there any more.
--   It may be in the bin.
-- references: T1556.009, https://learn.microsoft.com/entra/
-- parameters:
--   since time = first: when to begin
--   word text = 'a: b=c': a word
-- needs: conditional_access_policies, ca
-- false_positives: spring cleaning
--
SELECT changed_at AS at, $word AS evidence FROM changes WHERE changed_at > $since AND 'x' <> '$no';
";

fn parsed(text: &str) -> Result<Entry> {
    Entry::parse("mine/rule.sql", text, false)
}

#[test]
fn a_header_is_read_whole() {
    let rule = parsed(RULE).expect("because it is well formed");
    assert_eq!(rule.id, "policy-gone");
    assert_eq!(rule.severity, Some(Severity::High));
    assert_eq!(
        rule.description,
        "A policy is not there any more. It may be in the bin."
    );
    assert_eq!(
        rule.references,
        ["T1556.009", "https://learn.microsoft.com/entra/"]
    );
    assert_eq!(
        rule.needs,
        ["conditional_access_policy", "conditional_access_policy"]
    );
    assert_eq!(rule.false_positives.as_deref(), Some("spring cleaning"));
    let [since, word] = rule.parameters.as_slice() else {
        panic!("two parameters are declared: {:?}", rule.parameters);
    };
    assert_eq!(
        (since.name.as_str(), since.of_type, since.default.as_deref()),
        ("since", ParameterType::Time, Some("first"))
    );
    assert_eq!(word.default.as_deref(), Some("a: b=c"));
    assert_eq!(word.description, "a word");
}

#[test]
fn what_is_wrong_is_said_with_file_line_and_way_out() {
    let with = |from: &str, to: &str| {
        let text = RULE.replacen(from, to, 1);
        assert_ne!(text, RULE, "{from} stands in the rule");
        let error = parsed(&text).expect_err(to).to_string();
        error
            .strip_prefix("mine/rule.sql:")
            .unwrap_or_else(|| panic!("{error}"))
            .to_owned()
    };
    for (from, to, words) in [
        (
            "-- id: policy-gone\n",
            "",
            "1: the header has no id: add -- id: ...",
        ),
        ("policy-gone", "Policy gone", "1: \"Policy gone\" is no id"),
        (
            "-- title",
            "-- titel",
            "2: there is no key \"titel\": did you mean title?",
        ),
        (
            "-- title",
            "-- colour",
            "2: there is no key \"colour\": it is one of id, title",
        ),
        (
            "severity: high",
            "severity: bad",
            "3: \"bad\" is no severity",
        ),
        (
            "--   It may",
            "-- It may",
            "5: a line of the header is -- key: value",
        ),
        ("T1556.009", "T156", "6: \"T156\" is no reference"),
        (
            "-- needs",
            "-- title: twice\n-- needs",
            "10: title is there twice",
        ),
        ("since time", "since date", "8: there is no type \"date\""),
        (
            "since time",
            "Since time",
            "8: \"Since\" cannot name a parameter",
        ),
        (": when to begin", "", "8: a parameter is declared as"),
        (
            "word text",
            "since text",
            "9: the parameter since is there twice",
        ),
        (
            "conditional_access_policies",
            "conditional_acces_policies",
            "10: there is no table of a kind \"conditional_acces_policies\": did you mean conditional_access_policies?",
        ),
        ("> $since", "> $sins", "13: $sins is not declared"),
        (
            "$word AS",
            "'' AS",
            "9: the parameter word is declared and $word stands nowhere",
        ),
        ("'$no';", "'$no'; SELECT 1", "1: there are 2 statements"),
        ("SELECT", "SELECT 'open", "1: Unterminated string literal"),
    ] {
        let error = with(from, to);
        assert!(error.starts_with(words), "{to}: {error}");
    }
    let error = parsed("SELECT 1")
        .expect_err("there is no header")
        .to_string();
    assert!(
        error.contains("1: there is no header: begin the file with -- id"),
        "{error}"
    );
    let error = parsed("--   on\n")
        .expect_err("nothing to continue")
        .to_string();
    assert!(
        error.contains("1: an indented line continues a value"),
        "{error}"
    );
    let query = RULE.replace("-- severity: high\n", "");
    assert!(parsed(&query).is_ok_and(|entry| !entry.is_rule()));
    let error = Entry::parse("r.sql", &query, true).expect_err("it has no severity");
    assert!(
        error.to_string().contains("a rule needs -- severity"),
        "{error}"
    );
}

#[test]
fn every_shipped_file_is_read_and_none_is_left_out() {
    let library = Library::shipped();
    let broken: Vec<String> = library
        .broken()
        .iter()
        .map(|b| b.error.to_string())
        .collect();
    assert_eq!(broken, [""; 0]);
    let root = package().join("../../library");
    let mut files = Vec::new();
    list(&root, &mut files).expect("because the folder is in the repository");
    let mut found: Vec<String> = files
        .iter()
        .map(|file| file.strip_prefix(&root).expect("because it is in it"))
        .map(|file| file.display().to_string())
        .collect();
    found.sort_unstable();
    let named: Vec<&str> = shipped::FILES.iter().map(|(file, _)| *file).collect();
    assert_eq!(
        named, found,
        "shipped.rs names the files of the folder, sorted"
    );
    for entry in library.rules().chain(library.queries()) {
        let folder = if entry.is_rule() { "rules" } else { "queries" };
        assert_eq!(entry.file, format!("{folder}/{}.sql", entry.id));
    }
}

#[test]
fn a_file_of_ones_own_takes_the_place_of_another() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("because it is in the folder"))
            .and_then(|()| std::fs::write(&path, text))
            .expect("because the folder can be written");
    };
    write("rules/policy-gone.sql", RULE);
    write("rules/again.sql", RULE);
    write("rules/broken.sql", "SELECT 1");
    write("notes.txt", "not SQL");
    let first = Folder {
        path: folder.path().to_owned(),
        rules_only: false,
    };
    let library = Library::with(&[first]).expect("because the folder can be listed");
    let rule = library.rule("policy-gone").expect("because it is there");
    assert!(rule.file.starts_with(&folder.path().display().to_string()));
    let broken: Vec<String> = library
        .broken()
        .iter()
        .map(|b| b.error.to_string())
        .collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].contains("broken.sql:1: there is no header"),
        "{broken:?}"
    );
    assert!(
        broken[1].contains("policy-gone.sql:1: the id policy-gone is that of"),
        "{broken:?}"
    );
    let said = library
        .rule("broken")
        .expect_err("because it is broken")
        .to_string();
    assert!(said.contains("there is no header"), "{said}");
    let said = library
        .rule("policy-gne")
        .expect_err("because there is none")
        .to_string();
    assert_eq!(
        said,
        "there is no rule \"policy-gne\": did you mean policy-gone?"
    );
    let nowhere = Folder {
        path: folder.path().join("nowhere"),
        rules_only: true,
    };
    let said = Library::with(&[nowhere])
        .expect_err("because it is not there")
        .to_string();
    assert!(said.contains("name a folder with SQL files"), "{said}");
}

/// Tables of `docs/library.md`, by the word their marker begins with.
fn documented() -> [(&'static str, String); 3] {
    let library = Library::shipped();
    let mut rules =
        "| rule | finds | severity | needs | ATT&CK |\n|---|---|---|---|---|\n".to_owned();
    for rule in library.rules() {
        let table = |kind: &String| {
            catalog::by_name(kind)
                .map_or("", |kind| kind.table)
                .to_owned()
        };
        let needs: Vec<String> = rule.needs.iter().map(table).collect();
        let severity = rule.severity.map_or("", Severity::as_str);
        let _ = writeln!(
            rules,
            "| `{}` | {} | {severity} | {} | {} |",
            rule.id,
            rule.title,
            needs.join(", "),
            rule.references.join(", ")
        );
    }
    let mut queries = "| query | answers | parameters |\n|---|---|---|\n".to_owned();
    for query in library.queries() {
        let parameter = |parameter: &Parameter| match &parameter.default {
            Some(default) if default.is_empty() => format!("`{}` (optional)", parameter.name),
            Some(default) => format!("`{}` = {default}", parameter.name),
            None => format!("`{}`", parameter.name),
        };
        let parameters: Vec<String> = query.parameters.iter().map(parameter).collect();
        let _ = writeln!(
            queries,
            "| `@{}` | {} | {} |",
            query.id,
            query.title,
            parameters.join(", ")
        );
    }
    let mut columns = "| column | must be there | says |\n|---|---|---|\n".to_owned();
    for (name, is_required, meaning) in CONTRACT {
        let required = if is_required { "yes" } else { "" };
        let _ = writeln!(columns, "| `{name}` | {required} | {meaning} |");
    }
    [("rules", rules), ("queries", queries), ("columns", columns)]
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

/// The page is what the headers say; `UPDATE_DOCS=1` writes it anew.
#[test]
fn the_page_about_the_library_names_every_file() {
    let path = package().join("../../docs/library.md");
    let page = std::fs::read_to_string(&path).expect("because the page is in the repository");
    let mut expected = page.clone();
    for (name, table) in documented() {
        let marker = format!("<!-- {name}:");
        let (before, rest) = expected
            .split_once(&marker)
            .expect("because the page has the marker");
        let (note, rest) = rest.split_once("-->\n").expect("because the marker ends");
        let (_, after) = rest
            .split_once("<!-- end -->")
            .expect("because the table ends");
        expected = format!("{before}{marker}{note}-->\n{table}<!-- end -->{after}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("because the page can be written");
        return;
    }
    assert_eq!(page, expected, "UPDATE_DOCS=1 writes the page anew");
}

//! Golden transcripts: what the program prints, as a person would see it.
//!
//! A transcript is a file of shell lines (`$ ...`), each followed by what it printed on both streams and,
//! where it did not end with 0, its exit code (`? 2`). What differs from run to run (ids, sizes, durations)
//! is replaced by a word of its kind. `UPDATE_TRANSCRIPTS=1 cargo test --workspace --locked transcripts`
//! writes them anew, to be read before they are committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::programs::{PROGRAM, Place, Run, command};

/// Patterns of what is never the same twice, and what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (
            r"entrace/[0-9a-f]{32}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+",
            "[LOG-KEY]",
        ),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b[0-9a-f]{32}\b", "[ID-32]"),
        (r"\bpacks/[0-9a-f]{2}/", "packs/[..]/"),
        (r"\bin \d+\.\d s\b", "in [TIME]"),
        (r" *\b\d+(\.\d)? (B|kB|MB|GB|TB)\b", " [SIZE]"),
        (r#""duration_s":[0-9.e-]+"#, r#""duration_s":[TIME]"#),
        (
            r#""(bytes_added|pack_bytes|truth_bytes|derived_bytes|bytes)": ?\d+"#,
            r#""$1":[SIZE]"#,
        ),
    ];
    let compile = |(pattern, word)| {
        (
            Regex::new(pattern).expect("because it is well formed"),
            word,
        )
    };
    patterns.into_iter().map(compile).collect()
});

/// Short ids: snapshots and versions. Object ids are the sample's own and stay.
static SHORT_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[0-9a-f]{8}\b(-)?|\b[0-9a-f]{16}\b").expect("because it is well formed")
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// Ids that occur in the sample are facts; all others come from the archive's random key.
fn is_sample(id: &str) -> bool {
    static SAMPLE: LazyLock<String> = LazyLock::new(|| {
        let night = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        let mut text = String::new();
        for folder in std::fs::read_dir(night)
            .expect("because the sample is in the repository")
            .flatten()
        {
            for file in std::fs::read_dir(folder.path())
                .into_iter()
                .flatten()
                .flatten()
            {
                text += &std::fs::read_to_string(file.path()).unwrap_or_default();
            }
        }
        text
    });
    // Help shows what an id looks like.
    id == "a1b2c3d4" || SAMPLE.contains(id)
}

fn normalised(text: &str, place: &Path) -> String {
    let mut text = text.replace(&place.display().to_string(), "[FOLDER]");
    for (pattern, word) in VARYING.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    let id = |found: &Captures<'_>| {
        let id = &found[0];
        if id.ends_with('-') || is_sample(id) {
            id.to_owned()
        } else {
            format!("[ID-{}]", id.len())
        }
    };
    SHORT_ID.replace_all(&text, id).into_owned()
}

fn performed(script: &str) -> String {
    let place = Place::new();
    let programs = Path::new(PROGRAM)
        .parent()
        .expect("because a program is in a folder");
    let path = std::env::join_paths(std::iter::once(programs.to_owned()).chain(
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
    ));
    let path = path.expect("because folders have no colons here");
    let mut out = String::new();
    for line in script
        .lines()
        .filter(|line| line.starts_with("$ ") || line.starts_with('#'))
    {
        let _ = writeln!(out, "{line}");
        let Some(typed) = line.strip_prefix("$ ") else {
            continue;
        };
        let output = command("sh", place.folder.path())
            .env("PATH", &path)
            .args(["-c", &format!("{typed} 2>&1")])
            .output();
        let run: Run = output.expect("because there is a shell").into();
        for printed in normalised(&run.stdout, place.folder.path()).lines() {
            // What is printed is told from what is typed.
            let escape = if printed.starts_with(['$', '#']) {
                " "
            } else {
                ""
            };
            let _ = writeln!(out, "{escape}{printed}");
        }
        match run.code {
            Some(0) => {}
            Some(code) => drop(writeln!(out, "? {code}")),
            None => out.push_str("? killed\n"),
        }
        out.push('\n');
    }
    out
}

fn check(name: &str) {
    let file = folder().join(name);
    let expected =
        std::fs::read_to_string(&file).expect("because the transcript is in the repository");
    let actual = performed(&expected);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&file, actual).expect("because the folder can be written");
        return;
    }
    let differing = expected
        .lines()
        .zip(actual.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new);
    if let Some((at, (old, new))) = differing {
        panic!("{name}:{}\n  expected: {old}\n  printed:  {new}", at + 1);
    }
    assert_eq!(expected, actual, "{name} ends differently");
}

/// The consoles that the README shows are no promises.
#[test]
fn what_the_readme_shows() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).expect("because there is a README");
    let shown: String = text
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(console, _)| console)
        .collect();
    assert!(shown.starts_with("$ entrace"), "the README shows something");
    let without_gaps = performed(&shown)
        .lines()
        .filter(|line| !line.is_empty())
        .fold(String::new(), |text, line| text + line + "\n");
    assert_eq!(shown, without_gaps);
}

#[test]
fn a_first_look() {
    check("first-look.txt");
}

#[test]
fn asking() {
    check("asking.txt");
}

#[test]
fn importing() {
    check("importing.txt");
}

#[test]
fn setting_up() {
    check("setting-up.txt");
}

#[test]
fn upkeep() {
    check("upkeep.txt");
}

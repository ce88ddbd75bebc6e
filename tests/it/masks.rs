//! What is never the same twice in what the program prints, and what stands for it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use simulator::{World, WorldOptions};

/// Patterns of what varies, and what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (
            r"entrace/[0-9a-f]{32}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+",
            "[LOG-KEY]",
        ),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b[0-9a-f]{32}\b", "[ID-32]"),
        (r"\bpacks/[0-9a-f]{2}/", "packs/[..]/"),
        (r"\bin \d+(\.\d)? s\b", "in [TIME]"),
        (r" *\b\d+(\.\d)? (B|kB|MB|GB|TB)\b", " [SIZE]"),
        (r"\b\d+ days (old|ahead)\b", "[N] days $1"),
        (r"good until [-0-9]+ [:0-9]+Z", "good until [WHEN]"),
        (r"(\d\d:\d\d:\d\d)\.\d{6,9}Z", "${1}Z"),
        (r"\b127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
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

/// Short ids: snapshots and versions. Object ids are the tenant's own and stay.
static SHORT_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[0-9a-f]{8}\b(-)?|\b[0-9a-f]{16}\b").expect("because it is well formed")
});

/// Everything the exports of Quillhaven Robotics say.
static EXPORTED: LazyLock<String> = LazyLock::new(|| {
    let nights = std::fs::read_dir(exports()).expect("because the exports are in the repository");
    let mut text = String::new();
    for night in nights.flatten() {
        let files = std::fs::read_dir(night.path());
        for file in files.into_iter().flatten().flatten() {
            text += &std::fs::read_to_string(file.path()).unwrap_or_default();
        }
    }
    text
});

/// Beginnings of all ids in the simulated company, at the size and age of the demonstration: a smaller or
/// younger one has the first of them.
static SIMULATED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let options = WorldOptions {
        users: 500,
        ..WorldOptions::default()
    };
    let days = options.days;
    let mut world = World::new(options);
    let mut found = HashSet::new();
    let mut take = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let is_id = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
        found.extend(words.filter(is_id).map(str::to_owned));
    };
    world.seeds().for_each(|seed| take(&format!("{seed:?}")));
    for _ in 0..days {
        let deeds = world.live_day();
        deeds.iter().for_each(|deed| take(&format!("{deed:?}")));
    }
    found
});

/// The folder of nightly exports that transcripts import.
pub(crate) fn exports() -> std::path::PathBuf {
    crate::shared::package().join("tests/sample")
}

/// Ids that occur in a tenant are facts; all others come from the archive's random key.
fn is_fact(id: &str) -> bool {
    // Help shows what an id looks like.
    id == "a1b2c3d4" || EXPORTED.contains(id) || SIMULATED.contains(id)
}

/// The text with a word of its kind for everything that varies.
pub(crate) fn masked(text: &str, place: &Path) -> String {
    let mut text = text.replace(&place.display().to_string(), "[FOLDER]");
    for (pattern, word) in VARYING.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    let id = |found: &Captures<'_>| {
        let id = &found[0];
        if id.ends_with('-') || is_fact(id) {
            id.to_owned()
        } else {
            format!("[ID-{}]", id.len())
        }
    };
    SHORT_ID.replace_all(&text, id).into_owned()
}

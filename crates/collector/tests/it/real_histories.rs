//! Public git histories of exports, replayed commit by commit: after each commit the archive is what
//! the commit's files say, object by object in both directions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use collector::{ImportReport, ImportRequest};
use jiff::Timestamp;
use model::{DiffRules, Parser, PathTree};
use serde_json::Value;
use store::Archive;

use crate::repository::Repository;
use crate::shared::unpacked;
use crate::support::{Tenant, objects_of};

/// One line of a packed history.
struct Change {
    seq: u64,
    date: Timestamp,
    path: String,
    /// The file's text without mark, and its original bytes; `None` where it was deleted.
    file: Option<(String, Vec<u8>)>,
}

fn history(path: &str) -> Option<Vec<Change>> {
    let text = unpacked(path)?;
    let changes = text.lines().map(change);
    Some(changes.collect())
}

fn change(line: &str) -> Change {
    let line: Value = serde_json::from_str(line).expect("because the history is sound");
    let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let date: Timestamp = word("date").parse().expect("because the history is sound");
    let text = word("text");
    let bytes = match line["encoding"].as_str() {
        None => None,
        Some("utf-8") => Some(text.clone().into_bytes()),
        Some("utf-8-bom") => Some([b"\xef\xbb\xbf", text.as_bytes()].concat()),
        Some("utf-16le-bom") => {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            Some(units.flat_map(u16::to_le_bytes).collect())
        }
        Some(other) => panic!("unknown encoding {other}"),
    };
    Change {
        seq: line["seq"].as_u64().expect("because the history is sound"),
        date,
        path: word("path"),
        file: bytes.map(|bytes| (text, bytes)),
    }
}

/// The changes of each commit.
fn commits(changes: &[Change]) -> Vec<&[Change]> {
    changes.chunk_by(|a, b| a.seq == b.seq).collect()
}

/// The history as a real repository: by git where there is one, because it is quick and makes packs.
fn repository(commits: &[&[Change]]) -> tempfile::TempDir {
    if let Some(folder) = fast_import(commits) {
        return folder;
    }
    let mut repository = Repository::new();
    for changes in commits {
        for change in *changes {
            match &change.file {
                Some((_, bytes)) => repository.write(&change.path, bytes),
                None => repository.remove(&change.path),
            }
        }
        repository.commit(changes[0].date);
    }
    repository.into_folder()
}

fn fast_import(commits: &[&[Change]]) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let git = |argument: &str| {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(folder.path())
            .args([argument, "--quiet"])
            .stdin(Stdio::piped());
        command
    };
    if !git("init").arg("--bare").status().ok()?.success() {
        return None;
    }
    let mut child = git("fast-import").spawn().ok()?;
    let mut out = BufWriter::new(child.stdin.take().expect("because it was asked for"));
    for changes in commits {
        let seconds = changes[0].date.as_second();
        write!(
            out,
            "commit refs/heads/main\ncommitter t <t> {seconds} +0200\ndata 0\n"
        )
        .ok()?;
        for change in *changes {
            match &change.file {
                Some((_, bytes)) => {
                    write!(out, "M 644 inline {}\ndata {}\n", change.path, bytes.len()).ok()?;
                    out.write_all(bytes).ok()?;
                    out.write_all(b"\n").ok()?;
                }
                None => writeln!(out, "D {}", change.path).ok()?,
            }
        }
    }
    drop(out);
    let head = folder.path().join("HEAD");
    std::fs::write(head, "ref: refs/heads/main\n").expect("because the folder is ours");
    child.wait().ok()?.success().then_some(folder)
}

fn replay(repository: &Path, accept_deletions: bool) -> (Tenant, ImportReport) {
    let mut tenant = Tenant::new();
    let request = ImportRequest {
        path: repository.to_owned(),
        accept_deletions,
        ..ImportRequest::default()
    };
    let report = tenant.import(&request);
    // Everything is in the archive: the same again is no news.
    let again = tenant.import(&request);
    assert_eq!((again.snapshots.len(), again.files), (0, 0));
    assert_eq!(again.already, report.snapshots.len() as u64);
    (tenant, report)
}

/// What the documented rules make of a document: no transport annotations at the top, no volatile
/// properties.
fn normalised(text: &str, kind: &str) -> Value {
    let volatile = catalog::by_name(kind).map_or(&[][..], |kind| kind.volatile);
    let mut value: Value = serde_json::from_str(text).expect("because it is JSON");
    let object = value.as_object_mut().expect("because it is an object");
    object.retain(|key, _| !catalog::is_transport(key) && !volatile.contains(&key.as_str()));
    value
}

/// Whether two documents mean the same: an order of a set or an annotation makes no difference.
fn same(kind: &str, a: &Value, b: &Value) -> bool {
    let sets = catalog::by_name(kind).map_or(&[][..], |kind| kind.sets);
    let sets = PathTree::new(sets.iter().copied());
    let rules = DiffRules {
        sets: &sets,
        annotation: catalog::is_transport,
    };
    let (mut left, mut right) = (Parser::new(), Parser::new());
    let (a, b) = (a.to_string(), b.to_string());
    let a = left.parse(a.as_bytes()).expect("because it is JSON");
    let b = right.parse(b.as_bytes()).expect("because it is JSON");
    model::equivalent(a.root(), b.root(), rules)
}

/// Compares every commit of a history of one object a file. `kind_of` names the kind of a path, or
/// nothing where the file is none of ours; `key_of` the key it is expected under.
fn compare(
    name: &str,
    kind_of: impl Fn(&str) -> Option<&'static str>,
    key_of: impl Fn(&str, &str) -> String,
) -> Option<(Tenant, ImportReport)> {
    let changes = history(&format!("data/{name}/history.jsonl.zst"))?;
    let commits = commits(&changes);
    let (tenant, report) = replay(repository(&commits).path(), true);
    let archive = tenant.archive();
    let snapshots = archive.snapshots();
    assert_eq!(snapshots.len(), commits.len(), "one snapshot a commit");
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for (changes, snapshot) in commits.iter().zip(snapshots) {
        for change in *changes {
            match &change.file {
                Some((text, _)) => files.insert(&change.path, text),
                None => files.remove(change.path.as_str()),
            };
        }
        assert_eq!(snapshot.taken_at, changes[0].date);
        let mut expected: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for (path, text) in &files {
            let Some(kind) = kind_of(path) else { continue };
            let value = normalised(text, kind);
            let objects = expected.entry(kind).or_default();
            let key = key_of(path, text);
            match objects.get(&key) {
                Some(other) if same(kind, other, &value) => {}
                Some(_) => {
                    objects.insert(format!("{key}\u{1f}{path}"), value);
                }
                None => {
                    objects.insert(key, value);
                }
            }
        }
        let kinds: BTreeSet<String> = archive.kinds().into_iter().map(|kind| kind.name).collect();
        for kind in kinds.iter().map(String::as_str) {
            let found = objects_of(archive, kind, Some(snapshot));
            let wanted = expected.remove(kind).unwrap_or_default();
            let place = format!("{name} {} {kind}", changes[0].seq);
            assert_eq!(
                found.keys().collect::<Vec<_>>(),
                wanted.keys().collect::<Vec<_>>(),
                "{place}"
            );
            for (key, payload) in &found {
                let payload: Value = serde_json::from_str(payload).expect("because it is JSON");
                assert!(
                    same(kind, &payload, &wanted[key]),
                    "{place} {key}: {payload} {}",
                    wanted[key]
                );
            }
        }
        assert!(
            expected.is_empty(),
            "{name} {}: {:?}",
            changes[0].seq,
            expected.keys()
        );
    }
    Some((tenant, report))
}

#[test]
fn conditional_access_templates_without_ids() {
    let kind = |_: &str| Some("conditional_access_policy");
    let Some((tenant, report)) = compare("ca-alexfilipin", kind, |path, _| path.to_owned()) else {
        return;
    };
    assert_eq!(report.snapshots.len(), 38);
    assert_eq!(tenant.keys("conditional_access_policy").len(), 214);
    assert_eq!(report.rejected, 0);
    // Each of the 1,075 file versions lacks an id; three hold a property twice.
    assert_eq!((report.files, report.doubtful), (1075, 1078));
    assert_eq!(report.suspected, []);
}

#[test]
fn a_tenant_s_export_that_changes_encoding_and_folders() {
    let kind = |path: &str| match path.rsplit('/').nth(1) {
        Some("ConditionalAccess") => Some("conditional_access_policy"),
        Some("Groups") => Some("group"),
        Some("NamedLocations") => Some("named_location"),
        _ => None,
    };
    // For some months the publisher took the ids out; the links still had them.
    let id = |_: &str, text: &str| {
        let value = crate::support::json(text);
        let linked = || {
            value["@odata.id"]
                .as_str()
                .and_then(|link| link.split('\'').nth(1))
        };
        value["id"]
            .as_str()
            .or_else(linked)
            .expect("because it has one")
            .to_owned()
    };
    let Some((tenant, report)) = compare("ca-j0eyv", kind, id) else {
        return;
    };
    assert_eq!(report.snapshots.len(), 47);
    let counts = ["conditional_access_policy", "group", "named_location"]
        .map(|kind| tenant.keys(kind).len());
    assert_eq!(counts, [36, 36, 3]);
    // The tool's own table of ids is no directory object.
    let foreign = report
        .findings
        .iter()
        .filter(|finding| finding.reason.contains("not recognised"));
    assert!(
        foreign
            .clone()
            .all(|finding| finding.file.ends_with("MigrationTable.json"))
    );
    assert_eq!(foreign.count() as u64, report.rejected);
}

/// An object of one of the large lists, by kind and key, as it became; nothing where it went.
type ListChange = (&'static str, String, Option<Value>);

/// The objects of the three large lists, changed commit by commit.
fn first_party_events() -> Option<BTreeMap<u64, Vec<ListChange>>> {
    let text = unpacked("data/ms-first-party/objects.jsonl.zst")?;
    let mut events: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("because the history is sound");
        let kind = match line["collection"].as_str() {
            Some("MicrosoftApps") => "microsoft_apps",
            Some("GraphAppRoles") => "graph_app_roles",
            _ => "graph_delegate_roles",
        };
        let id = line["id"].as_str().expect("because every event has an id");
        let json = line.get("json").filter(|json| !json.is_null()).cloned();
        let seq = line["seq"].as_u64().expect("because the history is sound");
        events
            .entry(seq)
            .or_default()
            .push((kind, model::fold_id(id), json));
    }
    Some(events)
}

/// Follows one kind through its statements, with only what changed read.
struct Follower {
    alive: HashMap<u32, (String, String)>,
    state: BTreeMap<String, String>,
}

impl Follower {
    /// Applies a change of state; the keys it touched.
    fn apply(
        &mut self,
        archive: &Archive,
        kind: &str,
        change: &store::StateChange,
    ) -> BTreeSet<String> {
        let number = archive.kind(kind).expect("because it is stored").number;
        let mut touched = BTreeSet::new();
        for ordinal in &change.closed {
            let (key, _) = self.alive.remove(&ordinal).expect("because it was alive");
            self.state.remove(&key);
            touched.insert(key);
        }
        let read = archive.versions(number, &change.opened, |ordinal, key, payload| {
            self.alive
                .insert(ordinal, (key.to_owned(), payload.to_owned()));
            let twice = self.state.insert(key.to_owned(), payload.to_owned());
            assert_eq!(twice, None, "{key} is alive twice");
            touched.insert(key.to_owned());
            Ok(())
        });
        read.expect("because the archive is sound");
        touched
    }
}

#[test]
fn three_years_of_large_lists() {
    let (Some(changes), Some(events)) = (
        history("data/ms-first-party/history.jsonl.zst"),
        first_party_events(),
    ) else {
        return;
    };
    let commits = commits(&changes);
    let repo = repository(&commits);
    let (tenant, report) = replay(repo.path(), true);
    let archive = tenant.archive();
    assert_eq!(archive.snapshots().len(), 310);
    assert_eq!(report.suspected, []);
    let seqs: Vec<u64> = commits.iter().map(|changes| changes[0].seq).collect();
    for kind in ["microsoft_apps", "graph_app_roles", "graph_delegate_roles"] {
        let number = archive.kind(kind).expect("because it is stored").number;
        let states = archive
            .state_changes(number)
            .expect("because the archive is sound");
        let mut states = states
            .iter()
            .map(|change| (change.snapshot, change))
            .collect::<HashMap<_, _>>();
        let mut follower = Follower {
            alive: HashMap::new(),
            state: BTreeMap::new(),
        };
        let mut expected: BTreeMap<String, Value> = BTreeMap::new();
        for (seq, snapshot) in seqs.iter().zip(archive.snapshots()) {
            let mut touched = BTreeSet::new();
            for (_, id, json) in events
                .get(seq)
                .into_iter()
                .flatten()
                .filter(|event| event.0 == kind)
            {
                touched.insert(id.clone());
                match json {
                    Some(json) => expected.insert(id.clone(), json.clone()),
                    None => expected.remove(id),
                };
            }
            if let Some(change) = states.remove(&snapshot.number) {
                touched.append(&mut follower.apply(archive, kind, change));
            }
            for key in touched {
                // The publisher's list has one element with an empty id, kept under its place.
                if key.is_empty() || key.starts_with("_info/") {
                    continue;
                }
                let found = follower
                    .state
                    .get(&key)
                    .map(|text| crate::support::json(text));
                assert_eq!(found.as_ref(), expected.get(&key), "{kind} {seq} {key}");
            }
            let real = |key: &&String| !key.is_empty() && !key.starts_with("_info/");
            assert_eq!(
                follower.state.keys().filter(real).count(),
                expected.keys().filter(real).count(),
                "{kind} {seq}"
            );
        }
    }
    let counts = ["microsoft_apps", "graph_app_roles", "graph_delegate_roles"]
        .map(|kind| tenant.keys(kind).len());
    assert_eq!(counts, [4428, 716, 807]);
}

#[test]
fn a_failed_day_in_a_real_history_loses_nothing() {
    let Some(text) = unpacked("data/ms-first-party/history.jsonl.zst") else {
        return;
    };
    let early = |line: &&str| !line.starts_with("{\"seq\": 212");
    let changes: Vec<Change> = {
        let lines: Vec<&str> = text.lines().take_while(early).collect();
        // The last version of each of the three lists before the failure, and what comes then.
        lines[lines.len() - 8..]
            .iter()
            .map(|line| change(line))
            .collect()
    };
    // From shortly before the failure on, so that earlier renewals of the list do not count.
    let all = commits(&changes);
    let at = |seq: u64| all.iter().position(|changes| changes[0].seq >= seq);
    let from = at(209).expect("because it is in it");
    let first: Vec<&Change> = {
        let mut last: BTreeMap<&str, &Change> = BTreeMap::new();
        changes
            .iter()
            .filter(|change| change.seq < 209)
            .for_each(|change| {
                last.insert(&change.path, change);
            });
        last.into_values().collect()
    };
    let mut repository = Repository::new();
    for change in &first {
        let (_, bytes) = change.file.as_ref().expect("because nothing is deleted");
        repository.write(&change.path, bytes);
    }
    repository.commit(first[0].date);
    let mut dates = Vec::new();
    for changes in &all[from..] {
        for change in *changes {
            let (_, bytes) = change.file.as_ref().expect("because nothing is deleted");
            repository.write(&change.path, bytes);
        }
        repository.commit(changes[0].date);
        dates.push((changes[0].seq, changes[0].date));
    }
    let (tenant, report) = replay(repository.path(), false);
    let failed = dates
        .iter()
        .find(|(seq, _)| *seq == 209)
        .expect("because it is in it")
        .1;
    let suspected: Vec<_> = report
        .suspected
        .iter()
        .map(|one| (one.taken_at, one.gone))
        .collect();
    assert_eq!(suspected, [(failed, 3280)]);
    let counts: Vec<_> = tenant
        .archive()
        .snapshots()
        .iter()
        .map(|snapshot| objects_of(tenant.archive(), "microsoft_apps", Some(snapshot)).len())
        .collect();
    assert!(counts.iter().all(|count| *count > 4000), "{counts:?}");
    let versions = tenant.versions("microsoft_apps");
    assert!(
        versions < 4300,
        "{versions}: what came back was stored again"
    );
}

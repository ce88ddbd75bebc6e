//! Archives in memory, exports in temporary folders, and what is alive after an import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use collector::{ImportReport, ImportRequest, import};
use jiff::Timestamp;
use serde_json::Value;
use store::{
    Archive, Coverage, CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage, Writer,
    WriterOptions,
};

/// A clock that stands still.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("because it is a time")
}

/// Midnight of that day of the tests' time.
pub(crate) fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + number * 86_400).expect("because it is a time")
}

/// Payloads by key.
pub(crate) type Objects = BTreeMap<String, String>;
/// Objects by kind; kinds without objects are left out.
pub(crate) type State = BTreeMap<String, Objects>;

/// An archive being filled.
pub(crate) struct Tenant {
    pub(crate) writer: Writer,
    days: i64,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let options = CreateOptions {
            tenant: "contoso".to_owned(),
            slots: vec![SlotChoice::Unprotected],
            tool: "test".to_owned(),
            now: now(),
        };
        Archive::create(&storage, &options).expect("because memory can be written");
        let options = WriterOptions {
            tool: "test".to_owned(),
            now,
        };
        let writer = Writer::open(storage, &Secrets::default(), options)
            .expect("because the archive was just made");
        Self { writer, days: 0 }
    }

    /// Imports what `request` says.
    pub(crate) fn import(&mut self, request: &ImportRequest) -> ImportReport {
        import(&mut self.writer, request, &()).expect("because nothing but single items is wrong")
    }

    /// Imports a folder as the next day's export.
    pub(crate) fn next_day(&mut self, path: &Path) -> ImportReport {
        self.next_day_with(path, |_| {})
    }

    /// The same, with other options.
    pub(crate) fn next_day_with(
        &mut self,
        path: &Path,
        change: impl FnOnce(&mut ImportRequest),
    ) -> ImportReport {
        self.days += 1;
        let mut request = ImportRequest {
            path: path.to_owned(),
            taken_at: Some(day(self.days)),
            ..ImportRequest::default()
        };
        change(&mut request);
        self.import(&request)
    }

    pub(crate) fn archive(&self) -> &Archive {
        self.writer.archive()
    }

    /// What is alive after the newest snapshot, imports of events included.
    pub(crate) fn state(&self) -> State {
        let archive = self.archive();
        let mut state = State::new();
        for kind in archive.kinds() {
            let objects = objects_of(archive, &kind.name, None);
            if !objects.is_empty() {
                state.insert(kind.name, objects);
            }
        }
        state
    }

    /// The objects of one kind alive now, parsed.
    pub(crate) fn parsed(&self, kind: &str) -> BTreeMap<String, Value> {
        let objects = objects_of(self.archive(), kind, None);
        objects
            .into_iter()
            .map(|(key, text)| (key, json(&text)))
            .collect()
    }

    /// The keys of one kind alive now, their parts joined by `/`.
    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        let objects = objects_of(self.archive(), kind, None);
        objects
            .into_keys()
            .map(|key| key.replace('\u{1f}', "/"))
            .collect()
    }

    /// Versions stored of a kind.
    pub(crate) fn versions(&self, kind: &str) -> u32 {
        self.archive().kind(kind).map_or(0, |kind| kind.versions)
    }

    /// What the newest act says of how completely a kind was read.
    pub(crate) fn coverage(&self, kind: &str) -> Coverage {
        let archive = self.archive();
        let newest = archive
            .statements()
            .last()
            .expect("because something was imported");
        let record = archive.record(newest).expect("because it was just written");
        let mut kinds = record.kinds.into_iter();
        let found = kinds.find(|record| record.kind == kind);
        found
            .unwrap_or_else(|| panic!("the newest snapshot does not state {kind}"))
            .coverage
    }
}

/// The objects of a kind in a snapshot, or by the newest statement of it.
pub(crate) fn objects_of(archive: &Archive, kind: &str, at: Option<&store::Snapshot>) -> Objects {
    let mut objects = Objects::new();
    let Some(kind) = archive.kind(kind) else {
        return objects;
    };
    let alive = match at {
        Some(snapshot) => archive
            .alive(kind.number, snapshot)
            .map(|alive| (*alive).clone()),
        None => archive.state_changes(kind.number).map(|changes| {
            let mut alive = roaring::RoaringBitmap::new();
            for change in changes {
                alive -= change.closed;
                alive |= change.opened;
            }
            alive
        }),
    };
    let alive = alive.expect("because the archive is sound");
    let read = archive.versions(kind.number, &alive, |_, key, payload| {
        let twice = objects.insert(key.to_owned(), payload.to_owned());
        assert_eq!(twice, None, "{key} of {} is alive twice", kind.name);
        Ok(())
    });
    read.expect("because the archive is sound");
    objects
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A temporary folder with files.
pub(crate) struct Export {
    folder: tempfile::TempDir,
}

impl Export {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let export = Self {
            folder: tempfile::tempdir().expect("because there is a temporary folder"),
        };
        files
            .iter()
            .for_each(|(path, text)| export.write(path, text.as_bytes()));
        export
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        let parent = path.parent().expect("because a file has a folder");
        std::fs::create_dir_all(parent).expect("because the folder can be written");
        std::fs::write(&path, bytes).expect("because the folder can be written");
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.folder.path().join(path)).expect("because the file is there");
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }
}

/// The reasons of a report's findings, with the file's name in front.
pub(crate) fn reasons(report: &ImportReport) -> Vec<String> {
    let findings = report.findings.iter();
    findings
        .map(|finding| format!("{}: {}", finding.file, finding.reason))
        .collect()
}

/// A GUID for tests.
pub(crate) fn guid(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

/// A user as a JSON line.
pub(crate) fn user(number: u32, name: &str) -> String {
    format!(
        "{{\"id\":\"{}\",\"displayName\":\"{name}\",\"userPrincipalName\":\"u{number}@contoso.com\"}}",
        guid(number)
    )
}

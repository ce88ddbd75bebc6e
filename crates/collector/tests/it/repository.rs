//! Git repositories made without git.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};
use jiff::Timestamp;

/// An entry of a tree.
type File = (EntryKind, ObjectId);

/// A bare repository that is filled commit by commit.
pub(crate) struct Repository {
    folder: tempfile::TempDir,
    objects: gix::Repository,
    files: BTreeMap<String, File>,
    head: Option<ObjectId>,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("because there is a temporary folder");
        let repository = gix::init_bare(folder.path()).expect("because the folder is empty");
        Self {
            folder,
            objects: repository,
            files: BTreeMap::new(),
            head: None,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn into_folder(self) -> tempfile::TempDir {
        self.folder
    }

    /// Adds or changes a file; counts from the next commit on.
    pub(crate) fn write(&mut self, path: &str, bytes: &[u8]) {
        self.write_as(path, EntryKind::Blob, bytes);
    }

    pub(crate) fn write_as(&mut self, path: &str, kind: EntryKind, bytes: &[u8]) {
        let blob = self
            .objects
            .write_blob(bytes)
            .expect("because the repository can be written");
        self.files.insert(path.to_owned(), (kind, blob.detach()));
    }

    /// Adds an entry that names a commit of another repository.
    pub(crate) fn submodule(&mut self, path: &str) {
        let elsewhere = ObjectId::from_hex(&[b'1'; 40]).expect("because it is hexadecimal");
        self.files
            .insert(path.to_owned(), (EntryKind::Commit, elsewhere));
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.files.remove(path).expect("because the file was there");
    }

    /// Makes a commit of what is there now; its id.
    pub(crate) fn commit(&mut self, at: Timestamp) -> ObjectId {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|(path, file)| (path.as_str(), *file))
            .collect();
        let tree = self.tree(&files);
        let who = gix::actor::Signature {
            name: "t".into(),
            email: "t@example.com".into(),
            time: gix::date::Time::new(at.as_second(), 7200),
        };
        let commit = gix::objs::Commit {
            tree,
            parents: self.head.into_iter().collect(),
            author: who.clone(),
            committer: who,
            encoding: None,
            message: "state".into(),
            extra_headers: Vec::new(),
        };
        let id = self
            .objects
            .write_object(&commit)
            .expect("because the repository can be written");
        self.head = Some(id.detach());
        self.branch("main", id.detach());
        id.detach()
    }

    /// Points a branch at a commit, and `HEAD` at `main`.
    pub(crate) fn branch(&self, name: &str, commit: ObjectId) {
        let heads = self.path().join("refs/heads");
        std::fs::create_dir_all(&heads).expect("because the repository can be written");
        std::fs::write(heads.join(name), format!("{commit}\n"))
            .expect("because the repository can be written");
        std::fs::write(self.path().join("HEAD"), "ref: refs/heads/main\n")
            .expect("because the repository can be written");
    }

    /// Where an object is stored.
    pub(crate) fn object_file(&self, id: ObjectId) -> std::path::PathBuf {
        let hex = id.to_string();
        self.path().join("objects").join(&hex[..2]).join(&hex[2..])
    }

    fn tree(&self, files: &[(&str, File)]) -> ObjectId {
        let mut entries = Vec::new();
        let mut folders: BTreeMap<&str, Vec<(&str, File)>> = BTreeMap::new();
        for (path, file) in files {
            match path.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, *file)),
                None => entries.push(Entry {
                    mode: file.0.into(),
                    filename: (*path).into(),
                    oid: file.1,
                }),
            }
        }
        for (folder, inside) in folders {
            entries.push(Entry {
                mode: EntryKind::Tree.into(),
                filename: folder.into(),
                oid: self.tree(&inside),
            });
        }
        entries.sort();
        let tree = gix::objs::Tree { entries };
        self.objects
            .write_object(&tree)
            .expect("because the repository can be written")
            .detach()
    }
}

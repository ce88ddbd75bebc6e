//! A git repository of exports: one snapshot a commit.
//!
//! The first-parent line of `HEAD` (or of the reference asked for) is followed from its oldest
//! commit. A commit that changed no importable file makes no snapshot, one the archive has is
//! skipped, so that importing again continues where it ended. A file that is the same as in the
//! commit before passes by its blob id and path, without being read.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use jiff::Timestamp;
use store::{Source, Writer};

use super::closing::Ending;
use super::tree::{TreeFile, TreeListing, Trees};
use super::{ImportRequest, forced_target};
use crate::error::{Error, Result};
use crate::intake::FileOutcome;
use crate::intake::{Intake, IntakeOptions, Known};
use crate::monitor::{Monitor, Progress, Stage};
use crate::recognise::{FilePlace, Target};
use crate::report::ImportReport;

/// Largest file version read: it is in memory as a whole.
const MAX_BLOB_BYTES: u64 = 512 << 20;

/// Whether a folder is a git repository, with files or bare.
pub(super) fn is_repository(path: &Path) -> bool {
    path.join(".git").exists()
        || (path.join("HEAD").is_file()
            && path.join("objects").is_dir()
            && path.join("refs").is_dir())
}

/// Imports a history.
pub(super) fn import(
    writer: &mut Writer,
    request: &ImportRequest,
    monitor: &dyn Monitor,
) -> Result<ImportReport> {
    if request.delta || request.taken_at.is_some() {
        return Err(Error::invalid(
            "a git history is read commit by commit: neither a delta nor a time applies to it",
        ));
    }
    let mut history = History::open(request, monitor)?;
    history.run(writer)?;
    Ok(history.report)
}

/// A commit to import.
#[derive(Debug, Clone, Copy)]
struct Commit {
    id: ObjectId,
    tree: ObjectId,
    taken_at: Timestamp,
}

/// What a file of the commit before came to.
#[derive(Debug, Clone)]
struct Remembered {
    blob: ObjectId,
    outcome: Rc<FileOutcome>,
}

struct History<'a> {
    request: &'a ImportRequest,
    monitor: &'a dyn Monitor,
    repository: gix::Repository,
    name: String,
    forced: Option<Target>,
    commits: Vec<Commit>,
    trees: Trees,
    listing: TreeListing,
    known: Known,
    remembered: HashMap<String, Remembered>,
    /// Kinds that the commit before held.
    present: Vec<Target>,
    report: ImportReport,
    objects: u64,
}

impl<'a> History<'a> {
    fn open(request: &'a ImportRequest, monitor: &'a dyn Monitor) -> Result<Self> {
        let path = &request.path;
        // Isolated: what is imported must not depend on whose machine it is.
        let repository = gix::open_opts(path, gix::open::Options::isolated())
            .map_err(|error| Error::git(path, error))?;
        if repository
            .is_shallow()
            .map_err(|error| Error::git(path, error))?
        {
            return Err(Error::git(
                path,
                "it is a shallow clone, its history is cut: fetch it in full (git fetch --unshallow)",
            ));
        }
        let folder = repository.workdir().unwrap_or(path);
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let name = absolute
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let mut history = Self {
            request,
            monitor,
            name: name.unwrap_or_default(),
            forced: forced_target(request)?,
            commits: Vec::new(),
            trees: Trees::default(),
            listing: TreeListing::default(),
            known: Known::default(),
            remembered: HashMap::new(),
            present: Vec::new(),
            report: ImportReport::default(),
            objects: 0,
            repository,
        };
        history.commits = history.line()?;
        Ok(history)
    }

    fn failed(&self, reason: impl std::fmt::Display) -> Error {
        Error::git(&self.request.path, reason)
    }

    /// The commit to start from.
    fn tip(&self) -> Result<ObjectId> {
        let Some(reference) = &self.request.reference else {
            let head = self.repository.head_commit();
            return head
                .map(|commit| commit.id)
                .map_err(|error| self.failed(format!("it has no commit to start from: {error}")));
        };
        let missing = || Error::NotFound {
            what: "git reference",
            name: reference.clone(),
        };
        if let Ok(id) = ObjectId::from_hex(reference.as_bytes()) {
            return Ok(id);
        }
        let found = self.repository.try_find_reference(reference.as_str());
        let mut found = found.ok().flatten().ok_or_else(missing)?;
        let commit = found.peel_to_commit().map_err(|error| self.failed(error))?;
        Ok(commit.id)
    }

    /// The first-parent line, oldest first.
    fn line(&self) -> Result<Vec<Commit>> {
        let mut commits = Vec::new();
        let mut next = Some(self.tip()?);
        while let Some(id) = next {
            let failed =
                |error: gix::Error| self.failed(format!("commit {id} cannot be read: {error}"));
            let commit = self.repository.find_commit(id).map_err(failed)?;
            let seconds = commit
                .committer()
                .and_then(|who| who.time())
                .map_err(failed)?
                .seconds;
            let taken_at = Timestamp::from_second(seconds)
                .map_err(|error| self.failed(format!("commit {id} has no usable time: {error}")))?;
            let tree = commit.tree_id().map_err(failed)?.detach();
            next = commit.parent_ids().next().map(gix::Id::detach);
            commits.push(Commit { id, tree, taken_at });
        }
        commits.reverse();
        Ok(commits)
    }

    fn run(&mut self, writer: &mut Writer) -> Result<()> {
        let mut imported = imported(writer)?;
        self.known = Known::new(writer.archive())?;
        for number in 0..self.commits.len() {
            let commit = self.commits[number];
            self.look(number, "", 0)?;
            let subfolder = self.request.subfolder.as_deref();
            let listing = self.trees.list(&self.repository, commit.tree, subfolder);
            let listing = listing.map_err(|reason| self.failed(reason))?;
            if listing == self.listing {
                continue;
            }
            let before = std::mem::replace(&mut self.listing, listing);
            match imported.remove(&commit.id.to_string()) {
                Some(kinds) => {
                    self.report.already += 1;
                    self.present = kinds;
                }
                None => self.commit(writer, number, &before)?,
            }
        }
        if self.request.subfolder.is_some()
            && self.listing.files.is_empty()
            && self.report.files == 0
        {
            return Err(Error::NotFound {
                what: "folder in the git history",
                name: self.request.subfolder.clone().unwrap_or_default(),
            });
        }
        Ok(())
    }

    fn commit(&mut self, writer: &mut Writer, number: usize, before: &TreeListing) -> Result<()> {
        let commit = self.commits[number];
        let version = commit.id.to_string();

        let source = Source {
            kind: "git".to_owned(),
            name: self.name.clone(),
            version: version.clone(),
            ..Source::default()
        };
        let options = IntakeOptions {
            file_units: true,
            ..IntakeOptions::default()
        };
        let mut intake = Intake::new(writer.begin(commit.taken_at, source)?, options, &self.known);
        intake.digest.bytes(version.as_bytes());
        for (path, reason) in &self.listing.left_out {
            let noted = intake.noted.len();
            let place = FilePlace::new("", path);
            intake.leave_out(&place, reason.clone())?;
            let repeated = before.left_out.iter().any(|(other, _)| other == path);
            intake.noted[noted..]
                .iter_mut()
                .for_each(|noted| noted.repeated = repeated);
        }
        let mut remembered = HashMap::with_capacity(self.listing.files.len());
        for at in 0..self.listing.files.len() {
            self.look(number, &self.listing.files[at].path, intake.objects)?;
            let file = self.listing.files[at].clone();
            let outcome = self.file(&mut intake, &file)?;
            let blob = file.blob;
            remembered.insert(file.path, Remembered { blob, outcome });
        }
        self.remembered = remembered;
        self.objects += intake.objects;
        let present: Vec<Target> = intake
            .slots
            .iter()
            .filter(|slot| slot.present)
            .map(|slot| slot.target.clone())
            .collect();
        let absent = self.present.iter().filter(|target| {
            let still = present.iter().any(|other| other.name() == target.name());
            self.request.accept_deletions && !still && !target.is_event()
        });
        let ending = Ending {
            taken_at: commit.taken_at,
            version: &version,
            accept_deletions: self.request.accept_deletions,
            absent: absent.cloned().collect(),
        };
        let organizations = std::mem::take(&mut intake.organizations);
        intake.finish(&ending, &mut self.report)?;
        self.known.learn(&present, organizations);
        self.present = present;
        Ok(())
    }

    fn file(&mut self, intake: &mut Intake<'_>, file: &TreeFile) -> Result<Rc<FileOutcome>> {
        let subfolder = self.request.subfolder.as_deref().unwrap_or_default();
        let root = subfolder.trim_end_matches('/').rsplit('/').next();
        let root = root.filter(|name| !name.is_empty()).unwrap_or(&self.name);
        let place = FilePlace {
            forced: self.forced.clone(),
            ..FilePlace::new(root, &file.path)
        };
        let salt = format!("blob {}", file.path);
        let unit = intake
            .snapshot
            .unit_rules(salt.as_bytes())
            .unit(file.blob.as_slice());
        let remembered = self.remembered.get(&file.path);
        if let Some(remembered) = remembered.filter(|remembered| remembered.blob == file.blob)
            && !remembered.outcome.depends
            && intake.pass_file(&place, unit, &remembered.outcome)?
        {
            return Ok(Rc::clone(&remembered.outcome));
        }
        let before = remembered.filter(|remembered| remembered.blob == file.blob);
        let before = before.map(|remembered| Rc::clone(&remembered.outcome));
        let hints = remembered.map_or(&[][..], |remembered| &remembered.outcome.taken);
        let hints: Vec<Target> = hints.iter().map(|(target, _)| target.clone()).collect();
        let noted = intake.noted.len();
        let header = self.repository.find_header(file.blob);
        let failed = |error: gix::Error| {
            self.failed(format!(
                "{} ({}) cannot be read: {error}",
                file.path, file.blob
            ))
        };
        let bytes = header.map_err(failed)?.size();
        if bytes > MAX_BLOB_BYTES {
            let reason = format!("is {} MiB long, the limit is 512", bytes >> 20);
            intake.leave_out(&place, reason)?;
            return Ok(Rc::default());
        }
        let blob = self.repository.find_blob(file.blob).map_err(failed)?;
        let monitor = self.monitor;
        let mut look = |_, _| {
            let stop = monitor.cancelled();
            if stop { Err(Error::Cancelled) } else { Ok(()) }
        };
        let outcome =
            intake.read_file(&place, file.form, &hints, blob.data.as_slice(), &mut look)?;
        // Read again because of other files: what was said of it is not said again.
        for noted in &mut intake.noted[noted..] {
            let was_said = |before: &Rc<FileOutcome>| {
                before
                    .noted
                    .iter()
                    .any(|other| other.finding == noted.finding)
            };
            noted.repeated = before.as_ref().is_some_and(was_said);
        }
        if !outcome.depends {
            intake.keep_file(unit, &outcome);
        }
        self.report.files += 1;
        self.report.bytes_read += outcome.bytes;
        Ok(Rc::new(outcome))
    }

    fn look(&self, number: usize, name: &str, objects: u64) -> Result<()> {
        let total = self.commits.len() as u64;
        self.monitor.report(&Progress {
            stage: Stage::Reading,
            name,
            snapshots: (number as u64, total),
            files: (0, self.listing.files.len() as u64),
            bytes: self.report.bytes_read,
            objects: self.objects + objects,
        });
        if self.monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }
}

/// The commits that the archive has, with the kinds each held.
fn imported(writer: &Writer) -> Result<HashMap<String, Vec<Target>>> {
    let archive = writer.archive();
    let mut found = HashMap::new();
    for number in archive.statements() {
        let record = archive.record(number)?;
        let Some(source) = record.source.filter(|source| source.kind == "git") else {
            continue;
        };
        let only_events = record.act == "events";
        let kinds = record.kinds.iter().filter(|kind| kind.alive > 0);
        let targets = kinds.map(|kind| match catalog::by_name(&kind.kind) {
            Some(kind) => Target::Catalogued(kind),
            None => Target::Generic {
                name: kind.kind.clone(),
                events: only_events || catalog::is_kept_log(&kind.kind),
            },
        });
        found.insert(source.version, targets.collect());
    }
    Ok(found)
}

//! A folder, or a single file, into one snapshot.

use std::fs::File;
use std::path::Path;

use store::{Source, Writer};

use super::closing::Ending;
use super::walk::Listing;
use super::{Format, ImportRequest, forced_target};
use crate::error::{Error, Result};
use crate::intake::FileForm;
use crate::intake::{Intake, IntakeOptions, Known};
use crate::monitor::{Monitor, Progress, Stage};
use crate::recognise::FilePlace;
use crate::report::ImportReport;

/// Imports a folder or file.
pub(super) fn import(
    writer: &mut Writer,
    request: &ImportRequest,
    monitor: &dyn Monitor,
) -> Result<ImportReport> {
    let listing = Listing::read(&request.path)?;
    if listing.files.is_empty() {
        return Err(Error::invalid(format!(
            "no JSON, JSON lines or CSV file in {}",
            request.path.display()
        )));
    }
    let import = FolderImport {
        request,
        monitor,
        places: places(request, &listing)?,
        listing,
    };
    match import.run(writer, request.delta)? {
        Run::Done(report) => Ok(*report),
        // Deltas are small: beginning again costs less than looking through every file first.
        Run::IsDelta => match import.run(writer, true)? {
            Run::Done(report) => Ok(*report),
            Run::IsDelta => Err(Error::invalid("a delta within a delta")),
        },
    }
}

struct FolderImport<'a> {
    request: &'a ImportRequest,
    monitor: &'a dyn Monitor,
    listing: Listing,
    places: Vec<FilePlace>,
}

enum Run {
    Done(Box<ImportReport>),
    /// Marks of a delta were found where states were expected.
    IsDelta,
}

/// Name of the folder itself, or of the folder a single file is in: it may say what is inside.
fn root_name(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = if absolute.is_file() {
        absolute.parent().unwrap_or(&absolute)
    } else {
        &absolute
    };
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

fn places(request: &ImportRequest, listing: &Listing) -> Result<Vec<FilePlace>> {
    let root = root_name(&request.path);
    let forced = forced_target(request)?;
    let files = listing.files.iter();
    Ok(files
        .map(|file| FilePlace {
            forced: forced.clone(),
            only_events: request.format == Format::Events,
            ..FilePlace::new(&root, &file.path)
        })
        .collect())
}

impl FolderImport<'_> {
    fn run(&self, writer: &mut Writer, delta: bool) -> Result<Run> {
        let known = Known::new(writer.archive())?;
        let taken_at = self.request.taken_at.or(self.listing.newest);
        let taken_at = taken_at.ok_or_else(|| {
            Error::invalid("the files have no modification time: say when the export was taken")
        })?;
        let source = Source {
            kind: self.format().to_string(),
            name: root_name(&self.request.path),
            ..Source::default()
        };
        let options = IntakeOptions {
            delta,
            ..IntakeOptions::default()
        };
        let mut report = ImportReport {
            ignored: self.listing.ignored,
            ..ImportReport::default()
        };
        let mut intake = Intake::new(writer.begin(taken_at, source)?, options, &known);
        intake
            .digest
            .bytes(&[u8::from(delta), u8::from(self.request.accept_deletions)]);
        intake
            .digest
            .bytes(self.request.kind.as_deref().unwrap_or_default().as_bytes());
        for (path, reason) in &self.listing.left_out {
            let place = FilePlace::new("", path);
            intake.leave_out(&place, reason.clone())?;
        }
        for number in 0..self.places.len() {
            self.file(&mut intake, number, &mut report)?;
            if intake.found_delta {
                return Ok(Run::IsDelta);
            }
        }
        self.look(
            Stage::Committing,
            "",
            self.places.len(),
            report.bytes_read,
            intake.objects,
        )?;
        let ending = Ending {
            taken_at,
            version: "",
            accept_deletions: self.request.accept_deletions,
            absent: Vec::new(),
        };
        intake.finish(&ending, &mut report)?;
        Ok(Run::Done(Box::new(report)))
    }

    fn file(
        &self,
        intake: &mut Intake<'_>,
        number: usize,
        report: &mut ImportReport,
    ) -> Result<()> {
        let (file, place) = (&self.listing.files[number], &self.places[number]);
        let before = report.bytes_read;
        self.look(Stage::Reading, &file.path, number, before, intake.objects)?;
        let path = if self.request.path.is_file() {
            self.request.path.clone()
        } else {
            self.request.path.join(&file.path)
        };
        report.files += 1;
        match File::open(&path) {
            Ok(reader) => {
                let mut look = |bytes: u64, objects: u64| {
                    self.look(Stage::Reading, &file.path, number, before + bytes, objects)
                };
                let outcome = intake.read_file(place, file.form, &[], reader, &mut look)?;
                report.bytes_read += outcome.bytes;
            }
            Err(error) => {
                intake.leave_out(place, format!("cannot be opened: {error}"))?;
            }
        }
        Ok(())
    }

    /// Tells the monitor, and stops if it says so.
    fn look(&self, stage: Stage, name: &str, files: usize, bytes: u64, objects: u64) -> Result<()> {
        self.monitor.report(&Progress {
            stage,
            name,
            snapshots: (0, 1),
            files: (files as u64, self.places.len() as u64),
            bytes,
            objects,
        });
        if self.monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// What the files are, by their names: the same folder is always called the same.
    fn format(&self) -> Format {
        if self.request.format != Format::Auto {
            return self.request.format;
        }
        let exported = |place: &FilePlace| {
            place
                .export
                .as_ref()
                .is_some_and(|export| export.object.is_some())
        };
        if self.places.iter().any(exported) {
            Format::EntraExporter
        } else if self
            .listing
            .files
            .iter()
            .all(|file| file.form == FileForm::Lines)
        {
            Format::Jsonl
        } else {
            Format::Json
        }
    }
}

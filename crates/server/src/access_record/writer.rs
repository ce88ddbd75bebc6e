//! Writing the record: one thread, which writes what has come together and makes it last once a second.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::AccessOptions;
use super::entry::Entry;
use super::files::{self, FileName};
use crate::error::{Error, Result};
use crate::state_folder;

/// Lines that may wait to be written.
const WAITING: usize = 16_384;
/// Lines written at once.
const AT_ONCE: usize = 4_096;
/// Longest time a line waits to be made durable, and between two tries after a failure.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time in which lines come together before they are written: waking the thread for each costs more than writing it.
const GATHERING: Duration = Duration::from_millis(20);

enum Message {
    Line(Box<Entry>),
    /// Answered when everything before it is durable.
    Flush(SyncSender<()>),
}

/// The record. Dropped, it writes what is left.
#[derive(Debug)]
pub struct AccessRecord {
    options: AccessOptions,
    lines: Mutex<Option<SyncSender<Message>>>,
    failing: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl AccessRecord {
    /// Begins to write in a folder.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn begin(options: AccessOptions, now: Timestamp) -> Result<Self> {
        state_folder::make(&options.folder)?;
        files::forget(&options.folder, options.days, now)?;
        let mut writer = Writer {
            options: options.clone(),
            open: None,
            unsynced: false,
            synced_at: Instant::now(),
            last_day: FileName::first_of(now),
        };
        // What cannot be written is found now and not with the first request.
        writer.file_for(now)?;
        let (lines, receiver) = sync_channel(WAITING);
        let failing = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&failing);
        let thread = std::thread::Builder::new()
            .name("access-record".to_owned())
            .spawn(move || writer.work(&receiver, &told))
            .map_err(|source| Error::System {
                what: "the thread of the access record cannot be started",
                source,
            })?;
        Ok(Self {
            options,
            lines: Mutex::new(Some(lines)),
            failing,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Records a request. Never waits: it is called where others' requests are served.
    pub fn add(&self, mut entry: Entry) {
        if !self.options.statements {
            entry.statement = None;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = lines
            .as_ref()
            .is_some_and(|lines| lines.try_send(Message::Line(Box::new(entry))).is_ok());
        if !sent && !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the access record cannot keep up: a line was lost, requests are refused"
            );
        }
    }

    /// Whether requests can be recorded now.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        !self.failing.load(Ordering::Relaxed)
    }

    /// Waits until everything that was recorded is durable. Blocks.
    pub fn flush(&self) {
        let (done, waits) = sync_channel(1);
        let sender = {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.clone()
        };
        if let Some(sender) = sender
            && sender.send(Message::Flush(done)).is_ok()
        {
            let _ = waits.recv();
        }
    }

    /// Where it is written.
    pub(super) fn folder(&self) -> &std::path::Path {
        &self.options.folder
    }
}

impl Drop for AccessRecord {
    fn drop(&mut self) {
        // Without a sender the thread writes what is left and ends.
        drop(
            self.lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Writer {
    options: AccessOptions,
    open: Option<Open>,
    unsynced: bool,
    synced_at: Instant,
    last_day: FileName,
}

struct Open {
    name: FileName,
    file: File,
    size_bytes: u64,
}

impl Writer {
    fn work(&mut self, lines: &Receiver<Message>, failing: &AtomicBool) {
        let mut left = Vec::new();
        loop {
            let next = if self.unsynced || !left.is_empty() {
                lines.recv_timeout(PATIENCE)
            } else {
                lines.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let (mut is_over, mut is_idle, mut flushes) = (false, false, Vec::new());
            match next {
                Ok(message) => {
                    let more = std::iter::from_fn(|| lines.try_recv().ok()).take(AT_ONCE);
                    for message in std::iter::once(message).chain(more) {
                        match message {
                            Message::Line(entry) => left.push(*entry),
                            Message::Flush(done) => flushes.push(done),
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => is_idle = true,
                Err(RecvTimeoutError::Disconnected) => is_over = true,
            }
            let must_last = is_over || is_idle || !flushes.is_empty() || self.is_due();
            let written = self.write(&mut left);
            match written.and_then(|()| if must_last { self.sync() } else { Ok(()) }) {
                Ok(()) => {
                    if failing.swap(false, Ordering::Relaxed) {
                        tracing::warn!("the access record is written again");
                    }
                }
                Err(error) => {
                    self.open = None;
                    if !failing.swap(true, Ordering::Relaxed) {
                        tracing::error!(%error, "the access record cannot be written: requests are refused");
                    }
                    // As long as requests are refused this stays small.
                    left.truncate(WAITING);
                }
            }
            for done in flushes {
                let _ = done.send(());
            }
            if is_over {
                return;
            }
            if !is_idle {
                // Nobody who adds a line has to wake this thread while it does not wait for one.
                std::thread::sleep(GATHERING);
            }
        }
    }

    fn write(&mut self, left: &mut Vec<Entry>) -> Result<()> {
        while !left.is_empty() {
            let at = left[0].at;
            let (options_bytes, path) = (self.options.file_bytes, self.options.folder.clone());
            let open = self.file_for(at)?;
            let name = open.name;
            let mut text = Vec::new();
            let mut taken = 0;
            for entry in left.iter() {
                let other_day = FileName::first_of(entry.at).day != name.day;
                if taken > 0 && (other_day || open.size_bytes + text.len() as u64 >= options_bytes)
                {
                    break;
                }
                serde_json::to_writer(&mut text, entry).expect("because it is made of texts");
                text.push(b'\n');
                taken += 1;
            }
            let written = open.file.write_all(&text);
            written.map_err(|error| Error::file(&path.join(name.to_string()), error))?;
            open.size_bytes += text.len() as u64;
            left.drain(..taken);
            self.unsynced = true;
        }
        Ok(())
    }

    /// Whether lines have waited long enough: without a pause between them nobody is ever idle.
    fn is_due(&self) -> bool {
        self.synced_at.elapsed() >= PATIENCE
    }

    fn sync(&mut self) -> Result<()> {
        if let Some(open) = self.open.as_mut().filter(|_| self.unsynced) {
            let path = self.options.folder.join(open.name.to_string());
            open.file
                .sync_data()
                .map_err(|error| Error::file(&path, error))?;
        }
        self.unsynced = false;
        self.synced_at = Instant::now();
        Ok(())
    }

    /// The file for a line of this time: answers that end after midnight may belong to the day before.
    fn file_for(&mut self, at: Timestamp) -> Result<&mut Open> {
        let mut name = FileName::first_of(at);
        let fits =
            |open: &Open| open.name.day == name.day && open.size_bytes < self.options.file_bytes;
        if self.open.as_ref().is_some_and(fits) {
            return Ok(self.open.as_mut().expect("because it was just looked at"));
        }
        if let Some(full) = self.open.as_ref().filter(|open| open.name.day == name.day) {
            name.number = full.name.number + 1;
        }
        self.sync()?;
        if name.day > self.last_day.day {
            self.last_day = name;
            files::forget(&self.options.folder, self.options.days, at)?;
        }
        loop {
            let open = open_file(&self.options.folder.join(name.to_string()), name)?;
            if open.size_bytes < self.options.file_bytes {
                return Ok(self.open.insert(open));
            }
            name.number += 1;
        }
    }
}

/// Opens a file to write at its end. A line that a crash cut off is ended first.
fn open_file(path: &PathBuf, name: FileName) -> Result<Open> {
    let failed = |error| Error::file(path, error);
    let mut file = state_folder::private()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(failed)?;
    let mut size_bytes = file.metadata().map_err(failed)?.len();
    if size_bytes > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1)).map_err(failed)?;
        file.read_exact(&mut last).map_err(failed)?;
        if last != *b"\n" {
            file.write_all(b"\n").map_err(failed)?;
            size_bytes += 1;
        }
    }
    Ok(Open {
        name,
        file,
        size_bytes,
    })
}

//! What every command has in common: options, the archive, sessions over it.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use jiff::Timestamp;
use query::{Session, SessionOptions, Source};
use store::{Archive, LocalStorage, Secrets, Storage, Writer, WriterOptions};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::cli::{Command, Globals};
use crate::commands;
use crate::config::Config;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Colour, Format};
use crate::progress::ProgressStyle;
use crate::secrets::{self, KeyArgs};

/// Name and version, as records carry it.
pub(crate) const TOOL: &str = concat!("entrace ", env!("CARGO_PKG_VERSION"));

/// Stack of threads that work on statements. Memory only as far as it is used.
const STACK_BYTES: usize = 8 << 20;

/// One run of the program.
pub(crate) struct App {
    pub(crate) globals: Globals,
    pub(crate) colour: Colour,
    runtime: OnceCell<Runtime>,
    config: OnceCell<Config>,
    /// What a person was asked for, so that they are asked once.
    passphrase: OnceCell<Zeroizing<String>>,
    /// Whether anything of the answer was written: then it cannot be begun again.
    pub(crate) written: Cell<bool>,
}

impl App {
    pub(crate) fn new(globals: Globals) -> Result<Self> {
        if globals.json && globals.output.is_some_and(|format| !format.is_json()) {
            return Err(Failure::usage(
                "--json and -o contradict each other: use one",
            ));
        }
        Ok(Self {
            colour: Colour::new(globals.color),
            globals,
            runtime: OnceCell::new(),
            config: OnceCell::new(),
            passphrase: OnceCell::new(),
            written: Cell::new(false),
        })
    }

    /// Runs a command. An index that is absent or damaged is made anew, once.
    pub(crate) fn run(&self, command: &Command) -> Result<u8> {
        match commands::run(self, command) {
            Err(failure) if failure.is_index && !self.written.get() && command.rebuilds() => {
                self.note(&format!("{}; making it anew", failure.message));
                let secrets = self.secrets()?;
                Writer::rebuild(self.storage()?, &secrets, Self::writer_options())?;
                commands::run(self, command)
            }
            other => other,
        }
    }

    /// Format of the answer: for people, unless asked otherwise.
    pub(crate) fn format(&self) -> Format {
        match self.globals.output {
            Some(format) => format,
            None if self.globals.json => Format::Json,
            None => Format::Table,
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.format().is_json()
    }

    /// Whether the answer is text for people.
    pub(crate) fn for_people(&self) -> bool {
        self.format() == Format::Table
    }

    pub(crate) fn progress_style(&self) -> ProgressStyle {
        self.globals
            .progress
            .style(self.wants_json(), self.globals.quiet)
    }

    pub(crate) fn now() -> Timestamp {
        Timestamp::now()
    }

    /// The configuration, read when it is first needed.
    pub(crate) fn config(&self) -> Result<&Config> {
        if self.config.get().is_none() {
            let config = Config::load(self.globals.config.as_deref(), &self.globals.profile)?;
            let _ = self.config.set(config);
        }
        self.config
            .get()
            .ok_or_else(|| Failure::new(FAILED, "the configuration cannot be read"))
    }

    /// What opens the archive: as the command line says, else as the configuration does.
    pub(crate) fn keys(&self) -> Result<KeyArgs> {
        if self.globals.keys.is_given() {
            return Ok(self.globals.keys.clone());
        }
        let store = &self.config()?.shape.store;
        Ok(KeyArgs {
            key_file: store.key_file.clone(),
            passphrase_file: store.passphrase_file.clone(),
            passphrase_command: store.passphrase_command.clone(),
        })
    }

    pub(crate) fn storage(&self) -> Result<Arc<dyn Storage>> {
        let path = self.path()?;
        if path.as_os_str().is_empty() {
            return Err(Failure::usage("the archive's path is empty"));
        }
        if path.to_str().is_some_and(|text| text.contains("://")) {
            return Err(Failure::usage(format!(
                "{}: an archive is a folder; other storages are not supported yet",
                path.display()
            )));
        }
        Ok(Arc::new(LocalStorage::new(&path)))
    }

    fn secrets(&self) -> Result<Secrets> {
        self.keys()?.secrets()
    }

    pub(crate) fn writer_options() -> WriterOptions {
        WriterOptions {
            tool: TOOL.to_owned(),
            now: Self::now,
        }
    }

    /// Opens with the keys that were named, or asks a person for a passphrase.
    fn opened<T>(
        &self,
        open: impl Fn(Arc<dyn Storage>, &Secrets) -> store::Result<T>,
    ) -> Result<T> {
        let storage = self.storage()?;
        let mut secrets = self.globals.keys.secrets()?;
        let mut opened = open(Arc::clone(&storage), &secrets);
        // An archive that opens without a key needs no configuration.
        if let Err(store::Error::Key(_)) = opened
            && !self.globals.keys.is_given()
        {
            secrets = self.secrets()?;
            opened = open(Arc::clone(&storage), &secrets);
        }
        match opened {
            Err(store::Error::Key(_)) if secrets.passphrases.is_empty() => {
                let known = self.passphrase.get().cloned();
                let Some(passphrase) =
                    known.or_else(|| secrets::ask("Passphrase of the archive: "))
                else {
                    return Ok(open(storage, &secrets)?);
                };
                secrets.passphrases.push(passphrase.clone());
                let opened = open(storage, &secrets)?;
                let _ = self.passphrase.set(passphrase);
                Ok(opened)
            }
            other => Ok(other?),
        }
    }

    pub(crate) fn archive(&self) -> Result<Archive> {
        self.opened(Archive::open)
    }

    /// The archive, for what outlives a borrow of it.
    pub(crate) fn shared_archive(&self) -> Result<Arc<Archive>> {
        Ok(Arc::new(self.archive()?))
    }

    /// Opens the archive for writing; no other process can then.
    pub(crate) fn writer(&self) -> Result<Writer> {
        self.opened(|storage, secrets| Writer::open(storage, secrets, Self::writer_options()))
    }

    /// Makes the index anew and opens for writing.
    pub(crate) fn rebuilt(&self) -> Result<Writer> {
        self.opened(|storage, secrets| Writer::rebuild(storage, secrets, Self::writer_options()))
    }

    /// What opens the archive, which is sound: for processes that can neither ask nor repair.
    pub(crate) fn opening_secrets(&self) -> Result<Secrets> {
        self.opened(|storage, secrets| Archive::open(storage, secrets).map(|_| secrets.clone()))
    }

    pub(crate) fn source(&self) -> Result<Arc<Source>> {
        Ok(Source::new(Arc::new(self.archive()?), Self::now()))
    }

    pub(crate) fn session(&self) -> Result<Session> {
        Ok(Session::new(&self.source()?, SessionOptions::default())?)
    }

    pub(crate) fn runtime(&self) -> Result<&Runtime> {
        if self.runtime.get().is_none() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .thread_stack_size(STACK_BYTES)
                .build()
                .map_err(|e| Failure::new(FAILED, format!("threads cannot be started: {e}")))?;
            let _ = self.runtime.set(runtime);
        }
        self.runtime
            .get()
            .ok_or_else(|| Failure::new(FAILED, "threads cannot be started"))
    }
}

impl Drop for App {
    /// A statement that was cancelled may still be at work: the program does not wait for it.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

//! From versions to units to data frames: what is compressed with what.

use std::sync::Arc;

use super::staging::Staging;
use crate::archive::Archive;
use crate::compress::{Compressor, Dictionary, Method};
use crate::data::{Codec, DataBuilder, MAX_RECORDS, MAX_UNITS};
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::{KindNumber, Ordinal};
use crate::index::{KindState, Place, Runs};
use crate::keys::SubjectHandle;
use crate::seal::{Nonce, Sealer};

/// A data frame is closed when it holds this many stored bytes: one version is read with the frame it
/// stands in. A quarter of 128 KiB costs 0.3 % more room and reads scattered versions that much faster.
const FRAME_BYTES: usize = 32 << 10;
/// Units of several objects grow to this where records are small (edges): a GUID repeats over many
/// records, and only a window that reaches its last use saves it. More than zstd's window at the
/// usual level would gain nothing.
const SMALL_RECORDS_BLOCK_BYTES: usize = 2 << 20;
/// Records are small below this mean.
const SMALL_RECORD_BYTES: usize = 256;
/// Versions of persons a dictionary is trained on: it is all that each of them, a unit of its own,
/// can refer to. More cost time and gain nothing measurable.
const TRAINING_UNITS: usize = 1000;
/// A dictionary is worth its own size from here on.
const TRAINING_MIN_UNITS: usize = 200;
const TRAINING_MIN_BYTES: usize = 256 << 10;
/// Versions that are joined into blocks find most of what they have in common in their block: a
/// dictionary trained on this many bytes serves them as well as one trained on four times as many.
const BLOCK_TRAINING_BYTES: usize = 400 << 10;
/// zstd level of the blocks of a first import that have a dictionary: what versions have in common
/// is so long and so near that a higher one finds no more.
const BLOCK_LEVEL: i32 = 1;
/// Versions wait for training up to this many bytes.
const TRAINING_MAX_BYTES: usize = 8 << 20;

/// What writing works with.
pub(crate) struct Tools<'a> {
    pub(crate) archive: &'a Archive,
    pub(crate) staging: &'a mut Staging,
    pub(crate) compressor: &'a mut Compressor,
}

/// Record bytes waiting, one unit behind the other.
#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    records: usize,
    items: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    runs: Runs,
    end: usize,
    subject: Option<SubjectHandle>,
}

impl Queue {
    fn push(&mut self, runs: Runs, raw: &[u8], subject: Option<SubjectHandle>) {
        self.bytes.extend_from_slice(raw);
        self.records += runs.count();
        self.items.push(Waiting {
            runs,
            end: self.bytes.len(),
            subject,
        });
    }

    /// What a dictionary is trained on, and the sizes of its parts.
    fn samples(&self) -> (&[u8], Vec<usize>) {
        let mut bytes = 0;
        let mut sizes = Vec::with_capacity(self.items.len());
        for (item, raw) in self.units() {
            if item.subject.is_none() && bytes >= BLOCK_TRAINING_BYTES {
                break;
            }
            bytes += raw.len();
            sizes.push(raw.len());
        }
        (&self.bytes[..bytes], sizes)
    }

    fn units(&self) -> impl Iterator<Item = (&Waiting, &[u8])> {
        let starts = std::iter::once(0).chain(self.items.iter().map(|item| item.end));
        self.items
            .iter()
            .zip(starts)
            .map(|(item, start)| (item, &self.bytes[start..item.end]))
    }
}

/// The data frame being filled, and where its versions will be found in it.
#[derive(Debug)]
struct OpenFrame {
    builder: DataBuilder,
    nonce: Nonce,
    places: Vec<(Ordinal, Place)>,
}

/// A version that others are compressed against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) ordinal: Ordinal,
    pub(crate) record: &'a [u8],
    pub(crate) depth: u8,
}

/// Writes versions of one kind.
///
/// Versions with a base become a unit at once. The others wait until it is settled whether the kind
/// gets a dictionary; then those of a person become units of their own, because they are encrypted
/// each for itself, and the rest are joined into blocks.
#[derive(Debug)]
pub(crate) struct UnitWriter {
    kind: KindNumber,
    dictionary: Option<Arc<Dictionary>>,
    newest_dictionary: u32,
    /// Whether it is settled if versions are compressed with a dictionary.
    settled: bool,
    training: Queue,
    block: Queue,
    frame: Option<OpenFrame>,
    /// Versions whose frame is written, with their places.
    pub(crate) placed: Vec<(Ordinal, Place)>,
    /// `(number, frame)` of dictionaries that were made.
    pub(crate) new_dictionaries: Vec<(u32, u32)>,
}

impl UnitWriter {
    pub(crate) fn new(archive: &Archive, kind: &KindState) -> Result<Self> {
        let newest = kind.dictionaries.last().map(|(number, _)| *number);
        let dictionary = newest
            .map(|number| archive.dictionary(kind.number, number))
            .transpose()?;
        Ok(Self::with(kind.number, newest, dictionary))
    }

    /// Writes with the kind's newest dictionary at another level than imports do.
    pub(crate) fn at_level(archive: &Archive, kind: &KindState, level: i32) -> Result<Self> {
        let Some((number, frame)) = kind.dictionaries.last().copied() else {
            return Self::new(archive, kind);
        };
        let opened = archive.open_frame(frame, FrameKind::Dictionary)?;
        let dictionary = Arc::new(Dictionary::new(number, &opened.content, level));
        Ok(Self::with(kind.number, Some(number), Some(dictionary)))
    }

    fn with(kind: KindNumber, newest: Option<u32>, dictionary: Option<Arc<Dictionary>>) -> Self {
        Self {
            kind,
            settled: dictionary.is_some(),
            dictionary,
            newest_dictionary: newest.unwrap_or(0),
            training: Queue::default(),
            block: Queue::default(),
            frame: None,
            placed: Vec::new(),
            new_dictionaries: Vec::new(),
        }
    }

    /// Adds versions of one object that stand for themselves; `raw` are their record bytes.
    pub(crate) fn add(
        &mut self,
        tools: &mut Tools<'_>,
        runs: Runs,
        raw: &[u8],
        subject: Option<SubjectHandle>,
    ) -> Result<()> {
        if !self.settled {
            self.training.push(runs, raw, subject);
            let (units, bytes) = (self.training.items.len(), self.training.bytes.len());
            let enough_for_blocks =
                subject.is_none() && units >= TRAINING_MIN_UNITS && bytes >= BLOCK_TRAINING_BYTES;
            if enough_for_blocks || units >= TRAINING_UNITS || bytes >= TRAINING_MAX_BYTES {
                self.settle(tools)?;
            }
            return Ok(());
        }
        if subject.is_some() {
            return self.compressed(tools, &runs, raw, subject);
        }
        if self.block.records + runs.count() >= MAX_RECORDS {
            self.write_block(tools)?;
        }
        self.block.push(runs, raw, None);
        let small = self.block.bytes.len() / self.block.records < SMALL_RECORD_BYTES;
        let normal = tools.archive.config.compression.block_bytes;
        let limit = if small {
            SMALL_RECORDS_BLOCK_BYTES.max(normal)
        } else {
            normal
        };
        if self.block.bytes.len() >= limit {
            self.write_block(tools)
        } else {
            Ok(())
        }
    }

    /// Adds versions of one object as a unit that is compressed against another version of it.
    pub(crate) fn add_on(
        &mut self,
        tools: &mut Tools<'_>,
        base: Base<'_>,
        runs: &Runs,
        raw: &[u8],
        subject: Option<SubjectHandle>,
    ) -> Result<()> {
        let stored = tools
            .compressor
            .compress(raw, Method::Prefix(base.record))?
            .to_vec();
        let unit = NewUnit {
            codec: Codec::Prefix(base.ordinal),
            subject,
            raw_len: raw.len(),
            depth: base.depth + 1,
        };
        self.push(tools, unit, runs, stored)
    }

    /// Writes everything that still waits.
    pub(crate) fn flush(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        if !self.settled && !self.training.items.is_empty() {
            self.settle(tools)?;
        }
        self.write_block(tools)?;
        self.write_frame(tools)
    }

    /// Trains a dictionary if that is worth it, and writes what has waited for it.
    fn settle(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let waiting = std::mem::take(&mut self.training);
        self.settled = true;
        if waiting.items.len() >= TRAINING_MIN_UNITS && waiting.bytes.len() >= TRAINING_MIN_BYTES {
            let size = tools.archive.config.compression.dictionary_bytes;
            let (samples, sizes) = waiting.samples();
            if let Some(content) = Dictionary::train(samples, &sizes, size) {
                let in_blocks = waiting.items.iter().all(|item| item.subject.is_none());
                let level = tools.archive.config.compression.level;
                let level = if in_blocks {
                    level.min(BLOCK_LEVEL)
                } else {
                    level
                };
                self.add_dictionary(tools, &content, level)?;
            }
        }
        for (item, raw) in waiting.units() {
            self.add(tools, item.runs.clone(), raw, item.subject)?;
        }
        Ok(())
    }

    fn add_dictionary(&mut self, tools: &mut Tools<'_>, content: &[u8], level: i32) -> Result<()> {
        self.newest_dictionary += 1;
        let (number, nonce) = (self.newest_dictionary, Sealer::random_nonce());
        let frame = tools.staging.push(
            tools.archive,
            FrameKind::Dictionary,
            self.kind.0,
            number,
            content,
            &nonce,
        )?;
        self.new_dictionaries.push((number, frame));
        self.dictionary = Some(Arc::new(Dictionary::new(number, content, level)));
        Ok(())
    }

    fn write_block(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let mut block = std::mem::take(&mut self.block);
        let mut runs = Runs::default();
        block.items.iter().for_each(|item| runs.append(&item.runs));
        if block.records > 0 {
            self.compressed(tools, &runs, &block.bytes, None)?;
        }
        block.bytes.clear();
        block.items.clear();
        block.records = 0;
        self.block = block;
        Ok(())
    }

    fn compressed(
        &mut self,
        tools: &mut Tools<'_>,
        runs: &Runs,
        raw: &[u8],
        subject: Option<SubjectHandle>,
    ) -> Result<()> {
        let dictionary = self.dictionary.clone();
        let (codec, method) = match &dictionary {
            Some(dictionary) => (
                Codec::Dictionary(dictionary.number),
                Method::Dictionary(dictionary),
            ),
            None => (Codec::Zstd, Method::Plain),
        };
        let stored = tools.compressor.compress(raw, method)?.to_vec();
        self.push(
            tools,
            NewUnit {
                codec,
                subject,
                raw_len: raw.len(),
                depth: 0,
            },
            runs,
            stored,
        )
    }

    fn push(
        &mut self,
        tools: &mut Tools<'_>,
        unit: NewUnit,
        runs: &Runs,
        mut stored: Vec<u8>,
    ) -> Result<()> {
        let frame = self.frame.get_or_insert_with(|| OpenFrame {
            builder: DataBuilder::new(),
            nonce: Sealer::random_nonce(),
            places: Vec::new(),
        });
        let number = u16::try_from(frame.builder.unit_count())
            .map_err(|_| Error::Internal("a data frame has too many units".to_owned()))?;
        if let Some(subject) = unit.subject {
            tools.archive.sealer.subject_cipher(
                subject,
                &frame.nonce,
                number.into(),
                &mut stored,
            )?;
        }
        let ordinals = runs
            .iter()
            .flat_map(|(first, length)| first..first + length);
        for (record, ordinal) in (0..=u16::MAX).zip(ordinals) {
            frame.places.push((
                ordinal,
                Place {
                    frame: 0,
                    unit: number,
                    record,
                    depth: unit.depth,
                },
            ));
        }
        frame.builder.push(
            unit.codec,
            unit.subject,
            runs.iter().collect(),
            unit.raw_len,
            &stored,
        );
        let full =
            frame.builder.len() >= FRAME_BYTES || frame.builder.unit_count() >= MAX_UNITS - 1;
        if full {
            self.write_frame(tools)
        } else {
            Ok(())
        }
    }

    fn write_frame(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let Some(mut frame) = self.frame.take().filter(|frame| !frame.builder.is_empty()) else {
            return Ok(());
        };
        let content = frame.builder.finish(self.kind)?;
        let number = tools.staging.push(
            tools.archive,
            FrameKind::Data,
            self.kind.0,
            0,
            &content,
            &frame.nonce,
        )?;
        let placed = frame.places.into_iter();
        self.placed.extend(placed.map(|(ordinal, place)| {
            (
                ordinal,
                Place {
                    frame: number,
                    ..place
                },
            )
        }));
        Ok(())
    }
}

/// A unit before its bytes.
#[derive(Clone, Copy)]
struct NewUnit {
    codec: Codec,
    subject: Option<SubjectHandle>,
    raw_len: usize,
    depth: u8,
}

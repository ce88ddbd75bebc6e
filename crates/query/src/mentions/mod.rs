//! Which versions name which objects: what is needed to go from an object to the edges that end at it, to
//! the assignments that refer to it and to the events about it, without reading all of them.
//!
//! A version names an object where the object's id stands anywhere in it, in its key too. Only ids of
//! the form Graph gives to directory objects count (GUIDs), in any spelling. Ids of products and plans,
//! which stand in every user, do not.
//!
//! As with columns, most versions are in files over runs of ordinals, and the tail behind them is read
//! from the packs; so is what is missing or damaged.

mod file;
mod guid;
mod pairs;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use roaring::RoaringBitmap;
use store::{Archive, KindNumber, StoredKind};

pub(crate) use file::{IdFile, write_ids};
pub(crate) use pairs::{Collector, Pairs};

use crate::columns::{Name, SegmentKey};
use crate::error::{Error, Result};
pub(crate) use guid::guid;

/// Versions behind the files that are read without hesitation: as many as a tail has before it becomes
/// a segment.
const SHORT_TAIL: u32 = 1024;

/// The mentions of all kinds that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Mentioned {
    kinds: Mutex<HashMap<KindNumber, Arc<Mentions>>>,
}

impl Mentioned {
    pub(crate) fn kind(&self, archive: &Arc<Archive>, kind: &StoredKind) -> Result<Arc<Mentions>> {
        let lock = || {
            self.kinds
                .lock()
                .map_err(|_| Error::Internal("cache of mentions is poisoned".to_owned()))
        };
        if let Some(known) = lock()?.get(&kind.number) {
            return Ok(Arc::clone(known));
        }
        let files = id_files(archive, kind)?;
        let made = Arc::new(Mentions::new(archive, kind, files)?);
        lock()?.insert(kind.number, Arc::clone(&made));
        Ok(made)
    }

    /// As [`Mentioned::kind`], where that takes little time: no more than a short tail is read for it.
    pub(crate) fn at_hand(
        &self,
        archive: &Arc<Archive>,
        kind: &StoredKind,
    ) -> Result<Option<Arc<Mentions>>> {
        let is_known = self
            .kinds
            .lock()
            .is_ok_and(|kinds| kinds.contains_key(&kind.number));
        let covered = || -> Result<u32> {
            let files = id_files(archive, kind)?;
            Ok(files.last().map_or(0, |file| file.run().end))
        };
        if is_known || kind.versions - covered()? <= SHORT_TAIL {
            self.kind(archive, kind).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// Which versions of one kind name which ids.
#[derive(Debug)]
pub(crate) struct Mentions {
    archive: Arc<Archive>,
    kind: StoredKind,
    files: Vec<Run>,
    /// What the versions behind the files name.
    tail: Pairs,
}

/// A file, and what replaces it where it is damaged.
#[derive(Debug)]
struct Run {
    file: IdFile,
    read_anew: Mutex<Option<Arc<Pairs>>>,
}

/// The files of a kind that follow each other without gap, from ordinal 0.
pub(crate) fn id_files(archive: &Archive, kind: &StoredKind) -> Result<Vec<IdFile>> {
    let files = archive
        .storage()
        .list(&format!("columns/{}", kind.number.0))?;
    let mut runs: Vec<(u32, u32, &str)> = files
        .iter()
        .filter_map(|(path, _)| {
            let name = Name::of_ids(path)?;
            Some((name.first, name.end, path.as_str()))
        })
        .collect();
    // Of two files that start alike the longer one was merged from the shorter.
    runs.sort_unstable_by_key(|(first, end, _)| (*first, std::cmp::Reverse(*end)));
    let key = archive.columns_key();
    let key = SegmentKey::new(archive, &key);
    let mut files: Vec<IdFile> = Vec::new();
    for (first, end, path) in runs {
        let next = files.last().map_or(0, |file| file.run().end);
        if first == next && end <= kind.versions {
            files.extend(IdFile::open(archive.storage(), path, &key));
        }
    }
    Ok(files)
}

impl Mentions {
    fn new(archive: &Arc<Archive>, kind: &StoredKind, files: Vec<IdFile>) -> Result<Self> {
        let covered = files.last().map_or(0, |file| file.run().end);
        let tail = Pairs::read(archive, kind.number, &(covered..kind.versions).collect())?;
        let run = |file| Run {
            file,
            read_anew: Mutex::default(),
        };
        Ok(Self {
            archive: Arc::clone(archive),
            kind: kind.clone(),
            files: files.into_iter().map(run).collect(),
            tail,
        })
    }

    /// The versions in which an id stands, those of the object with that id among them; none for what
    /// is no GUID.
    ///
    /// Where that cannot be told, because neither a file nor the packs it was made from can be read, all
    /// versions of the run are returned: whoever reads them meets the error.
    pub(crate) fn of(&self, id: &str) -> RoaringBitmap {
        let Some(number) = guid(id.as_bytes()) else {
            return RoaringBitmap::new();
        };
        let number = number.to_be_bytes();
        let mut versions: RoaringBitmap = self.tail.of(number).collect();
        let own = self
            .archive
            .object_versions(self.kind.number, &model::fold_id(id));
        match own {
            Ok(own) => versions.extend(own),
            Err(_) => return (0..self.kind.versions).collect(),
        }
        for run in &self.files {
            match run.file.of(number) {
                Some(named) => versions.extend(named),
                None => match self.read_anew(run) {
                    Ok(pairs) => versions.extend(pairs.of(number)),
                    Err(_) => versions.extend(run.file.run()),
                },
            }
        }
        versions
    }

    /// What a damaged file held, from the packs.
    fn read_anew(&self, run: &Run) -> Result<Arc<Pairs>> {
        let lock = || {
            run.read_anew
                .lock()
                .map_err(|_| Error::Internal("cache of mentions is poisoned".to_owned()))
        };
        if let Some(pairs) = &*lock()? {
            return Ok(Arc::clone(pairs));
        }
        let versions = run.file.run().collect();
        let pairs = Arc::new(Pairs::read(&self.archive, self.kind.number, &versions)?);
        *lock()? = Some(Arc::clone(&pairs));
        Ok(pairs)
    }
}

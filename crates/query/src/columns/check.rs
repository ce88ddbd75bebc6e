//! Finding damage in the projection.

use store::Archive;

use super::segment::{Name, Segment, SegmentKey};
use super::{KindColumns, KindSchema};
use crate::error::Result;
use crate::mentions::{IdFile, id_files};

/// A file of the projection that is not as it was written. Answers do not need it: they are then read
/// from the packs, which takes longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedColumns {
    /// The file, from the archive's root.
    pub path: String,
    /// The kind whose versions are in it.
    pub kind: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Looks at every file of the projection; `read_data` reads all of each instead of its footer alone.
pub fn check_columns(archive: &Archive, read_data: bool) -> Result<Vec<DamagedColumns>> {
    let key = archive.columns_key();
    let key = SegmentKey::new(archive, &key);
    let mut damaged = Vec::new();
    for kind in archive.kinds() {
        let schema = KindSchema::new(&kind.name);
        let columns = KindColumns::open(archive, &kind)?;
        let ids = id_files(archive, &kind)?;
        let files = archive
            .storage()
            .list(&format!("columns/{}", kind.number.0))?;
        for (path, _) in files {
            let (name, is_used, covered) = match (Name::of(&path), Name::of_ids(&path)) {
                (Some(name), _) => {
                    let is_used = columns.segments.iter().any(|s| s.path() == path);
                    (name, is_used, columns.covered())
                }
                (None, Some(name)) => {
                    let is_used = ids.iter().any(|file| file.path() == path);
                    (name, is_used, ids.last().map_or(0, |file| file.run().end))
                }
                (None, None) => continue,
            };
            // A longer file made this one superfluous, or a crash left it behind.
            if !is_used && name.end <= covered {
                continue;
            }
            let opens = || match Name::of_ids(&path) {
                Some(_) => IdFile::open(archive.storage(), &path, &key).is_some(),
                None => Segment::open(archive.storage(), &path, &key, &schema).is_some(),
            };
            let reason = if !is_used && !opens() {
                Some("cannot be opened, or was made by another version")
            } else if read_data && key.hash(&archive.storage().read(&path)?) != name.hash {
                Some("its bytes are not those that were written")
            } else {
                None
            };
            if let Some(reason) = reason {
                let kind = kind.name.clone();
                let reason = reason.to_owned();
                damaged.push(DamagedColumns { path, kind, reason });
            }
        }
    }
    Ok(damaged)
}

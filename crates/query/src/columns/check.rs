//! Finding damage in the projection.

use store::Archive;

use super::segment::{Name, Segment, SegmentKey};
use super::{KindColumns, KindSchema};
use crate::error::Result;

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
    let key = SegmentKey {
        key: &key,
        archive: archive.id().to_string(),
    };
    let mut damaged = Vec::new();
    for kind in archive.kinds() {
        let schema = KindSchema::new(&kind.name);
        let used = KindColumns::open(archive, &kind)?;
        let files = archive
            .storage()
            .list(&format!("columns/{}", kind.number.0))?;
        for (path, _) in files {
            let Some(name) = Name::of(&path) else {
                continue;
            };
            // A longer segment made this one superfluous, or a crash left it behind.
            let is_used = used.segments.iter().any(|segment| segment.path() == path);
            if !is_used && name.end <= used.covered() {
                continue;
            }
            let reason = if Segment::open(archive.storage(), &path, &key, &schema).is_none() {
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

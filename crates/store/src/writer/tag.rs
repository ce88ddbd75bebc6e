//! Names for snapshots.

use super::Writer;
use crate::error::{Error, Result};
use crate::id::SnapshotNumber;
use crate::index::IndexBatch;

/// Longest tag, in bytes.
const MAX_NAME: usize = 100;

impl Writer {
    /// Gives a snapshot a name, or takes a name away; whether that changed anything.
    pub fn tag(&mut self, name: &str, target: Option<SnapshotNumber>) -> Result<bool> {
        let is_name = !name.is_empty()
            && name.len() <= MAX_NAME
            && !name.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_name {
            return Err(Error::invalid(format!(
                "{name:?} cannot be a tag: 1 to {MAX_NAME} bytes without spaces"
            )));
        }
        let mut tags = self.archive().tags().to_vec();
        let current = tags.iter().position(|(tag, _)| tag == name);
        if current.map(|at| tags[at].1) == target {
            return Ok(false);
        }
        if let Some(target) = target
            && !self
                .archive()
                .snapshots()
                .iter()
                .any(|snapshot| snapshot.number == target)
        {
            return Err(Error::NotFound {
                what: "snapshot",
                name: target.to_string(),
            });
        }
        match (current, target) {
            (Some(at), Some(target)) => tags[at].1 = target,
            (Some(at), None) => {
                tags.remove(at);
            }
            (None, Some(target)) => tags.push((name.to_owned(), target)),
            (None, None) => {}
        }
        tags.sort();
        let mut record = self.new_record("tag");
        record.tag = Some(name.to_owned());
        record.target = target;
        let batch = IndexBatch {
            tags: Some(tags),
            ..IndexBatch::default()
        };
        self.commit_act(&record, batch)?;
        Ok(true)
    }
}

//! Names for snapshots.

use super::Writer;
use super::staging::Staging;
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::SnapshotNumber;
use crate::index::IndexBatch;
use crate::record::encode_records;
use crate::seal::Sealer;

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
        let text = record.to_text();
        let mut staging = Staging::new(self.archive());
        let content = encode_records(std::iter::once(text.as_str()));
        let nonce = Sealer::random_nonce();
        staging.push(&self.archive, FrameKind::Records, 0, 0, &content, &nonce)?;
        let staged = staging.finish(&self.archive)?;
        let id = self.archive.sealer.record_id(text.as_bytes());
        let state = self.archive.view.reader.state;
        let batch = IndexBatch {
            state,
            tags: Some(tags),
            ..IndexBatch::default()
        };
        self.publish(&record, id, &staged, batch)?;
        Ok(true)
    }
}

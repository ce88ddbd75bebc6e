//! From sets of versions to changed objects, and from two versions to changed properties.

use std::collections::HashMap;

use catalog::Kind;
use model::{Change, DiffRules, Parser, PathTree};
use roaring::RoaringBitmap;
use store::{Archive, KindNumber};

use crate::error::{Error, Result};

/// One object whose version differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Delta {
    /// Number of the object within its kind.
    pub(crate) object: u32,
    pub(crate) before: Option<u32>,
    pub(crate) after: Option<u32>,
}

impl Delta {
    /// A version that tells what the object is called: the new one, or the last there was.
    pub(crate) fn telling(&self) -> u32 {
        self.after.or(self.before).unwrap_or(0)
    }
}

/// The objects behind versions that appeared and disappeared, by object number.
pub(crate) fn deltas(
    archive: &Archive,
    kind: KindNumber,
    opened: &RoaringBitmap,
    closed: &RoaringBitmap,
) -> Result<Vec<Delta>> {
    let closed = archive.objects_of(kind, closed)?.into_iter();
    let opened = archive.objects_of(kind, opened)?.into_iter();
    let before = closed.map(|(ordinal, object)| (object, false, ordinal));
    let after = opened.map(|(ordinal, object)| (object, true, ordinal));
    let mut versions: Vec<(u32, bool, u32)> = before.chain(after).collect();
    versions.sort_unstable();
    let mut deltas: Vec<Delta> = Vec::with_capacity(versions.len());
    for (object, is_after, ordinal) in versions {
        if deltas.last().is_none_or(|last| last.object != object) {
            deltas.push(Delta {
                object,
                before: None,
                after: None,
            });
        }
        if let Some(delta) = deltas.last_mut() {
            let side = if is_after {
                &mut delta.after
            } else {
                &mut delta.before
            };
            *side = Some(ordinal);
        }
    }
    Ok(deltas)
}

/// Compares versions of one kind under its rules.
pub(crate) struct Comparison {
    sets: PathTree,
    drift: &'static [&'static str],
}

impl Comparison {
    pub(crate) fn of(kind: &str) -> Self {
        let kind: Option<&'static Kind> = catalog::by_name(kind);
        let sets = PathTree::new(kind.map_or(&[][..], |kind| kind.sets).iter().copied());
        Self {
            sets,
            drift: kind.map_or(&[], |kind| kind.drift),
        }
    }

    /// The properties that differ between two payloads.
    pub(crate) fn changes(&self, old: &str, new: &str) -> Result<Vec<Change>> {
        let broken =
            |e: model::JsonError| Error::Internal(format!("a stored payload is not JSON: {e}"));
        let (mut first, mut second) = (Parser::new(), Parser::new());
        let old = first.parse(old.as_bytes()).map_err(broken)?;
        let new = second.parse(new.as_bytes()).map_err(broken)?;
        let rules = DiffRules {
            sets: &self.sets,
            annotation: catalog::is_transport,
        };
        Ok(model::diff(old.root(), new.root(), rules))
    }

    /// Whether a change is one that machines make by themselves.
    pub(crate) fn is_drift(&self, path: &str) -> bool {
        let top = path.split(['.', '[']).next().unwrap_or(path);
        self.drift.contains(&top)
    }
}

/// Payloads of the versions of modified objects, in groups that bound memory.
pub(crate) fn with_payloads(
    archive: &Archive,
    kind: KindNumber,
    deltas: &[Delta],
    mut each: impl FnMut(&Delta, &str, &str) -> Result<()>,
) -> Result<()> {
    let modified: Vec<&Delta> = deltas
        .iter()
        .filter(|d| d.before.is_some() && d.after.is_some())
        .collect();
    for group in modified.chunks(2048) {
        let wanted: RoaringBitmap = group
            .iter()
            .flat_map(|delta| delta.before.into_iter().chain(delta.after))
            .collect();
        let mut payloads: HashMap<u32, String> = HashMap::new();
        archive.versions(kind, &wanted, |ordinal, _, payload| {
            payloads.insert(ordinal, payload.to_owned());
            Ok(())
        })?;
        for delta in group {
            let payload = |ordinal: Option<u32>| ordinal.and_then(|ordinal| payloads.get(&ordinal));
            // A version whose person was erased has no payload to compare.
            if let (Some(old), Some(new)) = (payload(delta.before), payload(delta.after)) {
                each(delta, old, new)?;
            }
        }
    }
    Ok(())
}

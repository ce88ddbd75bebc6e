//! The changes of a range, gathered by object: what a round has to tell of each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Scope;
use crate::http::surface::Call;
use crate::tenant::{Sequence, Slot, What, index_of};

/// Everything that happened to one object in a range.
#[derive(Debug, Default)]
pub(super) struct Changed<'t> {
    /// It is new, or back from the recycle bin.
    pub(super) is_new: bool,
    /// Properties with new values.
    pub(super) properties: BTreeSet<&'t str>,
    /// Other ends of edges and whether the edge is there at the end.
    pub(super) edges: BTreeMap<Slot, bool>,
    /// It left its collection at some time.
    pub(super) is_removed: bool,
}

/// The objects of a scope that the range wakes, in the order in which they came to be.
pub(super) fn gather<'t>(
    call: &Call<'t>,
    scope: &Scope,
    range: Range<Sequence>,
) -> BTreeMap<Slot, Changed<'t>> {
    let kind = index_of(scope.kind);
    let edges = scope.edges.map(|(edges, _)| index_of(edges));
    let tenant = call.tenant;
    let mut all: BTreeMap<Slot, Changed<'t>> = BTreeMap::new();
    for change in tenant.changes.range(range) {
        if tenant.storage.object(change.slot).kind != kind || !scope.has(call, change.slot) {
            continue;
        }
        let slot = change.slot;
        match &change.what {
            What::Created => {
                let entry = all.entry(slot).or_default();
                entry.is_new = true;
                entry.is_removed = false;
            }
            What::Changed(names) => {
                let tracked: Vec<&str> = names
                    .iter()
                    .map(|name| &**name)
                    .filter(|name| is_tracked(scope, name))
                    .collect();
                if !tracked.is_empty() {
                    all.entry(slot).or_default().properties.extend(tracked);
                }
            }
            What::Binned | What::Purged => all.entry(slot).or_default().is_removed = true,
            What::Linked { relation, target } if Some(*relation) == edges => {
                all.entry(slot).or_default().edges.insert(*target, true);
            }
            What::Unlinked {
                relation,
                target,
                with_target,
            } if Some(*relation) == edges => {
                // Microsoft's service has been seen to leave these out.
                if !(*with_target && call.settings.omit_deleted_members) {
                    all.entry(slot).or_default().edges.insert(*target, false);
                }
            }
            What::Linked { .. } | What::Unlinked { .. } => {}
        }
    }
    all
}

/// Whether a change of this property wakes the object. What is kept outside the directory never does.
fn is_tracked(scope: &Scope, name: &str) -> bool {
    const ELSEWHERE: [&str; 3] = ["signInActivity", "mailboxSettings", "skills"];
    let selected = scope.properties.as_ref();
    !ELSEWHERE.contains(&name) && selected.is_none_or(|names| names.iter().any(|own| own == name))
}

//! Which draft makes or brings back what others name.

use std::collections::HashMap;

use super::draft::Draft;
use super::mention::texts_in;
use crate::plan::Action;

/// The places of drafts that make or bring back something.
#[derive(Debug, Default)]
pub(super) struct Makers {
    /// By id, of whatever kind.
    pub(super) ids: HashMap<String, usize>,
    /// By kind, another property that references lead to, and its value. An `appId` is made with its application,
    /// but who names it as a service principal's needs that one too.
    others: HashMap<(&'static str, &'static str, String), usize>,
}

impl Makers {
    pub(super) fn of(drafts: &[Draft]) -> Self {
        let mut makers = Self::default();
        for (at, draft) in drafts.iter().enumerate() {
            let own = draft.step.object.last();
            match draft.step.action {
                Action::Create => {
                    let made = draft.step.makes.iter().map(|made| (made.old.clone(), at));
                    makers.ids.extend(made);
                    if let Some(own) = own {
                        makers.ids.entry(own.clone()).or_insert(at);
                    }
                    makers.note_others(draft, at);
                }
                Action::Restore => {
                    makers.ids.extend(own.map(|id| (id.clone(), at)));
                }
                _ => {}
            }
        }
        makers
    }

    /// Notes the properties besides its id by which references find an object.
    fn note_others(&mut self, draft: &Draft, at: usize) {
        let kinds = catalog::kinds().iter();
        let references = kinds.flat_map(|kind| kind.references);
        for reference in references.filter(|it| it.target_key != "id") {
            if reference.target != draft.kind.name {
                continue;
            }
            let value = draft.step.request.body.as_ref();
            let value = value.and_then(|body| body.get(reference.target_key)?.as_str());
            if let Some(value) = value {
                let place = (reference.target, reference.target_key, folded(value));
                self.others.insert(place, at);
            }
        }
    }

    /// The drafts that make what a draft names by another property than its id.
    pub(super) fn each_other(&self, draft: &Draft, each: &mut impl FnMut(usize)) {
        let Some(body) = &draft.step.request.body else {
            return;
        };
        if self.others.is_empty() {
            return;
        }
        let references = draft.kind.references.iter();
        for reference in references.filter(|it| it.target_key != "id") {
            texts_in(body, reference.path, &mut |text| {
                let place = (reference.target, reference.target_key, folded(text));
                if let Some(maker) = self.others.get(&place) {
                    each(*maker);
                }
            });
        }
    }
}

fn folded(value: &str) -> String {
    value.to_ascii_lowercase()
}

//! From drafts to the plan: references checked, steps numbered, costs counted.

use std::collections::{HashMap, HashSet};

use catalog::{Kind, Reference};
use model::is_guid;
use serde_json::Value;
use store::CoverageState;

use super::draft::Draft;
use super::drafting::Drafting;
use super::mention::{texts_at, texts_in};
use super::order::ordered;
use super::outside::{estimate, outside};
use super::present::{DIRECTORY, Present};
use super::risk::{GLOBAL_ADMINISTRATOR, lock_out};
use super::rows::is_attachment;
use crate::error::Result;
use crate::plan::{Action, Against, Dangling, FORMAT, Impossible, Plan, Wanted};

impl Drafting<'_> {
    /// The plan of everything that was drafted.
    pub(super) fn into_plan(mut self) -> Result<Plan> {
        self.check_references()?;
        self.name_grants()?;
        self.warn_of_administrators()?;
        let ordered = ordered(std::mem::take(&mut self.drafts));
        self.impossible.extend(ordered.impossible);
        sort_impossible(&mut self.impossible);
        let steps = ordered.steps;
        let request = self.request;
        let wanted = request.wanted;
        Ok(Plan {
            format: FORMAT.to_owned(),
            archive: wanted.archive.id().to_string(),
            tenant: request.tenant.clone(),
            made_at: request.now,
            author: request.author.clone(),
            tool: request.tool.clone(),
            wanted: Wanted {
                tenant: wanted.archive.tenant().to_owned(),
                revision: request.revision.clone(),
                snapshot: wanted.snapshot.number.into(),
                record: wanted.snapshot.id.to_string(),
                taken_at: wanted.snapshot.taken_at,
                selection: request.selection.described.clone(),
            },
            against: Against {
                live: request.live,
                snapshot: request.current.map(|it| it.snapshot.number.into()),
                taken_at: request.current.map(|it| it.snapshot.taken_at),
            },
            estimate: estimate(&steps),
            outside: outside(&steps, self.come_along),
            steps,
            impossible: self.impossible,
            dangling: self.dangling,
        })
    }

    /// Lists references that lead nowhere. What hangs on something that is not there is not made; anything else
    /// is sent as it was.
    fn check_references(&mut self) -> Result<()> {
        let mut asked: HashSet<String> = HashSet::new();
        for draft in &self.drafts {
            each_reference(draft, &mut |_, id| {
                if !self.is_expected(id) {
                    asked.insert(id.to_owned());
                }
            });
        }
        if asked.is_empty() {
            return Ok(());
        }
        let kinds = self.target_kinds();
        let present = Present::find(self.request.current, &kinds, &asked)?;
        let mut dropped = vec![false; self.drafts.len()];
        let mut dangling = Vec::new();
        for (at, draft) in self.drafts.iter().enumerate() {
            each_reference(draft, &mut |reference, id| {
                let is_lost = self.is_lost(id)
                    || (reference.target_key == "id"
                        && !self.is_expected(id)
                        && !present.contains(id)
                        && self.was_read(reference.target));
                if is_lost {
                    let hangs = is_attachment(draft.kind) && draft.step.action == Action::Create;
                    dropped[at] |= hangs;
                    dangling.push(self.dangling(draft, reference, id, hangs));
                }
            });
        }
        self.dangling.extend(dangling);
        self.drop_drafts(&dropped);
        Ok(())
    }

    /// Names grants and assignments by what they are about: they have no name of their own.
    fn name_grants(&mut self) -> Result<()> {
        let is_nameless = |draft: &Draft| {
            let name = draft.step.name.as_deref();
            is_attachment(draft.kind)
                && !draft.kind.is_relationship()
                && name.is_none_or(|name| {
                    is_guid(name) || draft.kind.name.ends_with("app_role_assignment")
                })
        };
        let mut about: HashMap<usize, Vec<String>> = HashMap::new();
        for (at, draft) in self.drafts.iter().enumerate() {
            if !is_nameless(draft) {
                continue;
            }
            let mut ids = Vec::new();
            if draft.step.action == Action::Create {
                each_reference(draft, &mut |_, id| ids.push(self.mapping.id(id).to_owned()));
            } else {
                ids.extend(draft.names.iter().filter(|id| is_guid(id)).cloned());
            }
            about.insert(at, ids);
        }
        let ids: HashSet<String> = about.values().flatten().cloned().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let present = Present::find(self.request.current, &self.target_kinds(), &ids)?;
        let mut names: HashMap<String, String> = HashMap::new();
        present.read(self.request.current, |_, id, name, _| {
            names.extend(name.map(|name| (id.to_owned(), name)));
        })?;
        for (at, ids) in about {
            let name = |id: &String| {
                let gone = self.gone.get(id.as_str()).copied().flatten();
                let there = names.get(id).map(String::as_str);
                there.or(gone).unwrap_or(id).to_owned()
            };
            let shown: Vec<String> = ids.iter().map(name).collect();
            if !shown.is_empty() {
                self.drafts[at].step.name = Some(shown.join(" → "));
            }
        }
        Ok(())
    }

    fn is_expected(&self, id: &str) -> bool {
        self.made.contains(id) || self.restored.contains(id) || self.kept.contains(id)
    }

    fn target_kinds(&self) -> Vec<&'static Kind> {
        let mut names: HashSet<&str> = DIRECTORY.into_iter().collect();
        for draft in &self.drafts {
            names.extend(
                draft
                    .kind
                    .references
                    .iter()
                    .map(|reference| reference.target),
            );
        }
        let kinds = catalog::kinds().iter();
        kinds
            .filter(|kind| names.contains(kind.name))
            .copied()
            .collect()
    }

    /// Whether all that a reference can lead to was read completely.
    fn was_read(&self, target: &str) -> bool {
        let is_complete = |name: &str| {
            let found = self.differences.iter().find(|it| it.kind.name == name);
            found.is_some_and(|it| it.current.coverage == Some(CoverageState::Complete))
        };
        match target {
            "directory_object" | "user" | "group" | "service_principal" => {
                ["user", "group", "service_principal"]
                    .into_iter()
                    .all(is_complete)
            }
            "directory_object_scope" | "access_package_catalog_scope" | "application_template" => {
                false
            }
            name => is_complete(name),
        }
    }

    fn dangling(&self, draft: &Draft, reference: &Reference, id: &str, hangs: bool) -> Dangling {
        let outcome = if hangs {
            "not made: what it is for is not there; select it too, or plan with its links"
        } else {
            "sent as the wanted state has it: Graph may refuse the step"
        };
        Dangling {
            kind: draft.kind.name.to_owned(),
            object: draft.step.object.clone(),
            name: draft.step.name.clone(),
            path: reference.path.to_owned(),
            target: id.to_owned(),
            target_name: self.gone.get(id).copied().flatten().map(str::to_owned),
            outcome: outcome.to_owned(),
        }
    }

    /// Takes drafts out; what waited for them waits no more.
    fn drop_drafts(&mut self, dropped: &[bool]) {
        if !dropped.contains(&true) {
            return;
        }
        let mut places = HashMap::new();
        let mut kept = Vec::with_capacity(self.drafts.len());
        for (at, draft) in std::mem::take(&mut self.drafts).into_iter().enumerate() {
            if !dropped[at] {
                places.insert(at, kept.len());
                kept.push(draft);
            }
        }
        for draft in &mut kept {
            draft.waits = draft
                .waits
                .iter()
                .filter_map(|at| places.get(at).copied())
                .collect();
        }
        self.drafts = kept;
    }

    /// Marks steps that take the account of somebody who may do everything.
    fn warn_of_administrators(&mut self) -> Result<()> {
        let takes_account = |draft: &Draft| {
            let disables = draft.step.properties.iter().any(|change| {
                change.path == "accountEnabled" && change.new == Some(Value::Bool(false))
            });
            draft.kind.name == "user" && (disables || draft.step.action == Action::SoftDelete)
        };
        if !self.drafts.iter().any(takes_account) {
            return Ok(());
        }
        let Some(current) = self.request.current else {
            return Ok(());
        };
        let mut administrators: HashSet<String> = HashSet::new();
        let mut parser = model::Parser::new();
        for name in ["role_assignment", "role_assignment_schedule"] {
            let Some(stored) = current.archive.kind(name) else {
                continue;
            };
            let alive = current.archive.alive(stored.number, current.snapshot)?;
            current
                .archive
                .versions(stored.number, &alive, |_, _, text| {
                    if let Ok(document) = parser.parse_text(text) {
                        let root = document.root();
                        let mut is_meant = false;
                        texts_at(root, "roleDefinitionId", &mut |id| {
                            is_meant = id.eq_ignore_ascii_case(GLOBAL_ADMINISTRATOR);
                        });
                        if is_meant {
                            texts_at(root, "principalId", &mut |id| {
                                administrators.insert(id.to_ascii_lowercase());
                            });
                        }
                    }
                    Ok(())
                })?;
        }
        for draft in self.drafts.iter_mut().filter(|draft| takes_account(draft)) {
            if draft
                .step
                .object
                .last()
                .is_some_and(|id| administrators.contains(id))
            {
                lock_out(draft);
            }
        }
        Ok(())
    }
}

/// The GUIDs that the body of a step names by the references of its kind.
fn each_reference(draft: &Draft, each: &mut impl FnMut(&Reference, &str)) {
    let Some(body) = &draft.step.request.body else {
        return;
    };
    for reference in draft.kind.references {
        texts_in(body, reference.path, &mut |text| {
            if is_guid(text) {
                each(reference, &text.to_ascii_lowercase());
            }
        });
    }
}

fn sort_impossible(impossible: &mut [Impossible]) {
    let place = |name: &str| catalog::kinds().iter().position(|kind| kind.name == name);
    impossible.sort_by_cached_key(|it| {
        (
            place(&it.kind),
            it.name.clone(),
            it.object.clone(),
            it.properties.clone(),
        )
    });
}

//! What a run is going to read, and which way.

use std::collections::HashSet;

use catalog::{Access, Delta, Kind, Shape};
use jiff::{SignedDuration, Timestamp};
use store::CoverageState;

use super::hints::HINTING_LOG;
use super::memory::{Memory, Refusal};

/// Rows of a log arrive late: what was read is read again so far back.
const LATE: SignedDuration = SignedDuration::from_hours(6);
/// So many parents are always asked what stands below them: ten batches.
pub(super) const FEW: usize = 200;
/// How long Microsoft keeps logs with a paid licence.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The kinds of a run, parents before children.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

/// One kind.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kind: &'static Kind,
    pub(super) way: Way,
    /// Whether it must be read whole this time.
    pub(super) due: bool,
    /// When it was last read whole, as far as it can be.
    pub(super) whole_at: Option<Timestamp>,
    /// What could not be read then.
    pub(super) gap: Option<String>,
    /// Whether ids of its rows are needed to read others.
    pub(super) has_children: bool,
    /// Whether edges come along with its rows.
    pub(super) has_along: bool,
    /// How many parents have ids in its address.
    pub(super) depth: usize,
    /// Properties that are not asked for, because the permission is missing.
    pub(super) hidden: Vec<(&'static str, &'static str)>,
}

/// The way a kind is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    /// Not at all, because nobody may.
    Refused(String),
    /// Not at all, because an earlier run was refused and nothing has changed since.
    Recalled(CoverageState, String),
    /// Not at all, because what it stands below was not asked for.
    Orphaned(String),
    /// As a log, from a time on.
    Log(Timestamp),
    /// As a list or singleton.
    List,
    /// As a list, beside a delta function that tells what changes from now on. The link asks for the
    /// changes since the last run: what they lead to is compared with the list.
    Tracked(Option<String>),
    /// By its delta function alone.
    Changes(String),
    /// Along with its parent: in its delta, or expanded in its list.
    Along,
    /// Below each of its parents.
    Below,
}

/// Who reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    /// Application permissions of the token; `None` where it does not tell.
    pub(super) roles: Option<Vec<String>>,
    /// Whether a person is signed in.
    pub(super) signed_in: bool,
}

impl Reader {
    /// Whoever a token was given to.
    pub(super) fn new(identity: &graph::Identity) -> Self {
        let scopes = identity.scopes.as_ref();
        let mut roles = identity.roles.clone();
        if let Some(roles) = &mut roles {
            roles.sort_unstable();
        }
        Self {
            roles,
            signed_in: scopes.is_some_and(|scopes| !scopes.is_empty()),
        }
    }
}

/// What a plan is made from, besides the kinds.
pub(super) struct Situation<'a> {
    pub(super) memory: &'a Memory,
    pub(super) reader: &'a Reader,
    /// How many objects of a kind there were before.
    pub(super) counts: &'a dyn Fn(&str) -> u64,
    pub(super) now: Timestamp,
    pub(super) full: bool,
    pub(super) full_every: SignedDuration,
}

impl Plan {
    /// Plans a run over these kinds.
    pub(super) fn new(kinds: &[&'static Kind], situation: &Situation<'_>) -> Self {
        let Situation {
            memory,
            reader,
            counts,
            now,
            full,
            full_every,
        } = *situation;
        let selected: HashSet<&str> = kinds.iter().map(|kind| kind.name).collect();
        let fresh = |at: Timestamp| !full && now.duration_since(at) < full_every;
        let same_reader = memory.has_roles(reader.roles.as_deref().unwrap_or_default());
        let refusal = |kind: &Kind| {
            let refusal = memory.of(kind.name).refusal?;
            (same_reader && fresh(refusal.at)).then_some(refusal)
        };
        let due = |kind: &Kind| {
            !memory.of(kind.name).whole_at.is_some_and(fresh) && refusal(kind).is_none()
        };
        let mut steps: Vec<Step> = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let below: Vec<&Kind> = kinds
                .iter()
                .copied()
                .filter(|other| other.parent == Some(kind.name))
                .collect();
            let known = memory.of(kind.name);
            let refusal = refusal(kind);
            let asked = |kind: &&Kind| {
                let way = way(kind, reader, true);
                due(kind) && matches!(way, Some(Way::Below | Way::Along))
            };
            // Below few parents everything is read each time, so they must be listed each time.
            let is_few = counts(kind.name) <= FEW as u64
                && below.iter().any(|kind| kind.delta != Some(Delta::Within));
            let has_parent = kind.parent.is_some_and(|parent| selected.contains(parent));
            let way = way(kind, reader, has_parent).unwrap_or_else(|| {
                if kind.is_event() {
                    return Way::Log(since(known.read_to, now));
                }
                match (kind.delta, known.delta) {
                    (Some(Delta::Own { .. }), Some(link))
                        if !is_few && !due(kind) && !below.iter().any(asked) =>
                    {
                        Way::Changes(link)
                    }
                    (Some(Delta::Own { .. }), link) => Way::Tracked(link),
                    _ => Way::List,
                }
            });
            let way = match (&refusal, way) {
                (Some(refusal), Way::Below) if refusal.state != CoverageState::Partial => {
                    Way::Recalled(refusal.state, recalled(refusal))
                }
                (_, way) => way,
            };
            steps.push(Step {
                kind,
                way,
                due: due(kind),
                whole_at: known
                    .whole_at
                    .or(refusal.as_ref().map(|refusal| refusal.at)),
                gap: refusal.map(|refusal| refusal.reason),
                has_children: !below.is_empty(),
                has_along: below.iter().any(|kind| kind.expand.is_some()),
                depth: kind.addressing_parents().len(),
                hidden: hidden(kind, reader),
            });
        }
        steps.sort_by_key(|step| step.kind.parents().len());
        // Edges of a kind that is listed anew are read anew with it.
        let listed: HashSet<&str> = steps
            .iter()
            .filter(|step| matches!(step.way, Way::Tracked(_)))
            .map(|step| step.kind.name)
            .collect();
        for step in &mut steps {
            let parent = step.kind.parent;
            step.due |= step.kind.delta == Some(Delta::Within)
                && parent.is_some_and(|parent| listed.contains(parent));
        }
        let mut plan = Self { steps };
        plan.read_hints(memory, now);
        plan
    }

    /// Lets the log that names changes be read from where the kinds that go by it were told last.
    fn read_hints(&mut self, memory: &Memory, now: Timestamp) {
        let hinted = self
            .steps
            .iter()
            .filter(|step| step.way == Way::Below && !step.due && !step.kind.changed_by.is_empty());
        let told = hinted.map(|step| memory.of(step.kind.name).hinted_to);
        let Some(earliest) = told.min() else {
            return;
        };
        for step in &mut self.steps {
            if let Way::Log(from) = &mut step.way
                && step.kind.name == HINTING_LOG
            {
                *from = (*from).min(since(earliest, now));
            }
        }
    }

    /// The step of a kind.
    pub(super) fn step(&self, kind: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.kind.name == kind)
    }

    /// The edges that come along with a kind.
    pub(super) fn along<'p>(&'p self, kind: &'p Kind) -> impl Iterator<Item = &'p Step> {
        self.steps
            .iter()
            .filter(|step| step.way == Way::Along && step.kind.parent == Some(kind.name))
    }
}

/// From when on a log is read that was read to a time before.
fn since(read_to: Option<Timestamp>, now: Timestamp) -> Timestamp {
    read_to.map_or(now - KEPT, |to| (to - LATE).max(now - KEPT))
}

fn recalled(refusal: &Refusal) -> String {
    format!(
        "{} (asked {}; again with --full, or when the permissions change)",
        refusal.reason,
        refusal.at.strftime("%Y-%m-%d")
    )
}

/// The way of kinds for which nothing remembered decides; `None` for the others.
fn way(kind: &Kind, reader: &Reader, has_parent: bool) -> Option<Way> {
    if let Access::SignedIn(permission) = kind.access()
        && !reader.signed_in
    {
        return Some(Way::Refused(format!(
            "only a signed-in administrator may read it ({permission}): sign in with a device code"
        )));
    }
    kind.parent?;
    if !has_parent {
        // A parent that has an id of its own must be listed first.
        let parents = kind.addressing_parents();
        return (!parents.is_empty()).then(|| {
            Way::Orphaned(format!(
                "it stands below {}, which is not selected",
                parents.last().map_or("", |parent| parent.name)
            ))
        });
    }
    Some(if kind.expand.is_some() {
        Way::Along
    } else {
        Way::Below
    })
}

fn hidden(kind: &Kind, reader: &Reader) -> Vec<(&'static str, &'static str)> {
    let Some(roles) = &reader.roles else {
        return Vec::new();
    };
    let lacking = kind
        .further_permissions
        .iter()
        .filter(|further| !roles.iter().any(|role| role == further.permission));
    lacking
        .flat_map(|further| {
            let properties = further.properties.iter();
            properties.map(|property| (*property, further.permission))
        })
        .collect()
}

/// Whether a kind has one row at most in each place.
pub(super) fn is_singleton(kind: &Kind) -> bool {
    kind.shape == Shape::Singleton
}

#[cfg(test)]
mod tests {
    use super::super::memory::KindMemory;
    use super::*;

    const NOW: i64 = 1_780_000_000;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("because it is within the years")
    }

    fn kinds(names: &[&str]) -> Vec<&'static Kind> {
        let kinds = names.iter().map(|name| catalog::by_name(name));
        kinds
            .map(|kind| kind.expect("because the catalogue has it"))
            .collect()
    }

    fn plan(names: &[&str], memory: &Memory, full: bool) -> Plan {
        plan_of(names, memory, &Reader::default(), 1000, full)
    }

    fn plan_of(names: &[&str], memory: &Memory, reader: &Reader, count: u64, full: bool) -> Plan {
        let situation = Situation {
            memory,
            reader,
            counts: &|_| count,
            now: time(NOW),
            full,
            full_every: SignedDuration::from_hours(24 * 7),
        };
        Plan::new(&kinds(names), &situation)
    }

    fn way<'p>(plan: &'p Plan, kind: &str) -> &'p Way {
        &plan.step(kind).expect("because it was asked for").way
    }

    fn remembered(kinds: &[(&str, i64)]) -> Memory {
        let mut memory = Memory::default();
        for (kind, days) in kinds {
            let known = KindMemory {
                whole_at: Some(time(NOW - days * 86_400)),
                delta: Some(format!("delta of {kind}")),
                read_to: Some(time(NOW - days * 86_400)),
                hinted_to: Some(time(NOW - days * 86_400)),
                refusal: None,
            };
            memory.kinds.insert((*kind).to_owned(), known);
        }
        memory
    }

    #[test]
    fn the_first_run_reads_everything_and_asks_from_when_on_changes_count() {
        let plan = plan(
            &["group_member", "group", "named_location"],
            &Memory::default(),
            false,
        );
        assert_eq!(*way(&plan, "group"), Way::Tracked(None));
        assert_eq!(*way(&plan, "named_location"), Way::List);
        assert_eq!(*way(&plan, "group_member"), Way::Below);
        let names: Vec<_> = plan.steps.iter().map(|step| step.kind.name).collect();
        assert_eq!(names.last(), Some(&"group_member"), "parents come first");
    }

    #[test]
    fn between_full_reads_changes_are_asked_for() {
        let memory = remembered(&[("group", 1), ("group_member", 1), ("named_location", 1)]);
        let names = ["group", "group_member", "named_location"];
        let daily = plan(&names, &memory, false);
        assert_eq!(
            *way(&daily, "group"),
            Way::Changes("delta of group".to_owned())
        );
        assert!(
            !daily
                .step("group_member")
                .expect("because it was asked for")
                .due
        );

        let full = plan(&names, &memory, true);
        assert_eq!(
            *way(&full, "group"),
            Way::Tracked(Some("delta of group".to_owned()))
        );
        assert!(
            full.step("group_member")
                .expect("because it was asked for")
                .due
        );
    }

    #[test]
    fn a_kind_below_that_is_due_needs_its_parents_listed() {
        let memory = remembered(&[("group", 1), ("group_member", 1)]);
        let plan = plan(&["group", "group_member", "group_owner"], &memory, false);
        let listed = Way::Tracked(Some("delta of group".to_owned()));
        assert_eq!(*way(&plan, "group"), listed);
        let members = plan.step("group_member").expect("because it was asked for");
        assert!(members.due, "what a delta began is not left half done");
    }

    #[test]
    fn few_parents_are_listed_each_time() {
        let memory = remembered(&[("application", 1), ("application_owner", 1)]);
        let way = |count| {
            let names = ["application", "application_owner"];
            let plan = plan_of(&names, &memory, &Reader::default(), count, false);
            way(&plan, "application").clone()
        };
        let link = || "delta of application".to_owned();
        assert_eq!(way(200), Way::Tracked(Some(link())));
        assert_eq!(way(201), Way::Changes(link()));
    }

    #[test]
    fn a_lasting_refusal_is_not_asked_for_again_every_day() {
        let names = ["user", "user_sponsor", "user_authentication_method"];
        let mut memory = remembered(&[("user", 1), ("user_sponsor", 1)]);
        let refused = KindMemory {
            refusal: Some(Refusal {
                at: time(NOW - 86_400),
                state: CoverageState::Forbidden,
                reason: "needs a permission".to_owned(),
            }),
            ..KindMemory::default()
        };
        let kind = "user_authentication_method";
        memory.kinds.insert(kind.to_owned(), refused);
        let daily = plan(&names, &memory, false);
        assert_eq!(
            *way(&daily, "user"),
            Way::Changes("delta of user".to_owned())
        );
        assert!(
            matches!(way(&daily, kind), Way::Recalled(CoverageState::Forbidden, reason)
                if reason.starts_with("needs a permission (asked "))
        );
        assert_eq!(*way(&plan(&names, &memory, true), kind), Way::Below);

        // With other permissions it is asked for again.
        let reader = Reader {
            roles: Some(vec!["User.Read.All".to_owned()]),
            signed_in: false,
        };
        let other = plan_of(&names, &memory, &reader, 1000, false);
        assert_eq!(*way(&other, kind), Way::Below);
        assert!(matches!(way(&other, "user"), Way::Tracked(_)));
    }

    #[test]
    fn the_log_is_read_from_where_kinds_that_go_by_it_were_told_last() {
        let names = ["user", "user_sponsor", HINTING_LOG];
        let mut memory = remembered(&[("user", 3), ("user_sponsor", 3), (HINTING_LOG, 0)]);
        let since = |memory: &Memory| match way(&plan(&names, memory, false), HINTING_LOG) {
            Way::Log(since) => NOW - since.as_second(),
            other => panic!("{other:?}"),
        };
        assert_eq!(since(&memory), 3 * 86_400 + 6 * 3600);
        let known = memory.kinds.entry("user_sponsor".to_owned()).or_default();
        known.hinted_to = Some(time(NOW));
        assert_eq!(since(&memory), 6 * 3600);
    }

    #[test]
    fn logs_overlap_and_begin_where_they_are_kept() {
        let read = |days| {
            let memory = remembered(&[("directory_audit", days)]);
            match way(
                &plan(&["directory_audit"], &memory, false),
                "directory_audit",
            ) {
                Way::Log(since) => NOW - since.as_second(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(read(1), 86_400 + 6 * 3600);
        assert_eq!(read(90), 30 * 86_400);
    }

    #[test]
    fn what_an_application_may_not_read_is_not_asked_for() {
        let plan = plan(&["agreement"], &Memory::default(), false);
        assert!(
            matches!(way(&plan, "agreement"), Way::Refused(reason) if reason.contains("Agreement.Read.All"))
        );
    }

    #[test]
    fn properties_without_permission_are_not_selected() {
        let reader = Reader {
            roles: Some(vec!["User.Read.All".to_owned()]),
            signed_in: false,
        };
        let plan = plan_of(&["user"], &Memory::default(), &reader, 1000, false);
        let hidden = &plan.steps[0].hidden;
        assert!(
            hidden.contains(&("signInActivity", "AuditLog.Read.All")),
            "{hidden:?}"
        );
    }
}

//! The plan that takes a plan back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Map;

use super::ids::IdMap;
use crate::plan::{
    Action, Against, Estimate, Expected, FORMAT, Impossible, Inverse, Made, Plan, Precondition,
    Reason, Request, Risk, RiskCode, Step, Wanted,
};

/// Writes in a second that Graph takes from an application in a tenant.
const WRITES_A_SECOND: f64 = 20.0;

/// Makes the plan that takes back the steps of another for which `taken_back` says so, in reverse order: before an
/// execution all of them, afterwards those that were carried out. `ids` are what execution made of old ids.
///
/// What cannot be taken back is listed with its reason. Values are put back to what the plan found; what changed
/// since is overwritten, so that the one who approves should look at the tenant first.
#[must_use]
pub fn inverse(
    plan: &Plan,
    ids: &IdMap,
    taken_back: impl Fn(&Step) -> bool,
    now: Timestamp,
    author: &str,
    tool: &str,
) -> Plan {
    let mut impossible = Vec::new();
    let mut steps = Vec::new();
    for step in plan.steps.iter().rev().filter(|step| taken_back(step)) {
        match &step.inverse {
            Inverse::Request(request) => steps.push((step, request)),
            Inverse::Impossible(reason) => impossible.push(not_taken_back(step, ids, reason)),
        }
    }
    let numbers: BTreeMap<u32, u32> = (1..)
        .zip(&steps)
        .map(|(number, (step, _))| (step.number, number))
        .collect();
    let last_stage = plan.steps.iter().map(|step| step.stage).max().unwrap_or(0);
    let mut waits: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for step in &plan.steps {
        for before in &step.after {
            if let (Some(own), Some(before)) = (numbers.get(before), numbers.get(&step.number)) {
                waits.entry(*own).or_default().push(*before);
            }
        }
    }
    let mut inverted: Vec<Step> = steps
        .iter()
        .map(|(step, request)| {
            let number = numbers[&step.number];
            let mut taken = taken_back_by(step, request, ids);
            taken.number = number;
            taken.stage = last_stage + 1 - step.stage;
            taken.after = waits.remove(&number).unwrap_or_default();
            taken.after.sort_unstable();
            taken
        })
        .collect();
    renumber_stages(&mut inverted);
    let writes = inverted.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let minutes = writes as f64 / WRITES_A_SECOND / 60.0;
    Plan {
        format: FORMAT.to_owned(),
        archive: plan.archive.clone(),
        tenant: plan.tenant.clone(),
        made_at: now,
        author: author.to_owned(),
        tool: tool.to_owned(),
        wanted: Wanted {
            tenant: plan.tenant.clone(),
            revision: format!("before plan {}", &plan.id()[..8]),
            snapshot: plan.against.snapshot.unwrap_or(plan.wanted.snapshot),
            record: plan.wanted.record.clone(),
            taken_at: plan.against.taken_at.unwrap_or(plan.made_at),
            selection: vec![format!("what plan {} does", &plan.id()[..8])],
        },
        against: Against {
            live: false,
            snapshot: None,
            taken_at: Some(now),
        },
        steps: inverted,
        impossible,
        dangling: Vec::new(),
        outside: Vec::new(),
        estimate: Estimate {
            writes,
            reads: 2 * writes,
            minutes,
        },
    }
}

/// Stages from 1 without gaps.
fn renumber_stages(steps: &mut [Step]) {
    let stages: std::collections::BTreeSet<u32> = steps.iter().map(|step| step.stage).collect();
    let numbers: BTreeMap<u32, u32> = stages.into_iter().zip(1..).collect();
    for step in steps {
        step.stage = numbers[&step.stage];
    }
}

fn taken_back_by(step: &Step, request: &Request, ids: &IdMap) -> Step {
    let own = step.makes.iter().map(|made| made.old.as_str());
    let old = step.uses.iter().map(String::as_str).chain(own);
    let exchange = ids.exchange(old.clone());
    // Before the execution nothing has become another id yet: who executes must exchange them.
    let uses = old.filter(|id| ids.get(id).is_none()).map(str::to_owned);
    let request = Request {
        target: exchange.text(&request.target),
        body: request.body.as_ref().map(|body| exchange.value(body)),
        ..request.clone()
    };
    let (action, precondition, expected) = sense(step, &request);
    let object = ids.key(&step.object);
    let makes = made_by(step, action, &object, &request);
    Step {
        number: 0,
        stage: 0,
        after: Vec::new(),
        kind: step.kind.clone(),
        object,
        name: step.name.clone(),
        action,
        properties: step
            .properties
            .iter()
            .cloned()
            .map(|mut change| {
                std::mem::swap(&mut change.old, &mut change.new);
                change
            })
            .collect(),
        request,
        precondition,
        expected,
        makes,
        uses: uses.collect(),
        inverse: Inverse::Impossible(
            "it takes back what another plan did: carry that out again".to_owned(),
        ),
        permissions: step.permissions.clone(),
        risks: risks(step, action),
    }
}

/// What the request that takes a step back does, needs and leads to.
fn sense(step: &Step, request: &Request) -> (Action, Precondition, Expected) {
    let written = || {
        let body = request.body.as_ref().and_then(|body| body.as_object());
        let properties = body.into_iter().flatten();
        Expected::Present {
            properties: properties
                .filter(|(name, _)| !name.starts_with('@') && !name.contains("@odata."))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    };
    let there = || Expected::Present {
        properties: Map::new(),
    };
    let has_bin = catalog::by_name(&step.kind).is_some_and(|kind| kind.soft_delete.is_some());
    match step.action {
        Action::Update => (Action::Update, Precondition::Present, written()),
        Action::Enable => (Action::Enable, Precondition::Present, written()),
        Action::Create | Action::Restore if has_bin => {
            (Action::SoftDelete, Precondition::Present, Expected::Absent)
        }
        Action::Create | Action::Restore => {
            (Action::Delete, Precondition::Present, Expected::Absent)
        }
        Action::AddLink => (Action::RemoveLink, Precondition::Present, Expected::Absent),
        Action::RemoveLink => (Action::AddLink, Precondition::Absent, there()),
        Action::SoftDelete => (Action::Restore, Precondition::Deleted, there()),
        Action::Delete => (Action::Create, Precondition::Absent, written()),
    }
}

/// What is deleted for good and made anew gets another id, unless whoever makes it chooses the id.
fn made_by(step: &Step, action: Action, object: &[String], request: &Request) -> Vec<Made> {
    let key = catalog::by_name(&step.kind).and_then(|kind| kind.key);
    let (Action::Create, Some(key), Some(old)) = (action, key, object.last()) else {
        return Vec::new();
    };
    let body = request.body.as_ref();
    if body.is_some_and(|body| body.get(key).is_some()) {
        return Vec::new();
    }
    vec![Made {
        old: old.clone(),
        property: key.to_owned(),
    }]
}

fn risks(step: &Step, action: Action) -> Vec<Risk> {
    let stays = |risk: &&Risk| !matches!(risk.code, RiskCode::NewId | RiskCode::Secret);
    let mut risks: Vec<Risk> = step.risks.iter().filter(stays).cloned().collect();
    let gives = matches!(action, Action::AddLink | Action::Create) && step.kind.contains("role");
    if gives
        && risks
            .iter()
            .all(|risk| risk.code != RiskCode::PrivilegedRole)
    {
        risks.push(Risk {
            code: RiskCode::PrivilegedRole,
            text: "a role that was taken away is given again".to_owned(),
        });
    }
    risks
}

fn not_taken_back(step: &Step, ids: &IdMap, reason: &str) -> Impossible {
    Impossible {
        kind: step.kind.clone(),
        object: ids.key(&step.object),
        name: step.name.clone(),
        properties: step
            .properties
            .iter()
            .map(|change| change.path.clone())
            .collect(),
        reason: Reason::NoOperation,
        text: reason.to_owned(),
    }
}

//! What answers say of a plan.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use restore::approval::Verdict;
use restore::{Act, Approval, Entry, Record, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Meant;
use crate::problem::Problem;

/// A plan in a few words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanSummary {
    /// Its id: the hash of its text.
    id: String,
    /// `planned`, `approved`, `rejected`, `running`, `done`, `partly_done`, `failed`, `cancelled`, `stale` or
    /// `needs_review`.
    state: String,
    /// What it is for, in one line.
    title: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Who made it.
    author: String,
    /// Id of the tenant its steps are for.
    tenant: String,
    /// The wanted revision, as it was asked for.
    revision: String,
    /// When the tenant was in the wanted state.
    #[schema(value_type = String, format = DateTime)]
    taken_at: Timestamp,
    /// Steps.
    steps: usize,
    /// Steps by what they do.
    actions: BTreeMap<String, usize>,
    /// Steps with a risk.
    risky: usize,
    /// Differences that no step removes.
    impossible: usize,
    /// References that lead nowhere.
    dangling: usize,
}

impl PlanSummary {
    pub(super) fn new(entry: Entry, state: State) -> Self {
        let head = entry.head;
        let word = |action| {
            let word = serde_json::to_value(action).ok();
            word.and_then(|word| word.as_str().map(str::to_owned))
        };
        Self {
            id: entry.id,
            state: state.word().to_owned(),
            title: head.title(),
            made_at: head.made_at,
            author: head.author,
            tenant: head.tenant,
            revision: head.revision,
            taken_at: head.taken_at,
            steps: head.steps,
            actions: head
                .actions
                .into_iter()
                .filter_map(|(action, count)| Some((word(action)?, count)))
                .collect(),
            risky: head.risky,
            impossible: head.impossible,
            dangling: head.dangling,
        }
    }
}

/// Plans.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanList {
    /// The plans, newest first.
    pub(super) items: Vec<PlanSummary>,
}

/// A plan, what was said about it, and what was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanDocument {
    /// In a few words.
    summary: PlanSummary,
    /// Whether it may run now, and why not.
    verdict: VerdictDocument,
    /// Who refused it.
    rejection: Option<ActDocument>,
    /// Who called it off.
    cancellation: Option<ActDocument>,
    /// That the tenant is not any more what it was made on.
    stale: Option<ActDocument>,
    /// Executions that began, oldest first.
    runs: Vec<RunDocument>,
    /// The plan as a file has it: what is approved, byte for byte but for spaces.
    #[schema(value_type = Object)]
    plan: Value,
    #[serde(skip)]
    tag: String,
}

/// What the approvals of a plan come to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictDocument {
    /// Whether enough approvals count.
    is_approved: bool,
    /// Approvals that are needed, each by another person.
    needed: u32,
    /// Why it is more than for other plans.
    because: Vec<String>,
    /// Approvals that count.
    accepted: Vec<ApprovalDocument>,
    /// Those that do not, and why.
    refused: Vec<RefusalDocument>,
}

/// An approval that counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalDocument {
    /// Its id: the hash of its statement.
    id: String,
    /// Name the approver is enrolled under.
    approver: String,
    /// Whose voice it is.
    person: String,
    /// Fingerprint of the key.
    fingerprint: String,
    /// Until when an execution may begin.
    #[schema(value_type = String, format = DateTime)]
    not_after: Timestamp,
}

/// An approval that does not count.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusalDocument {
    /// Its id.
    id: String,
    /// Why, in a word.
    reason: String,
    /// Why, in a sentence.
    detail: String,
}

/// What somebody said about a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActDocument {
    /// Who.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why.
    reason: String,
}

/// An execution that began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDocument {
    /// From 1.
    number: u32,
    /// Who.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
}

impl VerdictDocument {
    pub(super) fn new(verdict: Verdict) -> Self {
        let is_approved = verdict.is_approved();
        let accepted = verdict.accepted.into_iter().map(|own| ApprovalDocument {
            id: own.id,
            approver: own.approver,
            person: own.person,
            fingerprint: own.fingerprint,
            not_after: own.not_after,
        });
        let refused = verdict
            .refused
            .into_iter()
            .map(|(id, why)| RefusalDocument {
                id,
                reason: why.code().to_owned(),
                detail: why.to_string(),
            });
        Self {
            is_approved,
            needed: verdict.needed.approvals,
            because: verdict.needed.because,
            accepted: accepted.collect(),
            refused: refused.collect(),
        }
    }
}

fn act(act: Act) -> ActDocument {
    ActDocument {
        by: act.by,
        at: act.at,
        reason: act.reason,
    }
}

impl PlanDocument {
    /// What is known of a plan now.
    pub(super) fn of(meant: &Meant) -> Result<Self, Problem> {
        let book = meant.book();
        let record: Record = book.record(&meant.id)?;
        let verdict = meant.verdict(&record);
        let tag = tag_of(&meant.id, &record);
        let state = State::of(&record, verdict.is_approved());
        let entry = Entry {
            id: meant.id.clone(),
            head: book.head(&meant.id)?,
        };
        let runs = record.runs.into_iter().map(|run| RunDocument {
            number: run.number,
            by: run.by,
            began_at: run.began_at,
        });
        Ok(Self {
            summary: PlanSummary::new(entry, state),
            verdict: VerdictDocument::new(verdict),
            rejection: record.rejection.map(act),
            cancellation: record.cancellation.map(act),
            stale: record.stale.map(act),
            runs: runs.collect(),
            plan: serde_json::from_str(&meant.plan.to_file())
                .map_err(|error| Problem::bug(error.to_string()))?,
            tag,
        })
    }

    /// The plan's id.
    pub(super) fn id(&self) -> &str {
        &self.summary.id
    }

    /// The answer that shows it, with its entity tag.
    pub(super) fn answer(&self) -> Response {
        let mut response = axum::Json(self).into_response();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The entity tag of a plan: another as soon as something was said about it, or done.
pub(super) fn tag_of(id: &str, record: &Record) -> String {
    let approvals = record.approvals.iter().map(Approval::id);
    let said = [&record.rejection, &record.cancellation, &record.stale];
    let said = said.map(|act| act.as_ref().map(|act| act.at));
    let inputs = serde_json::json!([
        id,
        approvals.collect::<Vec<_>>(),
        said,
        record.runs.len(),
        record.outcome,
    ]);
    let hash = blake3::hash(inputs.to_string().as_bytes());
    format!("\"{}\"", &hash.to_hex()[..32])
}

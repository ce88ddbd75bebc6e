//! What came of a plan: its execution step by step, and what was found afterwards.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use restore::State;
use restore::execution::Report;
use restore::verification::Verification;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::common::Common;
use super::read::OfPlans;
use crate::asked::{Asked, Named};
use crate::problem::Problem;

/// What came of a plan. It is kept for ever.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanReport {
    /// The plan's id.
    plan: String,
    /// The state it is in.
    state: String,
    /// What its execution did; null: none began.
    execution: Option<ExecutionDocument>,
    /// What was found when the tenant was compared with what was wanted, oldest first.
    verifications: Vec<VerificationDocument>,
}

/// What an execution came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionDocument {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// When it ended, or did something last.
    #[schema(value_type = String, format = DateTime)]
    ended_at: Timestamp,
    /// `done`, `partly_done`, `failed`, `cancelled` or `needs_review`; null: it is under way, or was interrupted.
    #[schema(value_type = Option<String>)]
    ended: Value,
    /// Steps by what came of them.
    counts: BTreeMap<String, u64>,
    /// Steps of which something came, in the order of the plan: number, kind, object, name, action, and the outcome
    /// with what belongs to it.
    #[schema(value_type = Vec<Object>)]
    steps: Value,
    /// From ids of the wanted state to those that were made.
    ids: BTreeMap<String, String>,
}

/// What was found of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationDocument {
    /// When the tenant was read.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether everything is as wanted.
    is_equal: bool,
    /// Steps by what was found.
    counts: BTreeMap<String, u64>,
    /// The steps in the order of the plan: number, kind, object, name, action, and the finding with what belongs to
    /// it.
    #[schema(value_type = Vec<Object>)]
    steps: Value,
}

impl ExecutionDocument {
    pub(super) fn new(report: Report) -> Result<Self, Problem> {
        Ok(Self {
            counts: named(report.counts()),
            began_at: report.began_at,
            ended_at: report.ended_at,
            ended: json(&report.ended)?,
            steps: json(&report.steps)?,
            ids: report.ids,
        })
    }
}

impl VerificationDocument {
    pub(super) fn new(found: &Verification) -> Result<Self, Problem> {
        Ok(Self {
            counts: named(found.counts()),
            is_equal: found.is_equal(),
            at: found.at,
            steps: json(&found.steps)?,
        })
    }
}

fn named(counts: BTreeMap<&str, u64>) -> BTreeMap<String, u64> {
    let named = counts.into_iter();
    named
        .map(|(word, count)| (word.to_owned(), count))
        .collect()
}

fn json(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::bug(error.to_string()))
}

/// What came of a plan
///
/// What its execution did, step by step, and what verifications found afterwards.
#[utoipa::path(get, path = "/v1/plans/{id}/report", tag = "plans", operation_id = "get_plan_report",
    params(("id" = String, Path, description = "Six or more digits of its id."), Common),
    responses((status = 200, description = "The report.", body = PlanReport)))]
pub(crate) async fn report(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
) -> Result<Response, Problem> {
    let read = |meant: super::Meant| {
        let archive = meant.archive();
        let record = meant.book().record(&meant.id)?;
        let verdict = meant.verdict(&record);
        let execution = Report::of(archive, &meant.plan)?;
        let verifications = Verification::all(archive, &meant.id)?;
        let verifications = verifications.iter().map(VerificationDocument::new);
        Ok(PlanReport {
            state: State::of(&record, verdict.is_approved()).word().to_owned(),
            execution: execution.map(ExecutionDocument::new).transpose()?,
            verifications: verifications.collect::<Result<_, Problem>>()?,
            plan: meant.id,
        })
    };
    let report = asked.with_plan(&id, read).await?;
    Ok(axum::Json(report).into_response())
}

//! The plans of an archive, and one of them.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use restore::approval::{Approvers, Judge, Policy, Statement};
use restore::{Book, Plan, State, render};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::super::common::{Common, parameters};
use super::super::jobs::{last_event, told_of};
use super::document::{PlanDocument, PlanList, PlanSummary};
use crate::asked::{Asked, Named, invalid, word};
use crate::format::DOCUMENT;
use crate::jobs::{Job, JobKind};
use crate::problem::{Code, Problem};

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPlans {}

parameters!(OfPlans, DOCUMENT, paged: false);

/// List plans
///
/// Those of the archive's book, newest first.
#[utoipa::path(get, path = "/v1/plans", tag = "plans", operation_id = "list_plans", params(Common),
    responses((status = 200, description = "The plans, newest first.", body = PlanList)))]
pub(crate) async fn list(asked: Asked<OfPlans>) -> Result<Response, Problem> {
    let (opened, served) = (Arc::clone(&asked.opened), Arc::clone(&asked.served));
    let now = asked.now;
    let read = move || {
        let archive = opened.archive();
        let book = Book::new(archive);
        let restoring = served.options().restoring.as_deref();
        let approvers = match restoring {
            Some(restoring) => restoring.approvers(archive)?,
            None => Approvers::of(archive)?,
        };
        let policy = restoring.map_or_else(Policy::default, |own| own.policy.clone());
        let judge = Judge {
            approvers: &approvers,
            policy: &policy,
            now,
        };
        let mut items = Vec::new();
        for entry in book.list()?.into_iter().rev() {
            let record = book.record(&entry.id)?;
            // What a plan needs follows from its steps; without an approval they need not be read.
            let is_approved =
                !record.approvals.is_empty() && book.verdict(&entry.id, &judge)?.is_approved();
            let state = State::of(&record, is_approved);
            items.push(PlanSummary::new(entry, state));
        }
        Ok(PlanList { items })
    };
    let list = asked.state.engine.run_blocking(read).await?;
    Ok(axum::Json(list).into_response())
}

/// One plan
///
/// With every step, what was said about it, and whether it may run now. Its entity tag is another as soon as something
/// is said about it or done; an act with it in `If-Match` happens only while it is the same.
#[utoipa::path(get, path = "/v1/plans/{id}", tag = "plans", operation_id = "get_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), Common),
    responses((status = 200, description = "The plan.", body = PlanDocument,
        headers(("ETag" = String, description = "Names what is known of the plan; give it as `If-Match`.")))))]
pub(crate) async fn get(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
) -> Result<Response, Problem> {
    let document = asked
        .with_plan(&id, |meant| PlanDocument::of(&meant))
        .await?;
    Ok(document.answer())
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportPlan {
    /// `file`, by default: the plan file, which the command line takes. `md`: for reviewers. `batch`: for Graph's
    /// `$batch`, one file a stage. `pwsh`: a PowerShell script that knows `-WhatIf`. `statement`: what an approver
    /// signs; it needs `approver`.
    #[param(pattern = "^(file|md|batch|pwsh|statement)$")]
    form: Option<String>,
    /// Name of the approver the statement is for.
    approver: Option<String>,
}

parameters!(ExportPlan, DOCUMENT, paged: false);

/// A form of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    File,
    Markdown,
    Batch,
    Powershell,
    Statement,
}

/// A plan as a file
///
/// For the command line, for reviewers and tools elsewhere, and for approvers: `ssh-keygen -Y sign -n
/// entrace-approval` over the statement makes the signature that `POST /v1/plans/{id}/approve` takes.
#[utoipa::path(get, path = "/v1/plans/{id}/export", tag = "plans", operation_id = "export_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), ExportPlan, Common),
    responses((status = 200, description = "The file.",
        content((serde_json::Value = "application/json"), (String = "text/markdown"), (String = "text/plain")))))]
pub(crate) async fn export(
    Named(id): Named<String>,
    asked: Asked<ExportPlan>,
) -> Result<Response, Problem> {
    let forms = [
        ("file", Form::File),
        ("md", Form::Markdown),
        ("batch", Form::Batch),
        ("pwsh", Form::Powershell),
        ("statement", Form::Statement),
    ];
    let form = word("form", asked.own.form.as_deref().unwrap_or("file"), &forms)?;
    let approver = asked.own.approver.clone();
    if approver.is_some() && form != Form::Statement {
        return Err(invalid("approver", "it goes with form=statement only"));
    }
    let rendered = move |meant: super::Meant| match form {
        Form::File => Ok(meant.plan.to_file()),
        Form::Markdown => Ok(render::markdown(&meant.plan)),
        Form::Powershell => Ok(render::powershell(&meant.plan)),
        Form::Batch => Ok(batches(&meant.plan)),
        Form::Statement => statement(&meant, approver.as_deref()),
    };
    let text = asked.with_plan(&id, rendered).await?;
    let media = match form {
        Form::Markdown => "text/markdown; charset=utf-8",
        Form::Powershell => "text/plain; charset=utf-8",
        _ => "application/json",
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    Ok(response)
}

/// The files of a plan for `$batch`, by their names.
fn batches(plan: &Plan) -> String {
    let files: serde_json::Map<String, Value> = render::batches(plan)
        .into_iter()
        .map(|file| {
            let content = serde_json::from_str(&file.text).unwrap_or(Value::String(file.text));
            (file.name, content)
        })
        .collect();
    Value::Object(files).to_string()
}

/// What an approver signs.
fn statement(meant: &super::Meant, approver: Option<&str>) -> Result<String, Problem> {
    let approver =
        approver.ok_or_else(|| invalid("approver", "it is missing: say who is to sign"))?;
    let judge = meant.judge();
    let approvers = judge.approvers.list();
    if !approvers.iter().any(|own| own.name == approver) {
        return Err(invalid("approver", "nobody is enrolled under this name"));
    }
    let length = super::acts::VALID_FOR.min(judge.policy.longest_approval);
    Ok(Statement::new(&meant.plan, approver, judge.now, length).text())
}

/// What happens to a plan
///
/// Server-sent events of its newest execution or verification, as those of a job.
#[utoipa::path(get, path = "/v1/plans/{id}/events", tag = "plans", operation_id = "watch_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), Common,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received.")),
    responses((status = 200, description = "Events.", content_type = "text/event-stream", body = Job)))]
pub(crate) async fn events(
    Named(id): Named<String>,
    headers: HeaderMap,
    asked: Asked<OfPlans>,
) -> Result<Response, Problem> {
    let after = last_event(&headers)?;
    let id = asked.with_plan(&id, |meant| Ok(meant.id)).await?;
    let (state, tenant) = (asked.state.clone(), asked.served.name.clone());
    let watch = move || {
        let jobs = &state.guard.jobs;
        let own = |job: &Job| {
            matches!(job.kind, JobKind::Run | JobKind::Verify) && job.plan.as_ref() == Some(&id)
        };
        match jobs.list(&tenant)?.into_iter().find(own) {
            Some(job) => jobs.watch(&tenant, &job.id, after),
            None => Ok(None),
        }
    };
    let told = asked.state.engine.run_blocking(watch).await?;
    let told = told.ok_or_else(|| {
        Problem::new(
            Code::JobNotFound,
            "nothing happens to this plan, and nothing did: execute it first",
        )
    })?;
    Ok(told_of(&asked.state, told))
}

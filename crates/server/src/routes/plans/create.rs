//! Making plans.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalog::Kind;
use collector::CollectReport;
use restore::planning::{By, PlanOptions, PlanRequest, Selected, Selection, State, to_read};
use restore::{Book, Plan};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{PlanEvent, Snapshot};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::super::common::Common;
use super::super::jobs::begun;
use super::document::PlanDocument;
use super::read::OfPlans;
use super::{Meant, logged, meant};
use crate::asked::Asked;
use crate::body::Body;
use crate::fleet::{Opened, Served};
use crate::jobs::{Job, JobHandle, JobKind, Work};
use crate::problem::{Code, Problem};
use crate::schedule::Run;
use crate::state::AppState;

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlan {
    /// The revision to bring back.
    #[schema(example = "-1d")]
    from: String,
    /// What it is compared with.
    #[serde(default)]
    against: Against,
    /// Objects: ids, or `KIND:NAME`.
    #[serde(default)]
    #[schema(max_items = 1000, example = json!(["ca:CA001: Require MFA"]))]
    objects: Vec<String>,
    /// All objects and relationships of these kinds.
    #[serde(default)]
    kinds: Vec<String>,
    /// Everything that differs.
    #[serde(default)]
    everything: bool,
    /// Of the objects only these properties and relationships: `conditions.users`, `members`.
    #[serde(default)]
    only: Vec<String>,
    /// Bring back relationships too, and what the objects need.
    #[serde(default)]
    links: bool,
    /// Delete what was added since.
    #[serde(default)]
    delete_added: bool,
}

/// What a wanted state is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Against {
    /// The newest snapshot.
    #[default]
    Latest,
    /// The tenant as it is: what the plan depends on is read first, as a snapshot like any other.
    Live,
}

/// Make a plan
///
/// Compares the wanted state with the newest snapshot, or, with `against: live`, with the tenant, which a job reads
/// first; the job's result names the plan. What moves in the tenant afterwards is found when the plan runs. The plan is
/// entered in the archive's book.
#[utoipa::path(post, path = "/v1/plans", tag = "plans", operation_id = "create_plan", params(Common),
    request_body = NewPlan,
    responses((status = 201, description = "It is made; `Location` is its address.", body = PlanDocument),
        (status = 202, description = "The tenant is being read for it; `Location` is the job's.", body = Job)))]
pub(crate) async fn create(
    asked: Asked<OfPlans>,
    Body(new): Body<NewPlan>,
) -> Result<Response, Problem> {
    let wanted = asked.snapshot(&new.from)?;
    let selection = selection(&asked, &new).await?;
    let making = Making {
        state: asked.state.clone(),
        served: Arc::clone(&asked.served),
        author: asked.principal.key.clone(),
        against: new.against,
        wanted,
        revision: new.from,
        selection,
        links: new.links,
        delete_added: new.delete_added,
    };
    let opened = Arc::clone(&asked.opened);
    if making.against == Against::Live {
        let job = asked
            .state
            .engine
            .run_blocking(move || making.begin(&opened))
            .await?;
        return Ok(begun(&asked, &job));
    }
    let made = move || PlanDocument::of(&making.make(opened)?);
    let document = asked.state.engine.run_blocking(made).await?;
    let id = document.id().to_owned();
    let mut response = (StatusCode::CREATED, axum::Json(document)).into_response();
    let place = format!("{}/v1/plans/{id}", asked.state.options.base_path);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// A plan that is being made.
struct Making {
    state: AppState,
    served: Arc<Served>,
    author: String,
    against: Against,
    wanted: Snapshot,
    revision: String,
    selection: Selection,
    links: bool,
    delete_added: bool,
}

impl Making {
    /// Begins the job that reads the tenant and makes the plan.
    fn begin(self, opened: &Opened) -> Result<Job, Problem> {
        let Some(collecting) = self.served.options().collecting.clone() else {
            return Err(Problem::new(
                Code::CannotCollect,
                "the configuration does not say how this tenant is reached: plan against the newest snapshot",
            ));
        };
        let mut request = collecting.request.clone();
        if let Some(kinds) = to_read(opened.archive(), &self.selection, self.links)? {
            let words: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
            request.selection = words.join(",");
            request.kinds = kinds;
        }
        request.kinds.retain(|kind| !kind.is_event());
        let (state, tenant, by) = (
            self.state.clone(),
            self.served.name.clone(),
            self.author.clone(),
        );
        let runtime = Handle::current();
        let work: Work = Box::new(move |job: &JobHandle| {
            let run = Run {
                state: &self.state,
                served: &self.served,
                client: &collecting.client,
                runtime: &runtime,
                request,
                tags: &[],
            };
            let report = run.take(job)?;
            let opened = runtime.block_on(self.served.opened(&self.state.engine))?;
            Ok(told(&self.make(opened)?, &report))
        });
        let jobs = &state.guard.jobs;
        jobs.begin(JobKind::Plan, &tenant, &by, None, work)
    }

    /// Makes the plan against the newest snapshot there is, and enters it in the book.
    fn make(&self, opened: Arc<Opened>) -> Result<Meant, Problem> {
        let archive = opened.archive();
        let protected = self.served.options().restoring.as_deref();
        let protected = protected.map(|own| own.policy.protected.iter().cloned().collect());
        let state = |snapshot| State { archive, snapshot };
        let request = PlanRequest {
            wanted: state(&self.wanted),
            revision: self.revision.clone(),
            current: archive.snapshots().last().map(state),
            live: self.against == Against::Live,
            tenant: archive.tenant().to_owned(),
            selection: self.selection.clone(),
            options: PlanOptions {
                links: self.links,
                delete_added: self.delete_added,
                protected: protected.unwrap_or_default(),
                domains: Vec::new(),
            },
            author: self.author.clone(),
            tool: self.state.options.tool.clone(),
            now: (self.state.options.now)(),
        };
        let plan: Plan = restore::planning::plan(&request)?;
        let id = Book::new(archive).put(&plan)?;
        let created = [(PlanEvent::Created, self.author.as_str(), None)];
        logged(&self.state, &self.served, &id, &created)?;
        meant(&self.state, &self.served, opened, &id)
    }
}

/// What the job that made a plan says of it.
fn told(made: &Meant, read: &CollectReport) -> Value {
    let lacking = read.kinds.iter().filter(|kind| kind.is_lacking);
    let lacking: Vec<&str> = lacking.map(|kind| kind.kind.as_str()).collect();
    json!({
        "plan": made.id,
        "steps": made.plan.steps.len(),
        "impossible": made.plan.impossible.len(),
        "dangling": made.plan.dangling.len(),
        "snapshot": read.id.to_string(),
        "not_read_whole": lacking,
    })
}

async fn selection(asked: &Asked<OfPlans>, new: &NewPlan) -> Result<Selection, Problem> {
    let mut selection = Selection {
        everything: new.everything,
        only: new.only.clone(),
        ..Selection::default()
    };
    if new.everything {
        selection.described.push("everything".to_owned());
    }
    for word in &new.kinds {
        selection.kinds.push(kind(word)?);
        selection.described.push(format!("kind {word}"));
    }
    for word in &new.objects {
        let object = asked.found(word).await?;
        selection.objects.push(Selected {
            kind: Some(kind(&object.kind_name)?),
            by: By::Id(object.key),
        });
        selection.described.push(word.clone());
    }
    if selection.described.is_empty() {
        return Err(Problem::new(
            Code::InvalidBody,
            "nothing is wanted: name objects or kinds, or everything",
        ));
    }
    let only = new.only.iter().map(|path| format!("only {path}"));
    selection.described.extend(only);
    Ok(selection)
}

fn kind(word: &str) -> Result<&'static Kind, Problem> {
    catalog::resolve(word).ok_or_else(|| {
        Problem::new(
            Code::KindNotFound,
            format!("there is no kind {word:?} that could be brought back"),
        )
    })
}

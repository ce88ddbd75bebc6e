//! Making plans.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalog::Kind;
use restore::planning::{By, PlanOptions, PlanRequest, Selected, Selection, State};
use restore::{Book, Plan};
use serde::Deserialize;
use store::PlanEvent;
use utoipa::ToSchema;

use super::super::common::Common;
use super::document::PlanDocument;
use super::read::OfPlans;
use super::{logged, meant};
use crate::asked::Asked;
use crate::body::Body;
use crate::problem::{Code, Problem};

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlan {
    /// The revision to bring back.
    #[schema(example = "-1d")]
    from: String,
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

/// Make a plan
///
/// Compares the wanted state with the newest snapshot. What moved in the tenant since then is found when the plan
/// runs; take a snapshot first (`POST /v1/snapshots`) to have it in the plan. It is entered in the archive's book.
#[utoipa::path(post, path = "/v1/plans", tag = "plans", operation_id = "create_plan", params(Common),
    request_body = NewPlan,
    responses((status = 201, description = "It is made; `Location` is its address.", body = PlanDocument)))]
pub(crate) async fn create(
    asked: Asked<OfPlans>,
    Body(new): Body<NewPlan>,
) -> Result<Response, Problem> {
    let wanted = asked.snapshot(&new.from)?;
    let current = asked.snapshot("latest")?;
    let selection = selection(&asked, &new).await?;
    let protected = asked.served.options().restoring.as_deref();
    let protected = protected.map(|own| own.policy.protected.iter().cloned().collect());
    let (opened, now) = (Arc::clone(&asked.opened), asked.now);
    let (author, tool) = (
        asked.principal.key.clone(),
        asked.state.options.tool.clone(),
    );
    let (state, served) = (asked.state.clone(), Arc::clone(&asked.served));
    let document = asked.state.engine.run_blocking(move || {
        let archive = opened.archive();
        let request = PlanRequest {
            wanted: State {
                archive,
                snapshot: &wanted,
            },
            revision: new.from,
            current: Some(State {
                archive,
                snapshot: &current,
            }),
            live: false,
            tenant: archive.tenant().to_owned(),
            selection,
            options: PlanOptions {
                links: new.links,
                delete_added: new.delete_added,
                protected: protected.unwrap_or_default(),
                domains: Vec::new(),
            },
            author: author.clone(),
            tool,
            now,
        };
        let plan: Plan = restore::planning::plan(&request)?;
        let id = Book::new(archive).put(&plan)?;
        logged(&state, &served, &id, &[(PlanEvent::Created, &author, None)])?;
        let made = meant(&state, &served, Arc::clone(&opened), &id)?;
        Ok((id, PlanDocument::of(&made)?))
    });
    let (id, document) = document.await?;
    let mut response = (StatusCode::CREATED, axum::Json(document)).into_response();
    let place = format!("{}/v1/plans/{id}", asked.state.options.base_path);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
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

//! What people say about a plan: that it may run, that it may not, that it shall not any more.

use std::sync::Arc;

use axum::response::Response;
use jiff::SignedDuration;
use restore::{Act, Approval};
use serde::Deserialize;
use store::PlanEvent;
use utoipa::ToSchema;

use super::super::common::{Common, IfMatch};
use super::document::PlanDocument;
use super::read::OfPlans;
use super::{Meant, logged};
use crate::asked::{Asked, Named};
use crate::body::Body;
use crate::problem::Problem;

/// How long an approval is for where nothing else is said.
pub(super) const VALID_FOR: SignedDuration = SignedDuration::from_hours(8);

/// An approval that was signed elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApproval {
    /// The statement, byte for byte as it was signed.
    #[schema(max_length = 65_536)]
    statement: String,
    /// The detached signature over it, `-----BEGIN SSH SIGNATURE-----`.
    #[schema(max_length = 65_536)]
    signature: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Approve a plan
///
/// With a signature by an enrolled key: the role alone lets nobody approve. `GET /v1/plans/{id}/export?form=statement`
/// gives what is to be signed.
#[utoipa::path(post, path = "/v1/plans/{id}/approve", tag = "plans", operation_id = "approve_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), IfMatch, Common),
    request_body = NewApproval,
    responses((status = 200, description = "The plan, and what its approvals come to.", body = PlanDocument)))]
pub(crate) async fn approve(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
    Body(new): Body<NewApproval>,
) -> Result<Response, Problem> {
    let received_at = asked.now;
    let act = move |meant: &Meant| {
        let approval = Approval {
            statement: new.statement,
            signature: new.signature,
            received_at,
        };
        let verdict = meant
            .book()
            .approve(&meant.plan, &approval, &meant.judge())?;
        let own = approval.id();
        let accepted = verdict
            .accepted
            .into_iter()
            .find(|accepted| accepted.id == own);
        let by = accepted.map_or_else(String::new, |own| own.approver);
        Ok((PlanEvent::Approved, by, Some(own)))
    };
    acted(&asked, &id, act).await
}

/// Reject a plan
///
/// It will never run.
#[utoipa::path(post, path = "/v1/plans/{id}/reject", tag = "plans", operation_id = "reject_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), IfMatch, Common),
    request_body = Why,
    responses((status = 200, description = "The plan.", body = PlanDocument)))]
pub(crate) async fn reject(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
    Body(why): Body<Why>,
) -> Result<Response, Problem> {
    let reject = |meant: &Meant, act: &Act| meant.book().reject(&meant.id, act);
    said(&asked, &id, why, PlanEvent::Rejected, reject).await
}

/// Cancel a plan
///
/// It does not run any more; an execution under way ends before its next step.
#[utoipa::path(post, path = "/v1/plans/{id}/cancel", tag = "plans", operation_id = "cancel_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), IfMatch, Common),
    request_body = Why,
    responses((status = 200, description = "The plan.", body = PlanDocument)))]
pub(crate) async fn cancel(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
    Body(why): Body<Why>,
) -> Result<Response, Problem> {
    let cancel = |meant: &Meant, act: &Act| meant.book().cancel(&meant.id, act);
    said(&asked, &id, why, PlanEvent::Cancelled, cancel).await
}

/// Enters what the asker says of a plan, and why.
async fn said(
    asked: &Asked<OfPlans>,
    id: &str,
    why: Why,
    event: PlanEvent,
    enter: impl FnOnce(&Meant, &Act) -> restore::Result<()> + Send + 'static,
) -> Result<Response, Problem> {
    let act = Act {
        by: asked.principal.key.clone(),
        at: asked.now,
        reason: why.reason,
    };
    let act = move |meant: &Meant| {
        enter(meant, &act)?;
        Ok((event, act.by, None))
    };
    acted(asked, id, act).await
}

/// Does it, has the log say so, and shows the plan as it is then.
async fn acted(
    asked: &Asked<OfPlans>,
    id: &str,
    act: impl FnOnce(&Meant) -> Result<(PlanEvent, String, Option<String>), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let (state, served) = (asked.state.clone(), Arc::clone(&asked.served));
    let document = asked.with_plan(id, move |meant| {
        let (event, by, paper) = act(&meant)?;
        logged(&state, &served, &meant.id, &[(event, &by, paper)])?;
        PlanDocument::of(&meant)
    });
    Ok(document.await?.answer())
}

//! What must hold before the first request.

use std::collections::BTreeSet;

use graph::{Client, Identity};

use super::ids::IdMap;
use super::options::Options;
use super::ready::Ready;
use crate::error::{Error, Result};
use crate::plan::{Action, Expected, Plan, Step};

/// Checks the plan itself: its size, its order, and that every step can be sent and found again.
pub(super) fn plan(plan: &Plan, options: &Options<'_>) -> Result<()> {
    if plan.steps.len() > options.max_changes {
        return Err(Error::Invalid(format!(
            "the plan has {} steps and {} are allowed: raise the limit (--max-changes), or make smaller plans",
            plan.steps.len(),
            options.max_changes
        )));
    }
    let none = IdMap::default();
    for (at, step) in plan.steps.iter().enumerate() {
        if step.number as usize != at + 1 {
            return Err(Error::Invalid(format!(
                "step {} stands at place {}: make the plan anew",
                step.number,
                at + 1
            )));
        }
        if let Some(after) = step
            .after
            .iter()
            .find(|after| **after >= step.number || **after == 0)
        {
            return Err(Error::Invalid(format!(
                "step {} waits for step {after}, which is not before it: make the plan anew",
                step.number
            )));
        }
        let ready = Ready::new(step, &none)?;
        ready.write(&none, "")?;
        if ready.makes_another_each_time() && !can_be_found(step) {
            return Err(Error::Invalid(format!(
                "step {} makes a {} and does not say how it is known again if its answer is lost: make the plan anew",
                step.number, ready.kind.title
            )));
        }
    }
    Ok(())
}

fn can_be_found(step: &Step) -> bool {
    let Expected::Present { properties } = &step.expected else {
        return false;
    };
    let made: BTreeSet<&str> = step
        .makes
        .iter()
        .map(|made| made.property.as_str())
        .collect();
    step.action != Action::Create || properties.keys().any(|name| !made.contains(name.as_str()))
}

/// Checks who executes: the tenant's, and allowed to. Gives its name.
pub(super) async fn identity(plan: &Plan, client: &Client) -> Result<String> {
    let identity = tenant(plan, client).await?;
    permissions(plan, &identity)?;
    let name = identity.user.or(identity.client_id);
    Ok(name.unwrap_or_else(|| "unknown".to_owned()))
}

/// Checks that the token is one of the plan's tenant.
pub(super) async fn tenant(plan: &Plan, client: &Client) -> Result<Identity> {
    let identity = client.identity().await?;
    match &identity.tenant {
        Some(tenant) if tenant.eq_ignore_ascii_case(&plan.tenant) => Ok(identity),
        Some(tenant) => Err(Error::Denied(format!(
            "the plan is for tenant {}, and the credential is for {tenant}: use the credential of the plan's tenant",
            plan.tenant
        ))),
        None => Err(Error::Denied(format!(
            "the token does not say that it is for tenant {}: nothing is written with it",
            plan.tenant
        ))),
    }
}

/// Every step needs one of its permissions.
fn permissions(plan: &Plan, identity: &Identity) -> Result<()> {
    // A token that cannot be read says nothing either way: Graph decides.
    let (Some(roles), Some(scopes)) = (&identity.roles, &identity.scopes) else {
        return Ok(());
    };
    let has = |permission: &String| roles.contains(permission) || scopes.contains(permission);
    let mut missing = BTreeSet::new();
    for step in &plan.steps {
        // What leaves the recycle bin mostly brings it along: then nothing is sent.
        let comes_along = step.action == Action::Create
            && step.after.iter().any(|number| {
                let before = plan.steps.get(*number as usize - 1);
                before.is_some_and(|before| before.action == Action::Restore)
            });
        if comes_along {
            continue;
        }
        if !step.permissions.is_empty() && !step.permissions.iter().any(has) {
            missing.insert(step.permissions.join(" or "));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing.into_iter().collect();
    Err(Error::Denied(format!(
        "the write credential lacks {}: grant it to the application and consent, or leave out what needs it",
        missing.join(", ")
    )))
}

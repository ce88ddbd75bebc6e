//! What an object itself forbids: where its authority is, what it was made by, who may write it.

use catalog::{Kind, Operation};
use model::Value;

use crate::plan::Reason;

/// Why a kind of write is not planned, and what to do instead.
pub(super) type Refusal = (Reason, String);

/// Why an operation that Graph has, or has not, cannot be planned.
pub(super) fn of_operation(
    kind: &Kind,
    operation: Option<&Operation>,
    verb: &str,
) -> Result<Operation, Refusal> {
    let Some(operation) = operation else {
        let text = format!("Graph has no request that can {verb} a {}", kind.name);
        return Err((Reason::NoOperation, text));
    };
    if !operation.app_only {
        let permissions = kind
            .writing
            .as_ref()
            .map(|writing| writing.delegated.join(" or "))
            .filter(|permissions| !permissions.is_empty());
        let with = permissions.map_or_else(String::new, |it| format!(" with {it}"));
        let text = format!(
            "only a signed-in administrator{with} can {verb} a {}: do it in the portal",
            kind.name
        );
        return Err((Reason::Delegated, text));
    }
    Ok(*operation)
}

/// Why an object with these properties cannot be written.
pub(super) fn of_object(kind: &Kind, object: Value<'_>) -> Option<Refusal> {
    let is_true = |name: &str| object.get(name).and_then(Value::bool) == Some(true);
    let is_synchronised = is_true("onPremisesSyncEnabled");
    let text_of = |name: &str| object.get(name).and_then(Value::text);
    match kind.name {
        "user" | "group" | "org_contact" if is_synchronised => Some((
            Reason::OnPremises,
            "it is synchronised from on-premises: change it in Active Directory".to_owned(),
        )),
        "role_definition" if is_true("isBuiltIn") => {
            no_operation("it is built in: Microsoft alone writes it")
        }
        "permission_grant_policy"
            if text_of("id").is_some_and(|id| id.starts_with("microsoft-")) =>
        {
            no_operation("it is built in: Microsoft alone writes it")
        }
        "authentication_strength_policy"
            if text_of("policyType").is_some_and(|kind| kind == "builtIn") =>
        {
            no_operation("it is built in: Microsoft alone writes it")
        }
        "group" => {
            let unified = object.get("groupTypes").is_some_and(|types| {
                types
                    .elements()
                    .any(|it| it.text().as_deref() == Some("Unified"))
            });
            if is_true("mailEnabled") && !unified {
                no_operation(
                    "Graph only reads distribution lists and mail-enabled security groups: write it in Exchange",
                )
            } else {
                None
            }
        }
        name if name.contains("_schedule") => schedule(object),
        _ => None,
    }
}

/// Schedules that follow from something else.
fn schedule(object: Value<'_>) -> Option<Refusal> {
    let text_of = |name: &str| object.get(name).and_then(Value::text);
    if text_of("memberType").is_some_and(|word| word.eq_ignore_ascii_case("group")) {
        return no_operation("it follows from an assignment to a group: bring that one back");
    }
    if text_of("assignmentType").is_some_and(|word| word == "Activated") {
        return no_operation(
            "somebody activated it for a time: who needs the role activates it again",
        );
    }
    None
}

/// Why an object with these properties cannot be made anew, though others of its kind can.
pub(super) fn of_creation(kind: &Kind, object: Value<'_>) -> Option<Refusal> {
    let text_of = |name: &str| object.get(name).and_then(Value::text);
    match kind.name {
        "user" if text_of("userPrincipalName").is_some_and(|name| name.contains("#EXT#")) => {
            no_operation("a guest comes back by an invitation to the person: invite them again")
        }
        "service_principal"
            if text_of("servicePrincipalType").is_some_and(|it| it == "ManagedIdentity") =>
        {
            no_operation(
                "a managed identity belongs to an Azure resource: switch it on there again",
            )
        }
        "device" => no_operation("its keys live on the device: register the device again"),
        "domain" => no_operation("a domain must be verified by its owner's DNS: add it by hand"),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of a match of options")]
fn no_operation(text: &str) -> Option<Refusal> {
    Some((Reason::NoOperation, text.to_owned()))
}

//! An object that was added since: deleted.

use catalog::Body;
use model::Parser;

use super::draft::{Draft, Subject};
use super::mention::referred;
use super::refusal::{Refusal, of_object, of_operation};
use super::request::PlanOptions;
use super::{bodies, create, risk};
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::plan::{Action, Expected, Inverse, Precondition};

/// The step that deletes an object, or why it cannot be.
pub(super) fn delete(
    subject: Subject<'_>,
    current: &str,
    options: &PlanOptions,
    parser: &mut Parser,
) -> Result<std::result::Result<Draft, Refusal>> {
    let kind = subject.kind;
    let object = parser
        .parse_text(current)
        .map_err(|error| Error::Invalid(format!("{}: {error}", subject.key)))?
        .root();
    if let Some(refusal) = of_object(kind, object) {
        return Ok(Err(refusal));
    }
    let delete = kind.writing.and_then(|writing| writing.delete);
    let operation = match of_operation(kind, delete.as_ref(), "delete") {
        Ok(operation) => operation,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let body = match operation.body {
        Body::Action { member, word } => Some(bodies::action(subject, (member, word), object)?),
        _ => None,
    };
    let Some(request) = subject.request(&operation, body) else {
        let text = "its address has an id that is none".to_owned();
        return Ok(Err((crate::plan::Reason::NoOperation, text)));
    };
    let undelete = kind
        .writing
        .and_then(|writing| writing.undelete)
        .filter(|operation| operation.app_only);
    let action = if kind.soft_delete.is_some() {
        Action::SoftDelete
    } else {
        Action::Delete
    };
    let mut draft = subject.draft(action, request);
    draft.step.precondition = Precondition::Unchanged {
        hash: fingerprint(kind, current),
    };
    draft.step.expected = Expected::Absent;
    referred(kind, object, &mut |id| draft.names.push(id.to_owned()));
    draft.step.risks = risk::of_deletion(kind);
    risk::protect(options, &mut draft);
    draft.step.inverse = match undelete.and_then(|operation| subject.request(&operation, None)) {
        Some(request) => Inverse::Request(request),
        None => again(subject, current, options)?,
    };
    Ok(Ok(draft))
}

/// Taking a deletion back without a recycle bin: another object of the same content.
fn again(subject: Subject<'_>, current: &str, options: &PlanOptions) -> Result<Inverse> {
    let mut made = create::create(subject, current, options, &mut Parser::new())?;
    Ok(if made.drafts.is_empty() {
        let reason = made.impossible.pop().map(|it| it.text);
        Inverse::Impossible(reason.unwrap_or_else(|| "it is gone for good".to_owned()))
    } else {
        Inverse::Request(made.drafts.swap_remove(0).step.request)
    })
}

//! An object that is not there: brought back from the recycle bin, or made anew.

use catalog::{Body, Kind};
use model::Parser;
use serde_json::{Map, Value, json};

use super::draft::{Draft, Drafted, Subject, owned};
use super::refusal::{Refusal, of_creation, of_object, of_operation};
use super::request::PlanOptions;
use super::values::{is_bookkeeping, may_be_written, to_body, to_json};
use super::{bodies, risk};
use crate::error::{Error, Result};
use crate::own::own_text;
use crate::plan::{
    Action, Expected, Inverse, Made, Precondition, PropertyChange, Reason, Request, Risk, RiskCode,
};

/// State of a policy that decides nothing and is recorded.
const REPORT_ONLY: &str = "enabledForReportingButNotEnforced";

/// The step that takes an object out of the recycle bin.
pub(super) fn undelete(subject: Subject<'_>, options: &PlanOptions) -> Option<Draft> {
    let writing = subject.kind.writing.as_ref()?;
    let request = subject.request(&writing.undelete?, None)?;
    let mut draft = subject.draft(Action::Restore, request);
    draft.step.precondition = Precondition::Deleted;
    draft.step.inverse = delete_request(subject);
    if let Some(twin) = subject.kind.deleted_twin().and_then(|twin| twin.writing) {
        draft.step.permissions = owned(twin.permissions);
    }
    risk::protect(options, &mut draft);
    Some(draft)
}

fn delete_request(subject: Subject<'_>) -> Inverse {
    let delete = subject.kind.writing.and_then(|writing| writing.delete);
    let request = delete.and_then(|operation| match operation.body {
        Body::Empty => subject.request(&operation, None),
        _ => None,
    });
    request.map_or_else(
        || Inverse::Impossible("Graph has no request that deletes it".to_owned()),
        Inverse::Request,
    )
}

/// Whether an object of a kind gets an id of the service's choice.
pub(super) fn is_renumbered(kind: &Kind) -> bool {
    let chosen = kind
        .writing
        .map_or(&[] as &[&str], |writing| writing.chosen);
    kind.key.is_some_and(|key| !chosen.contains(&key))
        && kind.shape == catalog::Shape::Object
        // Their ids are made of what they say.
        && !matches!(
            kind.name,
            "custom_security_attribute_definition" | "user_flow_attribute"
        )
}

/// The step that makes an object anew, and the one that switches it on.
pub(super) fn create(
    subject: Subject<'_>,
    wanted: &str,
    options: &PlanOptions,
    parser: &mut Parser,
) -> Result<Drafted> {
    let kind = subject.kind;
    let wanted = &own_text(kind, wanted);
    let object = parser
        .parse_text(wanted)
        .map_err(|error| Error::Invalid(format!("{}: {error}", subject.key)))?
        .root();
    let mut drafted = Drafted::default();
    let create = kind.writing.and_then(|writing| writing.create);
    let refused = of_object(kind, object).or_else(|| of_creation(kind, object));
    let operation = match refused {
        Some(refusal) => Err(refusal),
        None => of_operation(kind, create.as_ref(), "make").and_then(|operation| {
            if operation.body == Body::Package {
                let text = "its content is a file that no snapshot has: upload it again".to_owned();
                return Err::<_, Refusal>((Reason::NeverReturned, text));
            }
            Ok(operation)
        }),
    };
    let operation = match operation {
        Ok(operation) => operation,
        Err((reason, text)) => {
            drafted
                .impossible
                .push(subject.impossible(Vec::new(), reason, text));
            return Ok(drafted);
        }
    };
    let only = match operation.body {
        Body::Only(names) => Some(names),
        _ => None,
    };
    let mut parts = Properties::read(kind, object, only)?;
    for (reason, text, names) in std::mem::take(&mut parts.refused) {
        drafted
            .impossible
            .push(subject.impossible(names, reason, text));
    }
    let enable = parts.hold_back(kind);
    let body = match operation.body {
        Body::Action { member, word } => bodies::action(subject, (member, word), object)?,
        _ => Value::Object(std::mem::take(&mut parts.body)),
    };
    let Some(request) = subject.request(&operation, Some(body)) else {
        let text = "its address has an id that is none";
        drafted
            .impossible
            .push(subject.impossible(Vec::new(), Reason::MissingParent, text));
        return Ok(drafted);
    };
    let mut draft = subject.draft(Action::Create, request);
    draft.step.precondition = Precondition::Absent;
    draft.step.properties = parts.changes;
    draft.step.expected = Expected::Present {
        properties: parts.expected,
    };
    draft.step.inverse = delete_request(subject);
    draft.step.makes = made(subject, object);
    draft.step.risks = risk::of_creation(
        kind,
        object,
        !draft.step.makes.is_empty(),
        parts.has_secrets,
    );
    risk::protect(options, &mut draft);
    let index = drafted.drafts.len();
    drafted.drafts.push(draft);
    if let Some(state) = enable {
        let mut draft = switch(subject, &state, object);
        if let Some(draft) = draft.as_mut() {
            draft.waits.push(index);
            risk::protect(options, draft);
        }
        drafted.drafts.extend(draft);
    }
    Ok(drafted)
}

/// What becomes other ids.
fn made(subject: Subject<'_>, object: model::Value<'_>) -> Vec<Made> {
    let mut made = Vec::new();
    if !is_renumbered(subject.kind) {
        return made;
    }
    if let Some(old) = subject.parts().pop() {
        made.push(Made {
            old,
            property: subject.kind.key.unwrap_or("id").to_owned(),
        });
    }
    let app_id = object.get("appId").and_then(model::Value::text);
    if let ("application", Some(app_id)) = (subject.kind.name, app_id) {
        made.push(Made {
            old: app_id.to_ascii_lowercase(),
            property: "appId".to_owned(),
        });
    }
    made
}

/// The properties of an object that is made anew.
#[derive(Default)]
struct Properties {
    body: Map<String, Value>,
    expected: Map<String, Value>,
    changes: Vec<PropertyChange>,
    refused: Vec<(Reason, String, Vec<String>)>,
    has_secrets: bool,
}

impl Properties {
    fn read(kind: &Kind, object: model::Value<'_>, only: Option<&[&str]>) -> Result<Self> {
        let mut parts = Self::default();
        for (name, value) in object.members() {
            if &*name == "@odata.type" && !kind.derived_types.is_empty() {
                parts.body.insert(name.into_owned(), to_json(value)?);
                continue;
            }
            let is_chosen = kind.writing.is_some_and(|it| it.chosen.contains(&&*name));
            let skipped = is_bookkeeping(kind, &name) && !is_chosen;
            // Of a new object, null is what everything is that is not said.
            if skipped || value.is_null() || only.is_some_and(|only| !only.contains(&&*name)) {
                continue;
            }
            if kind.name == "user" && &*name == "passwordProfile" {
                continue;
            }
            match may_be_written(kind, &name, value, true) {
                Ok(()) => {
                    let body = to_body(value)?;
                    let shown = to_json(value)?;
                    parts.changes.push(PropertyChange {
                        path: name.clone().into_owned(),
                        old: None,
                        new: Some(shown.clone()),
                    });
                    parts.expected.insert(name.clone().into_owned(), shown);
                    parts.body.insert(name.into_owned(), body);
                }
                Err((reason, text)) => parts.refuse(reason, text, name.into_owned(), value),
            }
        }
        if kind.name == "user" {
            // Whoever executes the plan adds a random password that nobody is told.
            let profile = json!({ "forceChangePasswordNextSignIn": true });
            parts.body.insert("passwordProfile".to_owned(), profile);
            parts.has_secrets = true;
        }
        Ok(parts)
    }

    fn refuse(&mut self, reason: Reason, text: String, name: String, value: model::Value<'_>) {
        let is_empty = value.raw() == "[]" || value.raw() == "{}" || value.raw() == "false";
        // What Graph computes, it computes for the new object too.
        if reason == Reason::ReadOnly
            && !matches!(name.as_str(), "keyCredentials" | "assignedLicenses")
            || is_empty
        {
            return;
        }
        self.has_secrets |= reason == Reason::NeverReturned || name == "keyCredentials";
        match self.refused.iter_mut().find(|it| it.0 == reason) {
            Some((_, _, names)) => names.push(name),
            None => self.refused.push((reason, text, vec![name])),
        }
    }

    /// Makes what would take effect at once take effect last: the state to switch to, where there is one.
    fn hold_back(&mut self, kind: &Kind) -> Option<String> {
        if kind.name != "conditional_access_policy" {
            return None;
        }
        let wanted = self.body.get("state")?.as_str()?.to_owned();
        let first = match wanted.as_str() {
            "enabled" => REPORT_ONLY,
            "disabled" => return None,
            _ => "disabled",
        };
        for map in [&mut self.body, &mut self.expected] {
            map.insert("state".to_owned(), first.into());
        }
        for change in self.changes.iter_mut().filter(|it| it.path == "state") {
            change.new = Some(first.into());
        }
        Some(wanted)
    }
}

/// The last step on a policy that was made without effect.
fn switch(subject: Subject<'_>, state: &str, object: model::Value<'_>) -> Option<Draft> {
    let update = subject.kind.writing.and_then(|writing| writing.update)?;
    let first = if state == "enabled" {
        REPORT_ONLY
    } else {
        "disabled"
    };
    let request = |state: &str| -> Option<Request> {
        subject.request(&update, Some(json!({ "state": state })))
    };
    let mut draft = subject.draft(Action::Enable, request(state)?);
    draft.step.properties = vec![PropertyChange {
        path: "state".to_owned(),
        old: Some(first.into()),
        new: Some(state.into()),
    }];
    let mut properties = Map::new();
    properties.insert("state".to_owned(), state.into());
    draft.step.expected = Expected::Present { properties };
    draft.step.inverse = request(first).map_or_else(
        || Inverse::Impossible("it has no address".to_owned()),
        Inverse::Request,
    );
    draft.names = subject.parts();
    draft.step.risks = risk::of_policy(object, state).into_iter().collect();
    if draft.step.risks.is_empty() && state == "enabled" {
        draft.step.risks.push(Risk {
            code: RiskCode::LockOut,
            text:
                "it was made report-only: look at its effect in the sign-in logs before this step"
                    .to_owned(),
        });
    }
    Some(draft)
}

//! One row of the directory audit log, as far as it says who did what to what.
//!
//! Rows are hostile input: whoever may name an object may put text into them. What is read is bounded,
//! and what cannot be read says nothing.

use catalog::audit;
use jiff::Timestamp;
use model::Value;

use super::activity::Activity;

/// Objects of one event that are looked at.
const MOST_TARGETS: usize = 256;
/// Changed properties of one object that are looked at.
const MOST_CHANGES: usize = 256;
/// Bytes of an old or new value that are looked at; policies come as a whole.
const MOST_VALUE_BYTES: usize = 256 << 10;

/// Who is behind an event, as the event says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Actor {
    /// Object id of the user or of the application's service principal.
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// Whether an application did it by itself; an application that acts for a user is not meant.
    pub(crate) is_app: bool,
    pub(crate) app_id: Option<String>,
    pub(crate) ip: Option<String>,
}

impl Actor {
    /// `user` or `app`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_app { "app" } else { "user" }
    }

    /// Whether two events were caused by the same: by id where both have one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(own), Some(other)) => own.eq_ignore_ascii_case(other),
            (None, None) => self.name == other.name && self.app_id == other.app_id,
            _ => false,
        }
    }
}

/// A property that an event says was changed; the values are texts with JSON in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

/// An object an event names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// As keys hold it: a GUID in lower case.
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// `User`, `Group`, `Policy` ...
    pub(crate) object_type: Option<String>,
    pub(crate) told: Vec<Told>,
    /// Names in the list of changed properties; `None` where the event has no such list.
    pub(crate) listed: Option<Vec<String>>,
}

/// One successful event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEvent {
    pub(crate) id: String,
    pub(crate) time: Timestamp,
    pub(crate) activity: Activity,
    /// As the log writes it.
    pub(crate) activity_name: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) actor: Actor,
    pub(crate) targets: Vec<Target>,
}

impl AuditEvent {
    /// The event of a row; `None` where it has no time or did not succeed.
    pub(crate) fn read(key: &str, row: Value<'_>) -> Option<Self> {
        let time = model::parse_time(&text(row.get("activityDateTime"))?).ok()?;
        if text(row.get("result")).is_some_and(|result| !result.eq_ignore_ascii_case("success")) {
            return None;
        }
        let activity_name = text(row.get("activityDisplayName"));
        let operation = text(row.get("operationType"));
        let activity = Activity::new(
            activity_name.as_deref().unwrap_or_default(),
            operation.as_deref(),
        );
        let targets = row.get("targetResources").into_iter();
        let targets = targets.flat_map(Value::elements).take(MOST_TARGETS);
        Some(Self {
            id: text(row.get("id")).unwrap_or_else(|| key.to_owned()),
            time,
            activity,
            activity_name,
            correlation_id: text(row.get("correlationId")),
            actor: actor(row.get("initiatedBy")),
            targets: targets.map(target).collect(),
        })
    }

    /// The target with an id.
    pub(crate) fn target(&self, id: &str) -> Option<&Target> {
        let is_it = |target: &&Target| target.id.as_deref() == Some(id);
        self.targets.iter().find(is_it)
    }

    /// Whether an id stands among the targets or in a value of theirs; not who did it.
    pub(crate) fn names(&self, id: &str) -> bool {
        self.targets
            .iter()
            .any(|target| target.id.as_deref() == Some(id) || target.told_of(id))
    }
}

impl Target {
    /// Whether an id stands in a value that changed.
    pub(crate) fn told_of(&self, id: &str) -> bool {
        let values = self.told.iter().flat_map(|told| [&told.old, &told.new]);
        values.flatten().any(|value| contains(value, id))
    }

    /// Whether the event says that it changed no property at all.
    pub(crate) fn tells_of_nothing(&self) -> bool {
        self.told.is_empty() && self.listed.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether the event says which properties it changed.
    pub(crate) fn tells(&self) -> bool {
        !self.told.is_empty() || self.listed.as_ref().is_some_and(|names| !names.is_empty())
    }
}

/// Whether a text has another in it, whatever the case of its ASCII letters.
pub(super) fn contains(text: &str, part: &str) -> bool {
    !part.is_empty()
        && text
            .as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

fn text(value: Option<Value<'_>>) -> Option<String> {
    let text = value?.text()?;
    (!text.is_empty()).then(|| text.into_owned())
}

/// Who is named first in [`Actor`]'s sense: the user where there is one, because the portal stands
/// beside as the application.
fn actor(initiator: Option<Value<'_>>) -> Actor {
    let part = |name: &str| {
        let part = initiator.and_then(|by| by.get_folded(name));
        part.filter(|part| part.members().next().is_some())
    };
    if let Some(user) = part("user") {
        return Actor {
            id: text(user.get_folded("id")),
            name: text(user.get_folded("userPrincipalName"))
                .or_else(|| text(user.get_folded("displayName"))),
            is_app: false,
            app_id: None,
            ip: text(user.get_folded("ipAddress")),
        };
    }
    let app = part("app");
    let of_app = |name: &str| text(app.and_then(|app| app.get_folded(name)));
    Actor {
        id: of_app("servicePrincipalId"),
        name: of_app("displayName").or_else(|| of_app("servicePrincipalName")),
        is_app: true,
        app_id: of_app("appId"),
        ip: None,
    }
}

fn target(target: Value<'_>) -> Target {
    let mut result = Target {
        id: text(target.get_folded("id")).map(|id| model::fold_id(&id)),
        name: text(target.get_folded("displayName")),
        object_type: text(target.get_folded("type")),
        ..Target::default()
    };
    let entries = target.get_folded("modifiedProperties").into_iter();
    for entry in entries.flat_map(Value::elements).take(MOST_CHANGES) {
        let Some(name) = text(entry.get_folded("displayName")) else {
            continue;
        };
        let value = |name: &str| {
            text(entry.get_folded(name)).filter(|value| value.len() <= MOST_VALUE_BYTES)
        };
        if name == audit::INCLUDED {
            let names = value("newValue").unwrap_or_default();
            result.listed = Some(audit::included(&names).map(str::to_owned).collect());
        } else if audit::is_property(&name) {
            result.told.push(Told {
                name,
                old: value("oldValue"),
                new: value("newValue"),
            });
        }
    }
    result
}

#[cfg(test)]
mod tests;

//! What was changed, in the terms by which the log may name it.

use catalog::{Kind, Relationship, Shape};
use model::{Parser, Value};

/// Ids that the same object may have: a role and its template, for one.
pub(super) type Known = Vec<String>;

/// Ids Graph gives to an authentication method of every user alike: they name no object.
const COMMON_IDS: [&str; 6] = [
    "28c10230-6103-485e-b985-444c60001490",
    "3179e48a-750b-4051-897c-87b9720928f7",
    "3ddfcfc8-9383-446f-83cc-3ab9be4be18f",
    "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "c5003563-3b04-4e8c-8fba-d8e3ab0fc4c0",
    "e37fc753-ff3b-4958-9484-eaa9425c82bc",
];

/// What the log does not name by an id of its own is told by what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// An object with an id.
    Object,
    /// What there is once in a tenant: the activity alone says what is meant.
    Single,
    /// An object below another.
    Child { parents: Vec<String> },
    /// A relationship.
    Edge {
        relationship: Relationship,
        source: Known,
        target: Known,
    },
    /// An object that joins others: an assignment, a consent.
    Grant {
        /// All of them must be named.
        ends: Vec<Known>,
        /// Make a match better.
        further: Vec<String>,
    },
    /// An object in the recycle bin.
    Binned,
}

/// An object or edge, as the log may know it.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// `None` for a kind the catalogue does not have.
    pub(super) kind: Option<&'static Kind>,
    /// Its own id, where it has one that is its alone.
    pub(super) own: Option<String>,
    pub(super) form: Form,
}

/// Kinds that join others in an object.
pub(crate) fn is_grant(kind: &Kind) -> bool {
    !kind.is_relationship() && ends_of(kind).count() >= 2
}

/// Properties of a grant that name what it joins.
fn ends_of(kind: &Kind) -> impl Iterator<Item = &'static str> {
    const JOINED: [&str; 7] = [
        "directory_object",
        "user",
        "group",
        "service_principal",
        "role_definition",
        "directory_role",
        "administrative_unit",
    ];
    // Conditional Access policies and the like refer to many and join none.
    let is_id = |path: &str| path.ends_with("Id") || path == "roleMemberInfo.id";
    kind.references
        .iter()
        .filter(move |reference| JOINED.contains(&reference.target) && reference.target_key == "id")
        .map(|reference| reference.path)
        .filter(move |path| is_id(path))
}

impl Subject {
    /// The subject of a key; `payload` is needed of grants alone.
    pub(crate) fn new(kind_name: &str, key: &str, payload: Option<&str>) -> Self {
        let kind = catalog::by_name(kind_name);
        let parts: Vec<&str> = key.split(model::KEY_SEPARATOR).collect();
        let own = parts.last().map(|own| (*own).to_owned());
        let own = own.filter(|own| !own.is_empty() && !COMMON_IDS.contains(&own.as_str()));
        let form = kind.map_or(Form::Object, |kind| form(kind, &parts, payload));
        Self { kind, own, form }
    }

    /// Gives a role's id its other id too.
    pub(super) fn alias(&mut self, other: impl Fn(&str) -> Option<String>) {
        let extend = |known: &mut Known| {
            let more: Vec<String> = known.iter().filter_map(|id| other(id)).collect();
            known.extend(more);
        };
        match &mut self.form {
            Form::Edge { source, target, .. } => {
                extend(source);
                extend(target);
            }
            Form::Grant { ends, .. } => ends.iter_mut().for_each(extend),
            _ => {}
        }
    }

    /// The ids by which events about it are found.
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.own.iter().map(String::as_str).collect();
        match &self.form {
            Form::Child { parents } => ids.extend(parents.iter().map(String::as_str)),
            Form::Edge { source, target, .. } => {
                ids = source.iter().chain(target).map(String::as_str).collect();
            }
            Form::Grant { ends, .. } => ids.extend(ends.iter().flatten().map(String::as_str)),
            Form::Object | Form::Single | Form::Binned => {}
        }
        ids.retain(|id| model::is_guid(id));
        ids
    }

    /// Whether the name of an activity leads to events that no id leads to.
    pub(super) fn is_found_by_activity(&self) -> bool {
        let is_other = |id: &String| !model::is_guid(id);
        self.kind.is_some()
            && match &self.form {
                Form::Single => true,
                Form::Object => self.own.as_ref().is_none_or(is_other),
                Form::Child { parents } => parents.iter().any(is_other),
                _ => false,
            }
    }
}

fn form(kind: &'static Kind, parts: &[&str], payload: Option<&str>) -> Form {
    let owned = |id: &&str| (*id).to_owned();
    if let Shape::Relationship(relationship) = kind.shape {
        let (first, last) = (parts.first(), parts.last());
        return Form::Edge {
            relationship,
            source: first.map(owned).into_iter().collect(),
            target: last.map(owned).into_iter().collect(),
        };
    }
    if kind.name.starts_with("deleted_") {
        return Form::Binned;
    }
    if is_grant(kind) {
        return grant(kind, payload);
    }
    // What is below a singleton has the singleton's name in its path and nothing in its key.
    let parents: Vec<String> = parts[..parts.len().saturating_sub(1)]
        .iter()
        .map(owned)
        .collect();
    if !parents.is_empty() {
        return Form::Child { parents };
    }
    if kind.shape == Shape::Singleton && !parts.iter().any(|part| model::is_guid(part)) {
        return Form::Single;
    }
    Form::Object
}

fn grant(kind: &'static Kind, payload: Option<&str>) -> Form {
    let mut parser = Parser::new();
    let document = payload.and_then(|payload| parser.parse_text(payload).ok());
    let root = document.map(model::Document::root);
    let id = |path: &str| {
        let value = path
            .split('.')
            .try_fold(root?, Value::get)?
            .text()
            .map(|text| model::fold_id(&text))?;
        model::is_guid(&value).then_some(value)
    };
    // A consent is between client and resource; whose it is, the log tells at times.
    let is_user = |path: &&str| kind.name == "oauth2_permission_grant" && *path == "principalId";
    let ends = ends_of(kind).filter(|path| !is_user(path)).filter_map(id);
    let ends: Vec<Known> = ends.map(|id| vec![id]).collect();
    let mut further: Vec<String> = ends_of(kind).filter(is_user).filter_map(id).collect();
    let scope = root.and_then(|root| root.get("directoryScopeId")?.text());
    if let Some(scope) = scope {
        further.extend(
            scope
                .split('/')
                .filter(|id| model::is_guid(id))
                .map(model::fold_id),
        );
    }
    Form::Grant { ends, further }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "aaaaaaaa-0000-4000-8000-000000000001";
    const ROLE: &str = "bbbbbbbb-0000-4000-8000-000000000002";

    #[test]
    fn an_assignment_is_told_by_what_it_joins() {
        let payload = format!(
            r#"{{"id":"x-1","principalId":"{}","roleDefinitionId":"{ROLE}","directoryScopeId":"/"}}"#,
            USER.to_uppercase()
        );
        let subject = Subject::new("role_assignment", "x-1", Some(&payload));
        assert_eq!(subject.ids(), [USER, ROLE]);
        let Form::Grant { ends, further } = subject.form else {
            panic!("an assignment is a grant")
        };
        assert_eq!(ends, [[USER], [ROLE]]);
        assert!(further.is_empty());
    }

    #[test]
    fn an_edge_has_two_ends_and_a_child_a_parent() {
        let key = format!("{ROLE}\u{1f}{USER}");
        let edge = Subject::new("group_member", &key, None);
        assert_eq!(edge.ids(), [ROLE, USER]);
        let method = format!("{USER}\u{1f}28c10230-6103-485e-b985-444c60001490");
        let method = Subject::new("user_authentication_method", &method, None);
        assert_eq!((method.own.as_deref(), method.ids()), (None, vec![USER]));
    }

    #[test]
    fn what_joins_nothing_is_no_grant() {
        for (name, expected) in [
            ("role_assignment", true),
            ("oauth2_permission_grant", true),
            ("app_role_assignment", true),
            ("role_eligibility_schedule", true),
            ("pim_group_eligibility_schedule", true),
            ("conditional_access_policy", false),
            ("user", false),
            ("authorization_policy", false),
            ("application", false),
        ] {
            let kind = catalog::by_name(name).expect("because it is listed");
            assert_eq!(is_grant(kind), expected, "{name}");
        }
    }

    #[test]
    fn a_policy_without_an_id_is_found_by_its_activity() {
        assert!(
            Subject::new("authorization_policy", "authorizationPolicy", None)
                .is_found_by_activity()
        );
        assert!(!Subject::new("user", USER, None).is_found_by_activity());
        assert!(!Subject::new("badge_printer", "p1", None).is_found_by_activity());
    }
}

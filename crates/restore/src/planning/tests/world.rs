//! A tenant as a few lines, and archives of its states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::{
    Archive, Closing, Coverage, CoverageState, CreateOptions, KindOptions, MemoryStorage, Object,
    Secrets, SlotChoice, Source, Storage, Writer, WriterOptions,
};

use super::super::{By, PlanOptions, PlanRequest, Selected, Selection, State, plan};
use crate::error::Result;
use crate::plan::{Plan, Step};

pub(super) const ALICE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(super) const BOB: &str = "bbbbbbbb-0000-4000-8000-000000000002";
pub(super) const STAFF: &str = "11111111-0000-4000-8000-000000000001";
pub(super) const OFFICE: &str = "22222222-0000-4000-8000-000000000002";
pub(super) const POLICY: &str = "ca000000-0000-4000-8000-000000000001";
pub(super) const APP: &str = "ab000000-0000-4000-8000-000000000001";
pub(super) const APP_ID: &str = "ab000000-0000-4000-8000-0000000000ff";
pub(super) const PRINCIPAL: &str = "5b000000-0000-4000-8000-000000000001";
pub(super) const GRANT: &str = "f0000000-0000-4000-8000-000000000001";
pub(super) const GLOBAL: &str = "62e90394-69f5-4237-9190-012177145e10";

/// The objects of a tenant by kind and key.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct World {
    pub(super) objects: BTreeMap<String, BTreeMap<String, Value>>,
    /// How kinds were read that were not read completely.
    pub(super) coverage: BTreeMap<String, CoverageState>,
}

impl World {
    /// Every kind that the tests use is read, though there is nothing of it.
    pub(super) fn new() -> Self {
        let mut world = Self::default();
        for kind in [
            "user",
            "group",
            "group_member",
            "group_owner",
            "deleted_user",
            "deleted_group",
            "conditional_access_policy",
            "named_location",
            "application",
            "service_principal",
            "role_assignment",
            "app_role_assignment",
            "user_manager",
            "role_definition",
            "service_principal_app_role_assignment",
            "application_federated_identity_credential",
            "deleted_application",
            "deleted_service_principal",
            "authentication_context",
            "audit_log_query",
            "cross_tenant_access_partner",
        ] {
            world.objects.insert(kind.to_owned(), BTreeMap::new());
        }
        world.with(
            "role_definition",
            &[],
            json!({
                "id": GLOBAL, "displayName": "Global Administrator", "isBuiltIn": true,
            }),
        )
    }

    /// With an object; its key is its id, behind those of its parents.
    pub(super) fn with(mut self, kind: &str, parents: &[&str], object: Value) -> Self {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let parts = parents.iter().copied().chain([id.as_str()]);
        let key = ::model::ObjectKey::composed(parts).as_str().to_owned();
        self.objects
            .entry(kind.to_owned())
            .or_default()
            .insert(key, object);
        self
    }

    pub(super) fn edge(mut self, kind: &str, source: &str, target: &str) -> Self {
        let key = ::model::ObjectKey::composed([source, target])
            .as_str()
            .to_owned();
        let object = json!({ "@odata.type": "#microsoft.graph.user" });
        self.objects
            .entry(kind.to_owned())
            .or_default()
            .insert(key, object);
        self
    }

    /// A group, and a policy in force for everybody but its members.
    pub(super) fn guarded() -> Self {
        let policy = policy("enabled", &[STAFF]);
        Self::new()
            .with("conditional_access_policy", &[], policy)
            .with("group", &[], group(STAFF, "Staff", json!({})))
    }

    pub(super) fn covered(mut self, kind: &str, state: CoverageState) -> Self {
        self.coverage.insert(kind.to_owned(), state);
        self
    }

    /// As if nobody had ever read these kinds.
    pub(super) fn without(mut self, kinds: &[&str]) -> Self {
        self.objects
            .retain(|kind, _| !kinds.contains(&kind.as_str()));
        self
    }
}

pub(super) fn user(id: &str, name: &str, more: Value) -> Value {
    let mut user = json!({
        "id": id, "displayName": name, "accountEnabled": true, "jobTitle": null,
        "mailNickname": name.to_lowercase(),
        "userPrincipalName": format!("{}@contoso.example", name.to_lowercase()),
        "createdDateTime": "2020-01-01T00:00:00Z",
    });
    merge(&mut user, more);
    user
}

pub(super) fn group(id: &str, name: &str, more: Value) -> Value {
    let mut group = json!({
        "id": id, "displayName": name, "mailEnabled": false, "mailNickname": name.to_lowercase(),
        "securityEnabled": true, "groupTypes": [],
    });
    merge(&mut group, more);
    group
}

/// A policy for everybody but members of a group.
pub(super) fn policy(state: &str, except: &[&str]) -> Value {
    json!({
        "id": POLICY, "displayName": "CA001", "state": state, "modifiedDateTime": state,
        "conditions": { "users": { "includeUsers": ["All"], "excludeGroups": except } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    })
}

pub(super) fn merge(target: &mut Value, more: Value) {
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        target.extend(more);
    }
}

/// An archive with these states, a day apart.
pub(super) fn archive(tenant: &str, states: &[&World]) -> Result<Archive> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::default());
    let options = CreateOptions {
        tenant: tenant.to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
    };
    Archive::create(&storage, &options)?;
    let options = WriterOptions {
        tool: "test".to_owned(),
        now: || Timestamp::UNIX_EPOCH,
    };
    let mut writer = Writer::open(storage, &Secrets::default(), options)?;
    for (day, world) in (1..).zip(states) {
        let taken_at = Timestamp::from_second(day * 86_400).expect("because it is a day of 1970");
        let mut snapshot = writer.begin(taken_at, Source::default())?;
        for (kind, objects) in &world.objects {
            let handle = snapshot.kind(kind, KindOptions::default())?;
            for (key, object) in objects {
                let object = Object {
                    key,
                    payload: &canonical(object),
                    subject: None,
                    volatile: "",
                };
                snapshot.put(handle, &object, &mut |_| false)?;
            }
            let state = world.coverage.get(kind).copied().unwrap_or_default();
            let closing = match state {
                CoverageState::Complete => Closing::Unseen,
                _ => Closing::Keep,
            };
            let coverage = Coverage {
                state,
                ..Coverage::default()
            };
            snapshot.cover(handle, coverage, closing);
        }
        snapshot.commit(&day.to_string())?;
    }
    Ok(writer.into_archive())
}

fn canonical(value: &Value) -> String {
    let text = value.to_string();
    let mut parser = ::model::Parser::new();
    let document = parser.parse_text(&text).expect("because it is JSON");
    ::model::canonical_text(document.root())
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) selection: Selection,
    pub(super) options: PlanOptions,
}

pub(super) fn everything() -> Asked {
    let mut asked = Asked::default();
    asked.selection.everything = true;
    asked
}

pub(super) fn objects(ids: &[&str]) -> Asked {
    let mut asked = Asked::default();
    asked.selection.objects = ids
        .iter()
        .map(|&id| Selected {
            kind: None,
            by: By::Id(id.to_owned()),
        })
        .collect();
    asked
}

impl Asked {
    pub(super) fn links(mut self) -> Self {
        self.options.links = true;
        self
    }

    pub(super) fn deleting(mut self) -> Self {
        self.options.delete_added = true;
        self
    }

    pub(super) fn only(mut self, path: &str) -> Self {
        self.selection.only.push(path.to_owned());
        self
    }

    /// The plan from one state of a tenant back to another.
    pub(super) fn plan(self, wanted: &World, current: &World) -> Result<Plan> {
        let archive = archive("contoso.example", &[wanted, current])?;
        let snapshots = archive.snapshots();
        let state = |at: usize| State {
            archive: &archive,
            snapshot: &snapshots[at],
        };
        self.between(state(0), Some(state(1)))
    }

    /// The plan between any two states.
    pub(super) fn between(self, wanted: State<'_>, current: Option<State<'_>>) -> Result<Plan> {
        let tenant = current.unwrap_or(wanted).archive.tenant().to_owned();
        let made = plan(&PlanRequest {
            wanted,
            revision: "first".to_owned(),
            current,
            live: false,
            tenant,
            selection: self.selection,
            options: self.options,
            author: "test".to_owned(),
            tool: "test".to_owned(),
            now: Timestamp::UNIX_EPOCH,
        })?;
        check(&made);
        Ok(made)
    }
}

/// What holds of every plan.
fn check(plan: &Plan) {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for (number, step) in (1..).zip(&plan.steps) {
        assert_eq!(step.number, number);
        for after in &step.after {
            let before = &plan.steps[*after as usize - 1];
            assert!(before.stage < step.stage, "{number} after {after}");
        }
        for id in &step.uses {
            assert!(made.contains(id.as_str()), "{number} uses {id}");
        }
        made.extend(step.makes.iter().map(|made| made.old.as_str()));
    }
    let file = plan.to_file();
    let read = Plan::from_file("plan", file.as_bytes()).expect("because it was just written");
    assert_eq!(read, *plan);
}

/// Steps as `stage action kind name-or-key`.
pub(super) fn shown(plan: &Plan) -> Vec<String> {
    let line = |step: &Step| {
        let name = step.name.clone().unwrap_or_else(|| step.object.join(" "));
        format!(
            "{} {} {} {name}",
            step.stage,
            step.action.title(),
            step.kind
        )
    };
    plan.steps.iter().map(line).collect()
}

/// What cannot be, as `kind name properties: reason`.
pub(super) fn refused(plan: &Plan) -> Vec<String> {
    plan.impossible
        .iter()
        .map(|it| {
            let name = it.name.clone().unwrap_or_else(|| it.object.join(" "));
            format!(
                "{} {name} {}: {:?}",
                it.kind,
                it.properties.join(","),
                it.reason
            )
        })
        .collect()
}

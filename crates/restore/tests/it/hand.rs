//! Plans made by hand, step by step.

use jiff::Timestamp;
use restore::{
    Action, Against, Estimate, Expected, FORMAT, Inverse, Made, Plan, Precondition, PropertyChange,
    Request, Step, Wanted,
};
use serde_json::{Map, Value, json};

use crate::tenant::{Live, TENANT_ID, id, map};

/// The plan of these steps; each gets its place as number.
pub(crate) fn plan(steps: Vec<Step>) -> Plan {
    let at = Timestamp::UNIX_EPOCH;
    let mut steps = steps;
    for (number, step) in (1..).zip(&mut steps) {
        step.number = number;
    }
    Plan {
        format: FORMAT.to_owned(),
        archive: "archive".to_owned(),
        tenant: TENANT_ID.to_owned(),
        made_at: at,
        author: "test".to_owned(),
        tool: "test".to_owned(),
        wanted: Wanted {
            tenant: TENANT_ID.to_owned(),
            revision: "-1d".to_owned(),
            snapshot: 1,
            record: "00".to_owned(),
            taken_at: at,
            selection: Vec::new(),
        },
        against: Against {
            live: true,
            snapshot: Some(2),
            taken_at: Some(at),
        },
        steps,
        impossible: Vec::new(),
        dangling: Vec::new(),
        outside: Vec::new(),
        estimate: Estimate::default(),
    }
}

fn step(kind: &str, object: &[String], action: Action, request: Request) -> Step {
    Step {
        number: 0,
        stage: 1,
        after: Vec::new(),
        kind: kind.to_owned(),
        object: object.to_vec(),
        name: None,
        action,
        properties: Vec::new(),
        request,
        precondition: Precondition::Present,
        expected: Expected::Present {
            properties: Map::new(),
        },
        makes: Vec::new(),
        uses: Vec::new(),
        inverse: Inverse::Impossible("by hand".to_owned()),
        permissions: Vec::new(),
        risks: Vec::new(),
    }
}

fn request(method: &str, target: String, body: Option<Value>) -> Request {
    Request {
        method: method.to_owned(),
        target,
        body,
        headers: Map::new(),
    }
}

/// The city of a user, as it is now and as it is wanted.
pub(crate) fn city(live: &Live, number: u32, old: &str, new: &str) -> Step {
    let user = id(number);
    let target = format!("/v1.0/users/{user}");
    let mut step = step(
        "user",
        std::slice::from_ref(&user),
        Action::Update,
        request("PATCH", target.clone(), Some(json!({"city": new}))),
    );
    step.properties = vec![PropertyChange {
        path: "city".to_owned(),
        old: Some(old.into()),
        new: Some(new.into()),
    }];
    step.precondition = Precondition::Unchanged {
        hash: live.hash("user", &user),
    };
    step.expected = Expected::Present {
        properties: map(json!({"city": new})),
    };
    step.inverse = Inverse::Request(request("PATCH", target, Some(json!({"city": old}))));
    step.permissions = vec!["User.ReadWrite.All".to_owned()];
    step
}

/// A group that had this id, made anew.
pub(crate) fn group(number: u32, name: &str) -> Step {
    let body = json!({
        "displayName": name, "mailNickname": name.to_lowercase().replace(' ', ""),
        "mailEnabled": false, "securityEnabled": true, "description": "It was gone",
    });
    let old = id(number);
    let mut step = step(
        "group",
        std::slice::from_ref(&old),
        Action::Create,
        request("POST", "/v1.0/groups".to_owned(), Some(body.clone())),
    );
    step.name = Some(name.to_owned());
    step.precondition = Precondition::Absent;
    step.expected = Expected::Present {
        properties: map(body),
    };
    step.inverse = Inverse::Request(request("DELETE", format!("/v1.0/groups/{old}"), None));
    step.makes = vec![Made {
        old,
        property: "id".to_owned(),
    }];
    step.permissions = vec![
        "Group.ReadWrite.All".to_owned(),
        "Directory.ReadWrite.All".to_owned(),
    ];
    step
}

/// A user that had this id, made anew.
pub(crate) fn user(number: u32, name: &str) -> Step {
    let old = id(number);
    let properties = json!({
        "displayName": name, "accountEnabled": true, "mailNickname": name.to_lowercase(),
        "userPrincipalName": format!("{}@contoso.com", name.to_lowercase()),
    });
    let mut body = properties.clone();
    body["passwordProfile"] = json!({"forceChangePasswordNextSignIn": true});
    let mut step = step(
        "user",
        std::slice::from_ref(&old),
        Action::Create,
        request("POST", "/v1.0/users".to_owned(), Some(body)),
    );
    step.precondition = Precondition::Absent;
    step.expected = Expected::Present {
        properties: map(properties),
    };
    step.makes = vec![Made {
        old,
        property: "id".to_owned(),
    }];
    step
}

/// A member of a group; `uses` are those of both ids that are made by the plan.
pub(crate) fn member(group: &str, target: &str, uses: &[&str]) -> Step {
    let link = format!("/v1.0/directoryObjects/{target}");
    let mut step = step(
        "group_member",
        &[group.to_owned(), target.to_owned()],
        Action::AddLink,
        request(
            "POST",
            format!("/v1.0/groups/{group}/members/$ref"),
            Some(json!({"@odata.id": link})),
        ),
    );
    step.precondition = Precondition::Absent;
    step.uses = uses.iter().map(|id| (*id).to_owned()).collect();
    step.inverse = Inverse::Request(request(
        "DELETE",
        format!("/v1.0/groups/{group}/members/{target}/$ref"),
        None,
    ));
    step
}

/// A member less.
pub(crate) fn no_member(group: &str, target: &str) -> Step {
    let mut step = member(group, target, &[]);
    step.action = Action::RemoveLink;
    let Inverse::Request(remove) = step.inverse else {
        panic!("because a membership can be taken back");
    };
    step.inverse = Inverse::Request(std::mem::replace(&mut step.request, remove));
    step.precondition = Precondition::Present;
    step.expected = Expected::Absent;
    step
}

/// A user out of the recycle bin.
pub(crate) fn undelete(number: u32) -> Step {
    let user = id(number);
    let mut step = step(
        "user",
        std::slice::from_ref(&user),
        Action::Restore,
        request(
            "POST",
            format!("/v1.0/directory/deletedItems/{user}/restore"),
            None,
        ),
    );
    step.precondition = Precondition::Deleted;
    step.inverse = Inverse::Request(request("DELETE", format!("/v1.0/users/{user}"), None));
    step
}

/// A policy in another state.
pub(crate) fn policy_state(number: u32, old: &str, new: &str) -> Step {
    let target = format!("/v1.0/identity/conditionalAccess/policies/{}", id(number));
    let mut step = step(
        "conditional_access_policy",
        &[id(number)],
        Action::Enable,
        request("PATCH", target.clone(), Some(json!({"state": new}))),
    );
    step.expected = Expected::Present {
        properties: map(json!({"state": new})),
    };
    step.inverse = Inverse::Request(request("PATCH", target, Some(json!({"state": old}))));
    step
}

/// In a later stage, after other steps.
pub(crate) fn after(mut step: Step, stage: u32, after: &[u32]) -> Step {
    step.stage = stage;
    step.after = after.to_vec();
    step
}

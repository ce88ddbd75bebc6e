//! Whatever happens, a reader that merges delta rounds has what a reader of everything has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use simulator::{Act, Faults, ServerOptions};

use crate::client::Client;
use crate::world::{
    BOARD, STAFF, act, contoso, delete, id, join, kind, object, part, restore, update,
};

const USERS: u32 = 40;

/// Numbers that look random and are the same in every run (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        let factor = 6_364_136_223_846_793_005_u64;
        self.0 = self
            .0
            .wrapping_mul(factor)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(self.0 >> 33).expect("because 31 bits fit");
        high % limit
    }
}

/// A directory as a delta reader keeps it: objects by id, other ends of edges apart.
#[derive(Default)]
struct Mirror {
    objects: BTreeMap<String, Map<String, Value>>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Mirror {
    fn merge(&mut self, items: &[Value], edges: &str) {
        for item in items {
            let id = item["id"]
                .as_str()
                .expect("because every object has an id")
                .to_owned();
            if item.get("@removed").is_some() {
                self.objects.remove(&id);
                self.edges.remove(&id);
                continue;
            }
            let object_now = self.objects.entry(id.clone()).or_default();
            let members = item.as_object().expect("because it is an object");
            for (name, value) in members.iter().filter(|(name, _)| !name.contains('@')) {
                object_now.insert(name.clone(), value.clone());
            }
            let ends = self.edges.entry(id).or_default();
            for end in item[edges].as_array().into_iter().flatten() {
                let other = end["id"]
                    .as_str()
                    .expect("because every end has an id")
                    .to_owned();
                if end.get("@removed").is_some() {
                    ends.remove(&other);
                } else {
                    ends.insert(other);
                }
            }
        }
        // What is null now was perhaps never set: absent and null are the same.
        for object in self.objects.values_mut() {
            object.retain(|_, value| !value.is_null());
        }
    }
}

/// Does one random thing, if it can be done.
fn something(client: &Client, numbers: &mut Numbers, time: &str) {
    let number = 1 + numbers.below(USERS);
    let group = if numbers.below(2) == 0 { STAFF } else { BOARD };
    let lives = |name: &str, number: u32| {
        let tenant = client.simulator.tenant();
        let tenant = tenant.read().expect("because nobody panics with this lock");
        tenant.object(kind(name), &[], &id(number)).is_some()
    };
    let is_member = {
        let tenant = client.simulator.tenant();
        let tenant = tenant.read().expect("because nobody panics with this lock");
        let (source, target) = (id(group), id(number));
        tenant
            .links(kind("group_member"))
            .any(|edge| edge == (source.as_str(), target.as_str()))
    };
    let happens = match numbers.below(7) {
        _ if !lives("group", group) => restore("group", group),
        _ if !lives("user", number) => restore("user", number),
        0 => delete("user", number),
        1 => delete("group", group),
        2 => update("user", number, json!({"city": time})),
        3 => update("user", number, json!({"city": null, "department": time})),
        4 => update("group", group, json!({"description": time})),
        _ if is_member => part("group_member", group, number),
        _ => join("group_member", group, number),
    };
    act(client, time, happens);
}

async fn everything(client: &Client) -> (Mirror, Mirror) {
    let (mut users, mut groups) = (Mirror::default(), Mirror::default());
    users.merge(
        &client.all("/v1.0/users?$select=id,city,department").await,
        "none",
    );
    groups.merge(
        &client.all("/v1.0/groups?$select=id,description").await,
        "none",
    );
    let ids: Vec<String> = groups.objects.keys().cloned().collect();
    for id in ids {
        let members = client
            .all(&format!("/v1.0/groups/{id}/members?$select=id"))
            .await;
        let edge = json!({"id": id, "members@delta": members});
        groups.merge(&[edge], "members@delta");
    }
    (users, groups)
}

#[tokio::test]
async fn merged_rounds_equal_a_full_read() {
    for (seed, replay_delta) in [(1, false), (2, true), (3, false)] {
        let faults = Faults {
            delta_members_per_page: 7,
            replay_delta,
            ..Faults::default()
        };
        let options = ServerOptions {
            faults,
            ..ServerOptions::default()
        };
        let client = Client::start(contoso(USERS), options).await;
        let mut numbers = Numbers(seed);
        let (mut users, mut groups) = (Mirror::default(), Mirror::default());
        let mut user_link = "/v1.0/users/delta?$select=city,department".to_owned();
        let mut group_link = "/v1.0/groups/delta?$select=description,members".to_owned();
        for day in 2..26 {
            let (items, link) = client.round(&user_link).await;
            users.merge(&items, "none");
            user_link = link.expect("because a round ends with a link");
            let (items, link) = client.round(&group_link).await;
            groups.merge(&items, "members@delta");
            group_link = link.expect("because a round ends with a link");
            let (all_users, all_groups) = everything(&client).await;
            assert_eq!(users.objects, all_users.objects, "seed {seed}, day {day}");
            assert_eq!(groups.objects, all_groups.objects, "seed {seed}, day {day}");
            assert_eq!(groups.edges, all_groups.edges, "seed {seed}, day {day}");
            for minute in 0..12 {
                let time = format!("{day:02}T10:{minute:02}:00");
                something(&client, &mut numbers, &time);
            }
        }
    }
}

#[tokio::test]
async fn purged_users_are_deleted_in_the_next_round() {
    let client = Client::start(contoso(3), ServerOptions::default()).await;
    let (_, link) = client.round("/v1.0/users/delta?$select=id").await;
    act(&client, "02T00:00:00", delete("user", 2));
    let purge = Act::Purge {
        kind: kind("user"),
        id: id(2),
    };
    act(&client, "02T00:00:01", purge);
    let again = Act::Create {
        kind: kind("user"),
        parents: Vec::new(),
        properties: object(json!({"id": id(4), "userPrincipalName": "user2@contoso.com"})),
    };
    act(&client, "02T00:00:02", again);
    let (items, _) = client
        .round(&link.expect("because a round ends with a link"))
        .await;
    let expected = [
        json!({"id": id(2), "@removed": {"reason": "deleted"}}),
        json!({"id": id(4)}),
    ];
    assert_eq!(items, expected);
}

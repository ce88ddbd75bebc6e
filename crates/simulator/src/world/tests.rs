//! The world against a tenant stricter than Graph: nothing may be made twice, changed before it is
//! there, or point at nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use catalog::{Kind, Reference};
use serde_json::Value;

use super::*;
use crate::deed::{Act, Properties};

fn options(users: u32, days: u32) -> WorldOptions {
    WorldOptions {
        users,
        days,
        seed: 7,
        ..WorldOptions::default()
    }
}

/// Where an object is: kind, parents, id.
type Place = (&'static str, Vec<String>, String);

/// What a tenant would hold.
#[derive(Default)]
struct Ledger {
    objects: HashMap<Place, Properties>,
    links: HashSet<(&'static str, String, String)>,
    bin: HashSet<(&'static str, String)>,
    /// Ids of all that lives, of whatever kind.
    ids: HashSet<String>,
}

fn key_of(kind: &Kind, properties: &Properties) -> String {
    let id = kind
        .key
        .and_then(|key| properties.get(key))
        .and_then(Value::as_str);
    assert!(
        id.is_some() || kind.key.is_none(),
        "{} without its key: {properties:?}",
        kind.name
    );
    id.unwrap_or_default().to_owned()
}

impl Ledger {
    fn of(world: &mut World) -> Self {
        let mut ledger = Self::default();
        for seed in world.seeds() {
            match seed {
                Seed::Object {
                    kind,
                    parents,
                    properties,
                } => ledger.create(kind, parents, properties),
                Seed::Link {
                    kind,
                    source,
                    target,
                } => ledger.link(kind, source, target),
                Seed::Deleted { kind, properties } => {
                    assert!(properties["deletedDateTime"].is_string(), "{}", kind.name);
                    assert!(
                        ledger.bin.insert((kind.name, key_of(kind, &properties))),
                        "{}",
                        kind.name
                    );
                }
                Seed::Content { path, bytes, .. } => {
                    let id = path
                        .split('/')
                        .nth(2)
                        .expect("because content lies below an object");
                    assert!(ledger.ids.contains(id) && !bytes.is_empty(), "{path}");
                }
            }
        }
        ledger
    }

    fn create(&mut self, kind: &'static Kind, parents: Vec<String>, properties: Properties) {
        let id = key_of(kind, &properties);
        for parent in &parents {
            assert!(
                self.ids.contains(parent),
                "{} {id}: its parent {parent} is not there",
                kind.name
            );
        }
        let above = kind.path.matches('{').count();
        assert_eq!(parents.len(), above, "parents of {}", kind.name);
        self.ids.insert(id.clone());
        let place = (kind.name, parents, id);
        let told = format!("{place:?}");
        assert!(
            self.objects.insert(place, properties).is_none(),
            "{told} twice"
        );
    }

    fn singleton(&self, kind: &Kind) -> String {
        assert_eq!(kind.shape, catalog::Shape::Singleton, "{}", kind.name);
        let place = self.objects.keys().find(|place| place.0 == kind.name);
        place
            .expect("because a singleton is always there")
            .2
            .clone()
    }

    fn link(&mut self, kind: &'static Kind, source: String, target: String) {
        assert!(
            self.ids.contains(&source),
            "{}: source {source} is not there",
            kind.name
        );
        assert!(
            self.ids.contains(&target),
            "{}: target {target} is not there",
            kind.name
        );
        let edge = (kind.name, source, target);
        assert!(self.links.insert(edge.clone()), "{edge:?} twice");
    }

    fn live(&mut self, deed: Deed) {
        match deed.act {
            Act::Create {
                kind,
                parents,
                properties,
            } => self.create(kind, parents, properties),
            Act::Update {
                kind,
                parents,
                id,
                properties,
            } => {
                let id = if id.is_empty() {
                    self.singleton(kind)
                } else {
                    id
                };
                let object = self.objects.get_mut(&(kind.name, parents, id.clone()));
                let object = object.unwrap_or_else(|| panic!("{} {id} is not there", kind.name));
                object.extend(properties);
            }
            Act::Delete { kind, parents, id } => {
                let place = (kind.name, parents, id.clone());
                assert!(
                    self.objects.remove(&place).is_some(),
                    "{place:?} is not there"
                );
                self.ids.remove(&id);
                self.links
                    .retain(|(_, source, target)| *source != id && *target != id);
                self.objects
                    .retain(|(_, parents, _), _| !parents.contains(&id));
                if matches!(kind.name, "user" | "group") {
                    self.bin.insert((kind.name, id));
                }
            }
            Act::Purge { kind, id } => {
                assert!(
                    self.bin.remove(&(kind.name, id)),
                    "{} is not in the bin",
                    kind.name
                );
            }
            Act::Restore { kind, id } => panic!("nobody restores {} {id}", kind.name),
            Act::Link {
                kind,
                source,
                target,
            } => self.link(kind, source, target),
            Act::Unlink {
                kind,
                source,
                target,
            } => {
                let edge = (kind.name, source, target);
                assert!(self.links.remove(&edge), "{edge:?} is not there");
            }
            Act::Log { kind, properties } => {
                assert!(kind.is_event(), "{} is no log", kind.name);
                key_of(kind, &properties);
            }
        }
    }
}

/// Kinds without anything at the start, and why.
const ABSENT: [(&str, &str); 1] = [("directory_audit", "the tenant writes it from the deeds")];

#[test]
fn every_kind_has_something() {
    let mut world = World::new(options(400, 14));
    let ledger = Ledger::of(&mut world);
    let mut seen: BTreeSet<&str> = ledger.objects.keys().map(|place| place.0).collect();
    seen.extend(ledger.links.iter().map(|edge| edge.0));
    let deleted: Vec<String> = ledger
        .bin
        .iter()
        .map(|(kind, _)| format!("deleted_{kind}"))
        .collect();
    seen.extend(deleted.iter().map(String::as_str));
    let days: Vec<Deed> = (0..14).flat_map(|_| world.live_day()).collect();
    seen.extend(days.iter().filter_map(|deed| match &deed.act {
        Act::Log { kind, .. } => Some(kind.name),
        _ => None,
    }));
    let missing: Vec<&str> = catalog::kinds()
        .iter()
        .map(|kind| kind.name)
        .filter(|name| !seen.contains(name) && !ABSENT.iter().any(|(absent, _)| absent == name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_strict_tenant_accepts_ninety_days() {
    let mut world = World::new(options(300, 90));
    let mut ledger = Ledger::of(&mut world);
    for _ in 0..90 {
        let deeds = world.live_day();
        assert!(deeds.is_sorted_by_key(|deed| deed.at));
        deeds.into_iter().for_each(|deed| ledger.live(deed));
    }
    let ids: Vec<&str> = world.truth().iter().map(|planted| planted.id).collect();
    let told = [
        "A54",
        "A55",
        "A56",
        "A57",
        "A58",
        "bulk-update",
        "change-and-revert",
        "unexplained",
        "A75",
        "A75",
        "A75",
        "A75",
    ];
    assert_eq!(ids, told);
    assert!(world.truth().is_sorted_by_key(|planted| planted.at));
    for planted in world.truth() {
        assert!((world.moment(55 * DAY)..world.moment(85 * DAY)).contains(&planted.at));
        assert!(!planted.objects.is_empty() && catalog::by_name(planted.kind).is_some());
    }
}

#[test]
fn every_size_and_length_of_life_holds_the_whole_story() {
    for (seed, users, days) in [(2, 60, 200), (3, 120, 5), (4, 150, 30), (5, 700, 40)] {
        let mut world = World::new(WorldOptions {
            seed,
            ..options(users, days)
        });
        let mut ledger = Ledger::of(&mut world);
        for _ in 0..days {
            let deeds = world.live_day();
            deeds.into_iter().for_each(|deed| ledger.live(deed));
        }
        assert_eq!(world.truth().len(), 12, "seed {seed}, {days} days");
    }
}

#[test]
fn nothing_is_planted_where_nobody_asks() {
    let mut world = World::new(WorldOptions {
        incidents: false,
        ..options(120, 10)
    });
    (0..10).for_each(|_| drop(world.live_day()));
    assert!(world.truth().is_empty());
}

#[test]
fn the_same_options_give_the_same_world() {
    let told = |seed: u64| {
        let mut world = World::new(WorldOptions {
            seed,
            ..options(120, 20)
        });
        let mut digest = blake3::Hasher::new();
        for seed in world.seeds() {
            digest.update(format!("{seed:?}").as_bytes());
        }
        for _ in 0..20 {
            digest.update(format!("{:?}", world.live_day()).as_bytes());
        }
        digest.finalize()
    };
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4));
}

/// Words Graph writes where an id could stand.
const WORDS: [&str; 12] = [
    "All",
    "None",
    "GuestsOrExternalUsers",
    "Office365",
    "MicrosoftAdminPortals",
    "AllTrusted",
    "ExternalAzureAD",
    "all_users",
    "AllUsers",
    "AllApplications",
    "/",
    "",
];

/// References whose value is another property of the target than the catalogue's, or something that
/// need not be in the tenant.
const LOOSE: [(&str, &str, &str); 5] = [
    ("user", "assignedLicenses.skuId", "subscribed_sku.skuId"),
    ("group", "assignedLicenses.skuId", "subscribed_sku.skuId"),
    ("device", "mdmAppId", "service_principal.appId"),
    (
        "service_principal",
        "appId",
        "others' applications are registered elsewhere",
    ),
    ("role_assignment", "directoryScopeId", "a scope"),
];

fn values<'v>(value: &'v Value, path: &[&str], found: &mut Vec<&'v str>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| values(item, path, found)),
        (Value::Object(object), [first, rest @ ..]) => {
            if let Some(value) = object.get(*first) {
                values(value, rest, found);
            }
        }
        (Value::String(text), []) => found.push(text),
        _ => {}
    }
}

fn targets(ledger: &Ledger) -> BTreeMap<(&'static str, &'static str), HashSet<&str>> {
    let mut targets: BTreeMap<_, HashSet<&str>> = BTreeMap::new();
    let references = catalog::kinds().iter().flat_map(|kind| kind.references);
    for Reference {
        target, target_key, ..
    } in references
    {
        let kinds = ledger
            .objects
            .iter()
            .filter(|(place, _)| place.0 == *target);
        let found = kinds.filter_map(|(_, properties)| properties.get(*target_key)?.as_str());
        targets
            .entry((*target, *target_key))
            .or_insert_with(|| found.collect());
    }
    targets
}

#[test]
fn references_lead_to_something() {
    let mut world = World::new(options(300, 90));
    let ledger = Ledger::of(&mut world);
    let targets = targets(&ledger);
    let mut dangling = BTreeSet::new();
    for ((name, _, id), properties) in &ledger.objects {
        let kind = catalog::by_name(name).expect("because the ledger holds kinds of the catalogue");
        for reference in kind.references {
            if LOOSE
                .iter()
                .any(|(kind, path, _)| kind == name && *path == reference.path)
            {
                continue;
            }
            let mut found = Vec::new();
            for (property, value) in properties {
                let path: Vec<&str> = reference.path.split('.').collect();
                if *property == path[0] {
                    values(value, &path[1..], &mut found);
                }
            }
            let known = &targets[&(reference.target, reference.target_key)];
            for value in found {
                let anywhere = reference.target == "directory_object" && ledger.ids.contains(value);
                let pseudo = catalog::by_name(reference.target).is_none()
                    && !reference.target.eq("directory_object");
                if !(known.contains(value) || anywhere || pseudo || WORDS.contains(&value)) {
                    dangling.insert(format!(
                        "{name} {id}: {} -> {} {value}",
                        reference.path, reference.target
                    ));
                }
            }
        }
    }
    assert_eq!(dangling, BTreeSet::new());
}

#[test]
fn fixtures_are_of_the_catalogue() {
    for name in fixtures::Fixtures::read().kinds() {
        assert!(catalog::by_name(name).is_some(), "{name}");
    }
}

#[test]
fn populations_have_their_proportions() {
    let mut world = World::new(options(2_000, 90));
    let ledger = Ledger::of(&mut world);
    let count = |kind: &str| {
        ledger
            .objects
            .keys()
            .filter(|place| place.0 == kind)
            .count()
    };
    let members = ledger
        .links
        .iter()
        .filter(|edge| edge.0 == "group_member")
        .count();
    assert_eq!((count("user"), count("device")), (2_000, 1_200));
    assert_eq!(
        (count("application"), count("service_principal")),
        (55, 115)
    );
    assert!((12_000..20_000).contains(&members), "{members} memberships");
}

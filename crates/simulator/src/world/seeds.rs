//! The state at the start as a stream: a stage after another, an item of a stage at a time.

mod edges;

use std::sync::LazyLock;

use catalog::Kind;

use super::company::{ROLES, SKUS};
use super::filler::MADE_ELSEWHERE;
use super::record::{NULL, kind, list, record};
use super::{DAY, World};
use crate::deed::{Properties, Seed};

/// So many items, and what each consists of.
struct Stage {
    count: fn(&World) -> u32,
    make: fn(&World, u32, &mut Vec<Seed>),
}

/// Objects first, parents before children; edges after every object.
const STAGES: [Stage; 21] = [
    Stage {
        count: |_| 6,
        make: World::sku_seeds,
    },
    Stage {
        count: |_| 38,
        make: World::role_seeds,
    },
    Stage {
        count: |world| world.sizes.users,
        make: World::user_seeds,
    },
    Stage {
        count: |world| world.sizes.groups,
        make: World::group_seeds,
    },
    Stage {
        count: |world| world.sizes.devices,
        make: World::device_seeds,
    },
    Stage {
        count: |world| world.sizes.applications,
        make: World::application_seeds,
    },
    Stage {
        count: |world| world.sizes.principals,
        make: World::principal_seeds,
    },
    Stage {
        count: |_| 12,
        make: World::bin_seeds,
    },
    Stage {
        count: |_| 1,
        make: |world, _, seeds| world.role_holder_seeds(seeds),
    },
    Stage {
        count: |_| filled_count(false),
        make: |world, at, seeds| world.filled_seeds(filled(false, at), seeds),
    },
    Stage {
        count: |world| world.sizes.users,
        make: World::user_child_seeds,
    },
    Stage {
        count: |world| world.sizes.devices,
        make: World::managed_device_seeds,
    },
    Stage {
        count: |world| world.sizes.applications,
        make: World::consent_seeds,
    },
    Stage {
        count: |_| 14,
        make: World::gallery_seeds,
    },
    Stage {
        count: |_| 1,
        make: |world, _, seeds| world.role_member_seeds(seeds),
    },
    Stage {
        count: |world| world.sizes.users,
        make: World::user_link_seeds,
    },
    Stage {
        count: |world| world.sizes.groups,
        make: World::group_link_seeds,
    },
    Stage {
        count: |world| world.sizes.devices,
        make: World::device_link_seeds,
    },
    Stage {
        count: |world| world.sizes.applications,
        make: World::application_link_seeds,
    },
    Stage {
        count: |_| filled_count(true),
        make: |world, at, seeds| world.filled_seeds(filled(true, at), seeds),
    },
    Stage {
        count: |_| 1,
        make: |world, _, seeds| world.content_seeds(seeds),
    },
];

/// Kinds the filler makes, parents before children; edges apart.
fn filled_kinds(edges: bool) -> &'static [&'static Kind] {
    static KINDS: LazyLock<[Vec<&'static Kind>; 2]> = LazyLock::new(|| {
        let mut kinds = catalog::kinds().to_vec();
        kinds.retain(|kind| !kind.is_event() && !MADE_ELSEWHERE.contains(&kind.name));
        kinds.sort_by_key(|kind| depth(kind));
        let (edges, objects) = kinds.into_iter().partition(|kind| kind.is_relationship());
        [objects, edges]
    });
    &KINDS[usize::from(edges)]
}

fn depth(kind: &Kind) -> usize {
    let parent = kind.parent.and_then(catalog::by_name);
    parent.map_or(0, |parent| 1 + depth(parent))
}

fn filled_count(edges: bool) -> u32 {
    u32::try_from(filled_kinds(edges).len()).expect("because there are some hundred kinds")
}

fn filled(edges: bool, at: u32) -> &'static Kind {
    filled_kinds(edges)[at as usize]
}

/// The stream.
pub(super) struct Seeds<'w> {
    world: &'w World,
    stage: usize,
    item: u32,
    made: std::vec::IntoIter<Seed>,
}

impl<'w> Seeds<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            stage: 0,
            item: 0,
            made: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Seeds<'_> {
    type Item = Seed;

    fn next(&mut self) -> Option<Seed> {
        loop {
            if let Some(seed) = self.made.next() {
                return Some(seed);
            }
            let stage = STAGES.get(self.stage)?;
            if self.item >= (stage.count)(self.world) {
                (self.stage, self.item) = (self.stage + 1, 0);
                continue;
            }
            let mut made = Vec::new();
            (stage.make)(self.world, self.item, &mut made);
            self.item += 1;
            self.made = made.into_iter();
        }
    }
}

fn object(kind_name: &str, properties: Properties) -> Seed {
    Seed::Object {
        kind: kind(kind_name),
        parents: Vec::new(),
        properties,
    }
}

fn child(kind_name: &str, parent: &str, properties: Properties) -> Seed {
    Seed::Object {
        kind: kind(kind_name),
        parents: vec![parent.to_owned()],
        properties,
    }
}

impl World {
    fn sku_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let sku = &SKUS[number as usize];
        let total = match number {
            0 => self.sizes.users * 6 / 10,
            1 | 2 => self.sizes.users / 5,
            _ => self.sizes.users / 8,
        };
        let plans = sku.plans.iter().map(|(plan, name)| {
            record! {
                "servicePlanId": *plan, "servicePlanName": *name, "provisioningStatus": "Success",
                "appliesTo": "User",
            }
        });
        let subscription = self.key.guid("company_subscription", u64::from(number));
        seeds.push(object("subscribed_sku", record! {
            "id": format!("{}_{}", self.tenant_id, sku.id), "accountId": &*self.tenant_id,
            "accountName": self.domain.trim_end_matches(".example"), "appliesTo": "User",
            "capabilityStatus": "Enabled", "consumedUnits": total / 10 * 9,
            "prepaidUnits": record! { "enabled": total + 10, "suspended": 0, "warning": 0, "lockedOut": 0 },
            "servicePlans": list(plans.clone()), "skuId": sku.id, "skuPartNumber": sku.part,
            "subscriptionIds": super::record::texts([&*subscription]),
        }));
        seeds.push(object("company_subscription", record! {
            "id": &*subscription, "commerceSubscriptionId": self.key.guid("commerce", u64::from(number)),
            "createdDateTime": self.written(-700 * DAY), "isTrial": false,
            "nextLifecycleDateTime": self.written(200 * DAY), "ownerId": NULL,
            "ownerTenantId": NULL, "ownerType": NULL, "serviceStatus": list(plans),
            "skuId": sku.id, "skuPartNumber": sku.part, "status": "Enabled", "totalLicenses": total + 10,
        }));
    }

    fn user_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let person = self.person(number);
        seeds.push(object("user", self.user(&person, self.user_age(number))));
    }

    fn group_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        seeds.push(object("group", self.group(number, self.group_age(number))));
    }

    fn device_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        seeds.push(object(
            "device",
            self.device(number, self.device_age(number)),
        ));
    }

    fn application_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        seeds.push(object(
            "application",
            self.application(number, self.application_age(number)),
        ));
    }

    fn principal_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        seeds.push(object("service_principal", self.service_principal(number)));
    }

    /// People and groups that left before the first day, still in the recycle bin.
    fn bin_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let since = self.deleted_since("user or group", number);
        let far = 3_000_000_000 + number;
        let (kind_name, mut properties) = if number < 8 {
            ("user", self.user(&self.person(far), 500 * DAY))
        } else {
            ("group", self.group(far, 300 * DAY))
        };
        properties.insert("deletedDateTime".to_owned(), self.written(since).into());
        if number >= 8 {
            properties.insert(
                "id".to_owned(),
                self.key.guid("deleted group", u64::from(number)).into(),
            );
        }
        seeds.push(Seed::Deleted {
            kind: kind(kind_name),
            properties,
        });
    }

    /// What is served as bytes: the banner of the sign-in page and the rules for visitors.
    fn content_seeds(&self, seeds: &mut Vec<Seed>) {
        seeds.push(Seed::Content {
            path: format!("/organization/{}/branding/bannerLogo", self.tenant_id),
            media_type: "image/png",
            bytes: BANNER.to_vec(),
        });
        if let Some(agreement) = self.fixture_key(kind("agreement"), 0) {
            seeds.push(Seed::Content {
                path: format!("/agreements/{agreement}/file/data"),
                media_type: "application/pdf",
                bytes: RULES.to_vec(),
            });
        }
    }

    /// What lies in the recycle bin at the start: kind, id and second of the deletion.
    pub(super) fn bin_at_start(&self) -> Vec<(&'static str, String, i64)> {
        let mut seeds = Vec::new();
        (0..12).for_each(|number| self.bin_seeds(number, &mut seeds));
        for kind in filled_kinds(false) {
            if kind.name.starts_with("deleted_") {
                self.filled_seeds(kind, &mut seeds);
            }
        }
        let start = self.options.start.as_second();
        let entry = |seed: &Seed| match seed {
            Seed::Deleted { kind, properties } => {
                let text = |name: &str| properties.get(name)?.as_str().map(str::to_owned);
                let at: jiff::Timestamp = text("deletedDateTime")?.parse().ok()?;
                Some((kind.name, text("id")?, at.as_second() - start))
            }
            _ => None,
        };
        seeds.iter().filter_map(entry).collect()
    }

    /// Second of the deletion of something in the recycle bin at the start.
    pub(super) fn deleted_since(&self, kind: &str, number: u32) -> i64 {
        let mut chance = self.key.chance(kind, u64::from(number) + (1 << 40));
        -i64::from(1 + chance.below(25)) * DAY - i64::from(chance.below(30_000))
    }

    fn user_child_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let person = self.person(number);
        let id = self.user_id(number);
        if person.is_guest() {
            return;
        }
        let methods = self.authentication_methods(&person);
        seeds.push(object(
            "user_registration_details",
            self.registration_details(&person, &methods),
        ));
        for method in methods {
            seeds.push(child("user_authentication_method", &id, method));
        }
        for sku in &person.licences {
            let sku = &SKUS[*sku];
            let plans = sku.plans.iter().map(|(plan, name)| record! {
                "servicePlanId": *plan, "servicePlanName": *name, "provisioningStatus": "Success",
                "appliesTo": "User",
            });
            seeds.push(child(
                "user_license_detail",
                &id,
                record! {
                    "id": self.token(sku.id, u64::from(number)), "servicePlans": list(plans),
                    "skuId": sku.id, "skuPartNumber": sku.part,
                },
            ));
        }
    }

    fn managed_device_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        if Self::is_managed(number) {
            seeds.push(object(
                "managed_device",
                self.managed_device(number, self.device_age(number)),
            ));
        }
    }

    fn consent_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        for given in self.permissions_given(number) {
            self.given_seeds(&given, seeds);
        }
        for grant in self.grants(number) {
            seeds.push(object("oauth2_permission_grant", grant));
        }
    }

    fn gallery_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let principal = self.gallery_principals().nth(number as usize);
        for given in principal
            .map(|principal| self.gallery_given(principal))
            .unwrap_or_default()
        {
            self.given_seeds(&given, seeds);
        }
    }
}

/// A PNG of one pixel.
const BANNER: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\
    \x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdac\x100\xf2\xfa\x0f\x00\x02n\x01\
    \x8cMa\x99\x03\x00\x00\x00\x00IEND\xaeB`\x82";

/// The shortest PDF readers accept.
const RULES: &[u8] = b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]>>endobj\n\
trailer<</Root 1 0 R>>\n%%EOF\n";

/// Guards the counts written into [`STAGES`].
const _: () = assert!(ROLES.len() == 38 && SKUS.len() == 6);

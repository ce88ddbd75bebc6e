//! Groups: dynamic ones that follow the people, a few with a purpose, and the many of everyday work.

use serde_json::Value;

use super::chance::Chance;
use super::company::{DEPARTMENTS, OFFICES};
use super::record::{NULL, record, texts};
use super::{DAY, World, names};
use crate::deed::Properties;

/// Group of all employees.
pub(super) const ALL_EMPLOYEES: u32 = 0;
/// Group of all guests.
pub(super) const ALL_GUESTS: u32 = 1;
/// First of the departments' groups.
pub(super) const FIRST_DEPARTMENT: u32 = 2;
/// First of the offices' groups.
pub(super) const FIRST_OFFICE: u32 = FIRST_DEPARTMENT + 14;
/// First of [`PURPOSES`].
const FIRST_PURPOSE: u32 = FIRST_OFFICE + 10;
/// First group without a part of its own.
pub(super) const FIRST_ORDINARY: u32 = FIRST_PURPOSE + 18;

/// A group with a purpose: its name in the fixtures (`@group/tier0`), its display name and what it
/// is for, whether roles may be assigned to it, and the accounts in it.
#[derive(Debug)]
pub(super) struct PurposeGroup {
    pub(super) alias: &'static str,
    name: &'static str,
    description: &'static str,
    pub(super) for_roles: bool,
    pub(super) members: &'static [&'static str],
}

macro_rules! purposes {
    ($($alias:literal $name:literal $description:literal $for_roles:literal [$($member:literal),*];)+) => {
        [$(PurposeGroup {
            alias: $alias, name: $name, description: $description, for_roles: $for_roles,
            members: &[$($member),*],
        }),+]
    };
}

#[rustfmt::skip]
pub(super) const PURPOSES: [PurposeGroup; 18] = purposes![
    "licence-e3" "LIC Microsoft 365 E3" "Assigns Microsoft 365 E3" false [];
    "licence-e5" "LIC Microsoft 365 E5" "Assigns Microsoft 365 E5" false [];
    "licence-f3" "LIC Microsoft 365 F3" "Assigns Microsoft 365 F3" false [];
    "breakglass" "CA exclude: emergency access" "Accounts no policy may lock out" true ["breakglass1", "breakglass2"];
    "ca-exclusions" "CA exclude: temporary" "Exceptions with a ticket; reviewed monthly" false ["svc.scanner", "svc.boardroom"];
    "service-accounts" "CA include: service accounts" "Programs that sign in as users" false ["sync.bergen", "svc.scanner", "svc.boardroom", "svc.payroll", "svc.backup", "svc.kiosk"];
    "tier0" "ROLE Tier 0 administrators" "Holders of the directory's highest roles" true ["adm.halvorsen", "adm.wrona", "adm.adeyemi"];
    "helpdesk" "ROLE Helpdesk" "Resets passwords and methods" true ["adm.lindqvist", "adm.menon"];
    "app-owners" "ROLE Application administration" "Registers and consents applications" true ["adm.petrovic"];
    "devices-windows" "DEV Windows computers" "Target of the Windows profiles" false [];
    "devices-pilot" "DEV Pilot ring" "Gets updates a week early" false ["adm.tamura"];
    "sspr" "AUTH Self-service password reset" "May reset their own passwords" false [];
    "passkeys" "AUTH Passkeys" "May register passkeys" false ["adm.halvorsen", "adm.wrona", "adm.adeyemi", "adm.lindqvist", "adm.menon"];
    "partners" "B2B Surveying partners" "Guests with access to the chart portal" false [];
    "app-chart" "APP Chart Portal users" "Assigned to the chart portal" false [];
    "app-payroll" "APP Payroll users" "Assigned to payroll" false ["svc.payroll"];
    "approvers" "GOV Access approvers" "Approves access packages" false ["adm.okafor"];
    "group-creators" "M365 Group creators" "May create Microsoft 365 groups" false ["adm.duval", "adm.ferreira"];
];

/// Words of the everyday groups' names.
const TOPICS: [&str; 24] = [
    "Sextant",
    "Lightship",
    "Chronometer",
    "Buoy",
    "Fathom",
    "Azimuth",
    "Beacon",
    "Binnacle",
    "Compass Rose",
    "Ebb",
    "Foghorn",
    "Gimbal",
    "Keel",
    "Lodestar",
    "Meridian",
    "Mooring",
    "Parallax",
    "Pilotage",
    "Refraction",
    "Sounding",
    "Spyglass",
    "Tideway",
    "Transit",
    "Windrose",
];
const SUFFIXES: [&str; 10] = [
    "project",
    "team",
    "readers",
    "contributors",
    "planning",
    "rollout",
    "suppliers",
    "steering",
    "board",
    "crew",
];

/// How members come into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// By a rule.
    Dynamic,
    /// One by one, in the cloud.
    Security,
    /// A Microsoft 365 group with a mailbox.
    Unified,
    /// A mail-enabled security group.
    Mail,
    /// In the company's own directory.
    Synced,
}

/// Number of the group of that alias.
pub(super) fn purpose(alias: &str) -> Option<u32> {
    let at = PURPOSES.iter().position(|group| group.alias == alias)?;
    u32::try_from(at).ok().map(|at| FIRST_PURPOSE + at)
}

/// The purpose of a group that has one.
pub(super) fn purpose_of(number: u32) -> Option<&'static PurposeGroup> {
    PURPOSES.get(number.checked_sub(FIRST_PURPOSE)? as usize)
}

impl World {
    pub(super) fn group_id(&self, number: u32) -> String {
        self.key.guid("group", u64::from(number))
    }

    /// How many groups there have ever been.
    pub(super) fn group_count(&self) -> u32 {
        self.sizes.groups + self.state.new_groups
    }

    /// Group that hands out a product of [`super::company::SKUS`].
    pub(super) fn licence_group(sku: usize) -> Option<u32> {
        let at = u32::try_from(sku).ok()?;
        (at < 3).then_some(FIRST_PURPOSE + at)
    }

    pub(super) fn group_style(&self, number: u32) -> Style {
        if number < FIRST_PURPOSE {
            return Style::Dynamic;
        }
        if number < FIRST_ORDINARY || number >= self.sizes.groups {
            return Style::Security;
        }
        match self.key.chance("group style", u64::from(number)).below(100) {
            0..52 => Style::Security,
            52..80 => Style::Unified,
            80..88 => Style::Mail,
            _ => Style::Synced,
        }
    }

    pub(super) fn group_name(number: u32) -> String {
        if let Some(purpose) = purpose_of(number) {
            return purpose.name.to_owned();
        }
        let department = number.wrapping_sub(FIRST_DEPARTMENT) as usize;
        let office = number.wrapping_sub(FIRST_OFFICE) as usize;
        match number {
            ALL_EMPLOYEES => "All employees".to_owned(),
            ALL_GUESTS => "All guests".to_owned(),
            _ if department < DEPARTMENTS.len() => {
                format!("Department {}", DEPARTMENTS[department])
            }
            _ if office < OFFICES.len() => format!("Office {}", OFFICES[office].city),
            _ => {
                let topic = TOPICS[number as usize % TOPICS.len()];
                let suffix = SUFFIXES[number as usize / TOPICS.len() % SUFFIXES.len()];
                let round = number as usize / (TOPICS.len() * SUFFIXES.len());
                match round {
                    0 => format!("{topic} {suffix}"),
                    _ => format!("{topic} {suffix} {}", round + 1),
                }
            }
        }
    }

    /// All properties of a group created `age_seconds` before the start.
    pub(super) fn group(&self, number: u32, age_seconds: i64) -> Properties {
        let style = self.group_style(number);
        let mut chance = self.key.chance("group", u64::from(number));
        let name = Self::group_name(number);
        let nick = format!("{}.{number}", names::fold(&name));
        let mailed = matches!(style, Style::Unified | Style::Mail);
        let created = self.written(-age_seconds);
        let mut group = record! {
            "id": self.group_id(number), "deletedDateTime": NULL, "classification": NULL,
            "createdDateTime": &*created, "description": Self::group_description(number, &mut chance),
            "displayName": name, "expirationDateTime": NULL,
            "groupTypes": texts(match style {
                Style::Dynamic => Some("DynamicMembership"),
                Style::Unified => Some("Unified"),
                _ => None,
            }),
            "isAssignableToRole": purpose_of(number).is_some_and(|group| group.for_roles).then_some(true),
            "isManagementRestricted": NULL,
            "mail": mailed.then(|| format!("{nick}@{}", self.domain)),
            "mailEnabled": mailed, "mailNickname": &*nick,
            "membershipRule": Self::membership_rule(number),
            "membershipRuleProcessingState": (style == Style::Dynamic).then_some("On"),
        };
        group.extend(self.group_origin(number, style, &mut chance));
        group.extend(record! {
            "preferredDataLocation": NULL, "preferredLanguage": NULL,
            "proxyAddresses": texts(mailed.then(|| format!("SMTP:{nick}@{}", self.domain))),
            "renewedDateTime": created,
            "resourceBehaviorOptions": Value::Array(Vec::new()),
            "resourceProvisioningOptions": texts((style == Style::Unified).then_some("Team")),
            "securityEnabled": style != Style::Unified,
            "securityIdentifier": format!("S-1-12-1-{}-{}-{}-{}", chance.below(u32::MAX),
                chance.below(u32::MAX), chance.below(u32::MAX), chance.below(u32::MAX)),
            "serviceProvisioningErrors": Value::Array(Vec::new()), "theme": NULL, "uniqueName": NULL,
            "visibility": (style == Style::Unified).then_some(if chance.per_mille(700) { "Private" } else { "Public" }),
            "assignedLabels": Value::Array(Vec::new()), "assignedLicenses": Self::group_licences(number),
        });
        group
    }

    fn group_licences(number: u32) -> Value {
        let sku = (0..3).find(|sku| Self::licence_group(*sku) == Some(number));
        super::record::list(sku.map(|sku| {
            record! {
                "disabledPlans": Value::Array(Vec::new()), "skuId": super::company::SKUS[sku].id,
            }
        }))
    }

    fn group_description(number: u32, chance: &mut Chance) -> Option<String> {
        if let Some(purpose) = purpose_of(number) {
            return Some(purpose.description.to_owned());
        }
        if number < FIRST_PURPOSE {
            return Some("Kept by its rule".to_owned());
        }
        chance.per_mille(600).then(|| {
            format!(
                "Asked for by {}",
                DEPARTMENTS[chance.below_crowded(14) as usize]
            )
        })
    }

    fn membership_rule(number: u32) -> Option<String> {
        let department = number.wrapping_sub(FIRST_DEPARTMENT) as usize;
        let office = number.wrapping_sub(FIRST_OFFICE) as usize;
        match number {
            ALL_EMPLOYEES => {
                Some("(user.userType -eq \"Member\") and (user.employeeId -ne null)".into())
            }
            ALL_GUESTS => Some("(user.userType -eq \"Guest\")".into()),
            _ if department < DEPARTMENTS.len() => Some(format!(
                "(user.department -eq \"{}\")",
                DEPARTMENTS[department]
            )),
            _ if office < OFFICES.len() => {
                Some(format!("(user.city -eq \"{}\")", OFFICES[office].city))
            }
            _ => None,
        }
    }

    fn group_origin(&self, number: u32, style: Style, chance: &mut Chance) -> Properties {
        let synced = style == Style::Synced;
        record! {
            "onPremisesDomainName": synced.then(|| format!("corp.{}", self.domain)),
            "onPremisesLastSyncDateTime": synced.then(|| self.written(-i64::from(chance.below(1_800)) - 1)),
            "onPremisesNetBiosName": synced.then_some("CORP"),
            "onPremisesProvisioningErrors": Value::Array(Vec::new()),
            "onPremisesSamAccountName": synced.then(|| format!("GG-{number:05}")),
            "onPremisesSecurityIdentifier": synced.then(|| format!(
                "S-1-5-21-731204467-2290113855-1187350291-{}", 900_000 + number)),
            "onPremisesSyncEnabled": synced.then_some(true),
        }
    }

    /// How long before the start a group of the first day was created.
    pub(super) fn group_age(&self, number: u32) -> i64 {
        let mut chance = self.key.chance("group age", u64::from(number));
        i64::from(20 + chance.below(1_900)) * DAY + i64::from(chance.below(86_400))
    }
}

//! Users: employees, guests, rooms, programs and administrators' accounts.

use serde_json::Value;

use super::chance::Chance;
use super::company::{ACCOUNTS, Account, DEPARTMENTS, OFFICES, Office, Purpose, SKUS, TITLES};
use super::names;
use super::record::{NULL, add, list, record, texts};
use super::{DAY, World};
use crate::deed::Properties;

/// Accounts with a part of their own come first.
pub(super) const FIRST_ORDINARY: u32 = 18;

/// What sort of user one is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    /// One of [`ACCOUNTS`].
    Account(&'static Account),
    /// An employee whose account comes from the company's own directory.
    Synced,
    /// An employee known to the cloud only.
    Cloud,
    /// A meeting room or shared mailbox.
    Resource,
    /// Somebody from elsewhere.
    Guest,
}

impl Class {
    pub(super) const fn is_employee(self) -> bool {
        matches!(self, Self::Synced | Self::Cloud)
    }
}

/// What a user is, before any day has changed it.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) class: Class,
    pub(super) given: &'static str,
    pub(super) surname: &'static str,
    pub(super) display: String,
    /// Left part of the address.
    pub(super) nick: String,
    pub(super) department: usize,
    pub(super) title: usize,
    pub(super) office: &'static Office,
    pub(super) office_number: usize,
    /// Positions in [`SKUS`].
    pub(super) licences: Vec<usize>,
    pub(super) enabled: bool,
    /// What is left of the person's chance, for details.
    chance: Chance,
}

impl Person {
    pub(super) const fn is_employee(&self) -> bool {
        self.class.is_employee()
    }

    pub(super) const fn is_guest(&self) -> bool {
        matches!(self.class, Class::Guest)
    }

    /// A generator of the person's own, apart from that of the properties.
    pub(super) fn chance(&self) -> Chance {
        self.chance.clone()
    }

    pub(super) fn job_title(&self) -> String {
        title_in(self.department, self.title)
    }
}

/// Title `title` as the people of a department have it.
pub(super) fn title_in(department: usize, title: usize) -> String {
    let area = DEPARTMENTS[department % DEPARTMENTS.len()];
    format!(
        "{} {}",
        area.split(' ').next().unwrap_or(area),
        TITLES[title % TITLES.len()]
    )
}

/// Domains the guests come from.
const GUEST_DOMAINS: [&str; 6] = [
    "brineworks.example",
    "northlight-survey.example",
    "calderapilot.example",
    "saltmarsh-legal.example",
    "quillback.example",
    "mail.example",
];

/// Names in `onPremisesExtensionAttributes`.
#[rustfmt::skip]
const EXTENSION_ATTRIBUTES: [&str; 15] = [
    "extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4",
    "extensionAttribute5", "extensionAttribute6", "extensionAttribute7", "extensionAttribute8",
    "extensionAttribute9", "extensionAttribute10", "extensionAttribute11", "extensionAttribute12",
    "extensionAttribute13", "extensionAttribute14", "extensionAttribute15",
];

impl World {
    pub(super) fn user_id(&self, number: u32) -> String {
        self.key.guid("user", u64::from(number))
    }

    /// How many users there have ever been.
    pub(super) fn user_count(&self) -> u32 {
        self.sizes.users + u32::try_from(self.state.newcomers.len()).unwrap_or(0)
    }

    pub(super) fn person(&self, number: u32) -> Person {
        let mut chance = self.key.chance("person", u64::from(number));
        let class = self.class_by(number, chance.below(1000));
        let department = chance.below_crowded(14) as usize;
        let office_number = chance.below_crowded(10) as usize;
        let mut person = Person {
            number,
            class,
            given: "",
            surname: "",
            display: String::new(),
            nick: String::new(),
            department,
            title: chance.below_crowded(14) as usize,
            office: &OFFICES[office_number],
            office_number,
            licences: Vec::new(),
            enabled: true,
            chance,
        };
        person.licences = licences(&person.class, &mut person.chance);
        person.enabled = matches!(class, Class::Account(_) | Class::Guest)
            || number >= self.sizes.users
            || !person.chance.per_mille(35);
        name_person(&mut person);
        person
    }

    /// What sort of user a number is.
    pub(super) fn class(&self, number: u32) -> Class {
        let roll = self.key.chance("person", u64::from(number)).below(1000);
        self.class_by(number, roll)
    }

    fn class_by(&self, number: u32, roll: u32) -> Class {
        match self.newcomer(number) {
            _ if number < FIRST_ORDINARY => Class::Account(&ACCOUNTS[number as usize]),
            Some(newcomer) if newcomer.guest => Class::Guest,
            Some(_) => Class::Cloud,
            None if roll < 120 => Class::Guest,
            None if roll < 132 => Class::Resource,
            None if roll < 250 => Class::Cloud,
            None => Class::Synced,
        }
    }

    fn newcomer(&self, number: u32) -> Option<super::state::Newcomer> {
        let after = number.checked_sub(self.sizes.users)?;
        self.state.newcomers.get(after as usize).copied()
    }

    /// An address of the person in the company, or elsewhere for a guest.
    pub(super) fn mail(&self, person: &Person) -> String {
        let domain = match person.class {
            Class::Guest => GUEST_DOMAINS[person.number as usize % GUEST_DOMAINS.len()],
            _ => &self.domain,
        };
        format!("{}@{domain}", person.nick)
    }

    pub(super) fn upn(&self, person: &Person) -> String {
        let mail = self.mail(person);
        match person.class {
            Class::Guest => format!("{}#EXT#@{}", mail.replace('@', "_"), self.initial_domain),
            _ => mail,
        }
    }

    /// An employee of the start at or below a number, so that a manager is never among the managed.
    pub(super) fn employee_near(&self, number: u32) -> Option<u32> {
        let number = number.min(self.sizes.users - 1);
        let lowest = FIRST_ORDINARY.max(number.saturating_sub(60));
        (lowest..=number)
            .rev()
            .find(|number| self.class(*number).is_employee())
    }

    /// Manager of an employee at the start: eight people each, in a tree.
    pub(super) fn manager(&self, person: &Person) -> Option<u32> {
        if !person.is_employee() || person.number == FIRST_ORDINARY {
            return None;
        }
        let above = FIRST_ORDINARY + (person.number - FIRST_ORDINARY) / 8;
        self.employee_near(above)
            .filter(|manager| *manager != person.number)
    }

    /// Who answers for a guest.
    pub(super) fn sponsor(&self, guest: &Person) -> Option<u32> {
        self.employee_near(guest.number / 3 + FIRST_ORDINARY)
    }

    /// All properties of a user who came `age_seconds` before the start (after it where negative).
    pub(super) fn user(&self, person: &Person, age_seconds: i64) -> Properties {
        let mut chance = person.chance();
        let mut user = Properties::with_capacity(80);
        self.add_identity(&mut user, person, age_seconds);
        self.add_work(&mut user, person, age_seconds, &mut chance);
        self.add_licences(&mut user, person, age_seconds);
        self.add_on_premises(&mut user, person, &mut chance);
        self.add_sign_in(&mut user, person, age_seconds, &mut chance);
        user
    }

    fn add_identity(&self, user: &mut Properties, person: &Person, age_seconds: i64) {
        let guest = person.is_guest();
        let (upn, mail) = (self.upn(person), self.mail(person));
        let created = self.written(-age_seconds);
        let mut identities = Vec::new();
        if guest {
            identities.push(record! {
                "signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": NULL,
            });
        }
        identities.push(record! {
            "signInType": "userPrincipalName", "issuer": &*self.initial_domain,
            "issuerAssignedId": &*upn,
        });
        let mut proxies = vec![format!("SMTP:{mail}")];
        if !guest {
            proxies.push(format!("smtp:{}@{}", person.nick, self.initial_domain));
        }
        let mailbox = !matches!(person.class, Class::Account(_));
        let accepted = guest && !person.number.is_multiple_of(7);
        add!(user, {
            "id": self.user_id(person.number), "deletedDateTime": NULL,
            "accountEnabled": person.enabled, "ageGroup": NULL,
            "createdDateTime": &*created,
            "creationType": guest.then_some("Invitation"),
            "displayName": &*person.display,
            "externalUserState": guest.then_some(if accepted { "Accepted" } else { "PendingAcceptance" }),
            "externalUserStateChangeDateTime": guest.then_some(created),
            "givenName": (!person.given.is_empty()).then_some(person.given),
            "identities": list(identities), "identityParentId": NULL, "imAddresses": texts(
                (mailbox && !guest).then_some(&*mail)),
            "isManagementRestricted": NULL,
            "isResourceAccount": matches!(person.class, Class::Resource).then_some(true),
            "mail": mailbox.then_some(&*mail),
            "mailNickname": if guest { upn.split('@').next().unwrap_or_default() } else { &*person.nick },
            "otherMails": texts(guest.then_some(&*mail)),
            "proxyAddresses": if mailbox { texts(proxies) } else { Value::Array(Vec::new()) },
            "showInAddressList": guest.then_some(false),
            "surname": (!person.surname.is_empty()).then_some(person.surname),
            "userPrincipalName": upn,
            "userType": if guest { "Guest" } else { "Member" },
        });
    }

    fn add_work(
        &self,
        user: &mut Properties,
        person: &Person,
        age_seconds: i64,
        chance: &mut Chance,
    ) {
        let employee = person.is_employee();
        let office = person.office;
        let extension = 1000 + chance.below(9000);
        let hired = self.written(-(age_seconds.div_euclid(DAY) + 1) * DAY);
        let mobile = chance.per_mille(550);
        add!(user, {
            "businessPhones": texts(employee.then(|| format!("{} {:02} {extension}", office.dial, 10 + chance.below(80)))),
            "city": employee.then_some(office.city),
            "companyName": employee.then_some(&*self.options.tenant_name),
            "consentProvidedForMinor": NULL,
            "country": employee.then_some(office.country),
            "customSecurityAttributes": NULL,
            "department": employee.then(|| DEPARTMENTS[person.department]),
            "employeeHireDate": employee.then_some(hired),
            "employeeId": employee.then(|| format!("{:06}", 100_000 + person.number)),
            "employeeLeaveDateTime": NULL,
            "employeeOrgData": if employee {
                Value::Object(record! {
                    "division": if person.department < 5 { "Instruments" } else { "Services" },
                    "costCenter": format!("CC-{:03}", 100 + person.department * 10 + person.office_number),
                })
            } else { NULL },
            "employeeType": employee.then(|| if chance.per_mille(90) { "Contractor" } else { "Employee" }),
            "faxNumber": NULL,
            "jobTitle": employee.then(|| person.job_title()),
            "legalAgeGroupClassification": NULL,
            "mobilePhone": (employee && mobile).then(|| format!("{} {:07}", office.dial, 1_000_000 + chance.below(8_999_999))),
            "officeLocation": employee.then(|| format!("{}/{}", office.city, 1 + chance.below(6))),
            "postalCode": employee.then_some(office.postal_code),
            "preferredDataLocation": NULL,
            "preferredLanguage": employee.then_some(office.language),
            "state": office.state.filter(|_| employee),
            "streetAddress": employee.then_some(office.street),
            "usageLocation": (!person.is_guest()).then_some(office.code),
        });
    }

    fn add_licences(&self, user: &mut Properties, person: &Person, age_seconds: i64) {
        let since = self.written(-age_seconds + 3_600);
        let skus = || person.licences.iter().map(|sku| (*sku, &SKUS[*sku]));
        let plans = skus().flat_map(|(_, sku)| sku.plans).map(|(plan, name)| {
            record! {
                "assignedDateTime": &*since, "capabilityStatus": "Enabled",
                "service": service_of(name), "servicePlanId": *plan,
            }
        });
        let provisioned = skus().flat_map(|(_, sku)| sku.plans).map(|(_, name)| {
            record! {
                "capabilityStatus": "Enabled", "provisioningStatus": "Success",
                "service": service_of(name),
            }
        });
        add!(user, {
            "assignedLicenses": list(skus().map(|(_, sku)| record! {
                "disabledPlans": Value::Array(Vec::new()), "skuId": sku.id,
            })),
            "assignedPlans": list(plans),
            "licenseAssignmentStates": list(skus().map(|(number, sku)| record! {
                "skuId": sku.id, "disabledPlans": Value::Array(Vec::new()),
                "assignedByGroup": Self::licence_group(number).map(|group| self.group_id(group)),
                "state": "Active", "error": "None", "lastUpdatedDateTime": &*since,
            })),
            "provisionedPlans": list(provisioned),
        });
    }

    fn add_on_premises(&self, user: &mut Properties, person: &Person, chance: &mut Chance) {
        let synced = matches!(person.class, Class::Synced);
        let part = |text: String| synced.then_some(text);
        let directory = format!("corp.{}", self.domain);
        let mut sam = person.nick.replace('.', "");
        sam.truncate(20);
        let mut extension_attributes = Properties::with_capacity(EXTENSION_ATTRIBUTES.len());
        for name in EXTENSION_ATTRIBUTES {
            extension_attributes.insert(name.to_owned(), NULL);
        }
        if synced {
            let centre = format!("CC-{:03}", 100 + person.department * 10);
            extension_attributes.insert(EXTENSION_ATTRIBUTES[0].to_owned(), centre.into());
        }
        add!(user, {
            "onPremisesDistinguishedName": part(format!(
                "CN={},OU={},OU=People,DC=corp,DC={},DC=example", person.display,
                DEPARTMENTS[person.department], self.domain.trim_end_matches(".example"))),
            "onPremisesDomainName": part(directory.clone()),
            "onPremisesExtensionAttributes": extension_attributes,
            "onPremisesImmutableId": part(format!("{}==", chance.hex(22))),
            "onPremisesLastSyncDateTime": part(self.written(-i64::from(chance.below(1_800)) - 1)),
            "onPremisesProvisioningErrors": Value::Array(Vec::new()),
            "onPremisesSamAccountName": part(sam),
            "onPremisesSecurityIdentifier": part(format!(
                "S-1-5-21-731204467-2290113855-1187350291-{}", 1_100 + person.number)),
            "onPremisesSyncEnabled": synced.then_some(true),
            "onPremisesUserPrincipalName": part(format!("{}@{directory}", person.nick)),
        });
    }

    fn add_sign_in(
        &self,
        user: &mut Properties,
        person: &Person,
        age_seconds: i64,
        chance: &mut Chance,
    ) {
        let age_days = u32::try_from(age_seconds / DAY).unwrap_or(0);
        let password_days = match person.class {
            Class::Account(account) if account.purpose == Purpose::BreakGlass => 330,
            _ => 170,
        };
        let changed = if age_seconds > DAY {
            self.past(chance, age_days.clamp(1, password_days))
        } else {
            self.written(-age_seconds)
        };
        let active = age_seconds > DAY && !matches!(person.class, Class::Resource);
        add!(user, {
            "lastPasswordChangeDateTime": &*changed,
            "passwordPolicies": matches!(person.class, Class::Account(_))
                .then_some("DisablePasswordExpiration"),
            "passwordProfile": NULL,
            "print": NULL,
            "securityIdentifier": format!(
                "S-1-12-1-{}-{}-{}-{}", chance.below(u32::MAX), chance.below(u32::MAX),
                chance.below(u32::MAX), chance.below(u32::MAX)),
            "serviceProvisioningErrors": Value::Array(Vec::new()),
            "signInActivity": if active {
                let seconds = -i64::from(chance.below_crowded(40)) * DAY - i64::from(chance.below(86_400)) - 1;
                Value::Object(self.sign_in_activity(seconds, chance))
            } else { NULL },
            "signInSessionsValidFromDateTime": changed,
        });
    }

    /// `signInActivity` of somebody last seen at a moment.
    pub(super) fn sign_in_activity(&self, seconds: i64, chance: &mut Chance) -> Properties {
        let earlier = seconds - i64::from(chance.below(7_200));
        let request = chance.guid();
        record! {
            "lastSignInDateTime": self.written(earlier),
            "lastSignInRequestId": &*request,
            "lastNonInteractiveSignInDateTime": self.written(seconds),
            "lastNonInteractiveSignInRequestId": chance.guid(),
            "lastSuccessfulSignInDateTime": self.written(earlier),
            "lastSuccessfulSignInRequestId": request,
        }
    }

    /// How long before the start a user of the first day was created.
    pub(super) fn user_age(&self, number: u32) -> i64 {
        let mut chance = self.key.chance("user age", u64::from(number));
        i64::from(10 + chance.below(2_400)) * DAY + i64::from(chance.below(86_400))
    }
}

fn licences(class: &Class, chance: &mut Chance) -> Vec<usize> {
    let mut licences = Vec::new();
    match class {
        Class::Account(account) if account.purpose == Purpose::Admin => licences.push(3),
        Class::Account(_) | Class::Resource | Class::Guest => {}
        Class::Synced | Class::Cloud => match chance.below(100) {
            0..62 => licences.push(0),
            62..77 => licences.push(1),
            77..96 => licences.push(2),
            _ => {}
        },
    }
    if matches!(class, Class::Synced | Class::Cloud) {
        if chance.per_mille(110) {
            licences.push(4);
        }
        if chance.per_mille(70) {
            licences.push(5);
        }
    }
    licences
}

fn service_of(plan: &str) -> &'static str {
    match plan {
        "EXCHANGE_S_ENTERPRISE" => "exchange",
        "INTUNE_A" => "SCO",
        "TEAMS1" => "TeamspaceAPI",
        "BI_AZURE_P2" => "AzureAnalysis",
        "FLOW_P2_VIRAL" => "ProcessSimple",
        _ => "AADPremiumService",
    }
}

fn name_person(person: &mut Person) {
    match person.class {
        Class::Account(account) => {
            (person.given, person.surname) = (account.given, account.surname);
            person.display = format!("{} {}", account.given, account.surname);
            if account.purpose == Purpose::Admin {
                person.display.push_str(" (admin)");
            }
            account.alias.clone_into(&mut person.nick);
        }
        Class::Resource => {
            let room = person.number % 40 + 1;
            person.display = format!("Room {} {room} ({})", person.office.city, person.number);
            person.nick = format!("room.{}.{}", names::fold(person.office.city), person.number);
        }
        Class::Synced | Class::Cloud | Class::Guest => {
            let name = names::name(person.number);
            (person.given, person.surname) = (name.given, name.surname);
            person.display = format!("{} {}", name.given, name.surname);
            person.nick = name.nick;
        }
    }
}

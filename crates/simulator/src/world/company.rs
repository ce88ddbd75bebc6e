//! What the invented company consists of: departments, offices, licences, and the accounts that have
//! a part of their own in its life.

/// Departments; the share of people falls from the first to the last.
pub(super) const DEPARTMENTS: [&str; 14] = [
    "Instrument Workshop",
    "Field Operations",
    "Sales",
    "Engineering",
    "Optics Research",
    "Customer Care",
    "Finance",
    "Harbour Logistics",
    "Information Technology",
    "Marketing",
    "People & Culture",
    "Procurement",
    "Quality",
    "Legal",
];

/// Titles within a department, the common ones first.
pub(super) const TITLES: [&str; 14] = [
    "Specialist",
    "Engineer",
    "Technician",
    "Coordinator",
    "Analyst",
    "Senior Engineer",
    "Planner",
    "Account Manager",
    "Senior Specialist",
    "Team Lead",
    "Architect",
    "Manager",
    "Principal",
    "Director",
];

/// A place where the company has people.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) city: &'static str,
    pub(super) state: Option<&'static str>,
    pub(super) country: &'static str,
    pub(super) code: &'static str,
    pub(super) language: &'static str,
    pub(super) postal_code: &'static str,
    pub(super) street: &'static str,
    pub(super) dial: &'static str,
}

macro_rules! offices {
    ($($city:literal $state:expr, $country:literal $code:literal $language:literal $postal:literal $street:literal $dial:literal;)+) => {
        [$(Office {
            city: $city, state: $state, country: $country, code: $code, language: $language,
            postal_code: $postal, street: $street, dial: $dial,
        }),+]
    };
}

/// Offices; the first is the seat.
#[rustfmt::skip]
pub(super) const OFFICES: [Office; 10] = offices![
    "Bergen" None, "Norway" "NO" "nb-NO" "5003" "Strandgaten 41" "+47 55";
    "Rotterdam" Some("Zuid-Holland"), "Netherlands" "NL" "nl-NL" "3011 AA" "Leuvehaven 12" "+31 10";
    "Halifax" Some("Nova Scotia"), "Canada" "CA" "en-CA" "B3H 1A1" "Lower Water Street 210" "+1 902";
    "Gdańsk" Some("pomorskie"), "Poland" "PL" "pl-PL" "80-001" "ul. Motławska 7" "+48 58";
    "Porto" None, "Portugal" "PT" "pt-PT" "4000-001" "Cais da Ribeira 3" "+351 22";
    "Kobe" Some("Hyogo"), "Japan" "JP" "ja-JP" "650-0001" "Hatobacho 5" "+81 78";
    "Cape Town" Some("Western Cape"), "South Africa" "ZA" "en-ZA" "8001" "Dock Road 19" "+27 21";
    "Valparaíso" Some("Valparaíso"), "Chile" "CL" "es-CL" "2340000" "Calle Errázuriz 88" "+56 32";
    "Kochi" Some("Kerala"), "India" "IN" "en-IN" "682001" "Marine Drive 64" "+91 484";
    "Galway" None, "Ireland" "IE" "en-IE" "H91 E9A0" "Long Walk 2" "+353 91";
];

/// A product with licences.
#[derive(Debug)]
pub(super) struct Sku {
    pub(super) id: &'static str,
    pub(super) part: &'static str,
    /// Id and name of some service plans in it.
    pub(super) plans: &'static [(&'static str, &'static str)],
}

const EXCHANGE: (&str, &str) = (
    "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "EXCHANGE_S_ENTERPRISE",
);
const ENTRA_P1: (&str, &str) = ("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM");
const ENTRA_P2: (&str, &str) = ("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2");
const INTUNE: (&str, &str) = ("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A");
const TEAMS: (&str, &str) = ("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1");

/// Products the company pays for: Microsoft 365 E3, E5 and F3 first, as [`super::people`] hands
/// them out.
pub(super) const SKUS: [Sku; 6] = [
    Sku {
        id: "05e9a617-0261-4cee-bb44-138d3ef5d965",
        part: "SPE_E3",
        plans: &[EXCHANGE, ENTRA_P1, INTUNE, TEAMS],
    },
    Sku {
        id: "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
        part: "SPE_E5",
        plans: &[EXCHANGE, ENTRA_P1, ENTRA_P2, INTUNE, TEAMS],
    },
    Sku {
        id: "66b55226-6b4f-492c-910c-a3b7a3c9d993",
        part: "SPE_F1",
        plans: &[ENTRA_P1, INTUNE, TEAMS],
    },
    Sku {
        id: "84a661c4-e949-4bd2-a560-ed7766fcaf2b",
        part: "AAD_PREMIUM_P2",
        plans: &[ENTRA_P2],
    },
    Sku {
        id: "f8a1db68-be16-40ed-86d5-cb42ce701560",
        part: "POWER_BI_PRO",
        plans: &[("70d33638-9c74-4d01-bfd3-562de28bd4ba", "BI_AZURE_P2")],
    },
    Sku {
        id: "f30db892-07e9-47e9-837c-80727f46fd3d",
        part: "FLOW_FREE",
        plans: &[("50e68c76-46c6-4674-81f9-75456511b170", "FLOW_P2_VIRAL")],
    },
];

/// What an account of [`ACCOUNTS`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Opened only when everything else fails.
    BreakGlass,
    /// An administrator's second account.
    Admin,
    /// A program's account.
    Service,
}

/// An account with a part of its own.
#[derive(Debug)]
pub(super) struct Account {
    /// Name in the fixtures (`@user/breakglass1`) and left part of the address.
    pub(super) alias: &'static str,
    pub(super) given: &'static str,
    pub(super) surname: &'static str,
    pub(super) purpose: Purpose,
    /// Built-in role it holds for good.
    pub(super) role: Option<&'static str>,
    /// Built-in roles it may activate.
    pub(super) eligible: &'static [&'static str],
}

macro_rules! accounts {
    ($($alias:literal $given:literal $surname:literal $purpose:ident $role:expr, $eligible:expr;)+) => {
        [$(Account {
            alias: $alias, given: $given, surname: $surname, purpose: Purpose::$purpose,
            role: $role, eligible: &$eligible,
        }),+]
    };
}

/// The first users of every tenant, in this order.
#[rustfmt::skip]
pub(super) const ACCOUNTS: [Account; 18] = accounts![
    "breakglass1" "Emergency" "Access 1" BreakGlass Some("Global Administrator"), [];
    "breakglass2" "Emergency" "Access 2" BreakGlass Some("Global Administrator"), [];
    "adm.halvorsen" "Ines" "Halvorsen" Admin None, ["Global Administrator", "Privileged Role Administrator"];
    "adm.wrona" "Tomasz" "Wrona" Admin Some("Security Reader"), ["Security Administrator", "Conditional Access Administrator", "Authentication Policy Administrator"];
    "adm.adeyemi" "Folake" "Adeyemi" Admin Some("Security Reader"), ["Security Administrator", "Privileged Authentication Administrator"];
    "adm.lindqvist" "Petra" "Lindqvist" Admin Some("Helpdesk Administrator"), ["Conditional Access Administrator", "Authentication Administrator"];
    "adm.menon" "Ravi" "Menon" Admin Some("Helpdesk Administrator"), ["Authentication Administrator"];
    "adm.duval" "Maren" "Duval" Admin Some("User Administrator"), ["Groups Administrator", "License Administrator"];
    "adm.petrovic" "Goran" "Petrovic" Admin Some("Application Administrator"), ["Cloud Application Administrator"];
    "adm.tamura" "Aiko" "Tamura" Admin Some("Intune Administrator"), ["Cloud Device Administrator"];
    "adm.ferreira" "Lucia" "Ferreira" Admin Some("Exchange Administrator"), ["SharePoint Administrator", "Teams Administrator"];
    "adm.okafor" "Daniel" "Okafor" Admin Some("Global Reader"), ["Identity Governance Administrator", "Lifecycle Workflows Administrator"];
    "sync.bergen" "Directory" "Synchronization" Service Some("Directory Synchronization Accounts"), [];
    "svc.scanner" "Scan to" "Mail" Service None, [];
    "svc.boardroom" "Board Room" "Display" Service None, [];
    "svc.payroll" "Payroll" "Transfer" Service None, [];
    "svc.backup" "Archive" "Reader" Service Some("Directory Readers"), [];
    "svc.kiosk" "Quay" "Kiosk" Service None, [];
];

/// Number of the account of that alias.
pub(super) fn account(alias: &str) -> Option<u32> {
    let at = ACCOUNTS.iter().position(|account| account.alias == alias)?;
    u32::try_from(at).ok()
}

/// Built-in roles: name and template id, which is also the id of the definition.
#[rustfmt::skip]
pub(super) const ROLES: [(&str, &str); 38] = [
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    ("Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"),
    ("Privileged Authentication Administrator", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"),
    ("Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"),
    ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509"),
    ("Security Operator", "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f"),
    ("Conditional Access Administrator", "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    ("Authentication Administrator", "c4e39bd9-1100-46d3-8c65-fb160da0071f"),
    ("Authentication Policy Administrator", "0526716b-113d-4c15-b2c8-68e3c22b9f80"),
    ("Password Administrator", "966707d0-3269-4727-9be2-8c3a10f19b9d"),
    ("Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c"),
    ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
    ("Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7"),
    ("Application Developer", "cf1c38e5-3621-4004-a7cb-879624dced7c"),
    ("Cloud Device Administrator", "7698a772-787b-4ac8-901f-60d6b08affd2"),
    ("Intune Administrator", "3a2c62db-5318-420d-8d74-23affee5d9d5"),
    ("Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de"),
    ("SharePoint Administrator", "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"),
    ("Teams Administrator", "69091246-20e8-4a56-aa4d-066075b2a7a8"),
    ("Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"),
    ("Identity Governance Administrator", "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"),
    ("License Administrator", "4d6ac14f-3453-41d0-bef9-a3e0c569773a"),
    ("Billing Administrator", "b0f54661-2d74-4c50-afa3-1ec803f12efe"),
    ("Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf"),
    ("Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"),
    ("Directory Writers", "9360feb5-f418-4baa-8175-e2a00bac4301"),
    ("Directory Synchronization Accounts", "d29b2b05-8046-44ba-8758-1e26182fcf32"),
    ("Compliance Administrator", "17315797-102d-40b4-93e0-432062caca18"),
    ("Guest Inviter", "95e79109-95c0-4d8e-aee3-d01accf2d47b"),
    ("Attribute Assignment Administrator", "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d"),
    ("Lifecycle Workflows Administrator", "59d46f88-662b-457b-bceb-5c3809e5908f"),
    ("User", "a0b1b346-4d3e-4e8b-98f8-753987be4970"),
    ("Guest User", "10dae51f-b6af-4016-8d66-8c2a99b929b3"),
    ("Restricted Guest User", "2af84b1e-32c8-42b7-82bc-daa82404023b"),
    ("Partner Tier1 Support", "4ba39ca4-527c-499a-b93d-d9b492c50246"),
];

/// Id of a built-in role.
pub(super) fn role(name: &str) -> &'static str {
    ROLES
        .iter()
        .find(|(role, _)| *role == name)
        .map(|(_, id)| *id)
        .expect("because the roles named in this module's tables are all listed")
}

//! From what a person writes to name kinds, to the kinds: `all`, `@default,-devices,+sign_ins`.

use std::fmt;
use std::str::FromStr;

use crate::kind::{Category, Kind};
use crate::lookup::{by_name, by_table, kinds, resolve};

/// A word that names neither a kind nor a group of kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// The word as it was written, without its sign.
    pub word: String,
    /// Words that look like it, the likest first; at most three.
    pub nearest: Vec<&'static str>,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no kind and no category", self.word)?;
        match self.nearest.as_slice() {
            [] => Ok(()),
            words => write!(f, ": did you mean {}?", words.join(" or ")),
        }
    }
}

impl std::error::Error for UnknownWord {}

/// The kinds that words choose, in catalogue order.
///
/// A word is a kind's name, table, alias or whatever else [`resolve`] takes, a category's word, `all`
/// or `default`; groups of kinds may be written with a leading `@`, which tells the category
/// `@applications` from the table `applications`. A word may hold several, separated by commas. Words
/// are applied in order: plain ones and those after a `+` add, those after a `-` remove. Where nothing
/// comes before the first sign, the default selection does; no word at all means the default
/// selection too.
pub fn select_kinds<S: AsRef<str>>(words: &[S]) -> Result<Vec<&'static Kind>, UnknownWord> {
    let words = words.iter().flat_map(|word| word.as_ref().split(','));
    let mut words = words
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .peekable();
    let from_default = words.peek().is_none_or(|word| word.starts_with(['+', '-']));
    let all = kinds().iter();
    let mut chosen: Vec<bool> = all.map(|kind| from_default && kind.is_default()).collect();
    for signed in words {
        let removes = signed.starts_with('-');
        let meaning = Meaning::read(signed.strip_prefix(['+', '-']).unwrap_or(signed).trim())?;
        for (chosen, kind) in chosen.iter_mut().zip(kinds()) {
            if meaning.covers(kind) {
                *chosen = !removes;
            }
        }
    }
    let pairs = kinds().iter().zip(chosen);
    Ok(pairs
        .filter_map(|(kind, chosen)| chosen.then_some(*kind))
        .collect())
}

/// What one word stands for.
enum Meaning {
    All,
    Default,
    Category(Category),
    Kind(&'static Kind),
}

impl Meaning {
    fn read(word: &str) -> Result<Self, UnknownWord> {
        let (group_only, bare) = match word.strip_prefix('@') {
            Some(bare) => (true, bare),
            None => (false, word),
        };
        let plain = bare.to_ascii_lowercase().replace(['-', ' '], "_");
        if !group_only && let Some(kind) = by_own_word(&plain) {
            return Ok(Self::Kind(kind));
        }
        match plain.as_str() {
            "all" => Ok(Self::All),
            "default" => Ok(Self::Default),
            _ => match plain.parse() {
                Ok(category) => Ok(Self::Category(category)),
                Err(unknown) if group_only => Err(UnknownWord {
                    word: word.to_owned(),
                    ..unknown
                }),
                Err(_) => resolve(bare)
                    .map(Self::Kind)
                    .ok_or_else(|| unknown(word, every_word())),
            },
        }
    }

    fn covers(&self, kind: &Kind) -> bool {
        match self {
            Self::All => true,
            Self::Default => kind.is_default(),
            Self::Category(category) => kind.category == *category,
            Self::Kind(only) => kind.name == only.name,
        }
    }
}

/// The kind whose name, table or alias a word is.
fn by_own_word(word: &str) -> Option<&'static Kind> {
    by_name(word).or_else(|| by_table(word)).or_else(|| {
        let mut all = kinds().iter().copied();
        all.find(|kind| kind.aliases.contains(&word))
    })
}

fn every_word() -> impl Iterator<Item = &'static str> {
    let own = kinds().iter().flat_map(|kind| {
        let aliases = kind.aliases.iter().copied();
        [kind.table, kind.name].into_iter().chain(aliases)
    });
    let groups = Category::ALL.into_iter().map(Category::word);
    own.chain(groups).chain(["all", "@default"])
}

/// Kinds left out of the default selection though an application may read them, each for its reason.
const LEFT_OUT: [&str; 16] = [
    // The same rows as app_role_assignment, seen from the other end.
    "group_app_role_assignment",
    "service_principal_app_role_assignment",
    // One request for each user, and nothing announces a change; licences are in the user too.
    "user_extension",
    "user_license_detail",
    // What other publishers offer, not what the tenant has.
    "schema_extension",
    "teams_app",
    // Alerts and reports, worked out from what is collected or in a product of their own.
    "dlp_alert",
    "security_incident",
    "user_registration_details",
    "risky_user",
    "risky_service_principal",
    // Bookkeeping of other backups and queries.
    "audit_log_query",
    "configuration_drift",
    "configuration_snapshot_job",
    "recovery_job",
    "recovery_snapshot",
];

impl Kind {
    /// Whether the selection `@default` has it: all that an application can read with a permission
    /// that does not write, and of the logs only the directory's audit log.
    #[must_use]
    pub fn is_default(&self) -> bool {
        let mut permissions = self.permissions.iter();
        let harmless = permissions.any(|permission| !permission.contains("ReadWrite"));
        let wanted = !self.is_event() || self.name == "directory_audit";
        harmless && wanted && self.delegated.is_none() && !LEFT_OUT.contains(&self.name)
    }
}

impl Category {
    /// Every category, in the order of the reference.
    pub const ALL: [Self; 9] = [
        Self::Directory,
        Self::Applications,
        Self::DevicesAndSecurity,
        Self::RolesAndPermissions,
        Self::Policies,
        Self::IdentityGovernance,
        Self::M365,
        Self::Intune,
        Self::Logs,
    ];

    /// The word for it where kinds are chosen (`roles_and_permissions`).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Applications => "applications",
            Self::DevicesAndSecurity => "devices_and_security",
            Self::RolesAndPermissions => "roles_and_permissions",
            Self::Policies => "policies",
            Self::IdentityGovernance => "identity_governance",
            Self::M365 => "m365",
            Self::Intune => "intune",
            Self::Logs => "logs",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Category {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let mut all = Self::ALL.into_iter();
        all.find(|category| category.word() == word)
            .ok_or_else(|| unknown(word, Self::ALL.into_iter().map(Self::word)))
    }
}

fn unknown(word: &str, known: impl Iterator<Item = &'static str>) -> UnknownWord {
    let few = 3.min(word.len() / 2);
    let far = |candidate: &'static str| (distance(word, candidate), candidate);
    let mut near: Vec<_> = known
        .map(far)
        .filter(|(changes, _)| *changes <= few)
        .collect();
    near.sort_unstable();
    near.dedup();
    UnknownWord {
        word: word.to_owned(),
        nearest: near.into_iter().take(3).map(|(_, word)| word).collect(),
    }
}

/// Letters to add, remove or replace to make one word the other (Levenshtein), whatever their case.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<u8> = other.bytes().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(!left.eq_ignore_ascii_case(right));
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

//! The fewest permissions that let an app read a choice of kinds.
//!
//! Of the permissions that open a kind the catalogue names the least first. A kind that one needed
//! anyway opens gets none of its own, and none is kept all of whose kinds others open too. A permission
//! that writes is taken only where nothing less opens a kind.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Access, Kind};

/// A permission and what it is for.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// Its name (`User.Read.All`).
    pub(crate) permission: &'static str,
    /// Kinds that cannot be read without it.
    pub(crate) kinds: Vec<&'static Kind>,
    /// Kinds of which only a part is hidden without it.
    pub(crate) completes: Vec<&'static Kind>,
}

impl Need {
    /// Whether it allows to change things too.
    pub(crate) fn writes(&self) -> bool {
        writes(self.permission)
    }
}

/// Whether a permission allows to change things.
pub(crate) fn writes(permission: &str) -> bool {
    permission.contains("Write")
}

/// What a permission for the whole directory also opens \[memory\]: the catalogue names only the least
/// permission of each kind.
const OF_THE_DIRECTORY: [&str; 9] = [
    "AdministrativeUnit.Read.All",
    "Application.Read.All",
    "Device.Read.All",
    "Domain.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "OrgContact.Read.All",
    "Organization.Read.All",
    "User.Read.All",
];

/// Whether who has the one permission can read all that the other opens.
pub(crate) fn covers(granted: &str, permission: &str) -> bool {
    // Who may write something may read it: `Group.ReadWrite.All` for `Group.Read.All`.
    let read = granted.replace(".ReadWrite.", ".Read.");
    if read == permission {
        return true;
    }
    match read.as_str() {
        "Directory.Read.All" => OF_THE_DIRECTORY.contains(&permission),
        "Group.Read.All" => permission == "GroupMember.Read.All",
        "RoleManagement.Read.All" => permission.starts_with("RoleManagement.Read."),
        _ => false,
    }
}

/// The permissions an app needs for these kinds, by name. Those in `granted` cost nothing: they are
/// used before others are asked for.
pub(crate) fn needs(kinds: &[&'static Kind], granted: &[String]) -> Vec<Need> {
    let mut open: Vec<(&'static Kind, &'static [&'static str])> = Vec::new();
    for kind in kinds {
        if let Access::Application(permissions) = kind.access() {
            open.push((kind, permissions));
        }
    }
    let mut taken: BTreeSet<&'static str> = kinds
        .iter()
        .flat_map(|kind| kind.further_permissions)
        .map(|further| further.permission)
        .collect();
    let is_granted = |permission: &str| granted.iter().any(|own| covers(own, permission));
    // Those with the fewest ways to be opened decide first what the others can share.
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by_key(|&at| (open[at].1.len(), at));
    for at in order {
        let ways = open[at].1;
        let harmless = || ways.iter().copied().filter(|way| !writes(way));
        let known = harmless().find(|way| taken.contains(way));
        let exact = |way: &&str| granted.iter().any(|own| own == way);
        let free = || {
            harmless()
                .find(exact)
                .or_else(|| harmless().find(|way| is_granted(way)))
        };
        let any = || ways.iter().copied().find(|way| is_granted(way));
        let way = known
            .or_else(free)
            .or_else(|| harmless().next())
            .or_else(any);
        taken.extend(way.or(ways.first().copied()));
    }
    drop_needless(&mut taken, &open, kinds);
    described(&taken, &open, kinds)
}

/// Drops permissions all of whose kinds others open too, the broadest last.
fn drop_needless(
    taken: &mut BTreeSet<&'static str>,
    open: &[(&'static Kind, &'static [&'static str])],
    kinds: &[&'static Kind],
) {
    let further: BTreeSet<&str> = kinds
        .iter()
        .flat_map(|kind| kind.further_permissions)
        .map(|further| further.permission)
        .collect();
    let opens = |permission: &str| {
        open.iter()
            .filter(|(_, ways)| ways.contains(&permission))
            .count()
    };
    let mut order: Vec<&'static str> = taken.iter().copied().collect();
    order.sort_by_key(|permission| (opens(permission), *permission));
    for permission in order {
        let needless = !further.contains(permission)
            && open
                .iter()
                .filter(|(_, ways)| ways.contains(&permission))
                .all(|(_, ways)| {
                    ways.iter()
                        .any(|way| *way != permission && taken.contains(way))
                });
        if needless {
            taken.remove(permission);
        }
    }
}

fn described(
    taken: &BTreeSet<&'static str>,
    open: &[(&'static Kind, &'static [&'static str])],
    kinds: &[&'static Kind],
) -> Vec<Need> {
    let mut needs: BTreeMap<&'static str, Need> = BTreeMap::new();
    for &permission in taken {
        let need = Need {
            permission,
            kinds: Vec::new(),
            completes: Vec::new(),
        };
        needs.insert(permission, need);
    }
    for (kind, ways) in open {
        let way = ways.iter().find(|way| taken.contains(*way));
        if let Some(need) = way.and_then(|way| needs.get_mut(way)) {
            need.kinds.push(kind);
        }
    }
    for kind in kinds {
        for further in kind.further_permissions {
            if let Some(need) = needs.get_mut(further.permission)
                && !need.kinds.iter().any(|own| own.name == kind.name)
            {
                need.completes.push(kind);
            }
        }
    }
    needs.into_values().collect()
}

/// Delegated permissions to ask for when a person signs in to read these kinds.
pub(crate) fn delegated(kinds: &[&'static Kind]) -> Vec<String> {
    let own = needs(kinds, &[]);
    let mut names: BTreeSet<&'static str> = own.iter().map(|need| need.permission).collect();
    for kind in kinds {
        if let Access::SignedIn(permission) = kind.access() {
            names.insert(permission);
        }
    }
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(words: &[&str]) -> Vec<&'static Kind> {
        catalog::select_kinds(words).expect("because the words choose kinds")
    }

    fn names(needs: &[Need]) -> Vec<&'static str> {
        needs.iter().map(|need| need.permission).collect()
    }

    /// What every answer must hold: each kind is opened, and without any one permission something is not.
    #[test]
    fn every_permission_is_needed_and_together_they_are_enough() {
        for words in [
            &["all"][..],
            &["@default"],
            &["user", "group"],
            &["@policies"],
        ] {
            let kinds = kinds(words);
            let needs = needs(&kinds, &[]);
            let taken = names(&needs);
            for kind in &kinds {
                if let Access::Application(ways) = kind.access() {
                    assert!(ways.iter().any(|way| taken.contains(way)), "{}", kind.name);
                }
            }
            for need in &needs {
                assert!(
                    !need.kinds.is_empty() || !need.completes.is_empty(),
                    "{} is for nothing",
                    need.permission
                );
                let only = need.kinds.iter().any(|kind| {
                    !kind
                        .permissions
                        .iter()
                        .any(|way| *way != need.permission && taken.contains(way))
                });
                assert!(
                    only || !need.completes.is_empty() || need.kinds.is_empty(),
                    "{} is needless",
                    need.permission
                );
            }
        }
    }

    #[test]
    fn a_kind_that_another_permission_opens_gets_none_of_its_own() {
        let alone = needs(&kinds(&["user"]), &[]);
        let with_manager = needs(&kinds(&["user", "user_manager"]), &[]);
        assert_eq!(names(&alone), names(&with_manager));
    }

    #[test]
    fn what_is_granted_is_used_first() {
        let units = kinds(&["administrative_unit"]);
        assert_eq!(names(&needs(&units, &[])), ["AdministrativeUnit.Read.All"]);
        let granted = [
            "CustomSecAttributeAssignment.Read.All",
            "Directory.Read.All",
        ]
        .map(str::to_owned);
        let mut open = needs(&units, &granted);
        open.retain(|need| !granted.iter().any(|own| covers(own, need.permission)));
        assert!(open.is_empty(), "{open:?}");
        assert!(
            names(&needs(&units, &granted)).contains(&"Directory.Read.All"),
            "it is named itself"
        );
    }

    #[test]
    fn broader_permissions_stand_for_narrower_ones_and_not_the_other_way_round() {
        for (granted, permission) in [
            ("User.Read.All", "User.Read.All"),
            ("User.ReadWrite.All", "User.Read.All"),
            ("Directory.ReadWrite.All", "Group.Read.All"),
            ("Group.ReadWrite.All", "GroupMember.Read.All"),
            (
                "RoleManagement.ReadWrite.Directory",
                "RoleManagement.Read.Directory",
            ),
        ] {
            assert!(covers(granted, permission), "{granted} for {permission}");
        }
        for (granted, permission) in [
            ("User.Read.All", "User.ReadWrite.All"),
            ("User.ReadBasic.All", "User.Read.All"),
            ("GroupMember.Read.All", "Group.Read.All"),
            ("Directory.Read.All", "AuditLog.Read.All"),
            ("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"),
        ] {
            assert!(!covers(granted, permission), "{granted} for {permission}");
        }
    }

    #[test]
    fn the_default_choice_needs_no_permission_that_writes() {
        let needs = needs(&kinds(&["@default"]), &[]);
        assert!(
            needs.iter().all(|need| !need.writes()),
            "{:?}",
            names(&needs)
        );
    }
}

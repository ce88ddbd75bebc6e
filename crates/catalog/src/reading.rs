//! How a kind is read from a living tenant: who may, under which licence, how changes announce
//! themselves.
//!
//! What the permission data of Microsoft's reference states is data of the family files. Licences and
//! the names of audit activities are hand-made: no machine-readable source has them.

use crate::kind::{Api, Kind};
use crate::lookup::kinds;

/// A permission without which part of a kind stays hidden while the rest is readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FurtherPermission {
    /// Application permission (`AuditLog.Read.All`).
    pub permission: &'static str,
    /// Properties that are refused or null without it: not to be selected, and never to be taken for
    /// removed. Empty where whole rows are hidden (members of groups with hidden membership).
    pub properties: &'static [&'static str],
}

/// How a kind's changes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta {
    /// By a delta function.
    Own {
        /// Its path (`/users/delta`).
        path: &'static str,
        /// Properties of the kind that it does not track and that must not be selected there \[memory\]:
        /// only a full read sees them change.
        without: &'static [&'static str],
    },
    /// Inside the delta of the parent, as `<relation>@delta`, when the relation is selected.
    Within,
}

/// Where objects go when they are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftDelete {
    /// Days until Graph deletes them for good; `None` where the term is not documented.
    pub days: Option<u16>,
    /// Path that lists them.
    pub bin: &'static str,
    /// Version that serves that path.
    pub api: Api,
}

/// A bin of v1.0 that keeps objects for 30 days.
pub(crate) const fn thirty_days(bin: &'static str) -> SoftDelete {
    SoftDelete {
        days: Some(30),
        bin,
        api: Api::V1,
    }
}

/// The cheapest licence that brings the feature a kind belongs to \[hand-made\]. A tenant without it
/// may answer with an empty collection or refuse: a refusal there means "not licensed", not a lost
/// permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Licence {
    /// In every tenant.
    Free,
    /// Microsoft Entra ID P1.
    P1,
    /// Microsoft Entra ID P2.
    P2,
    /// Microsoft Entra ID Governance.
    Governance,
    /// Microsoft Entra Workload ID Premium.
    WorkloadIdentities,
    /// Microsoft Entra External ID or Azure AD B2C tenants.
    ExternalId,
    /// Microsoft Intune.
    Intune,
    /// Any Microsoft 365 plan with the service in question (Teams, `SharePoint`, Exchange).
    Microsoft365,
    /// Microsoft Purview.
    Purview,
    /// Microsoft Defender.
    Defender,
    /// Windows 365.
    Windows365,
}

impl Licence {
    /// Microsoft's name of it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Free => "Microsoft Entra ID Free",
            Self::P1 => "Microsoft Entra ID P1",
            Self::P2 => "Microsoft Entra ID P2",
            Self::Governance => "Microsoft Entra ID Governance",
            Self::WorkloadIdentities => "Microsoft Entra Workload ID Premium",
            Self::ExternalId => "Microsoft Entra External ID",
            Self::Intune => "Microsoft Intune",
            Self::Microsoft365 => "Microsoft 365",
            Self::Purview => "Microsoft Purview",
            Self::Defender => "Microsoft Defender",
            Self::Windows365 => "Windows 365",
        }
    }
}

/// Who can read a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// An application with any one of these permissions.
    Application(&'static [&'static str]),
    /// Only a signed-in administrator with this delegated permission: an application gets 403.
    SignedIn(&'static str),
    /// Undocumented: to be tried, and a refusal to be recorded as such.
    Unknown,
}

impl Kind {
    /// Who can read it.
    #[must_use]
    pub const fn access(&self) -> Access {
        match self.delegated {
            Some(permission) => Access::SignedIn(permission),
            None if self.permissions.is_empty() => Access::Unknown,
            None => Access::Application(self.permissions),
        }
    }

    /// Kind of its deleted objects, where the catalogue has one.
    #[must_use]
    pub fn deleted_twin(&self) -> Option<&'static Kind> {
        let bin = self.soft_delete?;
        let mut twins = kinds().iter().copied();
        twins.find(|kind| kind.path == bin.bin && kind.api == bin.api)
    }
}

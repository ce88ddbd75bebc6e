//! Which licences the tenant has, and which kinds answer only with others.

use catalog::{Kind, Licence};
use graph::Client;

use super::live::{GROUP, rows};
use super::{Checks, Verdict};
use crate::commands::auth::listed;
use crate::output::plural;
use crate::tenant::Tenant;

/// Service plans that bring the licences kinds ask for; a licence may come with any of several.
const PLANS: [(&str, Licence); 5] = [
    ("AAD_PREMIUM", Licence::P1),
    ("AAD_PREMIUM_P2", Licence::P1),
    ("AAD_PREMIUM_P2", Licence::P2),
    ("ENTRA_IDENTITY_GOVERNANCE", Licence::Governance),
    ("INTUNE_A", Licence::Intune),
];
/// Kinds named for a licence that is lacking.
const KINDS_SHOWN: usize = 4;

pub(super) async fn check(client: &Client, tenant: &Tenant, checks: &mut Checks) {
    const PATH: &str = "/subscribedSkus?$select=capabilityStatus,servicePlans";
    let rows = match rows(client, PATH).await {
        Ok(rows) => rows,
        Err(error) => {
            checks.add(
                GROUP,
                "licences",
                Verdict::Warning,
                format!("not readable: {error}"),
            );
            checks.hint("LicenseAssignment.Read.All or Organization.Read.All opens them");
            return;
        }
    };
    let active = rows.iter().filter(|sku| {
        sku["capabilityStatus"] != "Suspended" && sku["capabilityStatus"] != "Deleted"
    });
    let plans: Vec<String> = active
        .filter_map(|sku| sku["servicePlans"].as_array())
        .flatten()
        .filter_map(|plan| plan["servicePlanName"].as_str())
        .map(str::to_ascii_uppercase)
        .collect();
    let (found, lacking) = standing(&plans, &tenant.kinds.chosen);
    let message = if found.is_empty() {
        "Microsoft Entra ID Free".to_owned()
    } else {
        found.join(", ")
    };
    checks.add(GROUP, "licences", Verdict::Fine, message);
    if !lacking.is_empty() {
        checks.hint(format!("recorded as not licensed: {}", lacking.join("; ")));
    }
}

/// Licences that these service plans bring, and what of the kinds answers only with others.
fn standing(plans: &[String], kinds: &[&'static Kind]) -> (Vec<&'static str>, Vec<String>) {
    let has = |licence: Licence| {
        let mut bringing = PLANS.iter().filter(|(_, brings)| *brings == licence);
        bringing.any(|(plan, _)| plans.iter().any(|own| own == plan))
    };
    let mut licences: Vec<Licence> = PLANS.iter().map(|(_, licence)| *licence).collect();
    licences.dedup();
    let found = licences.iter().filter(|licence| has(**licence));
    let found = found.map(|licence| licence.title()).collect();
    let lacking = licences.iter().filter(|licence| !has(**licence));
    let lacking = lacking.filter_map(|licence| {
        let lost = kinds.iter().filter(|kind| kind.licence == *licence);
        let lost: Vec<&str> = lost.map(|kind| kind.name).collect();
        (!lost.is_empty()).then(|| {
            format!(
                "without {} {} ({})",
                licence.title(),
                plural(lost.len() as u64, "kind"),
                listed(&lost, KINDS_SHOWN)
            )
        })
    });
    (found, lacking.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenant_lacks_is_said_licence_by_licence() {
        let all = catalog::kinds();
        let with = |plans: &[&str]| {
            let plans: Vec<String> = plans.iter().map(|&plan| plan.to_owned()).collect();
            standing(&plans, all)
        };
        let (found, lacking) = with(&[]);
        assert!(found.is_empty());
        assert_eq!(lacking.len(), 4, "{lacking:?}");
        // P2 brings what P1 does, and Intune with neither.
        let (found, lacking) = with(&["AAD_PREMIUM_P2"]);
        assert_eq!(found, [Licence::P1.title(), Licence::P2.title()]);
        assert_eq!(lacking.len(), 2, "{lacking:?}");
        assert!(lacking[1].contains(Licence::Intune.title()), "{lacking:?}");
        let (_, lacking) = with(&["AAD_PREMIUM", "ENTRA_IDENTITY_GOVERNANCE", "INTUNE_A"]);
        assert_eq!(lacking.len(), 1, "{lacking:?}");
        assert!(lacking[0].contains(Licence::P2.title()), "{lacking:?}");
    }
}

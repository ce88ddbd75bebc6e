//! What is written by hand: of a kind, more than the catalogue knows; of a computed table or a
//! function, all there is.
//!
//! A file has a title (`# ...`, not of kinds), paragraphs, a list of columns (`## Columns`; of computed
//! tables `- name: note`, of functions `- name type: note`) and questions (`## Questions`, each `### ...`
//! and one block of `sql`).

use super::Question;
use crate::error::{Error, Result};

/// What is written of one table.
#[derive(Debug, Default)]
pub(super) struct Authored {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// Names of columns and notes on them.
    pub(super) columns: Vec<(&'static str, &'static str)>,
    pub(super) questions: Vec<Question>,
}

/// The files, by table or function.
macro_rules! files {
    ($($name:literal)+) => {
        [$(($name, include_str!(concat!("authored/", $name, ".md")))),+]
    };
}

const FILES: &[(&str, &str)] = &files![
    "access_package_assignments"
    "app_role_assignments"
    "application_owners"
    "applications"
    "authentication_method_configurations"
    "authorization_policies"
    "changes"
    "collection_errors"
    "columns"
    "conditional_access_policies"
    "coverage"
    "cross_tenant_access_partners"
    "deleted_users"
    "devices"
    "diff"
    "diff_links"
    "diff_properties"
    "directory_audits"
    "domain_federation_configurations"
    "domains"
    "effective_access"
    "effective_members"
    "effective_roles"
    "exposure"
    "federated_identity_credentials"
    "functions"
    "group_members"
    "groups"
    "history"
    "holds"
    "lineage"
    "link_changes"
    "links"
    "managed_devices"
    "named_locations"
    "oauth2_permission_grants"
    "objects"
    "organization"
    "path"
    "property_changes"
    "recycle_bin"
    "reverts"
    "risk_detections"
    "risky_users"
    "role_assignment_schedule_requests"
    "role_assignments"
    "role_definitions"
    "role_eligibility_schedules"
    "role_management_policy_rules"
    "security_defaults_policies"
    "service_principal_app_role_assignments"
    "service_principals"
    "sign_ins"
    "snapshots"
    "subscribed_skus"
    "tags"
    "timeline"
    "unexplained_changes"
    "unseen_changes"
    "user_authentication_methods"
    "user_license_details"
    "user_registration_details"
    "users"
    "who_can"
];

/// Fails where a file describes what is not there.
pub(super) fn all_are_of(is_there: impl Fn(&str) -> bool) -> Result<()> {
    match FILES.iter().find(|(name, _)| !is_there(name)) {
        None => Ok(()),
        Some((name, _)) => Err(Error::Internal(format!(
            "authored/{name}.md describes a table that is not there"
        ))),
    }
}

/// What is written of a table, if anything is.
pub(super) fn of(name: &str) -> Result<Option<Authored>> {
    let file = FILES.iter().find(|(own, _)| *own == name);
    let parsed = file.map(|(_, text)| {
        parse(text).ok_or_else(|| {
            Error::Internal(format!(
                "authored/{name}.md is not of the form authored.rs says"
            ))
        })
    });
    parsed.transpose()
}

fn parse(file: &'static str) -> Option<Authored> {
    let (file, questions) = file.split_once("## Questions\n").unwrap_or((file, ""));
    let (head, columns) = file.split_once("## Columns\n").unwrap_or((file, ""));
    let (title, text) = match head.strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').unwrap_or((rest, "")),
        None => ("", head),
    };
    Some(Authored {
        title,
        text: text.trim(),
        columns: columns
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.strip_prefix("- ")?.split_once(": "))
            .collect::<Option<_>>()?,
        questions: questions
            .split("### ")
            .skip(1)
            .map(question)
            .collect::<Option<_>>()?,
    })
}

fn question(text: &str) -> Option<Question> {
    let (title, rest) = text.split_once('\n')?;
    let sql = rest
        .trim()
        .strip_prefix("```sql\n")?
        .strip_suffix("\n```")?;
    Some(Question {
        title: title.to_owned(),
        sql: sql.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_title_a_text_columns_and_questions() {
        let file = "# Tags\n\nNames.\nTwo lines.\n\n## Columns\n\n- tag: the name: any\n\n## Questions\n\n### Which?\n\n```sql\nselect 1;\n```\n\n### How many?\n\n```sql\nselect\n2;\n```\n";
        let authored = parse(file).expect("because it is well formed");
        assert_eq!(
            (authored.title, authored.text),
            ("Tags", "Names.\nTwo lines.")
        );
        assert_eq!(authored.columns, [("tag", "the name: any")]);
        let asked: Vec<_> = authored
            .questions
            .iter()
            .map(|q| (q.title.as_str(), q.sql.as_str()))
            .collect();
        assert_eq!(
            asked,
            [("Which?", "select 1;"), ("How many?", "select\n2;")]
        );
    }

    #[test]
    fn what_is_not_of_this_form_is_refused() {
        assert!(parse("## Columns\n\ntag: no list\n").is_none());
        assert!(parse("## Questions\n\n### Which?\n\nselect 1;\n").is_none());
    }

    #[test]
    fn every_file_is_of_this_form_and_in_its_place() {
        for (name, text) in FILES {
            assert!(parse(text).is_some(), "{name}");
        }
        assert!(FILES.is_sorted());
    }
}

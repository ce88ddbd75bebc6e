//! Logs of real tenants, and changes made by hand to fit them.

use serde_json::Value;

use crate::programs::Place;
use crate::shared::shared;

const APPLICATION: &str = "11b49e19-2326-4be6-93cb-7f37439bbd81";
const CLIENT: &str = "0d2f5969-011b-460d-ac74-3291d227d49f";
const RESOURCE: &str = "401dd906-ea4f-4d41-b762-7e936d222368";
const KEY: &str = "59eaeebc-8a6b-44a6-9f24-7d55e64420c9";

/// The application before and after, and the consent it was given.
fn states(place: &Place) {
    for (day, credentials, scope) in [
        ("2021-08-02", String::new(), "User.Read"),
        (
            "2021-08-03",
            format!(r#"{{"keyId":"{KEY}","displayName":"SimuLandCreds"}}"#),
            "User.Read Mail.ReadWrite",
        ),
    ] {
        let folder = format!("{day}T00-00-00Z");
        std::fs::create_dir(place.path(&folder)).expect("because the folder is ours");
        place.write(
            &format!("{folder}/applications.jsonl"),
            &format!(
                r#"{{"id":"{APPLICATION}","appId":"{CLIENT}","displayName":"SimuLandApp","passwordCredentials":[{credentials}]}}"#
            ),
        );
        place.write(
            &format!("{folder}/oauth2PermissionGrants.jsonl"),
            &format!(
                r#"{{"id":"grant","clientId":"{CLIENT}","resourceId":"{RESOURCE}","consentType":"AllPrincipals","scope":"{scope}"}}"#
            ),
        );
        let at = format!("{day}T00:00:00Z");
        place.ok(&["import", &folder, "--taken-at", &at]);
    }
}

fn texts<'r>(row: &'r Value, names: &[&str]) -> Vec<&'r str> {
    let text = |name: &&str| row[*name].as_str().unwrap_or_default();
    names.iter().map(text).collect()
}

#[test]
fn a_secret_and_a_consent_of_a_real_attack_have_their_actor() {
    let Some(log) = shared("data/audit-otrf/AADAuditEvents.json") else {
        return;
    };
    let place = Place::new();
    place.init();
    states(&place);
    place.ok(&["import", log.to_str().expect("because it is text")]);
    let rows = place.rows(
        "select kind, path, actor, actor_type, activity, confidence from property_changes order by kind",
    );
    let said = ["kind", "path", "actor", "confidence"];
    let path = format!("passwordCredentials[keyId={KEY}]");
    let who = "pgustavo@simulandlabs.com";
    assert_eq!(texts(&rows[0], &said), ["application", &path, who, "exact"]);
    assert_eq!(
        texts(&rows[1], &said),
        ["oauth2_permission_grant", "scope", who, "exact"]
    );
    assert_eq!(rows[1]["activity"], "Add delegated permission grant");
    assert_eq!(rows.len(), 2);
}

#[test]
fn events_of_real_logs_name_actors_and_targets() {
    let Some(log) = shared("data/audit-panther/events.jsonl") else {
        return;
    };
    let place = Place::new();
    place.init();
    place.ok(&["import", log.to_str().expect("because it is text")]);
    // Nothing but events is there: no change to explain, and nothing to contradict.
    for table in ["unexplained_changes", "unseen_changes"] {
        let rows = place.rows(&format!("select * from {table}"));
        assert_eq!(rows, Vec::<Value>::new(), "{table}");
    }
    let named =
        place.rows("select count(*) as events from directory_audits where result = 'success'");
    assert!(
        named[0]["events"].as_u64().is_some_and(|events| events > 5),
        "{named:?}"
    );
}

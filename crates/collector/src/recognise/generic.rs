//! Kinds nobody listed: what they are called and what identifies their objects.
//!
//! A list is named after its file, a document alone after its folder, a property of a larger
//! document after the property, each in `snake_case`. A name that the catalogue or the query engine
//! uses gets the parent folder's in front, so that `PrivilegedEAM/EntraID/user/<id>.json` is
//! `entra_id_user` and never mixes with `user`.

use std::borrow::Cow;

use model::{Value, is_guid};

use super::around::Around;

/// Names of the query engine's own tables.
const RESERVED: [&str; 15] = [
    "blame",
    "changes",
    "collection_errors",
    "columns",
    "coverage",
    "diff",
    "diff_properties",
    "history",
    "link_changes",
    "links",
    "objects",
    "property_changes",
    "snapshots",
    "tags",
    "timeline",
];

/// Ends the names of the query engine's tables of all versions.
const HISTORY: &str = "_history";

/// Longest name made; long file names carry display names.
const MAX_NAME_BYTES: usize = 60;

/// The property names that say which object a document is, most specific first. `Guid` is what Exchange's and
/// Purview's commands call it.
const ID_NAMES: [&str; 4] = ["id", "objectId", "appId", "guid"];

/// Ids of what an object belongs to.
const NOT_OWN: [&str; 4] = ["tenantId", "organizationId", "correlationId", "templateId"];

/// The id of a document of no catalogued kind: `id`, `objectId`, `appId` or `Guid`; in a list also its first
/// property if that is some `...Id`, or the only one that is; in a map its key.
pub(crate) fn generic_id<'a>(object: Value<'a>, around: &Around<'a>) -> Option<Cow<'a, str>> {
    let text = |value: Value<'a>| value.text().filter(|text| !text.is_empty());
    let named = ID_NAMES
        .iter()
        .find_map(|name| text(object.get_folded(name)?));
    let map_key = || around.map_key.map(Cow::Borrowed);
    named.or_else(map_key).or_else(|| {
        if !around.listed {
            return None;
        }
        let ids = object.members().enumerate().filter(|(_, (key, _))| {
            key.ends_with("Id") && !NOT_OWN.iter().any(|name| name.eq_ignore_ascii_case(key))
        });
        let mut ids = ids.filter_map(|(at, (_, value))| Some((at, text(value)?)));
        let (at, first) = ids.next()?;
        (at == 0 || ids.next().is_none()).then_some(first)
    })
}

/// The name of the kind a document of no catalogued kind belongs to.
pub(crate) fn generic_name(object: Value<'_>, around: &Around<'_>) -> String {
    let unlisted_type = object
        .get("@odata.type")
        .and_then(Value::text)
        .and_then(|text| Some(text.strip_prefix("#microsoft.graph.")?.to_owned()));
    let folders = around.file.folders.iter().rev().map(String::as_str);
    // In `<id>/<id>.json` the folder is the object's own, not the collection's.
    let own = |name: &&str| is_guid(name) || *name == around.file.stem;
    let mut folders = folders.skip_while(own);
    let root_only = around.file.folders.len() == 1;
    let name = match (around.member, around.log_type, &unlisted_type) {
        (Some(member), ..) => member,
        (_, Some(log_type), _) => log_type,
        (_, _, Some(unlisted)) => unlisted,
        _ if around.listed || (root_only && !is_guid(&around.file.stem)) => &around.file.stem,
        _ => folders.next().unwrap_or(&around.file.stem),
    };
    let name = clean(name);
    if !is_taken(&name) {
        return name;
    }
    let parent = folders.next().map_or_else(|| "other".to_owned(), clean);
    let longer = format!("{parent}_{name}");
    if is_taken(&longer) {
        format!("other_{longer}")
    } else {
        longer
    }
}

fn clean(name: &str) -> String {
    let snake = catalog::snake_case(name);
    let mut clean = snake.trim_matches('_');
    while clean.len() > MAX_NAME_BYTES {
        clean = clean
            .rsplit_once('_')
            .map_or(&clean[..MAX_NAME_BYTES], |(head, _)| head);
    }
    match clean.as_bytes().first() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("kind_{clean}"),
        Some(_) if clean.ends_with(HISTORY) => format!("{clean}_entries"),
        Some(_) => clean.to_owned(),
    }
}

fn is_taken(name: &str) -> bool {
    catalog::resolve(name).is_some() || is_reserved(name)
}

/// Whether a name is that of one of the query engine's own tables.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name.ends_with(HISTORY)
}

#[cfg(test)]
mod tests {
    use model::Parser;

    use super::*;
    use crate::read::Where;
    use crate::recognise::FilePlace;

    fn named(path: &str, text: &str, listed: bool) -> (String, Option<String>) {
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        let file = FilePlace::new("root", path);
        let around = Around::new(&file, Where::Whole, None, listed);
        let id = generic_id(document.root(), &around).map(Cow::into_owned);
        (generic_name(document.root(), &around), id)
    }

    #[test]
    fn names_come_from_file_or_folder() {
        let id = "88f9f040-ffb6-438e-a5ee-5a9399ce7100";
        for (path, text, listed, name, found) in [
            (
                "_info/MicrosoftApps.json",
                r#"{"AppId":"x"}"#,
                true,
                "microsoft_apps",
                Some("x"),
            ),
            (
                "_info/GraphAppRoles.json",
                r#"{"Id":"x"}"#,
                true,
                "graph_app_roles",
                Some("x"),
            ),
            (
                "PrivilegedEAM/EntraID/user/1.json",
                r#"{"ObjectId":"x"}"#,
                false,
                "entra_id_user",
                Some("x"),
            ),
            (
                "Samples/AzRoles.json",
                r#"{"RoleAssignmentId":"x","PrincipalId":"y"}"#,
                true,
                "az_roles",
                Some("x"),
            ),
            (
                "gui/package.json",
                r#"{"name":"x","version":"1"}"#,
                false,
                "gui",
                None,
            ),
            (
                "EntraOpsConfig.json",
                r#"{"TenantId":"x","ClientId":"y"}"#,
                false,
                "entra_ops_config",
                None,
            ),
            (
                "a/2024 things!/x.json",
                r#"{"id":""}"#,
                false,
                "kind_2024_things",
                None,
            ),
            (
                "snapshots.json",
                r#"{"id":"x"}"#,
                true,
                "root_snapshots",
                Some("x"),
            ),
            (
                "SignIn History.json",
                r#"{"id":"x"}"#,
                true,
                "sign_in_history_entries",
                Some("x"),
            ),
        ] {
            let expected = (name.to_owned(), found.map(str::to_owned));
            assert_eq!(named(path, text, listed), expected, "{path}");
        }
        let path = format!("widgets/{id}/{id}.json");
        assert_eq!(named(&path, r#"{"id":"x"}"#, false).0, "widgets");
        let typed = r##"{"@odata.type":"#microsoft.graph.newThing","id":"x"}"##;
        assert_eq!(named("a/b.json", typed, false).0, "new_thing");
    }
}

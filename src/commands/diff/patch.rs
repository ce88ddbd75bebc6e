//! Differences as RFC 6902 JSON Patch: one object a line, that turns the earlier state into the later.

use query::Session;
use serde_json::{Value, json};

use super::Comparison;
use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::records::records;

pub(super) fn print(app: &App, session: &mut Session, comparison: &Comparison) -> Result<u64> {
    let (arguments, condition) = (comparison.arguments(), comparison.condition());
    let sql = format!(
        "select d.kind, d.object_id, d.display_name, d.change_type, o.properties as before, n.properties as after \
         from (select * from diff({arguments}) where {condition}) d \
         left join \"@{from}\".objects o on o.kind = d.kind and o.id = d.object_id \
         left join \"@{to}\".objects n on n.kind = d.kind and n.id = d.object_id \
         order by d.kind, d.object_id",
        from = comparison.from.id,
        to = comparison.to.id
    );
    let batches = app.ask(session, &sql, &[])?;
    let mut printed = 0;
    for row in records(&batches) {
        let parse = |name: &str| -> Result<Option<Value>> {
            row.text(name)
                .map(|text| {
                    serde_json::from_str(text).map_err(|e| {
                        Failure::new(FAILED, format!("stored JSON cannot be read: {e}"))
                    })
                })
                .transpose()
        };
        let (before, after) = (parse("before")?, parse("after")?);
        let mut operations = Vec::new();
        match (&before, &after) {
            (Some(before), Some(after)) => compare(before, after, "", &mut operations),
            (None, Some(after)) => {
                operations.push(json!({"op": "add", "path": "", "value": after}));
            }
            (Some(_), None) => operations.push(json!({"op": "remove", "path": ""})),
            (None, None) => {}
        }
        let line = json!({
            "kind": row.text("kind"),
            "id": row.text("object_id"),
            "displayName": row.text("display_name"),
            "change_type": row.text("change_type"),
            "patch": operations,
        });
        app.print(&format!("{line}\n"))?;
        printed += 1;
    }
    Ok(printed)
}

/// Members are compared one by one, lists as a whole: the order of most lists means nothing.
fn compare(before: &Value, after: &Value, path: &str, operations: &mut Vec<Value>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let pointer =
                |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            for (name, value) in old {
                match new.get(name) {
                    Some(other) => compare(value, other, &pointer(name), operations),
                    None => operations.push(json!({"op": "remove", "path": pointer(name)})),
                }
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                operations.push(json!({"op": "add", "path": pointer(name), "value": value}));
            }
        }
        (old, new) if old != new => {
            operations.push(json!({"op": "replace", "path": path, "value": new}));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_every_difference() {
        let before = json!({"a": 1, "b": {"c": [1, 2], "d/e": true}, "gone": null});
        let after = json!({"a": 2, "b": {"c": [2, 1], "d/e": false}, "new~": {}});
        let mut operations = Vec::new();
        compare(&before, &after, "", &mut operations);
        assert_eq!(
            Value::from(operations),
            json!([
                {"op": "replace", "path": "/a", "value": 2},
                {"op": "replace", "path": "/b/c", "value": [2, 1]},
                {"op": "replace", "path": "/b/d~1e", "value": false},
                {"op": "remove", "path": "/gone"},
                {"op": "add", "path": "/new~0", "value": {}},
            ])
        );
    }
}

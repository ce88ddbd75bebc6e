//! One object in two states.

use std::fmt::Write as _;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{Snapshot, Version};
use utoipa::IntoParams;

use super::super::common::{Common, Paging, parameters};
use super::super::described::PropertyPage;
use super::{differing, state_of};
use crate::answer::{Basis, Listing};
use crate::asked::{Asked, Named, invalid, is_id, word};
use crate::format::{DIFFERENCES, Format};
use crate::problem::Problem;
use crate::statement::{Key, Text};

/// Between which states, and in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffObject {
    /// The earlier state; by default the one before the later.
    #[param(example = "-7d")]
    from: Option<String>,
    /// The later state; by default the newest.
    to: Option<String>,
    /// `report`: a row for each property, by default. `patch`: a JSON Patch (RFC 6902) that turns the object of
    /// `from` into that of `to`, property by property. `text`: lines for people, the old value of each property and
    /// the new. `Accept` says the same with `application/json-patch+json` and `text/plain`.
    #[param(pattern = "^(report|patch|text)$")]
    form: Option<String>,
}

parameters!(DiffObject, DIFFERENCES, paged: true);

/// What differs in an object
///
/// Between two states of it.
#[utoipa::path(get, path = "/v1/objects/{id}/diff", tag = "objects", operation_id = "get_object_diff",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), DiffObject, Common, Paging),
    responses((status = 200, description = "The properties that differ, by path; or a JSON Patch.",
        content((PropertyPage = "application/json"), (Value = "application/json-patch+json"),
            (String = "text/plain")))))]
pub(crate) async fn diff(
    Named(id): Named<String>,
    asked: Asked<DiffObject>,
) -> Result<Response, Problem> {
    let (from, to) = (asked.own.from.as_deref(), asked.own.to.as_deref());
    let later = asked.pinned(1, to.unwrap_or("latest"))?;
    let earlier = match from {
        Some(from) => asked.pinned(0, from)?,
        None => asked.before(0, &later)?,
    };
    let is_fixed =
        Asked::<DiffObject>::is_fixed(from) && Asked::<DiffObject>::is_fixed(to) && is_id(&id);
    let basis = asked.basis(&[&earlier, &later], is_fixed);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let form = form(&asked)?;
    let object = asked.found(&id).await?;
    match form {
        Form::Report => {}
        Form::Patch => return patch(&asked, &object, (&earlier, &later), &basis),
        Form::Text => return text(&asked, &object, (&earlier, &later), &basis),
    }
    let kind = Text(&object.kind_name);
    let listing = Listing {
        select: format!(
            "select path, old_value, new_value, is_drift from diff_properties('{}', '{}', {kind}) \
             where kind = {kind} and object_id = {}",
            earlier.id,
            later.id,
            Text(&object.id)
        ),
        keys: &[Key::text("path")],
        as_of: None,
        pins: vec![earlier.clone(), later],
    };
    asked.listed(listing, &basis).await
}

/// How what differs is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Report,
    Patch,
    Text,
}

/// The form that is meant: by its word, else by the format.
fn form(asked: &Asked<DiffObject>) -> Result<Form, Problem> {
    let by_format = match asked.format {
        Format::Patch => Form::Patch,
        Format::Text => Form::Text,
        _ => Form::Report,
    };
    let Some(given) = asked.own.form.as_deref() else {
        return Ok(by_format);
    };
    let forms = [
        ("report", Form::Report),
        ("patch", Form::Patch),
        ("text", Form::Text),
    ];
    let form = word("form", given, &forms)?;
    // Who names both means both.
    if form == by_format || (asked.format == Format::Json && form != Form::Report) {
        return Ok(form);
    }
    Err(invalid(
        "form",
        &format!("a {given} is not given as {}", asked.format.word()),
    ))
}

/// What differs as lines: each path, its old value and the new, as JSON.
fn text(
    asked: &Asked<DiffObject>,
    object: &query::ObjectRef,
    states: (&Snapshot, &Snapshot),
    basis: &Basis,
) -> Result<Response, Problem> {
    let (before, after) = both(asked, object, states)?;
    let mut lines = format!(
        "--- {}:{} at {}\n+++ {}:{} at {}\n",
        object.kind_name,
        object.id,
        states.0.taken_at,
        object.kind_name,
        object.id,
        states.1.taken_at
    );
    for (name, old) in &before.members {
        let sides = [
            ('-', &before, Some(old)),
            ('+', &after, after.members.get(name)),
        ];
        for (sign, state, value) in sides {
            if let Some(value) = value.filter(|_| state.has(name)) {
                let (name, value) = (plain(name), plain(&value.to_string()));
                let _ = writeln!(lines, "{sign} {name}: {value}");
            }
        }
    }
    let mut response = asked.text(lines, basis);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(Format::Text.media_type()),
    );
    Ok(response)
}

/// Text of the tenant on one line: what would move a cursor, or turn the direction of writing, is shown as an escape.
fn plain(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown = text.chars().map(|c| {
        if moves(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    });
    shown.collect()
}

/// The properties of an object in one of two states, as far as they differ.
struct Side {
    members: Map<String, Value>,
    /// All it had then, differing or not; `None` where it was not there.
    whole: Option<Map<String, Value>>,
}

impl Side {
    /// Whether the object had the property then.
    fn has(&self, name: &str) -> bool {
        self.whole
            .as_ref()
            .is_some_and(|members| members.contains_key(name))
    }
}

/// An object in both states.
fn both(
    asked: &Asked<DiffObject>,
    object: &query::ObjectRef,
    (earlier, later): (&Snapshot, &Snapshot),
) -> Result<(Side, Side), Problem> {
    let archive = asked.opened.archive();
    let old = state_of(archive, object.kind, &object.key, earlier)?;
    let new = state_of(archive, object.kind, &object.key, later)?;
    let (Value::Object(before), Value::Object(after)) = differing(old.as_ref(), new.as_ref())?
    else {
        return Err(Problem::bug("differences are no objects"));
    };
    let side = |members, version: Option<&Version>| Side {
        members,
        whole: version.and_then(|own| serde_json::from_str(&own.payload).ok()),
    };
    Ok((side(before, old.as_ref()), side(after, new.as_ref())))
}

fn patch(
    asked: &Asked<DiffObject>,
    object: &query::ObjectRef,
    states: (&Snapshot, &Snapshot),
    basis: &Basis,
) -> Result<Response, Problem> {
    let (before, after) = both(asked, object, states)?;
    let mut steps = Vec::new();
    for (name, value) in &after.members {
        debug_assert!(
            before.members.contains_key(name),
            "both have the same names"
        );
        // RFC 6901: what stands for itself in a pointer.
        let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        steps.push(match (before.has(name), after.has(name)) {
            (true, false) => json!({"op": "remove", "path": path}),
            (false, _) => json!({"op": "add", "path": path, "value": value}),
            (true, true) => json!({"op": "replace", "path": path, "value": value}),
        });
    }
    let mut response = asked.document(&steps, basis)?;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(Format::Patch.media_type()),
    );
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines() {
        assert_eq!(
            plain("a\nb\u{1b}[2J\u{202e}c é"),
            "a\\u000ab\\u001b[2J\\u202ec é"
        );
    }
}

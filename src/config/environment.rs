//! Settings from environment variables: `ENTRACE_COLLECT__MAX_REQUESTS`, `ENTRACE_TENANTS__CONTOSO__CLOUD`.

use std::ffi::OsString;

use serde::Deserialize;

use super::keys::Place;
use super::shape::Shape;
use super::{KeyPath, Origin, Setting, Settings, insert};
use crate::failure::{Failure, Result};

const PREFIX: &str = "ENTRACE_";
/// Between the keys of a path: one `_` is part of a key.
const BETWEEN: &str = "__";

/// Settings of those variables that name a path of keys. `below` knows the names of tenants as they are
/// written: a variable cannot have all their letters.
pub(super) fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
    below: &Settings,
) -> Result<Settings> {
    let mut settings = Settings::default();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(path) = name
            .strip_prefix(PREFIX)
            .filter(|path| path.contains(BETWEEN))
        else {
            continue;
        };
        let text = value
            .to_str()
            .ok_or_else(|| refused(name, "its value is not UTF-8"))?;
        let (path, place) = resolve(name, path, below)?;
        let value = value_of(name, text, place)?;
        let mut alone = toml::Table::new();
        insert(&mut alone, &path, value.clone());
        Shape::deserialize(toml::Value::Table(alone))
            .map_err(|error| refused(name, error.message()))?;
        let origin = Origin::Environment(name.to_owned());
        settings.0.insert(path, Setting { value, origin });
    }
    Ok(settings)
}

fn resolve(name: &str, path: &str, below: &Settings) -> Result<(KeyPath, Place)> {
    let mut place = Place::root();
    let mut keys = KeyPath::new();
    for part in path.split(BETWEEN) {
        let word = part.to_ascii_lowercase();
        let word = if place.is_open() {
            named(&keys, &word, below)
        } else {
            word
        };
        place = place
            .inner(&word)
            .filter(|_| !word.is_empty())
            .ok_or_else(|| {
                let failure = refused(name, &format!("there is no key {word:?}"));
                match place.nearest(&word) {
                    Some(near) => {
                        failure.hint(format!("did you mean {}?", near.to_ascii_uppercase()))
                    }
                    None => failure,
                }
            })?;
        keys.push(word);
    }
    if place.is_table() {
        return Err(refused(name, "a group of keys stands there, not one"));
    }
    Ok((keys, place))
}

/// The name below these keys that a variable's letters stand for.
fn named(keys: &[String], word: &str, below: &Settings) -> String {
    let names = below
        .0
        .keys()
        .filter(|path| path.starts_with(keys))
        .filter_map(|path| path.get(keys.len()));
    let mut fitting = names.filter(|name| name.to_ascii_lowercase().replace('-', "_") == word);
    fitting.next().map_or_else(|| word.to_owned(), Clone::clone)
}

/// The text as a value of the type that stands there. Lists may be written with commas alone.
fn value_of(name: &str, text: &str, place: Place) -> Result<toml::Value> {
    if place.is_of("string") {
        return Ok(text.into());
    }
    if place.is_of("array") && !text.trim_start().starts_with('[') {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        return Ok(toml::Value::Array(parts.map(toml::Value::from).collect()));
    }
    let document = format!("value = {text}");
    let parsed: Option<toml::Table> = toml::from_str(&document).ok();
    parsed
        .and_then(|mut table| table.remove("value"))
        .ok_or_else(|| refused(name, &format!("{text:?} is no value of that type")))
}

fn refused(name: &str, reason: &str) -> Failure {
    Failure::usage(format!(
        "environment variable {name}: {}",
        reason.trim().replace('\n', "; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings> {
        let mut below = Settings::default();
        let origin = Origin::Environment(String::new());
        let value = toml::Value::from("global");
        below.0.insert(
            ["tenants", "North-Wind", "cloud"]
                .map(str::to_owned)
                .to_vec(),
            Setting { value, origin },
        );
        read(
            pairs
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
            &below,
        )
    }

    #[test]
    fn variables_become_settings_of_their_type() {
        let read = settings(&[
            ("ENTRACE_COLLECT__MAX_REQUESTS", "500"),
            ("ENTRACE_TENANTS__NORTH_WIND__KINDS", "all, -device"),
            ("ENTRACE_ARCHIVE", "not a path of keys"),
            ("PATH", "/bin"),
        ]);
        let read = read.expect("because they are well formed");
        let get = |path: &[&str]| {
            let path: KeyPath = path.iter().map(|&key| key.to_owned()).collect();
            read.0.get(&path).map(|setting| setting.value.clone())
        };
        assert_eq!(get(&["collect", "max_requests"]), Some(500.into()));
        let kinds = toml::Value::Array(vec!["all".into(), "-device".into()]);
        assert_eq!(get(&["tenants", "North-Wind", "kinds"]), Some(kinds));
        assert_eq!(read.0.len(), 2);
    }

    #[test]
    fn variables_that_mean_nothing_are_refused() {
        for (name, value, words) in [
            ("ENTRACE_COLECT__PACE", "x", "no key \"colect\""),
            (
                "ENTRACE_COLLECT__MAX_REQUESTS",
                "many",
                "no value of that type",
            ),
            ("ENTRACE_COLLECT__PACE", "hasty", "hasty"),
            ("ENTRACE_TENANTS__X__SCHEDULE", "nightly", "no schedule"),
            ("ENTRACE_TENANTS__X", "y", "a group of keys"),
        ] {
            let failure = settings(&[(name, value)]).expect_err("because it means nothing");
            assert!(failure.message.contains(name), "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }
}

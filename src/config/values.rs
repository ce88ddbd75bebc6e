//! Values with a form of their own, checked when they are read.

use std::borrow::Cow;
use std::str::FromStr;

use catalog::Kind;
use croner::Cron;
use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A length of time: `90s`, `15m`, `2h`, `7d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Interval(pub(crate) SignedDuration);

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("{text:?} is no length of time: write it as 90s, 15m, 2h, 7d or 2w");
        let span = model::parse_duration(text).filter(|span| !span.is_zero());
        span.map(Self).ok_or_else(refused)
    }
}

impl TryFrom<String> for Interval {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl JsonSchema for Interval {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time: 90s, 15m, 2h, 7d, 2w",
            "pattern": "^[0-9]+[smhdw]$",
        })
    }
}

/// Times at which something is to happen, as cron writes them, in UTC.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Schedule(pub(crate) Box<Cron>);

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Cron::from_str(text)
            .map(|cron| Self(Box::new(cron)))
            .map_err(|error| {
                format!("{text:?} is no schedule ({error}): write it as cron does, 0 2 * * * for every night at two")
            })
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl JsonSchema for Schedule {
    fn schema_name() -> Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Times in cron's notation, UTC: 0 2 * * * is every night at two",
        })
    }
}

/// The word that chooses every kind.
const EVERYTHING: &str = "all";

/// Words that choose kinds.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Kinds {
    /// As they were written.
    pub(crate) words: Vec<String>,
    /// What they choose.
    pub(crate) chosen: Vec<&'static Kind>,
}

impl Kinds {
    /// The kinds an application should be able to read. Of everything, those that nobody can read
    /// without a signed-in administrator or the right to write are asked for in vain, and recorded so.
    pub(crate) fn expected(&self) -> Vec<&'static Kind> {
        let everything = self.words == [EVERYTHING];
        let chosen = self.chosen.iter().copied();
        chosen
            .filter(|kind| !everything || kind.is_default())
            .collect()
    }

    /// The choice in one line, as records keep it.
    pub(crate) fn selection(&self) -> String {
        if self.words.is_empty() {
            "@default".to_owned()
        } else {
            self.words.join(",")
        }
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Self {
            words: vec![EVERYTHING.to_owned()],
            chosen: catalog::kinds().to_vec(),
        }
    }
}

impl TryFrom<Vec<String>> for Kinds {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        let chosen = catalog::select_kinds(&words).map_err(|unknown| unknown.to_string())?;
        if chosen.is_empty() {
            return Err(format!("{} chooses no kind at all", words.join(",")));
        }
        Ok(Self { words, chosen })
    }
}

impl JsonSchema for Kinds {
    fn schema_name() -> Cow<'static, str> {
        "Kinds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {"type": "string"},
            "description": "Kinds, categories, all or @default; a leading - leaves out, a leading + adds",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let seconds = |text: &str| text.parse().map(|interval: Interval| interval.0.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("2w"), Ok(1_209_600));
        for bad in [
            "",
            "15",
            "m",
            "0m",
            "-5m",
            "1.5h",
            "15 m",
            "99999999999999w",
            "9000000w",
            "15µ",
        ] {
            let error = seconds(bad).expect_err("because it is no length of time");
            assert!(error.contains("15m"), "{error}");
        }
    }

    #[test]
    fn schedules() {
        assert!("0 2 * * *".parse::<Schedule>().is_ok());
        let error = "every night"
            .parse::<Schedule>()
            .expect_err("because it is no cron");
        assert!(error.contains("0 2 * * *"), "{error}");
    }
}

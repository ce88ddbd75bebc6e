//! Plans as files: canonical text, id, and what is refused.
//!
//! A plan of 100,000 steps is a file of 100 MB; as a tree of JSON values it would take ten times that. So neither
//! hashing nor reading nor writing ever has it as a tree, or as one text.

use std::io::Write as _;
use std::{fmt, io};

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::canonical::Canonical;
use crate::error::{Error, Result};
use crate::plan::{FORMAT, Plan};

/// Largest plan file that is read, in bytes.
pub const MAX_FILE: usize = 1 << 30;

impl Plan {
    /// BLAKE3 of the plan's canonical text, 64 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hasher = Hasher::default();
        hasher.member("against", &self.against);
        hasher.member("archive", &self.archive);
        hasher.member("author", &self.author);
        hasher.list("dangling", &self.dangling, true);
        hasher.member("estimate", &self.estimate);
        hasher.member("format", &self.format);
        hasher.list("impossible", &self.impossible, true);
        hasher.member("made_at", &self.made_at);
        hasher.list("outside", &self.outside, true);
        hasher.list("steps", &self.steps, false);
        hasher.member("tenant", &self.tenant);
        hasher.member("tool", &self.tool);
        hasher.member("wanted", &self.wanted);
        hasher.finish()
    }

    /// The file: readable JSON with the id in front.
    #[must_use]
    pub fn to_file(&self) -> String {
        let mut bytes = Vec::new();
        self.write_file(&mut bytes)
            .expect("because memory takes everything");
        String::from_utf8(bytes).expect("because JSON is text")
    }

    /// Writes the file and returns the plan's id. The text is never in memory as a whole.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_file(&self, mut to: impl io::Write) -> io::Result<String> {
        let id = self.id();
        // Of one type whatever it is written to, so that it is compiled here, with this crate's optimisation.
        let to: &mut dyn io::Write = &mut to;
        let mut to = io::BufWriter::with_capacity(BLOCK, to);
        let file = Writing {
            id: &id,
            plan: self,
        };
        serde_json::to_writer_pretty(&mut to, &file)?;
        to.write_all(b"\n")?;
        to.flush()?;
        Ok(id)
    }

    /// Reads a plan file. `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is no plan, of another format, or not what its id says; [`Error::Edited`]
    /// where it was changed after it was made.
    pub fn from_file(name: &str, bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_FILE {
            let size = bytes.len();
            return Err(Error::Invalid(format!(
                "{name} has {size} bytes; a plan has {MAX_FILE} at most: make several"
            )));
        }
        let read: Reading = match serde_json::from_slice(bytes) {
            Ok(read) => read,
            Err(error) => return Err(no_plan(name, bytes, &error)),
        };
        if read.plan.format != FORMAT {
            return Err(other_format(name, &read.plan.format));
        }
        if read.plan.id() != read.id {
            return Err(Error::Edited {
                name: name.to_owned(),
                id: read.id,
            });
        }
        Ok(read.plan)
    }
}

fn invalid(name: &str, reason: &str) -> Error {
    Error::Invalid(format!("{name} is no plan: {reason}"))
}

fn other_format(name: &str, format: &str) -> Error {
    invalid(name, &format!("its format is {format:?}, not {FORMAT:?}"))
}

/// Why a file that is not written as plans are is none.
fn no_plan(name: &str, bytes: &[u8], error: &serde_json::Error) -> Error {
    let file: Map<String, Value> = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        Err(error) => return invalid(name, &error.to_string()),
    };
    match file.get("format").and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(other) => return other_format(name, other),
        None => return invalid(name, "it has no member \"format\""),
    }
    let Some(Value::String(id)) = file.get("id") else {
        return invalid(name, "it has no member \"id\"");
    };
    let id = id.clone();
    let mut members = file;
    members.shift_remove("id");
    let mut text = Canonical::default();
    text.value(&members);
    if *blake3::hash(text.bytes()).to_hex() == *id {
        invalid(name, &error.to_string())
    } else {
        Error::Edited {
            name: name.to_owned(),
            id,
        }
    }
}

/// Hashes an object whose members come in the order of their names.
#[derive(Default)]
struct Hasher {
    hash: blake3::Hasher,
    text: Canonical,
    has_members: bool,
}

impl Hasher {
    fn name(&mut self, name: &str) {
        self.text.push(if self.has_members { ",\"" } else { "{\"" });
        self.has_members = true;
        self.text.push(name);
        self.text.push("\":");
    }

    fn member(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        self.value(value);
    }

    fn list(&mut self, name: &str, values: &[impl Serialize], is_left_out: bool) {
        if values.is_empty() && is_left_out {
            return;
        }
        self.name(name);
        self.text.push("[");
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.text.push(",");
            }
            self.value(value);
        }
        self.text.push("]");
    }

    fn value(&mut self, value: &impl Serialize) {
        self.text.value(value);
        self.hash.update(self.text.bytes());
        self.text.clear();
    }

    fn finish(mut self) -> String {
        self.text.push("}");
        self.hash.update(self.text.bytes());
        self.hash.finalize().to_hex().to_string()
    }
}

/// Bytes that are written at once: a plan has a hundred million of them, in pieces of six.
const BLOCK: usize = 1 << 16;

/// The file as it is written.
#[derive(Serialize)]
struct Writing<'p> {
    id: &'p str,
    #[serde(flatten)]
    plan: &'p Plan,
}

/// The file as it is read.
struct Reading {
    id: String,
    plan: Plan,
}

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_map(ReadingVisitor)
    }
}

struct ReadingVisitor;

impl<'de> Visitor<'de> for ReadingVisitor {
    type Value = Reading;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plan")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> std::result::Result<Reading, A::Error> {
        let mut id = None;
        let plan = Plan::deserialize(MapAccessDeserializer::new(WithoutId {
            members,
            id: &mut id,
        }))?;
        let id = id.ok_or_else(|| A::Error::missing_field("id"))?;
        Ok(Reading { id, plan })
    }
}

/// The members of a file but for the id, which goes elsewhere.
struct WithoutId<'i, A> {
    members: A,
    id: &'i mut Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutId<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.members.next_key::<String>()? {
            if name != "id" {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            if self.id.replace(self.members.next_value()?).is_some() {
                return Err(A::Error::duplicate_field("id"));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests;

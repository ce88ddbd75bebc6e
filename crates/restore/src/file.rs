//! Plans as files: canonical text, id, and what is refused.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::plan::{FORMAT, Plan};

/// Largest plan file that is read, in bytes.
pub const MAX_FILE: usize = 1 << 30;

impl Plan {
    /// BLAKE3 of the plan's canonical text, 64 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        blake3::hash(canonical(&to_value(self)).as_bytes())
            .to_hex()
            .to_string()
    }

    /// The file: readable JSON with the id in front.
    #[must_use]
    pub fn to_file(&self) -> String {
        let mut file = Map::new();
        file.insert("id".to_owned(), Value::String(self.id()));
        if let Value::Object(members) = to_value(self) {
            file.extend(members);
        }
        let mut text = serde_json::to_string_pretty(&file).expect("because it came from JSON");
        text.push('\n');
        text
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
        let no_plan = |reason: &str| Error::Invalid(format!("{name} is no plan: {reason}"));
        let mut file: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| no_plan(&error.to_string()))?;
        match file.get("format").and_then(Value::as_str) {
            Some(FORMAT) => {}
            Some(other) => {
                return Err(no_plan(&format!("its format is {other:?}, not {FORMAT:?}")));
            }
            None => return Err(no_plan("it has no member \"format\"")),
        }
        let Some(Value::String(id)) = file.shift_remove("id") else {
            return Err(no_plan("it has no member \"id\""));
        };
        let found = blake3::hash(canonical(&Value::Object(file.clone())).as_bytes());
        if *found.to_hex() != *id {
            return Err(Error::Edited {
                name: name.to_owned(),
                id,
            });
        }
        let plan: Self = serde_json::from_value(Value::Object(file))
            .map_err(|error| no_plan(&error.to_string()))?;
        // What cannot be written again as it was read would have another id when it is stored.
        if plan.id() != *found.to_hex() {
            return Err(no_plan("it is not written the way plans are"));
        }
        Ok(plan)
    }
}

fn to_value(plan: &Plan) -> Value {
    serde_json::to_value(plan).expect("because a plan is made of JSON")
}

/// JSON with the members of every object in the order of their names.
fn canonical(value: &Value) -> String {
    let text = value.to_string();
    let mut parser = model::Parser::new();
    let document = parser
        .parse_text(&text)
        .expect("because it was just written, and its depth is that of Graph's objects");
    model::canonical_text(document.root())
}

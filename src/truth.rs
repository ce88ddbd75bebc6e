//! What really happened in a simulated tenant, written down for whoever wants to compare.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use simulator::{Act, Actor, Applied, Deed};

use crate::failure::{Failure, Result};

/// A file of JSON lines, one for each deed that changed the tenant, in the order of time.
///
/// ```json
/// {"at":"...","by":{"type":"user","id":"...","name":"...","ip":"..."},"act":"update","kind":"user",
///  "key":["..."],"properties":["department"],"logged":true,"audit_id":"..."}
/// ```
///
/// `key` holds the ids that tell an object apart, those of its parents first; of an edge both ends. A
/// deed that is not `logged` left no row in the audit log.
pub(crate) struct Truth {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Truth {
    /// Begins an empty file.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| Failure::io(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        })
    }

    /// Writes down a deed, unless it is only a row of a log.
    pub(crate) fn write(&mut self, deed: &Deed, applied: &Applied) -> Result<()> {
        let Some(line) = line(deed, applied) else {
            return Ok(());
        };
        writeln!(self.file, "{line}")
            .and_then(|()| self.file.flush())
            .map_err(|error| Failure::io(&self.path, &error))
    }
}

fn line(deed: &Deed, applied: &Applied) -> Option<Value> {
    let (act, kind, mut key, properties) = match &deed.act {
        Act::Create {
            kind,
            parents,
            properties,
        } => {
            let mut key = parents.clone();
            let id = kind.key.and_then(|name| properties.get(name)?.as_str());
            key.extend(id.map(str::to_owned));
            ("create", kind, key, None)
        }
        Act::Update {
            kind,
            parents,
            id,
            properties,
        } => {
            let mut key = parents.clone();
            key.push(id.clone());
            let names: Vec<&String> = properties.keys().collect();
            ("update", kind, key, Some(names))
        }
        Act::Delete { kind, parents, id } => {
            let mut key = parents.clone();
            key.push(id.clone());
            ("delete", kind, key, None)
        }
        Act::Purge { kind, id } => ("purge", kind, vec![id.clone()], None),
        Act::Restore { kind, id } => ("restore", kind, vec![id.clone()], None),
        Act::Link {
            kind,
            source,
            target,
        } => ("link", kind, vec![source.clone(), target.clone()], None),
        Act::Unlink {
            kind,
            source,
            target,
        } => ("unlink", kind, vec![source.clone(), target.clone()], None),
        Act::Log { .. } => return None,
    };
    key.retain(|part| !part.is_empty());
    Some(json!({
        "at": deed.at.to_string(),
        "by": by(&deed.by),
        "act": act,
        "kind": kind.name,
        "key": key,
        "properties": properties,
        "logged": applied.audit_id.is_some(),
        "audit_id": applied.audit_id,
    }))
}

fn by(actor: &Actor) -> Value {
    match actor {
        Actor::User { id, name, address } => {
            json!({"type": "user", "id": id, "name": name, "ip": address})
        }
        Actor::App { id, name, .. } => json!({"type": "app", "id": id, "name": name}),
        Actor::Service => json!({"type": "service"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_did_what_and_whether_the_log_knows() {
        let deed = Deed {
            at: "2026-03-01T09:00:00Z"
                .parse()
                .expect("because it is a time"),
            by: Actor::User {
                id: "a".to_owned(),
                name: "ada@contoso.example".to_owned(),
                address: "203.0.113.7".to_owned(),
            },
            act: Act::Link {
                kind: catalog::by_name("group_member").expect("because it is listed"),
                source: "g".to_owned(),
                target: "u".to_owned(),
            },
            activity: None,
            silent: true,
        };
        let applied = Applied {
            sequence: 1,
            audit_id: None,
        };
        let line = line(&deed, &applied).expect("because an edge is no log");
        assert_eq!(line["key"], json!(["g", "u"]));
        assert_eq!(line["act"], "link");
        assert_eq!(line["by"]["ip"], "203.0.113.7");
        assert_eq!(line["logged"], false);
    }
}

//! A step with everything in it as the tenant has it now: ids exchanged, request made, place known.

use catalog::Kind;
use graph::{Method, Write};
use serde_json::Value;

use super::ids::IdMap;
use super::live::{Place, address_of, kind};
use super::password;
use crate::error::{Error, Result};
use crate::plan::{Action, Expected, Step};

/// A step that can be sent.
#[derive(Debug, Clone)]
pub(crate) struct Ready<'p> {
    pub(crate) step: &'p Step,
    pub(crate) kind: &'static Kind,
    /// Its key in the tenant as it is now.
    pub(crate) key: Vec<String>,
    pub(crate) place: Place,
    /// Where it lies in the recycle bin, where it is brought back from there.
    pub(crate) bin: Option<Place>,
    pub(crate) expected: Expected,
    target: String,
}

impl<'p> Ready<'p> {
    /// Exchanges what earlier steps made anew.
    ///
    /// # Errors
    /// [`Error::Invalid`] where kind, key or address fit nothing.
    pub(crate) fn new(step: &'p Step, ids: &IdMap) -> Result<Self> {
        let key = ids.key(&step.object);
        let exchange = ids.exchange(step.uses.iter().map(String::as_str));
        let target = exchange.text(&step.request.target);
        let own = step.makes.iter().map(|made| made.old.as_str());
        let exchange = ids.exchange(step.uses.iter().map(String::as_str).chain(own));
        let expected = match &step.expected {
            Expected::Present { properties } => Expected::Present {
                properties: exchange.members(properties),
            },
            Expected::Absent => Expected::Absent,
        };
        Ok(Self {
            step,
            kind: kind(step)?,
            place: Place::of(step, &key)?,
            bin: Place::in_bin(step, &target)?,
            key,
            expected,
            target,
        })
    }

    /// The request, to the service at `root`. Each call makes another password for a new user.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is none that can be sent.
    pub(crate) fn write(&self, ids: &IdMap, root: &str) -> Result<Write> {
        let step = self.step;
        let request = &step.request;
        let wrong = |what: String| Error::Invalid(format!("step {}: {what}", step.number));
        let method = match request.method.as_str() {
            "POST" => Method::Post,
            "PATCH" => Method::Patch,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            other => return Err(wrong(format!("{other:?} is no method that writes"))),
        };
        let (api, path) = address_of(step, &self.target)?;
        let mut write =
            Write::new(method, api, path, self.kind.name).family(collector::family(self.kind));
        if let Some(body) = &request.body {
            let exchange = ids.exchange(step.uses.iter().map(String::as_str));
            let mut body = exchange.value(body);
            if step.kind == "user" && step.action == Action::Create {
                password::fill(&mut body);
            }
            if let Some(Value::String(link)) = body.get_mut("@odata.id")
                && link.starts_with('/')
            {
                link.insert_str(0, root);
            }
            write = write.body(body.to_string());
        }
        for (name, value) in &request.headers {
            let value = value
                .as_str()
                .ok_or_else(|| wrong(format!("the header {name} is no text")))?;
            write = match name.to_ascii_lowercase().as_str() {
                "prefer" => write.prefer(value),
                "if-match" => write.if_match(value),
                // What the client sends by itself.
                "content-type" => write,
                _ => return Err(wrong(format!("the header {name} is not one that is sent"))),
            };
        }
        Ok(write)
    }

    /// Whether the service chooses its id, so that a second request would make a second object.
    pub(crate) fn makes_another_each_time(&self) -> bool {
        self.step.action == Action::Create && !self.step.makes.is_empty()
    }
}

//! A step before it has a number.

use catalog::{Kind, Operation};
use serde_json::{Map, Value};

use crate::plan::{Action, Expected, Impossible, Inverse, Precondition, Reason, Request, Step};

/// A step whose place in the order is not known yet: number, stage, and what it waits for and uses are set when it
/// is. The step is a large thing and is moved by its pointer until then.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) kind: &'static Kind,
    pub(super) step: Box<Step>,
    /// Ids it names, of which those the plan makes or brings back are waited for.
    pub(super) names: Vec<String>,
    /// Drafts it waits for, whatever they are called.
    pub(super) waits: Vec<usize>,
}

/// What becomes of one difference.
#[derive(Debug, Default)]
pub(super) struct Drafted {
    pub(super) drafts: Vec<Draft>,
    pub(super) impossible: Vec<Impossible>,
}

/// The object a draft or a refusal is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) kind: &'static Kind,
    /// Its key in the wanted state.
    pub(super) key: &'s str,
    /// Its key in the tenant the plan is for; the same but in another tenant.
    pub(super) address: &'s str,
    pub(super) name: Option<&'s str>,
}

impl Subject<'_> {
    pub(super) fn parts(&self) -> Vec<String> {
        parts(self.key)
    }

    /// The request an operation is for this object.
    pub(super) fn request(&self, operation: &Operation, body: Option<Value>) -> Option<Request> {
        let address = parts(self.address);
        let key: Vec<&str> = address.iter().map(String::as_str).collect();
        let request = self.kind.write_request(operation, &key)?;
        Some(Request {
            method: request.method.as_str().to_owned(),
            target: request.target(),
            body,
            headers: Map::new(),
        })
    }

    pub(super) fn impossible(
        &self,
        properties: Vec<String>,
        reason: Reason,
        text: impl Into<String>,
    ) -> Impossible {
        Impossible {
            kind: self.kind.name.to_owned(),
            object: self.parts(),
            name: self.name.map(str::to_owned),
            properties,
            reason,
            text: text.into(),
        }
    }

    /// A draft that does nothing yet but stand for a request.
    pub(super) fn draft(&self, action: Action, request: Request) -> Draft {
        let permissions = self.kind.writing.map_or(&[][..], |it| it.permissions);
        let step = Step {
            number: 0,
            stage: 0,
            after: Vec::new(),
            kind: self.kind.name.to_owned(),
            object: self.parts(),
            name: self.name.map(str::to_owned),
            action,
            properties: Vec::new(),
            request,
            precondition: Precondition::Present,
            expected: Expected::Present {
                properties: Map::new(),
            },
            makes: Vec::new(),
            uses: Vec::new(),
            inverse: Inverse::Impossible(String::new()),
            permissions: owned(permissions),
            risks: Vec::new(),
        };
        Draft {
            kind: self.kind,
            step: Box::new(step),
            names: Vec::new(),
            waits: Vec::new(),
        }
    }
}

/// Words of the catalogue as a plan holds them.
pub(super) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The parts of a stored key.
pub(super) fn parts(key: &str) -> Vec<String> {
    key.split(model::KEY_SEPARATOR).map(str::to_owned).collect()
}

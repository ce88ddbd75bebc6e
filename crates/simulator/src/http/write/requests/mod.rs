//! Requests that the service carries out by itself: nobody writes schedules, assignments of access packages or
//! resources of catalogs, one asks for them.
//!
//! Everything asked for is granted at once, whenever it is to begin; what waits for an approval is only noted.

mod packages;
mod schedules;

use serde_json::{Value, json};

use super::{Change, parse};
use crate::deed::Properties;
use crate::http::answer::{Answer, Failure};
use crate::http::licence;
use crate::tenant::{named, text_property};
use packages::Wish;
use schedules::Scheduling;

impl Change<'_> {
    /// A POST to one of the collections of requests; `None` for everything else.
    pub(super) fn request(&mut self, method: &str, body: &[u8]) -> Option<Result<Answer, Failure>> {
        let path = self.address.path.trim_end_matches('/').to_ascii_lowercase();
        if method != "POST" {
            return None;
        }
        if let Some(scheduling) = Scheduling::at(&path) {
            let answer = self
                .is_allowed(scheduling.schedule)
                .and_then(|()| self.schedule(scheduling, &parse(body)?));
            return Some(answer);
        }
        let wish = Wish::at(&path)?;
        let answer = self
            .is_allowed(wish.kind())
            .and_then(|()| self.wish(wish, &parse(body)?));
        Some(answer)
    }

    fn is_allowed(&self, kind: &str) -> Result<(), Failure> {
        licence::check(self.tenant, named(kind), self.address, self.session)
    }

    /// A request as the answer shows it.
    fn requested(&self, properties: Properties) -> Answer {
        let context = format!(
            "{}/$metadata#{}/$entity",
            self.root,
            &self.address.path[1..]
        );
        let mut body = Properties::new();
        body.insert("@odata.context".to_owned(), context.into());
        body.extend(properties);
        Answer::value(201, &Value::Object(body))
    }

    /// Who asks, as requests tell it.
    fn asker(&self) -> Value {
        let id = &self.session.app.service_principal_id;
        json!({"application": null, "device": null, "user": {"displayName": null, "id": id}})
    }
}

/// Refuses members a request does not have.
fn check_members(asked: &Properties, known: &[&str], entity_type: &str) -> Result<(), Failure> {
    let mut names = asked.keys().filter(|name| !name.starts_with('@'));
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("Invalid property '{name}': it does not exist on type '{entity_type}'.");
            Err(Failure::bad_option(message))
        }
    }
}

/// A text that must be there.
fn needed<'p>(asked: &'p Properties, name: &str) -> Result<&'p str, Failure> {
    text_property(asked, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Failure::bad_option(format!("The {name} of the request is missing.")))
}

//! What was asked for: everything of a request that a route looks at, checked.
//!
//! Parameters are taken strictly. One that an address does not have, or that is given twice, is a problem: a
//! misspelled filter must not answer with everything.

mod condition;
mod named;
mod values;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::{Snapshot, Writer, WriterOptions};

pub(crate) use condition::Condition;
pub(crate) use named::Named;
pub(crate) use values::{check_object, invalid, is_id, word};

use crate::cursor::{self, Belongs, Cursor};
use crate::fleet::{Opened, Served};
use crate::format::{Format, negotiated};
use crate::guard::Tally;
use crate::principal::Principal;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Header that names the tenant.
pub(crate) const TENANT: &str = "entrace-tenant";
/// Rows of a page unless another number is asked for.
const PAGE_ROWS: usize = 100;
/// Most rows of a page.
const MAX_PAGE_ROWS: usize = 1000;
/// Longest value of a parameter, in bytes.
const MAX_VALUE_BYTES: usize = 16 << 10;

/// Parameters of a route's own. Every member is an optional text.
pub(crate) trait Parameters: DeserializeOwned + Send + Sync {
    /// The formats it answers in, the usual one first.
    const FORMATS: &'static [Format];
    /// Whether it takes `limit` and `cursor`.
    const PAGED: bool;
}

/// How much is asked for, and after what.
#[derive(Debug)]
pub(crate) struct Page {
    /// Rows at most.
    pub(crate) limit: usize,
    /// Where the page before ended.
    pub(crate) cursor: Option<Cursor>,
}

/// A question about a tenant.
#[derive(Debug)]
pub(crate) struct Asked<P> {
    pub(crate) state: AppState,
    pub(crate) served: Arc<Served>,
    pub(crate) opened: Arc<Opened>,
    pub(crate) principal: Principal,
    /// What is noted of the request.
    pub(crate) tally: Tally,
    pub(crate) format: Format,
    pub(crate) page: Page,
    pub(crate) own: P,
    /// The time it is.
    pub(crate) now: Timestamp,
    /// Hash of the address and its parameters, those of the page and the format left out.
    pub(crate) question: blake3::Hash,
    /// Address and parameters as they were given.
    pub(crate) address: String,
    /// What the asker acts upon.
    pub(crate) condition: Condition,
    /// The answers the asker has already.
    if_none_match: Option<String>,
    /// Whether the answer depends on the time it is.
    is_relative: std::sync::atomic::AtomicBool,
}

impl<P: Parameters> FromRequestParts<AppState> for Asked<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, state).await?;
        let mut given = given(parts).await?;
        let tenant = taken(&mut given, "tenant");
        let named = tenant.or_else(|| text_of(&parts.headers, TENANT));
        let served = state.fleet.chosen(&principal, named.as_deref())?;
        let word = taken(&mut given, "format");
        let accept = text_of(&parts.headers, header::ACCEPT.as_str());
        let format = negotiated(word.as_deref(), accept.as_deref(), P::FORMATS)?;
        let (mut limit, mut cursor) = (None, None);
        if P::PAGED {
            limit = taken(&mut given, "limit");
            cursor = taken(&mut given, "cursor");
        }
        let limit = limit.as_deref().map_or(Ok(PAGE_ROWS), page_rows)?;
        let question = question(parts, &served.name, &given);
        let own = own(given)?;
        let opened = served.opened(&state.engine).await?;
        let now = (state.options.now)();
        let belongs = Belongs {
            question: &question,
            holder: &principal.key,
            now,
        };
        let cursor = cursor
            .map(|text| Cursor::open(&text, opened.archive(), belongs))
            .transpose()?;
        let address = parts.uri.path_and_query().map_or("/", |text| text.as_str());
        Ok(Self {
            state: state.clone(),
            opened,
            served,
            format,
            page: Page { limit, cursor },
            own,
            now,
            question,
            address: address.to_owned(),
            condition: Condition::of(&parts.headers),
            if_none_match: text_of(&parts.headers, header::IF_NONE_MATCH.as_str()),
            is_relative: false.into(),
            principal,
            tally: Tally::from_request_parts(parts, state).await?,
        })
    }
}

impl<P> Asked<P> {
    /// The snapshot a revision means; with a cursor the one of its pages, which is number `at` of its pins.
    pub(crate) fn pinned(&self, at: usize, revision: &str) -> Result<Snapshot, Problem> {
        let Some(cursor) = &self.page.cursor else {
            return self.snapshot(revision);
        };
        let id = cursor.pins.get(at).ok_or_else(cursor::expired)?;
        let snapshots = self.opened.archive().snapshots();
        let found = snapshots.iter().find(|own| own.id.to_string() == *id);
        found.cloned().ok_or_else(cursor::expired)
    }

    /// The snapshot a revision means now.
    pub(crate) fn snapshot(&self, revision: &str) -> Result<Snapshot, Problem> {
        if revision.trim_start().starts_with('-') {
            self.is_relative
                .store(true, std::sync::atomic::Ordering::Relaxed);
        }
        self.opened.snapshot(revision, self.now)
    }

    /// Changes the archive. Nobody else writes meanwhile; where somebody does already, that is a problem.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Writer) -> store::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let served = Arc::clone(&self.served);
        let options = WriterOptions {
            tool: self.state.options.tool.clone(),
            now: self.state.options.now,
        };
        let written = self.state.engine.run_blocking(move || {
            let storage = Arc::clone(served.storage());
            let mut writer = Writer::open(storage, &served.options().secrets, options)?;
            Ok(change(&mut writer)?)
        });
        let written = written.await;
        // Whoever asks next sees it.
        self.served.doubt();
        written
    }

    /// Passes on what was read. Where that failed, a pack it needed may have been replaced: the next one to ask
    /// opens the archive anew.
    pub(crate) fn doubting<T>(&self, read: Result<T, Problem>) -> Result<T, Problem> {
        if let Err(problem) = &read
            && problem.told_to_log().is_some()
        {
            self.served.doubt();
        }
        read
    }

    /// Whether the answer depends on the time it is.
    pub(crate) fn is_relative(&self) -> bool {
        self.is_relative.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Whether the asker has this answer already. They cannot have that of a request that is refused; whether there
    /// is any (`*`) is known when it was answered.
    pub(crate) fn has(&self, etag: &str) -> bool {
        self.if_none_match
            .as_deref()
            .is_some_and(|given| names(given, etag))
    }
}

/// Whether `If-None-Match` holds for an answer with this entity tag (RFC 9110, 13.1.2).
pub(crate) fn matches(given: &str, etag: &str) -> bool {
    given.trim() == "*" || names(given, etag)
}

/// Whether a list names an entity tag; weakness does not matter there.
fn names(given: &str, etag: &str) -> bool {
    let same = |one: &str| one.trim().trim_start_matches("W/") == etag;
    given.split(',').any(same)
}

/// A header's value as text; `None` where it is absent or not text.
pub(crate) fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// The parameters by name, each given once.
async fn given(parts: &mut Parts) -> Result<Map<String, Value>, Problem> {
    let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, &()).await;
    let Query(pairs) = pairs.map_err(|error| {
        Problem::new(
            Code::InvalidParameter,
            format!("the parameters cannot be read: {error}"),
        )
    })?;
    let mut given = Map::new();
    for (name, value) in pairs {
        if value.len() > MAX_VALUE_BYTES {
            return Err(values::invalid(
                &name,
                &format!("it has more than {MAX_VALUE_BYTES} bytes"),
            ));
        }
        if given.insert(name.clone(), Value::String(value)).is_some() {
            return Err(values::invalid(&name, "it is given twice"));
        }
    }
    Ok(given)
}

fn taken(given: &mut Map<String, Value>, name: &str) -> Option<String> {
    match given.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn page_rows(text: &str) -> Result<usize, Problem> {
    let number = text.parse::<usize>().ok();
    let number = number.filter(|number| (1..=MAX_PAGE_ROWS).contains(number));
    number.ok_or_else(|| {
        Problem::new(
            Code::InvalidLimit,
            format!("{text:?} is no limit: it is a number from 1 to {MAX_PAGE_ROWS}"),
        )
        .with("parameter", "limit")
    })
}

fn own<P: Parameters>(given: Map<String, Value>) -> Result<P, Problem> {
    serde_json::from_value(Value::Object(given)).map_err(|error| {
        // The names it knows are part of what serde says.
        let text = error.to_string();
        let mut quoted = text.split('`').skip(1).step_by(2);
        let name = quoted.next().unwrap_or_default().to_owned();
        let mut known: Vec<&str> = quoted.collect();
        known.extend(["tenant", "format"]);
        if P::PAGED {
            known.extend(["limit", "cursor"]);
        }
        let known = known.join(", ");
        Problem::new(
            Code::UnknownParameter,
            format!("there is no parameter {name:?} here: there is {known}"),
        )
        .with("parameter", name)
    })
}

fn question(parts: &Parts, tenant: &str, given: &Map<String, Value>) -> blake3::Hash {
    let mut sorted: Vec<(&String, &Value)> = given.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    let all = serde_json::json!([tenant, parts.method.as_str(), parts.uri.path(), sorted]);
    blake3::hash(all.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_are_compared_weakly() {
        assert!(matches("\"a\"", "\"a\""));
        assert!(matches("\"x\", W/\"a\"", "\"a\""));
        assert!(matches("*", "\"a\""));
        assert!(!matches("\"b\"", "\"a\""));
        assert!(!matches("a", "\"a\""));
    }

    #[test]
    fn limits_are_numbers_from_1_to_1000() {
        assert_eq!(page_rows("1").ok(), Some(1));
        assert_eq!(page_rows("1000").ok(), Some(1000));
        for wrong in [
            "0",
            "-1",
            "1001",
            "1000000000",
            "ten",
            "",
            "1.0",
            " 1",
            "+ 1",
        ] {
            let code = page_rows(wrong).err().map(|problem| problem.code());
            assert_eq!(code, Some(Code::InvalidLimit), "{wrong}");
        }
    }
}

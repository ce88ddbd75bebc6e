//! Delta queries: first everything, then what changed, a page at a time.
//!
//! A round reads the state as it is when each page is asked for, and the next round begins where this
//! one began; so an object may come twice, never not at all.

mod changed;
mod token;
mod write;

use catalog::Kind;

use super::answer::{Answer, Failure};
use super::context::{self, Holds};
use super::filter::{self, Filter, Literal};
use super::paging;
use super::projection::knows_property;
use super::surface::Call;
use crate::faults::ExpiredDelta;
use crate::tenant::{Sequence, Slot, named};
use token::{Progress, Token};
use write::Page;

/// Most ids a delta's `$filter` may name.
const MAX_IDS: usize = 50;

/// Changes a replayed round repeats.
const REPLAYED: Sequence = 50;

/// Kinds with a delta function, and the edges it follows: kind and navigation property.
const KINDS: [(&str, Option<(&str, &str)>); 9] = [
    ("user", Some(("user_manager", "manager"))),
    ("group", Some(("group_member", "members"))),
    ("application", None),
    ("service_principal", None),
    ("device", None),
    (
        "administrative_unit",
        Some(("administrative_unit_member", "members")),
    ),
    ("directory_role", Some(("directory_role_member", "members"))),
    ("oauth2_permission_grant", None),
    ("org_contact", None),
];

/// What a round looks at.
pub(super) struct Scope {
    pub(super) kind: &'static Kind,
    /// Properties selected, edges left out; all where `None`.
    pub(super) properties: Option<Vec<String>>,
    /// The edges to follow and what Graph calls them.
    pub(super) edges: Option<(&'static Kind, &'static str)>,
    /// Ids to look at, lowercase; all where `None`.
    pub(super) ids: Option<Vec<String>>,
}

/// Answers `/{collection}/delta`.
pub(crate) fn answer(call: &Call<'_>, kind: &'static Kind) -> Result<Answer, Failure> {
    let Some((_, edges)) = KINDS.iter().find(|(name, _)| *name == kind.name) else {
        return Err(Failure::no_segment("delta"));
    };
    for option in ["$expand", "$top", "$orderby", "$search"] {
        if call.address.query.get(option).is_some() {
            let message = format!("{option} is not supported by this delta query.");
            return Err(Failure::unsupported_query(message));
        }
    }
    let token = current_token(call)?;
    let scope = scope(kind, *edges, &token)?;
    let mut page = Page::new(call, &scope);
    let (next, is_last) = match token.progress.clone() {
        Progress::Everything { began, after } => match page.everything(after.as_deref()) {
            Some(after) => {
                let after = Some(after);
                (Progress::Everything { began, after }, false)
            }
            None => (Progress::Since(began), true),
        },
        Progress::Since(from) => {
            let to = call.tenant.changes.next();
            let from = if call.settings.replay_delta {
                from.saturating_sub(REPLAYED)
            } else {
                from
            };
            changes(&mut page, from, to, None)
        }
        Progress::Changes { from, to, after } => changes(&mut page, from, to, after.as_deref()),
    };
    let items = page.finish();
    let token = Token {
        progress: next,
        issued: call.tenant.now(),
        ..token
    };
    Ok(envelope(call, &scope, &token, is_last, &items))
}

fn changes(
    page: &mut Page<'_>,
    from: Sequence,
    to: Sequence,
    after: Option<&str>,
) -> (Progress, bool) {
    match page.changes(from..to, after) {
        Some(after) => {
            let after = Some(after);
            (Progress::Changes { from, to, after }, false)
        }
        None => (Progress::Since(to), true),
    }
}

/// The token of the request, or that of a round which begins.
fn current_token(call: &Call<'_>) -> Result<Token, Failure> {
    let query = &call.address.query;
    let given = query.get("$deltatoken").or(query.get("$skiptoken"));
    let began = call.tenant.changes.next();
    let fresh = |progress| Token {
        progress,
        select: query.get("$select").map(str::to_owned),
        ids: query.get("$filter").map(str::to_owned),
        issued: call.tenant.now(),
        generation: call.settings.delta_generation,
    };
    match given {
        None | Some("") => Ok(fresh(Progress::Everything { began, after: None })),
        Some("latest") => Ok(fresh(Progress::Since(began))),
        Some(text) => {
            let token = Token::unseal(&purpose(call), text)
                .ok_or_else(|| Failure::bad_request("Badly formed token."))?;
            let oldest = match token.progress {
                Progress::Changes { from, .. } | Progress::Since(from) => from,
                Progress::Everything { began, .. } => began,
            };
            let is_lost = token.generation != call.settings.delta_generation
                || token.is_expired(call.tenant.now())
                || !call.tenant.changes.reaches(oldest);
            if is_lost {
                Err(expired(call))
            } else {
                Ok(token)
            }
        }
    }
}

fn expired(call: &Call<'_>) -> Failure {
    match call.settings.expired_delta {
        ExpiredDelta::Gone => {
            let location = format!("{}{}?$deltatoken=", call.root, call.address.path);
            let message = "Resync required. Resume the sync with the link in the Location header.";
            Failure::new(410, "resyncRequired", message).with("Location", location)
        }
        ExpiredDelta::BadRequest => {
            let message = "The sync state is not found: the token has expired.";
            Failure::new(400, "syncStateNotFound", message)
        }
    }
}

fn scope(
    kind: &'static Kind,
    edges: Option<(&'static str, &'static str)>,
    token: &Token,
) -> Result<Scope, Failure> {
    let selected: Option<Vec<&str>> = token
        .select
        .as_deref()
        .map(|select| select.split(',').map(str::trim).collect());
    for name in selected.iter().flatten() {
        if !knows_property(kind, name) {
            return Err(Failure::unknown_property(name, kind.entity_type));
        }
    }
    // Members come unasked, managers only when selected.
    let shown = edges.filter(|(edge, name)| match &selected {
        Some(names) => names.contains(name),
        None => *edge != "user_manager",
    });
    let is_edge = |name: &&&str| edges.is_some_and(|(_, edge)| edge == **name);
    let properties = selected.as_ref().map(|names| {
        let plain = names.iter().filter(|name| !is_edge(name));
        plain.map(|name| (*name).to_owned()).collect()
    });
    Ok(Scope {
        kind,
        properties,
        edges: shown.map(|(edge, name)| (named(edge), name)),
        ids: token.ids.as_deref().map(read_ids).transpose()?,
    })
}

/// The ids of `id eq 'a' or id eq 'b'`: nothing else can be filtered by.
fn read_ids(text: &str) -> Result<Vec<String>, Failure> {
    let unsupported = || Failure::unsupported_query("Only a filter on id is supported here.");
    let filter = filter::parse(text).map_err(Failure::bad_option)?;
    let parts = match filter {
        Filter::Or(parts) => parts,
        single => vec![single],
    };
    let mut ids = Vec::new();
    for part in parts {
        let literals = match part {
            Filter::Compare(path, filter::Comparison::Equal, literal) if path == ["id"] => {
                vec![literal]
            }
            Filter::In(path, literals) if path == ["id"] => literals,
            _ => return Err(unsupported()),
        };
        for literal in literals {
            let Literal::Text(id) = literal else {
                return Err(unsupported());
            };
            ids.push(id.to_ascii_lowercase());
        }
    }
    if ids.len() > MAX_IDS {
        return Err(unsupported());
    }
    Ok(ids)
}

impl Scope {
    pub(super) fn has(&self, call: &Call<'_>, slot: Slot) -> bool {
        let ids = self.ids.as_ref();
        ids.is_none_or(|ids| ids.iter().any(|id| id == call.tenant.key(slot)))
    }
}

fn envelope(call: &Call<'_>, scope: &Scope, token: &Token, is_last: bool, items: &str) -> Answer {
    let selected = scope.properties.as_ref().map(|names| names.join(","));
    let root = &call.root;
    let shown = context::of(root, scope.kind, &[], selected.as_deref(), Holds::List);
    let (annotation, option) = if is_last {
        ("@odata.deltaLink", "$deltatoken")
    } else {
        ("@odata.nextLink", "$skiptoken")
    };
    let path = &call.address.path;
    let link = format!("{root}{path}?{option}={}", token.seal(&purpose(call)));
    let mut body = String::with_capacity(items.len() + 512);
    body.push_str("{\"@odata.context\":");
    model::write_text(&shown, &mut body);
    body.push(',');
    model::write_text(annotation, &mut body);
    body.push(':');
    model::write_text(&link, &mut body);
    body.push_str(",\"value\":[");
    body.push_str(items);
    body.push_str("]}");
    let mut answer = Answer::json(200, body);
    answer.ends_round = is_last;
    answer
}

fn purpose(call: &Call<'_>) -> String {
    format!("delta {}", call.address.path)
}

/// Objects on a page of a round.
pub(super) fn page_size(call: &Call<'_>, kind: &Kind) -> usize {
    let rule = paging::rule(kind).size(None, call.preferred_page_size());
    // Delta pages even what lists do not.
    rule.unwrap_or(100).min(999)
}

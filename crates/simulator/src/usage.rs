//! What was asked of the simulator, counted.

use std::collections::BTreeMap;

use super::http::Route;
use catalog::Shape;

/// Requests since the simulator started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Graph requests by method and path template (`GET /groups/{groupId}/members`, `GET /users/{id}`,
    /// `GET /users/delta`); requests inside a batch count like others.
    pub by_template: BTreeMap<String, RequestCount>,
    /// The same by the name of the kind.
    pub by_kind: BTreeMap<&'static str, RequestCount>,
    /// `$batch` requests themselves.
    pub batches: u64,
    /// Tokens issued.
    pub tokens: u64,
    /// Requests to Graph over the wire, batches included, what is in them not.
    pub round_trips: u64,
}

/// Requests of one sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// All of them.
    pub requests: u64,
    /// Those that came inside a batch.
    pub batched: u64,
    /// Those answered with 429, whether by limits or by faults.
    pub throttled: u64,
    /// Those answered with any other status from 400 on.
    pub failed: u64,
    /// What they cost in resource units.
    pub resource_units: u64,
}

/// One answered request, for counting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) batched: bool,
    pub(crate) status: u16,
    pub(crate) resource_units: u32,
}

impl Usage {
    pub(crate) fn count(&mut self, method: &str, route: Option<&Route>, counted: Counted) {
        let template = route.map_or_else(|| "other".to_owned(), template);
        let by_template = self.by_template.entry(format!("{method} {template}"));
        by_template.or_default().add(counted);
        if let Some(route) = route {
            self.by_kind
                .entry(route.kind.name)
                .or_default()
                .add(counted);
        }
    }
}

impl RequestCount {
    fn add(&mut self, counted: Counted) {
        self.requests += 1;
        self.batched += u64::from(counted.batched);
        self.throttled += u64::from(counted.status == 429);
        self.failed += u64::from(counted.status >= 400 && counted.status != 429);
        self.resource_units += u64::from(counted.resource_units);
    }
}

/// The kind's path with what follows it, ids in braces.
fn template(route: &Route) -> String {
    let mut template = route.kind.path.to_owned();
    for (place, segment) in route.rest.iter().enumerate() {
        let text = segment.text();
        let is_word = text.starts_with('$') || text.starts_with("microsoft.") || text == "delta";
        let is_id = place == 0 && !is_word && route.kind.shape != Shape::Singleton;
        template.push('/');
        template.push_str(if is_id { "{id}" } else { text });
    }
    template
}

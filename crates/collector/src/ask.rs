//! How a kind is asked for: from the catalogue's request to the client's.

use catalog::{Kind, Request, Throttle};
use graph::{Family, Get};

/// A read of this kind, with the headers it needs, counted under its name and against its quota: of one
/// object, which [`Get::list`] turns into one of a list.
#[must_use]
pub fn get(kind: &'static Kind, request: &Request) -> Get {
    let get = Get::path(api(kind), path(request), kind.name)
        .family(family(kind))
        .cost(kind.cost())
        .single();
    request.headers.iter().fold(get, |get, (name, value)| {
        match name.to_ascii_lowercase().as_str() {
            "consistencylevel" => get.eventual(),
            "prefer" => get.prefer(*value),
            "accept-language" => get.language(value),
            _ => get,
        }
    })
}

/// The quota that requests for a kind count against.
#[must_use]
pub fn family(kind: &Kind) -> Family {
    match kind.throttle() {
        Throttle::Identity => Family::Identity,
        Throttle::ConditionalAccess => Family::ConditionalAccess,
        Throttle::Reports => Family::Reports,
        Throttle::UserFlows => Family::UserFlows,
        Throttle::Intune => Family::Intune,
        Throttle::Other => Family::Other,
    }
}

pub(crate) fn api(kind: &Kind) -> graph::Api {
    match kind.api {
        catalog::Api::V1 => graph::Api::V1,
        catalog::Api::Beta => graph::Api::Beta,
    }
}

/// What follows the version in a request's address.
fn path(request: &Request) -> String {
    let target = request.target();
    let rest = target.trim_start_matches('/');
    rest.find('/')
        .map_or_else(|| "/".to_owned(), |slash| rest[slash..].to_owned())
}

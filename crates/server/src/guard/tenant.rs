//! Which tenant a request means: by the address, else by `?tenant=`, else by the header `Entrace-Tenant`.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::HeaderName;

/// Header with a tenant's name.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("entrace-tenant");
/// How templates write the tenant.
const PARAMETER: &str = "{tenant}";

/// The tenant that is named; `None` where none is. Named in two ways that differ, it is the text of both, which no
/// tenant has as its name.
pub(super) fn meant<'r>(template: &str, request: &'r Request) -> Option<Cow<'r, str>> {
    let query = request.uri().query().unwrap_or_default();
    let in_query = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "tenant")
        .map(|(_, value)| value);
    let in_headers = request.headers().get_all(HEADER).iter();
    let in_headers = in_headers.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut all: Vec<Cow<'r, str>> = in_path(template, request.uri().path())
        .into_iter()
        .chain(in_query)
        .chain(in_headers)
        .collect();
    all.dedup();
    match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(Cow::Owned(all.join(" and "))),
    }
}

fn in_path<'r>(template: &str, path: &'r str) -> Option<Cow<'r, str>> {
    // The end of the path is the template's: a base path stands before it.
    let (parts, places) = (path.rsplit('/'), template.rsplit('/'));
    let (part, _) = parts.zip(places).find(|(_, place)| *place == PARAMETER)?;
    let decoded = url::form_urlencoded::parse(part.as_bytes()).next();
    Some(decoded.map_or(Cow::Borrowed(part), |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn meant_by(template: &str, address: &str, header: Option<&str>) -> Option<String> {
        let mut request = Request::builder().uri(address);
        if let Some(header) = header {
            request = request.header(HEADER, header);
        }
        let request = request
            .body(Body::empty())
            .expect("because it is a request");
        meant(template, &request).map(Cow::into_owned)
    }

    #[test]
    fn a_tenant_is_named_once() {
        let status = "/v1/tenants/{tenant}/status";
        let named = |text: &str| Some(text.to_owned());
        assert_eq!(
            meant_by(status, "/v1/tenants/contoso/status", None),
            named("contoso")
        );
        assert_eq!(
            meant_by(status, "/base/v1/tenants/contoso/status", None),
            named("contoso")
        );
        assert_eq!(
            meant_by("/v1/objects", "/v1/objects?q=a&tenant=con%74oso", None),
            named("contoso")
        );
        assert_eq!(
            meant_by("/v1/objects", "/v1/objects", Some("contoso")),
            named("contoso")
        );
        assert_eq!(
            meant_by("/v1/objects", "/v1/objects?tenant=a", Some("a")),
            named("a")
        );
        assert_eq!(meant_by("/v1/objects", "/v1/objects", None), None);
        for (address, header) in [
            ("/v1/objects?tenant=a&tenant=b", None),
            ("/v1/objects?tenant=a", Some("b")),
            ("/v1/objects?tenant=a&tenant=b&tenant=a", None),
        ] {
            let both = meant_by("/v1/objects", address, header).expect("because some are named");
            assert!(both.contains(" and "), "{both}");
        }
    }
}

//! Parameters that many addresses have, for the description of the API.

use serde::Deserialize;
use utoipa::IntoParams;

/// Parameters of every question about a tenant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the extractor takes")]
pub(crate) struct Common {
    /// The tenant, by its name in `GET /v1/tenants`; where only one is served, it is meant. The header
    /// `Entrace-Tenant` says the same.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 200)]
    tenant: Option<String>,
    /// The format, instead of `Accept`: `json`, and of rows `ndjson`, `csv`, `arrow`, `parquet`.
    #[param(inline)]
    format: Option<FormatWord>,
}

/// The words for formats.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormatWord {
    Json,
    Ndjson,
    Csv,
    Arrow,
    Parquet,
}

/// Parameters of what comes in pages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the extractor takes")]
pub(crate) struct Paging {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before. All pages are made from the same snapshot; a cursor lasts a day.
    #[param(max_length = 8192, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// Header of acts upon what may be another by now.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what the extractor takes")]
pub(crate) struct IfMatch {
    /// Act only while it has this entity tag.
    #[param(rename = "If-Match", max_length = 4096)]
    if_match: Option<String>,
}

/// Says that a type is a route's own parameters.
macro_rules! parameters {
    ($name:ty, $formats:expr, paged: $paged:expr) => {
        impl crate::asked::Parameters for $name {
            const FORMATS: &'static [crate::format::Format] = $formats;
            const PAGED: bool = $paged;
        }
    };
}

pub(crate) use parameters;

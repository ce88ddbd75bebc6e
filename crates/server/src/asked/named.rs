//! The names that stand in an address.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// What stands in the address, as [`Path`]; what is no text is a problem.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) = path.map_err(|error| {
            Problem::new(
                Code::InvalidParameter,
                format!("the address cannot be read: {error}"),
            )
        })?;
        Ok(Self(named))
    }
}

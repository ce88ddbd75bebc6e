//! `If-Match`: an act happens only while what it is about is as the asker saw it.

use axum::http::{HeaderMap, header};

use crate::problem::{Code, Problem};

/// What an asker says it acts upon (RFC 9110, 13.1.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Condition(Vec<String>);

impl Condition {
    /// That of a request. A value that is not text fits nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::IF_MATCH).iter();
        let texts = values.map(|value| value.to_str().unwrap_or_default().to_owned());
        Self(texts.collect())
    }

    /// Whether nothing is said.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses to act upon what has another entity tag by now. Tags are compared strongly: a weak one never fits.
    pub(crate) fn check(&self, etag: &str) -> Result<(), Problem> {
        let mut given = self.0.iter().flat_map(|text| text.split(','));
        if self.is_none() || given.any(|one| matches!(one.trim(), tag if tag == "*" || tag == etag))
        {
            return Ok(());
        }
        Err(Problem::new(
            Code::PreconditionFailed,
            "it is not any more what If-Match says: look at it again",
        )
        .with("etag", etag))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_same_strong_tag_fits() {
        let fits = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, HeaderValue::from_static(value));
            }
            Condition::of(&headers).check("\"a\"").is_ok()
        };
        for good in [
            &[][..],
            &["\"a\""],
            &["\"x\", \"a\""],
            &["\"x\"", "\"a\""],
            &["*"],
        ] {
            assert!(fits(good), "{good:?}");
        }
        for bad in [&["\"b\""][..], &["W/\"a\""], &["a"], &[""]] {
            assert!(!fits(bad), "{bad:?}");
        }
    }
}

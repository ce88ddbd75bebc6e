//! The `Authorization` header.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// What a request brings to say who it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought<'h> {
    /// Nothing.
    Nothing,
    /// Something that is no bearer token, or more than one.
    Nonsense,
    /// A bearer token, of which nothing is known yet.
    Token(&'h str),
}

/// Reads the header. Tokens are taken from nowhere else: addresses end up in logs and histories.
pub(super) fn brought(headers: &HeaderMap) -> Brought<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Brought::Nothing;
    };
    // With two of them, proxies and we could take different ones.
    if values.next().is_some() {
        return Brought::Nonsense;
    }
    let parsed = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parsed {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim_start_matches(' ');
            let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            if is_one && !token.contains(',') {
                Brought::Token(token)
            } else {
                Brought::Nonsense
            }
        }
        _ => Brought::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn one_bearer_token_and_nothing_else() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_str(value).expect("because it is a value");
                headers.append(AUTHORIZATION, value);
            }
            headers
        };
        assert_eq!(brought(&headers(&[])), Brought::Nothing);
        for good in ["Bearer abc", "bearer abc", "BEARER  abc"] {
            assert_eq!(brought(&headers(&[good])), Brought::Token("abc"), "{good}");
        }
        for bad in [
            "abc",
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer a, Bearer b",
            "Bearer,abc",
            "",
        ] {
            assert_eq!(brought(&headers(&[bad])), Brought::Nonsense, "{bad:?}");
        }
        assert_eq!(
            brought(&headers(&["Bearer a", "Bearer a"])),
            Brought::Nonsense
        );
    }
}

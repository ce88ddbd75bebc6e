//! Texts without secrets: tokens get into addresses and statements by mistake, and must not stay there.

use std::borrow::Cow;

use crate::auth::token::PREFIX;

/// What stands in the place of a secret.
const INSTEAD: &str = "[redacted]";
/// Shortest text after our prefix that is taken for a token, mistyped ones included.
const TOKEN_CHARS: usize = 16;
/// Shortest text that begins like a JWT and is taken for one.
const JWT_CHARS: usize = 40;
/// Parameters whose value is a secret whatever it looks like, as they stand before `=`.
const NAMES: [&str; 8] = [
    "access_token",
    "token",
    "id_token",
    "client_secret",
    "client_assertion",
    "password",
    "secret",
    "code_verifier",
];

/// The text with every secret that can be recognised replaced.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let mut clean: Option<String> = None;
    let mut begin = 0;
    let mut after_name = false;
    for (from, to) in words(text) {
        let word = &text[from..to];
        let is_value = after_name;
        after_name =
            text[to..].starts_with('=') && NAMES.iter().any(|name| name.eq_ignore_ascii_case(word));
        if !is_value && !is_secret(word) {
            continue;
        }
        let clean = clean.get_or_insert_with(String::new);
        clean.push_str(&text[begin..from]);
        clean.push_str(INSTEAD);
        begin = to;
    }
    match clean {
        None => Cow::Borrowed(text),
        Some(mut clean) => {
            clean.push_str(&text[begin..]);
            Cow::Owned(clean)
        }
    }
}

fn is_secret(word: &str) -> bool {
    let token = word.find(PREFIX).map(|at| word.len() - at - PREFIX.len());
    let jwt = word.find("eyJ").map(|at| word.len() - at);
    token.is_some_and(|chars| chars >= TOKEN_CHARS) || jwt.is_some_and(|chars| chars >= JWT_CHARS)
}

/// Where runs of characters that tokens are made of begin and end.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.~%+/".contains(&byte);
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = at + bytes[at..].iter().position(|&byte| is_part(byte))?;
        let rest = &bytes[from..];
        let length = rest.iter().position(|&byte| !is_part(byte));
        at = from + length.unwrap_or(rest.len());
        Some((from, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::TokenSecret;

    #[test]
    fn tokens_do_not_stay_in_texts() {
        let token = TokenSecret::new();
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJl";
        for secret in [token.expose(), jwt] {
            for text in [
                format!("/v1/objects?q={secret}&limit=5"),
                format!("select '{secret}' from users"),
                format!("Authorization: Bearer {secret}"),
                secret.to_owned(),
                format!("ä{secret}ä"),
            ] {
                let clean = redacted(&text);
                assert!(!clean.contains(&secret[10..30]), "{clean}");
                assert!(clean.contains(INSTEAD));
            }
        }
        let named = redacted("/v1/query?access_token=hunter2&sql=select+1&Password=x;y");
        assert_eq!(
            named,
            "/v1/query?access_token=[redacted]&sql=select+1&Password=[redacted];y"
        );
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "/v1/objects?kind=user&q=token",
            "select token from entrace_things where code = 5",
            "Grüße, eyJ",
        ] {
            assert!(matches!(redacted(text), Cow::Borrowed(_)), "{text}");
        }
    }
}

//! A request's address: version, segments with their keys, query options.

use catalog::Api;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// `users`, `$ref`, or an id between slashes.
    Name(String),
    /// `('x')`.
    Key(String),
    /// `(appId='x')`.
    Alternate(String, String),
}

impl Segment {
    /// The name, or the key's value.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Key(text) | Self::Alternate(_, text) => text,
        }
    }

    /// The name, where it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(text) => Some(text),
            _ => None,
        }
    }
}

/// An address below the version.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Which endpoint.
    pub(crate) api: Api,
    /// The steps, decoded.
    pub(crate) segments: Vec<Segment>,
    /// Everything after the `?`.
    pub(crate) query: Query,
    /// The path without the version, decoded, as it came.
    pub(crate) path: String,
}

impl Address {
    /// Reads `/v1.0/users?$top=5`; `None` where no known version leads the path.
    pub(crate) fn parse(path_and_query: &str) -> Option<Self> {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let trimmed = path.strip_prefix('/').unwrap_or(path);
        let (version, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
        let api = match version {
            "v1.0" => Api::V1,
            "beta" => Api::Beta,
            _ => return None,
        };
        let path = format!("/{}", decode(rest, false));
        Some(Self {
            api,
            segments: segments(&path),
            query: Query::parse(query),
            path,
        })
    }

    /// `v1.0` or `beta`.
    pub(crate) fn version(&self) -> &'static str {
        version(self.api)
    }
}

/// `v1.0` or `beta`.
pub(crate) fn version(api: Api) -> &'static str {
    match api {
        Api::V1 => "v1.0",
        Api::Beta => "beta",
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in split_outside_brackets(path) {
        // The namespace has a short name too, which Microsoft's libraries use.
        let long = part
            .strip_prefix("graph.")
            .map(|rest| format!("microsoft.graph.{rest}"));
        let part = long.as_deref().unwrap_or(part);
        let Some((name, key)) = part.split_once('(') else {
            segments.push(Segment::Name(part.to_owned()));
            continue;
        };
        segments.push(Segment::Name(name.to_owned()));
        let key = key.strip_suffix(')').unwrap_or(key);
        match key.split_once('=') {
            _ if key.is_empty() => {}
            Some((property, value)) => {
                let value = unquote(value).to_owned();
                segments.push(Segment::Alternate(property.trim().to_owned(), value));
            }
            None => segments.push(Segment::Key(unquote(key).to_owned())),
        }
    }
    segments
}

fn split_outside_brackets(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'/' if depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

fn unquote(text: &str) -> &str {
    let inner = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    inner.unwrap_or(text)
}

/// Query options in the order they came, names as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let parts = text.split('&').filter(|part| !part.is_empty());
        let pairs = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name, true), decode(value, true))
        });
        Self {
            pairs: pairs.collect(),
        }
    }

    /// The value of an option; the `$` may be missing and case does not matter, as on Graph.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let bare = name.trim_start_matches('$');
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(own, _)| own.trim_start_matches('$').eq_ignore_ascii_case(bare));
        found.map(|(_, value)| value.as_str())
    }

    /// The options but for some, written for a link.
    pub(crate) fn without(&self, names: &[&str]) -> String {
        let kept = self.pairs.iter().filter(|(own, _)| {
            let bare = own.trim_start_matches('$');
            !names.iter().any(|name| name.eq_ignore_ascii_case(bare))
        });
        let written: Vec<String> = kept
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        written.join("&")
    }
}

fn decode(text: &str, plus_is_blank: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|hex| {
            let hex = std::str::from_utf8(hex).ok()?;
            u8::from_str_radix(hex, 16).ok()
        });
        match (escaped, first) {
            (Some(byte), _) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (None, b'+') if plus_is_blank => bytes.push(b' '),
            (None, byte) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Escapes what may not stand in the value of a query option.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b',' | b'(' | b')' | b'$' | b'/' | b':' | b'\'' | b'*' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                for half in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(half), 16);
                    encoded.extend(digit.map(|digit| digit.to_ascii_uppercase()));
                }
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_brackets_and_between_slashes_are_read() {
        let address = Address::parse("/v1.0/applications(appId='a%2Fb')/owners/$ref?$top=5");
        let address = address.expect("because the version is known");
        let expected = [
            Segment::Name("applications".to_owned()),
            Segment::Alternate("appId".to_owned(), "a/b".to_owned()),
            Segment::Name("owners".to_owned()),
            Segment::Name("$ref".to_owned()),
        ];
        assert_eq!(address.segments, expected);
        assert_eq!(address.query.get("$top"), Some("5"));
        assert!(Address::parse("/v2.0/users").is_none());
    }

    #[test]
    fn links_carry_every_option_but_the_token() {
        let query = Query::parse("$select=id%2CdisplayName&$filter=a%20eq+'b%26c'&$skiptoken=x");
        assert_eq!(
            query.without(&["skiptoken"]),
            "$select=id,displayName&$filter=a%20eq%20'b%26c'"
        );
    }
}

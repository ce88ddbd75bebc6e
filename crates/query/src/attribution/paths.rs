//! Paths of properties, as diffs name them.

/// What is left of a path below another: `Some("")` where they are the same.
pub(super) fn below<'p>(path: &'p str, outer: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(outer)?;
    match rest.chars().next() {
        None | Some('[') => Some(rest),
        Some('.') => Some(&rest[1..]),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lie_below_each_other() {
        assert_eq!(below("web.redirectUris", "web"), Some("redirectUris"));
        assert_eq!(
            below("keyCredentials[keyId=a].x", "keyCredentials"),
            Some("[keyId=a].x")
        );
        assert_eq!(below("state", "state"), Some(""));
        assert_eq!(below("statement", "state"), None);
    }
}

//! How many objects a page holds, and the opaque tokens in its links.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::Kind;

use super::answer::Failure;

/// Sizes of a kind's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageRule {
    default: usize,
    max: usize,
    beyond: Beyond,
}

/// What becomes of a `$top` outside the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// 400.
    Refused,
    /// The greatest size instead.
    Cut,
    /// Everything comes in one page whatever is asked for, and `$top` is refused.
    NotPaged,
}

/// The rule of a kind: figures of each API's documentation.
pub(crate) fn rule(kind: &Kind) -> PageRule {
    let rule = |default, max, beyond| PageRule {
        default,
        max,
        beyond,
    };
    match kind.name {
        "directory_role" | "directory_role_member" | "directory_role_template" => {
            rule(usize::MAX, usize::MAX, Beyond::NotPaged)
        }
        "directory_audit" | "sign_in" | "sign_in_beta" | "provisioning_log" => {
            rule(1000, 1000, Beyond::Cut)
        }
        "risk_detection" | "risky_user" => rule(20, 500, Beyond::Cut),
        "access_review_definition" => rule(100, 100, Beyond::Cut),
        _ if is_directory(kind) => rule(100, 999, Beyond::Refused),
        _ => rule(100, 999, Beyond::Cut),
    }
}

/// Largest page of a selection: what is kept outside the directory is looked up one by one.
pub(crate) fn cap(kind: &Kind, select: Option<&str>) -> usize {
    const WITH_SIGN_INS: usize = 120;
    let wants_sign_ins = select.is_some_and(|select| select.contains("signInActivity"));
    if kind.name == "user" && wants_sign_ins {
        WITH_SIGN_INS
    } else {
        usize::MAX
    }
}

/// Kinds that the directory itself serves and holds to its own limits.
pub(crate) fn is_directory(kind: &Kind) -> bool {
    let roots = [
        "/users",
        "/groups",
        "/applications",
        "/servicePrincipals",
        "/devices",
        "/contacts",
        "/directory/deletedItems",
        "/directory/administrativeUnits",
        "/oauth2PermissionGrants",
    ];
    roots.iter().any(|root| kind.path.starts_with(root))
}

impl PageRule {
    /// The size of the pages of one listing.
    pub(crate) fn size(
        self,
        top: Option<&str>,
        preferred: Option<usize>,
    ) -> Result<usize, Failure> {
        let Some(top) = top else {
            let preferred = preferred.filter(|_| self.beyond != Beyond::NotPaged);
            return Ok(preferred.map_or(self.default, |size| size.clamp(1, self.max)));
        };
        let asked: Option<usize> = top.parse().ok();
        match (asked, self.beyond) {
            (None | Some(0), _) => Err(Failure::bad_option(format!(
                "Invalid value '{top}' for $top query option found. The $top query option \
                 requires a non-negative integer value."
            ))),
            (_, Beyond::NotPaged) => Err(Failure::unsupported_query(
                "$top is not supported for this resource.",
            )),
            (Some(asked), Beyond::Refused) if asked > self.max => {
                Err(Failure::unsupported_query(format!(
                    "Invalid page size specified: '{asked}'. Must be between 1 and {} inclusive.",
                    self.max
                )))
            }
            (Some(asked), _) => Ok(asked.min(self.max)),
        }
    }
}

/// Bytes of a token's mark.
const MARK_BYTES: usize = 12;

/// A text in a form whose content nobody should rely on.
pub(crate) fn seal(purpose: &str, text: &str) -> String {
    let mut bytes = mark(purpose, text.as_bytes());
    bytes.extend(text.bytes().map(|byte| byte ^ 0x5a));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The text of a token; `None` for what [`seal`] did not make for the same purpose.
pub(crate) fn unseal(purpose: &str, token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (own, hidden) = bytes.split_at_checked(MARK_BYTES)?;
    let text: Vec<u8> = hidden.iter().map(|byte| byte ^ 0x5a).collect();
    (own == mark(purpose, &text)).then(|| String::from_utf8(text).ok())?
}

fn mark(purpose: &str, text: &[u8]) -> Vec<u8> {
    let key = blake3::derive_key("entrace simulator tokens", purpose.as_bytes());
    blake3::keyed_hash(&key, text).as_bytes()[..MARK_BYTES].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_only_for_their_purpose() {
        let token = seal("users", "u1");
        assert_eq!(unseal("users", &token).as_deref(), Some("u1"));
        assert_eq!(unseal("groups", &token), None);
        assert_eq!(unseal("users", "nonsense"), None);
        assert!(!token.contains("u1"));
    }

    #[test]
    fn directory_kinds_refuse_what_others_cut() {
        let users = rule(crate::tenant::named("user"));
        assert_eq!(users.size(None, None), Ok(100));
        assert_eq!(users.size(Some("999"), None), Ok(999));
        assert!(users.size(Some("1000"), None).is_err());
        assert!(users.size(Some("0"), None).is_err());
        let audits = rule(crate::tenant::named("directory_audit"));
        assert_eq!(audits.size(Some("5000"), None), Ok(1000));
        let roles = rule(crate::tenant::named("directory_role"));
        assert!(roles.size(Some("5"), None).is_err());
    }
}

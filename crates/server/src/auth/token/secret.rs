//! The token itself: making, recognising, hashing.

use std::fmt;

use rand::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What every token begins with.
pub const PREFIX: &str = "entrace_";
/// Bytes of chance in a token.
const SECRET_BYTES: usize = 32;
/// Characters that 32 bytes take in base62.
const SECRET_CHARS: usize = 43;
/// Characters that a CRC-32 takes in base62.
const CHECK_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Separates these hashes from every other use of BLAKE3.
const CONTEXT: &str = "entrace API token v1";
/// Characters of an id: enough that two tokens of a server never share one.
const ID_CHARS: usize = 12;

/// Why a token is refused before or after it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its checksum does not fit.
    #[error("the token was not copied whole: its checksum does not fit")]
    Mistyped,
    /// Nobody was given it here.
    #[error("the token is not known here")]
    Unknown,
    /// Past its end.
    #[error("the token has expired; make another with entrace token create")]
    Expired,
    /// Taken back.
    #[error("the token was revoked")]
    Revoked,
}

impl Refused {
    /// Stable word, lowercase with `-`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Mistyped => "token-mistyped",
            Self::Unknown => "token-unknown",
            Self::Expired => "token-expired",
            Self::Revoked => "token-revoked",
        }
    }
}

/// A token, shown once.
pub struct TokenSecret(Zeroizing<String>);

impl TokenSecret {
    /// A new one, from the system's source of chance.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        rand::rngs::OsRng.fill_bytes(&mut *bytes);
        Self::of(&bytes)
    }

    fn of(bytes: &[u8; SECRET_BYTES]) -> Self {
        let mut text = Zeroizing::new(PREFIX.to_owned());
        text.push_str(&Zeroizing::new(base62(bytes, SECRET_CHARS)));
        let check = checksum(&text);
        text.push_str(&check);
        Self(text)
    }

    /// Recognises a token; `None` where it does not even look like one.
    ///
    /// # Errors
    /// [`Refused::Mistyped`] where length, alphabet or checksum do not fit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Result<Self, Refused>> {
        let rest = text.strip_prefix(PREFIX)?;
        let fits = rest.len() == SECRET_CHARS + CHECK_CHARS
            && rest.bytes().all(|byte| ALPHABET.contains(&byte));
        if !fits {
            return Some(Err(Refused::Mistyped));
        }
        let (body, check) = text.split_at(PREFIX.len() + SECRET_CHARS);
        if checksum(body) != check {
            return Some(Err(Refused::Mistyped));
        }
        Some(Ok(Self(Zeroizing::new(text.to_owned()))))
    }

    /// The text, to be shown to whom it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Equality of hashes is decided in constant time.
    #[must_use]
    pub fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(self.0.as_bytes());
        hasher.finalize()
    }
}

impl Default for TokenSecret {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(..)")
    }
}

/// What a token is called: the beginning of its hash, 12 hexadecimal characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// The id of the token with that hash.
    #[must_use]
    pub fn of(hash: &blake3::Hash) -> Self {
        Self(hash.to_hex()[..ID_CHARS].to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn checksum(text: &str) -> String {
    base62(&crc32fast::hash(text.as_bytes()).to_be_bytes(), CHECK_CHARS)
}

/// A big-endian number in base62, with zeros in front up to that many characters.
fn base62(bytes: &[u8], chars: usize) -> String {
    let mut number = Zeroizing::new(bytes.to_vec());
    let mut digits = Zeroizing::new(vec![b'0'; chars]);
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in number.iter_mut() {
            let part = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(part / 62).expect("because the rest was below 62");
            rest = part % 62;
        }
        *digit = ALPHABET[rest as usize];
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_is_a_number_in_that_base() {
        assert_eq!(base62(&[0, 61], 3), "00z");
        assert_eq!(base62(&[0, 62], 3), "010");
        assert_eq!(base62(&[1, 0], 3), "048");
        let most = [0xff; SECRET_BYTES];
        // 2^256 - 1 has 43 digits in base 62: 62^42 < 2^256 < 62^43.
        assert_ne!(base62(&most, SECRET_CHARS).as_bytes()[0], b'0');
        assert_eq!(base62(&most, SECRET_CHARS + 1).as_bytes()[0], b'0');
        assert_eq!(base62(&u32::MAX.to_be_bytes(), CHECK_CHARS), "4gfFC3");
    }

    #[test]
    fn a_token_is_recognised_and_every_slip_is_noticed() {
        let token = TokenSecret::of(&[7; SECRET_BYTES]);
        let text = token.expose();
        assert_eq!(text.len(), 8 + 43 + 6);
        let parse = |text: &str| TokenSecret::parse(text).map(|parsed| parsed.map(|t| t.hash()));
        assert_eq!(parse(text), Some(Ok(token.hash())));
        for at in PREFIX.len()..text.len() {
            let mut slip = text.as_bytes().to_vec();
            slip[at] = if slip[at] == b'a' { b'b' } else { b'a' };
            let slip = String::from_utf8(slip).expect("because it is ASCII");
            assert_eq!(parse(&slip), Some(Err(Refused::Mistyped)), "{at}");
        }
        for wrong in [
            &text[..text.len() - 1],
            &format!("{text}0"),
            "entrace_",
            "entrace_ä",
        ] {
            assert_eq!(parse(wrong), Some(Err(Refused::Mistyped)), "{wrong}");
        }
        assert!(parse("ghp_0123").is_none());
        assert!(parse(&text.to_uppercase()).is_none());
    }

    #[test]
    fn two_tokens_differ_and_none_is_printed_by_accident() {
        let (one, two) = (TokenSecret::new(), TokenSecret::new());
        assert_ne!(one.hash(), two.hash());
        assert_ne!(TokenId::of(&one.hash()), TokenId::of(&two.hash()));
        assert!(!format!("{one:?}").contains(&one.expose()[8..20]));
    }
}

//! Ids and numbers of an archive: each a type of its own, printed as lowercase hex or a plain number.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) [u8; $bytes]);

        impl $name {
            /// The raw bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let mut bytes = [0; $bytes];
                hex(text, &mut bytes)
                    .map(|()| Self(bytes))
                    .ok_or_else(|| Error::invalid(format!("not {} bytes of hexadecimal: {text:?}", $bytes)))
            }
        }
    };
}

hash_id!(
    /// Identifies an archive; 16 random bytes.
    ArchiveId,
    16
);
hash_id!(
    /// Keyed hash of a version's record bytes.
    BlobId,
    32
);
hash_id!(
    /// First half of a blob id: what names a version to people and tools.
    VersionId,
    16
);
hash_id!(
    /// Keyed hash of a frame's content.
    FrameId,
    32
);
hash_id!(
    /// Keyed hash of an act's record; of a snapshot, its id.
    RecordId,
    32
);
hash_id!(
    /// Plain hash of a pack file's bytes.
    PackId,
    32
);

/// Reads exactly `out.len()` bytes of hexadecimal.
pub(crate) fn hex(text: &str, out: &mut [u8]) -> Option<()> {
    if text.len() != out.len() * 2 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(())
}

/// Writes bytes as lowercase hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(out, "{byte:02x}").expect("because writing to a String cannot fail");
    }
    out
}

/// Number of a kind within its archive, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindNumber(pub u16);

/// Number of a version within its kind, from 0.
pub type Ordinal = u32;

/// Number of a snapshot within its archive, from 1, in the order of commits.
pub type SnapshotNumber = u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse() {
        let id = ArchiveId([0xa5; 16]);
        assert_eq!(id.to_string(), "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
        assert_eq!(
            id.to_string()
                .parse::<ArchiveId>()
                .expect("because it was printed"),
            id
        );
        for text in ["", "a5", "zz".repeat(16).as_str(), "é".repeat(16).as_str()] {
            let message = text
                .parse::<ArchiveId>()
                .expect_err("because it is no id")
                .to_string();
            assert!(
                message.starts_with("not 16 bytes of hexadecimal"),
                "{message}"
            );
        }
    }
}

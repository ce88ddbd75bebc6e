//! Keys of an archive: the bundle, the slots that wrap it, what is derived from it, and the tree of
//! keys for natural persons' data (`docs/format.md` sections 3 and 4).

mod bundle;
mod slots;
mod subject;

pub(crate) use bundle::KeyBundle;
pub use slots::{Secrets, SlotChoice};
pub(crate) use slots::{open_slots, write_slot};
pub(crate) use subject::{KeyTree, SubjectHandle};

/// A 32-byte key that is wiped when dropped and never printed.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 32];
        rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut bytes);
        Self(bytes)
    }

    pub(crate) fn derive(&self, context: &str) -> Self {
        Self(blake3::derive_key(context, &self.0))
    }
}

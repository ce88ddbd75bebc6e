//! The key bundle and the keys in use that follow from it.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::Key;
use crate::error::{Error, Result};
use crate::id::{ArchiveId, hex, to_hex};

const FORMAT: &str = "entrace/keys/v1";

/// Every key of an archive.
#[derive(Debug, Clone)]
pub(crate) struct KeyBundle {
    pub(crate) archive: ArchiveId,
    id_key: Key,
    signing_seed: Key,
    /// Newest last; never empty.
    epochs: Vec<(u32, Key)>,
}

/// The bundle's text form.
#[derive(Serialize, Deserialize)]
struct Text {
    format: String,
    archive: String,
    id_key: String,
    signing_seed: String,
    epochs: Vec<EpochText>,
}

#[derive(Serialize, Deserialize)]
struct EpochText {
    number: u32,
    secret: String,
}

impl Drop for Text {
    fn drop(&mut self) {
        self.id_key.zeroize();
        self.signing_seed.zeroize();
        self.epochs
            .iter_mut()
            .for_each(|epoch| epoch.secret.zeroize());
    }
}

impl KeyBundle {
    pub(crate) fn random(archive: ArchiveId) -> Self {
        let epochs = vec![(1, Key::random())];
        Self {
            archive,
            id_key: Key::random(),
            signing_seed: Key::random(),
            epochs,
        }
    }

    pub(crate) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        let epoch = |(number, secret): &(u32, Key)| EpochText {
            number: *number,
            secret: to_hex(&secret.0),
        };
        let text = Text {
            format: FORMAT.to_owned(),
            archive: self.archive.to_string(),
            id_key: to_hex(&self.id_key.0),
            signing_seed: to_hex(&self.signing_seed.0),
            epochs: self.epochs.iter().map(epoch).collect(),
        };
        Zeroizing::new(
            serde_json::to_vec(&text).expect("because strings and numbers are always JSON"),
        )
    }

    pub(crate) fn from_text(bytes: &[u8], place: &str) -> Result<Self> {
        let damaged = || Error::corrupt(place, "its content is no key bundle");
        let text: Text = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        if text.format != FORMAT {
            return Err(Error::TooNew {
                place: place.to_owned(),
                found: 2,
                supported: 1,
            });
        }
        let key = |digits: &str| {
            let mut bytes = [0; 32];
            hex(digits, &mut bytes)
                .map(|()| Key(bytes))
                .ok_or_else(damaged)
        };
        let epochs: Vec<_> = text
            .epochs
            .iter()
            .map(|e| Ok((e.number, key(&e.secret)?)))
            .collect::<Result<_>>()?;
        if epochs.is_empty() {
            return Err(damaged());
        }
        Ok(Self {
            archive: text.archive.parse().map_err(|_| damaged())?,
            id_key: key(&text.id_key)?,
            signing_seed: key(&text.signing_seed)?,
            epochs,
        })
    }

    /// The epoch new frames are sealed with.
    pub(crate) fn current_epoch(&self) -> u32 {
        self.epochs.last().expect("because a bundle has an epoch").0
    }

    pub(crate) fn epoch_key(&self, epoch: u32, context: &str) -> Option<Key> {
        let (_, secret) = self.epochs.iter().find(|(number, _)| *number == epoch)?;
        Some(secret.derive(context))
    }

    pub(crate) fn id_key(&self, context: &str) -> Key {
        self.id_key.derive(context)
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.signing_seed.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_comes_back_from_its_text() {
        let bundle = KeyBundle::random(ArchiveId([7; 16]));
        let read =
            KeyBundle::from_text(&bundle.to_text(), "slot").expect("because it was just written");
        assert_eq!(read.to_text(), bundle.to_text());
        assert_eq!(read.current_epoch(), 1);
        assert!(read.epoch_key(2, "x").is_none());
    }

    #[test]
    fn anything_else_is_damage() {
        for text in [
            "",
            "{}",
            r#"{"format":"entrace/keys/v1","archive":"","id_key":"","signing_seed":"","epochs":[]}"#,
        ] {
            let error = KeyBundle::from_text(text.as_bytes(), "keys/a.age")
                .expect_err("because it is no bundle");
            assert_eq!(
                error.to_string(),
                "keys/a.age is damaged: its content is no key bundle"
            );
        }
    }
}

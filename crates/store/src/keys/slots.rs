//! Key slots: age files around the key bundle.

use std::str::FromStr;

use age::secrecy::{ExposeSecret, SecretString};
use age::{scrypt, x25519};
use zeroize::Zeroizing;

use super::KeyBundle;
use crate::error::{Error, Result};
use crate::storage::Storage;

/// Holds the slots.
const FOLDER: &str = "keys";
/// The identity that makes an archive readable without a secret, by explicit choice.
const UNPROTECTED_IDENTITY: &str = "keys/unprotected.identity";
/// log2 of scrypt's work: about a second. age's own default measures the machine, which makes files
/// written on a fast one slow elsewhere.
const SCRYPT_WORK: u8 = 16;

/// What opens slots. Holds secrets, so it prints nothing.
#[derive(Default, Clone)]
pub struct Secrets {
    /// Text of age identity files (`AGE-SECRET-KEY-1...`, comments allowed).
    pub identities: Vec<Zeroizing<String>>,
    /// Passphrases.
    pub passphrases: Vec<Zeroizing<String>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (identities, passphrases) = (self.identities.len(), self.passphrases.len());
        write!(
            f,
            "Secrets({identities} identities, {passphrases} passphrases)"
        )
    }
}

/// How a new slot protects the keys.
#[derive(Clone)]
pub enum SlotChoice {
    /// Not at all: the identity is stored beside the slot.
    Unprotected,
    /// For the holder of an age X25519 identity; the text is its recipient (`age1...`).
    Recipient(String),
    /// By a passphrase.
    Passphrase(Zeroizing<String>),
}

impl std::fmt::Debug for SlotChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unprotected => "Unprotected",
            Self::Recipient(_) => "Recipient",
            Self::Passphrase(_) => "Passphrase",
        })
    }
}

/// Writes a slot of this name.
pub(crate) fn write_slot(
    storage: &dyn Storage,
    name: &str,
    choice: &SlotChoice,
    bundle: &KeyBundle,
) -> Result<()> {
    let text = bundle.to_text();
    let sealed = match choice {
        SlotChoice::Unprotected => {
            let identity = x25519::Identity::generate();
            storage.put(
                UNPROTECTED_IDENTITY,
                identity.to_string().expose_secret().as_bytes(),
            )?;
            age::encrypt(&identity.to_public(), &text)
        }
        SlotChoice::Recipient(recipient) => {
            let recipient = x25519::Recipient::from_str(recipient).map_err(|reason| {
                Error::invalid(format!("not an age recipient: {recipient:?}: {reason}"))
            })?;
            age::encrypt(&recipient, &text)
        }
        SlotChoice::Passphrase(passphrase) => {
            let mut recipient =
                scrypt::Recipient::new(SecretString::from(passphrase.as_str().to_owned()));
            recipient.set_work_factor(SCRYPT_WORK);
            age::encrypt(&recipient, &text)
        }
    };
    let sealed =
        sealed.map_err(|e| Error::Internal(format!("wrapping the key bundle failed: {e}")))?;
    storage.put(&format!("{FOLDER}/{name}.age"), &sealed)
}

/// Opens the first slot that one of the secrets fits.
///
/// The message never says which slot failed for which secret: that would be an oracle.
pub(crate) fn open_slots(storage: &dyn Storage, secrets: &Secrets) -> Result<KeyBundle> {
    let slots = storage.list(FOLDER)?;
    let mut identities = Vec::new();
    for text in &secrets.identities {
        identities.append(&mut parse_identities(text)?);
    }
    if storage.size(UNPROTECTED_IDENTITY)?.is_some() {
        let text = Zeroizing::new(storage.read(UNPROTECTED_IDENTITY)?);
        let text = std::str::from_utf8(&text)
            .map_err(|_| Error::corrupt(UNPROTECTED_IDENTITY, "it is not text"))?;
        identities.append(
            &mut parse_identities(text)
                .map_err(|_| Error::corrupt(UNPROTECTED_IDENTITY, "it is not an age identity"))?,
        );
    }
    let mut protected = 0;
    for path in slots
        .iter()
        .filter_map(|(path, _)| path.strip_suffix(".age").map(|_| path))
    {
        protected += 1;
        let sealed = storage.read(path)?;
        if let Some(text) = open_slot(&sealed, &identities, &secrets.passphrases, path)? {
            return KeyBundle::from_text(&text, path);
        }
    }
    let given = identities.len() + secrets.passphrases.len();
    Err(match (protected, given) {
        (0, _) => Error::Missing {
            place: FOLDER.to_owned(),
            reason: "it holds no key slot".to_owned(),
        },
        (_, 0) => Error::Key("no identity or passphrase was given".to_owned()),
        _ => Error::Key("the identity or passphrase fits none".to_owned()),
    })
}

fn parse_identities(text: &str) -> Result<Vec<x25519::Identity>> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            x25519::Identity::from_str(line).map_err(|reason| {
                Error::Key(format!(
                    "a line of the identity file is no age identity: {reason}"
                ))
            })
        })
        .collect()
}

fn open_slot(
    sealed: &[u8],
    identities: &[x25519::Identity],
    passphrases: &[Zeroizing<String>],
    path: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let damaged = |reason: &dyn std::fmt::Display| {
        Error::corrupt(path, format!("it is no age file: {reason}"))
    };
    let is_scrypt = age::Decryptor::new(sealed)
        .map_err(|e| damaged(&e))?
        .is_scrypt();
    let scrypts: Vec<_> = passphrases
        .iter()
        .map(|passphrase| scrypt::Identity::new(SecretString::from(passphrase.as_str().to_owned())))
        .collect();
    let tried: Vec<&dyn age::Identity> = if is_scrypt {
        scrypts
            .iter()
            .map(|identity| identity as &dyn age::Identity)
            .collect()
    } else {
        identities
            .iter()
            .map(|identity| identity as &dyn age::Identity)
            .collect()
    };
    for identity in tried {
        let decryptor = age::Decryptor::new(sealed).map_err(|e| damaged(&e))?;
        match decryptor.decrypt(std::iter::once(identity)) {
            Ok(mut reader) => {
                let mut text = Zeroizing::new(Vec::new());
                std::io::Read::read_to_end(&mut reader, &mut text).map_err(|e| damaged(&e))?;
                return Ok(Some(text));
            }
            Err(
                age::DecryptError::NoMatchingKeys
                | age::DecryptError::DecryptionFailed
                | age::DecryptError::KeyDecryptionFailed,
            ) => {}
            Err(error) => return Err(damaged(&error)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ArchiveId;
    use crate::storage::MemoryStorage;

    fn secrets(identity: Option<&str>, passphrase: Option<&str>) -> Secrets {
        Secrets {
            identities: identity
                .map(|t| Zeroizing::new(t.to_owned()))
                .into_iter()
                .collect(),
            passphrases: passphrase
                .map(|t| Zeroizing::new(t.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn each_kind_of_slot_opens_with_its_own_secret_only() {
        let bundle = KeyBundle::random(ArchiveId([1; 16]));
        let identity = x25519::Identity::generate();
        let storage = MemoryStorage::new();
        let recipient = SlotChoice::Recipient(identity.to_public().to_string());
        write_slot(&storage, "recipient-1", &recipient, &bundle).expect("because memory takes it");
        let passphrase = SlotChoice::Passphrase(Zeroizing::new("correct horse".to_owned()));
        write_slot(&storage, "passphrase-1", &passphrase, &bundle)
            .expect("because memory takes it");

        let text = identity.to_string();
        let file = format!("# created: today\n{}\n", text.expose_secret());
        for good in [
            secrets(Some(&file), None),
            secrets(None, Some("correct horse")),
        ] {
            let opened = open_slots(&storage, &good).expect("because the secret fits");
            assert_eq!(opened.to_text(), bundle.to_text());
        }
        let other = x25519::Identity::generate().to_string();
        for (bad, message) in [
            (
                secrets(None, None),
                "no key slot of the archive opens: no identity or passphrase was given",
            ),
            (
                secrets(None, Some("wrong")),
                "no key slot of the archive opens: the identity or passphrase fits none",
            ),
            (
                secrets(Some(other.expose_secret()), None),
                "no key slot of the archive opens: the identity or passphrase fits none",
            ),
        ] {
            assert_eq!(
                open_slots(&storage, &bad)
                    .expect_err("because it fits nothing")
                    .to_string(),
                message
            );
        }
    }

    #[test]
    fn an_unprotected_archive_opens_with_nothing() {
        let bundle = KeyBundle::random(ArchiveId([1; 16]));
        let storage = MemoryStorage::new();
        write_slot(&storage, "unprotected", &SlotChoice::Unprotected, &bundle)
            .expect("because memory takes it");
        assert!(open_slots(&storage, &Secrets::default()).is_ok());
    }

    #[test]
    fn damaged_and_missing_slots_are_named() {
        let storage = MemoryStorage::new();
        let message = |storage: &MemoryStorage| {
            open_slots(storage, &Secrets::default())
                .expect_err("because there is no good slot")
                .to_string()
        };
        assert_eq!(message(&storage), "keys is missing: it holds no key slot");
        storage
            .put("keys/a.age", b"rubbish")
            .expect("because memory takes it");
        assert!(
            message(&storage).starts_with("keys/a.age is damaged: it is no age file"),
            "{}",
            message(&storage)
        );
    }
}

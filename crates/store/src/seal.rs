//! Sealing: everything that leaves memory goes through here, and comes back only unchanged.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::error::{Error, Result};
use crate::id::{ArchiveId, BlobId, FrameId, RecordId};
use crate::keys::{Key, KeyBundle, KeyTree, SubjectHandle};

/// Nonce of a frame or of the keyring.
pub(crate) type Nonce = [u8; 24];

/// First 16 bytes of a keyed hash: names an object in the index.
pub(crate) type Handle = [u8; 16];

/// An object's two secrets: the key of its blob ids and its name in the index.
#[derive(Debug, Clone)]
pub(crate) struct ObjectHash {
    blob_key: Key,
    pub(crate) handle: Handle,
}

impl ObjectHash {
    pub(crate) fn blob_id(&self, record: &[u8]) -> BlobId {
        BlobId(*blake3::keyed_hash(&self.blob_key.0, record).as_bytes())
    }
}

/// Keys of persons that are kept: deriving one takes sixteen hashes, and whatever reads or writes a tenant
/// comes by the same persons with each kind. Six megabytes at most.
const MAX_SUBJECT_KEYS: usize = 100_000;

/// The keys in use, derived once.
#[derive(Debug)]
pub(crate) struct Sealer {
    pub(crate) archive: ArchiveId,
    bundle: KeyBundle,
    frame_key: (u32, Key),
    frame_id_key: Key,
    object_key: Key,
    unit_key: Key,
    subject_key: Key,
    index_key: Key,
    work_key: Key,
    subjects: KeyTree,
    subject_keys: Mutex<HashMap<SubjectHandle, Key>>,
}

/// What identifies a frame to the seal besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameSeal {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) epoch: u32,
    pub(crate) raw_len: u32,
    pub(crate) id: FrameId,
}

const FRAME_CONTEXT: &str = "entrace v1 frame";
const KEYRING_CONTEXT: &str = "entrace v1 keyring";

impl Sealer {
    pub(crate) fn new(bundle: KeyBundle, subjects: KeyTree) -> Self {
        let epoch = bundle.current_epoch();
        let frame_key = bundle
            .epoch_key(epoch, FRAME_CONTEXT)
            .expect("because the epoch is the bundle's own");
        Self {
            archive: bundle.archive,
            frame_key: (epoch, frame_key),
            frame_id_key: bundle.id_key("entrace v1 frame id"),
            object_key: bundle.id_key("entrace v1 object"),
            unit_key: bundle.id_key("entrace v1 unit"),
            subject_key: bundle.id_key("entrace v1 subject"),
            index_key: bundle.id_key("entrace v1 index"),
            work_key: bundle.id_key("entrace v1 work"),
            subjects,
            subject_keys: Mutex::default(),
            bundle,
        }
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.frame_key.0
    }

    /// Key for the Parquet files of the query engine.
    pub(crate) fn columns_key(&self) -> Key {
        let key = self
            .bundle
            .epoch_key(self.frame_key.0, "entrace v1 columns");
        key.expect("because the epoch is the bundle's own")
    }

    pub(crate) fn object(&self, kind: &str, key: &str) -> ObjectHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.object_key.0);
        hasher.update(kind.as_bytes());
        hasher.update(&[0]);
        hasher.update(key.as_bytes());
        let mut output = [0; 64];
        hasher.finalize_xof().fill(&mut output);
        let mut blob_key = [0; 32];
        blob_key.copy_from_slice(&output[..32]);
        let mut handle = [0; 16];
        handle.copy_from_slice(&output[32..48]);
        ObjectHash {
            blob_key: Key(blob_key),
            handle,
        }
    }

    pub(crate) fn frame_id(&self, kind: u8, content: &[u8]) -> FrameId {
        FrameId(self.typed_hash(kind, content))
    }

    pub(crate) fn record_id(&self, text: &[u8]) -> RecordId {
        RecordId(self.typed_hash(0, text))
    }

    fn typed_hash(&self, kind: u8, content: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.frame_id_key.0);
        hasher.update(&[kind]);
        hasher.update(content);
        *hasher.finalize().as_bytes()
    }

    /// Key of raw import units read under the rules of that name.
    pub(crate) fn unit_key(&self, rules: &[u8]) -> Key {
        Key(*blake3::keyed_hash(&self.unit_key.0, rules).as_bytes())
    }

    pub(crate) fn subject(&self, subject: &str) -> SubjectHandle {
        SubjectHandle::new(&self.subject_key, subject)
    }

    /// Check value of an index entry.
    pub(crate) fn index_check(&self, table: &str, key: &[u8], value: &[u8]) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new_keyed(&self.index_key.0);
        hasher.update(table.as_bytes());
        hasher.update(&[0]);
        hasher.update(key);
        hasher.update(value);
        let mut check = [0; 8];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        check
    }

    /// Seals a name or record for the index: nonce, then ciphertext.
    pub(crate) fn seal_text(&self, text: &[u8]) -> Vec<u8> {
        let nonce = Self::random_nonce();
        let sealed = XChaCha20Poly1305::new((&self.index_key.0).into())
            .encrypt(XNonce::from_slice(&nonce), text)
            .expect("because a record is far below the cipher's limit of 256 GiB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// `None` when the bytes are not what was sealed.
    pub(crate) fn open_text(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(24)?;
        XChaCha20Poly1305::new((&self.index_key.0).into())
            .decrypt(XNonce::from_slice(nonce), sealed)
            .ok()
    }

    /// Seals a working file under its name: nonce, then ciphertext.
    pub(crate) fn seal_work(&self, name: &str, content: &[u8]) -> Vec<u8> {
        let nonce = Self::random_nonce();
        let payload = Payload {
            msg: content,
            aad: name.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new((&self.work_key.0).into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("because a working file is far below the cipher's limit of 256 GiB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// `None` when the bytes are not what was sealed under that name.
    pub(crate) fn open_work(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(24)?;
        let payload = Payload {
            msg: sealed,
            aad: name.as_bytes(),
        };
        XChaCha20Poly1305::new((&self.work_key.0).into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .ok()
    }

    pub(crate) fn random_nonce() -> Nonce {
        let mut nonce = [0; 24];
        rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut nonce);
        nonce
    }

    pub(crate) fn seal_frame(&self, seal: FrameSeal, nonce: &Nonce, plain: &[u8]) -> Vec<u8> {
        debug_assert_eq!(
            seal.epoch, self.frame_key.0,
            "frames are sealed with the current epoch"
        );
        let payload = Payload {
            msg: plain,
            aad: &self.associated(seal),
        };
        XChaCha20Poly1305::new((&self.frame_key.1.0).into())
            .encrypt(XNonce::from_slice(nonce), payload)
            .expect("because a frame is far below the cipher's limit of 256 GiB")
    }

    /// `None` when the bytes are not what was sealed.
    pub(crate) fn open_frame(
        &self,
        seal: FrameSeal,
        nonce: &Nonce,
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let key = if seal.epoch == self.frame_key.0 {
            self.frame_key.1.clone()
        } else {
            self.bundle.epoch_key(seal.epoch, FRAME_CONTEXT)?
        };
        let payload = Payload {
            msg: sealed,
            aad: &self.associated(seal),
        };
        XChaCha20Poly1305::new((&key.0).into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .ok()
    }

    fn associated(&self, seal: FrameSeal) -> Vec<u8> {
        let mut data = Vec::with_capacity(80);
        data.extend_from_slice(b"entrace/frame/v1");
        data.extend_from_slice(&self.archive.0);
        data.extend_from_slice(&[seal.kind, seal.flags]);
        data.extend_from_slice(&seal.epoch.to_le_bytes());
        data.extend_from_slice(&seal.raw_len.to_le_bytes());
        data.extend_from_slice(&seal.id.0);
        data
    }

    fn subject_key(&self, handle: SubjectHandle) -> Result<Key> {
        let mut keys = self
            .subject_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&handle) {
            return Ok(key.clone());
        }
        let key = self.subjects.key(handle).ok_or(Error::Erased)?;
        if keys.capacity() == 0 {
            // At once: a map that grows leaves unwiped keys behind.
            keys.reserve(MAX_SUBJECT_KEYS);
        }
        if keys.len() < MAX_SUBJECT_KEYS {
            keys.insert(handle, key.clone());
        }
        Ok(key)
    }

    /// Encrypts or decrypts a unit of a person's data in place.
    pub(crate) fn subject_cipher(
        &self,
        handle: SubjectHandle,
        frame_nonce: &Nonce,
        unit: u32,
        bytes: &mut [u8],
    ) -> Result<()> {
        let key = self.subject_key(handle)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(frame_nonce);
        hasher.update(&unit.to_le_bytes());
        let nonce = hasher.finalize();
        XChaCha20::new((&key.0).into(), XNonce::from_slice(&nonce.as_bytes()[..24]))
            .apply_keystream(bytes);
        Ok(())
    }

    /// Seals the keyring: nonce, then ciphertext.
    pub(crate) fn seal_keyring(bundle: &KeyBundle, tree: &KeyTree) -> Vec<u8> {
        let epoch = bundle.current_epoch();
        let key = bundle
            .epoch_key(epoch, KEYRING_CONTEXT)
            .expect("because the epoch is the bundle's own");
        let nonce = Self::random_nonce();
        let plain = tree.encode();
        let payload = Payload {
            msg: &plain,
            aad: &keyring_associated(bundle.archive),
        };
        let sealed = XChaCha20Poly1305::new((&key.0).into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("because a keyring is far below the cipher's limit of 256 GiB");
        let mut out = Vec::with_capacity(40 + sealed.len());
        out.extend_from_slice(KEYRING_MAGIC);
        out.extend_from_slice(&KEYRING_VERSION.to_le_bytes());
        out.extend_from_slice(&epoch.to_le_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    pub(crate) fn open_keyring(bundle: &KeyBundle, bytes: &[u8], place: &str) -> Result<KeyTree> {
        let damaged = |reason: &str| Error::corrupt(place, reason);
        let header = bytes
            .get(..40)
            .ok_or_else(|| damaged("it is shorter than its header"))?;
        if &header[..8] != KEYRING_MAGIC {
            return Err(damaged("it does not start with ENTRKEYS"));
        }
        let word = |at: usize| {
            u32::from_le_bytes(
                header[at..at + 4]
                    .try_into()
                    .expect("because 4 bytes are 4"),
            )
        };
        if word(8) > KEYRING_VERSION {
            return Err(Error::TooNew {
                place: place.to_owned(),
                found: word(8),
                supported: KEYRING_VERSION,
            });
        }
        let key = bundle
            .epoch_key(word(12), KEYRING_CONTEXT)
            .ok_or_else(|| damaged("it names a key epoch the key bundle does not have"))?;
        let payload = Payload {
            msg: &bytes[40..],
            aad: &keyring_associated(bundle.archive),
        };
        let plain = XChaCha20Poly1305::new((&key.0).into())
            .decrypt(XNonce::from_slice(&header[16..40]), payload)
            .map_err(|_| damaged("its seal does not open"))?;
        KeyTree::decode(&plain).map_err(|_| damaged("its content is not a key tree"))
    }
}

const KEYRING_MAGIC: &[u8; 8] = b"ENTRKEYS";
const KEYRING_VERSION: u32 = 1;

fn keyring_associated(archive: ArchiveId) -> Vec<u8> {
    [b"entrace/keyring/v1".as_slice(), &archive.0].concat()
}

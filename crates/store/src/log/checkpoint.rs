//! The signed checkpoint (C2SP tlog-checkpoint in a C2SP signed-note).

use ed25519_dalek::{Signer as _, SigningKey};
use signed_note::{Note, Signer, StandardVerifier, VerifierList, key_id, new_ed25519_verifier_key};
use tlog_tiles::Checkpoint;

use super::Head;
use crate::error::{Error, Result};
use crate::id::ArchiveId;
use crate::keys::KeyBundle;

/// Path of the commit point.
pub(crate) const CHECKPOINT: &str = "log/checkpoint";
/// Algorithm byte of Ed25519 keys in signed notes.
const ED25519: u8 = 1;

/// Signs and verifies the log's checkpoints.
#[derive(Clone)]
pub(crate) struct LogKey {
    origin: String,
    signing: SigningKey,
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogKey({})", self.verifier_key())
    }
}

impl LogKey {
    pub(crate) fn new(archive: ArchiveId, bundle: &KeyBundle) -> Self {
        Self {
            origin: format!("entrace/{archive}"),
            signing: bundle.signing_key(),
        }
    }

    /// The key that verifies, in the form independent tools take.
    pub(crate) fn verifier_key(&self) -> String {
        new_ed25519_verifier_key(&self.origin, &self.signing.verifying_key())
    }

    pub(crate) fn seal(&self, head: Head) -> Result<Vec<u8>> {
        let internal = |e: &dyn std::fmt::Display| {
            Error::Internal(format!("signing the checkpoint failed: {e}"))
        };
        let checkpoint =
            Checkpoint::new(&self.origin, head.size, head.root, "").map_err(|e| internal(&e))?;
        let mut note = Note::new(&checkpoint.to_bytes(), &[]).map_err(|e| internal(&e))?;
        note.add_sigs(&[self as &dyn Signer])
            .map_err(|e| internal(&e))?;
        Ok(note.to_bytes())
    }

    /// The head a checkpoint states, if it is ours, signed by us, and written exactly as we write it.
    pub(crate) fn open(&self, bytes: &[u8]) -> Result<Head> {
        let damaged = |reason: &str| Error::corrupt(CHECKPOINT, reason);
        let note = Note::from_bytes(bytes).map_err(|_| damaged("it is not a signed note"))?;
        let verifier = StandardVerifier::new(&self.verifier_key())
            .map_err(|e| Error::Internal(format!("the log's own key does not parse: {e}")))?;
        note.verify(&VerifierList::new(vec![Box::new(verifier)]))
            .map_err(|_| damaged("it has no valid signature of the archive's key"))?;
        let checkpoint = Checkpoint::from_bytes(note.text())
            .map_err(|_| damaged("its text is not a checkpoint"))?;
        if checkpoint.origin() != self.origin {
            return Err(damaged("it is of another log"));
        }
        let head = Head {
            size: checkpoint.size(),
            root: *checkpoint.hash(),
        };
        // Base64 leaves bits unused: only our own encoding of the same content is accepted.
        if self.seal(head)? == bytes {
            Ok(head)
        } else {
            Err(damaged("it is not written as entrace writes it"))
        }
    }
}

impl Signer for LogKey {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        let key = [
            [ED25519].as_slice(),
            self.signing.verifying_key().as_bytes(),
        ]
        .concat();
        key_id(&self.origin, &key)
    }

    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.signing.sign(message).to_bytes().to_vec())
    }
}

//! Detached signatures as `ssh-keygen -Y sign` makes them, and the keys we take them from.
//!
//! The signature names its key, so a key is looked up after its signature was found good; what it is worth is then
//! decided by who owns it.

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, PublicKey, SshSig};

use super::Refusal;

/// What the signature of an approval is for: `ssh-keygen -Y sign -n entrace-approval`.
pub const NAMESPACE: &str = "entrace-approval";
/// What the signature of a change to the list of approvers is for.
pub const ENROLMENT_NAMESPACE: &str = "entrace-approver";
/// Longest signature, in bytes of its text. That of an RSA key of 16384 bits has 6 kB.
const MAX_BYTES: usize = 16 << 10;
/// Smallest RSA key.
const MIN_RSA_BITS: usize = 2048;
/// Flag of a security key's signature: somebody touched it.
const USER_PRESENT: u8 = 1;
/// What a security key appends to its signature: flags and a counter of four bytes.
const TRAILER: usize = 5;

/// Checks that `armoured` is a signature of exactly these bytes for this purpose, and returns the key that made it.
pub fn verify(
    armoured: &str,
    namespace: &'static str,
    message: &[u8],
) -> Result<PublicKey, Refusal> {
    let unreadable = |reason: &str| Refusal::SignatureFormat {
        reason: reason.to_owned(),
    };
    if armoured.len() > MAX_BYTES {
        return Err(unreadable("it is too long"));
    }
    let signature = SshSig::from_pem(armoured.trim()).map_err(|e| unreadable(&e.to_string()))?;
    if signature.version() != SshSig::VERSION || !signature.reserved().is_empty() {
        return Err(unreadable("it is of a version that is not known here"));
    }
    if signature.namespace() != namespace {
        return Err(Refusal::Namespace {
            found: signature.namespace().to_owned(),
            wanted: namespace,
        });
    }
    let key = PublicKey::from(signature.public_key().clone());
    accept(&key)?;
    if has_trailer(&signature.algorithm()) {
        let bytes = signature.signature_bytes();
        let flags = bytes.len().checked_sub(TRAILER).map(|at| bytes[at]);
        if flags.is_none_or(|flags| flags & USER_PRESENT == 0) {
            return Err(Refusal::NoTouch {
                fingerprint: fingerprint(&key),
            });
        }
    }
    key.verify(namespace, message, &signature)
        .map_err(|_| Refusal::SignatureBad {
            fingerprint: fingerprint(&key),
        })?;
    Ok(key)
}

/// Reads a public key as it stands in an OpenSSH `.pub` file, and refuses what is too weak.
///
/// # Errors
/// [`Refusal::Key`] with the reason.
pub fn public_key(line: &str) -> Result<PublicKey, Refusal> {
    let key = PublicKey::from_openssh(line.trim()).map_err(|error| Refusal::Key {
        key: "what was given".to_owned(),
        reason: format!("it is no OpenSSH public key ({error})"),
    })?;
    accept(&key)?;
    Ok(key)
}

/// The public half of what stands in a key file: a public key, or a private one in OpenSSH's own format, encrypted
/// or not.
///
/// # Errors
/// [`Refusal::Key`] with the reason.
pub fn key_of_file(text: &str) -> Result<PublicKey, Refusal> {
    if !text.trim_start().starts_with("-----BEGIN") {
        return public_key(text);
    }
    let private = PrivateKey::from_openssh(text.trim()).map_err(|error| Refusal::Key {
        key: "what was given".to_owned(),
        reason: format!("it is no OpenSSH private key ({error})"),
    })?;
    let key = private.public_key().clone();
    accept(&key)?;
    Ok(key)
}

/// `SHA256:` and the key's hash, as `ssh-keygen -l` prints it.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The key without its comment: what is compared, and stored.
#[must_use]
pub(super) fn line(key: &PublicKey) -> String {
    PublicKey::from(key.key_data().clone())
        .to_openssh()
        .expect("because a key that was read can be written")
}

fn accept(key: &PublicKey) -> Result<(), Refusal> {
    let refuse = |reason: &str| {
        Err(Refusal::Key {
            key: format!("{} key {}", key.algorithm(), fingerprint(key)),
            reason: reason.to_owned(),
        })
    };
    match key.key_data() {
        KeyData::Ed25519(point) if is_weak(&point.0) => refuse("anybody can sign for it"),
        KeyData::SkEd25519(inner) if is_weak(&inner.public_key().0) => {
            refuse("anybody can sign for it")
        }
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Ecdsa(point) => match point.curve() {
            EcdsaCurve::NistP256 | EcdsaCurve::NistP384 => Ok(()),
            EcdsaCurve::NistP521 => refuse("its curve is not known here"),
        },
        KeyData::Rsa(rsa) => {
            let modulus = rsa.n.as_positive_bytes().unwrap_or_default();
            let zeros = modulus
                .first()
                .map_or(0, |byte| byte.leading_zeros() as usize);
            if modulus.len() * 8 < MIN_RSA_BITS + zeros {
                refuse("it is too short")
            } else {
                Ok(())
            }
        }
        _ => refuse("its algorithm is not known here, or broken"),
    }
}

/// Whether a point is one of the few for which signatures fit any message.
fn is_weak(point: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(point).map_or(true, |key| key.is_weak())
}

fn has_trailer(algorithm: &Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256
    )
}

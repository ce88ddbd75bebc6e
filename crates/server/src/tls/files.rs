//! PEM files.

use std::path::Path;
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsOptions;
use crate::error::{Error, Result};

/// What tells files from those that stood there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark([Option<(SystemTime, u64)>; 2]);

impl Mark {
    pub(super) fn of(options: &TlsOptions) -> Self {
        let mark = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self([mark(&options.certificate), mark(&options.key)])
    }
}

/// The certificates of a file, in its order.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = std::fs::read(path).map_err(|error| Error::file(path, error))?;
    let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match read {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(Error::Invalid(format!(
            "{}: there is no certificate in it, in PEM",
            path.display()
        ))),
        Err(error) => Err(Error::Invalid(format!("{}: {error}", path.display()))),
    }
}

/// The private key of a file: PKCS #8, PKCS #1 or SEC 1.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let failed = |error| Error::file(path, error);
    refuse_if_others_read(path, &std::fs::metadata(path).map_err(failed)?)?;
    let text = zeroize::Zeroizing::new(std::fs::read(path).map_err(failed)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        Error::Invalid(format!(
            "{}: there is no private key in it that can be used without a passphrase, in PEM",
            path.display()
        ))
    })
}

#[cfg(unix)]
fn refuse_if_others_read(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    let for_others = mode % 0o10;
    if for_others == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Error::Invalid(format!(
        "{path}: mode {mode:04o} lets everybody read the private key; close it with: chmod 600 {path}"
    )))
}

#[cfg(not(unix))]
fn refuse_if_others_read(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

use std::path::Path;

use super::*;

/// Self-signed for localhost, until 2126. They prove nothing to anybody.
const FIRST: [&str; 2] = [
    include_str!("data/first.crt"),
    include_str!("data/first.key"),
];
const SECOND: [&str; 2] = [
    include_str!("data/second.crt"),
    include_str!("data/second.key"),
];

fn put(folder: &Path, certificate: &str, key: &str) -> TlsOptions {
    let options = TlsOptions {
        certificate: folder.join("server.crt"),
        key: folder.join("server.key"),
    };
    std::fs::write(&options.certificate, certificate).expect("because it is ours");
    std::fs::write(&options.key, key).expect("because it is ours");
    close(&options.key, 0o600);
    options
}

#[cfg(unix)]
fn close(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("because it is ours");
}

#[cfg(not(unix))]
fn close(_: &Path, _: u32) {}

#[test]
fn a_renewed_certificate_is_taken_and_a_wrong_one_is_not() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let options = put(folder.path(), FIRST[0], FIRST[1]);
    let mut tls = Tls::load(options)?;
    let first = tls.config().get_inner();
    assert_eq!(first.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    assert!(!tls.renew()?, "nothing has changed");

    // Half of the renewal has happened.
    put(folder.path(), &format!("{}\n", SECOND[0]), FIRST[1]);
    assert!(tls.renew().is_err());
    assert!(
        Arc::ptr_eq(&first, &tls.config().get_inner()),
        "the old one stays"
    );
    put(folder.path(), &format!("{}\n", SECOND[0]), SECOND[1]);
    assert!(tls.renew()?);
    assert!(!Arc::ptr_eq(&first, &tls.config().get_inner()));
    assert!(!tls.renew()?);
    Ok(())
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let refused = |certificate: &str, key: &str| {
        let options = put(folder.path(), certificate, key);
        let refused = Tls::load(options).expect_err("because it cannot be used");
        refused.to_string()
    };
    assert!(refused("", FIRST[1]).contains("server.crt: there is no certificate"));
    assert!(refused("-----BEGIN CERTIFICATE-----\n!\n", FIRST[1]).contains("server.crt"));
    assert!(refused(FIRST[0], FIRST[0]).contains("server.key: there is no private key"));
    assert!(refused(FIRST[0], SECOND[1]).contains("cannot be used together"));
    let mut options = put(folder.path(), FIRST[0], FIRST[1]);
    #[cfg(unix)]
    {
        close(&options.key, 0o644);
        let refused = Tls::load(options.clone()).expect_err("because all can read the key");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    options.key = folder.path().join("absent.key");
    let refused = Tls::load(options).expect_err("because there is none");
    assert!(refused.to_string().contains("absent.key"), "{refused}");
}

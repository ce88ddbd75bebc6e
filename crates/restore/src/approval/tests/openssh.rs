//! Stock OpenSSH as the judge of what we take, and we of what it makes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;

use super::*;

/// A folder, where there is an `ssh-keygen` to fill it.
fn workshop() -> Option<tempfile::TempDir> {
    let is_there = Command::new("ssh-keygen").arg("-?").output().is_ok();
    if !is_there {
        assert!(
            std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
            "ssh-keygen is not installed"
        );
        eprintln!("SKIPPED: ssh-keygen is not installed, so no stock OpenSSH was asked");
        return None;
    }
    Some(tempfile::tempdir().expect("because there is a temporary folder"))
}

fn ssh_keygen(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let given = folder.join("input");
    std::fs::write(&given, input).expect("because the disk works");
    Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .stdin(std::fs::File::open(&given).expect("because it was just written"))
        .stderr(Stdio::piped())
        .output()
        .expect("because it was just found")
}

/// A key that stock `ssh-keygen` made: the file of its private half.
fn made(folder: &Path, name: &str, kind: &[&str]) -> PathBuf {
    let mut arguments = vec!["-q", "-N", "", "-C", "somebody@somewhere", "-f", name];
    arguments.extend(kind);
    let output = ssh_keygen(folder, &arguments, "");
    assert!(output.status.success(), "{output:?}");
    folder.join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("because ssh-keygen wrote it")
}

fn signed_by_stock(folder: &Path, key: &Path, namespace: &str, text: &str) -> String {
    let key = key.to_str().expect("because the path is UTF-8");
    let output = ssh_keygen(folder, &["-Y", "sign", "-n", namespace, "-f", key], text);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("because a signature is ASCII")
}

/// Whether stock `ssh-keygen -Y verify` accepts it, with the file of allowed signers that we print.
fn stock_accepts(folder: &Path, approvers: &Approvers, approval: &Approval, who: &str) -> bool {
    let signers = approvers.to_allowed_signers();
    std::fs::write(folder.join("allowed_signers"), signers).expect("because the disk works");
    std::fs::write(folder.join("sig"), &approval.signature).expect("because the disk works");
    let arguments = [
        "-Y",
        "verify",
        "-n",
        NAMESPACE,
        "-f",
        "allowed_signers",
        "-I",
        who,
        "-s",
        "sig",
    ];
    ssh_keygen(folder, &arguments, &approval.statement)
        .status
        .success()
}

#[test]
fn keys_of_every_type_approve_and_stock_openssh_agrees() -> Result<()> {
    let Some(workshop) = workshop() else {
        return Ok(());
    };
    let folder = workshop.path();
    let kinds: [(&str, &[&str]); 5] = [
        ("ed25519", &["-t", "ed25519"]),
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("rsa2048", &["-t", "rsa", "-b", "2048"]),
        ("rsa3072", &["-t", "rsa", "-b", "3072"]),
    ];
    for (name, kind) in kinds {
        let file = made(folder, name, kind);
        let public = key_of_file(&read(&file.with_extension("pub")))?;
        assert_eq!(key_of_file(&read(&file))?.key_data(), public.key_data());
        let mut scene = Scene::new();
        scene.approvers = Approvers::from_list(vec![Approver::new(name, name, &[], &public)?]);
        let plan = own_plan(&scene);
        let statement = Statement::new(&plan, name, hours(1), HOUR).text();
        let approval = Approval {
            signature: signed_by_stock(folder, &file, NAMESPACE, &statement),
            statement,
            received_at: hours(1),
        };
        assert!(
            stock_accepts(folder, &scene.approvers, &approval, name),
            "{name}"
        );
        scene.run(&plan, &approval, hours(1))?;

        let mut changed = approval.clone();
        changed.statement = changed.statement.replace("execute", "Execute");
        assert!(!stock_accepts(folder, &scene.approvers, &changed, name));
        let mut other = approval;
        other.signature = signed_by_stock(folder, &file, "file", &other.statement);
        assert!(!stock_accepts(folder, &scene.approvers, &other, name));
        assert_eq!(
            code(scene.run(&plan, &other, hours(1))),
            "signature_namespace"
        );
    }
    Ok(())
}

#[test]
fn stock_openssh_accepts_what_our_tests_sign() -> Result<()> {
    let Some(workshop) = workshop() else {
        return Ok(());
    };
    let scene = Scene::new();
    let plan = own_plan(&scene);
    let approval = approval(&plan, BOB, hours(1));
    assert!(stock_accepts(
        workshop.path(),
        &scene.approvers,
        &approval,
        "bob"
    ));
    assert!(!stock_accepts(
        workshop.path(),
        &scene.approvers,
        &approval,
        "carol"
    ));
    let without_bob = revoked(&scene.approvers, "bob");
    assert!(!stock_accepts(
        workshop.path(),
        &without_bob,
        &approval,
        "bob"
    ));
    Ok(())
}

#[test]
fn weak_keys_of_stock_openssh_are_refused() {
    let Some(workshop) = workshop() else {
        return;
    };
    let kinds: [(&str, &[&str]); 2] = [
        ("rsa1024", &["-t", "rsa", "-b", "1024"]),
        ("p521", &["-t", "ecdsa", "-b", "521"]),
    ];
    for (name, kind) in kinds {
        let file = made(workshop.path(), name, kind);
        let refusal = key_of_file(&read(&file.with_extension("pub")));
        let refusal = refusal.expect_err("because it is not accepted");
        assert_eq!(refusal.code(), "key_refused", "{name}");
        let signature = signed_by_stock(workshop.path(), &file, NAMESPACE, "text");
        let refusal = verify(&signature, NAMESPACE, b"text");
        let refusal = refusal.expect_err("because the key is not accepted");
        assert!(["key_refused", "signature_malformed"].contains(&refusal.code()));
    }
}

/// Bytes with their length in front, as SSH writes texts.
fn text(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("because it is short");
    [&length.to_be_bytes(), bytes].concat()
}

/// A signature file of a security key, put together as PROTOCOL.sshsig and PROTOCOL.u2f say. `sign` signs what such
/// a key signs.
fn security_key(
    algorithm: &str,
    public: &[u8],
    flags: u8,
    message: &str,
    sign: impl Fn(&[u8]) -> Vec<u8>,
) -> String {
    let digest = |bytes: &[u8]| HashAlg::Sha256.digest(bytes);
    let hash = HashAlg::Sha512.digest(message.as_bytes());
    let signed_data = [
        b"SSHSIG".as_slice(),
        &text(NAMESPACE.as_bytes()),
        &text(b""),
        &text(b"sha512"),
        &text(&hash),
    ]
    .concat();
    let counter = 7u32.to_be_bytes();
    let by_key = [
        &digest(b"ssh:")[..],
        &[flags],
        &counter,
        &digest(&signed_data),
    ]
    .concat();
    let signature = [
        text(algorithm.as_bytes()),
        text(&sign(&by_key)),
        vec![flags],
        counter.to_vec(),
    ]
    .concat();
    let file = [
        b"SSHSIG".as_slice(),
        &1u32.to_be_bytes(),
        &text(public),
        &text(NAMESPACE.as_bytes()),
        &text(b""),
        &text(b"sha512"),
        &text(&signature),
    ]
    .concat();
    let mut armoured = "-----BEGIN SSH SIGNATURE-----\n".to_owned();
    for line in STANDARD.encode(file).as_bytes().chunks(70) {
        armoured.push_str(&String::from_utf8_lossy(line));
        armoured.push('\n');
    }
    armoured.push_str("-----END SSH SIGNATURE-----\n");
    armoured
}

#[test]
fn security_keys_approve_only_when_they_were_touched() -> Result<()> {
    let workshop = workshop();
    let inner = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let ed25519_public = [
        text(b"sk-ssh-ed25519@openssh.com"),
        text(inner.verifying_key().as_bytes()),
        text(b"ssh:"),
    ]
    .concat();
    let by_ed25519 = |bytes: &[u8]| inner.sign(bytes).to_bytes().to_vec();
    check_security_key(
        workshop.as_ref().map(tempfile::TempDir::path),
        "sk-ssh-ed25519@openssh.com",
        &ed25519_public,
        by_ed25519,
    )?;

    // A key on P-256 comes from stock OpenSSH.
    let Some(workshop) = workshop else {
        return Ok(());
    };
    let file = made(workshop.path(), "p256", &["-t", "ecdsa", "-b", "256"]);
    let private = PrivateKey::from_openssh(read(&file)).expect("because ssh-keygen made it");
    let point = private
        .public_key()
        .key_data()
        .ecdsa()
        .map(|key| key.as_sec1_bytes().to_vec());
    let ecdsa_public = [
        text(b"sk-ecdsa-sha2-nistp256@openssh.com"),
        text(b"nistp256"),
        text(&point.expect("because it is on a curve")),
        text(b"ssh:"),
    ]
    .concat();
    let by_ecdsa = |bytes: &[u8]| {
        let signature: ssh_key::Signature = private.try_sign(bytes).expect("because it can");
        signature.as_bytes().to_vec()
    };
    check_security_key(
        Some(workshop.path()),
        "sk-ecdsa-sha2-nistp256@openssh.com",
        &ecdsa_public,
        by_ecdsa,
    )
}

fn check_security_key(
    folder: Option<&Path>,
    algorithm: &str,
    public: &[u8],
    sign: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<()> {
    let key = PublicKey::from_bytes(public).expect("because it is well formed");
    let mut scene = Scene::new();
    scene.approvers = Approvers::from_list(vec![Approver::new("bob", "Bob", &[], &key)?]);
    let plan = own_plan(&scene);
    let statement = Statement::new(&plan, "bob", hours(1), HOUR).text();
    let approval = |flags: u8| Approval {
        signature: security_key(algorithm, public, flags, &statement, &sign),
        statement: statement.clone(),
        received_at: hours(1),
    };
    if let Some(folder) = folder {
        assert!(
            stock_accepts(folder, &scene.approvers, &approval(1), "bob"),
            "{algorithm}"
        );
    }
    assert_eq!(
        code(scene.run(&plan, &approval(0), hours(1))),
        "key_not_touched"
    );
    let mut forged = approval(1);
    forged.statement = Statement::new(&plan, "bob", hours(1), HOUR).text();
    assert_eq!(code(scene.run(&plan, &forged, hours(1))), "signature_bad");
    scene.run(&plan, &approval(1), hours(1))?;
    Ok(())
}

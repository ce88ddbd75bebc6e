//! Keys and signatures that somebody made up, and texts with random damage.

use proptest::prelude::*;

use super::*;

#[test]
fn weak_and_unknown_keys_are_refused() {
    // The neutral element of the curve: its signatures fit any message.
    let mut weak = vec![0, 0, 0, 11];
    weak.extend(b"ssh-ed25519");
    weak.extend([0, 0, 0, 32, 1]);
    weak.extend([0; 31]);
    let weak = ssh_key::PublicKey::from_bytes(&weak)
        .and_then(|key| key.to_openssh())
        .expect("because it is well formed");
    let p521 = "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHzEmJnLUx8dXcnyBjQ0GMm+0nQHTtsGQ4ChMgEZlTX6CHe6qbUmpmvpwnlfRWyRVQcTVTuyfQ1HY2Svzsh9pF8LwAFTNxQnp1jR6iFjJD3VCTr0dQUx8ofGCxM3aQBgfVOuGJBHmmPaqNKrMXvNG6HYLdpUcl6LWmgGjMmtWcMyAHLEQ==";
    for line in [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "-----BEGIN",
        &weak,
        p521,
    ] {
        let refusal = public_key(line).expect_err("because it is not accepted");
        assert_eq!(refusal.code(), "key_refused", "{line}");
    }
}

#[test]
fn a_signature_of_another_key_or_message_is_bad() {
    let text = "text";
    let good = sign(&key(1), NAMESPACE, text);
    let found = verify(&good, NAMESPACE, text.as_bytes()).expect("because it is good");
    assert_eq!(fingerprint(&found), fingerprint(key(1).public_key()));
    let crlf = good.replace('\n', "\r\n");
    verify(&crlf, NAMESPACE, text.as_bytes()).expect("because only line ends differ");
    let bad = verify(&good, NAMESPACE, b"texT").expect_err("because the text differs");
    assert_eq!(bad.code(), "signature_bad");
    let long = "x".repeat(20_000);
    let bad = verify(&long, NAMESPACE, b"").expect_err("because it is no signature");
    assert_eq!(bad.code(), "signature_malformed");
}

/// A text with some bytes replaced, removed and doubled.
fn damaged(text: &str, changes: &[(usize, u8, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for &(at, kind, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 3 {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No damage to a statement leaves the approval good, and none ends in a panic.
    #[test]
    fn damaged_statements_do_not_count(changes in changes()) {
        let archive = archive();
        let plan = plan(&archive, 1);
        let mut approval = approval(&plan, BOB, hours(1));
        let whole = approval.statement.clone();
        approval.statement = damaged(&whole, &changes);
        prop_assume!(approval.statement != whole);
        let (approvers, policy) = (approvers(), policy());
        let judge = Judge { approvers: &approvers, policy: &policy, now: hours(1) };
        let verdict = judge.verdict(&plan, &[approval], &Default::default());
        prop_assert!(!verdict.is_approved());
        prop_assert_eq!(verdict.refused.len(), 1);
    }

    /// A damaged signature is refused, or it is the same signature in other characters.
    #[test]
    fn damaged_signatures_do_not_count(changes in changes()) {
        let text = "text";
        let whole = sign(&key(1), NAMESPACE, text);
        let signature = damaged(&whole, &changes);
        if let Ok(key_found) = verify(&signature, NAMESPACE, text.as_bytes()) {
            prop_assert_eq!(fingerprint(&key_found), fingerprint(key(1).public_key()));
            prop_assert!(
                ssh_key::SshSig::from_pem(signature.trim()).ok()
                    == ssh_key::SshSig::from_pem(&whole).ok()
            );
        }
    }

    /// A damaged plan file is refused: every approval of it is void.
    #[test]
    fn damaged_plans_are_refused(changes in changes()) {
        let plan = plan(&archive(), 2);
        let whole = plan.to_file();
        let file = damaged(&whole, &changes);
        if let Ok(read) = Plan::from_file("p.json", file.as_bytes()) {
            // White space between the members is no content.
            prop_assert_eq!(read, plan);
        }
    }

    #[test]
    fn damaged_files_of_allowed_signers_end_in_an_answer(changes in changes()) {
        let text = approvers().to_allowed_signers();
        let _ = Approvers::from_allowed_signers("signers", damaged(&text, &changes).as_bytes());
    }
}

//! The list of approvers an archive keeps.

use super::*;

fn add(archive: &Archive, who: Approver, signer: Option<u8>, now: Timestamp) -> Result<()> {
    change(archive, Change::Add(Box::new(who)), signer, now)
}

fn change(archive: &Archive, change: Change, signer: Option<u8>, now: Timestamp) -> Result<()> {
    let (enrolment, _) = Approvers::propose(archive, change, now)?;
    let text = enrolment.text();
    let signature = signer.map(|seed| sign(&key(seed), ENROLMENT_NAMESPACE, &text));
    Approvers::enter(archive, &text, signature.as_deref(), now).map(drop)
}

fn revoke(name: &str, seed: u8) -> Change {
    let fingerprint = fingerprint(key(seed).public_key());
    Change::Revoke {
        name: name.to_owned(),
        fingerprint,
    }
}

#[test]
fn the_first_is_believed_and_everybody_after_needs_a_signature() -> Result<()> {
    let archive = archive();
    assert_eq!(Approvers::of(&archive)?.list(), []);
    add(&archive, approver("bob", "Bob", &[], 3), None, hours(0))?;
    let carol = || approver("carol", "Carol", &[], 4);
    let alone = add(&archive, carol(), None, hours(1));
    assert!(matches!(alone, Err(Error::Invalid(text)) if text.contains("signature")));
    let own = add(&archive, carol(), Some(4), hours(1));
    assert_eq!(code(own), "approver_unknown");
    // An approval's signature is for approvals.
    let (enrolment, needs_signature) =
        Approvers::propose(&archive, Change::Add(Box::new(carol())), hours(1))?;
    assert!(needs_signature);
    let text = enrolment.text();
    let misused = sign(&key(3), NAMESPACE, &text);
    let entered = Approvers::enter(&archive, &text, Some(&misused), hours(1));
    assert_eq!(code(entered), "signature_namespace");
    add(&archive, carol(), Some(3), hours(1))?;

    let names = |approvers: &Approvers| -> Vec<String> {
        approvers.list().iter().map(|a| a.name.clone()).collect()
    };
    assert_eq!(names(&Approvers::of(&archive)?), ["bob", "carol"]);
    // A key is in the list once, so that nobody is two persons.
    let second = add(
        &archive,
        approver("carola", "Carola", &[], 4),
        Some(3),
        hours(1),
    );
    assert!(matches!(second, Err(Error::Invalid(_))));

    change(&archive, revoke("bob", 3), Some(4), hours(2))?;
    let bob = Approvers::of(&archive)?.list()[0].revoked_at;
    assert_eq!(bob, Some(hours(2)));
    let dora = || approver("dora", "Dora", &[], 5);
    assert_eq!(
        code(add(&archive, dora(), Some(3), hours(3))),
        "approver_revoked"
    );
    let last = change(&archive, revoke("carol", 4), Some(4), hours(3));
    assert!(matches!(last, Err(Error::Invalid(text)) if text.contains("last")));
    let nobody = change(&archive, revoke("eve", 9), Some(4), hours(3));
    assert!(matches!(nobody, Err(Error::NotFound(_))));
    add(&archive, dora(), Some(4), hours(3))
}

#[test]
fn a_list_that_was_tampered_with_is_not_believed() -> Result<()> {
    let archive = archive();
    add(&archive, approver("bob", "Bob", &[], 3), None, hours(0))?;
    add(
        &archive,
        approver("carol", "Carol", &[], 4),
        Some(3),
        hours(1),
    )?;
    let name = |number: u32| format!("approvers/{number:08}");
    let read = |number: u32| {
        archive
            .read_paper(&name(number))
            .map(Option::unwrap_or_default)
    };
    let (first, second) = (read(1)?, read(2)?);

    // Somebody who can write papers puts their own key into the second entry.
    let eve = public(&key(9));
    let carol = public(&key(4));
    let carol = carol.split(' ').nth(1).unwrap_or_default();
    let forged = String::from_utf8_lossy(&second)
        .replace(carol, eve.split(' ').nth(1).unwrap_or_default())
        .replace(
            &fingerprint(key(4).public_key()),
            &fingerprint(key(9).public_key()),
        );
    assert_ne!(forged.as_bytes(), second);
    archive.write_paper(&name(2), forged.as_bytes())?;
    assert_eq!(code(Approvers::of(&archive)), "approvers_broken");
    // Or adds one without a signature, or leaves one out, or swaps two.
    archive.write_paper(&name(2), &second)?;
    Approvers::of(&archive)?;
    archive.write_paper(&name(3), &second)?;
    assert_eq!(code(Approvers::of(&archive)), "approvers_broken");
    archive.storage().delete(&format!("papers/{}", name(3)))?;
    archive.write_paper(&name(1), &second)?;
    assert_eq!(code(Approvers::of(&archive)), "approvers_broken");
    archive.storage().delete(&format!("papers/{}", name(1)))?;
    assert_eq!(code(Approvers::of(&archive)), "approvers_broken");
    archive.write_paper(&name(1), &first)?;
    assert_eq!(Approvers::of(&archive)?.list().len(), 2);
    Ok(())
}

#[test]
fn a_change_that_was_overtaken_is_made_anew() -> Result<()> {
    let archive = archive();
    add(&archive, approver("bob", "Bob", &[], 3), None, hours(0))?;
    let late = Change::Add(Box::new(approver("carol", "Carol", &[], 4)));
    let (enrolment, _) = Approvers::propose(&archive, late, hours(1))?;
    add(
        &archive,
        approver("dora", "Dora", &[], 5),
        Some(3),
        hours(1),
    )?;
    let text = enrolment.text();
    let signature = sign(&key(3), ENROLMENT_NAMESPACE, &text);
    let entered = Approvers::enter(&archive, &text, Some(&signature), hours(2));
    assert!(matches!(entered, Err(Error::Invalid(text)) if text.contains("meanwhile")));
    // Nor is one of another archive taken.
    let elsewhere = super::archive();
    let entered = Approvers::enter(&elsewhere, &text, Some(&signature), hours(2));
    assert!(matches!(entered, Err(Error::Invalid(_))));
    Ok(())
}

#[test]
fn allowed_signers_are_read_as_openssh_does() -> Result<()> {
    let (bob, carol, eve) = (public(&key(3)), public(&key(4)), public(&key(9)));
    let text = format!(
        "# who may approve\n\n\
         bob,bob-adm@contoso.example {bob} a comment\n\
         carol namespaces=\"git,{NAMESPACE}\",valid-after=\"20261101\",valid-before=\"20261231235959Z\" {carol}\n\
         eve namespaces=\"git\" {eve}\n"
    );
    let read = Approvers::from_allowed_signers("signers", text.as_bytes())?;
    let names: Vec<&str> = read.list().iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["bob", "carol"]);
    assert_eq!(read.list()[0].accounts, ["bob-adm@contoso.example"]);
    let until = "2026-12-31T23:59:59Z".parse().ok();
    assert_eq!(read.list()[1].valid_until, until);

    let written = read.to_allowed_signers();
    let again = Approvers::from_allowed_signers("signers", written.as_bytes())?;
    assert_eq!(again.list()[1].key, read.list()[1].key);
    assert_eq!(again.list()[1].valid_until, until);

    for (line, words) in [
        (format!("* {bob}"), "patterns"),
        (format!("bob cert-authority {bob}"), "certificates"),
        (format!("bob colour=\"red\" {bob}"), "no option"),
        (format!("bob valid-after=\"soon\" {bob}"), "no time"),
        ("bob".to_owned(), "signers:1:"),
        (format!("bob {bob}\nrob {bob}"), "signers:2: the key stands"),
        (format!("b;b {bob}"), "cannot name an approver"),
    ] {
        let Err(Error::Invalid(message)) =
            Approvers::from_allowed_signers("signers", line.as_bytes())
        else {
            panic!("{line} was taken");
        };
        assert!(message.contains(words), "{message}");
    }
    assert!(Approvers::from_allowed_signers("signers", b"\xff").is_err());
    Ok(())
}

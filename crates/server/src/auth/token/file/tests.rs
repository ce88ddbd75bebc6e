use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("because it is a time of this century")
}

fn reader() -> Grants {
    Grants(vec![
        "reader@contoso".parse().expect("because it is a grant"),
    ])
}

#[test]
fn a_token_is_good_until_it_ends_or_is_taken_back() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let file = TokenFile::new(folder.path());
    let stranger = TokenSecret::new();
    assert_eq!(file.verify(&stranger, at(0))?, Err(Refused::Unknown));
    let (secret, made) = file.create("grafana", reader(), Some(at(100)), at(1))?;
    let found = file.verify(&secret, at(99))?.expect("because it is good");
    assert_eq!((found.name.as_str(), &found.grants), ("grafana", &reader()));
    assert_eq!(file.verify(&secret, at(100))?, Err(Refused::Expired));
    assert_eq!(file.verify(&stranger, at(2))?, Err(Refused::Unknown));

    // Another process takes it back: the server notices.
    let other = TokenFile::new(folder.path());
    other.revoke(&made.id.as_str()[..4], at(50))?;
    assert_eq!(file.verify(&secret, at(60))?, Err(Refused::Revoked));
    assert_eq!(other.revoke("grafana", at(70))?.revoked_at, Some(at(50)));
    assert!(!file.has_active(at(60))?);
    Ok(())
}

#[test]
fn what_is_kept_does_not_open_anything() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let file = TokenFile::new(folder.path());
    let (secret, _) = file.create("one", reader(), None, at(1))?;
    file.verify(&secret, at(2))?.expect("because it is good");
    for entry in std::fs::read_dir(folder.path())
        .expect("because it is there")
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).expect("because it is text");
        assert!(!text.contains(&secret.expose()[8..30]), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = entry
                .metadata()
                .expect("because it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
        }
    }
    Ok(())
}

#[test]
fn names_are_unique_among_good_tokens_and_uses_are_noted() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let file = TokenFile::new(folder.path());
    let (first, _) = file.create("ci", reader(), Some(at(10)), at(1))?;
    assert!(file.create("ci", reader(), None, at(2)).is_err());
    let (second, _) = file.create("ci", reader(), None, at(11))?;
    file.verify(&first, at(9))?.expect("because it is good");
    file.verify(&second, at(12))?.expect("because it is good");
    file.verify(&second, at(13))?.expect("because it is good");
    let uses = |file: &TokenFile| -> Result<Vec<Option<Timestamp>>> {
        Ok(file.list()?.into_iter().map(|(_, used)| used).collect())
    };
    assert_eq!(uses(&file)?, [Some(at(9)), None], "noted once a minute");
    file.write_uses()?;
    assert_eq!(uses(&file)?, [Some(at(9)), Some(at(13))]);
    // Of two tokens of that name the good one is meant.
    assert_eq!(file.revoke("ci", at(14))?.id, TokenId::of(&second.hash()));
    assert!(file.revoke("cd", at(14)).is_err());
    for name in ["", " ", "a\nb", &"x".repeat(101)] {
        assert!(
            file.create(name, reader(), None, at(15)).is_err(),
            "{name:?}"
        );
    }
    assert!(
        file.create("none", Grants::default(), None, at(15))
            .is_err()
    );
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_gives_no_rights() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let file = TokenFile::new(folder.path());
    let (secret, _) = file.create("one", reader(), None, at(1))?;
    let path = folder.path().join(NAME);
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(&path, open).expect("because it is ours");
    let refused = file
        .verify(&secret, at(2))
        .expect_err("because others could write it");
    assert!(refused.to_string().contains("chmod"), "{refused}");
    Ok(())
}

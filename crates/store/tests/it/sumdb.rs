//! The log as an independent program sees it: Go's `sumdb` packages (Debian: `golang-1.19-go` and
//! `golang-golang-x-mod-dev`) verify signature, inclusion and consistency.

use std::process::Command;
use std::sync::Arc;

use store::{Closing, LocalStorage, Storage};

use crate::support::{Objects, State, create, hour, write, writer};

/// Go itself, where it is installed.
fn go() -> Option<&'static str> {
    ["go", "/usr/lib/go-1.19/bin/go"]
        .into_iter()
        .find(|go| Command::new(go).arg("version").output().is_ok())
}

#[test]
fn go_s_sumdb_accepts_the_log() {
    let Some(go) = go() else {
        assert!(
            std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
            "Go is not installed"
        );
        eprintln!("SKIPPED: Go is not installed, so no independent program has verified the log");
        return;
    };
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let root = folder.path().join("a");
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(&root));
    create(&storage);
    let mut open = writer(&storage);
    for version in 0..4i64 {
        let objects = Objects::from([("1".to_owned(), format!("{{\"v\":{version}}}"))]);
        let state = State::from([("group".to_owned(), objects)]);
        write(&mut open, hour(version), &state, Closing::Unseen).expect("because the disk works");
    }
    // More than one tile: tags are the cheapest acts.
    for n in 0..265 {
        open.tag(&format!("t{n}"), Some(1))
            .expect("because the disk works");
    }
    let key = open.archive().log_key();
    drop(open);
    let program = crate::format::package().join("tests/sumdb/main.go");
    let output = Command::new(go)
        .arg("run")
        .args([program.as_path(), &root])
        .arg(&key)
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", folder.path().join("cache"))
        .output()
        .expect("because Go was just run");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(said, "270 leaves, 539 proofs\n");
}

//! `auth setup`: the least an app needs, as scripts that can be run.

use std::process::Command;

use serde_json::Value;

use crate::programs::{Place, command};

fn printed(place: &Place, arguments: &[&str]) -> String {
    let mut all = vec!["auth", "setup"];
    all.extend(arguments);
    let run = place.run_with(&[], &all);
    assert_eq!(run.code, Some(0), "{all:?}: {}", run.stderr);
    run.stdout
}

fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn every_form_names_every_permission_and_the_default_can_change_nothing() {
    let place = Place::new();
    let all: Value =
        serde_json::from_str(&printed(&place, &["--json"])).expect("because it is JSON");
    let needed = all["application_permissions"]
        .as_array()
        .expect("because it is a list");
    assert!(needed.len() > 20, "{all}");
    for need in needed {
        assert_eq!(need["writes"], false, "{need}");
        let kinds = need["kinds"].as_array().map_or(0, Vec::len)
            + need["hidden_parts_of"].as_array().map_or(0, Vec::len);
        assert!(kinds > 0, "{need}");
    }
    for way in ["az", "pwsh", "portal"] {
        let text = printed(&place, &["--print", way]);
        for need in needed {
            let name = need["permission"]
                .as_str()
                .expect("because a permission is text");
            assert!(text.contains(name), "{way} lacks {name}");
        }
    }
}

#[test]
fn scripts_are_well_formed_whatever_the_app_proves_itself_with() {
    let place = Place::new();
    let federated = [
        "--federated",
        "--issuer",
        "https://token.example",
        "--subject",
        "repo:a/b:ref:refs/heads/main",
    ];
    for proof in [
        &["--certificate"][..],
        &["--secret"],
        &federated,
        &["--multi-tenant"],
    ] {
        let mut arguments = vec!["--kinds", "user,@policies", "--print", "az"];
        arguments.extend(proof);
        place.write("setup.sh", &printed(&place, &arguments));
        let checked = command("sh", place.folder.path())
            .args(["-n", "setup.sh"])
            .output();
        let checked = checked.expect("because there is a shell");
        assert!(
            checked.status.success(),
            "{proof:?}: {}",
            String::from_utf8_lossy(&checked.stderr)
        );
        if is_there("shellcheck") {
            let checked = command("shellcheck", place.folder.path())
                .arg("setup.sh")
                .output();
            let checked = checked.expect("because it is there");
            assert!(
                checked.status.success(),
                "{proof:?}: {}",
                String::from_utf8_lossy(&checked.stdout)
            );
        }
    }
}

/// A stand-in for the Azure CLI writes down what it is asked for; the permissions come out as ids.
#[test]
fn the_script_looks_ids_up_and_leaves_out_what_is_not_offered() {
    let place = Place::new();
    place.write(
        "setup.sh",
        &printed(
            &place,
            &[
                "--kinds",
                "user_manager,group_member",
                "--print",
                "az",
                "--secret",
                "-t",
                "north",
            ],
        ),
    );
    place.write(
        "az",
        r#"#!/bin/sh
printf '%s ' "$@" >>calls; echo >>calls
case "$*" in
"account show"*) echo tenant-id ;;
"ad app create"*) echo app-id ;;
"ad sp show"*) printf 'User.Read.All\tid-of-user-read\nSome.Other\tother-id\n' ;;
*"credential reset"*) echo the-secret ;;
esac
"#,
    );
    place.write("sleep", "#!/bin/sh\n");
    for name in ["az", "sleep"] {
        let made = command("chmod", place.folder.path())
            .args(["+x", name])
            .status();
        assert!(made.is_ok_and(|status| status.success()));
    }
    let folder = place.folder.path().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))
        .expect("because folders have no colons");
    let output = command("sh", place.folder.path())
        .env("PATH", path)
        .arg("setup.sh")
        .output()
        .expect("because there is a shell");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{err}");
    assert!(
        err.contains("GroupMember.Read.All is not offered here: left out"),
        "{err}"
    );
    let calls = std::fs::read_to_string(place.path("calls")).expect("because az was called");
    assert!(
        calls.contains("--api-permissions id-of-user-read=Role --only"),
        "{calls}"
    );
    assert!(calls.contains("admin-consent --id app-id"), "{calls}");
    // What it prints for the configuration file is a configuration, and the secret is not in it.
    assert!(!out.contains("the-secret"), "{out}");
    let start = out
        .find("[tenants.north]")
        .expect("because it prints a configuration");
    let end = out
        .find("\n\nThen see")
        .expect("because it says how to go on");
    place.write("entrace.toml", &out[start..end]);
    let run = place.run_with(&[], &["config", "validate"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let secret =
        std::fs::read_to_string(place.path("north.secret")).expect("because it was written");
    assert_eq!(secret.trim(), "the-secret");
}

#[test]
fn what_cannot_be_set_up_is_refused() {
    let place = Place::new();
    for (arguments, words) in [
        (&["--kinds", "usr"][..], "did you mean user?"),
        (&["--print", "magic"], "magic"),
        (&["--federated"], "--issuer"),
        (
            &["--federated", "--issuer", "http://x", "--subject", "y"],
            "https",
        ),
        (
            &["--federated", "--issuer", "https://x", "--subject", "a'b"],
            "quotation",
        ),
        (&["--secret", "--certificate"], "cannot be used with"),
        (&["--name", "a$(b)"], "cannot name an app"),
    ] {
        let mut all = vec!["auth", "setup"];
        all.extend(arguments);
        let run = place.run_with(&[], &all);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(
            run.stderr.contains(words),
            "{arguments:?} says: {}",
            run.stderr
        );
    }
}

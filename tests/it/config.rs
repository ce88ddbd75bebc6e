//! Configuration files, profiles and variables: what they come to, and what is said where they are wrong.

use serde_json::Value;

use crate::programs::Place;

const USAGE: i32 = 2;
const TENANT: &str = "11111111-2222-4333-8444-555555555555";

#[track_caller]
fn refused(place: &Place, variables: &[(&str, &str)], arguments: &[&str], words: &str) {
    let run = place.run_with(variables, arguments);
    assert_eq!(run.code, Some(USAGE), "{arguments:?}: {run:?}");
    assert!(
        run.stderr.contains(words),
        "{words:?} is not in {}",
        run.stderr
    );
    assert!(
        run.stdout.is_empty(),
        "{arguments:?} printed: {}",
        run.stdout
    );
}

fn json(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let run = place.run_with(variables, arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).expect("because the answer is JSON")
}

/// Value and origin of a setting.
fn setting(shown: &Value, key: &str) -> (Value, String) {
    let settings = shown["settings"]
        .as_array()
        .expect("because settings are a list");
    let found = settings.iter().find(|setting| setting["key"] == key);
    let found = found.unwrap_or_else(|| panic!("{key} is not in {shown}"));
    let origin = found["origin"].as_str().expect("because an origin is text");
    (found["value"].clone(), origin.to_owned())
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_key() {
    let place = Place::new();
    let sign_in =
        |auth: &str| format!("[tenants.a]\ntenant_id = \"{TENANT}\"\nauth = {{ {auth} }}\n");
    for (text, words) in [
        (
            "[colect]\n",
            "bad.toml:1: there is no key colect\n  did you mean collect?",
        ),
        (
            "\n\n[collect]\nmax_request = 5\n",
            "bad.toml:4: there is no key collect.max_request\n  did you mean max_requests?",
        ),
        ("weather = 1\n", "keys there: store, tenants, collect"),
        (
            "[collect]\nmax_requests = \"many\"\n",
            "bad.toml:2: collect.max_requests: invalid type",
        ),
        (
            "[collect]\nkind_time = \"5 minutes\"\n",
            "write it as 90s, 15m, 2h, 7d or 2w",
        ),
        (
            "[tenants.a]\nschedule = \"nightly\"\n",
            "bad.toml:2: tenants.a.schedule: \"nightly\" is no schedule",
        ),
        ("[tenants.a]\nschedule = \"61 2 * * *\"\n", "is no schedule"),
        (
            "[tenants.a]\nkinds = [\"usr\"]\n",
            "bad.toml:2: tenants.a.kinds: \"usr\" is no kind and no category: did you mean user?",
        ),
        (
            "[tenants.a]\nkinds = [\"user\", \"-user\"]\n",
            "chooses no kind",
        ),
        (
            "[tenants.a]\ncloud = \"mars\"\n",
            "unknown variant `mars`, expected one of `global`, `usgov`",
        ),
        ("[tenants.\"a b\"]\n", "\"a b\" cannot name a tenant"),
        ("[tenants.a\n", "bad.toml:1: "),
        ("[tenants.a]\n", "tenants.a.tenant_id is missing"),
        (
            &sign_in("client_id = \"x\""),
            "tenants.a.auth.method is missing",
        ),
        (
            &sign_in("method = \"certificate\", client_id = \"x\""),
            "does not say where the certificate is",
        ),
        (
            &sign_in(
                "method = \"client_secret\", client_id = \"x\", client_secret_env = \"A\", client_secret_file = \"b\"",
            ),
            "more than once",
        ),
        (
            &sign_in("method = \"certificate\", client_id = \"x\", client_secret_env = \"A\""),
            "is for the method client_secret",
        ),
        (
            &sign_in("method = \"client_secret\", client_id = \"x\", client_secret = \"hush\""),
            "bad.toml:3: tenants.a.auth.client_secret is a secret",
        ),
        (
            &sign_in(
                "method = \"certificate\", client_id = \"x\", certificate_file = \"-----BEGIN PRIVATE KEY-----\"",
            ),
            "is a secret",
        ),
        (
            "[store]\npassphrase = \"hush\"\n",
            "passphrase_file or passphrase_command",
        ),
        (
            "[tenants.a]\ntenant_id = \"a.example\"\ngraph_url = \"nowhere\"\nauth = { method = \"managed_identity\" }\n",
            "tenants.a.graph_url is no address",
        ),
    ] {
        place.write("bad.toml", text);
        refused(
            &place,
            &[],
            &["--config", "bad.toml", "config", "validate"],
            words,
        );
    }
}

#[test]
fn files_that_are_not_there_or_no_text() {
    let place = Place::new();
    std::fs::write(place.path("bad.toml"), [0xff, 0xfe]).expect("because the folder is ours");
    refused(
        &place,
        &[],
        &["--config", "bad.toml", "config", "show"],
        "cannot be read",
    );
    refused(
        &place,
        &[],
        &["--config", "none.toml", "config", "show"],
        "no such configuration file",
    );
    refused(
        &place,
        &[],
        &["-P", "none", "config", "show"],
        "there is no profile \"none\"",
    );
}

#[test]
fn a_secret_that_was_written_down_is_not_printed() {
    let place = Place::new();
    place.write(
        "bad.toml",
        "[tenants.a]\nclient_secret = \"hunter2hunter2\"\n",
    );
    let run = place.run_with(&[], &["--config", "bad.toml", "config", "show"]);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn variables_lie_over_profiles_and_profiles_over_the_file() {
    let place = Place::new();
    place.write("entrace.toml", &format!(
        "[store]\npath = \"a.entrace\"\n[tenants.North-Wind]\ntenant_id = \"{TENANT}\"\nkinds = [\"user\"]\n\
         auth = {{ method = \"client_secret\", client_id = \"x\", client_secret_env = \"A\" }}\n[collect]\nmax_requests = 1\nmax_concurrency = 2\n"
    ));
    place.write("certificate.toml", "[tenants.North-Wind]\nauth = { method = \"certificate\", client_id = \"y\", certificate_file = \"y.pem\" }\n[collect]\nmax_requests = 2\n");
    place.write("gentle.toml", "[collect]\nmax_concurrency = 1\n");
    let variables = [
        ("ENTRACE_COLLECT__MAX_REQUESTS", "3"),
        ("ENTRACE_TENANTS__NORTH_WIND__KINDS", "all,-device"),
    ];
    let profiles = [
        "-P",
        "certificate",
        "-P",
        "gentle.toml",
        "--json",
        "config",
        "show",
    ];
    let shown = json(&place, &variables, &profiles);
    assert_eq!(
        setting(&shown, "collect.max_requests"),
        (
            3.into(),
            "environment variable ENTRACE_COLLECT__MAX_REQUESTS".to_owned()
        )
    );
    assert_eq!(
        setting(&shown, "collect.max_concurrency"),
        (1.into(), "gentle.toml:2".to_owned())
    );
    assert_eq!(
        setting(&shown, "store.path"),
        ("a.entrace".into(), "entrace.toml:2".to_owned())
    );
    assert_eq!(
        setting(&shown, "tenants.North-Wind.kinds").0,
        serde_json::json!(["all", "-device"])
    );
    assert_eq!(
        setting(&shown, "tenants.North-Wind.auth.client_id"),
        ("y".into(), "certificate.toml:2".to_owned())
    );
    let text = shown.to_string();
    assert!(
        !text.contains("client_secret_env"),
        "another way to sign in leaves nothing of the old one: {text}"
    );
    assert_eq!(
        json(
            &place,
            &variables,
            &["-P", "certificate", "--json", "config", "validate"]
        )["valid"],
        true
    );

    refused(
        &place,
        &[("ENTRACE_COLECT__PACE", "x")],
        &["config", "show"],
        "did you mean COLLECT?",
    );
    refused(
        &place,
        &[("ENTRACE_COLLECT__PACE", "hasty")],
        &["config", "show"],
        "ENTRACE_COLLECT__PACE: unknown variant",
    );
}

#[test]
fn the_configuration_says_which_archive_and_what_opens_it() {
    let place = Place::new();
    place.write("pass", "correct horse\n");
    place.write("entrace.toml", &format!(
        "[store]\npassphrase_file = \"pass\"\n[tenants.contoso]\ntenant_id = \"{TENANT}\"\narchive = \"c.entrace\"\n\
         [tenants.fabrikam]\ntenant_id = \"fabrikam.example\"\narchive = \"f.entrace\"\n"
    ));
    #[cfg(unix)]
    std::fs::set_permissions(
        place.path("pass"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .expect("because it is ours");
    let made = place.run_with(&[], &["-t", "contoso", "init"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(
        made.stdout.contains(&format!(
            "Made an archive for {TENANT} in c.entrace (protected"
        )),
        "{}",
        made.stdout
    );
    // Named by its name or its id, it opens without a word about keys.
    for name in ["contoso", TENANT] {
        let run = place.run_with(&[], &["-t", name, "snapshots"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    // From elsewhere too: what the file names is beside the file.
    std::fs::create_dir(place.path("elsewhere")).expect("because the folder is ours");
    let file = place.path("entrace.toml");
    let output = crate::programs::command(crate::programs::PROGRAM, &place.path("elsewhere"))
        .args(["-t", "contoso", "snapshots", "--config"])
        .arg(&file)
        .output();
    assert!(
        output
            .expect("because the program was built")
            .status
            .success()
    );

    refused(
        &place,
        &[],
        &["snapshots"],
        "several tenants are configured",
    );
    refused(
        &place,
        &[],
        &["-t", "northwind", "snapshots"],
        "no tenant \"northwind\" is configured\n  configured are: contoso, fabrikam",
    );
    let both = "[store]\npath = \"one\"\n[tenants.a]\ntenant_id = \"a.example\"\nauth = { method = \"managed_identity\" }\n[tenants.b]\ntenant_id = \"b.example\"\nauth = { method = \"managed_identity\" }\n";
    place.write("both.toml", both);
    refused(
        &place,
        &[],
        &["--config", "both.toml", "config", "validate"],
        "have the same archive",
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_runs_no_commands() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write(
        "entrace.toml",
        "[store]\npassphrase_command = \"touch ran\"\n",
    );
    let mode = |mode| {
        std::fs::set_permissions(place.path("entrace.toml"), PermissionsExt::from_mode(mode))
            .expect("because it is ours");
    };
    mode(0o666);
    refused(&place, &[], &["config", "show"], "lets others write it");
    mode(0o644);
    assert_eq!(place.run_with(&[], &["config", "show"]).code, Some(0));
    assert!(
        !place.path("ran").exists(),
        "showing a command does not run it"
    );
}

#[test]
fn the_schema_is_one_editors_understand() {
    let place = Place::new();
    let schema = json(&place, &[], &["config", "schema"]);
    assert_eq!(schema["title"], "entrace configuration");
    for section in ["store", "tenants", "collect"] {
        assert!(
            schema["properties"][section]["description"].is_string(),
            "{section}"
        );
    }
    // Every key has a description, for that is what editors show.
    let definitions = schema["$defs"]
        .as_object()
        .expect("because there are definitions");
    for (name, definition) in definitions {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{key}");
        }
    }
}

#[test]
fn nothing_configured_is_no_error() {
    let place = Place::new();
    let run = place.run_with(&[], &["config", "show"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stdout.contains("Nothing is configured"),
        "{}",
        run.stdout
    );
    let run = place.run_with(&[], &["auth", "status"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(run.stderr.contains("AZURE_TENANT_ID"), "{}", run.stderr);
}

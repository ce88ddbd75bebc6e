//! The description of the HTTP API: the one that is checked in is the one that is served, and a tool that knows
//! nothing of ours finds nothing in it that does not hold.

use std::path::PathBuf;
use std::process::Command;

use crate::serving::Server;

#[test]
fn the_description_of_the_api_is_as_the_server_makes_it() {
    let path = crate::shared::package().join("docs/openapi.json");
    let made = server::openapi();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).expect("because the folder is ours");
        return;
    }
    let shown = std::fs::read(&path).expect("because it is in the repository");
    assert!(
        shown == made,
        "docs/openapi.json: UPDATE_DOCS=1 writes it anew"
    );
}

/// The program of `tests/api/requirements.txt`.
fn schemathesis() -> Option<PathBuf> {
    let program = std::env::var_os("ENTRACE_SCHEMATHESIS").map(PathBuf::from);
    assert!(
        program.is_some() || std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
        "ENTRACE_SCHEMATHESIS must name schemathesis"
    );
    if program.is_none() {
        eprintln!("SKIPPED: ENTRACE_SCHEMATHESIS names no schemathesis");
    }
    program
}

/// Examples of each kind that schemathesis makes up for an operation. `ENTRACE_SCHEMATHESIS_EXAMPLES` says another
/// number: with 450 it sends 22,605 requests, in some eight minutes.
const EXAMPLES: &str = "15";

/// Requests that schemathesis makes up from the description: none is answered with a failure of the server's, or
/// with anything that the description does not say.
#[test]
fn requests_made_up_from_the_description_are_answered_as_it_says() {
    let Some(program) = schemathesis() else {
        return;
    };
    let examples = std::env::var("ENTRACE_SCHEMATHESIS_EXAMPLES");
    let examples = examples.unwrap_or_else(|_| EXAMPLES.to_owned());
    let server = Server::over_four_users(&["--memory", "256"]);
    let output = Command::new(program)
        .current_dir(server.folder())
        .arg("--config-file")
        .arg(crate::shared::package().join("tests/api/schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", server.url())])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", server.token()),
        ])
        .args([
            "--seed",
            "20261123",
            "--max-examples",
            &examples,
            // Python's parser, which it asks, is not safe to be asked by several threads.
            "--workers",
            "1",
        ])
        // Streams do not end by themselves; the others change what the next requests see.
        .args(["--exclude-path-regex", "/events$"])
        // Which revisions there are, and what is a statement, no description says: what fits it may be refused.
        .args(["--checks", "all"])
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--suppress-health-check", "all"])
        .args(["--phases", "examples,coverage,fuzzing,stateful"])
        .arg("--no-color")
        .output()
        .expect("because it was named");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    // How many it were is told by whoever asks for it (--nocapture).
    eprintln!(
        "{}",
        said.lines().rev().take(12).collect::<Vec<_>>().join("\n")
    );
}

//! Microsoft's own client for Python, which knows nothing of ours, as a judge of the simulated Graph.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has what `tests/sdk/requirements.txt` names.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("ENTRACE_SDK_PYTHON").map(PathBuf::from);
    assert!(
        python.is_some() || std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
        "ENTRACE_SDK_PYTHON must name a Python with msgraph-sdk and azure-identity"
    );
    if python.is_none() {
        eprintln!(
            "SKIPPED: ENTRACE_SDK_PYTHON names no Python with msgraph-sdk and azure-identity"
        );
    }
    python
}

/// The `serve` example, which is built beside the tests.
fn serve() -> PathBuf {
    let own = std::env::current_exe().expect("because a running program has a path");
    let target = own.ancestors().nth(2).unwrap_or(Path::new("."));
    target.join("examples/serve")
}

#[test]
fn microsofts_own_client_reads_writes_and_batches() {
    let Some(python) = python() else { return };
    let script = crate::shared::package().join("tests/sdk/sdk.py");
    let output = Command::new(python)
        .arg(script)
        .arg(serve())
        .output()
        .expect("because the Python was named");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
}

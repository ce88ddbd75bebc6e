//! Where the reference data is: outside the repository, so that a test may have to do without.

use std::path::PathBuf;

/// A file of the shared data, or `None` after saying loudly that the test is skipped.
///
/// # Panics
/// Where `ENTRACE_REQUIRE_SHARED` is set and the file is not there.
pub(crate) fn read(name: &str) -> Option<String> {
    let root = std::env::var_os("ENTRACE_SHARED").map_or_else(beside_workspace, PathBuf::from);
    let path = root.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let required = std::env::var_os("ENTRACE_REQUIRE_SHARED").is_some();
            assert!(!required, "{}: {error}", path.display());
            eprintln!("SKIPPED: no shared data at {}: {error}", path.display());
            None
        }
    }
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

fn beside_workspace() -> PathBuf {
    package().join("../../../shared")
}

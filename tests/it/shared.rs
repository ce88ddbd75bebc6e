//! The reference data beside the repository; only developers and CI have it.

use std::path::PathBuf;

/// A file or folder of the reference data; `None`, said aloud, where there is none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ENTRACE_SHARED")
        .map_or_else(|| package().join("../shared"), PathBuf::from);
    let found = folder.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        std::env::var_os("ENTRACE_REQUIRE_SHARED").is_none(),
        "{} is required here",
        found.display()
    );
    eprintln!("SKIPPED: {} is not there", found.display());
    None
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
pub(crate) fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

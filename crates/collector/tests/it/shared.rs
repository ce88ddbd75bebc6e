//! The shared folder of third-party data.

use std::path::PathBuf;

/// A path in the shared folder; `None`, loudly, where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ENTRACE_SHARED")
        .map_or_else(|| package().join("../../../shared"), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        std::env::var_os("ENTRACE_REQUIRE_SHARED").is_none(),
        "{} is required and absent",
        found.display()
    );
    eprintln!("SKIPPED: {} is absent, set ENTRACE_SHARED", found.display());
    None
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

/// A zstd file, unpacked.
pub(crate) fn unpacked(path: &str) -> Option<String> {
    let file = std::fs::File::open(shared(path)?).expect("because it exists");
    let mut decoder = zstd::Decoder::new(file).expect("because it is zstd");
    decoder.window_log_max(27).expect("because 27 is a window");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut decoder, &mut text).expect("because it is text");
    Some(text)
}

//! Checks of the archive: whether it opens, whether it can be written, whether there is room.

use std::path::Path;

use store::Archive;

use super::{Checks, Verdict};
use crate::app::App;
use crate::commands::stats;
use crate::output::bytes;

const GROUP: &str = "archive";
/// Room under which a run may not end well, in bytes.
const LITTLE: u64 = 1 << 30;
/// Room under which it will not.
const TOO_LITTLE: u64 = 64 << 20;

/// The archive, where it opens.
pub(super) fn check(app: &App, checks: &mut Checks) -> Option<Archive> {
    let path = match app.path() {
        Ok(path) => path,
        Err(failure) => {
            checks.broken(GROUP, "place", failure);
            return None;
        }
    };
    if let Err(failure) = app.keys().and_then(|keys| keys.secrets()) {
        checks.broken(GROUP, "keys", failure);
        return None;
    }
    let archive = match app.archive() {
        Ok(archive) => archive,
        Err(failure) => {
            checks.broken(GROUP, "opens", failure);
            return None;
        }
    };
    let snapshots = crate::output::plural(archive.snapshots().len() as u64, "snapshot");
    checks.add(
        GROUP,
        "opens",
        Verdict::Fine,
        format!("{}, {snapshots}", path.display()),
    );
    match archive.storage().lock("entrace doctor") {
        Ok(_guard) => checks.add(
            GROUP,
            "lock",
            Verdict::Fine,
            "free, and the folder can be written",
        ),
        Err(store::Error::Locked { holder }) => {
            checks.add(
                GROUP,
                "lock",
                Verdict::Warning,
                format!("being written by {}", holder.trim()),
            );
            checks.hint("reading goes on meanwhile; a run that starts now fails with exit code 11");
        }
        Err(error) => checks.add(GROUP, "lock", Verdict::Broken, error.to_string()),
    }
    room(&path, &archive, checks);
    Some(archive)
}

fn room(path: &Path, archive: &Archive, checks: &mut Checks) {
    let Some(free) = free_bytes(path) else { return };
    let used: u64 = stats::sizes(archive.storage().as_ref())
        .map_or(0, |sizes| sizes.iter().map(|size| size.2).sum());
    let message = format!("{} free, the archive takes {}", bytes(free), bytes(used));
    let verdict = match free {
        free if free < TOO_LITTLE => Verdict::Broken,
        free if free < LITTLE.max(used / 10) => Verdict::Warning,
        _ => Verdict::Fine,
    };
    checks.add(GROUP, "room", verdict, message);
    if verdict != Verdict::Fine {
        checks.hint(
            "entrace compact makes the archive smaller; it needs room for one pack meanwhile",
        );
    }
}

/// Bytes free for this user on the volume of a path.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(path).ok()?;
    volume.f_bavail.checked_mul(volume.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

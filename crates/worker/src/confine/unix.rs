//! Resource limits of POSIX.

use nix::Result;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};

/// Open files: the index, a pack or segment for each table that is read, pipes.
const OPEN_FILES: u64 = 256;

/// No file may grow, none may be left behind, and few may be open.
pub(super) fn files() -> Result<()> {
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
}

/// The address space may come to so many bytes, stacks, libraries and the program included.
#[cfg(target_os = "linux")]
pub(super) fn address_space(bytes: u64) -> Result<()> {
    setrlimit(Resource::RLIMIT_AS, bytes, bytes)
}

/// So many seconds of computing from now on; the kernel ends the process at the next.
pub(super) fn computing(seconds: u64) -> Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let used = u64::try_from(used).unwrap_or(0);
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    // One second for what was used of the present one.
    setrlimit(Resource::RLIMIT_CPU, (used + seconds + 1).min(hard), hard)
}

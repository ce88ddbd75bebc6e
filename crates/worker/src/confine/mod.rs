//! What a worker takes from itself before it looks at a statement.
//!
//! Each measure stands by itself; where a system lacks one the worker goes on with the others and says so.
//!
//! | measure | Linux | other Unix | Windows |
//! |---|---|---|---|
//! | process of its own, killed at the deadline | yes | yes | yes |
//! | ends with the process that began it | yes | at the end of its input | at the end of its input |
//! | address space, open files, no core dumps, no file grows | rlimits | rlimits | no |
//! | opens nothing outside the archive, writes nothing | Landlock, seccomp | no | no |
//! | no sockets, no programs, no debugging of others | seccomp | no | no |

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod syscalls;
#[cfg(unix)]
mod unix;

use std::path::Path;

use serde::{Deserialize, Serialize};

/// How a worker is confined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a measure that a system has or has not"
)]
pub struct Confinement {
    /// It ends with the process that began it, and neither it nor its children gain rights.
    pub privileges: bool,
    /// Open files, file sizes and core dumps are limited.
    pub files: bool,
    /// Its address space is limited.
    pub memory: bool,
    /// It can open only what is in the archive, and only for reading.
    pub paths: bool,
    /// Sockets, programs, writing and what else it does not need are refused by the kernel.
    pub calls: bool,
}

impl Confinement {
    /// The measures that are absent here, in words.
    #[must_use]
    pub fn absent(&self) -> Vec<&'static str> {
        let measures = [
            (self.privileges, "ending with the program that began it"),
            (self.files, "limits on files (setrlimit)"),
            (self.memory, "a limit on memory (setrlimit)"),
            (self.paths, "no files but the archive's (Landlock)"),
            (self.calls, "no sockets and programs (seccomp)"),
        ];
        let absent = measures.iter().filter(|(there, _)| !there);
        absent.map(|(_, words)| *words).collect()
    }
}

/// Gives up what no statement needs. Must run before any other thread does: Linux confines threads.
pub(crate) fn confine(archive: &Path) -> Confinement {
    #[cfg(target_os = "linux")]
    return Confinement {
        privileges: linux::privileges().is_ok(),
        files: unix::files().is_ok(),
        memory: false,
        paths: linux::paths(archive),
        calls: syscalls::refuse().is_ok(),
    };
    #[cfg(all(unix, not(target_os = "linux")))]
    return {
        let _ = archive;
        Confinement {
            files: unix::files().is_ok(),
            ..Confinement::default()
        }
    };
    #[cfg(not(unix))]
    return {
        let _ = archive;
        Confinement::default()
    };
}

/// Where the size of the process can be read, opened while files can be.
#[derive(Debug)]
pub(crate) struct Meter(#[cfg(target_os = "linux")] Option<std::fs::File>);

impl Meter {
    pub(crate) fn open() -> Self {
        Self(
            #[cfg(target_os = "linux")]
            std::fs::File::open("/proc/self/statm").ok(),
        )
    }

    /// Lets the address space grow by so many bytes from here on; whether that could be set.
    pub(crate) fn limit_growth(&self, bytes: u64) -> bool {
        #[cfg(target_os = "linux")]
        return self
            .0
            .as_ref()
            .and_then(linux::size_bytes)
            .is_some_and(|size| unix::address_space(size.saturating_add(bytes)).is_ok());
        #[cfg(not(target_os = "linux"))]
        return {
            // Without a measured beginning a limit would be a guess.
            let _ = bytes;
            false
        };
    }
}

/// Lets the process compute for so many more seconds; where the system cannot, the deadline alone counts.
pub(crate) fn limit_computing(seconds: u64) {
    #[cfg(unix)]
    let _ = unix::computing(seconds);
    #[cfg(not(unix))]
    let _ = seconds;
}

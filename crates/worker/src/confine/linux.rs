//! What Linux has besides: rights that are given up, Landlock, and the size of a process.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use nix::sys::prctl::{set_dumpable, set_no_new_privs, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::unistd::{SysconfVar, sysconf};

/// The newest interface this was written for; older kernels enforce what they know of it.
const LANDLOCK: ABI = ABI::V6;

/// Ends with its parent, never gains rights, and nobody else reads its memory.
pub(super) fn privileges() -> nix::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    set_dumpable(false)?;
    set_no_new_privs()
}

/// Only what is below the archive can be opened, and only for reading; whether the kernel enforces that.
pub(super) fn paths(archive: &Path) -> bool {
    let restrict = || -> Result<RulesetStatus, RulesetError> {
        let reading: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let ruleset = Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?;
        let ruleset = ruleset.add_rules(path_beneath_rules([archive], reading))?;
        Ok(ruleset.restrict_self()?.ruleset)
    };
    restrict().is_ok_and(|status| status != RulesetStatus::NotEnforced)
}

/// Size of the address space in bytes, from `/proc/self/statm`.
pub(super) fn size_bytes(statm: &File) -> Option<u64> {
    let mut text = [0; 64];
    let length = statm.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let pages: u64 = text.split(' ').next()?.parse().ok()?;
    let page_bytes = u64::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
    pages.checked_mul(page_bytes)
}

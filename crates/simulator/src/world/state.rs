//! What the world remembers of its life: numbers and a few ids, no objects.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that has happened and still matters.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The day to be lived next.
    pub(super) day: u32,
    /// Users that came after the start. Their numbers follow those of the first users.
    pub(super) newcomers: Vec<Newcomer>,
    /// Users that are deleted, or purged even.
    pub(super) gone: BTreeSet<u32>,
    /// Users whose accounts are closed, by the day they are deleted.
    pub(super) leaving: BTreeMap<u32, Vec<u32>>,
    /// What lies in the recycle bin, by the day it is purged: kind and id.
    pub(super) bin: BTreeMap<u32, Vec<(&'static str, String)>>,
    /// Departments that are not those of the start; `None` for a wrong one no dynamic group knows.
    pub(super) departments: BTreeMap<u32, Option<usize>>,
    /// Managers that are not those of the start.
    pub(super) managers: BTreeMap<u32, u32>,
    /// Membership (group, user) that is not that of the start.
    pub(super) memberships: BTreeMap<(u32, u32), bool>,
    /// Groups, applications and devices that came after the start.
    pub(super) new_groups: u32,
    pub(super) new_applications: u32,
    pub(super) new_devices: u32,
    /// Devices that are gone: the first so many.
    pub(super) retired_devices: u32,
    /// Role activations that end, by the second and a serial number.
    pub(super) activations: BTreeMap<(i64, u64), Activation>,
    /// Users with an entry among the risky ones since the start.
    pub(super) risky: BTreeSet<u32>,
    /// The account the attackers made.
    pub(super) impostor: Option<u32>,
    /// The last number given out.
    pub(super) serial: u64,
}

/// A user that came after the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newcomer {
    pub(super) guest: bool,
}

/// A role somebody has activated.
#[derive(Debug, Clone)]
pub(super) struct Activation {
    /// Id of the schedule; the instance's is this and `-1`.
    pub(super) schedule: String,
    pub(super) account: u32,
    pub(super) role: &'static str,
}

impl State {
    /// A number not given out before.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

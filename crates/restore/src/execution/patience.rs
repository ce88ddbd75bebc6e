//! How long something is waited for that the service promises without saying when.

use std::time::Duration;

/// Longest waits. The directory is copied between data centres: what was written may not be seen for seconds,
/// sometimes minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until a write is visible.
    pub visible: Duration,
    /// Until an object just made can be referred to, or the name of one just deleted is free again.
    pub reference: Duration,
    /// Until a write is taken again that was throttled for longer than the client waits by itself.
    pub throttled: Duration,
    /// Until an object whose request got no answer is held not to have been made.
    pub lost: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            visible: Duration::from_mins(5),
            reference: Duration::from_mins(2),
            throttled: Duration::from_mins(15),
            lost: Duration::from_mins(2),
        }
    }
}

/// The n-th wait, from 0: a second, and twice as long each time up to half a minute.
pub(crate) fn back_off(waits: u32) -> Duration {
    Duration::from_secs(1 << waits.min(5)).min(Duration::from_secs(30))
}

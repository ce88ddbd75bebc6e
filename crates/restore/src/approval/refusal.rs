//! Why a plan may not run, or an approval does not count.

/// Why a plan may not run, or an approval does not count.
///
/// Each has a code that never changes ([`Refusal::code`]) and a message of one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody executes a plan of this archive already.
    #[error("a plan of this archive is being executed by {holder}: wait until it has ended")]
    Running {
        /// Process, host and start time, as the holder wrote them.
        holder: String,
    },
}

impl Refusal {
    /// The code: what programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Running { .. } => "plan_running",
        }
    }
}

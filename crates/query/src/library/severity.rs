//! How bad a finding is, in the five words most tools use.

use crate::error::{Error, Result};

/// How bad a finding is; ordered, so that the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing when something else is wrong.
    Informational,
    /// Everyday work that an attacker does too.
    Low,
    /// To be looked at.
    Medium,
    /// Likely an attack, or a hole for one.
    High,
    /// Whoever did this may rule the tenant.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|known| known.as_str() == text);
        found.copied().ok_or_else(|| {
            Error::invalid(format!(
                "{text:?} is no severity: informational, low, medium, high or critical"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_the_greatest() {
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::Informational);
        for severity in Severity::ALL {
            assert_eq!(severity.as_str().parse::<Severity>().ok(), Some(severity));
        }
        assert!("severe".parse::<Severity>().is_err());
    }
}

//! The time a question is about.

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::revision::duration_before;
use crate::scope::Scope;

/// From one moment to another, both included; an end that is not there is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Window {
    /// The window between two texts, each a time, a duration before now or a revision. It ends with the
    /// scope's horizon at the latest.
    pub(crate) fn between(scope: &Scope, from: Option<&str>, to: Option<&str>) -> Result<Self> {
        let moment = |text: Option<&str>| text.map(|text| moment(scope, text)).transpose();
        let (from, to) = (moment(from)?, moment(to)?);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Error::invalid(format!(
                "the time ends at {to}, before it begins at {from}: swap the two"
            )));
        }
        let horizon = scope.horizon.as_ref().map(|horizon| horizon.taken_at);
        Ok(Self {
            from,
            to: to.into_iter().chain(horizon).min(),
        })
    }

    /// Whether a moment lies in it.
    pub(crate) fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }

    /// Whether what happened after `after` and not later than `before` may have happened in it.
    pub(crate) fn overlaps(&self, after: Option<Timestamp>, before: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= before)
            && self
                .to
                .is_none_or(|to| after.is_none_or(|after| after < to))
    }
}

/// The moment of a time, of a duration before now, or of the snapshot a revision means.
fn moment(scope: &Scope, text: &str) -> Result<Timestamp> {
    let text = text.trim();
    if let Ok(time) = model::parse_time(text) {
        return Ok(time);
    }
    let duration = text.strip_prefix('-');
    let ago = duration.and_then(|duration| duration_before(scope.source.now, duration));
    match ago {
        Some(time) => Ok(time),
        None => Ok(scope.resolve(text)?.taken_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8) -> Timestamp {
        format!("2026-01-{day:02}T00:00:00Z")
            .parse()
            .expect("because it is a time")
    }

    #[test]
    fn what_lies_between_two_snapshots_may_lie_in_a_window_that_begins_or_ends_between_them() {
        let window = Window {
            from: Some(at(10)),
            to: Some(at(12)),
        };
        assert!(window.contains(at(10)) && window.contains(at(12)));
        assert!(!window.contains(at(9)) && !window.contains(at(13)));
        assert!(window.overlaps(Some(at(9)), at(10)));
        assert!(window.overlaps(Some(at(11)), at(20)));
        assert!(window.overlaps(None, at(11)));
        assert!(!window.overlaps(Some(at(12)), at(13)));
        assert!(!window.overlaps(Some(at(8)), at(9)));
        assert!(Window::default().overlaps(None, at(1)));
    }
}

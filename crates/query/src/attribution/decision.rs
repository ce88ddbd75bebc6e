//! From the candidates of a change to who did it.

use std::sync::Arc;

use super::addresses::Address;
use super::event::{Actor, AuditEvent};
use super::evidence::Strength;

/// What the events say of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Attribution {
    /// No event explains it.
    #[default]
    None,
    /// One actor's events do.
    By(By),
    /// Those of several actors do equally well.
    Ambiguous,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) event: Arc<AuditEvent>,
    /// Whether the event tells of this very change.
    pub(crate) is_exact: bool,
    /// Where the actor's address comes from, if it was looked for.
    pub(crate) address: Option<Address>,
}

impl Attribution {
    /// The decision between candidates in the order of time: of the strongest, the last.
    pub(super) fn of(candidates: &[(Strength, Arc<AuditEvent>)]) -> Self {
        let Some(top) = candidates.iter().map(|(strength, _)| *strength).max() else {
            return Self::None;
        };
        let strongest = || {
            candidates
                .iter()
                .filter(move |(strength, _)| *strength == top)
        };
        let Some((_, last)) = strongest().next_back() else {
            return Self::None;
        };
        if strongest().any(|(_, event)| !event.actor.is(&last.actor)) {
            return Self::Ambiguous;
        }
        Self::By(By {
            event: Arc::clone(last),
            is_exact: top >= Strength::Proven,
            address: None,
        })
    }

    /// What an event tells by itself.
    pub(crate) fn told_by(event: &Arc<AuditEvent>, address: Option<Address>) -> Self {
        Self::By(By {
            event: Arc::clone(event),
            is_exact: true,
            address,
        })
    }

    pub(crate) fn confidence(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::By(by) if by.is_exact => "exact",
            Self::By(_) => "window",
            Self::Ambiguous => "ambiguous",
        }
    }

    pub(crate) fn by(&self) -> Option<&By> {
        match self {
            Self::By(by) => Some(by),
            _ => None,
        }
    }

    /// Who it was, as the event says.
    pub(crate) fn actor(&self) -> Option<&Actor> {
        Some(&self.by()?.event.actor)
    }
}

/// Who changed an object of which several properties changed: somebody is named only if all that is
/// explained is explained by them, and it is exact only if nothing is left.
pub(crate) fn together<'a>(parts: impl Iterator<Item = &'a Attribution>) -> Attribution {
    let mut whole: Option<By> = None;
    let mut is_partial = false;
    for part in parts {
        match part {
            Attribution::None => is_partial = true,
            Attribution::Ambiguous => return Attribution::Ambiguous,
            Attribution::By(by) => match &mut whole {
                None => whole = Some(by.clone()),
                Some(other) if !other.event.actor.is(&by.event.actor) => {
                    return Attribution::Ambiguous;
                }
                Some(other) => {
                    let is_exact = other.is_exact && by.is_exact;
                    if by.event.time > other.event.time {
                        *other = by.clone();
                    }
                    other.is_exact = is_exact;
                }
            },
        }
    }
    whole.map_or(Attribution::None, |by| {
        Attribution::By(By {
            is_exact: by.is_exact && !is_partial,
            ..by
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::activity::Activity;
    use crate::attribution::event::Actor;

    fn event(second: i64, actor: &str) -> Arc<AuditEvent> {
        Arc::new(AuditEvent {
            id: format!("e{second}"),
            time: jiff::Timestamp::from_second(second).expect("because it is small"),
            activity: Activity::new("Update user", None),
            activity_name: None,
            correlation_id: None,
            actor: Actor {
                id: Some(actor.to_owned()),
                ..Actor::default()
            },
            targets: Vec::new(),
        })
    }

    fn said(of: &Attribution) -> (&str, Option<&str>) {
        let by = of.by();
        (
            of.confidence(),
            by.and_then(|by| by.event.actor.id.as_deref()),
        )
    }

    #[test]
    fn the_strongest_decide() {
        use Strength::{Certain, Possible, Proven};
        let of = |candidates: &[(Strength, i64, &str)]| {
            let candidates: Vec<_> = candidates
                .iter()
                .map(|(s, t, a)| (*s, event(*t, a)))
                .collect();
            Attribution::of(&candidates)
        };
        assert_eq!(said(&of(&[])), ("none", None));
        assert_eq!(
            said(&of(&[(Possible, 1, "a"), (Possible, 2, "A")])),
            ("window", Some("A"))
        );
        assert_eq!(
            said(&of(&[(Possible, 1, "a"), (Possible, 2, "b")])),
            ("ambiguous", None)
        );
        assert_eq!(
            said(&of(&[(Proven, 1, "a"), (Possible, 2, "b")])),
            ("exact", Some("a"))
        );
        assert_eq!(
            said(&of(&[(Proven, 1, "a"), (Proven, 2, "b")])),
            ("ambiguous", None)
        );
        assert_eq!(
            said(&of(&[(Certain, 1, "a"), (Proven, 2, "b")])),
            ("exact", Some("a"))
        );
    }

    #[test]
    fn an_object_is_changed_by_somebody_only_if_all_of_it_is() {
        let by = |second: i64, actor: &str, is_exact: bool| {
            Attribution::By(By {
                event: event(second, actor),
                is_exact,
                address: None,
            })
        };
        let of = |parts: &[Attribution]| together(parts.iter());
        assert_eq!(
            said(&of(&[by(1, "a", true), by(2, "a", true)])),
            ("exact", Some("a"))
        );
        assert_eq!(
            said(&of(&[by(1, "a", true), by(2, "a", false)])),
            ("window", Some("a"))
        );
        assert_eq!(
            said(&of(&[by(1, "a", true), Attribution::None])),
            ("window", Some("a"))
        );
        assert_eq!(
            said(&of(&[by(1, "a", true), by(2, "b", true)])),
            ("ambiguous", None)
        );
        assert_eq!(said(&of(&[Attribution::None])), ("none", None));
        assert_eq!(
            said(&of(&[by(1, "a", true), Attribution::Ambiguous])),
            ("ambiguous", None)
        );
    }
}

//! Where the objects of a list come from, in which order, and how a later page finds its place.

use catalog::{Kind, Shape};
use jiff::Timestamp;

use crate::tenant::{Slot, Tenant, nanoseconds, read, split_key};

/// Where the objects of a list come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Living objects of a kind below these parents.
    Collection(&'static Kind, Vec<String>),
    /// Objects in the recycle bin, by their living kind.
    Bin(&'static Kind),
    /// Rows of a log between two times.
    Events {
        kind: &'static Kind,
        from: i64,
        to: i64,
        ascending: bool,
    },
    /// Targets of an object's edges.
    Targets(&'static Kind, Slot),
    /// Sources of the edges that lead to an object.
    Sources(&'static Kind, Slot),
    /// Just these.
    Slots(Vec<Slot>),
}

pub(crate) type Slots<'a> = Box<dyn Iterator<Item = Slot> + 'a>;

impl Source {
    /// The objects after a cursor, in the list's own order.
    pub(crate) fn slots<'a>(
        &'a self,
        tenant: &'a Tenant,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> Slots<'a> {
        let number = after.and_then(|cursor| cursor.parse::<Slot>().ok());
        match self {
            Self::Collection(kind, _) => Box::new(tenant.storage.live(kind, prefix, after)),
            Self::Bin(kind) => Box::new(tenant.storage.binned(kind, after)),
            Self::Events {
                kind,
                from,
                to,
                ascending,
            } => events(tenant, kind, (*from, *to), *ascending, after),
            Self::Targets(kind, source) => {
                let targets = tenant.edges.targets(kind, *source, number);
                Box::new(targets.filter(|slot| tenant.is_live(*slot)))
            }
            Self::Sources(kind, target) => {
                let sources = tenant.edges.sources(kind, *target, number);
                Box::new(sources.filter(|slot| tenant.is_live(*slot)))
            }
            Self::Slots(slots) => {
                let start = number.map_or(0, |last| {
                    slots
                        .iter()
                        .position(|slot| *slot == last)
                        .map_or(0, |place| place + 1)
                });
                Box::new(slots[start..].iter().copied())
            }
        }
    }

    /// What leads a later page to the objects after this one.
    pub(crate) fn cursor(&self, tenant: &Tenant, prefix: &str, slot: Slot) -> String {
        match self {
            Self::Collection(..) => {
                let (_, own) = split_key(tenant.key(slot));
                format!("{prefix}{own}")
            }
            Self::Bin(_) => tenant.key(slot).to_owned(),
            Self::Events { kind, .. } => {
                let time = event_time(tenant, kind, slot).map_or(0, nanoseconds);
                format!("{time} {slot}")
            }
            Self::Targets(..) | Self::Sources(..) | Self::Slots(_) => slot.to_string(),
        }
    }
}

fn events<'a>(
    tenant: &'a Tenant,
    kind: &Kind,
    (from, to): (i64, i64),
    ascending: bool,
    after: Option<&str>,
) -> Slots<'a> {
    let cursor = after.and_then(|cursor| {
        let (time, slot) = cursor.split_once(' ')?;
        Some((time.parse::<i64>().ok()?, slot.parse::<Slot>().ok()?))
    });
    if ascending {
        let start = cursor.map_or(from, |(time, _)| time);
        let rows = tenant.storage.by_time(kind, start, to);
        let rows = rows.filter(move |row| cursor.is_none_or(|cursor| *row > cursor));
        Box::new(rows.map(|(_, slot)| slot))
    } else {
        let end = cursor.map_or(to, |(time, _)| time);
        let rows = tenant.storage.by_time(kind, from, end).rev();
        let rows = rows.filter(move |row| cursor.is_none_or(|cursor| *row < cursor));
        Box::new(rows.map(|(_, slot)| slot))
    }
}

/// When a row of a log happened.
pub(crate) fn event_time(tenant: &Tenant, kind: &Kind, slot: Slot) -> Option<Timestamp> {
    let Shape::Event { time } = kind.shape else {
        return None;
    };
    let text = &tenant.storage.object(slot).text;
    read(text, |root| root.get(time)?.text()?.parse().ok())
}

//! The grammar of revisions: every way to say which state is meant.

use jiff::Timestamp;
use store::{Archive, Snapshot};

use crate::error::{Error, Result};
use crate::source::Source;

/// Characters a snapshot id prefix has at least.
const MIN_PREFIX: usize = 6;

/// The snapshot a revision means: `latest`, `latest~2`, `first`, an id prefix, `tag:NAME`, a date or
/// time (the newest snapshot at or before it), or `-7d`. `now` is what relative times are relative to.
pub fn resolve(archive: &Archive, now: Timestamp, revision: &str) -> Result<Snapshot> {
    let snapshots = archive.snapshots();
    resolve_among(archive, snapshots, now, revision)
}

/// The same, where only the first snapshots are to be seen: `latest` is the last of them.
pub(crate) fn resolve_among(
    archive: &Archive,
    snapshots: &[Snapshot],
    now: Timestamp,
    revision: &str,
) -> Result<Snapshot> {
    let text = revision.trim();
    let Some(first) = snapshots.first() else {
        return Err(Error::NotFound(
            "the archive has no snapshots yet: run entrace snapshot or entrace import".to_owned(),
        ));
    };
    if let Some(steps) = text.strip_prefix("latest") {
        return latest(snapshots, steps, revision);
    }
    if text == "first" {
        return Ok(first.clone());
    }
    if text == "live" {
        return Err(Error::invalid(
            "live means the tenant itself, and this archive has no connection to one",
        ));
    }
    if let Some(name) = text.strip_prefix("tag:") {
        return tagged(archive, name);
    }
    if let Some(duration) = text.strip_prefix('-') {
        let time = duration_before(now, duration).ok_or_else(|| malformed(revision))?;
        return at(archive, now, time, revision);
    }
    if text.len() >= MIN_PREFIX && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return by_prefix(archive, text);
    }
    let time = model::parse_time(text).map_err(|_| malformed(revision))?;
    at(archive, now, time, revision)
}

/// The newest snapshot at or before a time; `asked` is how the time was asked for.
pub(crate) fn at(
    archive: &Archive,
    now: Timestamp,
    time: Timestamp,
    asked: &str,
) -> Result<Snapshot> {
    let snapshots = archive.snapshots();
    // A source is older than the question that says `now()`.
    if time > now.max(Timestamp::now()) {
        return Err(Error::invalid(format!(
            "{asked} is in the future: nothing is known of it"
        )));
    }
    let before = snapshots.partition_point(|snapshot| snapshot.taken_at <= time);
    match before.checked_sub(1) {
        Some(at) => Ok(snapshots[at].clone()),
        None => {
            let first = snapshots.first().map_or_else(String::new, |first| {
                format!(
                    ": the first was taken at {}",
                    first.taken_at.strftime("%F %TZ")
                )
            });
            Err(Error::NotFound(format!(
                "there is no snapshot at or before {asked}{first}"
            )))
        }
    }
}

/// The snapshot of that number.
pub(crate) fn numbered(archive: &Archive, number: u64) -> Result<Snapshot> {
    let snapshots = archive.snapshots();
    let found = snapshots
        .iter()
        .find(|snapshot| u64::from(snapshot.number) == number);
    found.cloned().ok_or_else(|| {
        let last = snapshots.iter().map(|s| s.number).max().unwrap_or(0);
        Error::NotFound(format!(
            "there is no snapshot number {number}: they are numbered 1 to {last}"
        ))
    })
}

impl Source {
    /// The snapshot a revision means, see [`resolve`].
    pub fn resolve(&self, revision: &str) -> Result<Snapshot> {
        resolve(&self.archive, self.now, revision)
    }

    /// A time as it is written (RFC 3339, or a date), else the time of the snapshot a revision means.
    pub fn moment(&self, text: &str) -> Result<Timestamp> {
        match model::parse_time(text) {
            Ok(time) => Ok(time),
            Err(_) => Ok(self.resolve(text)?.taken_at),
        }
    }
}

fn malformed(revision: &str) -> Error {
    Error::invalid(format!(
        "{revision:?} is no revision: it can be latest, latest~2, first, a snapshot id of at least 6 characters, \
         a date or time such as 2026-10-01T09:00Z, -7d, or tag:NAME"
    ))
}

fn latest(snapshots: &[Snapshot], steps: &str, revision: &str) -> Result<Snapshot> {
    let back = match steps.strip_prefix('~') {
        Some(digits) => digits.parse::<usize>().map_err(|_| malformed(revision))?,
        None if steps.is_empty() => 0,
        None => return Err(malformed(revision)),
    };
    let at = snapshots.len().checked_sub(back + 1).ok_or_else(|| {
        Error::NotFound(format!(
            "{revision} is before the first of {} snapshots",
            snapshots.len()
        ))
    })?;
    Ok(snapshots[at].clone())
}

fn tagged(archive: &Archive, name: &str) -> Result<Snapshot> {
    let number = archive
        .tags()
        .iter()
        .find(|(tag, _)| tag == name)
        .map(|(_, number)| *number);
    let found = archive
        .snapshots()
        .iter()
        .find(|snapshot| Some(snapshot.number) == number);
    found.cloned().ok_or_else(|| {
        let tags: Vec<&str> = archive.tags().iter().map(|(tag, _)| tag.as_str()).collect();
        let known = if tags.is_empty() {
            "there are no tags".to_owned()
        } else {
            format!("the tags are {}", tags.join(", "))
        };
        Error::NotFound(format!("there is no tag {name:?}: {known}"))
    })
}

fn by_prefix(archive: &Archive, prefix: &str) -> Result<Snapshot> {
    let prefix = prefix.to_ascii_lowercase();
    let mut found = archive
        .snapshots()
        .iter()
        .filter(|snapshot| snapshot.id.to_string().starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(snapshot), None) => Ok(snapshot.clone()),
        (Some(first), Some(second)) => Err(Error::Ambiguous {
            name: prefix,
            candidates: [first, second]
                .map(|s| s.id.to_string()[..16].to_owned())
                .to_vec(),
        }),
        _ => Err(Error::NotFound(format!(
            "there is no snapshot whose id starts with {prefix}"
        ))),
    }
}

/// The moment so long before now ([`model::parse_duration`]).
pub(crate) fn duration_before(now: Timestamp, text: &str) -> Option<Timestamp> {
    now.checked_sub(model::parse_duration(text)?).ok()
}

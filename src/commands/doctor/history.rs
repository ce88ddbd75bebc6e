//! Checks of what the archive holds: how old, how complete, with which gaps.

use std::fmt::Write as _;

use collector::READ_WHERE_CHANGED;
use jiff::{SignedDuration, Timestamp};
use store::{Archive, CoverageState, KindRecord, Record};

use super::{Checks, Verdict};
use crate::app::App;
use crate::commands::NEWEST;
use crate::commands::auth::listed;
use crate::failure::Result;
use crate::output::{plural, short_time};
use crate::tenant::Tenant;

const GROUP: &str = "history";
/// Age of the newest snapshot that is worth a word where no interval is configured.
const OLD: SignedDuration = SignedDuration::from_hours(36);
/// Clocks of two machines may differ by so much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Newest snapshots that are searched for gaps between readings of the log.
const SEARCHED: usize = 400;
/// The log whose gaps are looked for.
const LOG: &str = "directory_audit";
/// A reading of the log goes back to the one before it, and no further than Microsoft keeps rows.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

pub(super) fn check(app: &App, archive: &Archive, checks: &mut Checks) -> Result<()> {
    let now = App::now();
    let Some(newest) = archive.snapshots().last() else {
        checks.add(GROUP, "snapshots", Verdict::Warning, "there are none yet");
        checks.hint("take the first with: entrace snapshot");
        return Ok(());
    };
    let tenant = app.tenant(&[]).ok();
    let age = now.duration_since(newest.taken_at);
    if age < -SKEW {
        to_come(newest.taken_at, tenant.as_ref(), checks);
    } else {
        checks.add(
            GROUP,
            "clock",
            Verdict::Fine,
            "no snapshot is of a time to come",
        );
        let every = tenant.and_then(|tenant| tenant.delta_every);
        let due = every.map_or(OLD, |every| every.0 * 4);
        fresh(age, due, checks);
    }
    if let Some(begun) = collector::unfinished(archive)? {
        checks.add(
            GROUP,
            "unfinished run",
            Verdict::Warning,
            format!("begun {}", short_time(begun)),
        );
        checks.hint("go on with it: entrace snapshot --resume (within a day of its beginning)");
    }
    complete(&archive.record(newest.number)?, checks);
    gaps(archive, checks)
}

/// A snapshot of a time that has not come yet.
fn to_come(taken_at: Timestamp, tenant: Option<&Tenant>, checks: &mut Checks) {
    let is_local = tenant.is_some_and(Tenant::is_local);
    let (verdict, hint) = if is_local {
        (
            Verdict::Warning,
            "a simulated tenant lives faster than this machine: its days pass with each run",
        )
    } else {
        (
            Verdict::Broken,
            "the clock of this machine is wrong, or was where that snapshot was taken",
        )
    };
    let message = format!(
        "the newest snapshot is of {}, which is to come",
        short_time(taken_at)
    );
    checks.add(GROUP, "clock", verdict, message);
    checks.hint(hint);
}

fn fresh(age: SignedDuration, due: SignedDuration, checks: &mut Checks) {
    let verdict = if age > due {
        Verdict::Warning
    } else {
        Verdict::Fine
    };
    let message = format!("{} old", rounded(age.max(SignedDuration::ZERO)));
    checks.add(GROUP, "newest snapshot", verdict, message);
    if verdict == Verdict::Warning {
        checks.hint(
            "take one with: entrace snapshot; keep them coming with a timer, or with entrace watch",
        );
    }
}

/// Whether a kind is as complete as it can be without anybody doing anything: what no application may read, and what
/// is read only where something changed until the next full read.
fn is_expected(kind: &KindRecord) -> bool {
    let coverage = &kind.coverage;
    match coverage.state {
        CoverageState::Forbidden => {
            catalog::by_name(&kind.kind).is_some_and(|kind| !(kind.is_default() || kind.is_event()))
        }
        CoverageState::Partial => coverage
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with(READ_WHERE_CHANGED)),
        _ => false,
    }
}

fn complete(record: &Record, checks: &mut Checks) {
    let of = |state: CoverageState| -> Vec<&str> {
        let kinds = record
            .kinds
            .iter()
            .filter(|kind| kind.coverage.state == state && !is_expected(kind));
        kinds.map(|kind| kind.kind.as_str()).collect()
    };
    let why = |status: &str| {
        format!(
            "see why: entrace sql -c \"select kind, reason from coverage where {NEWEST} and status = '{status}'\""
        )
    };
    let mut any = false;
    for (state, words, hint) in [
        (CoverageState::Failed, "failed", why("failed")),
        (
            CoverageState::Forbidden,
            "forbidden",
            "see what is missing: entrace auth status".to_owned(),
        ),
        (CoverageState::Partial, "read in part", why("partial")),
    ] {
        let kinds = of(state);
        if !kinds.is_empty() {
            any = true;
            let message = format!(
                "{} {words}: {}",
                plural(kinds.len() as u64, "kind"),
                listed(&kinds, 8)
            );
            checks.add(GROUP, "completeness", Verdict::Warning, message);
            checks.hint(hint);
        }
    }
    if !any {
        let complete = of(CoverageState::Complete).len() as u64;
        let expected = |state: CoverageState| {
            let kinds = record.kinds.iter();
            let kinds = kinds.filter(|kind| kind.coverage.state == state && is_expected(kind));
            kinds.count()
        };
        let mut message = format!(
            "{} read whole in the newest snapshot, none lacking",
            plural(complete, "kind")
        );
        let changed = expected(CoverageState::Partial);
        if changed > 0 {
            let _ = write!(message, "; {changed} {READ_WHERE_CHANGED}");
        }
        let persons = expected(CoverageState::Forbidden);
        if persons > 0 {
            let _ = write!(message, "; {persons} are not for an application to read");
        }
        checks.add(GROUP, "completeness", Verdict::Fine, message);
    }
}

/// Times between two readings of the log that neither covers: what happened then is not in the archive.
fn gaps(archive: &Archive, checks: &mut Checks) -> Result<()> {
    let snapshots = archive.snapshots();
    let mut windows = Vec::new();
    for snapshot in &snapshots[snapshots.len().saturating_sub(SEARCHED)..] {
        let record = archive.record(snapshot.number)?;
        let read = record.kinds.iter().find(|kind| kind.kind == LOG);
        let read = read
            .map(|kind| &kind.coverage)
            .filter(|coverage| coverage.state == CoverageState::Complete);
        if let Some((Some(from), Some(to))) =
            read.map(|coverage| (coverage.read_from, coverage.read_to))
        {
            windows.push((from.checked_sub(KEPT).unwrap_or(from), to));
        }
    }
    let Some(gaps) = uncovered(windows) else {
        return Ok(());
    };
    match gaps.last() {
        None => checks.add(GROUP, "audit log", Verdict::Fine, "read without a gap"),
        Some((from, to)) => {
            let message = format!(
                "{}, the newest from {} to {}",
                plural(gaps.len() as u64, "gap"),
                short_time(*from),
                short_time(*to)
            );
            checks.add(GROUP, "audit log", Verdict::Warning, message);
            checks.hint("who did what then is not in the archive; Microsoft keeps the log 30 days (7 without a paid licence): snapshots must come oftener than that");
        }
    }
    Ok(())
}

/// Gaps between windows, oldest first; `None` where there are no windows.
fn uncovered(mut windows: Vec<(Timestamp, Timestamp)>) -> Option<Vec<(Timestamp, Timestamp)>> {
    windows.sort_unstable();
    let mut covered = windows.first()?.1;
    let mut gaps = Vec::new();
    for (from, to) in windows {
        if from > covered {
            gaps.push((covered, from));
        }
        covered = covered.max(to);
    }
    Some(gaps)
}

/// A length of time in its largest unit.
pub(super) fn rounded(time: SignedDuration) -> String {
    let seconds = time.as_secs().unsigned_abs();
    match seconds {
        0..120 => plural(seconds, "second"),
        120..7200 => plural(seconds / 60, "minute"),
        7200..172_800 => plural(seconds / 3600, "hour"),
        _ => plural(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_no_window_covers() {
        let at = |day: i64| Timestamp::from_second(day * 86_400).expect("because it is in range");
        let window = |from, to| (at(from), at(to));
        assert_eq!(uncovered(Vec::new()), None);
        assert_eq!(
            uncovered(vec![window(1, 3), window(2, 4)]),
            Some(Vec::new())
        );
        // A long window covers what comes between two short ones.
        assert_eq!(
            uncovered(vec![window(1, 9), window(2, 3), window(5, 6)]),
            Some(Vec::new())
        );
        assert_eq!(
            uncovered(vec![window(7, 8), window(1, 3), window(4, 5)]),
            Some(vec![window(3, 4), window(5, 7)])
        );
    }
}

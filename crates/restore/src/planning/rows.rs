//! The objects that differ, by key and name, and what each missing one names.

use std::ops::Range;

use catalog::{Kind, Shape};
use model::{KEY_SEPARATOR, Parser, Value};
use roaring::RoaringBitmap;
use store::{Archive, KindNumber, Ordinal};

use super::difference::Difference;
use super::mention::{display, referred, texts_at};
use super::request::State;
use crate::error::Result;

/// How an object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Wanted and current version.
    Changed(Ordinal, Ordinal),
    /// Wanted version; it is not there now.
    Missing(Ordinal),
    /// Current version; it was not there.
    Added(Ordinal),
}

/// One object that differs.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Place of its kind in the list of differences.
    pub(super) difference: usize,
    pub(super) what: What,
    /// Its key; empty for changed ones where nobody asked.
    pub(super) key: Box<str>,
    pub(super) name: Option<Box<str>>,
    /// A second id it is known by: the `appId` of an application.
    pub(super) alias: Option<Box<str>>,
    /// Ids it names: ends of an edge, parents, references. Of changed ones none.
    pub(super) ends: Vec<Box<str>>,
    /// Whether it ends at a time.
    pub(super) is_timed: bool,
}

impl Row {
    /// Its own id: the last part of its key.
    pub(super) fn id(&self) -> &str {
        self.key.rsplit(KEY_SEPARATOR).next().unwrap_or_default()
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.key.split(KEY_SEPARATOR)
    }

    /// Ids of what it stands below, outermost first.
    pub(super) fn parents(&self) -> impl Iterator<Item = &str> {
        let own = self.key.rfind(KEY_SEPARATOR).unwrap_or(0);
        let parents = self.key[..own].split(KEY_SEPARATOR);
        parents.filter(|part| !part.is_empty())
    }
}

/// Where the rows of each difference stand: they come in the order of the differences.
pub(super) fn ranges(rows: &[Row], differences: usize) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0; differences];
    let mut first = 0;
    for rows in rows.chunk_by(|a, b| a.difference == b.difference) {
        ranges[rows[0].difference] = first..first + rows.len();
        first += rows.len();
    }
    ranges
}

/// Whether objects of a kind hang on others and have no life of their own: edges, what stands below a parent, and
/// grants and assignments.
pub(super) fn is_attachment(kind: &Kind) -> bool {
    const GRANTS: [&str; 4] = [
        "access_package_assignment",
        "oauth2_permission_grant",
        "role_assignment",
        "role_assignment_entitlement",
    ];
    kind.is_relationship()
        || kind.parent.is_some()
        || GRANTS.contains(&kind.name)
        || kind.name.contains("_schedule")
}

/// The ids of what an object stands for, and can never stand for another: the `appId` of a service principal. Where
/// that is made anew, the object is made anew with it, though it lies in the recycle bin itself.
pub(super) fn bound_to<'r>(kind: &Kind, row: &'r Row) -> &'r [Box<str>] {
    match kind.name {
        "service_principal" => &row.ends,
        _ => &[],
    }
}

/// Reads the keys of everything that differs; of changed objects only where `with_changed` says so.
pub(super) fn rows(
    wanted: State<'_>,
    current: Option<State<'_>>,
    differences: &[Difference],
    with_changed: impl Fn(&Kind) -> bool,
) -> Result<Vec<Row>> {
    let mut reader = Reader::default();
    let mut rows = Vec::new();
    for (at, difference) in differences.iter().enumerate() {
        if difference.kind.is_event() {
            continue;
        }
        if let Some(number) = difference.wanted.number {
            let missing = &difference.missing;
            reader.read(
                (wanted.archive, number, missing),
                (at, difference.kind),
                What::Missing,
                &mut rows,
            )?;
            let changed = changed_rows(difference, at);
            if with_changed(difference.kind) && !changed.is_empty() {
                let first = rows.len();
                let ordinals = difference.changed.iter().map(|(was, _)| *was).collect();
                let pair = |was| {
                    let at = difference
                        .changed
                        .binary_search_by_key(&was, |(was, _)| *was)
                        .expect("because only these ordinals were asked for");
                    What::Changed(was, difference.changed[at].1)
                };
                reader.read(
                    (wanted.archive, number, &ordinals),
                    (at, difference.kind),
                    pair,
                    &mut rows,
                )?;
                debug_assert!(rows.len() >= first);
            } else {
                rows.extend(changed);
            }
        }
        if let (Some(number), Some(current)) = (difference.current.number, current) {
            let added = &difference.added;
            reader.read(
                (current.archive, number, added),
                (at, difference.kind),
                What::Added,
                &mut rows,
            )?;
        }
    }
    Ok(rows)
}

fn changed_rows(difference: &Difference, at: usize) -> Vec<Row> {
    let row = |(was, is): &(Ordinal, Ordinal)| Row {
        difference: at,
        what: What::Changed(*was, *is),
        key: Box::default(),
        name: None,
        alias: None,
        ends: Vec::new(),
        is_timed: false,
    };
    difference.changed.iter().map(row).collect()
}

#[derive(Default)]
struct Reader {
    parser: Parser,
}

impl Reader {
    fn read(
        &mut self,
        (archive, number, ordinals): (&Archive, KindNumber, &RoaringBitmap),
        (difference, kind): (usize, &'static Kind),
        what: impl Fn(Ordinal) -> What,
        rows: &mut Vec<Row>,
    ) -> Result<()> {
        archive.versions(number, ordinals, |ordinal, key, text| {
            let mut row = Row {
                difference,
                what: what(ordinal),
                key: key.into(),
                name: None,
                alias: None,
                ends: Vec::new(),
                is_timed: false,
            };
            if kind.is_relationship() {
                row.ends = row.parts().map(Into::into).collect();
            } else if let Ok(document) = self.parser.parse_text(text) {
                describe(kind, document.root(), &mut row);
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(())
    }
}

fn describe(kind: &'static Kind, root: Value<'_>, row: &mut Row) {
    row.name = display(kind, root).map(Into::into);
    if kind.name == "application" {
        texts_at(root, "appId", &mut |id| {
            row.alias = Some(id.to_ascii_lowercase().into());
        });
    }
    if kind.shape != Shape::Singleton {
        let parents = row.parents().map(Into::into).collect();
        row.ends = parents;
    }
    if !matches!(row.what, What::Changed(..)) {
        referred(kind, root, &mut |id| row.ends.push(id.into()));
    }
    texts_at(root, "scheduleInfo.expiration.type", &mut |word| {
        row.is_timed = word != "noExpiration";
    });
}

//! `stats`: what the archive holds and what it costs.

use std::fmt::Write as _;

use clap::Args;
use store::{Storage, StoredKind};

use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, bytes, count, plural, short_time};

/// Show what the archive holds and how much room it takes
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {}

/// Parts of an archive on disk, and whether they are the truth or derived from it.
const PARTS: [(&str, &str, bool); 6] = [
    ("packs", "packs", true),
    ("log", "log", true),
    ("keys", "keys", true),
    ("keyring", "keyring", true),
    ("index", "index.redb", false),
    ("columns", "columns", false),
];

/// Name, files, bytes and truth of every part.
type Size = (&'static str, u64, u64, bool);

/// Room every part takes.
pub(crate) fn sizes(storage: &dyn Storage) -> Result<Vec<Size>> {
    let mut sizes = Vec::new();
    for (name, path, is_truth) in PARTS {
        let (files, total) = match storage.size(path)? {
            Some(size) => (1, size),
            None => {
                let files = storage.list(path)?;
                (files.len() as u64, files.iter().map(|(_, size)| size).sum())
            }
        };
        sizes.push((name, files, total, is_truth));
    }
    Ok(sizes)
}

/// Bytes of what is the truth, or of what is derived from it.
fn taken(sizes: &[Size], truth: bool) -> u64 {
    let such = sizes.iter().filter(|size| size.3 == truth);
    such.map(|size| size.2).sum()
}

pub(crate) fn run(app: &App, _: &StatsArgs) -> Result<u8> {
    let archive = app.archive()?;
    let sizes = sizes(archive.storage().as_ref())?;
    let snapshots = archive.snapshots();
    let kinds = archive.kinds();
    let versions: u64 = kinds.iter().map(|kind| u64::from(kind.versions)).sum();
    let objects: u64 = kinds.iter().map(|kind| u64::from(kind.objects)).sum();
    if app.wants_json() {
        let parts: serde_json::Map<String, serde_json::Value> = sizes
            .iter()
            .map(|(name, files, total, _)| {
                (
                    (*name).to_owned(),
                    serde_json::json!({"files": files, "bytes": total}),
                )
            })
            .collect();
        let by_kind: Vec<serde_json::Value> = kinds
            .iter()
            .map(|kind| serde_json::json!({"kind": kind.name, "objects": kind.objects, "versions": kind.versions}))
            .collect();
        app.print_json(&serde_json::json!({
            "archive_id": archive.id().to_string(),
            "tenant": archive.tenant(),
            "log_key": archive.log_key(),
            "acts": archive.log_size(),
            "snapshots": snapshots.len(),
            "first": snapshots.first().map(|s| s.taken_at.to_string()),
            "latest": snapshots.last().map(|s| s.taken_at.to_string()),
            "objects": objects,
            "versions": versions,
            "truth_bytes": taken(&sizes, true),
            "derived_bytes": taken(&sizes, false),
            "parts": parts,
            "kinds": by_kind,
        }))?;
        return Ok(0);
    }
    let mut text = format!("{} ({})\n", archive.tenant(), archive.id());
    if let (Some(first), Some(last)) = (snapshots.first(), snapshots.last()) {
        let _ = writeln!(
            text,
            "{} from {} to {}; {} of {}",
            plural(snapshots.len() as u64, "snapshot"),
            short_time(first.taken_at),
            short_time(last.taken_at),
            plural(versions, "version"),
            plural(objects, "object")
        );
    } else {
        text.push_str("no snapshots yet\n");
    }
    text.push_str(&parts(app, &sizes));
    text.push_str(&by_kind(app, kinds));
    let _ = writeln!(
        text,
        "\nlog of {}, verified with {}",
        plural(archive.log_size(), "act"),
        archive.log_key()
    );
    app.page(&text)?;
    app.next_command("check")?;
    Ok(0)
}

/// The archive's folders and files, and what they take together.
fn parts(app: &App, sizes: &[Size]) -> String {
    let mut grid = Grid::new(&["part", ">files", ">size", "what"], false);
    for (name, files, total, is_truth) in sizes {
        let what = if *is_truth {
            "the archive"
        } else {
            "derived: rebuild makes it again"
        };
        grid.push(&[
            format!("  {name}"),
            count(*files),
            bytes(*total),
            what.to_owned(),
        ]);
    }
    format!(
        "\n{}  {} the archive itself, {} derived\n",
        grid.render(app.colour),
        bytes(taken(sizes, true)),
        bytes(taken(sizes, false))
    )
}

/// The kinds, those with most versions first.
fn by_kind(app: &App, mut kinds: Vec<StoredKind>) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    kinds.sort_by(|a, b| {
        b.versions
            .cmp(&a.versions)
            .then_with(|| a.name.cmp(&b.name))
    });
    let mut grid = Grid::new(&["kind", ">objects", ">versions"], false);
    for kind in &kinds {
        grid.push(&[
            format!("  {}", kind.name),
            count(kind.objects.into()),
            count(kind.versions.into()),
        ]);
    }
    format!("\n{}", grid.render(app.colour))
}

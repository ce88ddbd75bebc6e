//! Whether a document can be of a catalogued kind, by the names of its properties.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use catalog::{Kind, Shape};
use model::Value;

/// Properties that nearly every Graph type has.
const COMMON: [&str; 7] = [
    "id",
    "displayname",
    "description",
    "createddatetime",
    "modifieddatetime",
    "deleteddatetime",
    "additionalproperties",
];

/// Lower-case names of the properties the catalogue knows of each kind.
fn known(kind: &Kind) -> &'static HashSet<String> {
    static KNOWN: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
        let kinds = catalog::kinds().iter();
        kinds.map(|kind| (kind.name, names(kind))).collect()
    });
    static NOTHING: LazyLock<HashSet<String>> = LazyLock::new(HashSet::new);
    KNOWN.get(kind.name).unwrap_or(&NOTHING)
}

fn names(kind: &Kind) -> HashSet<String> {
    let columns = kind.columns.iter().map(|column| column.property);
    let references = kind.references.iter().map(|reference| reference.path);
    let lists = [
        kind.display,
        kind.volatile,
        kind.drift,
        kind.read_only,
        kind.sets,
        kind.secrets,
    ];
    let paths = lists.into_iter().flatten().copied();
    let heads = columns.chain(references).chain(paths).chain(kind.key);
    heads
        .map(|path| path.split('.').next().unwrap_or(path).to_ascii_lowercase())
        .chain(COMMON.iter().map(|&name| name.to_owned()))
        .collect()
}

/// Whether nothing about a document's properties contradicts a kind.
///
/// With the kind's key, a third of the properties must be known ones (beta answers and old exports
/// carry many the catalogue does not list); without it, half of them and at least three. So a
/// template without id is still what it looks like, and `package.json` is not.
pub(crate) fn fits(kind: &Kind, object: Value<'_>) -> bool {
    let known = known(kind);
    let (mut total, mut named, mut has_key) = (0_usize, 0_usize, false);
    for (key, _) in object.members() {
        if key.contains('@') || catalog::is_transport(&key) {
            continue;
        }
        let lower = key.to_ascii_lowercase();
        total += 1;
        named += usize::from(known.contains(&lower));
        has_key |= kind.key.is_some_and(|own| own.eq_ignore_ascii_case(&key));
    }
    if kind.shape == Shape::Singleton {
        return named > 0 && named * 2 >= total;
    }
    if has_key {
        total <= 2 || named * 3 >= total
    } else {
        named >= 3 && named * 2 >= total
    }
}

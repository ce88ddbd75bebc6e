//! Raw import units: which ordinals a piece of raw input stood for when it was last read.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::unusable;
use crate::bytes::{Put, Reader, Short};
use crate::error::Result;
use crate::id::Ordinal;
use crate::seal::Handle;

/// Units of one row: most take 19 or 20 bytes, and redb rounds up to a power of two.
const UNITS_PER_ROW: usize = 3200;

/// Handles are keyed hashes already: their own bytes spread best.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn write(&mut self, bytes: &[u8]) {
        // A handle is written whole; a length prefix, if any, comes apart from it.
        if let Some(head) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*head);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Map keyed by handles.
pub(crate) type HandleMap<T> = HashMap<Handle, T, BuildHasherDefault<HandleHasher>>;

/// Ordinals by unit. Nearly every unit stands for one ordinal or one run of them, so the first run
/// stands in the map and only further ones cost an allocation: a table holds a million units.
#[derive(Debug, Default)]
pub(crate) struct UnitTable {
    units: HandleMap<Runs>,
}

/// Runs `(first, length)` of the ordinals a unit stands for; a unit may stand for none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    first: (Ordinal, u32),
    more: Option<Box<Further>>,
}

/// The runs behind the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Further(Vec<(Ordinal, u32)>);

impl Runs {
    pub(crate) fn push(&mut self, ordinal: Ordinal) {
        self.append(&Self::one(ordinal));
    }

    pub(crate) fn one(ordinal: Ordinal) -> Self {
        Self {
            first: (ordinal, 1),
            more: None,
        }
    }

    pub(crate) fn append(&mut self, other: &Self) {
        for (first, length) in other.iter() {
            let further = self.more.as_mut().and_then(|more| more.0.last_mut());
            let last = further.unwrap_or(&mut self.first);
            if last.1 == 0 {
                *last = (first, length);
            } else if last.0 + last.1 == first {
                last.1 += length;
            } else {
                self.add((first, length));
            }
        }
    }

    fn add(&mut self, run: (Ordinal, u32)) {
        self.more.get_or_insert_default().0.push(run);
    }

    /// Ordinals in all runs.
    pub(crate) fn count(&self) -> usize {
        self.iter().map(|(_, length)| length as usize).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ordinal, u32)> + '_ {
        std::iter::once(self.first)
            .filter(|run| run.1 > 0)
            .chain(self.more.iter().flat_map(|more| more.0.iter().copied()))
    }
}

impl UnitTable {
    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    pub(crate) fn get(&self, unit: &Handle) -> Option<&Runs> {
        self.units.get(unit)
    }

    pub(crate) fn insert(&mut self, unit: Handle, runs: Runs) {
        self.units.insert(unit, runs);
    }

    /// Moves a unit of `other` over, if `other` knows it.
    pub(crate) fn take_from(&mut self, other: &mut Self, unit: &Handle) -> Option<&Runs> {
        let runs = other.units.remove(unit)?;
        Some(self.units.entry(*unit).or_insert(runs))
    }

    /// Adds the units of `other` that are not known yet.
    pub(crate) fn merge(&mut self, other: Self) {
        for (unit, runs) in other.units {
            self.units.entry(unit).or_insert(runs);
        }
    }

    /// Writes the table's rows, from the first on; how many there are.
    pub(super) fn encode(&self, mut write: impl FnMut(u32, Vec<u8>) -> Result<()>) -> Result<u32> {
        let mut units: Vec<_> = self.units.iter().collect();
        // In the order of ordinals neighbours differ by little, and equal tables have equal rows.
        units.sort_unstable_by_key(|(unit, runs)| (runs.first, **unit));
        let mut rows = 0;
        for row in units.chunks(UNITS_PER_ROW) {
            write(rows, encode_row(row))?;
            rows += 1;
        }
        Ok(rows)
    }

    pub(super) fn extend(&mut self, row: &[u8]) -> Result<()> {
        decode_row(row, &mut self.units).map_err(|Short| unusable("unit row does not decode"))
    }
}

fn encode_row(units: &[(&Handle, &Runs)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(units.len() * 20);
    let mut end = 0;
    for (unit, runs) in units {
        out.extend_from_slice(*unit);
        out.varint(runs.iter().count() as u64);
        for (first, length) in runs.iter() {
            out.zigzag(i64::from(first) - end);
            out.varint(length.into());
            end = i64::from(first) + i64::from(length);
        }
    }
    out
}

fn decode_row(row: &[u8], units: &mut HandleMap<Runs>) -> std::result::Result<(), Short> {
    let mut reader = Reader(row);
    units.reserve(row.len() / 19);
    let mut end = 0i64;
    while !reader.is_empty() {
        let unit: Handle = reader.array()?;
        let mut runs = Runs::default();
        for at in 0..reader.varint()? {
            let first = end.checked_add(reader.zigzag()?).ok_or(Short)?;
            let run = (
                u32::try_from(first).map_err(|_| Short)?,
                reader.varint_u32()?,
            );
            end = first + i64::from(run.1);
            if at == 0 {
                runs.first = run;
            } else {
                runs.add(run);
            }
        }
        units.insert(unit, runs);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_back_from_their_rows() {
        let mut table = UnitTable::default();
        for n in 0..10_000u32 {
            let mut handle = [0; 16];
            handle[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_le_bytes());
            let mut runs = Runs::default();
            (0..n % 4).for_each(|step| runs.push(n * 3 + step * step));
            table.insert(handle, runs);
        }
        let mut rows = Vec::new();
        let count = table.encode(|number, row| {
            assert_eq!(number as usize, rows.len());
            rows.push(row);
            Ok(())
        });
        assert_eq!(count.expect("because memory takes it"), 4);
        let mut read = UnitTable::default();
        rows.iter()
            .for_each(|row| read.extend(row).expect("because it was just encoded"));
        assert_eq!(read.units, table.units);
        assert!(read.extend(&[1, 2, 3]).is_err());
    }

    #[test]
    fn neighbouring_ordinals_share_a_run() {
        let mut runs = Runs::default();
        assert_eq!(runs.iter().count(), 0);
        [7, 8, 9, 4, 5, 20]
            .into_iter()
            .for_each(|ordinal| runs.push(ordinal));
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(7, 3), (4, 2), (20, 1)]);
    }
}

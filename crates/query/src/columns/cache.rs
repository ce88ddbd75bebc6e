//! Columns that were decoded are kept: a question that is asked again reads no file.
//!
//! Decoding is what a scan of a segment costs: decrypting, decompressing and copying a column of 16,384
//! rows takes up to two milliseconds, testing it a few microseconds.

use std::collections::HashMap;
use std::sync::Mutex;

use datafusion::arrow::array::{Array, ArrayRef};
use store::KindNumber;

/// Memory that decoded columns may take. 100,000 users with their memberships take 60 MB of it in the
/// columns that are asked for most.
const CACHE_BYTES: usize = 128 << 20;

/// A column of a row group: the kind, the first ordinal of the group, the column's place in the schema.
pub(super) type Place = (KindNumber, u32, usize);

/// Decoded columns, those used longest ago dropped first.
#[derive(Debug, Default)]
pub(crate) struct ArrayCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    arrays: HashMap<Place, Entry>,
    size_bytes: usize,
    /// Counts uses: the time of this cache.
    now: u64,
}

#[derive(Debug)]
struct Entry {
    array: ArrayRef,
    size_bytes: usize,
    used: u64,
}

impl ArrayCache {
    pub(super) fn has(&self, place: Place) -> bool {
        self.0
            .lock()
            .is_ok_and(|kept| kept.arrays.contains_key(&place))
    }

    pub(super) fn get(&self, place: Place) -> Option<ArrayRef> {
        let mut kept = self.0.lock().ok()?;
        kept.now += 1;
        let now = kept.now;
        let entry = kept.arrays.get_mut(&place)?;
        entry.used = now;
        Some(ArrayRef::clone(&entry.array))
    }

    pub(super) fn keep(&self, place: Place, array: &ArrayRef) {
        let size_bytes = array.get_array_memory_size();
        let Ok(mut kept) = self.0.lock() else { return };
        kept.make_room(size_bytes);
        kept.now += 1;
        let entry = Entry {
            array: ArrayRef::clone(array),
            size_bytes,
            used: kept.now,
        };
        kept.size_bytes += size_bytes;
        if let Some(before) = kept.arrays.insert(place, entry) {
            kept.size_bytes -= before.size_bytes;
        }
    }
}

impl Kept {
    /// Drops what was used longest ago; a quarter more than needed, so that this happens rarely.
    fn make_room(&mut self, size_bytes: usize) {
        if self.size_bytes + size_bytes <= CACHE_BYTES {
            return;
        }
        let mut uses: Vec<(u64, Place)> = self
            .arrays
            .iter()
            .map(|(place, entry)| (entry.used, *place))
            .collect();
        uses.sort_unstable();
        for (_, place) in uses {
            if self.size_bytes + size_bytes <= CACHE_BYTES / 4 * 3 {
                break;
            }
            if let Some(dropped) = self.arrays.remove(&place) {
                self.size_bytes -= dropped.size_bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::UInt32Array;

    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first_and_the_bound_holds() {
        let cache = ArrayCache::default();
        let place = |column: usize| (KindNumber(1), 0, column);
        let array: ArrayRef = Arc::new(UInt32Array::from(vec![7; 4 << 20]));
        let fit = CACHE_BYTES / array.get_array_memory_size();
        for column in 0..fit {
            cache.keep(place(column), &array);
        }
        assert!(cache.get(place(0)).is_some());
        cache.keep(place(fit), &array);
        assert!(cache.has(place(0)) && cache.has(place(fit)));
        assert!(!cache.has(place(1)));
        let kept = cache.0.lock().expect("because no test panicked in it");
        let held: usize = kept.arrays.values().map(|entry| entry.size_bytes).sum();
        assert_eq!(held, kept.size_bytes);
        assert!(held <= CACHE_BYTES);
    }
}

//! Reading and writing the integers of the format: fixed widths little-endian, varints LEB128.

use roaring::RoaringBitmap;

/// Appends integers to a byte list.
pub(crate) trait Put {
    fn varint(&mut self, value: u64);
    fn zigzag(&mut self, value: i64);
    fn u32(&mut self, value: u32);
    fn u64(&mut self, value: u64);
}

impl Put for Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    #[expect(
        clippy::cast_sign_loss,
        reason = "zigzag moves the sign into the lowest bit"
    )]
    fn zigzag(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }
}

/// The bytes ended early, or a number is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short;

/// Reads integers from the front of a byte slice; every read is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Short> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Short)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        self.take(N)?.try_into().map_err(|_| Short)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Short> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Short> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Short> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Short> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Short> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Short);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Short)
    }

    #[expect(clippy::cast_possible_wrap, reason = "undoes zigzag")]
    pub(crate) fn zigzag(&mut self) -> Result<i64, Short> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn varint_u32(&mut self) -> Result<u32, Short> {
        u32::try_from(self.varint()?).map_err(|_| Short)
    }

    /// A length that must lie within what is left, so that no list is allocated on a lie.
    pub(crate) fn length(&mut self) -> Result<usize, Short> {
        let length = usize::try_from(self.varint()?).map_err(|_| Short)?;
        if length > self.0.len() {
            Err(Short)
        } else {
            Ok(length)
        }
    }

    pub(crate) fn sized(&mut self) -> Result<&'a [u8], Short> {
        let length = self.length()?;
        self.take(length)
    }
}

/// Maximal runs `(first, length)` of a set of ordinals, ascending.
pub(crate) fn runs(set: &RoaringBitmap) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    let mut iter = set.iter();
    while let Some(range) = iter.next_range() {
        let (first, length) = (*range.start(), range.end() - range.start() + 1);
        match runs.last_mut() {
            // Ranges of neighbouring containers touch at multiples of 65,536.
            Some((start, count)) if *start + *count == first => *count += length,
            _ => runs.push((first, length)),
        }
    }
    runs
}

/// Writes a set as its runs.
pub(crate) fn put_runs(out: &mut Vec<u8>, set: &RoaringBitmap) {
    let runs = runs(set);
    out.varint(runs.len() as u64);
    let mut end = 0;
    for (first, length) in runs {
        out.varint(u64::from(first - end));
        out.varint(u64::from(length));
        end = first + length;
    }
}

/// Reads a set written by [`put_runs`].
pub(crate) fn take_runs(reader: &mut Reader<'_>) -> Result<RoaringBitmap, Short> {
    let mut set = RoaringBitmap::new();
    let mut end = 0u32;
    for _ in 0..reader.length()? {
        let first = end.checked_add(reader.varint_u32()?).ok_or(Short)?;
        let length = reader.varint_u32()?;
        let last = first.checked_add(length).ok_or(Short)?;
        set.insert_range(first..last);
        end = last;
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_come_back(value in any::<u64>(), signed in any::<i64>()) {
            let mut bytes = Vec::new();
            bytes.varint(value);
            bytes.zigzag(signed);
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.varint(), Ok(value));
            prop_assert_eq!(reader.zigzag(), Ok(signed));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn sets_come_back_as_their_runs(
            mut set in prop::collection::btree_set(0u32..200_000, 0..300),
            range in (0u32..140_000, 0u32..70_000),
        ) {
            set.extend(range.0..range.0 + range.1);
            let bitmap: RoaringBitmap = set.iter().copied().collect();
            let mut bytes = Vec::new();
            put_runs(&mut bytes, &bitmap);
            prop_assert_eq!(take_runs(&mut Reader(&bytes)), Ok(bitmap.clone()));
            let counted: u64 = runs(&bitmap).iter().map(|(_, length)| u64::from(*length)).sum();
            prop_assert_eq!(counted, bitmap.len());
            prop_assert!(runs(&bitmap).windows(2).all(|w| w[0].0 + w[0].1 < w[1].0), "runs are maximal");
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader(&bytes);
            let _ = take_runs(&mut reader);
            let _ = reader.sized();
        }
    }

    #[test]
    fn a_varint_beyond_64_bits_is_refused() {
        assert_eq!(Reader(&[0xff; 10]).varint(), Err(Short));
        assert_eq!(Reader(&[0x80, 0x80]).varint(), Err(Short));
    }
}

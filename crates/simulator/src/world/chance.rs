//! Where ids and randomness come from: nothing but the seed.
//!
//! Everything about an object is drawn from a generator that starts at (seed, kind, number), so that
//! the millionth user can be made without making the others, and twice the same.

use std::fmt::Write as _;

/// Bytes of a kind's word that are used as they are; longer ones are hashed first.
const LONGEST_WORD: usize = 56;

/// Secret of one world, from which all its ids and generators are derived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(seed: u64) -> Self {
        Self(blake3::derive_key(
            "entrace simulator world",
            &seed.to_le_bytes(),
        ))
    }

    fn digest(&self, kind: &str, number: u64) -> [u8; 32] {
        // One block of the hash in nearly all cases: this is the world's innermost loop.
        let mut input = [0; 64];
        let mut length = kind.len();
        if let Some(start) = input.get_mut(..length).filter(|_| length <= LONGEST_WORD) {
            start.copy_from_slice(kind.as_bytes());
        } else {
            length = 32;
            input[..length].copy_from_slice(blake3::hash(kind.as_bytes()).as_bytes());
        }
        input[length..length + 8].copy_from_slice(&number.to_le_bytes());
        *blake3::keyed_hash(&self.0, &input[..length + 8]).as_bytes()
    }

    /// Id number `number` of a kind: a GUID of version 4 by its form.
    pub(super) fn guid(&self, kind: &str, number: u64) -> String {
        let digest = self.digest(kind, number);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        hyphenated(bytes)
    }

    /// Generator for one thing of a kind.
    pub(super) fn chance(&self, kind: &str, number: u64) -> Chance {
        let digest = self.digest(kind, number);
        let mut state = [0; 8];
        state.copy_from_slice(&digest[16..24]);
        Chance(u64::from_le_bytes(state))
    }
}

fn hyphenated(bytes: [u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// `SplitMix64` (Steele, Lea and Flood 2014): small, fast, the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = ((self.next() >> 32) * u64::from(bound)) >> 32;
        u32::try_from(scaled).expect("because a 32-bit fraction of a 32-bit number fits")
    }

    /// Like [`Chance::below`], crowded towards 0 as popularity is.
    pub(super) fn below_crowded(&mut self, bound: u32) -> u32 {
        let first = self.below(bound);
        first.min(self.below(bound)).min(self.below(bound))
    }

    /// True `share` times in 1,000.
    pub(super) fn per_mille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let bound = u32::try_from(from.len()).expect("because no list here is that long");
        &from[self.below(bound) as usize]
    }

    /// How often something with `per_million` chances in a million happens among `population`:
    /// the expectation, give or take a quarter, its fraction by chance.
    pub(super) fn count(&mut self, population: u32, per_million: u32) -> u32 {
        let spread = u64::from(750 + self.below(501));
        let expected = u64::from(population) * u64::from(per_million) * spread / 1_000;
        let whole = u32::try_from(expected / 1_000_000).unwrap_or(u32::MAX);
        let rest = u32::try_from(expected % 1_000_000).unwrap_or(0);
        whole + u32::from(self.below(1_000_000) < rest)
    }

    /// `digits` hexadecimal digits, capital.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            let word = self.next();
            write!(text, "{word:016X}").expect("because a string takes everything");
        }
        text.truncate(digits);
        text
    }

    /// A GUID that is nobody's id (request ids, correlation ids).
    pub(super) fn guid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        hyphenated(bytes)
    }
}

/// A shuffle of `0..count` that needs no memory: position `i` holds `(first + i * stride) mod count`.
///
/// Group members are dealt from it, so that neither the hundredth member nor the question whether
/// somebody is a member needs the other members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    first: u64,
    stride: u64,
    inverse: u64,
    count: u64,
}

impl Deal {
    pub(super) fn new(chance: &mut Chance, count: u32) -> Self {
        let count = u64::from(count.max(1));
        let first = chance.next() % count;
        let mut stride = chance.next() % count;
        let inverse = loop {
            match inverse_modulo(stride, count) {
                Some(inverse) => break inverse,
                None => stride = (stride + 1) % count,
            }
        };
        Self {
            first,
            stride,
            inverse,
            count,
        }
    }

    /// What lies at a position.
    pub(super) fn at(&self, position: u32) -> u32 {
        let value = (self.first + u64::from(position) % self.count * self.stride) % self.count;
        u32::try_from(value).expect("because it is below a 32-bit count")
    }

    /// Position of a value.
    pub(super) fn position(&self, value: u32) -> u32 {
        let from_first = (u64::from(value) + self.count - self.first) % self.count;
        u32::try_from(from_first * self.inverse % self.count)
            .expect("because it is below a 32-bit count")
    }
}

/// The inverse of `value` modulo `modulus`, where the two have no common divisor.
fn inverse_modulo(value: u64, modulus: u64) -> Option<u64> {
    if modulus == 1 {
        return Some(0);
    }
    let (mut old_rest, mut rest) = (i128::from(value), i128::from(modulus));
    let (mut old_factor, mut factor) = (1_i128, 0_i128);
    while rest != 0 {
        let quotient = old_rest / rest;
        (old_rest, rest) = (rest, old_rest - quotient * rest);
        (old_factor, factor) = (factor, old_factor - quotient * factor);
    }
    (old_rest == 1).then(|| {
        u64::try_from(old_factor.rem_euclid(i128::from(modulus)))
            .expect("because a remainder of a 64-bit modulus fits")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_seed_kind_and_number() {
        let id = Key::new(1).guid("user", 7);
        assert_eq!(id, Key::new(1).guid("user", 7));
        assert_ne!(id, Key::new(2).guid("user", 7));
        assert_ne!(id, Key::new(1).guid("group", 7));
        assert_ne!(id, Key::new(1).guid("user", 8));
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        let long = |end: char| Key::new(1).guid(&format!("{}{end}", "kind/".repeat(20)), 7);
        assert_ne!(long('a'), long('b'));
    }

    #[test]
    fn a_deal_holds_every_value_once_and_finds_it() {
        for count in [1, 2, 12, 97, 100] {
            let deal = Deal::new(&mut Key::new(3).chance("deal", u64::from(count)), count);
            let mut dealt: Vec<u32> = (0..count).map(|position| deal.at(position)).collect();
            for (position, value) in dealt.iter().enumerate() {
                assert_eq!(deal.position(*value) as usize, position);
            }
            dealt.sort_unstable();
            assert_eq!(dealt, (0..count).collect::<Vec<_>>());
        }
    }
}

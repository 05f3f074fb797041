//! Sets of addresses and other numbers that no program chooses.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// A hasher for addresses: multiply and fold.
#[derive(Default, Clone, Copy)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = fold(self.0 ^ value, 0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The 128-bit product, its halves folded into one another.
#[inline(always)]
pub fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A set of addresses, or of pairs of them.
pub type AddressSet<T> = HashSet<T, BuildHasherDefault<AddressHasher>>;

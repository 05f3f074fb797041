//! A quick hasher for the compiler's own tables. Source text is bounded by its file, and a table that degrades
//! costs time in proportion to it, so no defence against chosen keys is needed; run-time maps have their own.

use std::hash::{BuildHasher, Hasher};

/// Multiply and rotate, a word at a time.
#[derive(Default, Clone, Copy)]
pub struct FastHasher;

/// The state of [`FastHasher`].
pub struct FastState(u64);

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl BuildHasher for FastHasher {
    type Hasher = FastState;
    fn build_hasher(&self) -> FastState {
        FastState(0)
    }
}

impl FastState {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    }
}

impl Hasher for FastState {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.add(u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        self.add(u64::from_le_bytes(last));
    }
    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.add(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// For keys that are one number each, counted up from 0: neighbours are neighbours in the table too, so that a walk in
/// the order of the numbers stays in the cache. Keys in steps of a power of two share places, but there are then as many
/// numbers between them.
#[derive(Default, Clone, Copy)]
pub struct IdHasher;

/// The state of [`IdHasher`].
pub struct IdState(u64);

impl BuildHasher for IdHasher {
    type Hasher = IdState;
    fn build_hasher(&self) -> IdState {
        IdState(0)
    }
}

impl Hasher for IdState {
    fn write(&mut self, bytes: &[u8]) {
        debug_assert!(false, "a key of {} bytes is no number", bytes.len());
    }
    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value);
    }
    fn finish(&self) -> u64 {
        // The table takes the place from the low bits, and compares the highest seven before the keys.
        self.0 | self.0.wrapping_mul(MULTIPLIER) & (0x7f << 57)
    }
}

/// A map with [`IdHasher`].
pub type IdMap<K, V> = std::collections::HashMap<K, V, IdHasher>;

/// A map with [`FastHasher`].
pub type FastMap<K, V> = std::collections::HashMap<K, V, FastHasher>;

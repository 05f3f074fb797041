//! Constants by value: what code loads from memory beside it.
//!
//! [`CodeBuffer::constant`](super::CodeBuffer::constant) gives a label for a value; the same value gets the same
//! label. The values are written at the end of the code, or in an island where the instruction set needs them nearer.
//! They go in order of falling size, so that alignment costs nothing, and among equals in order of first use, so that the
//! same calls give the same bytes. An address that is not known yet is a constant too: eight bytes that a relocation fills.

use std::collections::HashMap;

use super::label::Label;

/// A constant: 1 to 64 bytes, as they stand in memory; its size is a power of two, and its alignment too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Constant {
    bytes: [u8; 64],
    size: u8,
}

impl Constant {
    const fn of(bytes: [u8; 64], size: u8) -> Constant {
        Constant { bytes, size }
    }

    fn from_slice(from: &[u8]) -> Constant {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(from) {
            *to = *from;
        }
        Constant::of(bytes, from.len().min(64) as u8)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }
}

macro_rules! constant_from {
    ($($number:ty),*) => {$(
        impl From<$number> for Constant {
            fn from(value: $number) -> Constant {
                Constant::from_slice(&value.to_le_bytes())
            }
        }
    )*};
}
constant_from!(u8, u16, u32, i32, u64, i64, u128, f32, f64);

macro_rules! constant_from_bytes {
    ($($size:literal),*) => {$(
        impl From<[u8; $size]> for Constant {
            fn from(bytes: [u8; $size]) -> Constant {
                Constant::from_slice(&bytes)
            }
        }
    )*};
}
constant_from_bytes!(1, 2, 4, 8, 16, 32, 64);

/// What stands in the pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Entry {
    Value(Constant),
    /// The address of something outside, by the user's number.
    External(u32),
}

impl Entry {
    /// Its size in bytes, which is its alignment.
    pub(super) fn size(&self) -> u32 {
        match self {
            Entry::Value(value) => value.size.into(),
            Entry::External(_) => 8,
        }
    }
}

/// Constants that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Pool {
    known: HashMap<Entry, Label>,
    waiting: Vec<(Entry, Label)>,
    size: u32,
}

impl Pool {
    /// The label that an entry has here.
    pub(super) fn find(&self, entry: &Entry) -> Option<Label> {
        self.known.get(entry).copied()
    }

    pub(super) fn add(&mut self, entry: Entry, label: Label) {
        self.known.insert(entry, label);
        self.waiting.push((entry, label));
        self.size += entry.size();
    }

    /// Bytes that writing them takes, padding included.
    pub(super) fn size(&self) -> u32 {
        if self.waiting.is_empty() { 0 } else { self.size + 64 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes all that wait, in the order of writing. Later uses of the same values get new labels: the place
    /// of these may by then be out of reach.
    pub(super) fn take(&mut self) -> Vec<(Entry, Label)> {
        self.known.clear();
        self.size = 0;
        let mut all = std::mem::take(&mut self.waiting);
        all.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.size()));
        all
    }

    pub(super) fn clear(&mut self) {
        // Clearing an empty map is not free.
        if !self.known.is_empty() {
            self.known.clear();
        }
        self.waiting.clear();
        self.size = 0;
    }
}

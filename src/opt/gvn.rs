//! Value numbering: an instruction that computes what one that dominates it computed is replaced by that one's result.
//!
//! How it works. One walk of the dominator tree (see [`forward`](super::forward)) looks each instruction up by what it does and its operands in a
//! table that holds what dominates it; what is not found is entered. On the way out of a block its entries are taken away again. Operands
//! of commutative instructions are put in order first, comparisons too (with the condition swapped), and constants come second. A
//! checked instruction that is found cannot leave, since the first did not, and gives the same; so an unchecked one may take
//! a checked one's result, but not the other way round.
//!
//! Must not. Merge what reads memory without regard to what was written between (see [`memory`](super::memory)); merge a checked
//! instruction into one that does not dominate it; look at the guard: which of two frame states is used makes no difference where
//! the second is never left through.
//!
//! Sources. Click, *Global Code Motion / Global Value Numbering* (PLDI 1995); Briggs, Cooper, Simpson, *Value Numbering* (1997), the
//! dominator-based technique with a scoped hash table.
//!
//! Cost. A hash and a look at some two entries for each instruction; no allocation but the growth of the table.

use crate::ir::opcode::Effect;
use crate::ir::{Function, InstData, Op, Value};

use super::Context;
use super::fault::planted;
use super::forward::{Flags, Forward};

/// What an entry is found by: two words that say all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key {
    pub first: u64,
    pub second: u64,
}

impl Key {
    /// Of an instruction that may be merged: pure, or leaving.
    #[inline(always)]
    pub fn of(data: &InstData) -> Key {
        let row = data.op.row();
        let mut words = data.words();
        if data.op == Op::Cmp && words[0] > words[1] {
            return Key::new(
                data.op,
                data.kind as u32,
                data.cond().swapped() as u16,
                [words[1], words[0], u32::MAX, 0],
            );
        }
        // A guard does not distinguish.
        if row.guard < 4 {
            words[row.guard as usize & 3] = u32::MAX;
        }
        Key::new(data.op, data.kind as u32, data.aux, words)
    }

    #[inline(always)]
    fn new(op: Op, kind: u32, aux: u16, words: [u32; 4]) -> Key {
        let head = op as u32 | kind << 8 | u32::from(aux) << 16;
        Key {
            first: u64::from(head) << 32 | u64::from(words[0]),
            second: u64::from(words[1]) << 32 | u64::from(words[2]),
        }
    }

    /// Of the same instruction without its check: what a checked instruction knows about an unchecked one.
    #[inline(always)]
    pub fn unchecked(data: &InstData) -> Key {
        let op = crate::ir::arith::unchecked(data.op);
        let words = if op.row().values == 1 {
            [data.a, u32::MAX, u32::MAX, 0]
        } else {
            [data.a, data.b, u32::MAX, 0]
        };
        Key::new(op, data.kind as u32, data.aux, words)
    }

    /// How two values stand to each other; the lower one is first.
    #[inline(always)]
    pub fn relation(a: Value, b: Value) -> Key {
        Key::new(Op::GuardCmp, 0, 0, [a.0, b.0, 0, 0])
    }

    /// What a bool is known to be.
    #[inline(always)]
    pub fn truth(value: Value) -> Key {
        Key::new(Op::Guard, 0, 0, [value.0, 0, 0, 0])
    }

    /// What was in memory at the address of a load or store; the entry has the version.
    #[inline(always)]
    pub fn memory(data: &InstData) -> Key {
        Key::new(Op::Load, 0, data.aux, [data.a, data.b, data.c, 0])
    }

    /// A hash whose top bits depend on all of the key.
    #[inline(always)]
    fn hash(&self) -> u64 {
        (self.first.rotate_left(23) ^ self.second).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    value: u32,
    /// Of memory: the version that it had.
    version: u32,
    next: u32,
    bucket: u32,
}

const NONE: u32 = u32::MAX;

/// A hash table whose newest entries are taken away first.
#[derive(Default, Debug)]
pub(super) struct Scoped {
    buckets: Vec<u32>,
    /// What leaves as many bits of a hash as number the buckets.
    shift: u32,
    entries: Vec<Entry>,
}

impl Scoped {
    /// Makes it empty, and large enough for about so many entries.
    pub fn prepare(&mut self, size: usize) {
        self.leave(0);
        let wanted = size.max(16).next_power_of_two();
        if self.buckets.len() != wanted {
            self.buckets.clear();
            self.buckets.resize(wanted, NONE);
            self.shift = u64::BITS - wanted.trailing_zeros();
        }
    }

    /// The newest entry.
    #[inline(always)]
    pub fn find(&self, key: &Key) -> Option<u32> {
        self.find_at(key).map(|(value, _)| value)
    }

    /// The newest entry, and its version.
    #[inline(always)]
    pub fn find_at(&self, key: &Key) -> Option<(u32, u32)> {
        let mut at = self.buckets[(key.hash() >> self.shift) as usize];
        // `NONE` is no place.
        while let Some(entry) = self.entries.get(at as usize) {
            if entry.key == *key {
                return Some((entry.value, entry.version));
            }
            at = entry.next;
        }
        None
    }

    /// Enters a value; it hides an older one.
    #[inline(always)]
    pub fn enter(&mut self, key: Key, value: u32) {
        self.enter_at(key, value, 0);
    }

    /// Enters a value with a version.
    #[inline(always)]
    pub fn enter_at(&mut self, key: Key, value: u32, version: u32) {
        let bucket = (key.hash() >> self.shift) as usize;
        let at = self.entries.len() as u32;
        self.entries.push(Entry { key, value, version, next: self.buckets[bucket], bucket: bucket as u32 });
        self.buckets[bucket] = at;
    }

    /// What [`leave`](Self::leave) goes back to.
    #[inline(always)]
    pub fn mark(&self) -> usize {
        self.entries.len()
    }

    /// Takes the entries away that are newer than a mark.
    #[inline]
    pub fn leave(&mut self, mark: usize) {
        if planted(104) && mark != 0 {
            return;
        }
        while self.entries.len() > mark {
            if let Some(entry) = self.entries.pop() {
                self.buckets[entry.bucket as usize] = entry.next;
            }
        }
    }
}

/// Puts the operands into the order that they are looked up in, given which of them are constants: a constant second, else the lower number
/// first. Comparisons only for constants: whoever looks for a loop's limit finds it where it was, and the key has them in order.
#[inline(always)]
pub(super) fn canonical_order(data: &mut InstData, first: bool, second: bool) {
    let swap = if first == second { data.a > data.b && !data.op.has_cond() } else { first };
    if swap {
        if data.op.has_cond() {
            if !planted(101) {
                data.aux = data.cond().swapped() as u16;
            }
        } else if !(data.op.is_commutative() || data.op == Op::Sub && planted(105)) {
            return;
        }
        std::mem::swap(&mut data.a, &mut data.b);
    }
}

/// The same, if nothing is known of the operands.
#[inline(always)]
pub(super) fn order(function: &Function, data: &mut InstData) {
    if data.op.is_commutative() || data.op.has_cond() || data.op == Op::Sub && planted(105) {
        let is_const = |value: Value| function.as_const(value).is_some();
        canonical_order(data, is_const(data.first()), is_const(data.second()));
    }
}

/// May an instruction be looked up by [`Key::of`]?
#[inline(always)]
pub(super) fn is_numbered(op: Op) -> bool {
    matches!(op.row().effect, Effect::Pure | Effect::Exit)
}

/// The pass: value numbering alone.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    Forward::run(function, context, Flags::GVN)
}

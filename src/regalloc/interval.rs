//! Live intervals: where values live, as sorted ranges with holes between them.
//!
//! Program points. Each block has a *step* for its head, then one for each instruction; step `s` has the points `2s` (early) and
//! `2s + 1` (late). Moves happen at points too: at an even one those that precede the step, all at once; at an odd one those that follow
//! it (or, of a terminator, those of the edge out of its block).
//!
//! Invariants
//! - LI1 The ranges of a value are sorted, not empty, do not touch, and are followed by one that begins at [`FAR`].
//! - LI2 The intervals of a value are in a list by position, and do not overlap; each begins and ends where the value lives.
//! - LI3 An interval that holds a register begins at an even point, or where its value is defined.
//! - LI4 A value that a fixed or tied operand reads early need not outlive the moves before the instruction: its range ends there.
//!   A fixed definition begins its range behind the instruction; before that the value is in the fixed register.

use super::ValueInfo;

/// No index.
pub(super) const NONE: u32 = u32::MAX;
/// A point behind all others.
pub(super) const FAR: u32 = u32::MAX;
/// No register is chosen yet.
pub(super) const UNSET: u8 = 0xff;
/// In the value's slot; or nowhere, if it is rematerialised.
pub(super) const SPILLED: u8 = 0xfe;

/// A table of all registers, which needs no check of its index.
pub(super) struct Table<T>(pub [T; 64]);

impl<T> std::ops::Index<usize> for Table<T> {
    type Output = T;
    #[inline]
    fn index(&self, at: usize) -> &T {
        &self.0[at % 64]
    }
}

impl<T> std::ops::IndexMut<usize> for Table<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.0[at % 64]
    }
}

/// A piece `[from, to)` of a value's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LiveRange {
    pub from: u32,
    pub to: u32,
}

impl LiveRange {
    /// Behind the last one.
    pub(super) const END: LiveRange = LiveRange { from: FAR, to: FAR };
}

/// A point at which a value must be in a register of the allocator's choice; the next one of the same value.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsePoint {
    pub at: u32,
    pub next: u32,
}

/// A part of a value's life for which it stays in one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct LiveInterval {
    pub vreg: u32,
    pub from: u32,
    pub to: u32,
    /// The first of the value's ranges that ends behind `from`.
    pub range: u32,
    /// The first use point at or behind `from`; it may be behind `to`.
    pub need: u32,
    /// The value's next interval.
    pub next: u32,
    /// The register (by class and preference), `SPILLED` or `UNSET`.
    pub reg: u8,
    /// The register to prefer, or `UNSET`.
    pub hint: u8,
    /// The value's first interval: it is stored behind its definition.
    pub store: bool,
    /// The next interval that waits to be placed at the same step.
    pub waiting: u32,
}

impl LiveInterval {
    /// Of a value that does not live anywhere.
    pub(super) const NOWHERE: LiveInterval = LiveInterval {
        vreg: NONE,
        from: FAR,
        to: 0,
        range: 0,
        need: NONE,
        next: NONE,
        waiting: NONE,
        reg: UNSET,
        hint: UNSET,
        store: false,
    };
}

/// What is known of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// The block of the definition; while that is not known, the first block that is known to use it.
    pub block: u32,
    /// Where its life in that block ends, as far as uses there go.
    pub end: u32,
    /// Its first use point, as far as it is known.
    pub need: u32,
    /// Other blocks that use it: a list.
    pub exposed: u32,
    /// Where it is defined.
    pub def: u32,
    /// A value, or with [`HINT_REG`] a register, that it will be copied to.
    pub hint_to: u32,
    /// A value that it is a copy of.
    pub hint_from: u32,
    /// Its slot, by number among those of its width.
    pub slot: u32,
    /// The interval that the last question about it was answered from, if there was any.
    pub cursor: u32,
    pub info: ValueInfo,
    /// The register of a fixed definition ([`PReg::index`](super::PReg::index)), or `UNSET`.
    pub def_reg: u8,
    /// The register that it got last, or that one of its copies did.
    pub reg_hint: u8,
    /// It has a slot.
    pub stored: bool,
    /// It is not stored where it is defined, but wherever it leaves its registers: that is less often.
    pub stored_late: bool,
    /// It is a reference in the map of a safepoint.
    pub mapped: bool,
    /// It is defined by a terminator.
    pub by_terminator: bool,
}

/// Marks a register in [`Value::hint_to`].
pub(super) const HINT_REG: u32 = 1 << 31;

/// Registers that operands or clobbers take: nothing else may be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct FixedRange {
    pub from: u32,
    pub to: u32,
    /// The value that is there, and that may as well stay there.
    pub owner: u32,
}

/// A block's points and costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockInfo {
    pub from: u32,
    pub to: u32,
    pub weight: u32,
    pub depth: u32,
    /// The last block before it that is in fewer loops.
    pub shallower: u32,
    /// The first block of its run: of blocks that each can be reached only from the one before.
    pub run: u32,
    /// Of the first block of a run: the next run.
    pub next_run: u32,
    /// The only block that control comes from to the block's run, or `NONE`.
    pub entry: u32,
}

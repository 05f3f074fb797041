//! What the allocator gives back.

use super::{PReg, SpillSlot, VReg};

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Alloc {
    /// In a register.
    Reg(PReg),
    /// In a stack slot (its first, if it takes several).
    Slot(SpillSlot),
    /// Nowhere: it is rematerialised.
    None,
}

impl Alloc {
    /// The register, if it is one.
    #[inline]
    pub fn reg(self) -> Option<PReg> {
        if let Alloc::Reg(reg) = self { Some(reg) } else { None }
    }
}

/// A place between instructions where moves are inserted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Point {
    /// Before an instruction. The moves of the edge into a block are before its first one, those out of it before its terminator.
    Before(u32),
    /// After an instruction, which is no terminator.
    After(u32),
}

impl Point {
    /// A number: points are in the order of theirs.
    #[inline]
    pub fn place(self) -> u32 {
        match self {
            Point::Before(inst) => 2 * inst,
            Point::After(inst) => 2 * inst + 1,
        }
    }
}

/// A move to insert. Those of one point are in an order in which they can be made one after another. A cycle is opened by a move to the
/// scratch register of the class, or, where a move from slot to slot needs that one on the way, to a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Where.
    pub point: Point,
    /// The value, which says how wide the move is and what to rematerialise.
    pub vreg: VReg,
    /// From where; `None` is to compute it, into a register.
    pub from: Alloc,
    /// To where; a register or a slot.
    pub to: Alloc,
}

/// The references at a safepoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SafepointMap {
    /// The instruction.
    pub inst: u32,
    /// Where its words begin in [`Output::map_words`].
    pub first_word: u32,
}

/// The allocation of a function.
#[derive(Clone, Default, Debug)]
pub struct Output {
    /// For each operand, where it is.
    pub allocs: Vec<Alloc>,
    /// The moves, by instruction; `Before` precedes `After`.
    pub edits: Vec<Edit>,
    /// How many slots of 8 bytes the frame has.
    pub slots: u32,
    /// A map for each safepoint, in order.
    pub maps: Vec<SafepointMap>,
    /// The maps' bits, `words_per_map` words each: bit `n % 64` of word `n / 64` is set if slot `n` holds a reference.
    pub map_words: Vec<u64>,
    /// Words of each map.
    pub words_per_map: u32,
}

impl Output {
    /// The slots that hold references at a safepoint.
    pub fn map(&self, map: SafepointMap) -> &[u64] {
        &self.map_words[map.first_word as usize..][..self.words_per_map as usize]
    }
}

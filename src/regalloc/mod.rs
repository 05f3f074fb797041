//! Register allocation: linear scan over SSA intervals, with lifetime holes and splitting.
//!
//! This sees a machine only as a [`Machine`], and code only through the trait [`Function`]: blocks and their
//! parameters, operands with constraints, safepoints. It gives back a place for each operand, the moves to insert, and for each
//! safepoint the slots that hold references.

pub mod checker;
pub mod dump;
pub mod machine;
pub mod operand;
pub mod output;

mod allocator;
mod check_error;
mod collect;
mod evict;
mod fault;
mod interval;
mod limits;
mod liveness;
mod resolve;
mod scan;
mod sequence;
mod spill;
mod split;
#[cfg(test)]
mod tests;

pub use allocator::{Allocator, Stats};
#[cfg(any(test, feature = "planted-faults"))]
pub use fault::Fault;
pub use machine::{Machine, PReg, RegClass, RegSet};
pub use operand::{Constraint, Operand, Role, Time};
pub use output::{Alloc, Edit, Output, Point, SafepointMap};

use std::fmt;
use std::ops::Range;

/// A value of the code to allocate. Each has one definition: an operand or a block's parameter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VReg(pub u32);

impl VReg {
    /// The index, for tables.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for VReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for VReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A stack slot of 8 bytes, numbered from the frame's spill area. Wider values take several that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SpillSlot(pub u32);

/// What the allocator knows of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueInfo {
    /// The registers it may be in.
    pub class: RegClass,
    /// How many slots of 8 bytes it takes on the stack: 1, 2 or 4; it is aligned to its size.
    pub slots: u8,
    /// It is a reference: at a safepoint the slots of those that are alive are in the map, and hold them.
    pub reference: bool,
    /// It needs no operands and is cheap: instead of being spilled it is computed again where it is needed.
    pub rematerializable: bool,
}

/// Code to allocate registers for: machine instructions in SSA form, in blocks that are laid out in order.
///
/// What must hold
/// - RF1 Block 0 is the entry; it has no parameters and no predecessors. Each block has at least one instruction, and its last one is
///   its terminator. Instructions are numbered through the blocks in order: block `b + 1` begins where `b` ends.
/// - RF2 No edge is critical: a block with several successors has only successors with a single predecessor.
///   Each predecessor has a distinct edge (no block is twice a successor of another).
/// - RF3 Each value is defined once, and its definition dominates its uses. All blocks can be reached.
/// - RF4 Control flow may be irreducible; then blocks are in an order in which definitions precede what they dominate.
/// - RF5 The terminator of a block with a single successor has no operands, nor clobbers, and is no safepoint, if that successor has
///   parameters or other predecessors: the moves of the edge precede it.
///   A terminator may define values (a call with a handler); they may be alive on one of the edges only.
pub trait Function {
    /// How many blocks there are.
    fn blocks(&self) -> u32;
    /// The instructions of a block.
    fn block_insts(&self, block: u32) -> Range<u32>;
    /// Where control may go from a block.
    fn successors(&self, block: u32) -> &[u32];
    /// Where control may come from.
    fn predecessors(&self, block: u32) -> &[u32];
    /// The parameters of a block.
    fn params(&self, block: u32) -> &[VReg];
    /// What a block with a single successor passes for its parameters. Empty for others: their successors have none.
    fn arguments(&self, block: u32) -> &[VReg];
    /// How often a block is thought to run, as a power of ten at most: 10 to the loop depth, 0 for blocks that are hardly ever run.
    fn weight(&self, block: u32) -> u32;
    /// How deep in loops a block is.
    fn loop_depth(&self, block: u32) -> u32;

    /// How many values there are.
    fn vregs(&self) -> u32;
    /// What is to know of a value.
    fn value(&self, vreg: VReg) -> ValueInfo;

    /// All operands of all instructions. Those of one follow each other.
    fn operands(&self) -> &[Operand];
    /// Those of an instruction, as a range of [`operands`](Self::operands).
    fn inst_operands(&self, inst: u32) -> Range<u32>;
    /// Registers that the instruction overwrites besides those of its operands, from `Late` on: uses that are early may be in them.
    fn clobbers(&self, inst: u32) -> RegSet;
    /// Is it a safepoint? Then each reference that is alive after it, or used by it late, must be in its slot, and the map says where.
    /// What registers hold is not changed by the safepoint as such (the collector does not move anything).
    fn is_safepoint(&self, inst: u32) -> bool;
    /// May passes skip most of what instructions can be? Then its operands are all in any register or anywhere, or tied to one that
    /// precedes them, each to another; it is no safepoint, no move, and clobbers nothing. Saying no is always right, and costs time.
    fn is_plain(&self, _inst: u32) -> bool {
        false
    }
    /// If the instruction does nothing but copy its one use to its one def, both in registers: a hint to give them the same.
    fn is_move(&self, inst: u32) -> bool;
}

/// Why there is no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AllocError {
    /// More instructions, operands or values than positions can number.
    TooLarge,
    /// The constraints of this instruction cannot all be met with the registers there are.
    Impossible {
        /// The instruction.
        inst: u32,
    },
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllocError::TooLarge => write!(f, "the function is too large to allocate registers for"),
            AllocError::Impossible { inst } => {
                write!(f, "the operands of instruction {inst} ask for more registers than there are")
            }
        }
    }
}

impl std::error::Error for AllocError {}

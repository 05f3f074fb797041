//! What the checker finds to be wrong, in words.

use std::fmt;

use super::{Alloc, Edit, Operand, SpillSlot, VReg};

/// What is wrong with an allocation.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CheckError {
    /// The output has not one place for each operand.
    Operands {
        /// How many it has.
        found: usize,
    },
    /// An operand is in a place that its constraint does not allow.
    Place {
        /// The instruction.
        inst: u32,
        /// The operand.
        operand: Operand,
        /// Where it is said to be.
        place: Alloc,
    },
    /// A place does not hold the value that is read from it.
    Missing {
        /// The instruction, or the one at which a move is.
        inst: u32,
        /// The value.
        vreg: VReg,
        /// The place.
        place: Alloc,
        /// What it holds.
        holds: Vec<VReg>,
        /// A move reads it, and not the instruction.
        moved: bool,
    },
    /// Two operands, or an operand and a clobber, are in the way of each other.
    Conflict {
        /// The instruction.
        inst: u32,
        /// The operand.
        operand: Operand,
        /// Where it is.
        place: Alloc,
    },
    /// A move that may not be there, or not so.
    Edit {
        /// The move.
        edit: Edit,
        /// Why not.
        reason: &'static str,
    },
    /// The maps are not those of the safepoints, in order.
    Maps,
    /// A reference that is alive at a safepoint is in no slot of its map.
    Unmapped {
        /// The safepoint.
        inst: u32,
        /// The reference.
        vreg: VReg,
    },
    /// A slot in a safepoint's map holds no reference that is alive.
    WronglyMapped {
        /// The safepoint.
        inst: u32,
        /// The slot.
        slot: SpillSlot,
        /// What it holds.
        holds: Vec<VReg>,
    },
}

/// Displays a place as dumps do.
pub(super) struct Shown(pub Alloc);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Alloc::Reg(reg) => write!(f, "{reg}"),
            Alloc::Slot(slot) => write!(f, "slot {}", slot.0),
            Alloc::None => write!(f, "nowhere"),
        }
    }
}

fn listed(values: &[VReg]) -> String {
    if values.is_empty() {
        return "nothing known".to_owned();
    }
    values.iter().map(VReg::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::Operands { found } => write!(f, "{found} places are not one for each operand"),
            CheckError::Place { inst, operand, place } => {
                let Operand { vreg, constraint, role, time } = operand;
                write!(
                    f,
                    "instruction {inst}: {vreg} ({time:?} {role:?}, {constraint:?}) is in {}",
                    Shown(*place)
                )
            }
            CheckError::Missing { inst, vreg, place, holds, moved } => {
                let reader = if *moved { "a move at instruction" } else { "instruction" };
                write!(
                    f,
                    "{reader} {inst} reads {vreg} from {}, which holds {}",
                    Shown(*place),
                    listed(holds)
                )
            }
            CheckError::Conflict { inst, operand, place } => {
                write!(
                    f,
                    "instruction {inst}: something else is in {}, where {} is",
                    Shown(*place),
                    operand.vreg
                )
            }
            CheckError::Edit { edit, reason } => {
                let Edit { point, vreg, from, to } = edit;
                write!(f, "the move of {vreg} from {} to {} at {point:?}: {reason}", Shown(*from), Shown(*to))
            }
            CheckError::Maps => write!(f, "the maps are not those of the safepoints"),
            CheckError::Unmapped { inst, vreg } => {
                write!(f, "instruction {inst}: the reference {vreg} is alive, and in no slot of the map")
            }
            CheckError::WronglyMapped { inst, slot, holds } => {
                write!(
                    f,
                    "instruction {inst}: slot {} is in the map and holds {}, no reference that is alive",
                    slot.0,
                    listed(holds)
                )
            }
        }
    }
}

impl std::error::Error for CheckError {}

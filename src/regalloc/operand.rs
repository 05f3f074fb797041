//! Operands: what an instruction reads and writes, and where that may be.

use super::{PReg, VReg};

/// What an operand does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Reads the value.
    Use,
    /// Gives the value.
    Def,
    /// Overwrites a register of the value's class during the whole instruction; the value has no other operand.
    Temp,
}

/// When an operand is accessed. An instruction first reads what is `Early`, and writes what is `Late` last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Time {
    /// A use that may share its register with a late def; a def that may share with no use.
    Early,
    /// A use that must outlive the writing of defs and clobbers; the usual def.
    Late,
}

/// Where an operand must be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Constraint {
    /// A register or a slot; for a use of a value that is rematerialised, nowhere ([`Alloc::None`](super::Alloc::None)). Frame states use
    /// this.
    Any,
    /// Any register to allocate.
    Reg,
    /// This very register, which need not be allocatable. The value may be elsewhere before and after.
    Fixed(PReg),
    /// (Of a late def) The register of this instruction's early use with that index among its operands, whose constraint is `Reg`. If the used
    /// value is alive after the instruction it is copied first.
    Tied(u8),
}

/// A value in an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Operand {
    /// The value.
    pub vreg: VReg,
    /// Where it must be.
    pub constraint: Constraint,
    /// What is done with it.
    pub role: Role,
    /// When.
    pub time: Time,
}

impl Operand {
    /// Reads a register, which a def may overwrite.
    #[inline]
    pub const fn reg_use(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Reg, role: Role::Use, time: Time::Early }
    }

    /// Reads a register that no def may overwrite.
    #[inline]
    pub const fn late_use(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Reg, role: Role::Use, time: Time::Late }
    }

    /// Reads a value wherever it is, until after the instruction: for frame states.
    #[inline]
    pub const fn any_use(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Any, role: Role::Use, time: Time::Late }
    }

    /// Reads a value from a register or from memory.
    #[inline]
    pub const fn mem_use(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Any, role: Role::Use, time: Time::Early }
    }

    /// Reads this register.
    #[inline]
    pub const fn fixed_use(vreg: VReg, reg: PReg) -> Operand {
        Operand { vreg, constraint: Constraint::Fixed(reg), role: Role::Use, time: Time::Early }
    }

    /// Writes a register.
    #[inline]
    pub const fn def(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Reg, role: Role::Def, time: Time::Late }
    }

    /// Writes a register before the uses are read.
    #[inline]
    pub const fn early_def(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Reg, role: Role::Def, time: Time::Early }
    }

    /// Writes this register.
    #[inline]
    pub const fn fixed_def(vreg: VReg, reg: PReg) -> Operand {
        Operand { vreg, constraint: Constraint::Fixed(reg), role: Role::Def, time: Time::Late }
    }

    /// Writes the register of the use with that index.
    #[inline]
    pub const fn tied_def(vreg: VReg, index: u8) -> Operand {
        Operand { vreg, constraint: Constraint::Tied(index), role: Role::Def, time: Time::Late }
    }

    /// Overwrites a register.
    #[inline]
    pub const fn temp(vreg: VReg) -> Operand {
        Operand { vreg, constraint: Constraint::Reg, role: Role::Temp, time: Time::Early }
    }

    /// Overwrites this register.
    #[inline]
    pub const fn fixed_temp(vreg: VReg, reg: PReg) -> Operand {
        Operand { vreg, constraint: Constraint::Fixed(reg), role: Role::Temp, time: Time::Early }
    }
}

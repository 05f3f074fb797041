//! How a program ends, within which limits, and what it did.

use super::{Left, Value};
use crate::ir::Reason;
use crate::ir::opcode::Op;
use crate::ir::types::{Func, Inst, Symbol};

/// What is wrong with a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrapKind {
    /// An access to memory that is not there.
    Outside(u64),
    /// An instruction claims what does not hold; or a bool in memory is neither 0 nor 1.
    FalseClaim,
    /// `unreachable` was reached.
    Unreachable,
    /// Too many steps, or frames.
    OutOfFuel,
    /// A value was read before it was there.
    Undefined,
    /// A call of an address that is no function's, or of a function by another signature.
    BadCall,
    /// An instruction does not have this kind, these lanes, these operands.
    BadInstruction,
}

/// Where a program went wrong, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trap {
    /// How.
    pub kind: TrapKind,
    /// In this function,
    pub func: Func,
    /// at this instruction; none at its entry.
    pub inst: Option<Inst>,
}

/// How a program ends.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It returns.
    Returned(Option<Value>),
    /// A guard fails.
    Left(Left),
    /// A callee raises, and nothing catches that.
    Raised,
    /// Calls are nested too deeply; what is to be done about it is at the symbol.
    TooDeep(Symbol),
    /// It is wrong, or takes too long.
    Trap(Trap),
}

/// Limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Instructions.
    pub steps: u64,
    /// Calls of functions that count their depth, within each other.
    pub depth: u64,
    /// Frames, of all functions.
    pub frames: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 10_000_000, depth: 1_000, frames: 10_000 }
    }
}

/// What a program did.
#[derive(Clone, Debug)]
pub struct Profile {
    /// By opcode: how often it was executed.
    pub ops: Vec<u64>,
    /// By reason: how often a guard was left through.
    pub taken: Vec<u64>,
    /// By reason: how often it was not.
    pub passed: Vec<u64>,
    /// Raises that were caught.
    pub caught: u64,
    /// Instructions.
    pub steps: u64,
}

impl Default for Profile {
    fn default() -> Profile {
        let reasons = vec![0; Reason::ALL.len()];
        Profile { ops: vec![0; Op::ALL.len()], taken: reasons.clone(), passed: reasons, caught: 0, steps: 0 }
    }
}

//! A random program: functions, memory, and what is outside.

use orus::ir::eval::{Limits, Memory};
use orus::ir::types::{Func, Kind};
use orus::ir::{Function, Module};

use crate::plan::Plan;

/// The addresses of functions as the evaluator sees them: this, and 16 for each function.
pub const FUNCTIONS_AT: u64 = 0x7000_0000;
/// The addresses of symbols other than the arena.
pub const SYMBOLS_AT: u64 = 0x6000_0000;

/// What is passed, or comes back: a kind, and of a reference the layout's index in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The kind.
    pub kind: Kind,
    /// Of a reference: the layout.
    pub layout: usize,
    /// Its type says the layout.
    pub typed: bool,
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct FuncPlan {
    /// Parameters.
    pub params: Vec<Passed>,
    /// The result; kind `None` if there is none.
    pub result: Passed,
    /// About how many instructions a call executes.
    pub cost: u64,
    /// The first parameter bounds how deeply it calls itself: it has to be small.
    pub recursive: bool,
    /// Has it a body?
    pub inside: bool,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it was made of.
    pub seed: u64,
    /// What functions share. The symbol 0 is `arena`, the symbol 1 `limit`.
    pub module: Module,
    /// The functions, by number; those outside have none.
    pub bodies: Vec<Option<Function>>,
    /// What they take and give.
    pub funcs: Vec<FuncPlan>,
    /// The function to call. It takes nothing.
    pub entry: Func,
    /// Where everything is.
    pub plan: Plan,
    /// Memory at the beginning.
    pub memory: Memory,
    /// The depth limit.
    pub depth: u64,
    /// Which poll leaves; 0 for none.
    pub poll_at: u64,
    /// There are vector instructions in it.
    pub vectors: bool,
}

impl Program {
    /// The bodies as the evaluator and the optimiser take them.
    pub fn bodies(&self) -> Vec<Option<&Function>> {
        self.bodies.iter().map(Option::as_ref).collect()
    }

    /// Limits for the evaluator.
    pub fn limits(&self) -> Limits {
        Limits { steps: 400_000, depth: self.depth, frames: 2_000 }
    }

    /// Instructions of all functions.
    pub fn size(&self) -> usize {
        self.bodies.iter().flatten().map(Function::size).sum()
    }
}

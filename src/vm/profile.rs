//! What a run did: counts for fuzzers, tests and `--stats`.
//!
//! Errors and collections are counted always, since they are rare. Instructions are counted only by a profiled run,
//! which uses the loop driver.

use crate::bytecode::{OPCODES, Op};

use super::fault::ErrorKind;
use super::interp::looped::Watch;

/// The counts of an instance. They add up over its runs.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Instructions executed, by the number of their [`Op`].
    instructions: Box<[u64; Op::COUNT]>,
    /// Errors raised, by the number of their [`ErrorKind`]; those that a `raise` of an error value raised again, too.
    errors: [u64; ErrorKind::ALL.len()],
}

impl Default for Profile {
    fn default() -> Profile {
        Profile { instructions: Box::new([0; Op::COUNT]), errors: [0; ErrorKind::ALL.len()] }
    }
}

impl Profile {
    /// How many instructions a profiled run has executed.
    pub fn total(&self) -> u64 {
        self.instructions.iter().sum()
    }

    /// How many of an operation.
    pub fn count(&self, op: Op) -> u64 {
        self.instructions[op as usize]
    }

    /// Operations that were executed, the most frequent first.
    pub fn by_frequency(&self) -> Vec<(Op, u64)> {
        let mut list: Vec<(Op, u64)> =
            OPCODES.iter().map(|row| (row.op, self.count(row.op))).filter(|entry| entry.1 > 0).collect();
        list.sort_by_key(|&(op, count)| (std::cmp::Reverse(count), op));
        list
    }

    /// How many errors of a kind were raised.
    pub fn errors(&self, kind: ErrorKind) -> u64 {
        self.errors[kind as usize]
    }

    /// An error was raised.
    pub(super) fn error(&mut self, kind: ErrorKind) {
        self.errors[kind as usize] += 1;
    }
}

impl Watch for Profile {
    #[inline(always)]
    fn instruction(&mut self, op: Op) {
        self.instructions[op as usize] += 1;
    }
}

//! What a run did: counts for fuzzers, tests and `--stats`.
//!
//! Errors and collections are counted always, since they are rare. Instructions are counted only by a profiled run,
//! which uses the loop driver.

use crate::bytecode::{OPCODES, Op};

use super::fault::ErrorKind;
use super::interp::looped::Watch;

/// How often each operation was executed, by its number.
#[derive(Clone, Debug)]
pub(super) struct Counts(Box<[u64; Op::COUNT]>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(Box::new([0; Op::COUNT]))
    }
}

impl Watch for Counts {
    #[inline(always)]
    fn instruction(&mut self, op: Op) {
        self.0[op as usize] += 1;
    }
}

/// The counts of an instance. They add up over its runs.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub(super) counts: Counts,
    /// Errors raised, by the number of their [`ErrorKind`]; those that a `raise` of an error value raised again, too.
    errors: [u64; ErrorKind::ALL.len()],
}

impl Profile {
    /// How many instructions a profiled run has executed.
    pub fn total(&self) -> u64 {
        self.counts.0.iter().sum()
    }

    /// How many of an operation.
    pub fn count(&self, op: Op) -> u64 {
        self.counts.0[op as usize]
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

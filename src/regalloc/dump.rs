//! Texts of allocations.

use super::{Function, Machine, Output};

/// The code with where each operand is.
pub fn listing<F: Function + ?Sized>(_f: &F, _machine: &Machine, output: &Output) -> String {
    format!("{output:?}")
}

//! Tests: hand-written situations, random programs, and mistakes planted into the allocator.

mod cases;
mod checked;
mod code;
mod faults;
mod random;
mod simulate;

use super::{Machine, PReg, RegClass};

/// An invented machine with so many registers to allocate. Of each class register 31 is for moves, and 30 is nobody's.
fn machine(int: u8, float: u8) -> Machine {
    let list = |class, count| (0..count).map(|number| PReg::new(class, number)).collect();
    Machine {
        allocatable: [list(RegClass::Int, int), list(RegClass::Float, float)],
        scratch: [PReg::new(RegClass::Int, 31), PReg::new(RegClass::Float, 31)],
        names: Vec::new(),
    }
}

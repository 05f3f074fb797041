//! Calling conventions: System V (psABI, "Function Calling Sequence") and Orus.

use super::super::isa::Passed;
use super::{RAX, float, int};
use crate::ir::{Convention, Kind, Signature};
use crate::regalloc::{PReg, RegSet};

const SYSTEM_ARGUMENTS: [PReg; 6] = [int(7), int(6), int(2), int(1), int(8), int(9)];
const ORUS_ARGUMENTS: [PReg; 8] = [int(7), int(6), int(2), int(1), int(8), int(9), int(10), int(3)];

/// What a function of the system's convention has to leave as it was; `rbp` is the frame pointer and saved anyway.
pub(super) const SAVED: RegSet = RegSet::of(&[int(3), int(12), int(13), int(14), int(15)]);

/// What a call may overwrite.
pub(super) const fn clobbers(convention: Convention) -> RegSet {
    // The frame and stack pointers come back as they were.
    let all = RegSet(0xffff_0000_ffff & !(1 << 4 | 1 << 5));
    match convention {
        Convention::System => all.without(SAVED),
        // Context and depth come back as they were.
        Convention::Orus => all.without(RegSet::of(&[int(14), int(15)])),
    }
}

/// Where arguments are; the bytes of stack that they take.
pub(super) fn arguments(signature: &Signature, places: &mut Vec<Passed>) -> u32 {
    let ints: &[PReg] = match signature.convention {
        Convention::System => &SYSTEM_ARGUMENTS,
        Convention::Orus => &ORUS_ARGUMENTS,
    };
    let (mut next_int, mut next_float, mut stack) = (0, 0, 0);
    for ty in &signature.params {
        let reg = if ty.kind.is_float_class() {
            next_float += 1;
            (next_float <= 8).then(|| float(next_float - 1))
        } else {
            next_int += 1;
            ints.get(next_int - 1).copied()
        };
        places.push(match reg {
            Some(reg) => Passed::Reg(reg),
            None => {
                let at = stack;
                stack += (ty.kind.bits() / 8).max(8);
                Passed::Stack(at)
            }
        });
    }
    stack
}

/// Where the result is.
pub(super) fn result(signature: &Signature) -> Option<Passed> {
    match signature.result.kind {
        Kind::None => None,
        kind if kind.is_float_class() => Some(Passed::Reg(float(0))),
        _ => Some(Passed::Reg(RAX)),
    }
}

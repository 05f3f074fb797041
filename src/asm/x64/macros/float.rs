//! Comparisons of floats, minimum, maximum.
//!
//! `ucomisd` sets flags as for unsigned numbers, and all of zero, parity and carry if an operand is NaN. "Above" and "above or
//! equal" are false then, so less is asked as greater, with the operands the other way round; equality needs the parity too.
//!
//! `minsd` and `maxsd` give the second operand if one is NaN, or if both are equal, 0.0 and -0.0 included. Both cases are seen
//! by one branch (the zero flag), and are handled apart: of equals, `or` is the minimum and `and` the maximum, since only
//! the sign may differ; of NaN and a number, the number is taken.

use super::constant::move_float;
use super::{Assembler, FLOAT_SCRATCH};
use crate::asm::label::Label;
use crate::asm::macros::FloatCompare;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::{Gpr64, Xmm};

/// Minimum or maximum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extreme {
    Min,
    Max,
}

pub(super) fn extreme(asm: &mut Assembler, extreme: Extreme, fd: Xmm, left: Xmm, right: Xmm) {
    if !asm.takes_floats([fd, left, right]) {
        return;
    }
    if left == right {
        return move_float(asm, fd, left);
    }
    // If the destination is a source, then the left one, of which a copy is kept.
    let (left, right) = if fd == right { (right, left) } else { (left, right) };
    let kept = if fd == left { FLOAT_SCRATCH } else { left };
    asm.movaps_x_x(if fd == left { FLOAT_SCRATCH } else { fd }, left);
    match extreme {
        Extreme::Min => asm.minsd_x_x(fd, right),
        Extreme::Max => asm.maxsd_x_x(fd, right),
    }
    let (nan, done) = (asm.new_label(), asm.new_label());
    asm.ucomisd_x_x(kept, right);
    asm.jcc_short(Cond::Ne, done);
    // From here on the destination holds the right one.
    asm.jcc_short(Cond::P, nan);
    match extreme {
        Extreme::Min => asm.orps_x_x(fd, kept),
        Extreme::Max => asm.andps_x_x(fd, kept),
    }
    asm.jmp_short(done);
    asm.bind(nan);
    asm.ucomisd_x_x(kept, kept);
    asm.jcc_short(Cond::P, done);
    asm.movaps_x_x(fd, kept);
    asm.bind(done);
}

/// Compares for an order; gives the condition that holds if it does.
fn order(asm: &mut Assembler, compare: FloatCompare, left: Xmm, right: Xmm) -> Cond {
    match compare {
        FloatCompare::Lt | FloatCompare::Le => asm.ucomisd_x_x(right, left),
        _ => asm.ucomisd_x_x(left, right),
    }
    match compare {
        FloatCompare::Lt | FloatCompare::Gt => Cond::A,
        FloatCompare::Le | FloatCompare::Ge => Cond::Ae,
        FloatCompare::Eq => Cond::E,
        FloatCompare::Ne => Cond::Ne,
    }
}

pub(super) fn branch(asm: &mut Assembler, compare: FloatCompare, left: Xmm, right: Xmm, to: Label) {
    if !asm.takes_floats([left, right]) {
        return;
    }
    let cond = order(asm, compare, left, right);
    match compare {
        FloatCompare::Eq => {
            let skip = asm.new_label();
            asm.jcc_short(Cond::P, skip);
            asm.jcc(Cond::E, to);
            asm.bind(skip);
        }
        FloatCompare::Ne => {
            asm.jcc(Cond::Ne, to);
            asm.jcc(Cond::P, to);
        }
        _ => asm.jcc(cond, to),
    }
}

/// Equality by `cmpsd`, which gives a mask: the two flags would take an instruction more.
pub(super) fn set(asm: &mut Assembler, compare: FloatCompare, rd: Gpr64, left: Xmm, right: Xmm) {
    if !asm.takes([rd]) || !asm.takes_floats([left, right]) {
        return;
    }
    let predicate = match compare {
        FloatCompare::Eq => 0,
        FloatCompare::Ne => 4,
        _ => {
            asm.xor_r32_r32(rd.as_32(), rd.as_32());
            let cond = order(asm, compare, left, right);
            return asm.set_r8(cond, rd.as_8());
        }
    };
    asm.movaps_x_x(FLOAT_SCRATCH, left);
    asm.cmpsd_x_x_u8(FLOAT_SCRATCH, right, predicate);
    asm.movd_r32_x(rd.as_32(), FLOAT_SCRATCH);
    asm.and_r32_i8(rd.as_32(), 1);
}

//! Sums, differences, products.
//!
//! Instructions have two operands, so the first source is moved to the destination unless one of them is there already. A
//! sum with an immediate that need not set flags has three: `lea`. Overflow is the processor's flag: `jo`. An immediate that
//! is short only with the other sign is subtracted instead of added: 128 takes 4 bytes so rather than 7, and 2^31 one
//! instruction rather than two. The overflow flag is the same.

use super::constant;
use super::width::{self, mov};
use super::{Assembler, SCRATCH};
use crate::asm::label::Label;
use crate::asm::x64::Mem;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::Gpr64;

/// A sum or a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Add,
    Sub,
}

fn add_imm_any(asm: &mut Assembler, wide: bool, rd: Gpr64, rn: Gpr64, value: i64) {
    if value == 0 {
        // Of 32 bits, the move to itself clears the others.
        if rd != rn || !wide {
            mov(asm, wide, rd, rn);
        }
    } else if rd == rn {
        sum_imm(asm, Sum::Add, wide, rd, value);
    } else if let Ok(value) = i32::try_from(value) {
        let sum = Mem::base(rn, value);
        if wide { asm.lea_r64_m(rd, sum) } else { asm.lea_r32_m(rd.as_32(), sum) }
    } else {
        constant::load(asm, rd, value);
        width::add(asm, wide, rd, rn);
    }
}

pub(super) fn add_imm(asm: &mut Assembler, wide: bool, rd: Gpr64, rn: Gpr64, value: i64) {
    if asm.takes([rd, rn]) {
        add_imm_any(asm, wide, rd, rn, value);
    }
}

/// Adds an immediate to `rd`, or subtracts it; `rd` may be `rsp`. Nothing for 0.
pub(super) fn sum_imm(asm: &mut Assembler, sum: Sum, wide: bool, rd: Gpr64, value: i64) {
    if value != 0 && !sum_short(asm, sum, wide, rd, value) {
        constant::load(asm, SCRATCH, value);
        match sum {
            Sum::Add => width::add(asm, wide, rd, SCRATCH),
            Sum::Sub => width::sub(asm, wide, rd, SCRATCH),
        }
    }
}

/// The same, if an instruction has room for the immediate.
fn sum_short(asm: &mut Assembler, sum: Sum, wide: bool, rd: Gpr64, value: i64) -> bool {
    let fits = |value: i64| i32::try_from(value).ok();
    // i32::MIN of 32 bits negates to itself, as a difference that is no sum; of 64 bits, too, at the other end.
    let opposite = value.checked_neg().filter(|_| wide || value != i64::from(i32::MIN));
    let shorter = |value: i64| i8::try_from(value).is_ok();
    let (negate, value) = match (fits(value), opposite.and_then(fits)) {
        (Some(_), Some(opposite)) if !shorter(value) && shorter(opposite.into()) => (true, opposite),
        (Some(value), _) => (false, value),
        (None, Some(opposite)) => (true, opposite),
        (None, None) => return false,
    };
    if (sum == Sum::Add) != negate {
        width::add_imm(asm, wide, rd, value);
    } else {
        width::sub_imm(asm, wide, rd, value);
    }
    true
}

/// Sum or product, to `overflow` if it does not fit.
pub(super) fn commutative(
    asm: &mut Assembler,
    op: fn(&mut Assembler, bool, Gpr64, Gpr64),
    wide: bool,
    [rd, rn, rm]: [Gpr64; 3],
    overflow: Label,
) {
    if !asm.takes([rd, rn, rm]) {
        return;
    }
    if rd == rm {
        op(asm, wide, rd, rn);
    } else {
        if rd != rn {
            mov(asm, wide, rd, rn);
        }
        op(asm, wide, rd, rm);
    }
    asm.jcc(Cond::O, overflow);
}

pub(super) fn sub_checked(asm: &mut Assembler, wide: bool, [rd, rn, rm]: [Gpr64; 3], overflow: Label) {
    if !asm.takes([rd, rn, rm]) {
        return;
    }
    if rd == rn {
        width::sub(asm, wide, rd, rm);
    } else {
        let subtrahend = if rd == rm { SCRATCH } else { rm };
        if rd == rm {
            mov(asm, wide, SCRATCH, rm);
        }
        mov(asm, wide, rd, rn);
        width::sub(asm, wide, rd, subtrahend);
    }
    asm.jcc(Cond::O, overflow);
}

pub(super) fn checked_imm(
    asm: &mut Assembler,
    sum: Sum,
    wide: bool,
    [rd, rn]: [Gpr64; 2],
    value: i64,
    overflow: Label,
) {
    if !asm.takes([rd, rn]) {
        return;
    }
    if value == 0 {
        return add_imm_any(asm, wide, rd, rn, 0);
    }
    if i32::try_from(value).is_err() && i32::try_from(value.wrapping_neg()).is_err() {
        // Only of 64 bits. The destination holds the constant if it is no source; a difference is then a sum.
        let summand = if sum == Sum::Add { Some(value) } else { value.checked_neg() };
        match summand {
            Some(summand) if rd != rn => {
                constant::load(asm, rd, summand);
                asm.add_r64_r64(rd, rn);
            }
            _ => {
                constant::load(asm, SCRATCH, value);
                if rd != rn {
                    mov(asm, wide, rd, rn);
                }
                if sum == Sum::Add { asm.add_r64_r64(rd, SCRATCH) } else { asm.sub_r64_r64(rd, SCRATCH) }
            }
        }
    } else {
        if rd != rn {
            mov(asm, wide, rd, rn);
        }
        sum_short(asm, sum, wide, rd, value);
    }
    asm.jcc(Cond::O, overflow);
}

pub(super) fn neg_checked(asm: &mut Assembler, wide: bool, rd: Gpr64, rn: Gpr64, overflow: Label) {
    if asm.takes([rd, rn]) {
        if rd != rn {
            mov(asm, wide, rd, rn);
        }
        width::neg(asm, wide, rd);
        asm.jcc(Cond::O, overflow);
    }
}

/// Negates, and takes the number itself again if that was negative: it was not below 0.
pub(super) fn abs_checked(asm: &mut Assembler, wide: bool, rd: Gpr64, rn: Gpr64, overflow: Label) {
    if !asm.takes([rd, rn]) {
        return;
    }
    let number = if rd == rn { SCRATCH } else { rn };
    let copy = if rd == rn { SCRATCH } else { rd };
    mov(asm, wide, copy, rn);
    width::neg(asm, wide, rd);
    asm.jcc(Cond::O, overflow);
    width::cmov(asm, wide, Cond::S, rd, number);
}

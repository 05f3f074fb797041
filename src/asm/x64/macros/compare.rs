//! Comparisons of integers: branches, `setcc`, `cmovcc`.
//!
//! `cmp` and one more instruction; 0 is compared with by `test`, which is shorter. An immediate that has no room is replaced by
//! its neighbour, with the comparison that is the same then (below 2^31: not above 2^31 - 1), if that has.

use super::constant;
use super::width::{self, mov};
use super::{Assembler, SCRATCH};
use crate::asm::label::Label;
use crate::asm::macros::Compare;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::Gpr64;

/// The condition after `cmp` of the operands in order.
pub(super) const fn cond(compare: Compare) -> Cond {
    match compare {
        Compare::Eq => Cond::E,
        Compare::Ne => Cond::Ne,
        Compare::Lt => Cond::L,
        Compare::Le => Cond::Le,
        Compare::Gt => Cond::G,
        Compare::Ge => Cond::Ge,
        Compare::Below => Cond::B,
        Compare::BelowEq => Cond::Be,
        Compare::Above => Cond::A,
        Compare::AboveEq => Cond::Ae,
    }
}

/// The same comparison with the number next to this one, if there is such.
fn neighbour(compare: Compare, value: i64) -> Option<(Compare, i64)> {
    let up = value.checked_add(1);
    let down = value.checked_sub(1);
    let unsigned_up = (value as u64).checked_add(1).map(|value| value as i64);
    let unsigned_down = (value as u64).checked_sub(1).map(|value| value as i64);
    let (compare, value) = match compare {
        Compare::Eq | Compare::Ne => return None,
        Compare::Lt => (Compare::Le, down),
        Compare::Ge => (Compare::Gt, down),
        Compare::Le => (Compare::Lt, up),
        Compare::Gt => (Compare::Ge, up),
        Compare::Below => (Compare::BelowEq, unsigned_down),
        Compare::AboveEq => (Compare::Above, unsigned_down),
        Compare::BelowEq => (Compare::Below, unsigned_up),
        Compare::Above => (Compare::AboveEq, unsigned_up),
    };
    Some((compare, value?))
}

/// Bytes that an immediate takes; 9 is too many for an instruction.
fn size(value: i64) -> u32 {
    if value == 0 {
        0
    } else if i8::try_from(value).is_ok() {
        1
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        9
    }
}

pub(super) fn branch_imm(
    asm: &mut Assembler,
    wide: bool,
    compare: Compare,
    rn: Gpr64,
    value: i64,
    to: Label,
) {
    if !asm.takes([rn]) {
        return;
    }
    // Of 32 bits, the neighbour of an unsigned number may be one that is not extended by sign: it is too long then.
    let (compare, value) = match neighbour(compare, value) {
        Some(other) if size(other.1) < size(value) => other,
        _ => (compare, value),
    };
    if value == 0 {
        width::test(asm, wide, rn, rn);
    } else if let Ok(value) = i32::try_from(value) {
        width::cmp_imm(asm, wide, rn, value);
    } else {
        constant::load(asm, SCRATCH, value);
        width::cmp(asm, wide, rn, SCRATCH);
    }
    asm.jcc(cond(compare), to);
}

/// The destination is cleared first, unless it is a source: then it is extended afterwards.
pub(super) fn set(asm: &mut Assembler, wide: bool, compare: Compare, [rd, rn, rm]: [Gpr64; 3]) {
    if !asm.takes([rd, rn, rm]) {
        return;
    }
    let clear = rd != rn && rd != rm;
    if clear {
        asm.xor_r32_r32(rd.as_32(), rd.as_32());
    }
    width::cmp(asm, wide, rn, rm);
    asm.set_r8(cond(compare), rd.as_8());
    if !clear {
        asm.movzx_r32_r8(rd.as_32(), rd.as_8());
    }
}

pub(super) fn select(asm: &mut Assembler, wide: bool, compare: Compare, [rd, rn, rm]: [Gpr64; 3]) {
    if !asm.takes([rd, rn, rm]) {
        return;
    }
    width::cmp(asm, wide, rn, rm);
    if rd == rn {
        width::cmov(asm, wide, cond(compare).negated(), rd, rm);
    } else {
        if rd != rm {
            mov(asm, wide, rd, rm);
        }
        width::cmov(asm, wide, cond(compare), rd, rn);
    }
}

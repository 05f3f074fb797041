//! Comparisons: branches, conditional values, minimum and maximum.
//!
//! - Branch, set, select: `cmp`, then `b.cond`, `cset`, `csel`.
//! - The same of floats: `fcmp`, and the conditions that are false, or for `Ne` true, of what is unordered.
//! - Branch on a comparison with 0: `cbz`, `cbnz`; `tbz`, `tbnz` on the sign.
//! - Branch on a comparison with a constant: `cmp`, or `cmn` with the negation. One that no form holds may have a neighbour
//!   that does, or that takes fewer instructions (`<= 4095` is `< 4096`).
//! - Minimum, maximum: `fminnm`, `fmaxnm`. These take a quiet NaN for missing, but answer a signalling one with a NaN, so that each
//!   operand is quieted first, by the same instruction with itself.
//!
//! A `tbz` reaches 32 KiB. Where its label is known to be further away, `cmp` and `b.cond` (1 MiB) take its place; one that turns
//! out to be further away gets a veneer, as all branches do.
//!
//! Sources. Arm ARM, "Condition codes", "FCMP", "FMINNM (scalar)", "CMN (immediate)".

use super::arith::{Imm, length_of_either, put_either};
use super::width::General;
use super::{FLOAT_TEMP, Member, TEMP, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::Cond;
use crate::asm::a64::reg::{D, Gpr};
use crate::asm::label::Label;
use crate::asm::macros::{Compare, FloatCompare};

/// The condition after a `cmp`.
fn condition(compare: Compare) -> Cond {
    match compare {
        Compare::Eq => Cond::Eq,
        Compare::Ne => Cond::Ne,
        Compare::Lt => Cond::Lt,
        Compare::Le => Cond::Le,
        Compare::Gt => Cond::Gt,
        Compare::Ge => Cond::Ge,
        Compare::Below => Cond::Lo,
        Compare::BelowEq => Cond::Ls,
        Compare::Above => Cond::Hi,
        Compare::AboveEq => Cond::Hs,
    }
}

/// The condition after an `fcmp`.
fn float_condition(compare: FloatCompare) -> Cond {
    match compare {
        FloatCompare::Eq => Cond::Eq,
        FloatCompare::Ne => Cond::Ne,
        FloatCompare::Lt => Cond::Mi,
        FloatCompare::Le => Cond::Ls,
        FloatCompare::Gt => Cond::Gt,
        FloatCompare::Ge => Cond::Ge,
    }
}

/// Jumps.
pub(super) fn jump(asm: &mut Assembler, to: Label) {
    asm.b(to);
}

/// Jumps if the comparison holds.
pub(super) fn branch<R: General>(asm: &mut Assembler, compare: Compare, rn: R, rm: R, to: Label) {
    if !refuses(asm, rn.bit() | rm.bit()) {
        R::cmp(asm, rn, rm);
        asm.b_cond(condition(compare), to);
    }
}

/// What a comparison with a constant comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Test {
    Never,
    Always,
    Zero,
    NotZero,
    Negative,
    NotNegative,
    Compare(Compare, i64),
}

impl Test {
    fn of(compare: Compare, value: i64) -> Test {
        match (compare, value) {
            (Compare::Below, 0) => Test::Never,
            (Compare::AboveEq, 0) => Test::Always,
            (Compare::Eq | Compare::BelowEq, 0) | (Compare::Below, 1) => Test::Zero,
            (Compare::Ne | Compare::Above, 0) | (Compare::AboveEq, 1) => Test::NotZero,
            (Compare::Lt, 0) | (Compare::Le, -1) => Test::Negative,
            (Compare::Ge, 0) | (Compare::Gt, -1) => Test::NotNegative,
            _ => Test::Compare(compare, value),
        }
    }
}

/// The same comparison with the next constant, where there is one.
fn neighbour<R: General>(compare: Compare, value: i64) -> Option<(Compare, i64)> {
    let (min, max) = (i64::MIN >> (64 - R::BITS), i64::MAX >> (64 - R::BITS));
    let (other, down) = match compare {
        Compare::Eq | Compare::Ne => return None,
        Compare::Lt => (Compare::Le, true),
        Compare::Ge => (Compare::Gt, true),
        Compare::Below => (Compare::BelowEq, true),
        Compare::AboveEq => (Compare::Above, true),
        Compare::Le => (Compare::Lt, false),
        Compare::Gt => (Compare::Ge, false),
        Compare::BelowEq => (Compare::Below, false),
        Compare::Above => (Compare::AboveEq, false),
    };
    let last = match (compare.is_unsigned(), down) {
        (false, true) => min,
        (false, false) => max,
        (true, true) => 0,
        (true, false) => -1,
    };
    (value != last).then(|| (other, if down { value.wrapping_sub(1) } else { value.wrapping_add(1) }))
}

/// Compares with a constant, if an instruction can. Not with 0 by `cmn`: the carry would differ.
fn compare_short<R: General>(asm: &mut Assembler, rn: R, value: i64) -> bool {
    match (Imm::new(value.unsigned_abs()), value < 0) {
        (Some(Imm::Low(imm)), false) => R::cmp_low(asm, rn, imm),
        (Some(Imm::High(imm)), false) => R::cmp_high(asm, rn, imm),
        (Some(Imm::Low(imm)), true) => R::cmn_low(asm, rn, imm),
        (Some(Imm::High(imm)), true) => R::cmn_high(asm, rn, imm),
        (None, _) => return false,
    }
    true
}

/// Whether a branch on a bit reaches a label, as far as is known.
fn is_near(asm: &Assembler, label: Label) -> bool {
    asm.label_offset(label).is_none_or(|offset| asm.offset() - offset < 1 << 15)
}

/// Jumps if the comparison with a constant holds.
pub(super) fn branch_imm<R: General>(asm: &mut Assembler, compare: Compare, rn: R, value: i64, to: Label) {
    if refuses(asm, rn.bit()) {
        return;
    }
    let (compare, value) = match Test::of(compare, value) {
        Test::Never => return,
        Test::Always => return asm.b(to),
        Test::Zero => return R::cbz(asm, rn, to),
        Test::NotZero => return R::cbnz(asm, rn, to),
        Test::Negative if is_near(asm, to) => return R::branch_if_negative(asm, rn, to),
        Test::NotNegative if is_near(asm, to) => return R::branch_unless_negative(asm, rn, to),
        Test::Negative => (Compare::Lt, 0),
        Test::NotNegative => (Compare::Ge, 0),
        Test::Compare(compare, value) => (compare, value),
    };
    if compare_short(asm, rn, value) {
        return asm.b_cond(condition(compare), to);
    }
    let mut choice = (compare, value);
    if let Some((compare, value)) = neighbour::<R>(compare, value) {
        if compare_short(asm, rn, value) {
            return asm.b_cond(condition(compare), to);
        }
        if length_of_either::<R>(value) < length_of_either::<R>(choice.1) {
            choice = (compare, value);
        }
    }
    let (compare, value) = choice;
    if put_either::<R>(asm, value) {
        R::cmn(asm, rn, TEMP.into());
    } else {
        R::cmp(asm, rn, TEMP.into());
    }
    asm.b_cond(condition(compare), to);
}

/// Jumps if the comparison of floats holds.
pub(super) fn branch_f64(asm: &mut Assembler, compare: FloatCompare, left: D, right: D, to: Label) {
    if !refuses(asm, left.bit() | right.bit()) {
        asm.fcmp_d(left, right);
        asm.b_cond(float_condition(compare), to);
    }
}

/// `rd` = 1 if the comparison holds, else 0.
pub(super) fn set<R: General>(asm: &mut Assembler, compare: Compare, rd: Gpr, rn: R, rm: R) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cmp(asm, rn, rm);
        asm.cset_x(rd.x(), condition(compare));
    }
}

/// `rd` = 1 if the comparison of floats holds, else 0.
pub(super) fn set_f64(asm: &mut Assembler, compare: FloatCompare, rd: Gpr, left: D, right: D) {
    if !refuses(asm, rd.bit() | left.bit() | right.bit()) {
        asm.fcmp_d(left, right);
        asm.cset_x(rd.x(), float_condition(compare));
    }
}

/// `rd = rn` if the comparison holds, else `rm`.
pub(super) fn select<R: General>(asm: &mut Assembler, compare: Compare, rd: R, rn: R, rm: R) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cmp(asm, rn, rm);
        R::csel(asm, rd, rn, rm, condition(compare));
    }
}

/// `fd` = the smaller one.
pub(super) fn min_f64(asm: &mut Assembler, fd: D, left: D, right: D) {
    if !refuses(asm, fd.bit() | left.bit() | right.bit()) {
        asm.fminnm_d(FLOAT_TEMP, left, left);
        asm.fminnm_d(fd, right, right);
        asm.fminnm_d(fd, FLOAT_TEMP, fd);
    }
}

/// `fd` = the larger one.
pub(super) fn max_f64(asm: &mut Assembler, fd: D, left: D, right: D) {
    if !refuses(asm, fd.bit() | left.bit() | right.bit()) {
        asm.fmaxnm_d(FLOAT_TEMP, left, left);
        asm.fmaxnm_d(fd, right, right);
        asm.fmaxnm_d(fd, FLOAT_TEMP, fd);
    }
}

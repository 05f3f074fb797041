//! Addition, subtraction, multiplication, sign.
//!
//! | macro | becomes |
//! | --- | --- |
//! | add, sub a constant | `add` or `sub` with 12 bits, with 12 bits times 4096, or both; else a constant and `add` or `sub` |
//! | checked add, sub | `adds` or `subs`, `b.vs`; a constant must fit one of the forms, since flags are those of one addition |
//! | checked mul, 64 | `smulh`, `mul`, `cmp high, low, asr #63`, `b.ne`: the high half must be the sign of the low one |
//! | checked mul, 32 | `smull`, `cmp x, w, sxtw`, `b.ne`, `mov w` |
//! | checked neg | `negs`, `b.vs` |
//! | checked abs | `negs`, `b.vs`, `csel`: of the minimum, the negation is what overflows |
//!
//! Sources. Arm ARM, "ADDS (immediate)", "SUBS (immediate)", "SMULH", "SMULL", "CMP (extended register)", "CSEL".

use super::constant::{self, Plan};
use super::width::General;
use super::{Member, TEMP, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{Cond, ExtendW, ShiftX, U12};
use crate::asm::a64::reg::{Gpr, Gpr32};
use crate::asm::label::Label;

/// A constant that additions and comparisons can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Imm {
    /// As it is.
    Low(U12),
    /// Times 4096.
    High(U12),
}

impl Imm {
    /// The constant with this value, if there is one.
    pub(super) fn new(value: u64) -> Option<Imm> {
        match value {
            0..=0xfff => Some(Imm::Low(U12::from_low_bits(value as u32))),
            0x1000..=0xff_ffff if value & 0xfff == 0 => {
                Some(Imm::High(U12::from_low_bits((value >> 12) as u32)))
            }
            _ => None,
        }
    }
}

/// The bits of a constant of a width.
const fn bits_of<R: General>(value: i64) -> u64 {
    value as u64 & (u64::MAX >> (64 - R::BITS))
}

/// How a constant and its negation are made.
fn plans_of_either<R: General>(value: i64) -> [Plan; 2] {
    [value, value.wrapping_neg()].map(|value| Plan::of(bits_of::<R>(value)))
}

/// How many instructions a constant takes, or its negation if those are fewer.
pub(super) fn length_of_either<R: General>(value: i64) -> u32 {
    let [plan, negation] = plans_of_either::<R>(value);
    plan.len().min(negation.len())
}

/// Puts a constant, or its negation if that is shorter, into the scratch register. Whether it is the negation.
pub(super) fn put_either<R: General>(asm: &mut Assembler, value: i64) -> bool {
    let [plan, negation] = plans_of_either::<R>(value);
    let negated = negation.len() < plan.len();
    constant::put_plan(asm, TEMP, if negated { &negation } else { &plan });
    negated
}

/// `rd = rn + value`, wrapping.
pub(super) fn add_imm<R: General>(asm: &mut Assembler, rd: R, rn: R, value: i64) {
    if refuses(asm, rd.bit() | rn.bit()) {
        return;
    }
    let size = value.unsigned_abs();
    match Imm::new(size) {
        // The 32-bit move clears the high half.
        Some(Imm::Low(_)) if value == 0 && (rd != rn || R::BITS == 32) => R::mov(asm, rd, rn),
        Some(Imm::Low(_)) if value == 0 => {}
        Some(Imm::Low(imm)) if value > 0 => R::add_low(asm, rd, rn, imm),
        Some(Imm::Low(imm)) => R::sub_low(asm, rd, rn, imm),
        Some(Imm::High(imm)) if value > 0 => R::add_high(asm, rd, rn, imm),
        Some(Imm::High(imm)) => R::sub_high(asm, rd, rn, imm),
        None if size < 1 << 24 => {
            let (high, low) = (U12::from_low_bits((size >> 12) as u32), U12::from_low_bits(size as u32));
            if value > 0 {
                R::add_high(asm, rd, rn, high);
                R::add_low(asm, rd, rd, low);
            } else {
                R::sub_high(asm, rd, rn, high);
                R::sub_low(asm, rd, rd, low);
            }
        }
        None if put_either::<R>(asm, value) => R::sub(asm, rd, rn, TEMP.into()),
        None => R::add(asm, rd, rn, TEMP.into()),
    }
}

/// `rd = rn + rm`, or to `overflow`.
pub(super) fn add_checked<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, overflow: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::adds(asm, rd, rn, rm);
        asm.b_cond(Cond::Vs, overflow);
    }
}

/// `rd = rn - rm`, or to `overflow`.
pub(super) fn sub_checked<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, overflow: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::subs(asm, rd, rn, rm);
        asm.b_cond(Cond::Vs, overflow);
    }
}

/// `rd = rn + value`, or to `overflow`.
pub(super) fn add_checked_imm<R: General>(asm: &mut Assembler, rd: R, rn: R, value: i64, overflow: Label) {
    checked_imm(asm, rd, rn, value, false, overflow);
}

/// `rd = rn - value`, or to `overflow`.
pub(super) fn sub_checked_imm<R: General>(asm: &mut Assembler, rd: R, rn: R, value: i64, overflow: Label) {
    checked_imm(asm, rd, rn, value, true, overflow);
}

/// Adds or subtracts a constant. To add one is to subtract its negation, flags included; only the minimum has none, and is
/// not negated: no form holds it, and its negation is not shorter.
fn checked_imm<R: General>(asm: &mut Assembler, rd: R, rn: R, value: i64, subtract: bool, overflow: Label) {
    if value == 0 {
        // Cannot overflow.
        return add_imm(asm, rd, rn, 0);
    }
    if refuses(asm, rd.bit() | rn.bit()) {
        return;
    }
    match (Imm::new(value.unsigned_abs()), (value < 0) != subtract) {
        (Some(Imm::Low(imm)), false) => R::adds_low(asm, rd, rn, imm),
        (Some(Imm::Low(imm)), true) => R::subs_low(asm, rd, rn, imm),
        (Some(Imm::High(imm)), false) => R::adds_high(asm, rd, rn, imm),
        (Some(Imm::High(imm)), true) => R::subs_high(asm, rd, rn, imm),
        (None, _) => {
            let negated = put_either::<R>(asm, value);
            if negated == subtract {
                R::adds(asm, rd, rn, TEMP.into());
            } else {
                R::subs(asm, rd, rn, TEMP.into());
            }
        }
    }
    asm.b_cond(Cond::Vs, overflow);
}

/// `rd = rn * rm`, or to `overflow`.
pub(super) fn mul_checked_i64(asm: &mut Assembler, rd: Gpr, rn: Gpr, rm: Gpr, overflow: Label) {
    let Ok(sign) = ShiftX::asr(63) else { return };
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        asm.smulh(TEMP.x(), rn.x(), rm.x());
        asm.mul_x(rd.x(), rn.x(), rm.x());
        asm.cmp_x_rrs(TEMP.x(), rd.x(), sign);
        asm.b_cond(Cond::Ne, overflow);
    }
}

/// `rd = rn * rm`, or to `overflow`.
pub(super) fn mul_checked_i32(asm: &mut Assembler, rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label) {
    let Ok(extended) = ExtendW::sxtw(0) else { return };
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        asm.smull(TEMP.x(), rn.w(), rm.w());
        asm.cmp_x_rwe(TEMP.xsp(), TEMP.w(), extended);
        asm.b_cond(Cond::Ne, overflow);
        asm.mov_w_rr(rd.w(), TEMP.w());
    }
}

/// `rd = -rn`, or to `overflow`.
pub(super) fn neg_checked<R: General>(asm: &mut Assembler, rd: R, rn: R, overflow: Label) {
    if !refuses(asm, rd.bit() | rn.bit()) {
        R::negs(asm, rd, rn);
        asm.b_cond(Cond::Vs, overflow);
    }
}

/// `rd = |rn|`, or to `overflow`.
pub(super) fn abs_checked<R: General>(asm: &mut Assembler, rd: R, rn: R, overflow: Label) {
    if !refuses(asm, rd.bit() | rn.bit()) {
        R::negs(asm, TEMP.into(), rn);
        asm.b_cond(Cond::Vs, overflow);
        R::csel(asm, rd, TEMP.into(), rn, Cond::Pl);
    }
}

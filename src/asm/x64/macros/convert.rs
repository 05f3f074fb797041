//! Conversions.
//!
//! `cvtsi2sd` keeps the upper half of its destination, so that is cleared first: otherwise it would wait for what was
//! there before. An unsigned number of 32 bits is converted as one of 64. One of 64 is put together of its halves: as the low
//! bits of 2^52 and of 2^84, which are exact, and of which the powers are subtracted; the sum rounds once.
//!
//! `cvttsd2si` gives the minimum for what does not fit. If the result is not it, all is done: `cmp` with 1 overflows for the
//! minimum alone. Unsigned results of 32 bits come from a conversion to 64 bits, those of 64 bits in two ranges. What is out
//! of range is told apart by a comparison of 0 with the number: it sets the carry flag if the number is above, and for NaN.

use super::width::{self, truncate};
use super::{Assembler, FLOAT_SCRATCH, SCRATCH};
use crate::asm::label::Label;
use crate::asm::x64::Mem;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::{Gpr32, Gpr64, Xmm};

pub(super) fn from_signed(asm: &mut Assembler, wide: bool, fd: Xmm, rn: Gpr64) {
    if asm.takes([rn]) && asm.takes_floats([fd]) {
        asm.xorps_x_x(fd, fd);
        if wide { asm.cvtsi2sd_x_r64(fd, rn) } else { asm.cvtsi2sd_x_r32(fd, rn.as_32()) }
    }
}

pub(super) fn from_u32(asm: &mut Assembler, fd: Xmm, rn: Gpr32) {
    if asm.takes([rn.as_64()]) && asm.takes_floats([fd]) {
        asm.mov_r32_r32(SCRATCH.as_32(), rn);
        asm.xorps_x_x(fd, fd);
        asm.cvtsi2sd_x_r64(fd, SCRATCH);
    }
}

pub(super) fn from_u64(asm: &mut Assembler, fd: Xmm, rn: Gpr64) {
    if !asm.takes([rn]) || !asm.takes_floats([fd]) {
        return;
    }
    const EXPONENTS: u128 = 0x4530_0000_4330_0000;
    const POWERS: u128 = 0x4530_0000_0000_0000_4330_0000_0000_0000;
    let exponents = asm.constant(EXPONENTS);
    let powers = asm.constant(POWERS);
    asm.movq_x_r64(fd, rn);
    asm.punpckldq_x_m128(fd, Mem::label(exponents));
    asm.subpd_x_m128(fd, Mem::label(powers));
    asm.pshufd_x_x_u8(FLOAT_SCRATCH, fd, 0b1110);
    asm.addsd_x_x(fd, FLOAT_SCRATCH);
}

/// Jumps if the truncated number is not the minimum.
fn unless_minimum(asm: &mut Assembler, wide: bool, rd: Gpr64, to: Label) {
    width::cmp_imm(asm, wide, rd, 1);
    asm.jcc_short(Cond::No, to);
}

/// Sets the carry flag if the number is above 0, and if it is NaN.
fn carry_if_above_zero(asm: &mut Assembler, from: Xmm) {
    asm.xorps_x_x(FLOAT_SCRATCH, FLOAT_SCRATCH);
    asm.ucomisd_x_x(FLOAT_SCRATCH, from);
}

/// Clears the result if the number is NaN.
fn clear_if_nan(asm: &mut Assembler, rd: Gpr64, from: Xmm, done: Label) {
    asm.ucomisd_x_x(from, from);
    asm.jcc_short(Cond::Np, done);
    asm.xor_r32_r32(rd.as_32(), rd.as_32());
}

pub(super) fn signed_saturating(asm: &mut Assembler, wide: bool, rd: Gpr64, from: Xmm) {
    if !asm.takes([rd]) || !asm.takes_floats([from]) {
        return;
    }
    let done = asm.new_label();
    truncate(asm, wide, rd, from);
    unless_minimum(asm, wide, rd, done);
    carry_if_above_zero(asm, from);
    // The maximum is the minimum less 1.
    if wide {
        asm.sbb_r64_i8(rd, 0)
    } else {
        asm.sbb_r32_i8(rd.as_32(), 0)
    }
    clear_if_nan(asm, rd, from, done);
    asm.bind(done);
}

pub(super) fn u32_saturating(asm: &mut Assembler, rd: Gpr32, from: Xmm) {
    if !asm.takes([rd.as_64()]) || !asm.takes_floats([from]) {
        return;
    }
    let done = asm.new_label();
    u32_or_flags(asm, rd, from);
    asm.jcc_short(Cond::E, done);
    carry_if_above_zero(asm, from);
    asm.sbb_r32_r32(rd, rd);
    clear_if_nan(asm, rd.as_64(), from, done);
    asm.bind(done);
}

/// Truncates to 64 bits; equal if that is a number of 32 bits without sign.
fn u32_or_flags(asm: &mut Assembler, rd: Gpr32, from: Xmm) {
    asm.cvttsd2si_r64_x(rd.as_64(), from);
    asm.mov_r32_r32(SCRATCH.as_32(), rd);
    asm.cmp_r64_r64(SCRATCH, rd.as_64());
}

pub(super) fn u64_saturating(asm: &mut Assembler, rd: Gpr64, from: Xmm) {
    if !asm.takes([rd]) || !asm.takes_floats([from]) {
        return;
    }
    let (outside, done) = (asm.new_label(), asm.new_label());
    u64_ranges(asm, rd, from, done);
    asm.jcc_short(Cond::S, outside);
    asm.or_r64_r64(rd, SCRATCH);
    asm.jmp_short(done);
    asm.bind(outside);
    carry_if_above_zero(asm, from);
    asm.sbb_r64_r64(rd, rd);
    clear_if_nan(asm, rd, from, done);
    asm.bind(done);
}

/// Truncates numbers below 2^63, and is done if that gives one that is not negative. Else truncates what is above 2^63, into the
/// scratch register: negative if the number is out of range (below 0 by 1 at least, 2^64 or more, NaN). If it is not, the
/// destination is 2^63.
fn u64_ranges(asm: &mut Assembler, rd: Gpr64, from: Xmm, done: Label) {
    let half = asm.constant(2f64.powi(63));
    asm.cvttsd2si_r64_x(rd, from);
    asm.test_r64_r64(rd, rd);
    asm.jcc_short(Cond::Ns, done);
    asm.movaps_x_x(FLOAT_SCRATCH, from);
    asm.subsd_x_m64(FLOAT_SCRATCH, Mem::label(half));
    asm.cvttsd2si_r64_x(SCRATCH, FLOAT_SCRATCH);
    asm.test_r64_r64(SCRATCH, SCRATCH);
}

/// The minimum may be meant: then the number is equal to it.
pub(super) fn i64_checked(asm: &mut Assembler, rd: Gpr64, from: Xmm, invalid: Label) {
    if !asm.takes([rd]) || !asm.takes_floats([from]) {
        return;
    }
    let done = asm.new_label();
    asm.cvttsd2si_r64_x(rd, from);
    unless_minimum(asm, true, rd, done);
    asm.cvtsi2sd_x_r64(FLOAT_SCRATCH, rd);
    asm.ucomisd_x_x(FLOAT_SCRATCH, from);
    asm.jcc(Cond::Ne, invalid);
    asm.jcc(Cond::P, invalid);
    asm.bind(done);
}

/// The minimum may be meant: then the conversion to 64 bits gives it too.
pub(super) fn i32_checked(asm: &mut Assembler, rd: Gpr32, from: Xmm, invalid: Label) {
    if !asm.takes([rd.as_64()]) || !asm.takes_floats([from]) {
        return;
    }
    let done = asm.new_label();
    asm.cvttsd2si_r32_x(rd, from);
    unless_minimum(asm, false, rd.as_64(), done);
    asm.cvttsd2si_r64_x(SCRATCH, from);
    asm.cmp_r64_i32(SCRATCH, i32::MIN);
    asm.jcc(Cond::Ne, invalid);
    asm.bind(done);
}

pub(super) fn u64_checked(asm: &mut Assembler, rd: Gpr64, from: Xmm, invalid: Label) {
    if !asm.takes([rd]) || !asm.takes_floats([from]) {
        return;
    }
    let done = asm.new_label();
    u64_ranges(asm, rd, from, done);
    asm.jcc(Cond::S, invalid);
    asm.or_r64_r64(rd, SCRATCH);
    asm.bind(done);
}

pub(super) fn u32_checked(asm: &mut Assembler, rd: Gpr32, from: Xmm, invalid: Label) {
    if asm.takes([rd.as_64()]) && asm.takes_floats([from]) {
        u32_or_flags(asm, rd, from);
        asm.jcc(Cond::Ne, invalid);
    }
}

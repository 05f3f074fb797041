//! Float instructions: SSE2, or AVX where it is there.

use super::super::inst::{Float, FloatUnary, Src};
use super::{E, Ops, Xm, local, slot_mem};
use crate::asm::macros::MacroAssembler;
use crate::asm::x64::reg::*;
use crate::asm::x64::{Cond, Mem};
use crate::code::features::X64 as Features;
use crate::ir::Kind;
use crate::regalloc::Alloc;

/// A second operand.
pub(super) fn source(e: &mut E<'_>, src: Src, ops: &mut Ops<'_>) -> Xm {
    match src {
        Src::Pool(number) => {
            let label = e.asm.constant(e.code.pooled(number));
            Xm::Mem(Mem::label(label))
        }
        Src::Mem(addr) => Xm::Mem(ops.mem(addr)),
        _ => match ops.next() {
            Alloc::Slot(slot) => Xm::Mem(slot_mem(slot, 1)),
            place => Xm::Reg(super::xmm(place)),
        },
    }
}

pub(super) fn binary(e: &mut E<'_>, float: Float, src: Src, ops: &mut Ops<'_>) {
    let a = ops.xmm();
    let src = source(e, src, ops);
    let dst = ops.xmm();
    if e.isa.avx() {
        match (float, src) {
            (Float::Add, Xm::Reg(b)) => e.asm.vaddsd_x_x_x(dst, a, b),
            (Float::Sub, Xm::Reg(b)) => e.asm.vsubsd_x_x_x(dst, a, b),
            (Float::Mul, Xm::Reg(b)) => e.asm.vmulsd_x_x_x(dst, a, b),
            (Float::Div, Xm::Reg(b)) => e.asm.vdivsd_x_x_x(dst, a, b),
            (Float::Add, Xm::Mem(b)) => e.asm.vaddsd_x_x_m64(dst, a, b),
            (Float::Sub, Xm::Mem(b)) => e.asm.vsubsd_x_x_m64(dst, a, b),
            (Float::Mul, Xm::Mem(b)) => e.asm.vmulsd_x_x_m64(dst, a, b),
            (Float::Div, Xm::Mem(b)) => e.asm.vdivsd_x_x_m64(dst, a, b),
        }
        return;
    }
    match (float, src) {
        (Float::Add, Xm::Reg(b)) => e.asm.addsd_x_x(dst, b),
        (Float::Sub, Xm::Reg(b)) => e.asm.subsd_x_x(dst, b),
        (Float::Mul, Xm::Reg(b)) => e.asm.mulsd_x_x(dst, b),
        (Float::Div, Xm::Reg(b)) => e.asm.divsd_x_x(dst, b),
        (Float::Add, Xm::Mem(b)) => e.asm.addsd_x_m64(dst, b),
        (Float::Sub, Xm::Mem(b)) => e.asm.subsd_x_m64(dst, b),
        (Float::Mul, Xm::Mem(b)) => e.asm.mulsd_x_m64(dst, b),
        (Float::Div, Xm::Mem(b)) => e.asm.divsd_x_m64(dst, b),
    }
}

pub(super) fn unary(e: &mut E<'_>, unary: FloatUnary, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.xmm(), ops.xmm());
    match unary {
        FloatUnary::Sqrt if e.isa.avx() => e.asm.vsqrtsd_x_x_x(dst, a, a),
        FloatUnary::Sqrt => e.asm.sqrtsd_x_x(dst, a),
        FloatUnary::Neg => mask(e, dst, a, 1 << 63, true),
        FloatUnary::Abs => mask(e, dst, a, !(1 << 63), false),
        FloatUnary::Round(mode) if e.isa.avx() => e.asm.vroundsd_x_x_x_u8(dst, a, a, mode | 8),
        FloatUnary::Round(mode) if e.isa.features.contains(Features::SSE4_1) => {
            e.asm.roundsd_x_x_u8(dst, a, mode | 8)
        }
        FloatUnary::Round(mode) => round(e, mode, dst, a),
    }
}

/// `dst = a ^ bits`, or `a & bits`.
fn mask(e: &mut E<'_>, dst: Xmm, a: Xmm, bits: u64, xor: bool) {
    let label = e.asm.constant(u128::from(bits));
    let mem = Mem::label(label);
    match (e.isa.avx(), xor) {
        (true, true) => e.asm.vxorpd_x_x_m128(dst, a, mem),
        (true, false) => e.asm.vandpd_x_x_m128(dst, a, mem),
        (false, xor) => {
            if dst != a {
                e.asm.movapd_x_x(dst, a);
            }
            if xor { e.asm.xorpd_x_m128(dst, mem) } else { e.asm.andpd_x_m128(dst, mem) }
        }
    }
}

/// Rounding without SSE4.1: by way of an integer, which is exact below 2^52; what is larger is an integer already. The sign of
/// zero is that of the operand.
fn round(e: &mut E<'_>, mode: u8, dst: Xmm, a: Xmm) {
    let done = local(e);
    e.asm.movapd_x_x(dst, a);
    // A NaN and what is not below 2^52 stays as it is.
    let magnitude = e.asm.constant(u128::from(!(1_u64 << 63)));
    let limit = e.asm.constant((4_503_599_627_370_496.0_f64).to_bits());
    e.asm.movapd_x_x(XMM15, a);
    e.asm.andpd_x_m128(XMM15, Mem::label(magnitude));
    e.asm.ucomisd_x_m64(XMM15, Mem::label(limit));
    e.asm.jcc(Cond::P, done);
    e.asm.jcc(Cond::Ae, done);
    e.asm.cvttsd2si_r64_x(R11, a);
    e.asm.xorpd_x_x(dst, dst);
    e.asm.cvtsi2sd_x_r64(dst, R11);
    // `dst` is truncated; one less or more if it was on the wrong side.
    let one = e.asm.constant(1.0_f64.to_bits());
    match mode {
        1 => {
            let fine = local(e);
            e.asm.ucomisd_x_x(dst, a);
            e.asm.jcc_short(Cond::Be, fine);
            e.asm.subsd_x_m64(dst, Mem::label(one));
            e.asm.bind(fine);
        }
        2 => {
            let fine = local(e);
            e.asm.ucomisd_x_x(dst, a);
            e.asm.jcc_short(Cond::Ae, fine);
            e.asm.addsd_x_m64(dst, Mem::label(one));
            e.asm.bind(fine);
        }
        _ => {}
    }
    // The operand's sign, which the way by an integer loses for zero.
    e.asm.movapd_x_x(XMM15, a);
    let sign = e.asm.constant(u128::from(1_u64 << 63));
    e.asm.andpd_x_m128(XMM15, Mem::label(sign));
    e.asm.orpd_x_x(dst, XMM15);
    e.asm.bind(done);
}

pub(super) fn min_max(e: &mut E<'_>, max: bool, ops: &mut Ops<'_>) {
    let (a, b, dst) = (ops.xmm(), ops.xmm(), ops.xmm());
    if max { e.asm.max_f64(dst, a, b) } else { e.asm.min_f64(dst, a, b) }
}

pub(super) fn from_int(e: &mut E<'_>, from: Kind, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.gpr(), ops.xmm());
    match from {
        Kind::I32 => e.asm.i32_to_f64(dst, a.as_32()),
        Kind::I64 => e.asm.i64_to_f64(dst, a),
        Kind::U64 => e.asm.u64_to_f64(dst, a),
        // The upper half is zero: it is an i64 as well.
        _ => e.asm.i64_to_f64(dst, a),
    }
}

pub(super) fn to_int(e: &mut E<'_>, to: Kind, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.xmm(), ops.gpr());
    match to {
        Kind::I32 => e.asm.f64_to_i32_saturating(dst.as_32(), a),
        Kind::I64 => e.asm.f64_to_i64_saturating(dst, a),
        Kind::U64 => e.asm.f64_to_u64_saturating(dst, a),
        _ => e.asm.f64_to_u32_saturating(dst.as_32(), a),
    }
}

pub(super) fn to_int_exit(e: &mut E<'_>, to: Kind, exit: u32, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.xmm(), ops.gpr());
    let label = e.exit_label(exit);
    match to {
        Kind::I32 => e.asm.f64_to_i32_checked(dst.as_32(), a, label),
        Kind::I64 => e.asm.f64_to_i64_checked(dst, a, label),
        Kind::U64 => e.asm.f64_to_u64_checked(dst, a, label),
        _ => e.asm.f64_to_u32_checked(dst.as_32(), a, label),
    }
}

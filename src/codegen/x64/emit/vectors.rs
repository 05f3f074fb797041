//! Vector instructions: AVX2.

use super::super::inst::{Src, Vector, VectorUnary};
use super::{E, Ops, slot_mem, ymm};
use crate::asm::x64::Mem;
use crate::asm::x64::reg::*;
use crate::ir::{Kind, Lane};
use crate::regalloc::Alloc;

/// A second operand.
#[derive(Clone, Copy)]
enum Vm {
    Reg(Xmm),
    Mem(Mem),
}

fn source(kind: Kind, src: Src, ops: &mut Ops<'_>) -> Vm {
    match src {
        Src::Mem(addr) => Vm::Mem(ops.mem(addr)),
        _ => match ops.next() {
            Alloc::Slot(slot) => Vm::Mem(slot_mem(slot, if kind == Kind::V256 { 4 } else { 2 })),
            place => Vm::Reg(super::xmm(place)),
        },
    }
}

/// The forms of an instruction of three operands, by width and by what the last one is.
macro_rules! three {
    ($e:expr, $kind:expr, $dst:expr, $a:expr, $b:expr, $xx:ident $xm:ident $yy:ident $ym:ident) => {
        match ($kind, $b) {
            (Kind::V256, Vm::Reg(b)) => $e.asm.$yy(ymm($dst), ymm($a), ymm(b)),
            (Kind::V256, Vm::Mem(b)) => $e.asm.$ym(ymm($dst), ymm($a), b),
            (_, Vm::Reg(b)) => $e.asm.$xx($dst, $a, b),
            (_, Vm::Mem(b)) => $e.asm.$xm($dst, $a, b),
        }
    };
}

pub(super) fn binary(e: &mut E<'_>, vector: Vector, lane: Lane, kind: Kind, src: Src, ops: &mut Ops<'_>) {
    let a = ops.xmm();
    let b = source(kind, src, ops);
    let dst = ops.xmm();
    if vector == Vector::Gt && matches!(lane, Lane::U8 | Lane::U32) {
        return greater_unsigned(e, lane, kind, dst, a, b);
    }
    lanes(e, vector, lane, kind, dst, a, b);
}

fn lanes(e: &mut E<'_>, vector: Vector, lane: Lane, kind: Kind, dst: Xmm, a: Xmm, b: Vm) {
    match (vector, lane) {
        (Vector::Add, Lane::U8) => {
            three!(e, kind, dst, a, b, vpaddb_x_x_x vpaddb_x_x_m128 vpaddb_y_y_y vpaddb_y_y_m256)
        }
        (Vector::Add, Lane::I32 | Lane::U32) => {
            three!(e, kind, dst, a, b, vpaddd_x_x_x vpaddd_x_x_m128 vpaddd_y_y_y vpaddd_y_y_m256)
        }
        (Vector::Add, Lane::I64 | Lane::U64) => {
            three!(e, kind, dst, a, b, vpaddq_x_x_x vpaddq_x_x_m128 vpaddq_y_y_y vpaddq_y_y_m256)
        }
        (Vector::Add, Lane::F64) => {
            three!(e, kind, dst, a, b, vaddpd_x_x_x vaddpd_x_x_m128 vaddpd_y_y_y vaddpd_y_y_m256)
        }
        (Vector::Sub, Lane::U8) => {
            three!(e, kind, dst, a, b, vpsubb_x_x_x vpsubb_x_x_m128 vpsubb_y_y_y vpsubb_y_y_m256)
        }
        (Vector::Sub, Lane::I32 | Lane::U32) => {
            three!(e, kind, dst, a, b, vpsubd_x_x_x vpsubd_x_x_m128 vpsubd_y_y_y vpsubd_y_y_m256)
        }
        (Vector::Sub, Lane::I64 | Lane::U64) => {
            three!(e, kind, dst, a, b, vpsubq_x_x_x vpsubq_x_x_m128 vpsubq_y_y_y vpsubq_y_y_m256)
        }
        (Vector::Sub, Lane::F64) => {
            three!(e, kind, dst, a, b, vsubpd_x_x_x vsubpd_x_x_m128 vsubpd_y_y_y vsubpd_y_y_m256)
        }
        (Vector::Mul, Lane::F64) => {
            three!(e, kind, dst, a, b, vmulpd_x_x_x vmulpd_x_x_m128 vmulpd_y_y_y vmulpd_y_y_m256)
        }
        (Vector::Mul, _) => {
            three!(e, kind, dst, a, b, vpmulld_x_x_x vpmulld_x_x_m128 vpmulld_y_y_y vpmulld_y_y_m256)
        }
        (Vector::Div, _) => {
            three!(e, kind, dst, a, b, vdivpd_x_x_x vdivpd_x_x_m128 vdivpd_y_y_y vdivpd_y_y_m256)
        }
        (Vector::And, _) => three!(e, kind, dst, a, b, vpand_x_x_x vpand_x_x_m128 vpand_y_y_y vpand_y_y_m256),
        (Vector::Or, _) => three!(e, kind, dst, a, b, vpor_x_x_x vpor_x_x_m128 vpor_y_y_y vpor_y_y_m256),
        (Vector::Xor, _) => three!(e, kind, dst, a, b, vpxor_x_x_x vpxor_x_x_m128 vpxor_y_y_y vpxor_y_y_m256),
        (Vector::Min, Lane::U8) => {
            three!(e, kind, dst, a, b, vpminub_x_x_x vpminub_x_x_m128 vpminub_y_y_y vpminub_y_y_m256)
        }
        (Vector::Min, Lane::U32) => {
            three!(e, kind, dst, a, b, vpminud_x_x_x vpminud_x_x_m128 vpminud_y_y_y vpminud_y_y_m256)
        }
        (Vector::Min, _) => {
            three!(e, kind, dst, a, b, vpminsd_x_x_x vpminsd_x_x_m128 vpminsd_y_y_y vpminsd_y_y_m256)
        }
        (Vector::Max, Lane::U8) => {
            three!(e, kind, dst, a, b, vpmaxub_x_x_x vpmaxub_x_x_m128 vpmaxub_y_y_y vpmaxub_y_y_m256)
        }
        (Vector::Max, Lane::U32) => {
            three!(e, kind, dst, a, b, vpmaxud_x_x_x vpmaxud_x_x_m128 vpmaxud_y_y_y vpmaxud_y_y_m256)
        }
        (Vector::Max, _) => {
            three!(e, kind, dst, a, b, vpmaxsd_x_x_x vpmaxsd_x_x_m128 vpmaxsd_y_y_y vpmaxsd_y_y_m256)
        }
        (Vector::Eq, Lane::U8) => {
            three!(e, kind, dst, a, b, vpcmpeqb_x_x_x vpcmpeqb_x_x_m128 vpcmpeqb_y_y_y vpcmpeqb_y_y_m256)
        }
        (Vector::Eq, Lane::I32 | Lane::U32) => {
            three!(e, kind, dst, a, b, vpcmpeqd_x_x_x vpcmpeqd_x_x_m128 vpcmpeqd_y_y_y vpcmpeqd_y_y_m256)
        }
        (Vector::Eq, Lane::I64 | Lane::U64) => {
            three!(e, kind, dst, a, b, vpcmpeqq_x_x_x vpcmpeqq_x_x_m128 vpcmpeqq_y_y_y vpcmpeqq_y_y_m256)
        }
        (Vector::Eq, Lane::F64) => float_compare(e, kind, dst, a, b, 0),
        (Vector::Gt, Lane::F64) => float_compare(e, kind, dst, a, b, 0x1e),
        (Vector::Gt, Lane::I64 | Lane::U64) => {
            three!(e, kind, dst, a, b, vpcmpgtq_x_x_x vpcmpgtq_x_x_m128 vpcmpgtq_y_y_y vpcmpgtq_y_y_m256)
        }
        (Vector::Gt, Lane::U8) => {
            three!(e, kind, dst, a, b, vpcmpgtb_x_x_x vpcmpgtb_x_x_m128 vpcmpgtb_y_y_y vpcmpgtb_y_y_m256)
        }
        (Vector::Gt, _) => {
            three!(e, kind, dst, a, b, vpcmpgtd_x_x_x vpcmpgtd_x_x_m128 vpcmpgtd_y_y_y vpcmpgtd_y_y_m256)
        }
    }
}

/// Predicates: 0 equal, 0x1e greater; both are false if unordered, and quiet.
fn float_compare(e: &mut E<'_>, kind: Kind, dst: Xmm, a: Xmm, b: Vm, predicate: u8) {
    match (kind, b) {
        (Kind::V256, Vm::Reg(b)) => e.asm.vcmppd_y_y_y_u8(ymm(dst), ymm(a), ymm(b), predicate),
        (Kind::V256, Vm::Mem(b)) => e.asm.vcmppd_y_y_m256_u8(ymm(dst), ymm(a), b, predicate),
        (_, Vm::Reg(b)) => e.asm.vcmppd_x_x_x_u8(dst, a, b, predicate),
        (_, Vm::Mem(b)) => e.asm.vcmppd_x_x_m128_u8(dst, a, b, predicate),
    }
}

/// `a > b` exactly if `min(a, b)` is not `a`: the machine compares with signs only.
fn greater_unsigned(e: &mut E<'_>, lane: Lane, kind: Kind, dst: Xmm, a: Xmm, b: Vm) {
    lanes(e, Vector::Min, lane, kind, XMM15, a, b);
    lanes(e, Vector::Eq, lane, kind, dst, XMM15, Vm::Reg(a));
    lanes(e, Vector::Eq, Lane::U8, kind, XMM15, XMM15, Vm::Reg(XMM15));
    lanes(e, Vector::Xor, lane, kind, dst, dst, Vm::Reg(XMM15));
}

pub(super) fn unary(e: &mut E<'_>, unary: VectorUnary, lane: Lane, kind: Kind, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.xmm(), ops.xmm());
    match (unary, kind) {
        (VectorUnary::Sqrt, Kind::V256) => e.asm.vsqrtpd_y_y(ymm(dst), ymm(a)),
        (VectorUnary::Sqrt, _) => e.asm.vsqrtpd_x_x(dst, a),
        (VectorUnary::Widen { high }, Kind::V256) => {
            let half = if high {
                e.asm.vextracti128_x_y_u8(XMM15, ymm(a), 1);
                XMM15
            } else {
                a
            };
            if lane == Lane::I32 {
                e.asm.vpmovsxdq_y_x(ymm(dst), half);
            } else {
                e.asm.vpmovzxdq_y_x(ymm(dst), half);
            }
        }
        (VectorUnary::Widen { high }, _) => {
            let half = if high {
                e.asm.vpsrldq_x_x_u8(XMM15, a, 8);
                XMM15
            } else {
                a
            };
            if lane == Lane::I32 {
                e.asm.vpmovsxdq_x_x(dst, half);
            } else {
                e.asm.vpmovzxdq_x_x(dst, half);
            }
        }
    }
}

pub(super) fn splat(e: &mut E<'_>, lane: Lane, kind: Kind, ops: &mut Ops<'_>) {
    let wide = kind == Kind::V256;
    if lane == Lane::F64 {
        let (a, dst) = (ops.xmm(), ops.xmm());
        if wide {
            e.asm.vbroadcastsd_y_x(ymm(dst), a)
        } else {
            e.asm.vunpcklpd_x_x_x(dst, a, a)
        }
        return;
    }
    let (a, dst) = (ops.gpr(), ops.xmm());
    match lane {
        Lane::I64 | Lane::U64 => e.asm.vmovq_x_r64(dst, a),
        _ => e.asm.vmovd_x_r32(dst, a.as_32()),
    }
    match (lane, wide) {
        (Lane::U8, true) => e.asm.vpbroadcastb_y_x(ymm(dst), dst),
        (Lane::U8, false) => e.asm.vpbroadcastb_x_x(dst, dst),
        (Lane::I64 | Lane::U64, true) => e.asm.vpbroadcastq_y_x(ymm(dst), dst),
        (Lane::I64 | Lane::U64, false) => e.asm.vpbroadcastq_x_x(dst, dst),
        (_, true) => e.asm.vpbroadcastd_y_x(ymm(dst), dst),
        (_, false) => e.asm.vpbroadcastd_x_x(dst, dst),
    }
}

pub(super) fn select(e: &mut E<'_>, kind: Kind, then: Src, ops: &mut Ops<'_>) {
    let (mask, otherwise) = (ops.xmm(), ops.xmm());
    let then = source(kind, then, ops);
    let dst = ops.xmm();
    match (kind, then) {
        (Kind::V256, Vm::Reg(then)) => {
            e.asm.vpblendvb_y_y_y_y(ymm(dst), ymm(otherwise), ymm(then), ymm(mask))
        }
        (Kind::V256, Vm::Mem(then)) => e.asm.vpblendvb_y_y_m256_y(ymm(dst), ymm(otherwise), then, ymm(mask)),
        (_, Vm::Reg(then)) => e.asm.vpblendvb_x_x_x_x(dst, otherwise, then, mask),
        (_, Vm::Mem(then)) => e.asm.vpblendvb_x_x_m128_x(dst, otherwise, then, mask),
    }
}

pub(super) fn extract(e: &mut E<'_>, lane: Lane, kind: Kind, index: u8, ops: &mut Ops<'_>) {
    let (a, temp, dst) = (ops.xmm(), ops.xmm(), ops.next());
    let per_half = (16 / lane.bytes()) as u8;
    let from = if kind == Kind::V256 && index >= per_half {
        e.asm.vextracti128_x_y_u8(temp, ymm(a), 1);
        temp
    } else {
        a
    };
    let index = index % per_half;
    match lane {
        Lane::U8 => e.asm.vpextrb_r32_x_u8(super::gpr(dst).as_32(), from, index),
        Lane::I32 | Lane::U32 if index == 0 => e.asm.vmovd_r32_x(super::gpr(dst).as_32(), from),
        Lane::I32 | Lane::U32 => e.asm.vpextrd_r32_x_u8(super::gpr(dst).as_32(), from, index),
        Lane::I64 | Lane::U64 if index == 0 => e.asm.vmovq_r64_x(super::gpr(dst), from),
        Lane::I64 | Lane::U64 => e.asm.vpextrq_r64_x_u8(super::gpr(dst), from, index),
        Lane::F64 if index == 0 => e.asm.vmovaps_x_x(super::xmm(dst), from),
        Lane::F64 => e.asm.vunpckhpd_x_x_x(super::xmm(dst), from, from),
    }
}

pub(super) fn reduce(e: &mut E<'_>, vector: Vector, lane: Lane, kind: Kind, ops: &mut Ops<'_>) {
    let a = ops.xmm();
    if lane == Lane::F64 {
        return sum_floats(e, kind, a, ops.xmm());
    }
    let (temp, dst) = (ops.xmm(), ops.next());
    let to = super::gpr(dst);
    if lane == Lane::U8 && vector == Vector::Add {
        return sum_bytes(e, kind, a, temp, to);
    }
    // Halves are combined until one lane is left.
    let mut from = a;
    if kind == Kind::V256 {
        e.asm.vextracti128_x_y_u8(temp, ymm(a), 1);
        lanes(e, vector, lane, Kind::V128, temp, temp, Vm::Reg(a));
        from = temp;
    }
    let mut bytes = 8;
    while bytes >= lane.bytes() as u8 {
        e.asm.vpsrldq_x_x_u8(XMM15, from, bytes);
        lanes(e, vector, lane, Kind::V128, temp, from, Vm::Reg(XMM15));
        from = temp;
        bytes /= 2;
    }
    match lane {
        Lane::U8 => {
            e.asm.vmovd_r32_x(to.as_32(), from);
            e.asm.movzx_r32_r8(to.as_32(), to.as_8());
        }
        Lane::I64 | Lane::U64 => e.asm.vmovq_r64_x(to, from),
        _ => e.asm.vmovd_r32_x(to.as_32(), from),
    }
}

/// Lane 0, then 1, and so on: the order matters.
fn sum_floats(e: &mut E<'_>, kind: Kind, a: Xmm, dst: Xmm) {
    e.asm.vunpckhpd_x_x_x(dst, a, a);
    e.asm.vaddsd_x_x_x(dst, a, dst);
    if kind == Kind::V256 {
        e.asm.vextractf128_x_y_u8(XMM15, ymm(a), 1);
        e.asm.vaddsd_x_x_x(dst, dst, XMM15);
        e.asm.vunpckhpd_x_x_x(XMM15, XMM15, XMM15);
        e.asm.vaddsd_x_x_x(dst, dst, XMM15);
    }
}

/// Sums of eight bytes each, then of those.
fn sum_bytes(e: &mut E<'_>, kind: Kind, a: Xmm, temp: Xmm, to: Gpr64) {
    e.asm.vpxor_x_x_x(XMM15, XMM15, XMM15);
    if kind == Kind::V256 {
        e.asm.vpsadbw_y_y_y(ymm(temp), ymm(a), ymm(XMM15));
        e.asm.vextracti128_x_y_u8(XMM15, ymm(temp), 1);
        e.asm.vpaddq_x_x_x(temp, temp, XMM15);
    } else {
        e.asm.vpsadbw_x_x_x(temp, a, XMM15);
    }
    e.asm.vpsrldq_x_x_u8(XMM15, temp, 8);
    e.asm.vpaddq_x_x_x(temp, temp, XMM15);
    e.asm.vmovd_r32_x(to.as_32(), temp);
}

pub(super) fn count_true(e: &mut E<'_>, lane: Lane, kind: Kind, ops: &mut Ops<'_>) {
    let (a, dst) = (ops.xmm(), ops.gpr().as_32());
    match (lane.bytes(), kind) {
        (1, Kind::V256) => e.asm.vpmovmskb_r32_y(dst, ymm(a)),
        (1, _) => e.asm.vpmovmskb_r32_x(dst, a),
        (4, Kind::V256) => e.asm.vmovmskps_r32_y(dst, ymm(a)),
        (4, _) => e.asm.vmovmskps_r32_x(dst, a),
        (_, Kind::V256) => e.asm.vmovmskpd_r32_y(dst, ymm(a)),
        (_, _) => e.asm.vmovmskpd_r32_x(dst, a),
    }
    e.asm.popcnt_r32_r32(dst, dst);
}

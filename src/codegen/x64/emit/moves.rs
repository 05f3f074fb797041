//! Moves: between registers, slots and memory; constants.

use super::super::inst::Addr;
use super::{E, Ops, slot_mem};
use crate::asm::x64::Mem as M;
use crate::asm::x64::reg::*;
use crate::codegen::minst::Remat;
use crate::ir::{Kind, Mem};
use crate::regalloc::{Alloc, RegClass, ValueInfo};

/// Copies a general register.
pub(super) fn gpr(e: &mut E<'_>, from: Gpr64, to: Gpr64) {
    if from != to {
        e.asm.mov_r64_r64(to, from);
    }
}

/// A move that the allocator inserted, or a constant. It leaves the flags alone.
pub(in super::super) fn edit(e: &mut E<'_>, from: Alloc, to: Alloc, info: ValueInfo, remat: Remat) {
    if from == Alloc::None {
        return constant(e, to, info, remat);
    }
    match info.class {
        RegClass::Int => int(e, from, to),
        RegClass::Float => float(e, from, to, info.slots),
    }
}

fn int(e: &mut E<'_>, from: Alloc, to: Alloc) {
    match (from, to) {
        (Alloc::Reg(_), Alloc::Reg(_)) => gpr(e, super::gpr(from), super::gpr(to)),
        (Alloc::Slot(slot), Alloc::Reg(_)) => e.asm.mov_r64_m64(super::gpr(to), slot_mem(slot, 1)),
        (Alloc::Reg(_), Alloc::Slot(slot)) => e.asm.mov_m64_r64(slot_mem(slot, 1), super::gpr(from)),
        (Alloc::Slot(from), Alloc::Slot(to)) if from != to => {
            e.asm.mov_r64_m64(R11, slot_mem(from, 1));
            e.asm.mov_m64_r64(slot_mem(to, 1), R11);
        }
        _ => {}
    }
}

fn float(e: &mut E<'_>, from: Alloc, to: Alloc, slots: u8) {
    match (from, to) {
        (Alloc::Reg(_), Alloc::Reg(_)) => {
            let (from, to) = (super::xmm(from), super::xmm(to));
            if from != to {
                match (slots, e.isa.avx()) {
                    (4, _) => e.asm.vmovaps_y_y(super::ymm(to), super::ymm(from)),
                    (_, true) => e.asm.vmovaps_x_x(to, from),
                    (_, false) => e.asm.movaps_x_x(to, from),
                }
            }
        }
        (Alloc::Slot(slot), Alloc::Reg(_)) => load_float(e, super::xmm(to), slot_mem(slot, slots), slots),
        (Alloc::Reg(_), Alloc::Slot(slot)) => store_float(e, slot_mem(slot, slots), super::xmm(from), slots),
        (Alloc::Slot(from), Alloc::Slot(to)) if from != to => {
            load_float(e, XMM15, slot_mem(from, slots), slots);
            store_float(e, slot_mem(to, slots), XMM15, slots);
        }
        _ => {}
    }
}

fn load_float(e: &mut E<'_>, to: Xmm, from: M, slots: u8) {
    match (slots, e.isa.avx()) {
        (4, _) => e.asm.vmovups_y_m256(super::ymm(to), from),
        (2, _) => e.asm.vmovups_x_m128(to, from),
        (_, true) => e.asm.vmovsd_x_m64(to, from),
        (_, false) => e.asm.movsd_x_m64(to, from),
    }
}

fn store_float(e: &mut E<'_>, to: M, from: Xmm, slots: u8) {
    match (slots, e.isa.avx()) {
        (4, _) => e.asm.vmovups_m256_y(to, super::ymm(from)),
        (2, _) => e.asm.vmovups_m128_x(to, from),
        (_, true) => e.asm.vmovsd_m64_x(to, from),
        (_, false) => e.asm.movsd_m64_x(to, from),
    }
}

fn constant(e: &mut E<'_>, to: Alloc, info: ValueInfo, remat: Remat) {
    match (info.class, remat, to) {
        (_, Remat::No, _) | (_, _, Alloc::None) => {}
        (RegClass::Int, Remat::Bits(bits), Alloc::Reg(_)) => load_bits(e, super::gpr(to), bits),
        (RegClass::Int, Remat::Address(symbol), Alloc::Reg(_)) => {
            let number = crate::codegen::External::Symbol(symbol).number();
            e.asm.mov_external(super::gpr(to), number, 0);
        }
        (_, Remat::Bits(bits), Alloc::Slot(slot)) => match i32::try_from(bits as i64) {
            Ok(bits) => e.asm.mov_m64_i32(slot_mem(slot, 1), bits),
            Err(_) => {
                load_bits(e, R11, bits);
                e.asm.mov_m64_r64(slot_mem(slot, 1), R11);
            }
        },
        (_, Remat::Address(symbol), _) => {
            let number = crate::codegen::External::Symbol(symbol).number();
            e.asm.mov_external(R11, number, 0);
            match to {
                Alloc::Slot(slot) => e.asm.mov_m64_r64(slot_mem(slot, 1), R11),
                to => e.asm.movq_x_r64(super::xmm(to), R11),
            }
        }
        (RegClass::Float, Remat::Bits(0), to) => {
            let to = super::xmm(to);
            if e.isa.avx() { e.asm.vxorps_x_x_x(to, to, to) } else { e.asm.xorps_x_x(to, to) }
        }
        (RegClass::Float, Remat::Bits(bits), to) => {
            let label = e.asm.constant(bits);
            let to = super::xmm(to);
            if e.isa.avx() {
                e.asm.vmovsd_x_m64(to, M::label(label));
            } else {
                e.asm.movsd_x_m64(to, M::label(label));
            }
        }
    }
}

/// An integer constant, without touching the flags.
fn load_bits(e: &mut E<'_>, to: Gpr64, bits: u64) {
    if let Ok(low) = u32::try_from(bits) {
        e.asm.mov_r32_u32(to.as_32(), low);
    } else if let Ok(signed) = i32::try_from(bits as i64) {
        e.asm.mov_r64_i32(to, signed);
    } else {
        e.asm.mov_r64_i64(to, bits as i64);
    }
}

pub(super) fn load(e: &mut E<'_>, mem: Mem, addr: Addr, ops: &mut Ops<'_>) {
    let at = ops.mem(addr);
    match mem {
        Mem::F64 => load_float(e, ops.xmm(), at, 1),
        Mem::V128 => load_float(e, ops.xmm(), at, 2),
        Mem::V256 => load_float(e, ops.xmm(), at, 4),
        Mem::I8 => e.asm.movsx_r32_m8(ops.gpr().as_32(), at),
        Mem::U8 | Mem::Bool => e.asm.movzx_r32_m8(ops.gpr().as_32(), at),
        Mem::I16 => e.asm.movsx_r32_m16(ops.gpr().as_32(), at),
        Mem::U16 => e.asm.movzx_r32_m16(ops.gpr().as_32(), at),
        Mem::I32 | Mem::U32 => e.asm.mov_r32_m32(ops.gpr().as_32(), at),
        Mem::I64 | Mem::U64 | Mem::Ref => e.asm.mov_r64_m64(ops.gpr(), at),
    }
}

pub(super) fn store(e: &mut E<'_>, mem: Mem, addr: Addr, ops: &mut Ops<'_>) {
    let value = ops.next();
    let at = ops.mem(addr);
    match mem {
        Mem::F64 => store_float(e, at, super::xmm(value), 1),
        Mem::V128 => store_float(e, at, super::xmm(value), 2),
        Mem::V256 => store_float(e, at, super::xmm(value), 4),
        Mem::I8 | Mem::U8 | Mem::Bool => e.asm.mov_m8_r8(at, super::gpr(value).as_8()),
        Mem::I16 | Mem::U16 => e.asm.mov_m16_r16(at, super::gpr(value).as_16()),
        Mem::I32 | Mem::U32 => e.asm.mov_m32_r32(at, super::gpr(value).as_32()),
        Mem::I64 | Mem::U64 | Mem::Ref => e.asm.mov_m64_r64(at, super::gpr(value)),
    }
}

pub(super) fn store_imm(e: &mut E<'_>, mem: Mem, addr: Addr, imm: i32, ops: &mut Ops<'_>) {
    let at = ops.mem(addr);
    match mem {
        Mem::I8 | Mem::U8 | Mem::Bool => e.asm.mov_m8_u8(at, imm as u8),
        Mem::I16 | Mem::U16 => e.asm.mov_m16_u16(at, imm as u16),
        Mem::I32 | Mem::U32 => e.asm.mov_m32_u32(at, imm as u32),
        Mem::F64 | Mem::I64 | Mem::U64 | Mem::Ref | Mem::V128 | Mem::V256 => e.asm.mov_m64_i32(at, imm),
    }
}

/// A parameter that the caller has put on the stack, above return address and frame pointer.
pub(super) fn incoming(e: &mut E<'_>, offset: i32, kind: Kind, to: Alloc) {
    let at = M::base(RBP, 16 + offset);
    match kind {
        Kind::F64 => load_float(e, super::xmm(to), at, 1),
        Kind::V128 => load_float(e, super::xmm(to), at, 2),
        Kind::V256 => load_float(e, super::xmm(to), at, 4),
        Kind::Bool => e.asm.movzx_r32_m8(super::gpr(to).as_32(), at),
        Kind::I32 | Kind::U32 => e.asm.mov_r32_m32(super::gpr(to).as_32(), at),
        Kind::I64 | Kind::U64 | Kind::Ref | Kind::None => e.asm.mov_r64_m64(super::gpr(to), at),
    }
}

/// An argument on the stack.
pub(super) fn outgoing(e: &mut E<'_>, offset: i32, kind: Kind, from: Alloc) {
    let at = M::base(RSP, offset);
    match kind {
        Kind::F64 => store_float(e, at, super::xmm(from), 1),
        Kind::V128 => store_float(e, at, super::xmm(from), 2),
        Kind::V256 => store_float(e, at, super::xmm(from), 4),
        _ => e.asm.mov_m64_r64(at, super::gpr(from)),
    }
}

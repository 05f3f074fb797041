//! Loads, stores, polls: one instruction with a displacement of 32 bits; with a larger one, that in `r11` as the index.

use super::constant;
use super::{Assembler, SCRATCH};
use crate::asm::label::Label;
use crate::asm::macros::{Access, Width};
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::{Gpr64, Xmm};
use crate::asm::x64::{Mem, Scale};

/// The address; `None`, and an error, if the base cannot be one.
fn address(asm: &mut Assembler, base: Gpr64, offset: i64) -> Option<Mem> {
    if !asm.takes_base(base) {
        return None;
    }
    if let Ok(offset) = i32::try_from(offset) {
        return Some(Mem::base(base, offset));
    }
    constant::load(asm, SCRATCH, offset);
    Some(Mem::indexed(base, SCRATCH.index()?, Scale::X1, 0))
}

pub(super) fn load(asm: &mut Assembler, access: Access, rd: Gpr64, base: Gpr64, offset: i64) {
    if !asm.takes([rd]) {
        return;
    }
    let Some(from) = address(asm, base, offset) else { return };
    match access {
        // Writing 32 bits clears the others.
        Access::U8 => asm.movzx_r32_m8(rd.as_32(), from),
        Access::I8 => asm.movsx_r64_m8(rd, from),
        Access::U16 => asm.movzx_r32_m16(rd.as_32(), from),
        Access::I16 => asm.movsx_r64_m16(rd, from),
        Access::U32 => asm.mov_r32_m32(rd.as_32(), from),
        Access::I32 => asm.movsxd_r64_m32(rd, from),
        Access::I64 => asm.mov_r64_m64(rd, from),
    }
}

pub(super) fn store(asm: &mut Assembler, width: Width, rs: Gpr64, base: Gpr64, offset: i64) {
    if !asm.takes([rs]) {
        return;
    }
    let Some(to) = address(asm, base, offset) else { return };
    match width {
        Width::W8 => asm.mov_m8_r8(to, rs.as_8()),
        Width::W16 => asm.mov_m16_r16(to, rs.as_16()),
        Width::W32 => asm.mov_m32_r32(to, rs.as_32()),
        Width::W64 => asm.mov_m64_r64(to, rs),
    }
}

pub(super) fn load_f64(asm: &mut Assembler, fd: Xmm, base: Gpr64, offset: i64) {
    if asm.takes_floats([fd])
        && let Some(from) = address(asm, base, offset)
    {
        asm.movsd_x_m64(fd, from);
    }
}

pub(super) fn store_f64(asm: &mut Assembler, from: Xmm, base: Gpr64, offset: i64) {
    if asm.takes_floats([from])
        && let Some(to) = address(asm, base, offset)
    {
        asm.movsd_m64_x(to, from);
    }
}

pub(super) fn poll(asm: &mut Assembler, base: Gpr64, offset: i64, to: Label) {
    if let Some(word) = address(asm, base, offset) {
        asm.cmp_m32_i8(word, 0);
        asm.jcc(Cond::Ne, to);
    }
}

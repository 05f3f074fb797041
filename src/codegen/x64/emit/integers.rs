//! Integer instructions.

use super::super::inst::{Addr, Alu, Base, Extend, Inst, NO_EXIT, Shift, Size, Src};
use super::cold::{self, Cold, Undo};
use super::{E, Ops, Rmi, local};
use crate::asm::x64::reg::*;
use crate::asm::x64::{Assembler, Cond, Mem};

/// Forms of an instruction with two operands, by what the second one is.
macro_rules! two {
    ($asm:expr, $size:expr, $dst:expr, $src:expr,
     $rr64:ident $rr32:ident $rm64:ident $rm32:ident $ri8_64:ident $ri8_32:ident $ri64:ident $ri32:ident) => {
        match ($size, $src) {
            (Size::W64, Rmi::Reg(src)) => $asm.$rr64($dst, src),
            (Size::W32, Rmi::Reg(src)) => $asm.$rr32($dst.as_32(), src.as_32()),
            (Size::W64, Rmi::Mem(mem)) => $asm.$rm64($dst, mem),
            (Size::W32, Rmi::Mem(mem)) => $asm.$rm32($dst.as_32(), mem),
            (size, Rmi::Imm(imm)) => match (size, i8::try_from(imm)) {
                (Size::W64, Ok(imm)) => $asm.$ri8_64($dst, imm),
                (Size::W32, Ok(imm)) => $asm.$ri8_32($dst.as_32(), imm),
                (Size::W64, Err(_)) => $asm.$ri64($dst, imm),
                (Size::W32, Err(_)) => $asm.$ri32($dst.as_32(), imm),
            },
        }
    };
}

/// `dst = dst op src`
pub(super) fn alu(asm: &mut Assembler, alu: Alu, size: Size, dst: Gpr64, src: Rmi) {
    match alu {
        Alu::Add => {
            two!(asm, size, dst, src, add_r64_r64 add_r32_r32 add_r64_m64 add_r32_m32 add_r64_i8 add_r32_i8 add_r64_i32 add_r32_i32)
        }
        Alu::Or => {
            two!(asm, size, dst, src, or_r64_r64 or_r32_r32 or_r64_m64 or_r32_m32 or_r64_i8 or_r32_i8 or_r64_i32 or_r32_i32)
        }
        Alu::And => {
            two!(asm, size, dst, src, and_r64_r64 and_r32_r32 and_r64_m64 and_r32_m32 and_r64_i8 and_r32_i8 and_r64_i32 and_r32_i32)
        }
        Alu::Sub => {
            two!(asm, size, dst, src, sub_r64_r64 sub_r32_r32 sub_r64_m64 sub_r32_m32 sub_r64_i8 sub_r32_i8 sub_r64_i32 sub_r32_i32)
        }
        Alu::Xor => {
            two!(asm, size, dst, src, xor_r64_r64 xor_r32_r32 xor_r64_m64 xor_r32_m32 xor_r64_i8 xor_r32_i8 xor_r64_i32 xor_r32_i32)
        }
    }
}

/// Sets the flags of `left - right`.
pub(super) fn cmp(asm: &mut Assembler, size: Size, left: Gpr64, right: Rmi) {
    two!(asm, size, left, right, cmp_r64_r64 cmp_r32_r32 cmp_r64_m64 cmp_r32_m32 cmp_r64_i8 cmp_r32_i8 cmp_r64_i32 cmp_r32_i32);
}

/// Sets the flags of memory less a constant.
pub(super) fn cmp_mem(asm: &mut Assembler, size: Size, left: Mem, right: i32) {
    match (size, i8::try_from(right)) {
        (Size::W64, Ok(right)) => asm.cmp_m64_i8(left, right),
        (Size::W32, Ok(right)) => asm.cmp_m32_i8(left, right),
        (Size::W64, Err(_)) => asm.cmp_m64_i32(left, right),
        (Size::W32, Err(_)) => asm.cmp_m32_i32(left, right),
    }
}

pub(super) fn alu_inst(e: &mut E<'_>, op: Alu, size: Size, src: Src, ops: &mut Ops<'_>) {
    let dst = ops.gpr();
    let src = ops.src(src);
    alu(e.asm, op, size, dst, src);
}

/// An operation on memory.
pub(super) fn alu_mem(e: &mut E<'_>, op: Alu, size: Size, addr: Addr, imm: Option<i32>, ops: &mut Ops<'_>) {
    let src = imm.is_none().then(|| ops.gpr());
    let mem = ops.mem(addr);
    match (src, imm) {
        (Some(src), _) => match (op, size) {
            (Alu::Add, Size::W64) => e.asm.add_m64_r64(mem, src),
            (Alu::Add, Size::W32) => e.asm.add_m32_r32(mem, src.as_32()),
            (Alu::Or, Size::W64) => e.asm.or_m64_r64(mem, src),
            (Alu::Or, Size::W32) => e.asm.or_m32_r32(mem, src.as_32()),
            (Alu::And, Size::W64) => e.asm.and_m64_r64(mem, src),
            (Alu::And, Size::W32) => e.asm.and_m32_r32(mem, src.as_32()),
            (Alu::Sub, Size::W64) => e.asm.sub_m64_r64(mem, src),
            (Alu::Sub, Size::W32) => e.asm.sub_m32_r32(mem, src.as_32()),
            (Alu::Xor, Size::W64) => e.asm.xor_m64_r64(mem, src),
            (Alu::Xor, Size::W32) => e.asm.xor_m32_r32(mem, src.as_32()),
        },
        (None, imm) => {
            let imm = imm.unwrap_or(0);
            match (op, size, i8::try_from(imm)) {
                (Alu::Add, Size::W64, Ok(imm)) => e.asm.add_m64_i8(mem, imm),
                (Alu::Add, Size::W32, Ok(imm)) => e.asm.add_m32_i8(mem, imm),
                (Alu::Or, Size::W64, Ok(imm)) => e.asm.or_m64_i8(mem, imm),
                (Alu::Or, Size::W32, Ok(imm)) => e.asm.or_m32_i8(mem, imm),
                (Alu::And, Size::W64, Ok(imm)) => e.asm.and_m64_i8(mem, imm),
                (Alu::And, Size::W32, Ok(imm)) => e.asm.and_m32_i8(mem, imm),
                (Alu::Sub, Size::W64, Ok(imm)) => e.asm.sub_m64_i8(mem, imm),
                (Alu::Sub, Size::W32, Ok(imm)) => e.asm.sub_m32_i8(mem, imm),
                (Alu::Xor, Size::W64, Ok(imm)) => e.asm.xor_m64_i8(mem, imm),
                (Alu::Xor, Size::W32, Ok(imm)) => e.asm.xor_m32_i8(mem, imm),
                (Alu::Add, Size::W64, Err(_)) => e.asm.add_m64_i32(mem, imm),
                (Alu::Add, Size::W32, Err(_)) => e.asm.add_m32_i32(mem, imm),
                (Alu::Or, Size::W64, Err(_)) => e.asm.or_m64_i32(mem, imm),
                (Alu::Or, Size::W32, Err(_)) => e.asm.or_m32_i32(mem, imm),
                (Alu::And, Size::W64, Err(_)) => e.asm.and_m64_i32(mem, imm),
                (Alu::And, Size::W32, Err(_)) => e.asm.and_m32_i32(mem, imm),
                (Alu::Sub, Size::W64, Err(_)) => e.asm.sub_m64_i32(mem, imm),
                (Alu::Sub, Size::W32, Err(_)) => e.asm.sub_m32_i32(mem, imm),
                (Alu::Xor, Size::W64, Err(_)) => e.asm.xor_m64_i32(mem, imm),
                (Alu::Xor, Size::W32, Err(_)) => e.asm.xor_m32_i32(mem, imm),
            }
        }
    }
}

pub(super) fn alu_exit(
    e: &mut E<'_>,
    op: Alu,
    size: Size,
    src: Src,
    cond: Cond,
    exit: u32,
    ops: &mut Ops<'_>,
) {
    let dst = ops.gpr();
    let src = ops.src(src);
    alu(e.asm, op, size, dst, src);
    let inverse = if op == Alu::Add { Alu::Sub } else { Alu::Add };
    // What follows the def is the frame state. Only if that has the register does it have to be as it was.
    ops.next();
    let label = if ops.rest().contains(&place(dst)) {
        cold::exit_undo(e, exit, Undo::Alu(inverse, size, dst, src))
    } else {
        e.exit_label(exit)
    };
    e.asm.jcc(cond, label);
}

fn place(reg: Gpr64) -> crate::regalloc::Alloc {
    crate::regalloc::Alloc::Reg(super::super::int(Register::number(reg) as u8))
}

pub(super) fn extend(e: &mut E<'_>, extend: Extend, src: Src, ops: &mut Ops<'_>) {
    let src = ops.src(src);
    let dst = ops.gpr();
    match (extend, src) {
        (Extend::Zero32, Rmi::Reg(src)) => e.asm.mov_r32_r32(dst.as_32(), src.as_32()),
        (Extend::Zero32, Rmi::Mem(src)) => e.asm.mov_r32_m32(dst.as_32(), src),
        (Extend::Sign32, Rmi::Reg(src)) => e.asm.movsxd_r64_r32(dst, src.as_32()),
        (Extend::Sign32, Rmi::Mem(src)) => e.asm.movsxd_r64_m32(dst, src),
        (Extend::Zero8, Rmi::Reg(src)) => e.asm.movzx_r32_r8(dst.as_32(), src.as_8()),
        (Extend::Zero8, Rmi::Mem(src)) => e.asm.movzx_r32_m8(dst.as_32(), src),
        (Extend::Zero16, Rmi::Reg(src)) => e.asm.movzx_r32_r16(dst.as_32(), src.as_16()),
        (Extend::Zero16, Rmi::Mem(src)) => e.asm.movzx_r32_m16(dst.as_32(), src),
        (_, Rmi::Imm(_)) => {}
    }
}

/// `lea`, of two registers in the order that is shorter.
pub(super) fn lea(e: &mut E<'_>, size: Size, addr: Addr, ops: &mut Ops<'_>) {
    if addr.base == Base::Reg && addr.index.is_none() {
        let (base, dst) = (ops.gpr(), ops.gpr());
        return lea_mem(e, size, dst, Mem::base(base, addr.disp));
    }
    if addr.base == Base::Reg && addr.index == Some(0) && addr.disp == 0 {
        let (a, b, dst) = (ops.gpr(), ops.gpr(), ops.gpr());
        // With rbp and r13 as the base a displacement would be needed.
        let (base, index) = if Register::number(a) & 7 == 5 { (b, a) } else { (a, b) };
        if let Some(index) = index.index() {
            lea_mem(e, size, dst, Mem::indexed(base, index, crate::asm::x64::Scale::X1, 0));
        }
        return;
    }
    let mem = ops.mem(addr);
    let dst = ops.gpr();
    lea_mem(e, size, dst, mem);
}

fn lea_mem(e: &mut E<'_>, size: Size, dst: Gpr64, mem: Mem) {
    match size {
        Size::W64 => e.asm.lea_r64_m(dst, mem),
        Size::W32 => e.asm.lea_r32_m(dst.as_32(), mem),
    }
}

pub(super) fn shift_imm(e: &mut E<'_>, shift: Shift, size: Size, by: u8, dst: Gpr64) {
    match (by, shift, size) {
        // Nothing to shift; the upper half is zero already.
        (0, ..) => {}
        (1, Shift::Left, Size::W64) => e.asm.add_r64_r64(dst, dst),
        (1, Shift::Left, Size::W32) => e.asm.add_r32_r32(dst.as_32(), dst.as_32()),
        (1, Shift::Right, Size::W64) => e.asm.shr_r64_1(dst),
        (1, Shift::Right, Size::W32) => e.asm.shr_r32_1(dst.as_32()),
        (1, Shift::Arithmetic, Size::W64) => e.asm.sar_r64_1(dst),
        (1, Shift::Arithmetic, Size::W32) => e.asm.sar_r32_1(dst.as_32()),
        (by, Shift::Left, Size::W64) => e.asm.shl_r64_u8(dst, by),
        (by, Shift::Left, Size::W32) => e.asm.shl_r32_u8(dst.as_32(), by),
        (by, Shift::Right, Size::W64) => e.asm.shr_r64_u8(dst, by),
        (by, Shift::Right, Size::W32) => e.asm.shr_r32_u8(dst.as_32(), by),
        (by, Shift::Arithmetic, Size::W64) => e.asm.sar_r64_u8(dst, by),
        (by, Shift::Arithmetic, Size::W32) => e.asm.sar_r32_u8(dst.as_32(), by),
    }
}

pub(super) fn shift_cl(e: &mut E<'_>, shift: Shift, size: Size, dst: Gpr64) {
    match (shift, size) {
        (Shift::Left, Size::W64) => e.asm.shl_r64_cl(dst),
        (Shift::Left, Size::W32) => e.asm.shl_r32_cl(dst.as_32()),
        (Shift::Right, Size::W64) => e.asm.shr_r64_cl(dst),
        (Shift::Right, Size::W32) => e.asm.shr_r32_cl(dst.as_32()),
        (Shift::Arithmetic, Size::W64) => e.asm.sar_r64_cl(dst),
        (Shift::Arithmetic, Size::W32) => e.asm.sar_r32_cl(dst.as_32()),
    }
}

pub(super) fn shift_x(e: &mut E<'_>, shift: Shift, size: Size, ops: &mut Ops<'_>) {
    let (a, count, dst) = (ops.gpr(), ops.gpr(), ops.gpr());
    match (shift, size) {
        (Shift::Left, Size::W64) => e.asm.shlx_r64_r64_r64(dst, a, count),
        (Shift::Left, Size::W32) => e.asm.shlx_r32_r32_r32(dst.as_32(), a.as_32(), count.as_32()),
        (Shift::Right, Size::W64) => e.asm.shrx_r64_r64_r64(dst, a, count),
        (Shift::Right, Size::W32) => e.asm.shrx_r32_r32_r32(dst.as_32(), a.as_32(), count.as_32()),
        (Shift::Arithmetic, Size::W64) => e.asm.sarx_r64_r64_r64(dst, a, count),
        (Shift::Arithmetic, Size::W32) => e.asm.sarx_r32_r32_r32(dst.as_32(), a.as_32(), count.as_32()),
    }
}

pub(super) fn neg(e: &mut E<'_>, size: Size, dst: Gpr64) {
    neg_asm(e.asm, size, dst);
}

pub(super) fn neg_asm(asm: &mut Assembler, size: Size, dst: Gpr64) {
    match size {
        Size::W64 => asm.neg_r64(dst),
        Size::W32 => asm.neg_r32(dst.as_32()),
    }
}

pub(super) fn mul(e: &mut E<'_>, size: Size, dst: Gpr64, src: Rmi) {
    match (size, src) {
        (Size::W64, Rmi::Reg(src)) => e.asm.imul_r64_r64(dst, src),
        (Size::W32, Rmi::Reg(src)) => e.asm.imul_r32_r32(dst.as_32(), src.as_32()),
        (Size::W64, Rmi::Mem(src)) => e.asm.imul_r64_m64(dst, src),
        (Size::W32, Rmi::Mem(src)) => e.asm.imul_r32_m32(dst.as_32(), src),
        (_, Rmi::Imm(imm)) => mul_imm(e, size, dst, Rmi::Reg(dst), imm),
    }
}

pub(super) fn mul_imm(e: &mut E<'_>, size: Size, dst: Gpr64, src: Rmi, imm: i32) {
    match (size, src, i8::try_from(imm)) {
        (Size::W64, Rmi::Reg(src), Ok(imm)) => e.asm.imul_r64_r64_i8(dst, src, imm),
        (Size::W32, Rmi::Reg(src), Ok(imm)) => e.asm.imul_r32_r32_i8(dst.as_32(), src.as_32(), imm),
        (Size::W64, Rmi::Mem(src), Ok(imm)) => e.asm.imul_r64_m64_i8(dst, src, imm),
        (Size::W32, Rmi::Mem(src), Ok(imm)) => e.asm.imul_r32_m32_i8(dst.as_32(), src, imm),
        (Size::W64, Rmi::Reg(src), Err(_)) => e.asm.imul_r64_r64_i32(dst, src, imm),
        (Size::W32, Rmi::Reg(src), Err(_)) => e.asm.imul_r32_r32_i32(dst.as_32(), src.as_32(), imm),
        (Size::W64, Rmi::Mem(src), Err(_)) => e.asm.imul_r64_m64_i32(dst, src, imm),
        (Size::W32, Rmi::Mem(src), Err(_)) => e.asm.imul_r32_m32_i32(dst.as_32(), src, imm),
        (_, Rmi::Imm(_), _) => {}
    }
}

/// `rdx:rax = rax * src`
pub(super) fn mul_wide(e: &mut E<'_>, size: Size, signed: bool, src: Rmi) {
    match (size, signed, src) {
        (Size::W64, false, Rmi::Reg(src)) => e.asm.mul_r64(src),
        (Size::W32, false, Rmi::Reg(src)) => e.asm.mul_r32(src.as_32()),
        (Size::W64, true, Rmi::Reg(src)) => e.asm.imul_r64(src),
        (Size::W32, true, Rmi::Reg(src)) => e.asm.imul_r32(src.as_32()),
        (Size::W64, false, Rmi::Mem(src)) => e.asm.mul_m64(src),
        (Size::W32, false, Rmi::Mem(src)) => e.asm.mul_m32(src),
        (Size::W64, true, Rmi::Mem(src)) => e.asm.imul_m64(src),
        (Size::W32, true, Rmi::Mem(src)) => e.asm.imul_m32(src),
        (_, _, Rmi::Imm(_)) => {}
    }
}

pub(super) fn div(e: &mut E<'_>, inst: Inst, divisor: Gpr64) {
    let Inst::Div { size, signed, rem, nonzero, no_overflow, exit } = inst else { return };
    let done = local(e);
    if !nonzero {
        test_self(e.asm, size, divisor);
        let zero = if exit == NO_EXIT {
            cold::put(e, Cold::DivByZero { size, rem, done })
        } else {
            e.exit_label(exit)
        };
        e.asm.jcc(Cond::E, zero);
    }
    if signed && !no_overflow {
        cmp(e.asm, size, divisor, Rmi::Imm(-1));
        if exit == NO_EXIT || rem {
            // By -1 the quotient is the negated dividend, and nothing is left; the machine would trap for the least number.
            let minus_one = cold::put(e, Cold::DivByMinusOne { size, rem, done });
            e.asm.jcc(Cond::E, minus_one);
        } else {
            let (fine, label) = (local(e), e.exit_label(exit));
            e.asm.jcc_short(Cond::Ne, fine);
            // rax - 1 overflows for the least number only.
            match size {
                Size::W64 => e.asm.cmp_r64_i8(RAX, 1),
                Size::W32 => e.asm.cmp_r32_i8(EAX, 1),
            }
            e.asm.jcc(Cond::O, label);
            e.asm.bind(fine);
        }
    }
    match (size, signed) {
        (Size::W64, true) => {
            e.asm.cqo();
            e.asm.idiv_r64(divisor);
        }
        (Size::W32, true) => {
            e.asm.cdq();
            e.asm.idiv_r32(divisor.as_32());
        }
        (Size::W64, false) => {
            e.asm.xor_r32_r32(EDX, EDX);
            e.asm.div_r64(divisor);
        }
        (Size::W32, false) => {
            e.asm.xor_r32_r32(EDX, EDX);
            e.asm.div_r32(divisor.as_32());
        }
    }
    e.asm.bind(done);
}

/// Sets the flags of a register with itself.
pub(super) fn test_self(asm: &mut Assembler, size: Size, reg: Gpr64) {
    match size {
        Size::W64 => asm.test_r64_r64(reg, reg),
        Size::W32 => asm.test_r32_r32(reg.as_32(), reg.as_32()),
    }
}

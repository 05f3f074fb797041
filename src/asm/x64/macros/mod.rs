//! The macro instructions on x86_64: SSE2 and nothing later.
//!
//! Scratch registers are `r11`, which is no argument and kept by nobody in any convention (a linker's stubs may use it too),
//! and `xmm15`. `rbp` is the frame pointer between prologue and epilogue, so it is not among the operands that are
//! offered; where it is none, it may be used as one.
//!
//! - [`constant`]: constants, addresses, moves; [`moves`]: many moves at once.
//! - [`arith`]: sums, differences, products; [`divide`]: around `rax` and `rdx`.
//! - [`compare`]: branches, `setcc`, selection; [`float`]: minimum and maximum; [`convert`]: integers and floats.
//! - [`memory`]: loads, stores, polls; [`frame`]: calls, prologues, probes.
//!
//! Instructions come in two widths that do the same; a `bool` named `wide` says which, and registers go by their 64 bits.

mod arith;
mod compare;
mod constant;
mod convert;
mod divide;
mod float;
mod frame;
mod memory;
mod moves;
#[cfg(test)]
mod tests;
mod width;

use super::reg::*;
use super::{Assembler, Kind};
use crate::asm::error::AsmError;
use crate::asm::label::Label;
use crate::asm::macros::{
    Access, Compare, Far, FloatCompare, Frame, FrameLayout, MacroAssembler, Place, Width,
};
use arith::Sum;
use compare::cond;
use divide::Division;

/// The calling conventions of x86_64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Abi {
    /// System V: Linux, macOS, the BSDs (psABI, "Function Calling Sequence").
    SystemV,
    /// Windows (Microsoft, "x64 calling convention").
    Windows,
}

const SCRATCH: Gpr64 = R11;
const FLOAT_SCRATCH: Xmm = XMM15;

impl Assembler {
    fn wrong(&mut self, what: &'static str) {
        let offset = self.offset();
        self.fail(AsmError::Operand { offset, what });
    }

    /// Whether these can be operands; notes the error if not.
    #[inline]
    fn takes<const N: usize>(&mut self, registers: [Gpr64; N]) -> bool {
        let right = registers.iter().all(|&register| register != SCRATCH && register != RSP);
        if !right {
            self.wrong("an operand is r11, the scratch register, or rsp");
        }
        right
    }

    /// Whether this can be the base of an address.
    #[inline]
    fn takes_base(&mut self, base: Gpr64) -> bool {
        if base == SCRATCH {
            self.wrong("the base of an address is r11, the scratch register");
        }
        base != SCRATCH
    }

    /// Whether these float registers can be operands.
    #[inline]
    fn takes_floats<const N: usize>(&mut self, registers: [Xmm; N]) -> bool {
        let right = !registers.contains(&FLOAT_SCRATCH);
        if !right {
            self.wrong("an operand is xmm15, the scratch register");
        }
        right
    }
}

impl MacroAssembler for Assembler {
    type Kind = Kind;
    type R64 = Gpr64;
    type R32 = Gpr32;
    type Base = Gpr64;
    type F64 = Xmm;
    type F32 = Xmm;
    type Abi = Abi;

    const STACK: Gpr64 = RSP;
    const GENERAL: &'static [Gpr64] = &[RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10, R12, R13, R14, R15];
    const FLOAT: &'static [Xmm] =
        &[XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14];
    const SCRATCH: &'static [Gpr64] = &[SCRATCH];
    const FLOAT_SCRATCH: &'static [Xmm] = &[FLOAT_SCRATCH];
    const HOST_ABI: Abi = if cfg!(windows) { Abi::Windows } else { Abi::SystemV };

    #[inline(always)]
    fn low(register: Gpr64) -> Gpr32 {
        register.as_32()
    }

    #[inline(always)]
    fn single(register: Xmm) -> Xmm {
        register
    }

    fn arguments(abi: Abi) -> &'static [Gpr64] {
        match abi {
            Abi::SystemV => &[RDI, RSI, RDX, RCX, R8, R9],
            Abi::Windows => &[RCX, RDX, R8, R9],
        }
    }

    fn callee_saved(abi: Abi) -> (&'static [Gpr64], &'static [Xmm]) {
        match abi {
            Abi::SystemV => (&[RBX, RBP, R12, R13, R14, R15], &[]),
            Abi::Windows => (
                &[RBX, RBP, RSI, RDI, R12, R13, R14, R15],
                &[XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14, XMM15],
            ),
        }
    }

    // ---- Constants and moves. ----

    fn load_i64(&mut self, rd: Gpr64, value: i64) {
        if self.takes([rd]) {
            constant::load(self, rd, value);
        }
    }

    fn load_i32(&mut self, rd: Gpr32, value: i32) {
        self.load_i64(rd.as_64(), i64::from(value as u32));
    }

    fn load_f64(&mut self, fd: Xmm, value: f64) {
        if self.takes_floats([fd]) {
            constant::load_f64(self, fd, value);
        }
    }

    fn load_f32(&mut self, fd: Xmm, value: f32) {
        if self.takes_floats([fd]) {
            constant::load_f32(self, fd, value);
        }
    }

    fn load_label(&mut self, rd: Gpr64, label: Label) {
        if self.takes([rd]) {
            self.lea_r64_m(rd, super::Mem::label(label));
        }
    }

    fn load_far(&mut self, rd: Gpr64, far: Far) {
        if self.takes([rd]) {
            constant::load_far(self, rd, far);
        }
    }

    fn move_i64(&mut self, rd: Gpr64, rn: Gpr64) {
        if self.takes([rd, rn]) && rd != rn {
            self.mov_r64_r64(rd, rn);
        }
    }

    fn move_f64(&mut self, fd: Xmm, from: Xmm) {
        if self.takes_floats([fd, from]) {
            constant::move_float(self, fd, from);
        }
    }

    fn parallel_move(&mut self, moves: &[(Place<Gpr64, Xmm>, Place<Gpr64, Xmm>)]) {
        moves::parallel(self, moves);
    }

    // ---- Arithmetic. ----

    fn add_imm_i64(&mut self, rd: Gpr64, rn: Gpr64, value: i64) {
        arith::add_imm(self, true, rd, rn, value);
    }

    fn add_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32) {
        arith::add_imm(self, false, rd.as_64(), rn.as_64(), value.into());
    }

    fn sub_imm_i64(&mut self, rd: Gpr64, rn: Gpr64, value: i64) {
        arith::add_imm(self, true, rd, rn, value.wrapping_neg());
    }

    fn sub_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32) {
        arith::add_imm(self, false, rd.as_64(), rn.as_64(), value.wrapping_neg().into());
    }

    fn add_checked_i64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, overflow: Label) {
        arith::commutative(self, width::add, true, [rd, rn, rm], overflow);
    }

    fn add_checked_i32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label) {
        arith::commutative(self, width::add, false, [rd, rn, rm].map(Gpr32::as_64), overflow);
    }

    fn add_checked_imm_i64(&mut self, rd: Gpr64, rn: Gpr64, value: i64, overflow: Label) {
        arith::checked_imm(self, Sum::Add, true, [rd, rn], value, overflow);
    }

    fn add_checked_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32, overflow: Label) {
        arith::checked_imm(self, Sum::Add, false, [rd, rn].map(Gpr32::as_64), value.into(), overflow);
    }

    fn sub_checked_i64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, overflow: Label) {
        arith::sub_checked(self, true, [rd, rn, rm], overflow);
    }

    fn sub_checked_i32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label) {
        arith::sub_checked(self, false, [rd, rn, rm].map(Gpr32::as_64), overflow);
    }

    fn sub_checked_imm_i64(&mut self, rd: Gpr64, rn: Gpr64, value: i64, overflow: Label) {
        arith::checked_imm(self, Sum::Sub, true, [rd, rn], value, overflow);
    }

    fn sub_checked_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32, overflow: Label) {
        arith::checked_imm(self, Sum::Sub, false, [rd, rn].map(Gpr32::as_64), value.into(), overflow);
    }

    fn mul_checked_i64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, overflow: Label) {
        arith::commutative(self, width::imul, true, [rd, rn, rm], overflow);
    }

    fn mul_checked_i32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label) {
        arith::commutative(self, width::imul, false, [rd, rn, rm].map(Gpr32::as_64), overflow);
    }

    fn neg_checked_i64(&mut self, rd: Gpr64, rn: Gpr64, overflow: Label) {
        arith::neg_checked(self, true, rd, rn, overflow);
    }

    fn neg_checked_i32(&mut self, rd: Gpr32, rn: Gpr32, overflow: Label) {
        arith::neg_checked(self, false, rd.as_64(), rn.as_64(), overflow);
    }

    fn abs_checked_i64(&mut self, rd: Gpr64, rn: Gpr64, overflow: Label) {
        arith::abs_checked(self, true, rd, rn, overflow);
    }

    fn abs_checked_i32(&mut self, rd: Gpr32, rn: Gpr32, overflow: Label) {
        arith::abs_checked(self, false, rd.as_64(), rn.as_64(), overflow);
    }

    fn div_i64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, zero: Label, overflow: Label) {
        Division { wide: true, signed: true, remainder: false }.emit(self, [rd, rn, rm], zero, overflow);
    }

    fn div_i32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label, overflow: Label) {
        let division = Division { wide: false, signed: true, remainder: false };
        division.emit(self, [rd, rn, rm].map(Gpr32::as_64), zero, overflow);
    }

    fn div_u64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, zero: Label) {
        Division { wide: true, signed: false, remainder: false }.emit(self, [rd, rn, rm], zero, zero);
    }

    fn div_u32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label) {
        let division = Division { wide: false, signed: false, remainder: false };
        division.emit(self, [rd, rn, rm].map(Gpr32::as_64), zero, zero);
    }

    fn rem_i64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, zero: Label) {
        Division { wide: true, signed: true, remainder: true }.emit(self, [rd, rn, rm], zero, zero);
    }

    fn rem_i32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label) {
        let division = Division { wide: false, signed: true, remainder: true };
        division.emit(self, [rd, rn, rm].map(Gpr32::as_64), zero, zero);
    }

    fn rem_u64(&mut self, rd: Gpr64, rn: Gpr64, rm: Gpr64, zero: Label) {
        Division { wide: true, signed: false, remainder: true }.emit(self, [rd, rn, rm], zero, zero);
    }

    fn rem_u32(&mut self, rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label) {
        let division = Division { wide: false, signed: false, remainder: true };
        division.emit(self, [rd, rn, rm].map(Gpr32::as_64), zero, zero);
    }

    fn select_i64(&mut self, compare: Compare, rd: Gpr64, rn: Gpr64, rm: Gpr64) {
        compare::select(self, true, compare, [rd, rn, rm]);
    }

    fn select_i32(&mut self, compare: Compare, rd: Gpr32, rn: Gpr32, rm: Gpr32) {
        compare::select(self, false, compare, [rd, rn, rm].map(Gpr32::as_64));
    }

    fn min_f64(&mut self, fd: Xmm, left: Xmm, right: Xmm) {
        float::extreme(self, float::Extreme::Min, fd, left, right);
    }

    fn max_f64(&mut self, fd: Xmm, left: Xmm, right: Xmm) {
        float::extreme(self, float::Extreme::Max, fd, left, right);
    }

    // ---- Conversions. ----

    fn i64_to_f64(&mut self, fd: Xmm, rn: Gpr64) {
        convert::from_signed(self, true, fd, rn);
    }

    fn i32_to_f64(&mut self, fd: Xmm, rn: Gpr32) {
        convert::from_signed(self, false, fd, rn.as_64());
    }

    fn u64_to_f64(&mut self, fd: Xmm, rn: Gpr64) {
        convert::from_u64(self, fd, rn);
    }

    fn u32_to_f64(&mut self, fd: Xmm, rn: Gpr32) {
        convert::from_u32(self, fd, rn);
    }

    fn f64_to_i64_saturating(&mut self, rd: Gpr64, from: Xmm) {
        convert::signed_saturating(self, true, rd, from);
    }

    fn f64_to_i32_saturating(&mut self, rd: Gpr32, from: Xmm) {
        convert::signed_saturating(self, false, rd.as_64(), from);
    }

    fn f64_to_u64_saturating(&mut self, rd: Gpr64, from: Xmm) {
        convert::u64_saturating(self, rd, from);
    }

    fn f64_to_u32_saturating(&mut self, rd: Gpr32, from: Xmm) {
        convert::u32_saturating(self, rd, from);
    }

    fn f64_to_i64_checked(&mut self, rd: Gpr64, from: Xmm, invalid: Label) {
        convert::i64_checked(self, rd, from, invalid);
    }

    fn f64_to_i32_checked(&mut self, rd: Gpr32, from: Xmm, invalid: Label) {
        convert::i32_checked(self, rd, from, invalid);
    }

    fn f64_to_u64_checked(&mut self, rd: Gpr64, from: Xmm, invalid: Label) {
        convert::u64_checked(self, rd, from, invalid);
    }

    fn f64_to_u32_checked(&mut self, rd: Gpr32, from: Xmm, invalid: Label) {
        convert::u32_checked(self, rd, from, invalid);
    }

    // ---- Comparing and branching. ----

    fn jump(&mut self, to: Label) {
        self.jmp(to);
    }

    fn branch_i64(&mut self, compare: Compare, rn: Gpr64, rm: Gpr64, to: Label) {
        if self.takes([rn, rm]) {
            self.cmp_r64_r64(rn, rm);
            self.jcc(cond(compare), to);
        }
    }

    fn branch_i32(&mut self, compare: Compare, rn: Gpr32, rm: Gpr32, to: Label) {
        if self.takes([rn.as_64(), rm.as_64()]) {
            self.cmp_r32_r32(rn, rm);
            self.jcc(cond(compare), to);
        }
    }

    fn branch_imm_i64(&mut self, compare: Compare, rn: Gpr64, value: i64, to: Label) {
        compare::branch_imm(self, true, compare, rn, value, to);
    }

    fn branch_imm_i32(&mut self, compare: Compare, rn: Gpr32, value: i32, to: Label) {
        compare::branch_imm(self, false, compare, rn.as_64(), value.into(), to);
    }

    fn branch_f64(&mut self, compare: FloatCompare, left: Xmm, right: Xmm, to: Label) {
        float::branch(self, compare, left, right, to);
    }

    fn set_i64(&mut self, compare: Compare, rd: Gpr64, rn: Gpr64, rm: Gpr64) {
        compare::set(self, true, compare, [rd, rn, rm]);
    }

    fn set_i32(&mut self, compare: Compare, rd: Gpr64, rn: Gpr32, rm: Gpr32) {
        compare::set(self, false, compare, [rd, rn.as_64(), rm.as_64()]);
    }

    fn set_f64(&mut self, compare: FloatCompare, rd: Gpr64, left: Xmm, right: Xmm) {
        float::set(self, compare, rd, left, right);
    }

    // ---- Memory. ----

    fn load(&mut self, access: Access, rd: Gpr64, base: Gpr64, offset: i64) {
        memory::load(self, access, rd, base, offset);
    }

    fn store(&mut self, width: Width, rs: Gpr64, base: Gpr64, offset: i64) {
        memory::store(self, width, rs, base, offset);
    }

    fn load_mem_f64(&mut self, fd: Xmm, base: Gpr64, offset: i64) {
        memory::load_f64(self, fd, base, offset);
    }

    fn store_mem_f64(&mut self, from: Xmm, base: Gpr64, offset: i64) {
        memory::store_f64(self, from, base, offset);
    }

    fn poll(&mut self, base: Gpr64, offset: i64, to: Label) {
        memory::poll(self, base, offset, to);
    }

    // ---- Calls and frames. ----

    fn call_far(&mut self, far: Far, through: Option<Gpr64>) {
        frame::call_far(self, far, through);
    }

    fn jump_far(&mut self, far: Far, through: Option<Gpr64>) {
        frame::jump_far(self, far, through);
    }

    fn prologue(&mut self, abi: Abi, frame: &Frame<'_, Gpr64, Xmm>) -> FrameLayout {
        frame::prologue(self, abi, frame)
    }

    fn epilogue(&mut self, abi: Abi, frame: &Frame<'_, Gpr64, Xmm>) {
        frame::epilogue(self, abi, frame);
    }

    fn probe_stack(&mut self, bytes: u32) {
        frame::probe_stack(self, bytes);
    }
}

//! Shared code: thunks into compiled code, and the ways out of it.

use std::mem::offset_of;

use super::super::isa::Passed;
use super::super::runtime::{Entry, MachineState, Outcall};
use super::X64;
use super::abi;
use crate::asm::AsmError;
use crate::asm::x64::reg::*;
use crate::asm::x64::{Assembler, Cond, Mem};
use crate::ir::{Convention, Kind, Signature};
use crate::regalloc::RegClass;

/// Stub code, position-independent.
#[derive(Clone, Debug)]
pub struct StubCode {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Of a thunk: behind the call of the function.
    pub return_offset: u32,
    /// Of a thunk: where to resume, to end the call.
    pub landing_offset: u32,
    /// Of a thunk: bytes between the frame pointer and the stack pointer at the landing.
    pub frame_bytes: u32,
}

/// What a stub does with what its handler returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum After {
    /// Returns from the function that was left.
    Leave,
    /// Goes on, with the result in r11, and the zero flag for it.
    GoOn,
    /// Resumes.
    Resume,
}

const INTS: i32 = offset_of!(MachineState, ints) as i32;
const FLOATS: i32 = offset_of!(MachineState, floats) as i32;
const NUMBER: i32 = offset_of!(MachineState, number) as i32;
const PC: i32 = offset_of!(MachineState, pc) as i32;
const FP: i32 = offset_of!(MachineState, fp) as i32;
const RESUME_PC: i32 = offset_of!(MachineState, resume_pc) as i32;
const RESUME_SP: i32 = offset_of!(MachineState, resume_sp) as i32;
const RESUME_FP: i32 = offset_of!(MachineState, resume_fp) as i32;
const STATE_BYTES: i32 = size_of::<MachineState>() as i32;

/// What a function of the system's convention keeps, without the frame pointer.
const KEPT: [Gpr64; 5] = [RBX, R12, R13, R14, R15];

impl X64 {
    /// The stub of an exit: calls the handler, then returns from the function that was left, or resumes.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn exit_stub(&self, handler: u64) -> Result<StubCode, AsmError> {
        self.stub(handler, After::Leave)
    }

    /// The stub of the slow path of polls and allocations: changes nothing but r11 and the flags.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn slow_path_stub(&self, handler: u64) -> Result<StubCode, AsmError> {
        self.stub(handler, After::GoOn)
    }

    /// The stub of a raise, to which [`helper_stub`](Self::helper_stub) jumps: the handler has to say where to resume.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn raise_stub(&self, handler: u64) -> Result<StubCode, AsmError> {
        self.stub(handler, After::Resume)
    }

    fn stub(&self, handler: u64, after: After) -> Result<StubCode, AsmError> {
        let mut asm = Assembler::new();
        let asm = &mut asm;
        // Stubs jump to that of raises through a register, and what is far from it to any through a veneer.
        asm.endbr64();
        // The stack: the return address; above it, of an exit, its number. Either way it is aligned after this.
        let pad = if after == After::Leave { 0 } else { 8 };
        asm.sub_r64_i32(RSP, STATE_BYTES + pad);
        for reg in Gpr64::all().filter(|&reg| reg != RSP) {
            asm.mov_m64_r64(Mem::base(RSP, INTS + 8 * Register::number(reg) as i32), reg);
        }
        for number in 0..16 {
            let at = Mem::base(RSP, FLOATS + 32 * i32::from(number));
            self.save_float(asm, at, number);
        }
        let above = STATE_BYTES + pad;
        asm.lea_r64_m(RAX, Mem::base(RSP, above + if after == After::Leave { 16 } else { 8 }));
        asm.mov_m64_r64(Mem::base(RSP, INTS + 8 * 4), RAX);
        asm.mov_r64_m64(RAX, Mem::base(RSP, above));
        asm.mov_m64_r64(Mem::base(RSP, PC), RAX);
        if after == After::Leave {
            asm.mov_r64_m64(RAX, Mem::base(RSP, above + 8));
        } else {
            asm.mov_r64_r64(RAX, R11);
        }
        asm.mov_m64_r64(Mem::base(RSP, NUMBER), RAX);
        asm.mov_m64_r64(Mem::base(RSP, FP), RBP);
        asm.mov_m64_i32(Mem::base(RSP, RESUME_PC), 0);
        asm.mov_r64_r64(RDI, RSP);
        asm.mov_r64_i64(RAX, handler as i64);
        if self.avx() {
            asm.vzeroupper();
        }
        asm.call_r64(RAX);
        match after {
            After::Leave => {
                let resume = asm.new_label();
                restore(asm, &KEPT);
                asm.cmp_m64_i8(Mem::base(RSP, RESUME_PC), 0);
                asm.jcc(Cond::Ne, resume);
                asm.mov_r64_m64(RAX, Mem::base(RSP, INTS));
                self.restore_float(asm, Mem::base(RSP, FLOATS), 0);
                asm.mov_r64_r64(RSP, RBP);
                asm.pop_r64(RBP);
                asm.ret();
                asm.bind(resume);
                self.resume(asm);
            }
            After::GoOn => {
                asm.mov_r64_r64(R11, RAX);
                asm.test_r64_r64(R11, R11);
                // Nothing from here on touches the flags.
                let kept: Vec<Gpr64> = Gpr64::all().filter(|&reg| reg != RSP && reg != R11).collect();
                restore(asm, &kept);
                for number in 0..16 {
                    self.restore_float(asm, Mem::base(RSP, FLOATS + 32 * i32::from(number)), number);
                }
                asm.lea_r64_m(RSP, Mem::base(RSP, STATE_BYTES + pad));
                asm.ret();
            }
            After::Resume => {
                restore(asm, &KEPT);
                self.resume(asm);
            }
        }
        Ok(StubCode {
            bytes: asm.finish()?.bytes().to_vec(),
            return_offset: 0,
            landing_offset: 0,
            frame_bytes: 0,
        })
    }

    /// Goes on where the state says.
    fn resume(&self, asm: &mut Assembler) {
        asm.mov_r64_m64(RCX, Mem::base(RSP, RESUME_PC));
        asm.mov_r64_m64(RBP, Mem::base(RSP, RESUME_FP));
        asm.mov_r64_m64(RSP, Mem::base(RSP, RESUME_SP));
        asm.jmp_r64(RCX);
    }

    fn save_float(&self, asm: &mut Assembler, at: Mem, number: u8) {
        if self.avx() {
            asm.vmovups_m256_y(at, Ymm::from_low_bits(number));
        } else {
            asm.movups_m128_x(at, Xmm::from_low_bits(number));
        }
    }

    fn restore_float(&self, asm: &mut Assembler, at: Mem, number: u8) {
        if self.avx() {
            asm.vmovups_y_m256(Ymm::from_low_bits(number), at);
        } else {
            asm.movups_x_m128(Xmm::from_low_bits(number), at);
        }
    }

    /// The thunk for functions of a signature, of either convention. See [`Entry`].
    ///
    /// # Errors
    /// None that can be expected.
    pub fn thunk(&self, signature: &Signature) -> Result<StubCode, AsmError> {
        let mut places = Vec::new();
        let outgoing = abi::arguments(signature, &mut places).next_multiple_of(16) as i32;
        let mut asm = Assembler::new();
        let asm = &mut asm;
        asm.endbr64();
        asm.push_r64(RBP);
        asm.mov_r64_r64(RBP, RSP);
        for reg in KEPT {
            asm.push_r64(reg);
        }
        asm.push_r64(RDI); // The entry: at rbp - 48.
        // On the other stack, if one is given. `rbp` stays: frames form a chain across stacks.
        let stay = asm.new_label();
        asm.mov_r64_m64(RAX, Mem::base(RDI, offset_of!(Entry, stack_top) as i32));
        asm.test_r64_r64(RAX, RAX);
        asm.jcc_short(Cond::E, stay);
        asm.mov_r64_r64(RSP, RAX);
        asm.bind(stay);
        // Six registers, the return address and the frame pointer: aligned as it is.
        if outgoing > 0 {
            asm.sub_r64_i32(RSP, outgoing);
        }
        asm.mov_r64_m64(R10, Mem::base(RDI, offset_of!(Entry, arguments) as i32));
        asm.mov_r64_r64(R11, RDI);
        let mut at = 0;
        let mut offsets = Vec::new();
        for ty in &signature.params {
            offsets.push(at);
            at += (ty.kind.bits() as i32 / 8).max(8);
        }
        for (index, place) in places.iter().enumerate() {
            if let Passed::Stack(offset) = place {
                for word in 0..(signature.params[index].kind.bits() as i32 / 64).max(1) {
                    asm.mov_r64_m64(RAX, Mem::base(R10, offsets[index] + 8 * word));
                    asm.mov_m64_r64(Mem::base(RSP, *offset as i32 + 8 * word), RAX);
                }
            }
        }
        // r10 is the pointer to the arguments: it is loaded last.
        let mut last = None;
        for (index, place) in places.iter().enumerate() {
            let Passed::Reg(reg) = place else { continue };
            let from = Mem::base(R10, offsets[index]);
            match (reg.class(), signature.params[index].kind) {
                (RegClass::Float, Kind::V256) => asm.vmovups_y_m256(Ymm::from_low_bits(reg.number()), from),
                (RegClass::Float, Kind::V128) => asm.movups_x_m128(Xmm::from_low_bits(reg.number()), from),
                (RegClass::Float, _) => asm.movsd_x_m64(Xmm::from_low_bits(reg.number()), from),
                (RegClass::Int, _) if reg.number() == 10 => last = Some(from),
                (RegClass::Int, _) => asm.mov_r64_m64(Gpr64::from_low_bits(reg.number()), from),
            }
        }
        if signature.convention == Convention::Orus {
            asm.mov_r64_m64(R15, Mem::base(R11, offset_of!(Entry, context) as i32));
            asm.mov_r64_m64(R14, Mem::base(R11, offset_of!(Entry, depth) as i32));
        }
        if let Some(from) = last {
            asm.mov_r64_m64(R10, from);
        }
        asm.call_m64(Mem::base(R11, offset_of!(Entry, callee) as i32));
        let return_offset = asm.offset();
        asm.mov_r64_m64(R11, Mem::base(RBP, -48));
        let result = Mem::base(R11, offset_of!(Entry, result) as i32);
        match signature.result.kind {
            Kind::None => {}
            Kind::V256 => asm.vmovups_m256_y(result, YMM0),
            Kind::V128 => asm.movups_m128_x(result, XMM0),
            Kind::F64 => asm.movsd_m64_x(result, XMM0),
            _ => asm.mov_m64_r64(result, RAX),
        }
        asm.xor_r32_r32(EAX, EAX);
        let out = asm.new_label();
        asm.bind(out);
        if signature.convention == Convention::Orus {
            asm.mov_m64_r64(Mem::base(R11, offset_of!(Entry, depth) as i32), R14);
        }
        if self.avx() {
            asm.vzeroupper();
        }
        asm.lea_r64_m(RSP, Mem::base(RBP, -40));
        for reg in KEPT.iter().rev() {
            asm.pop_r64(*reg);
        }
        asm.pop_r64(RBP);
        asm.ret();
        let landing_offset = asm.offset();
        asm.endbr64();
        asm.mov_r64_m64(R11, Mem::base(RBP, -48));
        asm.mov_r32_u32(EAX, 1);
        asm.jmp(out);
        let bytes = asm.finish()?.bytes().to_vec();
        Ok(StubCode { bytes, return_offset, landing_offset, frame_bytes: 48 })
    }

    /// The stub through which compiled code calls a function of the system's convention that may raise. That one returns two words,
    /// the result and whether it has raised (a float in `xmm0` and that in `rax`; without a result, that in `rax`): a `#[repr(C)]` struct
    /// of two, or a `u64`. If it has, control goes to the raise stub, as if from the call.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn helper_stub(
        &self,
        signature: &Signature,
        target: u64,
        raise_stub: u64,
    ) -> Result<StubCode, AsmError> {
        let mut places = Vec::new();
        let stack = abi::arguments(signature, &mut places) as i32;
        let mut asm = Assembler::new();
        let asm = &mut asm;
        asm.endbr64();
        asm.push_r64(RBP);
        asm.mov_r64_r64(RBP, RSP);
        let outgoing = (stack + 15) & !15;
        if outgoing > 0 {
            asm.sub_r64_i32(RSP, outgoing);
        }
        for word in 0..stack / 8 {
            asm.mov_r64_m64(RAX, Mem::base(RBP, 16 + 8 * word));
            asm.mov_m64_r64(Mem::base(RSP, 8 * word), RAX);
        }
        if self.avx() {
            asm.vzeroupper();
        }
        asm.mov_r64_i64(RAX, target as i64);
        asm.call_r64(RAX);
        let raised = match signature.result.kind {
            Kind::F64 | Kind::None => RAX,
            _ => RDX,
        };
        asm.mov_r64_r64(RSP, RBP);
        asm.pop_r64(RBP);
        asm.test_r64_r64(raised, raised);
        let raise = asm.new_label();
        asm.jcc_short(Cond::Ne, raise);
        asm.ret();
        asm.bind(raise);
        asm.mov_r64_i64(RAX, raise_stub as i64);
        asm.jmp_r64(RAX);
        Ok(StubCode {
            bytes: asm.finish()?.bytes().to_vec(),
            return_offset: 0,
            landing_offset: 0,
            frame_bytes: 0,
        })
    }

    /// The stub through which compiled code calls a function that is not compiled, of either convention: its handler (an
    /// [`OutcallHandler`](super::super::runtime::OutcallHandler)) gets the arguments in memory. If that says that the function raises,
    /// control goes to the raise stub, as if from the call. With `junk`, all that a callee may overwrite is overwritten, for tests.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn outcall_stub(
        &self,
        signature: &Signature,
        handler: u64,
        number: u64,
        raise_stub: u64,
        junk: bool,
    ) -> Result<StubCode, AsmError> {
        let mut places = Vec::new();
        abi::arguments(signature, &mut places);
        let size = |kind: Kind| (kind.bits() as i32 / 8).max(8);
        let arguments: i32 = signature.params.iter().map(|ty| size(ty.kind)).sum();
        const CALL: i32 = size_of::<Outcall>() as i32;
        let mut asm = Assembler::new();
        let asm = &mut asm;
        asm.endbr64();
        asm.push_r64(RBP);
        asm.mov_r64_r64(RBP, RSP);
        asm.sub_r64_i32(RSP, (CALL + arguments + 15) & !15);
        let mut at = CALL;
        for (place, ty) in places.iter().zip(&signature.params) {
            let to = Mem::base(RSP, at);
            match place {
                Passed::Reg(reg) if reg.class() == RegClass::Int => {
                    asm.mov_m64_r64(to, Gpr64::from_low_bits(reg.number()));
                }
                Passed::Reg(reg) => {
                    let reg = reg.number();
                    match ty.kind {
                        Kind::V256 => asm.vmovups_m256_y(to, Ymm::from_low_bits(reg)),
                        Kind::V128 => asm.movups_m128_x(to, Xmm::from_low_bits(reg)),
                        _ => asm.movsd_m64_x(to, Xmm::from_low_bits(reg)),
                    }
                }
                // Above the frame pointer and the return address. No argument is in rax.
                Passed::Stack(offset) => {
                    for word in 0..size(ty.kind) / 8 {
                        asm.mov_r64_m64(RAX, Mem::base(RBP, 16 + *offset as i32 + 8 * word));
                        asm.mov_m64_r64(Mem::base(RSP, at + 8 * word), RAX);
                    }
                }
            }
            at += size(ty.kind);
        }
        let field = |offset: usize| Mem::base(RSP, offset as i32);
        asm.mov_r64_i64(RAX, number as i64);
        asm.mov_m64_r64(field(offset_of!(Outcall, number)), RAX);
        asm.mov_m64_r64(field(offset_of!(Outcall, context)), R15);
        asm.mov_r32_r32(EAX, R14D);
        asm.mov_m64_r64(field(offset_of!(Outcall, depth)), RAX);
        asm.mov_r64_m64(RAX, Mem::base(RBP, 8));
        asm.mov_m64_r64(field(offset_of!(Outcall, pc)), RAX);
        asm.mov_r64_m64(RAX, Mem::base(RBP, 0));
        asm.mov_m64_r64(field(offset_of!(Outcall, fp)), RAX);
        asm.lea_r64_m(RAX, Mem::base(RSP, CALL));
        asm.mov_m64_r64(field(offset_of!(Outcall, arguments)), RAX);
        asm.mov_r64_r64(RDI, RSP);
        if self.avx() {
            asm.vzeroupper();
        }
        asm.mov_r64_i64(RAX, handler as i64);
        asm.call_r64(RAX);
        let raise = asm.new_label();
        asm.test_r64_r64(RAX, RAX);
        asm.jcc(Cond::Ne, raise);
        let result = field(offset_of!(Outcall, result));
        asm.mov_r64_m64(RAX, result);
        if junk {
            let may = abi::clobbers(signature.convention);
            asm.mov_r64_i64(R11, 0x5a5a_a5a5_5a5a_a5a5);
            for number in 0..16 {
                if number != 0 && number != 11 && may.contains(super::int(number)) {
                    asm.mov_r64_r64(Gpr64::from_low_bits(number), R11);
                }
                asm.movq_x_r64(Xmm::from_low_bits(number), R11);
            }
            // What is above a result that is shorter is not looked at.
            if signature.convention == Convention::System && signature.result.kind.bits() <= 32 {
                let kept = if signature.result.kind == Kind::Bool { 8 } else { 32 };
                asm.shl_r64_u8(R11, kept);
                asm.or_r64_r64(RAX, R11);
            }
        }
        match signature.result.kind {
            Kind::V256 => asm.vmovups_y_m256(YMM0, result),
            Kind::V128 => asm.movups_x_m128(XMM0, result),
            Kind::F64 => asm.movsd_x_m64(XMM0, result),
            _ => {}
        }
        asm.mov_r64_r64(RSP, RBP);
        asm.pop_r64(RBP);
        asm.ret();
        asm.bind(raise);
        asm.mov_r64_r64(RSP, RBP);
        asm.pop_r64(RBP);
        asm.mov_r64_i64(RAX, raise_stub as i64);
        asm.jmp_r64(RAX);
        Ok(StubCode {
            bytes: asm.finish()?.bytes().to_vec(),
            return_offset: 0,
            landing_offset: 0,
            frame_bytes: 0,
        })
    }
}

/// Loads registers from the state.
fn restore(asm: &mut Assembler, regs: &[Gpr64]) {
    for &reg in regs {
        asm.mov_r64_m64(reg, Mem::base(RSP, INTS + 8 * Register::number(reg) as i32));
    }
}

//! The macro assembler of AArch64: what each macro becomes is said in the module of its topic.
//!
//! Scratch registers are `x16` and `x17`, which a linker's veneers may overwrite at any call anyway, and `d31`. `x18` belongs to
//! the platform and `x29` and `x30` to frames: macros leave them alone, and they are not among [`GENERAL`], although a caller
//! who knows better may name them as operands.
//!
//! Macros that are the same for both widths are written once, over [`width::General`].
//!
//! [`GENERAL`]: MacroAssembler::GENERAL

mod arith;
mod call;
mod compare;
mod constant;
mod convert;
mod divide;
mod frame;
mod memory;
mod moves;
#[cfg(test)]
mod tests;
mod width;

use super::reg::{D, Gpr, Gpr32, S, SP, V, XSp};
use super::{Assembler, Kind};
use crate::asm::AsmError;
use crate::asm::label::Label;
use crate::asm::macros::{
    Access, Compare, Far, FloatCompare, Frame, FrameLayout, MacroAssembler, Place, Width,
};

/// A calling convention. All use the same registers: they differ in what is reserved, and in probes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Abi {
    /// Procedure Call Standard for the Arm 64-bit Architecture, as Linux and the BSDs use it.
    Aapcs64,
    /// Apple's: `x18` is reserved, and `x29` always points to a frame record. Stack arguments are packed, which is the
    /// concern of whoever places them.
    Apple,
    /// Windows': `x18` is reserved, and frames of a page or more must be probed.
    Windows,
}

/// The scratch register for values and addresses.
const TEMP: Gpr = Gpr::of::<16>();
/// The scratch register for addresses and constants where [`TEMP`] is taken.
const TEMP2: Gpr = Gpr::of::<17>();
/// The scratch register for floats.
const FLOAT_TEMP: D = D::from_low_bits(31);

const SCRATCH_SET: u64 = 1 << 16 | 1 << 17 | 1 << (32 + 31);

/// An operand as a member of a set of registers.
trait Member: Copy {
    /// Its bit: 0 to 30 for general registers, 31 for the stack pointer, from 32 on for float registers.
    fn bit(self) -> u64;
}

macro_rules! members {
    ($($class:ident from $first:literal),*) => {$(
        impl Member for $class {
            #[inline(always)]
            fn bit(self) -> u64 {
                1 << ($first + u32::from(self.number()))
            }
        }
    )*};
}

members!(Gpr from 0, Gpr32 from 0, XSp from 0, D from 32, S from 32);

/// Whether one of the operands is a scratch register; notes the error if so.
#[inline]
fn refuses(asm: &mut Assembler, operands: u64) -> bool {
    let refused = operands & SCRATCH_SET != 0;
    if refused {
        fail(asm, "a scratch register as operand of a macro");
    }
    refused
}

/// Notes that an operand is wrong.
#[cold]
fn fail(asm: &mut Assembler, what: &'static str) {
    let offset = asm.offset();
    asm.fail(AsmError::Operand { offset, what });
}

const ARGUMENTS: [Gpr; 8] = registers(0);
const SAVED: [Gpr; 10] = registers(19);
const SAVED_FLOATS: [D; 8] = floats(8);
const GENERAL: [Gpr; 26] = {
    let mut all = [Gpr::of::<0>(); 26];
    let (low, high): ([Gpr; 16], [Gpr; 10]) = (registers(0), registers(19));
    let mut index = 0;
    while index < 26 {
        all[index] = if index < 16 { low[index] } else { high[index - 16] };
        index += 1;
    }
    all
};
const FLOAT: [D; 31] = floats(0);

/// The registers from this number on.
const fn registers<const N: usize>(first: u8) -> [Gpr; N] {
    let mut all = [Gpr::of::<0>(); N];
    let mut index = 0;
    while index < N {
        if let Some(register) = Gpr::new(first + index as u8) {
            all[index] = register;
        }
        index += 1;
    }
    all
}

/// The registers from this number on.
const fn floats<const N: usize>(first: u8) -> [D; N] {
    let mut all = [D::from_low_bits(0); N];
    let mut index = 0;
    while index < N {
        all[index] = D::from_low_bits(first + index as u8);
        index += 1;
    }
    all
}

/// The methods that take just registers, constants and labels, and where they are.
macro_rules! delegate {
    ($($topic:ident::$function:ident: $name:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $name(&mut self, $($arg: $type),*) {
            $topic::$function(self, $($arg),*);
        }
    )*};
}

impl MacroAssembler for Assembler {
    type Kind = Kind;
    type R64 = Gpr;
    type R32 = Gpr32;
    type Base = XSp;
    type F64 = D;
    type F32 = S;
    type Abi = Abi;

    const STACK: XSp = SP;
    const GENERAL: &'static [Gpr] = &GENERAL;
    const FLOAT: &'static [D] = &FLOAT;
    const SCRATCH: &'static [Gpr] = &[TEMP, TEMP2];
    const FLOAT_SCRATCH: &'static [D] = &[FLOAT_TEMP];
    const HOST_ABI: Abi = if cfg!(target_vendor = "apple") {
        Abi::Apple
    } else if cfg!(windows) {
        Abi::Windows
    } else {
        Abi::Aapcs64
    };

    #[inline]
    fn low(register: Gpr) -> Gpr32 {
        register.into()
    }

    #[inline]
    fn single(register: D) -> S {
        V::from(register).into()
    }

    fn arguments(_abi: Abi) -> &'static [Gpr] {
        &ARGUMENTS
    }

    /// `x29`, which prologues save, is not among them.
    fn callee_saved(_abi: Abi) -> (&'static [Gpr], &'static [D]) {
        (&SAVED, &SAVED_FLOATS)
    }

    fn load_i64(&mut self, rd: Gpr, value: i64) {
        constant::load_i64(self, rd, value as u64);
    }

    fn load_i32(&mut self, rd: Gpr32, value: i32) {
        constant::load_i64(self, rd.into(), (value as u32).into());
    }

    fn sub_imm_i64(&mut self, rd: Gpr, rn: Gpr, value: i64) {
        arith::add_imm(self, rd, rn, value.wrapping_neg());
    }

    fn sub_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32) {
        arith::add_imm(self, rd, rn, value.wrapping_neg().into());
    }

    fn add_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32) {
        arith::add_imm(self, rd, rn, value.into());
    }

    fn add_checked_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32, overflow: Label) {
        arith::add_checked_imm(self, rd, rn, value.into(), overflow);
    }

    fn sub_checked_imm_i32(&mut self, rd: Gpr32, rn: Gpr32, value: i32, overflow: Label) {
        arith::sub_checked_imm(self, rd, rn, value.into(), overflow);
    }

    fn branch_imm_i32(&mut self, compare: Compare, rn: Gpr32, value: i32, to: Label) {
        compare::branch_imm(self, compare, rn, value.into(), to);
    }

    fn parallel_move(&mut self, moves: &[(Place<Gpr, D>, Place<Gpr, D>)]) {
        moves::parallel(self, moves);
    }

    fn prologue(&mut self, abi: Abi, frame: &Frame<'_, Gpr, D>) -> FrameLayout {
        frame::prologue(self, abi, frame)
    }

    fn epilogue(&mut self, abi: Abi, frame: &Frame<'_, Gpr, D>) {
        frame::epilogue(self, abi, frame);
    }

    delegate! {
        constant::load_f64:       load_f64(fd: D, value: f64);
        constant::load_f32:       load_f32(fd: S, value: f32);
        call::load_label:         load_label(rd: Gpr, label: Label);
        call::load_far:           load_far(rd: Gpr, far: Far);
        moves::move_i64:          move_i64(rd: Gpr, rn: Gpr);
        moves::move_f64:          move_f64(fd: D, from: D);

        arith::add_imm:           add_imm_i64(rd: Gpr, rn: Gpr, value: i64);
        arith::add_checked:       add_checked_i64(rd: Gpr, rn: Gpr, rm: Gpr, overflow: Label);
        arith::add_checked:       add_checked_i32(rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label);
        arith::add_checked_imm:   add_checked_imm_i64(rd: Gpr, rn: Gpr, value: i64, overflow: Label);
        arith::sub_checked:       sub_checked_i64(rd: Gpr, rn: Gpr, rm: Gpr, overflow: Label);
        arith::sub_checked:       sub_checked_i32(rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label);
        arith::sub_checked_imm:   sub_checked_imm_i64(rd: Gpr, rn: Gpr, value: i64, overflow: Label);
        arith::mul_checked_i64:   mul_checked_i64(rd: Gpr, rn: Gpr, rm: Gpr, overflow: Label);
        arith::mul_checked_i32:   mul_checked_i32(rd: Gpr32, rn: Gpr32, rm: Gpr32, overflow: Label);
        arith::neg_checked:       neg_checked_i64(rd: Gpr, rn: Gpr, overflow: Label);
        arith::neg_checked:       neg_checked_i32(rd: Gpr32, rn: Gpr32, overflow: Label);
        arith::abs_checked:       abs_checked_i64(rd: Gpr, rn: Gpr, overflow: Label);
        arith::abs_checked:       abs_checked_i32(rd: Gpr32, rn: Gpr32, overflow: Label);

        divide::div_signed:       div_i64(rd: Gpr, rn: Gpr, rm: Gpr, zero: Label, overflow: Label);
        divide::div_signed:       div_i32(rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label, overflow: Label);
        divide::div_unsigned:     div_u64(rd: Gpr, rn: Gpr, rm: Gpr, zero: Label);
        divide::div_unsigned:     div_u32(rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label);
        divide::rem_signed:       rem_i64(rd: Gpr, rn: Gpr, rm: Gpr, zero: Label);
        divide::rem_signed:       rem_i32(rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label);
        divide::rem_unsigned:     rem_u64(rd: Gpr, rn: Gpr, rm: Gpr, zero: Label);
        divide::rem_unsigned:     rem_u32(rd: Gpr32, rn: Gpr32, rm: Gpr32, zero: Label);

        compare::select:          select_i64(compare: Compare, rd: Gpr, rn: Gpr, rm: Gpr);
        compare::select:          select_i32(compare: Compare, rd: Gpr32, rn: Gpr32, rm: Gpr32);
        compare::min_f64:         min_f64(fd: D, left: D, right: D);
        compare::max_f64:         max_f64(fd: D, left: D, right: D);

        convert::i64_to_f64:      i64_to_f64(fd: D, rn: Gpr);
        convert::i32_to_f64:      i32_to_f64(fd: D, rn: Gpr32);
        convert::u64_to_f64:      u64_to_f64(fd: D, rn: Gpr);
        convert::u32_to_f64:      u32_to_f64(fd: D, rn: Gpr32);
        convert::to_i64:          f64_to_i64_saturating(rd: Gpr, from: D);
        convert::to_i32:          f64_to_i32_saturating(rd: Gpr32, from: D);
        convert::to_u64:          f64_to_u64_saturating(rd: Gpr, from: D);
        convert::to_u32:          f64_to_u32_saturating(rd: Gpr32, from: D);
        convert::to_i64_checked:  f64_to_i64_checked(rd: Gpr, from: D, invalid: Label);
        convert::to_i32_checked:  f64_to_i32_checked(rd: Gpr32, from: D, invalid: Label);
        convert::to_u64_checked:  f64_to_u64_checked(rd: Gpr, from: D, invalid: Label);
        convert::to_u32_checked:  f64_to_u32_checked(rd: Gpr32, from: D, invalid: Label);

        compare::jump:            jump(to: Label);
        compare::branch:          branch_i64(compare: Compare, rn: Gpr, rm: Gpr, to: Label);
        compare::branch:          branch_i32(compare: Compare, rn: Gpr32, rm: Gpr32, to: Label);
        compare::branch_imm:      branch_imm_i64(compare: Compare, rn: Gpr, value: i64, to: Label);
        compare::branch_f64:      branch_f64(compare: FloatCompare, left: D, right: D, to: Label);
        compare::set:             set_i64(compare: Compare, rd: Gpr, rn: Gpr, rm: Gpr);
        compare::set:             set_i32(compare: Compare, rd: Gpr, rn: Gpr32, rm: Gpr32);
        compare::set_f64:         set_f64(compare: FloatCompare, rd: Gpr, left: D, right: D);

        memory::load:             load(access: Access, rd: Gpr, base: XSp, offset: i64);
        memory::store:            store(width: Width, rs: Gpr, base: XSp, offset: i64);
        memory::load_f64:         load_mem_f64(fd: D, base: XSp, offset: i64);
        memory::store_f64:        store_mem_f64(from: D, base: XSp, offset: i64);
        memory::poll:             poll(base: XSp, offset: i64, to: Label);

        call::call_far:           call_far(far: Far, through: Option<Gpr>);
        call::jump_far:           jump_far(far: Far, through: Option<Gpr>);
        frame::probe_stack:       probe_stack(bytes: u32);
    }
}

//! Macro instructions: what a code generator wants to say, in the fewest instructions that each target needs for it.
//!
//! [`MacroAssembler`] is one vocabulary for the three targets, so that a stub can be written once for all of them; whoever
//! writes for one target uses the same methods beside its forms. Its documentation says what each macro means; the
//! targets' modules (`x64::macros`, and so on) say what it becomes there.
//!
//! Conventions
//! - A macro may overwrite the target's scratch registers ([`MacroAssembler::SCRATCH`], [`MacroAssembler::FLOAT_SCRATCH`]) and
//!   its flags, and nothing else. An operand that is a scratch register, or the stack pointer where not said
//!   otherwise, is [`AsmError::Operand`](super::AsmError::Operand).
//! - The destination is first, and may be one of the sources, in any combination.
//! - A register that holds 32 bits holds them as the target's own 32-bit instructions leave them: zero-extended on x86_64
//!   and AArch64, sign-extended on RISC-V, also if the value is unsigned. Sources are expected so on RISC-V; elsewhere the
//!   high half of a source is ignored.
//! - A macro that leaves through a label (on overflow, and so on) leaves its destination undefined there, and its sources
//!   intact unless the destination is one of them.
//! - The labels they leave through are meant to be out of line: branches to them are forward and of full size.

mod compare;
mod frame;

use std::fmt::Debug;
use std::ops::DerefMut;

pub use compare::{Compare, FloatCompare};
pub use frame::{Frame, FrameLayout};

use super::buffer::CodeBuffer;
use super::fixup::FixupKind;
use super::label::Label;

/// What a load from memory does with what it finds there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// 8 bits, zero-extended to 64.
    U8,
    /// 8 bits, sign-extended to 64.
    I8,
    /// 16 bits, zero-extended to 64.
    U16,
    /// 16 bits, sign-extended to 64.
    I16,
    /// 32 bits, zero-extended to 64.
    U32,
    /// 32 bits, sign-extended to 64.
    I32,
    /// 64 bits.
    I64,
}

impl Access {
    /// All of them.
    pub const ALL: [Access; 7] =
        [Access::U8, Access::I8, Access::U16, Access::I16, Access::U32, Access::I32, Access::I64];
}

/// How many of a register's low bytes a store writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Width {
    W8,
    W16,
    W32,
    W64,
}

impl Width {
    /// All of them.
    pub const ALL: [Width; 4] = [Width::W8, Width::W16, Width::W32, Width::W64];
}

/// A place for a call or a jump outside the code, at any distance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Far {
    /// An address that is known.
    Address(u64),
    /// An external symbol, by the user's number; leaves an absolute relocation.
    External(u32),
}

/// A place that a parallel move reads or writes, 64 bits wide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Place<G, F> {
    /// A general register.
    General(G),
    /// A float register.
    Float(F),
    /// Memory at the stack pointer plus so many bytes, a multiple of 8.
    Stack(u32),
}

/// A place that a target's parallel move reads or writes.
pub type PlaceOf<M> = Place<<M as MacroAssembler>::R64, <M as MacroAssembler>::F64>;

/// The macro instructions that all targets have. See the [module](self) for what holds for all of them.
///
/// Integers in methods named `_i64` and `_u64` are in registers of type [`R64`](Self::R64), those named `_i32` and `_u32`
/// in [`R32`](Self::R32).
pub trait MacroAssembler: DerefMut<Target = CodeBuffer<Self::Kind>> + Default {
    /// The displacement kinds of the target.
    type Kind: FixupKind;
    /// A general register, as 64 bits.
    type R64: Copy + Eq + Ord + Debug + 'static;
    /// A general register, as 32 bits. The same type as `R64` where the machine makes no difference.
    type R32: Copy + Eq + Ord + Debug + 'static;
    /// What an address starts from: a general register, or the stack pointer. The same type as `R64` where that has the
    /// stack pointer among its values.
    type Base: Copy + Eq + Debug + From<Self::R64> + 'static;
    /// A float register that holds an f64.
    type F64: Copy + Eq + Ord + Debug + 'static;
    /// A float register that holds an f32.
    type F32: Copy + Eq + Ord + Debug + 'static;
    /// The platforms' calling conventions that there are for this target.
    type Abi: Copy + Debug + 'static;

    /// The stack pointer, as what an address starts from.
    const STACK: Self::Base;
    /// General registers that macros take as operands.
    const GENERAL: &'static [Self::R64];
    /// Float registers that macros take as operands.
    const FLOAT: &'static [Self::F64];
    /// General registers that macros overwrite.
    const SCRATCH: &'static [Self::R64];
    /// Float registers that macros overwrite.
    const FLOAT_SCRATCH: &'static [Self::F64];
    /// The convention of the platform that this library is compiled for, if that is of this target; else the most common.
    const HOST_ABI: Self::Abi;

    /// The low half of a register.
    fn low(register: Self::R64) -> Self::R32;
    /// A register as an f32.
    fn single(register: Self::F64) -> Self::F32;
    /// The registers of the first integer arguments.
    fn arguments(abi: Self::Abi) -> &'static [Self::R64];
    /// The registers that a called function must leave as they were, stack pointer and return address aside.
    fn callee_saved(abi: Self::Abi) -> (&'static [Self::R64], &'static [Self::F64]);

    // ---- Constants and moves. ----

    /// `rd = value`, in the fewest instructions, and among those the fewest bytes. A load from the constant pool counts
    /// for what it may take: the target's module says from where on it is preferred.
    fn load_i64(&mut self, rd: Self::R64, value: i64);
    /// `rd = value`
    fn load_i32(&mut self, rd: Self::R32, value: i32);
    /// `fd = value`, bit for bit, NaNs too: from an immediate, through a general register, or from the constant pool.
    fn load_f64(&mut self, fd: Self::F64, value: f64);
    /// `fd = value`, bit for bit.
    fn load_f32(&mut self, fd: Self::F32, value: f32);
    /// `rd` = the address of a label.
    fn load_label(&mut self, rd: Self::R64, label: Label);
    /// `rd` = an address outside.
    fn load_far(&mut self, rd: Self::R64, far: Far);
    /// `rd = rn`; nothing if they are the same.
    fn move_i64(&mut self, rd: Self::R64, rn: Self::R64);
    /// `fd = fn`; nothing if they are the same.
    fn move_f64(&mut self, fd: Self::F64, from: Self::F64);
    /// Moves all values at once: each place on the right gets what was in the place on the left before. Cycles are broken
    /// by an exchange or with a scratch register.
    ///
    /// Two moves to one place, or a stack place that is no multiple of 8, are [`AsmError::Operand`](super::AsmError::Operand).
    fn parallel_move(&mut self, moves: &[(PlaceOf<Self>, PlaceOf<Self>)]);

    // ---- Arithmetic. ----

    /// `rd = rn + value`, wrapping.
    fn add_imm_i64(&mut self, rd: Self::R64, rn: Self::R64, value: i64);
    /// `rd = rn + value`, wrapping.
    fn add_imm_i32(&mut self, rd: Self::R32, rn: Self::R32, value: i32);
    /// `rd = rn - value`, wrapping.
    fn sub_imm_i64(&mut self, rd: Self::R64, rn: Self::R64, value: i64);
    /// `rd = rn - value`, wrapping.
    fn sub_imm_i32(&mut self, rd: Self::R32, rn: Self::R32, value: i32);
    /// `rd = rn + rm`, or to `overflow` if that is no i64.
    fn add_checked_i64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, overflow: Label);
    /// `rd = rn + rm`, or to `overflow` if that is no i32.
    fn add_checked_i32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, overflow: Label);
    /// `rd = rn + value`, or to `overflow`.
    fn add_checked_imm_i64(&mut self, rd: Self::R64, rn: Self::R64, value: i64, overflow: Label);
    /// `rd = rn + value`, or to `overflow`.
    fn add_checked_imm_i32(&mut self, rd: Self::R32, rn: Self::R32, value: i32, overflow: Label);
    /// `rd = rn - rm`, or to `overflow`.
    fn sub_checked_i64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, overflow: Label);
    /// `rd = rn - rm`, or to `overflow`.
    fn sub_checked_i32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, overflow: Label);
    /// `rd = rn - value`, or to `overflow`.
    fn sub_checked_imm_i64(&mut self, rd: Self::R64, rn: Self::R64, value: i64, overflow: Label);
    /// `rd = rn - value`, or to `overflow`.
    fn sub_checked_imm_i32(&mut self, rd: Self::R32, rn: Self::R32, value: i32, overflow: Label);
    /// `rd = rn * rm`, or to `overflow`.
    fn mul_checked_i64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, overflow: Label);
    /// `rd = rn * rm`, or to `overflow`.
    fn mul_checked_i32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, overflow: Label);
    /// `rd = -rn`, or to `overflow` if `rn` is the minimum.
    fn neg_checked_i64(&mut self, rd: Self::R64, rn: Self::R64, overflow: Label);
    /// `rd = -rn`, or to `overflow` if `rn` is the minimum.
    fn neg_checked_i32(&mut self, rd: Self::R32, rn: Self::R32, overflow: Label);
    /// `rd = |rn|`, or to `overflow` if `rn` is the minimum.
    fn abs_checked_i64(&mut self, rd: Self::R64, rn: Self::R64, overflow: Label);
    /// `rd = |rn|`, or to `overflow` if `rn` is the minimum.
    fn abs_checked_i32(&mut self, rd: Self::R32, rn: Self::R32, overflow: Label);

    /// `rd = rn / rm`, truncated; to `zero` if `rm` is 0, to `overflow` if it is the minimum divided by -1.
    fn div_i64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, zero: Label, overflow: Label);
    /// `rd = rn / rm`, truncated; to `zero` if `rm` is 0, to `overflow` if it is the minimum divided by -1.
    fn div_i32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, zero: Label, overflow: Label);
    /// `rd = rn / rm`; to `zero` if `rm` is 0.
    fn div_u64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, zero: Label);
    /// `rd = rn / rm`; to `zero` if `rm` is 0.
    fn div_u32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, zero: Label);
    /// `rd = rn % rm`, with the sign of `rn`; to `zero` if `rm` is 0. The minimum by -1 gives 0.
    fn rem_i64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, zero: Label);
    /// `rd = rn % rm`, with the sign of `rn`; to `zero` if `rm` is 0. The minimum by -1 gives 0.
    fn rem_i32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, zero: Label);
    /// `rd = rn % rm`; to `zero` if `rm` is 0.
    fn rem_u64(&mut self, rd: Self::R64, rn: Self::R64, rm: Self::R64, zero: Label);
    /// `rd = rn % rm`; to `zero` if `rm` is 0.
    fn rem_u32(&mut self, rd: Self::R32, rn: Self::R32, rm: Self::R32, zero: Label);

    /// `rd = rn` if the comparison of `rn` with `rm` holds, else `rm`: the minimum with `Lt` or `Below`, the maximum with
    /// `Gt` or `Above`.
    fn select_i64(&mut self, compare: Compare, rd: Self::R64, rn: Self::R64, rm: Self::R64);
    /// `rd = rn` if the comparison of `rn` with `rm` holds, else `rm`.
    fn select_i32(&mut self, compare: Compare, rd: Self::R32, rn: Self::R32, rm: Self::R32);
    /// `fd` = the smaller of two: if one is NaN the other, and -0.0 is smaller than 0.0 (IEEE 754-2019, `minimumNumber`). Of
    /// two NaNs, a NaN.
    fn min_f64(&mut self, fd: Self::F64, left: Self::F64, right: Self::F64);
    /// `fd` = the larger of two: if one is NaN the other, and 0.0 is larger than -0.0 (IEEE 754-2019, `maximumNumber`). Of
    /// two NaNs, a NaN.
    fn max_f64(&mut self, fd: Self::F64, left: Self::F64, right: Self::F64);

    // ---- Conversions. ----

    /// The nearest f64, ties to even.
    fn i64_to_f64(&mut self, fd: Self::F64, rn: Self::R64);
    /// The same number.
    fn i32_to_f64(&mut self, fd: Self::F64, rn: Self::R32);
    /// The nearest f64, ties to even.
    fn u64_to_f64(&mut self, fd: Self::F64, rn: Self::R64);
    /// The same number.
    fn u32_to_f64(&mut self, fd: Self::F64, rn: Self::R32);
    /// Truncates toward zero; out of range gives the nearest i64, NaN 0: as `as` of Rust.
    fn f64_to_i64_saturating(&mut self, rd: Self::R64, from: Self::F64);
    /// Truncates toward zero; out of range gives the nearest i32, NaN 0.
    fn f64_to_i32_saturating(&mut self, rd: Self::R32, from: Self::F64);
    /// Truncates toward zero; out of range gives the nearest u64, NaN 0.
    fn f64_to_u64_saturating(&mut self, rd: Self::R64, from: Self::F64);
    /// Truncates toward zero; out of range gives the nearest u32, NaN 0.
    fn f64_to_u32_saturating(&mut self, rd: Self::R32, from: Self::F64);
    /// Truncates toward zero; to `invalid` if the truncated number is no i64, and if it is NaN.
    fn f64_to_i64_checked(&mut self, rd: Self::R64, from: Self::F64, invalid: Label);
    /// Truncates toward zero; to `invalid` if the truncated number is no i32, and if it is NaN.
    fn f64_to_i32_checked(&mut self, rd: Self::R32, from: Self::F64, invalid: Label);
    /// Truncates toward zero; to `invalid` if the truncated number is no u64, and if it is NaN.
    fn f64_to_u64_checked(&mut self, rd: Self::R64, from: Self::F64, invalid: Label);
    /// Truncates toward zero; to `invalid` if the truncated number is no u32, and if it is NaN.
    fn f64_to_u32_checked(&mut self, rd: Self::R32, from: Self::F64, invalid: Label);

    // ---- Comparing and branching. ----

    /// Jumps to `to`.
    fn jump(&mut self, to: Label);
    /// Jumps to `to` if the comparison of `rn` with `rm` holds.
    fn branch_i64(&mut self, compare: Compare, rn: Self::R64, rm: Self::R64, to: Label);
    /// Jumps to `to` if the comparison of `rn` with `rm` holds.
    fn branch_i32(&mut self, compare: Compare, rn: Self::R32, rm: Self::R32, to: Label);
    /// Jumps to `to` if the comparison of `rn` with `value` (as unsigned, if the comparison is) holds.
    fn branch_imm_i64(&mut self, compare: Compare, rn: Self::R64, value: i64, to: Label);
    /// Jumps to `to` if the comparison of `rn` with `value` (as unsigned, if the comparison is) holds.
    fn branch_imm_i32(&mut self, compare: Compare, rn: Self::R32, value: i32, to: Label);
    /// Jumps to `to` if the comparison holds. With NaN only `Ne` does.
    fn branch_f64(&mut self, compare: FloatCompare, left: Self::F64, right: Self::F64, to: Label);
    /// `rd` = 1 if the comparison of `rn` with `rm` holds, else 0.
    fn set_i64(&mut self, compare: Compare, rd: Self::R64, rn: Self::R64, rm: Self::R64);
    /// `rd` = 1 if the comparison of `rn` with `rm` holds, else 0.
    fn set_i32(&mut self, compare: Compare, rd: Self::R64, rn: Self::R32, rm: Self::R32);
    /// `rd` = 1 if the comparison holds, else 0. With NaN only `Ne` does.
    fn set_f64(&mut self, compare: FloatCompare, rd: Self::R64, left: Self::F64, right: Self::F64);

    // ---- Memory. ----

    /// `rd` = what is at `base + offset`, extended to 64 bits.
    fn load(&mut self, access: Access, rd: Self::R64, base: Self::Base, offset: i64);
    /// Writes the low bytes of `rs` at `base + offset`.
    fn store(&mut self, width: Width, rs: Self::R64, base: Self::Base, offset: i64);
    /// `fd` = the f64 at `base + offset`.
    fn load_mem_f64(&mut self, fd: Self::F64, base: Self::Base, offset: i64);
    /// Writes an f64 at `base + offset`.
    fn store_mem_f64(&mut self, from: Self::F64, base: Self::Base, offset: i64);
    /// Jumps to `to` if the 32-bit word at `base + offset`, an aligned address, is not 0. It is read at once, as by a relaxed
    /// atomic load.
    fn poll(&mut self, base: Self::Base, offset: i64, to: Label);

    // ---- Calls and frames. ----

    /// Calls a place outside, however far. With a `through` register, that one holds the address on the way (it may be a
    /// scratch register); without, only what the platforms' linkers may overwrite between caller and callee is.
    fn call_far(&mut self, far: Far, through: Option<Self::R64>);
    /// Jumps to a place outside, however far; as [`call_far`](Self::call_far).
    fn jump_far(&mut self, far: Far, through: Option<Self::R64>);
    /// Enters a function: saves the return address and the frame pointer, sets the latter, saves what the frame names,
    /// makes room; touches each page of it in order if the frame asks for probes or the ABI does. Returns where things are.
    fn prologue(&mut self, abi: Self::Abi, frame: &Frame<'_, Self::R64, Self::F64>) -> FrameLayout;
    /// Leaves a function that was entered with this frame, and returns to its caller.
    fn epilogue(&mut self, abi: Self::Abi, frame: &Frame<'_, Self::R64, Self::F64>);
    /// Lowers the stack pointer by `bytes`, a multiple of 16, and touches each page of 4 KiB on the way, none out of order.
    fn probe_stack(&mut self, bytes: u32);
}

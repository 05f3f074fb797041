//! The macro instructions of [`MacroAssembler`] for RISC-V.
//!
//! The baseline is RV64GC; what Zba, Zbb and Zbs make shorter is used if [`Assembler::set_features`] says that they are there.
//! Each file says what its macros become, and why that is the shortest:
//!
//! | file | macros | in short |
//! | --- | --- | --- |
//! | `constant` | `load_i64` … `load_f32` | a chain of up to four instructions, else a literal |
//! | `moves` | `move_*`, `parallel_move` | one instruction a move, three a cycle of two |
//! | `arith` | sums, products, negation, absolute value | overflow is seen in the result: two to four instructions |
//! | `divide` | quotients and remainders | two instructions, four or five where the quotient may overflow |
//! | `convert` | between integers and floats, `min_f64`, `max_f64` | one; saturating four; checked three to five; one or three |
//! | `compare` | branches, sets, selects | one to three, more for large immediates |
//! | `memory` | loads, stores, polls | one, two up to 4 KiB, else three or more |
//! | `call` | labels, far calls and jumps | a constant or a literal, and `jalr` |
//! | `frame` | prologue, epilogue, probes | LP64D |
//!
//! Scratch registers are T6, which is that of [veneers](super::fixup::VENEER_SCRATCH) too, T5, and FT11. No macro has anything in T6 that
//! it needs after a branch to a label. The zero register may be a source: it is 0. Where no operand of [`MacroAssembler::GENERAL`] is
//! the return address, the frame pointer, `gp` or `tp`, they are accepted; who names them knows what they hold.
//!
//! A register that holds 32 bits, signed or unsigned, holds them sign-extended.

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

use super::reg::*;
use super::{Assembler, Kind};
use crate::asm::error::AsmError;
use crate::asm::label::Label;
use crate::asm::macros::{
    Access, Compare, Far, FloatCompare, Frame, FrameLayout, MacroAssembler, PlaceOf, Width,
};

/// Extensions that macros may use.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Features {
    /// Zba: `zext.w` in constants.
    pub zba: bool,
    /// Zbb: `min` and `max`; and F of version 2.2, which is older.
    pub zbb: bool,
    /// Zbs: `bseti` in constants.
    pub zbs: bool,
}

/// The calling conventions of RISC-V.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Abi {
    /// LP64D: that of Linux.
    Lp64d,
}

/// What is wrong with an operand that a macro does not take.
const OPERAND: &str =
    "a macro's operand is a scratch register, the stack pointer, or the zero register where it writes";

/// Whether a macro may read it: all but the stack pointer and the scratch registers.
fn can_read(register: X) -> bool {
    const REFUSED: u32 = 1 << SP.number() | 1 << T5.number() | 1 << T6.number();
    REFUSED >> register.number() & 1 == 0
}

/// Whether a macro may write it: not the zero register either.
fn can_write(register: X) -> bool {
    register != ZERO && can_read(register)
}

/// Whether it may be the base of an address: the stack pointer too.
fn can_address(register: X) -> bool {
    register == SP || can_read(register)
}

fn is_float(register: F) -> bool {
    register != FT11
}

/// The type of an operand, by its role in a row below.
macro_rules! operand {
    (Def) => {
        X
    };
    (Use) => {
        X
    };
    (Base) => {
        X
    };
    (DefF) => {
        F
    };
    (UseF) => {
        F
    };
    ($other:ident) => {
        $other
    };
}

/// Whether an operand is one that its role allows.
macro_rules! is_allowed {
    (Def $operand:ident) => {
        can_write($operand)
    };
    (Use $operand:ident) => {
        can_read($operand)
    };
    (Base $operand:ident) => {
        can_address($operand)
    };
    (DefF $operand:ident) => {
        is_float($operand)
    };
    (UseF $operand:ident) => {
        is_float($operand)
    };
    ($other:ident $operand:ident) => {
        true
    };
}

/// Rows: a macro, its operands with their roles (a type, where any value is allowed), and what emits it once they are checked.
macro_rules! macros {
    ($($name:ident [$($role:ident $operand:ident),*] $put:ident;)*) => {$(
        fn $name(&mut self, $($operand: operand!($role)),*) {
            if true $(&& is_allowed!($role $operand))* {
                self.$put($($operand),*);
            } else {
                self.refuse();
            }
        }
    )*};
}

impl Assembler {
    /// Says which extensions macros may use; none at first.
    pub fn set_features(&mut self, features: Features) {
        self.features = features;
    }

    #[cold]
    fn refuse(&mut self) {
        let offset = self.offset();
        self.fail(AsmError::Operand { offset, what: OPERAND });
    }
}

impl MacroAssembler for Assembler {
    type Kind = Kind;
    type R64 = X;
    type R32 = X;
    type Base = X;
    type F64 = F;
    type F32 = F;
    type Abi = Abi;

    const STACK: X = SP;
    const GENERAL: &'static [X] =
        &[A0, A1, A2, A3, A4, A5, A6, A7, T0, T1, T2, T3, T4, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11];
    const FLOAT: &'static [F] = &[
        FA0, FA1, FA2, FA3, FA4, FA5, FA6, FA7, FT0, FT1, FT2, FT3, FT4, FT5, FT6, FT7, FT8, FT9, FT10, FS0,
        FS1, FS2, FS3, FS4, FS5, FS6, FS7, FS8, FS9, FS10, FS11,
    ];
    const SCRATCH: &'static [X] = &[T6, T5];
    const FLOAT_SCRATCH: &'static [F] = &[FT11];
    const HOST_ABI: Abi = Abi::Lp64d;

    fn low(register: X) -> X {
        register
    }

    fn single(register: F) -> F {
        register
    }

    fn arguments(abi: Abi) -> &'static [X] {
        match abi {
            Abi::Lp64d => &[A0, A1, A2, A3, A4, A5, A6, A7],
        }
    }

    /// Without the frame pointer, which every prologue saves.
    fn callee_saved(abi: Abi) -> (&'static [X], &'static [F]) {
        match abi {
            Abi::Lp64d => (
                &[S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11],
                &[FS0, FS1, FS2, FS3, FS4, FS5, FS6, FS7, FS8, FS9, FS10, FS11],
            ),
        }
    }

    macros! {
        load_i64              [Def rd, i64 value]                            put_constant;
        load_f64              [DefF fd, f64 value]                           put_f64;
        load_f32              [DefF fd, f32 value]                           put_f32;
        load_label            [Def rd, Label label]                          put_label;
        load_far              [Def rd, Far far]                              put_far_address;
        move_i64              [Def rd, Use rn]                               put_move;
        move_f64              [DefF fd, UseF from]                           put_move_f64;

        add_imm_i64           [Def rd, Use rn, i64 value]                    put_add_imm;
        add_imm_i32           [Def rd, Use rn, i32 value]                    put_add_imm_w;
        sub_imm_i64           [Def rd, Use rn, i64 value]                    put_sub_imm;
        sub_imm_i32           [Def rd, Use rn, i32 value]                    put_sub_imm_w;
        add_checked_i64       [Def rd, Use rn, Use rm, Label overflow]       put_add_checked;
        add_checked_i32       [Def rd, Use rn, Use rm, Label overflow]       put_add_checked_w;
        add_checked_imm_i64   [Def rd, Use rn, i64 value, Label overflow]    put_add_checked_imm;
        add_checked_imm_i32   [Def rd, Use rn, i32 value, Label overflow]    put_add_checked_imm_w;
        sub_checked_i64       [Def rd, Use rn, Use rm, Label overflow]       put_sub_checked;
        sub_checked_i32       [Def rd, Use rn, Use rm, Label overflow]       put_sub_checked_w;
        sub_checked_imm_i64   [Def rd, Use rn, i64 value, Label overflow]    put_sub_checked_imm;
        sub_checked_imm_i32   [Def rd, Use rn, i32 value, Label overflow]    put_sub_checked_imm_w;
        mul_checked_i64       [Def rd, Use rn, Use rm, Label overflow]       put_mul_checked;
        mul_checked_i32       [Def rd, Use rn, Use rm, Label overflow]       put_mul_checked_w;
        neg_checked_i64       [Def rd, Use rn, Label overflow]               put_neg_checked;
        neg_checked_i32       [Def rd, Use rn, Label overflow]               put_neg_checked_w;
        abs_checked_i64       [Def rd, Use rn, Label overflow]               put_abs_checked;
        abs_checked_i32       [Def rd, Use rn, Label overflow]               put_abs_checked_w;

        div_i64               [Def rd, Use rn, Use rm, Label zero, Label overflow] put_div;
        div_i32               [Def rd, Use rn, Use rm, Label zero, Label overflow] put_div_w;
        div_u64               [Def rd, Use rn, Use rm, Label zero]           put_divu;
        div_u32               [Def rd, Use rn, Use rm, Label zero]           put_divu_w;
        rem_i64               [Def rd, Use rn, Use rm, Label zero]           put_rem;
        rem_i32               [Def rd, Use rn, Use rm, Label zero]           put_rem_w;
        rem_u64               [Def rd, Use rn, Use rm, Label zero]           put_remu;
        rem_u32               [Def rd, Use rn, Use rm, Label zero]           put_remu_w;

        select_i64            [Compare compare, Def rd, Use rn, Use rm]      put_select;
        select_i32            [Compare compare, Def rd, Use rn, Use rm]      put_select;
        min_f64               [DefF fd, UseF left, UseF right]               put_min_f64;
        max_f64               [DefF fd, UseF left, UseF right]               put_max_f64;

        i64_to_f64            [DefF fd, Use rn]                              put_i64_to_f64;
        i32_to_f64            [DefF fd, Use rn]                              fcvt_d_w;
        u64_to_f64            [DefF fd, Use rn]                              put_u64_to_f64;
        u32_to_f64            [DefF fd, Use rn]                              fcvt_d_wu;
        f64_to_i64_saturating [Def rd, UseF from]                            put_f64_to_i64;
        f64_to_i32_saturating [Def rd, UseF from]                            put_f64_to_i32;
        f64_to_u64_saturating [Def rd, UseF from]                            put_f64_to_u64;
        f64_to_u32_saturating [Def rd, UseF from]                            put_f64_to_u32;
        f64_to_i64_checked    [Def rd, UseF from, Label invalid]             put_f64_to_i64_checked;
        f64_to_i32_checked    [Def rd, UseF from, Label invalid]             put_f64_to_i32_checked;
        f64_to_u64_checked    [Def rd, UseF from, Label invalid]             put_f64_to_u64_checked;
        f64_to_u32_checked    [Def rd, UseF from, Label invalid]             put_f64_to_u32_checked;

        jump                  [Label to]                                     j;
        branch_i64            [Compare compare, Use rn, Use rm, Label to]    put_branch_if;
        branch_i32            [Compare compare, Use rn, Use rm, Label to]    put_branch_if;
        branch_imm_i64        [Compare compare, Use rn, i64 value, Label to] put_branch_imm;
        branch_imm_i32        [Compare compare, Use rn, i32 value, Label to] put_branch_imm_w;
        branch_f64            [FloatCompare compare, UseF left, UseF right, Label to] put_branch_f64;
        set_i64               [Compare compare, Def rd, Use rn, Use rm]      put_set;
        set_i32               [Compare compare, Def rd, Use rn, Use rm]      put_set;
        set_f64               [FloatCompare compare, Def rd, UseF left, UseF right] put_set_f64;

        load                  [Access access, Def rd, Base base, i64 offset] put_load;
        store                 [Width width, Use rs, Base base, i64 offset]   put_store;
        load_mem_f64          [DefF fd, Base base, i64 offset]               put_load_f64;
        store_mem_f64         [UseF from, Base base, i64 offset]             put_store_f64;
        poll                  [Base base, i64 offset, Label to]              put_poll;

        probe_stack           [u32 bytes]                                    put_probes;
    }

    fn load_i32(&mut self, rd: X, value: i32) {
        self.load_i64(rd, value.into());
    }

    fn parallel_move(&mut self, moves: &[(PlaceOf<Self>, PlaceOf<Self>)]) {
        self.put_moves(moves);
    }

    fn call_far(&mut self, far: Far, through: Option<X>) {
        self.put_call(far, through);
    }

    fn jump_far(&mut self, far: Far, through: Option<X>) {
        self.put_jump_outside(far, through);
    }

    fn prologue(&mut self, abi: Abi, frame: &Frame<'_, X, F>) -> FrameLayout {
        match abi {
            Abi::Lp64d => self.put_prologue(frame),
        }
    }

    fn epilogue(&mut self, abi: Abi, frame: &Frame<'_, X, F>) {
        match abi {
            Abi::Lp64d => self.put_epilogue(frame),
        }
    }
}

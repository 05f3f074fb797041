//! The tables: a row for each form.
//!
//! A row: method, GNU as text (Intel syntax), encoding in the manual's notation, operands (role, name, class, slot), title
//! in the manual (Intel SDM volume 2). Slots: `reg` and `rm` of ModRM, `op` in the opcode, `v` in VEX.vvvv, `mem`,
//! `bcst` (memory of one lane for all), `imm`, `is4`, `cc`, `mask` and `merge` (EVEX masks), `er` (rounding).
//!
//! The text of a row pins the encoding where GNU as would take another: `{load}` and `{store}` say which of two
//! opcodes for the same operation, `{vex}` and `{evex}` which prefix, `{disp32}` the size of a branch, `offset Z+1` (with
//! `Z` = 0) the size of an immediate. Where nothing pins it, `unless` says which operands GNU as assembles
//! differently; these are compared in the unit tests.

use super::Assembler;
use super::enc::Enc;
use super::encode::Parts;
use super::mem::Mem;
use super::operand::{Cond, Mask, MergeMask, Rounding};
use super::reg::*;
use crate::asm::form::Role;

macro_rules! forms {
    ($($name:ident $text:literal $enc:literal [$($role:ident $op:ident: $class:ident @ $slot:ident),*] $manual:literal $(unless $($other:ident $value:literal),+)?;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ".")]
            #[inline]
            pub fn $name(&mut self, $($op: $class),*) {
                const ENC: Enc = Enc::parse($enc);
                self.form(ENC, Parts::NONE$(.$slot($op))*);
            }
        )*}

        /// The rows as data.
        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            text: $text,
            enc: $enc,
            operands: &[$(OperandRow {
                role: Role::$role,
                name: stringify!($op),
                class: Class::$class,
                slot: Slot::$slot,
            }),*],
            manual: $manual,
        }),*];

        // A function each, since a constant with a thousand closures takes minutes to check.
        #[cfg(feature = "asm-forms")]
        struct Cases;

        #[cfg(feature = "asm-forms")]
        impl Cases {$(
            fn $name(asm: &mut Assembler, pick: &mut crate::asm::form::Pick<'_>) -> String {
                pick.name(&[$(stringify!($op)),*], &[$($((stringify!($other), $value)),+)?]);
                asm.$name($(pick.next::<$class>()),*);
                pick.text($text)
            }
        )*}

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(crate::asm::form::Form {
            name: stringify!($name),
            text: $text,
            roles: &[$(Role::$role),*],
            case: Cases::$name,
        }),*];
    };
}

pub mod arith;
pub mod avx_float;
pub mod avx_int;
pub mod bits;
pub mod control;
pub mod evex_convert;
pub mod evex_float;
pub mod evex_int;
pub mod evex_mask;
pub mod evex_move;
pub mod fma;
pub mod locked;
pub mod moves;
pub mod shift;
pub mod sse_float;
pub mod sse_int;

/// All tables, by subject.
pub const TABLES: &[&[Row]] = &[
    arith::ROWS,
    shift::ROWS,
    bits::ROWS,
    moves::ROWS,
    locked::ROWS,
    control::ROWS,
    sse_float::ROWS,
    sse_int::ROWS,
    avx_float::ROWS,
    fma::ROWS,
    avx_int::ROWS,
    evex_float::ROWS,
    evex_convert::ROWS,
    evex_int::ROWS,
    evex_move::ROWS,
    evex_mask::ROWS,
];

/// All forms, by subject.
#[cfg(feature = "asm-forms")]
pub const FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[
    arith::FORMS,
    shift::FORMS,
    bits::FORMS,
    moves::FORMS,
    locked::FORMS,
    control::FORMS,
    sse_float::FORMS,
    sse_int::FORMS,
    avx_float::FORMS,
    fma::FORMS,
    avx_int::FORMS,
    evex_float::FORMS,
    evex_convert::FORMS,
    evex_int::FORMS,
    evex_move::FORMS,
    evex_mask::FORMS,
];

/// A row as data: what the listing works from.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub text: &'static str,
    /// The encoding in the manual's notation, for [`Enc::parse`].
    pub enc: &'static str,
    pub operands: &'static [OperandRow],
    /// Title in the manual.
    pub manual: &'static str,
}

/// An operand of a row.
#[derive(Debug)]
pub struct OperandRow {
    pub role: Role,
    pub name: &'static str,
    pub class: Class,
    pub slot: Slot,
}

/// Where an operand is in the encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(non_camel_case_types)] // They are written so in the rows.
pub enum Slot {
    reg,
    rm,
    op,
    v,
    mem,
    bcst,
    imm,
    is4,
    cc,
    mask,
    merge,
    er,
}

/// The type of an operand, by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(non_camel_case_types)] // They are written so in the rows.
pub enum Class {
    Gpr64,
    Gpr32,
    Gpr16,
    Gpr8,
    Xmm,
    Ymm,
    XmmE,
    YmmE,
    Zmm,
    KReg,
    Mem,
    Cond,
    Mask,
    MergeMask,
    Rounding,
    i8,
    u8,
    i16,
    u16,
    i32,
    u32,
    i64,
}

//! The tables: a row for each form.
//!
//! A row: method, GNU as text, word, operands (role, name, class, [place](super::layout)), title in the manual (RISC-V
//! unprivileged specification). `short` names the function that finds the [compressed form](super::shorten). Rows
//! of branches have a second method: the first takes a label, the second a number.
//!
//! A method's name is the mnemonic, with `_` for `.`; its operands are in the order of the text, but the base of a load or
//! store comes before the offset, and the ordering of an atomic access first. `c_` begins the names of compressed forms,
//! `_at` ends those of loads and stores of what a label names. Pseudo-instructions have rows where people look for them.
//!
//! What the types do not rule out: a masked vector instruction whose destination is `v0`, groups that overlap in ways
//! that depend on the vector type; the manual reserves them.

use super::fixup::Kind;
use super::layout::scatter;
use super::operand::*;
use super::reg::*;
use super::{Assembler, shorten};
use crate::asm::label::Label;

macro_rules! put {
    ($asm:ident, $word:expr) => {
        $asm.put_u32($word)
    };
    ($asm:ident, $word:expr, $short:ident) => {
        $asm.put_maybe_short($word, shorten::$short)
    };
}

/// The data and the cases of rows that are one method.
macro_rules! rows {
    ($($name:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*])*) => {
        /// The rows as data.
        pub const ROWS: &[Row] = &[$(Row {
            text: $text,
            word: $word,
            operands: concat!($(stringify!($op), ":", stringify!($class), "@", stringify!($place), " "),*),
        }),*];

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(crate::asm::form::Form {
            name: stringify!($name),
            text: $text,
            roles: &[$(crate::asm::form::Role::$role),*],
            case: |asm, pick| {
                pick.name(&[$(stringify!($op)),*], &[]);
                asm.$name($(pick.next::<$class>()),*);
                pick.text($text)
            },
        }),*];
    };
}

macro_rules! forms {
    ($($name:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*] $(short $short:ident)? $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ".")]
            #[inline]
            pub fn $name(&mut self, $($op: $class),*) {
                put!(self, $word $(| scatter::$place($op.bits()))* $(, $short)?);
            }
        )*}

        rows! { $($name $text $word [$($role $op: $class @ $place),*])* }
    };
}

macro_rules! short_forms {
    ($($name:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*] $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ".")]
            #[inline]
            pub fn $name(&mut self, $($op: $class),*) {
                let half: u32 = $word $(| scatter::$place($op.bits()))*;
                self.put_u16(half as u16);
            }
        )*}

        rows! { $($name $text $word [$($role $op: $class @ $place),*])* }
    };
}

/// The data and the cases of rows that are two methods: with a label and with a displacement.
macro_rules! label_rows {
    ($($name:ident $by:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*]
       $to:ident @ $to_place:ident)*) => {
        /// The rows as data.
        pub const ROWS: &[Row] = &[$(Row {
            text: $text,
            word: $word,
            operands: concat!($(stringify!($op), ":", stringify!($class), "@", stringify!($place), " ",)*
                "to:", stringify!($to), "@", stringify!($to_place), " "),
        }),*];

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(
            crate::asm::form::Form {
                name: stringify!($name),
                text: $text,
                roles: &[$(crate::asm::form::Role::$role,)* crate::asm::form::Role::Use],
                case: |asm, pick| {
                    pick.name(&["hops", $(stringify!($op)),*], &[]);
                    let hops = pick.next::<Hops>();
                    with_label(asm, hops, |asm, to| {
                        asm.$name($(pick.next::<$class>(),)* to);
                        pick.text($text)
                    })
                },
            },
            crate::asm::form::Form {
                name: stringify!($by),
                text: $text,
                roles: &[$(crate::asm::form::Role::$role,)* crate::asm::form::Role::Use],
                case: |asm, pick| {
                    pick.name(&[$(stringify!($op),)* "to"], &[]);
                    asm.$by($(pick.next::<$class>(),)* pick.next::<$to>());
                    pick.text($text)
                },
            },
        )*];
    };
}

macro_rules! label_forms {
    ($($name:ident $by:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*]
       $to:ident @ $to_place:ident by $put:ident $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a label.")]
            #[inline]
            pub fn $name(&mut self, $($op: $class,)* to: Label) {
                self.$put($word $(| scatter::$place($op.bits()))*, to);
            }

            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a displacement.")]
            #[inline]
            pub fn $by(&mut self, $($op: $class,)* to: $to) {
                let word = $word $(| scatter::$place($op.bits()))* | scatter::$to_place(to.bits());
                self.put_maybe_short(word, shorten::$to_place);
            }
        )*}

        label_rows! { $($name $by $text $word [$($role $op: $class @ $place),*] $to @ $to_place)* }
    };
}

macro_rules! short_label_forms {
    ($($name:ident $by:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $place:ident),*]
       $to:ident @ $to_place:ident $kind:ident $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a label.")]
            #[inline]
            pub fn $name(&mut self, $($op: $class,)* to: Label) {
                self.put_branch_c($word $(| scatter::$place($op.bits()))*, Kind::$kind, to);
            }

            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a displacement.")]
            #[inline]
            pub fn $by(&mut self, $($op: $class,)* to: $to) {
                let half: u32 = $word $(| scatter::$place($op.bits()))* | scatter::$to_place(to.bits());
                self.put_u16(half as u16);
            }
        )*}

        label_rows! { $($name $by $text $word [$($role $op: $class @ $place),*] $to @ $to_place)* }
    };
}

macro_rules! pair_forms {
    ($($name:ident $text:literal [$($role:ident $op:ident: $class:ident),*]
       $first:literal [$($first_op:ident @ $first_place:ident),*] $second:literal [$($second_op:ident @ $second_place:ident),*]
       $kind:ident $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a label.")]
            #[inline]
            pub fn $name(&mut self, $($op: $class,)* to: Label) {
                let first = $first $(| scatter::$first_place($first_op.bits()))*;
                let second = $second $(| scatter::$second_place($second_op.bits()))*;
                self.put_pair(first, second, Kind::$kind, to);
            }
        )*}

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(crate::asm::form::Form {
            name: stringify!($name),
            text: $text,
            roles: &[$(crate::asm::form::Role::$role,)* crate::asm::form::Role::Use],
            case: |asm, pick| {
                pick.name(&["hops", $(stringify!($op)),*], &[]);
                let hops = pick.next::<Hops>();
                with_label(asm, hops, |asm, to| {
                    asm.$name($(pick.next::<$class>(),)* to);
                    pick.text($text)
                })
            },
        }),*];
    };
}

/// A row as data: what the listing works from. A word below 2 to the power 16 whose low bits are not both set is compressed.
#[derive(Debug)]
pub struct Row {
    /// GNU as text, with operands in braces.
    pub text: &'static str,
    pub word: u32,
    /// The operands, as in `rd:X@rd imm:I12@imm_i`. One string instead of structures, since it costs nothing until it is read.
    pub operands: &'static str,
}

/// How many instructions away a label is, in the round trip.
#[cfg(feature = "asm-forms")]
#[derive(Clone, Copy)]
struct Hops(i32);

#[cfg(feature = "asm-forms")]
impl std::fmt::Display for Hops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "asm-forms")]
impl crate::asm::form::Operand for Hops {
    const CORNERS: &'static [Hops] = &[Hops(0), Hops(1), Hops(-1), Hops(3), Hops(-3)];

    fn random(rng: &mut crate::asm::form::Rng) -> Hops {
        Hops(rng.below(7) as i32 - 3)
    }
}

/// Emits an instruction whose label is `hops` instructions away, with `nop`s between. `emit` emits the instruction and
/// gives its text, with `?` for the label; this gives the text of all. Ahead of a forward branch the distance is not known
/// and ours is not compressed, which the text pins.
#[cfg(feature = "asm-forms")]
fn with_label(
    asm: &mut Assembler,
    Hops(hops): Hops,
    emit: impl FnOnce(&mut Assembler, Label) -> String,
) -> String {
    let label = asm.new_label();
    let start = asm.offset();
    if hops <= 0 {
        asm.bind(label);
    }
    for _ in hops..0 {
        asm.nop();
    }
    let at = asm.offset();
    let text = emit(asm, label);
    let size = asm.offset() - at;
    for _ in 1..hops {
        asm.nop();
    }
    if hops > 0 {
        let text = text.replace('?', &format!(".+{}", asm.offset() - at));
        asm.bind(label);
        let nops = "; nop".repeat(hops as usize - 1);
        if size == 4 {
            format!(".option push; .option norvc; {text}; .option pop{nops}")
        } else {
            text + &nops
        }
    } else {
        let text = text.replace('?', &format!(".-{}", at - start));
        "nop; ".repeat(-hops as usize) + &text
    }
}

macro_rules! tables {
    ($($table:ident)*) => {
        $(mod $table;)*

        /// All rows, by table.
        pub const TABLES: &[&[Row]] = &[$($table::ROWS),*];
    };
}

mod pair;

tables! {
    int memory atomic system bits float newer compressed label label_c vector_int vector_float vector_mask vector_memory
}

/// Forms of four bytes that GNU as can check by itself; some become compressed forms.
#[cfg(feature = "asm-forms")]
pub const FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[
    int::FORMS,
    memory::FORMS,
    atomic::FORMS,
    system::FORMS,
    bits::FORMS,
    float::FORMS,
    label::FORMS,
    vector_int::FORMS,
    vector_float::FORMS,
    vector_mask::FORMS,
    vector_memory::FORMS,
];

/// Forms of two bytes.
#[cfg(feature = "asm-forms")]
pub const SHORT_FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[compressed::FORMS, label_c::FORMS];

/// Forms that are newer than GNU as 2.40.
#[cfg(feature = "asm-forms")]
pub const NEWER_FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[newer::FORMS];

/// Pairs of instructions, which are checked after linking.
#[cfg(feature = "asm-forms")]
pub const LINKED_FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[pair::FORMS];

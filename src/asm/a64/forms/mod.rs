//! The tables: a row for each form.
//!
//! A row: method, GNU as text, word, operands (role, name, class, lowest bit), title in the manual (Arm Architecture
//! Reference Manual for A-profile). An operand's bits are exclusive-ored into the word at its lowest bit: see
//! [`Field`]. Rows of branches and addresses have a second method and say how their displacement
//! is written: the first method takes a label, the second a number.
//!
//! A method's name is the mnemonic and what tells its forms apart:
//! - general registers `x` or `w`, scalars `b` to `q`, arrangements such as `4s` (of the result, where it differs);
//! - operands where the mnemonic has several kinds: `r` register, `i` immediate, `s` shifted, `we` and `xe` extended;
//!   `hi` an immediate times 4096, `h` one in some halfword;
//! - addresses: `ri` register and unsigned offset, `rx` and `rw` register and index, `pre` and `post` with update
//!   (`postr`: by a register), `lit` a literal; the mnemonics with `u` have a signed offset without scale;
//! - `elem` for one lane as source, `lane` for one lane of memory, `zero` for a comparison with 0, `fix` for fixed point.
//!
//! An alias that the manual prefers is a row of its own where people look for it (`cmp`, `mov`, `lsl`, `cset`).

use super::Assembler;
use super::fixup::Kind;
use super::operand::*;
use super::reg::*;
use crate::asm::label::Label;

macro_rules! forms {
    ($($name:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $low:literal),*] $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ".")]
            #[inline]
            pub fn $name(&mut self, $($op: $class),*) {
                self.put_u32($word $(^ ($op.bits() << $low))*);
            }
        )*}

        /// The rows as data.
        pub const ROWS: &[Row] = &[$(Row {
            text: $text,
            word: $word,
            operands: concat!($(stringify!($op), ":", stringify!($class), "@", $low, " "),*),
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

macro_rules! label_forms {
    ($($name:ident $by:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $low:literal),*]
       $to:ident @ $to_low:literal $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a label.")]
            #[inline]
            pub fn $name(&mut self, $($op: $class,)* to: Label) {
                self.put_u32($word $(^ ($op.bits() << $low))*);
                // An island may have come first: where the instruction is, is known only now.
                let at = self.offset().wrapping_sub(4);
                if <$to as Relative>::ALIGNMENT > 4 {
                    self.require_alignment(<$to as Relative>::ALIGNMENT);
                }
                self.use_label(to, <$to as Relative>::kind(at), at);
            }

            #[doc = concat!("`", $text, "`: ", $manual, ". Takes a displacement.")]
            #[inline]
            pub fn $by(&mut self, $($op: $class,)* to: $to) {
                self.put_u32($word $(^ ($op.bits() << $low))* ^ (to.bits() << $to_low));
            }
        )*}

        /// The rows as data.
        pub const ROWS: &[Row] = &[$(Row {
            text: $text,
            word: $word,
            operands: concat!($(stringify!($op), ":", stringify!($class), "@", $low, " ",)*
                "to:", stringify!($to), "@", $to_low, " "),
        }),*];

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(
            crate::asm::form::Form {
                name: stringify!($name),
                text: $text,
                roles: &[$(crate::asm::form::Role::$role,)* crate::asm::form::Role::Use],
                case: |asm, pick| {
                    pick.name(&["to", $(stringify!($op)),*], &[]);
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

macro_rules! low_forms {
    ($($name:ident $text:literal $word:literal [$($role:ident $op:ident: $class:ident @ $low:literal),*] $size:literal $manual:literal;)*) => {
        use super::*;

        impl Assembler {$(
            #[doc = concat!("`", $text, "`: ", $manual, ". The target's alignment is at least ", $size, ".")]
            #[inline]
            pub fn $name(&mut self, $($op: $class,)* to: Label) {
                self.put_u32($word $(^ ($op.bits() << $low))*);
                let at = self.offset().wrapping_sub(4);
                self.require_alignment(4096);
                self.use_label(to, Kind::low(at), at);
            }
        )*}

        /// The rows as cases for the round trip.
        #[cfg(feature = "asm-forms")]
        pub const FORMS: &[crate::asm::form::Form<Assembler>] = &[$(crate::asm::form::Form {
            name: stringify!($name),
            text: $text,
            roles: &[$(crate::asm::form::Role::$role,)* crate::asm::form::Role::Use],
            case: |asm, pick| {
                pick.name(&["to", $(stringify!($op)),*], &[]);
                // The label is where the largest access is aligned, and the instruction at most 3 behind it.
                let mut nops = 0;
                while asm.offset() % 16 != 0 {
                    asm.nop();
                    nops += 1;
                }
                let hops = pick.next::<HopsBack>().0;
                let text = with_label(asm, hops, |asm, to| {
                    asm.$name($(pick.next::<$class>(),)* to);
                    pick.text($text)
                });
                "nop; ".repeat(nops) + &text
            },
        }),*];
    };
}

/// A row as data: what the listing works from.
#[derive(Debug)]
pub struct Row {
    /// GNU as text, with operands in braces.
    pub text: &'static str,
    pub word: u32,
    /// The operands, as in `rd:X@0 rn:X@5`. One string instead of structures, since it costs nothing until it is read.
    pub operands: &'static str,
}

/// How many instructions away a label is, in the round trip.
#[cfg(feature = "asm-forms")]
#[derive(Clone, Copy)]
struct Hops(i32);

#[cfg(feature = "asm-forms")]
impl std::fmt::Display for Hops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, ".{:+}", self.0 * 4)
    }
}

#[cfg(feature = "asm-forms")]
impl crate::asm::form::Operand for Hops {
    const CORNERS: &'static [Hops] = &[Hops(0), Hops(1), Hops(-1), Hops(3), Hops(-3)];

    fn random(rng: &mut crate::asm::form::Rng) -> Hops {
        Hops(rng.below(7) as i32 - 3)
    }
}

/// The same, backward only.
#[cfg(feature = "asm-forms")]
#[derive(Clone, Copy)]
struct HopsBack(Hops);

#[cfg(feature = "asm-forms")]
impl std::fmt::Display for HopsBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "asm-forms")]
impl crate::asm::form::Operand for HopsBack {
    const CORNERS: &'static [HopsBack] = &[HopsBack(Hops(0)), HopsBack(Hops(-1)), HopsBack(Hops(-3))];

    fn random(rng: &mut crate::asm::form::Rng) -> HopsBack {
        HopsBack(Hops(-(rng.below(4) as i32)))
    }
}

/// Emits an instruction whose label is `hops` instructions away, with `nop`s between. `emit` emits the instruction and
/// gives its text; this gives the text of all.
#[cfg(feature = "asm-forms")]
fn with_label(
    asm: &mut Assembler,
    Hops(hops): Hops,
    emit: impl FnOnce(&mut Assembler, Label) -> String,
) -> String {
    let label = asm.new_label();
    if hops <= 0 {
        asm.bind(label);
    }
    for _ in hops..0 {
        asm.nop();
    }
    let text = emit(asm, label);
    for _ in 1..hops {
        asm.nop();
    }
    if hops > 0 {
        asm.bind(label);
    }
    "nop; ".repeat((-hops).max(0) as usize) + &text + &"; nop".repeat((hops - 1).max(0) as usize)
}

macro_rules! tables {
    ($($table:ident)*) => {
        $(pub mod $table;)*

        /// All rows, by table.
        pub const TABLES: &[&[Row]] = &[$($table::ROWS),*];
    };
}

pub mod low;

tables! {
    arith logic multiply branch_label branch system load pair exclusive atomic float float_convert simd_same simd_misc
    simd_wide simd_shift simd_float simd_scalar simd_element simd_permute simd_memory crypto page_label
}

/// All forms that GNU as can check by itself.
#[cfg(feature = "asm-forms")]
pub const FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[
    arith::FORMS,
    logic::FORMS,
    multiply::FORMS,
    branch_label::FORMS,
    branch::FORMS,
    system::FORMS,
    load::FORMS,
    pair::FORMS,
    exclusive::FORMS,
    atomic::FORMS,
    float::FORMS,
    float_convert::FORMS,
    simd_same::FORMS,
    simd_misc::FORMS,
    simd_wide::FORMS,
    simd_shift::FORMS,
    simd_float::FORMS,
    simd_scalar::FORMS,
    simd_element::FORMS,
    simd_permute::FORMS,
    simd_memory::FORMS,
    crypto::FORMS,
];

/// Forms whose field depends on the address of the code: they are checked after linking.
#[cfg(feature = "asm-forms")]
pub const LINKED_FORMS: &[&[crate::asm::form::Form<Assembler>]] = &[page_label::FORMS, low::FORMS];

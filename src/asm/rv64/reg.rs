//! Registers: a type for each way in which a form may name one.
//!
//! [`X`] are the general registers with the zero register, [`F`] the float registers, [`V`] the vector registers. Compressed
//! forms take fewer: [`XC`] and [`FC`] are the eight of most of them, [`XNz`] leaves out the zero register, [`XUpper`] also
//! the stack pointer. [`V2`], [`V4`] and [`V8`] are groups of vector registers, which start at a multiple of their size.
//!
//! Numbers are kept in 32 bits, since they go into a word of that size.

use std::fmt::{self, Display};

use super::operand::Field;
use crate::asm::form::{Operand, Rng};

macro_rules! class {
    ($($(#[$doc:meta])* $class:ident $prefix:literal if $number:ident $valid:expr; corners [$($corner:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $class(u32);

        impl $class {
            /// The register with this number, if the class has it.
            #[inline(always)]
            pub const fn new($number: u8) -> Option<$class> {
                if $number < 32 && $valid { Some($class($number as u32)) } else { None }
            }

            /// The number.
            #[inline(always)]
            pub const fn number(self) -> u8 {
                self.0 as u8
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class($corner)),*];

            fn random(rng: &mut Rng) -> $class {
                loop {
                    if let Some(register) = $class::new(rng.below(32) as u8) {
                        return register;
                    }
                }
            }
        }
    )*};
}

class! {
    /// A general register, or the zero register.
    X "x" if number true; corners [0, 1, 2, 7, 8, 15, 16, 31];
    /// A float register.
    F "f" if number true; corners [0, 1, 7, 8, 15, 16, 31];
    /// A vector register.
    V "v" if number true; corners [0, 1, 15, 16, 31];
    /// A group of two vector registers.
    V2 "v" if number number & 1 == 0; corners [0, 2, 16, 30];
    /// A group of four vector registers.
    V4 "v" if number number & 3 == 0; corners [0, 4, 16, 28];
    /// A group of eight vector registers.
    V8 "v" if number number & 7 == 0; corners [0, 8, 16, 24];
    /// One of the eight general registers of most compressed forms: `x8` to `x15`.
    XC "x" if number number & 0x18 == 8; corners [8, 9, 14, 15];
    /// One of the eight float registers of compressed forms: `f8` to `f15`.
    FC "f" if number number & 0x18 == 8; corners [8, 9, 14, 15];
    /// A general register that is not the zero register.
    XNz "x" if number number != 0; corners [1, 2, 8, 15, 16, 31];
    /// A general register that is neither the zero register nor the stack pointer: of `c.lui`.
    XUpper "x" if number number != 0 && number != 2; corners [1, 3, 8, 15, 16, 31];
}

macro_rules! whole {
    ($($class:ident)*) => {$(
        impl $class {
            /// The register whose number is the low five bits of this one, for numbers that are known to be right.
            #[inline(always)]
            pub const fn from_low_bits(number: u8) -> $class {
                $class(number as u32 & 31)
            }
        }

        impl Field for $class {
            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new(bits as u8)
            }
        }
    )*};
}
whole! { X F V }

macro_rules! part {
    ($($class:ident of $whole:ident plus $plus:literal;)*) => {$(
        impl From<$class> for $whole {
            #[inline(always)]
            fn from(register: $class) -> $whole {
                $whole(register.0)
            }
        }

        impl TryFrom<$whole> for $class {
            type Error = super::operand::Unencodable;

            #[inline(always)]
            fn try_from(register: $whole) -> Result<$class, super::operand::Unencodable> {
                $class::new(register.0 as u8).ok_or(super::operand::Unencodable)
            }
        }

        impl Field for $class {
            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new((bits + $plus) as u8)
            }
        }
    )*};
}
part! {
    XC of X plus 8;
    FC of F plus 8;
    XNz of X plus 0;
    XUpper of X plus 0;
    V2 of V plus 0;
    V4 of V plus 0;
    V8 of V plus 0;
}

macro_rules! names {
    ($class:ident: $($name:ident $number:literal $what:literal),*) => {$(
        #[doc = concat!("`", $what, "`.")]
        pub const $name: $class = $class($number);
    )*};
}

names! { X:
    ZERO 0 "zero", RA 1 "ra", SP 2 "sp", GP 3 "gp", TP 4 "tp", T0 5 "t0", T1 6 "t1", T2 7 "t2", S0 8 "s0", S1 9 "s1",
    A0 10 "a0", A1 11 "a1", A2 12 "a2", A3 13 "a3", A4 14 "a4", A5 15 "a5", A6 16 "a6", A7 17 "a7", S2 18 "s2", S3 19 "s3",
    S4 20 "s4", S5 21 "s5", S6 22 "s6", S7 23 "s7", S8 24 "s8", S9 25 "s9", S10 26 "s10", S11 27 "s11", T3 28 "t3",
    T4 29 "t4", T5 30 "t5", T6 31 "t6"
}

names! { F:
    FT0 0 "ft0", FT1 1 "ft1", FT2 2 "ft2", FT3 3 "ft3", FT4 4 "ft4", FT5 5 "ft5", FT6 6 "ft6", FT7 7 "ft7", FS0 8 "fs0",
    FS1 9 "fs1", FA0 10 "fa0", FA1 11 "fa1", FA2 12 "fa2", FA3 13 "fa3", FA4 14 "fa4", FA5 15 "fa5", FA6 16 "fa6",
    FA7 17 "fa7", FS2 18 "fs2", FS3 19 "fs3", FS4 20 "fs4", FS5 21 "fs5", FS6 22 "fs6", FS7 23 "fs7", FS8 24 "fs8",
    FS9 25 "fs9", FS10 26 "fs10", FS11 27 "fs11", FT8 28 "ft8", FT9 29 "ft9", FT10 30 "ft10", FT11 31 "ft11"
}

names! { V:
    V00 0 "v0", V01 1 "v1", V02 2 "v2", V03 3 "v3", V04 4 "v4", V05 5 "v5", V06 6 "v6", V07 7 "v7", V08 8 "v8", V09 9 "v9",
    V10 10 "v10", V11 11 "v11", V12 12 "v12", V13 13 "v13", V14 14 "v14", V15 15 "v15", V16 16 "v16", V17 17 "v17",
    V18 18 "v18", V19 19 "v19", V20 20 "v20", V21 21 "v21", V22 22 "v22", V23 23 "v23", V24 24 "v24", V25 25 "v25",
    V26 26 "v26", V27 27 "v27", V28 28 "v28", V29 29 "v29", V30 30 "v30", V31 31 "v31"
}

//! Numbers: immediates, offsets, displacements.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

macro_rules! number {
    ($($(#[$doc:meta])* $class:ident $first:literal to $last:literal, $bits:literal bits, unit $unit:literal $(, not $hole:literal)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $class(i32);

        impl $class {
            const fn holds(value: i32) -> bool {
                value >= $first && value <= $last && value.trailing_zeros() >= ($unit as u32).trailing_zeros() $(&& value != $hole)?
            }

            /// The operand with this value.
            ///
            /// # Errors
            /// If it is out of range, or not a multiple of the unit.
            #[inline(always)]
            pub const fn new(value: i32) -> Result<$class, Unencodable> {
                if Self::holds(value) { Ok($class(value)) } else { Err(Unencodable) }
            }

            /// The operand with a constant value; one that is out of range does not compile.
            pub const fn of<const VALUE: i32>() -> $class {
                const { assert!(Self::holds(VALUE), "the operand is out of range") };
                $class(VALUE)
            }

            /// The value.
            #[inline(always)]
            pub const fn value(self) -> i32 {
                self.0
            }

            /// The value with these bits, sign and all.
            const fn extend(bits: u32) -> i32 {
                if $first < 0 { (bits << (32 - $bits)) as i32 >> (32 - $bits) } else { bits as i32 }
            }

            fn draw(rng: &mut Rng) -> $class {
                loop {
                    let value = if $first < 0 { rng.signed($bits) } else { rng.unsigned($bits) as i64 };
                    if let Ok(number) = $class::new(value as i32 & -$unit) {
                        return number;
                    }
                }
            }
        }
    )*};
}

macro_rules! plain {
    ($($class:ident [$($corner:literal),*];)*) => {$(
        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class($corner)),*];

            fn random(rng: &mut Rng) -> $class {
                $class::draw(rng)
            }
        }

        impl Field for $class {
            #[inline(always)]
            fn bits(self) -> u32 {
                self.0 as u32
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new($class::extend(bits)).ok()
            }
        }
    )*};
}

number! {
    /// Twelve bits with sign.
    I12 -2048 to 2047, 12 bits, unit 1;
    /// Twenty bits that go above twelve others.
    U20 0 to 0xf_ffff, 20 bits, unit 1;
    /// A number of bits below 64.
    U6 0 to 63, 6 bits, unit 1;
    /// Five bits: a number of bits below 32, or a small number.
    U5 0 to 31, 5 bits, unit 1;
    /// Five bits with sign.
    I5 -16 to 15, 5 bits, unit 1;
    /// Six bits with sign.
    I6 -32 to 31, 6 bits, unit 1;
    /// Six bits with sign, but not 0.
    I6Nz -32 to 31, 6 bits, unit 1, not 0;
    /// A number of bits from 1 to 63.
    U6Nz 0 to 63, 6 bits, unit 1, not 0;
    /// Of `c.lui`: six bits with sign, but not 0.
    UpperC -32 to 31, 6 bits, unit 1, not 0;
    /// Of `c.addi4spn`.
    Sp4 4 to 1020, 10 bits, unit 4;
    /// Of `c.addi16sp`.
    Sp16 -512 to 496, 10 bits, unit 16, not 0;
    /// The offset of `c.lw`, `c.sw`.
    Word5 0 to 124, 7 bits, unit 4;
    /// The offset of `c.ld`, `c.sd`.
    Double5 0 to 248, 8 bits, unit 8;
    /// The offset of `c.lwsp`, `c.swsp`.
    Word6 0 to 252, 8 bits, unit 4;
    /// The offset of `c.ldsp`, `c.sdsp`.
    Double6 0 to 504, 9 bits, unit 8;
    /// A displacement of `jal`: 1 MiB either way.
    Rel21 -1_048_576 to 1_048_574, 21 bits, unit 2;
    /// A displacement of a conditional branch: 4 KiB either way.
    Rel13 -4096 to 4094, 13 bits, unit 2;
    /// A displacement of `c.j`: 2 KiB either way.
    Rel12 -2048 to 2046, 12 bits, unit 2;
    /// A displacement of `c.beqz`: 256 bytes either way.
    Rel9 -256 to 254, 9 bits, unit 2;
}

plain! {
    I12 [0, 1, -1, 31, 32, -32, -33, 2047, -2048, 16, 496, -512, 1020, 504, 252, 8, 4];
    U20 [0, 1, 31, 32, 0x7ffff, 0x80000, 0xfffdf, 0xfffe0, 0xfffff];
    U6 [0, 1, 31, 32, 63];
    U5 [0, 1, 15, 16, 31];
    I5 [0, 1, -1, 15, -16];
    I6 [0, 1, -1, 31, -32];
    I6Nz [1, -1, 31, -32];
    U6Nz [1, 31, 32, 63];
    Sp4 [4, 8, 16, 64, 512, 1020];
    Sp16 [16, -16, 32, 64, 128, 256, 496, -512];
    Word5 [0, 4, 8, 64, 124];
    Double5 [0, 8, 64, 128, 248];
    Word6 [0, 4, 32, 64, 252];
    Double6 [0, 8, 32, 64, 504];
}

impl Display for UpperC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As `lui` has it: twenty bits without sign.
        (self.0 as u32 & 0xf_ffff).fmt(f)
    }
}

impl Operand for UpperC {
    const CORNERS: &'static [UpperC] = &[UpperC(1), UpperC(-1), UpperC(31), UpperC(-32)];

    fn random(rng: &mut Rng) -> UpperC {
        UpperC::draw(rng)
    }
}

impl Field for UpperC {
    #[inline(always)]
    fn bits(self) -> u32 {
        self.0 as u32
    }

    fn from_bits(bits: u32) -> Option<UpperC> {
        UpperC::new(UpperC::extend(bits)).ok()
    }
}

macro_rules! relative {
    ($($class:ident [$($corner:literal),*];)*) => {$(
        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, ".{:+}", self.0)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class($corner)),*];

            fn random(rng: &mut Rng) -> $class {
                $class::draw(rng)
            }
        }

        impl Field for $class {
            #[inline(always)]
            fn bits(self) -> u32 {
                self.0 as u32
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new($class::extend(bits)).ok()
            }

            fn show(self, at: u32) -> String {
                format!("{:#x}", i64::from(at) + i64::from(self.0))
            }
        }
    )*};
}

relative! {
    Rel21 [0, 2, -2, 2046, 2048, -2048, -2050, 1_048_574, -1_048_576];
    Rel13 [0, 2, -2, 254, 256, -256, -258, 4094, -4096];
    Rel12 [0, 2, -2, 2046, -2048];
    Rel9 [0, 2, -2, 254, -256];
}

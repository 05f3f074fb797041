//! Numbers.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

macro_rules! unsigned {
    ($($(#[$doc:meta])* $class:ident $bits:literal from $first:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $class(u32);

        impl $class {
            /// The operand with this value.
            ///
            /// # Errors
            /// If it is out of range.
            #[inline(always)]
            pub const fn new(value: u32) -> Result<$class, Unencodable> {
                match value.wrapping_sub($first) {
                    stored if stored >> $bits == 0 => Ok($class(stored)),
                    _ => Err(Unencodable),
                }
            }

            /// The operand with a constant value; one that is out of range does not compile.
            pub const fn of<const VALUE: u32>() -> $class {
                const { assert!(VALUE.wrapping_sub($first) < 1 << $bits, "the operand is out of range") };
                $class(VALUE - $first)
            }

            /// The operand whose value is the low bits of this one, for values that are known to be right.
            #[inline(always)]
            pub const fn from_low_bits(value: u32) -> $class {
                $class(value.wrapping_sub($first) & ((1 << $bits) - 1))
            }

            /// The value.
            #[inline(always)]
            pub const fn value(self) -> u32 {
                self.0 + $first
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.value().fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] =
                &[$class(0), $class(1), $class((1 << $bits) / 2), $class((1 << $bits) - 1)];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.unsigned($bits) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = (1 << $bits) - 1;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some($class(bits & Self::MASK))
            }
        }
    )*};
}

unsigned! {
    /// A number of 1 bit.
    U1 1 from 0;
    /// A number of 2 bits.
    U2 2 from 0;
    /// A number of 3 bits.
    U3 3 from 0;
    /// A number of 4 bits.
    U4 4 from 0;
    /// A number of 5 bits.
    U5 5 from 0;
    /// A number of 6 bits.
    U6 6 from 0;
    /// A number of 7 bits.
    U7 7 from 0;
    /// A number of 12 bits.
    U12 12 from 0;
    /// A number of 16 bits.
    U16 16 from 0;
    /// A number from 1 to 8, stored less 1.
    N8 3 from 1;
    /// A number from 1 to 16, stored less 1.
    N16 4 from 1;
    /// A number from 1 to 32, stored less 1.
    N32 5 from 1;
    /// A number from 1 to 64, stored less 1.
    N64 6 from 1;
    /// How many bits of a 32-bit number are its fraction: 1 to 32.
    Frac32 5 from 1;
    /// How many bits of a 64-bit number are its fraction: 1 to 64.
    Frac64 6 from 1;
}

impl From<u16> for U16 {
    #[inline(always)]
    fn from(value: u16) -> U16 {
        U16(value.into())
    }
}

/// The number of a bit of a 64-bit register; its halves are in different places of the word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Bit64(U6);

impl Bit64 {
    /// The bit with this number.
    ///
    /// # Errors
    /// If it is above 63.
    #[inline(always)]
    pub const fn new(value: u32) -> Result<Bit64, Unencodable> {
        match U6::new(value) {
            Ok(value) => Ok(Bit64(value)),
            Err(error) => Err(error),
        }
    }

    /// The bit with a constant number; one above 63 does not compile.
    pub const fn of<const VALUE: u32>() -> Bit64 {
        Bit64(U6::of::<VALUE>())
    }
}

impl Display for Bit64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Operand for Bit64 {
    const CORNERS: &'static [Bit64] = &[Bit64(U6(0)), Bit64(U6(31)), Bit64(U6(32)), Bit64(U6(63))];

    fn random(rng: &mut Rng) -> Bit64 {
        Bit64(U6(rng.below(64) as u32))
    }
}

impl Field for Bit64 {
    const MASK: u32 = 1 << 31 | 31 << 19;

    #[inline(always)]
    fn bits(self) -> u32 {
        (self.0.0 >> 5) << 31 | (self.0.0 & 31) << 19
    }

    fn from_bits(bits: u32) -> Option<Bit64> {
        Some(Bit64(U6((bits >> 31) << 5 | (bits >> 19) & 31)))
    }
}

macro_rules! scaled {
    ($($(#[$doc:meta])* $class:ident $log:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $class(u32);

        impl $class {
            /// No distance.
            pub const ZERO: $class = $class(0);

            /// The operand with this many bytes.
            ///
            /// # Errors
            /// If it is out of range, or not a multiple of the unit.
            #[inline(always)]
            pub const fn new(bytes: u32) -> Result<$class, Unencodable> {
                // Bits below the unit come out at the top: one test is enough.
                match bytes.rotate_right($log) {
                    stored if stored < 4096 => Ok($class(stored)),
                    _ => Err(Unencodable),
                }
            }

            /// The operand with a constant number of bytes; one that does not fit does not compile.
            pub const fn of<const BYTES: u32>() -> $class {
                const { assert!(BYTES.rotate_right($log) < 4096, "the operand is out of range") };
                $class(BYTES >> $log)
            }

            /// The number of bytes.
            #[inline(always)]
            pub const fn bytes(self) -> u32 {
                self.0 << $log
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.bytes().fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class(0), $class(1), $class(255), $class(256), $class(4095)];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.unsigned(12) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = 4095;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some($class(bits & 4095))
            }
        }
    )*};
}

scaled! {
    /// A distance of 0 to 4095 bytes.
    Offset1 0;
    /// A distance of 0 to 8190 bytes, a multiple of 2.
    Offset2 1;
    /// A distance of 0 to 16380 bytes, a multiple of 4.
    Offset4 2;
    /// A distance of 0 to 32760 bytes, a multiple of 8.
    Offset8 3;
    /// A distance of 0 to 65520 bytes, a multiple of 16.
    Offset16 4;
}

macro_rules! signed {
    ($($(#[$doc:meta])* $class:ident $bits:literal $log:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $class(i32);

        impl $class {
            /// No distance.
            pub const ZERO: $class = $class(0);

            const fn fits(bytes: i32) -> bool {
                let shift = 32 - $bits - $log;
                bytes << shift >> shift == bytes && bytes >> $log << $log == bytes
            }

            /// The operand with this many bytes.
            ///
            /// # Errors
            /// If it is out of range, or not a multiple of the unit.
            #[inline(always)]
            pub const fn new(bytes: i32) -> Result<$class, Unencodable> {
                if Self::fits(bytes) { Ok($class(bytes)) } else { Err(Unencodable) }
            }

            /// The operand with a constant number of bytes; one that does not fit does not compile.
            pub const fn of<const BYTES: i32>() -> $class {
                const { assert!(Self::fits(BYTES), "the operand is out of range") };
                $class(BYTES)
            }

            /// The number of bytes.
            #[inline(always)]
            pub const fn bytes(self) -> i32 {
                self.0
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[
                $class(0),
                $class(1 << $log),
                $class(-1 << $log),
                $class(((1 << ($bits - 1)) - 1) << $log),
                $class((-1 << ($bits - 1)) << $log),
            ];

            fn random(rng: &mut Rng) -> $class {
                $class((rng.signed($bits) as i32) << $log)
            }
        }

        impl Field for $class {
            const MASK: u32 = (1 << $bits) - 1;

            #[inline(always)]
            fn bits(self) -> u32 {
                (self.0 >> $log) as u32 & Self::MASK
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some($class((bits << (32 - $bits)) as i32 >> (32 - $bits - $log) & (-1 << $log)))
            }
        }
    )*};
}

signed! {
    /// A distance of -256 to 255 bytes.
    I9 9 0;
    /// A distance of -256 to 252 bytes, a multiple of 4.
    I7x4 7 2;
    /// A distance of -512 to 504 bytes, a multiple of 8.
    I7x8 7 3;
    /// A distance of -1024 to 1008 bytes, a multiple of 16.
    I7x16 7 4;
}

/// A distance of -4096 to 4088 bytes, a multiple of 8; its sign stands apart in the word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct I10x8(i32);

impl I10x8 {
    /// The operand with this many bytes.
    ///
    /// # Errors
    /// If it is out of range, or not a multiple of 8.
    #[inline(always)]
    pub const fn new(bytes: i32) -> Result<I10x8, Unencodable> {
        if bytes >= -4096 && bytes < 4096 && bytes & 7 == 0 { Ok(I10x8(bytes)) } else { Err(Unencodable) }
    }
}

impl Display for I10x8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Operand for I10x8 {
    const CORNERS: &'static [I10x8] = &[I10x8(0), I10x8(8), I10x8(-8), I10x8(4088), I10x8(-4096)];

    fn random(rng: &mut Rng) -> I10x8 {
        I10x8((rng.signed(10) as i32) << 3)
    }
}

impl Field for I10x8 {
    const MASK: u32 = 1 << 22 | 511 << 12;

    #[inline(always)]
    fn bits(self) -> u32 {
        let stored = (self.0 >> 3) as u32;
        (stored >> 9 & 1) << 22 | (stored & 511) << 12
    }

    fn from_bits(bits: u32) -> Option<I10x8> {
        let stored = (bits >> 22 & 1) << 9 | bits >> 12 & 511;
        Some(I10x8(((stored << 22) as i32 >> 22) << 3))
    }
}

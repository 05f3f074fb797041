//! Constants of vector instructions, and lanes of structure loads.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

/// Eight bits of a vector constant: three of them stand apart.
const fn scatter(byte: u8) -> u32 {
    (byte as u32 >> 5) << 16 | (byte as u32 & 31) << 5
}

const fn gather(bits: u32) -> u8 {
    ((bits >> 16 & 7) << 5 | bits >> 5 & 31) as u8
}

const SCATTERED: u32 = 7 << 16 | 31 << 5;

/// A byte of a vector constant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ByteV(pub u8);

impl From<u8> for ByteV {
    #[inline(always)]
    fn from(byte: u8) -> ByteV {
        ByteV(byte)
    }
}

impl Display for ByteV {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Operand for ByteV {
    const CORNERS: &'static [ByteV] = &[ByteV(0), ByteV(1), ByteV(31), ByteV(32), ByteV(0x80), ByteV(255)];

    fn random(rng: &mut Rng) -> ByteV {
        ByteV(rng.below(256) as u8)
    }
}

impl Field for ByteV {
    const MASK: u32 = SCATTERED;

    #[inline(always)]
    fn bits(self) -> u32 {
        scatter(self.0)
    }

    fn from_bits(bits: u32) -> Option<ByteV> {
        Some(ByteV(gather(bits)))
    }
}

/// A 64-bit constant of which each byte is 0 or 255.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ByteMask(u8);

impl ByteMask {
    /// The operand with this value.
    ///
    /// # Errors
    /// If a byte is neither 0 nor 255.
    #[inline]
    pub const fn new(value: u64) -> Result<ByteMask, Unencodable> {
        let lows = value & 0x0101_0101_0101_0101;
        if lows.wrapping_mul(255) != value {
            return Err(Unencodable);
        }
        // The product brings the lowest bit of each byte into the top byte, in order.
        Ok(ByteMask((lows.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8))
    }

    /// The value.
    pub const fn value(self) -> u64 {
        let (mut value, mut bit) = (0, 0);
        while bit < 8 {
            if self.0 >> bit & 1 == 1 {
                value |= 255 << (8 * bit);
            }
            bit += 1;
        }
        value
    }
}

impl Display for ByteMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.value())
    }
}

impl Operand for ByteMask {
    const CORNERS: &'static [ByteMask] =
        &[ByteMask(0), ByteMask(1), ByteMask(0x80), ByteMask(0x5a), ByteMask(255)];

    fn random(rng: &mut Rng) -> ByteMask {
        ByteMask(rng.below(256) as u8)
    }
}

impl Field for ByteMask {
    const MASK: u32 = SCATTERED;

    #[inline(always)]
    fn bits(self) -> u32 {
        scatter(self.0)
    }

    fn from_bits(bits: u32) -> Option<ByteMask> {
        Some(ByteMask(gather(bits)))
    }
}

/// A float constant: ±n/16 × 2^r with n from 16 to 31, r from -3 to 4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FImm(u8);

impl FImm {
    /// The operand with this value.
    ///
    /// # Errors
    /// If it is not of that kind.
    #[inline]
    pub const fn new(value: f64) -> Result<FImm, Unencodable> {
        let bits = value.to_bits();
        let (sign, exponent, fraction) = (bits >> 63, bits >> 52 & 0x7ff, bits & 0xf_ffff_ffff_ffff);
        if fraction & 0xffff_ffff_ffff != 0 || exponent < 1020 || exponent > 1027 {
            return Err(Unencodable);
        }
        // With the high bit the field counts from -3 to 0, without it from 1 to 4.
        Ok(FImm((sign << 7 | ((exponent - 1020) ^ 4) << 4 | fraction >> 48) as u8))
    }

    /// The value.
    pub const fn value(self) -> f64 {
        let byte = self.0 as u64;
        let exponent = (byte >> 4 & 7 ^ 4) + 1020;
        f64::from_bits((byte >> 7) << 63 | exponent << 52 | (byte & 15) << 48)
    }
}

impl Display for FImm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.value())
    }
}

impl Operand for FImm {
    const CORNERS: &'static [FImm] = &[FImm(0), FImm(0x70), FImm(0xf0), FImm(0x3f), FImm(0x40), FImm(255)];

    fn random(rng: &mut Rng) -> FImm {
        FImm(rng.below(256) as u8)
    }
}

impl Field for FImm {
    const MASK: u32 = 255;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.into()
    }

    fn from_bits(bits: u32) -> Option<FImm> {
        Some(FImm(bits as u8))
    }
}

/// The same in vector instructions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FImmV(pub FImm);

impl Display for FImmV {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<FImm> for FImmV {
    #[inline(always)]
    fn from(value: FImm) -> FImmV {
        FImmV(value)
    }
}

impl Operand for FImmV {
    const CORNERS: &'static [FImmV] =
        &[FImmV(FImm(0)), FImmV(FImm(0x70)), FImmV(FImm(0x5a)), FImmV(FImm(255))];

    fn random(rng: &mut Rng) -> FImmV {
        FImmV(FImm::random(rng))
    }
}

impl Field for FImmV {
    const MASK: u32 = SCATTERED;

    #[inline(always)]
    fn bits(self) -> u32 {
        scatter(self.0.0)
    }

    fn from_bits(bits: u32) -> Option<FImmV> {
        Some(FImmV(FImm(gather(bits))))
    }
}

/// An enum whose variants are the values of a field.
macro_rules! choices {
    ($($(#[$doc:meta])* $class:ident $bits:literal [$($(#[$item_doc:meta])* $item:ident $text:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum $class {
            $($(#[$item_doc])* $item),*
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $($class::$item => $text),*
                })
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class::$item),*];

            fn random(rng: &mut Rng) -> $class {
                Self::CORNERS[rng.below(Self::CORNERS.len() as u64) as usize]
            }
        }

        impl Field for $class {
            const MASK: u32 = (1 << $bits) - 1;

            #[inline(always)]
            fn bits(self) -> u32 {
                self as u32
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Self::CORNERS.get(bits as usize).copied()
            }
        }
    )*};
}

choices! {
    /// By how many bytes a constant is shifted in a lane of 16 bits.
    ByteShift2 1 [
        /// None.
        Lsl0 "lsl #0",
        /// One.
        Lsl8 "lsl #8"
    ];
    /// By how many bytes a constant is shifted in a lane of 32 bits.
    ByteShift4 2 [
        /// None.
        Lsl0 "lsl #0",
        /// One.
        Lsl8 "lsl #8",
        /// Two.
        Lsl16 "lsl #16",
        /// Three.
        Lsl24 "lsl #24"
    ];
    /// By how many bytes a constant is shifted in a lane of 32 bits, with ones coming in at the right.
    OnesShift 1 [
        /// One.
        Msl8 "msl #8",
        /// Two.
        Msl16 "msl #16"
    ];
    /// The rotation of a complex operand of an addition.
    QuarterTurn 1 [
        /// A quarter of a turn.
        Turn90 "#90",
        /// Three quarters of a turn.
        Turn270 "#270"
    ];
    /// The rotation of a complex operand of a multiplication.
    Turn 2 [
        /// None.
        Turn0 "#0",
        /// A quarter of a turn.
        Turn90 "#90",
        /// Half of a turn.
        Turn180 "#180",
        /// Three quarters of a turn.
        Turn270 "#270"
    ];
}

macro_rules! lanes {
    ($($(#[$doc:meta])* $class:ident $count:literal $mask:literal [$($lane_bit:literal to $word_bit:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class(u8);

        impl $class {
            /// The lane with this number.
            ///
            /// # Errors
            /// If there are not so many.
            #[inline(always)]
            pub const fn new(lane: u8) -> Result<$class, Unencodable> {
                if lane < $count { Ok($class(lane)) } else { Err(Unencodable) }
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class(0), $class(1), $class($count - 1)];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.below($count) as u8)
            }
        }

        impl Field for $class {
            const MASK: u32 = $mask;

            #[inline(always)]
            fn bits(self) -> u32 {
                0 $(| (u32::from(self.0) >> $lane_bit & 1) << $word_bit)*
            }

            fn from_bits(bits: u32) -> Option<$class> {
                let lane = 0 $(| (bits >> $word_bit & 1) << $lane_bit)*;
                let lane = $class(lane as u8);
                (lane.bits() == bits).then_some(lane)
            }
        }
    )*};
}

lanes! {
    /// A lane of 8 bits of a structure load or store.
    LaneB 16 0x4000_1c00 [0 to 10, 1 to 11, 2 to 12, 3 to 30];
    /// A lane of 16 bits of a structure load or store.
    LaneH 8 0x4000_1c00 [0 to 11, 1 to 12, 2 to 30];
    /// A lane of 32 bits of a structure load or store.
    LaneS 4 0x4000_1000 [0 to 12, 1 to 30];
    /// A lane of 64 bits of a structure load or store.
    LaneD 2 0x4000_0000 [0 to 30];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_constants_are_those_of_their_bytes() {
        for byte in 0..=255u8 {
            let value = FImm(byte).value();
            assert_eq!(FImm::new(value), Ok(FImm(byte)), "{value}");
            assert!((0.125..=31.0).contains(&value.abs()));
        }
        for value in [0.0, -0.0, 0.1, 32.0, 1.03125, 0.0625, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            assert_eq!(FImm::new(value), Err(Unencodable), "{value}");
        }
    }

    #[test]
    fn byte_masks_are_those_of_their_bytes() {
        for byte in 0..=255u8 {
            assert_eq!(ByteMask::new(ByteMask(byte).value()), Ok(ByteMask(byte)));
        }
        for value in [1, 0x80, 0xff01, 0xfe, 0xff00_0000_0000_007f] {
            assert_eq!(ByteMask::new(value), Err(Unencodable));
        }
    }
}

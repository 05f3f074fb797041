//! Shifts, extensions and index scalings of a register operand; places of bit fields.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

/// Adds `new`, of an operand made of a kind and an amount.
macro_rules! shifts {
    ($($(#[$doc:meta])* $class:ident amount $width:literal [$($(#[$kind_doc:meta])* $kind:ident $text:literal $code:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class(u32);

        impl $class {
            $(
                $(#[$kind_doc])*
                ///
                /// # Errors
                /// If there are not so many bits.
                #[inline(always)]
                pub const fn $kind(amount: u32) -> Result<$class, Unencodable> {
                    if amount < $width { Ok($class($code << 12 | amount)) } else { Err(Unencodable) }
                }
            )*
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let kind = match self.0 >> 12 {
                    $($code => $text,)*
                    _ => "?",
                };
                write!(f, "{kind} #{}", self.0 & 63)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] =
                &[$($class($code << 12), $class($code << 12 | 1), $class($code << 12 | ($width - 1))),*];

            fn random(rng: &mut Rng) -> $class {
                const KINDS: &[u32] = &[$($code),*];
                let kind = KINDS[rng.below(KINDS.len() as u64) as usize];
                $class(kind << 12 | rng.below($width) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = 3 << 12 | 63;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                match bits >> 12 & 3 {
                    $($code => $class::$kind(bits & 63).ok(),)*
                    _ => None,
                }
            }
        }
    )*};
}

shifts! {
    /// A shift of a 64-bit operand of an addition or subtraction.
    ShiftX amount 64 [
        /// To the left by so many bits.
        lsl "lsl" 0,
        /// To the right by so many bits, filled with zeros.
        lsr "lsr" 1,
        /// To the right by so many bits, filled with the sign.
        asr "asr" 2
    ];
    /// A shift of a 32-bit operand of an addition or subtraction.
    ShiftW amount 32 [
        /// To the left by so many bits.
        lsl "lsl" 0,
        /// To the right by so many bits, filled with zeros.
        lsr "lsr" 1,
        /// To the right by so many bits, filled with the sign.
        asr "asr" 2
    ];
    /// A shift of a 64-bit operand of a logical operation.
    RotateX amount 64 [
        /// To the left by so many bits.
        lsl "lsl" 0,
        /// To the right by so many bits, filled with zeros.
        lsr "lsr" 1,
        /// To the right by so many bits, filled with the sign.
        asr "asr" 2,
        /// To the right by so many bits; what goes out comes in at the left.
        ror "ror" 3
    ];
    /// A shift of a 32-bit operand of a logical operation.
    RotateW amount 32 [
        /// To the left by so many bits.
        lsl "lsl" 0,
        /// To the right by so many bits, filled with zeros.
        lsr "lsr" 1,
        /// To the right by so many bits, filled with the sign.
        asr "asr" 2,
        /// To the right by so many bits; what goes out comes in at the left.
        ror "ror" 3
    ];
}

macro_rules! extends {
    ($($(#[$doc:meta])* $class:ident [$($(#[$kind_doc:meta])* $kind:ident $text:literal $code:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class(u32);

        impl $class {
            $(
                $(#[$kind_doc])*
                ///
                /// # Errors
                /// If the shift is by more than 4 bits.
                #[inline(always)]
                pub const fn $kind(left: u32) -> Result<$class, Unencodable> {
                    if left <= 4 { Ok($class($code << 3 | left)) } else { Err(Unencodable) }
                }
            )*
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let kind = match self.0 >> 3 {
                    $($code => $text,)*
                    _ => "?",
                };
                write!(f, "{kind} #{}", self.0 & 7)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class($code << 3), $class($code << 3 | 4)),*];

            fn random(rng: &mut Rng) -> $class {
                const KINDS: &[u32] = &[$($code),*];
                let kind = KINDS[rng.below(KINDS.len() as u64) as usize];
                $class(kind << 3 | rng.below(5) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = 63;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                match bits >> 3 & 7 {
                    $($code => $class::$kind(bits & 7).ok(),)*
                    _ => None,
                }
            }
        }
    )*};
}

extends! {
    /// How a 32-bit register is extended, and then shifted left by 0 to 4 bits.
    ExtendW [
        /// From 8 bits, without sign.
        uxtb "uxtb" 0,
        /// From 16 bits, without sign.
        uxth "uxth" 1,
        /// From 32 bits, without sign.
        uxtw "uxtw" 2,
        /// From 8 bits, with sign.
        sxtb "sxtb" 4,
        /// From 16 bits, with sign.
        sxth "sxth" 5,
        /// From 32 bits, with sign.
        sxtw "sxtw" 6
    ];
    /// A 64-bit register where others are extended, shifted left by 0 to 4 bits. Both kinds mean the same.
    ExtendX [
        /// Without sign.
        uxtx "uxtx" 3,
        /// With sign.
        sxtx "sxtx" 7
    ];
}

/// How a 64-bit index is added to the address of an access of `1 << LOG` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IndexX<const LOG: u32>(u32);

impl<const LOG: u32> IndexX<LOG> {
    /// As it is.
    pub const PLAIN: Self = IndexX(0b110);
    /// Times the size of the access.
    pub const SCALED: Self = IndexX(0b111);
    /// The same as plain, with another encoding.
    pub const SXTX: Self = IndexX(0b1110);
    /// The same as scaled, with another encoding.
    pub const SXTX_SCALED: Self = IndexX(0b1111);
}

impl<const LOG: u32> Display for IndexX<LOG> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0b110 => Ok(()),
            0b111 => write!(f, ", lsl #{LOG}"),
            0b1110 => f.write_str(", sxtx"),
            _ => write!(f, ", sxtx #{LOG}"),
        }
    }
}

impl<const LOG: u32> Operand for IndexX<LOG> {
    const CORNERS: &'static [Self] = &[Self::PLAIN, Self::SCALED, Self::SXTX, Self::SXTX_SCALED];

    fn random(rng: &mut Rng) -> Self {
        Self::CORNERS[rng.below(4) as usize]
    }
}

impl<const LOG: u32> Field for IndexX<LOG> {
    const MASK: u32 = 0b1111;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0
    }

    fn from_bits(bits: u32) -> Option<Self> {
        (bits & 0b0110 == 0b0110).then_some(IndexX(bits))
    }
}

/// How a 32-bit index is extended and added to the address of an access of `1 << LOG` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IndexW<const LOG: u32>(u32);

impl<const LOG: u32> IndexW<LOG> {
    /// Without sign.
    pub const UXTW: Self = IndexW(0b0100);
    /// Without sign, times the size of the access.
    pub const UXTW_SCALED: Self = IndexW(0b0101);
    /// With sign.
    pub const SXTW: Self = IndexW(0b1100);
    /// With sign, times the size of the access.
    pub const SXTW_SCALED: Self = IndexW(0b1101);
}

impl<const LOG: u32> Display for IndexW<LOG> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0b0100 => f.write_str(", uxtw"),
            0b0101 => write!(f, ", uxtw #{LOG}"),
            0b1100 => f.write_str(", sxtw"),
            _ => write!(f, ", sxtw #{LOG}"),
        }
    }
}

impl<const LOG: u32> Operand for IndexW<LOG> {
    const CORNERS: &'static [Self] = &[Self::UXTW, Self::UXTW_SCALED, Self::SXTW, Self::SXTW_SCALED];

    fn random(rng: &mut Rng) -> Self {
        Self::CORNERS[rng.below(4) as usize]
    }
}

impl<const LOG: u32> Field for IndexW<LOG> {
    const MASK: u32 = 0b1111;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0
    }

    fn from_bits(bits: u32) -> Option<Self> {
        (bits & 0b0110 == 0b0100).then_some(IndexW(bits))
    }
}

macro_rules! indexes {
    ($($x:ident $w:ident $log:literal;)*) => {$(
        #[doc = concat!("A 64-bit index, scaled by ", $log, " bits.")]
        pub type $x = IndexX<$log>;
        #[doc = concat!("A 32-bit index, scaled by ", $log, " bits.")]
        pub type $w = IndexW<$log>;
    )*};
}

indexes! {
    IndexX1 IndexW1 0;
    IndexX2 IndexW2 1;
    IndexX4 IndexW4 2;
    IndexX8 IndexW8 3;
    IndexX16 IndexW16 4;
}

macro_rules! fields {
    ($($half:ident $halves:literal $left:ident $extract:ident $insert:ident $width:literal;)*) => {$(
        /// By how many halfwords a constant of 16 bits is shifted.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $half(u32);

        impl $half {
            /// The shift by this many bits, a multiple of 16.
            ///
            /// # Errors
            /// If it is none, or beyond the register.
            #[inline(always)]
            pub const fn lsl(bits: u32) -> Result<$half, Unencodable> {
                match bits.rotate_right(4) {
                    stored if stored < $halves => Ok($half(stored)),
                    _ => Err(Unencodable),
                }
            }

            /// The shift by a constant number of bits; one that does not fit does not compile.
            pub const fn of<const BITS: u32>() -> $half {
                const { assert!(BITS.rotate_right(4) < $halves, "not a multiple of 16 within the register") };
                $half(BITS >> 4)
            }
        }

        impl Display for $half {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "lsl #{}", self.0 << 4)
            }
        }

        impl Operand for $half {
            const CORNERS: &'static [$half] = &[$half(0), $half(1), $half($halves - 1)];

            fn random(rng: &mut Rng) -> $half {
                $half(rng.below($halves) as u32)
            }
        }

        impl Field for $half {
            const MASK: u32 = 3;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$half> {
                (bits < $halves).then_some($half(bits))
            }
        }

        /// A shift to the left by a constant, as the bit field that it moves.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $left(u32);

        impl $left {
            /// The shift by this many bits.
            ///
            /// # Errors
            /// If there are not so many bits.
            #[inline(always)]
            pub const fn new(amount: u32) -> Result<$left, Unencodable> {
                if amount < $width { Ok($left(amount)) } else { Err(Unencodable) }
            }

            /// The shift by a constant; one that does not fit does not compile.
            pub const fn of<const AMOUNT: u32>() -> $left {
                const { assert!(AMOUNT < $width, "there are not so many bits") };
                $left(AMOUNT)
            }
        }

        impl Display for $left {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Operand for $left {
            const CORNERS: &'static [$left] = &[$left(0), $left(1), $left($width - 1)];

            fn random(rng: &mut Rng) -> $left {
                $left(rng.below($width) as u32)
            }
        }

        impl Field for $left {
            const MASK: u32 = 0xfff;

            #[inline(always)]
            fn bits(self) -> u32 {
                (self.0.wrapping_neg() & ($width - 1)) << 6 | ($width - 1 - self.0)
            }

            fn from_bits(bits: u32) -> Option<$left> {
                let left = $left((bits >> 6).wrapping_neg() & ($width - 1));
                (left.bits() == bits).then_some(left)
            }
        }

        /// A field to read: its lowest bit, and how many bits it has.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $extract {
            low: u32,
            last: u32,
        }

        impl $extract {
            /// The field of `width` bits that starts at bit `low`.
            ///
            /// # Errors
            /// If it is empty, or goes beyond the register.
            #[inline(always)]
            pub const fn new(low: u32, width: u32) -> Result<$extract, Unencodable> {
                if low < $width && width.wrapping_sub(1) < $width - low {
                    Ok($extract { low, last: low + width - 1 })
                } else {
                    Err(Unencodable)
                }
            }
        }

        impl Display for $extract {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "#{}, #{}", self.low, self.last - self.low + 1)
            }
        }

        impl Operand for $extract {
            const CORNERS: &'static [$extract] = &[
                $extract { low: 0, last: 0 },
                $extract { low: 0, last: $width - 1 },
                $extract { low: $width - 1, last: $width - 1 },
                $extract { low: 3, last: 9 },
                $extract { low: 1, last: $width - 1 },
                $extract { low: 0, last: 7 },
            ];

            fn random(rng: &mut Rng) -> $extract {
                let low = rng.below($width) as u32;
                $extract { low, last: low + rng.below(u64::from($width - low)) as u32 }
            }
        }

        impl Field for $extract {
            const MASK: u32 = 0xfff;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.low << 6 | self.last
            }

            fn from_bits(bits: u32) -> Option<$extract> {
                let (low, last) = (bits >> 6, bits & 63);
                (low <= last && last < $width).then_some($extract { low, last })
            }
        }

        /// A field to write: its lowest bit, and how many bits it has.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $insert {
            low: u32,
            width: u32,
        }

        impl $insert {
            /// The field of `width` bits that starts at bit `low`.
            ///
            /// # Errors
            /// If it is empty, or goes beyond the register.
            #[inline(always)]
            pub const fn new(low: u32, width: u32) -> Result<$insert, Unencodable> {
                if low < $width && width.wrapping_sub(1) < $width - low {
                    Ok($insert { low, width })
                } else {
                    Err(Unencodable)
                }
            }
        }

        impl Display for $insert {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "#{}, #{}", self.low, self.width)
            }
        }

        impl Operand for $insert {
            const CORNERS: &'static [$insert] = &[
                $insert { low: 0, width: 1 },
                $insert { low: 0, width: $width },
                $insert { low: $width - 1, width: 1 },
                $insert { low: 1, width: $width - 1 },
                $insert { low: 3, width: 7 },
            ];

            fn random(rng: &mut Rng) -> $insert {
                let low = rng.below($width) as u32;
                $insert { low, width: 1 + rng.below(u64::from($width - low)) as u32 }
            }
        }

        impl Field for $insert {
            const MASK: u32 = 0xfff;

            #[inline(always)]
            fn bits(self) -> u32 {
                (self.low.wrapping_neg() & ($width - 1)) << 6 | (self.width - 1)
            }

            fn from_bits(bits: u32) -> Option<$insert> {
                let low = (bits >> 6).wrapping_neg() & ($width - 1);
                let field = $insert::new(low, (bits & 63) + 1).ok()?;
                (field.bits() == bits).then_some(field)
            }
        }
    )*};
}

fields! {
    HalfX 4 LeftX ExtractX InsertX 64;
    HalfW 2 LeftW ExtractW InsertW 32;
}

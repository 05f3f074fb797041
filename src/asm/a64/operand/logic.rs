//! Logical immediates: a run of ones, rotated, in an element of 2 to 64 bits that is repeated over the register.
//!
//! Sources. Arm ARM, "AND (immediate)" and the shared pseudocode function `DecodeBitMasks`.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

/// The fields N, immr, imms of a value, if it is of that kind.
const fn encode(value: u64) -> Option<u32> {
    if value == 0 || value == u64::MAX {
        return None;
    }
    // Rotated so that a run of ones starts at bit 0, with a zero at the top.
    let rotation = (value & value.wrapping_add(1)).trailing_zeros() & 63;
    let normal = value.rotate_right(rotation);
    let zeros = normal.leading_zeros();
    let ones = normal.trailing_ones();
    let size = zeros + ones;
    // A period that is a power of two, and the whole repeats with it.
    if !size.is_power_of_two() || value.rotate_right(size & 63) != value {
        return None;
    }
    let imms = (size << 1).wrapping_neg() & 63 | (ones - 1);
    let immr = rotation.wrapping_neg() & (size - 1);
    Some((size >> 6) << 12 | immr << 6 | imms & 63)
}

/// The value with these fields, if there is one.
const fn decode(bits: u32) -> Option<u64> {
    let (n, immr, imms) = (bits >> 12 & 1, bits >> 6 & 63, bits & 63);
    let selector = n << 6 | !imms & 63;
    if selector < 2 {
        return None;
    }
    let length = selector.ilog2();
    let size = 1u32 << length;
    let (ones, rotation) = ((imms & (size - 1)) + 1, immr & (size - 1));
    if ones == size || immr >= size {
        return None;
    }
    let mask = u64::MAX >> (64 - size);
    let run = (1u64 << ones) - 1;
    let mut value = (run >> rotation | if rotation == 0 { 0 } else { run << (size - rotation) }) & mask;
    let mut width = size;
    while width < 64 {
        value |= value << width;
        width *= 2;
    }
    Some(value)
}

macro_rules! logic {
    ($($(#[$doc:meta])* $class:ident $number:ident $mask:literal [$($corner:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class(u32);

        impl $class {
            /// The operand with this value.
            ///
            /// # Errors
            /// If it is not a rotated run of ones, repeated; 0 and all ones are not.
            #[inline]
            pub const fn new(value: $number) -> Result<$class, Unencodable> {
                let mut wide = value as u64;
                if $number::BITS == 32 {
                    wide |= wide << 32;
                }
                match encode(wide) {
                    Some(bits) => Ok($class(bits)),
                    None => Err(Unencodable),
                }
            }

            /// The operand with a constant value; one that does not fit does not compile.
            pub const fn of<const VALUE: $number>() -> $class {
                const {
                    match $class::new(VALUE) {
                        Ok(operand) => operand,
                        Err(_) => panic!("not a logical immediate"),
                    }
                }
            }

            /// The value.
            pub const fn value(self) -> $number {
                match decode(self.0) {
                    Some(value) => value as $number,
                    // No operand has such bits.
                    None => 0,
                }
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "#{:#x}", self.value())
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class::of::<$corner>()),*];

            fn random(rng: &mut Rng) -> $class {
                let log = 1 + rng.below($number::BITS.ilog2().into()) as u32;
                let size = 1u32 << log;
                let (ones, rotation) = (1 + rng.below(u64::from(size) - 1) as u32, rng.below(size.into()) as u32);
                $class((size >> 6) << 12 | rotation << 6 | ((size << 1).wrapping_neg() & 63 | (ones - 1)) & 63)
            }
        }

        impl Field for $class {
            const MASK: u32 = $mask;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                decode(bits).map(|_| $class(bits))
            }
        }
    )*};
}

logic! {
    /// A 64-bit constant that logical instructions can hold.
    LogicX u64 0x1fff [
        1, 2, 0x8000_0000_0000_0000, 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x8000_0000_0000_0001, 0xffff_ffff,
        0xffff_ffff_0000_0000, 0x5555_5555_5555_5555, 0xaaaa_aaaa_aaaa_aaaa, 0x0001_0001_0001_0001,
        0x7fff_7fff_7fff_7fff, 0x0101_0101_0101_0101, 0xfefe_fefe_fefe_fefe, 0x1111_1111_1111_1111,
        0xeeee_eeee_eeee_eeee, 0x8000_0001_8000_0001, 0xff
    ];
    /// A 32-bit constant that logical instructions can hold.
    LogicW u32 0x0fff [
        1, 2, 0x8000_0000, 0x7fff_ffff, 0xffff_fffe, 0x8000_0001, 0xffff, 0xffff_0000, 0x5555_5555, 0xaaaa_aaaa,
        0x0001_0001, 0x0101_0101, 0x1111_1111, 0xeeee_eeee, 0xff
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_decodes_to_a_value_that_encodes_to_it() {
        let mut values = std::collections::HashSet::new();
        for bits in 0..1 << 13 {
            if let Some(value) = decode(bits) {
                assert_eq!(encode(value), Some(bits), "{value:#x}");
                values.insert(value);
            }
        }
        // Of each size s: s rotations of s - 1 runs.
        let expected: usize = [2usize, 4, 8, 16, 32, 64].iter().map(|size| size * (size - 1)).sum();
        assert_eq!(values.len(), expected);
    }

    #[test]
    fn values_of_other_kinds_do_not_encode() {
        let mut rng = Rng::new(1);
        let all: std::collections::HashSet<u64> = (0..1 << 13).filter_map(decode).collect();
        for _ in 0..200_000 {
            let value = match rng.below(3) {
                0 => rng.next_u64(),
                1 => rng.unsigned(64),
                _ => rng.signed(64) as u64 ^ 1 << rng.below(64),
            };
            assert_eq!(encode(value).is_some(), all.contains(&value), "{value:#x}");
        }
        assert!(LogicX::new(0).is_err() && LogicX::new(u64::MAX).is_err());
        assert!(LogicW::new(0).is_err() && LogicW::new(u32::MAX).is_err());
    }
}

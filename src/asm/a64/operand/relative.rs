//! Displacements of branches, of literal loads and of address forms, as numbers.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::a64::fixup::Kind;
use crate::asm::form::{Operand, Rng};

/// A displacement that a label may give.
pub trait Relative: Field {
    /// No displacement: what the instruction holds until its label is known.
    const NONE: Self;

    /// What the address of the code must be a multiple of.
    const ALIGNMENT: u32 = 4;

    /// The fixup that an instruction at offset `at` needs.
    fn kind(at: u32) -> Kind;
}

macro_rules! relative {
    ($($(#[$doc:meta])* $class:ident $bits:literal unit $log:literal $kind:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $class(i32);

        impl $class {
            /// The displacement of this many bytes, counted from the instruction.
            ///
            /// # Errors
            /// If it is out of range, or not a multiple of the unit.
            #[inline(always)]
            pub const fn new(bytes: i32) -> Result<$class, Unencodable> {
                let shift = 32 - $bits - $log;
                if bytes << shift >> shift == bytes && bytes >> $log << $log == bytes {
                    Ok($class(bytes))
                } else {
                    Err(Unencodable)
                }
            }

            /// The number of bytes.
            #[inline(always)]
            pub const fn bytes(self) -> i32 {
                self.0
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, ".{:+}", self.0)
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

        impl Relative for $class {
            const NONE: $class = $class(0);

            #[inline(always)]
            fn kind(_at: u32) -> Kind {
                Kind::$kind
            }
        }
    )*};
}

macro_rules! simple_field {
    ($($class:ident $bits:literal $log:literal;)*) => {$(
        impl Field for $class {
            const MASK: u32 = (1 << $bits) - 1;

            #[inline(always)]
            fn bits(self) -> u32 {
                (self.0 >> $log) as u32 & Self::MASK
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some($class((bits << (32 - $bits)) as i32 >> (32 - $bits - $log) & (-1 << $log)))
            }

            fn show(self, at: u32) -> String {
                format!("{:#x}", i64::from(at) + i64::from(self.0))
            }
        }
    )*};
}

relative! {
    /// Of `b` and `bl`: 128 MiB either way.
    Rel26 26 unit 2 Branch26;
    /// Of conditional branches: 1 MiB either way.
    Rel19 19 unit 2 Branch19;
    /// Of literal loads: 1 MiB either way.
    Lit19 19 unit 2 Literal19;
    /// Of branches on a bit: 32 KiB either way.
    Rel14 14 unit 2 Branch14;
    /// Of `adr`: 1 MiB either way, in bytes.
    Rel21 21 unit 0 Adr21;
}

simple_field! {
    Rel26 26 2;
    Rel19 19 2;
    Lit19 19 2;
    Rel14 14 2;
}

/// The two lowest bits stand apart.
const fn split(value: u32) -> u32 {
    (value & 3) << 29 | (value >> 2 & 0x7_ffff) << 5
}

const fn join(bits: u32) -> i32 {
    ((bits >> 5 & 0x7_ffff) << 13 | (bits >> 29 & 3) << 11) as i32 >> 11
}

const SPLIT: u32 = 3 << 29 | 0x7_ffff << 5;

impl Field for Rel21 {
    const MASK: u32 = SPLIT;

    #[inline(always)]
    fn bits(self) -> u32 {
        split(self.0 as u32)
    }

    fn from_bits(bits: u32) -> Option<Rel21> {
        Some(Rel21(join(bits)))
    }

    fn show(self, at: u32) -> String {
        format!("{:#x}", i64::from(at) + i64::from(self.0))
    }
}

/// Of `adrp`: a number of pages of 4 KiB, 4 GiB either way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Page21(i32);

impl Page21 {
    /// The displacement of this many pages, counted from the page of the instruction.
    ///
    /// # Errors
    /// If it is out of range.
    #[inline(always)]
    pub const fn new(pages: i32) -> Result<Page21, Unencodable> {
        if pages << 11 >> 11 == pages { Ok(Page21(pages)) } else { Err(Unencodable) }
    }
}

impl Display for Page21 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".{:+}", i64::from(self.0) << 12)
    }
}

impl Operand for Page21 {
    const CORNERS: &'static [Page21] =
        &[Page21(0), Page21(1), Page21(-1), Page21((1 << 20) - 1), Page21(-1 << 20)];

    fn random(rng: &mut Rng) -> Page21 {
        Page21(rng.signed(21) as i32)
    }
}

impl Field for Page21 {
    const MASK: u32 = SPLIT;

    #[inline(always)]
    fn bits(self) -> u32 {
        split(self.0 as u32)
    }

    fn from_bits(bits: u32) -> Option<Page21> {
        Some(Page21(join(bits)))
    }

    fn show(self, at: u32) -> String {
        format!("{:#x}", i64::from(at & !0xfff) + (i64::from(self.0) << 12))
    }
}

impl Relative for Page21 {
    const NONE: Page21 = Page21(0);
    const ALIGNMENT: u32 = 4096;

    #[inline(always)]
    fn kind(at: u32) -> Kind {
        Kind::page(at)
    }
}

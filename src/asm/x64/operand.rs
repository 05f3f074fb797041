//! Operands that are neither registers nor addresses: conditions, immediates, masks, rounding.

use std::fmt::{self, Display};

use super::reg::KReg;
use crate::asm::form::{Operand, Rng};

/// A condition of `jcc`, `setcc`, `cmovcc`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Cond {
    /// Overflow.
    O,
    /// No overflow.
    No,
    /// Below (unsigned), carry.
    B,
    /// Above or equal (unsigned), no carry.
    Ae,
    /// Equal, zero.
    E,
    /// Not equal, not zero.
    Ne,
    /// Below or equal (unsigned).
    Be,
    /// Above (unsigned).
    A,
    /// Sign: negative.
    S,
    /// No sign.
    Ns,
    /// Parity even; unordered after a float comparison.
    P,
    /// Parity odd; ordered.
    Np,
    /// Less (signed).
    L,
    /// Greater or equal (signed).
    Ge,
    /// Less or equal (signed).
    Le,
    /// Greater (signed).
    G,
}

impl Cond {
    const ALL: &'static [Cond] = &[
        Cond::O,
        Cond::No,
        Cond::B,
        Cond::Ae,
        Cond::E,
        Cond::Ne,
        Cond::Be,
        Cond::A,
        Cond::S,
        Cond::Ns,
        Cond::P,
        Cond::Np,
        Cond::L,
        Cond::Ge,
        Cond::Le,
        Cond::G,
    ];

    /// The condition that holds when this one does not.
    #[inline]
    pub const fn negated(self) -> Cond {
        Cond::ALL[(self as usize ^ 1) & 15]
    }

    pub(super) const fn from_low_bits(bits: u8) -> Cond {
        Cond::ALL[(bits & 15) as usize]
    }
}

impl Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 16] =
            ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];
        f.write_str(NAMES[*self as usize & 15])
    }
}

impl Operand for Cond {
    const CORNERS: &'static [Cond] = Cond::ALL;

    fn random(rng: &mut Rng) -> Cond {
        Cond::from_low_bits(rng.below(16) as u8)
    }
}

/// Immediates are Rust's integers; a form that sign-extends takes a signed one.
pub trait Immediate: Copy {
    /// The bytes as they are encoded, zero beyond the immediate's width.
    fn bits(self) -> u64;
}

macro_rules! immediates {
    ($($number:ident $unsigned:ident [$($corner:expr),*];)*) => {$(
        impl Immediate for $number {
            #[inline(always)]
            fn bits(self) -> u64 {
                (self as $unsigned).into()
            }
        }

        impl Operand for $number {
            const CORNERS: &'static [$number] = &[$($corner),*];

            fn random(rng: &mut Rng) -> $number {
                rng.signed($number::BITS) as $number
            }
        }
    )*};
}

immediates! {
    i8 u8 [0, 1, -1, 5, 127, -128];
    u8 u8 [0, 1, 2, 3, 4, 7, 8, 15, 31, 63, 127, 128, 255];
    i16 u16 [0, 1, -1, 127, 128, -128, -129, 32767, -32768];
    u16 u16 [0, 1, 255, 256, 32767, 32768, 65535];
    i32 u32 [0, 1, -1, 127, 128, -128, -129, 32767, 65536, i32::MAX, i32::MIN];
    u32 u32 [0, 1, 127, 128, 255, 65536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    i64 u64 [0, 1, -1, 127, 128, i32::MAX as i64, i32::MIN as i64, u32::MAX as i64, i64::MAX, i64::MIN];
}

/// Which lanes an EVEX form writes, and what becomes of the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mask(u8);

impl Mask {
    /// All lanes are written.
    pub const NONE: Mask = Mask(0);

    /// The lanes whose bit in the mask register is clear keep their value; `k0` cannot be used so.
    pub const fn merge(mask: KReg) -> Option<Mask> {
        match MergeMask::new(mask) {
            Some(mask) => Some(Mask(mask.0)),
            None => None,
        }
    }

    /// The lanes whose bit in the mask register is clear become zero; `k0` cannot be used so.
    pub const fn zero(mask: KReg) -> Option<Mask> {
        match MergeMask::new(mask) {
            Some(mask) => Some(Mask(mask.0 | 8)),
            None => None,
        }
    }

    /// The number of the mask register, and 8 for zeroing.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn from_bits(bits: u8) -> Mask {
        Mask(bits & 15)
    }
}

impl Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 & 7 != 0 {
            write!(f, "{{k{}}}", self.0 & 7)?;
        }
        if self.0 & 8 != 0 {
            f.write_str("{z}")?;
        }
        Ok(())
    }
}

impl Operand for Mask {
    const CORNERS: &'static [Mask] = &[Mask(0), Mask(1), Mask(7), Mask(9), Mask(15)];

    fn random(rng: &mut Rng) -> Mask {
        match rng.below(3) {
            0 => Mask(0),
            zeroing => Mask((1 + rng.below(7)) as u8 | (zeroing as u8 - 1) << 3),
        }
    }
}

/// The same for forms that cannot zero: stores, and those whose result is a mask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MergeMask(u8);

impl MergeMask {
    /// All lanes.
    pub const NONE: MergeMask = MergeMask(0);

    /// Only the lanes whose bit in the mask register is set; `k0` cannot be used so.
    pub const fn new(mask: KReg) -> Option<MergeMask> {
        match mask.bits() {
            0 => None,
            bits => Some(MergeMask(bits)),
        }
    }

    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 as u32
    }
}

impl Display for MergeMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Mask(self.0).fmt(f)
    }
}

impl Operand for MergeMask {
    const CORNERS: &'static [MergeMask] = &[MergeMask(0), MergeMask(1), MergeMask(7)];

    fn random(rng: &mut Rng) -> MergeMask {
        MergeMask(rng.below(8) as u8)
    }
}

/// Rounding said in the instruction, of EVEX forms between registers; it also suppresses exceptions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Rounding {
    Nearest,
    Down,
    Up,
    Zero,
}

impl Rounding {
    pub(super) const ALL: &'static [Rounding] =
        &[Rounding::Nearest, Rounding::Down, Rounding::Up, Rounding::Zero];
}

impl Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 4] = ["{rn-sae}", "{rd-sae}", "{ru-sae}", "{rz-sae}"];
        f.write_str(NAMES[*self as usize & 3])
    }
}

impl Operand for Rounding {
    const CORNERS: &'static [Rounding] = Rounding::ALL;

    fn random(rng: &mut Rng) -> Rounding {
        Rounding::ALL[rng.below(4) as usize]
    }
}

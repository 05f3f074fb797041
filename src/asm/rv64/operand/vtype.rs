//! The vector type: width of elements, how many registers make a group, what becomes of the rest.

use std::fmt::{self, Display};

use super::Field;
use crate::asm::form::{Operand, Rng};

/// The width of elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Sew {
    E8 = 0,
    E16 = 1,
    E32 = 2,
    E64 = 3,
}

/// How many registers make a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Lmul {
    M1 = 0,
    M2 = 1,
    M4 = 2,
    M8 = 3,
    /// An eighth of one.
    Mf8 = 5,
    /// A quarter of one.
    Mf4 = 6,
    /// Half of one.
    Mf2 = 7,
}

/// What becomes of elements that an instruction does not work on: those past the end, or masked off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Policy {
    /// They stay as they are.
    Undisturbed = 0,
    /// They may be overwritten with ones.
    Agnostic = 1,
}

/// A vector type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Vtype {
    pub sew: Sew,
    pub lmul: Lmul,
    pub tail: Policy,
    pub masked: Policy,
}

impl Vtype {
    /// This width and group, with both policies agnostic.
    pub const fn new(sew: Sew, lmul: Lmul) -> Vtype {
        Vtype { sew, lmul, tail: Policy::Agnostic, masked: Policy::Agnostic }
    }
}

impl Display for Vtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lmul = match self.lmul {
            Lmul::M1 => "m1",
            Lmul::M2 => "m2",
            Lmul::M4 => "m4",
            Lmul::M8 => "m8",
            Lmul::Mf8 => "mf8",
            Lmul::Mf4 => "mf4",
            Lmul::Mf2 => "mf2",
        };
        let policy = |policy, undisturbed, agnostic| match policy {
            Policy::Undisturbed => undisturbed,
            Policy::Agnostic => agnostic,
        };
        let (tail, masked) = (policy(self.tail, "tu", "ta"), policy(self.masked, "mu", "ma"));
        write!(f, "e{}, {lmul}, {tail}, {masked}", 8u32 << self.sew as u32)
    }
}

impl Operand for Vtype {
    const CORNERS: &'static [Vtype] = &[
        Vtype::new(Sew::E8, Lmul::M1),
        Vtype::new(Sew::E64, Lmul::M8),
        Vtype { sew: Sew::E32, lmul: Lmul::Mf2, tail: Policy::Undisturbed, masked: Policy::Undisturbed },
        Vtype { sew: Sew::E16, lmul: Lmul::Mf8, tail: Policy::Undisturbed, masked: Policy::Agnostic },
    ];

    fn random(rng: &mut Rng) -> Vtype {
        loop {
            if let Some(vtype) = Vtype::from_bits(rng.below(256) as u32) {
                return vtype;
            }
        }
    }
}

impl Field for Vtype {
    #[inline(always)]
    fn bits(self) -> u32 {
        self.lmul as u32 | (self.sew as u32) << 3 | (self.tail as u32) << 6 | (self.masked as u32) << 7
    }

    fn from_bits(bits: u32) -> Option<Vtype> {
        let lmul = match bits & 7 {
            0 => Lmul::M1,
            1 => Lmul::M2,
            2 => Lmul::M4,
            3 => Lmul::M8,
            5 => Lmul::Mf8,
            6 => Lmul::Mf4,
            7 => Lmul::Mf2,
            _ => return None,
        };
        let sew = match bits >> 3 & 7 {
            0 => Sew::E8,
            1 => Sew::E16,
            2 => Sew::E32,
            3 => Sew::E64,
            _ => return None,
        };
        let policy = |bit: u32| if bits >> bit & 1 == 1 { Policy::Agnostic } else { Policy::Undisturbed };
        (bits >> 8 == 0).then(|| Vtype { sew, lmul, tail: policy(6), masked: policy(7) })
    }
}

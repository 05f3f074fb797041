//! Addresses: base, index, scale, displacement; relative to `rip`; a label.
//!
//! An address is encoded when it is made: ModRM (without its register), SIB and displacement stand in a word, in the
//! order of memory, and an instruction takes them over with a shift. Where operands are constants all of it folds.

use std::fmt::{self, Display};

use super::reg::{Gpr64, Index, Register};
use crate::asm::form::{Operand, Rng};
use crate::asm::label::Label;

/// What the index of an address is multiplied by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Scale {
    X1,
    X2,
    X4,
    X8,
}

impl Scale {
    /// The scale with this logarithm, if there is one.
    pub const fn from_shift(shift: u8) -> Option<Scale> {
        match shift {
            0 => Some(Scale::X1),
            1 => Some(Scale::X2),
            2 => Some(Scale::X4),
            3 => Some(Scale::X8),
            _ => None,
        }
    }
}

/// An address in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// ModRM, SIB, displacement, from the low byte on. What is above `size` bytes is junk.
    pub(super) tail: u64,
    /// Size of them in bytes.
    pub(super) size: u8,
    /// The X and B bits of REX.
    pub(super) rex: u8,
    pub(super) place: Place,
    /// The number of the label, if it is one.
    label: u32,
}

/// Whether the displacement waits for a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Known,
    Label,
}

/// `mod` for 0, 8 and 32 bits of displacement, and how many bytes that is.
#[inline(always)]
const fn mode(base: u32, displacement: i32) -> (u64, u8) {
    if displacement as i8 as i32 == displacement {
        // With rbp and r13, mod 0 would mean something else.
        if displacement == 0 && base & 7 != 5 { (0, 0) } else { (0x40, 1) }
    } else {
        (0x80, 4)
    }
}

impl Mem {
    #[inline(always)]
    const fn known(tail: u64, size: u8, rex: u32) -> Mem {
        Mem { tail, size, rex: rex as u8, place: Place::Known, label: 0 }
    }

    /// `[base + displacement]`
    #[inline(always)]
    pub fn base(base: Gpr64, displacement: i32) -> Mem {
        let number = base.number();
        let (mode, size) = mode(number, displacement);
        let low = u64::from(number & 7) | mode;
        let displacement = u64::from(displacement as u32);
        if number & 7 == 4 {
            // rsp and r12 as bases are said in SIB, with no index.
            Mem::known(low | 0x2400 | displacement << 16, size + 2, number >> 3 & 1)
        } else {
            Mem::known(low | displacement << 8, size + 1, number >> 3 & 1)
        }
    }

    /// `[base + index * scale + displacement]`
    #[inline(always)]
    pub fn indexed(base: Gpr64, index: Index, scale: Scale, displacement: i32) -> Mem {
        let (number, index) = (base.number(), index.bits());
        let (mode, size) = mode(number, displacement);
        let sib = (scale as u32) << 6 | (index & 7) << 3 | number & 7;
        let tail = 4 | mode | u64::from(sib) << 8 | u64::from(displacement as u32) << 16;
        Mem::known(tail, size + 2, index >> 2 & 2 | number >> 3 & 1)
    }

    /// `[index * scale + displacement]`
    #[inline(always)]
    pub fn index(index: Index, scale: Scale, displacement: i32) -> Mem {
        let index = index.bits();
        let sib = (scale as u32) << 6 | (index & 7) << 3 | 5;
        let tail = 4 | u64::from(sib) << 8 | u64::from(displacement as u32) << 16;
        Mem::known(tail, 6, index >> 2 & 2)
    }

    /// An address of 32 bits, sign-extended.
    #[inline(always)]
    pub fn absolute(address: i32) -> Mem {
        Mem::known(0x2504 | u64::from(address as u32) << 16, 6, 0)
    }

    /// `[rip + displacement]`, counted from the end of the instruction.
    #[inline(always)]
    pub fn rip(displacement: i32) -> Mem {
        Mem::known(5 | u64::from(displacement as u32) << 8, 5, 0)
    }

    /// The place of a label, relative to `rip`.
    #[inline(always)]
    pub fn label(label: Label) -> Mem {
        Mem { tail: 5, size: 5, rex: 0, place: Place::Label, label: label.0 }
    }

    /// The label of an address that is one.
    pub(super) fn as_label(&self) -> Option<Label> {
        (self.place == Place::Label).then_some(Label(self.label))
    }

    /// The same address with a displacement of 8 bits that is multiplied by `scale`, a power of two, as EVEX has it.
    pub(super) fn rescaled(mut self, scale: u8) -> Mem {
        let mode = self.tail & 0xc0;
        if mode == 0 || scale <= 1 {
            return self;
        }
        let head = if self.tail & 7 == 4 { 2 } else { 1 };
        let field = (self.tail >> (8 * head)) as u32;
        let displacement = if mode == 0x40 { field as i8 as i32 } else { field as i32 };
        let scaled = displacement / i32::from(scale);
        let base = self.tail & !0xc0 & ((1 << (8 * head)) - 1);
        if scaled * i32::from(scale) == displacement && i8::try_from(scaled).is_ok() {
            self.tail = base | 0x40 | u64::from(scaled as u32) << (8 * head);
            self.size = head + 1;
        } else {
            self.tail = base | 0x80 | u64::from(displacement as u32) << (8 * head);
            self.size = head + 4;
        }
        self
    }

    /// The address that ModRM and what follows it say, if they are complete, and how many bytes they are. `scale` is that
    /// of a displacement of 8 bits.
    pub(super) fn decode(bytes: &[u8], rex: u8, scale: u8) -> Option<(Mem, usize)> {
        let modrm = *bytes.first()?;
        let mode = modrm & 0xc0;
        let has_sib = modrm & 7 == 4;
        let head = if has_sib { 2 } else { 1 };
        let base = if has_sib { *bytes.get(1)? & 7 } else { modrm & 7 };
        let size = match mode {
            0 if base == 5 => 4,
            0 => 0,
            0x40 => 1,
            _ => 4,
        };
        let mut tail = u64::from(modrm & 0xc7);
        if has_sib {
            tail |= u64::from(bytes[1]) << 8;
        }
        let mut displacement = 0i32;
        for (index, byte) in bytes.get(head..head + size)?.iter().enumerate() {
            displacement |= i32::from(*byte) << (8 * index);
        }
        let mut mem =
            Mem::known(tail | u64::from(displacement as u32) << (8 * head), (head + size) as u8, rex.into());
        if mode == 0x40 && scale > 1 {
            let displacement = i32::from(displacement as i8) * i32::from(scale);
            mem.tail = tail ^ 0xc0 | u64::from(displacement as u32) << (8 * head);
            mem.size = head as u8 + 4;
        }
        Some((mem, head + size))
    }
}

impl Display for Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = self.as_label() {
            return write!(f, "[rip+{label}]");
        }
        let (mode, low) = (self.tail & 0xc0, self.tail & 7);
        let sib = (self.tail >> 8) as u8;
        let head = if low == 4 { 2 } else { 1 };
        let field = (self.tail >> (8 * head)) as u32;
        let base = if low == 4 { sib & 7 } else { low as u8 };
        let displacement = match (mode, base) {
            (0, 5) => field as i32,
            (0, _) => 0,
            (0x40, _) => i32::from(field as i8),
            _ => field as i32,
        };
        let index = (sib >> 3 & 7) | (self.rex & 2) << 2;
        let has_index = low == 4 && index != 4;
        if mode == 0 && base == 5 && low == 5 {
            return write!(f, "[rip{displacement:+}]");
        }
        if mode == 0 && base == 5 {
            if has_index {
                let index = Gpr64::from_low_bits(index);
                return write!(f, "[{index}*{}{displacement:+}]", 1 << (sib >> 6));
            }
            return write!(f, "ds:{displacement}");
        }
        write!(f, "[{}", Gpr64::from_low_bits(base | (self.rex & 1) << 3))?;
        if has_index {
            write!(f, "+{}*{}", Gpr64::from_low_bits(index), 1 << (sib >> 6))?;
        }
        if displacement != 0 {
            write!(f, "{displacement:+}")?;
        }
        f.write_str("]")
    }
}

impl Operand for Mem {
    const CORNERS: &'static [Mem] = &CORNERS;

    fn random(rng: &mut Rng) -> Mem {
        let base = Gpr64::random(rng);
        let scale = Scale::from_shift(rng.below(4) as u8).unwrap_or(Scale::X1);
        let displacement = match rng.below(4) {
            0 => 0,
            1 => rng.signed(8) as i32,
            2 => (rng.signed(9) * 8) as i32,
            _ => rng.signed(32) as i32,
        };
        let index = Gpr64::random(rng).index();
        match (rng.below(16), index) {
            (0, _) => Mem::rip(displacement),
            (1, _) => Mem::absolute(displacement),
            (2, Some(index)) => Mem::index(index, scale, displacement),
            (3..=8, Some(index)) => Mem::indexed(base, index, scale, displacement),
            _ => Mem::base(base, displacement),
        }
    }
}

/// Every base with every size of displacement, `rsp` and `r12` above all; ends of the ranges; every scale.
const CORNERS: [Mem; 64 + 12] = {
    let mut corners = [Mem::known(5, 5, 0); 76];
    let displacements = [0i64, 127, -128, 128];
    let mut number = 0;
    while number < 16 {
        let mut which = 0;
        while which < 4 {
            let displacement = displacements[which] as i32;
            let (mode, size) = mode(number, displacement);
            let low = (number & 7) as u64 | mode;
            let field = displacement as u32 as u64;
            corners[number as usize * 4 + which] = if number & 7 == 4 {
                Mem::known(low | 0x2400 | field << 16, size + 2, number >> 3)
            } else {
                Mem::known(low | field << 8, size + 1, number >> 3)
            };
            which += 1;
        }
        number += 1;
    }
    // rip, at the ends of the range.
    corners[65] = Mem::known(5 | 0x7fff_ffff << 8, 5, 0);
    corners[66] = Mem::known(5 | 0x8000_0000 << 8, 5, 0);
    // Absolute.
    corners[67] = Mem::known(0x2504, 6, 0);
    corners[68] = Mem::known(0x2504 | 0x7fff_ffff << 16, 6, 0);
    // Index without base: rax * 1, r12 * 8.
    corners[69] = Mem::known(0x0504, 6, 0);
    corners[70] = Mem::known(0xe504 | 0x8000_0000 << 16, 6, 2);
    // rbp + r12 * 4, r13 + rbp * 2 + 0, rsp + r15 * 8 + 128, rax + rax * 1.
    corners[71] = Mem::known(0xa544, 3, 2);
    corners[72] = Mem::known(0x6d44, 3, 1);
    corners[73] = Mem::known(0xfc84 | 128 << 16, 6, 2);
    corners[74] = Mem::known(0x0004, 2, 0);
    // r12 + r12 * 8 - 128.
    corners[75] = Mem::known(0xe444 | 0x80 << 16, 3, 3);
    corners
};

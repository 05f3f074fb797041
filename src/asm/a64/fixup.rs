//! Displacement kinds of AArch64: how far each reaches, how it is written, what extends it.
//!
//! Branches that are short of reach are led to a veneer, which is a `b`: no register is touched, and flags stay. A
//! `b` is extended by a further `b`. Literal loads and `adr` refer to the data itself, and cannot be extended: constants
//! are written near enough instead.
//!
//! Addresses by page. `adrp` gives the page of the target relative to its own, so that what it holds depends on where in
//! its page the instruction is, and not just on the displacement. [`Kind::Page21`] and [`Kind::Low12`] remember that place,
//! which is known if the code is put at a multiple of 4096: [`Code::alignment`](crate::asm::Code::alignment) says so.
//!
//! Sources. Arm ARM, "B", "B.cond", "TBZ", "ADR", "ADRP", "LDR (literal)", "ADD (immediate)", "LDR (immediate)".

use crate::asm::fixup::{FixupKind, Misfit, Veneer};

/// A displacement kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `b`, `bl`: 128 MiB either way.
    Branch26,
    /// `b.cond`, `cbz`, `cbnz`: 1 MiB either way.
    Branch19,
    /// `tbz`, `tbnz`: 32 KiB either way.
    Branch14,
    /// Literal loads: 1 MiB either way.
    Literal19,
    /// `adr`: 1 MiB either way, in bytes.
    Adr21,
    /// `adrp`: 4 GiB either way, for an instruction at this offset in its page.
    Page21 { place: PagePlace },
    /// The place within a page, in `add` or a load or store with an unsigned offset, itself at this offset in its page.
    Low12 { place: PagePlace },
}

/// Where in its page of 4 KiB an instruction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PagePlace([u8; 2]);

impl PagePlace {
    const fn of(offset: u32) -> PagePlace {
        PagePlace([offset as u8, (offset >> 8) as u8 & 15])
    }

    const fn get(self) -> i64 {
        self.0[0] as i64 | (self.0[1] as i64) << 8
    }
}

/// No operation.
pub(super) const NOP: u32 = 0xd503_201f;
const B: u32 = 0x1400_0000;

impl Kind {
    /// `adrp` at this offset of code that is put at a multiple of 4096.
    #[inline]
    pub const fn page(offset: u32) -> Kind {
        Kind::Page21 { place: PagePlace::of(offset) }
    }

    /// `add` or a load or store at this offset of code that is put at a multiple of 4096.
    #[inline]
    pub const fn low(offset: u32) -> Kind {
        Kind::Low12 { place: PagePlace::of(offset) }
    }
}

/// The displacement in units of 4 bytes, if it fits so many bits.
#[inline(always)]
fn words(displacement: i64, bits: u32) -> Result<u32, Misfit> {
    let shift = 62 - bits;
    if displacement & 3 != 0 {
        Err(Misfit::Misaligned)
    } else if displacement << shift >> shift != displacement {
        Err(Misfit::OutOfReach)
    } else {
        Ok((displacement >> 2) as u32 & ((1 << bits) - 1))
    }
}

/// Puts 21 bits into the places of `adr` and `adrp`.
fn split(value: i64) -> Result<u32, Misfit> {
    if value << 43 >> 43 != value {
        return Err(Misfit::OutOfReach);
    }
    Ok((value as u32 & 3) << 29 | (value as u32 >> 2 & 0x7_ffff) << 5)
}

impl FixupKind for Kind {
    const REACHES: &'static [u32] = &[
        ((1 << 13) - 1) * 4, // Branch14
        ((1 << 18) - 1) * 4, // Branch19
        ((1 << 25) - 1) * 4, // Branch26
        ((1 << 18) - 1) * 4, // Literal19, Adr21: no veneers
    ];
    const VENEER_MAX: u32 = 4;
    const JUMP_SIZE: u32 = 4;
    const POOL_IN_ISLANDS: bool = true;

    #[inline(always)]
    fn class(self) -> Option<usize> {
        match self {
            Kind::Branch14 => Some(0),
            Kind::Branch19 => Some(1),
            Kind::Branch26 => Some(2),
            Kind::Literal19 | Kind::Adr21 => Some(3),
            Kind::Page21 { .. } | Kind::Low12 { .. } => None,
        }
    }

    #[inline]
    fn patch(self, bytes: &mut [u8], displacement: i64) -> Result<(), Misfit> {
        let Some(bytes) = bytes.first_chunk_mut::<4>() else { return Err(Misfit::OutOfReach) };
        let word = u32::from_le_bytes(*bytes);
        let (mask, field) = match self {
            Kind::Branch26 => (0x03ff_ffff, words(displacement, 26)?),
            Kind::Branch19 | Kind::Literal19 => (0x7_ffff << 5, words(displacement, 19)? << 5),
            Kind::Branch14 => (0x3fff << 5, words(displacement, 14)? << 5),
            Kind::Adr21 => (0x7_ffff << 5 | 3 << 29, split(displacement)?),
            Kind::Page21 { place } => {
                (0x7_ffff << 5 | 3 << 29, split(place.get().wrapping_add(displacement) >> 12)?)
            }
            Kind::Low12 { place } => {
                let low = place.get().wrapping_add(displacement) as u32 & 0xfff;
                let log = low12_log(word);
                if low & ((1 << log) - 1) != 0 {
                    return Err(Misfit::Misaligned);
                }
                (0xfff << 10, low >> log << 10)
            }
        };
        *bytes = (word & !mask | field).to_le_bytes();
        Ok(())
    }

    fn veneer(self, bytes: &mut [u8]) -> Option<Veneer<Kind>> {
        match self {
            Kind::Branch14 | Kind::Branch19 | Kind::Branch26 => {
                *bytes.first_chunk_mut()? = B.to_le_bytes();
                Some(Veneer { size: 4, kind: Kind::Branch26, at: 0 })
            }
            _ => None,
        }
    }

    fn jump(bytes: &mut [u8], displacement: u32) {
        if let Some(bytes) = bytes.first_chunk_mut() {
            *bytes = (B | displacement >> 2 & 0x03ff_ffff).to_le_bytes();
        }
    }

    fn fill(bytes: &mut [u8]) {
        // The gap ends at a multiple of the alignment: what is odd is at its start.
        let (odd, words) = bytes.split_at_mut(bytes.len() % 4);
        odd.fill(0);
        for word in words.chunks_exact_mut(4) {
            word.copy_from_slice(&NOP.to_le_bytes());
        }
    }
}

/// By how many bits a load, a store, or `add` shifts its offset to the left.
const fn low12_log(word: u32) -> u32 {
    let is_access = word >> 27 & 7 == 0b111;
    let is_vector_of_16 = word >> 26 & 1 == 1 && word >> 23 & 1 == 1;
    match is_access {
        true if is_vector_of_16 => 4,
        true => word >> 30,
        false => 0,
    }
}

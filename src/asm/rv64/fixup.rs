//! Displacement kinds of RISC-V: how far each reaches, how it is written, what extends it.
//!
//! A branch that is short of reach is led to a veneer: a `jal`, which touches no register. A `jal` that is short of reach
//! is led to `auipc` and `jalr`, which takes [`VENEER_SCRATCH`]; that happens in code of more than 1 MiB only. Pairs of
//! `auipc` and another instruction reach all that a buffer can hold. Constants are loaded by such pairs.
//!
//! The compressed branches have no veneer, forward or backward: who asks for one by its name asks for two bytes, which
//! neither a jump around a veneer nor another form would be. Out of reach, they are an error. (A `beqz` or `j` has all
//! the reach there is, and is compressed where it goes back to a label near enough.)
//!
//! Sources. RISC-V unprivileged specification, "Control Transfer Instructions", "AUIPC", "Compressed Control Transfer".

use super::layout::scatter;
use super::reg::{T6, X};
use crate::asm::fixup::{FixupKind, Misfit, Veneer};

/// A displacement kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `c.beqz`, `c.bnez`: 256 bytes either way, and no further.
    BranchC,
    /// `c.j`: 2 KiB either way, and no further.
    JumpC,
    /// Conditional branches: 4 KiB either way.
    Branch,
    /// `jal`: 1 MiB either way.
    Jump,
    /// `auipc`, and in the next four bytes an instruction of the I format: `addi`, `jalr`, a load. 2 GiB either way.
    PairI,
    /// `auipc`, and in the next four bytes a store.
    PairS,
}

/// The register that jumps of more than 1 MiB take, where the form has none of its own: of veneers and inverted branches.
pub const VENEER_SCRATCH: X = T6;

const SCRATCH: u32 = VENEER_SCRATCH.number() as u32;
/// No operation.
pub(super) const NOP: u32 = 0x13;
const NOP_C: u16 = 0x0001;
/// `jal x0`.
pub(super) const J: u32 = 0x6f;
/// `auipc SCRATCH`.
pub(super) const AUIPC_SCRATCH: u32 = 0x17 | SCRATCH << 7;
/// `jalr x0, SCRATCH`.
pub(super) const JALR_SCRATCH: u32 = 0x67 | SCRATCH << 15;

/// Does a displacement fit so many bits with sign?
#[inline(always)]
pub(super) const fn fits(displacement: i64, bits: u32) -> bool {
    displacement << (64 - bits) >> (64 - bits) == displacement
}

/// The displacement's low bits, if it is even and fits.
#[inline(always)]
fn even(displacement: i64, bits: u32) -> Result<u32, Misfit> {
    if displacement & 1 != 0 {
        Err(Misfit::Misaligned)
    } else if !fits(displacement, bits) {
        Err(Misfit::OutOfReach)
    } else {
        Ok(displacement as u32)
    }
}

/// The two parts of a displacement for a pair, high bits in the place of `auipc`: the low ones count with their sign.
pub(super) const fn halves(displacement: i64) -> Option<(u32, u32)> {
    let high = displacement.wrapping_add(0x800) >> 12;
    if fits(high, 20) { Some(((high as u32) << 12, displacement as u32 & 0xfff)) } else { None }
}

#[inline(always)]
fn rewrite16(bytes: &mut [u8], mask: u32, field: u32) -> Result<(), Misfit> {
    let Some(bytes) = bytes.first_chunk_mut::<2>() else { return Err(Misfit::OutOfReach) };
    *bytes = (u16::from_le_bytes(*bytes) & !(mask as u16) | field as u16).to_le_bytes();
    Ok(())
}

#[inline(always)]
fn rewrite(bytes: &mut [u8], mask: u32, field: u32) -> Result<(), Misfit> {
    let Some(bytes) = bytes.first_chunk_mut::<4>() else { return Err(Misfit::OutOfReach) };
    *bytes = (u32::from_le_bytes(*bytes) & !mask | field).to_le_bytes();
    Ok(())
}

fn rewrite_pair(bytes: &mut [u8], displacement: i64, scatter: fn(u32) -> u32) -> Result<(), Misfit> {
    let (Some((high, low)), Some((first, second))) = (halves(displacement), bytes.split_at_mut_checked(4))
    else {
        return Err(Misfit::OutOfReach);
    };
    rewrite(second, scatter(!0), scatter(low))?;
    rewrite(first, 0xffff_f000, high)
}

impl FixupKind for Kind {
    const REACHES: &'static [u32] = &[4094, (1 << 20) - 2];
    const VENEER_MAX: u32 = 8;
    const JUMP_SIZE: u32 = 4;
    const POOL_IN_ISLANDS: bool = false;

    #[inline(always)]
    fn class(self) -> Option<usize> {
        match self {
            Kind::Branch => Some(0),
            Kind::Jump => Some(1),
            // Nothing would be done at their deadline: binding tells that they do not reach.
            Kind::BranchC | Kind::JumpC | Kind::PairI | Kind::PairS => None,
        }
    }

    #[inline]
    fn patch(self, bytes: &mut [u8], displacement: i64) -> Result<(), Misfit> {
        match self {
            Kind::Branch => rewrite(bytes, scatter::imm_b(!0), scatter::imm_b(even(displacement, 13)?)),
            Kind::Jump => rewrite(bytes, scatter::imm_j(!0), scatter::imm_j(even(displacement, 21)?)),
            Kind::BranchC => {
                rewrite16(bytes, scatter::c_branch(!0), scatter::c_branch(even(displacement, 9)?))
            }
            Kind::JumpC => rewrite16(bytes, scatter::c_jump(!0), scatter::c_jump(even(displacement, 12)?)),
            Kind::PairI => rewrite_pair(bytes, displacement, scatter::imm_i),
            Kind::PairS => rewrite_pair(bytes, displacement, scatter::imm_s),
        }
    }

    fn veneer(self, bytes: &mut [u8]) -> Option<Veneer<Kind>> {
        match self {
            Kind::Branch => {
                *bytes.first_chunk_mut()? = J.to_le_bytes();
                Some(Veneer { size: 4, kind: Kind::Jump, at: 0 })
            }
            Kind::Jump => {
                let pair = u64::from(AUIPC_SCRATCH) | u64::from(JALR_SCRATCH) << 32;
                *bytes.first_chunk_mut()? = pair.to_le_bytes();
                Some(Veneer { size: 8, kind: Kind::PairI, at: 0 })
            }
            Kind::BranchC | Kind::JumpC | Kind::PairI | Kind::PairS => None,
        }
    }

    fn jump(bytes: &mut [u8], displacement: u32) {
        if let Some(bytes) = bytes.first_chunk_mut() {
            *bytes = (J | scatter::imm_j(displacement)).to_le_bytes();
        }
    }

    fn fill(bytes: &mut [u8]) {
        // The gap ends at a multiple of the alignment: what is odd is at its start.
        let (odd, words) = bytes.split_at_mut(bytes.len() % 4);
        let (zero, half) = odd.split_at_mut(odd.len() % 2);
        zero.fill(0);
        if let Some(half) = half.first_chunk_mut() {
            *half = NOP_C.to_le_bytes();
        }
        for word in words.chunks_exact_mut(4) {
            word.copy_from_slice(&NOP.to_le_bytes());
        }
    }
}

//! Relocations: holes that wait for the final address of the code, or of something outside it.
//!
//! The buffer resolves what it can by itself: displacements between places of the same code. What depends on where
//! the code ends up is left as a list, so that the same input gives the same bytes in every run; the owner of
//! the memory applies it with [`Reloc::apply`] when the address is known.

use super::error::AsmError;
use super::fixup::{FixupKind, Misfit};

/// How the hole is filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelocField<K> {
    /// Eight bytes: the target's address, low byte first.
    Absolute64,
    /// The displacement from the hole to the target, in the way of an instruction.
    Relative(K),
}

/// What it refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelocTarget {
    /// Something outside, by a number that the user chose.
    External(u32),
    /// An offset in the same code.
    Code(u32),
}

/// A hole in the code that waits for an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reloc<K> {
    pub offset: u32,
    pub field: RelocField<K>,
    pub target: RelocTarget,
    pub addend: i64,
}

impl<K: FixupKind> Reloc<K> {
    /// Fills the hole in `code`, which will run at `base`; `address` gives the addresses of external symbols.
    ///
    /// # Errors
    /// If the symbol has no address, if the hole is not in the code, or if the target is out of reach.
    pub fn apply(
        &self,
        code: &mut [u8],
        base: u64,
        address: impl FnOnce(u32) -> Option<u64>,
    ) -> Result<(), AsmError> {
        let target = match self.target {
            RelocTarget::External(symbol) => address(symbol).ok_or(AsmError::NoSymbol(symbol))?,
            RelocTarget::Code(offset) => base.wrapping_add(offset.into()),
        }
        .wrapping_add_signed(self.addend);
        let hole = code.get_mut(self.offset as usize..).unwrap_or_default();
        match self.field {
            RelocField::Absolute64 => match hole.first_chunk_mut::<8>() {
                Some(hole) => *hole = target.to_le_bytes(),
                None => {
                    return Err(AsmError::Operand {
                        offset: self.offset,
                        what: "a relocation outside the code",
                    });
                }
            },
            RelocField::Relative(kind) => {
                let displacement = target.wrapping_sub(base.wrapping_add(self.offset.into())) as i64;
                kind.patch(hole, displacement).map_err(|misfit| misfit.at(self.offset, displacement))?;
            }
        }
        Ok(())
    }
}

impl Misfit {
    /// The error that says so of the code at an offset.
    pub fn at(self, offset: u32, displacement: i64) -> AsmError {
        match self {
            Misfit::OutOfReach => AsmError::OutOfReach { offset, displacement },
            Misfit::Misaligned => AsmError::Misaligned { offset, displacement },
        }
    }
}

//! Fixups: bytes already emitted that wait for a label to be bound. What the neutral part must know of an ISA.
//!
//! An instruction set describes its displacement kinds by implementing [`FixupKind`] for a small enum; everything
//! else about labels, veneers and islands is done by [`CodeBuffer`](super::CodeBuffer), in terms of it.

use super::buffer::Shorter;

/// Why a displacement cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// It is beyond either end of the field's range.
    OutOfReach,
    /// It is not a multiple of the field's unit.
    Misaligned,
}

/// A veneer that was written: how long it is, and where in it which kind of fixup now waits for the label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Veneer<K> {
    pub size: u32,
    pub kind: K,
    pub at: u32,
}

/// The displacement kinds of one ISA.
///
/// A *displacement* is counted in bytes from the first byte of the fixup to the target; a kind whose field counts from
/// elsewhere (x86_64 counts from the end of the instruction) takes the difference into account itself.
///
/// A kind with a forward reach that code may exceed belongs to a *class*. All kinds of a class have the same forward
/// reach, so that the oldest of them that is pending has the soonest deadline. Before the deadline, the buffer emits
/// an island: a jump around it, a veneer for what waits, and perhaps constants.
pub trait FixupKind: Copy + PartialEq + std::fmt::Debug + 'static {
    /// Forward reaches, by class (at most [`CLASSES`](Self::CLASSES) of them): the largest displacement that fits.
    /// Empty if no kind needs to be watched; the buffer's code for islands then vanishes.
    const REACHES: &'static [u32];

    /// How many classes there are.
    const CLASSES: usize = Self::REACHES.len();

    /// Size in bytes of the longest veneer of any kind, at least that of the longest instruction.
    const VENEER_MAX: u32;

    /// Size in bytes of the jump that leads around an island.
    const JUMP_SIZE: u32;

    /// Do islands hold constants too, because a kind that has no veneer (a literal load) refers to them?
    const POOL_IN_ISLANDS: bool;

    /// Class of a kind whose deadline must be watched; `None` for the others.
    fn class(self) -> Option<usize>;

    /// Writes a displacement into the bytes from the fixup on. `bytes` may reach beyond the instruction.
    ///
    /// # Errors
    /// If the form cannot express it; the bytes are then unchanged.
    fn patch(self, bytes: &mut [u8], displacement: i64) -> Result<(), Misfit>;

    /// Writes a veneer, at most [`VENEER_MAX`](Self::VENEER_MAX) bytes: code to which an instruction with this kind
    /// of fixup is led, and that goes on to the label from further away. `None`: this kind cannot be extended.
    fn veneer(self, bytes: &mut [u8]) -> Option<Veneer<Self>>;

    /// Writes an unconditional jump of [`JUMP_SIZE`](Self::JUMP_SIZE) bytes to the place `displacement` bytes from its start.
    fn jump(bytes: &mut [u8], displacement: u32);

    /// The shorter form of the instruction in `code` whose fixup of this kind is at offset `at`, if there is one: see
    /// [`CodeBuffer::shrink_branches`](super::CodeBuffer::shrink_branches).
    fn shorter(self, code: &[u8], at: u32) -> Option<Shorter<Self>> {
        let _ = (code, at);
        None
    }

    /// Fills a gap with instructions that do nothing, or with zeros where none fits.
    fn fill(bytes: &mut [u8]);
}

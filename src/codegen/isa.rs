//! What neutral code asks of an instruction set.

use std::fmt::Debug;

use super::emit::Emit;
use super::lower::Lower;
use super::peephole::{AfterPattern, BeforePattern};
use crate::asm::listing::Disassemble;
use crate::asm::{CodeBuffer, FixupKind};
use crate::ir::{Convention, Inst, Kind, Signature};
use crate::regalloc::{Alloc, Machine, RegClass, RegSet, ValueInfo};

use super::minst::Remat;

/// Where an argument or a result is passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passed {
    /// In a register.
    Reg(crate::regalloc::PReg),
    /// On the stack, so many bytes above the first stack argument.
    Stack(u32),
}

/// An instruction set as a target of the code generator.
///
/// All methods for one target stand in one folder; nothing else of the code generator names an instruction set.
pub trait Isa: Sized + 'static {
    /// A machine instruction without its operands.
    type Inst: Copy + Debug;
    /// Displacements.
    type Kind: FixupKind;
    /// What is put out of line.
    type Cold;
    /// The assembler.
    type Asm: std::ops::DerefMut<Target = CodeBuffer<Self::Kind>> + Default;

    /// What to call it.
    const NAME: &'static str;
    /// Goes to the only successor.
    const JUMP: Self::Inst;
    /// Is it [`JUMP`](Self::JUMP)?
    fn is_jump(inst: &Self::Inst) -> bool;
    /// Reads code back, for listings.
    fn disassembler() -> &'static dyn Disassemble;
    /// A move between registers of a class, with one use and one def.
    fn move_inst(class: RegClass) -> Self::Inst;

    /// The registers, for a function of a convention.
    fn machine(&self, convention: Convention) -> &Machine;
    /// What a call of a convention overwrites.
    fn clobbers(&self, convention: Convention) -> RegSet;
    /// The registers that a function of the system's convention has to leave as they were.
    fn saved(&self) -> RegSet;
    /// Where arguments are passed; the second is how many bytes of stack they take.
    fn arguments(&self, signature: &Signature, places: &mut Vec<Passed>) -> u32;
    /// Where the result is.
    fn result(&self, signature: &Signature) -> Option<Passed>;
    /// Are vectors of this width legal?
    fn vectors(&self) -> crate::opt::pipeline::Vectors;

    /// Lowers an instruction: pushes machine instructions, in their order.
    fn lower(lower: &mut Lower<'_, Self>, inst: Inst);
    /// Lowers the function's entry: gets the parameters from where they are passed.
    fn lower_entry(lower: &mut Lower<'_, Self>);
    /// Makes the constant that its one def is.
    fn constant_inst(kind: Kind) -> Self::Inst;

    /// How long a veneer is.
    const VENEER_BYTES: usize;
    /// Writes a jump to any address.
    fn veneer(bytes: &mut [u8], to: u64);
    /// Fills in the displacement of a call or jump, in the hole that stands at the address `at`.
    fn patch_call(hole: &mut [u8], at: u64, to: u64);

    /// Where control comes by an indirect jump, if the target wants that to be marked.
    fn landing_pad(asm: &mut Self::Asm);
    /// Ends the instruction its block with a call that has a handler, the second edge?
    fn catches(inst: &Self::Inst) -> bool;
    /// Peephole patterns before allocation.
    const BEFORE: &'static [BeforePattern<Self>];
    /// Can any of them apply to an instruction? A quick look, since most cannot be changed.
    fn is_candidate_before(inst: &Self::Inst) -> bool;
    /// Which of those after allocation can apply: bit `n` for the one at `n`.
    fn candidates_after(inst: &Self::Inst) -> u32;
    /// At most so many bytes an instruction takes where it stands: not what it puts out of line. `u32::MAX` if that is not known.
    fn bytes_most(inst: &Self::Inst) -> u32;
    /// At most so many bytes a move takes that the allocator inserts.
    const MOVE_BYTES_MOST: u32;
    /// Peephole patterns after it.
    const AFTER: &'static [AfterPattern<Self>];

    /// Enters the function.
    fn emit_prologue(emit: &mut Emit<'_, Self>);
    /// Emits an instruction. `allocs` are those of its operands.
    fn emit(emit: &mut Emit<'_, Self>, inst: u32, allocs: &[Alloc]);
    /// Emits a move between places, or what makes a constant.
    fn emit_move(emit: &mut Emit<'_, Self>, from: Alloc, to: Alloc, info: ValueInfo, remat: Remat);
    /// Emits what was put out of line.
    fn emit_cold(emit: &mut Emit<'_, Self>);
}

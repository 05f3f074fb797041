//! The assembler against GNU as.
//!
//! [`round_trip`] draws operands for every form of an instruction set, has our assembler and GNU as assemble the same
//! instructions, and compares the bytes. A form that was never compared is a failure, like a difference. An
//! instruction set comes in as an [`Isa`]: which assembler program, which tables.

pub mod a64;
pub mod gnu;
pub mod roundtrip;
pub mod rv64;
pub mod x64;

pub use roundtrip::{Report, round_trip};

use orus::asm::form::Form;
use orus::asm::{CodeBuffer, FixupKind};

/// What the harness must know of an instruction set.
pub trait Isa {
    type Assembler: 'static;
    type Kind: FixupKind;

    /// As `--isa` says it.
    const NAME: &'static str;
    /// Instructions are moved apart to multiples of this, at least their longest size, to find one that differs.
    const SLOT: usize;

    fn assembler() -> Self::Assembler;
    fn buffer(assembler: &mut Self::Assembler) -> &mut CodeBuffer<Self::Kind>;
    /// All forms, by the program that can check them.
    fn groups() -> Vec<Group<Self::Assembler>>;
}

/// Forms that one program checks.
pub struct Group<A: 'static> {
    pub name: &'static str,
    pub tool: gnu::Tool,
    pub forms: Vec<&'static Form<A>>,
}

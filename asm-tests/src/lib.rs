//! The assembler against other assemblers and disassemblers.
//!
//! [`round_trip`] draws operands for every form of an instruction set, has our assembler and GNU as assemble the same
//! instructions, and compares the bytes. [`read_back`] has a disassembler read our bytes, and compares the texts. A form
//! that was compared too rarely is a failure, like a difference. An instruction set comes in as an [`Isa`]: which
//! programs, which tables.

pub mod a64;
pub mod alias;
pub mod cases;
pub mod disassembler;
pub mod gnu;
pub mod oracle;
pub mod parallel;
pub mod roundtrip;
pub mod rv64;
pub mod text;
pub mod x64;

pub use oracle::read_back;
pub use roundtrip::{Report, round_trip};

use orus::asm::form::Form;
use orus::asm::{CodeBuffer, FixupKind};

/// How often each form is compared at least.
pub const AT_LEAST: u64 = 20;

/// What the harness must know of an instruction set.
pub trait Isa {
    type Assembler: Send + 'static;
    type Kind: FixupKind;

    /// As `--isa` says it.
    const NAME: &'static str;
    /// Instructions are moved apart to multiples of this, at least their longest size, to find one that differs.
    const SLOT: usize;
    /// How texts are compared with those of disassemblers.
    const DIALECT: &'static oracle::Dialect;

    fn assembler() -> Self::Assembler;
    fn buffer(assembler: &mut Self::Assembler) -> &mut CodeBuffer<Self::Kind>;
    /// All forms, by the programs that can check them.
    fn groups() -> Vec<Group<Self::Assembler>>;

    /// The groups with the forms whose name contains `filter`, and how many different cases of each to draw if it should be
    /// `count` in all.
    fn shares(count: u64, filter: &str) -> Vec<(Group<Self::Assembler>, u64)> {
        let mut groups = Self::groups();
        for group in &mut groups {
            group.forms.retain(|form| form.name.contains(filter));
        }
        groups.retain(|group| !group.forms.is_empty());
        let total: usize = groups.iter().map(|group| group.forms.len()).sum();
        let share = |forms: u64| (count * forms).div_ceil(total as u64);
        groups
            .into_iter()
            .map(|group| {
                let count = share(group.forms.len() as u64);
                (group, count)
            })
            .collect()
    }
}

/// Forms that the same programs check.
pub struct Group<A: 'static> {
    pub name: &'static str,
    pub tool: gnu::Tool,
    pub disassembler: disassembler::Disassembler,
    pub forms: Vec<&'static Form<A>>,
}

impl<A> Group<A> {
    /// The forms that were equal less than [`AT_LEAST`] times, by the counts of all.
    fn missed(&self, equal: &[u64]) -> Vec<String> {
        let rare = self.forms.iter().zip(equal).filter(|(_, equal)| **equal < AT_LEAST);
        rare.map(|(form, equal)| format!("{} ({equal} times)", form.name)).collect()
    }
}

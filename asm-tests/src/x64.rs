//! x86_64.

use orus::asm::CodeBuffer;
use orus::asm::x64::{Assembler, Kind, forms};

use crate::disassembler::Disassembler;
use crate::gnu::Tool;
use crate::oracle::Dialect;
use crate::{Group, Isa, alias};

/// x86_64.
pub struct X64;

/// GNU as for x86_64. `Z` is the zero that the tables' text hides immediates behind.
pub const GNU_AS: Tool = Tool {
    programs: &["x86_64-linux-gnu-as", "as"],
    arguments: &["--64", "-o", "{out}", "{in}"],
    prologue: ".intel_syntax noprefix",
    epilogue: ".set Z, 0",
};

/// The disassembler program.
pub const OBJDUMP: Disassembler = Disassembler {
    script: "objdump=$(command -v x86_64-linux-gnu-objdump || echo objdump)
        exec \"$objdump\" -D -z -b binary -m i386:x86-64 -M intel --no-show-raw-insn \"$0\"",
    base: 0,
};

impl Isa for X64 {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "x64";
    const SLOT: usize = 16;
    const DIALECT: &'static Dialect = &alias::x64::DIALECT;

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        let forms = forms::FORMS.iter().flat_map(|table| table.iter()).collect();
        vec![Group { name: "x64, GNU as", tool: GNU_AS, disassembler: OBJDUMP, forms }]
    }
}

//! AArch64.

use orus::asm::CodeBuffer;
use orus::asm::a64::forms::{FORMS, LINKED_FORMS};
use orus::asm::a64::{Assembler, Kind};

use crate::disassembler::Disassembler;
use crate::gnu::Tool;
use crate::oracle::Dialect;
use crate::{Group, Isa, alias};

/// The instruction set, for the harness.
pub struct A64;

/// All extensions that the tables have.
const PROLOGUE: &str =
    ".arch armv8.6-a+fp16+crypto+sha3+sm4+rng+memtag+sb+ssbs+predres+flagm+i8mm+rcpc+fp16fml+profile\n.text";

/// The assembler program.
pub const TOOL: Tool = Tool {
    programs: &["aarch64-linux-gnu-as"],
    arguments: &["{in}", "-o", "{out}"],
    prologue: PROLOGUE,
    epilogue: "",
};

/// The assembler program and the linker: for what depends on the address, which is a multiple of a page.
pub const LINKED: Tool = Tool {
    programs: &["sh"],
    arguments: &[
        "-c",
        "aarch64-linux-gnu-as \"$0\" -o \"$1.o\" && \
         aarch64-linux-gnu-ld -e 0 -Ttext=0x1200000000 \"$1.o\" -o \"$1\"; status=$?; rm -f \"$1.o\"; exit $status",
        "{in}",
        "{out}",
    ],
    prologue: PROLOGUE,
    epilogue: "",
};

/// The disassembler program.
pub const OBJDUMP: Disassembler = Disassembler {
    script: "exec aarch64-linux-gnu-objdump -D -z -b binary -m aarch64 -M no-aliases --no-show-raw-insn \"$0\"",
    base: 0,
};

/// The same for code that is where [`LINKED`] puts it.
pub const OBJDUMP_LINKED: Disassembler = Disassembler {
    script: "exec aarch64-linux-gnu-objdump -D -z -b binary -m aarch64 -M no-aliases --no-show-raw-insn \\
        --adjust-vma=0x1200000000 \"$0\"",
    base: 0x12_0000_0000,
};

impl Isa for A64 {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "a64";
    const SLOT: usize = 32;
    const DIALECT: &'static Dialect = &alias::a64::DIALECT;

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        let all = |tables: &[&'static [orus::asm::form::Form<Assembler>]]| {
            tables.iter().flat_map(|forms| forms.iter()).collect()
        };
        vec![
            Group { name: "as", tool: TOOL, disassembler: OBJDUMP, forms: all(FORMS) },
            Group { name: "as and ld", tool: LINKED, disassembler: OBJDUMP_LINKED, forms: all(LINKED_FORMS) },
        ]
    }
}

//! RISC-V with 64 bits.
//!
//! Every form is compared twice: as it is, and with compression, where our choice of a compressed form must be that of GNU
//! as. Pairs of instructions are compared after linking, Zicond and Zfa with llvm-mc.

use orus::asm::CodeBuffer;
use orus::asm::form::Form;
use orus::asm::rv64::forms::{FORMS, LINKED_FORMS, NEWER_FORMS, SHORT_FORMS};
use orus::asm::rv64::{Assembler, Kind};

use crate::disassembler::Disassembler;
use crate::gnu::Tool;
use crate::oracle::{self, Dialect};
use crate::{Group, Isa, Report, alias, round_trip};

/// The instruction set without compression.
pub struct Rv64;

/// The same with compression.
pub struct Rv64Compressed;

const ARGUMENTS: &[&str] = &["-march=rv64gcv_zba_zbb_zbs_zicsr_zifencei_zihintpause", "{in}", "-o", "{out}"];

const fn gnu(prologue: &'static str) -> Tool {
    Tool { programs: &["riscv64-linux-gnu-as"], arguments: ARGUMENTS, prologue, epilogue: "" }
}

/// The assembler program, which does not choose compressed forms.
pub const FULL: Tool = gnu(".option norelax\n.option norvc");

/// The assembler program, which does.
pub const COMPRESSED: Tool = gnu(".option norelax\n.option rvc");

/// The assembler program and the linker: for what waits for symbols.
pub const LINKED: Tool = Tool {
    programs: &["sh"],
    arguments: &[
        "-c",
        "riscv64-linux-gnu-as -march=rv64gc \"$0\" -o \"$1.o\" && \
         riscv64-linux-gnu-ld --no-relax -e 0 -Ttext=0x1200000000 \"$1.o\" -o \"$1\"; status=$?; rm -f \"$1.o\"; exit $status",
        "{in}",
        "{out}",
    ],
    prologue: ".option norelax\n.option norvc",
    epilogue: "",
};

/// LLVM's assembler.
pub const LLVM: Tool = Tool {
    programs: &["llvm-mc-22", "llvm-mc-19", "llvm-mc"],
    arguments: &["-triple=riscv64", "-mattr=+f,+d,+zicond,+zfa", "-filetype=obj", "{in}", "-o", "{out}"],
    prologue: ".option norelax",
    epilogue: "",
};

/// The disassembler program. It wants to know the extensions from the object's attributes, and takes for data what the
/// assembler's symbols say is data: so the bytes go into an object, and the symbols out of it.
pub const OBJDUMP: Disassembler = Disassembler {
    script: "printf '.incbin \"%s\"\\n' \"$0\" |
        riscv64-linux-gnu-as -march=rv64gcv_zba_zbb_zbs_zicsr_zifencei_zihintpause -o \"$0.o\" - &&
        riscv64-linux-gnu-objcopy --strip-all \"$0.o\" \"$0.elf\" &&
        exec riscv64-linux-gnu-objdump -d -z -M numeric,no-aliases --no-show-raw-insn \"$0.elf\"",
    base: 0,
};

/// The same for code that is where [`LINKED`] puts it.
pub const OBJDUMP_LINKED: Disassembler = Disassembler {
    script: "printf '.incbin \"%s\"\\n' \"$0\" | riscv64-linux-gnu-as -march=rv64gc -o \"$0.o\" - &&
        riscv64-linux-gnu-objcopy --strip-all \"$0.o\" \"$0.elf\" &&
        exec riscv64-linux-gnu-objdump -d -z -M numeric,no-aliases --no-show-raw-insn \\
            --adjust-vma=0x1200000000 \"$0.elf\"",
    base: 0x12_0000_0000,
};

/// LLVM's disassembler: GNU's of that age does not know these extensions.
pub const LLVM_OBJDUMP: Disassembler = Disassembler {
    script: "printf '.incbin \"%s\"\\n' \"$0\" | riscv64-linux-gnu-as -march=rv64gc -o \"$0.o\" - &&
        riscv64-linux-gnu-objcopy --strip-all \"$0.o\" \"$0.elf\" || exit 1
        for objdump in llvm-objdump-22 llvm-objdump-19 llvm-objdump; do
            command -v \"$objdump\" >/dev/null || continue
            exec \"$objdump\" -d -z -M numeric,no-aliases --mattr=+zicond,+zfa --no-show-raw-insn \"$0.elf\"
        done
        exit 1",
    base: 0,
};

fn all(tables: &[&'static [Form<Assembler>]]) -> Vec<&'static Form<Assembler>> {
    tables.iter().flat_map(|forms| forms.iter()).collect()
}

impl Isa for Rv64 {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "rv64";
    const SLOT: usize = 32;
    const DIALECT: &'static Dialect = &alias::rv64::DIALECT;

    fn assembler() -> Assembler {
        let mut assembler = Assembler::new();
        assembler.compress(false);
        assembler
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        vec![
            Group { name: "as", tool: FULL, disassembler: OBJDUMP, forms: all(FORMS) },
            Group { name: "as and ld", tool: LINKED, disassembler: OBJDUMP_LINKED, forms: all(LINKED_FORMS) },
            Group {
                name: "llvm-mc (Zicond, Zfa)",
                tool: LLVM,
                disassembler: LLVM_OBJDUMP,
                forms: all(NEWER_FORMS),
            },
        ]
    }
}

impl Isa for Rv64Compressed {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "rv64-compressed";
    const SLOT: usize = 32;
    const DIALECT: &'static Dialect = &alias::rv64::DIALECT;

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        vec![
            Group {
                name: "as, compressed by its name",
                tool: COMPRESSED,
                disassembler: OBJDUMP,
                forms: all(SHORT_FORMS),
            },
            Group {
                name: "as, compressed by choice",
                tool: COMPRESSED,
                disassembler: OBJDUMP,
                forms: all(FORMS),
            },
        ]
    }
}

/// Compares both ways, half of the instructions each. In the sum, forms that may be compressed count once.
pub fn compare(count: u64, seed: u64, filter: &str) -> Result<Report, String> {
    let more = round_trip::<Rv64Compressed>(count / 2, seed, filter)?;
    let mut report = round_trip::<Rv64>(count.saturating_sub(more.distinct as u64), seed, filter)?;
    report.forms += all(SHORT_FORMS).iter().filter(|form| form.name.contains(filter)).count();
    report.compared += more.compared;
    report.distinct += more.distinct;
    report.differences += more.differences;
    report.shown.extend(more.shown);
    report.missed.extend(more.missed);
    report.groups.extend(more.groups);
    Ok(report)
}

/// Reads back both ways, half of the instructions each.
///
/// # Errors
/// If a program is missing or fails.
pub fn read_back(count: u64, seed: u64, filter: &str) -> Result<oracle::Report, String> {
    let mut report = oracle::Report::default();
    oracle::add::<Rv64>(count / 2, seed, filter, &mut report)?;
    oracle::add::<Rv64Compressed>(count - count / 2, seed, filter, &mut report)?;
    if filter.is_empty() {
        // Most rules are about compression.
        oracle::look_for_idle::<Rv64Compressed>(seed, &mut report)?;
        oracle::look_for_idle::<Rv64>(seed, &mut report)?;
    }
    // Forms that may be compressed count once.
    report.forms -= all(FORMS).iter().filter(|form| form.name.contains(filter)).count();
    Ok(report)
}

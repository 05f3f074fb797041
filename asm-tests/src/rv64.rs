//! RISC-V with 64 bits.
//!
//! Every form is compared twice: as it is, and with compression, where our choice of a compressed form must be that of GNU
//! as. Pairs of instructions are compared after linking, Zicond and Zfa with llvm-mc.

use orus::asm::CodeBuffer;
use orus::asm::form::Form;
use orus::asm::rv64::forms::{FORMS, LINKED_FORMS, NEWER_FORMS, SHORT_FORMS};
use orus::asm::rv64::{Assembler, Kind};

use crate::gnu::Tool;
use crate::{Group, Isa, Report, round_trip};

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

fn all(tables: &[&'static [Form<Assembler>]]) -> Vec<&'static Form<Assembler>> {
    tables.iter().flat_map(|forms| forms.iter()).collect()
}

impl Isa for Rv64 {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "rv64";
    const SLOT: usize = 32;

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
            Group { name: "as", tool: FULL, forms: all(FORMS) },
            Group { name: "as and ld", tool: LINKED, forms: all(LINKED_FORMS) },
            Group { name: "llvm-mc (Zicond, Zfa)", tool: LLVM, forms: all(NEWER_FORMS) },
        ]
    }
}

impl Isa for Rv64Compressed {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "rv64-compressed";
    const SLOT: usize = 32;

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        vec![
            Group { name: "as, compressed by its name", tool: COMPRESSED, forms: all(SHORT_FORMS) },
            Group { name: "as, compressed by choice", tool: COMPRESSED, forms: all(FORMS) },
        ]
    }
}

/// Compares both ways, half of the instructions each. In the sum, forms that may be compressed count once.
pub fn compare(count: u64, seed: u64, filter: &str) -> Result<Report, String> {
    let mut report = round_trip::<Rv64>(count / 2, seed, filter)?;
    let more = round_trip::<Rv64Compressed>(count - count / 2, seed, filter)?;
    report.forms += all(SHORT_FORMS).iter().filter(|form| form.name.contains(filter)).count();
    report.compared += more.compared;
    report.distinct += more.distinct;
    report.differences += more.differences;
    report.shown.extend(more.shown);
    report.missed.extend(more.missed);
    report.groups.extend(more.groups);
    Ok(report)
}

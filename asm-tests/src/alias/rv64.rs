//! RISC-V, as objdump prints it with `-M no-aliases`: base instructions, and compressed ones by their own names.

use super::{Alias, Holes, aliases};
use crate::oracle::Dialect;

pub static DIALECT: Dialect = Dialect { ours, theirs, aliases: ALIASES };

/// Targets as addresses; `sp` by its number; without the rounding mode that is there by default.
fn ours(text: &str, address: u64) -> String {
    let text = text.strip_suffix(", dyn").unwrap_or(text);
    let text = text.replace("(sp)", "(x2)").replace(" sp,", " x2,");
    let Some(at) = text.find(" .").filter(|at| text[at + 2..].starts_with(['+', '-'])) else { return text };
    let (displacement, after) =
        text[at + 2..].split_at(text[at + 2..].find(',').unwrap_or(text.len() - at - 2));
    let target = address.wrapping_add(displacement.parse::<i64>().unwrap_or(0) as u64);
    format!("{} {target:#x}{after}", &text[..at])
}

/// Without comments, and without that rounding mode. `auipc` gets its address as one more operand, since what it does depends on that.
fn theirs(text: &str, address: u64) -> String {
    let text = text.split(" # ").next().unwrap_or(text);
    let text = text.split(" <").next().unwrap_or(text).trim();
    let text = text.strip_suffix(", dyn").unwrap_or(text);
    if text.starts_with("auipc") { format!("{text}, {address}") } else { text.to_string() }
}

/// Registers of control and status that unprivileged code knows.
const CSRS: [(&str, i64); 14] = [
    ("fflags", 1),
    ("frm", 2),
    ("fcsr", 3),
    ("vstart", 8),
    ("vxsat", 9),
    ("vxrm", 10),
    ("vcsr", 15),
    ("seed", 0x15),
    ("cycle", 0xc00),
    ("time", 0xc01),
    ("instret", 0xc02),
    ("vl", 0xc20),
    ("vtype", 0xc21),
    ("vlenb", 0xc22),
];

/// Theirs is the name of our register, or the same number. Of privileged ones, the name must start with the level of
/// privilege that bits 8 and 9 of the number give (1 supervisor, 2 hypervisor, 3 machine).
fn csr(holes: &Holes) -> bool {
    let Some(number) = holes.number("csr") else { return false };
    let Some(name) = holes.word("name") else { return holes.number("name") == Some(number) };
    match CSRS.iter().find(|(known, known_number)| *known == name || *known_number == number) {
        Some(known) => *known == (name, number),
        None => match number >> 8 & 3 {
            0 => {
                name.starts_with("hpmcounter")
                    || name.ends_with('h')
                    || name.starts_with('u')
                    || name == "jvt"
            }
            1 => name.starts_with('s'),
            2 => name.starts_with('h') || name.starts_with('v'),
            _ => name.starts_with(['m', 'd', 't', 'p']),
        },
    }
}

/// `high` and `low`, the parts of a displacement, lead from the address of `auipc` to the target.
fn pair(holes: &Holes) -> bool {
    // 20 bits, with their sign.
    holes
        .numbers(["to", "at", "high", "low"])
        .is_some_and(|[to, at, high, low]| to == at + (high << 44 >> 32) + low)
}

const ALIASES: &[Alias] = aliases! {
    "a pseudo-instruction of integers" {
        "nop" "addi x0, x0, 0";
        "nop" "c.addi x0, 0";
        "c.nop" "c.addi x0, 0";
        "not $d, $s" "xori $d, $s, -1";
        "neg $d, $s" "sub $d, x0, $s";
        "negw $d, $s" "subw $d, x0, $s";
        "sext.w $d, $s" "addiw $d, $s, 0";
        "sext.w $d, $d" "c.addiw $d, 0";
        "zext.b $d, $s" "andi $d, $s, 255";
        "zext.w $d, $s" "add.uw $d, $s, x0";
        "seqz $d, $s" "sltiu $d, $s, 1";
        "snez $d, $s" "sltu $d, x0, $s";
        "sltz $d, $s" "slt $d, $s, x0";
        "sgtz $d, $s" "slt $d, x0, $s";
    }
    "a pseudo-instruction that jumps" {
        "j $t" "jal x0, $t";
        "j $t" "c.j $t";
        "jr $s" "jalr x0, 0($s)";
        "jr $s" "c.jr $s";
        "jalr $s" "jalr x1, 0($s)";
        "jalr $s" "c.jalr $s";
        "ret" "jalr x0, 0(x1)";
        "ret" "c.jr x1";
    }
    "a comparison with 0" {
        "beqz $s, $t" "beq $s, x0, $t";
        "beqz $s, $t" "c.beqz $s, $t";
        "bnez $s, $t" "bne $s, x0, $t";
        "bnez $s, $t" "c.bnez $s, $t";
        "bltz $s, $t" "blt $s, x0, $t";
        "bgez $s, $t" "bge $s, x0, $t";
        "bgtz $s, $t" "blt x0, $s, $t";
        "blez $s, $t" "bge x0, $s, $t";
    }
    "a comparison the other way round" {
        "bgt $a, $b, $t" "blt $b, $a, $t";
        "ble $a, $b, $t" "bge $b, $a, $t";
        "bgtu $a, $b, $t" "bltu $b, $a, $t";
        "bleu $a, $b, $t" "bgeu $b, $a, $t";
    }
    "compressed" {
        "beq $s, x0, $t" "c.beqz $s, $t";
        "bne $s, x0, $t" "c.bnez $s, $t";
        "add $d, $d, $s" "c.add $d, $s";
        "add $d, $s, $d" "c.add $d, $s";
        "add $d, x0, $s" "c.mv $d, $s";
        "addi $d, $d, $n" "c.addi $d, $n";
        "addi $d, x0, $n" "c.li $d, $n";
        "addi $d, $s, 0" "c.mv $d, $s";
        "addi $d, x2, $n" "c.addi4spn $d, x2, $n";
        "addi x2, x2, $n" "c.addi16sp x2, $n";
        "addiw $d, $d, $n" "c.addiw $d, $n";
        "andi $d, $d, $n" "c.andi $d, $n";
        "slli $d, $d, $n" "c.slli $d, $n";
        "srli $d, $d, $n" "c.srli $d, $n";
        "srai $d, $d, $n" "c.srai $d, $n";
        "lui $d, $n" "c.lui $d, $n";
        "sub $d, $d, $s" "c.sub $d, $s";
        "subw $d, $d, $s" "c.subw $d, $s";
        "addw $d, $d, $s" "c.addw $d, $s";
        "addw $d, $s, $d" "c.addw $d, $s";
        "and $d, $d, $s" "c.and $d, $s";
        "and $d, $s, $d" "c.and $d, $s";
        "or $d, $d, $s" "c.or $d, $s";
        "or $d, $s, $d" "c.or $d, $s";
        "xor $d, $d, $s" "c.xor $d, $s";
        "xor $d, $s, $d" "c.xor $d, $s";
        "lw $d, $n(x2)" "c.lwsp $d, $n(x2)";
        "lw $d, $n($s)" "c.lw $d, $n($s)";
        "ld $d, $n(x2)" "c.ldsp $d, $n(x2)";
        "ld $d, $n($s)" "c.ld $d, $n($s)";
        "fld $d, $n(x2)" "c.fldsp $d, $n(x2)";
        "fld $d, $n($s)" "c.fld $d, $n($s)";
        "sw $d, $n(x2)" "c.swsp $d, $n(x2)";
        "sw $d, $n($s)" "c.sw $d, $n($s)";
        "sd $d, $n(x2)" "c.sdsp $d, $n(x2)";
        "sd $d, $n($s)" "c.sd $d, $n($s)";
        "fsd $d, $n(x2)" "c.fsdsp $d, $n(x2)";
        "fsd $d, $n($s)" "c.fsd $d, $n($s)";
        "ebreak" "c.ebreak";
    }
    "a pseudo-instruction of floats, by the signs of two equal registers" {
        "fmv.s $d, $s" "fsgnj.s $d, $s, $s";
        "fmv.d $d, $s" "fsgnj.d $d, $s, $s";
        "fneg.s $d, $s" "fsgnjn.s $d, $s, $s";
        "fneg.d $d, $s" "fsgnjn.d $d, $s, $s";
        "fabs.s $d, $s" "fsgnjx.s $d, $s, $s";
        "fabs.d $d, $s" "fsgnjx.d $d, $s, $s";
    }
    "a pseudo-instruction of vectors" {
        "vfabs.v $d, $s" "vfsgnjx.vv $d, $s, $s";
        "vfabs.v $d, $s, v0.t" "vfsgnjx.vv $d, $s, $s, v0.t";
        "vfneg.v $d, $s" "vfsgnjn.vv $d, $s, $s";
        "vfneg.v $d, $s, v0.t" "vfsgnjn.vv $d, $s, $s, v0.t";
        "vneg.v $d, $s" "vrsub.vx $d, $s, x0";
        "vneg.v $d, $s, v0.t" "vrsub.vx $d, $s, x0, v0.t";
        "vnot.v $d, $s" "vxor.vi $d, $s, -1";
        "vnot.v $d, $s, v0.t" "vxor.vi $d, $s, -1, v0.t";
        "vmclr.m $d" "vmxor.mm $d, $d, $d";
        "vmset.m $d" "vmxnor.mm $d, $d, $d";
        "vmmv.m $d, $s" "vmand.mm $d, $s, $s";
        "vmnot.m $d, $s" "vmnand.mm $d, $s, $s";
    }
    "a register of control and status by its name" {
        "csrrw $d, $csr, $s" "csrrw $d, $name, $s" when csr;
        "csrrs $d, $csr, $s" "csrrs $d, $name, $s" when csr;
        "csrrc $d, $csr, $s" "csrrc $d, $name, $s" when csr;
        "csrrwi $d, $csr, $s" "csrrwi $d, $name, $s" when csr;
        "csrrsi $d, $csr, $s" "csrrsi $d, $name, $s" when csr;
        "csrrci $d, $csr, $s" "csrrci $d, $name, $s" when csr;
    }
    "a pseudo-instruction for registers of control and status" {
        "csrr $d, $csr" "csrrs $d, $name, x0" when csr;
        "csrw $csr, $s" "csrrw x0, $name, $s" when csr;
        "csrs $csr, $s" "csrrs x0, $name, $s" when csr;
        "csrc $csr, $s" "csrrc x0, $name, $s" when csr;
        "csrwi $csr, $s" "csrrwi x0, $name, $s" when csr;
        "csrsi $csr, $s" "csrrsi x0, $name, $s" when csr;
        "csrci $csr, $s" "csrrci x0, $name, $s" when csr;
        "frcsr $d" "csrrs $d, fcsr, x0";
        "frrm $d" "csrrs $d, frm, x0";
        "frflags $d" "csrrs $d, fflags, x0";
        "fscsr $d, $s" "csrrw $d, fcsr, $s";
        "fsrm $d, $s" "csrrw $d, frm, $s";
        "fsflags $d, $s" "csrrw $d, fflags, $s";
        "rdcycle $d" "csrrs $d, cycle, x0";
        "rdtime $d" "csrrs $d, time, x0";
        "rdinstret $d" "csrrs $d, instret, x0";
    }
    "writing the cycles, which cannot be, is what assemblers take for an instruction that traps" {
        "csrrw x0, 0xc00, x0" "unimp";
        "csrw 0xc00, x0" "unimp";
    }
    "the address that was added is not of the instruction" {
        "auipc $d, $n" "auipc $d, $n, $at";
    }
    "a pair of instructions" {
        "lla $d, $to" "auipc $d, $high, $at; addi $d, $d, $low" when pair;
        "call $to" "auipc x1, $high, $at; jalr x1, $low(x1)" when pair;
        "tail $to" "auipc x6, $high, $at; jalr x0, $low(x6)" when pair;
        "lb $d, $to" "auipc $d, $high, $at; lb $d, $low($d)" when pair;
        "lh $d, $to" "auipc $d, $high, $at; lh $d, $low($d)" when pair;
        "lw $d, $to" "auipc $d, $high, $at; lw $d, $low($d)" when pair;
        "ld $d, $to" "auipc $d, $high, $at; ld $d, $low($d)" when pair;
        "lbu $d, $to" "auipc $d, $high, $at; lbu $d, $low($d)" when pair;
        "lhu $d, $to" "auipc $d, $high, $at; lhu $d, $low($d)" when pair;
        "lwu $d, $to" "auipc $d, $high, $at; lwu $d, $low($d)" when pair;
        "flw $d, $to, $t" "auipc $t, $high, $at; flw $d, $low($t)" when pair;
        "fld $d, $to, $t" "auipc $t, $high, $at; fld $d, $low($t)" when pair;
        "sb $d, $to, $t" "auipc $t, $high, $at; sb $d, $low($t)" when pair;
        "sh $d, $to, $t" "auipc $t, $high, $at; sh $d, $low($t)" when pair;
        "sw $d, $to, $t" "auipc $t, $high, $at; sw $d, $low($t)" when pair;
        "sd $d, $to, $t" "auipc $t, $high, $at; sd $d, $low($t)" when pair;
        "fsw $d, $to, $t" "auipc $t, $high, $at; fsw $d, $low($t)" when pair;
        "fsd $d, $to, $t" "auipc $t, $high, $at; fsd $d, $low($t)" when pair;
    }
};

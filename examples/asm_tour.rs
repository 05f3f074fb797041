//! A tour of the assembler: `cargo run --example asm_tour`. What it prints is `asm_tour.out`.
//!
//! The same few steps each time: make an `Assembler`, call a method for each instruction, `finish`, look at the bytes.

use std::error::Error;
use std::fmt::Write;

use orus::asm::{AsmError, a64, listing, rv64, x64};
use orus::code::Writable;

/// What the tour prints.
pub fn tour() -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    loop_on_x86_64(&mut out)?;
    jump_table_on_aarch64(&mut out)?;
    call_on_riscv(&mut out)?;
    mistakes(&mut out)?;
    Ok(out)
}

/// A loop, its listing, and, on a machine that can, a call.
fn loop_on_x86_64(out: &mut String) -> Result<(), Box<dyn Error>> {
    use x64::{Assembler, Cond, Disassembler, Mem, Scale, reg::*};

    let mut asm = Assembler::new();
    asm.keep_notes(true);
    // A label may be used before it is bound, and must be bound once.
    let (next, done) = (asm.new_label(), asm.new_label());
    asm.comment(format_args!("rdi: address, rsi: how many"));
    asm.xor_r32_r32(EAX, EAX);
    asm.bind(next);
    asm.test_r64_r64(RSI, RSI);
    asm.jcc(Cond::E, done);
    asm.comment(format_args!("the last one first"));
    // rsp cannot be an index, so not every register is one.
    let last = Mem::indexed(RDI, RSI.index().ok_or("rsi is an index")?, Scale::X8, -8);
    asm.add_r64_m64(RAX, last);
    asm.sub_r64_i8(RSI, 1);
    asm.comment(format_args!("backward: the short form is chosen"));
    asm.jmp(next);
    asm.bind(done);
    asm.ret();

    let code = asm.finish()?;
    writeln!(out, "x86_64: the sum of an array\n")?;
    listing::write(out, &code, &Disassembler)?;
    if let Some(sum) = call(code.bytes(), &[3, 14, 25])? {
        writeln!(out, "\nIt says that 3 + 14 + 25 is {sum}.")?;
    }
    Ok(())
}

/// Puts the code of a function `(address, length) -> sum` into executable memory and calls it, if this is an x86_64.
#[cfg(target_arch = "x86_64")]
fn call(code: &[u8], numbers: &[i64]) -> Result<Option<i64>, Box<dyn Error>> {
    let mut memory = Writable::new(code.len())?;
    memory.bytes_mut().copy_from_slice(code);
    let memory = memory.publish()?;
    let address = std::ptr::with_exposed_provenance::<()>(memory.address());
    // SAFETY: the code is a function of this type, reads only the array, and is mapped until `memory` goes.
    let sum = unsafe {
        let sum: extern "sysv64" fn(*const i64, usize) -> i64 = std::mem::transmute(address);
        sum(numbers.as_ptr(), numbers.len())
    };
    Ok(Some(sum))
}

#[cfg(not(target_arch = "x86_64"))]
fn call(code: &[u8], _: &[i64]) -> Result<Option<i64>, Box<dyn Error>> {
    // At least the memory can be had.
    Writable::new(code.len())?;
    Ok(None)
}

/// A switch, by a table of distances, and constants from the pool.
fn jump_table_on_aarch64(out: &mut String) -> Result<(), Box<dyn Error>> {
    use a64::operand::IndexX4;
    use a64::{Assembler, Disassembler, reg::*};

    let mut asm = Assembler::new();
    asm.keep_notes(true);
    let (table, half, double) = (asm.new_label(), asm.new_label(), asm.new_label());
    asm.comment(format_args!("x0: which case, d0: a number"));
    asm.adr(X1, table);
    asm.ldrsw_rx(X2, XSp::from_low_bits(1), X0, IndexX4::SCALED);
    asm.add_x_rrr(X1, X1, X2);
    asm.br(X1);
    asm.put_jump_table(table, &[half, double]);
    for (case, factor) in [(half, 0.5), (double, 2.0)] {
        asm.bind(case);
        // The same value is stored once, behind the code or wherever it is in reach.
        let factor_in_memory = asm.constant(factor);
        asm.comment(format_args!("{factor}"));
        asm.ldr_d_lit(D1, factor_in_memory);
        asm.fmul_d(D0, D0, D1);
        asm.ret();
    }

    let code = asm.finish()?;
    writeln!(out, "\nAArch64: a jump table, and constants\n")?;
    listing::write(out, &code, &Disassembler::new())?;
    Ok(())
}

/// Compressed forms, and something outside whose address is not known yet.
fn call_on_riscv(out: &mut String) -> Result<(), Box<dyn Error>> {
    use rv64::operand::I12;
    use rv64::{Assembler, Disassembler, reg::*};
    /// Our own number for the function that is called.
    const PRINT: u32 = 7;

    let mut asm = Assembler::new();
    asm.keep_notes(true);
    // What a form cannot express is no value of its operand's type: this one is checked while compiling.
    asm.addi(SP, SP, I12::of::<-16>());
    asm.sd(RA, SP, I12::of::<8>());
    asm.li(A0, I12::of::<42>());
    asm.comment(format_args!("its address is a constant"));
    let print = asm.external_constant(PRINT);
    asm.ld_at(T0.try_into()?, print);
    asm.jalr_ra(T0);
    asm.ld(RA, SP, I12::of::<8>());
    asm.addi(SP, SP, I12::of::<16>());
    asm.ret();

    let code = asm.finish()?;
    writeln!(out, "\nRISC-V: a call to something outside\n")?;
    listing::write(out, &code, &Disassembler::new())?;
    // Whoever puts the code into memory fills the holes.
    let mut bytes = code.bytes().to_vec();
    for reloc in code.relocs() {
        reloc.apply(&mut bytes, 0x1_0000, |symbol| (symbol == PRINT).then_some(0x1234_5678))?;
        writeln!(
            out,
            "\nThe hole at {:#x} now holds {:02x?}.",
            reloc.offset,
            &bytes[reloc.offset as usize..]
        )?;
    }
    Ok(())
}

/// Methods return nothing: the first error comes out at the end.
fn mistakes(out: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\nMistakes\n")?;
    let mut asm = x64::Assembler::new();
    let nowhere = asm.new_label();
    asm.jmp(nowhere);
    if let Err(error) = asm.finish() {
        writeln!(out, "{error}")?;
        assert_eq!(error, AsmError::NeverBound { label: nowhere, offset: 1 });
    }
    let mut asm = x64::Assembler::new();
    let far = asm.new_label();
    asm.jmp_short(far);
    (0..128).for_each(|_| asm.nop());
    asm.bind(far);
    if let Err(error) = asm.finish() {
        writeln!(out, "{error}")?;
    }
    // Numbers from outside are checked when the operand is made.
    if let Err(error) = a64::operand::U12::new(5000) {
        writeln!(out, "5000 as an immediate of 12 bits: {error}")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", tour()?);
    Ok(())
}

//! asmkit-rs: asmjit's tables in Rust. The buffer is kept from function to function.

use asmkit::{Arch, CodeBuffer, Environment, Label};
use encoders::Encoder;
use encoders::stream::*;

/// Defines a peer: its name, the architecture, the body for a function with the assembler at hand.
macro_rules! peer {
    ($name:ident, $arch:expr, $assembler:path, |$asm:ident, $record:ident, $label:ident| $body:expr) => {
        pub struct $name {
            buffer: CodeBuffer,
            labels: Vec<Label>,
            code: Vec<u8>,
        }

        impl Default for $name {
            fn default() -> $name {
                let buffer = CodeBuffer::new(Environment::new($arch));
                $name { buffer, labels: Vec::new(), code: Vec::new() }
            }
        }

        impl Encoder for $name {
            fn emit(&mut self, function: &[Record]) -> &[u8] {
                use $assembler as Assembler;
                self.buffer.clear();
                let mut $asm = Assembler::new(&mut self.buffer);
                self.labels.clear();
                self.labels.extend((0..LABELS).map(|_| $asm.get_label()));
                for $record in function {
                    let $label = self.labels[$record.label as usize];
                    $body
                }
                let finished = self.buffer.finish().expect("all labels are bound and in reach");
                self.code.clear();
                self.code.extend_from_slice(finished.data());
                &self.code
            }
        }
    };
}

peer!(X64, Arch::X64, asmkit::x86::Assembler, |asm, record, label| {
    use asmkit::x86::*;
    let (a, b, c, value) = (record.a as u32, record.b as u32, record.c as u32, record.imm as i32);
    let (qa, qb) = (gpq(a), gpq(b));
    let cond = record.imm & 3;
    let mem = || ptr64(gpq(b), value);
    let memx = || ptr64_index(gpq(b), gpq(c), 3, value);
    match record.op {
        BIND => asm.bind_label(label),
        MOV => asm.mov(qa, qb),
        ADD => asm.add(qa, qb),
        SUB => asm.sub(qa, qb),
        AND => asm.and_(qa, qb),
        OR => asm.or_(qa, qb),
        XOR => asm.xor_(qa, qb),
        MUL => asm.imul(qa, qb),
        CMP => asm.cmp(qa, qb),
        ADDI | ADDI32 => asm.add(qa, value),
        CMPI => asm.cmp(qa, value),
        MOVI32 => asm.mov(gpd(a), value),
        MOVI64 => asm.mov(qa, record.imm),
        SHLI => asm.shl(qa, value),
        LOAD => asm.mov(qa, mem()),
        LOADX => asm.mov(qa, memx()),
        STORE => asm.mov(mem(), qa),
        STOREX => asm.mov(memx(), qa),
        LOAD32 => asm.mov(gpd(a), ptr32(qb, value)),
        STORE8 => asm.mov(ptr8(qb, value), gpb(a)),
        LEA => asm.lea(qa, memx()),
        JCC => match cond {
            0 => asm.jz(label),
            1 => asm.jnz(label),
            2 => asm.jl(label),
            _ => asm.jnl(label),
        },
        JMP => asm.jmp(label),
        CALL => asm.call(label),
        CALLR => asm.call(qa),
        FLOAD => asm.movsd(xmm(a), mem()),
        FLOADX => asm.movsd(xmm(a), memx()),
        FSTORE => asm.movsd(mem(), xmm(a)),
        FADD => asm.addsd(xmm(a), xmm(b)),
        FSUB => asm.subsd(xmm(a), xmm(b)),
        FMUL => asm.mulsd(xmm(a), xmm(b)),
        FDIV => asm.divsd(xmm(a), xmm(b)),
        FCMP => asm.ucomisd(xmm(a), xmm(b)),
        I2F => asm.cvtsi2sd(xmm(a), qb),
        F2I => asm.cvttsd2si(qa, xmm(b)),
        SETCC => match cond {
            0 => asm.setz(gpb(a)),
            1 => asm.setnz(gpb(a)),
            2 => asm.setl(gpb(a)),
            _ => asm.setnl(gpb(a)),
        },
        _ => match cond {
            0 => asm.cmovz(qa, qb),
            1 => asm.cmovnz(qa, qb),
            2 => asm.cmovl(qa, qb),
            _ => asm.cmovnl(qa, qb),
        },
    }
});

peer!(A64, Arch::AArch64, asmkit::aarch64::Assembler, |asm, record, label| {
    use asmkit::aarch64::*;
    use asmkit::{CondCode, imm};
    let (na, nb, nc, value) = (record.a as u32, record.b as u32, record.c as u32, record.imm as i32);
    let (a, b, c) = (Gp::make_x(na), Gp::make_x(nb), Gp::make_x(nc));
    let (da, db, dc) = (Vec::make_d(na), Vec::make_d(nb), Vec::make_d(nc));
    let cond = [CondCode::EQ, CondCode::NE, CondCode::LT, CondCode::GE][record.imm as usize & 3];
    match record.op {
        BIND => asm.bind_label(label),
        MOV => asm.mov(a, b),
        ADD => asm.add(a, b, c),
        SUB => asm.sub(a, b, c),
        AND => asm.and_(a, b, c),
        OR => asm.orr(a, b, c),
        XOR => asm.eor(a, b, c),
        MUL => asm.mul(a, b, c),
        CMP => asm.cmp(a, b),
        // It loses the shift of `ADDI32`, also if that is given by itself: its code is not compared.
        ADDI | ADDI32 => asm.add(a, b, imm(value)),
        CMPI => asm.cmp(a, imm(value)),
        MOVI32 => asm.movz(a, imm(value)),
        MOVI64 => asm.movk_3(a, imm(value & 0xffff), imm(32)),
        SHLI => asm.lsl(a, b, imm(value)),
        LOAD => asm.ldr(a, ptr(b, value)),
        LOADX => asm.ldr(a, ptr_shift(b, c, lsl(3))),
        STORE => asm.str(a, ptr(b, value)),
        STOREX => asm.str(a, ptr_shift(b, c, lsl(3))),
        LOAD32 => asm.ldr(Gp::make_w(na), ptr(b, value)),
        STORE8 => asm.strb(Gp::make_w(na), ptr(b, value)),
        LEA => asm.add_4(a, b, c, imm(3)),
        JCC => match record.imm & 3 {
            0 => asm.b_eq(label),
            1 => asm.b_ne(label),
            2 => asm.b_lt(label),
            _ => asm.b_ge(label),
        },
        JMP => asm.b(label),
        CALL => asm.bl(label),
        CALLR => asm.blr(a),
        FLOAD => asm.ldr(da, ptr(b, value)),
        FLOADX => asm.ldr(da, ptr_shift(b, c, lsl(3))),
        FSTORE => asm.str(da, ptr(b, value)),
        FADD => asm.fadd(da, db, dc),
        FSUB => asm.fsub(da, db, dc),
        FMUL => asm.fmul(da, db, dc),
        FDIV => asm.fdiv(da, db, dc),
        FCMP => asm.fcmp(da, db),
        I2F => asm.scvtf(da, b),
        F2I => asm.fcvtzs(a, db),
        SETCC => asm.cset(a, imm(cond as i64)),
        _ => asm.csel(a, b, c, imm(cond as i64)),
    }
});

peer!(Rv64, Arch::RISCV64, asmkit::riscv::Assembler, |asm, record, label| {
    use asmkit::riscv::{f, x};
    /// Rounding modes, as numbers.
    const DYN: i32 = 7;
    const RTZ: i32 = 1;
    let (na, nb, nc, value) = (record.a as u32, record.b as u32, record.c as u32, record.imm as i32);
    let (a, b, c, fa, fb, fc) = (x(na), x(nb), x(nc), f(na), f(nb), f(nc));
    match record.op {
        BIND => asm.bind_label(label),
        MOV => asm.addi(a, b, 0),
        ADD | LEA => asm.add(a, b, c),
        SUB | CMOV => asm.sub(a, b, c),
        AND => asm.and(a, b, c),
        OR => asm.or(a, b, c),
        XOR => asm.xor(a, b, c),
        MUL => asm.mul(a, b, c),
        CMP => asm.slt(a, b, c),
        ADDI => asm.addi(a, b, value),
        ADDI32 => asm.lui(a, value),
        CMPI => asm.slti(a, b, value),
        MOVI32 => asm.lui(a, value << 12),
        MOVI64 => asm.addi(a, b, value & 0x7ff),
        SHLI => asm.slli(a, b, value),
        LOAD | LOADX => asm.ld(a, b, value),
        STORE | STOREX => asm.sd(b, a, value),
        LOAD32 => asm.lw(a, b, value),
        STORE8 => asm.sb(b, a, value),
        JCC => match record.imm & 3 {
            0 => asm.beq(a, b, label),
            1 => asm.bne(a, b, label),
            2 => asm.blt(a, b, label),
            _ => asm.bge(a, b, label),
        },
        JMP => asm.jal(x(0), label),
        CALL => asm.jal(x(1), label),
        CALLR => asm.jalr(x(1), a, 0),
        FLOAD | FLOADX => asm.fld(fa, b, value),
        FSTORE => asm.fsd(b, fa, value),
        FADD => asm.fadd_d(fa, fb, fc, DYN),
        FSUB => asm.fsub_d(fa, fb, fc, DYN),
        FMUL => asm.fmul_d(fa, fb, fc, DYN),
        FDIV => asm.fdiv_d(fa, fb, fc, DYN),
        FCMP => asm.flt_d(a, fb, fc),
        I2F => asm.fcvt_d_l(fa, b, DYN),
        F2I => asm.fcvt_l_d(a, fb, RTZ),
        _ => asm.sltu(a, b, c),
    }
});

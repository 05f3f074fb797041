//! iced-x86's `CodeAssembler`: it keeps instructions, and encodes all of them in the end.

use encoders::Encoder;
use encoders::stream::*;
use iced_x86::IcedError;
use iced_x86::code_asm::*;

const Q: [AsmRegister64; 16] = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];
const D: [AsmRegister32; 16] =
    [eax, ecx, edx, ebx, esp, ebp, esi, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d];
const B: [AsmRegister8; 16] =
    [al, cl, dl, bl, spl, bpl, sil, dil, r8b, r9b, r10b, r11b, r12b, r13b, r14b, r15b];
const X: [AsmRegisterXmm; 16] =
    [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

/// Operands from the stream.
pub struct Stream {
    asm: CodeAssembler,
    labels: Vec<CodeLabel>,
    code: Vec<u8>,
}

impl Default for Stream {
    fn default() -> Stream {
        let asm = CodeAssembler::new(64).expect("64 bits are supported");
        Stream { asm, labels: Vec::new(), code: Vec::new() }
    }
}

impl Stream {
    #[inline(always)]
    fn one(&mut self, record: &Record) -> Result<(), IcedError> {
        let asm = &mut self.asm;
        let (a, b, c) = (record.a as usize & 15, record.b as usize & 15, record.c as usize & 15);
        let (qa, qb, value) = (Q[a], Q[b], record.imm as i32);
        let mem = || Q[b] + value;
        let memx = || Q[b] + Q[c] * 8 + value;
        let label = self.labels[record.label as usize];
        let cond = record.imm & 3;
        match record.op {
            BIND => asm.set_label(&mut self.labels[record.label as usize]),
            MOV => asm.mov(qa, qb),
            ADD => asm.add(qa, qb),
            SUB => asm.sub(qa, qb),
            AND => asm.and(qa, qb),
            OR => asm.or(qa, qb),
            XOR => asm.xor(qa, qb),
            MUL => asm.imul_2(qa, qb),
            CMP => asm.cmp(qa, qb),
            ADDI | ADDI32 => asm.add(qa, value),
            CMPI => asm.cmp(qa, value),
            MOVI32 => asm.mov(D[a], value),
            MOVI64 => asm.mov(qa, record.imm),
            SHLI => asm.shl(qa, value),
            LOAD => asm.mov(qa, qword_ptr(mem())),
            LOADX => asm.mov(qa, qword_ptr(memx())),
            STORE => asm.mov(qword_ptr(mem()), qa),
            STOREX => asm.mov(qword_ptr(memx()), qa),
            LOAD32 => asm.mov(D[a], dword_ptr(mem())),
            STORE8 => asm.mov(byte_ptr(mem()), B[a]),
            LEA => asm.lea(qa, qword_ptr(memx())),
            JCC => match cond {
                0 => asm.je(label),
                1 => asm.jne(label),
                2 => asm.jl(label),
                _ => asm.jge(label),
            },
            JMP => asm.jmp(label),
            CALL => asm.call(label),
            CALLR => asm.call(qa),
            FLOAD => asm.movsd_2(X[a], qword_ptr(mem())),
            FLOADX => asm.movsd_2(X[a], qword_ptr(memx())),
            FSTORE => asm.movsd_2(qword_ptr(mem()), X[a]),
            FADD => asm.addsd(X[a], X[b]),
            FSUB => asm.subsd(X[a], X[b]),
            FMUL => asm.mulsd(X[a], X[b]),
            FDIV => asm.divsd(X[a], X[b]),
            FCMP => asm.ucomisd(X[a], X[b]),
            I2F => asm.cvtsi2sd(X[a], qb),
            F2I => asm.cvttsd2si(qa, X[b]),
            SETCC => match cond {
                0 => asm.sete(B[a]),
                1 => asm.setne(B[a]),
                2 => asm.setl(B[a]),
                _ => asm.setge(B[a]),
            },
            _ => match cond {
                0 => asm.cmove(qa, qb),
                1 => asm.cmovne(qa, qb),
                2 => asm.cmovl(qa, qb),
                _ => asm.cmovge(qa, qb),
            },
        }
    }
}

impl Encoder for Stream {
    fn emit(&mut self, function: &[Record]) -> &[u8] {
        self.asm.reset();
        self.labels.clear();
        self.labels.extend((0..LABELS).map(|_| self.asm.create_label()));
        for record in function {
            self.one(record).expect("operands of the stream are in range");
        }
        self.code = self.asm.assemble(0x1000).expect("all labels are bound and in reach");
        &self.code
    }
}

//! dynasm-rs: a macro reads assembly while compiling. The assembler is kept; its code leaves it with each function.

use dynasmrt::aarch64::Aarch64Relocation;
use dynasmrt::riscv::RiscvRelocation;
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, VecAssembler, dynasm};
use encoders::stream::*;
use encoders::{ConstantEncoder, Encoder};

/// Defines a peer: its name, the kind of its relocations, the body for one record.
macro_rules! peer {
    ($name:ident, $relocation:ty, |$asm:ident, $record:ident, $label:ident| $body:expr) => {
        pub struct $name {
            asm: VecAssembler<$relocation>,
            labels: Vec<DynamicLabel>,
            code: Vec<u8>,
        }

        impl Default for $name {
            fn default() -> $name {
                $name { asm: VecAssembler::new(0x1000), labels: Vec::new(), code: Vec::new() }
            }
        }

        impl Encoder for $name {
            fn emit(&mut self, function: &[Record]) -> &[u8] {
                let $asm = &mut self.asm;
                $asm.reserve_ops(8 * PER_FUNCTION);
                self.labels.clear();
                // Measured: with `extend` the compiler makes of what follows something slower.
                for _ in 0..LABELS {
                    self.labels.push($asm.new_dynamic_label());
                }
                for $record in function {
                    let $label = self.labels[$record.label as usize];
                    $body
                }
                self.code = $asm.take().expect("all labels are bound and in reach");
                &self.code
            }
        }
    };
}

peer!(X64, X64Relocation, |asm, record, label| {
    let (a, b, c, value, cond) = (record.a, record.b, record.c, record.imm as i32, record.imm & 3);
    macro_rules! put {
        ($($text:tt)*) => { dynasm!(asm ; .arch x64 ; $($text)*) };
    }
    match record.op {
        BIND => put!(=>label),
        MOV => put!(mov Rq(a), Rq(b)),
        ADD => put!(add Rq(a), Rq(b)),
        SUB => put!(sub Rq(a), Rq(b)),
        AND => put!(and Rq(a), Rq(b)),
        OR => put!(or Rq(a), Rq(b)),
        XOR => put!(xor Rq(a), Rq(b)),
        MUL => put!(imul Rq(a), Rq(b)),
        CMP => put!(cmp Rq(a), Rq(b)),
        ADDI => put!(add Rq(a), BYTE value as i8),
        ADDI32 => put!(add Rq(a), DWORD value),
        // It has no form of `cmp` with 8 bits.
        CMPI => put!(cmp Rq(a), DWORD value),
        MOVI32 => put!(mov Rd(a), DWORD value),
        MOVI64 => put!(mov Rq(a), QWORD record.imm),
        SHLI => put!(shl Rq(a), value as i8),
        LOAD => put!(mov Rq(a), [Rq(b) + value]),
        LOADX => put!(mov Rq(a), [Rq(b) + Rq(c) * 8 + value]),
        STORE => put!(mov[Rq(b) + value], Rq(a)),
        STOREX => put!(mov[Rq(b) + Rq(c) * 8 + value], Rq(a)),
        LOAD32 => put!(mov Rd(a), [Rq(b) + value]),
        STORE8 => put!(mov[Rq(b) + value], Rb(a)),
        LEA => put!(lea Rq(a), [Rq(b) + Rq(c) * 8 + value]),
        JCC => match cond {
            0 => put!(je =>label),
            1 => put!(jne =>label),
            2 => put!(jl =>label),
            _ => put!(jge =>label),
        },
        JMP => put!(jmp =>label),
        CALL => put!(call =>label),
        CALLR => put!(call Rq(a)),
        FLOAD => put!(movsd Rx(a), [Rq(b) + value]),
        FLOADX => put!(movsd Rx(a), [Rq(b) + Rq(c) * 8 + value]),
        FSTORE => put!(movsd[Rq(b) + value], Rx(a)),
        FADD => put!(addsd Rx(a), Rx(b)),
        FSUB => put!(subsd Rx(a), Rx(b)),
        FMUL => put!(mulsd Rx(a), Rx(b)),
        FDIV => put!(divsd Rx(a), Rx(b)),
        FCMP => put!(ucomisd Rx(a), Rx(b)),
        I2F => put!(cvtsi2sd Rx(a), Rq(b)),
        F2I => put!(cvttsd2si Rq(a), Rx(b)),
        SETCC => match cond {
            0 => put!(sete Rb(a)),
            1 => put!(setne Rb(a)),
            2 => put!(setl Rb(a)),
            _ => put!(setge Rb(a)),
        },
        _ => match cond {
            0 => put!(cmove Rq(a), Rq(b)),
            1 => put!(cmovne Rq(a), Rq(b)),
            2 => put!(cmovl Rq(a), Rq(b)),
            _ => put!(cmovge Rq(a), Rq(b)),
        },
    }
});

peer!(A64, Aarch64Relocation, |asm, record, label| {
    let (a, b, c, value, cond) = (record.a, record.b, record.c, record.imm as u32, record.imm & 3);
    macro_rules! put {
        ($($text:tt)*) => { dynasm!(asm ; .arch aarch64 ; $($text)*) };
    }
    match record.op {
        BIND => put!(=>label),
        MOV => put!(mov X(a), X(b)),
        ADD => put!(add X(a), X(b), X(c)),
        SUB => put!(sub X(a), X(b), X(c)),
        AND => put!(and X(a), X(b), X(c)),
        OR => put!(orr X(a), X(b), X(c)),
        XOR => put!(eor X(a), X(b), X(c)),
        MUL => put!(mul X(a), X(b), X(c)),
        CMP => put!(cmp X(a), X(b)),
        ADDI => put!(add XSP(a), XSP(b), #value),
        ADDI32 => put!(add XSP(a), XSP(b), #value >> 12, lsl #12),
        CMPI => put!(cmp XSP(a), #value),
        MOVI32 => put!(movz X(a), #value),
        MOVI64 => put!(movk X(a), #value & 0xffff, lsl #32),
        SHLI => put!(lsl X(a), X(b), #value),
        LOAD => put!(ldr X(a), [X(b), #value]),
        LOADX => put!(ldr X(a), [X(b), X(c), lsl #3]),
        STORE => put!(str X(a), [X(b), #value]),
        STOREX => put!(str X(a), [X(b), X(c), lsl #3]),
        LOAD32 => put!(ldr W(a), [X(b), #value]),
        STORE8 => put!(strb W(a), [X(b), #value]),
        LEA => put!(add X(a), X(b), X(c), lsl #3),
        JCC => match cond {
            0 => put!(b.eq =>label),
            1 => put!(b.ne =>label),
            2 => put!(b.lt =>label),
            _ => put!(b.ge =>label),
        },
        JMP => put!(b =>label),
        CALL => put!(bl =>label),
        CALLR => put!(blr X(a)),
        FLOAD => put!(ldr D(a), [X(b), #value]),
        FLOADX => put!(ldr D(a), [X(b), X(c), lsl #3]),
        FSTORE => put!(str D(a), [X(b), #value]),
        FADD => put!(fadd D(a), D(b), D(c)),
        FSUB => put!(fsub D(a), D(b), D(c)),
        FMUL => put!(fmul D(a), D(b), D(c)),
        FDIV => put!(fdiv D(a), D(b), D(c)),
        FCMP => put!(fcmp D(a), D(b)),
        I2F => put!(scvtf D(a), X(b)),
        F2I => put!(fcvtzs X(a), D(b)),
        SETCC => match cond {
            0 => put!(cset X(a), eq),
            1 => put!(cset X(a), ne),
            2 => put!(cset X(a), lt),
            _ => put!(cset X(a), ge),
        },
        _ => match cond {
            0 => put!(csel X(a), X(b), X(c), eq),
            1 => put!(csel X(a), X(b), X(c), ne),
            2 => put!(csel X(a), X(b), X(c), lt),
            _ => put!(csel X(a), X(b), X(c), ge),
        },
    }
});

peer!(Rv64, RiscvRelocation, |asm, record, label| {
    let (a, b, c, value, cond) = (record.a, record.b, record.c, record.imm as i32, record.imm & 3);
    macro_rules! put {
        ($($text:tt)*) => { dynasm!(asm ; .arch riscv64 ; .feature G ; $($text)*) };
    }
    match record.op {
        BIND => put!(=>label),
        MOV => put!(addi X(a), X(b), 0),
        ADD | LEA => put!(add X(a), X(b), X(c)),
        SUB | CMOV => put!(sub X(a), X(b), X(c)),
        AND => put!(and X(a), X(b), X(c)),
        OR => put!(or X(a), X(b), X(c)),
        XOR => put!(xor X(a), X(b), X(c)),
        MUL => put!(mul X(a), X(b), X(c)),
        CMP => put!(slt X(a), X(b), X(c)),
        ADDI => put!(addi X(a), X(b), value),
        ADDI32 => put!(lui X(a), value),
        CMPI => put!(slti X(a), X(b), value),
        MOVI32 => put!(lui X(a), value << 12),
        MOVI64 => put!(addi X(a), X(b), value & 0x7ff),
        SHLI => put!(slli X(a), X(b), value as u32),
        LOAD | LOADX => put!(ld X(a), [X(b), value]),
        STORE | STOREX => put!(sd X(a), [X(b), value]),
        LOAD32 => put!(lw X(a), [X(b), value]),
        STORE8 => put!(sb X(a), [X(b), value]),
        JCC => match cond {
            0 => put!(beq X(a), X(b), =>label),
            1 => put!(bne X(a), X(b), =>label),
            2 => put!(blt X(a), X(b), =>label),
            _ => put!(bge X(a), X(b), =>label),
        },
        JMP => put!(jal zero, =>label),
        CALL => put!(jal ra, =>label),
        CALLR => put!(jalr ra, X(a), 0),
        FLOAD | FLOADX => put!(fld F(a), [X(b), value]),
        FSTORE => put!(fsd F(a), [X(b), value]),
        FADD => put!(fadd.d F(a), F(b), F(c)),
        FSUB => put!(fsub.d F(a), F(b), F(c)),
        FMUL => put!(fmul.d F(a), F(b), F(c)),
        FDIV => put!(fdiv.d F(a), F(b), F(c)),
        FCMP => put!(flt.d X(a), F(b), F(c)),
        I2F => put!(fcvt.d.l F(a), X(b)),
        F2I => put!(fcvt.l.d X(a), F(b), rtz),
        _ => put!(sltu X(a), X(b), X(c)),
    }
});

/// Operands that are constants in the source.
pub struct Constant {
    asm: VecAssembler<X64Relocation>,
    code: Vec<u8>,
}

impl Default for Constant {
    fn default() -> Constant {
        Constant { asm: VecAssembler::new(0x1000), code: Vec::new() }
    }
}

impl ConstantEncoder for Constant {
    fn emit(&mut self) -> &[u8] {
        let asm = &mut self.asm;
        asm.reserve_ops(512);
        dynasm!(asm
            ; .arch x64
            ; push rbp
            ; mov rbp, rsp
            ; push rbx
            ; push r12
            ; push r13
            ; push r14
            ; sub rsp, 0x48
            ; mov rbx, rdi
            ; mov r12, rsi
            ; mov r13, rdx
            ; mov r14, rcx
            ; mov r15, QWORD 0x1234_5678_9abc_def0
            ; test r14, r14
            ; je >done
            ; xor ecx, ecx
            ; mov [rbp - 0x30], rcx
            ; outer:
            ; xorps xmm0, xmm0
            ; xor edx, edx
            ; mov rsi, [rbp - 0x30]
            ; imul rsi, r14
            ; lea rsi, [rsi + 16]
            ; lea rdi, [r12 + rcx * 8]
            ; inner:
            ; movsd xmm1, [rsi + rdx * 8]
            ; movsd xmm2, [rsi + rdx * 8 + 8]
            ; mulsd xmm1, [rdi]
            ; mulsd xmm2, [rdi + r14 * 8]
            ; addsd xmm0, xmm1
            ; addsd xmm0, xmm2
            ; lea rdi, [rdi + r14 * 8 + 0x1000]
            ; add rdx, 2
            ; cmp rdx, r14
            ; jl <inner
            ; ucomisd xmm0, [rbp - 0x38]
            ; jp >unordered
            ; ja >big
            ; cvttsd2si r8, xmm0
            ; cvtsi2sd xmm3, r8
            ; sqrtsd xmm3, xmm3
            ; addsd xmm3, [r13 + rcx * 8 + 0x12345]
            ; jmp >next
            ; unordered:
            ; mov esi, 7
            ; call rax
            ; big:
            ; sar r8, 3
            ; and r8d, 0x7fff_ffff
            ; or r8, 0x10
            ; next:
            ; add rcx, 1
            ; cmp rcx, r14
            ; jl <outer
            ; setne al
            ; movzx eax, al
            ; done:
            ; add rsp, 0x48
            ; pop r14
            ; pop r13
            ; pop r12
            ; pop rbx
            ; pop rbp
            ; ret
        );
        self.code = asm.take().expect("all labels are bound and in reach");
        &self.code
    }
}

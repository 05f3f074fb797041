//! cranelift-assembler-x64. It only encodes: the sink and the labels, with displacements of 32 bits, are the bench's.

use cranelift_assembler_x64::{inst::*, *};
use encoders::stream::*;
use encoders::{ConstantEncoder, Encoder};

/// Registers are their numbers.
struct Regs;

impl Registers for Regs {
    type ReadGpr = u8;
    type ReadWriteGpr = u8;
    type WriteGpr = u8;
    type ReadXmm = u8;
    type ReadWriteXmm = u8;
    type WriteXmm = u8;
}

/// Code, where labels are, and displacements that wait for them, as (offset, label).
#[derive(Default)]
struct Sink {
    code: Vec<u8>,
    labels: Vec<u32>,
    fixups: Vec<(u32, u32)>,
}

impl CodeSink for Sink {
    #[inline]
    fn put1(&mut self, value: u8) {
        self.code.push(value);
    }

    #[inline]
    fn put2(&mut self, value: u16) {
        self.code.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn put4(&mut self, value: u32) {
        self.code.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn put8(&mut self, value: u64) {
        self.code.extend_from_slice(&value.to_le_bytes());
    }

    fn add_trap(&mut self, _: TrapCode) {}

    fn use_target(&mut self, _: DeferredTarget) {}

    fn known_offset(&self, _: KnownOffset) -> i32 {
        0
    }
}

impl Sink {
    fn start(&mut self, labels: usize) {
        self.code.clear();
        self.fixups.clear();
        self.labels.clear();
        self.labels.resize(labels, u32::MAX);
    }

    #[inline]
    fn bind(&mut self, label: u32) {
        self.labels[label as usize] = self.code.len() as u32;
    }

    /// The instruction just emitted ends with a displacement to the label.
    #[inline]
    fn used(&mut self, label: u32) {
        self.fixups.push((self.code.len() as u32 - 4, label));
    }

    fn finish(&mut self) -> &[u8] {
        for &(at, label) in &self.fixups {
            let displacement = self.labels[label as usize].wrapping_sub(at + 4);
            self.code[at as usize..at as usize + 4].copy_from_slice(&displacement.to_le_bytes());
        }
        &self.code
    }
}

#[inline(always)]
fn base(base: u8, displacement: i32) -> Amode<u8> {
    let simm32 = AmodeOffsetPlusKnownOffset { simm32: AmodeOffset::new(displacement), offset: None };
    Amode::ImmReg { base, simm32, trap: None }
}

#[inline(always)]
fn indexed(base: u8, index: u8, displacement: i32) -> Amode<u8> {
    let simm32 = AmodeOffset::new(displacement);
    Amode::ImmRegRegShift { base, index: NonRspGpr::new(index), scale: Scale::Eight, simm32, trap: None }
}

/// Operands from the stream.
#[derive(Default)]
pub struct Stream {
    sink: Sink,
}

impl Encoder for Stream {
    fn emit(&mut self, function: &[Record]) -> &[u8] {
        let sink = &mut self.sink;
        sink.start(LABELS);
        macro_rules! put {
            ($form:ident, $($operand:expr),*) => { $form::<Regs>::new($($operand),*).encode(sink) };
        }
        for record in function {
            let (a, b, value, cond) = (record.a, record.b, record.imm as i32, record.imm & 3);
            let mem = || base(b, value);
            let memx = || indexed(b, record.c, value);
            macro_rules! branch {
                ($form:ident) => {{
                    $form::new(0i32).encode(sink);
                    sink.used(record.label);
                }};
            }
            match record.op {
                BIND => sink.bind(record.label),
                MOV => put!(movq_mr, a, b),
                ADD => put!(addq_mr, a, b),
                SUB => put!(subq_mr, a, b),
                AND => put!(andq_mr, a, b),
                OR => put!(orq_mr, a, b),
                XOR => put!(xorq_mr, a, b),
                MUL => put!(imulq_rm, a, b),
                CMP => put!(cmpq_mr, a, b),
                ADDI => put!(addq_mi_sxb, a, Simm8::new(value as i8)),
                ADDI32 => put!(addq_mi_sxl, a, Simm32::new(value)),
                CMPI => put!(cmpq_mi_sxb, a, Simm8::new(value as i8)),
                MOVI32 => put!(movl_oi, a, Imm32::new(value as u32)),
                MOVI64 => put!(movabsq_oi, a, Imm64::new(record.imm as u64)),
                SHLI => put!(shlq_mi, a, Imm8::new(value as u8)),
                LOAD => put!(movq_rm, a, mem()),
                LOADX => put!(movq_rm, a, memx()),
                STORE => put!(movq_mr, mem(), a),
                STOREX => put!(movq_mr, memx(), a),
                LOAD32 => put!(movl_rm, a, mem()),
                STORE8 => put!(movb_mr, mem(), a),
                LEA => put!(leaq_rm, a, memx()),
                JCC => match cond {
                    0 => branch!(je_d32),
                    1 => branch!(jne_d32),
                    2 => branch!(jl_d32),
                    _ => branch!(jge_d32),
                },
                JMP => branch!(jmp_d32),
                CALL => branch!(callq_d),
                CALLR => put!(callq_m, a),
                FLOAD => put!(movsd_a_m, a, mem()),
                FLOADX => put!(movsd_a_m, a, memx()),
                FSTORE => put!(movsd_c_m, mem(), a),
                FADD => put!(addsd_a, a, b),
                FSUB => put!(subsd_a, a, b),
                FMUL => put!(mulsd_a, a, b),
                FDIV => put!(divsd_a, a, b),
                FCMP => put!(ucomisd_a, a, b),
                I2F => put!(cvtsi2sdq_a, a, b),
                F2I => put!(cvttsd2si_aq, a, b),
                SETCC => match cond {
                    0 => put!(sete_m, a),
                    1 => put!(setne_m, a),
                    2 => put!(setl_m, a),
                    _ => put!(setge_m, a),
                },
                _ => match cond {
                    0 => put!(cmoveq_rm, a, b),
                    1 => put!(cmovneq_rm, a, b),
                    2 => put!(cmovlq_rm, a, b),
                    _ => put!(cmovgeq_rm, a, b),
                },
            }
        }
        sink.finish()
    }
}

const RAX: u8 = 0;
const RCX: u8 = 1;
const RDX: u8 = 2;
const RBX: u8 = 3;
const RSP: u8 = 4;
const RBP: u8 = 5;
const RSI: u8 = 6;
const RDI: u8 = 7;
const R8: u8 = 8;
const R12: u8 = 12;
const R13: u8 = 13;
const R14: u8 = 14;
const R15: u8 = 15;

/// Operands that are constants in the source.
#[derive(Default)]
pub struct Constant {
    sink: Sink,
}

impl ConstantEncoder for Constant {
    fn emit(&mut self) -> &[u8] {
        let sink = &mut self.sink;
        let [done, outer, inner, unordered, big, next] = [0, 1, 2, 3, 4, 5];
        sink.start(6);
        macro_rules! put {
            ($($form:ident($($operand:expr),*);)*) => { $($form::<Regs>::new($($operand),*).encode(sink);)* };
        }
        macro_rules! branch {
            ($form:ident, $label:expr) => {{
                $form::new(0i32).encode(sink);
                sink.used($label);
            }};
        }
        put! {
            pushq_o(RBP);
            movq_mr(RBP, RSP);
            pushq_o(RBX);
            pushq_o(R12);
            pushq_o(R13);
            pushq_o(R14);
            subq_mi_sxb(RSP, Simm8::new(0x48));
            movq_mr(RBX, RDI);
            movq_mr(R12, RSI);
            movq_mr(R13, RDX);
            movq_mr(R14, RCX);
            movabsq_oi(R15, Imm64::new(0x1234_5678_9abc_def0));
            testq_mr(R14, R14);
        }
        branch!(je_d32, done);
        put! {
            xorl_mr(RCX, RCX);
            movq_mr(base(RBP, -0x30), RCX);
        }
        sink.bind(outer);
        put! {
            xorps_a(0, 0);
            xorl_mr(RDX, RDX);
            movq_rm(RSI, base(RBP, -0x30));
            imulq_rm(RSI, R14);
            leaq_rm(RSI, base(RSI, 16));
            leaq_rm(RDI, indexed(R12, RCX, 0));
        }
        sink.bind(inner);
        put! {
            movsd_a_m(1, indexed(RSI, RDX, 0));
            movsd_a_m(2, indexed(RSI, RDX, 8));
            mulsd_a(1, base(RDI, 0));
            mulsd_a(2, indexed(RDI, R14, 0));
            addsd_a(0, 1);
            addsd_a(0, 2);
            leaq_rm(RDI, indexed(RDI, R14, 0x1000));
            addq_mi_sxb(RDX, Simm8::new(2));
            cmpq_mr(RDX, R14);
        }
        branch!(jl_d32, inner);
        put! { ucomisd_a(0, base(RBP, -0x38)); }
        branch!(jp_d32, unordered);
        branch!(ja_d32, big);
        put! {
            cvttsd2si_aq(R8, 0);
            cvtsi2sdq_a(3, R8);
            sqrtsd_a(3, 3);
            addsd_a(3, indexed(R13, RCX, 0x12345));
        }
        branch!(jmp_d32, next);
        sink.bind(unordered);
        put! {
            movl_oi(RSI, Imm32::new(7));
            callq_m(RAX);
        }
        sink.bind(big);
        put! {
            sarq_mi(R8, Imm8::new(3));
            andl_mi(R8, Imm32::new(0x7fff_ffff));
            orq_mi_sxb(R8, Simm8::new(0x10));
        }
        sink.bind(next);
        put! {
            addq_mi_sxb(RCX, Simm8::new(1));
            cmpq_mr(RCX, R14);
        }
        branch!(jl_d32, outer);
        put! {
            setne_m(RAX);
            movzbl_rm(RAX, RAX);
        }
        sink.bind(done);
        put! {
            addq_mi_sxb(RSP, Simm8::new(0x48));
            popq_o(R14);
            popq_o(R13);
            popq_o(R12);
            popq_o(RBX);
            popq_o(RBP);
        }
        retq_zo::new().encode(sink);
        sink.finish()
    }
}

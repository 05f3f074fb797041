//! x86_64.

use orus::asm::Label;
use orus::asm::x64::reg::*;
use orus::asm::x64::{Assembler, Cond, Gpr64, Index, Mem, Scale, Xmm};

use crate::stream::*;
use crate::{ConstantEncoder, Encoder};

/// Operands from the stream.
#[derive(Default)]
pub struct Stream {
    asm: Assembler,
    labels: Vec<Label>,
}

const CONDITIONS: [Cond; 4] = [Cond::E, Cond::Ne, Cond::L, Cond::Ge];

impl Stream {
    #[inline(always)]
    fn one(&mut self, record: &Record) {
        let asm = &mut self.asm;
        let (a, b) = (Gpr64::from_low_bits(record.a), Gpr64::from_low_bits(record.b));
        let (xa, xb) = (Xmm::from_low_bits(record.a), Xmm::from_low_bits(record.b));
        let value = record.imm as i32;
        let mem = || Mem::base(b, value);
        let memx = || {
            let index: Index = Gpr64::from_low_bits(record.c).index().unwrap_or(NO_INDEX);
            Mem::indexed(b, index, Scale::X8, value)
        };
        let cond = || CONDITIONS[record.imm as usize & 3];
        let label = || self.labels[record.label as usize];
        match record.op {
            BIND => asm.bind(label()),
            MOV => asm.mov_r64_r64(a, b),
            ADD => asm.add_r64_r64(a, b),
            SUB => asm.sub_r64_r64(a, b),
            AND => asm.and_r64_r64(a, b),
            OR => asm.or_r64_r64(a, b),
            XOR => asm.xor_r64_r64(a, b),
            MUL => asm.imul_r64_r64(a, b),
            CMP => asm.cmp_r64_r64(a, b),
            ADDI => asm.add_r64_i8(a, value as i8),
            ADDI32 => asm.add_r64_i32(a, value),
            CMPI => asm.cmp_r64_i8(a, value as i8),
            MOVI32 => asm.mov_r32_u32(a.as_32(), value as u32),
            MOVI64 => asm.mov_r64_i64(a, record.imm),
            SHLI => asm.shl_r64_u8(a, value as u8),
            LOAD => asm.mov_r64_m64(a, mem()),
            LOADX => asm.mov_r64_m64(a, memx()),
            STORE => asm.mov_m64_r64(mem(), a),
            STOREX => asm.mov_m64_r64(memx(), a),
            LOAD32 => asm.mov_r32_m32(a.as_32(), mem()),
            STORE8 => asm.mov_m8_r8(mem(), a.as_8()),
            LEA => asm.lea_r64_m(a, memx()),
            JCC => asm.jcc(cond(), label()),
            JMP => asm.jmp(label()),
            CALL => asm.call(label()),
            CALLR => asm.call_r64(a),
            FLOAD => asm.movsd_x_m64(xa, mem()),
            FLOADX => asm.movsd_x_m64(xa, memx()),
            FSTORE => asm.movsd_m64_x(mem(), xa),
            FADD => asm.addsd_x_x(xa, xb),
            FSUB => asm.subsd_x_x(xa, xb),
            FMUL => asm.mulsd_x_x(xa, xb),
            FDIV => asm.divsd_x_x(xa, xb),
            FCMP => asm.ucomisd_x_x(xa, xb),
            I2F => asm.cvtsi2sd_x_r64(xa, b),
            F2I => asm.cvttsd2si_r64_x(a, xb),
            SETCC => asm.set_r8(cond(), a.as_8()),
            _ => asm.cmov_r64_r64(cond(), a, b),
        }
    }
}

/// What stands in for `rsp`, which the stream does not have.
const NO_INDEX: Index = RAX.index().unwrap();

impl Encoder for Stream {
    fn reserve(&mut self) {
        self.asm.reserve(INSTRUCTION_MAX * PER_FUNCTION, LABELS, PER_FUNCTION);
        self.labels.reserve(LABELS);
    }

    fn emit(&mut self, function: &[Record]) -> &[u8] {
        self.asm.clear();
        self.labels.clear();
        self.labels.extend((0..LABELS).map(|_| self.asm.new_label()));
        for record in function {
            self.one(record);
        }
        match self.asm.finish() {
            Ok(code) => code.bytes(),
            Err(error) => panic!("the encoder reports: {error}"),
        }
    }
}

/// One function with constant operands, as stubs have: two nested loops over floats.
#[derive(Default)]
pub struct Constant {
    asm: Assembler,
}

impl Constant {
    /// How many instructions the function has.
    pub const INSTRUCTIONS: usize = 57;
}

impl ConstantEncoder for Constant {
    fn emit(&mut self) -> &[u8] {
        let asm = &mut self.asm;
        asm.clear();
        let (done, outer, inner) = (asm.new_label(), asm.new_label(), asm.new_label());
        let (unordered, big, next) = (asm.new_label(), asm.new_label(), asm.new_label());
        const RDX_INDEX: Index = RDX.index().unwrap();
        const RCX_INDEX: Index = RCX.index().unwrap();
        const R14_INDEX: Index = R14.index().unwrap();
        asm.push_r64(RBP);
        asm.mov_r64_r64(RBP, RSP);
        asm.push_r64(RBX);
        asm.push_r64(R12);
        asm.push_r64(R13);
        asm.push_r64(R14);
        asm.sub_r64_i8(RSP, 0x48);
        asm.mov_r64_r64(RBX, RDI);
        asm.mov_r64_r64(R12, RSI);
        asm.mov_r64_r64(R13, RDX);
        asm.mov_r64_r64(R14, RCX);
        asm.mov_r64_i64(R15, 0x1234_5678_9abc_def0);
        asm.test_r64_r64(R14, R14);
        asm.jcc(Cond::E, done);
        asm.xor_r32_r32(ECX, ECX);
        asm.mov_m64_r64(Mem::base(RBP, -0x30), RCX);
        asm.bind(outer);
        asm.xorps_x_x(XMM0, XMM0);
        asm.xor_r32_r32(EDX, EDX);
        asm.mov_r64_m64(RSI, Mem::base(RBP, -0x30));
        asm.imul_r64_r64(RSI, R14);
        asm.lea_r64_m(RSI, Mem::base(RSI, 16));
        asm.lea_r64_m(RDI, Mem::indexed(R12, RCX_INDEX, Scale::X8, 0));
        asm.bind(inner);
        asm.movsd_x_m64(XMM1, Mem::indexed(RSI, RDX_INDEX, Scale::X8, 0));
        asm.movsd_x_m64(XMM2, Mem::indexed(RSI, RDX_INDEX, Scale::X8, 8));
        asm.mulsd_x_m64(XMM1, Mem::base(RDI, 0));
        asm.mulsd_x_m64(XMM2, Mem::indexed(RDI, R14_INDEX, Scale::X8, 0));
        asm.addsd_x_x(XMM0, XMM1);
        asm.addsd_x_x(XMM0, XMM2);
        asm.lea_r64_m(RDI, Mem::indexed(RDI, R14_INDEX, Scale::X8, 0x1000));
        asm.add_r64_i8(RDX, 2);
        asm.cmp_r64_r64(RDX, R14);
        asm.jcc(Cond::L, inner);
        asm.ucomisd_x_m64(XMM0, Mem::base(RBP, -0x38));
        asm.jcc(Cond::P, unordered);
        asm.jcc(Cond::A, big);
        asm.cvttsd2si_r64_x(R8, XMM0);
        asm.cvtsi2sd_x_r64(XMM3, R8);
        asm.sqrtsd_x_x(XMM3, XMM3);
        asm.addsd_x_m64(XMM3, Mem::indexed(R13, RCX_INDEX, Scale::X8, 0x12345));
        asm.jmp(next);
        asm.bind(unordered);
        asm.mov_r32_u32(ESI, 7);
        asm.call_r64(RAX);
        asm.bind(big);
        asm.sar_r64_u8(R8, 3);
        asm.and_r32_i32(R8D, 0x7fff_ffff);
        asm.or_r64_i8(R8, 0x10);
        asm.bind(next);
        asm.add_r64_i8(RCX, 1);
        asm.cmp_r64_r64(RCX, R14);
        asm.jcc(Cond::L, outer);
        asm.set_r8(Cond::Ne, AL);
        asm.movzx_r32_r8(EAX, AL);
        asm.bind(done);
        asm.add_r64_i8(RSP, 0x48);
        asm.pop_r64(R14);
        asm.pop_r64(R13);
        asm.pop_r64(R12);
        asm.pop_r64(RBX);
        asm.pop_r64(RBP);
        asm.ret();
        match asm.finish() {
            Ok(code) => code.bytes(),
            Err(error) => panic!("the encoder reports: {error}"),
        }
    }
}

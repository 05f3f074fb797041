//! RISC-V. Each record is one instruction; where there is none of the kind, a near one stands in (`CMP` is `slt`, indexed
//! loads have no index, `CMOV` is `sub`). Numbers are checked by the operands' types.

use orus::asm::rv64::Assembler;
use orus::asm::rv64::operand::*;
use orus::asm::rv64::reg::*;
use orus::asm::{AsmError, Label};

use crate::Encoder;
use crate::stream::*;

/// Operands from the stream.
pub struct Stream {
    asm: Assembler,
    labels: Vec<Label>,
}

impl Stream {
    /// With or without compressed forms.
    pub fn new(compress: bool) -> Stream {
        let mut asm = Assembler::new();
        asm.compress(compress);
        Stream { asm, labels: Vec::new() }
    }

    #[inline(always)]
    fn one(&mut self, record: &Record) -> Result<(), Unencodable> {
        let asm = &mut self.asm;
        let (a, b, c) = (record.a, record.b, record.c);
        let (xa, xb, xc) = (X::from_low_bits(a), X::from_low_bits(b), X::from_low_bits(c));
        let (fa, fb, fc) = (F::from_low_bits(a), F::from_low_bits(b), F::from_low_bits(c));
        let value = record.imm as i32;
        let label = || self.labels[record.label as usize];
        match record.op {
            BIND => asm.bind(label()),
            MOV => asm.mv(xa, xb),
            ADD | LEA => asm.add(xa, xb, xc),
            SUB | CMOV => asm.sub(xa, xb, xc),
            AND => asm.and(xa, xb, xc),
            OR => asm.or(xa, xb, xc),
            XOR => asm.xor(xa, xb, xc),
            MUL => asm.mul(xa, xb, xc),
            CMP => asm.slt(xa, xb, xc),
            ADDI => asm.addi(xa, xb, I12::new(value)?),
            ADDI32 => asm.lui(xa, U20::new(value >> 12)?),
            CMPI => asm.slti(xa, xb, I12::new(value)?),
            MOVI32 => asm.lui(xa, U20::new(value)?),
            MOVI64 => asm.addi(xa, xb, I12::new(value & 0x7ff)?),
            SHLI => asm.slli(xa, xb, U6::new(value)?),
            LOAD | LOADX => asm.ld(xa, xb, I12::new(value)?),
            STORE | STOREX => asm.sd(xa, xb, I12::new(value)?),
            LOAD32 => asm.lw(xa, xb, I12::new(value)?),
            STORE8 => asm.sb(xa, xb, I12::new(value)?),
            JCC => match record.imm & 3 {
                0 => asm.beq(xa, xb, label()),
                1 => asm.bne(xa, xb, label()),
                2 => asm.blt(xa, xb, label()),
                _ => asm.bge(xa, xb, label()),
            },
            JMP => asm.j(label()),
            CALL => asm.jal(XNz::try_from(RA)?, label()),
            CALLR => asm.jalr_ra(xa),
            FLOAD | FLOADX => asm.fld(fa, xb, I12::new(value)?),
            FSTORE => asm.fsd(fa, xb, I12::new(value)?),
            FADD => asm.fadd_d(fa, fb, fc, Rm::Dyn),
            FSUB => asm.fsub_d(fa, fb, fc, Rm::Dyn),
            FMUL => asm.fmul_d(fa, fb, fc, Rm::Dyn),
            FDIV => asm.fdiv_d(fa, fb, fc, Rm::Dyn),
            FCMP => asm.flt_d(xa, fb, fc),
            I2F => asm.fcvt_d_l(fa, xb, Rm::Dyn),
            F2I => asm.fcvt_l_d(xa, fb, Rm::Rtz),
            _ => asm.sltu(xa, xb, xc),
        }
        Ok(())
    }
}

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
            if self.one(record).is_err() {
                let offset = self.asm.offset();
                self.asm.fail(AsmError::Operand { offset, what: "out of range" });
            }
        }
        match self.asm.finish() {
            Ok(code) => code.bytes(),
            Err(error) => panic!("the encoder reports: {error}"),
        }
    }
}

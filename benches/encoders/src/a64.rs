//! AArch64. Each record is one instruction; numbers are checked by the operands' types.

use orus::asm::a64::Assembler;
use orus::asm::a64::operand::*;
use orus::asm::a64::reg::*;
use orus::asm::{AsmError, Label};

use crate::Encoder;
use crate::stream::*;

/// Operands from the stream.
#[derive(Default)]
pub struct Stream {
    asm: Assembler,
    labels: Vec<Label>,
}

const CONDITIONS: [Cond; 4] = [Cond::Eq, Cond::Ne, Cond::Lt, Cond::Ge];

impl Stream {
    #[inline(always)]
    fn one(&mut self, record: &Record) -> Result<(), Unencodable> {
        let asm = &mut self.asm;
        let (a, b, c) = (record.a, record.b, record.c);
        let (xa, xb, xc) = (X::from_low_bits(a), X::from_low_bits(b), X::from_low_bits(c));
        let (sa, sb) = (XSp::from_low_bits(a), XSp::from_low_bits(b));
        let (da, db, dc) = (D::from_low_bits(a), D::from_low_bits(b), D::from_low_bits(c));
        let value = record.imm as u32;
        let cond = || CONDITIONS[record.imm as usize & 3];
        let label = || self.labels[record.label as usize];
        match record.op {
            BIND => asm.bind(label()),
            MOV => asm.mov_x_rr(xa, xb),
            ADD => asm.add_x_rrr(xa, xb, xc),
            SUB => asm.sub_x_rrr(xa, xb, xc),
            AND => asm.and_x_rrr(xa, xb, xc),
            OR => asm.orr_x_rrr(xa, xb, xc),
            XOR => asm.eor_x_rrr(xa, xb, xc),
            MUL => asm.mul_x(xa, xb, xc),
            CMP => asm.cmp_x_rr(xa, xb),
            ADDI => asm.add_x_rri(sa, sb, U12::new(value)?),
            ADDI32 => asm.add_x_rri_hi(sa, sb, U12::new(value >> 12)?),
            CMPI => asm.cmp_x_ri(sa, U12::new(value)?),
            MOVI32 => asm.movz_x_ri(xa, U16::new(value)?),
            MOVI64 => asm.movk_x_rih(xa, U16::from(value as u16), HalfX::of::<32>()),
            SHLI => asm.lsl_x_rri(xa, xb, LeftX::new(value)?),
            LOAD => asm.ldr_x_ri(xa, sb, Offset8::new(value)?),
            LOADX => asm.ldr_x_rx(xa, sb, xc, IndexX8::SCALED),
            STORE => asm.str_x_ri(xa, sb, Offset8::new(value)?),
            STOREX => asm.str_x_rx(xa, sb, xc, IndexX8::SCALED),
            LOAD32 => asm.ldr_w_ri(xa.into(), sb, Offset4::new(value)?),
            STORE8 => asm.strb_ri(xa.into(), sb, Offset1::new(value)?),
            LEA => asm.add_x_rrrs(xa, xb, xc, ShiftX::lsl(3)?),
            JCC => asm.b_cond(cond(), label()),
            JMP => asm.b(label()),
            CALL => asm.bl(label()),
            CALLR => asm.blr(xa),
            FLOAD => asm.ldr_d_ri(da, sb, Offset8::new(value)?),
            FLOADX => asm.ldr_d_rx(da, sb, xc, IndexX8::SCALED),
            FSTORE => asm.str_d_ri(da, sb, Offset8::new(value)?),
            FADD => asm.fadd_d(da, db, dc),
            FSUB => asm.fsub_d(da, db, dc),
            FMUL => asm.fmul_d(da, db, dc),
            FDIV => asm.fdiv_d(da, db, dc),
            FCMP => asm.fcmp_d(da, db),
            I2F => asm.scvtf_d_x(da, xb),
            F2I => asm.fcvtzs_x_d(xa, db),
            SETCC => asm.cset_x(xa, cond()),
            _ => asm.csel_x(xa, xb, xc, cond()),
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

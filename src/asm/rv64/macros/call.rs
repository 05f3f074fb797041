//! Addresses outside, calls and jumps to them.
//!
//! Where the code will be is not known, so `auipc` cannot reach them: an address that is known is a constant, less the 12 bits that `jalr`
//! adds, and one that is not is a literal with a relocation. Without a register to spare a call goes by the one that will hold
//! its return address, and a jump by T6.

use super::super::Assembler;
use super::super::operand::I12;
use super::super::reg::{RA, SP, T6, X, XNz, ZERO};
use super::OPERAND;
use crate::asm::error::AsmError;
use crate::asm::label::Label;
use crate::asm::macros::Far;

impl Assembler {
    pub(super) fn put_label(&mut self, rd: X, label: Label) {
        if let Ok(rd) = XNz::try_from(rd) {
            self.la(rd, label);
        }
    }

    pub(super) fn put_far_address(&mut self, rd: X, far: Far) {
        match far {
            Far::Address(address) => self.put_constant(rd, address as i64),
            Far::External(symbol) => {
                let label = self.external_constant(symbol);
                if let Ok(rd) = XNz::try_from(rd) {
                    self.ld_at(rd, label);
                }
            }
        }
    }

    pub(super) fn put_call(&mut self, far: Far, through: Option<X>) {
        self.put_jalr(RA, far, through.unwrap_or(RA));
    }

    pub(super) fn put_jump_outside(&mut self, far: Far, through: Option<X>) {
        self.put_jalr(ZERO, far, through.unwrap_or(T6));
    }

    fn put_jalr(&mut self, link: X, far: Far, through: X) {
        if through == ZERO || through == SP {
            let offset = self.offset();
            return self.fail(AsmError::Operand { offset, what: OPERAND });
        }
        let mut low = I12::of::<0>();
        match far {
            Far::Address(address) => {
                let (high, rest) = self.split(address as i64);
                self.put_constant(through, high);
                low = rest;
            }
            Far::External(_) => self.put_far_address(through, far),
        }
        match (low.value(), link) {
            (0, ZERO) => self.jr(through),
            (0, RA) => self.jalr_ra(through),
            _ => self.jalr(link, through, low),
        }
    }
}

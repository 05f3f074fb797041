//! Branches to labels.
//!
//! A branch to a label that is bound goes backward by a known distance: it is compressed if that fits, and turned
//! into the inverted branch over a jump if the distance is more than 4 KiB. A branch to a label that is not bound yet
//! has its full size, and is led to a veneer if the label turns out to be too far away.

use super::fixup::{AUIPC_SCRATCH, J, JALR_SCRATCH, Kind, fits, halves};
use super::layout::scatter;
use super::{Assembler, shorten};
use crate::asm::error::AsmError;
use crate::asm::label::Label;

/// Bytes of the longest sequence that a branch becomes.
const LONGEST: u32 = 12;
/// The bit of a conditional branch that inverts its condition.
const INVERT: u32 = 1 << 12;

impl Assembler {
    /// A conditional branch.
    #[inline]
    pub(super) fn put_branch(&mut self, word: u32, to: Label) {
        match self.label_offset(to) {
            Some(target) => self.branch_back(word, target),
            None => self.put_u32_for(word, to, Kind::Branch),
        }
    }

    /// As in [`wait_for`](crate::asm::CodeBuffer::wait_for), what is rare is called at the end.
    #[inline]
    fn branch_back(&mut self, word: u32, target: u32) {
        let displacement = i64::from(target) - i64::from(self.offset());
        // An island between here and the instruction would make the distance another one.
        if self.is_together(LONGEST) && fits(displacement, 13) {
            self.put_maybe_short(word | scatter::imm_b(displacement as u32), shorten::imm_b);
        } else {
            self.branch_far(word, target);
        }
    }

    #[cold]
    #[inline(never)]
    fn branch_far(&mut self, word: u32, target: u32) {
        self.keep_together(LONGEST);
        let displacement = i64::from(target) - i64::from(self.offset());
        let over = |bytes: u32| word ^ INVERT | scatter::imm_b(bytes);
        if fits(displacement, 13) {
            self.put_maybe_short(word | scatter::imm_b(displacement as u32), shorten::imm_b);
        } else if fits(displacement - 4, 21) {
            self.put_u32(over(8));
            self.put_u32(J | scatter::imm_j((displacement - 4) as u32));
        } else {
            self.put_u32(over(12));
            self.jump_by_pair(AUIPC_SCRATCH, JALR_SCRATCH, displacement - 4);
        }
    }

    /// `jal`.
    #[inline]
    pub(super) fn put_jump(&mut self, word: u32, to: Label) {
        match self.label_offset(to) {
            Some(target) => self.jump_back(word, target),
            None => self.put_u32_for(word, to, Kind::Jump),
        }
    }

    #[inline]
    fn jump_back(&mut self, word: u32, target: u32) {
        let displacement = i64::from(target) - i64::from(self.offset());
        if self.is_together(LONGEST) && fits(displacement, 21) {
            self.put_maybe_short(word | scatter::imm_j(displacement as u32), shorten::imm_j);
        } else {
            self.jump_far(word, target);
        }
    }

    #[cold]
    #[inline(never)]
    fn jump_far(&mut self, word: u32, target: u32) {
        self.keep_together(LONGEST);
        let displacement = i64::from(target) - i64::from(self.offset());
        if fits(displacement, 21) {
            self.put_maybe_short(word | scatter::imm_j(displacement as u32), shorten::imm_j);
        } else if word == J {
            self.jump_by_pair(AUIPC_SCRATCH, JALR_SCRATCH, displacement);
        } else {
            // The register that takes the return address serves for the target before.
            let rd = word >> 7 & 31;
            self.jump_by_pair(0x17 | rd << 7, 0x67 | rd << 7 | rd << 15, displacement);
        }
    }

    #[cold]
    #[inline(never)]
    fn jump_by_pair(&mut self, auipc: u32, jalr: u32, displacement: i64) {
        match halves(displacement) {
            Some((high, low)) => {
                self.put_narrow(u64::from(auipc | high) | u64::from(jalr | scatter::imm_i(low)) << 32, 8);
            }
            None => {
                let offset = self.offset();
                self.fail(AsmError::OutOfReach { offset, displacement });
            }
        }
    }

    /// A compressed branch or jump, of this kind: never another form.
    #[inline]
    pub(super) fn put_branch_c(&mut self, half: u32, kind: Kind, to: Label) {
        self.put_u16(half as u16);
        let at = self.offset().wrapping_sub(2);
        self.use_label(to, kind, at);
    }

    /// `auipc` and the instruction after it.
    #[inline]
    pub(super) fn put_pair(&mut self, first: u32, second: u32, kind: Kind, to: Label) {
        self.put_narrow(u64::from(first) | u64::from(second) << 32, 8);
        let at = self.offset().wrapping_sub(8);
        self.use_label(to, kind, at);
    }
}

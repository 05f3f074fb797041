//! Branches to labels: the shortest form that reaches.
//!
//! Backward the distance is known, so 8 bits of displacement are taken where they do. Forward it is not: 32 bits are
//! taken, unless the caller promises that the label is near ([`Assembler::jmp_short`]); a broken promise is an error.

use super::Assembler;
use super::fixup::Kind;
use super::operand::Cond;
use crate::asm::label::Label;

impl Assembler {
    /// Jumps to a label: 2 bytes if it is bound and near, else 5.
    #[inline]
    pub fn jmp(&mut self, label: Label) {
        match self.near_back(label) {
            Some(displacement) => self.jmp_rel8(displacement),
            None => {
                self.jmp_rel32(0);
                self.use_at_end(label, Kind::Rel32);
            }
        }
    }

    /// Jumps to a label if the condition holds: 2 bytes if it is bound and near, else 6.
    #[inline]
    pub fn jcc(&mut self, cond: Cond, label: Label) {
        match self.near_back(label) {
            Some(displacement) => self.jcc_rel8(cond, displacement),
            None => {
                self.jcc_rel32(cond, 0);
                self.use_at_end(label, Kind::Rel32);
            }
        }
    }

    /// Calls a label: 5 bytes.
    #[inline]
    pub fn call(&mut self, label: Label) {
        self.call_rel32(0);
        self.use_at_end(label, Kind::Rel32);
    }

    /// Jumps to a label that is or will be bound at most 127 bytes away: 2 bytes.
    #[inline]
    pub fn jmp_short(&mut self, label: Label) {
        self.jmp_rel8(0);
        self.use_at_end(label, Kind::Rel8);
    }

    /// Jumps, if the condition holds, to a label that is or will be bound at most 127 bytes away: 2 bytes.
    #[inline]
    pub fn jcc_short(&mut self, cond: Cond, label: Label) {
        self.jcc_rel8(cond, 0);
        self.use_at_end(label, Kind::Rel8);
    }

    /// Calls something outside, within 2 GiB: leaves a relocation.
    pub fn call_external(&mut self, symbol: u32) {
        self.call_rel32(0);
        let at = self.offset().saturating_sub(4);
        self.use_external(symbol, 0, Kind::Rel32, at);
    }

    /// Jumps to something outside, within 2 GiB: leaves a relocation.
    pub fn jmp_external(&mut self, symbol: u32) {
        self.jmp_rel32(0);
        let at = self.offset().saturating_sub(4);
        self.use_external(symbol, 0, Kind::Rel32, at);
    }

    /// Loads the address of something outside, wherever it is: leaves a relocation.
    pub fn mov_external(&mut self, register: super::Gpr64, symbol: u32, addend: i64) {
        self.mov_r64_i64(register, 0);
        let at = self.offset().saturating_sub(8);
        self.note_absolute(symbol, addend, at);
    }

    /// The displacement of a short branch emitted now, if the label is bound and in reach.
    #[inline(always)]
    fn near_back(&self, label: Label) -> Option<i8> {
        let back = self.offset().wrapping_sub(self.label_offset(label)?);
        // From the end of the instruction it is two bytes more.
        if back <= 126 { Some(-2 - back as i8) } else { None }
    }

    /// The displacement at the end of the instruction just emitted leads to the label.
    #[inline(always)]
    fn use_at_end(&mut self, label: Label, kind: Kind) {
        let at = self.offset().saturating_sub(kind.to_end() as u32);
        self.use_label(label, kind, at);
    }
}

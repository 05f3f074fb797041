//! Loads and stores at any offset.
//!
//! An offset of 12 bits with sign is in the instruction. Up to twice that, an `addi` to T6 goes before. Beyond, the offset
//! without its low 12 bits is built in T6 and added to the base, and the low bits are in the instruction; where the whole offset is
//! cheaper to build, that is taken. Constants: see `constant`.

use super::super::Assembler;
use super::super::operand::I12;
use super::super::reg::{F, T6, X, ZERO};
use super::constant::{imm12, low12};
use crate::asm::label::Label;
use crate::asm::macros::{Access, Width};

/// Both parts of `value` if it is a sum of two numbers of 12 bits with sign, and none itself: the first is the larger.
pub(super) fn two_parts(value: i64) -> Option<(I12, I12)> {
    if !(-4096..=4094).contains(&value) {
        return None;
    }
    let first = value.clamp(-2048, 2047);
    Some((imm12(first), imm12(value - first)))
}

impl Assembler {
    /// Splits `value` into what is to be built in a register, and 12 bits that the instruction which uses it adds.
    pub(super) fn split(&self, value: i64) -> (i64, I12) {
        let low = low12(value);
        let high = value.wrapping_sub(low.into());
        if self.constant_cost(high) <= self.constant_cost(value) {
            (high, imm12(low.into()))
        } else {
            (value, I12::of::<0>())
        }
    }

    /// The register and the rest with which an instruction gets at `base + offset`. Overwrites T6.
    fn put_address(&mut self, base: X, offset: i64) -> (X, I12) {
        if offset == i64::from(low12(offset)) {
            return (base, imm12(offset));
        }
        if let Some((first, second)) = two_parts(offset).filter(|_| base != ZERO) {
            self.addi(T6, base, first);
            return (T6, second);
        }
        let (high, low) = self.split(offset);
        self.put_constant(T6, high);
        if base != ZERO {
            self.add(T6, T6, base);
        }
        (T6, low)
    }

    pub(super) fn put_load(&mut self, access: Access, rd: X, base: X, offset: i64) {
        let (base, offset) = self.put_address(base, offset);
        match access {
            Access::U8 => self.lbu(rd, base, offset),
            Access::I8 => self.lb(rd, base, offset),
            Access::U16 => self.lhu(rd, base, offset),
            Access::I16 => self.lh(rd, base, offset),
            Access::U32 => self.lwu(rd, base, offset),
            Access::I32 => self.lw(rd, base, offset),
            Access::I64 => self.ld(rd, base, offset),
        }
    }

    pub(super) fn put_store(&mut self, width: Width, rs: X, base: X, offset: i64) {
        let (base, offset) = self.put_address(base, offset);
        match width {
            Width::W8 => self.sb(rs, base, offset),
            Width::W16 => self.sh(rs, base, offset),
            Width::W32 => self.sw(rs, base, offset),
            Width::W64 => self.sd(rs, base, offset),
        }
    }

    pub(super) fn put_load_f64(&mut self, fd: F, base: X, offset: i64) {
        let (base, offset) = self.put_address(base, offset);
        self.fld(fd, base, offset);
    }

    pub(super) fn put_store_f64(&mut self, from: F, base: X, offset: i64) {
        let (base, offset) = self.put_address(base, offset);
        self.fsd(from, base, offset);
    }

    pub(super) fn put_poll(&mut self, base: X, offset: i64, to: Label) {
        self.put_load(Access::I32, T6, base, offset);
        self.bnez(T6, to);
    }
}

//! Frames of the LP64D convention: from the caller's stack pointer down, the return address, the frame pointer, the saved general
//! and float registers, and the function's own bytes. `s0`, the frame pointer, is the caller's stack pointer.
//!
//! A frame of up to 2 KiB is made in one step. A larger one takes one for what is saved, so that the stores have their
//! offsets in two bytes, and one for the rest; the way back is from the frame pointer.
//!
//! Probes store to the stack pointer as it goes down by at most 4 KiB at a time: three pages in a row, more in a loop. A frame made in one
//! step needs none, since the return address is stored at its top.
//!
//! Sources. RISC-V ELF psABI, "Integer Calling Convention", "Frame Pointer Convention".

use super::super::Assembler;
use super::super::operand::I12;
use super::super::reg::{F, RA, S0, SP, T5, T6, X, ZERO};
use super::constant::imm12;
use super::{OPERAND, can_write, is_float};
use crate::asm::error::AsmError;
use crate::asm::macros::{Frame, FrameLayout};

/// The largest frame that is made in one step.
const ONE_STEP: u32 = 2032;
const PAGE: u32 = 4096;
/// Pages up to which there is no loop.
const PAGES_IN_A_ROW: u32 = 3;

/// The steps of a frame, in bytes: each a multiple of 16.
struct Steps {
    /// Return address, frame pointer and what else is saved, and in a small frame all of it.
    first: u32,
    rest: u32,
}

fn is_saved_anyway(register: X) -> bool {
    register == RA || register == S0
}

/// Whether all are different.
fn are_distinct(numbers: impl Iterator<Item = u8>) -> bool {
    let mut seen = 0u32;
    for number in numbers {
        if seen >> number & 1 != 0 {
            return false;
        }
        seen |= 1 << number;
    }
    true
}

impl Assembler {
    /// The frame's steps; an error if it cannot be.
    fn steps(&mut self, frame: &Frame<'_, X, F>) -> Option<Steps> {
        let is_fine = frame.saved.iter().all(|&register| can_write(register))
            && frame.saved_floats.iter().all(|&register| is_float(register))
            && are_distinct(frame.saved.iter().map(|register| register.number()))
            && are_distinct(frame.saved_floats.iter().map(|register| register.number()));
        let general = frame.saved.iter().filter(|&&register| !is_saved_anyway(register)).count();
        let slots = 2 + general + frame.saved_floats.len();
        let area = (slots as u64 * 8).next_multiple_of(16);
        let size = (slots as u64 * 8 + u64::from(frame.locals)).next_multiple_of(16);
        let offset = self.offset();
        match i32::try_from(size) {
            _ if !is_fine => self.fail(AsmError::Operand { offset, what: OPERAND }),
            Err(_) => self.fail(AsmError::Operand { offset, what: "the frame is larger than 2 GiB" }),
            Ok(size) if size as u32 <= ONE_STEP => return Some(Steps { first: size as u32, rest: 0 }),
            // The function's own bytes may reach into the gap below what is saved.
            Ok(size) => return Some(Steps { first: area as u32, rest: size as u32 - area as u32 }),
        }
        None
    }

    /// Calls `each` with every saved register, general or float, and its offset from the stack pointer.
    fn each_saved(
        &mut self,
        frame: &Frame<'_, X, F>,
        first: u32,
        mut general: impl FnMut(&mut Self, X, I12),
        mut float: impl FnMut(&mut Self, F, I12),
    ) {
        let mut at = i64::from(first) - 16;
        for &register in frame.saved.iter().filter(|&&register| !is_saved_anyway(register)) {
            at -= 8;
            general(self, register, imm12(at));
        }
        for &register in frame.saved_floats {
            at -= 8;
            float(self, register, imm12(at));
        }
    }

    pub(super) fn put_prologue(&mut self, frame: &Frame<'_, X, F>) -> FrameLayout {
        let Some(Steps { first, rest }) = self.steps(frame) else {
            return FrameLayout { size: 0, locals: 0 };
        };
        let top = i64::from(first);
        self.addi(SP, SP, imm12(-top));
        self.sd(RA, SP, imm12(top - 8));
        self.sd(S0, SP, imm12(top - 16));
        self.addi(S0, SP, imm12(top));
        self.each_saved(
            frame,
            first,
            |asm, register, at| asm.sd(register, SP, at),
            |asm, register, at| asm.fsd(register, SP, at),
        );
        if frame.probed {
            self.put_probes(rest);
        } else {
            self.put_add_imm(SP, SP, -i64::from(rest));
        }
        FrameLayout { size: first + rest, locals: 0 }
    }

    pub(super) fn put_epilogue(&mut self, frame: &Frame<'_, X, F>) {
        let Some(Steps { first, rest }) = self.steps(frame) else { return };
        let top = i64::from(first);
        if rest > 0 {
            self.addi(SP, S0, imm12(-top));
        }
        self.ld(RA, SP, imm12(top - 8));
        self.ld(S0, SP, imm12(top - 16));
        self.each_saved(
            frame,
            first,
            |asm, register, at| asm.ld(register, SP, at),
            |asm, register, at| asm.fld(register, SP, at),
        );
        self.addi(SP, SP, imm12(top));
        self.ret();
    }

    pub(super) fn put_probes(&mut self, bytes: u32) {
        if !bytes.is_multiple_of(16) {
            let offset = self.offset();
            return self
                .fail(AsmError::Operand { offset, what: "the stack pointer must be a multiple of 16" });
        }
        let (pages, rest) = (bytes / PAGE, bytes % PAGE);
        if pages > PAGES_IN_A_ROW {
            self.put_constant(T5, -i64::from(pages * PAGE));
            self.add(T5, SP, T5);
            self.put_constant(T6, -i64::from(PAGE));
            let top = self.new_label();
            self.bind(top);
            self.put_page();
            self.bne(SP, T5, top);
        } else if pages > 0 {
            self.put_constant(T6, -i64::from(PAGE));
            for _ in 0..pages {
                self.put_page();
            }
        }
        if rest > 0 {
            self.put_add_imm(SP, SP, -i64::from(rest));
            self.sd(ZERO, SP, I12::of::<0>());
        }
    }

    /// Goes down by what T6 holds, and touches what is there.
    fn put_page(&mut self) {
        self.add(SP, SP, T6);
        self.sd(ZERO, SP, I12::of::<0>());
    }
}

//! Moves, one and many at once.
//!
//! Between registers a move is one instruction, also between general and float ones; between a register and the stack one up to
//! 2 KiB from the stack pointer. From the stack to the stack it goes by the float scratch register, since `fld` and `fsd` have
//! forms of two bytes; a cycle is opened with T5, or with the float scratch register if it is opened at a float
//! register (then the stack goes by T5). T6 is for addresses.

use super::super::Assembler;
use super::super::reg::{F, FT11, SP, T5, X};
use super::{OPERAND, can_read, can_write, is_float};
use crate::asm::error::AsmError;
use crate::asm::macros::{Access, Place, PlaceOf, Width};
use crate::parallel_move::{Step, resolve};

impl Assembler {
    /// `rd = rn`; nothing if they are the same.
    pub(super) fn put_move(&mut self, rd: X, rn: X) {
        if rd != rn {
            self.mv(rd, rn);
        }
    }

    /// `fd = from`; nothing if they are the same.
    pub(super) fn put_move_f64(&mut self, fd: F, from: F) {
        if fd != from {
            self.fmv_d(fd, from);
        }
    }

    /// All moves at once.
    pub(super) fn put_moves(&mut self, moves: &[(PlaceOf<Assembler>, PlaceOf<Assembler>)]) {
        let offset = self.offset();
        for (from, to) in moves {
            let is_fine = |place: &Place<X, F>, general: bool| match place {
                Place::General(_) => general,
                Place::Float(register) => is_float(*register),
                Place::Stack(at) => at.is_multiple_of(8),
            };
            let reads = !matches!(from, Place::General(register) if !can_read(*register));
            let writes = !matches!(to, Place::General(register) if !can_write(*register));
            if !is_fine(from, reads) || !is_fine(to, writes) {
                return self.fail(AsmError::Operand { offset, what: OPERAND });
            }
        }
        let mut saved = Place::General(T5);
        let result = resolve(moves, |step| match step {
            Step::Move { from: Place::Stack(from), to: Place::Stack(to) } => {
                let through =
                    if saved == Place::General(T5) { Place::Float(FT11) } else { Place::General(T5) };
                self.put_place_move(Place::Stack(from), through);
                self.put_place_move(through, Place::Stack(to));
            }
            Step::Move { from, to } => self.put_place_move(from, to),
            Step::Save(from) => {
                saved = if matches!(from, Place::Float(_)) { Place::Float(FT11) } else { Place::General(T5) };
                self.put_place_move(from, saved);
            }
            Step::Restore(to) => {
                self.put_place_move(saved, to);
                saved = Place::General(T5);
            }
        });
        if result.is_err() {
            self.fail(AsmError::Operand { offset, what: "two moves to one place" });
        }
    }

    /// A move of which one side is a register.
    fn put_place_move(&mut self, from: Place<X, F>, to: Place<X, F>) {
        match (from, to) {
            (Place::General(from), Place::General(to)) => self.put_move(to, from),
            (Place::General(from), Place::Float(to)) => self.fmv_d_x(to, from),
            (Place::Float(from), Place::General(to)) => self.fmv_x_d(to, from),
            (Place::Float(from), Place::Float(to)) => self.put_move_f64(to, from),
            (Place::General(from), Place::Stack(at)) => self.put_store(Width::W64, from, SP, at.into()),
            (Place::Float(from), Place::Stack(at)) => self.put_store_f64(from, SP, at.into()),
            (Place::Stack(at), Place::General(to)) => self.put_load(Access::I64, to, SP, at.into()),
            (Place::Stack(at), Place::Float(to)) => self.put_load_f64(to, SP, at.into()),
            (Place::Stack(_), Place::Stack(_)) => {}
        }
    }
}

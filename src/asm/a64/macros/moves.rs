//! Moves: `mov`, `fmov`, loads and stores at the stack pointer, and many of them at once.
//!
//! The temporary of a cycle is `x16`, or `d31` if a float register opens the cycle and no move goes from memory to memory,
//! for which `d31` is needed. Addresses beyond the reach of a load or store are made in `x17`.
//!
//! Sources. Arm ARM, "MOV (register)", "FMOV (register)", "FMOV (general)".

use super::{FLOAT_TEMP, Member, TEMP, fail, memory, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::reg::{D, Gpr};
use crate::asm::macros::Place;
use crate::parallel_move::{Step, resolve};

type Where = Place<Gpr, D>;

/// `rd = rn`
pub(super) fn move_i64(asm: &mut Assembler, rd: Gpr, rn: Gpr) {
    if !refuses(asm, rd.bit() | rn.bit()) && rd != rn {
        asm.mov_x_rr(rd.x(), rn.x());
    }
}

/// `fd = from`
pub(super) fn move_f64(asm: &mut Assembler, fd: D, from: D) {
    if !refuses(asm, fd.bit() | from.bit()) && fd != from {
        asm.fmov_d_rr(fd, from);
    }
}

fn bit(place: Where) -> u64 {
    match place {
        Place::General(register) => register.bit(),
        Place::Float(register) => register.bit(),
        Place::Stack(_) => 0,
    }
}

/// Makes all the moves at once.
pub(super) fn parallel(asm: &mut Assembler, moves: &[(Where, Where)]) {
    let mut registers = 0;
    let mut from_memory_to_memory = false;
    for &(from, to) in moves {
        registers |= bit(from) | bit(to);
        for place in [from, to] {
            if let Place::Stack(offset) = place
                && !offset.is_multiple_of(8)
            {
                return fail(asm, "a stack place of a parallel move that is no multiple of 8");
            }
        }
        from_memory_to_memory |= matches!((from, to), (Place::Stack(_), Place::Stack(_)));
    }
    if refuses(asm, registers) {
        return;
    }
    let mut temporary = Place::General(TEMP);
    let resolved = resolve(moves, |step| match step {
        Step::Move { from, to } => one(asm, from, to),
        Step::Save(from) => {
            temporary = match from {
                Place::Float(_) if !from_memory_to_memory => Place::Float(FLOAT_TEMP),
                _ => Place::General(TEMP),
            };
            one(asm, from, temporary);
        }
        Step::Restore(to) => one(asm, temporary, to),
    });
    if resolved.is_err() {
        fail(asm, "two moves to one place");
    }
}

/// One move.
fn one(asm: &mut Assembler, from: Where, to: Where) {
    match (from, to) {
        (Place::General(from), Place::General(to)) => asm.mov_x_rr(to.x(), from.x()),
        (Place::General(from), Place::Float(to)) => asm.fmov_d_x(to, from.x()),
        (Place::Float(from), Place::General(to)) => asm.fmov_x_d(to.x(), from),
        (Place::Float(from), Place::Float(to)) => asm.fmov_d_rr(to, from),
        (Place::Stack(from), Place::General(to)) => memory::put_load(asm, to, from),
        (Place::General(from), Place::Stack(to)) => memory::put_store(asm, from, to),
        (Place::Stack(from), Place::Float(to)) => memory::put_load_f64(asm, to, from),
        (Place::Float(from), Place::Stack(to)) => memory::put_store_f64(asm, from, to),
        (Place::Stack(from), Place::Stack(to)) => {
            memory::put_load_f64(asm, FLOAT_TEMP, from);
            memory::put_store_f64(asm, FLOAT_TEMP, to);
        }
    }
}

//! Moves at once. Between memory and memory, a value goes through a scratch register; so does what is put aside to open a
//! cycle, through the other one. Two general registers that change places do so with `xchg`.

use smallvec::SmallVec;

use super::constant::move_float;
use super::{Assembler, FLOAT_SCRATCH, SCRATCH};
use crate::asm::macros::Place;
use crate::asm::x64::Mem;
use crate::asm::x64::reg::{Gpr64, RSP, Xmm};
use crate::parallel_move::{Step, resolve};

type P = Place<Gpr64, Xmm>;

pub(super) fn parallel(asm: &mut Assembler, moves: &[(P, P)]) {
    for &(from, to) in moves {
        if !takes(asm, from) || !takes(asm, to) {
            return;
        }
    }
    let mut steps: SmallVec<[Step<P>; 16]> = SmallVec::new();
    if resolve(moves, |step| steps.push(step)).is_err() {
        return asm.wrong("two moves write one place");
    }
    // Where the value is that was put aside.
    let mut aside = Place::Float(FLOAT_SCRATCH);
    let mut rest = &steps[..];
    while let [step, after @ ..] = rest {
        rest = after;
        match (*step, after) {
            (
                Step::Save(Place::General(one)),
                [Step::Move { from: Place::General(other), to }, Step::Restore(last), after @ ..],
            ) if *to == Place::General(one) && *last == Place::General(*other) => {
                asm.xchg_r64_r64(one, *other);
                rest = after;
            }
            (Step::Save(place), _) => {
                aside = match place {
                    Place::Float(_) => Place::Float(FLOAT_SCRATCH),
                    _ => Place::General(SCRATCH),
                };
                single(asm, place, aside, aside);
            }
            (Step::Restore(place), _) => single(asm, aside, place, aside),
            (Step::Move { from, to }, _) => single(asm, from, to, aside),
        }
    }
}

fn takes(asm: &mut Assembler, place: P) -> bool {
    match place {
        Place::General(register) => asm.takes([register]),
        Place::Float(register) => asm.takes_floats([register]),
        Place::Stack(at) if at.is_multiple_of(8) && i32::try_from(at).is_ok() => true,
        Place::Stack(_) => {
            asm.wrong("a place on the stack is no multiple of 8, or beyond 2 GiB");
            false
        }
    }
}

/// Copies; from memory to memory through the scratch register that is not `aside`.
fn single(asm: &mut Assembler, from: P, to: P, aside: P) {
    // In range: `takes` saw to it.
    let slot = |at: u32| Mem::base(RSP, at as i32);
    match (from, to) {
        (Place::General(from), Place::General(to)) => asm.mov_r64_r64(to, from),
        (Place::General(from), Place::Float(to)) => asm.movq_x_r64(to, from),
        (Place::General(from), Place::Stack(to)) => asm.mov_m64_r64(slot(to), from),
        (Place::Float(from), Place::General(to)) => asm.movq_r64_x(to, from),
        (Place::Float(from), Place::Float(to)) => move_float(asm, to, from),
        (Place::Float(from), Place::Stack(to)) => asm.movsd_m64_x(slot(to), from),
        (Place::Stack(from), Place::General(to)) => asm.mov_r64_m64(to, slot(from)),
        (Place::Stack(from), Place::Float(to)) => asm.movsd_x_m64(to, slot(from)),
        (Place::Stack(from), Place::Stack(to)) if aside == Place::General(SCRATCH) => {
            asm.movsd_x_m64(FLOAT_SCRATCH, slot(from));
            asm.movsd_m64_x(slot(to), FLOAT_SCRATCH);
        }
        (Place::Stack(from), Place::Stack(to)) => {
            asm.mov_r64_m64(SCRATCH, slot(from));
            asm.mov_m64_r64(slot(to), SCRATCH);
        }
    }
}

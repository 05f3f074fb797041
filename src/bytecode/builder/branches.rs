//! The branches of a function: which must be widened, and what each displacement is.

use super::{BuildError, Label, MAX_CODE};
use crate::bytecode::opcode::{OPCODES, Op, Word, inverse};

/// The address of a label that has not been bound.
pub(super) const UNBOUND: u32 = u32::MAX;

/// Where a displacement goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    /// Operand `c` of the instruction: the one kind that may have to be widened.
    Short,
    /// The immediate of the instruction.
    Long,
    /// The low half of the word behind it.
    Extra,
    /// A half of a word of a switch table: words behind the instruction, and whether it is the high half.
    Table(u32, bool),
}

/// A displacement that waits for its label.
pub(super) struct Fixup {
    /// The instruction.
    pub pc: u32,
    /// The word that its displacement counts from.
    pub next: u32,
    pub label: Label,
    pub hole: Hole,
}

/// Widens the branches that need it, patches all, and gives the code. Leaves `shifts` empty if nothing moved.
pub(super) fn resolve(
    old: &[u64],
    labels: &[u32],
    fixups: &mut [Fixup],
    shifts: &mut Vec<u32>,
) -> Result<Vec<u64>, BuildError> {
    shifts.clear();
    let growth = |fixup: &Fixup| match fixup.hole {
        Hole::Short if inverse(op_at(old, fixup.pc)).is_some() => 1,
        Hole::Short => 2,
        _ => 0,
    };
    let most: usize = fixups.iter().map(|fixup| growth(fixup) as usize).sum();
    if old.len() + most > MAX_CODE {
        return Err(BuildError::TooLong);
    }
    if old.len() + most <= i16::MAX as usize {
        let mut code = old.to_vec();
        patch(&mut code, fixups, labels, &[]);
        return Ok(code);
    }

    // How far each word would move if all were widened; then which are (B2); then how far each word does move.
    shift_table(shifts, fixups, old.len(), growth);
    let moved = |pc: u32| i64::from(pc + shifts[pc as usize]);
    let is_wide = |fixup: &Fixup| {
        let distance = moved(address(labels, fixup.label)) - moved(fixup.next);
        fixup.hole == Hole::Short && i16::try_from(distance).is_err()
    };
    let wide: Vec<bool> = fixups.iter().map(is_wide).collect();
    let mut widths = wide.iter();
    shift_table(shifts, fixups, old.len(), |fixup| match widths.next() {
        Some(true) => growth(fixup),
        _ => 0,
    });

    let mut code = Vec::with_capacity(old.len() + shifts[old.len()] as usize);
    let mut copied = 0;
    for (fixup, wide) in fixups.iter_mut().zip(wide) {
        if wide {
            code.extend_from_slice(&old[copied..fixup.pc as usize]);
            widen(&mut code, Word(old[fixup.pc as usize]));
            copied = fixup.pc as usize + 1;
            // Counts from behind the jump, which is the last word of the widened form.
            fixup.hole = Hole::Long;
        }
    }
    code.extend_from_slice(&old[copied..]);
    patch(&mut code, fixups, labels, shifts);
    Ok(code)
}

/// The address that a label was bound to.
pub(super) fn address(labels: &[u32], label: Label) -> u32 {
    let address = labels[label.0 as usize];
    assert!(address != UNBOUND, "a label is bound before the end");
    address
}

fn op_at(code: &[u64], pc: u32) -> Op {
    OPCODES[usize::from(Word(code[pc as usize]).op())].op
}

/// Writes, for each word and the end of the code, the sum of what the instructions before it grow.
fn shift_table(
    shifts: &mut Vec<u32>,
    fixups: &[Fixup],
    length: usize,
    mut growth: impl FnMut(&Fixup) -> u32,
) {
    shifts.clear();
    let mut sum = 0;
    for fixup in fixups {
        let grown = growth(fixup);
        if grown > 0 {
            shifts.resize(fixup.pc as usize + 1, sum);
            sum += grown;
        }
    }
    shifts.resize(length + 1, sum);
}

/// The long form of a short branch; the displacement of its last word is left open.
fn widen(code: &mut Vec<u64>, word: Word) {
    let op = OPCODES[usize::from(word.op())].op;
    match inverse(op) {
        Some((inverse, swap)) => {
            let (a, b) = if swap { (word.b(), word.a()) } else { (word.a(), word.b()) };
            code.push(Word::abc(inverse, a, b, 1).0);
        }
        None => {
            code.push(Word::abc(op, word.a(), word.b(), 1).0);
            code.push(Word::ai(Op::Jump, 0, 1).0);
        }
    }
    code.push(Word::ai(Op::Jump, 0, 0).0);
}

/// Fills in the displacements. `shifts` is empty if no word has moved.
fn patch(code: &mut [u64], fixups: &[Fixup], labels: &[u32], shifts: &[u32]) {
    let moved = |pc: u32| pc + shifts.get(pc as usize).copied().unwrap_or(0);
    for fixup in fixups {
        let distance = moved(address(labels, fixup.label)) as i32 - moved(fixup.next) as i32;
        let imm = u64::from(distance as u32);
        match fixup.hole {
            Hole::Short => code[moved(fixup.pc) as usize] |= u64::from(distance as i16 as u16) << 48,
            // The word before the next instruction, whether it was long from the start or has been widened.
            Hole::Long => code[moved(fixup.next) as usize - 1] |= imm << 32,
            Hole::Extra => code[moved(fixup.pc) as usize + 1] |= imm,
            Hole::Table(word, high) => {
                code[(moved(fixup.pc) + word) as usize] |= if high { imm << 32 } else { imm };
            }
        }
    }
}

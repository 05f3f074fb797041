//! Which registers are read again before they are written: what frame states and ways out of loops have to hold.
//!
//! How it works. Backward over the blocks, a bit for each register, and again over those whose successors have changed. An instruction that may raise keeps alive what
//! the innermost handler around it reads: the interpreter may go there from the very same instruction. It does so for the values *before* the
//! instruction, so what it writes is alive in front of it, too, if the handler reads it.
//!
//! Cost. Registers / 64 words for each block; each block is looked at about as often as loops are nested around it.

use std::collections::BinaryHeap;

use smallvec::SmallVec;

use super::blocks::{Code, NONE, may_raise};
use crate::bytecode::builtin::{Builtin, Param};
use crate::bytecode::{Access, Inst, Op, Program, TypeDesc};

/// Does a call, builtin or otherwise, write no register? Its operand `a` then means nothing.
pub(super) fn is_void(program: &Program, code: &Code<'_>, inst: &Inst<'_>) -> bool {
    match inst.op {
        Op::Call => program.functions[inst.index() as usize].ret.is_none(),
        Op::CallValue => {
            let ty = code.function.registers[usize::from(inst.lane(1))].ty;
            match program.ty(ty) {
                TypeDesc::Fn { ret, .. } => ret.is_none(),
                TypeDesc::Closure { func, .. } => program.functions[func.index()].ret.is_none(),
                _ => true,
            }
        }
        Op::Builtin => Builtin::from_number(inst.index())
            .is_none_or(|builtin| matches!(builtin.row().ret, Param::Void | Param::Never)),
        _ => false,
    }
}

/// Calls `visit` for each register that an instruction really reads or writes.
pub(super) fn for_each_register(
    program: &Program,
    code: &Code<'_>,
    inst: &Inst<'_>,
    mut visit: impl FnMut(u16, Access),
) {
    let mut skip = is_void(program, code, inst);
    inst.for_each_register(|register, access| {
        // `a` comes first.
        if !std::mem::take(&mut skip) {
            visit(register, access);
        }
    });
}

/// Sets of registers that are alive.
#[derive(Debug)]
pub(super) struct Liveness {
    /// Words of a set.
    pub width: usize,
    /// By block: what is alive at its beginning.
    at_start: Vec<u64>,
    /// By block: what the handler around it reads.
    at_handler: Vec<u64>,
}

pub(super) fn contains(set: &[u64], register: u16) -> bool {
    set[usize::from(register) / 64] >> (register % 64) & 1 == 1
}

pub(super) fn insert(set: &mut [u64], register: u16) {
    set[usize::from(register) / 64] |= 1 << (register % 64);
}

fn remove(set: &mut [u64], register: u16) {
    set[usize::from(register) / 64] &= !(1 << (register % 64));
}

fn add(set: &mut [u64], other: &[u64]) {
    set.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
}

/// The registers of a set, upward.
pub(super) fn members(set: &[u64]) -> impl Iterator<Item = u16> + '_ {
    set.iter().enumerate().flat_map(|(at, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some((at * 64) as u16 + bit as u16)
        })
    })
}

impl Liveness {
    /// Finds what is alive at the beginning of each block.
    pub fn new(program: &Program, code: &Code<'_>) -> Liveness {
        let width = code.function.registers.len().div_ceil(64).max(1);
        let count = code.blocks.len();
        let mut liveness =
            Liveness { width, at_start: vec![0; count * width], at_handler: vec![0; count * width] };
        let mut preds: Vec<SmallVec<[u32; 4]>> = vec![SmallVec::new(); count];
        for (block, data) in code.blocks.iter().enumerate() {
            for &to in data.targets.iter().chain([&data.next, &data.catch]).filter(|&&to| to != NONE) {
                preds[to as usize].push(block as u32);
            }
        }
        let mut set = vec![0; width];
        // From behind: most edges lead upward.
        let mut work: BinaryHeap<u32> = (0..count as u32).collect();
        let mut waits = vec![true; count];
        while let Some(block) = work.pop() {
            waits[block as usize] = false;
            liveness.enter_end(code, block, &mut set);
            for inst in code.block_insts(block).iter().rev() {
                liveness.step(program, code, block, inst, &mut set);
            }
            let start = block as usize * width..(block as usize + 1) * width;
            if liveness.at_start[start.clone()] != set[..] {
                liveness.at_start[start].copy_from_slice(&set);
                let again = |pred: &&u32| !std::mem::replace(&mut waits[**pred as usize], true);
                work.extend(preds[block as usize].iter().filter(again));
            }
        }
        liveness
    }

    /// What is alive at the beginning of a block.
    pub fn start(&self, block: u32) -> &[u64] {
        &self.at_start[block as usize * self.width..][..self.width]
    }

    /// Makes `set` what is alive behind a block, and finds what its handler reads.
    fn enter_end(&mut self, code: &Code<'_>, block: u32, set: &mut [u64]) {
        self.end(code, block, set);
        let data = &code.blocks[block as usize];
        if data.catch != NONE {
            let width = self.width;
            let from = data.catch as usize * width;
            let to = block as usize * width;
            for word in 0..width {
                self.at_handler[to + word] = self.at_start[from + word];
            }
            if let Some(handler) = code.handler(block) {
                remove(&mut self.at_handler[to..to + width], handler.error);
            }
        }
    }

    /// Makes `set` what is alive behind a block.
    fn end(&self, code: &Code<'_>, block: u32, set: &mut [u64]) {
        let data = &code.blocks[block as usize];
        set.fill(0);
        for &target in &data.targets {
            add(set, self.start(target));
        }
        let last = &code.insts[data.end as usize - 1];
        if last.defines_on_branch() {
            // What it writes is not read on the way of the branch, but may be on the other.
            last.for_each_register(|register, access| {
                if access == Access::Def {
                    remove(set, register);
                }
            });
        }
        if data.next != NONE {
            add(set, self.start(data.next));
        }
    }

    /// Goes backward over an instruction.
    fn step(&self, program: &Program, code: &Code<'_>, block: u32, inst: &Inst<'_>, set: &mut [u64]) {
        if !inst.defines_on_branch() {
            for_each_register(program, code, inst, |register, access| {
                if access != Access::Use {
                    remove(set, register);
                }
            });
        }
        for_each_register(program, code, inst, |register, access| {
            if access != Access::Def {
                insert(set, register);
            }
        });
        if may_raise(inst) && code.blocks[block as usize].catch != NONE {
            add(set, &self.at_handler[block as usize * self.width..][..self.width]);
        }
    }

    /// What is alive before each instruction of a block, one set behind the other.
    pub fn of_block(&self, program: &Program, code: &Code<'_>, block: u32, sets: &mut Vec<u64>) {
        let insts = code.block_insts(block);
        sets.clear();
        sets.resize(insts.len() * self.width, 0);
        let mut set = vec![0; self.width];
        self.end(code, block, &mut set);
        for (index, inst) in insts.iter().enumerate().rev() {
            self.step(program, code, block, inst, &mut set);
            sets[index * self.width..][..self.width].copy_from_slice(&set);
        }
    }
}

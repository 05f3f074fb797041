//! Peephole optimisation: a target's tables of small patterns over machine instructions, before and after allocation.
//!
//! Before allocation a pattern sees instructions in SSA form and can ask what gives an operand; it may replace an instruction by one with
//! the same operands, and operands by others. After it, it sees places instead of values.
//!
//! One pass over the code each, the patterns that can apply tried on each instruction, in the order of the table. What a pattern needs to know of what is
//! behind or in front of an instruction within its block, it finds there itself.

use super::isa::Isa;
use super::minst::MCode;
use crate::regalloc::{Alloc, Function as _, Operand, Output, Point, Role, VReg};

/// A pattern before allocation.
pub struct BeforePattern<I: Isa> {
    /// What it is called, in tests and statistics.
    pub name: &'static str,
    /// Looks at an instruction, and changes it if it can. Whether it has.
    pub apply: fn(&mut Before<'_, I>, u32) -> bool,
}

/// A pattern after allocation.
pub struct AfterPattern<I: Isa> {
    /// What it is called, in tests and statistics.
    pub name: &'static str,
    /// Looks at an instruction, and changes it if it can. Whether it has.
    pub apply: fn(&mut After<'_, I>, u32) -> bool,
}

/// What a pattern before allocation works on.
pub struct Before<'a, I: Isa> {
    /// The code.
    pub code: &'a mut MCode<I::Inst>,
    /// By value: the instruction that gives it, or all ones.
    defs: &'a [u32],
}

/// What a pattern after allocation works on.
pub struct After<'a, I: Isa> {
    /// The code.
    pub code: &'a mut MCode<I::Inst>,
    /// Where things are.
    pub output: &'a mut Output,
}

/// How often each pattern has applied, by its place in the target's tables, and memory that is used again.
#[derive(Default, Debug)]
pub struct Peephole {
    defs: Vec<u32>,
    /// Of the patterns before allocation, then of those after it.
    pub applied: Vec<u32>,
}

impl Peephole {
    /// Applies the patterns before allocation.
    pub(super) fn before<I: Isa>(&mut self, code: &mut MCode<I::Inst>) {
        self.applied.clear();
        self.applied.resize(I::BEFORE.len() + I::AFTER.len(), 0);
        let insts = code.inst_count();
        if !code.insts(0..insts).any(I::is_candidate_before) {
            return;
        }
        self.defs.clear();
        self.defs.resize(code.vregs() as usize, u32::MAX);
        for inst in 0..insts {
            for operand in &code.operands()
                [code.inst_operands(inst).start as usize..code.inst_operands(inst).end as usize]
            {
                if operand.role == Role::Def {
                    self.defs[operand.vreg.index()] = inst;
                }
            }
        }
        let mut window = Before::<I> { code, defs: &self.defs };
        for inst in 0..insts {
            if !I::is_candidate_before(window.code.inst(inst)) {
                continue;
            }
            for (pattern, applied) in I::BEFORE.iter().zip(&mut self.applied) {
                *applied += u32::from((pattern.apply)(&mut window, inst));
            }
        }
    }

    /// Applies the patterns after allocation.
    pub(super) fn after<I: Isa>(&mut self, code: &mut MCode<I::Inst>, output: &mut Output) {
        let insts = code.inst_count();
        self.applied.resize(I::BEFORE.len() + I::AFTER.len(), 0);
        let mut window = After::<I> { code, output };
        for inst in 0..insts {
            let mut candidates = I::candidates_after(window.code.inst(inst));
            while candidates != 0 {
                let index = candidates.trailing_zeros() as usize;
                candidates &= candidates - 1;
                self.applied[I::BEFORE.len() + index] +=
                    u32::from((I::AFTER[index].apply)(&mut window, inst));
            }
        }
    }

    /// The patterns that have applied to the last function, and how often.
    pub fn names<I: Isa>(&self) -> Vec<(&'static str, u32)> {
        let names =
            I::BEFORE.iter().map(|pattern| pattern.name).chain(I::AFTER.iter().map(|pattern| pattern.name));
        names.zip(self.applied.iter().copied()).filter(|&(_, count)| count > 0).collect()
    }
}

impl<I: Isa> Before<'_, I> {
    /// The instruction.
    #[inline]
    pub fn inst(&self, inst: u32) -> I::Inst {
        *self.code.inst(inst)
    }

    /// An operand.
    pub fn operand(&self, inst: u32, index: u32) -> Operand {
        self.code.inst_operand(inst, index)
    }

    /// The instruction that gives a value; none if it is a block's parameter.
    pub fn def(&self, vreg: VReg) -> Option<u32> {
        Some(self.defs[vreg.index()]).filter(|&inst| inst != u32::MAX)
    }
}

impl<I: Isa> After<'_, I> {
    /// The instruction.
    #[inline]
    pub fn inst(&self, inst: u32) -> I::Inst {
        *self.code.inst(inst)
    }

    /// Where an operand is.
    pub fn place(&self, inst: u32, index: u32) -> Alloc {
        self.output.allocs[(self.code.inst_operands(inst).start + index) as usize]
    }

    /// Says where an operand is.
    pub fn set_place(&mut self, inst: u32, index: u32, place: Alloc) {
        self.output.allocs[(self.code.inst_operands(inst).start + index) as usize] = place;
    }

    /// The instruction in front of another one, if it is in the same block and no moves come between.
    pub fn before(&self, inst: u32) -> Option<u32> {
        let before = inst.checked_sub(1)?;
        // Behind the moves in front of the other one.
        let edits = &self.output.edits;
        let at = edits.partition_point(|edit| edit.point.place() <= Point::Before(before).place());
        let apart = edits.get(at).is_some_and(|edit| edit.point.place() <= Point::Before(inst).place());
        (!apart && !self.code.begins_block(inst)).then_some(before)
    }
}

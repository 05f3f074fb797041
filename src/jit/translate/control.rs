//! Jumps, branches, `switch`, returns, and what always leaves.

use super::Translator;
use super::blocks::NONE;
use crate::bytecode::Inst;
use crate::ir::builder::Target;
use crate::ir::{Cond, Kind, Reason, Value};
use crate::jit::unit::Entry;

impl Translator<'_> {
    pub(super) fn jump(&mut self) {
        let target = self.code.blocks[self.block as usize].targets.first().copied().unwrap_or(NONE);
        self.flush();
        let to = self.block_of(target);
        self.b.jump(to, &[]);
    }

    /// Branches if a bool is `taken`.
    pub(super) fn branch_bool(&mut self, inst: &Inst<'_>, taken: bool) {
        let x = self.operand(inst, 0);
        self.flush();
        let (target, next) = self.both();
        let (yes, no) = if taken { (target, next) } else { (next, target) };
        self.b.br(x, (yes, &[]), (no, &[]));
    }

    /// Branches if the condition holds of `a` and `b`, or if it does not.
    pub(super) fn branch(&mut self, inst: &Inst<'_>, cond: Cond, taken: bool) {
        let (x, y) = (self.operand(inst, 0), self.operand(inst, 1));
        self.branch_values(cond, x, y, taken);
    }

    /// Branches if the condition holds of `a` and an immediate.
    pub(super) fn branch_imm(&mut self, inst: &Inst<'_>, cond: Cond) {
        let x = self.operand(inst, 0);
        // It is canonical for the kind (V6 of the bytecode verifier).
        let kind = self.kind(inst.lane(0));
        let y = self.b.function.constant(kind, i64::from(inst.imm16(1)) as u64);
        self.branch_values(cond, x, y, true);
    }

    pub(super) fn branch_values(&mut self, cond: Cond, x: Value, y: Value, taken: bool) {
        self.flush();
        let (target, next) = self.both();
        let (yes, no) = if taken { (target, next) } else { (next, target) };
        self.b.br_cmp(cond, x, y, (yes, &[]), (no, &[]));
    }

    pub(super) fn switch(&mut self, inst: &Inst<'_>) {
        let mut x = self.operand(inst, 0);
        if self.kind(inst.lane(0)) == Kind::Bool {
            x = self.bool_to(x, Kind::U32);
        }
        self.flush();
        let data = &self.code.blocks[self.block as usize];
        let (targets, next) = (data.targets.clone(), data.next);
        let blocks: Vec<_> = targets.iter().map(|&target| self.block_of(target)).collect();
        let targets: Vec<Target<'_>> = blocks.iter().map(|&block| (block, &[][..])).collect();
        let next = self.block_of(next);
        // More entries than a number of 32 bits has are no matter: the code is not that long.
        self.b.switch(x, &targets, (next, &[]));
    }

    /// Returns; a loop is left for the interpreter to do it.
    pub(super) fn ret(&mut self, result: Option<Value>) {
        match self.scope.entry {
            Entry::Function => self.b.ret(result),
            Entry::Loop(_) => {
                self.flush();
                let live = self.live[self.live_at..self.live_at + self.liveness.width].to_vec();
                let exit = self.exit_at(self.pc, live);
                self.b.jump(exit, &[]);
            }
        }
    }

    /// What raises, or never returns: the interpreter does it.
    pub(super) fn leave(&mut self, reason: Reason) {
        let out = self.out(reason);
        self.b.exit(out);
    }
}

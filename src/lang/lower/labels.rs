//! Instructions and labels.
//!
//! Labels are bound late: those waiting in `pending` mean the next instruction. If that would be a jump, they become
//! aliases of its target, so no branch leads to a jump; a jump that only such branches would reach is not emitted. A jump
//! whose label turns out to mean the next instruction is taken back, and a branch over a jump becomes the inverse branch.

use super::function::Function;
use crate::bytecode::{Arg, FunctionBuilder, Label, Op, Reg, Span, TypeId};

impl Function<'_, '_> {
    /// Whether the place in the code can be reached.
    pub fn reachable(&self) -> bool {
        self.falls || self.joined
    }

    /// The builder, for an instruction that neither raises nor branches.
    #[inline]
    pub fn emit(&mut self) -> &mut FunctionBuilder {
        if !self.buffers.pending.is_empty() {
            self.bind_pending();
        }
        self.joined = false;
        self.falls = true;
        self.last_jump = None;
        self.last_branch = None;
        &mut self.buffers.builder
    }

    fn bind_pending(&mut self) {
        for label in self.buffers.pending.drain(..) {
            self.buffers.builder.bind(label);
        }
        self.buffers.catches.clear();
    }

    /// The builder, for an instruction that may raise or call: where it stands in the source.
    pub fn at(&mut self, span: Span) -> &mut FunctionBuilder {
        let builder = self.emit();
        builder.set_span(span);
        builder
    }

    /// Notes that the last instruction does not lead to the next one.
    pub fn ends(&mut self) {
        self.falls = false;
    }

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.buffers.used.push(false);
        self.buffers.builder.label()
    }

    /// Says that a label means what comes next.
    pub fn bind(&mut self, label: Label) {
        if self.last_jump == Some(label) {
            self.buffers.builder.take_back_jump();
            self.last_jump = None;
            self.falls = true;
        } else if self.last_jump.is_some() && self.last_branch == Some(label) {
            self.buffers.builder.branch_over_jump();
            self.last_branch = self.last_jump.take();
            self.falls = true;
        }
        self.joined |= self.buffers.used[label.index()];
        self.buffers.pending.push(label);
    }

    /// Notes that a branch leads to a label.
    pub fn using(&mut self, label: Label) -> Label {
        self.buffers.used[label.index()] = true;
        label
    }

    /// How many words there are so far.
    pub fn pc(&self) -> u32 {
        self.buffers.builder.pc()
    }

    /// A label that means the instruction that is emitted next, whatever it is: the edge of a handler's range.
    pub fn edge(&mut self) -> Label {
        self.last_jump = None;
        self.last_branch = None;
        self.buffers.used.push(false);
        self.buffers.builder.bound_label()
    }

    /// The start of a handler's range. Labels that wait mean it and nothing behind it: a range is entered at its start.
    pub fn range_start(&mut self) -> Label {
        if !self.buffers.pending.is_empty() {
            self.bind_pending();
            self.falls |= self.joined;
        }
        self.edge()
    }

    /// The builder's record of a handler.
    pub fn handler(&mut self, start: Label, end: Label, target: Label, error: Reg) {
        self.using(target);
        self.buffers.catches.push(target);
        self.buffers.builder.handler(start, end, target, error);
    }

    /// An unconditional jump.
    pub fn jump(&mut self, label: Label) {
        if !self.reachable() {
            return;
        }
        self.using(label);
        if self.buffers.pending.iter().any(|pending| self.buffers.catches.contains(pending)) {
            // An alias may lead backward, which a handler's target must not.
            self.bind_pending();
            self.falls = true;
        }
        for pending in self.buffers.pending.drain(..) {
            self.buffers.builder.alias(pending, label);
        }
        if self.falls {
            self.buffers.builder.jump(label);
            self.last_jump = Some(label);
        }
        self.joined = false;
        self.falls = false;
    }

    /// A compare-and-branch on registers, or a register and an immediate.
    pub fn branch_op(&mut self, op: Op, a: Reg, b: impl Into<Arg>, label: Label) {
        self.using(label);
        self.emit().branch(op, a, b, label);
        self.last_branch = Some(label);
    }

    /// Branches on a bool register.
    pub fn branch_flag(&mut self, flag: Reg, value: bool, label: Label) {
        self.using(label);
        self.emit().branch_if(flag, value, label);
        self.last_branch = Some(label);
    }

    /// Code that is never reached unless a type was not known: raises an error.
    pub fn trap(&mut self, message: &str) {
        let id = self.s.string_literal(message);
        let reg = self.temp(TypeId::STRING);
        self.emit().literal(reg, id);
        let span = self.span;
        self.at(span).op(Op::Raise, reg, Arg::NONE, Arg::NONE);
        self.free(reg);
        self.ends();
    }
}

//! Statements: `if`, loops, `break`, `continue`, `return`, `try`.
//!
//! A loop tests at its bottom. Before its header stands the test of the first turn, so that the header dominates the
//! loop; the header is one `loop` instruction, to which the closing branch leads, and `continue` leads to the closing
//! test. A counted loop is closed by one `for.*` instruction; its counter is the variable's register, unless the body
//! assigns the variable or a closure shares it.

use super::function::{Function, LoopContext, Operand, Slot, Value, Want};
use super::walk;
use crate::bytecode::{Arg, Kind, Label, Op, Reg, Span, TypeDesc, TypeId};
use crate::lang::hir::{
    Block, CompareOp, Expr, ExprKind, ForIn, ForRange, If, LocalId, LoopId, Stmt, StmtKind, Try, While,
};

/// A condition of more parts than this is not tested twice.
const LARGE_CONDITION: u32 = 40;

impl<'a> Function<'_, 'a> {
    /// Lowers a statement.
    pub fn stmt(&mut self, stmt: &'a Stmt<'a>) {
        self.span = stmt.span;
        match &stmt.kind {
            StmtKind::Let { local, value } => self.declare(*local, value),
            StmtKind::LetGlobal { var, value } => self.declare_global(*var, value),
            StmtKind::Assign { place, value } => self.assign(place, value),
            StmtKind::Compound(_) => self.compound(stmt),
            StmtKind::Expr(expr) => self.discard(expr),
            StmtKind::Print { template, span } => self.print(template, *span),
            StmtKind::If(inner) => self.if_arms(inner, Want::Drop),
            StmtKind::While(inner) => self.while_loop(inner, stmt.span),
            StmtKind::ForRange(range) => self.for_range(range, stmt.span),
            StmtKind::ForIn(each) => self.for_in(each, stmt.span),
            StmtKind::Break(id) => {
                if let Some(label) = self.loop_label(*id, true) {
                    self.jump(label);
                }
            }
            StmtKind::Continue(id) => {
                if let Some(label) = self.loop_label(*id, false) {
                    self.jump(label);
                }
            }
            StmtKind::Return(Some(value)) => self.wanted(value, Want::Return),
            StmtKind::Return(None) => self.return_void(),
            StmtKind::Try(inner) => self.try_catch(inner),
            StmtKind::Match(inner) => self.match_arms(inner, Want::Drop),
            StmtKind::Nested(id) => self.nested(*id, stmt.span),
        }
    }

    /// The arms of an `if`.
    pub fn if_arms(&mut self, inner: &'a If<'a>, want: Want) {
        let (arms, otherwise) = (inner.arms, &inner.otherwise);
        let end = self.label();
        for (index, (condition, block)) in arms.iter().enumerate() {
            if !self.reachable() {
                break;
            }
            if let Some(label) = self.only_jump(block) {
                self.branch(condition, true, label);
                continue;
            }
            let is_last = index + 1 == arms.len() && otherwise.is_none();
            let next = if is_last { end } else { self.label() };
            self.branch(condition, false, next);
            if self.reachable() {
                self.block(block, want);
            }
            if !is_last {
                self.jump(end);
                self.bind(next);
            }
        }
        if let Some(block) = otherwise
            && self.reachable()
        {
            self.block(block, want);
        }
        self.bind(end);
    }

    /// Where a block leads that is nothing but a `break` or `continue`.
    fn only_jump(&self, block: &Block<'a>) -> Option<Label> {
        match block.stmts {
            [Stmt { kind: StmtKind::Break(id), .. }] => self.loop_label(*id, true),
            [Stmt { kind: StmtKind::Continue(id), .. }] => self.loop_label(*id, false),
            _ => None,
        }
    }

    fn loop_label(&self, id: LoopId, exit: bool) -> Option<Label> {
        let context = self.buffers.loops.iter().rev().find(|context| context.id == id)?;
        Some(if exit { context.exit } else { context.next })
    }

    // ---- loops

    /// The header of a loop.
    fn header(&mut self, id: LoopId, header: Label, span: Span) {
        self.bind(header);
        let counter = self.counter + 1 + id.0;
        self.at(span).loop_header(counter);
    }

    /// The body of a loop, with the labels that `break` and `continue` lead to.
    fn loop_body(&mut self, id: LoopId, exit: Label, next: Label, body: &Block<'a>) {
        self.buffers.loops.push(LoopContext { id, exit, next });
        self.block(body, Want::Drop);
        self.buffers.loops.pop();
        self.bind(next);
    }

    fn while_loop(&mut self, inner: &'a While<'a>, span: Span) {
        let While { id, cond, body } = inner;
        let id = *id;
        self.enter_loop();
        let (header, next, exit) = (self.label(), self.label(), self.label());
        let mut budget = LARGE_CONDITION;
        if is_small(cond, &mut budget) {
            self.branch(cond, false, exit);
            if self.reachable() {
                self.header(id, header, span);
                self.loop_body(id, exit, next, body);
                if self.reachable() {
                    self.branch(cond, true, header);
                }
            }
        } else {
            // The test is at the top.
            self.header(id, header, span);
            self.branch(cond, false, exit);
            if self.reachable() {
                self.loop_body(id, exit, next, body);
                self.jump(header);
            }
        }
        self.bind(exit);
        self.leave_loop();
    }

    /// Evaluates what must not change while a loop runs.
    fn loop_operand(&mut self, expr: &'a Expr<'a>) -> Operand {
        let operand = self.eval(expr);
        let may_change = match expr.kind {
            ExprKind::Local(local) => self.body.locals[local.index()].reassigned.get(),
            ExprKind::Global(_) => true,
            _ => false,
        };
        if may_change { self.detach(operand) } else { operand }
    }

    /// The register that a loop writes each turn: that of the variable, if nothing else writes it.
    fn loop_register(&mut self, var: Option<LocalId>, ty: TypeId, counts: bool) -> (Reg, bool) {
        let Some(var) = var else { return (self.temp(ty), false) };
        let info = &self.body.locals[var.index()];
        let own = match (info.captured.get(), info.reassigned.get()) {
            (true, true) => false,
            (false, true) => !counts,
            _ => true,
        };
        let reg = self.temp(ty);
        if own {
            self.set_slot(var, Slot::Reg(reg));
            self.name_register(reg, info.name);
        }
        (reg, own)
    }

    /// At the top of a turn: makes the variable from the loop's register, if it is not that.
    fn turn_variable(&mut self, var: Option<LocalId>, reg: Reg, own: bool, ty: TypeId) {
        if let Some(var) = var
            && !own
        {
            self.declare_value(var, ty, Value::Var(reg));
        }
    }

    fn for_range(&mut self, range: &'a ForRange<'a>, span: Span) {
        let ty = self.ty(range.ty);
        let signed = match self.s.types.kind(ty) {
            Kind::I32 | Kind::I64 => true,
            Kind::U32 | Kind::U64 => false,
            _ => {
                self.unknown("a range");
                return;
            }
        };
        self.enter_loop();
        let mark = self.enter();
        let (counter, own) = self.loop_register(range.var, ty, true);
        let start = self.expr(&range.start, Some(counter));
        // A constant start is loaded behind the test that it takes part in.
        let constant = matches!(start, Value::Const(..)).then_some(start);
        if constant.is_none() {
            self.move_to(counter, start);
        }
        let end = self.loop_operand(&range.end);
        let step = range.step.as_ref().filter(|step| !is_one(step));
        let (header, next, exit) = (self.label(), self.label(), self.label());
        let step = match step {
            Some(step) => {
                let operand = self.loop_operand(step);
                if let Some(start) = constant {
                    self.move_to(counter, start);
                }
                let op = if signed { Op::ForEnterS } else { Op::ForEnterU };
                let flags = u16::from(range.inclusive);
                self.using(exit);
                self.at(step.span).branch_wide(op, counter, end.reg, operand.reg, flags, exit);
                Some(operand)
            }
            None => {
                let first = constant.unwrap_or(Value::Var(counter));
                let limit = match range.end.kind {
                    ExprKind::Int { .. } => self.expr(&range.end, None),
                    _ => Value::Var(end.reg),
                };
                let op = if range.inclusive { CompareOp::Le } else { CompareOp::Lt };
                self.branch_values(op, span, (first, limit), ty, false, exit);
                if let Some(start) = constant
                    && self.reachable()
                {
                    self.move_to(counter, start);
                }
                None
            }
        };
        if self.reachable() {
            self.header(range.id, header, span);
            let inner = self.enter();
            self.turn_variable(range.var, counter, own, ty);
            self.loop_body(range.id, exit, next, &range.body);
            self.leave(inner);
            if self.reachable() {
                self.using(header);
                match step {
                    Some(step) => {
                        let op = if signed { Op::ForStepS } else { Op::ForStepU };
                        let flags = u16::from(range.inclusive);
                        self.at(span).branch_wide(op, counter, end.reg, step.reg, flags, header);
                    }
                    None => {
                        let op = match (signed, range.inclusive) {
                            (true, false) => Op::ForS,
                            (true, true) => Op::ForInclS,
                            (false, false) => Op::ForU,
                            (false, true) => Op::ForInclU,
                        };
                        self.branch_op(op, counter, end.reg, header);
                    }
                }
            }
        }
        self.bind(exit);
        step.into_iter().for_each(|step| self.release(step));
        self.release(end);
        self.end_loop_register(mark, counter, own);
        self.leave_loop();
    }

    /// Ends the scope of a loop's variables and gives back the register that the loop wrote.
    fn end_loop_register(&mut self, mark: usize, reg: Reg, own: bool) {
        self.leave(mark);
        if !own {
            self.free(reg);
        }
    }

    fn for_in(&mut self, each: &'a ForIn<'a>, span: Span) {
        let ty = self.ty(each.iter.ty);
        self.enter_loop();
        match self.s.types.desc(ty) {
            TypeDesc::Array(element) => {
                let element = *element;
                let op = match self.s.types.kind(element) {
                    Kind::I32 => Op::NextI32,
                    Kind::U32 | Kind::Tag => Op::NextU32,
                    Kind::I64 | Kind::U64 | Kind::F64 => Op::Next64,
                    Kind::Bool => Op::NextBool,
                    Kind::Ref => Op::NextRef,
                };
                self.for_sequence(each, op, element, span);
            }
            TypeDesc::String => self.for_sequence(each, Op::NextStr, TypeId::STRING, span),
            TypeDesc::Range => self.for_sequence(each, Op::NextRange, TypeId::I64, span),
            TypeDesc::Map { key, value } => {
                let (key, value) = (*key, *value);
                self.for_map(each, key, value, span);
            }
            _ => {
                self.unknown("what is looped over");
            }
        }
        self.leave_loop();
    }

    /// A loop over an array, a string or a range value. One instruction tests, loads the element and counts; it stands
    /// before the header and at the bottom.
    fn for_sequence(&mut self, each: &'a ForIn<'a>, op: Op, element: TypeId, span: Span) {
        let mark = self.enter();
        let sequence = self.loop_operand(&each.iter);
        let cursor = match op {
            Op::NextRange => None,
            Op::NextStr => Some(self.temp(TypeId::I64)),
            _ => Some(self.temp(TypeId::I32)),
        };
        if let Some(cursor) = cursor {
            self.emit().constant(cursor, 0);
        }
        let (reg, own) = self.loop_register(each.element, element, false);
        // The position of an array's element is the cursor less one; of a string's it is counted.
        let position = each.position.map(|position| {
            let (reg, own) = self.loop_register(Some(position), TypeId::I32, op == Op::NextStr);
            if op == Op::NextStr {
                self.emit().constant(reg, u64::MAX);
            }
            (position, reg, own)
        });
        let (header, next, exit) = (self.label(), self.label(), self.label());
        let advance = |function: &mut Self| {
            function.using(header);
            let cursor = cursor.map_or(Arg::NONE, Arg::from);
            function.at(each.iter.span).branch_wide(op, reg, sequence.reg, cursor, 0, header);
        };
        advance(self);
        self.jump(exit);
        self.header(each.id, header, span);
        let inner = self.enter();
        if let Some((local, reg, own)) = position {
            let (from, by) = match cursor {
                Some(cursor) if op != Op::NextStr => (cursor, -1i16),
                _ => (reg, 1i16),
            };
            self.at(span).op(Op::AddI32Imm, reg, from, by);
            self.turn_variable(Some(local), reg, own, TypeId::I32);
        }
        self.turn_variable(each.element, reg, own, element);
        self.loop_body(each.id, exit, next, &each.body);
        self.leave(inner);
        if self.reachable() {
            advance(self);
        }
        self.bind(exit);
        if let Some((_, reg, false)) = position {
            self.free(reg);
        }
        self.end_loop_register(mark, reg, own);
        cursor.into_iter().for_each(|cursor| self.free(cursor));
        self.release(sequence);
    }

    fn for_map(&mut self, each: &'a ForIn<'a>, key: TypeId, value: TypeId, span: Span) {
        let mark = self.enter();
        let map = self.loop_operand(&each.iter);
        let (changes, entry) = (self.temp(TypeId::I64), self.temp(TypeId::I64));
        self.emit().op(Op::MapIter, changes, map.reg, Arg::NONE);
        self.emit().constant(entry, 0);
        let (reg, own) = self.loop_register(each.element, key, false);
        let value = each.value.map(|local| {
            let (reg, own) = self.loop_register(Some(local), value, false);
            (local, reg, own, value)
        });
        let (header, next, exit) = (self.label(), self.label(), self.label());
        let advance = |function: &mut Self| {
            function.using(header);
            function.at(each.iter.span).map_next(reg, map.reg, entry, changes, header);
        };
        advance(self);
        self.jump(exit);
        self.header(each.id, header, span);
        let inner = self.enter();
        if let Some((local, reg, own, ty)) = value {
            self.at(each.iter.span).op(Op::MapEntry, reg, map.reg, entry);
            self.turn_variable(Some(local), reg, own, ty);
        }
        self.turn_variable(each.element, reg, own, key);
        self.loop_body(each.id, exit, next, &each.body);
        self.leave(inner);
        if self.reachable() {
            advance(self);
        }
        self.bind(exit);
        if let Some((_, reg, false, _)) = value {
            self.free(reg);
        }
        self.end_loop_register(mark, reg, own);
        self.free(changes);
        self.free(entry);
        self.release(map);
    }

    // ---- errors

    /// `try … catch`: a handler covers the code of the body.
    fn try_catch(&mut self, inner: &'a Try<'a>) {
        let (catch, end) = (self.label(), self.label());
        let mark = self.enter();
        let (reg, own) = self.loop_register(inner.error, TypeId::ERROR, false);
        let (before, start) = (self.range_start(), self.pc());
        self.block(&inner.body, Want::Drop);
        let (after, is_empty) = (self.edge(), self.pc() == start);
        self.jump(end);
        if !is_empty {
            self.handler(before, after, catch, reg);
        }
        self.bind(catch);
        if self.reachable() {
            self.turn_variable(inner.error, reg, own, TypeId::ERROR);
            self.block(&inner.handler, Want::Drop);
        }
        self.bind(end);
        self.end_loop_register(mark, reg, own);
    }
}

/// Whether an expression has few parts; `budget` is how many are left.
fn is_small<'a>(expr: &'a Expr<'a>, budget: &mut u32) -> bool {
    let Some(left) = budget.checked_sub(1) else { return false };
    *budget = left;
    let mut small = true;
    match &expr.kind {
        // These may be long; the others have a fixed number of parts.
        ExprKind::And(list) | ExprKind::Or(list) | ExprKind::Array(list) if list.len() as u32 > left => false,
        ExprKind::Chain(chain) if chain.rest.len() as u32 > left => false,
        ExprKind::Closure(_) | ExprKind::If(_) | ExprKind::Match(_) => false,
        _ => {
            walk::parts(expr, &mut |part| small = small && is_small(part, budget));
            small
        }
    }
}

fn is_one(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Int { value: 1, negative: false, .. })
}

//! Branches, loops, ways out.

use orus::ir::Op;
use orus::ir::function::{InstData, Reason};
use orus::ir::types::{Block, Cond, Kind, Value};

use super::{Body, INTS};
use crate::program::Passed;

/// The most times that a place may be executed in one call.
const MOST_TIMES: u64 = 1_500;

type To<'a> = (Block, &'a [Value]);

impl Body<'_> {
    pub(super) fn jump(&mut self, to: Block, args: &[Value]) {
        let d = self.f.add_edges(&[(to, args)]);
        self.append(InstData { d, ..InstData::new(Op::Jump, Kind::None) });
    }

    fn branch_on(&mut self, condition: Value, yes: To, no: To) {
        let d = self.f.add_edges(&[yes, no]);
        self.append(InstData { d, ..InstData::unary(Op::Br, Kind::Bool, condition) });
    }

    pub(super) fn branch_compare(&mut self, cond: Cond, kind: Kind, a: Value, b: Value, yes: To, no: To) {
        let d = self.f.add_edges(&[yes, no]);
        self.append(InstData { aux: cond as u16, d, ..InstData::binary(Op::BrCmp, kind, a, b) });
    }

    pub(super) fn branch_somehow(&mut self, yes: To, no: To) {
        if self.chance(8) {
            let condition = self.not_less();
            self.branch_on(condition, yes, no);
        } else if self.chance(35) {
            let condition = self.value(Kind::Bool);
            self.branch_on(condition, yes, no);
        } else {
            let (cond, kind, a, b) = self.condition();
            self.branch_compare(cond, kind, a, b, yes, no);
        }
    }

    /// The opposite of a comparison of floats, one of which may be no number: then neither holds.
    fn not_less(&mut self) -> Value {
        let a = self.value(Kind::F64);
        let a = if self.chance(40) {
            let zero = self.binary(Op::Sub, Kind::F64, a, a);
            self.binary(Op::Div, Kind::F64, zero, zero)
        } else {
            a
        };
        let b = self.value(Kind::F64);
        let cond = *self.rng().pick(&[Cond::Lt, Cond::Le, Cond::Gt, Cond::Ge]);
        let holds = self.compare(cond, Kind::F64, a, b);
        self.unary(Op::Not, Kind::Bool, holds)
    }

    pub(super) fn add_param(&mut self, block: Block, passed: Passed) -> Value {
        self.f.add_param(block, passed.kind)
    }

    /// What a merge gets from each of its arms.
    pub(super) fn merged(&mut self) -> Vec<Passed> {
        let count = self.make.rng.weighted(&[(3, 0), (4, 1), (3, 2), (1, 3)]);
        (0..count).map(|_| self.make.passed()).collect()
    }

    /// What is passed on an edge besides.
    pub(super) fn passed_on(&mut self) -> Vec<Passed> {
        if self.chance(30) { self.merged() } else { Vec::new() }
    }

    /// A value for an edge, without a new instruction: one that is there, or a constant.
    pub(super) fn pass_quietly(&mut self, passed: Passed) -> Value {
        match passed.kind {
            Kind::Ref => self.object(Some(passed.layout)).map(|object| object.value),
            kind => self.newest(kind),
        }
        .unwrap_or_else(|| self.constant(passed.kind))
    }

    /// Draws what is in a block, in a scope of its own, and goes from there to the merge; or leaves, if it may.
    pub(super) fn arm(
        &mut self,
        block: Block,
        merge: Block,
        merged: &[Passed],
        may_leave: bool,
        begin: impl FnOnce(&mut Self),
    ) {
        let mark = self.pool.mark();
        self.nesting += 1;
        self.block = block;
        begin(self);
        if self.budget > 0 && self.nesting < 6 && self.chance(75) {
            self.statements();
        }
        if may_leave && self.chance(8) {
            self.leave();
        } else {
            let args: Vec<Value> = merged.iter().map(|&passed| self.pass(passed)).collect();
            self.jump(merge, &args);
        }
        self.nesting -= 1;
        self.pool.back_to(&mark);
    }

    /// Goes on in a merge.
    pub(super) fn go_on(&mut self, merge: Block, merged: &[Passed]) {
        self.block = merge;
        let params: Vec<Value> = self.f.params(merge).to_vec();
        for (value, &passed) in params.into_iter().zip(merged) {
            self.pool.add_passed(value, passed);
        }
    }

    fn merge(&mut self) -> (Block, Vec<Passed>) {
        let (merge, merged) = (self.f.new_block(), self.merged());
        for &passed in &merged {
            self.add_param(merge, passed);
        }
        (merge, merged)
    }

    pub(super) fn branch(&mut self) {
        let (merge, merged) = self.merge();
        let yes = self.f.new_block();
        if self.chance(30) {
            // One arm is empty.
            let args: Vec<Value> = merged.iter().map(|&passed| self.pass(passed)).collect();
            if self.chance(50) {
                self.branch_somehow((yes, &[]), (merge, &args));
            } else {
                self.branch_somehow((merge, &args), (yes, &[]));
            }
            self.arm(yes, merge, &merged, true, |_| {});
        } else {
            let no = self.f.new_block();
            self.f.block_mut(no).cold = self.chance(15);
            self.branch_somehow((yes, &[]), (no, &[]));
            self.arm(yes, merge, &merged, false, |_| {});
            self.arm(no, merge, &merged, true, |_| {});
        }
        self.go_on(merge, &merged);
    }

    pub(super) fn switch(&mut self) {
        let (merge, merged) = self.merge();
        let kind = *self.rng().pick(&INTS);
        let value = if self.chance(80) { self.small(kind, 7) } else { self.value(kind) };
        let blocks: Vec<Block> = (0..1 + self.below(5)).map(|_| self.f.new_block()).collect();
        // Several edges may lead to one block, each with values of its own.
        let handed = self.passed_on();
        for &block in &blocks {
            for &passed in &handed {
                self.add_param(block, passed);
            }
        }
        let mut edges: Vec<(Block, Vec<Value>)> = Vec::new();
        for number in 0..blocks.len() + self.below(3) {
            let args: Vec<Value> = handed.iter().map(|&passed| self.pass(passed)).collect();
            edges.push((blocks[number % blocks.len()], args));
        }
        self.rng().shuffle(&mut edges);
        let edges: Vec<To> = edges.iter().map(|(block, args)| (*block, &args[..])).collect();
        let d = self.f.add_edges(&edges);
        let data = InstData::unary(Op::Switch, kind, value);
        self.append(InstData { b: edges.len() as u32, d, ..data });
        for (number, &block) in blocks.iter().enumerate() {
            let params: Vec<Value> = self.f.params(block).to_vec();
            self.arm(block, merge, &merged, number > 0, |body| {
                for (&value, &passed) in params.iter().zip(&handed) {
                    body.pool.add_passed(value, passed);
                }
            });
        }
        self.go_on(merge, &merged);
    }

    /// A checked operation that has an edge for what does not fit.
    pub(super) fn two_edges(&mut self) {
        let kind = *self.rng().pick(&INTS);
        let op = *self.rng().pick(&[Op::AddOr, Op::SubOr, Op::MulOr]);
        let (a, b) =
            if self.chance(60) { self.operands(op, kind) } else { (self.value(kind), self.value(kind)) };
        let (merge, merged) = self.merge();
        let (fits, not) = (self.f.new_block(), self.f.new_block());
        let value = self.append(InstData::binary(op, kind, a, b));
        let passes = self.chance(50);
        let args: &[Value] = if passes { &[value] } else { &[] };
        let d = self.f.add_edges(&[(fits, args), (not, &[])]);
        if let Some(last) = self.f.last_inst(self.block) {
            self.f.inst_mut(last).d = d;
        }
        let value = if passes { self.f.add_param(fits, kind) } else { value };
        self.arm(fits, merge, &merged, false, |body| {
            body.pool.add(kind, value);
            body.pool.add_calm(kind, value);
        });
        self.f.block_mut(not).cold = self.chance(50);
        self.arm(not, merge, &merged, true, |_| {});
        self.go_on(merge, &merged);
    }

    // ---- Loops. ----

    pub(super) fn counted_loop(&mut self) {
        if self.loops >= 3 || self.times > MOST_TIMES / 4 || self.nesting > 5 {
            return self.arithmetic();
        }
        let kind = *self.rng().pick(&INTS);
        let (end, turns) = if self.chance(50) {
            let turns = self.below(if self.times == 1 { 20 } else { 7 }) as i64;
            (self.int(kind, turns), turns)
        } else {
            (self.small(kind, 7), 7)
        };
        let outside = if !self.bare && self.chance(12) { Some(self.flag()) } else { None };
        let (zero, step) = (self.int(kind, 0), 1 + i64::from(self.chance(20)));
        let up = self.chance(75);
        let tested_first = self.chance(60) || !up && !kind.is_signed();
        let cond = match (up, tested_first) {
            (true, true) if step == 1 => *self.rng().pick(&[Cond::Lt, Cond::Below, Cond::Ne]),
            (true, _) => *self.rng().pick(&[Cond::Lt, Cond::Below]),
            (false, true) if step == 1 => *self.rng().pick(&[Cond::Gt, Cond::Ne]),
            // Steps of two could go past 0.
            (false, _) => Cond::Gt,
        };
        let step = if up || kind.is_signed() { step } else { 1 };
        // Values that each turn passes on; sometimes more than there are registers.
        let count = if self.chance(8) { 10 + self.below(8) } else { self.below(4) };
        let carried: Vec<Passed> = (0..count).map(|_| self.make.passed()).collect();
        let mut args = vec![if up { zero } else { end }];
        for &passed in &carried {
            let value = self.pass(passed);
            args.push(value);
        }
        let header = self.f.new_block();
        let exit = self.f.new_block();
        let counter = self.f.add_param(header, kind);
        let params: Vec<Value> = carried.iter().map(|&passed| self.add_param(header, passed)).collect();
        let (left, right) = (counter, if up { end } else { zero });
        self.jump(header, &args);
        let breaks = self.chance(25);
        let given = if breaks { self.merged() } else { Vec::new() };
        for &passed in &given {
            self.add_param(exit, passed);
        }
        let mark = self.pool.mark();
        let times = self.times;
        self.block = header;
        self.times *= (turns as u64).max(1);
        let add_params = |body: &mut Self| {
            body.pool.add(kind, counter);
            body.pool.add_calm(kind, counter);
            for (&value, &passed) in params.iter().zip(&carried) {
                body.pool.add_passed(value, passed);
            }
        };
        add_params(self);
        self.nesting += 1;
        self.loops += 1;
        if tested_first {
            let body = self.f.new_block();
            let out: Vec<Value> = given.iter().map(|&passed| self.pass_quietly(passed)).collect();
            self.branch_compare(cond, kind, left, right, (body, &[]), (exit, &out));
            self.block = body;
        }
        // What looks as if it were the same in each turn, and cannot be moved.
        if let Some(flag) = outside {
            self.store_then_guard(flag);
        } else if self.chance(12) {
            self.count_in_memory();
        }
        self.statements();
        if breaks {
            let next = self.f.new_block();
            let out: Vec<Value> = given.iter().map(|&passed| self.pass(passed)).collect();
            if self.chance(50) {
                self.branch_somehow((exit, &out), (next, &[]));
            } else {
                self.branch_somehow((next, &[]), (exit, &out));
            }
            self.block = next;
            if self.chance(50) {
                self.statements();
            }
        }
        let step = self.int(kind, step);
        let op = match (up, self.chance(30)) {
            (true, false) => Op::Add,
            (true, true) => Op::AddChecked,
            (false, false) => Op::Sub,
            (false, true) => Op::SubChecked,
        };
        let mut data = InstData::binary(op, kind, counter, step);
        if matches!(op, Op::AddChecked | Op::SubChecked) {
            data.c = self.guard(Reason::Overflow).0;
        }
        let next = self.append(data);
        let mut args = vec![next];
        for (&passed, &param) in carried.iter().zip(&params) {
            let value = if self.chance(25) { param } else { self.pass(passed) };
            args.push(value);
        }
        if self.chance(30) {
            self.poll();
        }
        if tested_first {
            if self.chance(10) {
                // Two edges back, with other values.
                let mut others = vec![next];
                for &passed in &carried {
                    let value = self.pass(passed);
                    others.push(value);
                }
                self.branch_somehow((header, &args), (header, &others));
            } else {
                self.jump(header, &args);
            }
        } else {
            let out: Vec<Value> = given.iter().map(|&passed| self.pass(passed)).collect();
            self.branch_compare(cond, kind, next, right, (header, &args), (exit, &out));
        }
        self.loops -= 1;
        self.nesting -= 1;
        self.times = times;
        self.pool.back_to(&mark);
        add_params(self);
        self.go_on(exit, &given);
    }

    /// A cycle of two blocks that is entered at either.
    pub(super) fn irreducible(&mut self) {
        if self.loops >= 3 || self.times > MOST_TIMES / 4 || self.nesting > 5 {
            return self.arithmetic();
        }
        let kind = Kind::I32;
        let count = self.small(kind, 7);
        let handed = self.merged();
        let [a, b] = [self.f.new_block(), self.f.new_block()];
        let exit = self.f.new_block();
        let firsts: [Vec<Value>; 2] = std::array::from_fn(|_| {
            let mut args = vec![count];
            for &passed in &handed {
                let value = self.pass(passed);
                args.push(value);
            }
            args
        });
        self.branch_somehow((a, &firsts[0]), (b, &firsts[1]));
        let left = self.merged();
        for &passed in &left {
            self.add_param(exit, passed);
        }
        let times = self.times;
        self.times *= 4;
        self.nesting += 1;
        self.loops += 1;
        for (this, other) in [(a, b), (b, a)] {
            let counter = self.f.add_param(this, kind);
            let params: Vec<Value> = handed.iter().map(|&passed| self.add_param(this, passed)).collect();
            let mark = self.pool.mark();
            self.block = this;
            self.pool.add(kind, counter);
            for (&value, &passed) in params.iter().zip(&handed) {
                self.pool.add_passed(value, passed);
            }
            if self.chance(70) {
                self.statements();
            }
            let (zero, one) = (self.int(kind, 0), self.int(kind, 1));
            let less = self.append(InstData::binary(Op::Sub, kind, counter, one));
            let mut args = vec![less];
            for &passed in &handed {
                let value = self.pass(passed);
                args.push(value);
            }
            let out: Vec<Value> = left.iter().map(|&passed| self.pass(passed)).collect();
            self.branch_compare(Cond::Gt, kind, counter, zero, (other, &args), (exit, &out));
            self.pool.back_to(&mark);
        }
        self.loops -= 1;
        self.nesting -= 1;
        self.times = times;
        self.go_on(exit, &left);
    }

    pub(super) fn poll(&mut self) {
        if self.bare {
            return;
        }
        let guard = self.guard(Reason::Poll);
        self.append(InstData { a: guard.0, ..InstData::new(Op::Poll, Kind::None) });
    }

    // ---- Ways out. ----

    pub(super) fn leave_by_return(&mut self) {
        let result = self.result;
        let value = match result.kind {
            Kind::None => Value::NONE,
            _ => self.pass(result),
        };
        self.append(InstData::unary(Op::Return, result.kind, value));
    }

    /// Ends the block and the function.
    fn leave(&mut self) {
        match self.below(4) {
            0 => self.raise(),
            1 => {
                let reasons = [Reason::Branch, Reason::Target, Reason::Kind, Reason::Other];
                let reason = *self.rng().pick(&reasons);
                let guard = self.guard(reason);
                self.append(InstData { a: guard.0, ..InstData::new(Op::Exit, Kind::None) });
            }
            _ => self.leave_by_return(),
        }
    }

    /// A way out that is rarely taken.
    pub(super) fn leave_sometimes(&mut self) {
        let (out, next) = (self.f.new_block(), self.f.new_block());
        self.f.block_mut(out).cold = self.chance(80);
        if self.chance(70) {
            let flag = self.flag();
            self.branch_on(flag, (next, &[]), (out, &[]));
        } else {
            let value = self.calm(Kind::I32);
            let other = self.constant(Kind::I32);
            self.branch_compare(Cond::Eq, Kind::I32, value, other, (out, &[]), (next, &[]));
        }
        let mark = self.pool.mark();
        self.block = out;
        self.leave();
        self.pool.back_to(&mark);
        self.block = next;
    }

    /// Several values become one word in memory: so that they count.
    pub(super) fn sink(&mut self) {
        let mut sum = None;
        for _ in 0..2 + self.below(4) {
            let kind = *self.make.rng.pick(&super::NUMBERS);
            let value = self.value(kind);
            let word = self.as_word(kind, value);
            sum = Some(match sum {
                None => word,
                Some(sum) => self.binary(Op::Xor, Kind::I64, sum, word),
            });
        }
        if let Some(sum) = sum {
            self.store_word(sum);
        }
    }
}

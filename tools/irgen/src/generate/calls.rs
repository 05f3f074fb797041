//! Calls, and what is done when a callee raises.

use orus::ir::Op;
use orus::ir::function::InstData;
use orus::ir::module::{Convention, Effects};
use orus::ir::types::{Cond, Func, Kind, Mem, Value};

use super::pool::Object;
use super::{Body, MOST_COST};
use crate::plan;
use crate::program::Passed;

impl Body<'_> {
    /// Functions of the Orus convention need the context.
    fn may_call(&self, func: Func) -> bool {
        !self.bare || self.make.module.signature(func).convention == Convention::System
    }

    /// A function that may be called here.
    fn callee(&mut self) -> Func {
        let (times, own) = (self.times, self.func.index());
        let fits = |(number, plan): (usize, &crate::program::FuncPlan)| {
            let func = Func(number as u32);
            let reachable = self.may_call(func) && times * plan.cost <= MOST_COST;
            (number < own && plan.inside && reachable).then_some(func)
        };
        let inside: Vec<Func> = self.make.funcs.iter().enumerate().filter_map(fits).collect();
        if !inside.is_empty() && self.chance(65) {
            return *self.rng().pick(&inside);
        }
        // The last function outside does not return.
        let outside = self.make.funcs.iter().filter(|plan| !plan.inside).count() - 1;
        Func(self.below(outside) as u32)
    }

    /// A call, or an invoke without its edges.
    fn call_data(&mut self, callee: Func, invoke: bool) -> (InstData, Passed) {
        let plan = self.make.funcs[callee.index()].clone();
        let mut arguments: Vec<Value> = Vec::new();
        for (index, &passed) in plan.params.iter().enumerate() {
            let value =
                if index == 0 && plan.recursive { self.small(Kind::I32, 7) } else { self.pass(passed) };
            arguments.push(value);
        }
        self.cost += self.times * plan.cost;
        (self.call_with(callee, &arguments, invoke), plan.result)
    }

    fn call_with(&mut self, callee: Func, arguments: &[Value], invoke: bool) -> InstData {
        let result = self.make.funcs[callee.index()].result.kind;
        let mut data = if !self.bare && self.chance(25) {
            let address = self.fixed(plan::TABLE + 8 * callee.0 as i32, Mem::I64);
            let sig = self.make.module.funcs[callee.index()].sig;
            let op = if invoke { Op::InvokeIndirect } else { Op::CallIndirect };
            InstData { aux: sig.0 as u16, ..InstData::unary(op, result, address) }
        } else {
            let op = if invoke { Op::Invoke } else { Op::Call };
            InstData { a: callee.0, ..InstData::new(op, result) }
        };
        if !invoke && self.chance(75) {
            data.d = self.state().0;
        }
        let list = self.f.list(arguments);
        InstData { b: list.start, c: list.len, ..data }
    }

    fn add_result(&mut self, value: Value, result: Passed) {
        match result.kind {
            Kind::None => {}
            Kind::Ref => self.pool.objects.push(Object { value, layout: result.layout, there: false }),
            kind => self.pool.add(kind, value),
        }
    }

    pub(super) fn call(&mut self) {
        let callee = self.callee();
        self.call_of(callee);
    }

    /// At the end: calls most of the functions that were made before, so that they are not in vain.
    pub(super) fn call_the_others(&mut self) {
        for number in 0..self.func.index() {
            let plan = &self.make.funcs[number];
            let func = Func(number as u32);
            let reachable = self.may_call(func) && self.cost + plan.cost <= 2 * MOST_COST;
            if plan.inside && reachable && self.chance(70) {
                self.call_of(func);
            }
        }
    }

    fn call_of(&mut self, callee: Func) {
        let (data, result) = self.call_data(callee, false);
        let value = self.append(data);
        self.add_result(value, result);
    }

    pub(super) fn invoke(&mut self) {
        // Mostly of what raises now and then.
        let callee = if self.chance(45) { Func(2 + self.below(2) as u32) } else { self.callee() };
        let (data, result) = self.call_data(callee, true);
        let inst_block = self.block;
        let (normal, handler) = (self.f.new_block(), self.f.new_block());
        let merge = self.f.new_block();
        let merged = self.merged();
        for passed in &merged {
            self.add_param(merge, *passed);
        }
        let value = self.append(data);
        let passes = !value.is_none() && self.chance(50);
        let handed = self.passed_on();
        let arguments: Vec<Value> = handed.iter().map(|&passed| self.pass_quietly(passed)).collect();
        let mut normal_args = Vec::new();
        if passes {
            normal_args.push(value);
        }
        let edges = self.f.add_edges(&[(normal, &normal_args), (handler, &arguments)]);
        let last = self.f.last_inst(inst_block).filter(|_| self.block == inst_block);
        if let Some(last) = last {
            self.f.inst_mut(last).d = edges;
        }
        let received = if passes { Some(self.add_param(normal, result)) } else { None };
        let params: Vec<Value> = handed.iter().map(|&passed| self.add_param(handler, passed)).collect();
        self.arm(normal, merge, &merged, false, |body| body.add_result(received.unwrap_or(value), result));
        self.f.block_mut(handler).cold = self.chance(70);
        self.arm(handler, merge, &merged, true, |body| {
            for (&value, &passed) in params.iter().zip(&handed) {
                body.pool.add_passed(value, passed);
            }
        });
        self.go_on(merge, &merged);
    }

    /// At the beginning of a function that calls itself: returns at the bottom, else calls itself with less.
    pub(super) fn recursion(&mut self) {
        let n = self.f.params(self.block)[0];
        let (bottom, go) = (self.f.new_block(), self.f.new_block());
        let (zero, one) = (self.int(Kind::I32, 0), self.int(Kind::I32, 1));
        self.branch_compare(Cond::Le, Kind::I32, n, zero, (bottom, &[]), (go, &[]));
        let mark = self.pool.mark();
        self.block = bottom;
        self.leave_by_return();
        self.pool.back_to(&mark);
        self.block = go;
        let callee = self.func;
        let plan = self.make.funcs[callee.index()].clone();
        for less in 1..=if self.chance(20) { 2 } else { 1 } {
            let less = if less == 1 { one } else { self.int(Kind::I32, 2) };
            let mut arguments = vec![self.binary(Op::Sub, Kind::I32, n, less)];
            for &passed in &plan.params[1..] {
                let value = self.pass(passed);
                arguments.push(value);
            }
            let data = self.call_with(callee, &arguments, false);
            let value = self.append(data);
            self.add_result(value, plan.result);
        }
    }

    /// Raises: the block ends.
    pub(super) fn raise(&mut self) {
        let callee =
            self.make.module.funcs.iter().position(|decl| decl.effects.contains(Effects::NEVER_RETURNS));
        let callee = Func(callee.unwrap_or(0) as u32);
        let (data, _) = self.call_data(callee, false);
        self.append(data);
        self.append(InstData::new(Op::Unreachable, Kind::None));
    }
}

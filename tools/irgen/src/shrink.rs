//! Makes a program smaller, as long as it still shows what it is to show.
//!
//! Each step changes one thing: a function becomes a return, a branch a jump, an instruction a constant, a slot of a frame state dead. A
//! step is kept if the program is still well-formed, is evaluated without a trap, and the test still fails.

use orus::ir::cfg::Cfg;
use orus::ir::eval::Outcome;
use orus::ir::function::{Edge, InstData, NONE, StateSlot};
use orus::ir::types::{Block, FrameState, Inst, Kind, Value};
use orus::ir::verify::verify;
use orus::ir::{Function, Op};

use crate::backend::Evaluated;
use crate::program::Program;

/// Looks for the smallest program for which the test still `fails`, in at most so many tries.
pub fn minimise(program: Program, fails: &mut dyn FnMut(&Program) -> bool, tries: usize) -> Program {
    let mut shrinker = Shrinker { best: program, fails, tries, evaluated: Evaluated::default() };
    loop {
        let before = (shrinker.best.size(), weight(&shrinker.best));
        shrinker.functions();
        for index in 0..shrinker.best.bodies.len() {
            shrinker.terminators(index);
            shrinker.runs_of_instructions(index);
            shrinker.parameters(index);
            shrinker.straighten(index);
            shrinker.states(index);
        }
        if shrinker.tries == 0 || (shrinker.best.size(), weight(&shrinker.best)) == before {
            return shrinker.best;
        }
    }
}

/// Parameters, and slots of frame states that are not dead.
fn weight(program: &Program) -> usize {
    let of = |f: &Function| {
        let params: usize = f.order.iter().map(|&block| f.params(block).len()).sum();
        let mut slots = 0;
        for inst in all_insts(f) {
            if let Some(state) = f.inst_state(inst) {
                f.visit_state(state, |_| slots += 1);
            }
        }
        params + slots
    };
    program.bodies.iter().flatten().map(of).sum()
}

struct Shrinker<'a> {
    best: Program,
    fails: &'a mut dyn FnMut(&Program) -> bool,
    tries: usize,
    evaluated: Evaluated,
}

fn all_insts(f: &Function) -> Vec<Inst> {
    f.order.iter().flat_map(|&block| f.insts(block)).collect()
}

/// Any value of the type of another one, without an instruction; none for vectors.
fn constant_like(f: &mut Function, value: Value, one: bool) -> Option<Value> {
    let ty = f.ty(value);
    if ty.kind.is_vector() {
        return None;
    }
    let bits = match ty.kind {
        Kind::F64 => {
            if one {
                1f64.to_bits()
            } else {
                0
            }
        }
        Kind::Ref => 0,
        _ => u64::from(one),
    };
    Some(f.constant(ty, bits))
}

/// Removes blocks that cannot be reached, and aliases.
fn tidy(f: &mut Function) {
    let cfg = Cfg::of(f);
    f.retain_blocks(|block| cfg.is_reached(block));
    f.remove_aliases();
}

fn is_used(f: &Function, value: Value) -> bool {
    let mut used = false;
    for inst in all_insts(f) {
        f.visit_uses(inst, |operand| used |= f.resolve(operand) == value);
    }
    used
}

/// Takes a result's place with a constant.
fn forget_result(f: &mut Function, inst: Inst, one: bool) -> bool {
    match f.result(inst) {
        None => true,
        Some(result) => match constant_like(f, result, one) {
            Some(constant) => {
                f.replace(result, constant);
                true
            }
            None => !is_used(f, result),
        },
    }
}

impl Shrinker<'_> {
    /// Tries a change of a function; it says whether it did anything.
    fn attempt(&mut self, index: usize, change: impl FnOnce(&mut Function) -> bool) -> bool {
        if self.tries == 0 {
            return false;
        }
        let mut candidate = self.best.clone();
        let Some(f) = candidate.bodies[index].as_mut() else { return false };
        if !change(f) {
            return false;
        }
        tidy(f);
        if verify(f, &candidate.module).is_err() {
            return false;
        }
        self.tries -= 1;
        if matches!(self.evaluated.reference(&candidate).outcome, Outcome::Trap(_))
            || !(self.fails)(&candidate)
        {
            return false;
        }
        self.best = candidate;
        true
    }

    fn body(&self, index: usize) -> Option<&Function> {
        self.best.bodies[index].as_ref()
    }

    /// Functions become returns.
    fn functions(&mut self) {
        for index in 0..self.best.bodies.len() {
            if self.body(index).is_some_and(|f| f.size() > 1) {
                self.attempt(index, |f| return_at(f, f.entry(), None));
            }
        }
    }

    fn terminators(&mut self, index: usize) {
        let mut at = 0;
        while let Some(&block) = self.body(index).and_then(|f| f.order.get(at)) {
            at += 1;
            let edges = self.body(index).map_or(0, |f| f.block_edges(block).len());
            if edges == 0 {
                continue;
            }
            if self.attempt(index, |f| return_at(f, block, f.last_inst(block))) {
                continue;
            }
            for edge in 0..edges as u32 {
                if edges > 1 && self.attempt(index, |f| jump_instead(f, block, edge)) {
                    break;
                }
            }
        }
    }

    /// Instructions are removed, their results become constants: many at once, then fewer.
    fn runs_of_instructions(&mut self, index: usize) {
        let mut length = self.body(index).map_or(0, |f| f.size()).next_power_of_two();
        while length > 0 {
            let mut at = 0;
            loop {
                let count = self.body(index).map_or(0, |f| all_insts(f).len());
                if at >= count || self.tries == 0 {
                    break;
                }
                let change = |f: &mut Function, one: bool| {
                    let mut changed = false;
                    for inst in all_insts(f).into_iter().skip(at).take(length) {
                        if !f.inst(inst).op.is_terminator() && forget_result(f, inst, one) {
                            f.remove(inst);
                            changed = true;
                        }
                    }
                    changed
                };
                let removed = self.attempt(index, |f| change(f, false))
                    || length == 1 && self.attempt(index, |f| change(f, true));
                if !removed {
                    at += length;
                }
            }
            length /= 2;
        }
    }

    /// Parameters of blocks become constants, and those that nothing uses are removed.
    fn parameters(&mut self, index: usize) {
        let mut at = 0;
        while let Some(&block) = self.body(index).and_then(|f| f.order.get(at)) {
            at += 1;
            let is_entry = self.body(index).is_some_and(|f| f.entry() == block);
            let mut param = 0;
            while self.body(index).is_some_and(|f| param < f.params(block).len()) {
                let constant = |f: &mut Function, one: bool| {
                    let value = f.params(block)[param];
                    let Some(constant) = constant_like(f, value, one) else { return false };
                    f.replace(value, constant);
                    f.remove_aliases();
                    if !is_entry {
                        drop_param(f, block, param);
                    }
                    true
                };
                // Of the entry the parameter has to stay.
                if !is_entry
                    && (self.attempt(index, |f| constant(f, false))
                        || self.attempt(index, |f| constant(f, true)))
                {
                    continue;
                }
                param += 1;
            }
        }
    }

    /// A block whose only way leads to a block with no other way in takes that in.
    fn straighten(&mut self, index: usize) {
        let mut at = 0;
        while let Some(&block) = self.body(index).and_then(|f| f.order.get(at)) {
            if !self.attempt(index, |f| take_in(f, block)) {
                at += 1;
            }
        }
    }

    /// Slots become dead, parents are forgotten.
    fn states(&mut self, index: usize) {
        let states = self.body(index).map_or(0, |f| f.state_count());
        for state in (0..states as u32).map(FrameState) {
            let used = |f: &Function| {
                all_insts(f).into_iter().any(|inst| {
                    let mut next = f.inst_state(inst);
                    while let Some(at) = next.filter(|&at| at != state) {
                        next = f.state(at).parent.some();
                    }
                    next.is_some()
                })
            };
            if !self.body(index).is_some_and(used) {
                continue;
            }
            let set = |f: &mut Function, change: &dyn Fn(usize) -> bool| {
                let list = f.state(state).slots;
                let slots: Vec<StateSlot> = f
                    .state_slots(list)
                    .enumerate()
                    .map(|(number, slot)| if change(number) { StateSlot::Dead } else { slot })
                    .collect();
                let changed = f.state_slots(list).zip(&slots).any(|(old, new)| old != *new);
                let list = f.slot_list(&slots);
                f.state_mut(state).slots = list;
                changed
            };
            if !self.attempt(index, |f| set(f, &|_| true)) {
                let count = self.body(index).map_or(0, |f| f.state(state).slots.len);
                for slot in 0..count as usize {
                    self.attempt(index, |f| set(f, &|number| number == slot));
                }
            }
            self.attempt(index, |f| {
                let had = !f.state(state).parent.is_none();
                f.state_mut(state).parent = FrameState::NONE;
                had
            });
        }
    }
}

/// Ends a block by a return instead of what comes from an instruction on; without one, the whole block.
fn return_at(f: &mut Function, block: Block, from: Option<Inst>) -> bool {
    let mut next = from.or(f.first_inst(block));
    while let Some(inst) = next {
        next = f.next_inst(inst);
        if !forget_result(f, inst, false) {
            return false;
        }
        f.remove(inst);
    }
    let result = f.sig.result;
    let value = match result.kind {
        Kind::None => Value(NONE),
        Kind::V128 | Kind::V256 => return false,
        _ => f.constant(result, 0),
    };
    f.append(block, InstData::unary(Op::Return, result.kind, value));
    true
}

/// Goes along one of the edges always.
fn jump_instead(f: &mut Function, block: Block, edge: u32) -> bool {
    let Some(last) = f.last_inst(block) else { return false };
    let d = f.block_edges(block).start + edge;
    if !forget_result(f, last, false) {
        return false;
    }
    f.remove(last);
    f.append(block, InstData { d, ..InstData::new(Op::Jump, Kind::None) });
    true
}

/// Removes a parameter that nothing uses, with its arguments.
fn drop_param(f: &mut Function, block: Block, param: usize) {
    f.block_mut(block).params.remove(param);
    for edge in 0..f.edge_bound() as u32 {
        let data = f.edge(edge);
        // Edges that are no one's any more may lead here too, with any number of arguments.
        if data.to == block && (data.args.len as usize) > param {
            let mut values: Vec<Value> = f.list_values(data.args).collect();
            values.remove(param);
            let args = f.list(&values);
            f.set_edge(edge, Edge { to: block, args });
        }
    }
}

fn take_in(f: &mut Function, block: Block) -> bool {
    let Some(last) = f.last_inst(block).filter(|&last| f.inst(last).op == Op::Jump) else { return false };
    let edge = f.edge(f.inst(last).d);
    let cfg = Cfg::of(f);
    if edge.to == block || edge.to == f.entry() || cfg.preds(edge.to).len() != 1 {
        return false;
    }
    let params: Vec<Value> = f.params(edge.to).to_vec();
    let args: Vec<Value> = f.list_values(edge.args).collect();
    for (param, arg) in params.into_iter().zip(args) {
        f.replace(param, arg);
    }
    f.block_mut(edge.to).params.clear();
    f.remove(last);
    if let Some(first) = f.first_inst(edge.to) {
        f.move_tail(first, block);
    }
    let gone = edge.to;
    f.retain_blocks(|block| block != gone);
    true
}

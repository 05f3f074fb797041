//! Dead code: instructions, block parameters and frame states that nothing needs.
//!
//! How it works. What has an effect is needed, then what that reads, and so on. Blocks are walked from the last to the first, and so are their
//! instructions: uses come before what they use, but for what goes around loops. For that a work list holds values whose sources are
//! still to be marked. A block's parameter that is needed asks for its arguments on the edges; an argument of one that is not asks
//! for nothing, so parameters that only feed each other around a loop go too. An object that nobody reads, stores into it
//! alone, goes with its stores. Frame states count where an instruction that is kept may leave through them; the others
//! are emptied.
//!
//! Must not. Remove checked arithmetic or guards, which may leave, whether their result is used or not; remove calls that do anything but compute.
//!
//! Source. Kildall-style marking as in Cytron et al., *Efficiently Computing Static Single Assignment Form* (1991), section 7.1, without
//! control dependence: branches are all needed.
//!
//! Cost. Each value and each instruction once.

use crate::ir::cfg::Cfg;
use crate::ir::opcode::Effect;
use crate::ir::{Def, Effects, FrameState, Function, Inst, List, Module, Op, Value};

use super::fault::planted;
use super::{Context, memory, params};

/// What the pass needs, kept for the next run.
#[derive(Default, Debug)]
pub(super) struct State {
    /// By value.
    needed: Vec<bool>,
    /// By instruction: it did not seem to be needed at first, but is.
    kept: Vec<bool>,
    /// By frame state.
    states: Vec<bool>,
    /// Values whose sources are still to be marked.
    work: Vec<Value>,
    /// Stores into new objects: the base, and the store.
    stores: Vec<(Value, Inst)>,
    /// Instructions that did not seem to be needed.
    gone: Vec<Inst>,
}

impl State {
    #[inline(always)]
    fn need(&mut self, value: Value) {
        if !self.needed[value.index()] {
            self.needed[value.index()] = true;
            self.work.push(value);
        }
    }

    /// The first look at an instruction: all that comes behind it was looked at, but around loops.
    #[inline]
    fn visit(&mut self, function: &Function, module: &Module, inst: Inst) {
        let needed = function.result(inst).is_some_and(|result| self.needed[result.index()]);
        if !needed && !has_effect(function, module, inst) {
            self.gone.push(inst);
            return;
        }
        let data = function.inst(inst);
        if data.op == Op::Store
            && let Some(base) = new_base(function, inst)
            && !self.needed[base.index()]
        {
            self.stores.push((base, inst));
            self.gone.push(inst);
            return;
        }
        let row = data.op.row();
        for word in 0..4 {
            let value = Value(data.words()[word]);
            if row.values >> word & 1 == 1 && !value.is_none() {
                self.needed[value.index()] = true;
            }
        }
        match row.effect {
            Effect::Pure | Effect::Read | Effect::Write => return,
            Effect::End => {}
            Effect::Call | Effect::EndCall => {
                function.list_values(data.arguments()).for_each(|value| self.needed[value.index()] = true);
            }
            Effect::Exit | Effect::Make | Effect::Poll => {}
        }
        for edge in function.inst_edges(inst) {
            let edge = function.edge(edge);
            for (index, param) in function.params(edge.to).iter().enumerate() {
                if self.needed[param.index()] {
                    self.needed[function.list_value(edge.args, index as u32).index()] = true;
                }
            }
        }
        if let Some(state) = function.inst_state(inst)
            && !self.states[state.index()]
        {
            function.visit_state(state, |value| self.needed[value.index()] = true);
            self.note_state(function, state);
        }
    }

    fn note_state(&mut self, function: &Function, state: FrameState) {
        let mut next = state.some();
        while let Some(state) = next {
            self.states[state.index()] = true;
            next = function.state(state).parent.some();
        }
    }

    /// Keeps an instruction, and what it reads.
    fn keep(&mut self, function: &Function, inst: Inst) {
        if self.kept[inst.index()] {
            return;
        }
        self.kept[inst.index()] = true;
        function.visit_operands(inst, |value| self.need(value));
        if let Some(state) = function.inst_state(inst) {
            self.keep_state(function, state);
        }
    }

    fn keep_state(&mut self, function: &Function, state: FrameState) {
        if self.states[state.index()] {
            return;
        }
        function.visit_state(state, |value| self.need(value));
        self.note_state(function, state);
    }
}

/// Is it needed whatever becomes of its result?
fn has_effect(function: &Function, module: &Module, inst: Inst) -> bool {
    let data = function.inst(inst);
    match data.op.row().effect {
        Effect::Pure | Effect::Read | Effect::Make => false,
        // Reading alone is no effect.
        Effect::Call => !Effects::READS.contains(memory::effects(module, data)),
        Effect::Exit if planted(112) => function.result(inst).is_none(),
        _ => true,
    }
}

/// Is it a store into an object that is made here?
fn new_base(function: &Function, inst: Inst) -> Option<Value> {
    let data = function.inst(inst);
    if data.op != Op::Store {
        return None;
    }
    let made = function.def_inst(data.first())?;
    (function.inst(made).op == Op::New).then_some(data.first())
}

/// The pass.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let mut state = std::mem::take(&mut context.analyses.scratch.dce);
    let cfg = context.analyses.cfg(function);
    let changed = eliminate(function, context.module, cfg, &mut state);
    context.analyses.scratch.dce = state;
    changed
}

fn eliminate(function: &mut Function, module: &Module, cfg: &Cfg, state: &mut State) -> bool {
    state.needed.clear();
    state.needed.resize(function.value_count(), false);
    state.kept.clear();
    state.kept.resize(function.inst_count(), false);
    state.states.clear();
    state.states.resize(function.state_count(), false);
    state.work.clear();
    state.stores.clear();
    state.gone.clear();
    for &block in cfg.rpo.iter().rev() {
        let mut next = function.last_inst(block);
        while let Some(inst) = next {
            next = function.prev_inst(inst);
            state.visit(function, module, inst);
        }
    }
    around(function, cfg, state);

    let mut changed = false;
    for &inst in state.gone.iter().filter(|inst| !state.kept[inst.index()]) {
        function.remove(inst);
        changed = true;
    }
    changed |= params::remove_if(function, cfg, |_, param| !state.needed[param.index()]);
    for (index, _) in state.states.iter().enumerate().filter(|(_, kept)| !**kept) {
        function.state_mut(FrameState(index as u32)).slots = List::default();
    }
    changed
}

/// What the first look could not know: what parameters need from behind, and stores into objects that turned out to be needed.
fn around(function: &Function, cfg: &Cfg, state: &mut State) {
    for (number, &block) in cfg.rpo.iter().enumerate() {
        for pred in cfg.preds(block).iter().filter(|pred| cfg.number(pred.block) as usize >= number) {
            let args = function.edge(pred.edge).args;
            for (index, param) in function.params(block).iter().enumerate() {
                if state.needed[param.index()] {
                    state.need(function.list_value(args, index as u32));
                }
            }
        }
    }
    state.stores.sort_unstable();
    mark(function, cfg, state);
    for index in 0..state.stores.len() {
        let (base, store) = state.stores[index];
        if state.needed[base.index()] {
            state.keep(function, store);
        }
    }
    mark(function, cfg, state);
}

fn mark(function: &Function, cfg: &Cfg, state: &mut State) {
    while let Some(value) = state.work.pop() {
        match function.def(value) {
            Def::Inst(inst) => {
                state.keep(function, inst);
                if function.inst(inst).op == Op::New {
                    let mut at = state.stores.partition_point(|&(base, _)| base < value);
                    while let Some(&(base, store)) = state.stores.get(at)
                        && base == value
                    {
                        state.keep(function, store);
                        at += 1;
                    }
                }
            }
            Def::Param(block) => {
                let Some(index) = function.params(block).iter().position(|&param| param == value) else {
                    continue;
                };
                for pred in cfg.preds(block) {
                    state.need(function.list_value(function.edge(pred.edge).args, index as u32));
                }
            }
            Def::Const(_) | Def::Alias(_) => {}
        }
    }
}

//! The forward walk: folding, value numbering, what branches and guards say, and forwarding of loads, in one walk over the dominator tree.
//!
//! How it works. Blocks are walked in the order of the dominator tree, children in reverse postorder; so an instruction comes after what defines its
//! operands, and a block after all its predecessors but for back edges and, in irreducible flow, others from behind. Operands that were replaced are
//! written anew at once, and blocks that no edge leads to any more are not entered. What is known (see [`gvn`], [`guards`],
//! [`memory`](super::memory)) lies in one table that is cut back on the way out of a block. The passes `fold`, `gvn`, `guards`
//! and `memory` are this walk with one of the [`Flags`]; level Fast makes it once with all.
//!
//! Invariants
//! - FW1 What an instruction is replaced by dominates it: it comes from the table, from operands, or is put in front of it.
//! - FW2 Where the walk is, operands of all instructions before are not aliases, but for parameters' arguments on back edges.
//! - FW3 Edges keep their numbers: the graph that was computed before the walk names them.
//!
//! Cost. See `pipeline`: most of it is the look-up of each instruction.

use bitflags::bitflags;

use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::opcode::Effect;
use crate::ir::{Block, Function, Inst, InstData, Kind, Module, Op, Value};

use super::fault::planted;
use super::fold::{self, Folded, INDEX, Index};
use super::fold_rules::Rule;
use super::gvn::{self, Key, Scoped};
use super::memory::Memory;
use super::{Analyses, Context};
use super::{fold_control, guards, params};

bitflags! {
    /// What a walk does.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(super) struct Flags: u8 {
        /// Constants, identities, branches.
        const FOLD = 1;
        /// Equal instructions.
        const GVN = 2;
        /// What branches and guards say.
        const GUARDS = 4;
        /// Loads and stores.
        const MEMORY = 8;
    }
}

/// How often an instruction may be rewritten; the rules end by themselves, this bounds a mistake.
const REWRITES: u32 = 32;

/// What a walk needs, kept for the next one.
#[derive(Default, Debug)]
pub(super) struct State {
    pub table: Scoped,
    pub memory: Memory,
    /// By edge: control may pass it.
    edge_live: Vec<bool>,
    /// By block: it was entered.
    entered: Vec<bool>,
    stack: Vec<Step>,
    /// Names of rules that fired, where a test asks.
    pub fired: Option<Vec<&'static str>>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(Block),
    /// Back to what was known before.
    Leave(usize, super::memory::Mark),
}

/// A walk.
pub(super) struct Forward<'a> {
    pub function: &'a mut Function,
    pub cfg: &'a Cfg,
    pub dom: &'a Dom,
    pub module: &'a Module,
    pub index: &'static Index,
    pub flags: Flags,
    pub state: &'a mut State,
    pub changed: bool,
    /// Blocks or edges are gone.
    pub graph_changed: bool,
    params_changed: bool,
    /// A block was entered that perhaps cannot be reached any more.
    guessed: bool,
}

impl Forward<'_> {
    /// The pass with these flags.
    pub fn run(function: &mut Function, context: &mut Context<'_>, flags: Flags) -> bool {
        context.analyses.dom(function);
        let Analyses { cfg, dom, scratch, .. } = &mut *context.analyses;
        let (cfg, dom, state) = (&*cfg, &*dom, &mut scratch.forward);
        let module = context.module;
        let mut walk = Forward {
            function: &mut *function,
            cfg,
            dom,
            module,
            index: &INDEX,
            flags,
            state: &mut *state,
            changed: false,
            graph_changed: false,
            params_changed: false,
            guessed: false,
        };
        walk.walk();
        let Forward { changed, graph_changed, params_changed, guessed, .. } = walk;
        if changed {
            function.remove_state_aliases();
            // Operands were rewritten on the way (FW2).
            function.aliases_are_removed();
        }
        if graph_changed {
            function.retain_blocks(|block| state.entered[block.index()]);
        }
        if params_changed {
            params::remove_aliased(function, cfg);
        }
        if graph_changed {
            context.analyses.invalidate();
            if guessed {
                let cfg = context.analyses.cfg(function);
                function.retain_blocks(|block| cfg.is_reached(block));
            }
        }
        changed
    }

    fn walk(&mut self) {
        let entry = self.function.entry();
        // What cannot be reached is not walked, and would keep operands that are replaced.
        self.graph_changed = self.cfg.rpo.len() != self.function.order.len();
        self.changed = self.graph_changed;
        self.state.table.prepare(self.function.inst_count() / 2);
        self.state.edge_live.clear();
        self.state.edge_live.resize(self.function.edge_bound(), false);
        self.state.entered.clear();
        self.state.entered.resize(self.function.block_count(), false);
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.prepare(self.function);
        }
        self.state.stack.clear();
        self.state.stack.push(Step::Enter(entry));
        while let Some(step) = self.state.stack.pop() {
            match step {
                Step::Enter(block) => {
                    if block != entry && !self.is_live(block) {
                        self.graph_changed = true;
                        continue;
                    }
                    let mark = self.state.memory.mark();
                    self.state.stack.push(Step::Leave(self.state.table.mark(), mark));
                    self.state.entered[block.index()] = true;
                    self.enter(block);
                    self.instructions(block);
                    if self.function.block_edges(block).is_empty() {
                        // It may leave where it went on before: then what it dominates is not reached, in irreducible flow neither.
                        continue;
                    }
                    let begin = self.state.stack.len();
                    self.state.stack.extend(self.dom.children(self.cfg, block).map(Step::Enter));
                    self.state.stack[begin..].reverse();
                }
                Step::Leave(mark, memory) => {
                    self.state.table.leave(mark);
                    self.state.memory.leave(memory);
                }
            }
        }
    }

    /// May an edge that leads to the block be taken? Back edges do not count, as there is another one; edges from behind in irreducible
    /// flow do, as they come from where the walk has not been.
    fn is_live(&mut self, block: Block) -> bool {
        let preds = self.cfg.preds(block);
        if preds.iter().any(|pred| self.state.edge_live[pred.edge as usize]) {
            return true;
        }
        let from_behind = preds.iter().any(|pred| {
            self.is_behind(pred.block, block) && !self.dom.dominates(self.cfg, block, pred.block)
        });
        self.guessed |= from_behind;
        from_behind
    }

    /// Does the walk come to `at` only after `block`?
    fn is_behind(&self, at: Block, block: Block) -> bool {
        self.cfg.number(at) >= self.cfg.number(block)
    }

    /// What is known at the begin of a block.
    fn enter(&mut self, block: Block) {
        let number = self.cfg.number(block);
        let preds = self.cfg.preds(block);
        if self.flags.contains(Flags::FOLD) && !self.function.params(block).is_empty() && number != 0 {
            self.equal_params(block);
        }
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.enter(self.function, block);
        }
        let &[pred] = preds else {
            if self.flags.contains(Flags::MEMORY) && number != 0 && !planted(108) {
                self.state.memory.merge(self.function, self.module, self.cfg, self.dom, block);
            }
            if planted(106) && self.flags.contains(Flags::GUARDS) && number != 0 {
                guards::edge(self, preds[0]);
            }
            return;
        };
        if self.flags.contains(Flags::GUARDS) {
            guards::edge(self, pred);
        }
    }

    /// Replaces parameters that are the same value on all edges.
    fn equal_params(&mut self, block: Block) {
        let preds = self.cfg.preds(block);
        // Dead predecessors have not been entered, but come earlier; those behind are not entered either.
        for index in 0..self.function.params(block).len() {
            let param = self.function.params(block)[index];
            let mut same = None;
            let mut equal = true;
            let (mut ways, mut walked) = (0, false);
            for pred in preds {
                let behind = self.is_behind(pred.block, block);
                if !behind && !self.state.edge_live[pred.edge as usize] {
                    continue;
                }
                ways += 1;
                walked |= !behind;
                let args = self.function.edge(pred.edge).args;
                let arg = self.function.resolve(self.function.list_value(args, index as u32));
                if arg == param || same == Some(arg) {
                    continue;
                }
                if same.is_some() {
                    equal = false;
                    break;
                }
                same = Some(arg);
            }
            // A value that comes only from behind has not been seen yet (FW2).
            if let Some(value) = same.filter(|_| equal && walked)
                && params::may_become(self.function, param, value, ways)
            {
                self.function.replace(param, value);
                self.changed = true;
                self.params_changed = true;
            }
        }
    }

    fn instructions(&mut self, block: Block) {
        let mut next = self.function.first_inst(block);
        while let Some(inst) = next {
            next = self.function.next_inst(inst);
            if !self.instruction(inst) {
                return;
            }
        }
    }

    /// One instruction. False if the block ends here.
    #[inline]
    fn instruction(&mut self, inst: Inst) -> bool {
        let old = *self.function.inst(inst);
        let mut data = old;
        self.function.resolve_words(&mut data);
        let goes_on = match data.op.row().effect {
            Effect::Pure => {
                self.pure(inst, &mut data);
                true
            }
            Effect::Exit => self.leaving(inst, &mut data),
            Effect::Read => {
                self.load(inst, &mut data);
                true
            }
            Effect::Write => {
                self.store(inst, &mut data);
                true
            }
            Effect::Make | Effect::Poll => {
                self.other(inst, &data);
                true
            }
            Effect::Call => {
                self.function.resolve_list(data.arguments());
                self.other(inst, &data);
                true
            }
            Effect::End | Effect::EndCall => {
                self.terminator(inst, &mut data);
                return false;
            }
        };
        if data != old {
            self.changed = true;
            if self.function.inst_block(inst).is_some() {
                *self.function.inst_mut(inst) = data;
            }
        }
        goes_on
    }

    /// An instruction's result is this value. False, and nothing is done, if the value is not of its type.
    fn becomes(&mut self, inst: Inst, value: Value) -> bool {
        if let Some(result) = self.function.result(inst) {
            if !params::fits(self.function, result, value) {
                return false;
            }
            self.function.replace(result, value);
        }
        self.changed = true;
        self.function.remove(inst);
        true
    }

    /// Folds until nothing changes.
    #[inline]
    pub fn fold(&mut self, at: Inst, data: &mut InstData) -> Folded {
        let mut left = REWRITES;
        loop {
            match fold::fold(self, at, data) {
                Folded::Changed if left > 0 => left -= 1,
                Folded::Changed => return Folded::Same,
                folded => return folded,
            }
        }
    }

    #[inline]
    fn pure(&mut self, inst: Inst, data: &mut InstData) {
        if self.flags.contains(Flags::FOLD)
            && let Folded::Value(value) = self.fold(inst, data)
            && self.becomes(inst, value)
        {
            return;
        }
        if self.flags.contains(Flags::GUARDS)
            && data.op == Op::Cmp
            && let Some(known) = guards::known(self, data)
        {
            let value = self.function.bool(known);
            self.becomes(inst, value);
            return;
        }
        if self.flags.contains(Flags::GVN) {
            if !self.flags.contains(Flags::FOLD) {
                gvn::order(self.function, data);
            }
            let key = Key::of(data);
            if let Some(value) = self.state.table.find(&key)
                && self.becomes(inst, Value(value))
            {
                return;
            }
            let result = self.function.result(inst).unwrap_or(Value::NONE);
            self.state.table.enter(key, result.0);
        }
    }

    /// A value that an instruction gives: one that there is already, or a new instruction in front of `at`.
    pub fn build(&mut self, at: Inst, mut data: InstData) -> Value {
        if let Folded::Value(value) = self.fold(at, &mut data) {
            return value;
        }
        let numbered = self.flags.contains(Flags::GVN) && gvn::is_numbered(data.op);
        if numbered {
            gvn::order(self.function, &mut data);
            if let Some(value) = self.state.table.find(&Key::of(&data)) {
                return Value(value);
            }
        }
        let here = self.function.inst_position(at);
        let position = std::mem::replace(&mut self.function.position, here);
        let inst = self.function.insert_before(at, data);
        self.function.position = position;
        let value = self.function.result(inst).unwrap_or(Value::NONE);
        if numbered {
            self.state.table.enter(Key::of(&data), value.0);
        }
        value
    }

    /// Checked arithmetic and guards. False if it always leaves.
    fn leaving(&mut self, inst: Inst, data: &mut InstData) -> bool {
        if matches!(data.op, Op::Guard | Op::GuardCmp) {
            match fold_control::condition(self, inst, data) {
                fold_control::Condition::Known(true) => {
                    self.changed = true;
                    self.function.remove(inst);
                    return true;
                }
                fold_control::Condition::Known(false) => return self.leaves(inst, data),
                fold_control::Condition::Open => {}
            }
            if self.flags.contains(Flags::GUARDS) {
                guards::guard(self, data);
            }
            if self.flags.contains(Flags::MEMORY) {
                self.state.memory.observe();
            }
            return true;
        }
        if self.flags.contains(Flags::FOLD) {
            match self.fold(inst, data) {
                Folded::Value(value) => {
                    self.becomes(inst, value);
                    return true;
                }
                Folded::Leaves => return self.leaves(inst, data),
                _ if data.op.is_pure() => {
                    // It cannot leave any more.
                    self.pure(inst, data);
                    return true;
                }
                _ => {}
            }
        }
        if self.flags.contains(Flags::GVN) {
            if !self.flags.contains(Flags::FOLD) {
                gvn::order(self.function, data);
            }
            let key = Key::of(data);
            if let Some(value) = self.state.table.find(&key) {
                self.becomes(inst, Value(value));
                return true;
            }
            if let Some(result) = self.function.result(inst) {
                self.state.table.enter(key, result.0);
                self.state.table.enter(Key::unchecked(data), result.0);
            }
        }
        if self.flags.contains(Flags::GUARDS) {
            guards::checked(self, data);
        }
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.observe();
        }
        true
    }

    /// An instruction always leaves: what follows it is never reached.
    fn leaves(&mut self, inst: Inst, data: &InstData) -> bool {
        self.changed = true;
        self.graph_changed = true;
        let Some(block) = self.function.inst_block(inst) else { return false };
        let position = self.function.inst_position(inst);
        let mut next = Some(inst);
        while let Some(inst) = next {
            next = self.function.next_inst(inst);
            self.function.remove(inst);
        }
        let mut exit = InstData::new(Op::Exit, Kind::None);
        exit.a = data.guard().map_or(u32::MAX, |guard| guard.0);
        let exit = self.function.append(block, exit);
        self.function.set_inst_position(exit, position);
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.observe();
        }
        false
    }

    fn load(&mut self, inst: Inst, data: &mut InstData) {
        if self.flags.contains(Flags::FOLD) {
            fold_control::address(self, data);
        }
        if self.flags.contains(Flags::MEMORY)
            && let Some(value) = Memory::load(self.state, self.function, inst, data)
        {
            self.becomes(inst, value);
        }
    }

    fn store(&mut self, inst: Inst, data: &mut InstData) {
        if self.flags.contains(Flags::FOLD) {
            fold_control::address(self, data);
        }
        if self.flags.contains(Flags::MEMORY) {
            self.changed |= Memory::store(self.state, self.function, inst, data);
        }
    }

    /// What makes, polls or calls.
    fn other(&mut self, inst: Inst, data: &InstData) {
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.other(self.function, self.module, inst, data);
        }
    }

    fn terminator(&mut self, inst: Inst, data: &mut InstData) {
        let old = *self.function.inst(inst);
        self.function.resolve_list(data.arguments());
        for edge in self.function.inst_edges(inst) {
            let args = self.function.edge(edge).args;
            self.function.resolve_list(args);
        }
        if fold_control::terminator(self, inst, data) {
            self.graph_changed = true;
            self.function.drop_result(inst);
        }
        if *data != old {
            self.changed = true;
            *self.function.inst_mut(inst) = *data;
        }
        for edge in self.function.inst_edges(inst) {
            self.state.edge_live[edge as usize] = true;
        }
        if self.flags.contains(Flags::MEMORY) {
            self.state.memory.end(self.function, self.module, inst);
        }
    }

    /// A rule was applied.
    #[inline(always)]
    pub fn fired(&mut self, rule: &Rule) {
        if cfg!(test)
            && let Some(names) = &mut self.state.fired
        {
            names.push(rule.name);
        }
    }
}

/// The pass: all of it, but for what is switched off.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let flags = [Flags::FOLD, Flags::GVN, Flags::GUARDS, Flags::MEMORY].into_iter().enumerate();
    let flags = flags.filter(|(index, _)| context.options.has_part(*index)).map(|(_, flag)| flag).collect();
    Forward::run(function, context, flags)
}

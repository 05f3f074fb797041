//! Copies a function's body into another one.

use smallvec::SmallVec;

use super::super::fault::planted;
use super::may_raise;
use crate::ir::cfg::Cfg;
use crate::ir::function::NONE;
use crate::ir::{
    Block, Def, Edge, FrameState, Function, Guard, Inst, InstData, Kind, List, Module, Op, Removed,
    StateSlot, Value,
};

/// What became of the body's entities. The tables are used again.
pub(super) struct Importer {
    values: Vec<Value>,
    blocks: Vec<Block>,
    guards: Vec<Guard>,
    states: Vec<FrameState>,
    removed: Vec<Removed>,
    /// Objects that were numbered, but whose slots are still to be copied.
    pending: Vec<Removed>,
    /// The call's frame state.
    parent: FrameState,
    /// Instructions from this one on are new.
    first: u32,
    /// The callee's code goes on here: instructions of a block are put there.
    at: Option<Block>,
    /// Blocks that were added, in their order.
    added: Vec<Block>,
    /// Where raises go, if the call was an `invoke`.
    handler: Option<(Block, SmallVec<[Value; 8]>)>,
}

impl Importer {
    /// Nothing is copied yet.
    pub(super) fn new() -> Importer {
        Importer {
            values: Vec::new(),
            blocks: Vec::new(),
            guards: Vec::new(),
            states: Vec::new(),
            removed: Vec::new(),
            pending: Vec::new(),
            parent: FrameState::NONE,
            first: 0,
            at: None,
            added: Vec::new(),
            handler: None,
        }
    }

    /// Did the last call of [`inline`](Self::inline) make this instruction?
    pub(super) fn is_new(&self, inst: Inst) -> bool {
        inst.0 >= self.first
    }

    /// Replaces a call by the callee's body. Gives the blocks that come behind the call's, the last of which has what was behind the call.
    pub(super) fn inline(
        &mut self,
        function: &mut Function,
        module: &Module,
        body: &Function,
        cfg: &Cfg,
        call: Inst,
    ) -> Vec<Block> {
        let data = *function.inst(call);
        let result = function.result(call);
        let Some(at) = function.inst_block(call) else { return Vec::new() };
        self.reset(body, function);
        let arguments: SmallVec<[Value; 8]> = function.list_values(data.arguments()).collect();
        self.parent =
            if planted(8) { FrameState::NONE } else { data.call_state().unwrap_or(FrameState::NONE) };
        // What is behind the call.
        let end = function.new_block();
        function.block_mut(end).cold = function.block(at).cold;
        let param = result.map(|result| {
            let param = function.add_param(end, function.ty(result));
            function.replace(result, param);
            param
        });
        self.handler = None;
        if data.op == Op::Invoke {
            let Edge { to, args } = function.edge(data.d + 1);
            self.handler = Some((to, function.list_values(args).collect()));
            function.remove(call);
            function.append(end, InstData { d: data.d, ..InstData::new(Op::Jump, Kind::None) });
        } else {
            if let Some(next) = function.next_inst(call) {
                function.move_tail(next, end);
            }
            function.remove(call);
        }
        debug_assert!(param.is_none() == result.is_none());
        // The entry's code goes to the end of the call's block; it has no other way in, so its parameters are the arguments.
        for (&param, argument) in body.params(body.entry()).iter().zip(arguments) {
            self.values[param.index()] = argument;
        }
        self.blocks[body.entry().index()] = at;
        let others = cfg.rpo.iter().copied().filter(|&block| block != body.entry());
        let mut starts: Vec<Block> = Vec::new();
        for block in others.clone() {
            let copy = function.new_block();
            function.block_mut(copy).cold = body.block(block).cold || function.block(at).cold;
            self.blocks[block.index()] = copy;
            starts.push(copy);
            for &param in body.params(block) {
                self.values[param.index()] = function.add_param(copy, body.ty(param));
            }
        }
        self.first = function.inst_count() as u32;
        self.at = Some(at);
        self.block(function, module, body, body.entry(), end);
        for (block, start) in others.zip(starts) {
            self.at = Some(start);
            self.added.push(start);
            self.block(function, module, body, block, end);
        }
        let mut added = std::mem::take(&mut self.added);
        added.push(end);
        added
    }

    fn reset(&mut self, body: &Function, function: &Function) {
        self.values.clear();
        self.values.resize(body.value_count(), Value::NONE);
        self.blocks.clear();
        self.blocks.resize(body.block_count(), Block::NONE);
        self.guards.clear();
        self.guards.resize(body.guards().len(), Guard::NONE);
        self.states.clear();
        self.states.resize(body.state_count(), FrameState::NONE);
        self.removed.clear();
        self.removed.resize(body.removed_count(), Removed::NONE);
        self.first = function.inst_count() as u32;
        self.added.clear();
    }

    fn value(&mut self, function: &mut Function, body: &Function, value: Value) -> Value {
        let value = body.resolve(value);
        if let Some(known) = self.values[value.index()].some() {
            return known;
        }
        match body.def(value) {
            Def::Const(bits) => {
                let copy = function.constant(body.ty(value), bits);
                self.values[value.index()] = copy;
                copy
            }
            // Values are copied before their uses: this one is from code that is not reached.
            _ => function.constant(body.ty(value), 0),
        }
    }

    fn values(&mut self, function: &mut Function, body: &Function, list: List) -> SmallVec<[Value; 8]> {
        (0..list.len).map(|index| self.value(function, body, body.list_value(list, index))).collect()
    }

    fn block(&mut self, function: &mut Function, module: &Module, body: &Function, block: Block, end: Block) {
        for inst in body.insts(block) {
            self.inst(function, module, body, inst, end);
        }
    }

    fn inst(&mut self, function: &mut Function, module: &Module, body: &Function, inst: Inst, end: Block) {
        let Some(at) = self.at else { return };
        let mut data = *body.inst(inst);
        function.position = body.inst_position(inst);
        for word in 0..4 {
            if data.op.row().values >> word & 1 == 1 {
                let word = data.word_mut(word);
                if *word != NONE {
                    *word = self.value(function, body, Value(*word)).0;
                }
            }
        }
        if data.op == Op::Return {
            let result: SmallVec<[Value; 1]> =
                if data.kind == Kind::None { SmallVec::new() } else { SmallVec::from_elem(Value(data.a), 1) };
            let d = function.add_edges(&[(end, &result)]);
            function.append(at, InstData { d, ..InstData::new(Op::Jump, Kind::None) });
            return;
        }
        if data.op.is_call() {
            let args = self.values(function, body, body.inst(inst).arguments());
            data.b = function.list(&args).start;
        }
        if let Some(guard) = data.guard() {
            let word = data.op.row().guard;
            *data.word_mut(word) = self.guard(function, body, guard).0;
        } else if matches!(data.op, Op::Call | Op::CallIndirect) {
            let state = data.call_state().unwrap_or(FrameState::NONE);
            data.d = self.state(function, body, state).0;
        }
        if matches!(data.op, Op::Call | Op::CallIndirect)
            && self.handler.is_some()
            && may_raise(module, body, inst)
        {
            self.call_to_invoke(function, body, inst, data, at);
            return;
        }
        let edges = data.edge_count();
        let copy = function.append(at, data);
        if let (Some(old), Some(new)) = (body.result(inst), function.result(copy)) {
            function.set_type(new, body.ty(old));
            self.values[old.index()] = new;
        }
        if edges != 0 {
            let first = body.inst(inst).d;
            let mut new: SmallVec<[(Block, SmallVec<[Value; 8]>); 2]> = SmallVec::new();
            for edge in first..first + edges {
                let Edge { to, args } = body.edge(edge);
                let args = self.values(function, body, args);
                new.push((self.blocks[to.index()], args));
            }
            let new: SmallVec<[(Block, &[Value]); 2]> =
                new.iter().map(|(to, args)| (*to, &args[..])).collect();
            let first = function.add_edges(&new);
            function.inst_mut(copy).d = first;
        }
    }

    /// A call that may raise, within an `invoke`.
    fn call_to_invoke(
        &mut self,
        function: &mut Function,
        body: &Function,
        inst: Inst,
        data: InstData,
        at: Block,
    ) {
        let Some((catch, args)) = self.handler.clone() else { return };
        let op = if data.op == Op::Call { Op::Invoke } else { Op::InvokeIndirect };
        let next = function.new_block();
        function.block_mut(next).cold = function.block(at).cold;
        let invoke = function.append(at, InstData { op, d: 0, ..data });
        let mut passed: SmallVec<[Value; 1]> = SmallVec::new();
        if let (Some(old), Some(new)) = (body.result(inst), function.result(invoke)) {
            function.set_type(new, body.ty(old));
            passed.push(new);
            self.values[old.index()] = function.add_param(next, body.ty(old));
        }
        let first = function.add_edges(&[(next, &passed), (catch, &args)]);
        function.inst_mut(invoke).d = first;
        self.added.push(next);
        self.at = Some(next);
    }

    fn guard(&mut self, function: &mut Function, body: &Function, guard: Guard) -> Guard {
        if let Some(known) = self.guards[guard.index()].some() {
            return known;
        }
        let data = body.guard(guard);
        let state = self.state(function, body, data.state);
        let copy = function.add_guard(data.reason, state);
        self.guards[guard.index()] = copy;
        copy
    }

    /// A frame state: those around it first, the call's state around all.
    fn state(&mut self, function: &mut Function, body: &Function, state: FrameState) -> FrameState {
        let mut chain: SmallVec<[FrameState; 4]> = SmallVec::new();
        let mut next = state.some();
        let mut parent = self.parent;
        while let Some(at) = next {
            if let Some(known) = self.states[at.index()].some() {
                parent = known;
                break;
            }
            chain.push(at);
            next = body.state(at).parent.some();
        }
        for at in chain.into_iter().rev() {
            let data = *body.state(at);
            let slots = self.slots(function, body, data.slots);
            parent = function.add_state(parent, data.function, data.position, &slots);
            self.states[at.index()] = parent;
        }
        while let Some(object) = self.pending.pop() {
            let slots = self.slots(function, body, body.removed(object).slots);
            let slots = function.slot_list(&slots);
            function.removed_mut(self.removed[object.index()]).slots = slots;
        }
        parent
    }

    fn slots(&mut self, function: &mut Function, body: &Function, list: List) -> SmallVec<[StateSlot; 16]> {
        body.state_slots(list)
            .map(|slot| match slot {
                StateSlot::Dead => StateSlot::Dead,
                StateSlot::Value(value) => StateSlot::Value(self.value(function, body, value)),
                StateSlot::Removed(object) => {
                    if self.removed[object.index()].is_none() {
                        let layout = body.removed(object).layout;
                        self.removed[object.index()] = function.add_removed(layout, &[]);
                        self.pending.push(object);
                    }
                    StateSlot::Removed(self.removed[object.index()])
                }
            })
            .collect()
    }
}

//! What passes share that copy code: SSA form made whole again, frame states rewritten, blocks copied.
//!
//! How it works. When blocks are copied, a value has several definitions, the original and its copies. [`repair`] then finds for each use
//! the definition that reaches it, and adds block parameters where several do: backward from the use to the definitions, a
//! parameter at each block on the way that has several predecessors, then those that turn out to be needless are taken away (Braun and
//! others, *Simple and Efficient Construction of Static Single Assignment Form*, 2013, without recursion). Most uses are near their
//! definitions, and need no search.
//!
//! Frame states are shared by guards, so that a rewritten one is a new one, for the instruction at hand only.
//!
//! Cost. The uses of the values, plus the blocks between their definitions and uses, for each value.

use smallvec::{SmallVec, smallvec};

use crate::ir::cfg::Cfg;
use crate::ir::{Block, Edge, FrameState, Function, Inst, InstData, List, Removed, StateSlot, Type, Value};

/// A value with several definitions: which value it is at the end of each block that defines it. The original is among them.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The value that uses name now.
    pub name: Value,
    /// Block, and the value at its end.
    pub defs: SmallVec<[(Block, Value); 4]>,
}

/// Finds the definition of a variable that reaches a place. One variable at a time; the tables are used again.
#[derive(Default, Debug)]
pub struct Reaching {
    epoch: u32,
    ty: Option<Type>,
    /// By block: the value at its start, and at its end, if the epoch is the present one.
    starts: Vec<(u32, Value)>,
    ends: Vec<(u32, Value)>,
    work: Vec<Block>,
    region: Vec<Block>,
    path: Vec<Block>,
    added: Vec<(Block, Value)>,
    args: Vec<SmallVec<[Value; 4]>>,
    needless: Vec<bool>,
}

impl Reaching {
    /// Begins with a variable.
    pub fn begin(&mut self, function: &Function, ty: Type) {
        if self.epoch == u32::MAX {
            (self.starts, self.ends, self.epoch) = (Vec::new(), Vec::new(), 0);
        }
        self.epoch += 1;
        self.ty = Some(ty);
        let blocks = function.block_count();
        if self.starts.len() < blocks {
            self.starts.resize(blocks, (0, Value::NONE));
            self.ends.resize(blocks, (0, Value::NONE));
        }
    }

    /// At the end of this block the variable is that value.
    pub fn define(&mut self, block: Block, value: Value) {
        self.ends[block.index()] = (self.epoch, value);
    }

    /// Does the block define it?
    pub fn defines(&self, block: Block) -> bool {
        self.ends[block.index()].0 == self.epoch
    }

    /// The variable at the end of a block.
    pub fn at_end(&mut self, function: &mut Function, cfg: &Cfg, block: Block) -> Value {
        match self.ends[block.index()] {
            (epoch, value) if epoch == self.epoch => function.resolve(value),
            _ => self.at_start(function, cfg, block),
        }
    }

    /// The variable at the start of a block. May add parameters to blocks.
    pub fn at_start(&mut self, function: &mut Function, cfg: &Cfg, block: Block) -> Value {
        if let Some(value) = self.start(block) {
            return function.resolve(value);
        }
        let ty = self.ty.expect("a variable has begun");
        if let Some(value) = self.near(function, cfg, block, ty) {
            return value;
        }
        let mut region = std::mem::take(&mut self.region);
        region.clear();
        self.work.push(block);
        while let Some(at) = self.work.pop() {
            if self.starts[at.index()].0 == self.epoch {
                continue;
            }
            self.starts[at.index()] = (self.epoch, Value::NONE);
            region.push(at);
            for pred in cfg.preds(at) {
                if !self.defines(pred.block) && self.starts[pred.block.index()].0 != self.epoch {
                    self.work.push(pred.block);
                }
            }
        }
        let mut added = std::mem::take(&mut self.added);
        added.clear();
        for &at in &region {
            match cfg.preds(at).len() {
                // Only junk: no definition comes here, so that nothing that is executed reads it.
                0 => self.starts[at.index()].1 = function.constant(ty, 0),
                1 => {}
                _ => {
                    let param = function.add_param(at, ty);
                    self.starts[at.index()].1 = param;
                    added.push((at, param));
                }
            }
        }
        let mut path = std::mem::take(&mut self.path);
        for &at in &region {
            let mut top = at;
            let value = loop {
                if let Some(value) = self.start(top) {
                    break value;
                }
                path.push(top);
                let pred = cfg.preds(top)[0].block;
                match self.ends[pred.index()] {
                    (epoch, value) if epoch == self.epoch => break value,
                    _ => top = pred,
                }
            };
            for at in path.drain(..) {
                self.starts[at.index()].1 = value;
            }
        }
        // The arguments; a parameter with but one other value than itself is that value.
        let mut args = std::mem::take(&mut self.args);
        args.clear();
        for &(at, _) in &added {
            let known = cfg.preds(at).iter().map(|pred| match self.ends[pred.block.index()] {
                (epoch, value) if epoch == self.epoch => value,
                _ => self.starts[pred.block.index()].1,
            });
            args.push(known.collect());
        }
        let mut needless = std::mem::take(&mut self.needless);
        needless.clear();
        needless.resize(added.len(), false);
        loop {
            let mut changed = false;
            for (index, &(_, param)) in added.iter().enumerate() {
                if needless[index] {
                    continue;
                }
                let mut only = None;
                let several = args[index].iter().any(|&arg| {
                    let arg = function.resolve(arg);
                    arg != param && *only.get_or_insert(arg) != arg
                });
                if let (false, Some(only)) = (several, only) {
                    function.replace(param, only);
                    needless[index] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for (index, &(at, param)) in added.iter().enumerate() {
            if needless[index] {
                function.block_mut(at).params.retain(|&mut other| other != param);
                continue;
            }
            for (pred, &arg) in cfg.preds(at).iter().zip(&args[index]) {
                let arg = function.resolve(arg);
                append_arg(function, pred.edge, arg);
            }
        }
        (self.region, self.path, self.added, self.args, self.needless) =
            (region, path, added, args, needless);
        function.resolve(self.starts[block.index()].1)
    }

    /// The usual cases, without a search: up a chain of blocks with one way in there is a block, or one that a definition reaches on each way,
    /// at most through an empty block in between.
    fn near(&mut self, function: &mut Function, cfg: &Cfg, block: Block, ty: Type) -> Option<Value> {
        let mut path: SmallVec<[Block; 8]> = SmallVec::new();
        let mut top = block;
        let value = loop {
            if let Some(value) = self.start(top) {
                break value;
            }
            path.push(top);
            let &[pred] = cfg.preds(top) else { break self.meet(function, cfg, top, ty)? };
            if let Some(value) = self.end(pred.block) {
                break value;
            }
            if path.len() == 8 {
                return None;
            }
            top = pred.block;
        };
        for at in path {
            self.starts[at.index()] = (self.epoch, value);
        }
        Some(function.resolve(value))
    }

    /// The variable at the start of a block with several ways in, if it is defined on all of them nearby.
    fn meet(&mut self, function: &mut Function, cfg: &Cfg, block: Block, ty: Type) -> Option<Value> {
        let preds = cfg.preds(block);
        let mut args: SmallVec<[Value; 4]> = SmallVec::new();
        for pred in preds {
            let value = self.end(pred.block).or_else(|| self.start(pred.block)).or_else(|| {
                let &[above] = cfg.preds(pred.block) else { return None };
                self.end(above.block).or_else(|| self.start(above.block))
            })?;
            args.push(function.resolve(value));
        }
        let &first = args.first()?;
        if args.iter().all(|&arg| arg == first) {
            return Some(first);
        }
        let param = function.add_param(block, ty);
        for (pred, &arg) in preds.iter().zip(&args) {
            append_arg(function, pred.edge, arg);
        }
        Some(param)
    }

    fn end(&self, block: Block) -> Option<Value> {
        let (epoch, value) = self.ends[block.index()];
        (epoch == self.epoch).then_some(value)
    }

    fn start(&self, block: Block) -> Option<Value> {
        let (epoch, value) = self.starts[block.index()];
        (epoch == self.epoch && !value.is_none()).then_some(value)
    }
}

/// Gives an edge one more argument.
pub fn append_arg(function: &mut Function, edge: u32, value: Value) {
    let Edge { to, args } = function.edge(edge);
    let mut values: SmallVec<[Value; 8]> = function.list_values(args).collect();
    values.push(value);
    let args = function.list(&values);
    function.set_edge(edge, Edge { to, args });
}

/// What copying and [`repair`] need, kept for the next time.
#[derive(Default, Debug)]
pub struct State {
    /// What becomes of what is copied.
    pub copier: Copier,
    /// Values with several definitions.
    pub variables: Vec<Variable>,
    reaching: Reaching,
    /// By value: its place in `variables`.
    number: Vec<u32>,
    uses: Vec<(u32, Inst, Block)>,
    changes: Vec<(Inst, Value, Value)>,
    /// Tables of whoever copies.
    pub places: Vec<[Block; 3]>,
    /// See `places`.
    pub order: Vec<Block>,
    /// See `places`.
    pub marks: Vec<bool>,
}

impl State {
    /// Nothing is copied, and nothing has several definitions.
    pub fn clear(&mut self) {
        self.copier.clear();
        self.variables.clear();
    }

    /// A value of a block, and its copy in a copy of the block, are one variable.
    pub fn variable(&mut self, function: &Function, block: Block, name: Value, copy: Block) {
        let copied = function.resolve(self.copier.value(name));
        self.variables.push(Variable { name, defs: smallvec![(block, name), (copy, copied)] });
    }
}

/// Rewrites the uses of the variables so that each names the definition that reaches it. `cfg` is the present graph. Uses in a block that defines the
/// variable stay as they are. Leaves aliases.
pub fn repair(function: &mut Function, cfg: &Cfg, state: &mut State) {
    let State { variables, reaching, number, uses, changes, .. } = state;
    number.clear();
    number.resize(function.value_count(), u32::MAX);
    for (index, variable) in variables.iter().enumerate() {
        number[variable.name.index()] = index as u32;
    }
    uses.clear();
    for &block in &cfg.rpo {
        let mut next = function.first_inst(block);
        while let Some(inst) = next {
            function.visit_uses(inst, |value| {
                let variable = number[value.index()];
                if variable != u32::MAX
                    && !variables[variable as usize].defs.iter().any(|&(defining, _)| defining == block)
                {
                    uses.push((variable, inst, block));
                }
            });
            next = function.next_inst(inst);
        }
    }
    uses.sort_unstable();
    uses.dedup();
    changes.clear();
    let mut current = u32::MAX;
    for &(variable, inst, block) in &*uses {
        let Variable { name, defs } = &variables[variable as usize];
        if variable != current {
            current = variable;
            reaching.begin(function, function.ty(*name));
            for &(block, value) in defs {
                reaching.define(block, value);
            }
        }
        let value = reaching.at_start(function, cfg, block);
        if value != *name {
            changes.push((inst, *name, value));
        }
    }
    changes.sort_unstable();
    for change in changes.chunk_by(|left, right| left.0 == right.0) {
        let map =
            |value: Value| change.iter().find(|(_, from, _)| *from == value).map_or(value, |&(.., to)| to);
        rewrite_uses(function, change[0].0, map);
    }
}

/// Rewrites all that an instruction uses: operands, arguments, values on edges, and in its frame state, of which it gets one of its own.
pub fn rewrite_uses(function: &mut Function, inst: Inst, map: impl Fn(Value) -> Value) {
    let mut data = *function.inst(inst);
    rewrite_words(&mut data, &map);
    let arguments = data.arguments();
    rewrite_list(function, arguments, &map);
    for edge in 0..data.edge_count() {
        let args = function.edge(data.d + edge).args;
        rewrite_list(function, args, &map);
    }
    rewrite_state(function, &mut data, &mut |_, value| StateSlot::Value(map(value)));
    *function.inst_mut(inst) = data;
}

fn rewrite_words(data: &mut InstData, map: impl Fn(Value) -> Value) {
    let mask = data.op.row().values;
    for word in 0..4 {
        if mask >> word & 1 == 1 {
            let word = data.word_mut(word);
            if *word != u32::MAX {
                *word = map(Value(*word)).0;
            }
        }
    }
}

fn rewrite_list(function: &mut Function, list: List, map: impl Fn(Value) -> Value) {
    for index in 0..list.len {
        let value = map(function.list_value(list, index));
        function.set_list_value(list, index, value);
    }
}

/// Gives an instruction a guard, or a call a frame state, with mapped values; the same one if none changes.
pub fn rewrite_state(
    function: &mut Function,
    data: &mut InstData,
    map: &mut dyn FnMut(&mut Function, Value) -> StateSlot,
) {
    if let Some(guard) = data.guard() {
        let old = function.guard(guard);
        let state = map_state(function, old.state, map);
        if state != old.state {
            let word = data.op.row().guard;
            *data.word_mut(word) = function.add_guard(old.reason, state).0;
        }
    } else if let Some(state) = data.call_state() {
        data.d = map_state(function, state, map).0;
    }
}

/// A frame state like another one, with those that it is inlined in and the objects that they refer to, all values mapped; the same one if
/// none changes.
pub fn map_state(
    function: &mut Function,
    state: FrameState,
    map: &mut dyn FnMut(&mut Function, Value) -> StateSlot,
) -> FrameState {
    let mut values: SmallVec<[Value; 16]> = SmallVec::new();
    function.visit_state(state, |value| values.push(value));
    if values.iter().all(|&value| map(function, value) == StateSlot::Value(value)) {
        return state;
    }
    let mut chain: SmallVec<[FrameState; 4]> = SmallVec::new();
    let mut next = state.some();
    while let Some(at) = next {
        chain.push(at);
        next = function.state(at).parent.some();
    }
    let mut objects: SmallVec<[(Removed, Removed); 4]> = SmallVec::new();
    let mut parent = FrameState::NONE;
    for &at in chain.iter().rev() {
        let old = *function.state(at);
        let slots = map_slots(function, old.slots, map, &mut objects);
        parent = function.add_state(parent, old.function, old.position, &slots);
    }
    // Objects may refer to each other, and new ones turn up on the way.
    let mut done = 0;
    while done < objects.len() {
        let (old, new) = objects[done];
        done += 1;
        let slots = function.removed(old).slots;
        let slots = map_slots(function, slots, map, &mut objects);
        let slots = function.slot_list(&slots);
        function.removed_mut(new).slots = slots;
    }
    parent
}

fn map_slots(
    function: &mut Function,
    list: List,
    map: &mut dyn FnMut(&mut Function, Value) -> StateSlot,
    objects: &mut SmallVec<[(Removed, Removed); 4]>,
) -> SmallVec<[StateSlot; 16]> {
    let mut slots: SmallVec<[StateSlot; 16]> = function.state_slots(list).collect();
    for slot in &mut slots {
        *slot = match *slot {
            StateSlot::Dead => StateSlot::Dead,
            StateSlot::Value(value) => map(function, value),
            StateSlot::Removed(object) => {
                let known = objects.iter().find(|(old, _)| *old == object).map(|&(_, new)| new);
                StateSlot::Removed(known.unwrap_or_else(|| {
                    let layout = function.removed(object).layout;
                    let new = function.add_removed(layout, &[]);
                    objects.push((object, new));
                    new
                }))
            }
        };
    }
    slots
}

/// Copies of blocks within a function: what became of blocks and values.
#[derive(Default, Debug)]
pub struct Copier {
    values: Vec<Value>,
    blocks: Vec<Block>,
    touched: Vec<Value>,
    touched_blocks: Vec<Block>,
}

impl Copier {
    /// Forgets what was copied.
    pub fn clear(&mut self) {
        for value in self.touched.drain(..) {
            self.values[value.index()] = Value::NONE;
        }
        for block in self.touched_blocks.drain(..) {
            self.blocks[block.index()] = Block::NONE;
        }
    }

    /// The copy of a value; the value itself if it was not copied.
    pub fn value(&self, value: Value) -> Value {
        self.values.get(value.index()).and_then(|copy| copy.some()).unwrap_or(value)
    }

    /// The copy of a block; the block itself if it was not copied.
    pub fn block(&self, block: Block) -> Block {
        self.blocks.get(block.index()).and_then(|copy| copy.some()).unwrap_or(block)
    }

    /// From now on a value's copy is this one.
    pub fn set_value(&mut self, value: Value, copy: Value) {
        if self.values.len() <= value.index() {
            self.values.resize(value.index() + 1, Value::NONE);
        }
        self.values[value.index()] = copy;
        self.touched.push(value);
    }

    /// From now on edges to a block lead to this one.
    pub fn set_block(&mut self, block: Block, copy: Block) {
        if self.blocks.len() <= block.index() {
            self.blocks.resize(block.index() + 1, Block::NONE);
        }
        self.blocks[block.index()] = copy;
        self.touched_blocks.push(block);
    }

    /// Copies whole blocks, which are in an order in which definitions come before uses. Edges to blocks among them lead to the copies. Gives the copies.
    pub fn copy_blocks(&mut self, function: &mut Function, blocks: &[Block]) -> Vec<Block> {
        let copies: Vec<Block> = blocks
            .iter()
            .map(|&block| {
                let copy = function.new_block();
                function.block_mut(copy).cold = function.block(block).cold;
                self.set_block(block, copy);
                for index in 0..function.params(block).len() {
                    let param = function.params(block)[index];
                    let new = function.add_param(copy, function.ty(param));
                    self.set_value(param, new);
                }
                copy
            })
            .collect();
        for (&block, &copy) in blocks.iter().zip(&copies) {
            self.copy_insts(function, block, copy);
        }
        copies
    }

    /// Copies the instructions of a block to the end of another.
    pub fn copy_insts(&mut self, function: &mut Function, from: Block, to: Block) {
        let mut next = function.first_inst(from);
        while let Some(inst) = next {
            next = function.next_inst(inst);
            self.copy_inst(function, inst, to);
        }
    }

    /// Copies an instruction to the end of a block.
    pub fn copy_inst(&mut self, function: &mut Function, inst: Inst, to: Block) -> Inst {
        let mut data = *function.inst(inst);
        rewrite_words(&mut data, |value| self.value(value));
        if data.op.is_call() {
            let args: SmallVec<[Value; 8]> =
                function.list_values(data.arguments()).map(|value| self.value(value)).collect();
            data.b = function.list(&args).start;
        }
        // The result has to be known before the edges, which may pass it.
        let edges = data.edge_count();
        let first_edge = data.d;
        rewrite_state(function, &mut data, &mut |_, value| StateSlot::Value(self.value(value)));
        function.position = function.inst_position(inst);
        let copy = function.append(to, data);
        if let (Some(old), Some(new)) = (function.result(inst), function.result(copy)) {
            function.set_type(new, function.ty(old));
            self.set_value(old, new);
        }
        if edges != 0 {
            let mut new: SmallVec<[(Block, SmallVec<[Value; 8]>); 2]> = SmallVec::new();
            for edge in first_edge..first_edge + edges {
                let Edge { to, args } = function.edge(edge);
                new.push((
                    self.block(to),
                    function.list_values(args).map(|value| self.value(value)).collect(),
                ));
            }
            let new: SmallVec<[(Block, &[Value]); 2]> =
                new.iter().map(|(to, args)| (*to, &args[..])).collect();
            let first = function.add_edges(&new);
            function.inst_mut(copy).d = first;
        }
        copy
    }
}

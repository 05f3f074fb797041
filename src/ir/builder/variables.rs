//! Variables: which value each has in which block, and the parameters that they make.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use smallvec::SmallVec;

use crate::ir::function::{Edge, Function, InstData};
use crate::ir::opcode::Op;
use crate::ir::types::{Block, Kind, Lane, Type, TypeId, Value};

/// A variable of a front end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Var(u32);

/// Mixes one word: the keys are dense, and nobody chooses them to do harm.
#[derive(Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }
    fn write_u64(&mut self, word: u64) {
        let product = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ product >> 32;
    }
}

/// What is known of a block.
#[derive(Default)]
struct BlockState {
    sealed: bool,
    /// The blocks that edges come from, and the edges.
    preds: SmallVec<[(Block, u32); 2]>,
    /// Parameters whose arguments are not known, since the block is not sealed.
    incomplete: Vec<u32>,
    /// The last search that came by.
    visited: u32,
}

/// A parameter that a variable made.
struct Phi {
    param: Value,
    var: Var,
    block: Block,
    /// Where its operands begin, one for each predecessor, in their order.
    operands: u32,
}

/// See the [module](self).
#[derive(Default)]
pub(super) struct Variables {
    types: Vec<Type>,
    blocks: Vec<BlockState>,
    /// By variable and block: the value at the end of it, so far.
    defs: HashMap<u64, Value, BuildHasherDefault<Mix>>,
    phis: Vec<Phi>,
    operands: Vec<Value>,
    /// Parameters whose operands are to be found.
    work: Vec<u32>,
    path: Vec<Block>,
    search: u32,
}

const NONE: u32 = u32::MAX;

impl Variables {
    /// Makes room for a block, which may have been made without the builder.
    pub fn new_block(&mut self, block: Block) {
        if block.index() >= self.blocks.len() {
            self.blocks.resize_with(block.index() + 1, BlockState::default);
        }
    }

    pub fn declare(&mut self, ty: Type) -> Var {
        self.types.push(ty);
        Var(self.types.len() as u32 - 1)
    }

    pub fn ty(&self, var: Var) -> Type {
        self.types[var.0 as usize]
    }

    /// There is an edge to a block.
    pub fn edge(&mut self, from: Block, edge: u32, to: Block) {
        self.new_block(to);
        let state = &mut self.blocks[to.index()];
        assert!(!state.sealed, "BU1: {to} is sealed");
        state.preds.push((from, edge));
    }

    pub fn seal(&mut self, block: Block) {
        self.blocks[block.index()].sealed = true;
    }

    pub fn seal_block(&mut self, function: &mut Function, block: Block) {
        self.new_block(block);
        if self.blocks[block.index()].sealed {
            return;
        }
        self.seal(block);
        self.work.append(&mut self.blocks[block.index()].incomplete);
        self.fill(function);
    }

    pub fn define(&mut self, var: Var, block: Block, value: Value) {
        self.defs.insert(key(var, block), value);
    }

    pub fn read(&mut self, function: &mut Function, var: Var, block: Block) -> Value {
        self.new_block(block);
        let value = self.find(function, var, block);
        self.fill(function);
        value
    }

    /// The value at the end of a block. Walks up as long as there is one predecessor; where there are more, a parameter is the answer, and its
    /// operands are left to [`fill`](Self::fill).
    fn find(&mut self, function: &mut Function, var: Var, block: Block) -> Value {
        self.search += 1;
        self.path.clear();
        let mut at = block;
        let value = loop {
            if let Some(&value) = self.defs.get(&key(var, at)) {
                break value;
            }
            let state = &mut self.blocks[at.index()];
            self.path.push(at);
            match state.preds[..] {
                _ if !state.sealed || state.preds.len() > 1 => {
                    let phi = self.phis.len() as u32;
                    match state.sealed {
                        true => self.work.push(phi),
                        false => state.incomplete.push(phi),
                    }
                    let param = function.add_param(at, self.types[var.0 as usize]);
                    self.phis.push(Phi { param, var, block: at, operands: NONE });
                    break param;
                }
                // Blocks of one predecessor each in a circle cannot be reached.
                [(from, _)] if state.visited != self.search => {
                    state.visited = self.search;
                    at = from;
                }
                _ => break zero(function, self.types[var.0 as usize]),
            }
        };
        while let Some(block) = self.path.pop() {
            self.defs.insert(key(var, block), value);
        }
        value
    }

    /// Finds the operands of parameters, which may make more of them.
    fn fill(&mut self, function: &mut Function) {
        while let Some(phi) = self.work.pop() {
            let Phi { var, block, .. } = self.phis[phi as usize];
            // They are found first, and stand together then: nothing else is put there meanwhile.
            self.phis[phi as usize].operands = self.operands.len() as u32;
            for index in 0..self.blocks[block.index()].preds.len() {
                let (from, _) = self.blocks[block.index()].preds[index];
                let value = self.find(function, var, from);
                self.operands.push(value);
            }
        }
    }

    /// Removes parameters that are always one value, and puts the arguments of the others on the edges.
    pub fn finish(&mut self, function: &mut Function) {
        if self.phis.is_empty() {
            return;
        }
        let mut same = Same::new(self, function);
        same.remove(self, function);
        for (index, phi) in self.phis.iter().enumerate() {
            if same.kept[index] {
                continue;
            }
            let with = same.resolve(phi.param);
            // What has no value but itself is in a block that cannot be reached.
            let with = if with == phi.param { zero(function, self.ty(phi.var)) } else { with };
            function.replace(phi.param, with);
        }
        let mut by_block: Vec<Vec<u32>> = Vec::new();
        by_block.resize_with(function.block_count(), Vec::new);
        let mut made = vec![false; function.value_count()];
        for (index, phi) in self.phis.iter().enumerate() {
            made[phi.param.index()] = true;
            if same.kept[index] {
                by_block[phi.block.index()].push(index as u32);
            }
        }
        let mut args: Vec<Value> = Vec::new();
        for (index, phis) in by_block.iter().enumerate() {
            let block = Block(index as u32);
            let params = &mut function.block_mut(block).params;
            params.retain(|param| !made[param.index()]);
            params.extend(phis.iter().map(|&phi| self.phis[phi as usize].param));
            if phis.is_empty() {
                continue;
            }
            for (at, &(_, number)) in self.blocks[index].preds.iter().enumerate() {
                let Edge { to, args: given } = function.edge(number);
                args.clear();
                args.extend(function.list_values(given));
                args.extend(
                    phis.iter().map(|&phi| self.operands[self.phis[phi as usize].operands as usize + at]),
                );
                let args = function.list(&args);
                function.set_edge(number, Edge { to, args });
            }
        }
        function.remove_aliases();
    }
}

fn key(var: Var, block: Block) -> u64 {
    u64::from(var.0) << 32 | u64::from(block.0)
}

/// What a variable is where it was not defined.
fn zero(function: &mut Function, ty: Type) -> Value {
    if !ty.kind.is_vector() {
        return function.constant(ty, 0);
    }
    // Vectors have no constants.
    let lane = function.constant(Kind::U32, 0);
    let data = InstData { aux: Lane::U32 as u16, ..InstData::unary(Op::VSplat, ty.kind, lane) };
    let entry = function.entry();
    // The entry dominates whatever block the variable is used in.
    let inst = match function.first_inst(entry) {
        Some(first) => function.insert_before(first, data),
        None => function.append(entry, data),
    };
    function.result(inst).expect("a splat gives a vector")
}

/// Which parameters are the same as another value.
struct Same {
    kept: Vec<bool>,
    /// By parameter: what it is replaced by, or itself.
    forward: Vec<Value>,
    /// By value: the parameter's index in `phis`.
    phi_of: Vec<u32>,
    /// By parameter: the operands (by index) that it is, as a list.
    first_use: Vec<u32>,
    last_use: Vec<u32>,
    next_use: Vec<u32>,
    /// By operand: the parameter that it belongs to.
    owner: Vec<u32>,
}

impl Same {
    fn new(variables: &Variables, function: &Function) -> Same {
        let phis = &variables.phis;
        let mut same = Same {
            kept: vec![true; phis.len()],
            forward: phis.iter().map(|phi| phi.param).collect(),
            phi_of: vec![NONE; function.value_count()],
            first_use: vec![NONE; phis.len()],
            last_use: vec![NONE; phis.len()],
            next_use: vec![NONE; variables.operands.len()],
            owner: vec![NONE; variables.operands.len()],
        };
        for (index, phi) in phis.iter().enumerate() {
            same.phi_of[phi.param.index()] = index as u32;
        }
        for (index, phi) in phis.iter().enumerate() {
            for at in variables.range(phi) {
                same.owner[at] = index as u32;
                let used = same.phi_of[variables.operands[at].index()];
                if used != NONE {
                    same.next_use[at] = same.first_use[used as usize];
                    if same.last_use[used as usize] == NONE {
                        same.last_use[used as usize] = at as u32;
                    }
                    same.first_use[used as usize] = at as u32;
                }
            }
        }
        same
    }

    /// The next step to what a value is.
    fn step(&self, value: Value) -> Value {
        match self.phi_of[value.index()] {
            NONE => value,
            phi => self.forward[phi as usize],
        }
    }

    /// What a value is. The way there is shortened.
    fn resolve(&mut self, mut value: Value) -> Value {
        let mut end = value;
        while self.step(end) != end {
            end = self.step(end);
        }
        while value != end {
            let phi = self.phi_of[value.index()] as usize;
            value = std::mem::replace(&mut self.forward[phi], end);
        }
        end
    }

    /// Looks at each parameter, and again at those that use one that was removed. In rounds: what uses a parameter that is replaced again
    /// and again within a round is looked at once.
    fn remove(&mut self, variables: &Variables, function: &Function) {
        let mut waiting = vec![true; variables.phis.len()];
        let mut work: Vec<u32> = (0..variables.phis.len() as u32).collect();
        let mut changed: Vec<u32> = Vec::new();
        while !work.is_empty() {
            let mut next = Vec::new();
            // From the last one made: its operands tend to be older.
            for index in work.into_iter().rev() {
                waiting[index as usize] = false;
                if !self.kept[index as usize] || !self.is_single(index, variables, function) {
                    continue;
                }
                self.kept[index as usize] = false;
                match self.phi_of[self.forward[index as usize].index()] {
                    NONE => self.wake(index, &mut waiting, &mut next),
                    // It has no value but itself.
                    other if other == index => {}
                    other => {
                        self.append_uses(other as usize, index as usize);
                        changed.push(other);
                    }
                }
            }
            for other in changed.drain(..) {
                if self.kept[other as usize] {
                    self.wake(other, &mut waiting, &mut next);
                }
            }
            work = next;
        }
    }

    /// Is a parameter always one other value, which `forward` then says, or none at all?
    fn is_single(&mut self, index: u32, variables: &Variables, function: &Function) -> bool {
        let phi = &variables.phis[index as usize];
        let mut only = None;
        for at in variables.range(phi) {
            let value = self.resolve(variables.operands[at]);
            if value == phi.param || only == Some(value) {
                continue;
            }
            if only.is_some() {
                return false;
            }
            only = Some(value);
        }
        let Some(only) = only else { return true };
        // A reference to a layout must not be replaced by one to any object.
        let (ty, own) = (function.ty(only), function.ty(phi.param));
        let fits = own.id == TypeId(0) || ty.id == own.id || function.as_const(only).is_some();
        if fits {
            self.forward[index as usize] = only;
        }
        fits
    }

    /// What uses a parameter is to be looked at again. Those that are gone leave the list.
    fn wake(&mut self, index: u32, waiting: &mut [bool], next: &mut Vec<u32>) {
        let mut user = std::mem::replace(&mut self.first_use[index as usize], NONE);
        let mut last = NONE;
        while user != NONE {
            let owner = self.owner[user as usize] as usize;
            if self.kept[owner] {
                if !std::mem::replace(&mut waiting[owner], true) {
                    next.push(owner as u32);
                }
                match last {
                    NONE => self.first_use[index as usize] = user,
                    last => self.next_use[last as usize] = user,
                }
                last = user;
            }
            user = self.next_use[user as usize];
        }
        if last != NONE {
            self.next_use[last as usize] = NONE;
        }
        self.last_use[index as usize] = last;
    }

    /// The uses of one that was replaced are uses of the other from now on.
    fn append_uses(&mut self, other: usize, own: usize) {
        if self.first_use[own] == NONE {
            return;
        }
        self.next_use[self.last_use[own] as usize] = self.first_use[other];
        if self.last_use[other] == NONE {
            self.last_use[other] = self.last_use[own];
        }
        self.first_use[other] = self.first_use[own];
    }
}

impl Variables {
    /// Where a parameter's operands are.
    fn range(&self, phi: &Phi) -> std::ops::Range<usize> {
        let start = phi.operands as usize;
        start..start + self.blocks[phi.block.index()].preds.len()
    }
}

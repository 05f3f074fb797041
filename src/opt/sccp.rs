//! Sparse conditional constants: what is constant, given that branches on constants go one way.
//!
//! How it works. Each value is unknown, a constant, or varies; each edge is taken or not. To begin with, nothing is known and nothing
//! taken. Instructions are computed from what is known of their operands, when that sinks, and when their block is first reached; a
//! branch takes the edges that its condition allows; a parameter is what the edges that are taken agree on. In the end,
//! constants replace values, and known branches become jumps. Unlike the walk, this sees a constant that stays one around a loop.
//!
//! Must not. Believe that a checked instruction passes when it leaves for these constants (then its result varies: folding makes
//! it an `exit`).
//!
//! Before that it looks whether there is anything to find that the walk forward has not found: a parameter around a loop that begins with a
//! constant and may stay one. Most such parameters count, or add up something that varies, which a look at a few instructions shows.
//!
//! Source. Wegman, Zadeck, *Constant Propagation with Conditional Branches* (1991).
//!
//! Cost. Each use of a value twice at most, each edge once.

use crate::ir::arith::{self, Outcome};
use crate::ir::cfg::{Cfg, Pred};
use crate::ir::opcode::Effect;
use crate::ir::{Block, Cond, Def, Function, Inst, InstData, Kind, Op, Value};

use super::fault::planted;
use super::{Context, params};

/// What is known of a value: a constant, by its value, or one of the two.
const UNKNOWN: Value = Value(u32::MAX);
const VARIES: Value = Value(u32::MAX - 1);

/// What the pass needs, kept for the next run.
#[derive(Default, Debug)]
pub(super) struct State {
    cells: Vec<Value>,
    /// By value: where its users begin in `users`; one more at the end.
    starts: Vec<u32>,
    users: Vec<Inst>,
    reached: Vec<bool>,
    taken: Vec<bool>,
    edges: Vec<u32>,
    work: Vec<Inst>,
    /// Parameters around loops that begin with a constant, and may stay it.
    begun: Vec<Begun>,
}

/// A parameter around a loop, its block, its index, and the constant that it begins with.
type Begun = (Value, Block, u32, Value);

/// How far back a [`Guess`] looks.
const LOOK: u32 = 3;
/// How often it is looked at all parameters that may stay constant.
const LOOKS: u32 = 4;
/// How many ways into a block a guess follows.
const WAYS: usize = 4;

/// May a parameter around a loop stay the constant that it begins with?
fn may_find(function: &Function, cfg: &Cfg, state: &mut State) -> bool {
    if !cfg.has_cycles() {
        return false;
    }
    let State { cells, begun, .. } = state;
    cells.clear();
    cells.resize(function.value_count(), UNKNOWN);
    begun.clear();
    for (number, &block) in cfg.rpo.iter().enumerate() {
        let preds = cfg.preds(block);
        let is_back = |pred: &Pred| cfg.number(pred.block) as usize >= number;
        if number == 0 || !preds.iter().any(is_back) {
            continue;
        }
        for (index, &param) in function.params(block).iter().enumerate() {
            cells[param.index()] = VARIES;
            let mut args = preds
                .iter()
                .filter(|pred| !is_back(pred))
                .map(|pred| function.list_value(function.edge(pred.edge).args, index as u32));
            let Some(first) = args.next().filter(|&first| args.all(|arg| arg == first)) else { continue };
            // Of a loop in a loop, what begins is a parameter of the outer one.
            let constant = if function.as_const(first).is_some() { first } else { cells[first.index()] };
            if constant != UNKNOWN && constant != VARIES {
                cells[param.index()] = constant;
                begun.push((param, block, index as u32, constant));
            }
        }
    }
    // One that varies may make others vary.
    for _ in 0..LOOKS {
        let before = begun.len();
        begun.retain(|&(param, block, index, first)| {
            let varies = cfg.preds(block).iter().any(|pred| {
                let arg = function.list_value(function.edge(pred.edge).args, index);
                match guess(function, cfg, cells, arg, LOOK) {
                    Guess::Constant(bits) => function.as_const(first) != Some(bits),
                    Guess::Varies => true,
                    Guess::Open => false,
                }
            });
            if varies {
                cells[param.index()] = VARIES;
            }
            !varies
        });
        if begun.is_empty() || begun.len() == before {
            break;
        }
    }
    !begun.is_empty()
}

/// What a value is if parameters are what their cells say, as [`Solver::compute`] would find it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    Constant(u64),
    Varies,
    Open,
}

fn guess(function: &Function, cfg: &Cfg, cells: &[Value], value: Value, depth: u32) -> Guess {
    let inst = match function.def(value) {
        Def::Const(bits) => return Guess::Constant(bits),
        Def::Param(block) if block == function.entry() => return Guess::Varies,
        Def::Param(block) => {
            return match cells[value.index()] {
                UNKNOWN if depth > 0 => joined(function, cfg, cells, (block, value), depth - 1),
                UNKNOWN => Guess::Open,
                VARIES => Guess::Varies,
                cell => function.as_const(cell).map_or(Guess::Varies, Guess::Constant),
            };
        }
        Def::Inst(inst) => inst,
        Def::Alias(_) => return Guess::Open,
    };
    let data = function.inst(inst);
    let values = data.op.row().values;
    let scalar = !data.op.has_lane() && matches!(data.op.row().effect, Effect::Pure | Effect::Exit);
    if data.op == Op::Select || data.op.is_terminator() {
        return Guess::Open;
    }
    if !scalar || values & !3 != 0 || values & 1 == 0 {
        return Guess::Varies;
    }
    if depth == 0 {
        return Guess::Open;
    }
    let a = guess(function, cfg, cells, data.first(), depth - 1);
    let b = if values & 2 == 0 {
        Guess::Constant(0)
    } else {
        guess(function, cfg, cells, data.second(), depth - 1)
    };
    match (a, b) {
        (Guess::Varies, _) | (_, Guess::Varies) => Guess::Varies,
        (Guess::Constant(a), Guess::Constant(b)) => {
            match arith::evaluate(data.op, data.kind, data.aux, a, b) {
                Outcome::Value(bits) => Guess::Constant(bits),
                Outcome::Leaves | Outcome::Unknown => Guess::Varies,
            }
        }
        _ => Guess::Open,
    }
}

/// A parameter where ways join: what they bring, if they are all taken.
fn joined(
    function: &Function,
    cfg: &Cfg,
    cells: &[Value],
    (block, param): (Block, Value),
    depth: u32,
) -> Guess {
    let preds = cfg.preds(block);
    let Some(index) = function.params(block).iter().position(|&other| other == param) else {
        return Guess::Open;
    };
    if preds.len() > WAYS {
        return Guess::Open;
    }
    let mut all = None;
    for pred in preds {
        let arg = function.list_value(function.edge(pred.edge).args, index as u32);
        let one = guess(function, cfg, cells, arg, depth);
        if one == Guess::Open || !is_taken(function, cfg, cells, pred.block, depth) {
            return Guess::Open;
        }
        match all.replace(one) {
            Some(other) if other != one => return Guess::Varies,
            _ => {}
        }
    }
    all.unwrap_or(Guess::Open)
}

/// Does the nearest branch on the way to a block's end depend on what varies?
fn is_taken(function: &Function, cfg: &Cfg, cells: &[Value], block: Block, depth: u32) -> bool {
    let mut at = block;
    for _ in 0..LOOK {
        let Some(last) = function.last_inst(at) else { return false };
        let data = function.inst(last);
        match data.op {
            Op::Jump => {}
            Op::Br | Op::BrCmp | Op::Switch => {
                let mut varies = false;
                function.visit_operands(last, |value| {
                    varies |= guess(function, cfg, cells, value, depth) == Guess::Varies;
                });
                return varies;
            }
            _ => return true,
        }
        let &[pred] = cfg.preds(at) else { return true };
        at = pred.block;
    }
    true
}

/// The pass.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let mut state = std::mem::take(&mut context.analyses.scratch.sccp);
    let walked = context.analyses.walked;
    if walked && !may_find(function, context.analyses.cfg(function), &mut state) {
        context.analyses.scratch.sccp = state;
        return false;
    }
    let mut solver = Solver { function, state: &mut state };
    solver.solve();
    let (changed, graph_changed) = solver.rewrite();
    if graph_changed {
        context.analyses.invalidate();
        let cfg = context.analyses.cfg(function);
        function.retain_blocks(|block| cfg.is_reached(block));
    }
    if changed {
        let cfg = context.analyses.cfg(function);
        params::remove_aliased(function, cfg);
        function.remove_aliases();
    }
    context.analyses.scratch.sccp = state;
    changed || graph_changed
}

struct Solver<'a> {
    function: &'a mut Function,
    state: &'a mut State,
}

impl Solver<'_> {
    fn prepare(&mut self) {
        let Solver { function, state } = self;
        let values = function.value_count();
        state.cells.clear();
        state.cells.resize(values, UNKNOWN);
        state.reached.clear();
        state.reached.resize(function.block_count(), false);
        state.taken.clear();
        state.taken.resize(function.edge_bound(), false);
        state.edges.clear();
        state.work.clear();
        state.starts.clear();
        state.starts.resize(values + 1, 0);
        let each = |visit: &mut dyn FnMut(Inst, Value)| {
            for &block in &function.order {
                for inst in function.insts(block) {
                    function.visit_operands(inst, |value| visit(inst, value));
                    function.visit_edge_args(inst, |value| visit(inst, value));
                }
            }
        };
        each(&mut |_, value| state.starts[value.index()] += 1);
        let mut total = 0;
        for start in &mut state.starts {
            total += *start;
            *start = total;
        }
        state.users.clear();
        state.users.resize(total as usize, Inst::NONE);
        each(&mut |inst, value| {
            // Filled from the back, so that the places end up as begins.
            let at = &mut state.starts[value.index()];
            *at -= 1;
            state.users[*at as usize] = inst;
        });
    }

    fn solve(&mut self) {
        self.prepare();
        let entry = self.function.entry();
        for &param in self.function.params(entry) {
            self.state.cells[param.index()] = VARIES;
        }
        self.reach(entry);
        loop {
            if let Some(inst) = self.state.work.pop() {
                if self.function.inst_block(inst).is_some_and(|block| self.state.reached[block.index()]) {
                    self.visit(inst);
                }
            } else if let Some(edge) = self.state.edges.pop() {
                let to = self.function.edge(edge).to;
                self.pass(edge);
                if !self.state.reached[to.index()] {
                    self.reach(to);
                }
            } else {
                return;
            }
        }
    }

    fn reach(&mut self, block: Block) {
        self.state.reached[block.index()] = true;
        let mut next = self.function.first_inst(block);
        while let Some(inst) = next {
            next = self.function.next_inst(inst);
            self.visit(inst);
        }
    }

    /// What is known of an operand.
    fn cell(&self, value: Value) -> Value {
        match self.function.as_const(value) {
            Some(_) => value,
            None => self.state.cells.get(value.index()).copied().unwrap_or(VARIES),
        }
    }

    /// A value is known to be no more than this.
    fn sink(&mut self, value: Value, cell: Value) {
        let old = self.state.cells[value.index()];
        let new = match (old, cell) {
            (_, UNKNOWN) => old,
            (UNKNOWN, cell) => cell,
            (old, cell) if old == cell || planted(114) && cell != VARIES => old,
            _ => VARIES,
        };
        if new != old {
            self.state.cells[value.index()] = new;
            let (from, to) = (self.state.starts[value.index()], self.state.starts[value.index() + 1]);
            self.state.work.extend_from_slice(&self.state.users[from as usize..to as usize]);
        }
    }

    fn take(&mut self, edge: u32) {
        if !self.state.taken[edge as usize] {
            self.state.taken[edge as usize] = true;
            self.state.edges.push(edge);
        }
    }

    /// What an edge passes to the parameters.
    fn pass(&mut self, edge: u32) {
        let edge = self.function.edge(edge);
        for index in 0..edge.args.len {
            let param = self.function.params(edge.to)[index as usize];
            let cell = self.cell(self.function.list_value(edge.args, index));
            // A parameter can only be one constant of its own type.
            self.sink(param, cell);
        }
    }

    fn visit(&mut self, inst: Inst) {
        let data = *self.function.inst(inst);
        if data.op.is_terminator() {
            self.terminator(inst, &data);
            return;
        }
        let Some(result) = self.function.result(inst) else { return };
        let cell = self.compute(&data);
        self.sink(result, cell);
    }

    fn compute(&mut self, data: &InstData) -> Value {
        if data.op == Op::Select {
            let condition = self.cell(data.first());
            let (yes, no) = (self.cell(data.second()), self.cell(Value(data.c)));
            return match self.bits(condition) {
                _ if condition == UNKNOWN => UNKNOWN,
                Some(bits) => {
                    if bits == 1 {
                        yes
                    } else {
                        no
                    }
                }
                None if yes == no || no == UNKNOWN => yes,
                None if yes == UNKNOWN => no,
                None => VARIES,
            };
        }
        let values = data.op.row().values;
        let scalar = !data.op.has_lane() && matches!(data.op.row().effect, Effect::Pure | Effect::Exit);
        if !scalar || values & !3 != 0 || values & 1 == 0 {
            return VARIES;
        }
        let a = self.cell(data.first());
        let b = if values & 2 == 0 { a } else { self.cell(data.second()) };
        if a == UNKNOWN || b == UNKNOWN {
            return UNKNOWN;
        }
        let (Some(a), Some(b)) = (self.bits(a), self.bits(b)) else { return VARIES };
        match arith::evaluate(data.op, data.kind, data.aux, a, b) {
            Outcome::Value(bits) => {
                let kind = if data.op == Op::Cmp { Kind::Bool } else { data.kind };
                self.function.constant(kind, bits)
            }
            Outcome::Leaves | Outcome::Unknown => VARIES,
        }
    }

    fn bits(&self, cell: Value) -> Option<u64> {
        if cell == UNKNOWN || cell == VARIES { None } else { self.function.as_const(cell) }
    }

    /// Which edge is taken: none yet, one, or any.
    fn edge(&mut self, data: &InstData) -> Option<Option<u32>> {
        let values = data.op.row().values;
        if !matches!(data.op, Op::Br | Op::BrCmp | Op::Switch | Op::AddOr | Op::SubOr | Op::MulOr) {
            return Some(None);
        }
        let a = self.cell(data.first());
        let b = if values & 2 == 0 { a } else { self.cell(data.second()) };
        if a == UNKNOWN || b == UNKNOWN {
            return None;
        }
        let (Some(a), Some(b)) = (self.bits(a), self.bits(b)) else { return Some(None) };
        Some(match data.op {
            Op::Br => Some(u32::from(a == 0)),
            Op::BrCmp => Some(u32::from(!Cond::holds(data.cond(), data.kind, a, b))),
            Op::Switch => Some((data.b - 1).min(u32::try_from(a).unwrap_or(u32::MAX))),
            _ => match arith::evaluate(data.op, data.kind, data.aux, a, b) {
                Outcome::Value(_) => Some(0),
                Outcome::Leaves => Some(1),
                Outcome::Unknown => None,
            },
        })
    }

    fn terminator(&mut self, inst: Inst, data: &InstData) {
        if let Some(result) = self.function.result(inst) {
            let cell = match data.op {
                Op::AddOr | Op::SubOr | Op::MulOr => self.or_else(data),
                _ => VARIES,
            };
            self.sink(result, cell);
        }
        let Some(edge) = self.edge(data) else { return };
        for index in self.function.inst_edges(inst) {
            if edge.is_none_or(|edge| data.d + edge == index) {
                if self.state.taken[index as usize] {
                    self.pass(index);
                }
                self.take(index);
            }
        }
    }

    fn or_else(&mut self, data: &InstData) -> Value {
        let (a, b) = (self.cell(data.first()), self.cell(data.second()));
        if a == UNKNOWN || b == UNKNOWN {
            return UNKNOWN;
        }
        let (Some(a), Some(b)) = (self.bits(a), self.bits(b)) else { return VARIES };
        match arith::evaluate(data.op, data.kind, data.aux, a, b) {
            Outcome::Value(bits) => self.function.constant(data.kind, bits),
            _ => VARIES,
        }
    }

    /// Uses what was found. Whether values were replaced, and whether edges are gone.
    fn rewrite(&mut self) -> (bool, bool) {
        let (mut changed, mut graph_changed) = (false, false);
        for index in 0..self.function.order.len() {
            let block = self.function.order[index];
            if !self.state.reached[block.index()] {
                graph_changed = true;
                continue;
            }
            for place in 0..self.function.params(block).len() {
                let param = self.function.params(block)[place];
                changed |= self.replace(param);
            }
            let mut next = self.function.first_inst(block);
            while let Some(inst) = next {
                next = self.function.next_inst(inst);
                let data = *self.function.inst(inst);
                if data.op.is_terminator()
                    && let Some(Some(edge)) = self.edge(&data)
                {
                    let jump = InstData { d: data.d + edge, ..InstData::new(Op::Jump, Kind::None) };
                    *self.function.inst_mut(inst) = jump;
                    graph_changed = true;
                }
                if let Some(result) = self.function.result(inst)
                    && self.replace(result)
                {
                    changed = true;
                    if !data.op.is_terminator() {
                        self.function.remove(inst);
                    }
                }
                if self.function.inst(inst).op == Op::Jump {
                    self.function.drop_result(inst);
                }
            }
        }
        (changed, graph_changed)
    }

    fn replace(&mut self, value: Value) -> bool {
        let cell = self.state.cells[value.index()];
        // A null of another layout does as well.
        let known = self.bits(cell).is_some();
        if known {
            self.function.replace(value, cell);
        }
        known
    }
}

//! Range analysis: which numbers values may be, and the checks that this makes needless.
//!
//! How it works. A walk over the dominator tree computes an interval for each value from those of its operands, and learns from
//! the branches and guards that it passes ([`facts`]); what it learnt holds in the subtree, and is then taken back. Blocks come
//! after their forward predecessors, so a join has all of its arguments, each narrowed by the branch of its edge. For the parameters
//! of a loop's header it assumes an interval, and looks at the back edges whether it was right:
//!
//! - a parameter that each back edge leaves as it is or moves in one direction begins with what it is entered with, open to that side.
//!   If the steps cannot wrap because they are checked, this needs no proof;
//! - else (at level Full) it begins with what it is entered with, and is widened side by side until nothing is violated (Cousot and Cousot,
//!   *Abstract Interpretation*, 1977);
//! - once the assumptions hold, another walk with the intervals that came out (one step of narrowing) rewrites the code, unless they are no
//!   narrower.
//!
//! Bounds between values (`i < n` of values) are differences, proved as in ABCD. A parameter that only grows is not below what the loop
//! is entered with; a condition that each edge into a header has tested of its argument holds of the parameter (loops that test at their end).
//!
//! What it rewrites: see `rewrite`. A claim ([`Op::NONZERO`]) holds where the instruction stands; whoever moves it to another place drops the claim
//! unless it is plain from a constant.
//!
//! Invariants
//! - RA1 The last walk's assumptions are those of a walk that found them right, or narrower ones which that walk computed.
//! - RA2 Instructions are rewritten in the last walk, or behind it, only.
//! - RA3 Without a loop, or if no assumption needs a proof, the first walk is the last; so is the walk that found all assumptions right if
//!   another one would see what it saw.
//!
//! Cost. Each walk is linear, a comparison costs at most a fixed number of steps of proof; at most [`WALKS`] walks.

pub mod facts;
pub mod interval;
mod motion;
mod rewrite;

use smallvec::SmallVec;

use super::fault::planted;
use super::pipeline::Level;
use super::{Analyses, Context, Note};
use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::{Block, Def, Function, Inst, Kind, Op, Value};
use facts::Facts;
use interval::{Range, transfer};
use motion::{Motion, tested};
use rewrite::Action;

/// How many times the function is walked over at most, before all assumptions are given up.
pub const WALKS: u32 = 6;
/// With more blocks than this a function is walked over less often.
const LARGE: usize = 200;

/// Removes needless checks. As much as pays at each level.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let full = context.options.level >= Level::Full;
    context.analyses.dom(function);
    let Analyses { cfg, dom, scratch, notes, .. } = &mut *context.analyses;
    let mut walker = Walker::new(function, cfg, dom, full, &mut scratch.range, notes);
    walker.run(function);
    let (changed, graph_changed) = (walker.changed, walker.graph_changed);
    if changed {
        function.remove_aliases();
    }
    if graph_changed {
        context.analyses.invalidate();
        let cfg = context.analyses.cfg(function);
        function.retain_blocks(|block| cfg.is_reached(block));
    }
    changed
}

/// What the pass needs, kept for the next run.
#[derive(Default, Debug)]
pub(super) struct State {
    facts: Facts,
    /// By value: what forward edges bring to a parameter.
    forward: Vec<Range>,
    /// By value: what back edges bring to a header's parameter.
    back: Vec<Range>,
    /// By value: what is assumed of a header's parameter.
    assumed: Vec<Range>,
    /// By value: what a walk took a header's parameter for.
    taken: Vec<Range>,
    /// By block: an edge that can be taken leads there.
    live: Vec<bool>,
    /// Blocks with back edges, and whether they are the headers of loops.
    headers: Vec<Block>,
    is_header: Vec<bool>,
    /// What could be rewritten, of the walk that is or was made.
    found: Vec<(Inst, Action)>,
    /// A block with the mark to go back to, or one that is to be entered.
    stack: Vec<(Block, Option<usize>)>,
}

struct Walker<'a> {
    cfg: &'a Cfg,
    dom: &'a Dom,
    state: &'a mut State,
    full: bool,
    /// Is this the first walk?
    first: bool,
    /// Is this the last walk?
    last: bool,
    /// Sums that earlier walks found exact may be relied on.
    proven: bool,
    changed: bool,
    graph_changed: bool,
    notes: &'a mut Vec<(Inst, Note)>,
}

impl<'a> Walker<'a> {
    fn new(
        function: &Function,
        cfg: &'a Cfg,
        dom: &'a Dom,
        full: bool,
        state: &'a mut State,
        notes: &'a mut Vec<(Inst, Note)>,
    ) -> Walker<'a> {
        let (blocks, values) = (function.block_count(), function.value_count());
        state.headers.clear();
        state.is_header.clear();
        state.is_header.resize(blocks, false);
        if cfg.has_cycles() {
            for (number, &block) in cfg.rpo.iter().enumerate() {
                if cfg.preds(block).iter().any(|pred| cfg.number(pred.block) as usize >= number) {
                    state.is_header[block.index()] = true;
                    state.headers.push(block);
                }
            }
            for ranges in [&mut state.back, &mut state.assumed, &mut state.taken] {
                ranges.clear();
                ranges.resize(values, Range::EMPTY);
            }
        }
        state.forward.clear();
        state.forward.resize(values, Range::EMPTY);
        state.live.clear();
        state.live.resize(blocks, false);
        state.facts.reset(function);
        Walker {
            cfg,
            dom,
            state,
            full,
            first: true,
            last: false,
            proven: false,
            changed: false,
            graph_changed: false,
            notes,
        }
    }

    fn run(&mut self, function: &mut Function) {
        if self.state.headers.is_empty() || !self.full && self.needs_no_proof(function) {
            self.last = true;
            self.walk(function);
            return;
        }
        for round in 0..WALKS {
            self.walk(function);
            self.first = false;
            if self.widen(function, round) || planted(4) {
                if !self.would_learn(function) && !planted(4) {
                    let mut found = std::mem::take(&mut self.state.found);
                    for (inst, action) in found.drain(..) {
                        self.rewrite(function, inst, action);
                    }
                    self.state.found = found;
                    return;
                }
                self.proven = true;
                self.last = true;
                for index in 0..self.state.headers.len() {
                    for &param in function.params(self.state.headers[index]) {
                        let came = self.came(param);
                        self.state.assumed[param.index()] =
                            if came.is_empty() { Range::of(function.kind(param)) } else { came };
                    }
                }
                self.walk(function);
                return;
            }
        }
        for index in 0..self.state.headers.len() {
            for &param in function.params(self.state.headers[index]) {
                self.state.assumed[param.index()] = Range::of(function.kind(param));
            }
        }
        self.state.facts.forget_exact();
        self.last = true;
        self.walk(function);
    }

    /// What came to a header's parameter in the walk.
    fn came(&self, param: Value) -> Range {
        self.state.forward[param.index()].union(self.state.back[param.index()])
    }

    /// Does the walk that was made allow another one to know more?
    fn would_learn(&self, function: &Function) -> bool {
        self.state.headers.iter().any(|&header| {
            function.params(header).iter().enumerate().any(|(index, &param)| {
                if !function.kind(param).is_int() {
                    return false;
                }
                let (came, taken) = (self.came(param), self.state.taken[param.index()]);
                // A sum that turned out to be exact orders the parameter and what it begins with; of a constant, the range has said so.
                let ordered = || {
                    matches!(
                        self.motion(function, header, index),
                        Motion::Up { checked: false } | Motion::Down { checked: false }
                    ) && self.cfg.preds(header).iter().any(|pred| {
                        let start = function.list_value(function.edge(pred.edge).args, index as u32);
                        !self.is_back(pred.block, header) && function.as_const(start).is_none()
                    })
                };
                !came.is_empty() && !taken.is_within(came) || ordered()
            })
        })
    }

    /// Is every assumption of the first walk right by what the code looks like?
    fn needs_no_proof(&self, function: &Function) -> bool {
        self.state.headers.iter().all(|&header| {
            (0..function.params(header).len()).all(|index| {
                let motion = self.motion(function, header, index);
                !matches!(motion, Motion::Up { checked: false } | Motion::Down { checked: false })
            })
        })
    }

    /// Are all assumptions right? If not, weakens those that are not.
    fn widen(&mut self, function: &Function, round: u32) -> bool {
        let mut right = true;
        for index in 0..self.state.headers.len() {
            for &param in function.params(self.state.headers[index]) {
                let came = self.came(param);
                let assumed = self.state.assumed[param.index()];
                if came.is_within(assumed) {
                    continue;
                }
                right = false;
                let all = Range::of(function.kind(param));
                // A large function has long chains of loops, through which each walk goes one step.
                let patience = if self.cfg.rpo.len() > LARGE { 1 } else { 3 };
                self.state.assumed[param.index()] = if round >= patience || assumed.is_empty() && round > 0 {
                    all
                } else {
                    Range::new(
                        if came.lo < assumed.lo { all.lo } else { assumed.lo },
                        if came.hi > assumed.hi { all.hi } else { assumed.hi },
                    )
                };
            }
        }
        right
    }

    fn is_back(&self, from: Block, to: Block) -> bool {
        self.cfg.number(from) >= self.cfg.number(to)
    }

    fn walk(&mut self, function: &mut Function) {
        let entry = self.cfg.rpo[0];
        self.state.found.clear();
        if !self.first {
            // What instructions give is written anew, and what was learnt has been taken back; this alone adds up.
            for &block in &self.cfg.rpo {
                self.state.live[block.index()] = false;
                for &param in function.params(block) {
                    self.state.forward[param.index()] = Range::EMPTY;
                    self.state.back[param.index()] = Range::EMPTY;
                }
            }
        }
        self.state.live[entry.index()] = true;
        for &param in function.params(entry) {
            self.state.forward[param.index()] = Range::of(function.kind(param));
        }
        self.state.stack.clear();
        self.state.stack.push((entry, None));
        while let Some((block, mark)) = self.state.stack.pop() {
            if let Some(mark) = mark {
                self.state.facts.undo(mark);
                continue;
            }
            let mark = self.state.facts.mark();
            self.state.stack.push((block, Some(mark)));
            self.enter(function, block);
            self.block(function, block);
            let first = self.state.stack.len();
            self.state.stack.extend(self.dom.children(self.cfg, block).map(|child| (child, None)));
            self.state.stack[first..].reverse();
        }
    }

    /// Learns what holds at the start of a block.
    fn enter(&mut self, function: &Function, block: Block) {
        let header = self.state.is_header[block.index()];
        if header && !self.state.live[block.index()] {
            // Of flow with several entries, the way in may be one that comes later.
            let loops = self.cfg.preds(block).iter().filter(|pred| self.is_back(pred.block, block));
            self.state.live[block.index()] =
                loops.into_iter().any(|pred| !self.dom.dominates(self.cfg, block, pred.block));
        }
        for (index, &param) in function.params(block).iter().enumerate() {
            let all = Range::of(function.kind(param));
            let came = self.state.forward[param.index()];
            let mut range = came;
            if header {
                if self.first {
                    self.state.assumed[param.index()] = match self.motion(function, block, index) {
                        Motion::Still => came,
                        Motion::Up { .. } if !came.is_empty() => Range::new(came.lo, all.hi),
                        Motion::Down { .. } if !came.is_empty() => Range::new(all.lo, came.hi),
                        _ if self.full
                            && function.kind(param).is_int()
                            && !self.spreads(function, block, index) =>
                        {
                            came
                        }
                        _ => all,
                    };
                }
                range = self.state.assumed[param.index()];
            }
            self.state.facts.define(param, if range.is_empty() { all } else { range.meet(all) });
        }
        if !self.state.live[block.index()] {
            return;
        }
        let preds = self.cfg.preds(block);
        if let [pred] = preds {
            let pred = *pred;
            if !self.assume_edge(function, pred.block, pred.edge) {
                self.state.live[block.index()] = false;
            }
        } else if header {
            self.header_facts(function, block);
        }
        if header && !self.last {
            for &param in function.params(block) {
                self.state.taken[param.index()] = self.state.facts.range(param);
            }
        }
    }

    /// Learns what taking an edge says. False if it is never taken.
    fn assume_edge(&mut self, function: &Function, from: Block, edge: u32) -> bool {
        let Some(last) = function.last_inst(from) else { return true };
        let data = *function.inst(last);
        let first = edge == data.d;
        // Both edges may be the same block's.
        match data.op {
            Op::BrCmp => {
                let cond = if first != planted(3) { data.cond() } else { data.cond().negated() };
                self.state.facts.assume(function, cond, data.kind, data.first(), data.second())
            }
            Op::Br => self.assume_bool(function, data.first(), first, 3),
            Op::Switch if edge + 1 < data.d + data.b => {
                let number = i128::from(edge - data.d);
                // As unsigned: for these small numbers it is the same.
                let value = data.first();
                let range = self.state.facts.range(value);
                let other = function.as_const(value);
                range.has(number)
                    && (other.is_some() || self.state.facts.narrow_exact(function, value, number))
            }
            _ => true,
        }
    }

    /// Learns that a bool is true, or false.
    fn assume_bool(&mut self, function: &Function, value: Value, truth: bool, depth: u32) -> bool {
        let range = self.state.facts.range(value);
        if !range.has(i128::from(truth)) {
            return false;
        }
        let Some(inst) = function.def_inst(value) else { return true };
        let data = *function.inst(inst);
        match data.op {
            Op::Cmp if data.kind.is_int() => {
                let cond = if truth { data.cond() } else { data.cond().negated() };
                self.state.facts.assume(function, cond, data.kind, data.first(), data.second())
            }
            Op::Not if depth > 0 => self.assume_bool(function, data.first(), !truth, depth - 1),
            Op::And if depth > 0 && truth => {
                self.assume_bool(function, data.first(), true, depth - 1)
                    && self.assume_bool(function, data.second(), true, depth - 1)
            }
            Op::Or if depth > 0 && !truth => {
                self.assume_bool(function, data.first(), false, depth - 1)
                    && self.assume_bool(function, data.second(), false, depth - 1)
            }
            _ => true,
        }
    }

    /// Learns differences of a header's parameters.
    fn header_facts(&mut self, function: &Function, header: Block) {
        let mut entry = None;
        let mut backs: SmallVec<[(Block, u32); 4]> = SmallVec::new();
        for pred in self.cfg.preds(header) {
            if self.is_back(pred.block, header) {
                if !self.dom.dominates(self.cfg, header, pred.block) {
                    return;
                }
                backs.push((pred.block, pred.edge));
            } else if entry.replace((pred.block, pred.edge)).is_some() {
                return;
            }
        }
        let Some((entry, entry_edge)) = entry else { return };
        for index in 0..function.params(header).len() {
            let param = function.params(header)[index];
            if !function.kind(param).is_int() {
                continue;
            }
            let start = function.list_value(function.edge(entry_edge).args, index as u32);
            match self.motion(function, header, index) {
                Motion::Up { checked: true } => self.state.facts.learn(start, param, 0),
                Motion::Down { checked: true } => self.state.facts.learn(param, start, 0),
                _ => {}
            }
            // What each edge has tested of its argument against a value from outside.
            let Some(&(from, edge)) = backs.first() else { continue };
            let arg = function.list_value(function.edge(edge).args, index as u32);
            let Some((cond, kind, bound)) = tested(function, self.cfg, from, edge, arg) else { continue };
            let outside = match function.def(bound) {
                Def::Const(_) => true,
                Def::Inst(inst) => function
                    .inst_block(inst)
                    .is_some_and(|at| at != header && self.dom.dominates(self.cfg, at, header)),
                Def::Param(at) => at != header && self.dom.dominates(self.cfg, at, header),
                Def::Alias(_) => false,
            };
            let by_all = backs[1..].iter().all(|&(from, edge)| {
                let arg = function.list_value(function.edge(edge).args, index as u32);
                tested(function, self.cfg, from, edge, arg) == Some((cond, kind, bound))
            });
            if !outside || !by_all {
                continue;
            }
            let at_entry = tested(function, self.cfg, entry, entry_edge, start) == Some((cond, kind, bound))
                || {
                    let budget = self.budget();
                    self.state.facts.decide(function, cond, kind, start, bound, budget) == Some(true)
                };
            if at_entry {
                self.state.facts.assume(function, cond, kind, param, bound);
            }
        }
    }

    fn budget(&self) -> u32 {
        if self.full { 20 } else { 8 }
    }

    fn block(&mut self, function: &mut Function, block: Block) {
        let live = self.state.live[block.index()];
        let mut next = function.first_inst(block);
        while let Some(inst) = next {
            next = function.next_inst(inst);
            let data = *function.inst(inst);
            if !live {
                // Whatever: but what comes after must find some range.
                if let Some(result) = function.result(inst) {
                    self.state.facts.define(result, Range::of(function.kind(result)));
                }
                continue;
            }
            if data.kind.is_int() || data.op == Op::Select {
                self.integer(function, inst, &data);
            }
            if let Some(action) = self.action(function, inst) {
                if self.last {
                    self.rewrite(function, inst, action);
                } else {
                    self.state.found.push((inst, action));
                }
            }
            // What it says of what comes behind. A guard that goes says nothing new.
            match data.op {
                Op::GuardCmp => {
                    self.state.facts.assume(function, data.cond(), data.kind, data.first(), data.second());
                }
                Op::DivChecked | Op::RemChecked => self.state.facts.learn_nonzero(data.second()),
                Op::Guard => {
                    self.assume_bool(function, data.first(), true, 3);
                }
                _ => {}
            }
        }
        if live {
            self.leave(function, block);
        }
    }

    /// The range of an instruction's result.
    fn integer(&mut self, function: &Function, inst: Inst, data: &crate::ir::InstData) {
        let Some(result) = function.result(inst) else { return };
        let range_of = |word: u32, bit: u8| {
            if data.op.row().values >> bit & 1 == 1 && word != u32::MAX {
                self.state.facts.range(Value(word))
            } else {
                Range::exact(0)
            }
        };
        let (a, b) = (range_of(data.a, 0), range_of(data.b, 1));
        let kind = function.kind(result);
        let range = if a.is_empty() || b.is_empty() {
            Range::of(kind)
        } else if data.op == Op::Select {
            b.union(range_of(data.c, 2))
        } else {
            transfer(data, a, b)
        };
        if matches!(data.op, Op::Add | Op::Sub) {
            let fits = interval::exact(data.op, a, b).is_within(Range::of(kind));
            self.state.facts.set_exact(inst, fits && !a.is_empty() && !b.is_empty());
        }
        self.state.facts.define(result, if range.is_empty() { Range::of(kind) } else { range });
    }

    /// Brings arguments to the blocks behind a block.
    fn leave(&mut self, function: &Function, block: Block) {
        for edge in function.block_edges(block) {
            let to = function.edge(edge).to;
            let args = function.edge(edge).args;
            let mark = self.state.facts.mark();
            // Of a block with one predecessor the facts are learnt when it is entered.
            let taken = args.len == 0 || self.assume_edge(function, block, edge);
            if taken {
                self.state.live[to.index()] = true;
                let back = self.is_back(block, to);
                for index in 0..args.len {
                    let param = function.params(to)[index as usize];
                    if !function.kind(param).is_int() && function.kind(param) != Kind::Bool {
                        let came = if back { &mut self.state.back } else { &mut self.state.forward };
                        came[param.index()] = Range::of(function.kind(param));
                        continue;
                    }
                    let range = self.state.facts.range(function.list_value(args, index));
                    let came = if back { &mut self.state.back } else { &mut self.state.forward };
                    came[param.index()] = came[param.index()].union(range);
                }
            }
            self.state.facts.undo(mark);
        }
    }

    fn decide(&mut self, function: &Function, data: &crate::ir::InstData, budget: u32) -> Option<bool> {
        self.state.facts.decide(function, data.cond(), data.kind, data.first(), data.second(), budget)
    }
}

//! Loops taken apart: turns put in front of a loop, all of them if there are few.
//!
//! How it works. A turn in front is a copy of the loop's blocks: the loop is entered through the copy, whose back edges lead into the original.
//! Values have two definitions then, which [`repair`](super::repair) sorts out for all loops at once. Two reasons to do it, both for innermost loops:
//!
//! - The loop runs a few times only, counted by evaluating its test: as many copies as it has turns. What is left of the loop is never
//!   reached; range analysis or conditional constant propagation finds that out. So a wrong count would cost time, not correctness.
//! - Each turn passes a guard, or loads from memory that the loop does not write, with operands from outside: the first turn, in front of the loop, has then
//!   done it for all, and value numbering removes it from the loop. (Moving the guard itself in front would leave with another frame state.)
//!
//! Unrolling by a factor is absent: without a way to skip the tests in between it saves a jump, which a loop inverted has not got.
//!
//! Cost. The blocks that are copied: each loop at most [`SIZE`] instructions for all of its copies, and one repair.

use super::Context;
use super::fault::planted;
use super::repair::{Variable, repair};
use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::loops::{Loop, Loops};
use crate::ir::{Alias, Block, Cond, Def, Edge, Effect, Effects, Function, Inst, Kind, Module, Op, Value};
use smallvec::smallvec;

/// How many instructions the copies of a loop have at most.
pub const SIZE: usize = 96;
/// How many turns a loop has at most that is taken apart.
pub const TURNS: u32 = 8;

struct Candidate {
    blocks: Vec<Block>,
    entries: Vec<u32>,
    backs: Vec<usize>,
    turns: u32,
}

/// Peels and unrolls loops.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let module = context.module;
    let (cfg, dom, loops) = context.analyses.loops(function);
    if loops.loops.is_empty() {
        return false;
    }
    let mut inner = vec![true; loops.loops.len()];
    for looped in &loops.loops {
        if let Some(parent) = looped.parent {
            inner[parent as usize] = false;
        }
    }
    let mut candidates = Vec::new();
    for (number, looped) in loops.loops.iter().enumerate().filter(|&(number, _)| inner[number]) {
        let mut size = 0;
        for &block in &looped.blocks {
            size += function.insts(block).take(SIZE + 1).count();
            if size > SIZE {
                break;
            }
        }
        let mut turns = count_turns(function, cfg, dom, loops, number as u32).unwrap_or(0);
        if turns == 0 || size * turns as usize > SIZE {
            turns = u32::from(size * 2 <= SIZE && pays(function, module, cfg, dom, loops, number as u32));
        }
        let mut entries = Vec::new();
        for pred in cfg.preds(looped.header) {
            if !dom.dominates(cfg, looped.header, pred.block) {
                entries.push(pred.edge);
            }
        }
        if turns == 0 || entries.is_empty() {
            continue;
        }
        let backs =
            looped.latches.iter().filter_map(|latch| looped.blocks.iter().position(|block| block == latch));
        candidates.push(Candidate { blocks: looped.blocks.clone(), entries, backs: backs.collect(), turns });
    }
    if candidates.is_empty() {
        return false;
    }
    // The last loop first: an earlier one that leads to it then leads to its copy, and so will its own copies.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(cfg.number(candidate.blocks[0])));
    let mut state = std::mem::take(&mut context.analyses.scratch.repair);
    state.clear();
    let (variables, copier) = (&mut state.variables, &mut state.copier);
    for Candidate { blocks, entries, backs, turns } in &candidates {
        let header = blocks[0];
        let first = variables.len();
        for &block in blocks {
            let params = function.params(block).iter().copied();
            let results = function.insts(block).filter_map(|inst| function.result(inst));
            variables
                .extend(params.chain(results).map(|name| Variable { name, defs: smallvec![(block, name)] }));
        }
        let mut entries: Vec<u32> = entries.clone();
        for _ in 0..*turns {
            copier.clear();
            let copies = copier.copy_blocks(function, blocks);
            for &edge in &entries {
                let Edge { args, .. } = function.edge(edge);
                function.set_edge(edge, Edge { to: copies[0], args });
            }
            // The copy's back edges lead on to the original, or to the next copy.
            let began = entries.first().map(|&edge| function.edge(edge).args);
            entries.clear();
            for &back in backs {
                for edge in function.block_edges(copies[back]) {
                    let Edge { to, args } = function.edge(edge);
                    if to == copies[0] {
                        let args = began.filter(|_| planted(14)).unwrap_or(args);
                        function.set_edge(edge, Edge { to: header, args });
                        entries.push(edge);
                    }
                }
            }
            for variable in &mut variables[first..] {
                let home = variable.defs[0].0;
                variable.defs.push((copier.block(home), copier.value(variable.name)));
            }
        }
        // The copies come where the loop is.
        let copied = blocks.len() * *turns as usize;
        let added = function.order.split_off(function.order.len() - copied);
        let at = function.order.iter().position(|&block| block == header).unwrap_or(0);
        function.order.splice(at..at, added);
    }
    context.analyses.invalidate();
    let cfg = context.analyses.cfg(function);
    repair(function, cfg, &mut state);
    function.remove_aliases();
    function.retain_blocks(|block| cfg.is_reached(block));
    context.analyses.scratch.repair = state;
    true
}

/// How many turns a loop takes, if that is known and at most [`TURNS`]: of a variable that begins with a constant and moves by a constant, compared
/// with a constant in each turn.
fn count_turns(function: &Function, cfg: &Cfg, dom: &Dom, loops: &Loops, number: u32) -> Option<u32> {
    let looped = &loops.loops[number as usize];
    let [latch] = looped.latches[..] else { return None };
    let (mut entry, mut back) = (None, None);
    for pred in cfg.preds(looped.header) {
        let edge = if pred.block == latch { &mut back } else { &mut entry };
        if edge.replace(pred.edge).is_some() {
            return None;
        }
    }
    let (entry, back) = (entry?, back?);
    for &block in looped.blocks.iter().filter(|&&block| dom.dominates(cfg, block, latch)) {
        let Some(last) = function.last_inst(block) else { continue };
        let data = function.inst(last);
        if data.op != Op::BrCmp || !data.kind.is_int() {
            continue;
        }
        let leaves = [data.d, data.d + 1].map(|edge| !loops.contains(number, function.edge(edge).to));
        if leaves[0] == leaves[1] {
            continue;
        }
        let (Some(limit), kind) = (function.as_const(data.second()), data.kind) else { continue };
        let moving = |index: usize| {
            let param = function.params(looped.header)[index];
            let arg = function.list_value(function.edge(back).args, index as u32);
            let begin = function.as_const(function.list_value(function.edge(entry).args, index as u32))?;
            let step = function.inst(function.def_inst(arg)?);
            let down = match step.op {
                Op::Add | Op::AddChecked => false,
                Op::Sub | Op::SubChecked => true,
                _ => return None,
            };
            let by = function.as_const(step.second()).filter(|_| step.first() == param)?;
            let by = if down { by.wrapping_neg() } else { by };
            let tested = data.first();
            (tested == param || tested == arg).then(|| {
                let first = if tested == param { begin } else { begin.wrapping_add(by) };
                (first, by)
            })
        };
        let Some((mut at, by)) = (0..function.params(looped.header).len()).find_map(moving) else { continue };
        let cond: Cond = if leaves[0] { data.cond() } else { data.cond().negated() };
        for turn in 1..=TURNS + 1 {
            if cond.holds(kind, kind.canonical(at), limit) {
                // In the last turn nothing is behind the test; all the same it is a turn, unless the test is all of it.
                let only = block == looped.header && looped.blocks.len() > 1;
                return Some(if only { turn - 1 } else { turn }).filter(|turns| (1..=TURNS).contains(turns));
            }
            at = at.wrapping_add(by);
        }
    }
    None
}

/// Does each turn do what the first one could do for all?
fn pays(function: &Function, module: &Module, cfg: &Cfg, dom: &Dom, loops: &Loops, number: u32) -> bool {
    let looped: &Loop = &loops.loops[number as usize];
    let outside = |value: Value| match function.def(value) {
        Def::Const(_) => true,
        Def::Param(at) => !loops.contains(number, at),
        Def::Inst(inst) => function.inst_block(inst).is_some_and(|at| !loops.contains(number, at)),
        Def::Alias(_) => false,
    };
    let mut written: Vec<Alias> = Vec::new();
    let mut all_written = false;
    for inst in looped.blocks.iter().flat_map(|&block| function.insts(block)) {
        let data = function.inst(inst);
        match data.op.row().effect {
            Effect::Write => written.push(data.alias()),
            Effect::Call | Effect::EndCall => {
                let direct = matches!(data.op, Op::Call | Op::Invoke);
                all_written |=
                    !direct || module.funcs[data.callee().index()].effects.contains(Effects::WRITES);
            }
            _ => {}
        }
    }
    looped
        .blocks
        .iter()
        .filter(|&&block| looped.latches.iter().all(|&latch| dom.dominates(cfg, block, latch)))
        .flat_map(|&block| function.insts(block))
        .any(|inst: Inst| {
            let data = function.inst(inst);
            let wanted = match data.op.row().effect {
                Effect::Exit => true,
                Effect::Read => {
                    let class = data.alias();
                    class == Alias::FIXED || !all_written && class != Alias::RAW && !written.contains(&class)
                }
                _ => false,
            };
            let mut invariant = wanted && data.kind != Kind::None;
            function.visit_operands(inst, |value| invariant &= outside(value));
            invariant
        })
}

//! Inlining of the module's own functions, also of a function into itself, a few levels.
//!
//! How it works. Calls are looked at in the order of the code, those in inlined bodies after all others. The block is split at the call, the callee's
//! blocks are copied in between, a return becomes a jump behind the call.
//!
//! Frame states: where the callee's states end, the call's goes on, so that guards of the body rebuild both frames; calls of the body that have none
//! take over the call's. A call without one can take in only callees without guards; one with a state no callees with `invoke`s, which
//! cannot have one. Nor has a call that is an `invoke`; there, calls of the body that may raise become `invoke`s to the same
//! handler, unless they have a frame state: then the callee is left alone.
//!
//! Depth: a callee that counts its depth is inlined only if it makes no calls: then it takes no level from anybody, and only tests that there is
//! one left. So does what stands in its place; where there is none the call is made after all, and does what it does then. (Callees
//! that make calls would have to give their level to what they call: they stay calls.)
//!
//! What is inlined: a body of at most [`BASE`] instructions, more by [`PER_LOOP`] for each loop around the call, few on cold paths, until the function has
//! grown by [`GROWTH`] or its own size.
//!
//! Cost. The instructions that are added, and a look at each callee's body, once.

mod import;

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::Context;
use crate::ir::cfg::Cfg;
use crate::ir::{
    Block, Cond, Convention, Edge, Effects, Func, Function, Inst, InstData, Kind, Module, Op, Value,
};

/// Instructions of a body that is inlined anywhere.
pub const BASE: usize = 24;
/// How many more for each loop around the call, for at most three.
pub const PER_LOOP: usize = 20;
/// Instructions of a body that is inlined on a cold path.
pub const COLD: usize = 6;
/// How many instructions a function may get, if that is more than it has.
pub const GROWTH: usize = 600;
/// How deep bodies are inlined in bodies.
pub const LEVELS: usize = 4;
/// How often a function occurs on the way into a body, itself included.
pub const RECURSION: usize = 2;

/// What is to be known of a callee.
#[derive(Clone, Copy, Debug)]
struct Callee {
    size: usize,
    /// It has guards, polls, exits.
    leaves: bool,
    /// It counts its depth.
    counts: bool,
    /// It has calls within a handler's reach.
    invokes: bool,
    /// It has calls that may raise, with a frame state.
    raises_with_state: bool,
    /// It comes back.
    returns: bool,
}

struct Site {
    inst: Inst,
    limit: usize,
    /// The functions on the way, the outermost first; the caller is not among them.
    chain: SmallVec<[Func; 4]>,
}

/// Inlines calls.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    if context.bodies.iter().all(Option::is_none) {
        return false;
    }
    let mut sites = VecDeque::new();
    let mut size = 0;
    for &block in &function.order {
        for inst in function.insts(block) {
            size += 1;
            if matches!(function.inst(inst).op, Op::Call | Op::Invoke) {
                sites.push_back(Site { inst, limit: 0, chain: SmallVec::new() });
            }
        }
    }
    if sites.is_empty() {
        return false;
    }
    let (_, _, loops) = context.analyses.loops(function);
    for site in &mut sites {
        let Some(block) = function.inst_block(site.inst) else { continue };
        let depth = loops.depth(block).min(3) as usize;
        site.limit = if function.block(block).cold { COLD } else { BASE + PER_LOOP * depth };
    }
    let mut known: Vec<Option<Option<Callee>>> = vec![None; context.bodies.len()];
    let mut left = size.max(GROWTH);
    let mut changed = false;
    let mut cfg = Cfg::default();
    // By block: what comes behind it.
    let mut behind: Vec<SmallVec<[Block; 4]>> = Vec::new();
    let originals = function.order.clone();
    let mut importer = import::Importer::new();
    while let Some(Site { inst, limit, chain }) = sites.pop_front() {
        let func = function.inst(inst).callee();
        let Some(Some(body)) = context.bodies.get(func.index()).copied() else { continue };
        let callee = *known[func.index()].get_or_insert_with(|| look(body, context.module));
        let Some(callee) = callee.filter(|callee| callee.size <= limit && callee.size <= left) else {
            continue;
        };
        let repeated = chain.iter().filter(|&&on_the_way| on_the_way == func).count();
        if chain.len() >= LEVELS || repeated >= RECURSION || !fits(function, inst, &callee) {
            continue;
        }
        let Some(at) = function.inst_block(inst) else { continue };
        left -= callee.size;
        changed = true;
        cfg.compute(body);
        let mut added = if callee.counts { test_depth(function, inst) } else { Vec::new() };
        added.extend(importer.inline(function, context.module, body, &cfg, inst));
        let mut chain = chain;
        chain.push(func);
        for &block in std::iter::once(&at).chain(&added) {
            let mut next = function.first_inst(block);
            while let Some(inst) = next {
                next = function.next_inst(inst);
                if importer.is_new(inst) && matches!(function.inst(inst).op, Op::Call | Op::Invoke) {
                    sites.push_back(Site { inst, limit, chain: chain.clone() });
                }
            }
        }
        behind.resize(function.block_count(), SmallVec::new());
        // What was behind the block before now comes behind what it was split off to.
        let last = added.last().copied().unwrap_or(at);
        let before = std::mem::take(&mut behind[at.index()]);
        behind[at.index()] = added.into_iter().collect();
        if last != at {
            behind[last.index()] = before;
        }
    }
    if !changed {
        return false;
    }
    let mut order = Vec::with_capacity(function.block_count());
    let mut stack: Vec<Block> = Vec::new();
    for block in originals {
        stack.push(block);
        while let Some(block) = stack.pop() {
            order.push(block);
            stack.extend(behind.get(block.index()).into_iter().flatten().rev());
        }
    }
    function.order = order;
    function.remove_aliases();
    context.analyses.invalidate();
    let cfg = context.analyses.cfg(function);
    // What is behind a callee that does not come back.
    if cfg.rpo.len() < function.order.len() {
        function.retain_blocks(|block| cfg.is_reached(block));
    }
    true
}

/// Puts a test in front of a call: if no level is left it is made there, and does not return. Gives the new blocks; the call is in the last one.
fn test_depth(function: &mut Function, call: Inst) -> Vec<Block> {
    let data = *function.inst(call);
    let Some(at) = function.inst_block(call) else { return Vec::new() };
    function.position = function.inst_position(call);
    let (deep, rest) = (function.new_block(), function.new_block());
    function.block_mut(deep).cold = true;
    function.block_mut(rest).cold = function.block(at).cold;
    function.move_tail(call, rest);
    let levels = function.append(at, InstData::new(Op::Levels, Kind::I32));
    let levels = function.result(levels).unwrap_or(Value::NONE);
    let zero = function.constant(Kind::I32, 0);
    let d = function.add_edges(&[(deep, &[]), (rest, &[])]);
    let test = InstData { aux: Cond::Eq as u16, d, ..InstData::binary(Op::BrCmp, Kind::I32, levels, zero) };
    function.append(at, test);
    let args: SmallVec<[Value; 8]> = function.list_values(data.arguments()).collect();
    let b = function.list(&args).start;
    let mut blocks = vec![deep];
    let mut end = deep;
    if data.op == Op::Invoke {
        let Edge { to, args } = function.edge(data.d + 1);
        let args: SmallVec<[Value; 8]> = function.list_values(args).collect();
        end = function.new_block();
        function.block_mut(end).cold = true;
        blocks.push(end);
        let d = function.add_edges(&[(end, &[]), (to, &args)]);
        function.append(deep, InstData { b, d, ..data });
    } else {
        function.append(deep, InstData { b, ..data });
    }
    function.append(end, InstData::new(Op::Unreachable, Kind::None));
    blocks.push(rest);
    blocks
}

/// Looks at a body; none if nobody can have it.
fn look(body: &Function, module: &Module) -> Option<Callee> {
    let counts = body.depth_check.is_some();
    let mut callee =
        Callee { size: 0, leaves: false, counts, invokes: false, raises_with_state: false, returns: false };
    for inst in body.order.iter().flat_map(|&block| body.insts(block)) {
        callee.size += 1;
        if callee.size > BASE + 3 * PER_LOOP {
            return None;
        }
        let data = body.inst(inst);
        callee.leaves |= data.guard().is_some();
        callee.returns |= data.op == Op::Return;
        if counts && (data.op.is_call() || data.op == Op::Levels) {
            return None;
        }
        if data.op.is_call() {
            callee.invokes |= data.op.is_terminator();
            callee.raises_with_state |= data.call_state().is_some() && may_raise(module, body, inst);
        }
    }
    callee.returns.then_some(callee)
}

/// May the call of an instruction raise?
fn may_raise(module: &Module, function: &Function, inst: Inst) -> bool {
    let data = function.inst(inst);
    match data.op {
        Op::Call | Op::Invoke => module.funcs[data.callee().index()].effects.contains(Effects::RAISES),
        op => op.is_call(),
    }
}

/// Can this callee be inlined at this call without a change of meaning?
fn fits(function: &Function, inst: Inst, callee: &Callee) -> bool {
    let data = function.inst(inst);
    if callee.counts && function.sig.convention != Convention::Orus {
        return false;
    }
    match data.op {
        Op::Invoke => !callee.leaves && !callee.raises_with_state,
        _ if data.call_state().is_some() => !callee.invokes,
        _ => !callee.leaves,
    }
}

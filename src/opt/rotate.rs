//! Loop inversion: a loop that tests at its top becomes one that tests at its bottom, behind a test of the first turn.
//!
//! How it works. The header, if it is small and ends with the only test, is copied: the copy is what the loop is entered through, the original is
//! left to the back edges, and if there is but one it is merged with the latch. So a turn has one branch instead of two. What is
//! executed stays the same, instruction by instruction: polls, guards, loads. The header's values have two definitions then, which
//! [`repair`](super::repair) sorts out for all loops at once; that makes the block behind the test the loop's new header.
//!
//! Inner loops first, so that a copied outer header already leads to the copy of an inner one.
//!
//! Cost. The headers' sizes, and one repair.

use super::Context;
use super::fault::planted;
use super::repair::{Copier, Variable, repair};
use crate::ir::cfg::Cfg;
use crate::ir::{Block, Edge, Function, InstData, Kind, Op, Value};
use smallvec::smallvec;

/// How many instructions a header has at most, with its branch.
const SIZE: usize = 12;

struct Candidate {
    header: Block,
    /// Edges into the header that are no back edges.
    entries: Vec<u32>,
    /// The latch that comes last in the function.
    latch: Block,
    /// The number of the edge that stays in the loop, 0 or 1.
    inside: u32,
}

/// Inverts loops.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let candidates = find(function, context);
    if candidates.is_empty() {
        return false;
    }
    let mut variables: Vec<Variable> = Vec::new();
    let mut copier = Copier::default();
    // By block: the copy that comes in its place, and the header that comes behind it.
    let mut copies = vec![Block::NONE; function.block_count()];
    let mut behind = vec![Block::NONE; function.block_count()];
    for Candidate { header, entries, latch, inside } in candidates.iter().rev() {
        let (header, latch) = (*header, *latch);
        copier.clear();
        let copy = copier.copy_blocks(function, &[header])[0];
        // The copy's edges are those of the original; it is no loop of its own.
        for &edge in entries {
            let Edge { args, .. } = function.edge(edge);
            function.set_edge(edge, Edge { to: copy, args });
        }
        let mut names: Vec<Value> = function.params(header).to_vec();
        names.extend(function.insts(header).filter_map(|inst| function.result(inst)));
        variables.extend(
            names
                .into_iter()
                .map(|name| Variable { name, defs: smallvec![(header, name), (copy, copier.value(name))] }),
        );
        copies[header.index()] = copy;
        behind[latch.index()] = header;
        if planted(7)
            && let Some(last) = function.last_inst(copy)
        {
            let d = function.inst(last).d + inside;
            *function.inst_mut(last) = InstData { d, ..InstData::new(Op::Jump, Kind::None) };
        }
    }
    let mut order = Vec::with_capacity(function.order.len());
    for &block in &function.order {
        match copies.get(block.index()).copied() {
            // A copy has its place already.
            None => continue,
            Some(copy) => order.push(copy.some().unwrap_or(block)),
        }
        if let Some(header) = behind[block.index()].some() {
            order.push(header);
        }
    }
    // A header that is the latch of another one is not in the order, nor what was to come behind it.
    let mut placed = vec![false; function.block_count()];
    order.retain(|block| !std::mem::replace(&mut placed[block.index()], true));
    order.extend(function.order.iter().copied().filter(|block| !placed[block.index()]));
    function.order = order;
    context.analyses.invalidate();
    let cfg = context.analyses.cfg(function);
    repair(function, cfg, &variables);
    for Candidate { header, .. } in &candidates {
        merge(function, cfg, *header);
    }
    function.remove_aliases();
    let empty: Vec<bool> =
        (0..function.block_count()).map(|at| function.first_inst(Block(at as u32)).is_none()).collect();
    function.retain_blocks(|block| cfg.is_reached(block) && !empty[block.index()]);
    context.analyses.invalidate();
    true
}

fn find(function: &Function, context: &mut Context<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let (cfg, dom, loops) = context.analyses.loops(function);
    for (number, looped) in loops.loops.iter().enumerate() {
        let header = looped.header;
        let Some(last) = function.last_inst(header) else { continue };
        let data = function.inst(last);
        if !matches!(data.op, Op::Br | Op::BrCmp) || function.insts(header).take(SIZE + 1).count() > SIZE {
            continue;
        }
        let [first, second] = [data.d, data.d + 1].map(|edge| function.edge(edge).to);
        let stays = [first, second].map(|to| loops.contains(number as u32, to));
        let jumps = looped
            .latches
            .iter()
            .all(|&latch| function.last_inst(latch).is_some_and(|last| function.inst(last).op == Op::Jump));
        let inside = if stays[0] { first } else { second };
        if stays[0] == stays[1] || !jumps || inside == header {
            continue;
        }
        if function.insts(header).any(|inst| {
            let data = function.inst(inst);
            data.op.is_call() || data.op == Op::New
        }) {
            continue;
        }
        let entries: Vec<u32> = cfg
            .preds(header)
            .iter()
            .filter(|pred| !dom.dominates(cfg, header, pred.block))
            .map(|pred| pred.edge)
            .collect();
        let latch = looped.latches.iter().copied().max_by_key(|&latch| cfg.number(latch));
        let Some(latch) = latch.filter(|_| !entries.is_empty()) else { continue };
        found.push(Candidate { header, entries, latch, inside: u32::from(!stays[0]) });
    }
    found
}

/// Puts a header that only one jump leads to behind that jump's block.
fn merge(function: &mut Function, cfg: &Cfg, header: Block) {
    let [pred] = cfg.preds(header) else { return };
    // The latch may have been merged itself: then its instructions are elsewhere.
    let args = function.edge(pred.edge).args;
    let Some(jump) = find_jump(function, pred.block, pred.edge) else { return };
    let Some(block) = function.inst_block(jump).filter(|&block| block != header) else { return };
    for index in 0..args.len {
        let (param, arg) = (function.params(header)[index as usize], function.list_value(args, index));
        function.replace(param, arg);
    }
    function.block_mut(header).params.clear();
    function.remove(jump);
    if let Some(first) = function.first_inst(header) {
        function.move_tail(first, block);
    }
}

/// The jump that has an edge, if the block that had it has not been merged with another one.
fn find_jump(function: &Function, block: Block, edge: u32) -> Option<crate::ir::Inst> {
    let last = function.last_inst(block)?;
    let data = function.inst(last);
    (data.op == Op::Jump && data.d == edge).then_some(last)
}

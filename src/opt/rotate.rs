//! Loop inversion: a loop that tests at its top becomes one that tests at its bottom, behind a test of the first turn.
//!
//! How it works. The header, if it is small and ends with the only test, is copied: the copy is what the loop is entered through, the original is
//! left to the back edges, and if there is but one it is merged with the latch. So a turn has one branch instead of two. What is
//! executed stays the same, instruction by instruction: polls, guards, loads. The header's values have two definitions then, which
//! [`repair`](super::repair) sorts out for all loops at once; that makes the block behind the test the loop's new header.
//!
//! The copy is made simple at once, so that nothing has to look at the function again for it: what it computes of constants is computed, and what
//! does not change from turn to turn, whose only definition it then is, is taken out of the original. Between the copy and the loop there
//! is an empty block, the loop's preheader.
//!
//! Inner loops first, so that a copied outer header already leads to the copy of an inner one.
//!
//! Cost. The headers' sizes, and one repair.

use super::fault::planted;
use super::memory::Written;
use super::repair::{State, repair};
use super::{Context, fold, fold_control, params, preheader};
use crate::ir::cfg::Cfg;
use crate::ir::loops::Loop;
use crate::ir::{Block, Def, Edge, Effect, Function, Inst, InstData, Kind, Module, Op, Value};
use smallvec::SmallVec;

/// How many instructions a header has at most, with its branch.
const SIZE: usize = 12;

struct Candidate {
    header: Block,
    /// The loop's number.
    number: usize,
    /// Edges into the header that are no back edges.
    entries: SmallVec<[u32; 4]>,
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
    let mut state = std::mem::take(&mut context.analyses.scratch.repair);
    state.clear();
    // By block: the copy that comes in its place, the preheader behind that, and the header that comes behind it.
    let mut places = std::mem::take(&mut state.places);
    places.clear();
    places.resize(function.block_count(), [Block::NONE; 3]);
    // By block: its values are variables, or will be.
    state.marks.clear();
    state.marks.resize(function.block_count(), false);
    for candidate in &candidates {
        state.marks[candidate.header.index()] = true;
    }
    let (_, _, loops) = context.analyses.loops(function);
    for candidate in candidates.iter().rev() {
        let Candidate { header, latch, inside, .. } = *candidate;
        let copy = copy(function, candidate, &mut state);
        simplify_copy(function, context.module, &loops.loops[candidate.number], copy);
        for index in 0..function.params(header).len() {
            let name = function.params(header)[index];
            state.variable(function, header, name, copy);
        }
        let mut next = function.first_inst(header);
        while let Some(inst) = next {
            next = function.next_inst(inst);
            if let Some(name) = function.result(inst) {
                state.variable(function, header, name, copy);
            }
        }
        let Some(last) = function.last_inst(copy) else { continue };
        if planted(7) {
            let d = function.inst(last).d + inside;
            *function.inst_mut(last) = InstData { d, ..InstData::new(Op::Jump, Kind::None) };
        }
        let preheader = if function.inst(last).op == Op::Jump {
            Block::NONE
        } else {
            preheader::split(function, function.inst(last).d + inside)
        };
        places[header.index()][..2].copy_from_slice(&[copy, preheader]);
        places[latch.index()][2] = header;
    }
    place(function, &places, &mut state);
    state.places = places;
    context.analyses.invalidate();
    let cfg = context.analyses.cfg(function);
    repair(function, cfg, &mut state);
    for Candidate { header, .. } in &candidates {
        merge(function, cfg, *header);
    }
    function.remove_aliases();
    state.marks.clear();
    state.marks.extend((0..function.block_count()).map(|at| function.first_inst(Block(at as u32)).is_none()));
    function.retain_blocks(|block| cfg.is_reached(block) && !state.marks[block.index()]);
    context.analyses.scratch.repair = state;
    context.analyses.invalidate();
    true
}

/// Puts the new blocks, and the headers, where they belong.
fn place(function: &mut Function, places: &[[Block; 3]], state: &mut State) {
    let State { order, marks, .. } = state;
    order.clear();
    marks.clear();
    // By block: it has its place.
    marks.resize(function.block_count(), false);
    let mut put = |block: Block| {
        if !std::mem::replace(&mut marks[block.index()], true) {
            order.push(block);
        }
    };
    for &block in &function.order {
        // A new block is placed by what it belongs to.
        let Some(&[copy, preheader, behind]) = places.get(block.index()) else { continue };
        put(copy.some().unwrap_or(block));
        [preheader, behind].into_iter().filter_map(Block::some).for_each(&mut put);
    }
    // A header that is the latch of another one is not in the order, nor what was to come behind it.
    function.order.iter().copied().for_each(put);
    std::mem::swap(&mut function.order, order);
}

/// Copies a header; the loop is entered through the copy, which is no loop of its own: its edges are those of the original. With one way
/// in, it needs no parameters.
fn copy(function: &mut Function, candidate: &Candidate, state: &mut State) -> Block {
    let Candidate { header, ref entries, .. } = *candidate;
    let State { copier, marks, .. } = state;
    copier.clear();
    let &[entry] = &entries[..] else {
        let copy = copier.copy_blocks(function, &[header])[0];
        for &edge in entries {
            let Edge { args, .. } = function.edge(edge);
            function.set_edge(edge, Edge { to: copy, args });
        }
        return copy;
    };
    let copy = function.new_block();
    function.block_mut(copy).cold = function.block(header).cold;
    copier.set_block(header, copy);
    let Edge { args, .. } = function.edge(entry);
    let mut kept: SmallVec<[Value; 8]> = SmallVec::new();
    for index in 0..args.len {
        let param = function.params(header)[index as usize];
        let arg = function.resolve(function.list_value(args, index));
        // Only what has one definition is one of another variable: `repair` looks for uses in the code.
        let home = match function.def(arg) {
            Def::Inst(inst) => function.inst_block(inst),
            Def::Param(block) => Some(block),
            Def::Const(_) | Def::Alias(_) => None,
        };
        let several = home.is_some_and(|home| marks.get(home.index()) == Some(&true));
        if !several && params::may_become(function, param, arg, 1) {
            copier.set_value(param, arg);
        } else {
            let new = function.add_param(copy, function.ty(param));
            copier.set_value(param, new);
            kept.push(arg);
        }
    }
    let args = function.list(&kept);
    function.set_edge(entry, Edge { to: copy, args });
    copier.copy_insts(function, header, copy);
    copy
}

/// Computes what is constant in the copy of a header, its test too, and takes out of the original what the copy has computed for all turns.
fn simplify_copy(function: &mut Function, module: &Module, looped: &Loop, copy: Block) {
    let header = looped.header;
    let mut written = None;
    let (mut next, mut next_copy) = (function.first_inst(header), function.first_inst(copy));
    while let (Some(inst), Some(made)) = (next, next_copy) {
        (next, next_copy) = (function.next_inst(inst), function.next_inst(made));
        let mut data = *function.inst(made);
        function.resolve_words(&mut data);
        *function.inst_mut(made) = data;
        if data.op.is_terminator() {
            if let Some(taken) = fold_control::known_edge(function, &data) {
                *function.inst_mut(made) =
                    InstData { d: data.d + taken, ..InstData::new(Op::Jump, Kind::None) };
            }
            return;
        }
        let constant = fold::constant(function, &data);
        if let (Some(value), Some(result)) = (constant, function.result(made)) {
            function.replace(result, value);
            function.remove(made);
        }
        let may = match data.op.row().effect {
            Effect::Pure | Effect::Exit => true,
            Effect::Read => !written
                .get_or_insert_with(|| {
                    let mut all = Written::NOTHING;
                    for inst in looped.blocks.iter().flat_map(|&block| function.insts(block)) {
                        all.add(Written::by(function, module, inst));
                    }
                    all
                })
                .contains(data.alias()),
            _ => false,
        };
        if may && is_same(function, header, inst) {
            if let (Some(result), Some(same)) = (function.result(inst), function.result(made)) {
                function.replace(result, same);
            }
            function.remove(inst);
        }
    }
}

/// Do an instruction's operands come from outside of the loop? It stands in the header, so that others come from the header itself.
fn is_same(function: &Function, header: Block, inst: Inst) -> bool {
    let mut same = true;
    function.visit_operands(inst, |value| {
        same &= match function.def(function.resolve(value)) {
            Def::Inst(by) => function.inst_block(by) != Some(header),
            Def::Param(at) => at != header,
            Def::Const(_) | Def::Alias(_) => true,
        };
    });
    same
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
        let entries: SmallVec<[u32; 4]> = cfg
            .preds(header)
            .iter()
            .filter(|pred| !dom.dominates(cfg, header, pred.block))
            .map(|pred| pred.edge)
            .collect();
        let latch = looped.latches.iter().copied().max_by_key(|&latch| cfg.number(latch));
        let Some(latch) = latch.filter(|_| !entries.is_empty()) else { continue };
        found.push(Candidate { header, number, entries, latch, inside: u32::from(!stays[0]) });
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
fn find_jump(function: &Function, block: Block, edge: u32) -> Option<Inst> {
    let last = function.last_inst(block)?;
    let data = function.inst(last);
    (data.op == Op::Jump && data.d == edge).then_some(last)
}

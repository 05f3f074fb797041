//! The graph: constant branches, empty blocks, blocks with one way in, parameters that are always the same.
//!
//! How it works. Three steps. (1) Terminators: a branch on a constant, or with the same edge twice, is a jump; edges into a block that has no
//! parameters and only jumps on lead where that jump leads. Unreachable blocks are taken out. (2) Parameters whose arguments are all the
//! same value, or the parameter itself, are replaced, until there are none. (3) A block that is the only way into another one takes its
//! instructions.
//!
//! Must not. Thread an edge through a block into itself; merge the entry into anything; thread the first edge of an `invoke` or `.or` whose target
//! dominates other blocks: they may need the result, and would lose it.
//!
//! Source. Braun et al., *Simple and Efficient Construction of Static Single Assignment Form* (2013), section 3, for trivial parameters.
//!
//! Cost. Blocks and edges; instructions only where a block is merged.

use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::{Block, Cond, Edge, Function, Inst, InstData, Kind, List, Op, Value};

use super::fault::planted;
use super::{Context, params};

/// How far an edge is followed through empty blocks.
const THREAD: u32 = 16;
/// How often the parameters are looked at.
const ROUNDS: u32 = 8;

/// The pass.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let analyses = &mut *context.analyses;
    let mut changed = false;
    if terminators(function, analyses.cfg(function)) {
        analyses.invalidate();
        changed = true;
    }
    let cfg = analyses.cfg(function);
    if cfg.rpo.len() != function.order.len() {
        function.retain_blocks(|block| cfg.is_reached(block));
        changed = true;
    }
    let mut aliases = equal_params(function, cfg);
    if aliases {
        params::remove_aliased(function, cfg);
    }
    let merged = merge(function, cfg, &mut aliases);
    if aliases {
        function.remove_aliases();
        changed = true;
    }
    if merged {
        let left: Vec<bool> =
            function.order.iter().map(|&block| function.last_inst(block).is_some()).collect();
        let mut left = left.into_iter();
        function.retain_blocks(|_| left.next() == Some(true));
        analyses.invalidate();
        changed = true;
    }
    changed
}

/// Simplifies terminators and their edges. True if any changed.
fn terminators(function: &mut Function, cfg: &Cfg) -> bool {
    let mut changed = false;
    // Of the graph as it was; only for those that need it.
    let mut dom = None;
    for &block in &cfg.rpo {
        let Some(last) = function.last_inst(block) else { continue };
        changed |= known_branch(function, last);
        for (index, edge) in function.inst_edges(last).enumerate() {
            let to = function.edge(edge).to;
            if index == 0 && function.result(last).is_some() && empty(function, to).is_some() {
                let dom = dom.get_or_insert_with(|| Dom::of(cfg));
                if dom.children(cfg, to).next().is_some() {
                    continue;
                }
            }
            changed |= thread(function, edge);
        }
        let data = function.inst(last);
        if matches!(data.op, Op::Br | Op::BrCmp) && same_edge(function, data.d, data.d + 1) {
            jump(function, last, 0);
            changed = true;
        }
    }
    changed
}

fn jump(function: &mut Function, inst: Inst, taken: u32) {
    let edge = function.inst(inst).d + taken;
    *function.inst_mut(inst) = InstData { d: edge, ..InstData::new(Op::Jump, Kind::None) };
}

/// A branch whose edge is known, or that can be written without a negation.
fn known_branch(function: &mut Function, inst: Inst) -> bool {
    let data = *function.inst(inst);
    let first = match data.op {
        Op::Br | Op::BrCmp | Op::Switch => function.as_const(data.first()),
        _ => None,
    };
    let taken = match data.op {
        Op::Br => first.map(|bits| u32::from(bits == 0)),
        Op::Switch => first.map(|bits| (data.b - 1).min(u32::try_from(bits).unwrap_or(u32::MAX))),
        Op::BrCmp => {
            let second = function.as_const(data.second());
            match (first, second) {
                (Some(a), Some(b)) => Some(u32::from(!data.cond().holds(data.kind, a, b))),
                (None, Some(0)) if data.kind == Kind::Bool && data.cond() == Cond::Eq => {
                    negated(function, inst, data);
                    return true;
                }
                _ => None,
            }
        }
        _ => None,
    };
    if let Some(taken) = taken {
        jump(function, inst, taken);
    }
    taken.is_some()
}

/// A branch on a false bool is one on a true bool with its edges exchanged; if it comes from a comparison, on that.
fn negated(function: &mut Function, inst: Inst, data: InstData) {
    let (first, second) = (function.edge(data.d), function.edge(data.d + 1));
    function.set_edge(data.d, second);
    function.set_edge(data.d + 1, first);
    let from = function.def_inst(data.first()).map(|inst| *function.inst(inst));
    let new = match from {
        Some(from) if from.op == Op::Cmp => InstData { op: Op::BrCmp, d: data.d, ..from },
        _ => InstData { d: data.d, ..InstData::unary(Op::Br, Kind::Bool, data.first()) },
    };
    *function.inst_mut(inst) = new;
}

/// Where an edge into a block without parameters goes on to, if there is but a jump in it.
fn thread(function: &mut Function, edge: u32) -> bool {
    let from = function.edge(edge).to;
    let mut to = from;
    let mut last = None;
    for _ in 0..THREAD {
        let Some(next) = empty(function, to) else { break };
        if next.to == to || next.to == from {
            break;
        }
        (to, last) = (next.to, Some(next));
    }
    let Some(last) = last else { return false };
    let values: smallvec::SmallVec<[_; 8]> = function.list_values(last.args).collect();
    let args = function.list(&values);
    function.set_edge(edge, Edge { to: last.to, args });
    true
}

/// The edge of a block that does nothing but jump, and has no parameters.
fn empty(function: &Function, block: Block) -> Option<Edge> {
    let first = function.first_inst(block)?;
    let data = function.inst(first);
    (data.op == Op::Jump && function.params(block).is_empty() && block != function.entry())
        .then(|| function.edge(data.d))
}

fn same_edge(function: &Function, left: u32, right: u32) -> bool {
    let (left, right) = (function.edge(left), function.edge(right));
    left.to == right.to
        && (planted(113) || function.list_values(left.args).eq(function.list_values(right.args)))
}

/// Replaces parameters that can have but one value.
fn equal_params(function: &mut Function, cfg: &Cfg) -> bool {
    let entry = function.entry();
    let mut any = false;
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &block in cfg.rpo.iter().filter(|&&block| block != entry) {
            for index in 0..function.params(block).len() {
                changed |= equal_param(function, cfg, block, index);
            }
        }
        any |= changed;
        if !changed {
            break;
        }
    }
    any
}

fn equal_param(function: &mut Function, cfg: &Cfg, block: Block, index: usize) -> bool {
    let param = function.params(block)[index];
    if function.resolve(param) != param {
        return false;
    }
    let mut same = None;
    for pred in cfg.preds(block) {
        let args: List = function.edge(pred.edge).args;
        let arg = function.resolve(function.list_value(args, index as u32));
        if arg == param || same == Some(arg) {
            continue;
        }
        if same.is_some() {
            return false;
        }
        same = Some(arg);
    }
    match same {
        Some(value) if params::may_become(function, param, value, cfg.preds(block).len()) => {
            function.replace(param, value);
            true
        }
        _ => false,
    }
}

/// Blocks take the instructions of those that only they lead to.
fn merge(function: &mut Function, cfg: &Cfg, aliases: &mut bool) -> bool {
    let entry = function.entry();
    let mut changed = false;
    for &block in &cfg.rpo {
        while let Some(last) = function.last_inst(block)
            && function.inst(last).op == Op::Jump
        {
            let Edge { to, args } = function.edge(function.inst(last).d);
            if to == entry || to == block || cfg.preds(to).len() != 1 {
                break;
            }
            let fit = |(index, &param): (usize, &Value)| {
                params::fits(function, param, function.list_value(args, index as u32))
            };
            if !function.params(to).iter().enumerate().all(fit) {
                break;
            }
            let params = std::mem::take(&mut function.block_mut(to).params);
            for (index, &param) in params.iter().enumerate() {
                let arg = function.list_value(args, index as u32);
                function.replace(param, arg);
                *aliases = true;
            }
            function.remove(last);
            if let Some(first) = function.first_inst(to) {
                function.move_tail(first, block);
            }
            changed = true;
        }
    }
    changed
}

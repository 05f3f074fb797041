//! Preheaders: a block through which alone a loop is entered, and which leads nowhere else.

use smallvec::SmallVec;

use crate::ir::cfg::{Cfg, Pred};
use crate::ir::loops::{Loop, Loops};
use crate::ir::{Block, Edge, Function, InstData, Kind, List, Op, Type, Value};

/// The preheader that a loop has, if it has one.
pub fn existing(
    function: &Function,
    cfg: &Cfg,
    header: Block,
    inside: impl Fn(Block) -> bool,
) -> Option<Pred> {
    let mut outside = cfg.preds(header).iter().filter(|pred| !inside(pred.block));
    let (&pred, None) = (outside.next()?, outside.next()) else { return None };
    let last = function.last_inst(pred.block)?;
    (function.inst(last).op == Op::Jump).then_some(pred)
}

/// Makes a preheader for a loop that has none: edges into the header from outside lead to a new block with parameters like the
/// header's. The graph has to be computed anew.
pub fn make(function: &mut Function, cfg: &Cfg, header: Block, inside: impl Fn(Block) -> bool) -> Block {
    let block = function.new_block();
    // It stands in front of the header.
    function.order.pop();
    let at = function.order.iter().position(|&other| other == header).unwrap_or(function.order.len());
    function.order.insert(at, block);
    let types: SmallVec<[Type; 8]> =
        function.params(header).iter().map(|&param| function.ty(param)).collect();
    let params: SmallVec<[Value; 8]> = types.iter().map(|&ty| function.add_param(block, ty)).collect();
    let edge = function.add_edges(&[(header, &params)]);
    function.append(block, InstData { d: edge, ..InstData::new(Op::Jump, Kind::None) });
    for pred in cfg.preds(header).iter().filter(|pred| !inside(pred.block)) {
        let Edge { args, .. } = function.edge(pred.edge);
        function.set_edge(pred.edge, Edge { to: block, args });
    }
    block
}

/// Puts a block on an edge, at the end of the order. The graph has to be computed anew.
pub fn split(function: &mut Function, edge: u32) -> Block {
    let block = function.new_block();
    let Edge { to, args } = function.edge(edge);
    let d = function.add_edges(&[(to, &[])]);
    function.set_edge(d, Edge { to, args });
    function.append(block, InstData { d, ..InstData::new(Op::Jump, Kind::None) });
    function.set_edge(edge, Edge { to: block, args: List::default() });
    block
}

/// Gives each loop a preheader. True if any had none: the graph has to be computed anew.
pub fn all(function: &mut Function, cfg: &Cfg, loops: &Loops) -> bool {
    let mut changed = false;
    for (index, Loop { header, .. }) in loops.loops.iter().enumerate() {
        let inside = |block: Block| loops.contains(index as u32, block);
        if existing(function, cfg, *header, inside).is_none() {
            make(function, cfg, *header, inside);
            changed = true;
        }
    }
    changed
}

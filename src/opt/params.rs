//! Takes block parameters away, and their arguments on the edges.

use smallvec::SmallVec;

use crate::ir::cfg::Cfg;
use crate::ir::{Block, Def, Edge, Function, Kind, List, TypeId, Value};

/// Takes away the parameters that were [replaced](Function::replace). `cfg` may know more edges than there are now; those are left alone.
pub(super) fn remove_aliased(function: &mut Function, cfg: &Cfg) -> bool {
    remove_if(function, cfg, |function, param| matches!(function.def(param), Def::Alias(_)))
}

/// Takes away the parameters of which `gone` says so; the function's own ones stay. Takes time in proportion to the blocks, and the
/// edges of those that lose parameters.
pub(super) fn remove_if(
    function: &mut Function,
    cfg: &Cfg,
    mut gone: impl FnMut(&Function, Value) -> bool,
) -> bool {
    let mut changed = false;
    let entry = function.entry();
    for &block in cfg.rpo.iter().filter(|&&block| block != entry) {
        if function.params(block).iter().any(|&param| gone(function, param)) {
            changed = true;
            let which: SmallVec<[bool; 16]> =
                function.params(block).iter().map(|&param| gone(function, param)).collect();
            remove(function, cfg, block, &which);
        }
    }
    changed
}

/// Takes away the parameters of one block by their index.
fn remove(function: &mut Function, cfg: &Cfg, block: Block, which: &[bool]) {
    let mut index = 0;
    function.block_mut(block).params.retain(|_| {
        index += 1;
        !which[index - 1]
    });
    for pred in cfg.preds(block) {
        // The edge may have been taken away since the graph was computed.
        if !function.block_edges(pred.block).contains(&pred.edge) {
            continue;
        }
        let Edge { to, args } = function.edge(pred.edge);
        debug_assert_eq!((to, args.len as usize), (block, which.len()));
        let mut kept = 0;
        for (index, gone) in which.iter().enumerate() {
            if !gone {
                let value = function.list_value(args, index as u32);
                function.set_list_value(args, kept, value);
                kept += 1;
            }
        }
        function.set_edge(pred.edge, Edge { to, args: List { start: args.start, len: kept } });
    }
}

/// Can a value stand where another one of this type is used? A reference to some object does not do for one to an object of a layout.
pub(super) fn fits(function: &Function, instead_of: Value, value: Value) -> bool {
    let ty = function.ty(instead_of);
    ty.kind != Kind::Ref
        || ty.id == TypeId(0)
        || function.ty(value) == ty
        || function.as_const(value).is_some()
}

/// May a parameter become the value that it gets on all of its block's edges, `ways` of them? What a terminator gives can be used on
/// its first edge, and behind that only where it is the only way.
pub(super) fn may_become(function: &Function, param: Value, value: Value, ways: usize) -> bool {
    let by_terminator = function.def_inst(value).is_some_and(|inst| function.inst(inst).op.is_terminator());
    (ways <= 1 || !by_terminator) && fits(function, param, value)
}

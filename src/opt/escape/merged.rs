//! Parameters that are a removable object on each edge: they become a parameter for each field.
//!
//! What makes this right: such an object is written to in the block that makes it only, thus before any edge passes it, and never
//! through the parameter. So it does not matter which of its names reads a field. Nobody compares the parameter. And no frame state has two names of what
//! may be one object, which would be made twice: a state with the parameter may have another object of the layout only if that is made where
//! the parameter is already there (then it is another, newer one), and no other such parameter.

use smallvec::SmallVec;

use super::{Access, Object, name_removed};
use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::function::NONE;
use crate::ir::{Alias, Block, Edge, Function, Inst, InstData, Kind, Mem, Module, Op, TypeId, Value};

/// References among blocks' parameters that some edge passes a new object to: block, parameter, layout.
pub(super) fn candidates(
    function: &Function,
    cfg: &Cfg,
    made: impl Fn(Value) -> Option<TypeId>,
) -> Vec<(Block, Value, TypeId)> {
    let mut found: Vec<(Block, Value, TypeId)> = Vec::new();
    let mut changed = true;
    // Parameters that are passed on to others, inner loops' to outer ones': a few rounds.
    for _ in 0..3 {
        if !std::mem::replace(&mut changed, false) {
            break;
        }
        for &block in &cfg.rpo {
            for (index, &param) in function.params(block).iter().enumerate() {
                if function.kind(param) != Kind::Ref
                    || cfg.preds(block).is_empty()
                    || found.iter().any(|known| known.1 == param)
                {
                    continue;
                }
                let layout = cfg.preds(block).iter().find_map(|pred| {
                    let arg = function.list_value(function.edge(pred.edge).args, index as u32);
                    made(arg).or_else(|| found.iter().find(|known| known.1 == arg).map(|known| known.2))
                });
                if let Some(layout) = layout {
                    found.push((block, param, layout));
                    changed = true;
                }
            }
        }
    }
    found
}

/// Decides which objects and parameters escape by being passed, and which parameters are no such objects.
pub(super) fn settle(function: &Function, cfg: &Cfg, dom: &Dom, objects: &mut [Object], number: &[u32]) {
    if objects.iter().all(|object| object.passed.is_empty()) {
        return;
    }
    let is_param = |object: &Object| function.def_inst(object.value).is_none();
    // States: by instruction, the parameters, then the objects in it.
    let mut by_state: Vec<(Inst, u32)> = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        for &(_, inst, access) in &object.accesses {
            if access == Access::State {
                by_state.push((inst, index as u32));
            }
        }
    }
    by_state.sort_unstable();
    let mut bad: Vec<u32> = Vec::new();
    for group in by_state.chunk_by(|left, right| left.0 == right.0) {
        for &(_, at) in group {
            let param = &objects[at as usize];
            if !is_param(param) {
                continue;
            }
            let clashes = group.iter().any(|&(_, other)| {
                let object = &objects[other as usize];
                other != at
                    && object.layout == param.layout
                    && (is_param(object) || !dom.dominates(cfg, param.block, object.block))
            });
            if clashes {
                bad.push(at);
            }
        }
    }
    for at in bad {
        objects[at as usize].escapes = true;
    }
    for object in objects.iter_mut() {
        let param = function.def_inst(object.value).is_none();
        if param {
            object.escapes |= object
                .accesses
                .iter()
                .any(|&(.., access)| matches!(access, Access::Store(_) | Access::Compare | Access::Header));
        }
    }
    loop {
        let mut changed = false;
        for at in 0..objects.len() {
            if objects[at].escapes {
                continue;
            }
            let object = &objects[at];
            let find = |value: Value| number.get(value.index()).copied().filter(|&at| at != u32::MAX);
            let mut escapes = false;
            for &(edge, index) in &object.passed {
                let to = function.edge(edge).to;
                let param = function.params(to)[index as usize];
                let target = find(param).map(|at| &objects[at as usize]);
                escapes |= !target.is_some_and(|target| !target.escapes && target.layout == object.layout);
            }
            if is_param(object) {
                let index = function.params(object.block).iter().position(|&param| param == object.value);
                for pred in cfg.preds(object.block) {
                    let Some(index) = index else { continue };
                    let arg = function.list_value(function.edge(pred.edge).args, index as u32);
                    let source = find(arg).map(|at| &objects[at as usize]);
                    escapes |=
                        !source.is_some_and(|source| !source.escapes && source.layout == object.layout);
                }
                // The result of a terminator could be such an argument, but a `new` is none.
            } else if !object.passed.is_empty() {
                escapes |= object
                    .accesses
                    .iter()
                    .any(|&(block, _, access)| matches!(access, Access::Store(_)) && block != object.block);
            }
            if escapes {
                objects[at].escapes = true;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Replaces the parameters that are objects. Says whether there were any.
pub(super) fn split(function: &mut Function, module: &Module, cfg: &Cfg, objects: &[Object]) -> bool {
    let params: Vec<usize> = (0..objects.len())
        .filter(|&at| !objects[at].escapes && function.def_inst(objects[at].value).is_none())
        .collect();
    if params.is_empty() {
        return false;
    }
    // How each slot is accessed, through whichever name: merged over all objects of the layout that take part.
    let mut layouts: Vec<(TypeId, SmallVec<[Option<Mem>; 8]>)> = Vec::new();
    for object in objects.iter().filter(|object| !object.escapes) {
        let at = layouts.iter().position(|(layout, _)| *layout == object.layout).unwrap_or_else(|| {
            layouts.push((object.layout, SmallVec::from_elem(None, object.mems.len())));
            layouts.len() - 1
        });
        for (known, &mem) in layouts[at].1.iter_mut().zip(&object.mems) {
            match (*known, mem) {
                (Some(a), Some(b)) if a != b => return false,
                (None, Some(_)) => *known = mem,
                _ => {}
            }
        }
    }
    // What nobody accesses is passed all the same, for frame states.
    for (layout, mems) in &mut layouts {
        let references = module.layouts[layout.index()].references as usize;
        for (slot, mem) in mems.iter_mut().enumerate() {
            mem.get_or_insert(if slot < references { Mem::Ref } else { Mem::I64 });
        }
    }
    // References keep no layout on the way through parameters.
    let promised = objects.iter().filter(|object| !object.escapes).any(|object| {
        object.accesses.iter().any(|&(_, inst, access)| {
            matches!(access, Access::Load(_))
                && function.result(inst).is_some_and(|value| function.ty(value).id != TypeId(0))
        })
    });
    if promised {
        return false;
    }
    // The parameters for the fields.
    let mut fields: Vec<SmallVec<[Value; 8]>> = vec![SmallVec::new(); objects.len()];
    for &at in &params {
        let object = &objects[at];
        let mems = layouts.iter().find(|(layout, _)| *layout == object.layout).map(|(_, mems)| mems.clone());
        for mem in mems.into_iter().flatten() {
            let field = function.add_param(object.block, mem.unwrap_or(Mem::I64).kind());
            fields[at].push(field);
        }
    }
    // Each edge passes the fields: those of the parameter that it passed, or loaded from the object.
    for &at in &params {
        let (block, value, layout) = (objects[at].block, objects[at].value, objects[at].layout);
        let Some(index) = function.params(block).iter().position(|&param| param == value) else { continue };
        let mems = layouts.iter().find(|known| known.0 == layout).map(|(_, mems)| mems.clone());
        for pred in cfg.preds(block) {
            let Edge { to, args } = function.edge(pred.edge);
            let arg = function.list_value(args, index as u32);
            let mut values: SmallVec<[Value; 8]> = function.list_values(args).collect();
            match params.iter().find(|&&at| objects[at].value == arg) {
                Some(&source) => values.extend(fields[source].iter().copied()),
                None => {
                    let Some(last) = function.last_inst(pred.block) else { continue };
                    for (slot, mem) in mems.iter().flatten().enumerate() {
                        let mem = mem.unwrap_or(Mem::I64);
                        let load = InstData {
                            aux: InstData::access(mem, 0, Alias::RAW),
                            b: NONE,
                            c: 8 + 8 * slot as u32,
                            ..InstData::unary(Op::Load, mem.kind(), arg)
                        };
                        let load = function.insert_before(last, load);
                        values.extend(function.result(load));
                    }
                }
            }
            let args = function.list(&values);
            function.set_edge(pred.edge, Edge { to, args });
        }
    }
    // What read the parameter.
    for &at in &params {
        let object = &objects[at];
        for &(_, inst, access) in &object.accesses {
            match access {
                Access::Load(slot) => {
                    if let Some(result) = function.result(inst) {
                        function.replace(result, fields[at][slot as usize]);
                    }
                    function.remove(inst);
                }
                Access::State => name_removed(function, object, inst, &fields[at]),
                _ => {}
            }
        }
    }
    // The parameter itself goes, last of all: places of arguments were counted with it.
    for &at in &params {
        let (block, value) = (objects[at].block, objects[at].value);
        let Some(index) = function.params(block).iter().position(|&param| param == value) else { continue };
        function.block_mut(block).params.remove(index);
        for pred in cfg.preds(block) {
            let Edge { to, args } = function.edge(pred.edge);
            let mut values: SmallVec<[Value; 8]> = function.list_values(args).collect();
            values.remove(index);
            let args = function.list(&values);
            function.set_edge(pred.edge, Edge { to, args });
        }
    }
    true
}

//! Products of induction variables become induction variables.
//!
//! `i * c` with `i` a header's parameter that each back edge leaves alone or moves by a constant, and `c` from outside, is a
//! parameter of its own: `i0 * c` on entry, moved by the constant times `c`. Wrapping is a ring, so this is exact. Only products that
//! each turn computes (their block dominates the latches), and at most [`MOST`] for a loop: each costs a register.

use super::super::Analyses;
use super::super::repair::append_arg;
use super::Emit;
use crate::ir::{Block, Def, Function, Inst, InstData, Kind, Op, Value};

/// How many products of a loop are reduced.
const MOST: u32 = 2;

struct Product {
    inst: Inst,
    kind: Kind,
    header: Block,
    index: u32,
    factor: Value,
    entry: (Block, u32),
    /// Latches, their edges, and by how much the variable moves there, as bits.
    backs: Vec<(Block, u32, u64)>,
}

pub(super) fn reduce(function: &mut Function, analyses: &mut Analyses) -> bool {
    let mut found: Vec<Product> = Vec::new();
    let (cfg, dom, loops) = analyses.loops(function);
    if loops.loops.is_empty() {
        return false;
    }
    for (number, looped) in loops.loops.iter().enumerate() {
        let mut entry = None;
        let mut several = false;
        let mut backs = Vec::new();
        for pred in cfg.preds(looped.header) {
            if dom.dominates(cfg, looped.header, pred.block) {
                backs.push((pred.block, pred.edge));
            } else {
                several |= entry.replace((pred.block, pred.edge)).is_some();
            }
        }
        let Some(entry) = entry.filter(|_| !several) else { continue };
        let mut left = MOST;
        for &block in looped.blocks.iter().filter(|&&block| loops.innermost(block) == Some(number as u32)) {
            if !looped.latches.iter().all(|&latch| dom.dominates(cfg, block, latch)) {
                continue;
            }
            for inst in function.insts(block) {
                let data = function.inst(inst);
                if data.op != Op::Mul || !data.kind.is_int() || left == 0 {
                    continue;
                }
                let outside = |value: Value| match function.def(value) {
                    Def::Const(_) => true,
                    Def::Param(at) => !loops.contains(number as u32, at),
                    Def::Inst(inst) => {
                        function.inst_block(inst).is_some_and(|at| !loops.contains(number as u32, at))
                    }
                    Def::Alias(_) => false,
                };
                let (a, b) = (function.resolve(data.first()), function.resolve(data.second()));
                let pair = [(a, b), (b, a)].into_iter().find_map(|(variable, factor)| {
                    let index = function.params(looped.header).iter().position(|&param| param == variable)?;
                    outside(factor).then_some((index as u32, factor))
                });
                let Some((index, factor)) = pair else { continue };
                let param = function.params(looped.header)[index as usize];
                let steps: Option<Vec<(Block, u32, u64)>> = backs
                    .iter()
                    .map(|&(latch, edge)| {
                        let arg = function.resolve(function.list_value(function.edge(edge).args, index));
                        step(function, arg, param).map(|step| (latch, edge, step))
                    })
                    .collect();
                let Some(steps) = steps else { continue };
                left -= 1;
                found.push(Product {
                    inst,
                    kind: data.kind,
                    header: looped.header,
                    index,
                    factor,
                    entry,
                    backs: steps,
                });
            }
        }
    }
    for product in &found {
        rewrite(function, product);
    }
    !found.is_empty()
}

/// By how much a value exceeds the parameter, as bits.
fn step(function: &Function, value: Value, param: Value) -> Option<u64> {
    if value == param {
        return Some(0);
    }
    let data = function.inst(function.def_inst(value)?);
    let down = match data.op {
        Op::Add | Op::AddChecked | Op::AddOr => false,
        Op::Sub | Op::SubChecked | Op::SubOr => true,
        _ => return None,
    };
    let by = function.as_const(function.resolve(data.second()))?;
    (function.resolve(data.first()) == param).then(|| if down { by.wrapping_neg() } else { by })
}

fn rewrite(function: &mut Function, product: &Product) {
    let Product { inst, kind, header, index, factor, entry, ref backs } = *product;
    let Some(before) = function.last_inst(entry.0) else { return };
    let Some(result) = function.result(inst) else { return };
    let param = function.add_param(header, kind);
    let start = function.list_value(function.edge(entry.1).args, index);
    let mut emit = Emit { function, before };
    let begin = match (emit.function.as_const(start), emit.function.as_const(factor)) {
        (Some(a), Some(b)) => emit.constant(kind, a.wrapping_mul(b)),
        (Some(number), None) => emit.mul(kind, factor, number),
        (None, Some(number)) => emit.mul(kind, start, number),
        (None, None) => emit.op(Op::Mul, kind, start, factor),
    };
    append_arg(emit.function, entry.1, begin);
    let constant = function.as_const(factor);
    for &(latch, edge, step) in backs {
        let next = if step == 0 {
            param
        } else {
            let mut emit = Emit { function, before };
            let by = match constant {
                Some(number) => emit.constant(kind, number.wrapping_mul(step)),
                None if kind.canonical(step) == 1 => factor,
                None => emit.mul(kind, factor, step),
            };
            match function.last_inst(latch) {
                Some(last) => {
                    let mut emit = Emit { function, before: last };
                    emit.put(InstData::binary(Op::Add, kind, param, by))
                }
                None => param,
            }
        };
        append_arg(function, edge, next);
    }
    function.replace(result, param);
    function.remove(inst);
}

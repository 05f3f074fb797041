//! Vectorising of counted loops over arrays: several turns at once, and the scalar loop for the rest.
//!
//! How it works. A loop of one block `L` (inverted, see [`rotate`](super::rotate)) that counts up by one to a limit from outside gets blocks in front:
//!
//! ```text
//! P:  limit = n - W, if more than W turns are left, else the least number        (W lanes)
//!     jump V0(i, …, limit)
//! V0(i, …, limit):  br i < limit, VP, L(i, …, limit)
//! VP: end = min(limit, i + strip);  what is the same in all lanes;  jump VL(i, zeros)
//! VL(j, sums):  W turns at once;  br j + W < end, VL, VX
//! VX: lanes are combined;  jump L(j + W, …, limit)
//! L:  as it was, but its back edge leads to V0
//! ```
//!
//! After each strip a turn of the scalar loop follows, and at least one turn is always left to it. So what is used behind the loop is
//! the scalar loop's, frame states are its own (none is in the vector blocks), and its poll is reached once in [`STRIP`] turns at most.
//!
//! What is vectorised (`plan`): loads and stores of consecutive elements, lane operations, selects; sums, `and`, `or`, `xor` and counts of integers, `min` and `max`
//! of 32 bits, the last value of a variable. Sums of f64 keep their order: such loops stay as they are. All lanes of a loop are of one size.
//!
//! Checked arithmetic is exact, to the frame state:
//! - A checked sum in order overflows at none of its steps if no element exceeds 2^22 (2^54 of 64 bits) in size, a strip has at most 256 of them, and the sum
//!   before is below 2^30 (2^62). This is tested after each strip; if it fails, the scalar loop runs from the strip's beginning, with a limit that keeps it from
//!   coming back.
//! - In maps, lanes that overflow are found before anything of these turns is stored; then the scalar loop goes on from there, in the same way.
//!
//! Memory. Accesses of one class in two places may overlap. Each store needs, for every other access of its class: the same index and displacement (then the
//! order within a turn is kept, whatever the bases); or another base, compared before the loop. Distances on one base are declined.
//!
//! Cost. The loops' instructions, a few times.
//! Source. Allen, Kennedy, *Optimizing Compilers for Modern Architectures* (2001), chapter 5, of which this is the simplest case.

mod emit;
mod plan;

use super::Context;
use super::pipeline::Vectors;
use crate::ir::{Block, Cond, Def, Function, Inst, Kind, Op, Value};

/// How many turns a strip has at most.
pub const STRIP: u32 = 4000;
/// How many turns a strip with a checked sum has.
pub const CHECKED_STRIP: u32 = 256;
/// How many instructions a loop has at most.
pub const SIZE: usize = 48;

/// A loop that counts.
#[derive(Clone, Debug)]
struct Shape {
    block: Block,
    /// Where it is entered from, and by which edge.
    entry: Block,
    entry_edge: u32,
    /// The edge back.
    back_edge: u32,
    /// Which parameter counts.
    counter: usize,
    /// Its next value.
    next: Value,
    /// It goes on while the next value is below this, or equal.
    limit: Value,
    inclusive: bool,
    kind: Kind,
}

/// Vectorises what it can.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let vectors = context.options.vectors;
    let kind = if vectors.contains(Vectors::V256) {
        Kind::V256
    } else if vectors.contains(Vectors::V128) {
        Kind::V128
    } else {
        return false;
    };
    let (cfg, _, loops) = context.analyses.loops(function);
    let mut plans = Vec::new();
    for looped in &loops.loops {
        let [block] = looped.blocks[..] else { continue };
        let [a, b] = cfg.preds(block) else { continue };
        let (back, entry) = if a.block == block { (a, b) } else { (b, a) };
        if entry.block == block || function.insts(block).take(SIZE + 1).count() > SIZE {
            continue;
        }
        let Some(shape) = shape(function, block, (entry.block, entry.edge), back.edge) else { continue };
        if let Some(plan) = plan::plan(function, &shape, kind) {
            plans.push((shape, plan));
        }
    }
    if plans.is_empty() {
        return false;
    }
    for (shape, plan) in &plans {
        emit::emit(function, shape, plan, kind);
    }
    context.analyses.invalidate();
    true
}

/// Does a value come from outside of a block that is a loop?
fn is_outside(function: &Function, block: Block, value: Value) -> bool {
    match function.def(value) {
        Def::Const(_) => true,
        Def::Param(at) => at != block,
        Def::Inst(inst) => function.inst_block(inst).is_some_and(|at| at != block),
        Def::Alias(_) => false,
    }
}

fn shape(function: &Function, block: Block, entry: (Block, u32), back_edge: u32) -> Option<Shape> {
    let last = function.last_inst(block)?;
    let data = *function.inst(last);
    if data.op != Op::BrCmp || !data.kind.is_int() {
        return None;
    }
    // Values of a terminator are only there behind it, where nothing can be put.
    let before = function.last_inst(entry.0)?;
    if function.result(before).is_some() {
        return None;
    }
    let stays = if back_edge == data.d { data.cond() } else { data.cond().negated() };
    let args = function.edge(back_edge).args;
    let back: Vec<Value> = function.list_values(args).collect();
    for (cond, next, limit) in
        [(stays, data.first(), data.second()), (stays.swapped(), data.second(), data.first())]
    {
        let cond = if data.kind.is_signed() { cond } else { plain(cond) };
        if !matches!(cond, Cond::Lt | Cond::Le | Cond::Ne) || !is_outside(function, block, limit) {
            continue;
        }
        let counter = back.iter().position(|&arg| arg == next)?;
        let step: Inst = function.def_inst(next)?;
        let sum = function.inst(step);
        let steps = matches!(sum.op, Op::Add | Op::AddChecked)
            && sum.first() == function.params(block)[counter]
            && function.as_const(sum.second()) == Some(1)
            && function.inst_block(step) == Some(block);
        if steps {
            return Some(Shape {
                block,
                entry: entry.0,
                entry_edge: entry.1,
                back_edge,
                counter,
                next,
                limit,
                inclusive: cond == Cond::Le,
                kind: data.kind,
            });
        }
    }
    None
}

/// Of an unsigned kind all comparisons are unsigned.
fn plain(cond: Cond) -> Cond {
    match cond {
        Cond::Below => Cond::Lt,
        Cond::BelowEq => Cond::Le,
        Cond::Above => Cond::Gt,
        Cond::AboveEq => Cond::Ge,
        other => other,
    }
}

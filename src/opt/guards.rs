//! What dominating branches and guards say about comparisons.
//!
//! How it works. Two values of a kind stand to each other in one of a few ways: equal, less, greater, for signed kinds each with less or greater as
//! unsigned, for f64 also unordered. What is known about a pair of values is the set of ways that are still possible; a condition is the set of ways in which
//! it holds. A branch's edge, where it is the only way into a block, and a guard that was passed, cut the set down; it is entered in
//! the walk's table with the lower value first. So `a < b` decides `a <= b`, `a != b`, `b < a` and so on, and `a <= b` with `a != b`
//! decides `a < b`.
//!
//! Must not. Believe a branch in a block that has another way in; believe that f64 are ordered.
//!
//! Source. Bodík, Gupta, Soffa, *Interprocedural Conditional Branch Elimination* (PLDI 1997), for the idea; here only down the dominator tree.
//! Comparisons of one value with different constants are the range analysis' affair.
//!
//! Cost. A look-up for each comparison, an entry for each branch and guard.

use crate::ir::cfg::Pred;
use crate::ir::{Cond, Function, InstData, Kind, Op, Value};

use super::Context;
use super::fault::planted;
use super::forward::{Flags, Forward};
use super::gvn::Key;

/// Ways in which two values stand to each other. Signed kinds: less and below, less and above, greater and below, greater and above. Other kinds:
/// the first is less, the last is greater.
const EQUAL: u32 = 1;
const LESS_BELOW: u32 = 1 << 1;
const LESS_ABOVE: u32 = 1 << 2;
const GREATER_BELOW: u32 = 1 << 3;
const GREATER_ABOVE: u32 = 1 << 4;
const UNORDERED: u32 = 1 << 5;

/// All ways for a kind.
const fn all(kind: Kind) -> u32 {
    match kind {
        Kind::I32 | Kind::I64 => EQUAL | LESS_BELOW | LESS_ABOVE | GREATER_BELOW | GREATER_ABOVE,
        Kind::F64 => EQUAL | LESS_BELOW | GREATER_ABOVE | UNORDERED,
        _ => EQUAL | LESS_BELOW | GREATER_ABOVE,
    }
}

/// The ways in which a condition holds.
const fn ways(cond: Cond, kind: Kind) -> u32 {
    let ways = match cond {
        Cond::Eq => EQUAL,
        Cond::Ne => !EQUAL,
        Cond::Lt => LESS_BELOW | LESS_ABOVE,
        Cond::Le => EQUAL | LESS_BELOW | LESS_ABOVE,
        Cond::Gt => GREATER_BELOW | GREATER_ABOVE,
        Cond::Ge => EQUAL | GREATER_BELOW | GREATER_ABOVE,
        Cond::Below => LESS_BELOW | GREATER_BELOW,
        Cond::BelowEq => EQUAL | LESS_BELOW | GREATER_BELOW,
        Cond::Above => LESS_ABOVE | GREATER_ABOVE,
        Cond::AboveEq => EQUAL | LESS_ABOVE | GREATER_ABOVE,
    };
    ways & all(kind)
}

/// The same of the operands in the other order.
const fn swapped(ways: u32) -> u32 {
    let kept = ways & (EQUAL | UNORDERED);
    let outer = (ways & LESS_BELOW) << 3 | (ways & GREATER_ABOVE) >> 3;
    let inner = (ways & LESS_ABOVE) << 1 | (ways & GREATER_BELOW) >> 1;
    kept | outer | inner
}

/// How the two operands may stand to each other, in the order of the table.
fn possible(walk: &Forward<'_>, kind: Kind, a: Value, b: Value) -> u32 {
    walk.state.table.find(&Key::relation(a.min(b), a.max(b))).unwrap_or(all(kind))
}

/// Whether a comparison is known to hold, or not to.
#[inline]
pub(super) fn known(walk: &Forward<'_>, data: &InstData) -> Option<bool> {
    let (a, b) = (data.first(), data.second());
    let possible = possible(walk, data.kind, a, b);
    let mut holds = ways(data.cond(), data.kind);
    if a > b {
        holds = swapped(holds);
    }
    if possible & !holds == 0 {
        Some(true)
    } else if possible & holds == 0 {
        Some(false)
    } else {
        None
    }
}

/// Whether a bool is known.
#[inline]
pub(super) fn known_bool(walk: &Forward<'_>, value: Value) -> Option<bool> {
    if let Some(bits) = walk.state.table.find(&Key::truth(value)) {
        return Some(bits == 1);
    }
    let inst = walk.function.def_inst(value)?;
    let data = walk.function.inst(inst);
    if data.op == Op::Cmp { known(walk, data) } else { None }
}

/// From here on, a comparison holds or not.
fn learn(walk: &mut Forward<'_>, kind: Kind, cond: Cond, a: Value, b: Value, holds: bool) {
    let mut ways = ways(cond, kind);
    if planted(107) && cond == Cond::Lt {
        ways = LESS_BELOW;
    }
    if !holds {
        ways = all(kind) & !ways;
    }
    if a > b {
        ways = swapped(ways);
    }
    let before = possible(walk, kind, a, b);
    if before & ways != before {
        walk.state.table.enter(Key::relation(a.min(b), a.max(b)), before & ways);
    }
}

/// From here on, a bool is this; and what follows from it.
fn learn_bool(walk: &mut Forward<'_>, value: Value, holds: bool, depth: u32) {
    if walk.function.as_const(value).is_some() {
        return;
    }
    walk.state.table.enter(Key::truth(value), u32::from(holds));
    let Some(inst) = walk.function.def_inst(value) else { return };
    let data = *walk.function.inst(inst);
    match data.op {
        Op::Cmp => learn(walk, data.kind, data.cond(), data.first(), data.second(), holds),
        _ if depth == 0 => {}
        Op::Not => learn_bool(walk, data.first(), !holds, depth - 1),
        // Both are true, or both false.
        Op::And if holds => {
            learn_bool(walk, data.first(), true, depth - 1);
            learn_bool(walk, data.second(), true, depth - 1);
        }
        Op::Or if !holds => {
            learn_bool(walk, data.first(), false, depth - 1);
            learn_bool(walk, data.second(), false, depth - 1);
        }
        _ => {}
    }
}

/// What follows from a condition in one of its two forms.
fn learn_condition(walk: &mut Forward<'_>, data: &InstData, holds: bool) {
    match data.op {
        Op::Br | Op::Guard => learn_bool(walk, data.first(), holds, 4),
        // A bool that equals a constant.
        _ if data.kind == Kind::Bool
            && matches!(data.cond(), Cond::Eq | Cond::Ne)
            && walk.function.as_const(data.second()).is_some() =>
        {
            let is = walk.function.as_const(data.second()) == Some(1);
            learn_bool(walk, data.first(), (data.cond() == Cond::Eq) == (holds == is), 4);
        }
        _ => learn(walk, data.kind, data.cond(), data.first(), data.second(), holds),
    }
}

/// What holds in a block that this edge alone leads to.
pub(super) fn edge(walk: &mut Forward<'_>, pred: Pred) {
    let Some(last) = walk.function.last_inst(pred.block) else { return };
    let data = *walk.function.inst(last);
    if matches!(data.op, Op::Br | Op::BrCmp) {
        learn_condition(walk, &data, pred.edge == data.d);
    }
}

/// What holds behind a guard.
pub(super) fn guard(walk: &mut Forward<'_>, data: &InstData) {
    learn_condition(walk, data, true);
}

/// What holds behind checked arithmetic: a divisor is not zero.
pub(super) fn checked(walk: &mut Forward<'_>, data: &InstData) {
    if matches!(data.op, Op::DivChecked | Op::RemChecked) {
        let zero = walk.function.constant(data.kind, 0);
        if walk.function.as_const(data.second()).is_none() {
            learn(walk, data.kind, Cond::Ne, data.second(), zero, true);
        }
    }
}

/// The pass: redundant branches and guards alone.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    Forward::run(function, context, Flags::GUARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sets agree with the conditions on constants, and with the other order.
    #[test]
    fn ways_say_what_conditions_say() {
        let integers =
            [0u64, 1, 2, 0x7fff_ffff, 0x8000_0000, u64::from(u32::MAX), i64::MAX as u64, 1 << 63, u64::MAX];
        let floats = [0.0, -0.0, 1.0, -1.5, f64::INFINITY, f64::NAN].map(f64::to_bits);
        for kind in [Kind::I32, Kind::I64, Kind::U32, Kind::U64, Kind::F64, Kind::Bool, Kind::Ref] {
            let corners: &[u64] = if kind == Kind::F64 { &floats } else { &integers };
            for (&a, &b) in corners.iter().flat_map(|a| corners.iter().map(move |b| (a, b))) {
                let (a, b) = (kind.canonical(a), kind.canonical(b));
                // The way in which these two stand to each other is in the sets of exactly the conditions that hold.
                let way = Cond::ALL.iter().filter(|cond| !cond_is_odd(**cond, kind)).fold(
                    all(kind),
                    |way, &cond| {
                        if cond.holds(kind, a, b) { way & ways(cond, kind) } else { way & !ways(cond, kind) }
                    },
                );
                assert_eq!(way.count_ones(), 1, "{kind} {a:#x} {b:#x}: {way:#b}");
                for cond in Cond::ALL.into_iter().filter(|&cond| !cond_is_odd(cond, kind)) {
                    assert_eq!(way & ways(cond, kind) != 0, cond.holds(kind, a, b));
                    assert_eq!(swapped(way) & ways(cond, kind) != 0, cond.holds(kind, b, a));
                }
            }
        }
    }

    fn cond_is_odd(cond: Cond, kind: Kind) -> bool {
        kind == Kind::F64 && cond as u8 >= Cond::Below as u8
    }
}

//! Folding of what is no value: guards, branches, switches, and addresses.
//!
//! How it works. The condition of a branch or guard is folded as a comparison would be; a bool that comes from a comparison is replaced by it
//! (the comparison then often has no use left), a negation turns the condition around. What is known to hold is a jump, or nothing; what
//! never does an `exit`. In an address, sums and shifts of 64 bits become displacement, index and scale.
//!
//! Must not. Negate an order of f64: with a NaN neither holds. Take a sum of 32 bits into an address: the index is extended after it
//! wraps. Exchange edges: the walk knows them by number.

use crate::ir::arith;
use crate::ir::{Cond, Function, Inst, InstData, Kind, Op, Value};

use super::fault::planted;
use super::fold::Folded;
use super::forward::{Flags, Forward};
use super::guards;

/// What is known about a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    /// Whether it holds.
    Known(bool),
    /// Nothing.
    Open,
}

/// May a comparison be replaced by its opposite?
pub(super) fn is_negatable(kind: Kind, cond: Cond) -> bool {
    kind != Kind::F64 || planted(102) || matches!(cond, Cond::Eq | Cond::Ne)
}

/// Simplifies the condition of a branch or guard, in one of the two forms that each has.
pub(super) fn condition(walk: &mut Forward<'_>, at: Inst, data: &mut InstData) -> Condition {
    let fold = walk.flags.contains(Flags::FOLD);
    // It is `value`, or not that, as long as there is one; else the comparison.
    let mut value = matches!(data.op, Op::Guard | Op::Br).then(|| data.first());
    let mut negated = false;
    let mut cmp = InstData::binary(Op::Cmp, data.kind, data.first(), data.second());
    cmp.aux = data.aux;
    for _ in 0..16 {
        if let Some(current) = value {
            if let Some(bits) = walk.function.as_const(current) {
                return if fold { Condition::Known((bits == 1) != negated) } else { Condition::Open };
            }
            if walk.flags.contains(Flags::GUARDS)
                && let Some(known) = guards::known_bool(walk, current)
            {
                return Condition::Known(known != negated);
            }
            let from = walk.function.def_inst(current).map(|inst| *walk.function.inst(inst));
            match from {
                Some(from) if fold && from.op == Op::Not => {
                    (value, negated) = (Some(from.first()), !negated);
                    continue;
                }
                Some(from)
                    if fold && from.op == Op::Cmp && (!negated || is_negatable(from.kind, from.cond())) =>
                {
                    cmp = from;
                    if negated {
                        cmp.aux = from.cond().negated() as u16;
                    }
                    (value, negated) = (None, false);
                }
                _ => break,
            }
        }
        if fold {
            match walk.fold(at, &mut cmp) {
                Folded::Value(known) => {
                    value = Some(known);
                    continue;
                }
                _ if cmp.op == Op::Not => {
                    (value, negated) = (Some(cmp.first()), true);
                    continue;
                }
                _ if cmp.op != Op::Cmp => {
                    value = Some(walk.build(at, cmp));
                    continue;
                }
                _ => {}
            }
        }
        if walk.flags.contains(Flags::GUARDS)
            && let Some(known) = guards::known(walk, &cmp)
        {
            return Condition::Known(known);
        }
        break;
    }
    if fold {
        if let Some(value) = value.filter(|_| negated) {
            let no = walk.function.bool(false);
            cmp = InstData::binary(Op::Cmp, Kind::Bool, value, no);
            cmp.aux = Cond::Eq as u16;
        }
        write(data, value.filter(|_| !negated), &cmp);
    }
    Condition::Open
}

/// Makes a branch or guard depend on a bool, or else on a comparison.
fn write(data: &mut InstData, value: Option<Value>, cmp: &InstData) {
    let guard = data.guard();
    let is_guard = matches!(data.op, Op::Guard | Op::GuardCmp);
    if let Some(value) = value {
        *data = InstData { op: if is_guard { Op::Guard } else { Op::Br }, kind: Kind::Bool, aux: 0, ..*data };
        (data.a, data.b, data.c) = (value.0, u32::MAX, u32::MAX);
    } else {
        let op = if is_guard { Op::GuardCmp } else { Op::BrCmp };
        *data = InstData { op, kind: cmp.kind, aux: cmp.aux, ..*data };
        (data.a, data.b, data.c) = (cmp.a, cmp.b, u32::MAX);
    }
    if let Some(guard) = guard {
        *data.word_mut(data.op.row().guard) = guard.0;
    }
}

/// Which edge a branch on constants takes, by its index.
pub(super) fn known_edge(function: &Function, data: &InstData) -> Option<u32> {
    let first = function.as_const(data.first());
    match data.op {
        Op::Br => first.map(|bits| u32::from(bits == 0)),
        Op::Switch => first.map(|bits| (data.b - 1).min(u32::try_from(bits).unwrap_or(u32::MAX))),
        Op::BrCmp => {
            let second = function.as_const(data.second())?;
            Some(u32::from(!data.cond().holds(data.kind, first?, second)))
        }
        _ => None,
    }
}

/// Simplifies a terminator. True if it lost an edge.
pub(super) fn terminator(walk: &mut Forward<'_>, inst: Inst, data: &mut InstData) -> bool {
    let taken = match data.op {
        Op::Br | Op::BrCmp => match condition(walk, inst, data) {
            Condition::Known(holds) => u32::from(!holds),
            Condition::Open => return false,
        },
        Op::Switch if walk.flags.contains(Flags::FOLD) => match walk.function.as_const(data.first()) {
            Some(bits) => (data.b - 1).min(u32::try_from(bits).unwrap_or(u32::MAX)),
            None => return false,
        },
        Op::AddOr | Op::SubOr | Op::MulOr if walk.flags.contains(Flags::FOLD) => {
            match or_else(walk, inst, data) {
                Some(edge) => edge,
                None => return false,
            }
        }
        _ => return false,
    };
    let edge = data.d + taken;
    *data = InstData::new(Op::Jump, Kind::None);
    data.d = edge;
    true
}

/// Arithmetic with two edges is folded as checked arithmetic is. Which edge is taken, if that is known.
fn or_else(walk: &mut Forward<'_>, inst: Inst, data: &mut InstData) -> Option<u32> {
    let pair = |op: Op| match op {
        Op::AddOr => Op::AddChecked,
        Op::SubOr => Op::SubChecked,
        Op::MulOr => Op::MulChecked,
        Op::AddChecked => Op::AddOr,
        Op::SubChecked => Op::SubOr,
        Op::MulChecked => Op::MulOr,
        op => op,
    };
    let mut checked = InstData::binary(pair(data.op), data.kind, data.first(), data.second());
    match walk.fold(inst, &mut checked) {
        Folded::Leaves => Some(1),
        Folded::Value(value) => {
            if let Some(result) = walk.function.result(inst) {
                walk.function.replace(result, value);
            }
            Some(0)
        }
        _ => {
            if matches!(pair(checked.op), Op::AddOr | Op::SubOr | Op::MulOr) {
                (data.op, data.a, data.b) = (pair(checked.op), checked.a, checked.b);
            }
            debug_assert_ne!(arith::unchecked(data.op), data.op);
            None
        }
    }
}

/// Folds sums and shifts into the address of a load or store.
pub(super) fn address(walk: &mut Forward<'_>, data: &mut InstData) {
    for _ in 0..8 {
        if !base(walk, data) && !index(walk, data) {
            return;
        }
    }
}

fn displaced(data: &mut InstData, bytes: i128) -> bool {
    match i32::try_from(i128::from(data.offset()) + bytes) {
        Ok(offset) => {
            data.c = offset as u32;
            true
        }
        Err(_) => false,
    }
}

fn set_index(data: &mut InstData, index: Option<Value>, scale: u8) {
    data.b = index.unwrap_or(Value::NONE).0;
    data.aux = InstData::access(data.mem(), scale, data.alias());
}

/// One step at the base.
fn base(walk: &mut Forward<'_>, data: &mut InstData) -> bool {
    let function = &*walk.function;
    let Some(inst) = function.def_inst(data.first()) else { return false };
    let from = *function.inst(inst);
    if from.op != Op::Add {
        return false;
    }
    match function.as_const(from.second()) {
        Some(bits) => {
            let done = displaced(data, i128::from(bits as i64));
            if done {
                data.a = from.a;
            }
            done
        }
        None if data.second().is_none() => {
            // The part that is shifted, or extended, is the index.
            let is_index = |value: Value| {
                function
                    .def_inst(value)
                    .is_some_and(|inst| matches!(function.inst(inst).op, Op::Shl | Op::Convert))
            };
            let (base, index) = match is_index(from.first()) && !is_index(from.second()) {
                true => (from.second(), from.first()),
                false => (from.first(), from.second()),
            };
            data.a = base.0;
            set_index(data, Some(index), 0);
            true
        }
        None => false,
    }
}

/// One step at the index.
fn index(walk: &mut Forward<'_>, data: &mut InstData) -> bool {
    let function = &*walk.function;
    let Some(index) = data.second().some() else { return false };
    let (kind, scale) = (function.kind(index), data.scale());
    if let Some(bits) = function.as_const(index) {
        // An index of 32 bits is zero-extended, whatever its kind.
        let number = if kind.bits() == 32 { i128::from(bits) } else { i128::from(bits as i64) };
        let done = displaced(data, number << scale);
        if done {
            set_index(data, None, 0);
        }
        return done;
    }
    let Some(inst) = function.def_inst(index) else { return false };
    let from = *function.inst(inst);
    match from.op {
        Op::Add if kind.bits() == 64 || planted(103) => {
            let Some(bits) = function.as_const(from.second()) else { return false };
            let done = displaced(data, i128::from(bits as i64) << scale);
            if done {
                data.b = from.a;
            }
            done
        }
        Op::Shl if kind.bits() == 64 => {
            let Some(bits) = function.as_const(from.second()) else { return false };
            let total = u64::from(scale) + (bits & 63);
            if total > 3 {
                return false;
            }
            set_index(data, Some(from.first()), total as u8);
            true
        }
        // The same bits: of 64, or of 32 that the address extends in the same way.
        Op::Convert
            if from.source().is_int()
                && (from.source().bits() == kind.bits()
                    || kind.bits() == 64 && from.source() == Kind::U32) =>
        {
            data.b = from.a;
            true
        }
        _ => false,
    }
}

//! What of a loop is computed how: decides whether it can be vectorised.

use std::collections::BTreeMap;

use super::super::fault::planted;
use super::{CHECKED_STRIP, STRIP, Shape, is_outside};
use crate::ir::{Alias, Cond, Function, Inst, InstData, Kind, Lane, Mem, Op, Value};

/// How a value is there in the vector loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// It moves by one from lane to lane: the first lane's, as a scalar.
    Linear,
    /// A vector of lanes.
    Lanes(Lane),
    /// A vector of all ones or zeros.
    Mask,
}

/// How a parameter is carried over a strip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carry {
    /// The counter.
    Counter,
    /// It does not change.
    Same,
    /// Combined with this value, lane by lane. Checked sums only if nothing can have overflowed.
    Reduce { op: Op, with: Value, checked: bool },
    /// Counts lanes in which this mask is set, that have another size than the parameter.
    Count { mask: Value, checked: bool },
    /// It is what this value was in the turn before.
    Last(Value),
}

/// How a loop is vectorised.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Lanes of a vector.
    pub lanes: u32,
    /// Bytes of a lane.
    pub lane_bytes: u32,
    /// The instructions that are computed, in their order.
    pub insts: Vec<Inst>,
    /// Classes of values of the loop.
    pub classes: BTreeMap<Value, Class>,
    /// By parameter.
    pub carries: Vec<Carry>,
    /// Bases that must not be equal.
    pub distinct: Vec<(Value, Value)>,
    /// Turns of a strip at most.
    pub strip: u32,
    /// Something is stored.
    pub stores: bool,
    /// An instruction is checked.
    pub checks: bool,
}

/// The lanes of a kind.
pub(super) fn lane_of(kind: Kind) -> Option<Lane> {
    Some(match kind {
        Kind::I32 => Lane::I32,
        Kind::U32 => Lane::U32,
        Kind::I64 => Lane::I64,
        Kind::U64 => Lane::U64,
        Kind::F64 => Lane::F64,
        _ => return None,
    })
}

fn element(mem: Mem) -> bool {
    matches!(mem, Mem::I32 | Mem::U32 | Mem::I64 | Mem::U64 | Mem::F64)
}

struct Planner<'a> {
    function: &'a Function,
    shape: &'a Shape,
    lane_bytes: u32,
    classes: BTreeMap<Value, Class>,
}

/// Decides how a loop is vectorised with vectors of a kind; none if it is not.
pub(super) fn plan(function: &Function, shape: &Shape, kind: Kind) -> Option<Plan> {
    let block = shape.block;
    let accesses: Vec<Inst> = function
        .insts(block)
        .filter(|&inst| matches!(function.inst(inst).op, Op::Load | Op::Store))
        .collect();
    let lane_bytes = function.inst(*accesses.first()?).mem().bytes();
    let mut planner = Planner { function, shape, lane_bytes, classes: BTreeMap::new() };
    planner.classes.insert(function.params(block)[shape.counter], Class::Linear);
    for inst in function.insts(block) {
        if let (Some(result), Some(class)) = (function.result(inst), planner.class(inst)) {
            planner.classes.insert(result, class);
        }
    }
    let carries = planner.carries()?;
    // What has to be computed: stores, checks, what is carried; and what that is computed from.
    let mut needed: Vec<Value> = Vec::new();
    for carry in &carries {
        match *carry {
            Carry::Reduce { with, .. } => needed.push(with),
            Carry::Count { mask, .. } => needed.push(mask),
            Carry::Last(value) => needed.push(value),
            Carry::Counter | Carry::Same => {}
        }
    }
    let skipped: Vec<Value> = planner.reductions(&carries);
    let insts: Vec<Inst> = function.insts(block).collect();
    let mut chosen = Vec::new();
    let (mut stores, mut checks) = (false, false);
    for &inst in insts.iter().rev() {
        let data = function.inst(inst);
        let result = function.result(inst);
        if data.op.is_terminator() || data.op == Op::Poll || result == Some(shape.next) {
            continue;
        }
        let checked = matches!(data.op, Op::AddChecked | Op::SubChecked);
        if result.is_some_and(|result| skipped.contains(&result)) {
            continue;
        }
        let root = data.op == Op::Store || checked;
        if !root && !data.op.is_pure() && data.op != Op::Load {
            return None;
        }
        if !root && !result.is_some_and(|result| needed.contains(&result)) {
            continue;
        }
        if data.op == Op::Store {
            stores = true;
            if !planner.consecutive(data) {
                return None;
            }
            planner.lanes_operand(Value(data.d), lane_of(data.mem().kind())?)?;
            needed.push(Value(data.d));
            needed.push(data.second());
        } else {
            planner.classes.get(&result?)?;
            function.visit_operands(inst, |value| needed.push(value));
            checks |= checked;
        }
        chosen.push(inst);
    }
    chosen.reverse();
    // The counter's next value may be used as an index, too: then it is computed.
    if needed.contains(&shape.next) {
        let step = function.def_inst(shape.next)?;
        chosen.push(step);
        chosen.sort_by_key(|inst| insts.iter().position(|other| other == inst));
    }
    let checked_sum = carries.iter().any(|carry| {
        matches!(carry, Carry::Reduce { checked: true, .. } | Carry::Count { checked: true, .. })
    });
    let lasts = carries.iter().any(|carry| matches!(carry, Carry::Last(_)));
    // A strip that is run again must not have stored; one that is left in its middle has no last values.
    if stores && (checked_sum || checks && lasts) {
        return None;
    }
    // Stores wait for the checks: no load behind one may be of its class.
    if stores && checks {
        let mut stored: Vec<Alias> = Vec::new();
        for &inst in &chosen {
            let data = function.inst(inst);
            match data.op {
                Op::Store => stored.push(data.alias()),
                Op::Load if stored.contains(&data.alias()) => return None,
                _ => {}
            }
        }
    }
    let distinct = planner.overlaps(&accesses, &chosen)?;
    if accesses.iter().all(|inst| !chosen.contains(inst)) {
        return None;
    }
    Some(Plan {
        lanes: kind.bits() / 8 / lane_bytes,
        lane_bytes,
        insts: chosen,
        classes: planner.classes,
        carries,
        distinct,
        strip: if checked_sum { CHECKED_STRIP } else { STRIP },
        stores,
        checks,
    })
}

impl Planner<'_> {
    fn outside(&self, value: Value) -> bool {
        is_outside(self.function, self.shape.block, value)
    }

    /// Is the value there as lanes, or the same in all?
    fn lanes_operand(&self, value: Value, lane: Lane) -> Option<()> {
        let fits = match self.classes.get(&value) {
            Some(Class::Lanes(known)) => *known == lane,
            Some(_) => false,
            None => self.outside(value) && lane_of(self.function.kind(value)) == Some(lane),
        };
        (fits && lane.bytes() == self.lane_bytes).then_some(())
    }

    fn is_mask(&self, value: Value) -> bool {
        self.classes.get(&value) == Some(&Class::Mask)
    }

    /// Is an access one of the element at the index that moves from lane to lane?
    fn consecutive(&self, data: &InstData) -> bool {
        element(data.mem())
            && data.mem().bytes() == self.lane_bytes
            && 1 << data.scale() == self.lane_bytes
            && self.outside(data.first())
            && data.b != u32::MAX
            && self.classes.get(&data.second()) == Some(&Class::Linear)
    }

    /// How an instruction's value can be there; none if it cannot.
    fn class(&self, inst: Inst) -> Option<Class> {
        let data = self.function.inst(inst);
        let (a, b) = (data.first(), data.second());
        let linear = |value: Value| self.classes.get(&value) == Some(&Class::Linear);
        if data.kind.is_int() {
            match data.op {
                // The loop's test says that it does not overflow.
                Op::AddChecked if self.function.result(inst) == Some(self.shape.next) => {
                    return Some(Class::Linear);
                }
                // Its lanes are consecutive, but for a place where it wraps, at which no array is.
                Op::Add if linear(a) && self.outside(b) => return Some(Class::Linear),
                Op::Add if linear(b) && self.outside(a) => return Some(Class::Linear),
                Op::Sub if linear(a) && self.outside(b) => return Some(Class::Linear),
                Op::Bitcast if linear(a) => return Some(Class::Linear),
                _ => {}
            }
        }
        let lane = lane_of(data.kind)?;
        let both = |lane| {
            self.lanes_operand(a, lane)?;
            self.lanes_operand(b, lane)
        };
        match data.op {
            Op::Load if self.consecutive(data) => {
                let lane = lane_of(data.mem().kind())?;
                return Some(Class::Lanes(lane));
            }
            Op::Add | Op::Sub => both(lane)?,
            Op::Mul if matches!(lane, Lane::I32 | Lane::U32 | Lane::F64) => both(lane)?,
            Op::Div if lane == Lane::F64 => both(lane)?,
            Op::And | Op::Or | Op::Xor => both(lane)?,
            Op::Min | Op::Max if matches!(lane, Lane::I32 | Lane::U32) => both(lane)?,
            Op::Neg | Op::Not | Op::Abs | Op::Sqrt => self.lanes_operand(a, lane)?,
            Op::AddChecked | Op::SubChecked if lane != Lane::U64 => both(lane)?,
            Op::Shl => {
                self.lanes_operand(a, lane)?;
                self.function.as_const(b).filter(|&count| count <= 4)?;
            }
            Op::Bitcast if data.source() != Kind::Ref => {
                let from = lane_of(data.source())?;
                self.lanes_operand(a, from)?;
            }
            Op::Cmp => {
                both(lane)?;
                let unsigned =
                    matches!(data.cond(), Cond::Below | Cond::BelowEq | Cond::Above | Cond::AboveEq);
                let equality = matches!(data.cond(), Cond::Eq | Cond::Ne);
                if !equality && (lane == Lane::U64 || unsigned && lane == Lane::I64) {
                    return None;
                }
                return Some(Class::Mask);
            }
            Op::Select if self.is_mask(a) => {
                self.lanes_operand(b, lane)?;
                self.lanes_operand(Value(data.c), lane)?;
            }
            _ => return None,
        }
        (lane.bytes() == self.lane_bytes).then_some(Class::Lanes(lane))
    }

    /// How the parameters are carried; none if one cannot be.
    fn carries(&mut self) -> Option<Vec<Carry>> {
        let function = self.function;
        let args = function.edge(self.shape.back_edge).args;
        let mut carries = Vec::new();
        for (index, &param) in function.params(self.shape.block).iter().enumerate() {
            let next = function.list_value(args, index as u32);
            carries.push(if index == self.shape.counter {
                Carry::Counter
            } else if next == param {
                Carry::Same
            } else if let Some(carry) = self.reduction(param, next) {
                carry
            } else if matches!(self.classes.get(&next), Some(Class::Lanes(_))) && !self.is_read(param, next) {
                Carry::Last(next)
            } else {
                return None;
            });
        }
        // A parameter that stays the same is from inside the loop's block, but it can be read as if it were from outside: declined if it is.
        let same = |value: Value| {
            carries
                .iter()
                .zip(function.params(self.shape.block))
                .any(|(carry, &param)| *carry == Carry::Same && param == value)
        };
        let mut reads = false;
        for inst in function.insts(self.shape.block) {
            function.visit_operands(inst, |value| reads |= same(value));
        }
        (!reads).then_some(carries)
    }

    /// Does the loop read a parameter, but for frame states and in the instruction that gives `next`?
    fn is_read(&self, param: Value, next: Value) -> bool {
        let function = self.function;
        function.insts(self.shape.block).any(|inst| {
            let mut reads = false;
            function.visit_operands(inst, |value| reads |= value == param);
            let args = function.edge(self.shape.back_edge).args;
            reads |= function.inst(inst).op.is_terminator()
                && function.list_values(args).any(|value| value == param);
            reads && function.result(inst) != Some(next)
        })
    }

    /// The values that reductions compute in the scalar loop, which the vector loop does not.
    fn reductions(&self, carries: &[Carry]) -> Vec<Value> {
        let function = self.function;
        let args = function.edge(self.shape.back_edge).args;
        let nexts = function.list_values(args).zip(carries);
        nexts
            .filter(|(_, carry)| matches!(carry, Carry::Reduce { .. } | Carry::Count { .. }))
            .map(|(next, _)| next)
            .collect()
    }

    /// Is a parameter combined with something in each turn?
    fn reduction(&self, param: Value, next: Value) -> Option<Carry> {
        let function = self.function;
        let kind = function.kind(param);
        let inst = function.def_inst(next)?;
        let data = function.inst(inst);
        let lane = lane_of(kind).filter(|&lane| lane != Lane::F64)?;
        // Partial results are seen by nobody but frame states of the scalar loop.
        let mut used = false;
        for other in function.insts(self.shape.block) {
            function.visit_operands(other, |value| used |= value == next);
        }
        let passed = function.edge(self.shape.back_edge).args;
        let times = function.list_values(passed).filter(|&value| value == next || value == param).count();
        if used
            || times != 1
            || self.is_read(param, next)
            || function.inst_block(inst) != Some(self.shape.block)
        {
            return None;
        }
        let with = match (data.first() == param, data.second() == param) {
            (true, false) => data.second(),
            (false, true) => data.first(),
            _ => return None,
        };
        let checked = data.op == Op::AddChecked;
        match data.op {
            Op::Add | Op::AddChecked => {}
            Op::And | Op::Or | Op::Xor => {}
            Op::Min | Op::Max if matches!(lane, Lane::I32 | Lane::U32) => {}
            _ => return None,
        }
        if self.lanes_operand(with, lane).is_some() {
            return Some(Carry::Reduce { op: if checked { Op::Add } else { data.op }, with, checked });
        }
        // `select mask, 1, 0` of another size than the mask's lanes.
        let by = function.inst(function.def_inst(with)?);
        let counts = by.op == Op::Select
            && function.as_const(by.second()) == Some(1)
            && function.as_const(Value(by.c)) == Some(0)
            && matches!(data.op, Op::Add | Op::AddChecked)
            && self.is_mask(by.first());
        counts.then(|| Carry::Count { mask: by.first(), checked })
    }

    /// Which bases must differ so that no store overlaps with another access; none if that would not do.
    fn overlaps(&self, accesses: &[Inst], chosen: &[Inst]) -> Option<Vec<(Value, Value)>> {
        let mut distinct: Vec<(Value, Value)> = Vec::new();
        let all =
            || accesses.iter().filter(|inst| chosen.contains(inst)).map(|&inst| *self.function.inst(inst));
        for store in all().filter(|data| data.op == Op::Store) {
            if store.alias() == Alias::FIXED {
                return None;
            }
            for other in all().filter(|other| other.alias() == store.alias()) {
                let same_place =
                    other.b == store.b && other.c == store.c && other.mem().bytes() == store.mem().bytes();
                let raw =
                    [store.first(), other.first()].iter().any(|&base| self.function.kind(base) != Kind::Ref);
                if same_place && (!raw || store.first() == other.first()) || planted(12) {
                    continue;
                }
                if store.first() == other.first() || raw {
                    return None;
                }
                let pair = (store.first().min(other.first()), store.first().max(other.first()));
                if !distinct.contains(&pair) {
                    distinct.push(pair);
                }
            }
        }
        // A load that is not computed reads nothing that matters.
        Some(distinct)
    }
}

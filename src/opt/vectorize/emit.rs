//! Writes the vector blocks.

use std::collections::BTreeMap;

use super::super::fault::planted;
use super::Shape;
use super::plan::{Carry, Class, Plan, lane_of};
use crate::ir::{Block, Cond, Edge, Function, Inst, InstData, Kind, Lane, Op, Value};

/// Appends to a block.
struct Writer<'a> {
    function: &'a mut Function,
    block: Block,
    /// The vectors' kind.
    vector: Kind,
    /// Before which instruction it writes; at the end if there is none.
    before: Option<Inst>,
}

impl Writer<'_> {
    fn put(&mut self, data: InstData) -> Value {
        let inst = match self.before {
            Some(before) => self.function.insert_before(before, data),
            None => self.function.append(self.block, data),
        };
        self.function.result(inst).unwrap_or(Value::NONE)
    }

    fn op(&mut self, op: Op, kind: Kind, a: Value, b: Value) -> Value {
        self.put(InstData::binary(op, kind, a, b))
    }

    fn number(&mut self, kind: Kind, number: i128) -> Value {
        self.function.constant(kind, number as u64)
    }

    fn compare(&mut self, cond: Cond, kind: Kind, a: Value, b: Value) -> Value {
        self.put(InstData { aux: cond as u16, ..InstData::binary(Op::Cmp, kind, a, b) })
    }

    fn select(&mut self, kind: Kind, condition: Value, a: Value, b: Value) -> Value {
        self.put(InstData { c: b.0, ..InstData::binary(Op::Select, kind, condition, a) })
    }

    fn v(&mut self, op: Op, lane: Lane, a: Value, b: Value) -> Value {
        self.put(InstData { aux: lane as u16, ..InstData::binary(op, self.vector, a, b) })
    }

    fn v1(&mut self, op: Op, lane: Lane, a: Value) -> Value {
        self.put(InstData { aux: lane as u16, ..InstData::unary(op, self.vector, a) })
    }

    fn jump(&mut self, to: Block, args: &[Value]) {
        let d = self.function.add_edges(&[(to, args)]);
        self.put(InstData { d, ..InstData::new(Op::Jump, Kind::None) });
    }

    fn branch(&mut self, condition: Value, yes: (Block, &[Value]), no: (Block, &[Value])) {
        let d = self.function.add_edges(&[yes, no]);
        self.put(InstData { d, ..InstData::unary(Op::Br, Kind::Bool, condition) });
    }

    fn branch_compare(
        &mut self,
        cond: Cond,
        kind: Kind,
        values: (Value, Value),
        yes: (Block, &[Value]),
        no: (Block, &[Value]),
    ) {
        let d = self.function.add_edges(&[yes, no]);
        self.put(InstData { d, aux: cond as u16, ..InstData::binary(Op::BrCmp, kind, values.0, values.1) });
    }
}

const fn unsigned(kind: Kind) -> Kind {
    match kind {
        Kind::I32 => Kind::U32,
        Kind::I64 => Kind::U64,
        other => other,
    }
}

/// The least number of a kind.
fn least(kind: Kind) -> i128 {
    match kind {
        Kind::I32 => i128::from(i32::MIN),
        Kind::I64 => i128::from(i64::MIN),
        _ => 0,
    }
}

/// How a checked sum of a kind is bounded: elements plus the first number are below 2 to the second, and the sum before plus the third is below half
/// of the range.
fn bounds(kind: Kind) -> (i128, u32, i128) {
    match kind {
        Kind::I32 => (1 << 22, 23, 1 << 30),
        Kind::I64 => (1 << 54, 55, 1 << 62),
        Kind::U32 => (0, 23, 0),
        _ => (0, 55, 0),
    }
}

/// Values of the scalar loop in the vector loop.
struct Lanes<'a> {
    plan: &'a Plan,
    /// Where values that are the same in all lanes are put, with those that are.
    outside: Block,
    splats: BTreeMap<(Value, Lane), Value>,
    /// Vectors and first lanes.
    values: BTreeMap<Value, Value>,
    /// Lanes that overflowed.
    overflow: Option<Value>,
}

impl Lanes<'_> {
    fn splat(&mut self, w: &mut Writer<'_>, value: Value, lane: Lane) -> Value {
        if let Some(&known) = self.splats.get(&(value, lane)) {
            return known;
        }
        let inside = std::mem::replace(&mut w.block, self.outside);
        let splat = w.v1(Op::VSplat, lane, value);
        w.block = inside;
        self.splats.insert((value, lane), splat);
        splat
    }

    fn constant(&mut self, w: &mut Writer<'_>, lane: Lane, number: i128) -> Value {
        let value = w.number(lane.scalar(), number);
        self.splat(w, value, lane)
    }

    /// A vector operand.
    fn get(&mut self, w: &mut Writer<'_>, value: Value, lane: Lane) -> Value {
        match self.values.get(&value) {
            Some(&known) => known,
            None => self.splat(w, value, lane),
        }
    }

    fn inverted(&mut self, w: &mut Writer<'_>, lane: Lane, mask: Value) -> Value {
        let lane = integer(lane);
        let ones = self.constant(w, lane, -1);
        w.v(Op::VXor, lane, mask, ones)
    }

    fn note_overflow(&mut self, w: &mut Writer<'_>, lane: Lane, mask: Value) {
        self.overflow = Some(match self.overflow {
            Some(other) => w.v(Op::VOr, lane, other, mask),
            None => mask,
        });
    }

    fn inst(&mut self, w: &mut Writer<'_>, inst: Inst) {
        let data = *w.function.inst(inst);
        let result = w.function.result(inst);
        w.function.position = w.function.inst_position(inst);
        if data.op == Op::Store {
            let lane = lane_of(data.mem().kind()).unwrap_or(Lane::I64);
            let stored = self.get(w, Value(data.d), lane);
            let index = self.values.get(&data.second()).copied().unwrap_or(data.second());
            let mem = if w.vector == Kind::V256 { crate::ir::Mem::V256 } else { crate::ir::Mem::V128 };
            let aux = InstData::access(mem, data.scale(), data.alias());
            w.put(InstData { aux, kind: w.vector, b: index.0, d: stored.0, ..data });
            return;
        }
        let Some(result) = result else { return };
        let new = match self.plan.classes.get(&result) {
            Some(Class::Linear) => {
                let mut first = data;
                first.op = if data.op == Op::AddChecked { Op::Add } else { data.op };
                first.c = u32::MAX;
                let mapped = |value: u32| self.values.get(&Value(value)).map_or(value, |value| value.0);
                first.a = mapped(data.a);
                if first.b != u32::MAX && first.op != Op::Bitcast {
                    first.b = mapped(data.b);
                }
                w.put(first)
            }
            _ => self.lanes(w, &data),
        };
        self.values.insert(result, new);
    }

    fn lanes(&mut self, w: &mut Writer<'_>, data: &InstData) -> Value {
        let lane = lane_of(data.kind).unwrap_or(Lane::I64);
        let (a, b) = (data.first(), data.second());
        match data.op {
            Op::Load => {
                let index = self.values.get(&b).copied().unwrap_or(b);
                let mem = if w.vector == Kind::V256 { crate::ir::Mem::V256 } else { crate::ir::Mem::V128 };
                let aux = InstData::access(mem, data.scale(), data.alias());
                return w.put(InstData { aux, kind: w.vector, b: index.0, ..*data });
            }
            Op::Bitcast => return self.get(w, a, lane_of(data.source()).unwrap_or(lane)),
            Op::Select => {
                let mask = self.get(w, a, lane);
                let (b, c) = (self.get(w, b, lane), self.get(w, Value(data.c), lane));
                return w.put(InstData {
                    aux: lane as u16,
                    c: c.0,
                    ..InstData::binary(Op::VSelect, w.vector, mask, b)
                });
            }
            _ => {}
        }
        let x = self.get(w, a, lane);
        match data.op {
            Op::Neg if lane == Lane::F64 => {
                let sign = w.number(Kind::F64, 1 << 63);
                let sign = self.splat(w, sign, lane);
                return w.v(Op::VXor, lane, x, sign);
            }
            Op::Neg => {
                let zero = self.constant(w, lane, 0);
                return w.v(Op::VSub, lane, zero, x);
            }
            Op::Not => return self.inverted(w, lane, x),
            Op::Abs => {
                let ones = w.number(Kind::F64, i128::from(i64::MAX));
                let ones = self.splat(w, ones, lane);
                return w.v(Op::VAnd, lane, x, ones);
            }
            Op::Sqrt => return w.v1(Op::VSqrt, lane, x),
            Op::Shl => {
                let mut sum = x;
                for _ in 0..w.function.as_const(b).unwrap_or(0) {
                    sum = w.v(Op::VAdd, lane, sum, sum);
                }
                return sum;
            }
            _ => {}
        }
        let y = self.get(w, b, lane);
        let op = match data.op {
            Op::Add | Op::AddChecked => Op::VAdd,
            Op::Sub | Op::SubChecked => Op::VSub,
            Op::Mul => Op::VMul,
            Op::Div => Op::VDiv,
            Op::And => Op::VAnd,
            Op::Or => Op::VOr,
            Op::Xor => Op::VXor,
            Op::Min => Op::VMin,
            Op::Max => Op::VMax,
            _ => return self.compare(w, data.cond(), lane, x, y),
        };
        let z = w.v(op, lane, x, y);
        match (data.op, data.kind.is_signed()) {
            (Op::AddChecked, true) => {
                let (p, q) = (w.v(Op::VXor, lane, x, z), w.v(Op::VXor, lane, y, z));
                let mask = w.v(Op::VAnd, lane, p, q);
                self.note_overflow(w, lane, mask);
            }
            (Op::SubChecked, true) => {
                let (p, q) = (w.v(Op::VXor, lane, x, y), w.v(Op::VXor, lane, x, z));
                let mask = w.v(Op::VAnd, lane, p, q);
                self.note_overflow(w, lane, mask);
            }
            (Op::AddChecked, false) => {
                let mask = w.v(Op::VGt, lane, x, z);
                self.note_overflow(w, lane, mask);
            }
            (Op::SubChecked, false) => {
                let mask = w.v(Op::VGt, lane, y, x);
                self.note_overflow(w, lane, mask);
            }
            _ => {}
        }
        z
    }

    fn compare(&mut self, w: &mut Writer<'_>, cond: Cond, lane: Lane, x: Value, y: Value) -> Value {
        let (cond, lane) = match (super::plain(cond), lane) {
            (plain, Lane::I32) if plain != cond => (plain, Lane::U32),
            (plain, lane) => (plain, lane),
        };
        match cond {
            Cond::Eq => w.v(Op::VEq, lane, x, y),
            Cond::Ne => {
                let mask = w.v(Op::VEq, lane, x, y);
                self.inverted(w, lane, mask)
            }
            Cond::Gt => w.v(Op::VGt, lane, x, y),
            Cond::Lt => w.v(Op::VGt, lane, y, x),
            // A NaN is neither greater nor equal.
            Cond::Ge | Cond::Le if lane == Lane::F64 => {
                let (x, y) = if cond == Cond::Ge { (x, y) } else { (y, x) };
                let (greater, equal) = (w.v(Op::VGt, lane, x, y), w.v(Op::VEq, lane, x, y));
                w.v(Op::VOr, lane, greater, equal)
            }
            _ => {
                let (x, y) = if cond == Cond::Ge { (y, x) } else { (x, y) };
                let mask = w.v(Op::VGt, lane, x, y);
                self.inverted(w, lane, mask)
            }
        }
    }
}

/// Lanes of the same size that are integers.
const fn integer(lane: Lane) -> Lane {
    match lane {
        Lane::F64 => Lane::I64,
        other => other,
    }
}

/// What the vector loop carries for a parameter: vectors, or a count.
#[derive(Clone, Copy)]
struct Sum {
    /// The parameter of the vector loop, and what its back edge passes.
    now: Value,
    next: Value,
    /// The bits of all elements, if the sum is checked.
    bits: Option<(Value, Value)>,
}

/// Rewrites a loop.
pub(super) fn emit(function: &mut Function, shape: &Shape, plan: &Plan, vector: Kind) {
    let scalar = shape.block;
    let kind = shape.kind;
    let lanes = i128::from(plan.lanes);
    let params: Vec<Value> = function.params(scalar).to_vec();
    let [v0, prepare, body, end] = [(); 4].map(|()| function.new_block());
    let stays = function.add_param(scalar, kind);
    let starts: Vec<Value> = params
        .iter()
        .map(|&param| {
            let ty = function.ty(param);
            function.add_param(v0, ty)
        })
        .collect();
    let limit = function.add_param(v0, kind);
    function.position = 0;

    // Before the loop.
    let Edge { args, .. } = function.edge(shape.entry_edge);
    let entered: Vec<Value> = function.list_values(args).collect();
    let last = function.last_inst(shape.entry);
    if let Some(last) = last {
        let mut w = Writer { function, block: shape.entry, vector, before: Some(last) };
        let first = entered[shape.counter];
        let more = w.compare(if shape.inclusive { Cond::Le } else { Cond::Lt }, kind, first, shape.limit);
        let left = w.op(Op::Sub, kind, shape.limit, first);
        let left = if kind.is_signed() {
            w.put(InstData { aux: kind as u16, ..InstData::unary(Op::Bitcast, unsigned(kind), left) })
        } else {
            left
        };
        let width = w.number(unsigned(kind), lanes);
        let enough =
            w.compare(if shape.inclusive { Cond::Ge } else { Cond::Gt }, unsigned(kind), left, width);
        let mut may = w.op(Op::And, Kind::Bool, more, enough);
        for &(a, b) in &plan.distinct {
            let distinct = w.compare(Cond::Ne, Kind::Ref, a, b);
            may = w.op(Op::And, Kind::Bool, may, distinct);
        }
        let by = w.number(kind, lanes - i128::from(shape.inclusive));
        let below = w.op(Op::Sub, kind, shape.limit, by);
        let never = w.number(kind, least(kind));
        let limit = w.select(kind, may, below, never);
        let mut args = entered.clone();
        args.push(limit);
        let args = function.list(&args);
        function.set_edge(shape.entry_edge, Edge { to: v0, args });
    }

    // Is a strip worth it?
    let mut w = Writer { function, block: v0, vector, before: None };
    let at = starts[shape.counter];
    let mut through = starts.clone();
    through.push(limit);
    w.branch_compare(Cond::Lt, kind, (at, limit), (prepare, &[]), (scalar, &through));

    // Its end.
    w.block = prepare;
    let left = w.op(Op::Sub, kind, limit, at);
    let left = if kind.is_signed() {
        w.put(InstData { aux: kind as u16, ..InstData::unary(Op::Bitcast, unsigned(kind), left) })
    } else {
        left
    };
    let strip = w.number(unsigned(kind), i128::from(plan.strip));
    let long = w.compare(Cond::Gt, unsigned(kind), left, strip);
    // The last vector of a strip begins before its end and may reach beyond it.
    let by = w.number(kind, i128::from(plan.strip) - lanes);
    let far = w.op(Op::Add, kind, at, by);
    let stop = w.select(kind, long, far, limit);

    // The vector loop.
    let now = w.function.add_param(body, kind);
    let mut state = Lanes {
        plan,
        outside: prepare,
        splats: BTreeMap::new(),
        values: BTreeMap::from([(params[shape.counter], now)]),
        overflow: None,
    };
    let mut initial = vec![at];
    let mut sums: Vec<Option<Sum>> = Vec::new();
    for (&carry, &start) in plan.carries.iter().zip(&starts) {
        let (param, bits) = match carry {
            Carry::Reduce { op, checked, .. } => {
                let scalar_kind = w.function.kind(start);
                let lane = lane_of(scalar_kind).unwrap_or(Lane::I64);
                // What is idempotent begins with what there is.
                let begin = if matches!(op, Op::Add | Op::Xor) { w.number(scalar_kind, 0) } else { start };
                initial.push(state.splat(&mut w, begin, lane));
                let param = w.function.add_param(body, vector);
                let bits = checked.then(|| {
                    let zero = state.constant(&mut w, lane, 0);
                    initial.push(zero);
                    w.function.add_param(body, vector)
                });
                (param, bits)
            }
            Carry::Count { .. } => {
                initial.push(w.number(Kind::U32, 0));
                (w.function.add_param(body, Kind::U32), None)
            }
            _ => {
                sums.push(None);
                continue;
            }
        };
        sums.push(Some(Sum { now: param, next: param, bits: bits.map(|bits| (bits, bits)) }));
    }
    w.block = body;
    let stores: Vec<Inst> = plan
        .insts
        .iter()
        .copied()
        .filter(|&inst| plan.checks && w.function.inst(inst).op == Op::Store)
        .collect();
    for &inst in plan.insts.iter().filter(|inst| !stores.contains(inst)) {
        state.inst(&mut w, inst);
    }
    // Turns that overflow are the scalar loop's, before anything of them is stored.
    let failed = state.overflow.map(|overflow| {
        let failed = w.function.new_block();
        let stores_at = w.function.new_block();
        let lane = [Lane::I32, Lane::I64][usize::from(plan.lane_bytes == 8)];
        let count = w.v1(Op::VTrue, lane, overflow);
        let zero = w.number(Kind::U32, 0);
        w.branch_compare(Cond::Eq, Kind::U32, (count, zero), (stores_at, &[]), (failed, &[]));
        w.block = stores_at;
        failed
    });
    for &inst in &stores {
        state.inst(&mut w, inst);
    }
    for (carry, sum) in plan.carries.iter().zip(&mut sums) {
        let Some(sum) = sum else { continue };
        match *carry {
            Carry::Reduce { op, with, .. } => {
                let scalar_kind = w.function.kind(with);
                let lane = lane_of(scalar_kind).unwrap_or(Lane::I64);
                let value = state.get(&mut w, with, lane);
                let op = match op {
                    Op::And => Op::VAnd,
                    Op::Or => Op::VOr,
                    Op::Xor => Op::VXor,
                    Op::Min => Op::VMin,
                    Op::Max => Op::VMax,
                    _ => Op::VAdd,
                };
                sum.next = w.v(op, lane, sum.now, value);
                if let Some((bits, next)) = &mut sum.bits {
                    let (offset, ..) = bounds(scalar_kind);
                    let moved = if offset == 0 {
                        value
                    } else {
                        let offset = state.constant(&mut w, lane, offset);
                        w.v(Op::VAdd, lane, value, offset)
                    };
                    *next = w.v(Op::VOr, lane, *bits, moved);
                }
            }
            Carry::Count { mask, .. } => {
                let lane = [Lane::I32, Lane::I64][usize::from(plan.lane_bytes == 8)];
                let mask = state.get(&mut w, mask, lane);
                let count = w.v1(Op::VTrue, lane, mask);
                sum.next = w.op(Op::Add, Kind::U32, sum.now, count);
            }
            _ => {}
        }
    }
    let by = w.number(kind, lanes);
    let next = w.op(Op::Add, kind, now, by);
    let mut passed = vec![next];
    for sum in sums.iter().flatten() {
        passed.push(sum.next);
        passed.extend(sum.bits.map(|(_, next)| next));
    }
    w.branch_compare(Cond::Lt, kind, (next, stop), (body, &passed), (end, &[]));

    // The strip's end.
    w.block = end;
    let mut good: Option<Value> = None;
    let mut out: Vec<Value> = Vec::new();
    for ((&carry, &start), sum) in plan.carries.iter().zip(&starts).zip(&sums) {
        out.push(match (carry, sum) {
            (Carry::Counter, _) => {
                if planted(13) {
                    let one = w.number(kind, 1);
                    w.op(Op::Add, kind, next, one)
                } else {
                    next
                }
            }
            (Carry::Last(value), _) => {
                let lane = lane_of(w.function.kind(start)).unwrap_or(Lane::I64);
                let vector_value = state.values.get(&value).copied().unwrap_or(value);
                w.put(InstData {
                    aux: lane as u16,
                    b: plan.lanes - 1,
                    ..InstData::unary(Op::VExtract, vector, vector_value)
                })
            }
            (Carry::Reduce { op, .. }, Some(sum)) => {
                if let Some((_, bits)) = sum.bits {
                    let fits = check_sum(&mut w, &mut state, plan, start, bits);
                    good = Some(good.map_or(fits, |good| w.op(Op::And, Kind::Bool, good, fits)));
                }
                combine(&mut w, plan, op, start, sum.next)
            }
            (Carry::Count { checked, .. }, Some(sum)) => {
                let scalar_kind = w.function.kind(start);
                if checked {
                    let fits = check_start(&mut w, start);
                    good = Some(good.map_or(fits, |good| w.op(Op::And, Kind::Bool, good, fits)));
                }
                let count = from_count(&mut w, scalar_kind, sum.next);
                w.op(Op::Add, scalar_kind, start, count)
            }
            _ => start,
        });
    }
    out.push(limit);
    let mut again = starts.clone();
    let never = w.number(kind, least(kind));
    again.push(never);
    match good.filter(|_| !planted(11)) {
        Some(good) => w.branch(good, (scalar, &out), (scalar, &again)),
        None => w.jump(scalar, &out),
    }

    // Lanes overflowed: the turns before are done, unless nothing was stored and the strip is run again.
    if let Some(failed) = failed {
        w.block = failed;
        w.function.block_mut(failed).cold = true;
        if plan.stores {
            let mut out: Vec<Value> = Vec::new();
            for ((&carry, &start), sum) in plan.carries.iter().zip(&starts).zip(&sums) {
                out.push(match (carry, sum) {
                    (Carry::Counter, _) => now,
                    (Carry::Reduce { op, .. }, Some(sum)) => combine(&mut w, plan, op, start, sum.now),
                    (Carry::Count { .. }, Some(sum)) => {
                        let scalar_kind = w.function.kind(start);
                        let count = from_count(&mut w, scalar_kind, sum.now);
                        w.op(Op::Add, scalar_kind, start, count)
                    }
                    _ => start,
                });
            }
            out.push(never);
            w.jump(scalar, &out);
        } else {
            w.jump(scalar, &again);
        }
    }
    // All that is the same in each turn is there now.
    w.block = prepare;
    w.jump(body, &initial);

    // The scalar loop goes back to the question.
    let Edge { args, .. } = function.edge(shape.back_edge);
    let mut args: Vec<Value> = function.list_values(args).collect();
    args.push(stays);
    let args = function.list(&args);
    function.set_edge(shape.back_edge, Edge { to: v0, args });
    order(function, v0, shape.block);
}

/// Combines a sum's lanes with what there was before.
fn combine(w: &mut Writer<'_>, plan: &Plan, op: Op, start: Value, vector: Value) -> Value {
    let kind = w.function.kind(start);
    let lane = lane_of(kind).unwrap_or(Lane::I64);
    match op {
        Op::Min => w.v1(Op::VLeast, lane, vector),
        Op::Max => w.v1(Op::VGreatest, lane, vector),
        Op::Add => {
            let sum = w.v1(Op::VSum, lane, vector);
            w.op(Op::Add, kind, start, sum)
        }
        _ => (0..plan.lanes).fold(start, |all, index| {
            let kind_of_vector = w.vector;
            let part = w.put(InstData {
                aux: lane as u16,
                b: index,
                ..InstData::unary(Op::VExtract, kind_of_vector, vector)
            });
            w.op(op, kind, all, part)
        }),
    }
}

fn from_count(w: &mut Writer<'_>, kind: Kind, count: Value) -> Value {
    match kind {
        Kind::U32 => count,
        Kind::I32 => {
            w.put(InstData { aux: Kind::U32 as u16, ..InstData::unary(Op::Bitcast, Kind::I32, count) })
        }
        _ => w.put(InstData { aux: Kind::U32 as u16, ..InstData::unary(Op::Convert, kind, count) }),
    }
}

/// Is a sum far enough from the ends of its kind that no strip gets there?
fn check_start(w: &mut Writer<'_>, start: Value) -> Value {
    let kind = w.function.kind(start);
    let (.., offset) = bounds(kind);
    if kind.is_signed() {
        let offset = w.number(kind, offset);
        let moved = w.op(Op::Add, kind, start, offset);
        let zero = w.number(kind, 0);
        w.compare(Cond::Ge, kind, moved, zero)
    } else {
        let half = w.number(kind, 1 << (kind.bits() - 1));
        w.compare(Cond::Lt, kind, start, half)
    }
}

/// Can a strip's sum not have overflowed, at any of its steps?
fn check_sum(w: &mut Writer<'_>, state: &mut Lanes<'_>, plan: &Plan, start: Value, bits: Value) -> Value {
    let kind = w.function.kind(start);
    let lane = lane_of(kind).unwrap_or(Lane::I64);
    let (_, width, _) = bounds(kind);
    let mask = state.constant(w, lane, -1 << width);
    let high = w.v(Op::VAnd, lane, bits, mask);
    let zero = state.constant(w, lane, 0);
    let none = w.v(Op::VEq, lane, high, zero);
    let count = w.v1(Op::VTrue, lane, none);
    let all = w.number(Kind::U32, i128::from(plan.lanes));
    let small = w.compare(Cond::Eq, Kind::U32, count, all);
    let start = check_start(w, start);
    w.op(Op::And, Kind::Bool, small, start)
}

/// The new blocks, which are at the end, come before the scalar loop.
fn order(function: &mut Function, first: Block, scalar: Block) {
    let Some(at) = function.order.iter().position(|&block| block == scalar) else { return };
    let Some(new) = function.order.iter().position(|&block| block == first).filter(|&new| new > at) else {
        return;
    };
    let added = function.order.split_off(new);
    function.order.splice(at..at, added);
}

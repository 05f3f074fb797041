//! Loops over arrays, of the shapes that a vectoriser looks for, and of shapes beside them.

use orus::ir::function::{InstData, Reason};
use orus::ir::types::{Cond, Kind, Mem, Value};
use orus::ir::{Guard, Op};

use super::{Body, MOST_COST};

/// What a loop does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Fill,
    Map,
    Zip,
    Sum,
    Product,
    Least,
    Greatest,
    Count,
    Find,
}

/// An array in a loop.
#[derive(Clone, Copy)]
struct Used {
    object: Value,
    /// The store, if it is loaded before the loop.
    store: Option<Value>,
    mem: Mem,
    /// Added to the index.
    ahead: i32,
}

impl Body<'_> {
    fn used(&mut self, array: usize) -> Used {
        let mem = self.make.plan.arrays[array].mem;
        let object = self.array_object(array);
        let store = if self.chance(70) { Some(self.array_store(object)) } else { None };
        Used { object, store, mem, ahead: 0 }
    }

    fn element_of(&mut self, used: Used, index: Value) -> super::memory::Place {
        let store = match used.store {
            Some(store) => store,
            None => self.array_store(used.object),
        };
        self.element(store, index, used.mem, used.ahead)
    }

    pub(super) fn array_loop(&mut self) {
        let arrays: Vec<usize> = (0..self.make.plan.arrays.len())
            .filter(|&array| self.make.plan.arrays[array].mem != Mem::Ref)
            .collect();
        let most = self.make.plan.arrays.iter().map(|array| array.capacity).max().unwrap_or(0);
        if arrays.is_empty() || self.times * most * 8 > MOST_COST || self.loops >= 3 {
            return self.element_load();
        }
        let first = *self.rng().pick(&arrays);
        let mem = self.make.plan.arrays[first].mem;
        let alike: Vec<usize> =
            arrays.iter().copied().filter(|&array| self.make.plan.arrays[array].mem == mem).collect();
        let kind = mem.kind();
        let shapes: &[(u32, Shape)] = match kind {
            Kind::Bool => &[(1, Shape::Fill), (2, Shape::Map), (2, Shape::Count), (1, Shape::Find)],
            _ => &[
                (2, Shape::Fill),
                (4, Shape::Map),
                (4, Shape::Zip),
                (9, Shape::Sum),
                (2, Shape::Product),
                (2, Shape::Least),
                (2, Shape::Greatest),
                (3, Shape::Count),
                (2, Shape::Find),
            ],
        };
        let shape = self.make.rng.weighted(shapes);
        let mut source = self.used(first);
        let second = *self.rng().pick(&alike);
        let second = self.used(second);
        let target = *self.rng().pick(&alike);
        let mut target = self.used(target);
        let operand =
            if kind == Kind::Bool || self.chance(50) { self.value(kind) } else { self.constant(kind) };
        let mut bound = self.least_length(shape, source, second, target);
        if matches!(shape, Shape::Map | Shape::Zip) && self.chance(20) {
            // What one turn writes another one may read.
            (source.ahead, target.ahead) = (self.below(3) as i32, self.below(3) as i32);
            let two = self.int(Kind::I32, 2);
            bound = self.binary(Op::Sub, Kind::I32, bound, two);
        }

        // What is summed up, in which kind, and whether it is checked.
        let sum_kind = match kind {
            Kind::I32 if self.chance(35) => Kind::I64,
            Kind::U32 if self.chance(50) => Kind::U64,
            kind => kind,
        };
        let checked = sum_kind.is_int() && self.chance(65);
        let (acc_kind, acc) = match shape {
            Shape::Fill | Shape::Map | Shape::Zip | Shape::Find => (Kind::None, None),
            Shape::Count => (Kind::I32, Some(self.int(Kind::I32, 0))),
            Shape::Sum if sum_kind == Kind::F64 => (sum_kind, Some(self.f.f64(0.0))),
            Shape::Sum => {
                let zero = self.int(sum_kind, 0);
                let start = match self.below(10) {
                    0..5 => zero,
                    5..8 => self.calm(sum_kind),
                    _ => self.constant(sum_kind),
                };
                (sum_kind, Some(start))
            }
            Shape::Product | Shape::Least | Shape::Greatest => (kind, Some(self.value(kind))),
        };

        let index_kind = if self.chance(75) { Kind::I32 } else { Kind::I64 };
        let bound = if index_kind == Kind::I64 {
            self.emit(InstData { aux: Kind::I32 as u16, ..InstData::unary(Op::Convert, Kind::I64, bound) })
        } else {
            bound
        };
        let down = self.chance(8);
        let rotated = !down && self.chance(40);
        let bounds = self.chance(35).then(|| self.guard(Reason::Bounds));
        let overflow = self.guard(Reason::Overflow);
        let polls = self.chance(30);
        let zero = self.int(index_kind, 0);
        let one = self.int(index_kind, 1);
        let step = if !down && !rotated && self.chance(8) { self.int(index_kind, 2) } else { one };

        let header = self.f.new_block();
        let exit = self.f.new_block();
        let index = self.f.add_param(header, index_kind);
        let acc_param = acc.map(|_| self.f.add_param(header, acc_kind));
        let found = self.f.add_param(exit, index_kind);
        let acc_out = acc.map(|_| self.f.add_param(exit, acc_kind));
        let with =
            |index: Value, acc: Option<Value>| -> Vec<Value> { std::iter::once(index).chain(acc).collect() };
        let start = with(if down { bound } else { zero }, acc);
        if rotated {
            let nothing = start.clone();
            self.branch_compare(Cond::Lt, index_kind, zero, bound, (header, &start), (exit, &nothing));
        } else {
            self.jump(header, &start);
        }
        let mark = self.pool.mark();
        let times = self.times;
        self.times *= most;
        self.loops += 1;
        self.nesting += 1;
        self.block = header;
        let out = with(index, acc_param);
        if !rotated {
            let body = self.f.new_block();
            let (left, right) = if down { (index, zero) } else { (index, bound) };
            let cond = if down { Cond::Gt } else { Cond::Lt };
            self.branch_compare(cond, index_kind, left, right, (body, &[]), (exit, &out));
            self.block = body;
        }
        let at = if down { self.append(InstData::binary(Op::Sub, index_kind, index, one)) } else { index };
        if let Some(guard) = bounds {
            let length = self.array_length(source.object);
            let length = if index_kind == Kind::I64 {
                self.append(InstData {
                    aux: Kind::I32 as u16,
                    ..InstData::unary(Op::Convert, Kind::I64, length)
                })
            } else {
                length
            };
            self.guard_compare(Cond::Below, index_kind, at, length, guard);
        }
        let acc_next = self
            .turn(shape, source, second, target, at, operand, acc_param, acc_kind, checked, overflow, exit);
        let next = match (down, self.chance(30)) {
            (true, _) => at,
            (false, true) => {
                let data = InstData::binary(Op::AddChecked, index_kind, index, step);
                self.append(InstData { c: overflow.0, ..data })
            }
            (false, false) => self.append(InstData::binary(Op::Add, index_kind, index, step)),
        };
        if polls {
            self.poll();
        }
        let again = with(next, acc_next);
        if rotated {
            self.branch_compare(Cond::Lt, index_kind, next, bound, (header, &again), (exit, &again));
        } else {
            self.jump(header, &again);
        }
        self.nesting -= 1;
        self.loops -= 1;
        self.times = times;
        self.pool.back_to(&mark);
        self.block = exit;
        self.pool.add(index_kind, found);
        if let Some(acc) = acc_out {
            self.pool.add(acc_kind, acc);
        }
    }

    /// The length that all arrays of a loop have at least.
    fn least_length(&mut self, shape: Shape, source: Used, second: Used, target: Used) -> Value {
        let mut length = self.array_length(source.object);
        let others: &[Used] = match shape {
            Shape::Zip => &[second, target],
            Shape::Fill | Shape::Map => &[target],
            _ => &[],
        };
        for other in others {
            let other = self.array_length(other.object);
            length = if self.chance(50) {
                self.binary(Op::Min, Kind::I32, length, other)
            } else {
                let less = self.compare(Cond::Lt, Kind::I32, length, other);
                self.emit(InstData { c: other.0, ..InstData::binary(Op::Select, Kind::I32, less, length) })
            };
        }
        length
    }

    /// What is done in one turn; gives what is accumulated.
    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    fn turn(
        &mut self,
        shape: Shape,
        source: Used,
        second: Used,
        target: Used,
        at: Value,
        operand: Value,
        acc: Option<Value>,
        acc_kind: Kind,
        checked: bool,
        overflow: Guard,
        exit: orus::ir::Block,
    ) -> Option<Value> {
        let kind = source.mem.kind();
        if shape == Shape::Fill {
            let place = self.element_of(target, at);
            self.store(place, operand);
            return None;
        }
        let place = self.element_of(source, at);
        let x = self.load(place);
        match shape {
            Shape::Fill => None,
            Shape::Map | Shape::Zip => {
                let y = if shape == Shape::Zip {
                    let place = self.element_of(second, at);
                    self.load(place)
                } else {
                    operand
                };
                let value = self.combine(kind, x, y, overflow);
                let place = self.element_of(target, at);
                self.store(place, value);
                None
            }
            Shape::Sum => {
                let acc = acc?;
                let x = if acc_kind == kind {
                    x
                } else {
                    self.append(InstData { aux: kind as u16, ..InstData::unary(Op::Convert, acc_kind, x) })
                };
                let x = if self.chance(20) { self.combine(acc_kind, x, x, overflow) } else { x };
                Some(if checked {
                    let data = InstData::binary(Op::AddChecked, acc_kind, acc, x);
                    self.append(InstData { c: overflow.0, ..data })
                } else {
                    self.append(InstData::binary(Op::Add, acc_kind, acc, x))
                })
            }
            Shape::Product => {
                let acc = acc?;
                let op = *self.rng().pick(&[Op::Mul, Op::Xor, Op::Or, Op::And, Op::Sub]);
                let op = if kind == Kind::F64 && !matches!(op, Op::Mul | Op::Sub) { Op::Mul } else { op };
                Some(self.append(InstData::binary(op, kind, acc, x)))
            }
            Shape::Least | Shape::Greatest => {
                let acc = acc?;
                Some(if self.chance(50) {
                    let op = if shape == Shape::Least { Op::Min } else { Op::Max };
                    self.append(InstData::binary(op, kind, acc, x))
                } else {
                    let cond = if shape == Shape::Least { Cond::Lt } else { Cond::Gt };
                    let better = self.compare(cond, kind, x, acc);
                    self.append(InstData { c: acc.0, ..InstData::binary(Op::Select, kind, better, x) })
                })
            }
            Shape::Count => {
                let acc = acc?;
                let holds = if kind == Kind::Bool {
                    x
                } else {
                    let cond =
                        *self.rng().pick(&[Cond::Eq, Cond::Ne, Cond::Lt, Cond::Gt, Cond::Le, Cond::Ge]);
                    self.compare(cond, kind, x, operand)
                };
                let (zero, one) = (self.int(Kind::I32, 0), self.int(Kind::I32, 1));
                let data = InstData::binary(Op::Select, Kind::I32, holds, one);
                let by = self.append(InstData { c: zero.0, ..data });
                Some(self.append(InstData::binary(Op::Add, Kind::I32, acc, by)))
            }
            Shape::Find => {
                let next = self.f.new_block();
                let cond = if kind == Kind::Bool || self.chance(60) { Cond::Eq } else { Cond::Gt };
                self.branch_compare(cond, kind, x, operand, (exit, &[at]), (next, &[]));
                self.block = next;
                None
            }
        }
    }

    /// An element made of two values.
    fn combine(&mut self, kind: Kind, x: Value, y: Value, overflow: Guard) -> Value {
        if kind == Kind::Bool {
            let op = *self.rng().pick(&[Op::And, Op::Or, Op::Xor]);
            return self.binary(op, kind, x, y);
        }
        if kind == Kind::F64 {
            let op = *self.rng().pick(&[Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Min, Op::Max]);
            return self.binary(op, kind, x, y);
        }
        if self.chance(15) {
            let op = *self.rng().pick(&[Op::AddChecked, Op::SubChecked, Op::MulChecked]);
            return self.emit(InstData { c: overflow.0, ..InstData::binary(op, kind, x, y) });
        }
        let ops = [Op::Add, Op::Sub, Op::Mul, Op::And, Op::Or, Op::Xor, Op::Min, Op::Max];
        let op = *self.rng().pick(&ops);
        let value = self.binary(op, kind, x, y);
        if self.chance(30) {
            let op = *self.rng().pick(&ops);
            return self.binary(op, kind, value, y);
        }
        value
    }
}

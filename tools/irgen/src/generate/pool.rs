//! Values that can be used at a place, and frame states made of them.

use orus::ir::function::{Reason, StateSlot};
use orus::ir::types::{FrameState, Guard, Kind, Lane, Removed, Type, Value};

use super::{Body, FLOATS, INTS, NUMBERS, corner};
use crate::program::Passed;

/// A reference to an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    pub value: Value,
    /// The layout's index in the plan.
    pub layout: usize,
    /// It is not null.
    pub there: bool,
}

/// Values by what they are. The newest are last.
#[derive(Default)]
pub(super) struct Pool {
    numbers: [Vec<Value>; 6],
    /// Integers that are small, though nothing says so.
    calm: [Vec<Value>; 4],
    pub objects: Vec<Object>,
    pub vectors: Vec<(Value, Kind, Lane)>,
    pub guards: Vec<(Reason, Guard)>,
    pub states: Vec<FrameState>,
}

/// How much there was.
pub(super) struct Mark {
    numbers: [usize; 6],
    calm: [usize; 4],
    others: [usize; 4],
}

fn number_index(kind: Kind) -> usize {
    NUMBERS.iter().position(|&other| other == kind).unwrap_or(0)
}

fn int_index(kind: Kind) -> usize {
    INTS.iter().position(|&other| other == kind).unwrap_or(0)
}

impl Pool {
    pub fn add(&mut self, kind: Kind, value: Value) {
        self.numbers[number_index(kind)].push(value);
    }

    pub fn add_calm(&mut self, kind: Kind, value: Value) {
        if kind.is_int() {
            self.calm[int_index(kind)].push(value);
        }
    }

    pub fn add_passed(&mut self, value: Value, passed: Passed) {
        match passed.kind {
            Kind::Ref => self.objects.push(Object { value, layout: passed.layout, there: false }),
            Kind::None => {}
            kind => self.add(kind, value),
        }
    }

    pub fn mark(&self) -> Mark {
        Mark {
            numbers: std::array::from_fn(|index| self.numbers[index].len()),
            calm: std::array::from_fn(|index| self.calm[index].len()),
            others: [self.objects.len(), self.vectors.len(), self.guards.len(), self.states.len()],
        }
    }

    /// Forgets what came after a mark.
    pub fn back_to(&mut self, mark: &Mark) {
        for (values, length) in self.numbers.iter_mut().zip(mark.numbers) {
            values.truncate(length);
        }
        for (values, length) in self.calm.iter_mut().zip(mark.calm) {
            values.truncate(length);
        }
        self.objects.truncate(mark.others[0]);
        self.vectors.truncate(mark.others[1]);
        self.guards.truncate(mark.others[2]);
        self.states.truncate(mark.others[3]);
    }
}

impl Body<'_> {
    /// One of some values: mostly a new one.
    fn one_of(&mut self, values: usize) -> usize {
        if self.chance(55) { values - 1 - self.below(values.min(4)) } else { self.below(values) }
    }

    pub(super) fn constant(&mut self, kind: Kind) -> Value {
        let bits = match kind {
            Kind::F64 if self.chance(50) => *self.rng().pick(&FLOATS),
            Kind::F64 => (self.below(200) as f64 / 4.0 - 20.0).to_bits(),
            Kind::Bool => self.below(2) as u64,
            Kind::Ref => 0,
            kind => corner(self.rng(), kind),
        };
        self.f.constant(kind, bits)
    }

    pub(super) fn int(&mut self, kind: Kind, value: i64) -> Value {
        self.f.constant(kind, value as u64)
    }

    /// A value of a kind of numbers.
    pub(super) fn value(&mut self, kind: Kind) -> Value {
        let count = self.pool.numbers[number_index(kind)].len();
        if count == 0 || self.chance(12) {
            return if self.chance(70) { self.constant(kind) } else { self.load_of(kind) };
        }
        let at = self.one_of(count);
        self.pool.numbers[number_index(kind)][at]
    }

    /// The newest value of a kind of numbers.
    pub(super) fn newest(&mut self, kind: Kind) -> Option<Value> {
        let values = &self.pool.numbers[number_index(kind)];
        let back = self.make.rng.below(3).min(values.len().saturating_sub(1));
        values.len().checked_sub(1 + back).map(|at| values[at])
    }

    /// An integer that is probably small.
    pub(super) fn calm(&mut self, kind: Kind) -> Value {
        let count = self.pool.calm[int_index(kind)].len();
        match self.below(20) {
            0 => self.value(kind),
            1..4 => self.small(kind, 0xff),
            4..7 => {
                let value = 1 + self.below(20) as i64;
                self.int(kind, value)
            }
            7..17 if count > 0 => {
                let at = self.one_of(count);
                self.pool.calm[int_index(kind)][at]
            }
            _ => self.load_of(kind),
        }
    }

    /// An integer from 0 to a mask.
    pub(super) fn small(&mut self, kind: Kind, mask: i64) -> Value {
        let value = self.value(kind);
        let mask = self.int(kind, mask);
        let value = self.binary(orus::ir::Op::And, kind, value, mask);
        self.pool.add_calm(kind, value);
        value
    }

    /// An object, if there is one: perhaps of one layout only.
    pub(super) fn object(&mut self, layout: Option<usize>) -> Option<Object> {
        let fits = |object: &&Object| layout.is_none_or(|layout| object.layout == layout);
        let count = self.pool.objects.iter().filter(fits).count();
        if count == 0 {
            return None;
        }
        let at = self.one_of(count);
        self.pool.objects.iter().filter(fits).nth(at).copied()
    }

    /// Any reference to an object of a layout, or null.
    pub(super) fn reference(&mut self, layout: usize) -> Value {
        match self.object(Some(layout)) {
            Some(object) if !self.chance(4) => object.value,
            _ if self.chance(50) => match self.load_reference(layout) {
                Some(value) => value,
                None => self.f.null(),
            },
            _ => self.f.null(),
        }
    }

    /// A reference whose type says its layout: to a new object, or one that was passed so.
    fn typed_reference(&mut self, layout: usize) -> Value {
        let ty = Type::reference(self.make.plan.layouts[layout].id);
        let known = self.pool.objects.iter().rev().find(|object| self.f.ty(object.value) == ty).copied();
        match known {
            Some(object) => object.value,
            None if !self.bare && self.chance(70) => self.make_object(layout).value,
            None => self.f.constant(ty, 0),
        }
    }

    /// What is passed to a parameter.
    pub(super) fn pass(&mut self, passed: Passed) -> Value {
        match passed.kind {
            Kind::Ref if passed.typed => self.typed_reference(passed.layout),
            Kind::Ref => self.reference(passed.layout),
            kind => self.value(kind),
        }
    }

    fn state_slot(&mut self, objects: &[Removed]) -> StateSlot {
        match self.below(20) {
            0..2 => StateSlot::Dead,
            2..4 => match self.object(None) {
                Some(object) => StateSlot::Value(object.value),
                None => StateSlot::Value(self.f.null()),
            },
            4..6 if !objects.is_empty() => StateSlot::Removed(*self.rng().pick(objects)),
            _ => {
                let kind = *self.rng().pick(&NUMBERS);
                match self.pool.numbers[number_index(kind)].len() {
                    0 => StateSlot::Value(self.constant(kind)),
                    count => {
                        let at = self.below(count);
                        StateSlot::Value(self.pool.numbers[number_index(kind)][at])
                    }
                }
            }
        }
    }

    /// One or two objects that frame states of this place may refer to. They may refer to each other.
    fn removed_objects(&mut self) -> Vec<Removed> {
        let count = 1 + self.below(2);
        let first = self.f.removed_count();
        let layouts: Vec<usize> = (0..count)
            .map(|_| {
                let layouts = self.make.plan.layouts.len();
                self.below(layouts)
            })
            .collect();
        let mut objects = Vec::new();
        for &layout in &layouts {
            let fields = self.make.plan.layouts[layout].fields.clone();
            let slots: Vec<StateSlot> = fields
                .iter()
                .map(|slot| match slot.mem.kind() {
                    Kind::Ref => {
                        let fits = layouts.iter().position(|&other| other == slot.layout);
                        match fits {
                            Some(at) if self.chance(40) => StateSlot::Removed(Removed((first + at) as u32)),
                            _ => match self.object(Some(slot.layout)) {
                                Some(object) => StateSlot::Value(object.value),
                                None => StateSlot::Value(self.f.null()),
                            },
                        }
                    }
                    // A constant or a value; not a new instruction.
                    kind => match self.pool.numbers[number_index(kind)].last() {
                        Some(&value) if self.make.rng.chance(70) => StateSlot::Value(value),
                        _ => StateSlot::Value(self.constant(kind)),
                    },
                })
                .collect();
            let id = self.make.plan.layouts[layout].id;
            objects.push(self.f.add_removed(id, &slots));
        }
        objects
    }

    /// A frame state of this place.
    pub(super) fn state(&mut self) -> FrameState {
        if !self.pool.states.is_empty() && self.chance(30) {
            let states = self.pool.states.len();
            return self.pool.states[states - 1 - self.make.rng.below(states.min(3))];
        }
        let objects = if self.chance(12) { self.removed_objects() } else { Vec::new() };
        let mut state = FrameState::NONE;
        for _ in 0..self.make.rng.weighted(&[(8, 1), (2, 2), (1, 3)]) {
            let most = if self.chance(20) { 24 } else { 7 };
            let slots: Vec<StateSlot> = (0..self.below(most)).map(|_| self.state_slot(&objects)).collect();
            self.make.positions += 1;
            let (function, position) = (self.func.0, self.make.positions);
            state = self.f.add_state(state, function, position, &slots);
        }
        self.pool.states.push(state);
        state
    }

    /// A guard of this place.
    pub(super) fn guard(&mut self, reason: Reason) -> Guard {
        let known: Vec<Guard> =
            self.pool.guards.iter().filter(|(other, _)| *other == reason).map(|(_, guard)| *guard).collect();
        if !known.is_empty() && self.chance(25) {
            return *self.rng().pick(&known);
        }
        let state = self.state();
        let guard = self.f.add_guard(reason, state);
        self.pool.guards.push((reason, guard));
        guard
    }
}

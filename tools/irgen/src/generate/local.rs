//! Objects that only the function that makes them has, as escape analysis looks for, and places where they meet.

use orus::ir::Op;
use orus::ir::function::{InstData, Reason, StateSlot};
use orus::ir::types::{Cond, Guard, Kind, Mem, Value};

use super::Body;
use super::memory::Place;
use super::pool::Object;
use crate::plan::Slot;

impl Body<'_> {
    /// Makes an object that nobody else gets, and writes and reads it, on different ways too.
    pub(super) fn local_object(&mut self) {
        let layouts = self.make.plan.layouts.len();
        let layout = self.below(layouts);
        let object = self.make_object(layout);
        self.pool.objects.retain(|other| other.value != object.value);
        if self.make.plan.layouts[layout].fields.is_empty() {
            return;
        }
        for _ in 0..1 + self.below(3) {
            self.use_local(object);
        }
        match self.below(4) {
            0 => self.local_in_arms(object),
            1 => self.local_or_local(object),
            _ => {}
        }
        for _ in 0..self.below(3) {
            self.use_local(object);
        }
        self.sink_field(object);
    }

    fn some_field(&mut self, object: Object) -> Slot {
        let fields = &self.make.plan.layouts[object.layout].fields;
        *self.make.rng.pick(fields)
    }

    fn use_local(&mut self, object: Object) {
        match self.below(7) {
            0..3 => self.write_field(object),
            3..5 => self.sink_field(object),
            5 => {
                let (value, guard) = (self.value(Kind::I32), self.guard_that_shows(object));
                let zero = self.int(Kind::I32, 77);
                self.guard_compare(Cond::Ne, Kind::I32, value, zero, guard);
            }
            _ => self.arithmetic(),
        }
    }

    fn write_field(&mut self, object: Object) {
        let slot = self.some_field(object);
        let value = match slot.mem {
            // Not one that could be this object.
            Mem::Ref => match self.load_reference(slot.layout) {
                Some(value) => value,
                None => self.f.null(),
            },
            mem => self.value(mem.kind()),
        };
        self.store(Place::at(object.value, &slot), value);
    }

    /// Reads a field, and keeps it where it is compared.
    fn sink_field(&mut self, object: Object) {
        let slot = self.some_field(object);
        let value = self.load_quietly(Place::at(object.value, &slot));
        let kind = slot.mem.kind();
        if kind == Kind::Ref {
            self.pool.objects.push(Object { value, layout: slot.layout, there: false });
        } else {
            self.pool.add(kind, value);
            let word = self.as_word(kind, value);
            self.store_word(word);
        }
    }

    /// A guard whose frame state has the object.
    fn guard_that_shows(&mut self, object: Object) -> Guard {
        self.make.positions += 1;
        let (function, position) = (self.func.0, self.make.positions);
        let mut slots = vec![StateSlot::Value(object.value)];
        if let Some(value) = self.newest(Kind::I64) {
            slots.push(StateSlot::Value(value));
        }
        let parent = self.state();
        let state = self.f.add_state(parent, function, position, &slots);
        self.f.add_guard(Reason::Other, state)
    }

    /// Each arm of a branch writes and reads it.
    fn local_in_arms(&mut self, object: Object) {
        let (yes, no, merge) = (self.f.new_block(), self.f.new_block(), self.f.new_block());
        self.branch_somehow((yes, &[]), (no, &[]));
        for block in [yes, no] {
            self.arm(block, merge, &[], false, |body| {
                for _ in 0..body.below(3) {
                    body.use_local(object);
                }
            });
        }
        self.go_on(merge, &[]);
    }

    /// One of two such objects is read behind a merge, and may be shown by a guard; or the two are compared.
    fn local_or_local(&mut self, object: Object) {
        let other = self.make_object(object.layout);
        self.pool.objects.retain(|known| known.value != other.value);
        if self.chance(30) {
            let equal = self.compare(Cond::Eq, Kind::Ref, object.value, other.value);
            let (one, two) = (self.int(Kind::I64, 1), self.int(Kind::I64, 2));
            let word =
                self.append(InstData { c: two.0, ..InstData::binary(Op::Select, Kind::I64, equal, one) });
            return self.store_word(word);
        }
        let merge = self.f.new_block();
        let either = self.f.add_param(merge, Kind::Ref);
        self.branch_somehow((merge, &[object.value]), (merge, &[other.value]));
        self.block = merge;
        let either = Object { value: either, layout: object.layout, there: true };
        self.sink_field(either);
        if self.chance(50) {
            let (value, guard) = (self.value(Kind::I64), self.guard_that_shows(either));
            let number: Value = self.int(Kind::I64, 0x77);
            self.guard_compare(Cond::Ne, Kind::I64, value, number, guard);
        }
        self.sink_field(either);
    }
}

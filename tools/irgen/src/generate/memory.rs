//! Loads, stores, objects.

use orus::ir::Op;
use orus::ir::function::{InstData, NONE, Reason};
use orus::ir::types::{Alias, Cond, Kind, Mem, Symbol, Value};

use super::Body;
use super::pool::Object;
use crate::plan::{self, ARRAY_LENGTH, ARRAY_STORE, ELEMENTS, Slot};

/// Where a load or a store goes.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub base: Value,
    pub index: Option<(Value, u8)>,
    pub offset: i32,
    pub mem: Mem,
    pub alias: Alias,
}

impl Place {
    pub fn at(base: Value, slot: &Slot) -> Place {
        Place { base, index: None, offset: slot.offset, mem: slot.mem, alias: slot.alias }
    }

    fn data(&self, op: Op, value: u32) -> InstData {
        let (index, scale) = self.index.map_or((NONE, 0), |(index, scale)| (index.0, scale));
        InstData {
            aux: InstData::access(self.mem, scale, self.alias),
            a: self.base.0,
            b: index,
            c: self.offset as u32,
            d: value,
            ..InstData::new(op, self.mem.kind())
        }
    }
}

impl Body<'_> {
    /// A load whose result others do not find.
    pub(super) fn load_quietly(&mut self, place: Place) -> Value {
        self.append(place.data(Op::Load, NONE))
    }

    pub(super) fn load(&mut self, place: Place) -> Value {
        let value = self.emit(place.data(Op::Load, NONE));
        self.pool.add_calm(place.mem.kind(), value);
        value
    }

    pub(super) fn store(&mut self, place: Place, value: Value) {
        self.emit(place.data(Op::Store, value.0));
    }

    pub(super) fn context(&mut self) -> Value {
        self.append(InstData::new(Op::Context, Kind::I64))
    }

    /// A load from a fixed place of the context.
    pub(super) fn fixed(&mut self, offset: i32, mem: Mem) -> Value {
        let base = self.context();
        self.load_quietly(Place { base, index: None, offset, mem, alias: Alias::FIXED })
    }

    /// A base and a slot there that `fits`.
    fn slot(&mut self, stored: bool, fits: impl Fn(&Slot) -> bool) -> Option<(Value, Slot)> {
        if self.bare {
            return None;
        }
        let plan = &self.make.plan;
        let groups = [(&plan.raw, 0), (&plan.module, 0), (&plan.frame, 1), (&plan.consts, 0)];
        // What is fixed is not stored to.
        let groups = &groups[..if stored { 3 } else { 4 }];
        let found: Vec<(Slot, u8)> = groups
            .iter()
            .flat_map(|(slots, base)| slots.iter().filter(|slot| fits(slot)).map(|slot| (*slot, *base)))
            .collect();
        if found.is_empty() {
            return None;
        }
        let (slot, base) = *self.rng().pick(&found);
        let base = if base == 1 { self.fixed(plan::FRAME_AT, Mem::I64) } else { self.context() };
        Some((base, slot))
    }

    /// A number from memory.
    pub(super) fn load_number(&mut self) -> (Kind, Value) {
        let kind = *self.make.rng.pick(&super::NUMBERS);
        // Crowds are of integers mostly: these are what registers are short of.
        let kind = if kind == Kind::F64 && self.chance(60) { Kind::I64 } else { kind };
        (kind, self.load_of(kind))
    }

    /// A number of a kind from memory.
    pub(super) fn load_of(&mut self, kind: Kind) -> Value {
        if self.bare {
            return self.load_bare(kind);
        }
        match self.slot(false, |slot| slot.mem.kind() == kind) {
            Some((base, slot)) => self.load(Place::at(base, &slot)),
            None => self.constant(kind),
        }
    }

    /// A number of a kind without the context: from a word of the arena.
    fn load_bare(&mut self, kind: Kind) -> Value {
        let base = self.append(InstData { a: Symbol(0).0, ..InstData::new(Op::Address, Kind::I64) });
        let offset = 8 * self.below(plan::ARENA_WORDS) as i32;
        let word = self.load(Place { base, index: None, offset, mem: Mem::I64, alias: Alias::RAW });
        match kind {
            Kind::I64 => word,
            Kind::Bool => {
                let other = self.constant(Kind::I64);
                self.compare(Cond::Ne, Kind::I64, word, other)
            }
            _ => {
                let value =
                    self.emit(InstData { aux: Kind::I64 as u16, ..InstData::unary(Op::Convert, kind, word) });
                self.pool.add_calm(kind, value);
                value
            }
        }
    }

    pub(super) fn load_slot(&mut self) {
        match self.below(6) {
            5 if !self.bare => {
                let levels = self.emit(InstData::new(Op::Levels, Kind::I32));
                self.pool.add_calm(Kind::I32, levels);
            }
            0 => {
                let place = self.arena();
                self.load(place);
            }
            1 => {
                let layouts = self.make.plan.layouts.len();
                let layout = self.below(layouts);
                self.load_reference(layout);
            }
            _ => {
                self.load_number();
            }
        }
    }

    /// A word of the arena.
    fn arena(&mut self) -> Place {
        let base = self.append(InstData { a: Symbol(0).0, ..InstData::new(Op::Address, Kind::I64) });
        let place = Place { base, index: None, offset: 0, mem: Mem::I64, alias: Alias::RAW };
        if self.chance(50) {
            let offset = 8 * self.below(plan::ARENA_WORDS) as i32;
            return Place { offset, ..place };
        }
        let kind = *self.rng().pick(&super::INTS);
        let half = plan::ARENA_WORDS as i64 / 2;
        let index = self.small(kind, half - 1);
        // With a scale and a displacement; or added up.
        if self.chance(70) {
            let offset = 8 * self.below(half as usize) as i32;
            return Place { index: Some((index, 3)), offset, ..place };
        }
        let word = self.as_word(kind, index);
        let three = self.int(Kind::I64, 3);
        let scaled = self.binary(Op::Shl, Kind::I64, word, three);
        let base = self.append(InstData::binary(Op::Add, Kind::I64, base, scaled));
        Place { base, ..place }
    }

    pub(super) fn load_reference(&mut self, layout: usize) -> Option<Value> {
        let (base, slot) = self.slot(false, |slot| slot.mem == Mem::Ref && slot.layout == layout)?;
        let value = self.load_quietly(Place::at(base, &slot));
        self.pool.objects.push(Object { value, layout, there: false });
        Some(value)
    }

    pub(super) fn flag(&mut self) -> Value {
        if self.bare {
            return self.load_bare(Kind::Bool);
        }
        let base = self.context();
        let offset = plan::FLAGS + self.below(plan::FLAG_COUNT) as i32;
        self.load(Place { base, index: None, offset, mem: Mem::Bool, alias: Alias::RAW })
    }

    /// Something to store as that.
    fn storable(&mut self, mem: Mem) -> Value {
        let kind = mem.kind();
        if kind.is_int() && self.chance(60) { self.calm(kind) } else { self.value(kind) }
    }

    pub(super) fn store_slot(&mut self) {
        if !self.bare && self.chance(8) {
            let flag = self.flag();
            self.store_then_guard(flag);
        } else if self.bare || self.chance(20) {
            let place = self.arena();
            let value = self.storable(Mem::I64);
            self.store(place, value);
        } else if let Some((base, slot)) = self.slot(true, |slot| slot.mem != Mem::Ref) {
            let value = self.storable(slot.mem);
            self.store(Place::at(base, &slot), value);
            // It is often read again, or written again.
            if self.chance(30) {
                self.load(Place::at(base, &slot));
            }
        }
    }

    /// A number in memory is changed: what was loaded before is another one then.
    pub(super) fn count_in_memory(&mut self) {
        let kind = *self.make.rng.pick(&[Kind::I32, Kind::I64, Kind::U32]);
        if self.bare {
            return;
        }
        if let Some((base, slot)) = self.slot(true, |slot| slot.mem.kind() == kind) {
            let place = Place::at(base, &slot);
            let (value, by) = (self.load_quietly(place), self.calm(kind));
            let sum = self.binary(Op::Add, kind, value, by);
            self.store(place, sum);
        }
    }

    /// A guard that shows what was stored in front of it, though that may be overwritten behind it.
    pub(super) fn store_then_guard(&mut self, flag: Value) {
        let place = self.arena();
        let value = self.storable(Mem::I64);
        self.store(place, value);
        let guard = self.guard(Reason::Other);
        self.emit(InstData { b: guard.0, ..InstData::unary(Op::Guard, Kind::Bool, flag) });
        if self.chance(60) {
            let value = self.storable(Mem::I64);
            self.store(place, value);
        }
    }

    /// Keeps a word where it is compared.
    pub(super) fn store_word(&mut self, value: Value) {
        let base = self.append(InstData { a: Symbol(0).0, ..InstData::new(Op::Address, Kind::I64) });
        let offset = 8 * self.below(plan::ARENA_WORDS) as i32;
        self.store(Place { base, index: None, offset, mem: Mem::I64, alias: Alias::RAW }, value);
    }

    // ---- Arrays. ----

    /// The reference to an array.
    pub(super) fn array_object(&mut self, array: usize) -> Value {
        self.fixed(plan::ARRAYS + 8 * array as i32, Mem::Ref)
    }

    pub(super) fn array_store(&mut self, object: Value) -> Value {
        let place =
            Place { base: object, index: None, offset: ARRAY_STORE, mem: Mem::Ref, alias: Alias::LENGTH };
        self.load_quietly(place)
    }

    pub(super) fn array_length(&mut self, object: Value) -> Value {
        let place =
            Place { base: object, index: None, offset: ARRAY_LENGTH, mem: Mem::I32, alias: Alias::LENGTH };
        self.load(place)
    }

    pub(super) fn element(&self, store: Value, index: Value, mem: Mem, offset: i32) -> Place {
        let scale = mem.bytes().trailing_zeros() as u8;
        let offset = ELEMENTS + offset * mem.bytes() as i32;
        Place { base: store, index: Some((index, scale)), offset, mem, alias: Alias::array(mem) }
    }

    /// An element of some array.
    fn some_element(&mut self) -> (Place, usize) {
        let arrays = self.make.plan.arrays.len();
        let array = self.below(arrays);
        let plan = self.make.plan.arrays[array].clone();
        let object = self.array_object(array);
        let index = if self.chance(30) {
            // Most arrays are longer than that.
            let index = if self.chance(85) { self.small(Kind::I32, 3) } else { self.calm(Kind::I32) };
            let length = self.array_length(object);
            let guard = self.guard(Reason::Bounds);
            let index = if self.chance(20) {
                // What is less is not below.
                let two = self.int(Kind::I32, 2);
                let index = self.binary(Op::Sub, Kind::I32, index, two);
                self.guard_compare(Cond::Lt, Kind::I32, index, length, guard);
                index
            } else {
                index
            };
            self.guard_compare(Cond::Below, Kind::I32, index, length, guard);
            index
        } else {
            let kind = *self.rng().pick(&super::INTS);
            let index = self.small(kind, plan.capacity as i64 - 1);
            if kind.bits() == 32 && self.chance(15) {
                // A sum that wraps: as one of 64 bits it is elsewhere.
                let (high, by) = (self.int(kind, -256), self.int(kind, 256));
                let moved = self.binary(Op::Or, kind, index, high);
                self.binary(Op::Add, kind, moved, by)
            } else {
                index
            }
        };
        let store = self.array_store(object);
        (self.element(store, index, plan.mem, 0), plan.layout)
    }

    pub(super) fn element_load(&mut self) {
        let (place, layout) = self.some_element();
        if place.mem == Mem::Ref {
            let value = self.load_quietly(place);
            self.pool.objects.push(Object { value, layout, there: false });
        } else {
            self.load(place);
        }
    }

    pub(super) fn element_store(&mut self) {
        if self.chance(10) {
            // Another length.
            let arrays = self.make.plan.arrays.len();
            let array = self.below(arrays);
            let most = self.make.plan.arrays[array].capacity as i64;
            let object = self.array_object(array);
            let length = self.small(Kind::I32, most - 1);
            let place = Place {
                base: object,
                index: None,
                offset: ARRAY_LENGTH,
                mem: Mem::I32,
                alias: Alias::LENGTH,
            };
            self.store(place, length);
            return;
        }
        let (place, layout) = self.some_element();
        let value = if place.mem == Mem::Ref { self.reference(layout) } else { self.storable(place.mem) };
        self.store(place, value);
    }

    // ---- Objects. ----

    pub(super) fn new_object(&mut self) {
        let layouts = self.make.plan.layouts.len();
        let layout = self.below(layouts);
        self.make_object(layout);
    }

    /// A new object of a layout.
    pub(super) fn make_object(&mut self, layout: usize) -> Object {
        let guard = self.guard(Reason::Memory);
        let id = self.make.plan.layouts[layout].id;
        let value = self.append(InstData { a: id.0, b: guard.0, ..InstData::new(Op::New, Kind::Ref) });
        let object = Object { value, layout, there: true };
        for index in 0..self.make.plan.layouts[layout].fields.len() {
            if self.chance(70) {
                self.set_field(object, index);
            }
        }
        self.pool.objects.push(object);
        object
    }

    fn set_field(&mut self, object: Object, index: usize) {
        let slot = self.make.plan.layouts[object.layout].fields[index];
        let value = if slot.mem == Mem::Ref { self.reference(slot.layout) } else { self.storable(slot.mem) };
        self.store(Place::at(object.value, &slot), value);
    }

    /// An object that is not null.
    fn object_there(&mut self) -> Option<Object> {
        let object = match self.object(None) {
            Some(object) => object,
            None => {
                let layouts = self.make.plan.layouts.len();
                let layout = self.below(layouts);
                Object { value: self.load_reference(layout)?, layout, there: false }
            }
        };
        if object.there {
            return Some(object);
        }
        let guard = self.guard(Reason::Null);
        let null = self.f.null();
        self.guard_compare(Cond::Ne, Kind::Ref, object.value, null, guard);
        if self.chance(10) {
            // What says which layout it has.
            let place =
                Place { base: object.value, index: None, offset: 0, mem: Mem::I64, alias: Alias::FIXED };
            let header = self.load_quietly(place);
            let expected = self.make.plan.layouts[object.layout].header;
            let expected = self.f.constant(Kind::I64, expected);
            let guard = self.guard(Reason::Kind);
            self.guard_compare(Cond::Eq, Kind::I64, header, expected, guard);
        }
        let object = Object { there: true, ..object };
        self.pool.objects.push(object);
        Some(object)
    }

    pub(super) fn field_load(&mut self) {
        let Some(object) = self.object_there() else { return };
        let fields = self.make.plan.layouts[object.layout].fields.len();
        let at = self.below(fields);
        let slot = self.make.plan.layouts[object.layout].fields[at];
        let place = Place::at(object.value, &slot);
        if slot.mem == Mem::Ref {
            let value = self.load_quietly(place);
            self.pool.objects.push(Object { value, layout: slot.layout, there: false });
        } else {
            self.load(place);
        }
    }

    pub(super) fn field_store(&mut self) {
        let Some(object) = self.object_there() else { return };
        let fields = self.make.plan.layouts[object.layout].fields.len();
        let at = self.below(fields);
        self.set_field(object, at);
    }

    /// Stores a reference where others find it.
    pub(super) fn escape(&mut self) {
        let Some(object) = self.object(None) else { return };
        if let Some((base, slot)) =
            self.slot(true, |slot| slot.mem == Mem::Ref && slot.layout == object.layout)
        {
            self.store(Place::at(base, &slot), object.value);
        }
    }
}

//! Arrays: lengths, elements, `push` and `pop`, new ones.
//!
//! The store of an array is loaded as a reference of its own, so that it can be hoisted out of loops; elements are at the store plus the index times
//! their size. Length and place of the store have one class, elements a class for each kind.

use super::registers::mem_of;
use super::{Translator, offsets};
use crate::bytecode::{Inst, Word};
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem, Reason, Value};

/// Up to so many elements are passed to the step that makes an array; more are stored into it.
const FEW: usize = 8;

impl Translator<'_> {
    /// The length of an array.
    pub(super) fn length(&mut self, array: Value) -> Value {
        self.b.load(Mem::I32, Address::at(array, offsets::ARRAY_LEN), Alias::LENGTH)
    }

    fn set_length(&mut self, array: Value, length: Value) {
        self.b.store(Mem::I32, Address::at(array, offsets::ARRAY_LEN), length, Alias::LENGTH);
    }

    /// Where the element at an index is that is in bounds.
    fn place(&mut self, array: Value, index: Value, mem: Mem) -> Address {
        let store = self.b.load(Mem::Ref, Address::at(array, offsets::ARRAY_STORE), Alias::LENGTH);
        Address::indexed(store, index, mem.bytes(), offsets::ELEMENTS)
    }

    /// The element at an index that is in bounds.
    pub(super) fn element(&mut self, array: Value, index: Value, kind: Kind) -> Value {
        let mem = mem_of(kind);
        let from = self.place(array, index, mem);
        self.b.load(mem, from, Alias::array(mem))
    }

    fn set_element(&mut self, array: Value, index: Value, value: Value) {
        let mem = mem_of(self.b.function.kind(value));
        let to = self.place(array, index, mem);
        self.b.store(mem, to, value, Alias::array(mem));
    }

    pub(super) fn array_len(&mut self, inst: &Inst<'_>) {
        let array = self.operand(inst, 1);
        let length = self.length(array);
        self.set(inst.lane(0), length);
    }

    pub(super) fn array_check_len(&mut self, inst: &Inst<'_>) {
        let array = self.operand(inst, 0);
        let (length, wanted) = (self.length(array), self.b.i32(inst.imm()));
        let out = self.out(Reason::Bounds);
        self.b.guard_cmp(Cond::Eq, length, wanted, out);
    }

    /// `a = b[c]`
    pub(super) fn get_element(&mut self, inst: &Inst<'_>) {
        let (array, index) = (self.operand(inst, 1), self.operand(inst, 2));
        let length = self.length(array);
        let index = self.check_index(index, length);
        let kind = self.kind(inst.lane(0));
        let value = self.element(array, index, kind);
        self.set(inst.lane(0), value);
    }

    /// `a[b] = c`
    pub(super) fn put_element(&mut self, inst: &Inst<'_>) {
        let (array, index, value) = (self.operand(inst, 0), self.operand(inst, 1), self.operand(inst, 2));
        let length = self.length(array);
        let index = self.check_index(index, length);
        self.set_element(array, index, value);
    }

    /// Appends `b` to `a`: here if there is room, else the interpreter makes some.
    pub(super) fn push(&mut self, inst: &Inst<'_>) {
        let (array, value) = (self.operand(inst, 0), self.operand(inst, 1));
        let length = self.length(array);
        let capacity = self.b.load(Mem::I32, Address::at(array, offsets::ARRAY_CAPACITY), Alias::LENGTH);
        let one = self.b.i32(1);
        // The state is made here, where the table is complete.
        let _ = self.out(Reason::Memory);
        let (room, full, end) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.set_cold(full);
        self.b.br_cmp(Cond::Ne, length, capacity, (room, &[]), (full, &[]));
        self.b.seal_block(room);
        self.b.seal_block(full);

        self.b.switch_to(room);
        self.set_element(array, length, value);
        let longer = self.b.add(length, one);
        self.set_length(array, longer);
        self.b.jump(end, &[]);

        self.b.switch_to(full);
        self.step(inst);
        self.b.jump(end, &[]);
        self.b.seal_block(end);
        self.b.switch_to(end);
    }

    /// Takes the last element of `b` into `a`.
    pub(super) fn pop(&mut self, inst: &Inst<'_>) {
        let array = self.operand(inst, 1);
        let length = self.length(array);
        let (zero, one) = (self.b.i32(0), self.b.i32(1));
        let out = self.out(Reason::Bounds);
        self.b.guard_cmp(Cond::Ne, length, zero, out);
        let last = self.b.sub(length, one);
        let kind = self.kind(inst.lane(0));
        let value = self.element(array, last, kind);
        if kind == Kind::Ref {
            // Behind the length there are nulls (L4 of the VM's layout).
            let null = self.b.null();
            self.set_element(array, last, null);
        }
        self.set_length(array, last);
        self.set(inst.lane(0), value);
    }

    /// A new array of the elements listed.
    pub(super) fn array_new(&mut self, inst: &Inst<'_>) {
        let elements: Vec<u16> = inst.args().collect();
        if elements.len() <= FEW {
            return self.step_and_set(inst);
        }
        // It is made with zeros and nulls, which nobody sees before the elements are there.
        let values: Vec<Value> = elements.iter().map(|&register| self.get(register)).collect();
        let mut words = vec![Word::abc(inst.op, 2, inst.lane(1), inst.lane(2)).0, inst.extra[0]];
        words.resize(2 + elements.len().div_ceil(4), 0);
        let blank = if self.kind(elements[0]) == Kind::Ref { 0 } else { 1 };
        for index in 0..elements.len() {
            words[2 + index / 4] |= blank << (16 * (index % 4));
        }
        let array = self.step_with_blanks(words);
        let mem = mem_of(self.kind(elements[0]));
        let store = self.b.load(Mem::Ref, Address::at(array, offsets::ARRAY_STORE), Alias::LENGTH);
        for (index, &value) in values.iter().enumerate() {
            let to = match i32::try_from(index as u64 * u64::from(mem.bytes()) + offsets::ELEMENTS as u64) {
                Ok(offset) => Address::at(store, offset),
                Err(_) => {
                    let index = self.b.i64(index as i64);
                    Address::indexed(store, index, mem.bytes(), offsets::ELEMENTS)
                }
            };
            self.b.store(mem, to, value, Alias::array(mem));
        }
        self.set(inst.lane(0), array);
    }
}

//! Strings: comparison and indexing as far as it is short.

use super::{Translator, offsets};
use crate::bytecode::Inst;
use crate::ir::builder::Address;
use crate::ir::{Alias, Block, Cond, Kind, Mem, Reason, Value};

impl Translator<'_> {
    fn byte_len(&mut self, string: Value) -> Value {
        self.b.load(Mem::I64, Address::at(string, offsets::STRING_BYTES), Alias::FIXED)
    }

    fn scalar_len(&mut self, string: Value) -> Value {
        self.b.load(Mem::I32, Address::at(string, offsets::STRING_SCALARS), Alias::FIXED)
    }

    /// The byte at an offset that is within the string.
    pub(super) fn byte(&mut self, string: Value, at: Value) -> Value {
        let buffer = self.b.load(Mem::Ref, Address::at(string, offsets::STRING_BUFFER), Alias::FIXED);
        self.b.load(Mem::U8, Address::indexed(buffer, at, 1, offsets::BUFFER_BYTES), Alias::FIXED)
    }

    /// The string of the ASCII scalar at an offset of a string that has no others.
    pub(super) fn ascii_scalar(&mut self, string: Value, at: Value) -> Value {
        let byte = self.byte(string, at);
        let table = self.table(offsets::ASCII);
        self.b.load(Mem::Ref, Address::indexed(table, byte, 8, 0), Alias::FIXED)
    }

    pub(super) fn str_len(&mut self, inst: &Inst<'_>) {
        let string = self.operand(inst, 1);
        let length = self.scalar_len(string);
        self.set(inst.lane(0), length);
    }

    /// Goes to `yes` or `no` if equality is seen at once; goes on in a new block if not. All blocks it goes to are the caller's to seal.
    fn equal_at_sight(&mut self, x: Value, y: Value, yes: Block, no: Block) {
        let zero = self.b.i64(0);
        let [other, same_length, some, unseen] = [(); 4].map(|()| self.b.new_block());
        self.b.br_cmp(Cond::Eq, x, y, (yes, &[]), (other, &[]));
        self.b.seal_block(other);
        self.b.switch_to(other);
        let (length, length_of_y) = (self.byte_len(x), self.byte_len(y));
        self.b.br_cmp(Cond::Eq, length, length_of_y, (same_length, &[]), (no, &[]));
        self.b.seal_block(same_length);
        self.b.switch_to(same_length);
        // Two empty strings of different places are rare.
        self.b.br_cmp(Cond::Ne, length, zero, (some, &[]), (unseen, &[]));
        self.b.seal_block(some);
        self.b.switch_to(some);
        let (first, first_of_y) = (self.byte(x, zero), self.byte(y, zero));
        self.b.br_cmp(Cond::Eq, first, first_of_y, (unseen, &[]), (no, &[]));
        self.b.seal_block(unseen);
        self.b.switch_to(unseen);
    }

    pub(super) fn equal_strings(&mut self, inst: &Inst<'_>) {
        let (x, y) = (self.operand(inst, 1), self.operand(inst, 2));
        let _ = self.context();
        let [yes, no, end] = [(); 3].map(|()| self.b.new_block());
        let result = self.b.add_param(end, Kind::Bool);
        self.equal_at_sight(x, y, yes, no);
        let value = self.step_value(inst);
        self.b.jump(end, &[value]);
        for (block, value) in [(yes, true), (no, false)] {
            self.b.seal_block(block);
            self.b.switch_to(block);
            let value = self.b.bool(value);
            self.b.jump(end, &[value]);
        }
        self.b.seal_block(end);
        self.b.switch_to(end);
        self.set(inst.lane(0), result);
    }

    /// Branches if two strings are equal, or if they are not.
    pub(super) fn branch_equal_strings(&mut self, inst: &Inst<'_>, taken: bool) {
        let (x, y) = (self.operand(inst, 0), self.operand(inst, 1));
        let _ = self.context();
        self.flush();
        let (target, next) = self.both();
        let (yes, no) = if taken { (target, next) } else { (next, target) };
        self.equal_at_sight(x, y, yes, no);
        let status = self.step(inst);
        self.branch_on_status(inst, status, target, next);
    }

    /// `b < c` or `b <= c`: the first bytes decide if they differ.
    pub(super) fn order_strings(&mut self, inst: &Inst<'_>) {
        let (x, y) = (self.operand(inst, 1), self.operand(inst, 2));
        let _ = self.context();
        let zero = self.b.i64(0);
        let [some, both, seen, unseen, end] = [(); 5].map(|()| self.b.new_block());
        let result = self.b.add_param(end, Kind::Bool);
        let length = self.byte_len(x);
        self.b.br_cmp(Cond::Ne, length, zero, (some, &[]), (unseen, &[]));
        self.b.seal_block(some);
        self.b.switch_to(some);
        let length = self.byte_len(y);
        self.b.br_cmp(Cond::Ne, length, zero, (both, &[]), (unseen, &[]));
        self.b.seal_block(both);
        self.b.switch_to(both);
        let (first, first_of_y) = (self.byte(x, zero), self.byte(y, zero));
        self.b.br_cmp(Cond::Ne, first, first_of_y, (seen, &[]), (unseen, &[]));
        self.b.seal_block(seen);
        self.b.switch_to(seen);
        let less = self.b.cmp(Cond::Lt, first, first_of_y);
        self.b.jump(end, &[less]);
        self.b.seal_block(unseen);
        self.b.switch_to(unseen);
        let value = self.step_value(inst);
        self.b.jump(end, &[value]);
        self.b.seal_block(end);
        self.b.switch_to(end);
        self.set(inst.lane(0), result);
    }

    /// `a = b[c]`: here if the string has ASCII scalars only.
    pub(super) fn str_index(&mut self, inst: &Inst<'_>) {
        let (string, index) = (self.operand(inst, 1), self.operand(inst, 2));
        let length = self.scalar_len(string);
        let at = self.check_index(index, length);
        let (bytes, scalars) = (self.byte_len(string), self.b.convert(length, Kind::I64));
        let kind = Kind::Ref;
        let value = self.choose(inst, kind, Cond::Eq, bytes, scalars, |this| this.ascii_scalar(string, at));
        self.set(inst.lane(0), value);
    }

    /// A step that takes part of a string or an array. That its end is included is computed here: the interpreter would ask the frame for the type of
    /// the end.
    pub(super) fn slice(&mut self, inst: &Inst<'_>) {
        let (_, end, inclusive) = inst.slice_bounds();
        let (Some(end), true) = (end, inclusive) else { return self.step_and_set(inst) };
        let value = self.get(end);
        let mut bound = self.canonical(value);
        if self.kind(end) == Kind::U64 {
            let all = self.b.i64(-1);
            let out = self.out(Reason::Bounds);
            self.b.guard_cmp(Cond::Ne, bound, all, out);
        }
        let one = self.b.i64(1);
        bound = self.b.add(bound, one);
        self.step_slice(inst, bound);
    }
}

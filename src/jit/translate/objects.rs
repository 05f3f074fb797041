//! Structs, cells, enum variants, function values, errors.

use super::{Translator, offsets};
use crate::bytecode::{Inst, TypeDesc, Word};
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Layout, Mem, Reason, TypeId, Value};
use crate::vm::heap::class;

/// Objects of more slots are made by a step.
const MANY_SLOTS: usize = 32;

/// The class of a slot of objects. A slot is a reference in all objects of a type, or in none, so the two kinds never share memory.
fn field_class(slot: u16, is_ref: bool) -> Alias {
    Alias::field(slot.saturating_mul(2).saturating_add(u16::from(is_ref)))
}

fn field(object: Value, slot: u16) -> Address {
    Address::at(object, offsets::SLOTS + 8 * i32::from(slot))
}

impl Translator<'_> {
    /// `new`: a struct, cell or enum variant.
    pub(super) fn new_object(&mut self, inst: &Inst<'_>) {
        let header = u64::from(inst.extra_low()) | u64::from(inst.lane(1)) << 32;
        let mut words = vec![Word::abc(inst.op, 0, inst.lane(1), inst.lane(2)).0, inst.extra[0]];
        words.resize(2 + inst.args().len().div_ceil(4), 0);
        self.make(inst, header, words);
    }

    /// `closure`: a function value with captures.
    pub(super) fn closure(&mut self, inst: &Inst<'_>) {
        let function = &self.program.functions[inst.index() as usize];
        let ty = function.closure.map(|ty| self.program.canonical(ty));
        debug_assert!(ty.is_some_and(|ty| matches!(self.program.ty(ty), TypeDesc::Closure { .. })));
        let header = u64::from(ty.map_or(0, |ty| ty.0)) | u64::from(inst.index()) << 32;
        let mut words = vec![Word::ai(inst.op, 0, inst.imm()).0];
        words.resize(1 + inst.args().len().div_ceil(4), 0);
        self.make(inst, header, words);
    }

    /// A new object, filled from the argument words. `words` is the instruction with blank operands, for objects that are not made here.
    fn make(&mut self, inst: &Inst<'_>, header: u64, mut words: Vec<u64>) {
        let args: Vec<u16> = inst.args().collect();
        let values: Vec<Value> = args.iter().map(|&register| self.get(register)).collect();
        let refs = args.iter().filter(|&&register| self.kind(register) == Kind::Ref).count();
        let object = if args.len() <= MANY_SLOTS {
            let layout = self.layout(header, refs as u32, args.len() as u32);
            let out = self.out(Reason::Memory);
            self.b.new_object(layout, out)
        } else {
            // All slots get a null or a zero from the two registers of the step.
            let first = words.len() - args.len().div_ceil(4);
            for index in refs..args.len() {
                words[first + index / 4] |= 1 << (16 * (index % 4));
            }
            words[0] |= 2 << 16;
            self.step_with_blanks(words)
        };
        for (slot, &value) in values.iter().enumerate() {
            let slot = slot as u16;
            let class = field_class(slot, self.b.function.kind(value) == Kind::Ref);
            self.store_slot(field(object, slot), value, class);
        }
        self.set(inst.lane(0), object);
    }

    /// The layout of such objects: with as many scalars as fill the cell, since that is what is taken.
    fn layout(&mut self, header: u64, references: u32, slots: u32) -> TypeId {
        let class = class::of(offsets::SLOTS as usize + 8 * slots as usize);
        let cell = u32::from(class::SIZES[class]);
        let layout = Layout {
            references,
            scalars: (cell - 8) / 8 - references,
            header,
            cursor_offset: (offsets::CURSORS + offsets::CURSOR_BYTES * class as i32 + offsets::CURSOR_NEXT)
                as u32,
        };
        match self.b.module.layouts.iter().position(|known| *known == layout) {
            // Number 0 is any object.
            Some(at) if at > 0 => TypeId(at as u32),
            _ => self.b.module.layout(layout),
        }
    }

    pub(super) fn get_field(&mut self, inst: &Inst<'_>) {
        let (object, kind) = (self.operand(inst, 1), self.kind(inst.lane(0)));
        let value = self.load_field(object, inst.lane(2), kind);
        self.set(inst.lane(0), value);
    }

    /// A slot of an object.
    pub(super) fn load_field(&mut self, object: Value, slot: u16, kind: Kind) -> Value {
        self.load_slot(field(object, slot), kind, field_class(slot, kind == Kind::Ref))
    }

    pub(super) fn set_field(&mut self, inst: &Inst<'_>) {
        let (object, value) = (self.operand(inst, 0), self.operand(inst, 1));
        let class = field_class(inst.lane(2), self.kind(inst.lane(1)) == Kind::Ref);
        self.store_slot(field(object, inst.lane(2)), value, class);
    }

    /// The variant of an enum, or the function of a function value.
    pub(super) fn aux(&mut self, object: Value) -> Value {
        self.b.load(Mem::U32, Address::at(object, offsets::AUX), Alias::FIXED)
    }

    pub(super) fn tag(&mut self, inst: &Inst<'_>) {
        let object = self.operand(inst, 1);
        let tag = self.aux(object);
        self.set(inst.lane(0), tag);
    }

    pub(super) fn get_payload(&mut self, inst: &Inst<'_>) {
        let object = self.operand(inst, 1);
        let (tag, wanted) = (self.aux(object), self.b.u32(inst.extra_low()));
        let out = self.out(Reason::Kind);
        self.b.guard_cmp(Cond::Eq, tag, wanted, out);
        self.get_field(inst);
    }

    pub(super) fn error_message(&mut self, inst: &Inst<'_>) {
        let error = self.operand(inst, 1);
        let message = self.b.load(Mem::Ref, Address::at(error, offsets::ERROR_MESSAGE), Alias::FIXED);
        self.set(inst.lane(0), message);
    }

    // ---- Maps, as far as they are not steps. ----

    pub(super) fn map_len(&mut self, inst: &Inst<'_>) {
        let map = self.operand(inst, 1);
        let length = self.b.load(Mem::I32, Address::at(map, offsets::MAP_LIVE), Alias::RAW);
        self.set(inst.lane(0), length);
    }

    pub(super) fn map_iter(&mut self, inst: &Inst<'_>) {
        let map = self.operand(inst, 1);
        let changes = self.b.load(Mem::I64, Address::at(map, offsets::MAP_CHANGES), Alias::RAW);
        self.set(inst.lane(0), changes);
    }
}

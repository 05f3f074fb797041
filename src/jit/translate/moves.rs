//! Moves, constants, module variables.

use super::{Translator, offsets};
use crate::bytecode::Inst;
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem, Reason};

impl Translator<'_> {
    /// `a = b`, also into and out of nullable registers.
    pub(super) fn copy(&mut self, inst: &Inst<'_>) {
        let value = self.operand(inst, 1);
        self.set(inst.lane(0), value);
    }

    pub(super) fn null(&mut self, inst: &Inst<'_>) {
        let null = self.b.null();
        self.set(inst.lane(0), null);
    }

    pub(super) fn unwrap(&mut self, inst: &Inst<'_>) {
        let (value, null) = (self.operand(inst, 1), self.b.null());
        let out = self.out(Reason::Null);
        self.b.guard_cmp(Cond::Ne, value, null, out);
        self.set(inst.lane(0), value);
    }

    pub(super) fn check_flag(&mut self, inst: &Inst<'_>) {
        let flag = self.operand(inst, 0);
        let out = self.out(Reason::Other);
        self.b.guard(flag, out);
    }

    /// A constant whose slot is this.
    pub(super) fn constant(&mut self, inst: &Inst<'_>, slot: u64) {
        let kind = self.kind(inst.lane(0));
        let value = self.b.function.constant(kind, slot);
        self.set(inst.lane(0), value);
    }

    pub(super) fn literal(&mut self, inst: &Inst<'_>) {
        let table = self.table(offsets::LITERALS);
        let at = self.table_at(table, inst.index(), 8);
        let value = self.b.load(Mem::Ref, at, Alias::FIXED);
        self.set(inst.lane(0), value);
    }

    // ---- Module variables. ----

    pub(super) fn global(&mut self, inst: &Inst<'_>) -> Address {
        let table = self.table(offsets::GLOBALS);
        self.table_at(table, inst.index(), 8)
    }

    fn presence(&mut self, inst: &Inst<'_>) -> Address {
        let table = self.table(offsets::PRESENT);
        self.table_at(table, inst.index(), 1)
    }

    pub(super) fn global_get(&mut self, inst: &Inst<'_>, checked: bool) {
        if checked {
            let at = self.presence(inst);
            let (present, zero) = (self.b.load(Mem::U8, at, Alias::MODULE), self.b.u32(0));
            let out = self.out(Reason::Null);
            self.b.guard_cmp(Cond::Ne, present, zero, out);
        }
        let at = self.global(inst);
        let kind = self.kind(inst.lane(0));
        let value = self.load_slot(at, kind, Alias::MODULE);
        if kind == Kind::Ref {
            let null = self.b.null();
            let out = self.out(Reason::Null);
            self.b.guard_cmp(Cond::Ne, value, null, out);
        }
        self.set(inst.lane(0), value);
    }

    pub(super) fn global_set(&mut self, inst: &Inst<'_>) {
        let value = self.operand(inst, 0);
        let at = self.global(inst);
        self.store_slot(at, value, Alias::MODULE);
        if self.kind(inst.lane(0)) != Kind::Ref {
            let (at, one) = (self.presence(inst), self.b.u32(1));
            self.b.store(Mem::U8, at, one, Alias::MODULE);
        }
    }
}

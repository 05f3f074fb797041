//! Registers and slots: what values they have, and how scalars lie in memory.
//!
//! A slot is canonical: `i32` sign-extended to 64 bits, `u32` and `bool` zero-extended. In the IR values have their own kinds. An `i32` of an object or a
//! module variable is loaded and stored as an `i64`; of a `u32` and a `bool` only the lower part is, as the upper one is
//! always zero there. A slot of a frame may hold anything before it is written first, so those are written whole.

use super::{Translator, Value};
use crate::bytecode::{Inst, Op};
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem};

/// How a value is read from the low part of a slot, or from an array.
pub(super) fn mem_of(kind: Kind) -> Mem {
    match kind {
        Kind::I32 => Mem::I32,
        Kind::U32 => Mem::U32,
        Kind::I64 => Mem::I64,
        Kind::U64 => Mem::U64,
        Kind::F64 => Mem::F64,
        Kind::Bool => Mem::Bool,
        _ => Mem::Ref,
    }
}

impl Translator<'_> {
    /// The kind of a register.
    pub(super) fn kind(&self, register: u16) -> Kind {
        self.kinds[usize::from(register)]
    }

    /// The value of a register.
    pub(super) fn get(&mut self, register: u16) -> Value {
        let index = usize::from(register);
        if let Some(value) = self.values[index].some() {
            return value;
        }
        let value = self.b.use_var(self.vars[index]);
        self.values[index] = value;
        self.touched.push(register);
        value
    }

    /// The register has another value from here on.
    pub(super) fn set(&mut self, register: u16, value: Value) {
        let index = usize::from(register);
        if self.values[index].is_none() {
            self.touched.push(register);
        }
        self.values[index] = value;
        self.dirty[index] = true;
    }

    /// Tells the builder what the table has (TR3).
    pub(super) fn flush(&mut self) {
        // In a block where ways have come together, the builder would have to ask all of them for what it does not know.
        let all = self.b.current() != self.started;
        for index in 0..self.touched.len() {
            let register = usize::from(self.touched[index]);
            if all || self.dirty[register] {
                self.b.def_var(self.vars[register], self.values[register]);
                self.dirty[register] = false;
            }
        }
    }

    /// On the way that the block at hand begins, the register has another value; the table does not have it.
    pub(super) fn set_here(&mut self, register: u16, value: Value) {
        self.b.def_var(self.vars[usize::from(register)], value);
    }

    /// Operand `index`'s value.
    pub(super) fn operand(&mut self, inst: &Inst<'_>, index: usize) -> Value {
        self.get(inst.lane(index))
    }

    /// The address of the context.
    pub(super) fn context(&mut self) -> Value {
        match self.context {
            Some(context) => context,
            None => {
                let context = self.b.context();
                self.context = Some(context);
                context
            }
        }
    }

    /// A pointer that the context holds, to memory outside of the heap.
    pub(super) fn table(&mut self, offset: i32) -> Value {
        let context = self.context();
        self.b.load(Mem::I64, Address::at(context, offset), Alias::FIXED)
    }

    /// Element `index` of such a table, of so many bytes.
    pub(super) fn table_at(&mut self, table: Value, index: u32, bytes: u32) -> Address {
        match i32::try_from(u64::from(index) * u64::from(bytes)) {
            Ok(offset) => Address::at(table, offset),
            Err(_) => {
                let index = self.b.i64(i64::from(index));
                Address::indexed(table, index, bytes, 0)
            }
        }
    }

    // ---- Conversions. ----

    /// An integer as one of another kind: extended as its own kind says, or cut off.
    pub(super) fn int_to(&mut self, value: Value, kind: Kind) -> Value {
        let from = self.b.function.kind(value);
        if from.bits() == kind.bits() { self.b.bitcast(value, kind) } else { self.b.convert(value, kind) }
    }

    /// A bool as an integer.
    pub(super) fn bool_to(&mut self, value: Value, kind: Kind) -> Value {
        let (one, zero) = (self.b.function.constant(kind, 1), self.b.function.constant(kind, 0));
        self.b.select(value, one, zero)
    }

    /// A scalar in canonical form, as an i64.
    pub(super) fn canonical(&mut self, value: Value) -> Value {
        match self.b.function.kind(value) {
            Kind::Bool => self.bool_to(value, Kind::I64),
            Kind::F64 | Kind::Ref => self.b.bitcast(value, Kind::I64),
            _ => self.int_to(value, Kind::I64),
        }
    }

    // ---- Slots of objects and module variables. ----

    /// Reads a slot that is canonical (TR4).
    pub(super) fn load_slot(&mut self, from: Address, kind: Kind, class: Alias) -> Value {
        match kind {
            Kind::I32 => {
                let whole = self.b.load(Mem::I64, from, class);
                self.b.convert(whole, Kind::I32)
            }
            _ => self.b.load(mem_of(kind), from, class),
        }
    }

    /// Writes a slot that was canonical before, or zero (TR4).
    pub(super) fn store_slot(&mut self, to: Address, value: Value, class: Alias) {
        match self.b.function.kind(value) {
            Kind::I32 => {
                let whole = self.b.convert(value, Kind::I64);
                self.b.store(Mem::I64, to, whole, class);
            }
            kind => self.b.store(mem_of(kind), to, value, class),
        }
    }

    // ---- Bounds. ----

    /// Compares an index, of any integer kind, with a length, an i32 that is not negative: as the interpreter does, as unsigned numbers of 64 bits. That of a
    /// 32-bit index comes to the same in 32 bits. Gives what to compare.
    pub(super) fn index_and_length(&mut self, index: Value, length: Value) -> (Value, Value) {
        match self.b.function.kind(index) {
            Kind::U32 => (self.b.bitcast(index, Kind::I32), length),
            Kind::I32 => (index, length),
            kind => (index, self.b.convert(length, kind)),
        }
    }

    /// Leaves unless the index is below the length. Gives the index to be used.
    pub(super) fn check_index(&mut self, index: Value, length: Value) -> Value {
        let (index, length) = self.index_and_length(index, length);
        let out = self.out(crate::ir::Reason::Bounds);
        self.b.guard_cmp(Cond::Below, index, length, out);
        index
    }

    /// The registers that the unit uses as positions in arrays.
    pub(super) fn positions(&self) -> Vec<u16> {
        let mut positions = Vec::new();
        for (index, _) in self.code.blocks.iter().enumerate().filter(|(_, block)| block.inside) {
            if let Some(last) = self.code.block_insts(index as u32).last()
                && matches!(last.op, Op::NextI32 | Op::NextU32 | Op::Next64 | Op::NextBool | Op::NextRef)
                && !positions.contains(&last.lane(2))
            {
                positions.push(last.lane(2));
            }
        }
        positions
    }
}

//! Loads in front of loops, of what their turns would load again.
//!
//! How it works. Where a loop is entered that calls nothing, its instructions are looked at in the order of the code: which arrays, fields and module variables
//! they read, beginning with registers that the loop does not write. Lengths, stores and fields of these are loaded in
//! front of the loop. Nobody uses the values here: the optimiser finds that the loads in the loop are the same, if nothing in it writes
//! their class, and removes these if they are not. It could move the first loads of a turn by itself, but none behind a guard, since it does not know which
//! addresses are good.
//!
//! Invariants
//! - PL1 What is loaded from is an object of the type that the access is for: the value of a register that was assigned (it is alive at the header, V5 of the
//!   bytecode verifier) or of a field of such an object, or a module variable that a guard has found to have a value. Registers have one type each, so
//!   that is so wherever the walk through the code may have mistaken which of several values a register has.
//!
//! Cost. A walk through the loop for each way into it; loops longer than [`LENGTH`] are left alone.

use smallvec::SmallVec;

use super::{Translator, liveness, offsets};
use crate::bytecode::{Access, Inst, Op};
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem, Reason, Value};

/// Loops of more instructions are not looked through.
const LENGTH: usize = 1000;
/// So many values are loaded at most.
const MANY: usize = 48;

/// What is known of the registers that a loop writes.
#[derive(Default)]
struct Known {
    /// The registers that it writes.
    written: Vec<u64>,
    /// Those of them that have a value here, as far as the walk has come.
    values: SmallVec<[(u16, Value); 16]>,
    /// What was loaded: from where.
    loaded: Vec<(Value, i32)>,
}

/// May an instruction write any memory, since it calls something?
fn calls(inst: &Inst<'_>) -> bool {
    use Op::*;
    matches!(
        inst.op,
        // Steps, or a step in some cases.
        Call | CallValue
            | Builtin
            | Print
            | FormatStr
            | ToStr
            | RemF64
            | EqDeep
            | ErrorKind
            | EqStr
            | LtStr
            | LeStr
            | BrEqStr
            | BrNeStr
            | MinStr
            | MaxStr
            | Concat
            | StrIndex
            | StrSlice
            | NextStr
            | ArrayNew
            | ArrayFill
            | ArrayRepeat
            | ArraySlice
            | Push32
            | Push64
            | PushBool
            | PushRef
            | MapNew
            | MapGet
            | MapSet
            | MapGetOr
            | MapHas
            | MapRemove
            | MapNext
            | MapEntry
    )
}

impl Translator<'_> {
    /// Loads what the loop of a header reads in each turn.
    pub(super) fn preload(&mut self, header: u32) {
        let (first, end) = self.code.extent(header);
        if end - first > LENGTH || self.code.insts[first..end].iter().any(calls) {
            return;
        }
        let mut known = Known { written: vec![0; self.liveness.width], ..Known::default() };
        for inst in &self.code.insts[first..end] {
            liveness::for_each_register(self.program, &self.code, inst, |register, access| {
                if access != Access::Use {
                    liveness::insert(&mut known.written, register);
                }
            });
        }
        for index in first..end {
            if known.loaded.len() > MANY {
                break;
            }
            let inst = self.code.insts[index];
            let value = self.preload_for(&inst, header, &mut known);
            if liveness::contains(&known.written, inst.lane(0)) {
                known.values.retain(|(register, _)| *register != inst.lane(0));
                known.values.extend(value.map(|value| (inst.lane(0), value)));
            }
        }
    }

    /// Loads for an instruction. Gives the reference that it makes its first operand, if that is known.
    fn preload_for(&mut self, inst: &Inst<'_>, header: u32, known: &mut Known) -> Option<Value> {
        use Op::*;
        match inst.op {
            MovRef => self.known(inst.lane(1), header, known),
            GetField | GetFieldRef => {
                let object = self.known(inst.lane(1), header, known)?;
                let kind = self.kind(inst.lane(0));
                let value = self.load_field(object, inst.lane(2), kind);
                known.loaded.push((object, i32::from(inst.lane(2))));
                (kind == Kind::Ref).then_some(value)
            }
            GlobalGetRef => {
                let at = self.global(inst);
                let (value, null) = (self.b.load(Mem::Ref, at, Alias::MODULE), self.b.null());
                let out = self.out(Reason::Null);
                self.b.guard_cmp(Cond::Ne, value, null, out);
                known.loaded.push((value, 0));
                Some(value)
            }
            ArrayLen | GetI32 | GetU32 | Get64 | GetBool | GetRef | NextI32 | NextU32 | Next64 | NextBool
            | NextRef => {
                let array = self.known(inst.lane(1), header, known)?;
                self.preload_array(array, known);
                None
            }
            Set32 | Set64 | SetBool | SetRef => {
                let array = self.known(inst.lane(0), header, known)?;
                self.preload_array(array, known);
                None
            }
            _ => None,
        }
    }

    fn preload_array(&mut self, array: Value, known: &mut Known) {
        let key = (array, offsets::ARRAY_STORE);
        if !known.loaded.contains(&key) {
            known.loaded.push(key);
            self.length(array);
            self.b.load(Mem::Ref, Address::at(array, offsets::ARRAY_STORE), Alias::LENGTH);
        }
    }

    /// The object that a register has when the loop begins, if one is sure to be there (PL1).
    fn known(&mut self, register: u16, header: u32, known: &Known) -> Option<Value> {
        if let Some(&(_, value)) = known.values.iter().find(|(with_value, _)| *with_value == register) {
            return Some(value);
        }
        let assigned = liveness::contains(self.liveness.start(header), register)
            && !liveness::contains(&known.written, register)
            && !self.function.registers[usize::from(register)].nullable;
        assigned.then(|| self.get(register))
    }
}

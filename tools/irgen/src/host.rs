//! What is outside of a program: functions that do the same for the same arguments and memory, polls, symbols.

use orus::ir::Effects;
use orus::ir::eval::{Called, Host, Memory, Outside, Value};
use orus::ir::types::{Func, Kind, Mem, Symbol};

use crate::plan::{self, ARRAY_LENGTH, ELEMENTS, Slot};
use crate::program::{FUNCTIONS_AT, Program, SYMBOLS_AT};

/// The outside of one run.
pub struct World<'p> {
    program: &'p Program,
    /// Polls so far.
    pub polls: u64,
    /// Which one leaves; 0 for none.
    pub poll_at: u64,
    /// Calls that may have an effect: the function, and a hash of its arguments.
    pub log: Vec<(Func, u64)>,
}

fn mix(hash: u64, word: u64) -> u64 {
    let product = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 29
}

impl<'p> World<'p> {
    /// The outside of a program.
    pub fn new(program: &'p Program) -> World<'p> {
        World { program, polls: 0, poll_at: program.poll_at, log: Vec::new() }
    }

    /// Calls a function outside.
    ///
    /// # Errors
    /// If memory is not as [`Plan`](plan::Plan) says, such as in a call with a reference that leads nowhere.
    fn outside(&mut self, func: Func, arguments: &[Value], memory: &mut Memory) -> Result<Called, Outside> {
        let plan = &self.program.plan;
        let effects = self.program.module.funcs[func.index()].effects;
        let takes = &self.program.funcs[func.index()];
        let reads = effects.contains(Effects::READS);
        let mut hash = mix(0, u64::from(func.0));
        for (passed, value) in takes.params.iter().zip(arguments) {
            let word = match (passed.kind, value.bits()) {
                (Kind::F64, bits) if f64::from_bits(bits).is_nan() => 0x7ff8,
                // Addresses differ from run to run (IG2).
                (Kind::Ref, 0) => 0,
                (Kind::Ref, object) if reads => {
                    match plan.layouts[passed.layout].fields.iter().find(|slot| is_plain(slot)) {
                        Some(slot) => memory.load(object + slot.offset as u64, slot.mem.bytes() as usize)?,
                        None => 1,
                    }
                }
                (Kind::Ref, _) => 1,
                (_, bits) => bits,
            };
            hash = mix(hash, word);
        }
        if reads {
            let slots: Vec<&Slot> =
                plan.raw.iter().chain(&plan.module).filter(|slot| is_plain(slot)).collect();
            if !slots.is_empty() {
                let slot = slots[(hash >> 20) as usize % slots.len()];
                hash = mix(hash, memory.load(plan::BASE + slot.offset as u64, slot.mem.bytes() as usize)?);
            }
        }
        if effects.contains(Effects::WRITES) {
            self.log.push((func, hash));
        }
        if effects.contains(Effects::NEVER_RETURNS)
            || effects.contains(Effects::RAISES) && hash.is_multiple_of(9)
        {
            return Ok(Called::Raised);
        }
        if effects.contains(Effects::WRITES) {
            self.write(hash, func, arguments, memory)?;
        }
        Ok(Called::Returned(self.result(hash, func, arguments)))
    }

    /// Writes some memory of any class.
    fn write(&self, hash: u64, func: Func, arguments: &[Value], memory: &mut Memory) -> Result<(), Outside> {
        let plan = &self.program.plan;
        let value = hash >> 24 & 0xff;
        let mut put = |base: u64, slot: &Slot, value: u64| {
            let value = match slot.mem {
                Mem::Bool => value & 1,
                Mem::F64 => (value as f64).to_bits(),
                _ => value,
            };
            memory.store(base + slot.offset as u64, slot.mem.bytes() as usize, value)
        };
        let of = |slots: &'p [Slot], number: u64| slots.get(number as usize % slots.len().max(1));
        for (slots, base, shift) in
            [(&plan.raw, plan::BASE, 3), (&plan.module, plan::BASE, 5), (&plan.frame, plan::FRAME, 7)]
        {
            if let Some(slot) = of(slots, hash >> shift).filter(|slot| slot.mem != Mem::Ref) {
                put(base, slot, value)?;
            }
        }
        // Objects that it is given: a number is changed; and it is kept where others find it.
        for (passed, argument) in self.program.funcs[func.index()].params.iter().zip(arguments) {
            if passed.kind != Kind::Ref || argument.bits() == 0 {
                continue;
            }
            let layout = &plan.layouts[passed.layout];
            if let Some(slot) = of(&layout.fields[layout.references..], hash >> 9) {
                put(argument.bits(), slot, value + 1)?;
            }
            if hash >> 11 & 3 == 0 {
                let fits = |slot: &&Slot| slot.mem == Mem::Ref && slot.layout == passed.layout;
                if let Some(slot) = plan.module.iter().find(fits) {
                    put(plan::BASE, slot, argument.bits())?;
                }
            }
        }
        if let Some(array) = plan.arrays.get(hash as usize % (plan.arrays.len() + 1)) {
            if hash >> 13 & 3 == 0 {
                memory.store(array.object + ARRAY_LENGTH as u64, 4, (hash >> 15) % (array.capacity + 1))?;
            }
            if !matches!(array.mem, Mem::Ref | Mem::F64 | Mem::Bool) {
                let size = u64::from(array.mem.bytes());
                let at = array.store + ELEMENTS as u64 + (hash >> 17) % array.capacity * size;
                memory.store(at, size as usize, value)?;
            }
        }
        Ok(())
    }

    fn result(&self, hash: u64, func: Func, arguments: &[Value]) -> Option<Value> {
        let takes = &self.program.funcs[func.index()];
        let small = hash >> 40 & 0x3ff;
        Some(Value::Bits(match takes.result.kind {
            Kind::None => return None,
            Kind::F64 => ((small as f64 - 100.0) / 4.0).to_bits(),
            Kind::Ref => {
                let given = takes.params.iter().zip(arguments);
                let mut given = given
                    .filter(|(passed, _)| passed.kind == Kind::Ref && passed.layout == takes.result.layout);
                match given.next() {
                    Some((_, object)) if hash >> 12 & 1 == 1 => object.bits(),
                    _ => self.program.plan.layouts[takes.result.layout].objects[hash as usize >> 5 & 1],
                }
            }
            kind => kind.canonical(if hash & 0x700 == 0 { hash >> 3 | hash << 50 } else { small }),
        }))
    }
}

/// May its bits be looked at? Not those of a reference, nor of a NaN.
fn is_plain(slot: &Slot) -> bool {
    !matches!(slot.mem, Mem::Ref | Mem::F64)
}

impl Host for World<'_> {
    fn call(&mut self, func: Func, arguments: &[Value], memory: &mut Memory) -> Called {
        // A program that passes a reference that leads nowhere is a wrong program: it raises, which shows.
        self.outside(func, arguments, memory).unwrap_or(Called::Raised)
    }

    fn poll(&mut self) -> bool {
        self.polls += 1;
        self.polls == self.poll_at
    }

    fn context(&self) -> u64 {
        plan::BASE
    }

    fn symbol(&self, symbol: Symbol) -> u64 {
        if symbol.0 == 0 { plan::ARENA } else { SYMBOLS_AT + u64::from(symbol.0) }
    }

    fn function_at(&self, address: u64) -> Option<Func> {
        let number = address.checked_sub(FUNCTIONS_AT)?;
        let known = number % 16 == 0 && number / 16 < self.program.module.funcs.len() as u64;
        known.then_some(Func((number / 16) as u32))
    }
}

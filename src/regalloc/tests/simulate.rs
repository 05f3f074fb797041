//! Runs code twice in lockstep: as SSA means it, with a value for each name, and as it was allocated, with registers and slots.
//!
//! Which way a branch goes is drawn, the same for both. Whatever nothing was written to holds junk.

use std::collections::HashSet;

use super::code::Code;
use crate::regalloc::{Alloc, Edit, Function, Machine, Output, Point, Role, SpillSlot, Time, VReg};

/// A generator of random numbers.
pub struct Rng(pub u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What a register or a value may hold: as many words as it has slots.
type Words = [u64; 4];

struct Simulator<'a> {
    code: &'a Code,
    machine: &'a Machine,
    output: &'a Output,
    registers: Vec<Words>,
    slots: Vec<u64>,
    values: Vec<Option<Words>>,
    /// References that a collection has freed.
    freed: HashSet<VReg>,
    rng: Rng,
}

/// Runs a function along one way, for so many instructions at most.
///
/// # Errors
/// What an instruction or a move found in a place, instead of the value.
pub fn simulate(
    code: &Code,
    machine: &Machine,
    output: &Output,
    seed: u64,
    limit: usize,
) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let mut junk = || [rng.next(), rng.next(), rng.next(), rng.next()];
    let registers = (0..64).map(|_| junk()).collect();
    let slots = (0..output.slots).map(|_| junk()[0]).collect();
    let values = vec![None; code.values.len()];
    let mut simulator =
        Simulator { code, machine, output, registers, slots, values, freed: HashSet::new(), rng };
    let (mut block, mut left) = (0, limit);
    loop {
        let insts = code.block_insts(block);
        for inst in insts {
            simulator.edits(Point::Before(inst))?;
            simulator.run(inst)?;
            simulator.edits(Point::After(inst))?;
        }
        let successors = code.successors(block);
        left = left.saturating_sub(code.block_insts(block).len());
        if successors.is_empty() || left == 0 {
            return Ok(());
        }
        let next = successors[simulator.rng.below(successors.len())];
        let passed: Vec<_> =
            code.arguments(block).iter().map(|&value| simulator.values[value.index()]).collect();
        for (argument, &param) in code.arguments(block).iter().zip(code.params(next)) {
            if simulator.freed.contains(argument) {
                return Err(format!("{argument} was freed, and is passed"));
            }
            simulator.freed.remove(&param);
        }
        for (&param, value) in code.params(next).iter().zip(passed) {
            simulator.values[param.index()] = value;
        }
        block = next;
    }
}

impl Simulator<'_> {
    fn junk(&mut self) -> Words {
        std::array::from_fn(|_| self.rng.next())
    }

    fn units(&self, vreg: VReg) -> usize {
        usize::from(self.code.value(vreg).slots)
    }

    fn constant(vreg: VReg) -> Words {
        let mut rng = Rng::new(u64::from(vreg.0) + 77);
        std::array::from_fn(|_| rng.next())
    }

    fn read(&self, vreg: VReg, place: Alloc) -> Words {
        let mut words = [0; 4];
        match place {
            Alloc::Reg(reg) => words = self.registers[reg.index()],
            Alloc::Slot(SpillSlot(slot)) => {
                let units = self.units(vreg);
                words[..units].copy_from_slice(&self.slots[slot as usize..][..units]);
            }
            Alloc::None => words = Simulator::constant(vreg),
        }
        words
    }

    fn write(&mut self, vreg: VReg, place: Alloc, words: Words) {
        let units = self.units(vreg);
        match place {
            Alloc::Reg(reg) => {
                let mut junk = self.junk();
                junk[..units].copy_from_slice(&words[..units]);
                self.registers[reg.index()] = junk;
            }
            Alloc::Slot(SpillSlot(slot)) => {
                self.slots[slot as usize..][..units].copy_from_slice(&words[..units])
            }
            Alloc::None => {}
        }
    }

    fn edits(&mut self, point: Point) -> Result<(), String> {
        let first = self.output.edits.partition_point(|edit| key(edit.point) < key(point));
        let output = self.output;
        for &Edit { vreg, from, to, .. } in
            output.edits[first..].iter().take_while(|edit| edit.point == point)
        {
            let words = self.read(vreg, from);
            if matches!((from, to), (Alloc::Slot(_), Alloc::Slot(_))) {
                let scratch = self.machine.scratch[self.code.value(vreg).class as usize];
                self.registers[scratch.index()] = words;
            }
            self.write(vreg, to, words);
        }
        Ok(())
    }

    fn expect(&self, inst: u32, vreg: VReg, place: Alloc) -> Result<(), String> {
        let units = self.units(vreg);
        let words = self.read(vreg, place);
        let expected = self.values[vreg.index()].ok_or_else(|| format!("{vreg} is not defined"))?;
        if words[..units] != expected[..units] {
            return Err(format!("instruction {inst} does not find {vreg} in {place:?}"));
        }
        if self.freed.contains(&vreg) {
            return Err(format!("instruction {inst} uses {vreg}, which was freed"));
        }
        Ok(())
    }

    fn run(&mut self, inst: u32) -> Result<(), String> {
        let range = self.code.inst_operands(inst);
        let places = range
            .clone()
            .map(|index| (self.code.operands[index as usize], self.output.allocs[index as usize]));
        let places: Vec<_> = places.collect();
        let uses = |time| places.iter().filter(move |(op, _)| op.role == Role::Use && op.time == time);
        for (op, place) in uses(Time::Early) {
            self.expect(inst, op.vreg, *place)?;
        }
        // What each def writes: a constant always the same, a copy what it copies, all else something new.
        let used = uses(Time::Early).next().and_then(|(op, _)| self.values[op.vreg.index()]);
        let mut results = Vec::new();
        for (op, place) in places.iter().filter(|(op, _)| op.role == Role::Def) {
            let words = if self.code.value(op.vreg).rematerializable {
                Simulator::constant(op.vreg)
            } else {
                used.filter(|_| self.code.is_move(inst)).unwrap_or_else(|| self.junk())
            };
            results.push((op.vreg, op.time, *place, words));
        }
        for &(vreg, _, place, words) in results.iter().filter(|result| result.1 == Time::Early) {
            self.write(vreg, place, words);
        }
        for (op, place) in places.iter().filter(|(op, _)| op.role == Role::Temp) {
            let junk = self.junk();
            self.write(op.vreg, *place, junk);
        }
        // Early uses are still read when early defs and temporaries have been written.
        for (op, place) in uses(Time::Early) {
            self.expect(inst, op.vreg, *place)?;
        }
        if self.code.is_safepoint(inst) {
            self.collect(inst)?;
        }
        for reg in self.code.clobbers(inst).iter() {
            if !results.iter().any(|result| result.2 == Alloc::Reg(reg)) {
                self.registers[reg.index()] = self.junk();
            }
        }
        for &(vreg, _, place, words) in results.iter().filter(|result| result.1 == Time::Late) {
            self.write(vreg, place, words);
        }
        for (op, place) in uses(Time::Late) {
            self.expect(inst, op.vreg, *place)?;
        }
        for &(vreg, _, place, words) in &results {
            let units = self.units(vreg);
            if self.read(vreg, place)[..units] != words[..units] {
                return Err(format!("instruction {inst} loses {vreg} in {place:?}"));
            }
            self.values[vreg.index()] = Some(words);
            self.freed.remove(&vreg);
        }
        Ok(())
    }

    /// Frees each reference that no slot of the map holds. Those that are used later must not be among them.
    fn collect(&mut self, inst: u32) -> Result<(), String> {
        let map = self.output.maps.iter().find(|map| map.inst == inst).ok_or("a safepoint has no map")?;
        let bits = self.output.map(*map);
        let mapped = (0..self.output.slots as usize).filter(|&slot| bits[slot / 64] >> (slot % 64) & 1 == 1);
        let kept: HashSet<u64> = mapped.map(|slot| self.slots[slot]).collect();
        let is_reference = |index: usize| self.code.values[index].reference;
        for index in (0..self.values.len()).filter(|&index| is_reference(index)) {
            if let Some(words) = self.values[index]
                && !kept.contains(&words[0])
                && !self.code.values[index].rematerializable
            {
                self.freed.insert(VReg(index as u32));
            }
        }
        let known = |word: &u64| {
            (0..self.values.len())
                .any(|index| is_reference(index) && self.values[index].is_some_and(|v| v[0] == *word))
        };
        match kept.iter().find(|word| !known(word)) {
            Some(word) => {
                Err(format!("the map of instruction {inst} has a slot with {word:#x}, no reference"))
            }
            None => Ok(()),
        }
    }
}

fn key(point: Point) -> u64 {
    match point {
        Point::Before(inst) => 2 * u64::from(inst),
        Point::After(inst) => 2 * u64::from(inst) + 1,
    }
}

//! The checker: proves that an allocation means what the code means.
//!
//! How it works. It knows nothing of how the allocator works. It runs the allocated code on sets: for each register and slot, the values
//! that it holds on all ways that lead to a point; where ways meet, what all of them agree on. Moves copy sets, writes replace
//! them, and an edge turns arguments into parameters. Every use must find its value where the allocation says it is. The
//! liveness that safepoints are compared with is the checker's own, too.
//!
//! In SSA form no place holds a value from an earlier turn of a loop when that value is defined again: on the way that leads
//! there first it has not been defined, and sets are met over all ways.
//!
//! Cost. Each instruction once, and those of loops again until nothing changes; for tests and debug builds.

use std::collections::BTreeSet;

pub use super::check_error::CheckError;
use super::{
    Alloc, Constraint, Edit, Function, Machine, Operand, Output, PReg, Point, RegClass, RegSet, Role,
    SpillSlot, Time, VReg,
};

/// Checks the allocation of a function.
///
/// # Errors
/// The first thing that is found to be wrong.
///
/// # Panics
/// May panic if the function is not as [`Function`] demands.
pub fn check<F: Function + ?Sized>(f: &F, machine: &Machine, output: &Output) -> Result<(), CheckError> {
    if output.allocs.len() != f.operands().len() {
        return Err(CheckError::Operands { found: output.allocs.len() });
    }
    let checker = Checker::new(f, machine, output);
    checker.check_edits()?;
    for block in 0..f.blocks() {
        for inst in f.block_insts(block) {
            checker.check_constraints(inst)?;
        }
    }
    checker.check_maps()?;
    checker.check_flow()
}

/// What places hold: registers first, then slots.
struct State {
    places: Vec<Vec<VReg>>,
    /// How many slots each value takes.
    units: Vec<u8>,
}

/// The same, without empty places: for block entries.
type Entry = Vec<(u32, VReg)>;

struct Checker<'a, F: ?Sized> {
    f: &'a F,
    machine: &'a Machine,
    output: &'a Output,
    /// For each instruction, where the edits before it begin and where those after it do.
    edits: Vec<[u32; 2]>,
}

impl<'a, F: Function + ?Sized> Checker<'a, F> {
    fn new(f: &'a F, machine: &'a Machine, output: &'a Output) -> Self {
        let insts = f.block_insts(f.blocks() - 1).end;
        let mut edits = Vec::with_capacity(insts as usize + 1);
        let mut at = 0;
        for inst in 0..=insts {
            let mut begin = [0; 2];
            for (half, point) in [Point::Before(inst), Point::After(inst)].into_iter().enumerate() {
                while output.edits.get(at).is_some_and(|edit| order(edit.point) < order(point)) {
                    at += 1;
                }
                begin[half] = at as u32;
            }
            edits.push(begin);
        }
        Checker { f, machine, output, edits }
    }

    fn allocatable(&self) -> RegSet {
        RegSet::of(&self.machine.allocatable[0]).union(RegSet::of(&self.machine.allocatable[1]))
    }

    fn legal_slot(&self, slot: SpillSlot, units: u8) -> bool {
        slot.0.is_multiple_of(u32::from(units)) && slot.0 + u32::from(units) <= self.output.slots
    }

    fn check_edits(&self) -> Result<(), CheckError> {
        let mut registers = self.allocatable();
        self.machine.scratch.iter().for_each(|&reg| registers.insert(reg));
        for operand in self.f.operands() {
            if let Constraint::Fixed(reg) = operand.constraint {
                registers.insert(reg);
            }
        }
        let insts = self.f.block_insts(self.f.blocks() - 1).end;
        let terminators: Vec<u32> =
            (0..self.f.blocks()).map(|block| self.f.block_insts(block).end - 1).collect();
        let mut last = 0;
        for &edit in &self.output.edits {
            let wrong = |reason| Err(CheckError::Edit { edit, reason });
            if order(edit.point) < last {
                return wrong("moves are not in order");
            }
            last = order(edit.point);
            let (Point::Before(inst) | Point::After(inst)) = edit.point;
            if inst >= insts {
                return wrong("there is no such instruction");
            }
            if edit.point == Point::After(inst) && terminators.binary_search(&inst).is_ok() {
                return wrong("nothing is run after a terminator");
            }
            if edit.vreg.0 >= self.f.vregs() {
                return wrong("there is no such value");
            }
            let info = self.f.value(edit.vreg);
            if edit.from == Alloc::None && !info.rematerializable {
                return wrong("the value cannot be rematerialised");
            }
            if edit.from == Alloc::None && matches!(edit.to, Alloc::Slot(_)) {
                return wrong("a rematerialised value is not stored");
            }
            if edit.to == Alloc::None {
                return wrong("it leads nowhere");
            }
            for place in [edit.from, edit.to] {
                match place {
                    Alloc::Reg(reg) if reg.class() != info.class => {
                        return wrong("the register is of another class");
                    }
                    Alloc::Reg(reg) if !registers.contains(reg) => {
                        return wrong("the register is not to be used");
                    }
                    Alloc::Slot(slot) if !self.legal_slot(slot, info.slots) => {
                        return wrong("there is no such slot");
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The operands of an instruction and their places.
    fn operands(&self, inst: u32) -> impl Iterator<Item = (&'a Operand, Alloc)> + Clone + use<'a, F> {
        let range = self.f.inst_operands(inst);
        let range = range.start as usize..range.end as usize;
        self.f.operands()[range.clone()].iter().zip(self.output.allocs[range].iter().copied())
    }

    fn check_constraints(&self, inst: u32) -> Result<(), CheckError> {
        let allocatable = self.allocatable();
        for (index, (operand, place)) in self.operands(inst).enumerate() {
            let info = self.f.value(operand.vreg);
            let tied = |used: u8| self.operands(inst).nth(usize::from(used)).map(|(_, place)| place);
            let allowed = match (operand.constraint, place) {
                (Constraint::Any, Alloc::None) => operand.role == Role::Use && info.rematerializable,
                (Constraint::Any, Alloc::Slot(slot)) => self.legal_slot(slot, info.slots),
                (Constraint::Any | Constraint::Reg, Alloc::Reg(reg)) => {
                    reg.class() == info.class && allocatable.contains(reg)
                }
                (Constraint::Fixed(fixed), Alloc::Reg(reg)) => reg == fixed,
                (Constraint::Tied(used), Alloc::Reg(_)) => tied(used) == Some(place),
                _ => false,
            };
            if !allowed {
                return Err(CheckError::Place { inst, operand: *operand, place });
            }
            if self.in_the_way(inst, index, operand, place) {
                return Err(CheckError::Conflict { inst, operand: *operand, place });
            }
        }
        Ok(())
    }

    /// Does another operand of the instruction, or a clobber, need the place while this one does?
    fn in_the_way(&self, inst: u32, index: usize, operand: &Operand, place: Alloc) -> bool {
        let (early, late) = span(operand);
        if let Alloc::Reg(reg) = place {
            let fixed = matches!(operand.constraint, Constraint::Fixed(_)) && operand.role != Role::Use;
            if late && !fixed && self.f.clobbers(inst).contains(reg) {
                return true;
            }
        }
        self.operands(inst).enumerate().any(|(other, (second, other_place))| {
            let (second_early, second_late) = span(second);
            let both_read = operand.role == Role::Use && second.role == Role::Use;
            other != index
                && !both_read
                && (early && second_early || late && second_late)
                && self.overlap((operand.vreg, place), (second.vreg, other_place))
        })
    }

    fn overlap(&self, (a, first): (VReg, Alloc), (b, second): (VReg, Alloc)) -> bool {
        match (first, second) {
            (Alloc::Reg(first), Alloc::Reg(second)) => first == second,
            (Alloc::Slot(SpillSlot(first)), Alloc::Slot(SpillSlot(second))) => {
                let units = [a, b].map(|vreg| u32::from(self.f.value(vreg).slots));
                first < second + units[1] && second < first + units[0]
            }
            _ => false,
        }
    }

    fn check_maps(&self) -> Result<(), CheckError> {
        let insts = self.f.block_insts(self.f.blocks() - 1).end;
        let safepoints = (0..insts).filter(|&inst| self.f.is_safepoint(inst));
        let words = self.output.words_per_map;
        let legal = self.output.maps.iter().all(|map| {
            map.first_word as usize + words as usize <= self.output.map_words.len()
                && (self.output.slots..words * 64).all(|slot| !in_map(self.output.map(*map), slot))
        });
        if words * 64 < self.output.slots
            || !legal
            || !safepoints.eq(self.output.maps.iter().map(|map| map.inst))
        {
            return Err(CheckError::Maps);
        }
        Ok(())
    }

    /// Follows the flow until the sets are stable, and then checks each block once.
    fn check_flow(&self) -> Result<(), CheckError> {
        let blocks = self.f.blocks() as usize;
        let mut entries: Vec<Option<Entry>> = vec![None; blocks];
        entries[0] = Some(Entry::new());
        let units = (0..self.f.vregs()).map(|vreg| self.f.value(VReg(vreg)).slots).collect();
        let mut state = State { places: vec![Vec::new(); 64 + self.output.slots as usize], units };
        // The first block in order is next: in a loop all of it is run before what follows it.
        let mut queue = BTreeSet::from([0]);
        let mut out = Entry::new();
        while let Some(block) = queue.pop_first() {
            state.enter(entries[block as usize].as_ref().map_or(&[], |entry| entry));
            for inst in self.f.block_insts(block) {
                // What is wrong is told at the end, when the sets are final.
                let _ = self.run(inst, &mut state, None, &mut |_| Ok(()));
            }
            for &next in self.f.successors(block) {
                self.leave(&state, block, next, &mut out);
                let entry = &mut entries[next as usize];
                let changed = match entry {
                    None => {
                        *entry = Some(out.clone());
                        true
                    }
                    Some(entry) => meet(entry, &out),
                };
                if changed {
                    queue.insert(next);
                }
            }
        }
        let live = Liveness::new(self.f);
        for block in 0..self.f.blocks() {
            state.enter(entries[block as usize].as_ref().map_or(&[], |entry| entry));
            let alive = live.at_safepoints(self.f, block);
            let mut alive = alive.iter().rev();
            for inst in self.f.block_insts(block) {
                let alive = if self.f.is_safepoint(inst) { alive.next() } else { None };
                self.run(inst, &mut state, alive, &mut Err)?;
            }
        }
        Ok(())
    }

    /// What the places hold after the edge, in order.
    fn leave(&self, state: &State, block: u32, next: u32, entry: &mut Entry) {
        let (params, arguments) = (self.f.params(next), self.f.arguments(block));
        entry.clear();
        for (place, values) in state.places.iter().enumerate() {
            let first = entry.len();
            entry.extend(
                values.iter().filter(|value| !params.contains(value)).map(|&value| (place as u32, value)),
            );
            for (argument, &param) in arguments.iter().zip(params) {
                if values.contains(argument) {
                    entry.push((place as u32, param));
                }
            }
            entry[first..].sort_unstable();
        }
    }

    /// Runs an instruction and the edits around it. Tells `found` what is wrong. For a safepoint, `alive` are the references of its map.
    fn run(
        &self,
        inst: u32,
        state: &mut State,
        alive: Option<&Vec<VReg>>,
        found: &mut dyn FnMut(CheckError) -> Result<(), CheckError>,
    ) -> Result<(), CheckError> {
        let [before, after] = self.edits[inst as usize];
        let end = self.edits[inst as usize + 1][0];
        for edit in &self.output.edits[before as usize..after as usize] {
            self.run_edit(inst, edit, state, found)?;
        }
        for (operand, place) in self.operands(inst) {
            if operand.role == Role::Use && place != Alloc::None && !state.holds(place, operand.vreg) {
                let holds = state.at(place).to_vec();
                found(CheckError::Missing { inst, vreg: operand.vreg, place, holds, moved: false })?;
            }
        }
        if let Some(alive) = alive {
            self.check_map(inst, state, alive)?;
        }
        for reg in self.f.clobbers(inst).iter() {
            state.places[reg.index()].clear();
        }
        for (operand, place) in self.operands(inst) {
            match operand.role {
                Role::Use => {}
                Role::Def => state.write(place, self.units(operand.vreg), &[operand.vreg]),
                Role::Temp => state.write(place, 1, &[]),
            }
        }
        for edit in &self.output.edits[after as usize..end as usize] {
            self.run_edit(inst, edit, state, found)?;
        }
        Ok(())
    }

    fn units(&self, vreg: VReg) -> u32 {
        u32::from(self.f.value(vreg).slots)
    }

    fn run_edit(
        &self,
        inst: u32,
        edit: &Edit,
        state: &mut State,
        found: &mut dyn FnMut(CheckError) -> Result<(), CheckError>,
    ) -> Result<(), CheckError> {
        let values = if edit.from == Alloc::None { vec![edit.vreg] } else { state.at(edit.from).to_vec() };
        if !values.contains(&edit.vreg) {
            let (vreg, place) = (edit.vreg, edit.from);
            found(CheckError::Missing { inst, vreg, place, holds: values.clone(), moved: true })?;
        }
        if let (Alloc::Slot(_), Alloc::Slot(_)) = (edit.from, edit.to) {
            state.places[self.scratch(self.f.value(edit.vreg).class).index()].clear();
        }
        // A narrower move than what is there copies only a part of it.
        let wide = |vreg: &VReg| self.units(*vreg) == self.units(edit.vreg);
        let values: Vec<VReg> = values.into_iter().filter(wide).collect();
        state.write(edit.to, self.units(edit.vreg), &values);
        Ok(())
    }

    fn scratch(&self, class: RegClass) -> PReg {
        self.machine.scratch[class as usize]
    }

    /// Compares a safepoint's map with the references that are alive after it or used by it late.
    fn check_map(&self, inst: u32, state: &State, alive: &[VReg]) -> Result<(), CheckError> {
        let at = self.output.maps.partition_point(|map| map.inst < inst);
        let map = self.output.map(self.output.maps[at]);
        for &vreg in alive {
            let mut slots = (0..self.output.slots).filter(|&slot| in_map(map, slot));
            if !slots.any(|slot| state.holds(Alloc::Slot(SpillSlot(slot)), vreg)) {
                return Err(CheckError::Unmapped { inst, vreg });
            }
        }
        for slot in (0..self.output.slots).filter(|&slot| in_map(map, slot)) {
            let slot = SpillSlot(slot);
            let holds = state.at(Alloc::Slot(slot));
            if !holds.iter().any(|value| alive.contains(value)) {
                return Err(CheckError::WronglyMapped { inst, slot, holds: holds.to_vec() });
            }
        }
        Ok(())
    }
}

/// Leaves what both have. True if that is less.
fn meet(entry: &mut Entry, other: &Entry) -> bool {
    let before = entry.len();
    let mut others = other.iter().peekable();
    entry.retain(|pair| {
        while others.next_if(|other| *other < pair).is_some() {}
        others.peek() == Some(&pair)
    });
    entry.len() != before
}

fn order(point: Point) -> u64 {
    match point {
        Point::Before(inst) => 2 * u64::from(inst),
        Point::After(inst) => 2 * u64::from(inst) + 1,
    }
}

fn in_map(map: &[u64], slot: u32) -> bool {
    map[slot as usize / 64] >> (slot % 64) & 1 == 1
}

/// Does the operand need its place early, and late?
fn span(operand: &Operand) -> (bool, bool) {
    match (operand.role, operand.time) {
        (Role::Use, Time::Early) => (true, false),
        (Role::Def, Time::Late) => (false, true),
        _ => (true, true),
    }
}

impl State {
    fn enter(&mut self, entry: &[(u32, VReg)]) {
        self.places.iter_mut().for_each(Vec::clear);
        for &(place, value) in entry {
            self.places[place as usize].push(value);
        }
    }

    fn index(place: Alloc) -> Option<usize> {
        match place {
            Alloc::Reg(reg) => Some(reg.index()),
            Alloc::Slot(slot) => Some(64 + slot.0 as usize),
            Alloc::None => None,
        }
    }

    fn at(&self, place: Alloc) -> &[VReg] {
        State::index(place).map_or(&[], |index| &self.places[index])
    }

    fn holds(&self, place: Alloc, value: VReg) -> bool {
        self.at(place).contains(&value)
    }

    /// Writes the values, `units` slots wide, to a place. What a slot's neighbours hold is lost if it is overwritten.
    fn write(&mut self, place: Alloc, units: u32, values: &[VReg]) {
        let Some(index) = State::index(place) else { return };
        if let Alloc::Slot(slot) = place {
            // A wide value may begin up to three slots before.
            for before in slot.0.saturating_sub(3)..slot.0 {
                let units = &self.units;
                self.places[64 + before as usize]
                    .retain(|value| before + u32::from(units[value.index()]) <= slot.0);
            }
            for covered in 1..units as usize {
                self.places[index + covered].clear();
            }
        }
        self.places[index].clear();
        self.places[index].extend_from_slice(values);
    }
}

/// Which references are alive at the ends of blocks.
struct Liveness {
    /// By value: its number among the references, or none.
    number: Vec<Option<u32>>,
    references: Vec<VReg>,
    /// By block: a set of references.
    out: Vec<Vec<u64>>,
}

impl Liveness {
    fn new<F: Function + ?Sized>(f: &F) -> Liveness {
        let mut references = Vec::new();
        let number = (0..f.vregs())
            .map(|vreg| {
                let info = f.value(VReg(vreg));
                (info.reference && !info.rematerializable).then(|| {
                    references.push(VReg(vreg));
                    references.len() as u32 - 1
                })
            })
            .collect();
        let words = references.len().div_ceil(64);
        let blocks = f.blocks() as usize;
        let mut live = Liveness { number, references, out: vec![vec![0; words]; blocks] };
        let mut into = vec![vec![0_u64; words]; blocks];
        let mut changed = true;
        while changed {
            changed = false;
            for block in (0..f.blocks()).rev() {
                let mut alive = vec![0; words];
                for &next in f.successors(block) {
                    for (word, &bits) in alive.iter_mut().zip(&into[next as usize]) {
                        *word |= bits;
                    }
                }
                for &argument in f.arguments(block) {
                    live.put(&mut alive, argument, true);
                }
                live.out[block as usize].clone_from(&alive);
                for inst in f.block_insts(block).rev() {
                    live.step(f, inst, &mut alive, |_| ());
                }
                for &param in f.params(block) {
                    live.put(&mut alive, param, false);
                }
                changed |= into[block as usize] != alive;
                into[block as usize] = alive;
            }
        }
        live
    }

    fn put(&self, alive: &mut [u64], vreg: VReg, value: bool) {
        if let Some(at) = self.number[vreg.index()] {
            let word = &mut alive[at as usize / 64];
            *word = *word & !(1 << (at % 64)) | u64::from(value) << (at % 64);
        }
    }

    /// Goes back over an instruction. In the middle, `alive` has what lives on after it or is used late.
    fn step<F: Function + ?Sized>(
        &self,
        f: &F,
        inst: u32,
        alive: &mut [u64],
        mut middle: impl FnMut(&[u64]),
    ) {
        let range = f.inst_operands(inst);
        let operands = &f.operands()[range.start as usize..range.end as usize];
        for operand in operands.iter().filter(|operand| operand.role == Role::Def) {
            self.put(alive, operand.vreg, false);
        }
        let uses = operands.iter().filter(|operand| operand.role == Role::Use);
        for operand in uses.clone().filter(|operand| operand.time == Time::Late) {
            self.put(alive, operand.vreg, true);
        }
        middle(alive);
        for operand in uses {
            self.put(alive, operand.vreg, true);
        }
    }

    /// The references alive at the safepoints of a block, last to first.
    fn at_safepoints<F: Function + ?Sized>(&self, f: &F, block: u32) -> Vec<Vec<VReg>> {
        let mut alive = self.out[block as usize].clone();
        let mut all = Vec::new();
        for inst in f.block_insts(block).rev() {
            let safepoint = f.is_safepoint(inst);
            self.step(f, inst, &mut alive, |alive| {
                if safepoint {
                    let is_alive =
                        |vreg: &&VReg| self.number[vreg.index()].is_some_and(|at| in_map(alive, at));
                    all.push(self.references.iter().filter(is_alive).copied().collect());
                }
            });
        }
        all
    }
}

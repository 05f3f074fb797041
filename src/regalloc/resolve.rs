//! Resolution: from intervals to the places of operands, and to the moves between places.
//!
//! How it works. A value that is in one register all its life has a home, and operands of it are there: one look into a table for each. Only
//! the other operands are looked at one by one, and instructions with fixed or tied ones; the moves that those, the arguments of blocks
//! and the stores after definitions take are noted. Then only the values whose interval was split are looked at: where their intervals
//! meet, and at the edges of the blocks into which they live. Last, the moves of each point are put into order (`sequence`).
//!
//! Invariants
//! - RS1 All moves of an even point happen at once: each reads where the value is just before it ([`Allocator::place_at`] of the point
//!   before) and writes where it is, or what the instruction wants, just after it.
//! - RS2 A value is stored once, right after its definition; every slot that is read later holds it (it is never written again).
//!
//! Cost. Operands; and for split values the edges into blocks where they live.

use super::allocator::Allocator;
use super::collect::Special;
use super::fault::Fault;
use super::interval::{FAR, NONE, SPILLED, UNSET};
use super::{Alloc, Constraint, Function, Machine, Operand, PReg, Role, Time, VReg};

/// A move at a point; the next one there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub vreg: VReg,
    pub from: Alloc,
    pub to: Alloc,
    pub next: u32,
}

impl Move {
    /// It computes a value for a slot: an argument for a parameter that is there.
    #[inline]
    pub(super) fn computes_slot(&self) -> bool {
        self.from == Alloc::None && matches!(self.to, Alloc::Slot(_))
    }
}

/// The moves, in lists by point.
#[derive(Default)]
pub(super) struct Moves {
    pub first: Vec<u32>,
    /// The points that have moves.
    pub points: Vec<u64>,
    pub all: Vec<Move>,
    /// The moves of the point that is put into order.
    pub group: Vec<Move>,
    pub pairs: Vec<(Alloc, Alloc)>,
    /// The intervals of a value: where they begin, and the place.
    pub places: Vec<(u32, Alloc)>,
}

impl Moves {
    fn add(&mut self, point: u32, vreg: VReg, from: Alloc, to: Alloc) {
        if from != to {
            let first = &mut self.first[point as usize];
            self.all.push(Move { vreg, from, to, next: *first });
            *first = self.all.len() as u32 - 1;
            self.points[point as usize / 64] |= 1 << (point % 64);
        }
    }
}

impl Allocator {
    /// Fills in the output, but for the maps.
    #[inline(never)]
    pub(super) fn resolve<F: Function + ?Sized>(&mut self, f: &F, machine: &Machine) {
        let mut moves = std::mem::take(&mut self.moves);
        let mut output = std::mem::take(&mut self.output);
        if !self.broken(Fault::StaleMoves) {
            moves.all.clear();
            moves.first.clear();
            moves.points.clear();
        }
        moves.first.resize(2 * self.block_at.len() + 1, NONE);
        moves.points.resize(moves.first.len().div_ceil(64), 0);
        let operands = f.operands();
        output.allocs.resize(operands.len(), Alloc::None);
        output.edits.clear();
        let special = std::mem::take(&mut self.special);
        let mut next_special = special.iter();
        let mut particular = next_special.next();
        for block in 0..f.blocks() {
            let insts = f.block_insts(block);
            for &param in f.params(block) {
                if self.intervals[param.index()].store {
                    self.store_param(param, insts.start + block, &mut moves);
                }
            }
            let last = insts.end - 1;
            for inst in insts {
                let range = f.inst_operands(inst);
                let range = range.start as usize..range.end as usize;
                // Those whose values are in more than one place, or stored, have to be looked at one by one.
                let mut odd = false;
                for (op, alloc) in operands[range.clone()].iter().zip(&mut output.allocs[range.clone()]) {
                    *alloc = self.homes[op.vreg.index()];
                    odd |= *alloc == Alloc::None;
                }
                if let Some(&Special { inst: found, def, used }) = particular
                    && found == inst
                {
                    particular = next_special.next();
                    if odd || def == NONE {
                        self.place_special(f, inst, block, inst == last, &mut moves, &mut output.allocs);
                    } else if output.allocs[def as usize] != output.allocs[used as usize] {
                        // Mostly they got the same register.
                        let early = 2 * (inst + block + 1);
                        let (def, used) = (def as usize - range.start, used as usize - range.start);
                        let allocs = &mut output.allocs[range.clone()];
                        self.move_to_tied(&operands[range], def, used, early, &mut moves, allocs);
                    }
                } else if odd {
                    self.place_special(f, inst, block, inst == last, &mut moves, &mut output.allocs);
                }
            }
            let arguments = f.arguments(block);
            if !arguments.is_empty() {
                let params = f.params(f.successors(block)[0]);
                let end = self.blocks[block as usize].to - 1;
                for (&argument, &param) in arguments.iter().zip(params) {
                    if self.intervals[param.index()].from != FAR {
                        let from = self.place_at(argument, end);
                        moves.add(end, argument, from, self.first_place(param));
                    }
                }
            }
        }
        self.special = special;
        let connected = self.stats.splits > 0 || self.terminator_defs;
        for index in 0..if connected { self.values.len() as u32 } else { 0 } {
            let split = self.intervals[index as usize].next != NONE;
            if split || self.values[index as usize].by_terminator {
                self.connect(f, VReg(index), &mut moves);
            }
        }
        self.sequence(machine, &mut moves, &mut output);
        self.moves = moves;
        self.output = output;
    }

    #[inline]
    fn home(&self, vreg: VReg, reg: u8) -> Alloc {
        if reg < SPILLED { Alloc::Reg(self.pregs[reg as usize]) } else { self.home_spilled(vreg) }
    }

    /// The place of a spilled value.
    #[inline(never)]
    fn home_spilled(&self, vreg: VReg) -> Alloc {
        let value = &self.values[vreg.index()];
        if value.info.rematerializable {
            return Alloc::None;
        }
        Alloc::Slot(self.slots.slot(value.slot, value.info.slots))
    }

    /// Where a value is from the beginning of its first interval on.
    #[inline]
    fn first_place(&self, vreg: VReg) -> Alloc {
        self.home(vreg, self.intervals[vreg.index()].reg)
    }

    /// Where a value is at a point at which it lives.
    #[inline]
    fn place_at(&mut self, vreg: VReg, at: u32) -> Alloc {
        let home = self.homes[vreg.index()];
        if home != Alloc::None {
            return home;
        }
        let first = &self.intervals[vreg.index()];
        if at < first.from {
            return Alloc::Reg(PReg::from_index(self.values[vreg.index()].def_reg as usize));
        }
        if first.next == NONE {
            return self.home(vreg, first.reg);
        }
        self.place_split(vreg, at)
    }

    #[inline(never)]
    fn place_split(&mut self, vreg: VReg, at: u32) -> Alloc {
        // Questions come nearly in order; what is asked two points back is not far.
        let mut number = self.values[vreg.index()].cursor;
        if number == NONE || self.intervals[number as usize].from > at {
            number = vreg.0;
        }
        let mut kept = number;
        while let Some(next) = self.intervals.get(self.intervals[number as usize].next as usize)
            && next.from <= at
        {
            number = self.intervals[number as usize].next;
            if next.from + 2 <= at {
                kept = number;
            }
        }
        self.values[vreg.index()].cursor = kept;
        self.home(vreg, self.intervals[number as usize].reg)
    }

    /// A parameter that needs its slot, and arrives in a register, is stored at the head.
    #[inline(never)]
    fn store_param(&mut self, param: VReg, step: u32, moves: &mut Moves) {
        let value = &self.values[param.index()];
        let interval = &self.intervals[param.index()];
        if value.stored
            && !value.stored_late
            && interval.reg != SPILLED
            && !self.broken(Fault::ForgetParamStore)
        {
            moves.add(2 * step + 1, param, self.home(param, interval.reg), self.home(param, SPILLED));
        }
    }

    /// The places of an instruction's operands, one by one, and their moves.
    #[inline(never)]
    fn place_special<F: Function + ?Sized>(
        &mut self,
        f: &F,
        inst: u32,
        block: u32,
        terminator: bool,
        moves: &mut Moves,
        allocs: &mut [Alloc],
    ) {
        let range = f.inst_operands(inst);
        let range = range.start as usize..range.end as usize;
        let (list, allocs) = (&f.operands()[range.clone()], &mut allocs[range]);
        let early = 2 * (inst + block + 1);
        let mut special = false;
        for (op, alloc) in list.iter().zip(&mut *allocs) {
            let v = op.vreg;
            special |= matches!(op.constraint, Constraint::Fixed(_) | Constraint::Tied(_));
            if let Constraint::Fixed(reg) = op.constraint {
                *alloc = Alloc::Reg(reg);
            } else if *alloc == Alloc::None {
                *alloc = if op.role == Role::Use {
                    self.place_at(v, early + u32::from(op.time == Time::Late))
                } else {
                    self.first_place(v)
                };
            }
            if op.role == Role::Def && self.intervals[v.index()].store {
                self.store_def(v, *alloc, early + 1, moves);
            }
        }
        if special {
            self.move_special(list, early, terminator, moves, allocs);
        }
    }

    /// The store of a definition. From then on the slot holds the value (RS2).
    #[inline(never)]
    fn store_def(&mut self, vreg: VReg, mut from: Alloc, at: u32, moves: &mut Moves) {
        if self.broken(Fault::DropStore) {
            return;
        }
        if self.broken(Fault::StoreFromInterval) {
            from = self.first_place(vreg);
        }
        moves.add(at, vreg, from, self.home(vreg, SPILLED));
    }

    /// The moves of fixed and tied operands.
    #[inline(never)]
    fn move_special(
        &mut self,
        list: &[Operand],
        early: u32,
        terminator: bool,
        moves: &mut Moves,
        allocs: &mut [Alloc],
    ) {
        for (index, op) in list.iter().enumerate() {
            match op.constraint {
                Constraint::Fixed(reg) if op.role == Role::Use => {
                    self.move_to_fixed(list, index, reg, early, moves)
                }
                // The other moves of that point read where the value is before it (RS1).
                Constraint::Fixed(reg) if op.role == Role::Def && !terminator => {
                    let interval = &self.intervals[op.vreg.index()];
                    let moved = interval.from == early + 2 && interval.reg != SPILLED;
                    if moved && !self.broken(Fault::ForgetFixedDef) {
                        moves.add(early + 2, op.vreg, Alloc::Reg(reg), self.home(op.vreg, interval.reg));
                    }
                }
                Constraint::Tied(used) => {
                    self.move_to_tied(list, index, usize::from(used), early, moves, allocs)
                }
                _ => {}
            }
        }
    }

    /// A fixed use: into the register before the instruction.
    #[inline(never)]
    fn move_to_fixed(&mut self, list: &[Operand], index: usize, reg: PReg, early: u32, moves: &mut Moves) {
        let op = &list[index];
        let same = |other: &Operand| {
            other.role == Role::Use && other.vreg == op.vreg && other.constraint == op.constraint
        };
        if list[..index].iter().any(same) || self.broken(Fault::ForgetFixedMove) && index % 2 == 1 {
            return;
        }
        let from = self.place_at(op.vreg, early - 1);
        // The value's own next interval may be there: then that is moved there anyway.
        if from != Alloc::Reg(reg) && self.interval_from(op.vreg, early) != Some(Alloc::Reg(reg)) {
            moves.add(early, op.vreg, from, Alloc::Reg(reg));
        }
    }

    /// A tied def: its register holds the used value before the instruction.
    fn move_to_tied(
        &mut self,
        list: &[Operand],
        index: usize,
        used: usize,
        early: u32,
        moves: &mut Moves,
        allocs: &mut [Alloc],
    ) {
        let v = list[used].vreg;
        let from = self.place_at(v, early - 1);
        if !self.broken(Fault::ForgetTiedMove) {
            moves.add(early, v, from, allocs[index]);
        }
        allocs[used] = if self.broken(Fault::WrongTied) { from } else { allocs[index] };
        for (twin, op) in list.iter().enumerate() {
            if op.vreg != v || twin == used {
                continue;
            }
            let same = op.role == Role::Use && op.constraint == Constraint::Reg;
            if same && op.time == Time::Early && !is_tied(list, twin) {
                allocs[twin] = allocs[index];
            }
        }
    }

    /// The place of the value's interval that begins at the point, if one does.
    #[inline]
    fn interval_from(&self, vreg: VReg, at: u32) -> Option<Alloc> {
        let mut number = self.values[vreg.index()].cursor;
        if number == NONE {
            number = vreg.0;
        }
        while let Some(interval) = self.intervals.get(number as usize)
            && interval.from <= at
        {
            if interval.from == at {
                return Some(self.home(vreg, interval.reg));
            }
            number = interval.next;
        }
        None
    }

    /// The moves of a split value: where an interval follows another, and at edges.
    #[inline(never)]
    fn connect<F: Function + ?Sized>(&mut self, f: &F, vreg: VReg, moves: &mut Moves) {
        let value = self.values[vreg.index()];
        moves.places.clear();
        if value.def_reg != UNSET {
            moves.places.push((value.def, Alloc::Reg(PReg::from_index(value.def_reg as usize))));
        }
        let mut number = vreg.0;
        while let Some(interval) = self.intervals.get(number as usize)
            && interval.from != FAR
        {
            let to = self.home(vreg, interval.reg);
            let at = interval.from;
            // At an odd point it becomes spilled, and has been stored (RS2).
            if number != vreg.0 && at != self.blocks[self.block_of(at)].from {
                if matches!(to, Alloc::Reg(_)) && !self.broken(Fault::ForgetSplitMove) {
                    moves.add(at, vreg, place_in(&moves.places, at - 1), to);
                } else if value.stored_late && !self.broken(Fault::ForgetLateStore) {
                    moves.add(at & !1, vreg, place_in(&moves.places, (at & !1) - 1), to);
                }
            }
            moves.places.push((at, to));
            number = interval.next;
        }

        // Within a run of blocks the place changes only where an interval begins at a block's head.
        number = vreg.0;
        while let Some(interval) = self.intervals.get(number as usize)
            && interval.from != FAR
        {
            let (interval, mut range) = (*interval, interval.range as usize);
            while self.ranges[range].from < interval.to {
                let from = self.ranges[range].from.max(interval.from);
                let to = self.ranges[range].to.min(interval.to);
                let first = self.block_of(from);
                if self.blocks[first].from == from && first != value.block as usize {
                    self.connect_block(f, vreg, first as u32, moves);
                }
                // The edge from a terminator that defines the value, to the block behind it.
                let behind = first + 1;
                let follows =
                    self.blocks.get(behind).is_some_and(|info| info.from < to && info.run < behind as u32);
                if value.by_terminator && first == value.block as usize && follows {
                    self.connect_block(f, vreg, behind as u32, moves);
                }
                let mut block = self.blocks[first].next_run;
                while let Some(info) = self.blocks.get(block as usize)
                    && info.from < to
                {
                    self.connect_block(f, vreg, block, moves);
                    block = info.next_run;
                }
                range += 1;
            }
            number = interval.next;
        }
    }

    #[inline]
    pub(super) fn block_of(&self, at: u32) -> usize {
        self.block_at[at as usize / 2] as usize
    }

    /// The moves of a split value on the edges into a block.
    fn connect_block<F: Function + ?Sized>(&self, f: &F, vreg: VReg, block: u32, moves: &mut Moves) {
        let head = self.blocks[block as usize].from;
        let value = &self.values[vreg.index()];
        let to = place_in(&moves.places, head);
        for &before in f.predecessors(block) {
            let end = self.blocks[before as usize].to - 1;
            let from = place_in(&moves.places, end);
            let defined = value.by_terminator && value.block == before;
            let late = value.stored_late && !self.broken(Fault::ForgetLateStore);
            let stored = matches!(to, Alloc::Slot(_)) && !defined && !late;
            let forgotten = self.broken(Fault::ForgetEdgeMove) && (vreg.0 + before).is_multiple_of(3);
            if to != Alloc::None && !stored && !forgotten {
                // Where the terminator may have operands the moves follow it (RF5).
                let follows = f.predecessors(block).len() == 1 && f.params(block).is_empty();
                moves.add(if follows { head } else { end }, vreg, from, to);
            }
            if defined
                && value.stored
                && !matches!(from, Alloc::Slot(_))
                && !matches!(to, Alloc::Slot(_))
                && !self.broken(Fault::ForgetTerminatorStore)
            {
                moves.add(head + 1, vreg, to, self.home(vreg, SPILLED));
            }
        }
    }
}

/// Is a def tied to the operand?
fn is_tied(list: &[Operand], index: usize) -> bool {
    list.iter().any(|op| op.constraint == Constraint::Tied(index as u8))
}

/// Of places by where they begin, the last one that has begun.
#[inline]
fn place_in(places: &[(u32, Alloc)], at: u32) -> Alloc {
    places[places.partition_point(|&(from, _)| from <= at) - 1].1
}

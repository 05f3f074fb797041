//! The moves of each point, one after another.
//!
//! Most points have one. Of several the order matters only if one writes what another reads; then it is a parallel move.

use super::allocator::Allocator;
use super::fault::Fault;
use super::interval::NONE;
use super::resolve::{Move, Moves};
use super::{Alloc, Edit, Machine, Output, Point, RegSet, VReg};
use crate::parallel_move::{self, Step};

/// So many moves are compared with each other.
const FEW: usize = 8;

/// Puts moves into an order in which each writes what none behind it reads. Is there one, with moves that are made as they are? If not, the
/// order is any.
fn put_in_order(group: &mut [Move]) -> bool {
    for at in 0..group.len() {
        let rest = &group[at..];
        let free = |&to: &usize| {
            rest.iter().enumerate().all(|(from, other)| from == to || other.from != rest[to].to)
        };
        match (0..rest.len()).find(free) {
            Some(next) if !rest[next].computes_slot() => group.swap(at, at + next),
            _ => return false,
        }
    }
    true
}

impl Allocator {
    /// Puts the moves of each point into order.
    #[inline(never)]
    pub(super) fn sequence(&mut self, machine: &Machine, moves: &mut Moves, output: &mut Output) {
        let points = std::mem::take(&mut moves.points);
        for (word, &bits) in points.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                self.sequence_point(machine, word * 64 + bits.trailing_zeros() as usize, moves, output);
                bits &= bits - 1;
            }
        }
        moves.points = points;
    }

    fn sequence_point(&mut self, machine: &Machine, at: usize, moves: &mut Moves, output: &mut Output) {
        let mut next = moves.first[at];
        let inst = self.inst_of(at as u32 / 2);
        let info = &self.blocks[self.block_of(at as u32)];
        let head = info.from as usize / 2 == at / 2;
        let terminator = info.to as usize / 2 - 1 == at / 2;
        let after = at % 2 == 1 && !head && !terminator;
        let point = if after { Point::After(inst) } else { Point::Before(inst) };
        let only = moves.all[next as usize];
        if only.next == NONE && !only.computes_slot() {
            self.edit(output, Edit { point, vreg: only.vreg, from: only.from, to: only.to });
            return;
        }
        moves.group.clear();
        while let Some(found) = moves.all.get(next as usize) {
            moves.group.push(*found);
            next = found.next;
        }
        self.sequence_group(machine, point, moves, output);
    }

    fn sequence_group(&mut self, machine: &Machine, point: Point, moves: &mut Moves, output: &mut Output) {
        let group = &mut moves.group;
        // Mostly nothing that is read is written: then any order will do.
        let (mut read, mut written, mut slots) = (RegSet::EMPTY, RegSet::EMPTY, false);
        for found in group.iter() {
            match found.from {
                Alloc::Reg(reg) => read.insert(reg),
                Alloc::Slot(_) | Alloc::None => {}
            }
            match found.to {
                Alloc::Reg(reg) => written.insert(reg),
                Alloc::Slot(_) | Alloc::None => slots = true,
            }
        }
        if !slots && read.intersection(written).is_empty() {
            for found in moves.group.iter() {
                self.edit(output, Edit { point, vreg: found.vreg, from: found.from, to: found.to });
            }
            return;
        }
        let unordered = self.broken(Fault::UnorderedMoves);
        let first = output.edits.len();
        if unordered || group.len() <= FEW && put_in_order(group) {
            for found in moves.group.iter() {
                self.edit(output, Edit { point, vreg: found.vreg, from: found.from, to: found.to });
            }
        } else {
            self.sequence_cycles(machine, point, moves, output);
        }
        if !unordered && self.broken(Fault::ReversedMoves) {
            output.edits[first..].reverse();
        }
    }

    /// The same of moves of which some are in a cycle, or that are many, or of which one computes a value for a slot.
    #[inline(never)]
    fn sequence_cycles(&mut self, machine: &Machine, point: Point, moves: &mut Moves, output: &mut Output) {
        let group = &mut moves.group;
        group.sort_unstable_by_key(|found| found.to);
        moves.pairs.clear();
        let direct = group.iter().filter(|found| !found.computes_slot());
        moves.pairs.extend(direct.map(|found| (found.from, found.to)));
        let value_to = |to: Alloc| group[group.partition_point(|found| found.to < to)].vreg;
        let through_scratch =
            group.iter().any(|found| matches!((found.from, found.to), (Alloc::Slot(_), Alloc::Slot(_))));
        let mut saved = Alloc::None;
        let result = parallel_move::resolve(&moves.pairs, |step| {
            let (vreg, from, to) = match step {
                Step::Move { from, to } => (value_to(to), from, to),
                Step::Save(from) => {
                    let reader = group.iter().find(|found| found.from == from);
                    let vreg = reader.map_or(VReg(0), |reader| reader.vreg);
                    let info = self.values[vreg.index()].info;
                    saved = if through_scratch {
                        Alloc::Slot(self.slots.spare(info.slots))
                    } else {
                        Alloc::Reg(machine.scratch[info.class as usize])
                    };
                    if self.broken(Fault::WrongScratch) {
                        saved = Alloc::Reg(machine.allocatable[info.class as usize][0]);
                    }
                    (vreg, from, saved)
                }
                Step::Restore(to) => (value_to(to), saved, to),
            };
            self.edit(output, Edit { point, vreg, from, to });
        });
        assert!(result.is_ok(), "RS1: two moves at {point:?} write the same place");
        // What is computed and then stored needs the scratch register: last, when no cycle does and nobody reads those slots.
        for found in group.iter().filter(|found| found.computes_slot()) {
            let scratch = Alloc::Reg(machine.scratch[self.values[found.vreg.index()].info.class as usize]);
            self.edit(output, Edit { point, vreg: found.vreg, from: Alloc::None, to: scratch });
            self.edit(output, Edit { point, vreg: found.vreg, from: scratch, to: found.to });
        }
    }

    #[inline]
    fn edit(&mut self, output: &mut Output, mut edit: Edit) {
        let stats = &mut self.stats;
        *match (edit.from, edit.to) {
            (Alloc::Reg(_), Alloc::Reg(_)) => &mut stats.moves,
            (Alloc::Reg(_), _) => &mut stats.stores,
            (Alloc::Slot(_), Alloc::Reg(_)) => &mut stats.reloads,
            (Alloc::Slot(_), _) => &mut stats.slot_moves,
            (Alloc::None, _) => &mut stats.remats,
        } += 1;
        if edit.from == Alloc::None && self.broken(Fault::WrongRemat) {
            let other = |value: &super::interval::Value| {
                value.info.rematerializable && value.info.class == self.values[edit.vreg.index()].info.class
            };
            if let Some(found) =
                (0..self.values.len()).find(|&index| index != edit.vreg.index() && other(&self.values[index]))
            {
                edit.vreg = VReg(found as u32);
            }
        }
        if edit.from == Alloc::None && self.broken(Fault::RematFromSlot) {
            edit.from = Alloc::Slot(super::SpillSlot(0));
        }
        output.edits.push(edit);
    }
}

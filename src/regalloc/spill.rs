//! Slots: which values share one.
//!
//! How it works. A slot belongs to a value from its definition to the end of its life, holes included: in a loop the value must still be
//! there in the next turn. Values are gone through in order; each takes the slot of a value that it is copied from or to if that
//! is free, else one that has become free, else a new one. Each width has its own slots, so that two slots are the same or
//! disjoint; the widest come first in the frame, and so all are aligned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::allocator::Allocator;
use super::fault::Fault;
use super::interval::{FAR, HINT_REG, NONE, SPILLED, UNSET, Value};
use super::{Function, SpillSlot};

/// The slots of one width.
#[derive(Default)]
struct Width {
    /// Until where each is taken.
    until: Vec<u32>,
    /// Those taken, by where they become free.
    taken: BinaryHeap<Reverse<(u32, u32)>>,
    /// Those that have become free, as far as it is known.
    free: Vec<u32>,
    /// The number of the first in the frame.
    base: u32,
    /// A slot for cycles of moves.
    spare: Option<u32>,
}

/// All slots, by width: 1, 2, 4.
#[derive(Default)]
pub(super) struct Slots {
    widths: [Width; 3],
    pub count: u32,
}

impl Slots {
    /// The slot of a value with `units` slots of 8 bytes, by its number among those.
    #[inline]
    pub(super) fn slot(&self, number: u32, units: u8) -> SpillSlot {
        let width = &self.widths[units.trailing_zeros() as usize];
        SpillSlot(width.base + number * u32::from(units))
    }

    /// A slot that no value has.
    pub(super) fn spare(&mut self, units: u8) -> SpillSlot {
        let width = &mut self.widths[units.trailing_zeros() as usize];
        let slot = *width.spare.get_or_insert_with(|| {
            let slot = self.count.next_multiple_of(u32::from(units));
            self.count = slot + u32::from(units);
            slot
        });
        SpillSlot(slot)
    }
}

impl Allocator {
    /// Finds the values that are better stored where they leave their registers than where they are defined: those defined in a loop, say,
    /// that are spilled only where it is hardly ever run.
    #[inline(never)]
    pub(super) fn choose_stores<F: Function + ?Sized>(&mut self, f: &F) {
        for &vreg in &self.stored {
            let index = vreg as usize;
            let (value, first) = (&self.values[index], &self.intervals[index]);
            let plain = !value.mapped && !value.by_terminator;
            if plain && first.next != NONE && (value.def_reg == UNSET || first.reg != SPILLED) {
                self.values[index].stored_late = self.leaves_seldom(f, vreg, value);
            }
        }
    }

    /// Does a value leave its registers less often than it is defined?
    fn leaves_seldom<F: Function + ?Sized>(&self, f: &F, vreg: u32, value: &Value) -> bool {
        let mut left = self.blocks[value.block as usize].weight;
        let mut take = |weight: u32| {
            let enough = left > weight;
            left = left.saturating_sub(weight);
            enough
        };
        let mut number = vreg;
        while let Some(interval) = self.intervals.get(number as usize) {
            let block = self.block_of(interval.from);
            let inside = number != vreg && interval.from != self.blocks[block].from;
            if interval.reg == SPILLED && inside && !take(self.blocks[block].weight) {
                return false;
            }
            number = interval.next;
        }
        // The blocks at whose head it is spilled, and the ways into them on which it is not.
        number = vreg;
        while let Some(interval) = self.intervals.get(number as usize) {
            let mut range = interval.range as usize;
            while interval.reg == SPILLED && self.ranges[range].from < interval.to {
                let from = self.ranges[range].from.max(interval.from);
                let to = self.ranges[range].to.min(interval.to);
                let mut block = self.block_of(from);
                if self.blocks[block].from < from || block == value.block as usize {
                    block += 1;
                }
                while self.blocks.get(block).is_some_and(|info| info.from < to) {
                    for &before in f.predecessors(block as u32) {
                        let weight = self.blocks[before as usize].weight.min(self.blocks[block].weight);
                        if self.reg_before(vreg, self.blocks[before as usize].to) != SPILLED && !take(weight)
                        {
                            return false;
                        }
                    }
                    block += 1;
                }
                range += 1;
            }
            number = interval.next;
        }
        true
    }

    /// The register of the value's last interval that begins before the point.
    fn reg_before(&self, vreg: u32, at: u32) -> u8 {
        let mut interval = &self.intervals[vreg as usize];
        while let Some(next) = self.intervals.get(interval.next as usize)
            && next.from < at
        {
            interval = next;
        }
        interval.reg
    }

    /// Gives slots to the values that need one.
    #[inline(never)]
    pub(super) fn assign_slots(&mut self) {
        self.slots.count = 0;
        for width in &mut self.slots.widths {
            width.until.clear();
            width.taken.clear();
            width.free.clear();
            width.spare = None;
        }
        if self.stored.is_empty() {
            return;
        }
        let mut stored = std::mem::take(&mut self.stored);
        stored.sort_unstable_by_key(|&vreg| (self.values[vreg as usize].def, vreg));
        let mut slots = std::mem::take(&mut self.slots);
        for &vreg in &stored {
            self.assign_slot(&mut slots, vreg);
        }
        self.stored = stored;
        for (log, width) in slots.widths.iter_mut().enumerate().rev() {
            width.base = slots.count;
            slots.count += (width.until.len() as u32) << log;
        }
        if self.broken(Fault::UnalignedWideSlot) && slots.widths[0].until.len() % 2 == 1 {
            slots.widths[0].base = 0;
            slots.widths[1].base = slots.widths[0].until.len() as u32;
            slots.widths[2].base = slots.widths[1].base + 2 * slots.widths[1].until.len() as u32;
        }
        self.slots = slots;
    }

    fn assign_slot(&mut self, slots: &mut Slots, vreg: u32) {
        let value = &self.values[vreg as usize];
        self.stats.spilled += 1;
        let from = value.def;
        let mut last = &self.intervals[vreg as usize];
        while let Some(next) = self.intervals.get(last.next as usize) {
            last = next;
        }
        let mut to = last.to;
        if self.broken(Fault::SlotReusedEarly) {
            to = from + (to - from) / 2;
        }
        let width = &mut slots.widths[value.info.slots.trailing_zeros() as usize];
        let is_free = |slot: u32, until: &[u32]| until.get(slot as usize).is_some_and(|&until| until <= from);
        let copies = [value.hint_to, value.hint_from].map(|copy| {
            let copy = self.values.get(copy as usize).filter(|_| copy & HINT_REG == 0)?;
            (copy.info.slots == value.info.slots && copy.slot != NONE).then_some(copy.slot)
        });
        while let Some(&Reverse((until, slot))) = width.taken.peek()
            && until <= from
        {
            width.taken.pop();
            // It may have been taken again.
            if width.until[slot as usize] == until {
                width.free.push(slot);
            }
        }
        let mut slot = copies.into_iter().flatten().find(|&slot| is_free(slot, &width.until));
        while slot.is_none()
            && let Some(free) = width.free.pop()
        {
            slot = is_free(free, &width.until).then_some(free);
        }
        let slot = slot.unwrap_or_else(|| {
            width.until.push(0);
            width.until.len() as u32 - 1
        });
        width.until[slot as usize] = to;
        width.taken.push(Reverse((to, slot)));
        let value = &mut self.values[vreg as usize];
        value.slot = slot;
        let store = !value.stored_late && !value.by_terminator;
        self.intervals[vreg as usize].store = store;
        if store {
            self.homes[vreg as usize] = UNSET;
        }
    }

    /// Says for each safepoint which slots hold references that live on.
    #[inline(never)]
    pub(super) fn map_safepoints(&mut self) {
        let words = self.slots.count.div_ceil(64);
        let output = &mut self.output;
        output.slots = self.slots.count;
        output.words_per_map = words;
        output.maps.clear();
        output.map_words.clear();
        output.map_words.resize(self.safepoints.len() * words as usize, 0);
        for (index, &step) in self.safepoints.iter().enumerate() {
            let inst = self.inst_of(step);
            self.output.maps.push(super::SafepointMap { inst, first_word: index as u32 * words });
        }
        if self.safepoints.is_empty() {
            return;
        }
        let mut bits = std::mem::take(&mut self.output.map_words);
        for &vreg in &self.stored {
            let (value, interval) = (&self.values[vreg as usize], &self.intervals[vreg as usize]);
            if !value.info.reference {
                continue;
            }
            let mut slot = self.slots.slot(value.slot, 1).0;
            if self.broken(Fault::WrongSlotInMap) {
                slot = (slot + 1) % self.slots.count;
            }
            let mut range = interval.range as usize;
            while self.ranges[range].from != FAR {
                let last = self.broken(Fault::MissingSafepoint);
                let last =
                    last.then(|| self.safepoints_in(&self.ranges[range], value.def / 2).last()).flatten();
                for at in self.safepoints_in(&self.ranges[range], value.def / 2) {
                    if last != Some(at) {
                        bits[at * words as usize + slot as usize / 64] |= 1 << (slot % 64);
                    }
                }
                range += 1;
            }
        }
        self.output.map_words = bits;
    }
}

//! Pressure: who gives way when no register is free for long enough.
//!
//! Of all intervals that could, and the new one itself, the one that costs least for as long as it is not used: its reload, run as often as the
//! cheapest place for it, and the store, if it has none yet, by the distance to its next use. What the same instruction uses cannot give
//! way, but for an early use where a register is needed early and late: there are fewer of those.

use super::AllocError;
use super::allocator::Allocator;
use super::interval::{LiveInterval, NONE, SPILLED, UNSET};
use super::scan::each;

impl Allocator {
    /// No register is free for long enough: someone has to be spilled.
    #[inline(never)]
    pub(super) fn place_by_force(
        &mut self,
        number: u32,
        class: usize,
        split_off: bool,
        wall: u32,
    ) -> Result<(), AllocError> {
        let interval = self.intervals[number as usize];
        let at = interval.from;
        let Some(&need) = self.uses.get(interval.need as usize).filter(|need| need.at < interval.to) else {
            self.spill(number, at);
            return Ok(());
        };
        let must = need.at / 2 == at / 2;
        let mut best: Option<(usize, u32)> = None;
        let mut best_cost = if must { f32::INFINITY } else { self.spill_cost(&interval, at, at) };
        let mut yields = None;
        for reg in each(class as u32 * 32, self.classes[class].held) {
            let limit = self.limit(&interval, reg, split_off).min(wall);
            if limit <= need.at && limit < interval.to {
                continue;
            }
            let next = self.pass_needs(reg, at);
            if next != NONE && self.uses[next as usize].at / 2 == at / 2 {
                // It is used here too. It may go elsewhere if it is needed early only, and this interval both early and late:
                // then this one has fewer registers to choose from.
                if must && need.at > at && self.uses[next as usize].at == at && yields.is_none() {
                    yields = Some((reg, limit));
                }
                continue;
            }
            let mut holder = self.intervals[self.registers[reg].holder as usize];
            holder.need = next;
            let cost = self.spill_cost(&holder, at, self.registers[reg].last_need);
            if cost < best_cost {
                (best, best_cost) = (Some((reg, limit)), cost);
            }
        }
        if let Some((reg, limit)) = best {
            self.evict(reg, at);
            self.take_until(number, reg, limit);
        } else if !must {
            self.spill(number, at);
        } else if let Some((reg, limit)) = yields {
            self.displace(reg, at);
            self.take_until(number, reg, limit);
        } else {
            return Err(AllocError::Impossible { inst: self.inst_of(at / 2) });
        }
        Ok(())
    }

    pub(super) fn take_until(&mut self, number: u32, reg: usize, limit: u32) {
        self.take(number, reg);
        if limit < self.intervals[number as usize].to {
            self.split_at_limit(number, limit, false);
        }
    }

    /// The holder's next use point, at or behind the current point.
    fn pass_needs(&mut self, reg: usize, at: u32) -> u32 {
        let register = &mut self.registers[reg];
        let to = self.intervals[register.holder as usize].to;
        while let Some(need) = self.uses.get(register.need as usize)
            && need.at < at
        {
            register.last_need = need.at;
            register.need = need.next;
        }
        match self.uses.get(register.need as usize) {
            Some(need) if need.at < to => register.need,
            _ => NONE,
        }
    }

    /// Takes the interval out of the register from the current point on, or from before.
    fn evict(&mut self, reg: usize, at: u32) {
        self.stats.evictions += 1;
        let number = self.release(reg);
        let interval = self.intervals[number as usize];
        let last_need = self.registers[reg].last_need;
        // A value that this very instruction defines early, wherever that may be, is in its slot from the beginning.
        let whole = interval.from / 2 == at / 2 && interval.from == self.values[interval.vreg as usize].def;
        let from = if whole || interval.from == at { interval.from } else { self.best_split(last_need, at) };
        let rest = if interval.from >= from { number } else { self.split(number, from) };
        self.spill(rest, at);
    }

    /// Has the interval that is used here early look for another register.
    fn displace(&mut self, reg: usize, at: u32) {
        self.stats.evictions += 1;
        let number = self.release(reg);
        let rest = if self.intervals[number as usize].from == at { number } else { self.split(number, at) };
        self.intervals[rest as usize].reg = UNSET;
        self.wait(rest);
    }

    #[inline]
    fn release(&mut self, reg: usize) -> u32 {
        self.classes[reg / 32 % 2].held &= !(1 << (reg % 32));
        std::mem::replace(&mut self.registers[reg].holder, NONE)
    }

    /// What it costs to have the interval spilled from a point to its next use, by distance: a reload where that is cheapest, and
    /// a store if it has not been stored.
    fn spill_cost(&self, interval: &LiveInterval, at: u32, last_need: u32) -> f32 {
        let value = &self.values[interval.vreg as usize];
        let here = &self.blocks[self.block_at[at as usize / 2] as usize];
        let (mut cost, mut distance) = (0.0, (interval.to - at.min(interval.to)) as f32 + 64.0);
        if let Some(need) = self.uses.get(interval.need as usize) {
            let reload = self.reload_point(at, need.at & !1);
            let block = self.block_at[reload.min(need.at) as usize / 2] as usize;
            let block = if reload == self.blocks[block].from && block > 0 { block - 1 } else { block };
            cost += self.blocks[block].weight as f32 + 0.5;
            distance = (need.at - at) as f32;
        }
        // Used in this loop before: it will be used again in the next turn.
        let outside = self.blocks.get(here.shallower as usize);
        if outside.is_some_and(|outside| last_need > interval.from && last_need >= outside.to) {
            cost = cost.max(here.weight as f32 + 0.5);
            distance = distance.min(256.0);
        }
        if !value.stored && !value.info.rematerializable {
            cost += self.blocks[value.block as usize].weight as f32 + 0.5;
        }
        debug_assert_ne!(interval.reg, SPILLED);
        cost / distance.max(1.0)
    }
}

//! Splitting: where an interval changes its place.

use super::allocator::Allocator;
use super::interval::{LiveInterval, NONE, SPILLED, UNSET};

impl Allocator {
    /// Splits an interval in two at a point in between. If that is in a hole, each half ends at it. Gives the second half.
    pub(super) fn split(&mut self, number: u32, at: u32) -> u32 {
        self.stats.splits += 1;
        let second = self.intervals.len() as u32;
        let first = &mut self.intervals[number as usize];
        debug_assert!(first.from < at && at < first.to);
        let mut range = first.range;
        while self.ranges[range as usize].to <= at {
            range += 1;
        }
        let found = self.ranges[range as usize];
        let from = found.from.max(at);
        let mut need = first.need;
        while let Some(point) = self.uses.get(need as usize)
            && point.at < from
        {
            need = point.next;
        }
        let rest = LiveInterval {
            vreg: first.vreg,
            from,
            to: first.to,
            range,
            need,
            next: first.next,
            reg: UNSET,
            hint: if first.reg < SPILLED { first.reg } else { first.hint },
            store: false,
            waiting: NONE,
        };
        first.to = if found.from < at { at } else { self.ranges[range as usize - 1].to };
        self.homes[first.vreg as usize] = UNSET;
        if number == first.vreg && first.next == NONE {
            self.moving.push(number);
        }
        first.next = second;
        self.intervals.push(rest);
        second
    }

    /// Has the interval wait until the scan comes to where it begins.
    #[inline]
    pub(super) fn wait(&mut self, number: u32) {
        let interval = &mut self.intervals[number as usize];
        debug_assert_eq!(interval.from % 2, 0, "LI3");
        let step = interval.from / 2;
        interval.waiting = std::mem::replace(&mut self.waiting[step as usize], number);
        self.waiting_bits[step as usize / 64] |= 1 << (step % 64);
        self.next_waiting = self.next_waiting.min(step);
    }

    /// The cheapest point in `(after, last]` to change place at: at the head of a loop that `after` precedes and `last` is in, or else
    /// `last`.
    #[inline]
    pub(super) fn best_split(&self, after: u32, last: u32) -> u32 {
        let (mut best, mut block) = (last, self.block_at[last as usize / 2]);
        loop {
            let info = &self.blocks[block as usize];
            if info.depth == 0 || info.shallower == NONE {
                return best;
            }
            let head = self.blocks[info.shallower as usize].to;
            if head <= after {
                return best;
            }
            best = head;
            block = info.shallower;
        }
    }

    /// The point in `(after, last]` to come back to a register at: ahead of loops, and where the way from a block that is run
    /// less often joins the others, which may have kept the register.
    #[inline]
    pub(super) fn reload_point(&self, after: u32, last: u32) -> u32 {
        let best = self.best_split(after, last);
        self.join_point(after).filter(|&join| join < best).unwrap_or(best)
    }

    /// Where the block of the point ends, if the one behind it is run more often.
    fn join_point(&self, after: u32) -> Option<u32> {
        let block = self.block_of(after);
        let next = self.blocks.get(block + 1)?;
        (self.blocks[block].weight < next.weight).then_some(next.from)
    }

    /// The instruction of a step: of a block's head, its first one.
    pub(super) fn inst_of(&self, step: u32) -> u32 {
        let block = self.block_at[step as usize];
        let head = self.blocks[block as usize].from / 2;
        step.saturating_sub(1).max(head) - block
    }

    /// The interval, which has a register and has needs before the limit, keeps it no longer than that. The rest is up to be placed, or
    /// spilled if there is no other register either.
    pub(super) fn split_at_limit(&mut self, number: u32, limit: u32, wall: bool) {
        let interval = self.intervals[number as usize];
        let mut last = interval.from;
        let mut need = interval.need;
        while let Some(point) = self.uses.get(need as usize)
            && point.at < limit
        {
            last = point.at;
            need = point.next;
        }
        // Moves are made at even points (LI3); at an odd one the value can only be spilled.
        let even = limit & !1;
        let at = if even > last { self.best_split(last, even) } else { limit };
        let rest = self.split(number, at);
        self.bound_holder(number);
        let needed = || {
            self.uses.get(self.intervals[rest as usize].need as usize).is_some_and(|need| need.at == limit)
        };
        if self.intervals[rest as usize].from.is_multiple_of(2) && (!wall || needed()) {
            self.wait(rest);
        } else {
            self.spill(rest, limit);
        }
    }

    /// An interval that was shortened may hold its register for less long.
    #[inline]
    fn bound_holder(&mut self, number: u32) {
        let interval = self.intervals[number as usize];
        let register = &mut self.registers[interval.reg as usize];
        if register.holder == number {
            register.to = interval.to;
            let state = &mut self.classes[interval.reg as usize / 32 % 2];
            let until = state.until(interval.reg as usize).min(interval.to);
            state.set_until(interval.reg as usize, until, until < interval.to);
        }
    }

    /// Spills an interval from where it begins until it must be in a register, behind the current point; from there on it is up to
    /// be placed again.
    pub(super) fn spill(&mut self, number: u32, at: u32) {
        let interval = self.intervals[number as usize];
        let need = self.uses.get(interval.need as usize).filter(|need| need.at < interval.to);
        let after = at.max(interval.from);
        let mut back = need.map(|need| self.reload_point(after, need.at & !1));
        if back.is_none() {
            // Nothing needs it; but the others, which did not take this way, may have kept their register.
            back = self
                .join_point(after)
                .filter(|&join| join < interval.to && self.block_of(interval.from) == self.block_of(after));
        }
        if let Some(back) = back {
            debug_assert!(back > at);
            let rest = if back > interval.from { self.split(number, back) } else { number };
            self.intervals[rest as usize].reg = UNSET;
            self.wait(rest);
        }
        if back.is_none_or(|back| back > interval.from) {
            self.intervals[number as usize].reg = SPILLED;
            self.homes[interval.vreg as usize] = UNSET;
            if !self.values[interval.vreg as usize].info.rematerializable {
                self.store(interval.vreg);
            }
        }
    }
}

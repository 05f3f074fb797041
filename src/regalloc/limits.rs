//! Until where an interval may have a register: what is in its way.

use super::allocator::Allocator;
use super::interval::{FAR, FixedRange, LiveInterval};
use super::scan::{each, is_free};

impl Allocator {
    /// The interval's last use point before the limit, if there is one.
    #[inline]
    pub(super) fn last_need(&self, interval: &LiveInterval, limit: u32) -> Option<u32> {
        let (mut last, mut need) = (None, interval.need);
        while let Some(point) = self.uses.get(need as usize)
            && point.at < limit
        {
            last = Some(point.at);
            need = point.next;
        }
        last
    }

    /// The free register that the interval may keep for longest, and until where; a hint, or else the one to prefer, of those that it may
    /// keep altogether.
    #[inline(never)]
    pub(super) fn longest_free(
        &self,
        interval: &LiveInterval,
        want: u32,
        free: u32,
        base: usize,
        hints: [u8; 2],
        split_off: bool,
    ) -> (usize, u32) {
        for hint in hints {
            if is_free(hint, base, free) {
                let limit = self.limit(interval, usize::from(hint), split_off);
                if limit >= want {
                    return (usize::from(hint), limit);
                }
            }
        }
        let (mut best, mut longest) = (base, 0);
        for reg in each(base as u32, free) {
            let limit = self.limit(interval, reg, split_off);
            if limit >= want {
                return (reg, limit);
            }
            if limit > longest || limit == longest && hints.contains(&(reg as u8)) {
                (best, longest) = (reg, limit);
            }
        }
        (best, longest)
    }

    /// Until where the interval may have the register, if its holder lets it: where a fixed range or an inactive interval is in its way.
    #[inline]
    pub(super) fn limit(&self, interval: &LiveInterval, reg: usize, split_off: bool) -> u32 {
        let mut limit = FAR;
        if self.registers[reg].fixed_from < interval.to {
            limit = self.fixed_limit(interval, reg);
        }
        if split_off {
            for other in &self.classes[reg / 32].inactive {
                let it = &self.intervals[other.interval as usize];
                if it.reg as usize == reg {
                    limit = limit.min(self.meeting(interval, it, other.range));
                }
            }
        }
        limit
    }

    /// Where the interval first lives in a fixed range of the register that is not its own.
    fn fixed_limit(&self, interval: &LiveInterval, reg: usize) -> u32 {
        self.first_fixed(interval, &self.fixed[reg][self.registers[reg].fixed as usize..])
    }

    /// Where the interval first lives in one of the ranges that is not its own.
    pub(super) fn first_fixed(&self, interval: &LiveInterval, list: &[FixedRange]) -> u32 {
        let (mut at, mut range) = (0, interval.range as usize);
        while let Some(fixed) = list.get(at)
            && fixed.from < interval.to
        {
            if fixed.owner == interval.vreg {
                at += 1;
                continue;
            }
            while self.ranges[range].to <= fixed.from {
                range += 1;
            }
            let from = self.ranges[range].from.max(interval.from);
            if from >= interval.to {
                break;
            }
            if from < fixed.to {
                return from.max(fixed.from);
            }
            // In a hole: on to what reaches behind it.
            at += list[at..].partition_point(|fixed| fixed.to <= from);
        }
        FAR
    }

    /// Where two intervals first live both.
    fn meeting(&self, interval: &LiveInterval, other: &LiveInterval, other_range: u32) -> u32 {
        let (mut a, mut b) = (interval.range as usize, other_range as usize);
        loop {
            let (left, right) = (self.ranges[a], self.ranges[b]);
            let from = left.from.max(right.from).max(interval.from);
            if from >= interval.to.min(other.to) {
                return FAR;
            }
            if from < left.to.min(right.to) {
                return from;
            }
            if left.to <= right.to {
                a += 1;
            } else {
                b += 1;
            }
        }
    }
}

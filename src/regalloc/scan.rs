//! The linear scan: intervals get registers in the order in which they begin.
//!
//! How it works. A register is *free* at a point if no interval holds it there. An interval that begins takes a free register,
//! its hint if that one is free long enough; one that is free only for a part of it if the interval is used in that part, and then
//! the interval is split. If there is none, whoever costs least for as long as it is not used gives way: another interval, whose rest is
//! spilled until it is used next, or this one.
//!
//! Invariants
//! - SC1 At the point at which an interval of a class was placed last, the `holder` of each register in `held` is the interval that lives
//!   there; intervals that have a register and are in a hole are in `inactive`.
//! - SC2 A value's first interval meets no inactive one later: in SSA form two values interfere only if one lives where the other is
//!   defined. So only intervals split off, and those that begin behind their definition, are compared with the inactive ones.
//!
//! Cost. For each interval a few looks at masks, and one at where the ranges of all holders end; the registers are gone through only when a
//! fixed range begins before the interval ends, and to choose whom to evict.
//! Sources. Poletto, Sarkar (1999); Wimmer, Moessenboeck: *Optimized interval splitting in a linear scan register allocator* (2005).

use super::allocator::Allocator;
use super::fault::Fault;
use super::interval::{FAR, HINT_REG, LiveInterval, NONE, UNSET};
use super::{Alloc, AllocError};

/// The state of a register, by class and preference. That of the holder counts only if it is in [`Class::held`].
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Register {
    /// The interval that is in it.
    pub(super) holder: u32,
    /// Where the holder ends.
    pub(super) to: u32,
    /// The holder's current range.
    range: u32,
    /// The holder's last use point that has been passed, or where it begins.
    pub(super) last_need: u32,
    /// The holder's next use point.
    pub(super) need: u32,
    /// Its first fixed range that does not end at or before the current point, and where that begins.
    pub(super) fixed: u32,
    pub(super) fixed_from: u32,
}

impl Register {
    pub(super) const FREE: Register =
        Register { holder: NONE, to: 0, range: 0, last_need: 0, need: NONE, fixed: 0, fixed_from: FAR };
}

/// An interval with a register, in a hole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inactive {
    pub interval: u32,
    /// The range that comes next, and where it begins.
    pub range: u32,
    from: u32,
    /// As in [`Register`].
    last_need: u32,
    need: u32,
}

/// The state of a class.
#[derive(Default, Debug)]
pub(super) struct Class {
    /// The registers to allocate.
    all: u32,
    /// Those that intervals are in.
    pub(super) held: u32,
    /// Those whose holder lives on behind a hole.
    holes: u32,
    /// By register: where the holder's current range ends.
    until: [i32; 32],
    /// Bit `n` in lane `n`.
    bits: [i32; 32],
    /// Nothing of what follows has to be looked at before that.
    event: u32,
    /// No fixed range and no wall begins before that.
    limited_from: u32,
    /// No range of an inactive interval begins before that.
    resume: u32,
    /// No fixed range begins before that.
    fixed_from: u32,
    /// The first wall that is not passed, and its point.
    wall: u32,
    wall_at: u32,
    pub inactive: Vec<Inactive>,
}

impl Class {
    /// There are so many registers.
    pub(super) fn set_registers(&mut self, registers: usize) {
        assert!(registers <= 32, "a class has at most 32 registers");
        self.all = if registers == 32 { u32::MAX } else { (1 << registers) - 1 };
        self.bits = std::array::from_fn(|lane| 1 << lane);
    }

    pub(super) fn clear(&mut self) {
        (self.held, self.holes) = (0, 0);
        (self.event, self.resume, self.fixed_from) = (0, FAR, 0);
        (self.wall, self.wall_at, self.limited_from) = (0, 0, 0);
        self.inactive.clear();
    }

    /// The registers whose holder's range ends behind the point.
    #[inline]
    fn lasting(&self, at: u32) -> u32 {
        let mut lasting = Class::lasting_half(&self.until, &self.bits, 0, at);
        if self.all >> 16 != 0 {
            lasting |= Class::lasting_half(&self.until, &self.bits, 16, at);
        }
        lasting
    }

    /// The same for 16 registers. (Written so that compilers use vectors for it, which constants would keep them from.
    /// Points are far below the signs.)
    #[inline]
    fn lasting_half(until: &[i32; 32], bits: &[i32; 32], first: usize, at: u32) -> u32 {
        let mut lasting = [0; 4];
        let (until, bits) = (&until[first..first + 16], &bits[first..first + 16]);
        for (until, bits) in until.chunks_exact(4).zip(bits.chunks_exact(4)) {
            for lane in 0..4 {
                lasting[lane] |= bits[lane] & ((at as i32).wrapping_sub(until[lane]) >> 31);
            }
        }
        (lasting[0] | lasting[1] | lasting[2] | lasting[3]) as u32
    }

    /// The registers that are free.
    #[inline]
    fn free(&self) -> u32 {
        self.all & !self.held
    }

    /// The holder of the register lives in its current range until there, and then on or not.
    #[inline]
    pub(super) fn set_until(&mut self, reg: usize, until: u32, lives_on: bool) {
        self.until[reg % 32] = until as i32;
        self.holes = self.holes & !(1 << (reg % 32)) | u32::from(lives_on) << (reg % 32);
    }

    #[inline]
    pub(super) fn until(&self, reg: usize) -> u32 {
        self.until[reg % 32] as u32
    }
}

/// The registers of a mask, as indices from `base` on.
#[inline]
pub(super) fn each(base: u32, mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some((base + bit) as usize)
    })
}

/// No step.
pub(super) const NEVER: u32 = u32::MAX / 2;

/// Is the hint a register of the class that begins at `base`, and in the mask?
#[inline]
pub(super) fn is_free(hint: u8, base: usize, free: u32) -> bool {
    usize::from(hint) & !31 == base && free >> (hint % 32) & 1 == 1
}

impl Allocator {
    /// Gives each interval a place.
    #[inline(never)]
    pub(super) fn scan(&mut self) -> Result<(), AllocError> {
        for index in 0..self.late_starts.len() {
            self.wait(self.late_starts[index]);
        }
        let order = std::mem::take(&mut self.order);
        let result = order.iter().try_for_each(|&(from, vreg)| {
            // Those split off wait at even points, and come behind the values that begin there.
            if from > 2 * self.next_waiting {
                self.place_waiting(from)?;
            }
            self.place_first(vreg, from)
        });
        self.order = order;
        result?;
        self.place_waiting(FAR)?;
        self.stats.values = self.order.len() as u32 + self.late_starts.len() as u32;
        self.stats.intervals = self.stats.values + self.stats.splits;
        Ok(())
    }

    /// Places the intervals that wait for a step before the point.
    #[inline(never)]
    fn place_waiting(&mut self, before: u32) -> Result<(), AllocError> {
        while 2 * self.next_waiting < before
            && let Some(&number) = self.waiting.get(self.next_waiting as usize)
        {
            if number != NONE {
                self.waiting[self.next_waiting as usize] = self.intervals[number as usize].waiting;
                self.place(number)?;
                continue;
            }
            // On to the next step at which one waits.
            let step = self.next_waiting as usize + 1;
            let mut word = step / 64;
            let mut bits = self.waiting_bits.get(word).map_or(0, |bits| bits & u64::MAX << (step % 64));
            while bits == 0 && word < self.waiting_bits.len() {
                word += 1;
                bits = self.waiting_bits.get(word).copied().unwrap_or(0);
            }
            self.next_waiting = if bits == 0 { NEVER } else { word as u32 * 64 + bits.trailing_zeros() };
        }
        Ok(())
    }

    /// Brings a class's state to a point (SC1).
    #[inline]
    fn advance(&mut self, class: usize, at: u32) {
        let state = &mut self.classes[class];
        let ended = state.held & !state.lasting(at);
        state.held ^= ended;
        if ended & state.holes != 0 {
            self.enter_holes(class, ended & self.classes[class].holes);
        }
        if at >= self.classes[class].event {
            self.pass_events(class, at);
        }
    }

    /// The intervals in the registers go into a hole.
    #[inline(never)]
    fn enter_holes(&mut self, class: usize, mask: u32) {
        for reg in each(class as u32 * 32, mask) {
            let Register { holder, range, last_need, need, to, .. } = self.registers[reg];
            let range = range + 1;
            let from = self.ranges[range as usize].from;
            if from >= to {
                continue;
            }
            let state = &mut self.classes[class];
            state.inactive.push(Inactive { interval: holder, range, from, last_need, need });
            state.resume = state.resume.min(from);
            state.event = state.event.min(from);
        }
    }

    /// What lies behind is passed.
    #[inline(never)]
    fn pass_events(&mut self, class: usize, at: u32) {
        if at >= self.classes[class].resume {
            self.resume(class, at);
        }
        if at >= self.classes[class].fixed_from {
            self.pass_fixed(class, at);
        }
        if at > self.classes[class].wall_at {
            self.pass_walls(class, at);
        }
        let state = &mut self.classes[class];
        state.limited_from = state.fixed_from.min(state.wall_at);
        state.event = state.resume.min(state.fixed_from).min(state.wall_at.saturating_add(1));
    }

    /// Inactive intervals whose hole has ended get their registers back.
    #[inline(never)]
    fn resume(&mut self, class: usize, at: u32) {
        let (mut index, mut least) = (0, FAR);
        while let Some(&entry) = self.classes[class].inactive.get(index) {
            let Inactive { interval: number, mut range, .. } = entry;
            if entry.from > at {
                least = least.min(entry.from);
                index += 1;
                continue;
            }
            let interval = self.intervals[number as usize];
            while self.ranges[range as usize].to <= at {
                range += 1;
            }
            let found = self.ranges[range as usize];
            if found.from < interval.to && found.from > at {
                self.classes[class].inactive[index] = Inactive { range, from: found.from, ..entry };
                least = least.min(found.from);
                index += 1;
                continue;
            }
            self.classes[class].inactive.swap_remove(index);
            if at >= interval.to || found.from > at || self.broken(Fault::IgnoreHoleEnd) {
                continue;
            }
            let reg = interval.reg as usize;
            debug_assert!(self.classes[class].held >> (reg % 32) & 1 == 0 || self.broken_at_all(), "SC2");
            self.hold(number, reg, range);
            (self.registers[reg].last_need, self.registers[reg].need) = (entry.last_need, entry.need);
        }
        self.classes[class].resume = least;
    }

    /// Walls that lie behind are passed.
    #[inline(never)]
    fn pass_walls(&mut self, class: usize, at: u32) {
        let state = &mut self.classes[class];
        let list = &self.walls[class];
        while list.get(state.wall as usize).is_some_and(|wall| wall.from < at) {
            state.wall += 1;
        }
        state.wall_at = list.get(state.wall as usize).map_or(FAR, |wall| wall.from);
    }

    /// Fixed ranges that have ended are passed.
    #[inline(never)]
    fn pass_fixed(&mut self, class: usize, at: u32) {
        let mut least = FAR;
        for reg in each(class as u32 * 32, (self.fixed_used.0 >> (class * 32)) as u32) {
            let register = &mut self.registers[reg];
            let list = &self.fixed[reg];
            while list.get(register.fixed as usize).is_some_and(|range| range.to <= at) {
                register.fixed += 1;
            }
            register.fixed_from = list.get(register.fixed as usize).map_or(FAR, |range| range.from);
            least = least.min(register.fixed_from);
        }
        if self.broken(Fault::IgnoreFixed) {
            least = FAR;
        }
        self.classes[class].fixed_from = least;
    }

    /// The interval holds the register in the range.
    #[inline]
    fn hold(&mut self, number: u32, reg: usize, range: u32) {
        let interval = &self.intervals[number as usize];
        let until = self.ranges[range as usize].to.min(interval.to);
        let register = &mut self.registers[reg];
        register.holder = number;
        register.to = interval.to;
        register.range = range;
        register.last_need = interval.from;
        register.need = interval.need;
        let state = &mut self.classes[reg / 32 % 2];
        state.held |= 1 << (reg % 32);
        state.set_until(reg, until, until < interval.to);
    }

    /// Gives the register to the interval, which begins at the current point.
    #[inline]
    pub(super) fn take(&mut self, number: u32, reg: usize) {
        let interval = &mut self.intervals[number as usize];
        interval.reg = reg as u8;
        let (vreg, range) = (interval.vreg as usize, interval.range);
        self.hold(number, reg, range);
        let whole = number as usize == vreg && self.intervals[vreg].next == NONE;
        let value = &mut self.values[vreg];
        if whole && value.def_reg == UNSET {
            self.homes[vreg] = Alloc::Reg(self.pregs[reg]);
        }
        value.reg_hint = reg as u8;
        let copy = value.hint_to;
        if copy & HINT_REG == 0 {
            self.hint_copies(copy, reg);
        }
    }

    /// Where the interval should be: a mask with the registers that are good for a copy from or to it.
    #[inline]
    fn hint(&self, interval: &LiveInterval) -> [u8; 2] {
        if interval.hint != UNSET {
            return [interval.hint, UNSET];
        }
        let value = &self.values[interval.vreg as usize];
        let mut to = value.hint_to;
        let mut reg = UNSET;
        for _ in 0..4 {
            if to & HINT_REG != 0 {
                if to != NONE {
                    reg = to as u8;
                }
                break;
            }
            let copy = &self.values[to as usize];
            if copy.reg_hint != UNSET {
                reg = copy.reg_hint;
                break;
            }
            to = copy.hint_to;
        }
        // What arrives in a register at a block's head stays there.
        if value.reg_hint != UNSET {
            return [value.reg_hint, reg];
        }
        [reg, self.values.get(value.hint_from as usize).map_or(UNSET, |from| from.reg_hint)]
    }

    /// Gives a value's first interval, which begins at the current point, a register for at least a part of it, or spills it.
    #[inline(always)]
    fn place_first(&mut self, vreg: u32, from: u32) -> Result<(), AllocError> {
        let broken = self.broken(Fault::IgnoreInactive);
        let (interval, value) = (&mut self.intervals[vreg as usize], &mut self.values[vreg as usize]);
        let class = value.info.class as usize;
        let undefined = from != value.def && !broken;
        let state = &mut self.classes[class];
        let ended = state.held & !state.lasting(from);
        if ended & state.holes != 0 || from >= state.event {
            return self.place(vreg);
        }
        state.held ^= ended;
        let free = state.free();
        if interval.to > state.limited_from || free == 0 || undefined && !state.inactive.is_empty() {
            return self.place_limited(vreg, class, undefined);
        }
        let base = class * 32;
        let mut reg = base + free.trailing_zeros() as usize;
        if is_free(value.reg_hint, base, free) {
            reg = usize::from(value.reg_hint);
        } else if value.hint_to & value.hint_from != NONE {
            reg = self.hinted(vreg, base, free).unwrap_or(reg);
        }
        // What `take` does, for an interval that may keep its register.
        let (interval, value) = (&mut self.intervals[vreg as usize], &mut self.values[vreg as usize]);
        let until = self.ranges[interval.range as usize].to.min(interval.to);
        interval.reg = reg as u8;
        value.reg_hint = reg as u8;
        let register = &mut self.registers[reg];
        register.holder = vreg;
        register.to = interval.to;
        register.range = interval.range;
        register.last_need = from;
        register.need = interval.need;
        let state = &mut self.classes[class];
        state.held |= 1 << (reg % 32);
        state.set_until(reg, until, until < interval.to);
        if value.def_reg == UNSET {
            self.homes[vreg as usize] = Alloc::Reg(self.pregs[reg]);
        }
        let copy = value.hint_to;
        if copy & HINT_REG == 0 {
            self.hint_copies(copy, reg);
        }
        Ok(())
    }

    /// What the value is copied to should be in the register, too.
    #[inline]
    fn hint_copies(&mut self, copy: u32, reg: usize) {
        let hint = &mut self.values[copy as usize].reg_hint;
        if *hint == UNSET {
            *hint = reg as u8;
        }
    }

    /// The free register that copies from or to the value would like it to be in, if there is one.
    #[inline]
    fn hinted(&self, vreg: u32, base: usize, free: u32) -> Option<usize> {
        let hints = self.hint(&self.intervals[vreg as usize]);
        hints.into_iter().find(|&hint| is_free(hint, base, free)).map(usize::from)
    }

    /// Gives an interval, which begins at the current point, a register for at least a part of it, or spills it.
    fn place(&mut self, number: u32) -> Result<(), AllocError> {
        let interval = &self.intervals[number as usize];
        let (vreg, from, to) = (interval.vreg, interval.from, interval.to);
        let value = &self.values[vreg as usize];
        let class = value.info.class as usize;
        let split_off = from != value.def && !self.broken(Fault::IgnoreInactive);
        self.advance(class, from);
        let state = &self.classes[class];
        let free = state.free();
        if to > state.limited_from || free == 0 || split_off && !state.inactive.is_empty() {
            return self.place_limited(number, class, split_off);
        }
        let hints = self.hint(&self.intervals[number as usize]);
        let hint = hints.into_iter().find(|&hint| is_free(hint, class * 32, free));
        self.take(number, hint.map_or(class * 32 + free.trailing_zeros() as usize, usize::from));
        Ok(())
    }

    /// The same where no register is free, or not for long enough perhaps.
    #[inline(never)]
    fn place_limited(&mut self, number: u32, class: usize, split_off: bool) -> Result<(), AllocError> {
        let interval = self.intervals[number as usize];
        let state = &self.classes[class];
        let base = class * 32;
        // Until where it wants a register; no register outlives a wall.
        let (mut want, mut wall) = (interval.to, FAR);
        if state.wall_at < interval.to && !self.broken(Fault::IgnoreFixed) {
            wall = self.first_fixed(&interval, &self.walls[class][state.wall as usize..]);
            if wall != FAR {
                let Some(last) = self.last_need(&interval, wall) else {
                    if self.uses.get(interval.need as usize).is_some_and(|need| need.at == wall) {
                        return Err(AllocError::Impossible { inst: self.inst_of(wall / 2) });
                    }
                    self.spill(number, wall);
                    return Ok(());
                };
                want = if wall & !1 > last { wall & !1 } else { wall };
            }
        }
        let free = state.free();
        if free != 0 {
            let hints = self.hint(&interval);
            let (reg, limit) = if want <= state.fixed_from && (state.inactive.is_empty() || !split_off) {
                let hint = hints.into_iter().find(|&hint| is_free(hint, base, free));
                (hint.map_or(base + free.trailing_zeros() as usize, usize::from), FAR)
            } else {
                self.longest_free(&interval, want, free, base, hints, split_off)
            };
            if limit >= want {
                self.take(number, reg);
                if wall != FAR {
                    self.split_at_limit(number, wall, true);
                }
                return Ok(());
            }
            if self.uses.get(interval.need as usize).is_some_and(|need| need.at < limit) {
                self.take_until(number, reg, limit);
                return Ok(());
            }
        }
        self.place_by_force(number, class, split_off, wall)
    }
}

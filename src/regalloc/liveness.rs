//! Liveness: from operands to use points, fixed ranges, and the ranges in which values live.
//!
//! How it works. One pass over the code in order collects what happens in each block: most values live in one block only, and their
//! range is known at once. For a use in another block than the definition's, the block is noted; then for each such value the
//! blocks are followed against the flow up to the definition. That is exact for any flow, also irreducible, and
//! costs in proportion to what it yields: blocks into which values are alive.
//!
//! Sources. Brandner, Boissinot, Darte, Dupont de Dinechin, Rastello: *Computing liveness sets for SSA-form programs* (2011), for the walk
//! by uses; Wimmer, Franz: *Linear scan register allocation on SSA form* (2010).

use super::allocator::Allocator;
use super::fault::Fault;
use super::interval::{
    BlockInfo, FAR, FixedRange, HINT_REG, LiveInterval, LiveRange, NONE, Step, UNSET, UsePoint,
};
use super::{AllocError, Constraint, Function, Operand, PReg, RegSet, Role, Time, VReg};

/// A block into which a value is alive, and where the block's own last use ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exposed {
    block: u32,
    end: u32,
    next: u32,
}

/// Sets of blocks for one value at a time; empty between values.
#[derive(Default)]
pub(super) struct Scratch {
    live_in: Vec<u64>,
    live_out: Vec<u64>,
    /// By block: where its own last use ends, where that is known.
    ends: Vec<u32>,
    stack: Vec<u32>,
    /// By [`PReg::index`](super::PReg::index): what is there early and late in an instruction. Masks say which are valid.
    owners: [Vec<u32>; 2],
}

#[inline]
fn set(bits: &mut [u64], at: u32) {
    bits[at as usize / 64] |= 1 << (at % 64);
}

/// Sets the bits of `first..=last`.
#[inline]
fn set_all(bits: &mut [u64], first: u32, last: u32) {
    let (low, high) = (first as usize / 64, last as usize / 64);
    let (from, to) = (u64::MAX << (first % 64), u64::MAX >> (63 - last % 64));
    if low == high {
        bits[low] |= from & to;
    } else {
        bits[low] |= from;
        bits[low + 1..high].fill(u64::MAX);
        bits[high] |= to;
    }
}

#[inline]
fn get(bits: &[u64], at: u32) -> bool {
    bits[at as usize / 64] >> (at % 64) & 1 == 1
}

/// The owner of a temporary's or a clobbered register.
const NOBODY: u32 = NONE;

impl Allocator {
    /// Builds everything that the scan needs.
    pub(super) fn build<F: Function + ?Sized>(&mut self, f: &F) -> Result<(), AllocError> {
        for owners in &mut self.live.owners {
            owners.resize(64, NONE);
        }
        for block in 0..f.blocks() {
            self.collect_block(f, block)?;
        }
        self.link_blocks();
        self.build_ranges(f);
        Ok(())
    }

    #[inline(never)]
    fn collect_block<F: Function + ?Sized>(&mut self, f: &F, block: u32) -> Result<(), AllocError> {
        let insts = f.block_insts(block);
        let head = self.steps.len() as u32;
        self.blocks.push(BlockInfo {
            from: 2 * head,
            to: 2 * (head + 1 + insts.len() as u32),
            weight: f.weight(block),
            depth: f.loop_depth(block),
            shallower: NONE,
            run: block,
            next_run: NONE,
        });
        if let [before] = f.predecessors(block)
            && before + 1 == block
        {
            self.blocks[block as usize].run = self.blocks[*before as usize].run;
        }
        let safepoints = self.safepoints.len() as u32;
        self.steps.push(Step { inst: insts.start, block, safepoints, special: false });
        for &param in f.params(block) {
            self.define(f, param, block, 2 * head, 2 * head);
            self.begin(param, 2 * head);
        }
        let operands = f.operands();
        for inst in insts.clone() {
            let step = self.steps.len() as u32;
            let early = 2 * step;
            let safepoints = self.safepoints.len() as u32;
            self.steps.push(Step { inst, block, safepoints, special: false });
            if f.is_safepoint(inst) {
                self.safepoints.push(step);
            }
            let clobbers = f.clobbers(inst);
            let range = f.inst_operands(inst);
            let list = &operands[range.start as usize..range.end as usize];
            let (mut tied, mut fixed) = (0_u64, !clobbers.is_empty());
            for op in list {
                match op.constraint {
                    Constraint::Tied(index) => tied |= 1 << index,
                    Constraint::Fixed(_) => fixed = true,
                    _ => {}
                }
            }
            if fixed {
                self.collect_fixed(inst, step, list, clobbers)?;
            }
            if tied != 0 || fixed {
                self.steps[step as usize].special = true;
            }
            let terminator = inst + 1 == insts.end;
            for (index, op) in list.iter().enumerate() {
                if op.role == Role::Use {
                    self.collect_use(list, range.start, index, tied, block, early);
                } else {
                    self.collect_def(f, list, range.start, index, block, early, terminator);
                }
            }
            if f.is_move(inst) {
                self.hint_move(list);
            }
        }
        let end = self.blocks[block as usize].to;
        let arguments = f.arguments(block);
        if !arguments.is_empty() {
            let params = f.params(f.successors(block)[0]);
            let forgotten = usize::from(self.broken(Fault::ForgetLastArgument));
            for (&argument, &param) in arguments[..arguments.len() - forgotten].iter().zip(params) {
                self.extend(argument, block, end);
                let hint = &mut self.values[argument.index()].hint_to;
                if *hint == NONE {
                    *hint = param.0;
                }
                let hint = &mut self.values[param.index()].hint_from;
                if *hint == NONE {
                    *hint = argument.0;
                }
            }
        }
        Ok(())
    }

    /// The registers that an instruction's fixed operands and clobbers take.
    #[inline(never)]
    fn collect_fixed(
        &mut self,
        inst: u32,
        step: u32,
        list: &[Operand],
        clobbers: RegSet,
    ) -> Result<(), AllocError> {
        let early = 2 * step;
        let impossible = Err(AllocError::Impossible { inst });
        // Which registers are taken, early and late.
        let mut taken = [RegSet::EMPTY; 2];
        let mut late_defs = RegSet::EMPTY;
        for op in list {
            let Constraint::Fixed(reg) = op.constraint else { continue };
            let (from, to) = match (op.role, op.time) {
                (Role::Use, Time::Early) => (0, 1),
                (Role::Def, Time::Late) => (1, 2),
                _ => (0, 2),
            };
            let owner = if op.role == Role::Temp { NOBODY } else { op.vreg.0 };
            for (half, taken) in taken.iter_mut().enumerate().take(to).skip(from) {
                let old = &mut self.live.owners[half][reg.index()];
                if taken.contains(reg) && (*old != owner || owner == NOBODY) {
                    return impossible;
                }
                *old = owner;
                taken.insert(reg);
            }
            if op.role != Role::Use {
                late_defs.insert(reg);
            } else if op.time == Time::Late && clobbers.contains(reg) {
                return impossible;
            }
        }
        for reg in clobbers.without(taken[1]).iter() {
            self.live.owners[1][reg.index()] = NOBODY;
        }
        taken[1] = taken[1].union(clobbers);
        if self.broken(Fault::ForgetClobber) {
            taken[1] = taken[1].without(clobbers.without(late_defs));
        }
        // If nothing outlives the instruction in a register of a class, that is said once.
        for class in 0..2 {
            let overwritten = taken[1].intersection(clobbers.union(late_defs));
            if self.allocatable[class].without(overwritten).is_empty() {
                self.walls[class].push(FixedRange { from: early + 1, to: early + 2, owner: NOBODY });
                taken[1] = taken[1].without(self.allocatable[class]);
            }
        }
        for reg in taken[0].union(taken[1]).iter() {
            let rank = self.rank[reg.index()];
            if rank == UNSET {
                continue;
            }
            let owners = [self.live.owners[0][reg.index()], self.live.owners[1][reg.index()]];
            let halves = [taken[0].contains(reg), taken[1].contains(reg)];
            let list = &mut self.fixed[rank as usize];
            if halves == [true; 2] && owners[0] == owners[1] {
                list.push(FixedRange { from: early, to: early + 2, owner: owners[0] });
                continue;
            }
            for half in 0..2 {
                if halves[half] {
                    let from = early + half as u32;
                    list.push(FixedRange { from, to: from + 1, owner: owners[half] });
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn collect_use(&mut self, list: &[Operand], first: u32, index: usize, tied: u64, block: u32, early: u32) {
        let op = &list[index];
        let v = op.vreg;
        let late = u32::from(op.time == Time::Late && !self.broken(Fault::LateUseEndsEarly));
        let end = match op.constraint {
            Constraint::Reg if tied == 0 || late == 1 || !is_tied(list, tied, index) => {
                self.need(v, first + index as u32, early + late);
                early + 1 + late
            }
            // keeps LI4: it is moved before the instruction
            Constraint::Reg => early,
            Constraint::Fixed(reg) => {
                self.hint_fixed(v, reg);
                early + 2 * late
            }
            _ => early + 1 + late,
        };
        self.extend(v, block, end);
    }

    #[inline(never)]
    fn hint_fixed(&mut self, vreg: VReg, reg: PReg) {
        let rank = self.rank[reg.index()];
        let hint = &mut self.values[vreg.index()].hint_to;
        if rank != UNSET && (*hint == NONE || *hint & HINT_REG == 0) {
            *hint = HINT_REG | u32::from(rank);
        }
    }

    #[inline]
    #[expect(clippy::too_many_arguments, reason = "one operand's description")]
    fn collect_def<F: Function + ?Sized>(
        &mut self,
        f: &F,
        list: &[Operand],
        first: u32,
        index: usize,
        block: u32,
        early: u32,
        terminator: bool,
    ) {
        let op = &list[index];
        let v = op.vreg;
        let begins_late = match op.role {
            // A temporary takes its register from the beginning.
            Role::Temp => self.broken(Fault::TempBeginsLate),
            _ => op.time == Time::Late || self.broken(Fault::EarlyDefBeginsLate),
        };
        let mut from = early + u32::from(begins_late);
        match op.constraint {
            Constraint::Fixed(reg) => {
                if op.role == Role::Def {
                    self.define(f, v, block, from, early + 2);
                    self.define_fixed(v, reg, early, terminator);
                }
                return;
            }
            Constraint::Tied(index) => {
                // keeps LI4: the def's register holds the used value already before the instruction
                from = early;
                self.define(f, v, block, from, early + 2);
                let used = list[index as usize].vreg;
                self.values[v.index()].hint_from = used.0;
                let hint = &mut self.values[used.index()].hint_to;
                if *hint == NONE {
                    *hint = v.0;
                }
            }
            Constraint::Reg | Constraint::Any => self.define(f, v, block, from, early + 2),
        }
        self.begin(v, from);
        let value = &mut self.values[v.index()];
        value.by_terminator = terminator;
        if op.constraint != Constraint::Any || value.info.rematerializable {
            // Nothing else can have used it yet.
            value.need = first + index as u32;
            value.last_need = value.need;
            self.uses[value.need as usize] = UsePoint { at: early + 1, next: NONE };
        }
    }

    #[inline(never)]
    fn define_fixed(&mut self, vreg: VReg, reg: PReg, early: u32, terminator: bool) {
        let value = &mut self.values[vreg.index()];
        value.def_reg = reg.index() as u8;
        value.reg_hint = self.rank[reg.index()];
        value.by_terminator = terminator;
        if terminator {
            self.late_starts.push(vreg.0);
        } else {
            self.begin(vreg, early + 2);
        }
    }

    fn hint_move(&mut self, list: &[Operand]) {
        let used = list.iter().find(|op| op.role == Role::Use);
        let def = list.iter().find(|op| op.role == Role::Def);
        if let (Some(used), Some(def)) = (used, def) {
            self.values[def.vreg.index()].hint_from = used.vreg.0;
            let hint = &mut self.values[used.vreg.index()].hint_to;
            if *hint == NONE {
                *hint = def.vreg.0;
            }
        }
    }

    /// Notes a definition; the value lives until `end` at least.
    #[inline]
    fn define<F: Function + ?Sized>(&mut self, f: &F, vreg: VReg, block: u32, def: u32, end: u32) {
        let value = &mut self.values[vreg.index()];
        debug_assert_eq!(value.block, NONE, "RF3: {vreg} is defined once");
        value.def = def;
        value.block = block;
        value.end = end;
        value.info = f.value(vreg);
    }

    /// Puts the value in order, by where its interval begins: what an instruction defines may be listed otherwise.
    #[inline]
    fn begin(&mut self, vreg: VReg, from: u32) {
        let late = from < self.last_begin;
        self.last_begin = self.last_begin.max(from);
        self.order.push((from, vreg.0));
        if late {
            self.put_in_order();
        }
    }

    #[inline(never)]
    fn put_in_order(&mut self) {
        let mut at = self.order.len() - 1;
        while at > 0 && self.order[at - 1].0 > self.order[at].0 {
            self.order.swap(at - 1, at);
            at -= 1;
        }
    }

    /// The value lives until `end` in the block.
    #[inline]
    fn extend(&mut self, vreg: VReg, block: u32, end: u32) {
        let value = &mut self.values[vreg.index()];
        debug_assert_ne!(value.block, NONE, "RF4: {vreg} is defined ahead of its uses");
        if value.block == block {
            value.end = value.end.max(end);
            return;
        }
        self.expose(vreg, block, end);
    }

    /// The value is alive into the block, until `end` at least.
    #[inline(never)]
    fn expose(&mut self, vreg: VReg, block: u32, end: u32) {
        let value = &mut self.values[vreg.index()];
        if let Some(last) = self.exposed.get_mut(value.exposed as usize)
            && last.block == block
        {
            last.end = last.end.max(end);
            return;
        }
        self.exposed.push(Exposed { block, end, next: value.exposed });
        value.exposed = self.exposed.len() as u32 - 1;
    }

    /// The value must be in a register there, for the operand with that number. Of several points in one step the late one counts.
    #[inline]
    fn need(&mut self, vreg: VReg, operand: u32, at: u32) {
        let value = &mut self.values[vreg.index()];
        if let Some(last) = self.uses.get_mut(value.last_need as usize) {
            if last.at / 2 == at / 2 {
                last.at = last.at.max(at);
                return;
            }
            last.next = operand;
        } else {
            value.need = operand;
        }
        value.last_need = operand;
        self.uses[operand as usize] = UsePoint { at, next: NONE };
    }

    /// For each block, finds the last one before it that is in fewer loops, and the next run.
    fn link_blocks(&mut self) {
        for block in 1..self.blocks.len() {
            let depth = self.blocks[block].depth;
            let mut before = block as u32 - 1;
            while before != NONE && self.blocks[before as usize].depth >= depth {
                before = self.blocks[before as usize].shallower;
            }
            self.blocks[block].shallower = before;
        }
        let mut next = self.blocks.len() as u32;
        for block in (0..next).rev() {
            self.blocks[block as usize].next_run = next;
            if self.blocks[block as usize].run == block {
                next = block;
            }
        }
    }

    /// The ranges of all values, and an interval for each.
    #[inline(never)]
    fn build_ranges<F: Function + ?Sized>(&mut self, f: &F) {
        let words = self.blocks.len().div_ceil(64);
        self.live.live_in.clear();
        self.live.live_in.resize(words, 0);
        self.live.live_out.clear();
        self.live.live_out.resize(words, 0);
        self.live.ends.clear();
        self.live.ends.resize(self.blocks.len(), 0);
        for index in 0..self.values.len() {
            let value = &mut self.values[index];
            let first = self.ranges.len() as u32;
            value.range = first;
            value.cursor = index as u32;
            let need = value.need;
            // A fixed definition leaves its register behind the instruction (LI4).
            let from = if value.def_reg == UNSET { value.def } else { (value.def | 1) + 1 };
            let (mut live, reference) =
                (LiveRange { from: FAR, to: 0 }, value.info.reference && !value.info.rematerializable);
            // A temporary in a fixed register has no block: it lives nowhere.
            if value.exposed != NONE {
                self.global_ranges(f, index, from);
                if self.ranges.len() as u32 > first {
                    live = LiveRange {
                        from: self.ranges[first as usize].from,
                        to: self.ranges[self.ranges.len() - 1].to,
                    };
                }
            } else if from < value.end {
                live = LiveRange { from, to: value.end };
                self.ranges.push(live);
            }
            if reference && live.to > 0 {
                let mapped = self.meets_safepoint(index, first);
                self.values[index].mapped = mapped;
                self.values[index].stored = mapped;
            }
            self.ranges.push(LiveRange { from: FAR, to: FAR });
            self.intervals.push(LiveInterval {
                vreg: index as u32,
                from: live.from,
                to: live.to,
                range: first,
                need,
                next: NONE,
                reg: UNSET,
                hint: UNSET,
                store: false,
                waiting: NONE,
            });
        }
    }

    /// Is the value, whose ranges are the last ones, alive at a safepoint?
    #[inline(never)]
    fn meets_safepoint(&self, index: usize, first: u32) -> bool {
        let def = self.values[index].def / 2;
        !self.broken(Fault::ReferencesUnstored)
            && self.ranges[first as usize..]
                .iter()
                .any(|range| self.safepoints_in(range, def).next().is_some())
    }

    /// The safepoints of a range of a value that the step `def` defines: those after which it lives.
    #[inline]
    pub(super) fn safepoints_in(&self, range: &LiveRange, def: u32) -> impl Iterator<Item = usize> {
        let first = self.steps[range.from as usize / 2].safepoints as usize;
        let to = range.to;
        let rest = self.safepoints[first..].iter().enumerate();
        rest.take_while(move |&(_, &step)| 2 * step + 1 < to)
            .filter(move |&(_, &step)| step != def)
            .map(move |(at, _)| first + at)
    }

    /// The ranges of a value that is used in several blocks.
    #[inline(never)]
    fn global_ranges<F: Function + ?Sized>(&mut self, f: &F, index: usize, from: u32) {
        let value = &self.values[index];
        let (def, mut exposed) = (value.block, value.exposed);
        let live = &mut self.live;
        let mut last = def;
        while exposed != NONE {
            let Exposed { block, end, next } = self.exposed[exposed as usize];
            live.ends[block as usize] = end;
            last = last.max(block);
            if !get(&live.live_in, block) {
                set(&mut live.live_in, block);
                live.stack.push(block);
            }
            exposed = next;
            while let Some(block) = live.stack.pop() {
                // To the beginning of the block's run, or to the definition, at once.
                let run = self.blocks[block as usize].run;
                let inside = run <= def;
                let top = if inside { def } else { run };
                if top < block {
                    set_all(&mut live.live_in, top + u32::from(inside), block);
                    set_all(&mut live.live_out, top, block - 1);
                }
                if inside {
                    continue;
                }
                for &before in f.predecessors(run) {
                    set(&mut live.live_out, before);
                    last = last.max(before);
                    if before != def && !get(&live.live_in, before) {
                        debug_assert!(
                            before > def,
                            "RF3, RF4: the definition of v{index} dominates its uses"
                        );
                        set(&mut live.live_in, before);
                        live.stack.push(before);
                    }
                }
            }
        }
        let to = if get(&live.live_out, def) { self.blocks[def as usize].to } else { value.end };
        let mut open = LiveRange { from, to };
        let words = def as usize / 64..last as usize / 64 + 1;
        for word in words.clone() {
            let mut bits = live.live_in[word];
            let first = &self.blocks[word * 64];
            if bits == u64::MAX && live.live_out[word] == u64::MAX && open.to == first.from {
                open.to = self.blocks[word * 64 + 63].to;
                continue;
            }
            while bits != 0 {
                let block = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let info = &self.blocks[block];
                let to = if get(&live.live_out, block as u32) { info.to } else { live.ends[block] };
                if open.to == info.from {
                    open.to = to;
                    continue;
                }
                if open.from < open.to {
                    self.ranges.push(open);
                }
                open = LiveRange { from: info.from, to };
            }
        }
        if open.from < open.to {
            self.ranges.push(open);
        }
        live.live_in[words.clone()].fill(0);
        live.live_out[words].fill(0);
    }
}

/// Is a use tied, or another use of the value in the same instruction? Such a value is read from the def's register both times.
#[inline]
fn is_tied(list: &[Operand], mut tied: u64, index: usize) -> bool {
    while tied != 0 {
        if list[tied.trailing_zeros() as usize].vreg == list[index].vreg {
            return true;
        }
        tied &= tied - 1;
    }
    false
}

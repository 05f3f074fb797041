//! The first pass: what the operands of each block say, backward.
//!
//! Most values live in one block only, and when their definition is reached all of their uses are known: then their interval is made
//! at once. Of the others it is noted in which blocks they are used. Hints, use points, fixed ranges and walls, safepoints, and where
//! intervals begin are lists from the last one on, which [`Allocator::build`] turns round or whoever reads them goes through backward.

use super::allocator::Allocator;
use super::fault::Fault;
use super::interval::{FixedRange, HINT_REG, LiveRange, NONE, UNSET, UsePoint};
use super::{AllocError, Constraint, Function, Operand, PReg, RegSet, Role, Time, VReg};

/// An instruction that is not plain, or has tied operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Special {
    pub inst: u32,
    /// If one def is tied and nothing else is particular: the numbers of the def's and the use's operands; else `NONE`.
    pub def: u32,
    pub used: u32,
}

/// A block into which a value is alive, and where the block's own last use ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exposed {
    pub block: u32,
    pub end: u32,
    pub next: u32,
}

/// The owner of a temporary's or a clobbered register.
const NOBODY: u32 = NONE;

impl Allocator {
    /// The operands of a block.
    #[inline(never)]
    pub(super) fn collect_block<F: Function + ?Sized>(
        &mut self,
        f: &F,
        block: u32,
    ) -> Result<(), AllocError> {
        let insts = f.block_insts(block);
        let arguments = f.arguments(block);
        if !arguments.is_empty() {
            let params = f.params(f.successors(block)[0]);
            let end = self.blocks[block as usize].to;
            let forgotten = usize::from(self.broken(Fault::ForgetLastArgument));
            for (&argument, &param) in arguments[..arguments.len() - forgotten].iter().zip(params).rev() {
                self.extend(argument, block, end);
                self.hint_copy(argument, param);
            }
        }
        let operands = f.operands();
        for inst in insts.clone().rev() {
            let early = 2 * (inst + block + 1);
            let range = f.inst_operands(inst);
            let list = &operands[range.start as usize..range.end as usize];
            let terminator = inst + 1 == insts.end;
            if !f.is_plain(inst) {
                self.special.push(Special { inst, def: NONE, used: NONE });
                self.collect_special(f, inst, block, list, terminator)?;
                continue;
            }
            let (first, mut tied) = (range.start, 0);
            for number in range.rev() {
                let op = &operands[number as usize];
                if op.role == Role::Use {
                    let late = self.is_late(op);
                    if tied != 0 && late == 0 && op.constraint == Constraint::Reg && is_tied(list, tied, op) {
                        // keeps LI4: it is moved before the instruction
                        self.extend(op.vreg, block, early);
                    } else {
                        let needed = op.constraint == Constraint::Reg;
                        self.read(op.vreg, number, block, early + late, needed);
                    }
                } else {
                    let mut from = early + self.begins_late(op);
                    if let Constraint::Tied(used) = op.constraint {
                        if tied == 0 {
                            let used = first + u32::from(used);
                            self.special.push(Special { inst, def: number, used });
                        } else if let Some(last) = self.special.last_mut() {
                            last.def = NONE;
                        }
                        tied |= 1 << used;
                        // keeps LI4: the def's register holds the used value already before the instruction
                        from = early;
                        self.hint_copy(list[usize::from(used)].vreg, op.vreg);
                    }
                    self.define_anywhere(f, op, number, block, early, from, terminator);
                }
            }
        }
        let head = 2 * (insts.start + block);
        for &param in f.params(block).iter().rev() {
            self.define_param(f, param, block, head);
        }
        Ok(())
    }

    /// A block's parameter.
    #[inline(never)]
    fn define_param<F: Function + ?Sized>(&mut self, f: &F, param: VReg, block: u32, head: u32) {
        if self.define(f, param, NONE, block, head, head, head) {
            self.begin(param, head);
        }
    }

    /// An instruction that is not plain.
    #[inline(never)]
    fn collect_special<F: Function + ?Sized>(
        &mut self,
        f: &F,
        inst: u32,
        block: u32,
        list: &[Operand],
        terminator: bool,
    ) -> Result<(), AllocError> {
        let step = inst + block + 1;
        let early = 2 * step;
        let first = f.inst_operands(inst).start;
        let clobbers = f.clobbers(inst);
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
        if f.is_move(inst) {
            self.hint_move(list);
        }
        for (index, op) in list.iter().enumerate().rev() {
            let number = first + index as u32;
            if op.role == Role::Use {
                self.collect_use(list, op, number, tied, block, early);
            } else {
                self.collect_def(f, list, op, number, block, early, terminator);
            }
        }
        if f.is_safepoint(inst) {
            self.safepoints.push(step);
        }
        Ok(())
    }

    #[inline]
    fn is_late(&self, op: &Operand) -> u32 {
        u32::from(op.time == Time::Late && !self.broken(Fault::LateUseEndsEarly))
    }

    #[inline]
    fn begins_late(&self, op: &Operand) -> u32 {
        u32::from(match op.role {
            // A temporary takes its register from the beginning.
            Role::Temp => self.broken(Fault::TempBeginsLate),
            _ => op.time == Time::Late || self.broken(Fault::EarlyDefBeginsLate),
        })
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
            self.operand_regs.insert(reg);
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
            self.fixed_used.insert(PReg::from_index(rank as usize));
            let list = &mut self.fixed[rank as usize];
            if halves == [true; 2] && owners[0] == owners[1] {
                list.push(FixedRange { from: early, to: early + 2, owner: owners[0] });
                continue;
            }
            // Backward, as all of this.
            for half in [1, 0] {
                if halves[half] {
                    let from = early + half as u32;
                    list.push(FixedRange { from, to: from + 1, owner: owners[half] });
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn collect_use(
        &mut self,
        list: &[Operand],
        op: &Operand,
        number: u32,
        tied: u64,
        block: u32,
        early: u32,
    ) {
        let v = op.vreg;
        let late = self.is_late(op);
        let end = match op.constraint {
            Constraint::Reg if tied == 0 || late == 1 || !is_tied(list, tied, op) => {
                self.read(v, number, block, early + late, true);
                return;
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

    /// What is nearer to the definition counts more, and a register more than a value.
    #[inline(never)]
    fn hint_fixed(&mut self, vreg: VReg, reg: PReg) {
        let rank = self.rank[reg.index()];
        if rank != UNSET {
            self.values[vreg.index()].hint_to = HINT_REG | u32::from(rank);
        }
    }

    /// The value is copied to the other.
    #[inline]
    fn hint_copy(&mut self, from: VReg, to: VReg) {
        self.values[to.index()].hint_from = from.0;
        let hint = &mut self.values[from.index()].hint_to;
        if *hint == NONE || *hint & HINT_REG == 0 {
            *hint = to.0;
        }
    }

    fn hint_move(&mut self, list: &[Operand]) {
        let used = list.iter().find(|op| op.role == Role::Use);
        let def = list.iter().find(|op| op.role == Role::Def);
        if let (Some(used), Some(def)) = (used, def) {
            self.hint_copy(used.vreg, def.vreg);
        }
    }

    #[inline]
    #[expect(clippy::too_many_arguments, reason = "one operand's description")]
    fn collect_def<F: Function + ?Sized>(
        &mut self,
        f: &F,
        list: &[Operand],
        op: &Operand,
        number: u32,
        block: u32,
        early: u32,
        terminator: bool,
    ) {
        let from = match op.constraint {
            Constraint::Fixed(reg) => {
                if op.role == Role::Def {
                    let def = early + self.begins_late(op);
                    self.define_fixed(f, op.vreg, reg, block, def, terminator);
                }
                return;
            }
            Constraint::Tied(index) => {
                self.hint_copy(list[index as usize].vreg, op.vreg);
                // keeps LI4: the def's register holds the used value already before the instruction
                early
            }
            Constraint::Reg | Constraint::Any => early + self.begins_late(op),
        };
        self.define_special(f, op, number, block, early, from, terminator);
    }

    /// The same as [`define_anywhere`](Self::define_anywhere), out of line: for definitions that are not frequent.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "one operand's description")]
    fn define_special<F: Function + ?Sized>(
        &mut self,
        f: &F,
        op: &Operand,
        number: u32,
        block: u32,
        early: u32,
        from: u32,
        terminator: bool,
    ) {
        self.define_anywhere(f, op, number, block, early, from, terminator);
    }

    /// A definition of a value that begins to live in the instruction.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one operand's description")]
    fn define_anywhere<F: Function + ?Sized>(
        &mut self,
        f: &F,
        op: &Operand,
        number: u32,
        block: u32,
        early: u32,
        from: u32,
        terminator: bool,
    ) {
        let v = op.vreg;
        let needed = op.constraint != Constraint::Any || f.value(v).rematerializable;
        let number = if needed { number } else { NONE };
        if self.define(f, v, number, block, from, from, early + 2) {
            self.begin(v, from);
        }
        if terminator {
            self.values[v.index()].by_terminator = true;
            self.moving.push(v.0);
        }
    }

    /// A definition in a register: the value's range begins behind it (LI4).
    #[inline(never)]
    fn define_fixed<F: Function + ?Sized>(
        &mut self,
        f: &F,
        vreg: VReg,
        reg: PReg,
        block: u32,
        def: u32,
        terminator: bool,
    ) {
        let value = &mut self.values[vreg.index()];
        value.def_reg = reg.index() as u8;
        value.reg_hint = self.rank[reg.index()];
        value.by_terminator = terminator;
        if terminator {
            self.moving.push(vreg.0);
        }
        let from = (def | 1) + 1;
        if !self.define(f, vreg, NONE, block, def, from, from) {
        } else if terminator {
            self.late_starts.push(vreg.0);
        } else {
            self.begin(vreg, from);
        }
    }

    /// A definition: the value lives from `from` until `least` at least. If it lives in this block only, its interval is known now.
    /// If there is such an operand, it needs a register until then. Does the value live at all?
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one definition's description")]
    fn define<F: Function + ?Sized>(
        &mut self,
        f: &F,
        vreg: VReg,
        number: u32,
        block: u32,
        def: u32,
        from: u32,
        least: u32,
    ) -> bool {
        let value = &mut self.values[vreg.index()];
        debug_assert_eq!(value.def, NONE, "RF3: {vreg} is defined once");
        let used = std::mem::replace(&mut value.block, block);
        value.def = def;
        value.info = f.value(vreg);
        let interval = &mut self.intervals[vreg.index()];
        interval.vreg = vreg.0;
        interval.need = value.need;
        if let Some(point) = self.uses.get_mut(number as usize) {
            *point = UsePoint { at: least - 1, next: value.need };
            interval.need = number;
        }
        if value.exposed != NONE || used != block && used != NONE {
            self.define_global(vreg, from, least, used);
            return true;
        }
        let end = value.end.max(least);
        if from >= end {
            return false;
        }
        interval.from = from;
        interval.to = end;
        interval.range = self.ranges.len() as u32;
        self.ranges.extend_from_slice(&[LiveRange { from, to: end }, LiveRange::END]);
        if value.info.reference
            && !value.info.rematerializable
            && self.safepoints.last().is_some_and(|&step| 2 * step + 1 < end)
            && !self.broken(Fault::ReferencesUnstored)
        {
            self.map_value(vreg.0);
        }
        true
    }

    /// The value is in the map of a safepoint.
    #[inline(never)]
    pub(super) fn map_value(&mut self, vreg: u32) {
        self.values[vreg as usize].mapped = true;
        self.store(vreg);
    }

    /// The value needs a slot.
    pub(super) fn store(&mut self, vreg: u32) {
        if !std::mem::replace(&mut self.values[vreg as usize].stored, true) {
            self.stored.push(vreg);
        }
    }

    /// The same for a value that lives in other blocks, too, `used` first. Its interval gets its ranges later.
    #[inline(never)]
    fn define_global(&mut self, vreg: VReg, from: u32, least: u32, used: u32) {
        let value = &mut self.values[vreg.index()];
        if used != value.block {
            self.exposed.push(Exposed { block: used, end: value.end, next: value.exposed });
            value.exposed = self.exposed.len() as u32 - 1;
            value.end = 0;
        }
        value.end = value.end.max(least);
        self.intervals[vreg.index()].from = from;
        self.globals.push(vreg.0);
    }

    /// Puts the value in order, by where its interval begins: what an instruction defines may be listed otherwise.
    #[inline]
    fn begin(&mut self, vreg: VReg, from: u32) {
        let early = self.order.last().is_some_and(|last| last.0 < from);
        self.order.push((from, vreg.0));
        if early {
            self.put_in_order();
        }
    }

    #[inline(never)]
    fn put_in_order(&mut self) {
        let mut at = self.order.len() - 1;
        while at > 0 && self.order[at - 1].0 < self.order[at].0 {
            self.order.swap(at - 1, at);
            at -= 1;
        }
    }

    /// The operand with that number reads the value at the point, and needs it in a register or not. Of several points in one step the late
    /// one counts.
    #[inline(always)]
    fn read(&mut self, vreg: VReg, number: u32, block: u32, at: u32, needed: bool) {
        let value = &mut self.values[vreg.index()];
        if needed {
            match self.uses.get_mut(value.need as usize) {
                Some(next) if next.at / 2 == at / 2 => next.at = next.at.max(at),
                _ => {
                    self.uses[number as usize] = UsePoint { at, next: value.need };
                    value.need = number;
                }
            }
        }
        if value.block == block {
            value.end = value.end.max(at + 1);
        } else if value.block == NONE {
            (value.block, value.end) = (block, at + 1);
        } else {
            self.expose(vreg, block, at + 1);
        }
    }

    /// The value lives until `end` in the block.
    #[inline]
    fn extend(&mut self, vreg: VReg, block: u32, end: u32) {
        let value = &mut self.values[vreg.index()];
        if value.block == block {
            value.end = value.end.max(end);
        } else if value.block == NONE {
            (value.block, value.end) = (block, end);
        } else {
            self.expose(vreg, block, end);
        }
    }

    /// The same of a value that is used in a block behind, too.
    #[inline(never)]
    fn expose(&mut self, vreg: VReg, block: u32, end: u32) {
        let value = &mut self.values[vreg.index()];
        self.exposed.push(Exposed { block: value.block, end: value.end, next: value.exposed });
        value.exposed = self.exposed.len() as u32 - 1;
        (value.block, value.end) = (block, end);
    }
}

/// Is a use tied, or another use of the value in the same instruction? Such a value is read from the def's register both times.
#[inline]
fn is_tied(list: &[Operand], mut tied: u64, op: &Operand) -> bool {
    while tied != 0 {
        if list[tied.trailing_zeros() as usize].vreg == op.vreg {
            return true;
        }
        tied &= tied - 1;
    }
    false
}

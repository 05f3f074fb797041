//! Loop-invariant motion: what a loop computes again and again goes in front of it.
//!
//! How it works. Each loop gets a [preheader]; inner loops are done first, so that what leaves one can leave the next. An
//! instruction is moved if its operands come from outside, and
//! - it is pure, and worth a register: arithmetic with a constant, comparisons and addresses are left where they are, unless
//!   something that is moved needs them;
//! - it is a load, nothing in the loop writes its class, and it is surely executed: it stands where each entry of the loop comes
//!   before anything could leave, so its address is good;
//! - it is a guard, or checked, it is surely executed in this sense, nothing was written before it, and its frame state can be had in front of the loop: its
//!   slots come from outside, or are parameters of the header, which are known there. To leave in front of the loop is then the
//!   same as to leave in its first turn.
//!
//! Must not. Move what leaves over something else that may leave, poll, write or call; move a load, or a division that claims its
//! divisor, to where it would be executed though the program does not; move loads over writes to their class.
//!
//! Source. Muchnick, *Advanced Compiler Design and Implementation* (1997), section 13.2; the condition for guards is our own.
//!
//! Cost. Instructions times the depth of loops.

use smallvec::SmallVec;

use crate::ir::cfg::Cfg;
use crate::ir::loops::Loops;
use crate::ir::opcode::Effect;
use crate::ir::{Block, Def, FrameState, Function, Inst, InstData, Kind, Op, StateSlot, Value};

use super::fault::planted;
use super::memory::Written;
use super::{Analyses, Context, preheader};

/// How deep cheap operands of operands are followed.
const DEPTH: u32 = 4;

/// The pass.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let mut changed = false;
    let (cfg, _, loops) = context.analyses.loops(function);
    if loops.loops.is_empty() {
        return false;
    }
    if preheader::all(function, cfg, loops) {
        context.analyses.invalidate();
        changed = true;
    }
    let module = context.module;
    context.analyses.loops(function);
    let Analyses { cfg, loops, scratch, .. } = &mut *context.analyses;
    let (cfg, loops, written) = (&*cfg, &*loops, &mut scratch.written);
    written.clear();
    written.resize(function.block_count(), None);
    for index in (0..loops.loops.len()).rev() {
        let inside = |block: Block| loops.contains(index as u32, block);
        let header = loops.loops[index].header;
        let Some(entry) = preheader::existing(function, cfg, header, inside) else { continue };
        let Some(before) = function.last_inst(entry.block) else { continue };
        let mut total = Written::NOTHING;
        for &block in &loops.loops[index].blocks {
            total.add(*written[block.index()].get_or_insert_with(|| {
                let mut written = Written::NOTHING;
                function.insts(block).for_each(|inst| written.add(Written::by(function, module, inst)));
                written
            }));
        }
        let mut mover = Mover {
            function,
            cfg,
            loops,
            index: index as u32,
            header,
            entry: entry.edge,
            before,
            written: total,
        };
        changed |= mover.run();
    }
    changed
}

/// One loop.
struct Mover<'a> {
    function: &'a mut Function,
    cfg: &'a Cfg,
    loops: &'a Loops,
    index: u32,
    header: Block,
    /// The edge from the preheader.
    entry: u32,
    /// The preheader's terminator.
    before: Inst,
    written: Written,
}

/// What has come on the way from the header that is surely taken.
#[derive(Clone, Copy)]
struct Way {
    /// It is this far.
    sure: bool,
    /// Nothing may have left, polled or called.
    no_exit: bool,
    /// Nothing was written, made or called.
    no_effect: bool,
}

impl Mover<'_> {
    fn run(&mut self) -> bool {
        let mut changed = false;
        let mut way = Way { sure: true, no_exit: true, no_effect: true };
        // Where the sure way goes on.
        let mut next_sure = Some(self.header);
        for &block in &self.loops.loops[self.index as usize].blocks {
            way.sure = next_sure == Some(block);
            let mut next = self.function.first_inst(block);
            while let Some(inst) = next {
                next = self.function.next_inst(inst);
                if self.instruction(inst, way) {
                    changed = true;
                } else if way.sure {
                    self.pass(inst, &mut way);
                }
            }
            if way.sure {
                next_sure = self.only_successor(block);
            }
        }
        changed
    }

    /// The block that surely follows, if only this one leads to it.
    fn only_successor(&self, block: Block) -> Option<Block> {
        let last = self.function.last_inst(block)?;
        let data = self.function.inst(last);
        if data.op != Op::Jump {
            return None;
        }
        let to = self.function.edge(data.d).to;
        (self.cfg.preds(to).len() == 1 && self.loops.contains(self.index, to)).then_some(to)
    }

    /// An instruction stays.
    fn pass(&self, inst: Inst, way: &mut Way) {
        match self.function.inst(inst).op.row().effect {
            Effect::Pure | Effect::Read | Effect::End => {}
            Effect::Write => way.no_effect = false,
            Effect::Exit => way.no_exit = false,
            Effect::Make | Effect::Poll | Effect::Call | Effect::EndCall => {
                (way.no_exit, way.no_effect) = (false, false);
            }
        }
    }

    /// Moves an instruction if that is right and worth it.
    fn instruction(&mut self, inst: Inst, way: Way) -> bool {
        let data = *self.function.inst(inst);
        let wanted = match data.op.row().effect {
            Effect::Pure => !is_cheap(self.function, &data) && (!claims(&data) || way.sure && way.no_exit),
            Effect::Read => {
                let written = self.written.contains(data.alias()) && !planted(110);
                !written && way.sure && way.no_exit
            }
            Effect::Exit => way.sure && way.no_exit && (way.no_effect || planted(111)),
            _ => false,
        };
        if !wanted || !self.operands_ready(inst, DEPTH) {
            return false;
        }
        if data.op.row().effect == Effect::Exit {
            let Some(guard) = data.guard() else { return false };
            let old = self.function.guard(guard);
            self.pull_operands(inst);
            let Some(state) = self.state_in_front(old.state) else { return false };
            if state != old.state {
                let guard = self.function.add_guard(old.reason, state);
                *self.function.inst_mut(inst).word_mut(data.op.row().guard) = guard.0;
            }
        } else {
            self.pull_operands(inst);
        }
        self.function.move_before(inst, self.before);
        true
    }

    fn is_outside(&self, value: Value) -> bool {
        let block = match self.function.def(value) {
            Def::Inst(inst) => self.function.inst_block(inst),
            Def::Param(block) => Some(block),
            Def::Const(_) | Def::Alias(_) => return true,
        };
        block.is_some_and(|block| !self.loops.contains(self.index, block))
    }

    /// Do the operands come from outside, or can they be moved there?
    fn operands_ready(&self, inst: Inst, depth: u32) -> bool {
        let mut ready = true;
        self.function.visit_operands(inst, |value| ready = ready && self.is_ready(value, depth));
        ready
    }

    fn is_ready(&self, value: Value, depth: u32) -> bool {
        if self.is_outside(value) {
            return true;
        }
        let Some(inst) = self.function.def_inst(value) else { return false };
        let data = self.function.inst(inst);
        depth > 0 && data.op.is_pure() && !claims(data) && self.operands_ready(inst, depth - 1)
    }

    /// Moves operands that are still inside.
    fn pull_operands(&mut self, inst: Inst) {
        let mut inner: SmallVec<[Inst; 4]> = SmallVec::new();
        self.function.visit_operands(inst, |value| {
            if !self.is_outside(value) {
                inner.extend(self.function.def_inst(value));
            }
        });
        for inst in inner {
            if self.function.result(inst).is_some_and(|result| !self.is_outside(result)) {
                self.pull_operands(inst);
                self.function.move_before(inst, self.before);
            }
        }
    }

    /// The frame state as it is in front of the loop, in the first turn.
    fn state_in_front(&mut self, state: FrameState) -> Option<FrameState> {
        let data = *self.function.state(state);
        let mut slots: SmallVec<[StateSlot; 16]> = self.function.state_slots(data.slots).collect();
        let mut changed = false;
        for slot in &mut slots {
            match *slot {
                StateSlot::Dead => {}
                // Its fields would have to be looked at too.
                StateSlot::Removed(_) => return None,
                StateSlot::Value(value) if self.is_outside(value) => {}
                StateSlot::Value(value) => {
                    let params = self.function.params(self.header);
                    let index = params.iter().position(|&param| param == value)?;
                    let args = self.function.edge(self.entry).args;
                    *slot = StateSlot::Value(self.function.list_value(args, index as u32));
                    changed = true;
                }
            }
        }
        let parent = match data.parent.some() {
            Some(parent) => self.state_in_front(parent)?,
            None => FrameState::NONE,
        };
        if !changed && parent == data.parent {
            return Some(state);
        }
        Some(self.function.add_state(parent, data.function, data.position, &slots))
    }
}

/// Does it say something of its operands that may not hold elsewhere?
fn claims(data: &InstData) -> bool {
    matches!(data.op, Op::Div | Op::Rem) && data.kind != Kind::F64 && data.aux != 0
}

/// Is it not worth a register of its own through the loop?
fn is_cheap(function: &Function, data: &InstData) -> bool {
    match data.op {
        Op::Context | Op::Address | Op::Levels | Op::Cmp | Op::Neg | Op::Not | Op::Bitcast => true,
        Op::Convert => data.kind != Kind::F64 && data.source() != Kind::F64,
        Op::Add | Op::Sub | Op::And | Op::Or | Op::Xor | Op::Shl | Op::Shr | Op::Min | Op::Max => {
            data.kind != Kind::F64
                && (function.as_const(data.first()).is_some() || function.as_const(data.second()).is_some())
        }
        _ => false,
    }
}

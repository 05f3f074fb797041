//! Emission: machine instructions with their places become bytes and tables.
//!
//! Blocks are emitted in their order; one that holds nothing but a jump is not, and branches go to where it leads. What is hardly ever
//! run (exits, slow paths) comes after all of them.
//!
//! The frame, from the frame pointer downward: slots for values, registers that are saved, arguments for calls. A function that
//! needs none of these, and cannot be left through an exit, has no frame.

use super::isa::Isa;
use super::lower::{LowerBuffers, Lowered};
use super::minst::{MCode, Remat};
use super::{
    CompileError, Compiled, Exit, ExitFrame, ExitObject, External, Options, Relocation, Safepoint, SlotPlace,
};
use crate::asm::Label;
use crate::asm::reloc::{RelocField, RelocTarget};
use crate::ir::{Convention, Function, Module, Removed, StateSlot, Value};
use crate::regalloc::{Alloc, Edit, Function as _, Output, PReg, Point, RegSet, SpillSlot};

/// Memory that emission uses again for each function.
#[derive(Default, Debug)]
pub struct EmitBuffers {
    labels: Vec<Label>,
    skipped: Vec<bool>,
    /// By block, and at the end: how many bytes come before it at most.
    before_most: Vec<u32>,
    exit_labels: Vec<Option<Label>>,
    returns: Vec<Return>,
    /// Blocks that control comes to when a callee raises.
    handlers: Vec<u32>,
    saved: Vec<PReg>,
    place_of: Vec<(u32, SlotPlace)>,
    objects: Vec<Removed>,
    /// What the listing has spoken of last.
    noted: Option<crate::ir::Inst>,
    noted_block: Option<crate::ir::Block>,
}

/// A call that was emitted: the label behind it.
#[derive(Clone, Copy, Debug)]
struct Return {
    label: Label,
    inst: u32,
    handler: Option<u32>,
}

/// Where a branch leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Destination {
    /// The label.
    pub label: Label,
    /// At most so many bytes are between the current block and the label; `u32::MAX` if it is not ahead, or that is not known.
    pub most: u32,
}

/// What a function's frame is made of.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Is there one?
    pub exists: bool,
    /// Slots of 8 bytes for values.
    pub slots: u32,
    /// Bytes at its end for arguments.
    pub outgoing: u32,
    /// Bytes from the frame pointer to the stack pointer.
    pub bytes: u32,
}

/// A function while it is emitted.
pub struct Emit<'a, I: Isa> {
    /// The IR.
    pub function: &'a Function,
    /// What it refers to.
    pub module: &'a Module,
    /// The target.
    pub isa: &'a I,
    /// What was asked for.
    pub options: &'a Options,
    /// The machine instructions.
    pub code: &'a MCode<I::Inst>,
    /// Where things are.
    pub output: &'a Output,
    /// The assembler.
    pub asm: &'a mut I::Asm,
    /// The frame.
    pub frame: Frame,
    /// What lowering noted of the whole function.
    pub marks: u32,
    /// What was put out of line.
    pub cold: Vec<(Label, I::Cold)>,
    lower: &'a LowerBuffers<I::Inst>,
    buffers: &'a mut EmitBuffers,
    /// The block that is emitted next.
    next: u32,
    /// The block of the instruction.
    block: u32,
}

impl<'a, I: Isa> Emit<'a, I> {
    /// Emits a function.
    #[allow(clippy::too_many_arguments, reason = "all of a compiler's parts come together here")]
    pub(super) fn run(
        function: &'a Function,
        module: &'a Module,
        isa: &'a I,
        options: &'a Options,
        lowered: Lowered,
        code: &'a MCode<I::Inst>,
        lower: &'a LowerBuffers<I::Inst>,
        output: &'a Output,
        asm: &'a mut I::Asm,
        buffers: &'a mut EmitBuffers,
        compiled: &mut Compiled,
    ) -> Result<(), CompileError> {
        asm.clear();
        asm.shrink_branches(options.short_branches);
        asm.keep_notes(options.notes);
        let mut emit = Emit {
            function,
            module,
            isa,
            options,
            code,
            output,
            asm,
            frame: Frame::default(),
            marks: lowered.marks,
            cold: Vec::new(),
            lower,
            buffers,
            next: 0,
            block: 0,
        };
        emit.lay_out_frame(lowered)?;
        emit.prepare();
        emit.find_handlers();
        I::emit_prologue(&mut emit);
        emit.emit_blocks();
        I::emit_cold(&mut emit);
        emit.finish(compiled)
    }

    fn lay_out_frame(&mut self, lowered: Lowered) -> Result<(), CompileError> {
        self.buffers.saved.clear();
        if self.function.sig.convention == Convention::System {
            let mut used = RegSet::EMPTY;
            for alloc in &self.output.allocs {
                if let Alloc::Reg(reg) = alloc {
                    used.insert(*reg);
                }
            }
            for edit in &self.output.edits {
                if let Alloc::Reg(reg) = edit.to {
                    used.insert(reg);
                }
            }
            self.buffers.saved.extend(used.intersection(self.isa.saved()).iter());
        }
        let saved = self.buffers.saved.len() as u32;
        let slots = self.output.slots;
        let bytes = (8 * (slots + saved) + lowered.outgoing).next_multiple_of(16);
        if bytes > 8192 {
            return Err(CompileError::FrameTooLarge { bytes });
        }
        let exists = bytes > 0 || lowered.has_calls || !self.lower.exits.is_empty() || lowered.needs_frame;
        self.frame = Frame { exists, slots, outgoing: lowered.outgoing, bytes };
        Ok(())
    }

    /// The registers that the function has to save, and where: bytes from the frame pointer.
    pub fn saved(&self) -> impl Iterator<Item = (PReg, i32)> + '_ {
        let base = self.frame.slots as i32;
        self.buffers.saved.iter().enumerate().map(move |(index, &reg)| (reg, -8 * (base + 1 + index as i32)))
    }

    /// Finds the blocks that hold nothing, and makes labels.
    fn prepare(&mut self) {
        let blocks = self.code.blocks();
        let buffers = &mut *self.buffers;
        buffers.labels.clear();
        buffers.exit_labels.clear();
        buffers.exit_labels.resize(self.lower.exits.len(), None);
        buffers.returns.clear();
        buffers.skipped.clear();
        buffers.before_most.clear();
        let mut most = 0_u32;
        buffers.noted = None;
        buffers.noted_block = None;
        let mut edit = 0;
        for block in 0..blocks {
            buffers.labels.push(self.asm.new_label());
            let insts = self.code.block_insts(block);
            buffers.before_most.push(most);
            for inst in self.code.insts(insts.clone()) {
                most = most.saturating_add(I::bytes_most(inst));
            }
            let first_edit = edit;
            while self.output.edits.get(edit).is_some_and(|edit| edit.point.place() < 2 * insts.end) {
                edit += 1;
            }
            most = most.saturating_add((edit - first_edit) as u32 * I::MOVE_BYTES_MOST);
            let only_jump = insts.len() == 1
                && self.code.successors(block).len() == 1
                && I::is_jump(self.code.inst(insts.start));
            buffers.skipped.push(block != 0 && only_jump && first_edit == edit);
        }
        buffers.before_most.push(most);
        // Of a cycle of empty blocks one has to stay.
        for block in 0..blocks {
            if buffers.skipped[block as usize] {
                let mut at = self.code.successors(block)[0];
                let mut hops = 0;
                while buffers.skipped[at as usize] && hops < 16 {
                    at = self.code.successors(at)[0];
                    hops += 1;
                }
                buffers.skipped[block as usize] = !buffers.skipped[at as usize];
            }
        }
    }

    fn find_handlers(&mut self) {
        self.buffers.handlers.clear();
        for block in 0..self.code.blocks() {
            let insts = self.code.block_insts(block);
            if !insts.is_empty() && I::catches(self.code.inst(insts.end - 1)) {
                let handler = self.target(self.code.successors(block)[1]);
                self.buffers.handlers.push(handler);
            }
        }
    }

    /// Where a branch to a block leads.
    #[inline]
    pub fn target(&self, mut block: u32) -> u32 {
        while self.buffers.skipped[block as usize] {
            block = self.code.successors(block)[0];
        }
        block
    }

    /// The label of a block.
    #[inline]
    pub fn label(&self, block: u32) -> Label {
        self.buffers.labels[block as usize]
    }

    /// The label of where the current block's edge with that number leads, unless that is what comes next anyway.
    #[inline]
    pub fn branch_target(&self, edge: usize) -> Option<Destination> {
        let target = self.target(self.code.successors(self.block)[edge]);
        (target != self.next).then(|| Destination { label: self.label(target), most: self.distance(target) })
    }

    /// At most so many bytes are between the current block and a later one; `u32::MAX` if it is not later, or not known.
    fn distance(&self, target: u32) -> u32 {
        let most = &self.buffers.before_most;
        if target <= self.block || most[target as usize] == u32::MAX {
            return u32::MAX;
        }
        // A handler begins with a landing pad.
        let pads = 8 * self.buffers.handlers.len() as u32;
        most[target as usize] - most[self.block as usize + 1] + pads
    }

    /// The label of where the current block's edge with that number leads.
    pub fn edge_label(&self, edge: usize) -> Label {
        self.label(self.target(self.code.successors(self.block)[edge]))
    }

    /// The label of an exit's code.
    #[inline]
    pub fn exit_label(&mut self, exit: u32) -> Label {
        match self.buffers.exit_labels[exit as usize] {
            Some(label) => label,
            None => {
                let label = self.asm.new_label();
                self.buffers.exit_labels[exit as usize] = Some(label);
                label
            }
        }
    }

    /// The guard of an exit.
    pub fn exit_guard(&self, exit: u32) -> crate::ir::Guard {
        self.lower.exits[exit as usize].guard
    }

    /// How many edges lead out of the current block.
    pub fn edge_count(&self) -> usize {
        self.code.successors(self.block).len()
    }

    /// The exits that something branches to, with their labels.
    pub fn used_exits(&self) -> impl Iterator<Item = (u32, Label)> + '_ {
        self.buffers.exit_labels.iter().enumerate().filter_map(|(exit, label)| Some((exit as u32, (*label)?)))
    }

    /// Notes that a call was emitted just now: it returns to here. The instruction is the one being emitted, or one that was put out of line.
    pub fn note_return(&mut self, inst: u32) {
        let label = self.asm.new_label();
        self.asm.bind(label);
        self.buffers.returns.push(Return { label, inst, handler: None });
    }

    /// As [`note_return`](Self::note_return), with the second edge of the current block as the handler.
    pub fn note_return_with_handler(&mut self, inst: u32) {
        self.note_return(inst);
        let handler = self.target(self.code.successors(self.block)[1]);
        if let Some(last) = self.buffers.returns.last_mut() {
            last.handler = Some(handler);
        }
    }

    /// Bytes from the frame pointer to a value in a slot.
    #[inline]
    pub fn slot_offset(slot: SpillSlot, slots: u8) -> i32 {
        -8 * (slot.0 as i32 + i32::from(slots))
    }

    fn emit_blocks(&mut self) {
        let blocks = self.code.blocks();
        let mut edit = 0;
        let mut edited = self.edited(edit);
        for block in 0..blocks {
            if self.buffers.skipped[block as usize] {
                continue;
            }
            self.block = block;
            self.next = block + 1;
            while self.next < blocks && self.buffers.skipped[self.next as usize] {
                self.next += 1;
            }
            self.asm.bind(self.buffers.labels[block as usize]);
            if self.buffers.handlers.contains(&block) {
                I::landing_pad(self.asm);
            }
            for inst in self.code.block_insts(block) {
                if edited == inst {
                    self.emit_edits(&mut edit, Point::Before(inst));
                }
                let offset = self.asm.offset();
                let operands = self.code.inst_operands(inst);
                let allocs = &self.output.allocs[operands.start as usize..operands.end as usize];
                I::emit(self, inst, allocs);
                debug_assert!(
                    self.asm.offset() - offset <= I::bytes_most(self.code.inst(inst)),
                    "{:?} takes {} bytes",
                    self.code.inst(inst),
                    self.asm.offset() - offset
                );
                if self.options.notes && self.asm.offset() > offset {
                    self.note(inst, block, offset);
                }
                if edited == inst {
                    self.emit_edits(&mut edit, Point::After(inst));
                    edited = self.edited(edit);
                }
            }
        }
    }

    /// The instruction that a move belongs to; all ones behind the last one.
    #[inline]
    fn edited(&self, edit: usize) -> u32 {
        self.output.edits.get(edit).map_or(u32::MAX, |edit| edit.point.place() / 2)
    }

    #[inline(never)]
    fn emit_edits(&mut self, edit: &mut usize, point: Point) {
        while let Some(&Edit { point: at, vreg, from, to }) = self.output.edits.get(*edit)
            && at == point
        {
            *edit += 1;
            let offset = self.asm.offset();
            I::emit_move(self, from, to, self.code.value(vreg), self.code.remat(vreg));
            debug_assert!(self.asm.offset() - offset <= I::MOVE_BYTES_MOST);
            if self.options.notes && self.asm.offset() > offset {
                self.asm.comment_at(offset, format_args!("    {}", super::dump::edit(from, to)));
            }
        }
    }

    /// Says in the listing what an instruction comes from, and at the first one of a block which one that is.
    fn note(&mut self, inst: u32, block: u32, offset: u32) {
        let origin = self.code.info(inst).origin;
        let text = match self.code.inst_constant(inst) {
            Some(remat) => super::dump::constant(remat),
            None if origin.is_none() => "parameters".to_owned(),
            None if self.buffers.noted.replace(origin) == Some(origin) => return,
            None => crate::ir::print::print_inst(self.function, self.module, origin),
        };
        let block =
            self.code.origin(block).filter(|&block| self.buffers.noted_block.replace(block) != Some(block));
        let block = block.map_or_else(String::new, |block| block.to_string());
        self.asm.comment_at(offset, format_args!("{block:<4}{text}"));
        let position = origin.some().map_or(0, |origin| self.function.inst_position(origin));
        if position != 0 {
            self.asm.position(position);
        }
    }

    // ---- Tables. ----

    fn finish(mut self, compiled: &mut Compiled) -> Result<(), CompileError> {
        compiled.frame_bytes = self.frame.exists.then_some(self.frame.bytes);
        compiled.saved.extend(self.saved());
        compiled.slots = self.frame.slots;
        compiled.checks_depth = self.function.depth_check.is_some();
        self.exit_tables(compiled);
        compiled.map_words.extend_from_slice(&self.output.map_words);
        compiled.words_per_map = self.output.words_per_map;
        let options = self.options;
        let returns = &self.buffers.returns;
        let (labels, output, mcode) = (&self.buffers.labels, self.output, self.code);
        let code = self.asm.finish().map_err(CompileError::Asm)?;
        if code.bytes().len() > options.code_limit {
            return Err(CompileError::Asm(crate::asm::AsmError::TooLarge { limit: options.code_limit }));
        }
        compiled.bytes.extend_from_slice(code.bytes());
        compiled.alignment = code.alignment().max(16);
        for reloc in code.relocs() {
            let RelocTarget::External(number) = reloc.target else { continue };
            let absolute = matches!(reloc.field, RelocField::Absolute64);
            let target = External::from_number(number);
            compiled.relocs.push(Relocation { offset: reloc.offset, absolute, target, addend: reloc.addend });
        }
        for &Return { label, inst, handler } in returns {
            let map = output.maps.binary_search_by_key(&inst, |map| map.inst);
            compiled.safepoints.push(Safepoint {
                return_offset: code.label_offset(label).unwrap_or(0),
                first_word: map.map_or(u32::MAX, |index| output.maps[index].first_word),
                handler_offset: handler
                    .and_then(|block| code.label_offset(labels[block as usize]))
                    .unwrap_or(u32::MAX),
                origin: mcode.info(inst).origin,
            });
        }
        compiled.safepoints.sort_by_key(|safepoint| safepoint.return_offset);
        if options.notes {
            compiled.listing = super::dump::listing(&code, I::disassembler());
        }
        Ok(())
    }

    fn exit_tables(&mut self, compiled: &mut Compiled) {
        if self.lower.exits.is_empty() {
            return;
        }
        let buffers = &mut *self.buffers;
        buffers.place_of.clear();
        buffers.place_of.resize(self.function.value_count(), (u32::MAX, SlotPlace::Dead));
        for (number, exit) in self.lower.exits.iter().enumerate() {
            let number = number as u32;
            let first = exit.first_operand as usize;
            for (index, value) in self.lower.exit_values[exit.values.start as usize..exit.values.end as usize]
                .iter()
                .enumerate()
            {
                let kind = self.function.kind(*value);
                let place = match self.output.allocs[first + index] {
                    Alloc::Reg(reg) => SlotPlace::Reg(kind, reg),
                    Alloc::Slot(slot) => {
                        let slots = super::lower::Lower::<I>::info(kind).slots;
                        SlotPlace::Frame(kind, Emit::<I>::slot_offset(slot, slots))
                    }
                    Alloc::None => match self.code.remat(self.code.operands()[first + index].vreg) {
                        Remat::Bits(bits) => SlotPlace::Const(kind, bits),
                        _ => SlotPlace::Dead,
                    },
                };
                buffers.place_of[value.index()] = (number, place);
            }
            let function = self.function;
            let guard = function.guard(exit.guard);
            let place = |value: Value, places: &[(u32, SlotPlace)]| match function.as_const(value) {
                Some(bits) => SlotPlace::Const(function.kind(value), bits),
                None => places[value.index()].1,
            };
            buffers.objects.clear();
            let add = |slots, objects: &mut Vec<Removed>, out: &mut Vec<SlotPlace>| {
                let start = out.len() as u32;
                for slot in function.state_slots(slots) {
                    out.push(match slot {
                        StateSlot::Dead => SlotPlace::Dead,
                        StateSlot::Value(value) => place(value, &buffers.place_of),
                        StateSlot::Removed(object) => {
                            let index =
                                objects.iter().position(|&known| known == object).unwrap_or_else(|| {
                                    objects.push(object);
                                    objects.len() - 1
                                });
                            SlotPlace::Removed(index as u32)
                        }
                    });
                }
                start..out.len() as u32
            };
            let first_frame = compiled.exit_frames.len() as u32;
            let mut next = guard.state.some();
            while let Some(state) = next {
                let data = function.state(state);
                let slots = add(data.slots, &mut buffers.objects, &mut compiled.exit_slots);
                compiled.exit_frames.push(ExitFrame {
                    function: data.function,
                    position: data.position,
                    slots,
                });
                next = data.parent.some();
            }
            let first_object = compiled.exit_objects.len() as u32;
            let mut done = 0;
            while done < buffers.objects.len() {
                let object = function.removed(buffers.objects[done]);
                done += 1;
                let slots = add(object.slots, &mut buffers.objects, &mut compiled.exit_slots);
                compiled.exit_objects.push(ExitObject { layout: object.layout, slots });
            }
            compiled.exits.push(Exit {
                guard: exit.guard,
                reason: guard.reason,
                origin: exit.origin,
                frames: first_frame..compiled.exit_frames.len() as u32,
                objects: first_object..compiled.exit_objects.len() as u32,
            });
        }
    }
}

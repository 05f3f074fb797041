//! Lowering: from IR to machine instructions, backward, by patterns over trees.
//!
//! How it works. Blocks are lowered from the last to the first, instructions likewise, so uses come before definitions. What a value is
//! needed for is known when its definition is reached: if nothing has asked for it in a register, and it has no effect, it is skipped. So an
//! instruction that was folded into its user (a load, an address, a comparison) is not lowered, and dead code falls away by itself.
//!
//! Invariants
//! - L1 A value has a register (`vreg`) from the first time that somebody asks for it with [`Lower::reg`].
//! - L2 Something is folded into its user only if that is its one use, they are in one block, and nothing between them writes what it reads
//!   ([`Lower::foldable`]).
//! - L3 What is pushed for one IR instruction is in its order; a constant comes before what asks for it.
//!
//! Cost. Linear in instructions, operands and slots of frame states.

use super::isa::{Isa, Passed};
use super::minst::{Info, MCode, Remat};
use super::order::{Order, Place};
use super::{CompileError, ExitData, Options};
use crate::ir::cfg::Cfg;
use crate::ir::opcode::Effect;
use crate::ir::{self, Block, Convention, Effects, Function, Inst, InstData, Kind, Module, Op, Value};
use crate::regalloc::{Constraint, Operand, RegClass, RegSet, Time, VReg, ValueInfo};

/// Memory that lowering uses again for each function.
#[derive(Debug)]
pub struct LowerBuffers<I> {
    cfg: Cfg,
    pub(super) order: Order,
    uses: Vec<u16>,
    /// By value: its register; with `UNASKED` set if nobody has asked for it, all ones if it has none.
    vregs: Vec<u32>,
    epochs: Vec<u32>,
    noted: Vec<u32>,
    /// Constants that the next instruction has asked for.
    constants: Vec<(I, VReg)>,
    passed: Vec<Passed>,
    pub(super) exits: Vec<ExitData>,
    pub(super) exit_values: Vec<Value>,
}

impl<I> Default for LowerBuffers<I> {
    fn default() -> Self {
        LowerBuffers {
            cfg: Cfg::default(),
            order: Order::default(),
            uses: Vec::new(),
            vregs: Vec::new(),
            epochs: Vec::new(),
            noted: Vec::new(),
            constants: Vec::new(),
            passed: Vec::new(),
            exits: Vec::new(),
            exit_values: Vec::new(),
        }
    }
}

/// By depth in loops: how often a block is thought to run.
const WEIGHTS: [u32; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// No register.
const NO_VREG: u32 = u32::MAX;
/// A parameter that nobody has asked for.
const UNASKED: u32 = 1 << 31;

/// By kind: what the allocator is to know.
const INFOS: [ValueInfo; 10] = {
    let mut infos =
        [ValueInfo { class: RegClass::Int, slots: 1, reference: false, rematerializable: false }; 10];
    infos[Kind::F64 as usize].class = RegClass::Float;
    infos[Kind::V128 as usize] =
        ValueInfo { class: RegClass::Float, slots: 2, reference: false, rematerializable: false };
    infos[Kind::V256 as usize] =
        ValueInfo { class: RegClass::Float, slots: 4, reference: false, rematerializable: false };
    infos[Kind::Ref as usize].reference = true;
    infos
};

/// A function on its way to machine instructions.
pub struct Lower<'a, I: Isa> {
    /// The IR.
    pub function: &'a Function,
    /// What it refers to.
    pub module: &'a Module,
    /// The target.
    pub isa: &'a I,
    /// What was asked for.
    pub options: &'a Options,
    /// The result.
    pub code: &'a mut MCode<I::Inst>,
    buffers: &'a mut LowerBuffers<I::Inst>,
    block: Block,
    mblock: u32,
    inst: Inst,
    /// Bytes of stack that calls need for arguments.
    pub outgoing: u32,
    /// There are calls, so a frame is needed.
    pub has_calls: bool,
    /// A frame is needed for another reason.
    pub needs_frame: bool,
    /// Loads are not folded: the instruction has all the registers that it can have.
    pub keep_loads: bool,
    /// What emission has to know of the whole function, as the target likes.
    pub marks: u32,
    /// The first thing that cannot be lowered.
    pub error: Option<CompileError>,
}

impl<'a, I: Isa> Lower<'a, I> {
    /// Lowers a function.
    pub fn run(
        function: &'a Function,
        module: &'a Module,
        isa: &'a I,
        options: &'a Options,
        code: &'a mut MCode<I::Inst>,
        buffers: &'a mut LowerBuffers<I::Inst>,
    ) -> Result<Lowered, CompileError> {
        code.clear();
        buffers.cfg.compute(function);
        buffers.order.compute(function, &buffers.cfg);
        buffers.exits.clear();
        buffers.exit_values.clear();
        let mut lower = Lower {
            function,
            module,
            isa,
            options,
            code,
            buffers,
            block: function.entry(),
            mblock: 0,
            inst: Inst(0),
            outgoing: 0,
            has_calls: false,
            needs_frame: false,
            keep_loads: false,
            marks: 0,
            error: None,
        };
        lower.count_uses();
        lower.make_blocks();
        for index in (0..lower.buffers.order.places.len()).rev() {
            lower.mblock = index as u32;
            match lower.buffers.order.places[index] {
                Place::Block(block) => lower.lower_block(block),
                Place::Edge(edge, from) => {
                    lower.inst = function.last_inst(from).unwrap_or(Inst(0));
                    lower.lower_jump(edge);
                }
            }
            if let Some(error) = lower.error {
                return Err(error);
            }
        }
        let lowered = Lowered {
            outgoing: lower.outgoing,
            has_calls: lower.has_calls,
            needs_frame: lower.needs_frame,
            marks: lower.marks,
        };
        lower.code.finish();
        Ok(lowered)
    }

    /// How often each value is used, and by how many writes each instruction is preceded in its block.
    fn count_uses(&mut self) {
        let function = self.function;
        let buffers = &mut *self.buffers;
        buffers.uses.clear();
        buffers.uses.resize(function.value_count(), 0);
        buffers.vregs.clear();
        buffers.vregs.resize(function.value_count(), NO_VREG);
        buffers.noted.clear();
        buffers.noted.resize(function.value_count(), u32::MAX);
        buffers.epochs.clear();
        buffers.epochs.resize(function.inst_count(), 0);
        let mut epoch = 0;
        for index in 0..buffers.cfg.rpo.len() {
            let block = buffers.cfg.rpo[index];
            epoch += 1;
            let mut next = function.first_inst(block);
            while let Some(inst) = next {
                next = function.next_inst(inst);
                let data = function.inst(inst);
                let row = data.op.row();
                let uses = &mut buffers.uses;
                let mut count = |value: Value| {
                    let count = &mut uses[value.index()];
                    *count = count.saturating_add(1);
                };
                let (mut mask, words) = (row.values, data.words());
                while mask != 0 {
                    let word = Value(words[mask.trailing_zeros() as usize & 3]);
                    mask &= mask - 1;
                    if !word.is_none() {
                        count(word);
                    }
                }
                if row.effect as u8 >= Effect::Exit as u8 {
                    function.list_values(data.arguments()).for_each(&mut count);
                    function.visit_edge_args(inst, &mut count);
                    if let Some(state) = function.inst_state(inst) {
                        function.visit_state(state, &mut count);
                    }
                }
                buffers.epochs[inst.index()] = epoch;
                match row.effect {
                    Effect::Write | Effect::Make | Effect::Poll | Effect::Call | Effect::EndCall => {
                        epoch += 1
                    }
                    Effect::Pure | Effect::Read | Effect::Exit | Effect::End => {}
                }
            }
        }
    }

    /// Makes the blocks of the order, with successors and parameters.
    fn make_blocks(&mut self) {
        let buffers = &mut *self.buffers;
        let (function, order) = (self.function, &buffers.order);
        let weight = |depth: u32, cold: bool| if cold { 0 } else { WEIGHTS[depth.min(6) as usize] };
        let of_block = |edge: u32| order.of_block[function.edge(edge).to.index()];
        for place in &order.places {
            match *place {
                Place::Block(block) => {
                    let depth = order.depth(block);
                    self.code.add_block(Some(block), depth, weight(depth, order.cold[block.index()]));
                    let target = |edge: u32| match order.of_edge[edge as usize] {
                        u32::MAX => of_block(edge),
                        middle => middle,
                    };
                    self.code.set_successors(buffers.cfg.edges(block).map(target));
                    for value in function.params(block) {
                        if block != function.entry() && buffers.uses[value.index()] > 0 {
                            let vreg = self.code.new_vreg(Lower::<I>::info(function.kind(*value)), Remat::No);
                            buffers.vregs[value.index()] = vreg.0 | UNASKED;
                            self.code.add_param(vreg);
                        }
                    }
                }
                Place::Edge(edge, from) => {
                    let to = function.edge(edge).to;
                    let depth = order.depth(from).min(order.depth(to));
                    let cold = order.cold[from.index()] || order.cold[to.index()];
                    self.code.add_block(None, depth, weight(depth, cold));
                    self.code.set_successors(std::iter::once(of_block(edge)));
                }
            }
        }
        self.code.connect();
    }

    fn lower_block(&mut self, block: Block) {
        self.block = block;
        let mut next = self.function.last_inst(block);
        while let Some(inst) = next {
            next = self.function.prev_inst(inst);
            let data = self.function.inst(inst);
            match data.op.row().effect {
                Effect::Pure | Effect::Read if !self.is_wanted(inst) => continue,
                _ => {}
            }
            self.inst = inst;
            // A switch without cases is a jump.
            if data.op == Op::Jump || data.op == Op::Switch && data.edge_count() == 1 {
                self.lower_jump(data.d);
            } else {
                self.code.begin_chunk(self.mblock);
                I::lower(self, inst);
            }
        }
        if block == self.function.entry() {
            self.inst = Inst::NONE;
            self.code.begin_chunk(self.mblock);
            I::lower_entry(self);
        }
    }

    /// A jump along an edge, with the values for the parameters.
    fn lower_jump(&mut self, edge: u32) {
        self.code.begin_chunk(self.mblock);
        let function = self.function;
        let edge = function.edge(edge);
        self.code.begin_arguments(self.mblock);
        for (param, value) in function.params(edge.to).iter().zip(function.list_values(edge.args)) {
            if self.use_count(*param) > 0 {
                let vreg = self.reg(value);
                self.code.add_argument(self.mblock, vreg);
            }
        }
        self.push(I::JUMP);
    }

    // ---- What instruction sets ask. ----

    /// An instruction of the IR.
    #[inline]
    pub fn data(&self, inst: Inst) -> &'a InstData {
        self.function.inst(inst)
    }

    /// How often a value is used, up to some tens of thousands.
    #[inline]
    pub fn use_count(&self, value: Value) -> u16 {
        self.buffers.uses[value.index()]
    }

    /// Has anybody asked for the result?
    #[inline]
    pub fn is_wanted(&self, inst: Inst) -> bool {
        self.function.result(inst).is_some_and(|value| self.lives_on(value))
    }

    /// Will the value be needed after the instruction that is being lowered?
    #[inline]
    pub fn lives_on(&self, value: Value) -> bool {
        self.buffers.vregs[value.index()] < UNASKED
    }

    /// The bits of a constant.
    #[inline]
    pub fn as_const(&self, value: Value) -> Option<u64> {
        self.function.as_const(value)
    }

    /// The instruction that gives the value, if it may be folded into the one that is being lowered (L2).
    #[inline]
    pub fn foldable(&self, value: Value) -> Option<Inst> {
        let inst = self.function.def_inst(value)?;
        let fits = self.use_count(value) == 1
            // Not if the same instruction has asked for it already.
            && !self.lives_on(value)
            && self.function.inst_block(inst) == Some(self.block)
            && match self.function.inst(inst).op.row().effect {
                Effect::Pure => true,
                Effect::Read => !self.keep_loads && self.buffers.epochs[inst.index()] == self.buffers.epochs[self.inst.index()],
                _ => false,
            };
        fits.then_some(inst)
    }

    /// What the allocator is to know of values of a kind.
    #[inline]
    pub const fn info(kind: Kind) -> ValueInfo {
        INFOS[kind as usize]
    }

    /// The register of a value. A constant gets one of its own each time, made before the next instruction.
    #[inline]
    pub fn reg(&mut self, value: Value) -> VReg {
        let known = self.buffers.vregs[value.index()];
        if known < UNASKED { VReg(known) } else { self.first_asked(value, known) }
    }

    fn first_asked(&mut self, value: Value, known: u32) -> VReg {
        if known != NO_VREG {
            self.buffers.vregs[value.index()] = known & !UNASKED;
            return VReg(known & !UNASKED);
        }
        let kind = self.function.kind(value);
        if let Some(bits) = self.function.as_const(value) {
            return self.constant(kind, Remat::Bits(bits));
        }
        let vreg = self.code.new_vreg(Lower::<I>::info(kind), Remat::No);
        self.buffers.vregs[value.index()] = vreg.0;
        vreg
    }

    /// A constant in a register, made before the next instruction.
    pub fn constant(&mut self, kind: Kind, remat: Remat) -> VReg {
        // A null is no reference that the collector has to see.
        let info = ValueInfo { rematerializable: true, reference: false, ..Lower::<I>::info(kind) };
        let vreg = self.code.new_vreg(info, remat);
        self.buffers.constants.push((I::constant_inst(kind), vreg));
        vreg
    }

    /// The register that the result of an instruction goes to, wanted or not.
    pub fn result(&mut self, inst: Inst) -> VReg {
        match self.function.result(inst) {
            Some(value) => self.reg(value),
            None => self.temp(RegClass::Int),
        }
    }

    /// A register with no value behind it.
    pub fn temp(&mut self, class: RegClass) -> VReg {
        self.code
            .new_vreg(ValueInfo { class, slots: 1, reference: false, rematerializable: false }, Remat::No)
    }

    /// A temporary of a kind.
    pub fn temp_of(&mut self, kind: Kind) -> VReg {
        self.code.new_vreg(Lower::<I>::info(kind), Remat::No)
    }

    // ---- Pushing. ----

    /// Adds an operand to the next instruction, and gives its index.
    #[inline]
    pub fn operand(&mut self, mut operand: Operand) -> u8 {
        // A constant has no slot to be read from.
        if operand.constraint == Constraint::Any && self.code.remat(operand.vreg) != Remat::No {
            operand.constraint = Constraint::Reg;
        }
        self.code.add_operand(operand)
    }

    /// Pushes an instruction with the operands that were added.
    #[inline]
    pub fn push(&mut self, inst: I::Inst) {
        self.push_with(inst, 0, false, false);
    }

    /// Pushes a move.
    #[inline]
    pub fn push_move(&mut self, class: RegClass, from: VReg, to: VReg) {
        self.operand(Operand::reg_use(from));
        self.operand(Operand::def(to));
        self.push_with(I::move_inst(class), 0, false, true);
    }

    /// Pushes an instruction that overwrites registers, or is a safepoint.
    pub fn push_call(&mut self, inst: I::Inst, clobbers: RegSet, safepoint: bool) {
        let sets = &mut self.code.clobber_sets;
        let index = sets.iter().position(|&set| set == clobbers).unwrap_or_else(|| {
            sets.push(clobbers);
            sets.len() - 1
        });
        self.push_with(inst, index as u8, safepoint, false);
    }

    #[inline]
    fn push_with(&mut self, inst: I::Inst, clobbers: u8, safepoint: bool, is_move: bool) {
        let plain = clobbers == 0 && !safepoint && !is_move && self.code.operands_plain();
        let info = Info { clobbers, safepoint, is_move, plain, origin: self.inst };
        if !self.buffers.constants.is_empty() {
            let info = Info { clobbers: 0, safepoint: false, is_move: false, plain: true, origin: self.inst };
            // The instruction's operands move up, those of its exits, too.
            let start = self.code.first_operand();
            for exit in self.buffers.exits.iter_mut().rev().take_while(|exit| exit.first_operand >= start) {
                exit.first_operand += self.buffers.constants.len() as u32;
            }
            self.code.push_before(&self.buffers.constants, info);
            self.buffers.constants.clear();
        }
        self.code.push(inst, info);
    }

    /// Adds what a guard's frame state needs as operands of the next instruction, and gives the number of the exit.
    ///
    /// With `Time::Early` the instruction may overwrite what nothing else needs: then whoever emits it has to restore it before leaving.
    pub fn exit(&mut self, guard: ir::Guard, time: Time) -> u32 {
        let exit = self.buffers.exits.len() as u32;
        let first_value = self.buffers.exit_values.len() as u32;
        let first_operand = self.code.operand_count();
        let function = self.function;
        function.visit_state(function.guard(guard).state, |value| {
            if self.buffers.noted[value.index()] != exit && self.as_const(value).is_none() {
                self.buffers.noted[value.index()] = exit;
                let vreg = self.reg(value);
                self.code.add_operand(Operand { time, ..Operand::any_use(vreg) });
                self.buffers.exit_values.push(value);
            }
        });
        let values = first_value..self.buffers.exit_values.len() as u32;
        self.buffers.exits.push(ExitData { guard, first_operand, values, origin: self.inst });
        exit
    }

    /// Notes that something cannot be lowered.
    pub fn fail(&mut self, error: CompileError) {
        self.error.get_or_insert(error);
        self.code.drop_operands();
        self.buffers.constants.clear();
    }

    /// May the function use the context? Only those of the Orus convention have it in a register.
    pub fn needs_context(&mut self) -> bool {
        let has = self.function.sig.convention == Convention::Orus;
        if !has {
            self.fail(CompileError::NoContext);
        }
        has
    }

    /// Places of arguments, in memory that is used again: give it back with [`give_places`](Self::give_places).
    pub fn take_places(&mut self, signature: &ir::Signature) -> (Vec<Passed>, u32) {
        let mut passed = std::mem::take(&mut self.buffers.passed);
        passed.clear();
        let bytes = self.isa.arguments(signature, &mut passed);
        (passed, bytes)
    }

    /// Ends what [`take_places`](Self::take_places) began.
    pub fn give_places(&mut self, passed: Vec<Passed>) {
        self.buffers.passed = passed;
    }

    /// The signature of a call, and what it may do.
    pub fn call_signature(&self, inst: Inst) -> (&'a ir::Signature, Effects) {
        call_signature(self.module, self.data(inst))
    }

    /// The block that is being lowered.
    pub fn current_block(&self) -> u32 {
        self.mblock
    }
}

/// The signature of a call, and what it may do.
pub fn call_signature<'a>(module: &'a Module, data: &InstData) -> (&'a ir::Signature, Effects) {
    match data.op {
        Op::Call | Op::Invoke => {
            let decl = &module.funcs[data.callee().index()];
            (&module.sigs[decl.sig.index()], decl.effects)
        }
        _ => (&module.sigs[data.indirect_sig().index()], Effects::ANY),
    }
}

/// What lowering found out about the whole function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lowered {
    /// Bytes of stack that calls need for arguments.
    pub outgoing: u32,
    /// There are calls.
    pub has_calls: bool,
    /// A frame is needed for another reason.
    pub needs_frame: bool,
    /// What else the target noted.
    pub marks: u32,
}

//! Steps: instructions that the interpreter executes for compiled code.
//!
//! How it works. The registers that an instruction reads become those of a small window, references first; the ones that it only writes come
//! behind them. The words are written anew with these numbers and kept among the instance's steps; the code has a call with the step's
//! number and the values. What was written comes back in `machine.out`. There is a declaration for each shape: so many references, so many
//! scalars, what it may do.
//!
//! Invariants
//! - ST1 The code of a step that may fail leaves at its instruction if it did.
//! - ST2 Every declaration writes memory, if only `machine.out`: results must not be taken for those of another step.

use smallvec::{SmallVec, smallvec};

use super::registers::mem_of;
use super::{Translator, builtins, liveness, offsets};
use crate::bytecode::{Access, Builtin, Effect, Extra, Inst, Op, Operand};
use crate::ir::builder::Address;
use crate::ir::{Alias, Block, Cond, Convention, Effects, Func, Kind, Reason, Signature, Value};
use crate::jit::unit::{Callee, Status, Step};

/// Bit 2 of the flags of a slice: the end is included.
const INCLUDED: u64 = 4 << 32;

/// Registers of an instruction, as those of a window.
#[derive(Default)]
struct Window {
    /// What it reads: by place in the window.
    refs: Vec<(u32, Value)>,
    scalars: Vec<(u32, Value)>,
    /// What it only writes.
    others: Vec<u32>,
}

impl Window {
    fn registers(&self) -> impl Iterator<Item = u32> + '_ {
        let read = self.refs.iter().chain(&self.scalars).map(|&(register, _)| register);
        read.chain(self.others.iter().copied())
    }

    /// The number of a register in the window.
    fn place(&self, register: u32) -> u16 {
        self.registers().position(|known| known == register).unwrap_or(0) as u16
    }
}

/// The end of a slice, when it is another value than that of its register.
const SLICE_END: u32 = 1 << 16;

impl Translator<'_> {
    fn window(&mut self, inst: &Inst<'_>, slice_end: Option<Value>) -> Window {
        let mut window = Window::default();
        let mut read: SmallVec<[u16; 8]> = SmallVec::new();
        let mut written: SmallVec<[u16; 2]> = SmallVec::new();
        liveness::for_each_register(self.program, &self.code, inst, |register, access| {
            if access != Access::Def {
                read.push(register);
            }
            if access != Access::Use {
                written.push(register);
            }
        });
        if slice_end.is_some() {
            // It is the last one.
            read.pop();
        }
        for register in read {
            if window.registers().all(|known| known != u32::from(register)) {
                let value = self.get(register);
                match self.kind(register) {
                    Kind::Ref => window.refs.push((u32::from(register), value)),
                    _ => window.scalars.push((u32::from(register), self.canonical(value))),
                }
            }
        }
        if let Some(end) = slice_end {
            window.scalars.push((SLICE_END, end));
        }
        for register in written.into_iter().map(u32::from) {
            if window.registers().all(|known| known != register) {
                window.others.push(register);
            }
        }
        window
    }

    /// Emits a step as it stands. Gives its status.
    fn emit_step(&mut self, step: Step, args: &[Value], effects: Effects, reason: Option<Reason>) -> Value {
        let out = reason.map(|reason| self.out(reason));
        let (refs, scalars) = (usize::from(step.refs), usize::from(step.args - step.refs));
        let callee = self.shape(refs, scalars, effects);
        let number = self.steps.add(step);
        let mut values: SmallVec<[Value; 8]> = smallvec![self.b.i64(number)];
        values.extend_from_slice(args);
        let status = self.b.call(callee, &values, None).unwrap_or(Value::NONE);
        if let Some(out) = out {
            // keeps ST1
            let failed = self.b.i64(Status::Failed as i64);
            self.b.guard_cmp(Cond::Ne, status, failed, out);
        }
        status
    }

    /// The declaration of a shape.
    fn shape(&mut self, refs: usize, scalars: usize, effects: Effects) -> Func {
        if let Some(&known) = self.shapes.get(&(refs, scalars, effects.bits())) {
            return known;
        }
        let mut params = vec![Kind::I64];
        params.resize(1 + refs, Kind::Ref);
        params.resize(1 + refs + scalars, Kind::I64);
        let signature = Signature::new(&params, Kind::I64, Convention::System);
        let suffix = if effects.contains(Effects::COLLECTS) { "" } else { "q" };
        let func = self.b.module.declare(&format!("step_{refs}_{scalars}{suffix}"), signature, effects);
        self.shapes.insert((refs, scalars, effects.bits()), func);
        self.callees.push(Callee::Step);
        func
    }

    /// Has the interpreter execute an instruction. Gives the status; results are where the step left them.
    pub(super) fn step(&mut self, inst: &Inst<'_>) -> Value {
        self.step_of(inst, None)
    }

    fn step_of(&mut self, inst: &Inst<'_>, slice_end: Option<Value>) -> Value {
        let window = self.window(inst, slice_end);
        let words = self.words(inst, &window, slice_end.is_some());
        let mut outs: SmallVec<[u16; 2]> = SmallVec::new();
        liveness::for_each_register(self.program, &self.code, inst, |register, access| {
            if access != Access::Use {
                outs.push(window.place(u32::from(register)));
            }
        });
        let step = Step {
            words: words.into_boxed_slice(),
            refs: window.refs.len() as u16,
            args: (window.refs.len() + window.scalars.len()) as u16,
            outs,
            registers: window.registers().count() as u16,
        };
        let args: SmallVec<[Value; 8]> =
            window.refs.iter().chain(&window.scalars).map(|&(_, value)| value).collect();
        // What raises no more than an error of its own allocates nothing. Results are written by all (ST2).
        let effect = match (inst.op, Builtin::from_number(inst.index())) {
            (Op::Builtin, Some(builtin)) => builtins::effect(builtin),
            _ => inst.row().raises,
        };
        let (effects, reason) = match effect {
            Effect::Pure => (Effects::READS | Effects::WRITES, None),
            Effect::Raises => (Effects::READS | Effects::WRITES, Some(Reason::Other)),
            Effect::Allocates | Effect::Calls => {
                (Effects::READS | Effects::WRITES | Effects::COLLECTS, Some(Reason::Memory))
            }
        };
        self.emit_step(step, &args, effects, reason)
    }

    /// The words of an instruction with the registers of a window.
    fn words(&self, inst: &Inst<'_>, window: &Window, own_end: bool) -> Vec<u64> {
        let place = |register: u16| u64::from(window.place(u32::from(register)));
        let mut words = vec![inst.word.0];
        words.extend_from_slice(inst.extra);
        let mut void = liveness::is_void(self.program, &self.code, inst);
        for (index, operand) in inst.row().operands.iter().enumerate() {
            if matches!(operand, Operand::Use(_) | Operand::Def(_) | Operand::Mod(_))
                && !std::mem::take(&mut void)
            {
                let shift = 16 + 16 * index;
                words[0] = words[0] & !(0xffff << shift) | place(inst.lane(index)) << shift;
            }
        }
        // A branch that is taken has to be told from one that is not, so none leads behind the instruction.
        if matches!(inst.row().operands[2], Operand::Off16) && inst.lane(2) == 0 {
            words[0] |= 1 << 48;
        }
        if matches!(inst.row().extra, Extra::Branch | Extra::MapNext) && inst.extra_low() == 0 {
            words[1] |= 1;
        }
        match inst.row().extra {
            Extra::MapNext => {
                words[1] = words[1] & 0xffff_ffff | place(inst.extra_high() as u16) << 32;
            }
            Extra::Quad => {
                let (start, end, _) = inst.slice_bounds();
                let mut word = words[1] & !0xffff_ffff;
                word |= start.map_or(0, place);
                word |= match end {
                    Some(_) if own_end => u64::from(window.place(SLICE_END)) << 16,
                    end => end.map_or(0, place) << 16,
                };
                words[1] = if own_end { word & !INCLUDED } else { word };
            }
            Extra::Args | Extra::TypeArgs => {
                let first = words.len() - inst.args().len().div_ceil(4);
                words[first..].fill(0);
                for (index, register) in inst.args().enumerate() {
                    words[first + index / 4] |= place(register) << (16 * (index % 4));
                }
            }
            _ => {}
        }
        words
    }

    // ---- Results. ----

    /// The registers that an instruction writes, with what a step left for them.
    fn results(&mut self, inst: &Inst<'_>) -> SmallVec<[(u16, Value); 2]> {
        let mut written: SmallVec<[(u16, Value); 2]> = SmallVec::new();
        liveness::for_each_register(self.program, &self.code, inst, |register, access| {
            if access != Access::Use {
                written.push((register, Value::NONE));
            }
        });
        for (index, (register, value)) in written.iter_mut().enumerate() {
            let kind = self.kind(*register);
            *value = self.result(index, kind);
        }
        written
    }

    fn result(&mut self, index: usize, kind: Kind) -> Value {
        let context = self.context();
        let from = Address::at(context, offsets::OUT + 8 * index as i32);
        self.b.load(mem_of(kind), from, Alias::RAW)
    }

    /// A step whose results go to their registers.
    pub(super) fn step_and_set(&mut self, inst: &Inst<'_>) {
        self.step(inst);
        for (register, value) in self.results(inst) {
            self.set(register, value);
        }
    }

    /// A step with one result, which it gives.
    pub(super) fn step_value(&mut self, inst: &Inst<'_>) -> Value {
        self.step(inst);
        self.result(0, self.kinds[usize::from(inst.lane(0))])
    }

    /// A step whose results are written if it branches, and which branches.
    pub(super) fn step_and_branch(&mut self, inst: &Inst<'_>) {
        let _ = self.context();
        let status = self.step(inst);
        self.flush();
        let (target, next) = self.both();
        self.branch_on_status(inst, status, target, next);
    }

    /// Goes where a step says. The builder knows all registers but the results.
    pub(super) fn branch_on_status(&mut self, inst: &Inst<'_>, status: Value, target: Block, next: Block) {
        let branched = self.b.i64(Status::Branched as i64);
        let taken = self.b.new_block();
        self.b.br_cmp(Cond::Eq, status, branched, (taken, &[]), (next, &[]));
        self.b.seal_block(taken);
        self.b.switch_to(taken);
        for (register, value) in self.results(inst) {
            self.set_here(register, value);
        }
        self.b.jump(target, &[]);
    }

    // ---- Steps that are not the instruction as it stands. ----

    /// A slice whose end is a value, not included.
    pub(super) fn step_slice(&mut self, inst: &Inst<'_>, end: Value) {
        self.step_of(inst, Some(end));
        let value = self.result(0, Kind::Ref);
        self.set(inst.lane(0), value);
    }

    /// A step that makes an object of a null (register 0 of the window) and a zero (register 1), in register 2.
    pub(super) fn step_with_blanks(&mut self, words: Vec<u64>) -> Value {
        let step =
            Step { words: words.into_boxed_slice(), refs: 1, args: 2, outs: smallvec![2], registers: 3 };
        let (null, zero) = (self.b.null(), self.b.i64(0));
        let effects = Effects::READS | Effects::WRITES | Effects::COLLECTS;
        self.emit_step(step, &[null, zero], effects, Some(Reason::Memory));
        self.result(0, Kind::Ref)
    }
}

//! Builds one function: registers, instructions, labels, handlers, positions.
//!
//! How it works. Registers are handed out while code is emitted, so how many are references is known only at the end.
//! Until then references count up from 0 and scalars down from 65535; [`FunctionBuilder::finish`] renumbers the scalars
//! behind the references in one pass. Branches are emitted with a displacement of zero and a fixup. `finish` patches
//! them, after having widened the 16-bit branches that may be out of range: one becomes its inverse around a 32-bit
//! jump; one that has no inverse (those that close a counted loop) jumps over a jump.
//!
//! Invariants
//! - B1 `fixups` are in the order of their instructions; so are `arg_runs` and `positions`.
//! - B2 A branch stays short only if it reaches its target when all others are widened; so the choice needs no
//!   iteration, and widening never brings another branch out of range.
//! - B3 Points are in the order of their words, which `finish` replaces before it does anything else.
//!
//! Cost. Linear in the code, and no allocation per instruction: a builder is meant to be kept, its buffers are reused.

mod branches;
mod points;
mod registers;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use branches::{Fixup, Hole, UNBOUND};
pub use points::Point;
use registers::{Packer, Renumber};

use crate::bytecode::builtin::Builtin;
use crate::bytecode::opcode::{Effect, Extra, OPCODES, Op, Operand, Word, inverse};
use crate::bytecode::program::{
    FileId, FormatId, FuncId, Function, GlobalId, Handler, LiteralId, Position, RegType, Span, TypeId,
};

/// The most registers that a function may have.
pub const MAX_REGISTERS: usize = 65_535;
/// The most words of code that a function may have.
pub const MAX_CODE: usize = 1 << 28;

/// A register while its function is being built. It is renumbered at the end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reg(u16);

/// A place in the code, to be bound once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(u32);

impl Label {
    /// Labels of a function are numbered from 0 in the order in which they were made.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a function could not be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// More than [`MAX_REGISTERS`].
    TooManyRegisters,
    /// More than [`MAX_CODE`] words.
    TooLong,
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::TooManyRegisters => {
                write!(f, "the function needs more than {MAX_REGISTERS} registers")
            }
            BuildError::TooLong => write!(f, "the function needs more than {MAX_CODE} words of code"),
        }
    }
}

impl std::error::Error for BuildError {}

/// What the builder does not find out by itself. The fields are those of [`Function`].
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    pub name: Arc<str>,
    pub file: FileId,
    pub params: Vec<TypeId>,
    pub ret: Option<TypeId>,
    pub closure: Option<TypeId>,
    pub depth_cost: u32,
    pub counter: u32,
    pub hidden: bool,
}

struct HandlerLabels {
    start: Label,
    end: Label,
    target: Label,
    error: Reg,
}

/// Builds one function after another. See the module's documentation.
#[derive(Default)]
pub struct FunctionBuilder {
    refs: Vec<RegType>,
    scalars: Vec<RegType>,
    ref_params: u32,
    scalar_params: u32,
    code: Vec<u64>,
    /// Address of each label, or `ALIAS` (see `points`) and the label that it stands for.
    labels: Vec<u32>,
    points: points::Points,
    fixups: Vec<Fixup>,
    /// For each instruction with argument words, how many registers they name.
    arg_runs: Vec<u32>,
    handlers: Vec<HandlerLabels>,
    positions: Vec<Position>,
    names: Vec<(Reg, Arc<str>)>,
    span: Span,
    /// How many words each word moves when branches are widened.
    shifts: Vec<u32>,
    error: Option<BuildError>,
}

impl FunctionBuilder {
    /// A builder of an empty function.
    pub fn new() -> FunctionBuilder {
        FunctionBuilder::default()
    }

    // ---- registers

    /// How many more registers there is room for.
    pub fn room(&self) -> usize {
        MAX_REGISTERS - (self.refs.len() + self.scalars.len())
    }

    /// A new register. Whether its type is a reference is the caller's to know. Past the limit, `finish` fails.
    pub fn register(&mut self, ty: TypeId, is_ref: bool, nullable: bool) -> Reg {
        debug_assert!(is_ref || !nullable, "only references are nullable");
        if self.room() == 0 {
            self.error.get_or_insert(BuildError::TooManyRegisters);
            return Reg(if is_ref { 0 } else { u16::MAX });
        }
        let ty = RegType { ty, nullable };
        if is_ref {
            self.refs.push(ty);
            Reg((self.refs.len() - 1) as u16)
        } else {
            self.scalars.push(ty);
            Reg(u16::MAX - (self.scalars.len() - 1) as u16)
        }
    }

    /// The register of the next parameter; all of them come before any other register, the hidden closure first.
    pub fn param(&mut self, ty: TypeId, is_ref: bool) -> Reg {
        assert!(
            self.refs.len() + self.scalars.len() == (self.ref_params + self.scalar_params) as usize,
            "parameters come before other registers"
        );
        if is_ref {
            self.ref_params += 1;
        } else {
            self.scalar_params += 1;
        }
        self.register(ty, is_ref, false)
    }

    /// Whether a register holds references.
    pub fn is_ref(&self, reg: Reg) -> bool {
        usize::from(reg.0) < self.refs.len()
    }

    /// The declared type of a register.
    pub fn reg_type(&self, reg: Reg) -> RegType {
        if self.is_ref(reg) {
            self.refs[usize::from(reg.0)]
        } else {
            self.scalars[usize::from(u16::MAX - reg.0)]
        }
    }

    /// Names the variable that a register holds, for dumps.
    pub fn name_register(&mut self, reg: Reg, name: Arc<str>) {
        self.names.push((reg, name));
    }

    // ---- places

    /// How many words there are so far.
    pub fn pc(&self) -> u32 {
        self.code.len() as u32
    }

    /// The source position of the instructions that follow; recorded for those that may raise or call.
    pub fn set_span(&mut self, span: Span) {
        self.span = span;
    }

    /// The position set last.
    pub fn span(&self) -> Span {
        self.span
    }

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label((self.labels.len() - 1) as u32)
    }

    /// Says that a label means the next instruction.
    pub fn bind(&mut self, label: Label) {
        let address = self.pc();
        let slot = &mut self.labels[label.0 as usize];
        assert!(*slot == UNBOUND, "a label is bound once");
        *slot = address;
    }

    /// A label that means the next instruction.
    pub fn bound_label(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// A handler: errors raised between two labels go on at `target`, put into `error`. A handler is added before those
    /// around it that cover the same range. An empty range needs no handler and gets none.
    pub fn handler(&mut self, start: Label, end: Label, target: Label, error: Reg) {
        self.handlers.push(HandlerLabels { start, end, target, error });
    }

    // ---- instructions, by shape

    /// Operands `a b c` none of which is a branch; unused ones are [`Arg::NONE`].
    pub fn op(&mut self, op: Op, a: impl Into<Arg>, b: impl Into<Arg>, c: impl Into<Arg>) {
        self.check_shape(op, Extra::No);
        self.word(Word::abc(op, a.into().0, b.into().0, c.into().0));
    }

    /// Operand `a` and a 32-bit immediate or index.
    pub fn op_imm(&mut self, op: Op, a: impl Into<Arg>, imm: i32) {
        self.check_shape(op, Extra::No);
        self.word(Word::ai(op, a.into().0, imm));
    }

    /// Copies a register, whichever class it is of.
    pub fn mov(&mut self, to: Reg, from: Reg) {
        debug_assert_eq!(self.is_ref(to), self.is_ref(from));
        let op = if self.is_ref(to) { Op::MovRef } else { Op::Mov };
        self.op(op, to, from, Arg::NONE);
    }

    /// A scalar constant, given as its slot in canonical form.
    pub fn constant(&mut self, to: Reg, slot: u64) {
        let (first, second) = self.constant_words(to, slot);
        self.word(first);
        self.code.extend(second);
    }

    fn constant_words(&self, to: Reg, slot: u64) -> (Word, Option<u64>) {
        let short = slot as i32;
        if short as i64 as u64 == slot && (slot == 0 || self.reg_type(to).ty != TypeId::F64) {
            (Word::ai(Op::Const, to.0, short), None)
        } else {
            (Word::abc(Op::ConstWide, to.0, 0, 0), Some(slot))
        }
    }

    /// A literal object.
    pub fn literal(&mut self, to: Reg, literal: LiteralId) {
        self.op_imm(Op::Literal, to, literal.0 as i32);
    }

    /// An instruction on a module variable.
    pub fn global(&mut self, op: Op, a: impl Into<Arg>, global: GlobalId) {
        self.op_imm(op, a, global.0 as i32);
    }

    /// `unwrap` or `check.flag`, with the index of the variable's name.
    pub fn named(&mut self, op: Op, a: Reg, b: impl Into<Arg>, name: u32) {
        self.check_shape(op, Extra::Name);
        self.word(Word::abc(op, a.0, b.into().0, 0));
        self.code.push(u64::from(name));
    }

    /// An instruction with a type word: `to.str`, `array.fill`, `map.new`.
    pub fn typed(&mut self, op: Op, a: Reg, b: impl Into<Arg>, c: impl Into<Arg>, ty: TypeId) {
        self.check_shape(op, Extra::Type);
        self.word(Word::abc(op, a.0, b.into().0, c.into().0));
        self.code.push(u64::from(ty.0));
    }

    /// `array.slice` or `str.slice`.
    pub fn slice(&mut self, op: Op, a: Reg, b: Reg, start: Option<Reg>, end: Option<Reg>, inclusive: bool) {
        self.check_shape(op, Extra::Quad);
        debug_assert!(end.is_some() || !inclusive);
        let flags = u64::from(start.is_some()) | u64::from(end.is_some()) << 1 | u64::from(inclusive) << 2;
        let number = |reg: Option<Reg>| u64::from(reg.map_or(0, |reg| reg.0));
        self.word(Word::abc(op, a.0, b.0, 0));
        self.code.push(number(start) | number(end) << 16 | flags << 32);
    }

    /// `get.payload` or `get.payload.ref`.
    pub fn payload(&mut self, op: Op, a: Reg, b: Reg, slot: u16, variant: u32) {
        self.check_shape(op, Extra::Variant);
        self.word(Word::abc(op, a.0, b.0, slot));
        self.code.push(u64::from(variant));
    }

    /// The header of a loop, with the index of its counter.
    pub fn loop_header(&mut self, counter: u32) {
        self.op_imm(Op::Loop, Arg::NONE, counter as i32);
    }

    // ---- branches

    /// An unconditional jump.
    pub fn jump(&mut self, label: Label) {
        self.fixup(label, Hole::Long, 1);
        self.word(Word::ai(Op::Jump, 0, 0));
    }

    /// Takes back a jump that was the last instruction: its label turned out to mean the next one. No label may have been
    /// bound behind it.
    pub fn take_back_jump(&mut self) {
        let fixup = self.fixups.pop();
        let word = self.code.pop();
        debug_assert!(fixup.is_some_and(|fixup| fixup.pc == self.pc()));
        debug_assert!(word == Some(Word::ai(Op::Jump, 0, 0).0));
    }

    /// Replaces a branch and the jump behind it, which were the last instructions, by one branch: that on the inverse, to
    /// where the jump led. The branch led behind the jump. No label may have been bound behind either.
    pub fn branch_over_jump(&mut self) {
        let jump = self.fixups.pop().expect("the jump has a label");
        self.code.pop();
        let branch = self.fixups.last_mut().expect("the branch has a label");
        let index = branch.pc as usize;
        debug_assert!(index + 1 == self.code.len() && jump.pc == branch.pc + 1);
        let word = Word(self.code[index]);
        let op = OPCODES[usize::from(word.op())].op;
        let (inverse, swap) = inverse(op).expect("a conditional branch has an inverse");
        let (a, b) = if swap { (word.b(), word.a()) } else { (word.a(), word.b()) };
        self.code[index] = Word::abc(inverse, a, b, word.c()).0;
        branch.label = jump.label;
    }

    /// Branches if the bool register is as said.
    pub fn branch_if(&mut self, flag: Reg, value: bool, label: Label) {
        self.fixup(label, Hole::Long, 1);
        self.word(Word::ai(if value { Op::BrTrue } else { Op::BrFalse }, flag.0, 0));
    }

    /// A compare-and-branch, or the end of a counted loop: two registers, or a register and an immediate.
    pub fn branch(&mut self, op: Op, a: Reg, b: impl Into<Arg>, label: Label) {
        debug_assert!(op.row().operands[2] == Operand::Off16, "{op:?} is not a short branch");
        self.fixup(label, Hole::Short, 1);
        self.word(Word::abc(op, a.0, b.into().0, 0));
    }

    /// A branch of three registers, its displacement in a word of its own: `next.*`, `for.enter.*`, `for.step.*`.
    pub fn branch_wide(
        &mut self,
        op: Op,
        a: Reg,
        b: impl Into<Arg>,
        c: impl Into<Arg>,
        flags: u16,
        label: Label,
    ) {
        self.check_shape(op, Extra::Branch);
        self.fixup(label, Hole::Extra, 2);
        self.word(Word::abc(op, a.0, b.into().0, c.into().0));
        self.code.push(u64::from(flags) << 32);
    }

    /// `map.next`: key, map, entry position, and the change counter that `map.iter` gave.
    pub fn map_next(&mut self, key: Reg, map: Reg, entry: Reg, changes: Reg, label: Label) {
        self.fixup(label, Hole::Extra, 2);
        self.word(Word::abc(Op::MapNext, key.0, map.0, entry.0));
        self.code.push(u64::from(changes.0) << 32);
    }

    /// `switch`: the targets for 0, 1, ...; falls through for greater values.
    pub fn switch(&mut self, value: Reg, targets: &[Label]) {
        let words = targets.len().div_ceil(2) as u32;
        for (index, &label) in targets.iter().enumerate() {
            let hole = Hole::Table(1 + (index / 2) as u32, index % 2 == 1);
            self.fixup(label, hole, 1 + words);
        }
        self.word(Word::ai(Op::Switch, value.0, targets.len() as i32));
        self.code.resize(self.code.len() + words as usize, 0);
    }

    // ---- instructions with arguments, given in the order of the parameters (fields, captures, elements)

    /// Calls a function; its closure, if it has one, is the first argument.
    pub fn call(&mut self, result: Option<Reg>, func: FuncId, args: &[Reg]) {
        self.word(Word::ai(Op::Call, result.map_or(0, |reg| reg.0), func.0 as i32));
        self.args(args);
    }

    /// Calls a function value.
    pub fn call_value(&mut self, result: Option<Reg>, callee: Reg, args: &[Reg]) {
        self.word(Word::abc(Op::CallValue, result.map_or(0, |reg| reg.0), callee.0, args.len() as u16));
        self.args(args);
    }

    /// Makes a function value of a function and its captures.
    pub fn closure(&mut self, result: Reg, func: FuncId, captures: &[Reg]) {
        self.word(Word::ai(Op::Closure, result.0, func.0 as i32));
        self.args(captures);
    }

    /// Calls a builtin function.
    pub fn builtin(&mut self, result: Option<Reg>, builtin: Builtin, args: &[Reg]) {
        self.word(Word::ai(Op::Builtin, result.map_or(0, |reg| reg.0), builtin as i32));
        self.args(args);
    }

    /// Prints by format.
    pub fn print(&mut self, format: FormatId, args: &[Reg]) {
        self.word(Word::ai(Op::Print, 0, format.0 as i32));
        self.args_in_order(args);
    }

    /// Makes a string by format.
    pub fn format(&mut self, result: Reg, format: FormatId, args: &[Reg]) {
        self.word(Word::ai(Op::FormatStr, result.0, format.0 as i32));
        self.args_in_order(args);
    }

    /// Makes a struct, cell or enum variant (variant 0 but for enums).
    pub fn new_object(&mut self, result: Reg, ty: TypeId, variant: u16, slots: &[Reg]) {
        self.word(Word::abc(Op::New, result.0, variant, slots.len() as u16));
        self.code.push(u64::from(ty.0));
        self.args(slots);
    }

    /// Makes an array of the elements given.
    pub fn new_array(&mut self, result: Reg, ty: TypeId, elements: &[Reg]) {
        self.word(Word::abc(Op::ArrayNew, result.0, 0, 0));
        self.code.push(u64::from(ty.0) | (elements.len() as u64) << 32);
        self.args(elements);
    }

    // ---- what they stand on

    fn check_shape(&self, op: Op, extra: Extra) {
        debug_assert!(op.row().extra == extra, "{op:?} has another shape");
        debug_assert!(
            op.row().operands.iter().all(|operand| !matches!(operand, Operand::Off16 | Operand::Off32)),
            "{op:?} needs a label"
        );
    }

    /// The first word of an instruction.
    fn word(&mut self, word: Word) {
        if self.code.len() >= MAX_CODE {
            self.error.get_or_insert(BuildError::TooLong);
            // What has been emitted is dropped, so that a runaway function does not fill the memory.
            self.clear_code();
        }
        if OPCODES[usize::from(word.op())].raises != Effect::Pure {
            self.positions.push(Position { pc: self.pc(), span: self.span });
        }
        self.code.push(word.0);
    }

    fn fixup(&mut self, label: Label, hole: Hole, length: u32) {
        let pc = self.pc();
        self.fixups.push(Fixup { pc, next: pc + length, label, hole });
    }

    /// Argument words: references first, then scalars.
    fn args(&mut self, args: &[Reg]) {
        self.arg_runs.push(args.len() as u32);
        let mut packer = Packer::default();
        for want_ref in [true, false] {
            for &arg in args {
                if self.is_ref(arg) == want_ref {
                    packer.put(arg.0, &mut self.code);
                }
            }
        }
        packer.flush(&mut self.code);
    }

    /// Argument words in the order given: those of a format.
    fn args_in_order(&mut self, args: &[Reg]) {
        self.arg_runs.push(args.len() as u32);
        let mut packer = Packer::default();
        for &arg in args {
            packer.put(arg.0, &mut self.code);
        }
        packer.flush(&mut self.code);
    }

    fn clear_code(&mut self) {
        self.code.clear();
        self.fixups.clear();
        self.arg_runs.clear();
        self.positions.clear();
        self.handlers.clear();
        self.points.clear();
    }

    // ---- the end

    /// Gives the function and empties the builder for the next one. All labels that are used must have been bound.
    pub fn finish(&mut self, info: FunctionInfo) -> Result<Function, BuildError> {
        let result = match self.error {
            Some(error) => Err(error),
            None => self.assemble(info),
        };
        self.clear_code();
        self.refs.clear();
        self.scalars.clear();
        (self.ref_params, self.scalar_params) = (0, 0);
        self.labels.clear();
        self.names.clear();
        self.span = Span::default();
        self.error = None;
        result
    }

    fn assemble(&mut self, info: FunctionInfo) -> Result<Function, BuildError> {
        self.resolve_aliases();
        if !self.points.is_empty() {
            self.fill_points();
        }
        let renumber = Renumber { refs: self.refs.len() as u16, scalars: self.scalars.len() as u16 };
        renumber.code(&mut self.code, &self.arg_runs);
        let code = branches::resolve(&self.code, &self.labels, &mut self.fixups, &mut self.shifts)?;

        let address = |label: Label| {
            let old = branches::address(&self.labels, label);
            old + self.shifts.get(old as usize).copied().unwrap_or(0)
        };
        let handlers = self.handlers.iter().map(|labels| Handler {
            start: address(labels.start),
            end: address(labels.end),
            target: address(labels.target),
            error: renumber.register(labels.error.0),
        });
        let mut handlers: Vec<_> = handlers.filter(|handler| handler.start < handler.end).collect();
        // Stable: of two with the same range, the inner one was added first.
        handlers.sort_by_key(|handler| (handler.end, std::cmp::Reverse(handler.start)));
        let positions = self.positions.iter().map(|position| {
            let shift = self.shifts.get(position.pc as usize).copied().unwrap_or(0);
            Position { pc: position.pc + shift, span: position.span }
        });
        let positions = positions.collect();

        let refs = self.refs.len() as u32;
        let registers: Vec<_> = self.refs.iter().chain(&self.scalars).copied().collect();
        Ok(Function {
            name: info.name,
            file: info.file,
            params: info.params,
            ret: info.ret,
            closure: info.closure,
            registers,
            refs,
            ref_params: self.ref_params,
            scalar_params: self.scalar_params,
            depth_cost: info.depth_cost,
            counter: info.counter,
            hidden: info.hidden,
            code,
            handlers,
            positions,
            names: self.names.drain(..).map(|(reg, name)| (renumber.register(reg.0), name)).collect(),
        })
    }
}

/// An operand as an instruction holds it: a register, an immediate, a slot, a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arg(u16);

impl Arg {
    /// An operand that the operation does not have.
    pub const NONE: Arg = Arg(0);
}

impl From<Reg> for Arg {
    fn from(reg: Reg) -> Arg {
        Arg(reg.0)
    }
}

impl From<i16> for Arg {
    fn from(imm: i16) -> Arg {
        Arg(imm as u16)
    }
}

impl From<u16> for Arg {
    fn from(index: u16) -> Arg {
        Arg(index)
    }
}
